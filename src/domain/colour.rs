//! Colours, and whether a text in one can be read on another (WCAG 2.2, success criteria 1.4.3 and 1.4.11).

use std::fmt;
use std::str::FromStr;

/// A colour of sRGB, written `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour([u8; 3]);

/// Why a text is not a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a colour is written #rrggbb, such as #0b6375")]
pub struct NotAColour;

impl Colour {
    /// Black.
    pub const BLACK: Self = Self([0, 0, 0]);
    /// White.
    pub const WHITE: Self = Self([255, 255, 255]);

    /// The colour with these parts of red, green and blue.
    pub const fn rgb(red: u8, green: u8, blue: u8) -> Self {
        Self([red, green, blue])
    }

    /// The contrast of the two, from 1 (the same) to 21 (black and white).
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance() + 0.05, other.luminance() + 0.05);
        a.max(b) / a.min(b)
    }

    /// Black or white, whichever reads better on this colour. The contrast is 4.5 at least, whatever the colour.
    pub fn text(self) -> Self {
        if self.contrast(Self::WHITE) >= self.contrast(Self::BLACK) {
            Self::WHITE
        } else {
            Self::BLACK
        }
    }

    /// The colour nearest to this one that has a contrast of `ratio` to `ground`, if need be black or white.
    pub fn readable_on(self, ground: Self, ratio: f64) -> Self {
        let far = ground.text();
        (0..=STEPS)
            .map(|step| self.mixed(far, step))
            .find(|colour| colour.contrast(ground) >= ratio)
            .unwrap_or(far)
    }

    /// This colour with `step` parts in [`STEPS`] of `other`.
    fn mixed(self, other: Self, step: u16) -> Self {
        let mix = |a: u8, b: u8| {
            let sum = u16::from(a) * (STEPS - step) + u16::from(b) * step;
            u8::try_from(sum / STEPS).unwrap_or(u8::MAX)
        };
        let (Self([r, g, b]), Self([far_r, far_g, far_b])) = (self, other);
        Self([mix(r, far_r), mix(g, far_g), mix(b, far_b)])
    }

    /// The relative luminance of WCAG 2.2.
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

const STEPS: u16 = 64;

impl FromStr for Colour {
    type Err = NotAColour;

    fn from_str(text: &str) -> Result<Self, NotAColour> {
        let digits = text.strip_prefix('#').ok_or(NotAColour)?;
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(NotAColour);
        }
        let [_, red, green, blue] =
            u32::from_str_radix(digits, 16).map_err(|_| NotAColour)?.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([red, green, blue]) = self;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_written_in_one_way() {
        assert_eq!("#0B6375".parse::<Colour>().unwrap().to_string(), "#0b6375");
        for other in ["", "0b6375", "#0b637", "#0b63755", "#+b6375", "#0b637g", "red", "#0b6é5"] {
            assert_eq!(other.parse::<Colour>(), Err(NotAColour), "{other:?}");
        }
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        let near = |a: f64, b: f64| (a - b).abs() < 0.01;
        assert!(near(Colour::BLACK.contrast(Colour::WHITE), 21.0));
        assert!(near(Colour::rgb(0x77, 0x77, 0x77).contrast(Colour::WHITE), 4.48));
        assert!(near(Colour::rgb(255, 0, 0).contrast(Colour::WHITE), 4.0));
    }

    #[test]
    fn every_colour_can_be_read_and_written_on() {
        let grounds = [Colour::WHITE, Colour::rgb(0x1c, 0x20, 0x24), Colour::rgb(0x77, 0x77, 0x77)];
        let parts = || (0..=255).step_by(15);
        for (r, g, b) in
            parts().flat_map(|r| parts().flat_map(move |g| parts().map(move |b| (r, g, b))))
        {
            let colour = Colour::rgb(r, g, b);
            assert!(colour.text().contrast(colour) >= 4.5, "{colour}");
            for ground in grounds {
                assert!(colour.readable_on(ground, 4.5).contrast(ground) >= 4.5, "{colour}");
            }
        }
    }

    #[test]
    fn a_colour_that_reads_well_stays_as_it_is() {
        let teal = Colour::rgb(0x0b, 0x63, 0x75);
        assert_eq!(teal.readable_on(Colour::WHITE, 4.5), teal);
    }
}
