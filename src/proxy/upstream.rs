//! Which app a request goes to, and how it is reached.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use pingora::upstreams::peer::HttpPeer;

/// Where an app is.
#[derive(Clone, Debug)]
pub struct UpstreamAddress {
    /// Whether it is reached over TLS; its certificate must then be for `host`.
    pub tls: bool,
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// How long an app may take.
#[derive(Clone, Copy, Debug)]
pub struct UpstreamTimeouts {
    /// To take a connection.
    pub connect: Duration,
    /// Between two reads of its answer.
    pub read: Duration,
    /// Between two writes to it.
    pub write: Duration,
}

/// How long an idle connection is kept for the next request.
const KEEP_IDLE: Duration = Duration::from_secs(60);
/// How long a resolved name is believed.
const RESOLVED_FOR: Duration = Duration::from_secs(30);

/// The apps of one site, taken in turn.
#[derive(Debug)]
pub struct UpstreamPool {
    upstreams: Vec<Upstream>,
    next: AtomicUsize,
}

#[derive(Debug)]
struct Upstream {
    address: UpstreamAddress,
    timeouts: UpstreamTimeouts,
    /// Ready to clone; a peer made anew would resolve its name in blocking fashion.
    ready: RwLock<Option<Ready>>,
}

#[derive(Clone, Debug)]
struct Ready {
    peer: HttpPeer,
    until: Option<Instant>,
}

/// No app can be reached, because none of their names leads to an address.
#[derive(Debug, thiserror::Error)]
#[error("the upstream {host} has no address: {cause}")]
pub struct Unresolved {
    host: String,
    cause: std::io::Error,
}

impl UpstreamPool {
    /// A pool over these apps.
    pub fn new(addresses: Vec<UpstreamAddress>, timeouts: UpstreamTimeouts) -> Self {
        let upstream = |address| Upstream { address, timeouts, ready: RwLock::new(None) };
        Self { upstreams: addresses.into_iter().map(upstream).collect(), next: AtomicUsize::new(0) }
    }

    /// Whether there is no app: proxies ask about the site, and pass requests on themselves.
    pub(super) const fn is_empty(&self) -> bool {
        self.upstreams.is_empty()
    }

    /// The app for the next request.
    pub(super) async fn choose(&self) -> Result<Box<HttpPeer>, Unresolved> {
        let count = self.upstreams.len().max(1);
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % count;
        match self.upstreams.get(turn) {
            Some(upstream) => upstream.peer().await,
            None => Err(Unresolved {
                host: "of this site".into(),
                cause: std::io::ErrorKind::NotFound.into(),
            }),
        }
    }
}

/// The app's own host as `Host` carries it, without the scheme's own port (RFC 9110 section 7.2).
pub(super) fn host_of(peer: &HttpPeer) -> String {
    let port = peer._address.as_inet().map(SocketAddr::port);
    let usual = if peer.is_tls() { 443 } else { 80 };
    match port.filter(|port| *port != usual) {
        Some(port) => format!("{}:{port}", peer.sni),
        None => peer.sni.clone(),
    }
}

impl Upstream {
    async fn peer(&self) -> Result<Box<HttpPeer>, Unresolved> {
        if let Some(ready) = self.ready.read().unwrap_or_else(PoisonError::into_inner).as_ref()
            && ready.until.is_none_or(|until| Instant::now() < until)
        {
            return Ok(Box::new(ready.peer.clone()));
        }
        let ready = self.resolve().await?;
        let peer = Box::new(ready.peer.clone());
        *self.ready.write().unwrap_or_else(PoisonError::into_inner) = Some(ready);
        Ok(peer)
    }

    async fn resolve(&self) -> Result<Ready, Unresolved> {
        let UpstreamAddress { host, port, .. } = &self.address;
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Ok(Ready { peer: self.peer_at(SocketAddr::new(address, *port)), until: None });
        }
        let unresolved = |cause| Unresolved { host: host.clone(), cause };
        let mut found = tokio::net::lookup_host((bare, *port)).await.map_err(unresolved)?;
        let address =
            found.next().ok_or_else(|| unresolved(std::io::ErrorKind::NotFound.into()))?;
        Ok(Ready { peer: self.peer_at(address), until: Some(Instant::now() + RESOLVED_FOR) })
    }

    /// The SNI is the configured host and never empty: with an empty one Pingora checks no certificate.
    fn peer_at(&self, address: SocketAddr) -> HttpPeer {
        let mut peer = HttpPeer::new(address, self.address.tls, self.address.host.clone());
        peer.options.connection_timeout = Some(self.timeouts.connect);
        peer.options.total_connection_timeout = Some(self.timeouts.connect * 2);
        peer.options.read_timeout = Some(self.timeouts.read);
        peer.options.write_timeout = Some(self.timeouts.write);
        peer.options.idle_timeout = Some(KEEP_IDLE);
        peer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_app_is_told_its_own_host_with_the_port_that_is_not_usual() {
        for (tls, host, port, told) in [
            (false, "127.0.0.1", 80, "127.0.0.1"),
            (false, "127.0.0.1", 443, "127.0.0.1:443"),
            (true, "localhost", 443, "localhost"),
            (true, "[::1]", 8443, "[::1]:8443"),
        ] {
            let span = Duration::from_secs(1);
            let timeouts = UpstreamTimeouts { connect: span, read: span, write: span };
            let pool =
                UpstreamPool::new(vec![UpstreamAddress { tls, host: host.into(), port }], timeouts);
            assert_eq!(host_of(&pool.choose().await.unwrap()), told);
        }
    }
}
