//! The metrics of a running doorward, under the names of design.md.
//!
//! A site's handle is fetched once ([`Metrics::site`]); after that a request costs a few atomic additions and no
//! lookup. Everything else happens beside I/O and looks its labels up.

use std::array;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use prometheus::{
    Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry,
    TextEncoder,
};

use self::make::{ANSWERS, DELIVERY, GATEWAY, HASHING, Maker, STORES};
use self::upstreams::Upstreams;
use super::labels::StatusClass;
pub use super::labels::{
    CaptchaResult, CodeEvent, ConnectionEnd, DecisionLabel, DeviceEvent, MailResult, OrderResult,
    ReloadResult, SecurityEvent, SigninResult, SigninStep, UpstreamFailure,
};
use crate::domain::captcha::CaptchaPlace;
use crate::domain::challenge::Purpose;

mod make;
mod upstreams;

/// The one set of metrics of this process.
#[expect(clippy::expect_used, reason = "names and labels are constants; a test builds them")]
pub fn metrics() -> &'static Metrics {
    static METRICS: LazyLock<Metrics> =
        LazyLock::new(|| Metrics::build().expect("the metrics' names are valid and distinct"));
    &METRICS
}

/// Every metric, in the text format of Prometheus (version 0.0.4), those of the process included.
pub fn render() -> String {
    metrics().render()
}

/// The `Content-Type` of [`render`]'s text.
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// Counts and times what happens.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    connections: IntGauge,
    connection_ends: IntCounterVec,
    requests: IntCounterVec,
    request_seconds: HistogramVec,
    gateway_seconds: HistogramVec,
    upstream_seconds: HistogramVec,
    signins: IntCounterVec,
    codes: IntCounterVec,
    devices: IntCounterVec,
    captchas: IntCounterVec,
    mails: IntCounterVec,
    sms: IntCounterVec,
    mail_queue: IntGauge,
    mail_delivery_seconds: Histogram,
    limits: IntCounterVec,
    report_only: IntCounterVec,
    security_events: IntCounterVec,
    streams_cut: IntCounter,
    password_hash_seconds: Histogram,
    password_hash_queue: IntGauge,
    sessions: IntGauge,
    certificate_expiry_seconds: IntGaugeVec,
    certificate_orders: IntCounterVec,
    store_seconds: HistogramVec,
    store_up: IntGaugeVec,
    forwarded_shortly: IntCounter,
    upstreams: Upstreams,
    reloads: IntCounterVec,
    reload_succeeded: IntGauge,
    reload_succeeded_at: IntGauge,
}

impl Metrics {
    /// The handle by which requests of the site at `host` are recorded; keep it. `host` is the configured one,
    /// never what a request named; requests for no site go under [`Self::NO_SITE`].
    pub fn site(&self, host: &str) -> Arc<SiteMetrics> {
        Arc::new(SiteMetrics {
            host: host.into(),
            requests: self.requests.clone(),
            cells: array::from_fn(|_| array::from_fn(|_| OnceLock::new())),
            request_seconds: self.request_seconds.with_label_values(&[host]),
            gateway_seconds: self.gateway_seconds.with_label_values(&[host]),
            upstream_seconds: self.upstream_seconds.with_label_values(&[host]),
        })
    }

    /// The site label of requests that are for no site.
    pub const NO_SITE: &'static str = "none";

    /// One more connection to the sites is open.
    pub fn connection_opened(&self) {
        self.connections.inc();
    }

    /// One of them is closed.
    pub fn connection_closed(&self) {
        self.connections.dec();
    }

    /// A connection was ended that its client would have kept.
    pub fn connection_ended(&self, reason: ConnectionEnd) {
        self.connection_ends.with_label_values(&[reason.as_str()]).inc();
    }

    /// One step of signing in was taken.
    pub fn signin(&self, step: SigninStep, result: SigninResult) {
        self.signins.with_label_values(&[step.as_str(), result.as_str()]).inc();
    }

    /// Something happened to a code.
    pub fn code(&self, purpose: Purpose, event: CodeEvent) {
        self.codes.with_label_values(&[purpose.as_str(), event.as_str()]).inc();
    }

    /// Something happened to a trusted device.
    pub fn device(&self, event: DeviceEvent) {
        self.devices.with_label_values(&[event.as_str()]).inc();
    }

    /// A form at `place` had to show that no program sends it, and this came of it.
    pub fn captcha(&self, place: CaptchaPlace, result: CaptchaResult) {
        self.captchas.with_label_values(&[place.as_str(), result.as_str()]).inc();
    }

    /// A delivery was tried.
    pub fn mail(&self, result: MailResult) {
        self.mails.with_label_values(&[result.as_str()]).inc();
    }

    /// The delivery of a text message was tried.
    pub fn sms(&self, result: MailResult) {
        self.sms.with_label_values(&[result.as_str()]).inc();
    }

    /// A mail was delivered this long after it was written.
    pub fn mail_delivered_after(&self, wait: Duration) {
        self.mail_delivery_seconds.observe(wait.as_secs_f64());
    }

    /// So many mails are in the outbox.
    pub fn set_mail_queue(&self, mails: u64) {
        self.mail_queue.set(gauge(mails));
    }

    /// Somebody reached a limit; `limit` is its name in the configuration.
    pub fn limit(&self, limit: &'static str) {
        self.limits.with_label_values(&[limit]).inc();
    }

    /// The rule at `place` of the site at `host`, counted from 1, only reports, and would have decided so.
    pub fn reported(&self, host: &str, place: usize, decision: DecisionLabel) {
        let rule = place.to_string();
        self.report_only.with_label_values(&[host, &rule, decision.as_str()]).inc();
    }

    /// An attack was seen and stopped, or the protection of an account was changed.
    pub fn security_event(&self, event: SecurityEvent) {
        self.security_events.with_label_values(&[event.as_str()]).inc();
    }

    /// Something that was open has ended with its session.
    pub fn stream_cut(&self) {
        self.streams_cut.inc();
    }

    /// One password was hashed, in this time without its wait.
    pub fn password_hashed_in(&self, took: Duration) {
        self.password_hash_seconds.observe(took.as_secs_f64());
    }

    /// One more password waits to be hashed, until the guard is dropped.
    #[must_use]
    pub fn password_waits(&self) -> Waiting {
        self.password_hash_queue.inc();
        Waiting(self.password_hash_queue.clone())
    }

    /// A request went the short way to its app and was answered.
    pub fn forwarded_shortly(&self) {
        self.forwarded_shortly.inc();
    }

    /// So many sessions have not ended.
    pub fn set_sessions(&self, sessions: u64) {
        self.sessions.set(gauge(sessions));
    }

    /// These certificates are held, each by its first name, and are good for so many seconds more.
    pub fn set_certificates<'a>(&self, left: impl Iterator<Item = (&'a str, i64)>) {
        // By the name that ends first, where several have it.
        let mut by_name: BTreeMap<&str, i64> = BTreeMap::new();
        for (name, seconds) in left {
            let least = by_name.entry(name).or_insert(seconds);
            *least = seconds.min(*least);
        }
        self.certificate_expiry_seconds.reset();
        for (name, seconds) in by_name {
            self.certificate_expiry_seconds.with_label_values(&[name]).set(seconds);
        }
    }

    /// A certificate authority was asked for a certificate.
    pub fn certificate_ordered(&self, result: OrderResult) {
        self.certificate_orders.with_label_values(&[result.as_str()]).inc();
    }

    /// `store` (`accounts` or `flow`) took this long for the promise `operation`, kept or not.
    pub fn store_took(&self, store: &'static str, operation: &'static str, took: Duration) {
        self.store_seconds.with_label_values(&[store, operation]).observe(took.as_secs_f64());
    }

    /// Whether `store` answers, as far as those who ask it know.
    pub fn store_answers(&self, store: &'static str, answers: bool) {
        self.store_up.with_label_values(&[store]).set(i64::from(answers));
    }

    /// The configuration was read at start, or again, and this came of it. `now` is in seconds since 1970.
    pub fn configured(&self, reload: Option<ReloadResult>, now: i64) {
        if let Some(result) = reload {
            self.reloads.with_label_values(&[result.as_str()]).inc();
        }
        let is_in_effect = matches!(reload, None | Some(ReloadResult::Applied));
        self.reload_succeeded.set(i64::from(is_in_effect));
        if is_in_effect {
            self.reload_succeeded_at.set(now);
        }
    }

    fn render(&self) -> String {
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_else(|error| {
            tracing::error!(%error, "the metrics cannot be written out");
            String::new()
        })
    }

    fn build() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let make = Maker(&registry);
        make.process()?;
        make.build_info()?;
        Ok(Self {
            connections: make.gauge("doorward_connections", "Open connections to the sites.")?,
            connection_ends: make.counters(
                "doorward_connections_ended_total",
                "Connections ended that their clients would have kept, by why.",
                &["reason"],
            )?,
            requests: make.counters(
                "doorward_http_requests_total",
                "Requests by site, decision and class of status.",
                &["site", "decision", "status_class"],
            )?,
            request_seconds: make.histograms(
                "doorward_http_request_seconds",
                "Time from a request's head to the end of its answer.",
                &["site"],
                ANSWERS,
            )?,
            gateway_seconds: make.histograms(
                "doorward_gateway_seconds",
                "Time that a request spent in doorward itself.",
                &["site"],
                GATEWAY,
            )?,
            upstream_seconds: make.histograms(
                "doorward_upstream_seconds",
                "Time from sending a request upstream to the head of the answer.",
                &["site"],
                ANSWERS,
            )?,
            signins: make.counters(
                "doorward_signins_total",
                "Steps of signing in, by what came of them.",
                &["step", "result"],
            )?,
            codes: make.counters(
                "doorward_codes_total",
                "What happened to codes, by what they were for.",
                &["purpose", "event"],
            )?,
            devices: make.counters(
                "doorward_trusted_devices_total",
                "What happened to trusted devices.",
                &["event"],
            )?,
            captchas: make.counters(
                "doorward_captchas_total",
                "What forms had to show so that no program sends them, by what came of it.",
                &["place", "result"],
            )?,
            mails: make.counters(
                "doorward_mails_total",
                "Attempts to deliver a mail, by what came of them.",
                &["result"],
            )?,
            sms: make.counters(
                "doorward_sms_total",
                "Attempts to deliver a text message, by what came of them.",
                &["result"],
            )?,
            mail_queue: make.gauge("doorward_mail_queue", "Mails in the outbox.")?,
            mail_delivery_seconds: make.histogram(
                "doorward_mail_delivery_seconds",
                "Time from writing a mail to the mail server's taking it.",
                DELIVERY,
            )?,
            limits: make.counters(
                "doorward_limits_total",
                "Requests refused by a short-window limit.",
                &["limit"],
            )?,
            report_only: make.counters(
                "doorward_report_only_total",
                "What rules that only report would have decided.",
                &["site", "rule", "decision"],
            )?,
            security_events: make.counters(
                "doorward_security_events_total",
                "Attacks seen and stopped, and changes to how accounts are protected.",
                &["event"],
            )?,
            streams_cut: make.counter(
                "doorward_streams_cut_total",
                "WebSockets, event streams and long transfers that have ended with their session.",
            )?,
            password_hash_seconds: make.histogram(
                "doorward_password_hash_seconds",
                "Time to hash one password, without its wait.",
                HASHING,
            )?,
            password_hash_queue: make
                .gauge("doorward_password_hash_queue", "Passwords that wait to be hashed.")?,
            sessions: make.gauge("doorward_sessions", "Sessions that have not ended.")?,
            certificate_expiry_seconds: make.gauges(
                "doorward_tls_certificate_expiry_seconds",
                "How long a certificate is still good; below zero when it has expired.",
                &["certificate"],
            )?,
            certificate_orders: make.counters(
                "doorward_acme_orders_total",
                "Certificates asked for at the authority, by what came of them.",
                &["result"],
            )?,
            store_seconds: make.histograms(
                "doorward_store_seconds",
                "Time that a store took for one promise.",
                &["store", "op"],
                STORES,
            )?,
            store_up: make.gauges(
                "doorward_store_up",
                "Whether a store on another machine answers.",
                &["store"],
            )?,
            forwarded_shortly: make.counter(
                "doorward_forwarded_shortly_total",
                "Requests that went the short way to their app.",
            )?,
            upstreams: Upstreams::build(&make)?,
            reloads: make.counters(
                "doorward_config_reloads_total",
                "Times that the configuration was read again, by what came of it.",
                &["result"],
            )?,
            reload_succeeded: make.gauge(
                "doorward_config_last_reload_successful",
                "Whether the configuration as it was last read is in effect.",
            )?,
            reload_succeeded_at: make.gauge(
                "doorward_config_last_reload_success_timestamp_seconds",
                "When the configuration in effect was read.",
            )?,
            registry,
        })
    }
}

/// What is recorded of a request when it is over.
#[derive(Clone, Copy, Debug)]
pub struct RequestSummary {
    /// What was decided on it.
    pub decision: DecisionLabel,
    /// The status of the answer; 0 when the client left before there was one.
    pub status: u16,
    /// From its head to the end of its answer.
    pub total: Duration,
    /// In doorward itself.
    pub gateway: Duration,
    /// From sending it upstream to the head of the answer, if it went there.
    pub upstream: Option<Duration>,
}

/// The metrics of one site, with every label resolved.
#[derive(Debug)]
pub struct SiteMetrics {
    host: Box<str>,
    requests: IntCounterVec,
    /// Resolved at first use, so that only what happens is a series.
    cells: [[OnceLock<IntCounter>; StatusClass::COUNT]; DecisionLabel::ALL.len()],
    request_seconds: Histogram,
    gateway_seconds: Histogram,
    upstream_seconds: Histogram,
}

impl SiteMetrics {
    /// Records one request. Allocates nothing but at the first of its kind.
    pub fn record(&self, request: &RequestSummary) {
        let class = StatusClass::of(request.status);
        let cell = self.cells.get(request.decision as usize).and_then(|row| row.get(class.index()));
        if let Some(cell) = cell {
            cell.get_or_init(|| {
                let labels = [&self.host, request.decision.as_str(), class.as_str()];
                self.requests.with_label_values(&labels)
            })
            .inc();
        }
        self.request_seconds.observe(request.total.as_secs_f64());
        self.gateway_seconds.observe(request.gateway.as_secs_f64());
        if let Some(upstream) = request.upstream {
            self.upstream_seconds.observe(upstream.as_secs_f64());
        }
    }
}

/// Stands for one password that waits to be hashed.
#[derive(Debug)]
pub struct Waiting(IntGauge);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn gauge(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
