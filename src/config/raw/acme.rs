//! `acme`: who signs the certificates of listeners with `tls: acme`.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretSlice};
use serde::Deserialize;
use url::Url;
use zeroize::Zeroizing;

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
    /// The account that you have at the authority already, where it wants one: ZeroSSL and Google do.
    external_account: Option<Located<ExternalAccount>>,
}

/// An account at the authority, as it tells of it: "EAB credentials" (RFC 8555 section 7.3.4).
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExternalAccount {
    /// The name of its key: "key ID", "EAB KID".
    #[schemars(required)]
    key_id: Option<Text>,
    /// The file of its HMAC key, as the authority shows it (base64url), readable by doorward's user alone.
    #[schemars(required)]
    hmac_key_file: Option<Text>,
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
    let challenge = match answers {
        true => settings::AcmeChallenge::Http01,
        false => settings::AcmeChallenge::TlsAlpn01,
    };
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
    let external_account = external_account(section.external_account, context);
    agrees?;
    let (directory, email, folder, ca) = (directory?, email?, folder?, ca?);
    let external_account = external_account?;
    Some(Some(settings::Acme { directory, email, folder, ca, external_account, challenge }))
}

fn external_account(
    section: Option<Located<ExternalAccount>>,
    context: &Context<'_>,
) -> Option<Option<settings::ExternalAccount>> {
    let Some(section) = section else { return Some(None) };
    let (at, section) = (section.at, section.value?);
    let key_id =
        context.required(section.key_id, &at, "key_id", EXTERNAL).and_then(|(at, key_id)| {
            match key_id.is_empty() {
                true => context.refuse(&at, "is empty", EXTERNAL),
                false => Some(key_id),
            }
        });
    let key = match section.hmac_key_file {
        None => context.refuse(&at.inside("hmac_key_file"), "is missing", EXTERNAL),
        Some(text) => context.path(&text).and_then(|path| {
            let typed = files::secret(&path, &text.at, context)?;
            let Some(key) = hmac_key(typed.expose_secret()) else {
                let message = format!("{} holds no HMAC key in base64url", path.display());
                return context.refuse(&text.at, message, KEY);
            };
            Some((path, key))
        }),
    };
    let (key_id, (key_file, key)) = (key_id?, key?);
    Some(Some(settings::ExternalAccount { key_id, key_file, key }))
}

/// As authorities show it: without padding as a rule, and some as plain base64.
fn hmac_key(typed: &str) -> Option<SecretSlice<u8>> {
    let plain =
        Zeroizing::new(typed.trim().trim_end_matches('=').replace('+', "-").replace('/', "_"));
    let key = data_encoding::BASE64URL_NOPAD.decode(plain.as_bytes()).ok()?;
    (key.len() >= LEAST_KEY).then(|| key.into())
}

/// In bytes: shorter than any authority gives, so it is something else.
const LEAST_KEY: usize = 16;
const EXTERNAL: &str = "copy both from the authority (EAB credentials): external_account: { key_id: …, hmac_key_file: /etc/doorward/acme-hmac.key }";
const KEY: &str =
    "write the HMAC key of the EAB credentials into it as the authority shows it, and nothing else";

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
