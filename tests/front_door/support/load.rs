//! Requests without a pause, to see what becomes of them while something changes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::http::{PATIENCE, read_response, try_exchange};
use super::tools::eventually;

/// Requests without a pause, and what came of them.
pub struct Load {
    going: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    clients: JoinSet<Vec<String>>,
}

impl Load {
    /// `kept` clients keep their connections for as long as the server does, `fresh` ones make one for each request.
    pub fn start(to: SocketAddr, request: &[u8], kept: usize, fresh: usize) -> Self {
        let going = Arc::new(AtomicBool::new(true));
        let answered = Arc::new(AtomicUsize::new(0));
        let mut clients = JoinSet::new();
        for client in 0..kept + fresh {
            let (going, answered) = (Arc::clone(&going), Arc::clone(&answered));
            let request = request.to_vec();
            clients.spawn(async move {
                let mut lost = Vec::new();
                while going.load(Ordering::Relaxed) {
                    let asked = async {
                        match client < kept {
                            true => keep_asking(to, &request, &going, &answered).await,
                            false => {
                                let answer = try_exchange(to, &request).await?;
                                count(&answered, answer.status)
                            }
                        }
                    };
                    match timeout(PATIENCE, asked).await {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) => lost.push(error.to_string()),
                        Err(_) => lost.push("no answer in time".to_owned()),
                    }
                }
                lost
            });
        }
        Self { going, answered, clients }
    }

    pub fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    /// Waits for so many more answers.
    pub async fn wait_for_more(&self, more: usize) {
        let least = self.answered() + more;
        eventually("more answers", async || (self.answered() >= least).then_some(())).await;
    }

    /// Ends it, and tells how many were answered, and how others were lost.
    pub async fn end(mut self) -> (usize, Vec<String>) {
        self.going.store(false, Ordering::Relaxed);
        let mut lost = Vec::new();
        while let Some(client) = self.clients.join_next().await {
            lost.extend(client.expect("a client ends well"));
        }
        (self.answered(), lost)
    }
}

/// One connection, for as long as the server keeps it. A client that was told that it ends sends no more on it; one that
/// was not told has lost a request.
async fn keep_asking(
    to: SocketAddr,
    request: &[u8],
    going: &AtomicBool,
    answered: &AtomicUsize,
) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(to).await?;
    let mut pending = Vec::new();
    while going.load(Ordering::Relaxed) {
        stream.write_all(request).await?;
        let answer = read_response(&mut stream, &mut pending, false).await?;
        count(answered, answer.status)?;
        if answer.header("connection").is_some_and(|said| said.eq_ignore_ascii_case("close")) {
            break;
        }
    }
    Ok(())
}

fn count(answered: &AtomicUsize, status: u16) -> std::io::Result<()> {
    match status {
        200 => {
            answered.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
        other => Err(std::io::Error::other(format!("it was answered with {other}"))),
    }
}
