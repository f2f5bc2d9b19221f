//! The templates of pages and mails, and their words: in the binary, and overridable one by one by files of a folder.
//!
//! A template says nothing by itself: `t("key", name=value)` says the message `key` of `locales/{language}/*.ftl`.

mod faults;
mod fluent;
mod localised;
mod words;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use rust_embed::RustEmbed;

pub use faults::{Fault, Faults};
pub use localised::Localised;

#[derive(RustEmbed)]
#[folder = "templates/"]
struct Embedded;

/// A file: how mistakes name it, and what is in it.
type Found = (String, Cow<'static, [u8]>);

/// Templates by their names.
type Sources = BTreeMap<String, Cow<'static, str>>;

/// Where templates come from.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    folder: Option<PathBuf>,
}

/// A template could not be read or is not one.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The overriding file is there and cannot be read.
    #[error("cannot read the template {}: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// Words are missing or wrong.
    #[error("{0}")]
    Words(Faults),
    /// It does not compile or render. The message names template, line and cause.
    #[error("the template {name} does not work: {cause:#}")]
    Broken {
        /// The template.
        name: String,
        /// Why not.
        cause: minijinja::Error,
    },
}

impl Templates {
    /// The templates of the binary, each overridden by the file of the same name under `folder`, where there is one.
    pub const fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// The bytes of a file under `templates/`.
    pub fn file(&self, name: &str) -> Result<Option<Cow<'static, [u8]>>, TemplateError> {
        Ok(self.found(name)?.map(|(_, bytes)| bytes))
    }

    /// A file under `templates/`, and how mistakes name it.
    fn found(&self, name: &str) -> Result<Option<Found>, TemplateError> {
        Ok(self.overriding(name)?.or_else(|| self.embedded(name)))
    }

    /// The operator's file of this name.
    fn overriding(&self, name: &str) -> Result<Option<Found>, TemplateError> {
        let Some(path) = self.folder.as_deref().map(|folder| folder.join(name)) else {
            return Ok(None);
        };
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some((path.display().to_string(), Cow::Owned(bytes)))),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(TemplateError::Unreadable { path, cause }),
        }
    }

    /// The binary's file of this name.
    fn embedded(&self, name: &str) -> Option<Found> {
        Embedded::get(name).map(|file| (name.to_owned(), file.data))
    }

    /// The names of all files under `templates/{folder}/` in the binary, without that prefix.
    pub fn names(folder: &str) -> Vec<String> {
        let prefix = format!("{folder}/");
        Embedded::iter().filter_map(|name| name.strip_prefix(&prefix).map(str::to_owned)).collect()
    }

    /// The names of all files that an operator may override: templates, words, style and script.
    pub fn overridable() -> Vec<String> {
        let folders = ["pages/", "mails/", "locales/", "assets/", "theme/"];
        let mut names: Vec<String> = Embedded::iter()
            .filter(|name| folders.iter().any(|folder| name.starts_with(folder)))
            .map(Cow::into_owned)
            .collect();
        names.sort();
        names
    }

    /// Whether the operator's folder has a file of this name.
    pub fn is_overridden(&self, name: &str) -> bool {
        self.folder.as_deref().is_some_and(|folder| folder.join(name).is_file())
    }

    /// An environment with every template under `templates/{folder}/`, compiled, so that a mistake in an
    /// overriding file is told at start. Names ending in `.html` escape what they print; an undefined variable
    /// is an error.
    pub fn environment(&self, folder: &str) -> Result<Environment<'static>, TemplateError> {
        compiled(&self.templates(folder)?)
    }

    /// The sources of the templates under `templates/{folder}/`, by their names.
    fn templates(&self, folder: &str) -> Result<Sources, TemplateError> {
        let mut templates = Sources::default();
        for name in Self::names(folder) {
            if let Some(bytes) = self.file(&format!("{folder}/{name}"))? {
                templates.insert(name, text(bytes));
            }
        }
        Ok(templates)
    }
}

/// An environment with all of these, compiled.
fn compiled(templates: &Sources) -> Result<Environment<'static>, TemplateError> {
    let mut environment = empty_environment().map_err(broken("syntax"))?;
    for (name, source) in templates {
        let added = environment.add_template_owned(name.clone(), source.to_string());
        added.map_err(broken(name))?;
    }
    Ok(environment)
}

/// An environment without a template.
fn empty_environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_auto_escape_callback(|name| {
        let is_page = Path::new(name).extension().is_some_and(|extension| extension == "html");
        if is_page { AutoEscape::Html } else { AutoEscape::None }
    });
    Ok(environment)
}

/// What is in the binary is not copied.
fn text(bytes: Cow<'static, [u8]>) -> Cow<'static, str> {
    match bytes {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
    }
}

fn broken(name: &str) -> impl FnOnce(minijinja::Error) -> TemplateError {
    let name = name.to_owned();
    move |cause| TemplateError::Broken { name, cause }
}

#[cfg(test)]
mod tests;
