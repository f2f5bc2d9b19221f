//! The certificates of the listeners: read at start, followed while doorward runs, watched for their end.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_rustls::TlsAcceptor;

use super::StartError;
use crate::config::settings::{CertificateFiles, CertificateSource, ListenTls, TlsVersion};
use crate::domain::time::{SharedClock, Timestamp};
use crate::proxy::tls::{self, Certificate, CertificateError, Certificates, OldestTls, Strangers};
use crate::telemetry::metrics::metrics;

/// How often the files are looked at. What has changed is taken once two looks found it the same, so that a pair of which
/// only one half is there yet is left alone.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The time within which a running doorward takes up certificates whose files have changed.
pub const CERTIFICATES_NOTICED_WITHIN: Duration = LOOK_EVERY.saturating_mul(4);

/// How long before its end a certificate is told of, each day.
const WARN: Duration = Duration::from_secs(14 * 86_400);
const DAY: Duration = Duration::from_secs(86_400);

/// The certificates of one listener, and where they come from.
#[derive(Debug)]
pub struct ListenerCertificates {
    live: Arc<Certificates>,
    oldest: OldestTls,
    /// None, where they come from an authority.
    files: Mutex<Files>,
}

/// Files, and how they were found just before they were read last.
#[derive(Clone, Debug, Default)]
struct Files {
    named: Vec<CertificateFiles>,
    settled: Vec<Stamp>,
}

/// What is in files, read and good to be shown.
#[derive(Debug)]
pub struct ReadFiles {
    files: Files,
    certificates: Vec<Certificate>,
}

impl ReadFiles {
    /// Reads all of them, or says which is of no use.
    pub fn read(files: &[CertificateFiles]) -> Result<Self, CertificateError> {
        let settled = stamps(files);
        let read = |files: &CertificateFiles| Certificate::read(&files.certificate, &files.key);
        let certificates = files.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self { files: Files { named: files.to_vec(), settled }, certificates })
    }
}

impl ListenerCertificates {
    /// Reads those that a listener is to have; `ordered` are those that it leaves to an authority.
    pub fn read(
        listen: &ListenTls,
        ordered: Option<Arc<Certificates>>,
    ) -> Result<Self, CertificateError> {
        let oldest = match listen.min_version {
            TlsVersion::Tls12 => OldestTls::Tls12,
            TlsVersion::Tls13 => OldestTls::Tls13,
        };
        let (live, files) = match &listen.certificates {
            CertificateSource::Files(files) => {
                let ReadFiles { files, certificates } = ReadFiles::read(files)?;
                (Arc::new(Certificates::new(certificates, Strangers::GetTheFirst)), files)
            }
            // A configuration that leaves them to an authority names one; without it there are none.
            CertificateSource::Acme => {
                let none = || Arc::new(Certificates::new(Vec::new(), Strangers::GetNothing));
                (ordered.unwrap_or_else(none), Files::default())
            }
        };
        Ok(Self { live, oldest, files: Mutex::new(files) })
    }

    /// What does the handshakes.
    pub fn acceptor(&self) -> Result<TlsAcceptor, StartError> {
        tls::acceptor(Arc::clone(&self.live), self.oldest).map_err(StartError::Tls)
    }

    /// Shows these from now on. Connections that are there keep what they have.
    pub fn take(&self, read: ReadFiles) {
        let mut files = self.files();
        self.live.set(read.certificates.into_iter().map(Arc::new));
        *files = read.files;
    }

    /// Reads the files again where they are `found` otherwise than before: all of them, or none and says why not. `None`
    /// where nothing has changed.
    fn refresh(&self, found: &[Stamp]) -> Option<Result<(), CertificateError>> {
        let mut files = self.files();
        if files.settled == found {
            return None;
        }
        // What is of no use is told of once.
        files.settled = found.to_vec();
        Some(ReadFiles::read(&files.named).map(|read| {
            self.live.set(read.certificates.into_iter().map(Arc::new));
        }))
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Follows the files of all listeners, counts and warns.
pub(super) async fn follow(listeners: Vec<Arc<ListenerCertificates>>, clock: SharedClock) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    let mut followed: Vec<Followed> = listeners.into_iter().map(Followed::new).collect();
    let mut warned: Option<Timestamp> = None;
    loop {
        ticks.tick().await;
        let looked = tokio::task::spawn_blocking(move || {
            followed.iter_mut().for_each(Followed::look);
            followed
        });
        let Ok(back) = looked.await else { return };
        followed = back;
        let now = clock.now();
        let held: Vec<Arc<Certificate>> =
            followed.iter().flat_map(|one| one.listener.live.all()).collect();
        tell(&held, now);
        if warned.is_none_or(|before| before.until(now) >= DAY) {
            warned = Some(now);
            held.iter()
                .filter_map(|one| ending(one, now))
                .for_each(|words| tracing::warn!("{words}"));
        }
    }
}

/// The files of one listener, as they were found when they were last looked at.
struct Followed {
    listener: Arc<ListenerCertificates>,
    found: Vec<Stamp>,
}

/// By what a change of a pair is seen: other files behind its names, other lengths or times.
type Stamp = [Option<(u64, u64, u64, i64, i64)>; 2];

impl Followed {
    fn new(listener: Arc<ListenerCertificates>) -> Self {
        let found = listener.files().settled.clone();
        Self { listener, found }
    }

    fn look(&mut self) {
        let found = stamps(&self.listener.files().named);
        let is_still = found == self.found;
        self.found.clone_from(&found);
        if !is_still {
            return;
        }
        match self.listener.refresh(&found) {
            None => {}
            Some(Ok(())) => tracing::info!("certificates whose files had changed were taken up"),
            Some(Err(error)) => tracing::error!(
                %error,
                "certificates have changed and are of no use; those of before go on"
            ),
        }
    }
}

fn stamps(files: &[CertificateFiles]) -> Vec<Stamp> {
    let stamp = |path: &Path| {
        let about = std::fs::metadata(path).ok()?;
        Some((about.dev(), about.ino(), about.len(), about.mtime(), about.mtime_nsec()))
    };
    files.iter().map(|files| [stamp(&files.certificate), stamp(&files.key)]).collect()
}

/// Counts how long each is still good.
fn tell(held: &[Arc<Certificate>], now: Timestamp) {
    let left = held.iter().map(|one| (label(one), one.expires.as_secs() - now.as_secs()));
    metrics().set_certificates(left);
}

/// The first name of a certificate.
fn label(certificate: &Certificate) -> &str {
    certificate.names.first().map_or("none", String::as_str)
}

/// What is to be said of one that ends soon or has ended.
fn ending(certificate: &Certificate, now: Timestamp) -> Option<String> {
    let (name, ends) = (label(certificate), certificate.expires.rfc3339());
    if certificate.expires <= now {
        return Some(format!(
            "the certificate for {name} has expired ({ends}): browsers refuse it"
        ));
    }
    let soon = now.until(certificate.expires) <= WARN;
    soon.then(|| format!("the certificate for {name} expires soon ({ends}): renew it"))
}

/// What is to be said of certificates that do not fit the sites.
pub(super) fn misfits(listeners: &[Arc<ListenerCertificates>], hosts: &[&str]) -> Vec<String> {
    let held: Vec<_> = listeners.iter().flat_map(|listener| listener.live.all()).collect();
    if held.is_empty() {
        return Vec::new();
    }
    let useless = held.iter().filter(|one| !hosts.iter().any(|host| one.covers(host)));
    let bare = hosts.iter().filter(|host| !held.iter().any(|one| one.covers(host)));
    let useless = useless.map(|one| format!("the certificate for {} is for no site", label(one)));
    useless
        .chain(bare.map(|host| format!("no certificate is for {host}: browsers will refuse it")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(names: &[&str]) -> Arc<ListenerCertificates> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let (chain, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let one = Certificate::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
        Arc::new(ListenerCertificates {
            live: Arc::new(Certificates::new(vec![one], Strangers::GetTheFirst)),
            oldest: OldestTls::Tls12,
            files: Mutex::default(),
        })
    }

    #[test]
    fn certificates_and_sites_that_do_not_fit_are_told() {
        let listeners = [held(&["wiki.example", "*.apps.example"]), held(&["old.example"])];
        let told = misfits(&listeners, &["wiki.example", "x.apps.example", "apps.example"]);
        assert_eq!(
            told,
            [
                "the certificate for old.example is for no site",
                "no certificate is for apps.example: browsers will refuse it"
            ]
        );
        assert!(misfits(&[], &["wiki.example"]).is_empty(), "TLS is spoken elsewhere");
    }

    #[test]
    fn a_certificate_is_told_of_fourteen_days_before_its_end() {
        let listeners = held(&["wiki.example"]);
        let certificate = &listeners.live.all()[0];
        let before = |days: u64| {
            let now = certificate.expires.before(Duration::from_secs(days * 86_400));
            ending(certificate, now)
        };
        assert_eq!(before(15), None);
        assert!(before(13).unwrap().contains("expires soon"));
        assert!(before(0).unwrap().contains("has expired"));
    }
}
