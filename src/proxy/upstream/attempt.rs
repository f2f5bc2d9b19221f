//! The attempts of one request at its apps, and which failures are followed by another. A request that an app may have
//! begun to act on is never sent twice.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::{HeaderValue, Method};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorSource, ErrorType, RetryType};

use super::endpoint::{Busy, Endpoint};
use super::{Unresolved, UpstreamPool, balance};
use crate::domain::address::counted_as;
use crate::domain::id::AccountId;
use crate::telemetry::metrics::UpstreamFailure;

/// How often a request is sent at most.
pub(in crate::proxy) const MOST: u8 = 3;
/// Keeps connections that must be new apart from those that are kept, and from one another.
const ANEW: u64 = 1 << 63;
static NEXT_ANEW: AtomicU64 = AtomicU64::new(0);

/// The attempts of one request.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Attempts {
    current: Option<Busy>,
    made: u8,
    /// Those to which there was no connection.
    tried: Vec<Arc<Endpoint>>,
    /// Whether a kept connection turned out to be dead: the next one is a new one, to the same endpoint.
    anew: bool,
    answered: bool,
}

/// What is asked about a failure before the request is sent again.
#[derive(Clone, Copy, Debug)]
pub(in crate::proxy) struct Failure<'a> {
    pub(in crate::proxy) error: &'a Error,
    pub(in crate::proxy) method: &'a Method,
    /// Whether it has no body.
    pub(in crate::proxy) bodyless: bool,
    /// Whether all that was read of its body is still there.
    pub(in crate::proxy) body_kept: bool,
    /// Whether the connection had served others before.
    pub(in crate::proxy) reused: bool,
}

impl Attempts {
    /// How the app for the next attempt is reached. `key` tells accounts apart.
    pub(in crate::proxy) async fn next(
        &mut self,
        pool: &UpstreamPool,
        key: impl FnOnce() -> u64,
    ) -> Result<Box<HttpPeer>, Unresolved> {
        self.made += 1;
        if let (true, Some(current)) = (self.anew, &self.current) {
            let mut peer = current.peer();
            // A group of its own: what was kept of another such attempt is there for a moment, too.
            peer.group_key = ANEW | NEXT_ANEW.fetch_add(1, Ordering::Relaxed);
            peer.options.idle_timeout = Some(Duration::ZERO);
            return Ok(peer);
        }
        Ok(self.choose(pool, key).await?.peer())
    }

    /// The app for the first attempt.
    pub(in crate::proxy) async fn first(
        &mut self,
        pool: &UpstreamPool,
        key: impl FnOnce() -> u64,
    ) -> Result<&Endpoint, Unresolved> {
        self.made += 1;
        self.choose(pool, key).await
    }

    async fn choose(
        &mut self,
        pool: &UpstreamPool,
        key: impl FnOnce() -> u64,
    ) -> Result<&Endpoint, Unresolved> {
        self.current = None;
        let chosen = pool.choose(key, &self.tried).await.ok_or(Unresolved)?;
        Ok(self.current.insert(chosen))
    }

    /// The app of the attempt at hand.
    pub(in crate::proxy) fn current(&self) -> Option<&Endpoint> {
        self.current.as_deref()
    }

    /// The app's own host.
    pub(in crate::proxy) fn host(&self) -> Option<&HeaderValue> {
        self.current.as_ref().map(|current| current.host())
    }

    /// There was no connection, so nothing was sent: says whether another app may be tried, whatever the request.
    pub(in crate::proxy) fn could_not_connect(
        &mut self,
        pool: &UpstreamPool,
        error: &Error,
    ) -> bool {
        let Some(current) = self.current.take() else { return false };
        pool.failed(&current, reason(error));
        self.tried.push(Arc::clone(current.endpoint()));
        self.anew = false;
        let again = self.made < MOST && pool.has_other_than(&self.tried);
        if again {
            pool.repeats();
        }
        again
    }

    /// The app failed after there was a connection: says whether the request may be sent again.
    pub(in crate::proxy) fn failed(&mut self, pool: &UpstreamPool, failure: &Failure<'_>) -> bool {
        let Some(current) = &self.current else { return false };
        if *failure.error.esource() != ErrorSource::Upstream || self.answered {
            return false;
        }
        let timed_out = reason(failure.error) == UpstreamFailure::Timeout;
        // Apps close kept connections when they like, and those whose client does not go on sending: neither says
        // anything of their health.
        if failure.bodyless && (!failure.reused || timed_out) {
            pool.failed(current, reason(failure.error));
        }
        let again = self.made < MOST && (was_not_processed(failure) || died_unread(failure));
        if again {
            self.anew = true;
            pool.repeats();
        }
        again
    }

    /// The head of the answer is there.
    pub(in crate::proxy) fn answered(&mut self, pool: &UpstreamPool) {
        if let (Some(current), false) = (&self.current, self.answered) {
            self.answered = true;
            pool.answered(current);
        }
    }

    /// All of the answer is there: the app is no longer busy with this request, however long its client still reads.
    pub(in crate::proxy) fn over(&mut self) {
        self.current = None;
    }
}

/// By whom a request is counted where accounts keep to their app: the account, else the network of the client.
pub(in crate::proxy) fn key_of(account: Option<AccountId>, client: IpAddr) -> u64 {
    match account {
        Some(account) => balance::hash(account.as_uuid().as_bytes()),
        None => match counted_as(client) {
            IpAddr::V4(address) => balance::hash(&address.octets()),
            IpAddr::V6(address) => balance::hash(&address.octets()),
        },
    }
}

/// The app says that it has not begun: it refused the stream, or closes the connection to new ones (RFC 9113 sections
/// 6.8 and 8.7), or wants HTTP/1.1.
fn was_not_processed(failure: &Failure<'_>) -> bool {
    let says_so = matches!(failure.error.etype(), ErrorType::H2Error | ErrorType::H2Downgrade);
    says_so && failure.error.retry == RetryType::Decided(true) && failure.body_kept
}

/// A kept connection was closed before any of the answer came: most likely while it was idle (RFC 9112 section 9.3.1).
fn died_unread(failure: &Failure<'_>) -> bool {
    let closed = matches!(
        failure.error.etype(),
        ErrorType::ConnectionClosed | ErrorType::ReadError | ErrorType::WriteError
    );
    let nothing_read = failure.error.context.as_ref().is_none_or(|context| {
        let context = context.as_str();
        !context.contains("already read") || context.contains(NOTHING_READ)
    });
    closed && nothing_read && failure.reused && failure.bodyless && failure.method.is_idempotent()
}

/// By these words Pingora says that a connection died before the first byte of the answer.
const NOTHING_READ: &str = "bytes already read: 0";

fn reason(error: &Error) -> UpstreamFailure {
    match error.etype() {
        ErrorType::ConnectTimedout
        | ErrorType::ReadTimedout
        | ErrorType::WriteTimedout
        | ErrorType::TLSHandshakeTimedout => UpstreamFailure::Timeout,
        ErrorType::TLSHandshakeFailure | ErrorType::InvalidCert | ErrorType::TLSWantX509Lookup => {
            UpstreamFailure::Tls
        }
        ErrorType::ConnectionClosed | ErrorType::ReadError | ErrorType::WriteError => {
            UpstreamFailure::Closed
        }
        ErrorType::ConnectRefused
        | ErrorType::ConnectNoRoute
        | ErrorType::ConnectError
        | ErrorType::BindError
        | ErrorType::SocketError => UpstreamFailure::Connect,
        _ => UpstreamFailure::Protocol,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(read: usize) -> Box<Error> {
        let told = format!("while reading response headers, bytes already read: {read}");
        let mut error = Error::explain(ErrorType::ConnectionClosed, told);
        error.retry = RetryType::ReusedOnly;
        error
    }

    fn failure<'a>(error: &'a Error, method: &'a Method) -> Failure<'a> {
        Failure { error, method, bodyless: true, body_kept: true, reused: true }
    }

    #[test]
    fn only_what_nobody_can_have_acted_on_is_sent_again() {
        let dead = closed(0);
        assert!(died_unread(&failure(&dead, &Method::GET)));
        assert!(died_unread(&failure(&dead, &Method::PUT)));
        assert!(!died_unread(&failure(&dead, &Method::POST)));
        assert!(!died_unread(&Failure { reused: false, ..failure(&dead, &Method::GET) }));
        assert!(!died_unread(&Failure { bodyless: false, ..failure(&dead, &Method::PUT) }));
        assert!(!died_unread(&failure(&closed(10), &Method::GET)), "the answer had begun");
        assert!(!was_not_processed(&failure(&dead, &Method::GET)));

        let mut refused = Error::explain(ErrorType::H2Error, "refused stream");
        assert!(!was_not_processed(&failure(&refused, &Method::GET)));
        refused.retry = RetryType::Decided(true);
        assert!(was_not_processed(&failure(&refused, &Method::POST)));
        let gone = Failure { body_kept: false, ..failure(&refused, &Method::POST) };
        assert!(!was_not_processed(&gone));
    }

    #[test]
    fn strangers_are_told_apart_by_network_and_accounts_by_who_they_are() {
        let of = |address: &str| key_of(None, address.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
