//! An app that answers as its test says, request by request: also by not answering.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use super::http::{read_more, read_until};

/// What it does with a request.
#[derive(Clone, Debug)]
pub enum Act {
    /// Sends these bytes, and keeps the connection.
    Send(Vec<u8>),
    /// Closes the connection, having sent these bytes.
    Close(&'static [u8]),
    /// Keeps the connection open and says nothing.
    Silence,
}

impl Act {
    /// An answer of one line.
    pub fn status(status: &str) -> Self {
        Self::Send(format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok").into_bytes())
    }
}

/// The app. It ends with the test.
pub struct Scripted {
    pub address: SocketAddr,
    /// Each head, and how many requests came on its connection before.
    heads: Arc<Mutex<Vec<(String, usize)>>>,
}

impl Scripted {
    /// An app that does with a request what `script` says: of the head, and how many requests came on the same
    /// connection before.
    pub async fn start(script: impl Fn(&str, usize) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let heads = Arc::<Mutex<Vec<(String, usize)>>>::default();
        let (script, shared) = (Arc::new(script), Arc::clone(&heads));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, heads) = (Arc::clone(&script), Arc::clone(&shared));
                tokio::spawn(async move {
                    let _ = serve(stream, &*script, &heads).await;
                });
            }
        });
        Self { address, heads }
    }

    /// The heads that it got under paths that begin so.
    pub fn heads_at(&self, path: &str) -> Vec<String> {
        self.got_at(path).into_iter().map(|(head, _)| head).collect()
    }

    /// How many of those came over a connection that was new.
    pub fn over_new_at(&self, path: &str) -> usize {
        self.got_at(path).iter().filter(|(_, before)| *before == 0).count()
    }

    fn got_at(&self, path: &str) -> Vec<(String, usize)> {
        let mut heads = self.heads.lock().expect("no test has panicked with it").clone();
        heads.retain(|(head, _)| head.split(' ').nth(1).is_some_and(|at| at.starts_with(path)));
        heads
    }
}

async fn serve(
    mut stream: TcpStream,
    script: &(impl Fn(&str, usize) -> Act + Sync),
    heads: &Mutex<Vec<(String, usize)>>,
) -> std::io::Result<()> {
    let mut pending = Vec::new();
    for before in 0.. {
        let end = read_until(&mut stream, &mut pending, b"\r\n\r\n").await?;
        let head = String::from_utf8_lossy(&pending[..end]).into_owned();
        pending.drain(..end + 4);
        let length = head.to_lowercase().split("content-length: ").nth(1).map(|rest| {
            rest.lines().next().and_then(|length| length.trim().parse().ok()).unwrap_or(0)
        });
        let length: usize = length.unwrap_or(0);
        while pending.len() < length {
            read_more(&mut stream, &mut pending).await?;
        }
        pending.drain(..length);
        let act = script(&head, before);
        heads.lock().expect("no test has panicked with it").push((head, before));
        match act {
            Act::Send(bytes) => stream.write_all(&bytes).await?,
            Act::Close(bytes) => {
                stream.write_all(bytes).await?;
                return Ok(());
            }
            Act::Silence => std::future::pending::<()>().await,
        }
    }
    Ok(())
}
