//! TLS with browsers: the certificates of a listener, by the name that a browser asks for, replaced while connections go
//! on. Suites and groups are rustls' own: TLS 1.3, and 1.2 with ECDHE and AEAD alone, which is Mozilla's intermediate
//! list without its oldest third (no DHE).

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use tokio_rustls::TlsAcceptor;

pub use self::certificate::{Certificate, CertificateError};
pub use self::challenges::Challenges;

mod certificate;
mod challenges;

/// The certificates of one listener.
#[derive(Debug)]
pub struct Certificates {
    held: ArcSwap<Held>,
    strangers: Strangers,
}

/// What whoever asks for a name gets that no certificate is for. Who asks for none gets the first in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strangers {
    /// The first certificate.
    GetTheFirst,
    /// No handshake: the certificate of that name is still to come.
    GetNothing,
}

/// The oldest TLS that is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OldestTls {
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// What is held, with the names of each by which it is found.
#[derive(Debug, Default)]
struct Held {
    all: Vec<Arc<Certificate>>,
    /// By the whole name; of a wildcard, by what stands behind `*.`.
    by_name: HashMap<String, Vec<Arc<CertifiedKey>>>,
    by_parent: HashMap<String, Vec<Arc<CertifiedKey>>>,
}

impl Certificates {
    /// These.
    pub fn new(certificates: Vec<Certificate>, strangers: Strangers) -> Self {
        let certificates = certificates.into_iter().map(Arc::new);
        Self { held: ArcSwap::from_pointee(Held::new(certificates)), strangers }
    }

    /// These from now on. Connections that are there keep what they have.
    pub fn set(&self, certificates: impl IntoIterator<Item = Arc<Certificate>>) {
        self.held.store(Arc::new(Held::new(certificates)));
    }

    /// What is held now.
    pub fn all(&self) -> Vec<Arc<Certificate>> {
        self.held.load().all.clone()
    }

    /// Whether one of them is for this host.
    pub fn cover(&self, host: &str) -> bool {
        self.held.load().for_name(host).next().is_some()
    }
}

impl Held {
    fn new(certificates: impl IntoIterator<Item = Arc<Certificate>>) -> Self {
        let mut held = Self::default();
        for certificate in certificates {
            for name in &certificate.names {
                let (names, name) = match name.strip_prefix("*.") {
                    Some(parent) => (&mut held.by_parent, parent),
                    None => (&mut held.by_name, name.as_str()),
                };
                names.entry(name.to_owned()).or_default().push(Arc::clone(&certificate.key));
            }
            held.all.push(certificate);
        }
        held
    }

    /// Those that may stand for this name, the best first.
    fn for_name<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Arc<CertifiedKey>> {
        let exact = self.by_name.get(name).into_iter().flatten();
        let parent = name.split_once('.').map(|(_, parent)| parent);
        exact.chain(parent.and_then(|parent| self.by_parent.get(parent)).into_iter().flatten())
    }

    /// The first of those for the name whose key the browser can check, else what strangers get.
    fn choose(
        &self,
        name: Option<&str>,
        strangers: Strangers,
        can: impl Fn(&CertifiedKey) -> bool,
    ) -> Option<Arc<CertifiedKey>> {
        let first = || self.all.first().map(|certificate| Arc::clone(&certificate.key));
        let Some(name) = name else { return first() };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let named = self.for_name(&name).find(|key| can(key)).cloned();
        match strangers {
            Strangers::GetTheFirst => named.or_else(first),
            Strangers::GetNothing => named,
        }
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let can = |key: &CertifiedKey| key.key.choose_scheme(hello.signature_schemes()).is_some();
        self.held.load().choose(hello.server_name(), self.strangers, can)
    }
}

/// What does the handshakes of a listener: HTTP/2 and 1.1 by ALPN, sessions resumed by tickets whose keys change every
/// few hours, nothing taken before the handshake is over.
pub fn acceptor(
    certificates: Arc<Certificates>,
    oldest: OldestTls,
) -> Result<TlsAcceptor, rustls::Error> {
    let versions: &[&rustls::SupportedProtocolVersion] = match oldest {
        OldestTls::Tls12 => &[&TLS13, &TLS12],
        OldestTls::Tls13 => &[&TLS13],
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.ticketer = rustls::crypto::ring::Ticketer::new()?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(names: &[&str]) -> Certificate {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let (chain, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        Certificate::from_pem(chain.as_bytes(), key.as_bytes()).unwrap()
    }

    #[test]
    fn the_certificate_is_that_of_the_name_and_the_first_for_any_other() {
        let names: [&[&str]; 4] = [
            &["a.example", "b.example"],
            &["*.wiki.example"],
            &["one.wiki.example"],
            &["a.example"],
        ];
        let held = Held::new(names.iter().map(|names| Arc::new(certificate(names))));
        let chosen = |name: Option<&str>| {
            let key = held.choose(name, Strangers::GetTheFirst, |_| true).unwrap();
            held.all.iter().position(|one| Arc::ptr_eq(&one.key, &key)).unwrap()
        };
        for (name, expected) in [
            (Some("b.example"), 0),
            (Some("A.EXAMPLE."), 0),
            (Some("x.wiki.example"), 1),
            (Some("one.wiki.example"), 2),
            (Some("wiki.example"), 0),
            (Some("y.x.wiki.example"), 0),
            (Some("other.example"), 0),
            (None, 0),
        ] {
            assert_eq!(chosen(name), expected, "{name:?}");
        }
        let last = &held.all[3].key;
        let only_last = |key: &CertifiedKey| std::ptr::eq(key, Arc::as_ptr(last));
        let a = held.choose(Some("a.example"), Strangers::GetTheFirst, only_last);
        assert!(Arc::ptr_eq(&a.unwrap(), last));
        assert!(Held::default().choose(None, Strangers::GetTheFirst, |_| true).is_none());

        let strict = |name| held.choose(name, Strangers::GetNothing, |_| true).is_some();
        assert!(strict(Some("x.wiki.example")) && strict(None));
        assert!(!strict(Some("other.example")), "nobody is shown a certificate of another name");
    }
}
