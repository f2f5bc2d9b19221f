//! Certificates from a certificate authority, by ACME (RFC 8555): one for each host, ordered when it is missing, renewed
//! long before its end, kept in files that are their owner's alone (docs/adr).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::mpsc;

use self::authority::{Authority, Issued};
use self::folder::Folder;
use self::schedule::Schedule;
use crate::config::settings::{self, AcmeChallenge};
use crate::domain::entropy::{self, SharedEntropy};
use crate::domain::host::{HostName, Origin};
use crate::domain::time::{SharedClock, Timestamp};
use crate::proxy::tls::{Certificate, Certificates, Challenges, Strangers};
use crate::telemetry::metrics::{OrderResult, metrics};

pub use self::folder::FolderError;

mod authority;
mod folder;
mod schedule;

/// How often it is looked whether something is due.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Orders, keeps and renews.
pub struct Acme {
    authority: Authority,
    folder: Folder,
    hosts: Vec<Host>,
    origins: Arc<ArcSwap<Vec<Origin>>>,
    live: Arc<Certificates>,
    clock: SharedClock,
    entropy: SharedEntropy,
    changes: mpsc::UnboundedReceiver<OtherAuthority>,
    change: mpsc::UnboundedSender<OtherAuthority>,
}

/// What a reload asks of the authority from now on, ready to be taken over.
pub struct OtherAuthority {
    settings: settings::Acme,
    folder: Folder,
}

impl OtherAuthority {
    /// Sees that what is kept for these hosts can be used.
    pub fn read(settings: &settings::Acme, origins: &[Origin]) -> Result<Self, FolderError> {
        let folder = Folder::open(&settings.folder, &settings.directory)?;
        folder.account_key()?;
        for name in wanted(origins) {
            folder.certificate(&name)?;
        }
        Ok(Self { settings: settings.clone(), folder })
    }
}

/// Tells a running [`Acme`] of another authority.
#[derive(Clone)]
pub struct Changes(mpsc::UnboundedSender<OtherAuthority>);

impl Changes {
    /// Orders go to this one as soon as what is under way is done.
    pub fn send(&self, other: OtherAuthority) {
        // Where nobody hears it doorward is about to end.
        let _ = self.0.send(other);
    }
}

/// One host and its certificate.
struct Host {
    name: HostName,
    certificate: Option<Arc<Certificate>>,
    /// Shown until there is one: by the authority of before.
    stand_in: Option<Arc<Certificate>>,
    /// Where in the time that the authority proposes it is renewed, from 0 to 1.
    fraction: f64,
    schedule: Schedule,
}

impl Acme {
    /// Reads what is kept for the hosts of these origins, which may change. Keys that others can read are refused; hosts
    /// without a certificate get one once it [runs](Self::run).
    pub fn open(
        settings: &settings::Acme,
        origins: Arc<ArcSwap<Vec<Origin>>>,
        clock: SharedClock,
        entropy: SharedEntropy,
    ) -> Result<Self, FolderError> {
        let folder = Folder::open(&settings.folder, &settings.directory)?;
        folder.account_key()?;
        let authority = Authority::new(settings.clone());
        let live = Certificates::new(Vec::new(), Strangers::GetNothing);
        let live = match settings.challenge {
            AcmeChallenge::Http01 => live,
            AcmeChallenge::TlsAlpn01 => live.answering(authority.challenges()),
        };
        let (change, changes) = mpsc::unbounded_channel();
        let mut acme = Self {
            authority,
            folder,
            hosts: Vec::new(),
            origins,
            live: Arc::new(live),
            clock,
            entropy,
            changes,
            change,
        };
        for name in wanted(&acme.origins.load()) {
            let host = acme.host(name)?;
            acme.hosts.push(host);
        }
        acme.show();
        let missing = acme.hosts.iter().filter(|host| host.certificate.is_none());
        tracing::info!(
            authority = %settings.directory,
            folder = %acme.folder.path().display(),
            hosts = acme.hosts.len(),
            to_order = missing.count(),
            "certificates are ordered and renewed by ACME"
        );
        Ok(acme)
    }

    /// The certificates, as they come.
    pub fn certificates(&self) -> Arc<Certificates> {
        Arc::clone(&self.live)
    }

    /// The challenges to answer.
    pub fn challenges(&self) -> Arc<Challenges> {
        self.authority.challenges()
    }

    /// By which it is told of another authority.
    pub fn changes(&self) -> Changes {
        Changes(self.change.clone())
    }

    /// Orders and renews for as long as doorward runs.
    pub async fn run(mut self) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            while let Ok(other) = self.changes.try_recv() {
                self.change_to(other);
            }
            self.follow_sites();
            let mut hosts = std::mem::take(&mut self.hosts);
            for host in &mut hosts {
                self.attend(host).await;
                if host.schedule.take_news() {
                    // The next host may be one whose authority does not answer for minutes.
                    self.add(host);
                }
            }
            self.hosts = hosts;
        }
    }

    /// Asks this authority from now on. What another has signed is shown until this one has.
    fn change_to(&mut self, other: OtherAuthority) {
        let OtherAuthority { settings, folder } = other;
        let is_another =
            !self.authority.is_at(&settings.directory) || self.folder.path() != folder.path();
        tracing::info!(
            authority = %settings.directory,
            folder = %folder.path().display(),
            "certificates are ordered and renewed by what acme says now"
        );
        self.authority.renew(settings);
        self.folder = folder;
        let mut hosts = std::mem::take(&mut self.hosts);
        for host in &mut hosts {
            host.schedule = Schedule::default();
            if is_another {
                host.stand_in = host.certificate.take().or(host.stand_in.take());
                host.certificate = self.kept(&host.name).unwrap_or_else(|error| {
                    tracing::error!(host = %host.name, %error, "what is kept is not used");
                    None
                });
            }
        }
        self.hosts = hosts;
        self.show();
    }

    /// A host with what is kept for it.
    fn host(&self, name: HostName) -> Result<Host, FolderError> {
        let certificate = self.kept(&name)?;
        Ok(Host { certificate, ..self.bare(name) })
    }

    fn bare(&self, name: HostName) -> Host {
        let (fraction, schedule) = (self.fraction(), Schedule::default());
        Host { name, certificate: None, stand_in: None, fraction, schedule }
    }

    /// The certificate that is kept for a host. A file in which there is none is told of, and counts as none.
    fn kept(&self, name: &HostName) -> Result<Option<Arc<Certificate>>, FolderError> {
        let Some(pem) = self.folder.certificate(name)? else { return Ok(None) };
        Ok(match Certificate::from_pem(pem.as_bytes(), pem.as_bytes()) {
            Ok(certificate) => Some(Arc::new(certificate)),
            Err(error) => {
                tracing::error!(host = %name, %error, "the certificate that was kept is of no use");
                None
            }
        })
    }

    /// Takes up the hosts that the sites have now.
    fn follow_sites(&mut self) {
        let wanted = wanted(&self.origins.load());
        let before = self.hosts.len();
        self.hosts.retain(|host| wanted.contains(&host.name));
        let mut changed = self.hosts.len() < before;
        for name in wanted {
            if self.hosts.iter().any(|host| host.name == name) {
                continue;
            }
            let host = self.host(name.clone()).unwrap_or_else(|error| {
                // A new key takes the place of one that others could read.
                tracing::error!(host = %name, %error, "what is kept for a new site is not used");
                self.bare(name)
            });
            self.hosts.push(host);
            changed = true;
        }
        if changed {
            self.show();
        }
    }

    /// Does what is due for a host.
    async fn attend(&mut self, host: &mut Host) {
        let now = self.clock.now();
        if host.schedule.waits(now) {
            return;
        }
        let jitter = self.fraction();
        if !self.is_due(host, now).await {
            return host.schedule.is_fine(now, jitter);
        }
        match self.authority.certify(&host.name, &self.folder).await {
            Ok(issued) => {
                host.fraction = jitter;
                host.schedule.has_come(now, jitter);
                self.keep(host, issued);
            }
            Err(error) => {
                let wait = host.schedule.has_failed(now, jitter);
                metrics().certificate_ordered(OrderResult::Failed);
                let good_until = host.certificate.as_ref().map(|one| one.expires.rfc3339());
                tracing::error!(
                    host = %host.name,
                    %error,
                    retry.seconds = wait.as_secs(),
                    good_until = good_until.as_deref().unwrap_or("there is none"),
                    "no certificate was issued"
                );
            }
        }
    }

    /// One that cannot be written is shown all the same: the authority signs only so many a week.
    fn keep(&self, host: &mut Host, issued: Issued) {
        if let Err(error) = self.folder.keep_certificate(&host.name, &issued.pem) {
            tracing::error!(host = %host.name, %error, "a certificate is lost with the next restart");
        }
        metrics().certificate_ordered(OrderResult::Issued);
        tracing::info!(
            host = %host.name,
            good_until = issued.certificate.expires.rfc3339(),
            "a certificate was issued"
        );
        host.certificate = Some(Arc::new(issued.certificate));
        host.stand_in = None;
    }

    /// Whether a host has no certificate that is good for long: renewed when its authority proposes it (RFC 9773), else at
    /// two thirds of its life.
    async fn is_due(&mut self, host: &Host, now: Timestamp) -> bool {
        let Some(certificate) = &host.certificate else { return true };
        let life = certificate.begins.until(certificate.expires);
        let latest = certificate.begins + life.mul_f64(0.9);
        let renew = match self.authority.proposes(certificate, &self.folder).await {
            Some((begins, ends)) => begins + begins.until(ends).mul_f64(host.fraction),
            None => certificate.begins + life.mul_f64(2.0 / 3.0),
        };
        renew.min(latest) <= now
    }

    /// Shows browsers what there is.
    fn show(&self) {
        let shown = |host: &Host| host.certificate.clone().or(host.stand_in.clone());
        self.live.set(self.hosts.iter().filter_map(shown));
    }

    /// Shows browsers the new certificate of a host.
    fn add(&self, host: &Host) {
        let others = self.live.all().into_iter().filter(|one| !one.covers(host.name.as_str()));
        self.live.set(others.chain(host.certificate.clone()));
    }

    /// From 0 to 1, by chance.
    fn fraction(&self) -> f64 {
        let drawn = u32::from_be_bytes(entropy::bytes(&*self.entropy));
        f64::from(drawn) / f64::from(u32::MAX)
    }
}

/// The hosts that browsers reach by HTTPS.
fn wanted(origins: &[Origin]) -> BTreeSet<HostName> {
    origins.iter().filter(|origin| origin.is_secure()).map(|origin| origin.host.clone()).collect()
}
