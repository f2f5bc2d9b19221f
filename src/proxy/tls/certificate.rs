//! A certificate with its key, and what it says of itself.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::domain::time::Timestamp;

/// A certificate chain and its key, good to be shown.
#[derive(Debug)]
pub struct Certificate {
    pub(super) key: Arc<CertifiedKey>,
    /// The names that it is for, in lower case; `*.example.com` stands for one label.
    pub names: Vec<String>,
    /// When it begins to be good.
    pub begins: Timestamp,
    /// When it is good no more.
    pub expires: Timestamp,
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read {}: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// The key is not its owner's alone (S54).
    #[error("{path} is a key that others may read or change: chmod 600 {path}", path = path.display())]
    Shared {
        /// The file.
        path: PathBuf,
    },
    /// Certificate or key is no PEM.
    #[error("there is no certificate or key in PEM form: {0}")]
    NotPem(pem::Error),
    /// Certificate and key do not go together.
    #[error("the certificate cannot be used with the key: {0}")]
    NotAPair(rustls::Error),
    /// It cannot be understood.
    #[error("the certificate cannot be read: {0}")]
    NotX509(String),
}

impl Certificate {
    /// Reads chain and key from these files.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, CertificateError> {
        let read = |path: &Path| {
            std::fs::read(path)
                .map_err(|cause| CertificateError::Unreadable { path: path.to_owned(), cause })
        };
        let (chain, private) = (read(certificate)?, read(key)?);
        let mode = std::fs::metadata(key).map_or(0, |about| about.permissions().mode());
        if mode & 0o077 != 0 {
            return Err(CertificateError::Shared { path: key.to_owned() });
        }
        Self::from_pem(&chain, &private)
    }

    /// The same from their text.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, CertificateError> {
        let chain = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<Vec<_>, _>>()
            .map_err(CertificateError::NotPem)?;
        let private = PrivateKeyDer::from_pem_slice(key).map_err(CertificateError::NotPem)?;
        let about = match chain.first() {
            Some(own) => About::of(own)?,
            None => return Err(CertificateError::NotPem(pem::Error::NoItemsFound)),
        };
        let provider = rustls::crypto::ring::default_provider();
        let key = CertifiedKey::from_der(chain, private, &provider)
            .map_err(CertificateError::NotAPair)?;
        let About { names, begins, expires } = about;
        Ok(Self { key: Arc::new(key), names, begins, expires })
    }

    /// The server's own certificate, without those that vouch for it.
    pub fn own(&self) -> Option<&CertificateDer<'static>> {
        self.key.cert.first()
    }

    /// Whether it is for this host.
    pub fn covers(&self, host: &str) -> bool {
        let parent = host.split_once('.').map(|(_, parent)| parent);
        self.names.iter().any(|name| match name.strip_prefix("*.") {
            Some(behind) => parent == Some(behind),
            None => name == host,
        })
    }
}

/// What a certificate says of itself.
struct About {
    names: Vec<String>,
    begins: Timestamp,
    expires: Timestamp,
}

impl About {
    fn of(own: &CertificateDer<'_>) -> Result<Self, CertificateError> {
        let wrong = |cause: String| CertificateError::NotX509(cause);
        let (_, parsed) =
            X509Certificate::from_der(own).map_err(|error| wrong(error.to_string()))?;
        let alternatives =
            parsed.subject_alternative_name().map_err(|error| wrong(error.to_string()))?;
        let mut names = Vec::new();
        for name in alternatives.iter().flat_map(|extension| &extension.value.general_names) {
            match name {
                GeneralName::DNSName(name) => names.push(name.to_ascii_lowercase()),
                GeneralName::IPAddress(octets) => names.extend(address(octets)),
                _ => {}
            }
        }
        let at = |seconds: i64| Timestamp::from_millis(seconds.saturating_mul(1000));
        let validity = parsed.validity();
        let begins = at(validity.not_before.timestamp());
        Ok(Self { names, begins, expires: at(validity.not_after.timestamp()) })
    }
}

/// An address as hosts write it.
fn address(octets: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(octets) {
        return Some(std::net::Ipv4Addr::from(four).to_string());
    }
    let sixteen = <[u8; 16]>::try_from(octets).ok()?;
    Some(format!("[{}]", std::net::Ipv6Addr::from(sixteen)))
}
