//! The same gateway over TLS, with a certificate that this test alone trusts, and a client that speaks HTTP/2.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use rcgen::{CertifiedKey, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::browser::{Browser, Request};
use super::http::{PATIENCE, Response};
use super::site::{Person, Setup, Site};
use super::tools::free_port;

/// The host of the site.
pub const HOST: &str = "wiki.example.com";

/// A gateway with a second listener that speaks TLS.
pub struct Secure {
    pub site: Site,
    /// Where TLS is spoken.
    pub address: SocketAddr,
}

impl Secure {
    pub async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    pub async fn with(setup: Setup) -> Self {
        let (mut secure, setup) = Self::prepared(setup).await;
        for person in &setup.people {
            secure.site.add_account(person).await;
        }
        secure.site.serve().await;
        secure
    }

    /// Everything but the running process.
    pub async fn prepared(mut setup: Setup) -> (Self, Setup) {
        let port = free_port();
        setup.origin = Some("https://wiki.example.com");
        setup.first_host = HOST;
        setup.listen.push(format!(
            "{{ address: \"127.0.0.1:{port}\", tls: {{ certificate: FOLDER/tls.crt, key: FOLDER/tls.key }} }}"
        ));
        let site = Site::prepared(&setup).await;
        let secure = Self { site, address: ([127, 0, 0, 1], port).into() };
        write_pair(&secure.site.path("tls"), &self_signed(&[HOST]));
        (secure, setup)
    }

    /// A browser that signs in by the plain listener: its cookies are good here as well.
    pub async fn signed_in(&self, person: &Person) -> Browser {
        let browser = Browser::new(&self.site);
        browser.sign_in(&self.site, person).await;
        browser
    }

    /// A TLS connection on which one of these protocols may be agreed.
    pub async fn connect(&self, protocols: &[&[u8]]) -> TlsStream<TcpStream> {
        let certificate = self.site.path("tls.crt");
        connect(self.address, HOST, protocols, &certificate).await.expect("a TLS connection")
    }

    /// A connection that speaks HTTP/2.
    pub async fn h2(&self) -> H2 {
        H2::over(self.connect(&[b"h2"]).await).await
    }
}

/// A certificate for these names that signs itself.
pub fn self_signed(names: &[&str]) -> CertifiedKey<KeyPair> {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    rcgen::generate_simple_self_signed(names).expect("a certificate")
}

/// Writes `path.crt` and `path.key`.
pub fn write_pair(path: &Path, pair: &CertifiedKey<KeyPair>) {
    std::fs::write(path.with_extension("crt"), pair.cert.pem()).expect("the certificate");
    let key = path.with_extension("key");
    std::fs::write(&key, pair.signing_key.serialize_pem()).expect("the key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("its mode");
}

/// Connects as `host`, trusting the certificate in this file.
pub async fn connect(
    address: SocketAddr,
    host: &str,
    protocols: &[&[u8]],
    trusted: &Path,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(trusted).expect("the certificate") {
        roots.add(certificate.expect("a certificate")).expect("a root");
    }
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().expect("TLS");
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from(host.to_owned()).expect("a name");
    let connector = TlsConnector::from(Arc::new(config));
    timeout(PATIENCE, connector.connect(name, stream)).await.expect("a handshake in time")
}

/// One HTTP/2 connection.
pub struct H2 {
    send: SendRequest<Bytes>,
    driver: JoinHandle<Result<(), h2::Error>>,
}

impl H2 {
    pub async fn over(stream: TlsStream<TcpStream>) -> Self {
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]), "HTTP/2 is offered");
        let (send, connection) = h2::client::handshake(stream).await.expect("HTTP/2");
        Self { send, driver: tokio::spawn(connection) }
    }

    /// Sends a request and gives its answer. Cookies go in fields of their own, as browsers send them.
    pub async fn send(&self, request: Request) -> Response {
        let sending = self.try_send(request);
        timeout(PATIENCE, sending).await.expect("an answer in time").expect("an answer")
    }

    /// The same, where the connection or the request may be ended.
    pub async fn try_send(&self, request: Request) -> Result<Response, h2::Error> {
        Ok(self.try_send_for_trailers(request).await?.0)
    }

    /// The answer, and what comes behind its body.
    pub async fn send_for_trailers(&self, request: Request) -> (Response, http::HeaderMap) {
        let sending = self.try_send_for_trailers(request);
        timeout(PATIENCE, sending).await.expect("an answer in time").expect("an answer")
    }

    async fn try_send_for_trailers(
        &self,
        request: Request,
    ) -> Result<(Response, http::HeaderMap), h2::Error> {
        let body = Bytes::from(request.body.clone());
        let mut send = self.send.clone().ready().await?;
        let (answer, mut stream) = send.send_request(head(&request), body.is_empty())?;
        if !body.is_empty() {
            stream.send_data(body, true)?;
        }
        let answer = answer.await?;
        let (parts, mut body) = answer.into_parts();
        let mut response =
            Response { status: parts.status.as_u16(), headers: Vec::new(), body: Vec::new() };
        for (name, value) in &parts.headers {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            response.headers.push((name.to_string(), value));
        }
        while let Some(chunk) = body.data().await {
            let chunk = chunk?;
            body.flow_control().release_capacity(chunk.len())?;
            response.body.extend_from_slice(&chunk);
        }
        Ok((response, body.trailers().await?.unwrap_or_default()))
    }

    /// Waits until the gateway has ended the connection.
    pub async fn ended(self) -> Result<(), h2::Error> {
        drop(self.send);
        timeout(PATIENCE, self.driver).await.expect("the end in time").expect("it ran")
    }
}

fn head(request: &Request) -> http::Request<()> {
    let named = |name: &str| {
        request.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    };
    let authority = named(":authority").unwrap_or_else(|| HOST.to_owned());
    let scheme = named(":scheme").unwrap_or_else(|| "https".to_owned());
    let mut head = http::Request::new(());
    *head.method_mut() = request.method.parse().expect("a method");
    *head.uri_mut() =
        format!("{scheme}://{authority}{}", request.target).parse().expect("a target");
    for (name, value) in request.headers.iter().filter(|(name, _)| !name.starts_with(':')) {
        let name: http::HeaderName = name.parse().expect("a name");
        let crumbs: Vec<&str> =
            if name == http::header::COOKIE { value.split("; ").collect() } else { vec![value] };
        for value in crumbs {
            head.headers_mut().append(name.clone(), value.parse().expect("a value"));
        }
    }
    head
}

/// HTTP/2 as bytes, for what no library sends.
pub struct RawH2(TlsStream<TcpStream>);

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RESET: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const CONTINUATION: u8 = 9;
pub const END_STREAM: u8 = 0x1;
pub const END_HEADERS: u8 = 0x4;

/// A frame's bytes.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a length").to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// Header fields, each written out (RFC 7541 section 6.2.2).
pub fn fields(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in fields {
        bytes.push(0);
        for text in [name, value] {
            assert!(text.len() < 127, "a longer one takes more than a byte");
            bytes.push(u8::try_from(text.len()).expect("a length"));
            bytes.extend_from_slice(text.as_bytes());
        }
    }
    bytes
}

/// How long after a flood its connection may still be there.
const FLOOD_NOTICED_WITHIN: Duration = Duration::from_secs(5);

/// What came of a stream or connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// An answer; its status is in the header block, which is not read here.
    Answer,
    /// The stream was reset, for this reason.
    Reset(u32),
    /// The connection is to end or has ended.
    End,
}

impl RawH2 {
    /// Begins as a client has to, with these settings.
    pub async fn begin(secure: &Secure, settings: &[u8]) -> Self {
        let mut raw = Self(secure.connect(&[b"h2"]).await);
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        bytes.extend(frame(SETTINGS, 0, 0, settings));
        assert!(raw.send(&bytes).await);
        raw
    }

    /// Sends bytes; whether the connection has taken them.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        let sending =
            async { self.0.write_all(bytes).await.is_ok() && self.0.flush().await.is_ok() };
        timeout(PATIENCE, sending).await.unwrap_or(false)
    }

    /// Sends the same bytes so many times, reading what comes; whether the connection ended by it.
    pub async fn flood(&mut self, bytes: &[u8], times: usize) -> bool {
        let many = bytes.repeat(times);
        let (mut reading, mut writing) = tokio::io::split(&mut self.0);
        let mut buffer = vec![0; 64 * 1024];
        let ending = async { while let Ok(1..) = reading.read(&mut buffer).await {} };
        let sending = async {
            let _ = writing.write_all(&many).await;
            let _ = writing.flush().await;
            tokio::time::sleep(FLOOD_NOTICED_WITHIN).await;
        };
        tokio::select! {
            () = ending => true,
            () = sending => false,
        }
    }

    /// The next frame: its kind, stream and payload. `None` at the end.
    pub async fn next(&mut self) -> Option<(u8, u32, Vec<u8>)> {
        let reading = async {
            let mut header = [0; 9];
            self.0.read_exact(&mut header).await.ok()?;
            let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
            let stream = u32::from_be_bytes([header[5], header[6], header[7], header[8]]);
            let mut payload = vec![0; length as usize];
            self.0.read_exact(&mut payload).await.ok()?;
            Some((header[3], stream & 0x7fff_ffff, payload))
        };
        timeout(PATIENCE, reading).await.expect("a frame or an end in time")
    }

    /// Waits for what comes of a stream.
    pub async fn outcome(&mut self, stream: u32) -> Came {
        while let Some((kind, of, payload)) = self.next().await {
            match kind {
                HEADERS if of == stream => return Came::Answer,
                RESET if of == stream => {
                    return Came::Reset(u32::from_be_bytes(payload[..4].try_into().unwrap()));
                }
                GOAWAY => return Came::End,
                _ => {}
            }
        }
        Came::End
    }
}
