//! What a certificate authority asks for to see that a name is ours: a text over plain HTTP (RFC 8555 section 8.3), or a
//! certificate in a TLS handshake that is for nothing else (RFC 8737).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::sign::CertifiedKey;

/// The challenges that wait to be asked for. What answers them is no secret.
#[derive(Debug, Default)]
pub struct Challenges(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    /// By their tokens.
    texts: HashMap<String, String>,
    /// By the name that is asked about.
    certificates: HashMap<String, Arc<CertifiedKey>>,
}

/// The protocol by which an authority asks for the certificate, and nobody else for anything.
pub(in crate::proxy) const ACME_TLS: &[u8] = b"acme-tls/1";

const BELOW: &str = "/.well-known/acme-challenge/";

impl Challenges {
    /// Answers `token` by this from now on.
    pub fn set(&self, token: &str, answer: &str) {
        self.all().texts.insert(token.to_owned(), answer.to_owned());
    }

    /// Answers who asks for `name` by a certificate that holds this digest, from now on. Says whether one could be made.
    pub fn set_certificate(&self, name: &str, digest: &[u8]) -> bool {
        let made = certificate(name, digest).map(Arc::new);
        let could = made.is_some();
        self.all().certificates.extend(made.map(|made| (name.to_owned(), made)));
        could
    }

    /// Answers none any more.
    pub fn clear(&self) {
        *self.all() = Waiting::default();
    }

    /// The answer at this path, if it is a challenge of ours.
    pub fn answer(&self, path: &str) -> Option<String> {
        let token = path.strip_prefix(BELOW)?;
        self.all().texts.get(token).cloned()
    }

    /// The certificate for who asks for this name alone to see that it is ours.
    pub(super) fn certificate(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        self.all().certificates.get(name).cloned()
    }

    fn all(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A certificate of our own for one name, with the digest in it (RFC 8737 section 3).
fn certificate(name: &str, digest: &[u8]) -> Option<CertifiedKey> {
    // The library does not take another length.
    let digest: [u8; 32] = digest.try_into().ok()?;
    let mut params = CertificateParams::new([name.to_owned()]).ok()?;
    params.distinguished_name = DistinguishedName::new();
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(&digest)];
    let key = KeyPair::generate().ok()?;
    let own = params.self_signed(&key).ok()?;
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    // It has an extension that is critical and known to authorities alone, so that nobody can look into it here.
    let provider = rustls::crypto::ring::default_provider();
    let key = provider.key_provider.load_private_key(key.into()).ok()?;
    Some(CertifiedKey::new(vec![own.der().clone()], key))
}
