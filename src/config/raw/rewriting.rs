//! `sites[].strip_prefix`, `add_prefix` and `response_headers`: what is changed between browsers and the app.

use http::{HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;

use super::context::Context;
use super::located::{Located, Text};
use crate::config::settings::ResponseHeader;
use crate::domain::path::RequestPath;

/// A change to the headers of an app's answers: set and add need a value, remove has none.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawResponseHeader {
    /// The header that has this value alone.
    set: Option<Text>,
    /// The header that has this value besides others.
    add: Option<Text>,
    /// The header that is taken off.
    remove: Option<Text>,
    /// The value.
    value: Option<Text>,
}

/// Headers that say where an answer ends and what becomes of the connection, and those in which apps and doorward speak
/// to browsers of who they are.
const TAKEN: [&str; 13] = [
    "clear-site-data",
    "connection",
    "content-encoding",
    "content-length",
    "date",
    "keep-alive",
    "location",
    "set-cookie",
    "status",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
const TAKEN_BEGINNINGS: [&str; 3] = ["grpc-", "proxy-", "x-doorward-"];

/// A prefix of paths: `/wiki`, without a slash at its end.
pub(super) fn prefix(field: Option<Text>, context: &Context<'_>) -> Option<Option<String>> {
    let Some(text) = field else { return Some(None) };
    let typed = text.value.as_deref()?.trim_end_matches('/');
    let help = "write the beginning of paths as requests have it: /wiki";
    let Ok(path) = RequestPath::parse(typed) else {
        return context.refuse(&text.at, "is no beginning of a path", help);
    };
    let is_plain = path.query().is_none() && path.readings() == [typed];
    if !is_plain {
        return context.refuse(&text.at, "could be read in more than one way", help);
    }
    if typed == "/_doorward" || typed.starts_with("/_doorward/") {
        return context.refuse(&text.at, "is doorward's own", "choose another");
    }
    Some(Some(typed.to_owned()))
}

pub(super) fn response_headers(
    field: Option<Located<Vec<Located<RawResponseHeader>>>>,
    context: &Context<'_>,
) -> Option<Vec<ResponseHeader>> {
    let Some(field) = field else { return Some(Vec::new()) };
    let typed = field.value?;
    let count = typed.len();
    let rules: Vec<ResponseHeader> =
        typed.into_iter().filter_map(|rule| response_header(rule, context)).collect();
    (rules.len() == count).then_some(rules)
}

fn response_header(
    rule: Located<RawResponseHeader>,
    context: &Context<'_>,
) -> Option<ResponseHeader> {
    let (at, typed) = (rule.at, rule.value?);
    let help = "write one of { set: NAME, value: VALUE }, { add: NAME, value: VALUE } and { remove: NAME }";
    match (typed.set, typed.add, typed.remove, typed.value) {
        (Some(set), None, None, Some(value)) => {
            let (name, value) = (name(&set, context), header_value(&value, context));
            Some(ResponseHeader::Set(name?, value?))
        }
        (None, Some(add), None, Some(value)) => {
            let (name, value) = (name(&add, context), header_value(&value, context));
            Some(ResponseHeader::Add(name?, value?))
        }
        (None, None, Some(remove), None) => name(&remove, context).map(ResponseHeader::Remove),
        _ => context.refuse(&at, "is not one change to one header", help),
    }
}

fn name(text: &Text, context: &Context<'_>) -> Option<HeaderName> {
    let typed = text.value.as_deref()?;
    let Ok(name) = typed.parse::<HeaderName>() else {
        return context.refuse(&text.at, "is no name of a header", "write it as X-Frame-Options");
    };
    let is_taken = TAKEN.contains(&name.as_str())
        || TAKEN_BEGINNINGS.iter().any(|beginning| name.as_str().starts_with(beginning));
    if is_taken {
        let help = "browsers and connections depend on it: change it in the app";
        return context.refuse(&text.at, format!("{typed} is not changed here"), help);
    }
    Some(name)
}

fn header_value(text: &Text, context: &Context<'_>) -> Option<HeaderValue> {
    let typed = text.value.as_deref()?;
    match HeaderValue::from_str(typed) {
        Ok(value) => Some(value),
        Err(_) => context.refuse(
            &text.at,
            "has a character that no header may have",
            "write it in ASCII, on one line",
        ),
    }
}
