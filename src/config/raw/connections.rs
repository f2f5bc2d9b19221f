//! `connections`: what clients may cost before anybody knows who they are.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::budgets::SPAN;
use super::context::Context;
use super::located::{Located, Text};
use crate::domain::connections::{ConnectionLimits, HeadLimits};
use crate::domain::size::ByteSize;

/// The texts that stand for sizes, for the schema.
pub(super) const SIZE: &str = r"^([0-9]+ *(KiB|MiB|GiB)|.*\$\{.*)$";

/// How many connections there may be, and what each may take.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Connections {
    /// Connections at the same time; further ones are closed at once.
    #[schemars(range(min = 16, max = 1_000_000), extend("default" = 20_000))]
    total: Option<Located<u64>>,
    /// Connections of one client's address (IPv6: of one /64) at the same time. Trusted proxies have no such limit.
    #[schemars(range(min = 8, max = 1_000_000), extend("default" = 1000))]
    per_address: Option<Located<u64>>,
    /// Requests on one connection; after the last it is closed.
    #[schemars(range(min = 1, max = 1_000_000), extend("default" = 10_000))]
    requests: Option<Located<u64>>,
    /// How long a connection may wait for its next request.
    #[schemars(extend("default" = "75s", "pattern" = SPAN))]
    keep_alive: Option<Text>,
    /// How long the head of a request may take to arrive.
    #[schemars(extend("default" = "20s", "pattern" = SPAN))]
    head_timeout: Option<Text>,
    /// The size of a head, all its fields together; larger ones get 431.
    #[schemars(extend("default" = "64KiB", "pattern" = SIZE))]
    head_size: Option<Text>,
    /// The fields of a head; more get 431.
    #[schemars(range(min = 20, max = 250), extend("default" = 100))]
    head_fields: Option<Located<u64>>,
    /// The time in which the body of a request has to bring least_rate for each second of it; a slower one gets 408.
    #[schemars(extend("default" = "30s", "pattern" = SPAN))]
    body_timeout: Option<Text>,
    /// The time in which a client has to take as much of an answer that waits for it; a slower one is cut off.
    #[schemars(extend("default" = "60s", "pattern" = SPAN))]
    send_timeout: Option<Text>,
    /// Bytes a second, below which a client is no slow line but somebody who holds on.
    #[schemars(range(min = 1, max = 100_000), extend("default" = 240))]
    least_rate: Option<Located<u64>>,
}

pub(super) fn connections(
    section: Option<Located<Connections>>,
    context: &Context<'_>,
) -> Option<ConnectionLimits> {
    let (_, section) = context.section(section, "connections")?;
    let usual = ConnectionLimits::default();
    let why = "each takes memory and two file descriptors";
    let total = context.number(section.total, usual.total, 16..=1_000_000, why);
    let per_address_at = section.per_address.as_ref().map(|field| field.at.clone());
    let why = "a browser opens six, and whole offices share one address";
    let fallback = usual.per_address.min(total.unwrap_or(usual.total));
    let per_address = context.number(section.per_address, fallback, 8..=1_000_000, why);
    let why = "a connection that never ends keeps what it once was given";
    let requests = context.number(section.requests, usual.requests, 1..=1_000_000, why);
    let keep_alive = span(section.keep_alive, usual.keep_alive, 3600, context);
    let head = head(section.head_timeout, section.head_size, section.head_fields, context);
    let body_timeout = span(section.body_timeout, usual.body_timeout, 600, context);
    let send_timeout = span(section.send_timeout, usual.send_timeout, 3600, context);
    let why = "phones at the edge of their network still send a few hundred bytes a second";
    let least_rate = context.number(section.least_rate, usual.least_rate, 1..=100_000, why);
    let (total, per_address) = (total?, per_address?);
    if let (true, Some(at)) = (per_address > total, &per_address_at) {
        let help = "make connections.per_address smaller, or connections.total larger";
        return context.refuse(at, "one address would have more connections than all", help);
    }
    Some(ConnectionLimits {
        total,
        per_address,
        requests: requests?,
        keep_alive: keep_alive?,
        head: head?,
        body_timeout: body_timeout?,
        send_timeout: send_timeout?,
        least_rate: least_rate?,
    })
}

fn head(
    timeout: Option<Text>,
    size: Option<Text>,
    fields: Option<Located<u64>>,
    context: &Context<'_>,
) -> Option<HeadLimits> {
    let usual = HeadLimits::default();
    let timeout = span(timeout, usual.timeout, 120, context);
    let why = "less refuses honest cookies, more is memory that each stranger can have";
    let size = size_within(size, usual.size, (ByteSize::kib(4), ByteSize::kib(512)), why, context);
    let why = "browsers send some twenty, and more than 250 cannot be read";
    let fields = context.number(fields, usual.fields, 20..=250, why);
    Some(HeadLimits { timeout: timeout?, size: size?, fields: fields? })
}

fn span(
    field: Option<Text>,
    usual: Duration,
    most: u64,
    context: &Context<'_>,
) -> Option<Duration> {
    let range = Duration::from_secs(1)..=Duration::from_secs(most);
    let why = "less cuts slow lines off, more leaves connections to whoever holds on to them";
    context.duration(field, usual, range, why)
}

/// A size within two others. `why` says what is wrong with one outside.
fn size_within(
    field: Option<Text>,
    usual: ByteSize,
    (least, most): (ByteSize, ByteSize),
    why: &str,
    context: &Context<'_>,
) -> Option<ByteSize> {
    let Some(text) = field else { return Some(usual) };
    let help = format!("{why}; left out, it is {usual}");
    let size: ByteSize = context.parse(&text, &help)?;
    if (least..=most).contains(&size) {
        return Some(size);
    }
    context.refuse(&text.at, format!("must be from {least} to {most}"), help)
}

/// The largest body that a site takes, if it has such a limit.
pub(super) fn max_body(field: Option<Text>, context: &Context<'_>) -> Option<Option<ByteSize>> {
    let Some(text) = field else { return Some(None) };
    let help = "write 512KiB, 100MiB or 4GiB, or take it out: then the app alone decides";
    let size: ByteSize = context.parse(&text, help)?;
    if size.bytes() == 0 {
        return context.refuse(&text.at, "takes no body at all", help);
    }
    Some(Some(size))
}
