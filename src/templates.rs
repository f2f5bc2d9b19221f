//! The templates of pages and mails: in the binary, and overridable one by one by files of a folder.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "templates/"]
struct Embedded;

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
        if let Some(path) = self.folder.as_deref().map(|folder| folder.join(name)) {
            match std::fs::read(&path) {
                Ok(bytes) => return Ok(Some(Cow::Owned(bytes))),
                Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {}
                Err(cause) => return Err(TemplateError::Unreadable { path, cause }),
            }
        }
        Ok(Embedded::get(name).map(|file| file.data))
    }

    /// The names of all files under `templates/{folder}/` in the binary, without that prefix.
    pub fn names(folder: &str) -> Vec<String> {
        let prefix = format!("{folder}/");
        Embedded::iter().filter_map(|name| name.strip_prefix(&prefix).map(str::to_owned)).collect()
    }

    /// An environment with every template under `templates/{folder}/`, compiled, so that a mistake in an
    /// overriding file is told at start. Names ending in `.html` escape what they print; an undefined variable
    /// is an error.
    pub fn environment(&self, folder: &str) -> Result<Environment<'static>, TemplateError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(broken(folder))?);
        environment.set_auto_escape_callback(|name| {
            let is_page = Path::new(name).extension().is_some_and(|extension| extension == "html");
            if is_page { AutoEscape::Html } else { AutoEscape::None }
        });
        for name in Self::names(folder) {
            let Some(bytes) = self.file(&format!("{folder}/{name}"))? else { continue };
            let source = String::from_utf8_lossy(&bytes).into_owned();
            environment.add_template_owned(name.clone(), source).map_err(broken(&name))?;
        }
        Ok(environment)
    }
}

fn broken(name: &str) -> impl FnOnce(minijinja::Error) -> TemplateError {
    let name = name.to_owned();
    move |cause| TemplateError::Broken { name, cause }
}
