//! `acme`: who signs the certificates of listeners with `tls: acme`.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::context::{Context, Place};
use super::files;
use super::located::{Located, Text};
use crate::config::settings::{self, CertificateSource, ListenMode};

/// The certificate authority (ACME, RFC 8555) of listeners with `tls: acme`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Acme {
    /// Whether you agree to the terms of the authority; without that there are no certificates.
    #[schemars(required)]
    agree_to_terms: Option<Located<bool>>,
    /// The directory of the authority. Left out: Let's Encrypt. Its staging directory is for the first tries:
    /// https://acme-staging-v02.api.letsencrypt.org/directory
    #[schemars(extend("default" = DIRECTORY))]
    directory: Option<Text>,
    /// The address that the authority may write to. Left out: it writes to nobody.
    email: Option<Text>,
    /// The folder of account and certificates, made at first start, for their owner alone. Left out: acme beside the
    /// server secret.
    #[schemars(extend("default" = "/var/lib/doorward/acme"))]
    folder: Option<Text>,
    /// The file of a certificate (PEM) that the directory's own is checked against, in place of the system's authorities.
    ca: Option<Text>,
}

const DIRECTORY: &str = "https://acme-v02.api.letsencrypt.org/directory";
const FOLDER: &str = "acme";
const HELP: &str = "read the terms of the authority and say so: acme: { agree_to_terms: true }";

/// The section, which listeners with `tls: acme` need and no others have a use for.
pub(super) fn acme(
    section: Option<Located<Acme>>,
    listeners: &[settings::Listen],
    secret_file: Option<&Path>,
    context: &Context<'_>,
) -> Option<Option<settings::Acme>> {
    let orders = |listener: &settings::Listen| match &listener.mode {
        ListenMode::Tls(tls) => tls.certificates == CertificateSource::Acme,
        ListenMode::Plain | ListenMode::RedirectToHttps => false,
    };
    let is_used = listeners.iter().any(orders);
    let Some(section) = section else {
        if is_used {
            return context.refuse(&Place::file().inside("acme"), "is missing", HELP);
        }
        return Some(None);
    };
    let (at, section) = (section.at, section.value?);
    // Where the listeners are faulty, that is told.
    if !is_used && !listeners.is_empty() {
        let help = "write `tls: acme` at one, or take this out";
        context.fault(&at, "no listener has certificates from here", help);
    }
    let answers = listeners.iter().any(|one| matches!(one.mode, ListenMode::RedirectToHttps));
    if is_used && !answers {
        let help = "the authority asks on port 80: listen: [{ address: \"0.0.0.0:80\", redirect_to_https: true }]";
        context.fault(&at, "needs a listener with redirect_to_https", help);
    }
    let agrees = agrees(section.agree_to_terms, &at, context);
    let directory = directory(section.directory, context);
    let email = match &section.email {
        None => Some(None),
        Some(text) => context.parse(text, "write one address: ops@example.com").map(Some),
    };
    let folder = folder(section.folder, secret_file, context);
    let ca = match &section.ca {
        None => Some(None),
        Some(text) => context.path(text).and_then(|path| {
            files::certificates(&path, &text.at, context)?;
            Some(Some(path))
        }),
    };
    agrees?;
    let (directory, email, folder, ca) = (directory?, email?, folder?, ca?);
    Some(Some(settings::Acme { directory, email, folder, ca }))
}

fn agrees(field: Option<Located<bool>>, at: &Place, context: &Context<'_>) -> Option<()> {
    let (at, agrees) = context.required(field, at, "agree_to_terms", HELP)?;
    if agrees { Some(()) } else { context.refuse(&at, "must be true", HELP) }
}

fn directory(field: Option<Text>, context: &Context<'_>) -> Option<Url> {
    let help = format!("write the address of its directory, such as {DIRECTORY}");
    let Some(text) = field else { return DIRECTORY.parse().ok() };
    let url: Url = context.parse(&text, &help)?;
    // Whoever answers there decides what is asked of us, and what browsers are shown.
    if url.scheme() == "https" && url.has_host() {
        Some(url)
    } else {
        context.refuse(&text.at, "must begin with https://", help)
    }
}

fn folder(
    field: Option<Text>,
    secret_file: Option<&Path>,
    context: &Context<'_>,
) -> Option<PathBuf> {
    match field {
        Some(text) => context.path(&text),
        None => Some(secret_file?.with_file_name(FOLDER)),
    }
}
