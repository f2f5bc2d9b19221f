//! Listening sockets: bound by us, so that port 0 works and an address in use is told at start; drained by us, so
//! that stopping takes as long as the last request and no longer.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use pingora::apps::ServerApp;
use pingora::protocols::Stream;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use super::ending::{Ending, Idle};
use super::head::HeadWatch;
use super::stream::Downstream;
use super::tls::ACME_TLS;
use super::way_in::{AtTheDoor, WayIn};
use super::workers::Served;

/// The longest that a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// What idle connections get to close when the grace is over.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A bound socket, not yet accepting.
pub struct Listener {
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
    /// How connections come in; without a way nobody counts them.
    way_in: Option<WayIn>,
}

/// Why there is no listener.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address cannot be had.
    #[error("cannot listen on {address}: {cause}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why not.
        cause: io::Error,
    },
}

impl Listener {
    /// Binds `address`; port 0 takes any free one.
    pub async fn bind(address: SocketAddr) -> Result<Self, ListenError> {
        let socket = TcpListener::bind(address)
            .await
            .map_err(|cause| ListenError::Bind { address, cause })?;
        Ok(Self { socket, tls: None, way_in: None })
    }

    /// Goes on with a socket that listens already, in the place of `address`.
    pub fn over(socket: std::net::TcpListener, address: SocketAddr) -> Result<Self, ListenError> {
        let failed = |cause| ListenError::Bind { address, cause };
        socket.set_nonblocking(true).map_err(failed)?;
        Ok(Self { socket: TcpListener::from_std(socket).map_err(failed)?, tls: None, way_in: None })
    }

    /// The same, over TLS if there is an acceptor.
    #[must_use]
    pub fn with_tls(self, tls: Option<TlsAcceptor>) -> Self {
        Self { tls, ..self }
    }

    /// The same, where connections come in that way.
    #[must_use]
    pub fn through(self, way_in: WayIn) -> Self {
        Self { way_in: Some(way_in), ..self }
    }

    /// One more connection, if there is room for it.
    fn one_more(&self) -> Option<AtTheDoor> {
        self.way_in.as_ref().map_or_else(|| Some(AtTheDoor::open()), WayIn::enter)
    }

    /// Its socket once more, for another process.
    pub fn socket(&self) -> io::Result<OwnedFd> {
        self.socket.as_fd().try_clone_to_owned()
    }

    /// The address that it has.
    pub fn address(&self) -> Option<SocketAddr> {
        self.socket.local_addr().ok()
    }

    /// Serves connections with an app until `ending` comes; then takes no more, lets what is under way finish, and comes
    /// back.
    pub async fn serve<A: ServerApp + Send + Sync + 'static>(
        self,
        served: Served<A>,
        mut ending: Ending,
    ) {
        let mut connections = JoinSet::new();
        let told = Told { leave: ending.leave.clone(), stop: ending.stop.clone() };
        loop {
            tokio::select! {
                biased;
                () = ending.comes() => break,
                accepted = self.socket.accept() => match accepted {
                    Ok((stream, peer)) => {
                        let Some((runtime, app, seat)) = served.next() else { break };
                        let Some(at_the_door) = self.one_more() else { continue };
                        let (tls, told) = (self.tls.clone(), told.clone());
                        let connection = async move {
                            let _seat = seat;
                            match hand_over(stream) {
                                Ok(stream) => serve_one(stream, peer, at_the_door, tls, app, told).await,
                                Err(error) => tracing::error!(%error, "a connection could not be served"),
                            }
                        };
                        connections.spawn_on(connection, runtime);
                    }
                    Err(error) => pause_after(&error).await,
                },
                Some(_) = connections.join_next() => {}
            }
        }
        drop(self.socket);
        let ends = Instant::now() + ending.grace;
        if ending.idle() == Idle::Awaited
            && tokio::time::timeout_at(ends, all(&mut connections)).await.is_ok()
        {
            return;
        }
        for app in served.apps() {
            app.cleanup().await;
        }
        let at_the_latest = ends.max(Instant::now() + LAST_WORDS);
        if tokio::time::timeout_at(at_the_latest, all(&mut connections)).await.is_err() {
            tracing::warn!(
                grace.seconds = ending.grace.as_secs(),
                connections = connections.len(),
                "connections were cut off by the end of the grace period"
            );
        }
    }
}

async fn all(connections: &mut JoinSet<()>) {
    while connections.join_next().await.is_some() {}
}

/// What tells a connection that the end is near.
#[derive(Clone)]
struct Told {
    leave: watch::Receiver<bool>,
    stop: watch::Receiver<bool>,
}

impl Told {
    /// By which word this connection takes leave. One of HTTP/2 that comes while others leave already stays until the end: told
    /// to go before its first request, its client would come again and again.
    fn of(&self, stream: &Downstream) -> &watch::Receiver<bool> {
        if stream.is_http2() && *self.leave.borrow() { &self.stop } else { &self.leave }
    }
}

/// Has the runtime at hand wait for a connection that another one has accepted.
fn hand_over(stream: TcpStream) -> io::Result<TcpStream> {
    TcpStream::from_std(stream.into_std()?)
}

async fn serve_one<A: ServerApp + Send + Sync + 'static>(
    mut stream: TcpStream,
    peer: SocketAddr,
    at_the_door: AtTheDoor,
    tls: Option<TlsAcceptor>,
    app: Arc<A>,
    told: Told,
) {
    // Answers are small and complete: waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    let Some(inside) = at_the_door.let_in(&mut stream, peer).await else { return };
    let (peer, watch) = (inside.client, Arc::clone(&inside.watch));
    let stream = match tls {
        None => Downstream::plain(stream, peer, Arc::clone(&watch)),
        Some(acceptor) => match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
            // The handshake is all that an authority wants.
            Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(ACME_TLS) => return,
            Ok(Ok(stream)) => Downstream::tls(stream, peer, Arc::clone(&watch)),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a TLS handshake failed");
                return;
            }
            Err(_) => return,
        },
    };
    let shutdown = told.of(&stream).clone();
    let (leave, leaving) = watch::channel(*shutdown.borrow());
    let told = if stream.is_http2() { &leaving } else { &shutdown };
    let mut next: Option<Stream> = Some(Box::new(stream));
    let serve = async {
        while let Some(stream) = next.take() {
            next = app.process_new(stream, told).await;
        }
    };
    let leaves = tell_to_leave(shutdown.clone(), &watch, &leave);
    tokio::select! {
        biased;
        () = leaves => {}
        () = Arc::clone(&watch).over(serve) => {}
    }
}

/// Has a connection of HTTP/2 take leave of its client (GOAWAY): at the end of everything, and when it has brought as many
/// requests as one may. What is under way goes on.
async fn tell_to_leave(
    mut shutdown: watch::Receiver<bool>,
    watch: &HeadWatch,
    leave: &watch::Sender<bool>,
) {
    tokio::select! {
        _ = shutdown.wait_for(|stop| *stop) => {}
        () = watch.is_spent() => {}
    }
    leave.send_replace(true);
    std::future::pending().await
}

/// Without file descriptors `accept` fails at once, again and again: a pause gives connections time to end.
async fn pause_after(error: &io::Error) {
    tracing::error!(%error, "a connection could not be accepted");
    tokio::time::sleep(Duration::from_millis(100)).await;
}
