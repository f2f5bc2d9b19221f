//! The metrics of the apps behind. Their labels are those of the configuration.

use prometheus::{IntCounterVec, IntGaugeVec, Result};

use super::make::Maker;
use super::{Metrics, UpstreamFailure};

#[derive(Debug)]
pub(super) struct Upstreams {
    up: IntGaugeVec,
    failures: IntCounterVec,
    retries: IntCounterVec,
}

impl Upstreams {
    pub(super) fn build(make: &Maker<'_>) -> Result<Self> {
        Ok(Self {
            up: make.gauges(
                "doorward_upstream_up",
                "Addresses of an app that are not left out; 0 when it is away.",
                &["site", "upstream"],
            )?,
            failures: make.counters(
                "doorward_upstream_failures_total",
                "Requests and checks that failed at an app before it answered.",
                &["site", "upstream", "reason"],
            )?,
            retries: make.counters(
                "doorward_upstream_retries_total",
                "Requests that were sent once more.",
                &["site"],
            )?,
        })
    }
}

impl Metrics {
    /// So many addresses of the app `upstream` of the site at `host` are not left out.
    pub fn set_upstream_up(&self, host: &str, upstream: &str, addresses: usize) {
        let addresses = i64::try_from(addresses).unwrap_or(i64::MAX);
        self.upstreams.up.with_label_values(&[host, upstream]).set(addresses);
    }

    /// The app is no longer in the configuration.
    pub fn forget_upstream(&self, host: &str, upstream: &str) {
        // One that was never told of is none to forget.
        let _ = self.upstreams.up.remove_label_values(&[host, upstream]);
    }

    /// A request or check failed at the app.
    pub fn upstream_failed(&self, host: &str, upstream: &str, why: UpstreamFailure) {
        self.upstreams.failures.with_label_values(&[host, upstream, why.as_str()]).inc();
    }

    /// A request of the site is sent once more.
    pub fn upstream_retried(&self, host: &str) {
        self.upstreams.retries.with_label_values(&[host]).inc();
    }
}
