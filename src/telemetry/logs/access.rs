//! The line of a request, in JSON. Written without the machinery that serves every other line: at tens of thousands a
//! second that costs more than anything else the gateway does for a request. What it says is the same.

use std::cell::RefCell;
use std::io::Write;

use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{ACCESS, Access};
use crate::domain::time::{Clock as _, SystemClock};

/// The fields, named as the other lines name theirs.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(serialize_with = "rfc3339")]
    timestamp: OffsetDateTime,
    level: &'static str,
    site: &'a str,
    #[serde(rename = "request.id", serialize_with = "shown")]
    request: &'a dyn std::fmt::Display,
    method: &'a str,
    decision: &'static str,
    status: u16,
    duration_ms: f64,
    message: &'static str,
    target: &'static str,
}

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The machine's time, to the millisecond.
fn now() -> OffsetDateTime {
    let nanos = i128::from(SystemClock.now().as_millis()) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// Hands the line of `request`, with its end, to `take`.
pub(super) fn with_line(request: &Access<'_>, take: impl FnOnce(&[u8])) {
    let line = Line {
        timestamp: now(),
        level: "INFO",
        site: request.site,
        request: &request.request,
        method: request.method,
        decision: request.decision.as_str(),
        status: request.status,
        duration_ms: request.milliseconds(),
        message: "request",
        target: ACCESS,
    };
    BUFFER.with_borrow_mut(|buffer| {
        buffer.clear();
        // Neither can fail: there is nothing in it that JSON has no form for, and a vector takes what it gets.
        if serde_json::to_writer(&mut *buffer, &line).is_ok() && buffer.write_all(b"\n").is_ok() {
            take(buffer);
        }
    });
}

fn rfc3339<S: Serializer>(time: &OffsetDateTime, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&time.format(&Rfc3339).map_err(serde::ser::Error::custom)?)
}

fn shown<S: Serializer>(value: &dyn std::fmt::Display, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}
