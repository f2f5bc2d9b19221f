//! HTTP/1.1 as bytes: requests that are exactly what the test wrote, responses that are exactly what came.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// No answer takes longer than this; past it the test has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A response, as it came.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    /// The one value of a header; `None` when it is absent, and a failed test when there are several.
    pub fn header(&self, name: &str) -> Option<&str> {
        let values = self.all(name);
        assert!(values.len() < 2, "{name} came more than once: {values:?}");
        values.first().copied()
    }

    /// All values of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let same = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        same.map(|(_, value)| value.as_str()).collect()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("not JSON: {error}: {}", self.text()))
    }

    /// Where it sends the browser.
    #[track_caller]
    pub fn location(&self) -> &str {
        self.header("location").unwrap_or_else(|| panic!("no Location in {self:?}"))
    }

    /// The same, having checked the status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}\n{:?}\n{}", self.status, self.headers, self.text());
        self
    }

    /// Seconds of `Retry-After`.
    #[track_caller]
    pub fn retry_after(&self) -> u64 {
        self.header("retry-after").expect("Retry-After").parse().expect("whole seconds")
    }

    /// Head and body in one text, to look for what must not be in it.
    pub fn everything(&self) -> String {
        let head: String =
            self.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        format!("{head}\n{}", self.text())
    }
}

/// Sends `request` on a connection of its own and reads one response.
pub async fn exchange(to: SocketAddr, request: &[u8]) -> Response {
    match timeout(PATIENCE, try_exchange(to, request)).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => panic!("no response: {error}"),
        Err(_) => {
            let head = &request[..request.len().min(300)];
            panic!("no response within {PATIENCE:?} to {}", String::from_utf8_lossy(head))
        }
    }
}

/// The same, where there may be nobody at the other end.
pub async fn try_exchange(to: SocketAddr, request: &[u8]) -> std::io::Result<Response> {
    let mut stream = TcpStream::connect(to).await?;
    let is_head = request.starts_with(b"HEAD ");
    let (mut reading, mut writing) = stream.split();
    // A server that has answered early may have closed its reading side: its answer is what matters.
    let mut pending = Vec::new();
    let answer = read_response(&mut reading, &mut pending, is_head);
    let sending = async {
        let _ = writing.write_all(request).await;
        std::future::pending::<()>().await
    };
    tokio::select! {
        answer = answer => answer,
        () = sending => unreachable!("it waits for ever"),
    }
}

/// Sends `bytes`, ends the sending side, and reads all that comes until the other side closes. `quiet` bounds the wait
/// for more.
pub async fn raw(to: SocketAddr, bytes: &[u8], quiet: Duration) -> String {
    let mut stream = TcpStream::connect(to).await.expect("the gateway takes connections");
    let _ = stream.write_all(bytes).await;
    let mut all = Vec::new();
    let mut buffer = [0; 8192];
    while let Ok(Ok(read @ 1..)) = timeout(quiet, stream.read(&mut buffer)).await {
        all.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8_lossy(&all).into_owned()
}

/// The status of each response in what [`raw`] gave.
pub fn statuses(answer: &str) -> Vec<u16> {
    let heads = answer.split("HTTP/1.1 ").skip(1);
    heads.filter_map(|head| head.get(..3)?.parse().ok()).collect()
}

/// Reads one response; `pending` is what was read before and what is left over.
pub async fn read_response<S: AsyncRead + Unpin>(
    stream: &mut S,
    pending: &mut Vec<u8>,
    is_head: bool,
) -> std::io::Result<Response> {
    loop {
        let (status, headers) = read_head(stream, pending).await?;
        // Interim responses are not the answer; 101 is.
        if status == 100 || status == 103 {
            continue;
        }
        let mut response = Response { status, headers, body: Vec::new() };
        if !(is_head || status == 204 || status == 304 || status == 101) {
            response.body = read_body(stream, pending, &response).await?;
        }
        return Ok(response);
    }
}

/// Reads the head of a response.
pub async fn read_head<S: AsyncRead + Unpin>(
    stream: &mut S,
    pending: &mut Vec<u8>,
) -> std::io::Result<(u16, Vec<(String, String)>)> {
    let end = read_until(stream, pending, b"\r\n\r\n").await?;
    let head = String::from_utf8_lossy(&pending[..end]).into_owned();
    pending.drain(..end + 4);
    let mut lines = head.split("\r\n");
    let status_line = lines.next().unwrap_or_default();
    let status = status_line.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status
        .ok_or_else(|| std::io::Error::other(format!("not a status line: {status_line:?}")))?;
    let headers = lines.filter_map(|line| line.split_once(':'));
    Ok((status, headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()))
}

async fn read_body<S: AsyncRead + Unpin>(
    stream: &mut S,
    pending: &mut Vec<u8>,
    response: &Response,
) -> std::io::Result<Vec<u8>> {
    if response.all("transfer-encoding").iter().any(|coding| coding.eq_ignore_ascii_case("chunked"))
    {
        return read_chunks(stream, pending).await;
    }
    if let Some(length) = response.header("content-length") {
        let length: usize = length.parse().map_err(std::io::Error::other)?;
        while pending.len() < length {
            read_more(stream, pending).await?;
        }
        return Ok(pending.drain(..length).collect());
    }
    while read_more(stream, pending).await.is_ok() {}
    Ok(std::mem::take(pending))
}

/// Reads a chunked body to its end, trailers included.
pub async fn read_chunks<S: AsyncRead + Unpin>(
    stream: &mut S,
    pending: &mut Vec<u8>,
) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let chunk = read_chunk(stream, pending).await?;
        if chunk.is_empty() {
            return Ok(body);
        }
        body.extend(chunk);
    }
}

/// Reads one chunk; the last one is empty.
pub async fn read_chunk<S: AsyncRead + Unpin>(
    stream: &mut S,
    pending: &mut Vec<u8>,
) -> std::io::Result<Vec<u8>> {
    let end = read_until(stream, pending, b"\r\n").await?;
    let line = String::from_utf8_lossy(&pending[..end]).into_owned();
    let size = line.split(';').next().unwrap_or_default().trim();
    let size = usize::from_str_radix(size, 16).map_err(std::io::Error::other)?;
    pending.drain(..end + 2);
    if size == 0 {
        loop {
            let end = read_until(stream, pending, b"\r\n").await?;
            pending.drain(..end + 2);
            if end == 0 {
                return Ok(Vec::new());
            }
        }
    }
    while pending.len() < size + 2 {
        read_more(stream, pending).await?;
    }
    let chunk = pending.drain(..size).collect();
    pending.drain(..2);
    Ok(chunk)
}

/// Where `mark` begins in what has been read, reading on until it is there.
pub async fn read_until<S: AsyncRead + Unpin>(
    stream: &mut S,
    pending: &mut Vec<u8>,
    mark: &[u8],
) -> std::io::Result<usize> {
    loop {
        if let Some(at) = pending.windows(mark.len()).position(|window| window == mark) {
            return Ok(at);
        }
        read_more(stream, pending).await?;
    }
}

/// Reads some more bytes; the end of the stream is an error.
pub async fn read_more<S: AsyncRead + Unpin>(
    stream: &mut S,
    pending: &mut Vec<u8>,
) -> std::io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    match stream.read(&mut buffer).await? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        read => {
            pending.extend_from_slice(&buffer[..read]);
            Ok(())
        }
    }
}
