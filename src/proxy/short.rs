//! The short way to an app, for most requests: questions without a body, over HTTP/1.1, to an app that speaks plain
//! HTTP/1.1. Everything else takes Pingora's way, and so does what failed here and may be tried again.
//!
//! What differs is only what carries the bytes: one task instead of two with channels between them, no session that is
//! made anew for each request, connections to the app that no task watches, and heads that are written without a copy.
//! Every decision is made by the functions of the gateway's phases, which both ways call. Read here is only what nobody
//! could read in another way: [`request`] of the client, [`exchange`] of the app. The rest is Pingora's, with the bytes
//! that were read: of a client the whole request, of an app the answer.

use std::net::SocketAddr;
use std::sync::Arc;

use pingora::upstreams::peer::{HttpPeer, HttpUpstreamRequestPolicy};

pub(super) use self::answer::{Answer, frame};
pub(super) use self::client::{Asked, Client};
pub(super) use self::connection::Connection;
pub(super) use self::exchange::Exchange;
pub(super) use self::pool::Pool;
pub(super) use self::request::closes;

mod answer;
mod client;
mod connection;
mod exchange;
mod pool;
mod request;

/// The short way of one thread.
#[derive(Debug)]
pub(super) struct ShortWay {
    pub(super) pool: Arc<Pool>,
    pub(super) open: bool,
}

impl ShortWay {
    /// A way that takes requests, or with `open` false takes none.
    pub(super) fn new(open: bool) -> Self {
        Self { pool: Arc::default(), open }
    }

    /// The same for another thread.
    pub(super) fn for_another_thread(&self) -> Self {
        Self::new(self.open)
    }
}

/// Where a peer is, if it is reached by nothing more than a connection that speaks HTTP/1.1.
pub(super) fn plain_address(peer: &HttpPeer) -> Option<SocketAddr> {
    let options = &peer.options;
    let plain = !peer.is_tls()
        && peer.proxy.is_none()
        && options.custom_l4.is_none()
        && options.bind_to.is_none()
        && options.upstream_tcp_sock_tweak_hook.is_none()
        && options.alpn.get_min_http_version() == 1
        && options.http_upstream_request_policy == HttpUpstreamRequestPolicy::standard();
    if plain { peer._address.as_inet().copied() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_connection_is_short() {
        let peer = |tls| HttpPeer::new("127.0.0.1:80", tls, "app".to_owned());
        assert!(plain_address(&peer(false)).is_some());
        assert!(plain_address(&peer(true)).is_none());
        let mut two = peer(false);
        two.options.set_http_version(2, 2);
        assert!(plain_address(&two).is_none());
    }
}
