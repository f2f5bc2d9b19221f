//! `sites[].upstreams`: where the apps are, which of them a request goes to, and how long they may take.

use std::net::IpAddr;
use std::num::NonZeroU8;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::budgets::SPAN;
use super::context::{Context, Place};
use super::located::{Located, Text, TextOr};
use super::sites::Around;
use crate::config::settings;
use crate::domain::host::{Authority, HostName};

/// An app with more to say of it than where it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Upstream {
    /// Scheme, host and port: http://127.0.0.1:8080.
    #[schemars(required)]
    url: Option<Text>,
    /// Its share of the requests, beside those of the others: 1 to 100.
    #[schemars(extend("default" = 1))]
    weight: Option<Located<u64>>,
}

/// Which of several apps a request goes to: each in turn, the one with the fewest requests under way, or for each
/// account one of its own.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum Balance {
    RoundRobin,
    LeastConnections,
    ByAccount,
}

/// The version of HTTP that apps speak.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(super) enum HttpVersion {
    #[serde(rename = "1.1")]
    One,
    #[serde(rename = "2")]
    Two,
    #[serde(rename = "auto")]
    Auto,
}

/// How long the app may take.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Timeouts {
    /// To take a connection.
    #[schemars(extend("default" = "5s", "pattern" = SPAN))]
    connect: Option<Text>,
    /// For the TLS handshake.
    #[schemars(extend("default" = "10s", "pattern" = SPAN))]
    handshake: Option<Text>,
    /// Before its answer begins, and between two reads of it.
    #[schemars(extend("default" = "60s", "pattern" = SPAN))]
    read: Option<Text>,
    /// Between two writes to it.
    #[schemars(extend("default" = "60s", "pattern" = SPAN))]
    write: Option<Text>,
    /// For how long an unused connection is kept for the next request.
    #[schemars(extend("default" = "60s", "pattern" = SPAN))]
    idle: Option<Text>,
}

pub(super) fn upstreams(
    field: Option<Located<Vec<Located<TextOr<Upstream>>>>>,
    at: &Place,
    around: &Around<'_>,
    context: &Context<'_>,
) -> Option<Vec<settings::Upstream>> {
    let help = "say where the app is: upstreams: [\"http://127.0.0.1:8080\"]";
    let (at, typed) = context.required(field, at, "upstreams", help)?;
    if typed.is_empty() {
        return context.refuse(&at, "names no app", help);
    }
    let count = typed.len();
    let mut upstreams: Vec<settings::Upstream> = Vec::with_capacity(count);
    for one in typed {
        let at = one.at.clone();
        let Some(upstream) = entry(one, around, context) else { continue };
        if upstreams.iter().any(|known| known.is_same(&upstream)) {
            context.fault(&at, "is named above already", "take one of them out");
        }
        upstreams.push(upstream);
    }
    (upstreams.len() == count).then_some(upstreams)
}

fn entry(
    entry: Located<TextOr<Upstream>>,
    around: &Around<'_>,
    context: &Context<'_>,
) -> Option<settings::Upstream> {
    match entry.value? {
        TextOr::Text(url) => {
            upstream(&Text { at: entry.at, value: Some(url) }, NonZeroU8::MIN, around, context)
        }
        TextOr::Group(typed) => {
            let why = "it is a share beside those of the others";
            let weight = context.number(typed.weight, 1, 1..=100, why).and_then(NonZeroU8::new);
            let Some(url) = typed.url else {
                let help = "say where the app is: { url: \"http://127.0.0.1:8080\" }";
                return context.refuse(&entry.at.inside("url"), "is missing", help);
            };
            upstream(&url, weight?, around, context)
        }
    }
}

fn upstream(
    text: &Text,
    weight: NonZeroU8,
    around: &Around<'_>,
    context: &Context<'_>,
) -> Option<settings::Upstream> {
    let typed = text.value.as_deref()?;
    let help = "write scheme, host and port, and nothing behind them: http://127.0.0.1:8080";
    let (tls, rest) = match typed.split_once("://") {
        Some(("http", rest)) => (false, rest),
        Some(("https", rest)) => (true, rest),
        _ => {
            return context.refuse(
                &text.at,
                "is not an address of the form http://host:port",
                help,
            );
        }
    };
    if rest.contains('@') {
        return context.refuse(&text.at, "has a user name, which doorward does not send", help);
    }
    if rest.contains(['/', '?', '#']) {
        return context.refuse(
            &text.at,
            "has a path or query, which doorward does not add to requests",
            help,
        );
    }
    let Ok(authority) = rest.parse::<Authority>() else {
        return context.refuse(&text.at, "is not an address of the form http://host:port", help);
    };
    let port = authority.port.unwrap_or(if tls { 443 } else { 80 });
    if port == 0 {
        return context.refuse(&text.at, "has port 0, where nothing listens", help);
    }
    if around.listen.iter().any(|listener| is_itself(listener, &authority.host, port)) {
        let help = "give the address of the app, which must be another than those of `listen`";
        return context.refuse(&text.at, "is doorward itself: requests would go in circles", help);
    }
    Some(settings::Upstream { tls, host: authority.host.as_str().to_owned(), port, weight })
}

fn is_itself(listener: &settings::Listen, host: &HostName, port: u16) -> bool {
    let address = listener.address;
    let bare = host.as_str().trim_start_matches('[').trim_end_matches(']');
    let same_host = match bare.parse::<IpAddr>() {
        Ok(ip) => ip == address.ip() || (address.ip().is_unspecified() && ip.is_loopback()),
        Err(_) => {
            bare == "localhost" && (address.ip().is_loopback() || address.ip().is_unspecified())
        }
    };
    address.port() == port && same_host
}

pub(super) fn balance(field: Option<Located<Balance>>) -> Option<settings::Balance> {
    let Some(field) = field else { return Some(settings::Balance::default()) };
    Some(match field.value? {
        Balance::RoundRobin => settings::Balance::RoundRobin,
        Balance::LeastConnections => settings::Balance::LeastConnections,
        Balance::ByAccount => settings::Balance::ByAccount,
    })
}

pub(super) fn http(field: Option<Located<HttpVersion>>) -> Option<settings::HttpVersion> {
    let Some(field) = field else { return Some(settings::HttpVersion::default()) };
    Some(match field.value? {
        HttpVersion::One => settings::HttpVersion::One,
        HttpVersion::Two => settings::HttpVersion::Two,
        HttpVersion::Auto => settings::HttpVersion::Auto,
    })
}

pub(super) fn timeouts(
    section: Option<Located<Timeouts>>,
    context: &Context<'_>,
) -> Option<settings::UpstreamTimeouts> {
    let (_, section) = context.section(section, "timeouts")?;
    let seconds = Duration::from_secs;
    let defaults = settings::UpstreamTimeouts::default();
    let least = Duration::from_millis(100);
    let why = "less gives up on a working app, more keeps people waiting for a dead one";
    let (soon, late) = (least..=seconds(300), least..=seconds(86_400));
    let connect = context.duration(section.connect, defaults.connect, soon.clone(), why);
    let handshake = context.duration(section.handshake, defaults.handshake, soon, why);
    let read = context.duration(section.read, defaults.read, late.clone(), why);
    let write = context.duration(section.write, defaults.write, late, why);
    let why = "longer than the app keeps it, requests meet closed connections";
    let idle = context.duration(section.idle, defaults.idle, least..=seconds(3600), why);
    Some(settings::UpstreamTimeouts {
        connect: connect?,
        handshake: handshake?,
        read: read?,
        write: write?,
        idle: idle?,
    })
}
