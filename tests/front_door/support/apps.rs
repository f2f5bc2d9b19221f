//! Two apps, both stubs in a page of Rust: a careless one, which believes any header by any spelling as CGI programs do,
//! and a careful one, which believes what the gateway has signed and nothing else.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::http::read_until;
use super::signature::verify;
use super::upstream::Received;

/// A running app. It stops with the test.
pub struct App {
    pub address: SocketAddr,
    key: Arc<Mutex<Option<Vec<u8>>>>,
}

#[derive(Clone, Copy)]
enum Kind {
    Careless,
    Careful,
}

impl App {
    /// Believes `Remote-User`, and where that is missing a header that no gateway was told of.
    pub async fn careless() -> Self {
        Self::start(Kind::Careless, None).await
    }

    /// The same over TLS, with HTTP/2 for whoever speaks it.
    pub async fn careless_over(tls: TlsAcceptor) -> Self {
        Self::start(Kind::Careless, Some(tls)).await
    }

    /// Answers the gateway alone. It wants its key first.
    pub async fn careful() -> Self {
        Self::start(Kind::Careful, None).await
    }

    /// Gives the careful app the key that it shares with the gateway.
    pub fn share_key(&self, key: Vec<u8>) {
        *self.key.lock().unwrap() = Some(key);
    }

    async fn start(kind: Kind, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let key = Arc::new(Mutex::new(None));
        let shared = Arc::clone(&key);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (key, tls) = (Arc::clone(&shared), tls.clone());
                tokio::spawn(async move { serve(stream, tls, kind, &key).await });
            }
        });
        Self { address, key }
    }
}

async fn serve(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    kind: Kind,
    key: &Mutex<Option<Vec<u8>>>,
) {
    let Some(tls) = tls else { return serve_one(stream, kind, key).await };
    let Ok(stream) = tls.accept(stream).await else { return };
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        let Ok(mut connection) = h2::server::handshake(stream).await else { return };
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            let mut head = format!("GET {} HTTP/2\r\n", request.uri().path());
            for (name, value) in request.headers() {
                head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap_or_default()));
            }
            let (status, page) = answer(kind, &Received { head, body: Vec::new() }, key);
            let response = http::Response::builder().status(status).body(()).unwrap();
            if let Ok(mut body) = respond.send_response(response, false) {
                let _ = body.send_data(page.into(), true);
            }
        }
        return;
    }
    serve_one(stream, kind, key).await;
}

async fn serve_one(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    kind: Kind,
    key: &Mutex<Option<Vec<u8>>>,
) {
    let mut pending = Vec::new();
    while let Ok(end) = read_until(&mut stream, &mut pending, b"\r\n\r\n").await {
        let head = String::from_utf8_lossy(&pending[..end]).into_owned();
        pending.drain(..end + 4);
        let (status, page) = answer(kind, &Received { head, body: Vec::new() }, key);
        let length = page.len();
        let whole = format!(
            "HTTP/1.1 {status} Said\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\r\n{page}"
        );
        if stream.write_all(whole.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn answer(kind: Kind, request: &Received, key: &Mutex<Option<Vec<u8>>>) -> (u16, String) {
    let who = match kind {
        Kind::Careless => {
            let said = |name| request.all_folded(name).into_iter().find(|value| !value.is_empty());
            said("Remote-User").or_else(|| said("X-Authenticated-User")).map(str::to_owned)
        }
        Kind::Careful => {
            let key = key.lock().unwrap().clone().unwrap_or_default();
            let Ok(verified) = verify(request, &key) else {
                return (403, "<h1>Come by the gateway</h1>".to_owned());
            };
            let covered = verified.covered.iter().any(|name| name == "remote-user");
            request.header("remote-user").filter(|_| covered).map(str::to_owned)
        }
    };
    match who {
        Some(name) => (200, format!("<h1>Hello {name}</h1>")),
        None => (200, "<h1>Hello</h1><a href=/login>Log in</a>".to_owned()),
    }
}
