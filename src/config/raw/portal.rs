//! `portal`: what people see of doorward.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::context::{Context, Place};
use super::files;
use super::located::{Located, Text};
use crate::config::settings;
use crate::domain::host::{Origin, Scheme};

const PORTAL_HELP: &str =
    "write scheme and host, and a port if it is not the scheme's own: https://wiki.example.com";

/// What people see of doorward.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Portal {
    /// Scheme and host, and a port if it is not the scheme's own: where sign-in lives. Plain http for loopback hosts
    /// alone.
    #[schemars(required)]
    origin: Option<Text>,
    /// The name above the sign-in card and in mails. Left out: the host.
    name: Option<Text>,
    /// The file of a logo (SVG, PNG or WebP) to show above the name.
    logo: Option<Text>,
    /// The accent colour, such as "#3b6cb4".
    #[schemars(extend("pattern" = r"^(#[0-9a-fA-F]{6}|.*\$\{.*)$"))]
    accent: Option<Text>,
    /// A folder whose templates take the place of those in the binary.
    templates: Option<Text>,
    /// Whether people sign in once, at origin, for all sites, of whatever domains. Left out: if there are several sites.
    single_sign_on: Option<Located<bool>>,
}

pub(super) fn portal(
    section: Option<Located<Portal>>,
    several_sites: bool,
    context: &Context<'_>,
) -> Option<settings::Portal> {
    let help = "say where people sign in: portal: { origin: \"https://wiki.example.com\" }";
    let (at, section) = context.required(section, &Place::file(), "portal", help)?;
    let origin = context
        .required(section.origin, &at, "origin", PORTAL_HELP)
        .and_then(|(at, value)| origin(&Text { at, value: Some(value) }, context));
    let name = portal_name(section.name, context);
    let logo = logo(section.logo, context);
    let accent = accent(section.accent, context);
    let templates = match section.templates {
        None => Some(None),
        Some(text) => context
            .path(&text)
            .inspect(|path| context.reads(path))
            .filter(|path| files::folder(path, &text.at, context).is_some())
            .map(Some),
    };
    let single_sign_on = section.single_sign_on.map_or(Some(several_sites), |field| field.value);
    let origin = origin?;
    let name = name?.unwrap_or_else(|| origin.host.to_string());
    Some(settings::Portal {
        origin,
        name,
        logo: logo?,
        accent: accent?,
        templates: templates?,
        single_sign_on: single_sign_on?,
    })
}

/// An origin that browsers reach safely: over TLS, or on this machine.
pub(super) fn origin(text: &Text, context: &Context<'_>) -> Option<Origin> {
    let typed = text.value.as_deref()?;
    let origin: Origin = match typed.parse() {
        Ok(origin) => origin,
        Err(error) if typed.trim_end_matches('/').parse::<Origin>().is_ok() => {
            return context.refuse(&text.at, error, "take the slash at its end out");
        }
        Err(error) => return context.refuse(&text.at, error, PORTAL_HELP),
    };
    if origin.scheme == Scheme::Http && !origin.host.is_loopback() {
        let help = format!(
            "write https://{} (a certificate under `listen`, or a proxy in front that has one); plain http is for \
             localhost",
            origin.host
        );
        return context.refuse(&text.at, "passwords and cookies would travel in the clear", help);
    }
    Some(origin)
}

fn portal_name(field: Option<Text>, context: &Context<'_>) -> Option<Option<String>> {
    let Some(text) = field else { return Some(None) };
    let name = text.value?;
    if name.trim().is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
        let help = "write the name that people know the site by; left out, it is the host";
        return context.refuse(&text.at, "must be 1 to 64 characters on one line", help);
    }
    Some(Some(name))
}

fn logo(field: Option<Text>, context: &Context<'_>) -> Option<Option<PathBuf>> {
    let Some(text) = field else { return Some(None) };
    let path = context.path(&text)?;
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if !["svg", "png", "webp"].contains(&extension) {
        return context.refuse(
            &text.at,
            "must be a .svg, .png or .webp file",
            "give the logo in one of these forms",
        );
    }
    files::readable(&path, &text.at, context)?;
    Some(Some(path))
}

fn accent(field: Option<Text>, context: &Context<'_>) -> Option<Option<String>> {
    let Some(text) = field else { return Some(None) };
    let colour = text.value?;
    let digits = colour.strip_prefix('#').unwrap_or_default();
    if digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Some(Some(colour));
    }
    let help =
        "write \"#rrggbb\", with the quotes, for YAML takes a bare # as a comment: \"#3b6cb4\"";
    context.refuse(&text.at, "is not a colour of the form #rrggbb", help)
}
