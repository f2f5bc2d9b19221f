//! A stand-in for a list of stolen passwords: the real ones are on the Internet, which tests do not reach. It speaks as
//! they do: `GET /range/21BD1` is answered by lines `REST:COUNT`, among them padding with a count of 0.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use data_encoding::HEXUPPER;
use sha1::{Digest as _, Sha1};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::http::read_until;

/// The list. It goes away when dropped.
pub struct Ranges {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    serving: JoinHandle<()>,
}

impl Ranges {
    /// One that knows these as stolen, and `padding` as padding.
    pub async fn with(stolen: &[&str], padding: &[&str]) -> Self {
        let line = |password: &&str, count: u32| {
            let (first, rest) = digits(password);
            (first, format!("{rest}:{count}\r\n"))
        };
        let mut lines: Vec<(String, String)> = stolen.iter().map(|one| line(one, 3)).collect();
        lines.extend(padding.iter().map(|one| line(one, 0)));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let noted = Arc::clone(&asked);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, lines.clone(), Arc::clone(&noted)));
            }
        });
        Self { address, asked, serving }
    }

    /// One that takes connections and never answers.
    pub async fn that_stalls() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let serving = tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                open.push(stream);
            }
        });
        Self { address, asked: Arc::default(), serving }
    }

    /// The line of the configuration that has it asked.
    pub fn configured(&self, on_failure: &str) -> String {
        format!(
            "passwords: {{ breached: {{ url: \"http://{}/range/\", timeout: 1s, on_failure: {on_failure} }} }}",
            self.address
        )
    }

    /// The heads of all requests, as they came.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("the requests").clone()
    }
}

impl Drop for Ranges {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The digits that are asked for, and the rest.
pub fn digits(password: &str) -> (String, String) {
    let hash: [u8; 20] = Sha1::digest(password.as_bytes()).into();
    let hash = HEXUPPER.encode(&hash);
    (hash[..5].to_owned(), hash[5..].to_owned())
}

async fn answer(
    mut stream: TcpStream,
    lines: Vec<(String, String)>,
    asked: Arc<Mutex<Vec<String>>>,
) {
    let mut buffer = Vec::new();
    let Ok(end) = read_until(&mut stream, &mut buffer, b"\r\n\r\n").await else { return };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let target = head.split(' ').nth(1).unwrap_or_default();
    let wanted = target.strip_prefix("/range/").unwrap_or_default().to_owned();
    asked.lock().expect("the requests").push(head);
    let mut body = "0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n".to_owned();
    body.extend(lines.iter().filter(|(first, _)| *first == wanted).map(|(_, line)| line.as_str()));
    let length = body.len();
    let reply = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    let _ = stream.write_all(reply.as_bytes()).await;
}
