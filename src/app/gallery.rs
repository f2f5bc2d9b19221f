//! Every page and every mail with made-up data, for operators who change templates and for the tests that look at them.

use std::path::{Path, PathBuf};

use minijinja::{Value, context};

use super::mail::sender;
use super::{StartError, look};
use crate::config::settings::Settings;
use crate::domain::language::Language;
use crate::notify::message::{Messages, RenderError, Sender};
use crate::portal::pages::{Look, Pages};
use crate::templates::{TemplateError, Templates};

/// One file of the gallery.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The state of a page, or the kind of a mail.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its language.
    pub language: Language,
    /// The subject, where it is of a mail.
    pub subject: Option<String>,
    /// Its path in the gallery.
    pub path: String,
    content: Vec<u8>,
}

/// What a file of the gallery shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A state of a page.
    Page,
    /// The HTML part of a mail.
    MailHtml,
    /// The subject and the text part of a mail.
    MailText,
}

/// Why there is no gallery.
#[derive(Debug, thiserror::Error)]
pub enum GalleryError {
    /// The templates or the look do not work.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A mail does not work in a language.
    #[error("mails in {language}: {cause}")]
    Mail {
        /// The language.
        language: Language,
        /// What is wrong.
        cause: RenderError,
    },
    /// A file could not be written.
    #[error("cannot write {}: {cause}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
}

impl From<TemplateError> for GalleryError {
    fn from(error: TemplateError) -> Self {
        Self::Start(error.into())
    }
}

/// Every page and mail in some languages.
pub struct Gallery {
    pictures: Vec<Picture>,
    assets: Vec<(String, Vec<u8>)>,
}

impl Gallery {
    /// Renders everything, with the look and the templates of `settings`, or with those that doorward comes with.
    pub fn render(
        settings: Option<&Settings>,
        languages: &[Language],
    ) -> Result<Self, GalleryError> {
        let templates = templates(settings);
        let (look, sender) = match settings {
            Some(settings) => (look(&settings.portal)?, sender(settings)),
            None => example(),
        };
        let pages = Pages::new(&templates, look)?;
        let messages = Messages::new(&templates, sender)?;
        let mut pictures = Vec::new();
        for language in languages.iter().copied() {
            for (name, html) in pages.samples(language)? {
                let html = html.replace("\"/_doorward/static/", "\"../../static/");
                pictures.push(Picture::new(Kind::Page, language, name, None, html));
            }
            let mails = messages.samples(language);
            for (name, mail) in mails.map_err(|cause| GalleryError::Mail { language, cause })? {
                let subject = mail.subject().to_owned();
                let text = format!("Subject: {subject}\n\n{}", mail.text());
                let (html, about) = (mail.html().to_owned(), Some(subject));
                let of_html =
                    Picture::new(Kind::MailHtml, language, name.clone(), about.clone(), html);
                pictures.push(of_html);
                pictures.push(Picture::new(Kind::MailText, language, name, about, text));
            }
        }
        let assets =
            pages.assets().map(|(name, asset)| (name.to_owned(), asset.bytes.to_vec())).collect();
        Ok(Self { pictures, assets })
    }

    /// What is in it.
    pub fn pictures(&self) -> &[Picture] {
        &self.pictures
    }

    /// Writes all files into `folder`, with an `index.html` to look at them.
    pub fn write(&self, folder: &Path) -> Result<(), GalleryError> {
        for picture in &self.pictures {
            write(&folder.join(&picture.path), &picture.content)?;
        }
        for (name, content) in &self.assets {
            write(&folder.join("static").join(name), content)?;
        }
        let environment = Templates::default().environment("gallery")?;
        let index = environment.get_template("index.html");
        let index = index.and_then(|index| index.render(self.index()));
        let index = index.map_err(|cause| {
            GalleryError::from(TemplateError::Broken { name: "index.html".to_owned(), cause })
        })?;
        write(&folder.join("index.html"), index.as_bytes())
    }

    fn index(&self) -> Value {
        let of = |kind: Kind, language: Language| -> Vec<Value> {
            let shown = self.pictures.iter().filter(|it| it.kind == kind);
            let shown = shown.filter(|picture| picture.language == language);
            shown
                .map(|it| context! { name => &it.name, subject => &it.subject, path => &it.path })
                .collect()
        };
        let mut languages: Vec<Value> = Vec::new();
        for language in Language::ALL {
            if self.pictures.iter().any(|picture| picture.language == language) {
                languages.push(context! {
                    tag => language.tag(),
                    name => language.own_name(),
                    pages => of(Kind::Page, language),
                    mails => of(Kind::MailHtml, language),
                    texts => of(Kind::MailText, language),
                });
            }
        }
        context! { languages }
    }
}

impl Picture {
    fn new(
        kind: Kind,
        language: Language,
        name: String,
        subject: Option<String>,
        content: String,
    ) -> Self {
        let (folder, ending) = match kind {
            Kind::Page => ("pages", "html"),
            Kind::MailHtml => ("mails", "html"),
            Kind::MailText => ("mails", "txt"),
        };
        let path = format!("{language}/{folder}/{name}.{ending}");
        Self { name, kind, language, subject, path, content: content.into_bytes() }
    }
}

impl Kind {
    /// Its name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::MailHtml => "mail_html",
            Self::MailText => "mail_text",
        }
    }
}

/// The names of all files that an operator may override, and whether the folder of `settings` does.
pub fn overridable(settings: Option<&Settings>) -> Vec<(String, bool)> {
    let templates = templates(settings);
    let told = |name: String| {
        let overridden = templates.is_overridden(&name);
        (name, overridden)
    };
    Templates::overridable().into_iter().map(told).collect()
}

/// Writes files that doorward comes with to `folder`, each under its name there. Says which were there already and stay
/// as they are.
pub fn export(names: &[String], folder: &Path) -> Result<Vec<PathBuf>, GalleryError> {
    let mut kept = Vec::new();
    for name in names {
        let path = folder.join(name);
        match Templates::default().file(name)? {
            Some(_) if path.exists() => kept.push(path),
            Some(bytes) => write(&path, &bytes)?,
            None => {}
        }
    }
    Ok(kept)
}

fn templates(settings: Option<&Settings>) -> Templates {
    Templates::new(settings.and_then(|settings| settings.portal.templates.clone()))
}

fn example() -> (Look, Sender) {
    let name = "Example Wiki".to_owned();
    let look = Look { name: name.clone(), accent: None, logo: None };
    let from = crate::domain::email::EmailAddress::nobody();
    (look, Sender { from, name: None, site_name: name, accent: None })
}

fn write(path: &Path, content: &[u8]) -> Result<(), GalleryError> {
    let written = match path.parent() {
        Some(folder) => std::fs::create_dir_all(folder),
        None => Ok(()),
    };
    let written = written.and_then(|()| std::fs::write(path, content));
    written.map_err(|cause| GalleryError::Write { path: path.to_owned(), cause })
}
