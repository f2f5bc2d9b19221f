//! TLS to the apps behind a site.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use zeroize::Zeroizing;

/// How apps that are reached over TLS are recognised, and recognise doorward.
#[derive(Clone, Debug, Default)]
pub struct UpstreamTls {
    /// The name that their certificate must be for, where it is not their host.
    pub server_name: Option<String>,
    /// Who must have signed it, instead of those that the system trusts.
    pub ca: Option<Certificates>,
    /// What doorward shows, if anything.
    pub client: Option<ClientCertificate>,
    /// Whether any certificate is taken, whoever shows it.
    pub accept_any: bool,
}

/// The certificates of a file.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificates {
    /// The file.
    pub path: PathBuf,
    /// Each certificate (DER), in the order of the file; at least one.
    pub der: Vec<Vec<u8>>,
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} from {}", self.der.len(), self.path.display())
    }
}

/// A certificate that doorward shows, and its key.
#[derive(Clone, Debug)]
pub struct ClientCertificate {
    /// The certificate, and the chain behind it.
    pub chain: Certificates,
    /// The file of the key.
    pub key_file: PathBuf,
    /// The key.
    pub key: TlsKey,
}

/// A private key (DER). It does not print.
#[derive(Clone)]
pub struct TlsKey(Arc<Zeroizing<Vec<u8>>>);

impl TlsKey {
    /// The key with these bytes.
    pub fn new(der: &[u8]) -> Self {
        Self(Arc::new(Zeroizing::new(der.to_vec())))
    }

    /// Its bytes, for a handshake.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for TlsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsKey(..)")
    }
}
