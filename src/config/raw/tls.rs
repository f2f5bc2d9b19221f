//! `tls` of a listener: certificates, their keys, and how old a TLS is spoken.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::context::{Context, Place};
use super::files;
use super::located::{Located, Text, TextOr};
use super::several::OneOrList;
use crate::config::settings;

/// `tls` of a listener: certificates and keys, or the word that leaves them to an authority.
pub(super) type Tls = OneOrList<Located<TextOr<Pair>>>;

/// The word.
pub(super) const ACME: &str = "acme";

/// A certificate and its key.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Pair {
    /// The file of the certificate chain (PEM), the server's own first.
    #[schemars(required)]
    certificate: Option<Text>,
    /// The file of its private key (PEM); its owner alone may read it.
    #[schemars(required)]
    key: Option<Text>,
}

/// The oldest TLS that is spoken.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(super) enum MinVersion {
    #[serde(rename = "1.2")]
    Tls12,
    #[serde(rename = "1.3")]
    Tls13,
}

const HELP: &str = "TLS needs both: tls: { certificate: /path/tls.crt, key: /path/tls.key }";

pub(super) fn tls(
    typed: Located<Tls>,
    min_version: Option<Located<MinVersion>>,
    context: &Context<'_>,
) -> Option<settings::ListenTls> {
    let min_version = match min_version {
        None => Some(settings::TlsVersion::Tls12),
        Some(found) => found.value.map(|version| match version {
            MinVersion::Tls12 => settings::TlsVersion::Tls12,
            MinVersion::Tls13 => settings::TlsVersion::Tls13,
        }),
    };
    let OneOrList(all) = typed.value?;
    if all.is_empty() {
        return context.refuse(&typed.at, "names no certificate", HELP);
    }
    let count = all.len();
    let is_acme = |one: &Located<TextOr<Pair>>| matches!(&one.value, Some(TextOr::Text(word)) if word == ACME);
    if all.iter().any(is_acme) {
        if count > 1 {
            let help = "write `tls: acme`, and nothing beside it";
            return context.refuse(&typed.at, "has acme beside other certificates", help);
        }
        let certificates = settings::CertificateSource::Acme;
        return Some(settings::ListenTls { certificates, min_version: min_version? });
    }
    let mut files = Vec::with_capacity(count);
    for Located { at, value } in all {
        match value {
            Some(TextOr::Group(one)) => files.extend(pair(one, &at, context)),
            Some(TextOr::Text(_)) => {
                context.fault(&at, "must be the word acme, or certificate and key", HELP);
            }
            None => {}
        }
    }
    if files.len() < count {
        return None;
    }
    let certificates = settings::CertificateSource::Files(files);
    Some(settings::ListenTls { certificates, min_version: min_version? })
}

fn pair(pair: Pair, at: &Place, context: &Context<'_>) -> Option<settings::CertificateFiles> {
    let file = |field: Option<Text>, key: &str, check: Check| -> Option<PathBuf> {
        let (at, value) = context.required(field, at, key, HELP)?;
        let text = Text { at, value: Some(value) };
        let path = context.path(&text)?;
        check(&path, &text.at, context)?;
        Some(path)
    };
    let certificate = file(pair.certificate, "certificate", files::certificates);
    let key = file(pair.key, "key", files::private_key);
    let (certificate, key) = (certificate?, key?);
    files::pair(&certificate, &key, at, context)?;
    Some(settings::CertificateFiles { certificate, key })
}

type Check = fn(&Path, &Place, &Context<'_>) -> Option<()>;
