//! How a connection comes in: through the door, and at some listeners with a word of a trusted proxy first.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;

use super::door::{Door, Entered};
use super::head::HeadWatch;
use super::proxy_protocol;
use crate::telemetry::metrics::ConnectionEnd;

/// The longest that a header of the PROXY protocol may take.
const HEADER: Duration = Duration::from_secs(5);

/// The way into one listener.
#[derive(Clone, Debug)]
pub struct WayIn {
    door: Arc<Door>,
    told: bool,
}

/// A connection for which there is room.
pub(super) struct AtTheDoor {
    entered: Option<Entered>,
    told: bool,
}

/// A connection that is in, as long as it is kept.
pub(super) struct In {
    _entered: Option<Entered>,
    /// Whose it is.
    pub(super) client: SocketAddr,
    pub(super) watch: Arc<HeadWatch>,
}

impl WayIn {
    /// Through `door`; at a listener that is `told`, each connection begins with the PROXY protocol.
    pub fn new(door: &Arc<Door>, told: bool) -> Self {
        Self { door: Arc::clone(door), told }
    }

    /// One more connection, if there is room for it.
    pub(super) fn enter(&self) -> Option<AtTheDoor> {
        Some(AtTheDoor { entered: Some(self.door.enter()?), told: self.told })
    }
}

impl AtTheDoor {
    /// Where nobody counts and everybody is in.
    pub(super) const fn open() -> Self {
        Self { entered: None, told: false }
    }

    /// Finds out whose connection it is; `None` where it is not let in.
    pub(super) async fn let_in(self, stream: &mut TcpStream, peer: SocketAddr) -> Option<In> {
        let Some(mut entered) = self.entered else {
            return Some(In { _entered: None, client: peer, watch: Arc::default() });
        };
        let client = if self.told { told(stream, peer, entered.door()).await? } else { peer };
        if !entered.is_of(client.ip()) {
            return None;
        }
        let watch = Arc::new(HeadWatch::new(&entered.door().limits()));
        Some(In { _entered: Some(entered), client, watch })
    }
}

/// Of whom a trusted proxy says that the connection is (S45). Anybody else is not listened to.
async fn told(stream: &mut TcpStream, peer: SocketAddr, door: &Door) -> Option<SocketAddr> {
    if door.trusts(peer.ip()) {
        match tokio::time::timeout(HEADER, proxy_protocol::read(stream)).await {
            Ok(Ok(told)) => return Some(told.unwrap_or(peer)),
            Ok(Err(error)) => tracing::debug!(%error, "a header of the PROXY protocol was no good"),
            Err(_) => {}
        }
    }
    door.turn_away(ConnectionEnd::ProxyProtocol);
    None
}
