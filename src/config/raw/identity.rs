//! `keys_file`, `identity`: how apps can tell that doorward says who is asking.

use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::budgets::SPAN;
use super::context::Context;
use super::files;
use super::located::{Located, Text};
use crate::config::settings;
use crate::domain::assertion::AssertionAlgorithm;

/// The name of the key file where none is given.
const KEYS_FILE: &str = "keys.json";

/// How apps can tell that doorward says who is asking.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Identity {
    /// The assertion: a JWT for apps that check a public key.
    assertion: Option<Located<Assertion>>,
}

/// The assertion.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Assertion {
    /// How it is signed: EdDSA (Ed25519), or ES256 for apps whose library does not know that.
    #[schemars(extend("default" = "EdDSA", "enum" = ["EdDSA", "ES256"]))]
    algorithm: Option<Text>,
    /// How long one is good, from 90s to 5m. A new one is made each minute.
    #[schemars(extend("default" = "2m", "pattern" = SPAN))]
    lifetime: Option<Text>,
}

/// The key file, beside the server secret unless it is named. It need not be there yet.
pub(super) fn keys_file(
    typed: Option<Text>,
    secret_file: Option<&Path>,
    context: &Context<'_>,
) -> Option<PathBuf> {
    let Some(text) = typed else { return Some(secret_file?.with_file_name(KEYS_FILE)) };
    context.path(&text).filter(|path| {
        !path.exists()
            || (files::readable(path, &text.at, context).is_some()
                && files::private(path, &text.at, context).is_some())
    })
}

pub(super) fn identity(
    section: Option<Located<Identity>>,
    context: &Context<'_>,
) -> Option<settings::Assertion> {
    let (_, section) = context.section(section, "identity")?;
    let section = match section.assertion {
        Some(found) => found.value?,
        None => Assertion::default(),
    };
    let algorithm = match section.algorithm {
        None => Some(AssertionAlgorithm::default()),
        Some(text) => context.parse(&text, "write EdDSA, or ES256 where an app cannot check that"),
    };
    let second = Duration::from_secs(1);
    let why = "each is sent for a minute, and requests take a while; a longer one is a longer way in for whoever steals \
               it";
    let lifetime =
        context.duration(section.lifetime, 120 * second, 90 * second..=300 * second, why);
    Some(settings::Assertion { algorithm: algorithm?, lifetime: lifetime? })
}
