//! One address of an app.

use std::net::{IpAddr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::HeaderValue;
use pingora::upstreams::peer::HttpPeer;

use super::health::Health;
use super::tls::Within;
use super::{UpstreamAddress, UpstreamHttp, UpstreamSettings, UpstreamTimeouts};

/// What the configuration says of one app.
#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) address: UpstreamAddress,
    /// As it is named in logs and metrics.
    pub(super) label: String,
    /// Its own host, for `Host`.
    host: HeaderValue,
}

/// How an app is reached that takes nothing more than a connection which speaks HTTP/1.1.
#[derive(Clone, Copy, Debug)]
pub(in crate::proxy) struct Plainly {
    pub(in crate::proxy) address: SocketAddr,
    pub(in crate::proxy) timeouts: UpstreamTimeouts,
}

/// One address of one app.
#[derive(Debug)]
pub(in crate::proxy) struct Endpoint {
    pub(super) upstream: Arc<Upstream>,
    pub(super) address: SocketAddr,
    /// Ready to clone; a peer made anew would resolve its name in blocking fashion.
    peer: HttpPeer,
    /// How it is reached, where that is all.
    plainly: Option<Plainly>,
    /// What tells it from the others when accounts are spread.
    pub(super) seed: u64,
    pub(super) health: Health,
    under_way: AtomicUsize,
}

impl Upstream {
    pub(super) fn new(address: UpstreamAddress) -> Self {
        let label = address.label();
        // A parsed host and a port are always a header value.
        let host = HeaderValue::from_str(&address.authority())
            .unwrap_or_else(|_| HeaderValue::from_static("localhost"));
        Self { label, host, address }
    }

    /// The host without the brackets of an IPv6 address.
    pub(super) fn bare_host(&self) -> &str {
        self.address.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The one address that it has, if it is named by that.
    pub(super) fn fixed(&self) -> Option<SocketAddr> {
        let address: IpAddr = self.bare_host().parse().ok()?;
        Some(SocketAddr::new(address, self.address.port))
    }

    /// How this app is reached at `address`, as the site's settings say.
    fn peer_at(&self, address: SocketAddr, settings: &UpstreamSettings) -> HttpPeer {
        let timeouts = &settings.timeouts;
        let mut peer = if self.address.tls {
            let mut peer = settings.tls.peer(address, self.bare_host());
            peer.options.custom_l4 = Some(Arc::new(Within(timeouts.connect)));
            peer.options.connection_timeout = Some(timeouts.handshake);
            peer.options.total_connection_timeout = Some(timeouts.connect + timeouts.handshake);
            peer
        } else {
            let mut peer = HttpPeer::new(address, false, String::new());
            peer.options.connection_timeout = Some(timeouts.connect);
            peer.options.total_connection_timeout = Some(timeouts.connect);
            peer
        };
        match settings.http {
            UpstreamHttp::One => {}
            UpstreamHttp::Two => peer.options.set_http_version(2, 2),
            UpstreamHttp::Auto if self.address.tls => peer.options.set_http_version(2, 1),
            UpstreamHttp::Auto => {}
        }
        peer.options.max_h2_streams = settings.max_h2_streams;
        peer.options.h2_ping_interval = Some(PING);
        peer.options.read_timeout = Some(timeouts.read);
        peer.options.write_timeout = Some(timeouts.write);
        peer.options.idle_timeout = Some(timeouts.idle);
        peer
    }
}

/// How often an HTTP/2 connection is asked whether anybody is there.
const PING: Duration = Duration::from_secs(30);

impl Endpoint {
    pub(super) fn new(
        upstream: &Arc<Upstream>,
        address: SocketAddr,
        settings: &UpstreamSettings,
    ) -> Self {
        let is_plain = !upstream.address.tls && settings.http != UpstreamHttp::Two;
        Self {
            peer: upstream.peer_at(address, settings),
            plainly: is_plain.then_some(Plainly { address, timeouts: settings.timeouts }),
            seed: super::balance::hash(format!("{} {address}", upstream.label).as_bytes()),
            upstream: Arc::clone(upstream),
            address,
            health: Health::default(),
            under_way: AtomicUsize::new(0),
        }
    }

    /// How it is reached.
    pub(in crate::proxy) fn peer(&self) -> Box<HttpPeer> {
        Box::new(self.peer.clone())
    }

    /// How it is reached, if by nothing more than a connection which speaks HTTP/1.1.
    pub(in crate::proxy) const fn plainly(&self) -> Option<Plainly> {
        self.plainly
    }

    /// Its own host, for `Host`.
    pub(super) fn host(&self) -> &HeaderValue {
        &self.upstream.host
    }

    pub(super) fn weight(&self) -> usize {
        usize::from(self.upstream.address.weight.get())
    }

    pub(super) fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }
}

/// An endpoint that a request is on its way to, or answered by.
#[derive(Debug)]
pub(super) struct Busy(Arc<Endpoint>);

impl Busy {
    pub(super) fn with(endpoint: Arc<Endpoint>) -> Self {
        endpoint.under_way.fetch_add(1, Ordering::Relaxed);
        Self(endpoint)
    }

    pub(super) fn endpoint(&self) -> &Arc<Endpoint> {
        &self.0
    }
}

impl Deref for Busy {
    type Target = Endpoint;

    fn deref(&self) -> &Endpoint {
        &self.0
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{address, settings};
    use super::*;

    #[test]
    fn only_a_plain_connection_is_plain() {
        let plainly = |tls, http| {
            let upstream = Arc::new(Upstream::new(address(tls, "localhost", 80)));
            let settings = UpstreamSettings { http, ..settings(&[]) };
            Endpoint::new(&upstream, ([127, 0, 0, 1], 80).into(), &settings).plainly().is_some()
        };
        assert!(plainly(false, UpstreamHttp::One) && plainly(false, UpstreamHttp::Auto));
        assert!(!plainly(false, UpstreamHttp::Two));
        assert!(!plainly(true, UpstreamHttp::One) && !plainly(true, UpstreamHttp::Auto));
    }

    #[test]
    fn an_app_is_told_its_own_host_with_the_port_that_is_not_usual() {
        for (tls, host, port, told, sni) in [
            (false, "127.0.0.1", 80, "127.0.0.1", ""),
            (false, "127.0.0.1", 443, "127.0.0.1:443", ""),
            (true, "localhost", 443, "localhost", "localhost"),
            (true, "[::1]", 8443, "[::1]:8443", "::1"),
        ] {
            let upstream = Arc::new(Upstream::new(address(tls, host, port)));
            let endpoint = Endpoint::new(&upstream, ([127, 0, 0, 1], port).into(), &settings(&[]));
            assert_eq!(endpoint.host(), told);
            assert_eq!(endpoint.peer().sni, sni);
        }
    }
}
