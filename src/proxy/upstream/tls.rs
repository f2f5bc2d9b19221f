//! TLS to apps. Their certificate is checked unless the configuration says otherwise in as many words.
//!
//! Pingora makes its TLS configuration anew at each connection where there is a certificate authority or a client
//! certificate; what that costs beside the handshake is in ADR 0019. It also keeps connections for others by address and
//! name alone, which must not be shared between sites that trust differently: so each way to trust is a group of its own.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pingora::connectors::l4::Connect;
use pingora::protocols::l4::socket::SocketAddr;
use pingora::protocols::l4::stream::Stream;
use pingora::protocols::tls::CaType;
use pingora::upstreams::peer::HttpPeer;
use pingora::utils::tls::{CertKey, WrappedX509, parse_x509};
use pingora::{Error, ErrorType, OrErr as _, Result};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::balance::hash;

/// How the apps of a site are recognised over TLS, and recognise doorward.
#[derive(Clone, Debug, Default)]
pub struct UpstreamTls {
    server_name: Option<String>,
    ca: Option<Arc<CaType>>,
    client: Option<Arc<CertKey>>,
    accept_any: bool,
    /// Tells connections made by this from others to the same address; 0 where all of it is as usual.
    group: u64,
}

/// A certificate that doorward shows to apps.
pub struct ClientCertificate<'a> {
    /// The certificate (DER) and the chain behind it.
    pub chain: &'a [Vec<u8>],
    /// Its private key (DER).
    pub key: &'a [u8],
}

impl UpstreamTls {
    /// Apps whose certificate must be for `server_name`, or for the host of their address.
    pub fn checked(server_name: Option<String>) -> Self {
        Self { server_name, ..Self::default() }
    }

    /// Apps whose certificate nobody looks at.
    pub fn unchecked() -> Self {
        Self { accept_any: true, ..Self::default() }
    }

    /// The same, signed by one of these (DER) instead of those that the system trusts. Each must be a certificate.
    #[must_use]
    pub fn signed_by(mut self, authorities: &[Vec<u8>]) -> Self {
        let certificates: Vec<WrappedX509> =
            authorities.iter().map(|der| WrappedX509::new(der.clone(), parse_x509)).collect();
        for der in authorities {
            self.group = hash(&[&self.group.to_le_bytes(), der.as_slice()].concat());
        }
        self.ca = Some(certificates.into());
        self
    }

    /// The same, showing this to apps that ask for a certificate.
    #[must_use]
    pub fn showing(mut self, client: &ClientCertificate<'_>) -> Self {
        for der in client.chain {
            self.group = hash(&[&self.group.to_le_bytes(), der.as_slice()].concat());
        }
        self.client = Some(Arc::new(CertKey::new(client.chain.to_vec(), client.key.to_vec())));
        self
    }

    /// A peer over TLS at `address`. With an empty name Pingora checks no certificate, so the host stands in for one.
    pub(super) fn peer(&self, address: std::net::SocketAddr, host: &str) -> HttpPeer {
        let name = self.server_name.as_deref().filter(|name| !name.is_empty()).unwrap_or(host);
        let mut peer = HttpPeer::new(address, true, name.to_owned());
        peer.options.verify_cert = !self.accept_any;
        peer.options.verify_hostname = !self.accept_any;
        peer.options.ca.clone_from(&self.ca);
        peer.client_cert_key.clone_from(&self.client);
        peer.group_key = self.group & GROUPS;
        peer
    }
}

/// The lowest and the highest bit tell connections of one request apart.
const GROUPS: u64 = !(1 | 1 << 63);

/// Connects within a time of its own, so that the handshake may have another: Pingora has one for both.
#[derive(Debug)]
pub(super) struct Within(pub(super) Duration);

#[async_trait]
impl Connect for Within {
    async fn connect(&self, address: &SocketAddr) -> Result<Stream> {
        let Some(address) = address.as_inet() else {
            return Error::e_explain(ErrorType::ConnectError, "the app has no address");
        };
        let connecting = timeout(self.0, TcpStream::connect(address)).await;
        let stream =
            connecting.or_err(ErrorType::ConnectTimedout, "while connecting to the app")?;
        Ok(stream.or_err(ErrorType::ConnectError, "while connecting to the app")?.into())
    }
}
