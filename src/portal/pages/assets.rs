//! The files that pages load, under names that hold the hash of what is in them.

use std::collections::HashMap;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use minijinja::ErrorKind;
use sha2::{Digest, Sha256};

use super::{Logo, LogoKind, theme};
use crate::domain::colour::Colour;
use crate::templates::{TemplateError, Templates};

/// The `Cache-Control` of every asset.
pub const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// A file that a page loads.
#[derive(Clone, Debug)]
pub struct Asset {
    /// What is in it.
    pub bytes: Bytes,
    /// Its media type.
    pub content_type: &'static str,
    /// Its entity tag, quotes included.
    pub etag: String,
}

/// All of them, and where pages find each.
#[derive(Debug)]
pub(super) struct Assets {
    files: HashMap<String, Asset>,
    pub(super) style: String,
    pub(super) theme: String,
    pub(super) script: String,
    pub(super) captcha: String,
    pub(super) work: String,
    pub(super) icon: String,
    pub(super) logo: Option<String>,
}

impl Assets {
    pub(super) fn new(
        templates: &Templates,
        accent: Option<Colour>,
        logo: Option<Logo>,
    ) -> Result<Self, TemplateError> {
        let mut shelf = Shelf::default();
        let style = file(templates, "assets/portal.css")?;
        let script = file(templates, "assets/portal.js")?;
        let captcha = file(templates, "assets/captcha.js")?;
        let work = file(templates, "assets/work.js")?;
        let (theme, icon) = themed(templates, accent)?;
        Ok(Self {
            style: shelf.put("portal", "css", style, CSS),
            script: shelf.put("portal", "js", script, JS),
            captcha: shelf.put("captcha", "js", captcha, JS),
            work: shelf.put("work", "js", work, JS),
            theme: shelf.put("theme", "css", theme, CSS),
            icon: shelf.put("icon", "svg", icon, SVG),
            logo: logo.map(|logo| {
                let (extension, content_type) = match logo.kind {
                    LogoKind::Svg => ("svg", SVG),
                    LogoKind::Png => ("png", "image/png"),
                    LogoKind::WebP => ("webp", "image/webp"),
                };
                shelf.put("logo", extension, logo.bytes.into(), content_type)
            }),
            files: shelf.0,
        })
    }

    pub(super) fn get(&self, name: &str) -> Option<&Asset> {
        self.files.get(name)
    }

    /// All files with their names.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &Asset)> {
        self.files.iter().map(|(name, asset)| (name.as_str(), asset))
    }
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

#[derive(Default)]
struct Shelf(HashMap<String, Asset>);

impl Shelf {
    /// Keeps a file and returns the address by which pages load it.
    fn put(&mut self, stem: &str, ext: &str, bytes: Bytes, content_type: &'static str) -> String {
        let digest = HEXLOWER.encode(&Sha256::digest(&bytes));
        let hash = digest.get(..12).unwrap_or(&digest);
        let name = format!("{stem}.{hash}.{ext}");
        let address = format!("/_doorward/static/{name}");
        self.0.insert(name, Asset { bytes, content_type, etag: format!("\"{hash}\"") });
        address
    }
}

fn file(templates: &Templates, name: &str) -> Result<Bytes, TemplateError> {
    match templates.file(name)? {
        Some(bytes) => Ok(Bytes::from(bytes.into_owned())),
        None => Err(TemplateError::Broken {
            name: name.to_owned(),
            cause: minijinja::Error::new(ErrorKind::TemplateNotFound, "it is not there"),
        }),
    }
}

/// The style sheet of the colours and the icon.
fn themed(templates: &Templates, accent: Option<Colour>) -> Result<(Bytes, Bytes), TemplateError> {
    let environment = templates.environment("theme")?;
    let colours = theme::context(accent);
    let render = |name: &str| {
        environment
            .get_template(name)
            .and_then(|template| template.render(colours.clone()))
            .map(Bytes::from)
            .map_err(|cause| TemplateError::Broken { name: name.to_owned(), cause })
    };
    Ok((render("theme.css")?, render("icon.svg")?))
}
