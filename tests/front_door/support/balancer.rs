//! A load balancer before several nodes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::browser::Request;
use super::http::try_exchange;

/// A node, as the balancer knows it.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// Where it serves.
    pub address: SocketAddr,
    /// Where it says whether requests should come to it; whether it takes the connection is all that matters without.
    pub admin: Option<SocketAddr>,
}

impl Node {
    /// A connection, if it is to have any.
    async fn connect(self) -> Option<TcpStream> {
        if let Some(admin) = self.admin {
            let asks = Request::get("/readyz").bytes(&admin.to_string());
            if try_exchange(admin, &asks).await.ok()?.status != 200 {
                return None;
            }
        }
        TcpStream::connect(self.address).await.ok()
    }
}

/// Sends each connection to the next node that takes it.
pub struct Balancer {
    pub address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Balancer {
    pub fn start(listener: TcpListener, nodes: Vec<Node>) -> Self {
        let address = listener.local_addr().unwrap();
        let next = Arc::new(AtomicUsize::new(0));
        let serving = tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (nodes, next) = (nodes.clone(), Arc::clone(&next));
                tokio::spawn(async move {
                    let first = next.fetch_add(1, Ordering::Relaxed);
                    for at in 0..nodes.len() {
                        let node = nodes[(first + at) % nodes.len()];
                        if let Some(mut server) = node.connect().await {
                            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                            return;
                        }
                    }
                });
            }
        });
        Self { address, serving }
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
