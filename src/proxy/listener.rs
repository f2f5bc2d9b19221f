//! Listening sockets: bound by us, so that port 0 works and an address in use is told at start; drained by us, so
//! that stopping takes as long as the last request and no longer.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use pingora::apps::ServerApp;
use pingora::protocols::Stream;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::door::{Door, Entered};
use super::head::HeadWatch;
use super::proxy_protocol;
use super::stream::Downstream;
use crate::telemetry::metrics::ConnectionEnd;

/// The longest that a TLS handshake may take, and a header of the PROXY protocol before it.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A bound socket, not yet accepting.
pub struct Listener {
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
    /// Through which connections come in; without one nobody counts them.
    door: Option<Arc<Door>>,
    /// Whether connections begin with the PROXY protocol.
    told: bool,
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
    /// A certificate or key cannot be read.
    #[error("cannot read {}: {cause}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: rustls::pki_types::pem::Error,
    },
    /// Certificate and key do not go together.
    #[error("the certificate in {} cannot be used: {cause}", path.display())]
    Certificate {
        /// The certificate's file.
        path: PathBuf,
        /// Why not.
        cause: rustls::Error,
    },
}

impl Listener {
    /// Binds `address`; port 0 takes any free one.
    pub async fn bind(address: SocketAddr, tls: Option<TlsAcceptor>) -> Result<Self, ListenError> {
        let socket = TcpListener::bind(address)
            .await
            .map_err(|cause| ListenError::Bind { address, cause })?;
        Ok(Self { socket, tls, door: None, told: false })
    }

    /// The same, where connections come in through `door`; those that are `told` begin with the PROXY protocol.
    pub fn through(self, door: &Arc<Door>, told: bool) -> Self {
        Self { door: Some(Arc::clone(door)), told, ..self }
    }

    /// The way in for one more connection, if there is room.
    fn way_in(&self) -> Option<WayIn> {
        let entered = match &self.door {
            Some(door) => Some(door.enter()?),
            None => None,
        };
        Some(WayIn { entered, told: self.told, tls: self.tls.clone() })
    }

    /// The address that it has.
    pub fn address(&self) -> Option<SocketAddr> {
        self.socket.local_addr().ok()
    }

    /// Serves connections with `app` until `shutdown` says true; then takes no more, lets those in flight finish for
    /// up to `grace`, and comes back. Idle connections end at once.
    pub async fn serve<A: ServerApp + Send + Sync + 'static>(
        self,
        app: Arc<A>,
        mut shutdown: watch::Receiver<bool>,
        grace: Duration,
    ) {
        let mut connections = JoinSet::new();
        let told = shutdown.clone();
        loop {
            tokio::select! {
                biased;
                () = told_to_stop(&mut shutdown) => break,
                accepted = self.socket.accept() => match accepted {
                    Ok((stream, peer)) => {
                        let Some(way) = self.way_in() else { continue };
                        connections.spawn(serve_one(stream, peer, way, Arc::clone(&app), told.clone()));
                    }
                    Err(error) => pause_after(&error).await,
                },
                Some(_) = connections.join_next() => {}
            }
        }
        drop(self.socket);
        app.cleanup().await;
        let drained = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, drained).await.is_err() {
            tracing::warn!(
                grace.seconds = grace.as_secs(),
                "requests were cut off by the end of the grace period"
            );
        }
    }
}

/// How a connection comes in.
struct WayIn {
    entered: Option<Entered>,
    told: bool,
    tls: Option<TlsAcceptor>,
}

impl WayIn {
    /// Whose connection it is, and what it may cost; `None` where it is not let in.
    async fn let_in(
        &mut self,
        stream: &mut TcpStream,
        peer: SocketAddr,
    ) -> Option<(SocketAddr, HeadWatch)> {
        let Some(entered) = &mut self.entered else { return Some((peer, HeadWatch::default())) };
        let client = if self.told { told(stream, peer, entered.door()).await? } else { peer };
        entered.is_of(client.ip()).then(|| (client, HeadWatch::new(&entered.door().limits())))
    }
}

/// Of whom a trusted proxy says that the connection is (S45). Anybody else is not listened to.
async fn told(stream: &mut TcpStream, peer: SocketAddr, door: &Door) -> Option<SocketAddr> {
    if door.trusts(peer.ip()) {
        match tokio::time::timeout(HANDSHAKE, proxy_protocol::read(stream)).await {
            Ok(Ok(told)) => return Some(told.unwrap_or(peer)),
            Ok(Err(error)) => tracing::debug!(%error, "a header of the PROXY protocol was no good"),
            Err(_) => {}
        }
    }
    door.turn_away(ConnectionEnd::ProxyProtocol);
    None
}

/// Comes back once `shutdown` says true, or nobody is left to say it.
async fn told_to_stop(shutdown: &mut watch::Receiver<bool>) {
    let _ = shutdown.wait_for(|stop| *stop).await;
}

async fn serve_one<A: ServerApp + Send + Sync + 'static>(
    mut stream: TcpStream,
    peer: SocketAddr,
    mut way: WayIn,
    app: Arc<A>,
    shutdown: watch::Receiver<bool>,
) {
    // Answers are small and complete: waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    let Some((peer, watch)) = way.let_in(&mut stream, peer).await else { return };
    let watch = Arc::new(watch);
    let stream = match way.tls {
        None => Downstream::plain(stream, peer, Arc::clone(&watch)),
        Some(acceptor) => match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Downstream::tls(stream, peer, Arc::clone(&watch)),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a TLS handshake failed");
                return;
            }
            Err(_) => return,
        },
    };
    let mut next: Option<Stream> = Some(Box::new(stream));
    let serve = async {
        while let Some(stream) = next.take() {
            next = app.process_new(stream, &shutdown).await;
        }
    };
    watch.over(serve).await;
}

/// Without file descriptors `accept` fails at once, again and again: a pause gives connections time to end.
async fn pause_after(error: &io::Error) {
    tracing::error!(%error, "a connection could not be accepted");
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// TLS with this certificate chain and key, both PEM: versions 1.2 and 1.3 with rustls' suites, HTTP/2 and 1.1 by ALPN.
pub fn tls_acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, ListenError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |cause| ListenError::Pem { path, cause }
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(unreadable(certificate))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(unreadable(key))?;
    let mut config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|cause| ListenError::Certificate { path: certificate.to_owned(), cause })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
