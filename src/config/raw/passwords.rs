//! `passwords`: what new passwords have to be.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::context::Context;
use super::located::{Located, Text};
use super::web;
use crate::config::settings;
use crate::domain::breach::OnFailure;
use crate::domain::password_rules::{DEFAULT_MIN_LENGTH, LEAST_MIN_LENGTH};

/// What new passwords have to be.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Passwords {
    /// The fewest characters.
    #[schemars(range(min = 8, max = 64), extend("default" = 12))]
    min_length: Option<Located<u64>>,
    /// A list of passwords that were stolen elsewhere, to be asked about each new one. Left out: none is.
    breached: Option<Located<Breached>>,
}

/// A list of stolen passwords that is asked by ranges: the first five hexadecimal digits of a password's SHA-1 go out,
/// every entry that begins so comes back, and which of them was meant is not told.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Breached {
    /// Where ranges are; the five digits are written after it. Plain http for loopback hosts alone.
    #[schemars(required)]
    url: Option<Text>,
    /// How long an answer may take.
    #[schemars(extend("default" = "2s", "pattern" = super::budgets::SPAN))]
    timeout: Option<Text>,
    /// What becomes of a new password when there is no answer: allow takes it, refuse asks people to come back.
    #[schemars(extend("default" = "allow"))]
    on_failure: Option<Located<Failure>>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum Failure {
    Allow,
    Refuse,
}

const URL_HELP: &str =
    "write the address that the five digits come after: https://api.pwnedpasswords.com/range/";

pub(super) fn passwords(
    section: Option<Located<Passwords>>,
    context: &Context<'_>,
) -> Option<settings::Passwords> {
    let (_, section) = context.section(section, "passwords")?;
    let why = "fewer characters fall to guessing, and more than 64 are asked of nobody";
    let range = LEAST_MIN_LENGTH..=64;
    let min_length = context.number(section.min_length, DEFAULT_MIN_LENGTH, range, why);
    let breached = match section.breached {
        None => Some(None),
        Some(breached) => self::breached(breached, context).map(Some),
    };
    Some(settings::Passwords { min_length: min_length?, breached: breached? })
}

fn breached(section: Located<Breached>, context: &Context<'_>) -> Option<settings::Breached> {
    let (at, section) = (section.at, section.value?);
    let url = context
        .required(section.url, &at, "url", URL_HELP)
        .and_then(|(at, typed)| url(&Text { at, value: Some(typed) }, context));
    let why = "somebody waits at a form for it";
    let (least, most) = (Duration::from_millis(100), Duration::from_secs(30));
    let timeout = context.duration(section.timeout, Duration::from_secs(2), least..=most, why);
    let on_failure = match section.on_failure {
        None => Some(OnFailure::Allow),
        Some(found) => found.value.map(|failure| match failure {
            Failure::Allow => OnFailure::Allow,
            Failure::Refuse => OnFailure::Refuse,
        }),
    };
    Some(settings::Breached { url: url?, timeout: timeout?, on_failure: on_failure? })
}

fn url(text: &Text, context: &Context<'_>) -> Option<Url> {
    let url = web::address(text, URL_HELP, context)?;
    if url.query().is_some() || !url.path().ends_with('/') {
        return context.refuse(&text.at, "does not end in a slash", URL_HELP);
    }
    Some(url)
}
