//! The apps behind a site.

use std::num::NonZeroU8;
use std::ops::RangeInclusive;
use std::time::Duration;

/// An app behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Whether it is reached over TLS; its certificate is checked then.
    pub tls: bool,
    /// Its host name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Its share of the requests, beside those of the others.
    pub weight: NonZeroU8,
}

impl Upstream {
    /// The same app, whatever its share.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.tls, &self.host, self.port) == (other.tls, &other.host, other.port)
    }
}

/// Which of several apps a request goes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Balance {
    /// Each in turn.
    #[default]
    RoundRobin,
    /// The one with the fewest requests under way.
    LeastConnections,
    /// Each account has one of its own as long as that is well; strangers by their address.
    ByAccount,
}

/// The version of HTTP that apps speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpVersion {
    /// HTTP/1.1.
    #[default]
    One,
    /// HTTP/2, also without TLS.
    Two,
    /// Over TLS whichever the app prefers, HTTP/1.1 elsewhere.
    Auto,
}

/// What is changed between browsers and an app.
#[derive(Clone, Debug, Default)]
pub struct Rewriting {
    /// The beginning of paths that browsers see and the app does not.
    pub strip_prefix: Option<String>,
    /// The beginning of paths that the app wants and browsers do not see.
    pub add_prefix: Option<String>,
    /// Changes to the headers of its answers, in their order.
    pub response_headers: Vec<ResponseHeader>,
    /// Whether its answers are made smaller where it has not done so.
    pub compress: bool,
}

/// A change to the headers of an app's answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponseHeader {
    /// The header has this value alone.
    Set(http::HeaderName, http::HeaderValue),
    /// The header has this value besides others.
    Add(http::HeaderName, http::HeaderValue),
    /// The header is taken off.
    Remove(http::HeaderName),
}

/// How long an app behind may take.
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
    /// For how long an unused connection is kept.
    pub idle: Duration,
}

impl Default for UpstreamTimeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            handshake: Duration::from_secs(10),
            read: Duration::from_secs(60),
            write: Duration::from_secs(60),
            idle: Duration::from_secs(60),
        }
    }
}

/// When an app that fails is left out, and how it is checked.
#[derive(Clone, Debug)]
pub struct Health {
    /// Failed requests in a row that put an app out.
    pub failures: u32,
    /// For how long at first; twice as long each further time.
    pub out_for: Duration,
    /// For how long at most.
    pub out_at_most: Duration,
    /// How it is asked whether it is well, if it is.
    pub check: Option<Check>,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            failures: 3,
            out_for: Duration::from_secs(5),
            out_at_most: Duration::from_secs(300),
            check: None,
        }
    }
}

/// How an app is asked whether it is well.
#[derive(Clone, Debug)]
pub struct Check {
    /// What it is asked for; without a path it only has to take a connection.
    pub path: Option<String>,
    /// The answers that mean that it is well.
    pub status: RangeInclusive<u16>,
    /// How often.
    pub interval: Duration,
    /// How long its answer may take.
    pub timeout: Duration,
    /// Answers in a row that bring it back.
    pub passes: u32,
    /// Failures in a row that put it out.
    pub failures: u32,
}

impl Default for Check {
    fn default() -> Self {
        Self {
            path: None,
            status: 200..=399,
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(3),
            passes: 2,
            failures: 3,
        }
    }
}
