//! Requests as exact bytes, and as much of an answer as is needed to tell it from another.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Url;

use super::probes::Form;

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// As much of an answer as is looked at, in bytes.
const MOST: usize = 512 * 1024;

/// Where requests go.
#[derive(Clone)]
pub(super) struct Target {
    /// As the operator named it.
    pub(super) url: Url,
    /// The `Host`, where it is not the address's own.
    host: Option<String>,
    tls: Arc<ClientConfig>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    /// The connection failed or ended.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It took too long.
    #[error("no answer within {} seconds", PATIENCE.as_secs())]
    Late,
    /// HTTP/2 is not spoken there.
    #[error("HTTP/2 is not spoken")]
    NotTwo,
    /// What came is no HTTP.
    #[error("the answer is not HTTP")]
    NotHttp,
    /// HTTP/2 went wrong.
    #[error("{0}")]
    Two(#[from] h2::Error),
    /// The request cannot be written so.
    #[error("cannot be sent so")]
    Unsendable,
}

/// What is trusted: the system's certificates, and those in the file `more`.
pub(super) fn trust(more: Option<&Path>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in rustls_native_certs::load_native_certs().certs {
        // One that rustls does not take is one that nothing is checked against.
        let _ = roots.add(certificate);
    }
    let Some(path) = more else { return Ok(roots) };
    let failed = |cause: String| format!("{}: {cause}", path.display());
    let found = CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))?;
    for certificate in found {
        let certificate = certificate.map_err(|error| failed(error.to_string()))?;
        roots.add(certificate).map_err(|error| failed(error.to_string()))?;
    }
    Ok(roots)
}

impl Target {
    pub(super) fn new(url: Url, host: Option<String>, roots: &RootCertStore) -> Self {
        let config = ClientConfig::builder().with_root_certificates(roots.clone());
        Self { url, host, tls: Arc::new(config.with_no_client_auth()) }
    }

    fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        let own = match self.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        self.host.clone().unwrap_or(own)
    }

    fn path(&self) -> String {
        match self.url.query() {
            Some(query) => format!("{}?{query}", self.url.path()),
            None => self.url.path().to_owned(),
        }
    }

    /// Sends one request with these header lines.
    pub(super) async fn ask(&self, form: Form, lines: &[String]) -> Result<Answer, NoAnswer> {
        let asked = async {
            match form {
                Form::Two => self.ask_two(lines).await,
                Form::Plain | Form::Absolute => self.ask_one(form, lines).await,
            }
        };
        timeout(PATIENCE, asked).await.map_err(|_| NoAnswer::Late)?
    }

    async fn ask_one(&self, form: Form, lines: &[String]) -> Result<Answer, NoAnswer> {
        let target = match form {
            Form::Absolute => {
                format!("{}://{}{}", self.url.scheme(), self.authority(), self.path())
            }
            Form::Plain | Form::Two => self.path(),
        };
        let mut head = format!("GET {target} HTTP/1.1\r\nHost: {}\r\n", self.authority());
        for line in AGENT.iter().map(|line| (*line).to_owned()).chain(lines.iter().cloned()) {
            head.push_str(&line);
            head.push_str("\r\n");
        }
        if !lines.iter().any(|line| line.starts_with("Connection:")) {
            head.push_str("Connection: close\r\n");
        }
        head.push_str("\r\n");
        let stream = self.connect().await?;
        if self.url.scheme() == "https" {
            let mut stream = self.handshake(stream, &[b"http/1.1"]).await?;
            exchange(&mut stream, head.as_bytes()).await
        } else {
            let mut stream = stream;
            exchange(&mut stream, head.as_bytes()).await
        }
    }

    async fn ask_two(&self, lines: &[String]) -> Result<Answer, NoAnswer> {
        if self.url.scheme() != "https" {
            return Err(NoAnswer::NotTwo);
        }
        let stream = self.handshake(self.connect().await?, &[b"h2"]).await;
        // A server that speaks no HTTP/2 refuses the handshake, or says nothing of it.
        let stream = stream.map_err(|_| NoAnswer::NotTwo)?;
        if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Err(NoAnswer::NotTwo);
        }
        let (mut client, connection) = h2::client::handshake(stream).await?;
        let driven = tokio::spawn(connection);
        let uri = format!("https://{}{}", self.authority(), self.path());
        let mut request = http::Request::get(uri);
        for line in AGENT.iter().copied().chain(lines.iter().map(String::as_str)) {
            let (name, value) = line.split_once(':').ok_or(NoAnswer::Unsendable)?;
            request = request.header(name.trim().to_ascii_lowercase(), value.trim());
        }
        let request = request.body(()).map_err(|_| NoAnswer::Unsendable)?;
        let (response, _) = client.send_request(request, true)?;
        let (parts, mut body) = response.await?.into_parts();
        let mut bytes = Vec::new();
        while let Some(chunk) = body.data().await {
            let chunk = chunk?;
            body.flow_control().release_capacity(chunk.len())?;
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MOST {
                break;
            }
        }
        driven.abort();
        let text =
            |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = parts.headers.iter();
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: headers.map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: String::from_utf8_lossy(&bytes).into_owned(),
        })
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let (host, port) = (self.url.host_str().unwrap_or_default(), self.port());
        // Names under `localhost` are this machine (RFC 6761 section 6.3), whatever the resolver says.
        if host == "localhost" || host.ends_with(".localhost") {
            return TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).await;
        }
        let host = host.trim_start_matches('[').trim_end_matches(']');
        TcpStream::connect((host, port)).await
    }

    fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(80)
    }

    async fn handshake(
        &self,
        stream: TcpStream,
        protocols: &[&[u8]],
    ) -> io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
        let mut config = (*self.tls).clone();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let host = self.url.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(host).map_err(io::Error::other)?;
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }
}

/// Says who asks, and that a person would read the answer.
const AGENT: [&str; 2] = ["User-Agent: doorward-doctor", "Accept: text/html,*/*"];

async fn exchange(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    request: &[u8],
) -> Result<Answer, NoAnswer> {
    stream.write_all(request).await?;
    stream.flush().await?;
    let mut bytes = Vec::new();
    loop {
        if let Some(answer) = read(&bytes, false) {
            return Ok(answer);
        }
        let mut chunk = [0; 16 * 1024];
        let count = match stream.read(&mut chunk).await {
            Ok(count) => count,
            // Servers end connections in all ways; what has come by then counts.
            Err(_) if !bytes.is_empty() => 0,
            Err(error) => return Err(error.into()),
        };
        bytes.extend_from_slice(chunk.get(..count).unwrap_or_default());
        if count == 0 || bytes.len() > MOST {
            return read(&bytes, true).ok_or(NoAnswer::NotHttp);
        }
    }
}

/// The answer in `bytes`, once it is whole or `all` has come.
fn read(bytes: &[u8], all: bool) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, body) = bytes.split_at_checked(end)?;
    let body = body.get(4..)?;
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let is_http = words.next()?.starts_with("HTTP/1.");
    let status = words.next()?.parse().ok().filter(|_| is_http)?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let mut answer = Answer { status, headers, body: String::new() };
    if (100..200).contains(&status) {
        return read(body, all);
    }
    let chunked = answer
        .header("transfer-encoding")
        .is_some_and(|coding| coding.to_ascii_lowercase().ends_with("chunked"));
    let length = answer.header("content-length").and_then(|length| length.parse::<usize>().ok());
    let (whole, body) = match (chunked, length) {
        (true, _) => unchunk(body),
        (false, Some(length)) => {
            (body.len() >= length, body.get(..length).unwrap_or(body).to_vec())
        }
        (false, None) => (matches!(status, 204 | 304), body.to_vec()),
    };
    answer.body = String::from_utf8_lossy(&body).into_owned();
    (whole || all).then_some(answer)
}

/// What the chunks hold (RFC 9112 section 7.1), and whether the last has come.
fn unchunk(mut rest: &[u8]) -> (bool, Vec<u8>) {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
        let line = String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned();
        let digits = line.split(';').next().unwrap_or_default().trim();
        let Ok(size) = usize::from_str_radix(digits, 16) else { break };
        let data = rest.get(end + 2..).unwrap_or_default();
        if size == 0 {
            return (true, body);
        }
        let Some(chunk) = data.get(..size) else {
            body.extend_from_slice(data);
            break;
        };
        body.extend_from_slice(chunk);
        rest = data.get(size + 2..).unwrap_or_default();
    }
    (false, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_however_it_is_framed() {
        let read = |text: &str, all| read(text.as_bytes(), all);
        assert_eq!(read("HTTP/1.1 200 OK\r\nContent-Le", false), None);
        assert_eq!(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", false), None);
        let whole = read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false).unwrap();
        assert_eq!((whole.status, whole.body.as_str()), (200, "hello"));
        let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
        assert_eq!(read(chunks, false).unwrap().body, "hello");
        let early = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\n\r\ngone";
        assert_eq!(read(early, false), None);
        assert_eq!(read(early, true).unwrap().body, "gone");
        for broken in [
            "",
            "SSH-2.0\r\n\r\n",
            "HTTP/1.1 x\r\n\r\n",
            "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
        ] {
            let _ = read(broken, true);
        }
    }
}
