//! `sites[].headers`: under which names an app gets the identity.

use http::HeaderName;
use schemars::JsonSchema;
use serde::Deserialize;

use super::context::{Context, Place};
use super::located::{Located, Text};
use super::presets::Preset;
use crate::config::settings::{ASSERTION, IdentityHeaders};

/// The names of the headers that tell the app who is signed in. Whatever a client sends under these names, or under
/// one that an app could take for them, is dropped.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Headers {
    /// A known app, for the names that it wants; below then stands only what it should get otherwise. docs/apps.md says
    /// of each what must be switched on in it.
    preset: Option<Located<Preset>>,
    /// The username.
    #[schemars(extend("default" = "Remote-User"))]
    user: Option<Text>,
    /// The e-mail address.
    #[schemars(extend("default" = "Remote-Email"))]
    email: Option<Text>,
    /// The full name.
    #[schemars(extend("default" = "Remote-Name"))]
    name: Option<Text>,
    /// The groups, separated by commas.
    #[schemars(extend("default" = "Remote-Groups"))]
    groups: Option<Text>,
    /// The assertion, a JWT; none to send none.
    #[schemars(extend("default" = "X-Doorward-Assertion"))]
    assertion: Option<Text>,
}

/// What stands in place of a name where the header is not sent.
pub(in crate::config) const NO_HEADER: &str = "none";

/// Names that mean something to HTTP, to browsers, or to doorward itself: an identity under one of them would break
/// the request, or be taken for something else.
const TAKEN: [&str; 42] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "age",
    "allow",
    "alt-svc",
    "authorization",
    "cache-control",
    "connection",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "early-data",
    "etag",
    "expect",
    "forwarded",
    "from",
    "host",
    "http2-settings",
    "keep-alive",
    "last-modified",
    "location",
    "max-forwards",
    "origin",
    "pragma",
    "range",
    "referer",
    "server",
    "set-cookie",
    "signature",
    "signature-input",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "vary",
    "via",
    "warning",
];
const TAKEN_BEGINNINGS: [&str; 9] = [
    "access-control-",
    "content-",
    "if-",
    "proxy-",
    "sec-",
    "x-doorward-",
    "x-forwarded-",
    "x-http-method",
    "x-real-",
];

pub(super) fn headers(
    section: Option<Located<Headers>>,
    context: &Context<'_>,
) -> Option<IdentityHeaders> {
    let Some(section) = section else { return Some(IdentityHeaders::default()) };
    let (at, section) = (section.at, section.value?);
    let defaults = match section.preset {
        None => IdentityHeaders::default(),
        Some(found) => found.value?.names(),
    };
    let named = |field: Option<Text>, key: &str, default: HeaderName| match field {
        None => Some((at.inside(key), default)),
        Some(text) => name(&text, context).map(|name| (text.at, name)),
    };
    let user = named(section.user, "user", defaults.user);
    let email = named(section.email, "email", defaults.email);
    let full_name = named(section.name, "name", defaults.name);
    let groups = named(section.groups, "groups", defaults.groups);
    let assertion = assertion(section.assertion, &at, context);
    let (user, email, name, groups) = (user?, email?, full_name?, groups?);
    let assertion = assertion?;
    let all = [&user, &email, &name, &groups];
    distinct(all.into_iter().chain(&assertion), context)?;
    Some(IdentityHeaders {
        user: user.1,
        email: email.1,
        name: name.1,
        groups: groups.1,
        assertion: assertion.map(|(_, name)| name),
    })
}

/// The name of the assertion's header, if there is to be one. Its usual name begins as no other may.
fn assertion(
    field: Option<Text>,
    at: &Place,
    context: &Context<'_>,
) -> Option<Option<(Place, HeaderName)>> {
    let usual = HeaderName::from_static(ASSERTION);
    let Some(text) = field else { return Some(Some((at.inside("assertion"), usual))) };
    match text.value.as_deref()? {
        NO_HEADER => Some(None),
        typed if typed.eq_ignore_ascii_case(ASSERTION) => Some(Some((text.at, usual))),
        _ => name(&text, context).map(|name| Some((text.at, name))),
    }
}

fn name(text: &Text, context: &Context<'_>) -> Option<HeaderName> {
    let typed = text.value.as_deref()?;
    let help = "write a name such as Remote-User or X-Auth-Email";
    let Ok(name) = HeaderName::from_bytes(typed.as_bytes()) else {
        return context.refuse(&text.at, "is no name of a header", help);
    };
    let folded = folded(&name);
    let taken = TAKEN.contains(&folded.as_str())
        || TAKEN_BEGINNINGS.iter().any(|beginning| folded.starts_with(beginning));
    if taken {
        return context.refuse(&text.at, format!("`{name}` means something else already"), help);
    }
    if name.as_str().len() > 64 || !folded.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return context.refuse(
            &text.at,
            "must begin with a letter and have 64 characters at most",
            help,
        );
    }
    Some(name)
}

/// S46: apps behind CGI and WSGI cannot tell `-`, `_` and `.` apart, so neither may two names.
fn distinct<'a>(
    names: impl Iterator<Item = &'a (Place, HeaderName)>,
    context: &Context<'_>,
) -> Option<()> {
    let mut seen: Vec<String> = Vec::new();
    let mut all = Some(());
    for (at, name) in names {
        let folded = folded(name);
        if seen.contains(&folded) {
            let message = format!("`{name}` is the name of another identity header, too");
            context.fault(
                at,
                message,
                "give each of user, email, name, groups and assertion a name of its own",
            );
            all = None;
        }
        seen.push(folded);
    }
    all
}

fn folded(name: &HeaderName) -> String {
    name.as_str().replace(['_', '.'], "-")
}
