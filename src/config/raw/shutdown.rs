//! `shutdown`: how doorward ends.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::budgets::SPAN;
use super::context::Context;
use super::located::{Located, Text};
use crate::config::settings;

/// How doorward ends once it is told to.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Shutdown {
    /// How long requests under way, WebSockets and event streams may go on.
    #[schemars(extend("default" = "30s", "pattern" = SPAN))]
    grace: Option<Text>,
    /// How long connections are still taken while /readyz already says 503: the time in which your load balancer
    /// notices.
    #[schemars(extend("default" = "0s", "pattern" = SPAN))]
    delay: Option<Text>,
}

pub(super) fn shutdown(
    section: Option<Located<Shutdown>>,
    context: &Context<'_>,
) -> Option<settings::Shutdown> {
    const HOUR: Duration = Duration::from_secs(3600);
    let (_, section) = context.section(section, "shutdown")?;
    let grace = context.duration(
        section.grace,
        Duration::from_secs(30),
        Duration::from_secs(1)..=HOUR,
        "none cuts everything off, an endless one never ends",
    );
    let delay = context.duration(
        section.delay,
        Duration::ZERO,
        Duration::ZERO..=Duration::from_secs(300),
        "it is the time in which a load balancer asks /readyz again",
    );
    Some(settings::Shutdown { grace: grace?, delay: delay? })
}
