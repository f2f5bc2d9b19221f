//! The colours that depend on the accent, for a light and a dark card.

use minijinja::{Value, context};

use crate::domain::colour::Colour;

const ACCENT: Colour = Colour::rgb(0x0b, 0x63, 0x75);
const LIGHT_CARD: Colour = Colour::WHITE;
const DARK_CARD: Colour = Colour::rgb(0x1b, 0x1f, 0x22);

/// What WCAG asks of text (1.4.3) and of the edges of what one works with (1.4.11).
const TEXT: f64 = 4.5;
const EDGE: f64 = 3.0;

/// The values for the templates of `templates/theme/`.
pub(super) fn context(accent: Option<Colour>) -> Value {
    let accent = accent.unwrap_or(ACCENT);
    // On the light card a pale accent stays as the operator chose it, inside an edge that can be seen. On the dark one a
    // dark accent would vanish.
    context! {
        light => shades(accent, accent, LIGHT_CARD),
        dark => shades(accent, accent.readable_on(DARK_CARD, EDGE), DARK_CARD),
    }
}

fn shades(accent: Colour, fill: Colour, card: Colour) -> Value {
    let on_fill = fill.text();
    // What lies over a button under the pointer takes it away from the colour of its text, never nearer.
    let veil = if on_fill == Colour::WHITE { "rgb(0 0 0 / .14)" } else { "rgb(255 255 255 / .22)" };
    context! {
        card => card.to_string(),
        fill => fill.to_string(),
        on_fill => on_fill.to_string(),
        veil,
        ink => accent.readable_on(card, TEXT).to_string(),
    }
}
