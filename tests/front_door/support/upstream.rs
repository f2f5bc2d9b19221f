//! The app behind: records each request byte by byte, and answers as its path says.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::http::{PATIENCE, read_chunk, read_more, read_until};

/// A request as the app got it.
#[derive(Clone, Debug, Default)]
pub struct Received {
    /// Request line and header lines, as they stood on the wire.
    pub head: String,
    /// The body, decoded.
    pub body: Vec<u8>,
}

impl Received {
    /// The request line's method.
    pub fn method(&self) -> &str {
        self.head.split(' ').next().unwrap_or_default()
    }

    /// The request line's target.
    pub fn target(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// The header lines as name and value, in their order.
    pub fn headers(&self) -> Vec<(&str, &str)> {
        let lines = self.head.split("\r\n").skip(1);
        lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name, value.trim()))
            .collect()
    }

    /// All values of the header whose name is exactly this, letter case aside.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let same = self.headers().into_iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        same.map(|(_, value)| value).collect()
    }

    /// The one value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let values = self.all(name);
        assert!(values.len() < 2, "{name} reached the app more than once: {values:?}");
        values.first().copied()
    }

    /// All values whose name any CGI or WSGI server would read as `name`: `-`, `_` and `.` are the same to them.
    pub fn all_folded(&self, name: &str) -> Vec<&str> {
        let fold = |name: &str| name.to_ascii_lowercase().replace(['_', '.', ' '], "-");
        let same = self.headers().into_iter().filter(|(key, _)| fold(key) == fold(name));
        same.map(|(_, value)| value).collect()
    }
}

/// The running app. It stops with the test.
pub struct Upstream {
    pub address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    received: Mutex<Vec<Received>>,
    /// Bytes of request bodies that have arrived.
    arrived: watch::Sender<usize>,
    /// How many events a stream may send.
    released: watch::Sender<usize>,
    /// How many clients went away from a stream.
    gone: watch::Sender<usize>,
}

impl Upstream {
    /// The app, on a free port of this machine.
    pub async fn start() -> Self {
        Self::at(([127, 0, 0, 1], 0).into()).await
    }

    /// The app, at this address.
    pub async fn at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                tokio::spawn(async move {
                    let _ = serve(stream, &state).await;
                });
            }
        });
        Self { address, state }
    }

    /// All that it got so far.
    pub fn received(&self) -> Vec<Received> {
        self.state.received.lock().expect("no test has panicked with it").clone()
    }

    /// What it got under this path, query aside.
    pub fn received_at(&self, path: &str) -> Vec<Received> {
        let mut all = self.received();
        all.retain(|request| request.target().split('?').next() == Some(path));
        all
    }

    /// The latest request.
    #[track_caller]
    pub fn last(&self) -> Received {
        self.received().pop().expect("a request has reached the app")
    }

    /// The one request that it got under this path, which it forgets.
    #[track_caller]
    pub fn take_at(&self, path: &str) -> Received {
        let mut received = self.state.received.lock().expect("no test has panicked with it");
        let found = received.iter().position(|request| request.target() == path);
        received.remove(found.expect("the request has reached the app"))
    }

    /// Forgets all that it got.
    pub fn forget(&self) {
        self.state.received.lock().expect("no test has panicked with it").clear();
    }

    /// Waits until so many bytes of request bodies have arrived.
    pub async fn wait_for_bytes(&self, bytes: usize) {
        wait_for(&self.state.arrived, bytes).await;
    }

    /// Lets `/stream` send one more event, and `/poll` answer.
    pub fn release_one(&self) {
        self.state.released.send_modify(|count| *count += 1);
    }

    /// Waits until so many clients have left a stream.
    pub async fn wait_for_gone(&self, clients: usize) {
        wait_for(&self.state.gone, clients).await;
    }
}

async fn wait_for(value: &watch::Sender<usize>, least: usize) {
    let mut value = value.subscribe();
    let reached = tokio::time::timeout(PATIENCE, value.wait_for(|&value| value >= least)).await;
    reached.expect("it happens in time").expect("the app runs");
}

async fn serve(mut stream: TcpStream, state: &State) -> std::io::Result<()> {
    let mut pending = Vec::new();
    loop {
        let end = read_until(&mut stream, &mut pending, b"\r\n\r\n").await?;
        let head = String::from_utf8_lossy(&pending[..end]).into_owned();
        pending.drain(..end + 4);
        let mut request = Received { head, body: Vec::new() };
        let path = request.target().split('?').next().unwrap_or_default().to_owned();
        if path == "/early" {
            // Answers without having read the body, as apps that refuse uploads do.
            state.received.lock().expect("no test has panicked with it").push(request);
            stream
                .write_all(
                    b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno",
                )
                .await?;
            return Ok(());
        }
        if request.header("expect") == Some("100-continue") {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        request.body = read_body(&mut stream, &mut pending, &request, state).await?;
        state.received.lock().expect("no test has panicked with it").push(request.clone());
        match path.as_str() {
            "/ws" => return echo(stream, pending, &request).await,
            "/stream" => return events(stream, state).await,
            "/poll" => {
                let mut released = state.released.subscribe();
                let _ = released.wait_for(|&released| released > 0).await;
                stream.write_all(&answer("/poll", &request)).await?;
            }
            "/public/hang" => std::future::pending::<()>().await,
            path => stream.write_all(&answer(path, &request)).await?,
        }
    }
}

async fn read_body(
    stream: &mut TcpStream,
    pending: &mut Vec<u8>,
    request: &Received,
    state: &State,
) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if request.all("transfer-encoding").iter().any(|coding| coding.eq_ignore_ascii_case("chunked"))
    {
        loop {
            let chunk = read_chunk(stream, pending).await?;
            state.arrived.send_modify(|bytes| *bytes += chunk.len());
            if chunk.is_empty() {
                return Ok(body);
            }
            body.extend(chunk);
        }
    }
    let length =
        request.all("content-length").first().and_then(|length| length.parse().ok()).unwrap_or(0);
    while body.len() < length {
        if pending.is_empty() {
            read_more(stream, pending).await?;
        }
        let take = pending.len().min(length - body.len());
        state.arrived.send_modify(|bytes| *bytes += take);
        body.extend(pending.drain(..take));
    }
    Ok(body)
}

fn answer(path: &str, request: &Received) -> Vec<u8> {
    let mut head = String::from("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n");
    let mut body = format!(
        "<!doctype html><title>The app</title><h1>The app</h1><p id=target>{}</p>",
        request.target()
    )
    .into_bytes();
    match path {
        "/echo" => body.clone_from(&request.body),
        "/large" => body = vec![b'x'; 3 << 20],
        "/public/big" => body = vec![b'x'; 8 << 20],
        "/public/huge" => body = vec![b'x'; 32 << 20],
        "/sets-cookies" => head.push_str(
            "Set-Cookie: theme=dark; Path=/\r\nSet-Cookie: doorward=stolen; Path=/\r\nSet-Cookie: doorward-flow=stolen\r\n\
             Set-Cookie: __Host-doorward=stolen; Secure; Path=/\r\nset-cookie: DOORWARD=stolen\r\n\
             Set-Cookie:  doorward = stolen\r\n",
        ),
        "/forges" => head.push_str("Clear-Site-Data: \"cookies\"\r\nX-Request-Id: theirs\r\n"),
        _ => {}
    }
    if request.method() == "HEAD" {
        body.clear();
    }
    let mut whole = format!("{head}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    whole.append(&mut body);
    whole
}

/// Server-sent events, each one when the test lets it go.
async fn events(mut stream: TcpStream, state: &State) -> std::io::Result<()> {
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await?;
    let mut released = state.released.subscribe();
    let mut sent = 0;
    let mut byte = [0; 1];
    loop {
        tokio::select! {
            changed = released.wait_for(|&released| released > sent) => {
                if changed.is_err() { return Ok(()); }
            }
            _ = stream.peek(&mut byte) => {
                state.gone.send_modify(|count| *count += 1);
                return Ok(());
            }
        }
        sent += 1;
        let event = format!("data: {sent}\n\n");
        stream.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes()).await?;
    }
}

/// A WebSocket that says back what it hears.
async fn echo(mut stream: TcpStream, pending: Vec<u8>, request: &Received) -> std::io::Result<()> {
    let key = request.header("sec-websocket-key").unwrap_or_default();
    let accept = derive_accept_key(key.as_bytes());
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut socket =
        WebSocketStream::from_partially_read(stream, pending, Role::Server, None).await;
    while let Some(Ok(message)) = socket.next().await {
        if message.is_close() || socket.send(message).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// How long tests wait for something that must not happen.
pub const QUIET: Duration = Duration::from_millis(1500);
