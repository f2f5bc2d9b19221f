//! A proxy that lets bytes through until it is told not to: the network between doorward and a store, with its faults.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// What becomes of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// They arrive.
    Sound,
    /// They arrive so much later.
    Slow(Duration),
    /// They do not arrive, and nobody is told: connections stay open, new ones are taken.
    Silent,
    /// Connections are closed, and so is each new one.
    Cut,
}

/// The proxy. It and its connections go when it is dropped.
pub struct Faults {
    /// Where it is reached.
    pub address: SocketAddr,
    network: watch::Sender<Network>,
    taken: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

impl Faults {
    /// One before the server at `target`.
    pub async fn before(target: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (network, seen) = watch::channel(Network::Sound);
        let taken = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&taken);
        let serving = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                connections.spawn(carry(client, target, seen.clone()));
                while connections.try_join_next().is_some() {}
            }
        });
        Self { address, network, taken, serving }
    }

    /// How many connections were made so far, to whatever end.
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// From now on the network is like this, for connections that are open, too.
    pub fn set(&self, network: Network) {
        self.network.send_replace(network);
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Carries one connection until either side ends it, or the network is cut.
async fn carry(client: TcpStream, target: SocketAddr, mut network: watch::Receiver<Network>) {
    if !passes(&mut network).await {
        return;
    }
    let Ok(server) = TcpStream::connect(target).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut cut = network.clone();
    tokio::select! {
        () = copy(from_client, to_server, network.clone()) => {}
        () = copy(from_server, to_client, network) => {}
        _ = cut.wait_for(|network| *network == Network::Cut) => {}
    }
}

async fn copy(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut network: watch::Receiver<Network>,
) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        if !passes(&mut network).await || to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}

/// Waits until the network lets something through; `false` if it is cut.
async fn passes(network: &mut watch::Receiver<Network>) -> bool {
    let now = network.wait_for(|network| *network != Network::Silent).await.map(|now| *now);
    if let Ok(Network::Slow(late)) = now {
        tokio::time::sleep(late).await;
    }
    matches!(now, Ok(Network::Sound | Network::Slow(_)))
}
