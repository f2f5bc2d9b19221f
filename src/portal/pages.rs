//! The pages around signing in, from plain data: no request, no store and no secret but the form token comes here.

pub mod account;
mod assets;
mod captcha;
mod context;
mod joining;
mod page;
mod samples;
#[cfg(test)]
mod tests;
mod theme;

pub use assets::{Asset, IMMUTABLE};
pub use joining::{
    EmailFault, InvitationPage, JoinFaults, NameFault, NamePage, NewPasswordPage, RegisterPage,
    ResetPage, TypedNames,
};
pub use page::{
    CodeAlert, CodeNotice, CodePage, CodeState, ConfirmPage, DraftPage, ErrorKind, ErrorPage,
    LinkPage, LinkState, LoginAlert, LoginNotice, LoginPage, LoopCause, LoopPage, NotMePage, Page,
    RelayPage, ResendView, SignOutPage, SignedInPage, TicketPage,
};

use crate::domain::colour::Colour;
use crate::domain::id::RequestId;
use crate::domain::language::Language;
use crate::domain::time::Timestamp;
use crate::templates::{Localised, TemplateError, Templates};
use assets::Assets;

/// The pages, compiled and tried.
#[derive(Debug)]
pub struct Pages {
    templates: Localised,
    assets: Assets,
    name: String,
}

/// How the pages look.
#[derive(Clone, Debug)]
pub struct Look {
    /// The site's name, above the card and in titles.
    pub name: String,
    /// The colour of buttons and links; a quiet teal where none is given. Shades that can be read are made from it.
    pub accent: Option<Colour>,
    /// The picture above the name; the name's first letter where none is given.
    pub logo: Option<Logo>,
}

/// A picture above the name.
#[derive(Clone, Debug)]
pub struct Logo {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its media type.
    pub kind: LogoKind,
}

/// What a logo may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoKind {
    /// SVG.
    Svg,
    /// PNG.
    Png,
    /// WebP.
    WebP,
}

/// What every page of one answer has in common.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// What the hidden field `csrf` of each form holds.
    pub form_token: &'a str,
    /// The request, as error pages name it.
    pub request_id: RequestId,
    /// The language.
    pub language: Language,
    /// The address of this page, path and query, to come back to in another language; without it, or where the page has
    /// nothing to press, no other language is offered.
    pub here: Option<&'a str>,
    /// The present instant; times on the page are told from here.
    pub now: Timestamp,
}

impl Pages {
    /// Compiles the templates, reads their words in every language, and renders each page once with made-up data, so
    /// that a mistake in an overriding file is told at start, with file and line, and not to somebody who signs in.
    pub fn new(templates: &Templates, look: Look) -> Result<Self, TemplateError> {
        let assets = Assets::new(templates, look.accent, look.logo)?;
        let templates = templates.localised("pages")?;
        let mut pages = Self { templates, assets, name: look.name };
        for (_, page) in samples::every_page() {
            pages.render(&page, &samples::frame())?;
        }
        pages.templates.rest();
        Ok(pages)
    }

    /// Every state of every page with made-up data, each under a name of its own.
    pub fn samples(&self, language: Language) -> Result<Vec<(String, String)>, TemplateError> {
        let frame = Frame { language, ..samples::frame() };
        let pages = samples::every_page().into_iter();
        pages.map(|(name, page)| Ok((name, self.render(&page, &frame)?))).collect()
    }

    /// The HTML of `page`.
    pub fn render(&self, page: &Page<'_>, frame: &Frame<'_>) -> Result<String, TemplateError> {
        let (template, details) = context::of(page, frame.now);
        let context = minijinja::context! {
            site => context::site(&self.name, &self.assets),
            assets => context::assets(&self.assets),
            branded => page.is_branded(),
            choose => context::choose(page, frame),
            has_error => page.has_error(),
            form_token => frame.form_token,
            request_id => frame.request_id.to_string(),
            ..details
        };
        let templates = self.templates.of(frame.language);
        let rendered = templates.and_then(|known| known.get_template(template)?.render(context));
        rendered.map_err(|cause| TemplateError::Broken {
            name: cause.name().unwrap_or(template).to_owned(),
            cause,
        })
    }

    /// The name of the site.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The addresses of the style sheets: of the colours, and of the rest.
    pub fn styles(&self) -> (&str, &str) {
        (&self.assets.theme, &self.assets.style)
    }

    /// The files that pages load, by name.
    pub fn assets(&self) -> impl Iterator<Item = (&str, &Asset)> {
        self.assets.all()
    }

    /// The file at `/_doorward/static/{name}`. A name holds the hash of its file, so the answer never changes
    /// and may be kept for good ([`IMMUTABLE`]).
    pub fn asset(&self, name: &str) -> Option<&Asset> {
        self.assets.get(name)
    }
}
