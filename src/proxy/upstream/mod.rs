//! The apps behind a site: which one a request goes to, how it is reached, and which of them are well.
//!
//! What is named in the configuration is an upstream; each address that its name leads to is an [`Endpoint`]. A request
//! takes one of them ([`Attempts`]), and tells the pool what came of it.

use std::num::NonZeroU8;
use std::ops::RangeInclusive;
use std::time::Duration;

mod attempt;
mod balance;
mod check;
mod endpoint;
mod health;
mod names;
mod pool;
mod tls;

pub(super) use attempt::{Attempts, Failure, key_of};
pub(super) use endpoint::{Endpoint, Plainly};
pub use pool::UpstreamPool;
pub use tls::{ClientCertificate, UpstreamTls};

/// How the apps of a site are reached.
#[derive(Clone, Debug)]
pub struct UpstreamSettings {
    /// Where they are.
    pub addresses: Vec<UpstreamAddress>,
    /// Which of them a request goes to.
    pub balance: Balance,
    /// How long they may take.
    pub timeouts: UpstreamTimeouts,
    /// When one that fails is left out.
    pub ejection: Ejection,
    /// How they are asked whether they are well, if they are.
    pub check: Option<Check>,
    /// How those that are reached over TLS are recognised.
    pub tls: UpstreamTls,
    /// The version of HTTP that they speak.
    pub http: UpstreamHttp,
    /// How many requests one HTTP/2 connection carries at a time.
    pub max_h2_streams: usize,
}

/// The version of HTTP that apps speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamHttp {
    /// HTTP/1.1.
    One,
    /// HTTP/2: by ALPN over TLS, known beforehand without it.
    Two,
    /// Over TLS whichever the app prefers, HTTP/1.1 without it.
    Auto,
}

/// Where an app is.
#[derive(Clone, Debug)]
pub struct UpstreamAddress {
    /// Whether it is reached over TLS; its certificate must then be for `host`.
    pub tls: bool,
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Its share of the requests, beside those of the others.
    pub weight: NonZeroU8,
}

impl UpstreamAddress {
    /// As the configuration names it, for logs and metrics.
    pub(super) fn label(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}:{}", self.host, self.port)
    }

    /// The app's own host as `Host` carries it, without the scheme's own port (RFC 9110 section 7.2).
    fn authority(&self) -> String {
        let usual = if self.tls { 443 } else { 80 };
        match self.port {
            port if port == usual => self.host.clone(),
            port => format!("{}:{port}", self.host),
        }
    }
}

/// How requests are spread over the apps of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Balance {
    /// In turn, by weight.
    RoundRobin,
    /// To the one with the fewest requests under way, by weight.
    LeastConnections,
    /// Each account to one of its own as long as that is well; strangers by their address.
    ByAccount,
}

/// How long an app may take.
#[derive(Clone, Copy, Debug)]
pub struct UpstreamTimeouts {
    /// To take a connection.
    pub connect: Duration,
    /// For the TLS handshake.
    pub handshake: Duration,
    /// Before its answer begins, and between two reads of it.
    pub read: Duration,
    /// Between two writes to it.
    pub write: Duration,
    /// For how long an unused connection is kept for the next request.
    pub idle: Duration,
}

/// When an app that fails is left out.
#[derive(Clone, Copy, Debug)]
pub struct Ejection {
    /// After so many failures in a row.
    pub failures: u32,
    /// For how long at first; twice as long each further time.
    pub time: Duration,
    /// For how long at most.
    pub longest: Duration,
}

/// How an app is asked whether it is well.
#[derive(Clone, Debug)]
pub struct Check {
    /// What it is asked for; without a path it only has to take a connection.
    pub path: Option<String>,
    /// What it is told as its host; without one its own.
    pub host: Option<String>,
    /// The answers that mean that it is well.
    pub status: RangeInclusive<u16>,
    /// How often, give or take a tenth.
    pub interval: Duration,
    /// How long its answer may take.
    pub timeout: Duration,
    /// Answers in a row that bring it back.
    pub passes: u32,
    /// Failures in a row that put it out.
    pub failures: u32,
}

/// No app can be reached, because none of their names leads to an address.
#[derive(Debug, thiserror::Error)]
#[error("no upstream of the site has an address")]
pub(in crate::proxy) struct Unresolved;

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn address(tls: bool, host: &str, port: u16) -> UpstreamAddress {
        UpstreamAddress { tls, host: host.to_owned(), port, weight: NonZeroU8::MIN }
    }

    /// Settings with these hosts, port 8000, which put an endpoint out at once and for long.
    pub(super) fn settings(hosts: &[&str]) -> UpstreamSettings {
        let span = Duration::from_millis(200);
        let long = Duration::from_secs(1000);
        UpstreamSettings {
            addresses: hosts.iter().map(|host| address(false, host, 8000)).collect(),
            balance: Balance::RoundRobin,
            timeouts: UpstreamTimeouts {
                connect: span,
                handshake: span,
                read: span,
                write: span,
                idle: span,
            },
            ejection: Ejection { failures: 1, time: long, longest: long },
            check: None,
            tls: UpstreamTls::default(),
            http: UpstreamHttp::One,
            max_h2_streams: 1,
        }
    }
}
