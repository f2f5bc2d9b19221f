//! A stand-in for a service on the Internet that tests do not reach: it takes HTTP requests and answers as its test says.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::http::read_until;
use super::page::percent_decode;

/// A request that it got.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub target: String,
    /// The whole head, as it came.
    pub head: String,
    pub body: String,
}

impl Asked {
    /// The value of a field of the form in its body.
    pub fn field(&self, name: &str) -> Option<String> {
        let pairs = self.body.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .filter(|(key, _)| percent_decode(key) == name)
            .map(|(_, value)| percent_decode(value))
            .next()
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// What it answers.
#[derive(Clone, Debug)]
pub enum Say {
    /// This status, media type and body.
    Answer(u16, &'static str, String),
    /// Nothing, on a connection that stays open.
    Silence,
}

impl Say {
    /// JSON.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::Answer(status, "application/json", body.to_string())
    }
}

/// The service. It goes away when dropped.
pub struct Service {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    serving: JoinHandle<()>,
}

impl Service {
    /// One that answers each request as `says` says.
    pub async fn start(says: impl Fn(&Asked) -> Say + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let (noted, says) = (Arc::clone(&asked), Arc::new(says));
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (noted, says) = (Arc::clone(&noted), Arc::clone(&says));
                tokio::spawn(async move { serve(stream, &noted, &*says).await });
            }
        });
        Self { address, asked, serving }
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("the requests").clone()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    noted: &Mutex<Vec<Asked>>,
    says: &(dyn Fn(&Asked) -> Say + Sync),
) {
    let mut buffer = Vec::new();
    let Ok(end) = read_until(&mut stream, &mut buffer, b"\r\n\r\n").await else { return };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let mut line = head.split(' ');
    let (method, target) = (line.next().unwrap_or_default(), line.next().unwrap_or_default());
    let mut asked = Asked {
        method: method.to_owned(),
        target: target.to_owned(),
        head: head.clone(),
        body: String::new(),
    };
    let length = asked.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = buffer[end + 4..].to_vec();
    while body.len() < length {
        let mut more = [0; 4096];
        match stream.read(&mut more).await {
            Ok(read) if read > 0 => body.extend_from_slice(&more[..read]),
            _ => return,
        }
    }
    asked.body = String::from_utf8(body).expect("UTF-8");
    noted.lock().expect("the requests").push(asked.clone());
    match says(&asked) {
        Say::Silence => {
            // Open until the other side has waited for long enough.
            let _ = stream.read(&mut [0; 16]).await;
        }
        Say::Answer(status, kind, body) => {
            let reply = format!(
                "HTTP/1.1 {status} Status\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(reply.as_bytes()).await;
        }
    }
}
