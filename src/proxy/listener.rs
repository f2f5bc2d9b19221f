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

use super::head::HeadWatch;
use super::stream::Downstream;

/// The longest that a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A bound socket, not yet accepting.
pub struct Listener {
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
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
        Ok(Self { socket, tls })
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
                        let connection = serve_one(stream, peer, self.tls.clone(), Arc::clone(&app), told.clone());
                        connections.spawn(connection);
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

/// Comes back once `shutdown` says true, or nobody is left to say it.
async fn told_to_stop(shutdown: &mut watch::Receiver<bool>) {
    let _ = shutdown.wait_for(|stop| *stop).await;
}

async fn serve_one<A: ServerApp + Send + Sync + 'static>(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    app: Arc<A>,
    shutdown: watch::Receiver<bool>,
) {
    // Answers are small and complete: waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    let watch = Arc::new(HeadWatch::default());
    let stream = match tls {
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
