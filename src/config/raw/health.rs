//! `sites[].health`: when an app that fails is left out, and how it is asked whether it is well.

use std::ops::RangeInclusive;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::budgets::SPAN;
use super::context::Context;
use super::located::{Located, Text};
use crate::config::settings;
use crate::domain::path::RequestPath;

/// When an app that fails is left out, and how it is asked whether it is well.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Health {
    /// Failed connections, or requests without an answer, in a row that put an app out.
    #[schemars(extend("default" = 3))]
    failures: Option<Located<u64>>,
    /// For how long at first; twice as long each further time.
    #[schemars(extend("default" = "5s", "pattern" = SPAN))]
    out_for: Option<Text>,
    /// For how long at most.
    #[schemars(extend("default" = "5m", "pattern" = SPAN))]
    out_at_most: Option<Text>,
    /// How it is asked whether it is well. Left out: it is not.
    check: Option<Located<Check>>,
}

/// How an app is asked whether it is well.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Check {
    /// The path that it is asked for, without anybody's identity. Left out: it only has to take a connection.
    path: Option<Text>,
    /// The answers that mean that it is well: a status, or two with a dash between.
    #[schemars(extend("default" = "200-399", "pattern" = "^[1-5][0-9][0-9](-[1-5][0-9][0-9])?$"))]
    status: Option<Text>,
    /// How often.
    #[schemars(extend("default" = "10s", "pattern" = SPAN))]
    interval: Option<Text>,
    /// How long its answer may take.
    #[schemars(extend("default" = "3s", "pattern" = SPAN))]
    timeout: Option<Text>,
    /// Answers in a row that bring it back.
    #[schemars(extend("default" = 2))]
    passes: Option<Located<u64>>,
    /// Failures in a row that put it out.
    #[schemars(extend("default" = 3))]
    failures: Option<Located<u64>>,
}

pub(super) fn health(
    section: Option<Located<Health>>,
    context: &Context<'_>,
) -> Option<settings::Health> {
    let (_, section) = context.section(section, "health")?;
    let defaults = settings::Health::default();
    let why = "one failure may be chance, and many keep people waiting";
    let failures = context.number(section.failures, defaults.failures, 1..=100, why);
    let (least, most) = (Duration::from_millis(100), Duration::from_secs(3600));
    let why = "an app is tried again after it, by the request of somebody";
    let out_for = context.duration(section.out_for, defaults.out_for, least..=most, why);
    let longest = out_for.unwrap_or(least)..=most;
    let default = defaults.out_at_most.max(*longest.start());
    let why = "it is not less than out_for";
    let out_at_most = context.duration(section.out_at_most, default, longest, why);
    let check = match section.check {
        None => Some(None),
        Some(found) => found.value.and_then(|typed| check(typed, context)).map(Some),
    };
    Some(settings::Health {
        failures: failures?,
        out_for: out_for?,
        out_at_most: out_at_most?,
        check: check?,
    })
}

fn check(typed: Check, context: &Context<'_>) -> Option<settings::Check> {
    let defaults = settings::Check::default();
    let path = typed.path.map_or(Some(None), |text| path(&text, context).map(Some));
    let status = typed.status.map_or(Some(defaults.status), |text| status(&text, context));
    let (least, most) = (Duration::from_millis(100), Duration::from_secs(3600));
    let why = "apps are asked that often by each doorward";
    let interval = context.duration(typed.interval, defaults.interval, least..=most, why);
    let why = "an app that is slower counts as away";
    let timeout = context.duration(typed.timeout, defaults.timeout, least..=most, why);
    let why = "it is a number of checks in a row";
    let passes = context.number(typed.passes, defaults.passes, 1..=100, why);
    let failures = context.number(typed.failures, defaults.failures, 1..=100, why);
    Some(settings::Check {
        path: path?,
        status: status?,
        interval: interval?,
        timeout: timeout?,
        passes: passes?,
        failures: failures?,
    })
}

fn path(text: &Text, context: &Context<'_>) -> Option<String> {
    let typed = text.value.as_deref()?;
    match RequestPath::parse(typed) {
        Ok(_) => Some(typed.to_owned()),
        Err(_) => {
            context.refuse(&text.at, "is not a path", "write it as requests have it: /healthz")
        }
    }
}

fn status(text: &Text, context: &Context<'_>) -> Option<RangeInclusive<u16>> {
    let typed = text.value.as_deref()?;
    let (first, last) = typed.split_once('-').unwrap_or((typed, typed));
    let one = |text: &str| text.trim().parse().ok().filter(|code| (200..=599).contains(code));
    match (one(first), one(last)) {
        (Some(first), Some(last)) if first <= last => Some(first..=last),
        _ => context.refuse(
            &text.at,
            "is no status",
            "write one status, or two with a dash between: 200-399",
        ),
    }
}
