//! A stand-in for a certificate authority, for what a real one does not show: the request for an account, as it came. It
//! speaks ACME (RFC 8555) over HTTPS as far as an account, and makes no order.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::http::{read_more, read_until};
use super::secure::{self_signed, write_pair};

/// The stand-in. It ends with the test.
pub struct Authority {
    pub address: SocketAddr,
    folder: TempDir,
    accounts: Arc<Mutex<Vec<Value>>>,
}

impl Authority {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        write_pair(&folder.path().join("tls"), &self_signed(&["localhost"]));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let accounts = Arc::<Mutex<Vec<Value>>>::default();
        let (acceptor, shared) = (acceptor(folder.path()), Arc::clone(&accounts));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, accounts) = (acceptor.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    serve(acceptor.accept(stream).await?, address, &accounts).await
                });
            }
        });
        Self { address, folder, accounts }
    }

    /// Its directory.
    pub fn directory(&self) -> String {
        format!("https://localhost:{}/dir", self.address.port())
    }

    /// The certificate of its directory.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("tls.crt")
    }

    /// The requests for an account, as they came: each a JWS in JSON.
    pub fn accounts(&self) -> Vec<Value> {
        self.accounts.lock().unwrap().clone()
    }
}

fn acceptor(folder: &Path) -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_file(folder.join("tls.crt")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(folder.join("tls.key")).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a pair");
    TlsAcceptor::from(Arc::new(config))
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    address: SocketAddr,
    accounts: &Mutex<Vec<Value>>,
) -> std::io::Result<()> {
    let at = |path: &str| format!("https://localhost:{}{path}", address.port());
    let mut pending = Vec::new();
    loop {
        let end = read_until(&mut stream, &mut pending, b"\r\n\r\n").await?;
        let head = String::from_utf8_lossy(&pending[..end]).to_ascii_lowercase();
        pending.drain(..end + 4);
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().expect("a length"));
        while pending.len() < length {
            read_more(&mut stream, &mut pending).await?;
        }
        let body: Vec<u8> = pending.drain(..length).collect();
        let path = head.split(' ').nth(1).unwrap_or_default();
        let (status, answer) = match path {
            "/dir" => ("200 OK", directory(at)),
            "/nonce" => ("200 OK", json!({})),
            "/account" => {
                let request = serde_json::from_slice(&body).expect("JSON");
                accounts.lock().unwrap().push(request);
                ("201 Created", json!({ "status": "valid" }))
            }
            _ => ("503 Service Unavailable", json!({ "detail": "this one makes no orders" })),
        };
        let text = if head.starts_with("head ") { String::new() } else { answer.to_string() };
        let answer = format!(
            "HTTP/1.1 {status}\r\nReplay-Nonce: bm9uY2U\r\nLocation: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{text}",
            at("/account/1"),
            text.len(),
        );
        stream.write_all(answer.as_bytes()).await?;
    }
}

fn directory(at: impl Fn(&str) -> String) -> Value {
    json!({
        "newNonce": at("/nonce"), "newAccount": at("/account"), "newOrder": at("/order"),
        "revokeCert": at("/revoke"), "keyChange": at("/key"),
    })
}
