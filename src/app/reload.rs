//! Another configuration in the place of the running one: as a whole, or not at all (docs/adr).
//!
//! It is read on SIGHUP and when a file that it depends on has changed. Everything that can fail is done first; then the
//! gateway, the outbox's worker and the redirect take what is new. Stores, counters, the session cache and open
//! connections stay, and each request ends by the configuration of its beginning.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{mpsc, watch};

use crate::auth::password::{PasswordHasher, Serves};
use crate::auth::{Auth, AuthChanges};
use crate::config::changes::{ACCOUNTS_PASSWORD, changed_keys, needing_restart};
use crate::config::settings::{CertificateSource, ListenMode, Settings};
use crate::config::{self, ConfigErrors};
use crate::domain::host::Origin;
use crate::domain::keys::KeyRing;
use crate::notify::inbox::Inbox;
use crate::notify::worker::Way;
use crate::portal::pages::Pages;
use crate::proxy::tls::CertificateError;
use crate::proxy::{Deciding, Door, GatewaySettings, http2};
use crate::telemetry::metrics::{ReloadResult, metrics};
use crate::templates::Templates;

use super::acme::{Changes, OtherAuthority};
use super::certificates::{ListenerCertificates, ReadFiles};
use super::followed::{Followed, look};
use super::mail::WayParts;
use super::{
    Core, StartError, auth_settings, captchas, gateway, hashing, look as look_of, mail, manager,
    passwords, places, secret,
};

/// How often the files are looked at; a change is taken at the second look that finds it.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Why the running configuration goes on.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotReloaded {
    /// The new one is wrong.
    #[error("{0}")]
    Wrong(ConfigErrors),
    /// Something that it names cannot be used.
    #[error("{0}")]
    Unusable(#[from] StartError),
    /// It changes what a running process cannot take over.
    #[error("{} changed, which takes a restart", .0.join(", "))]
    NeedsRestart(Vec<String>),
    /// It could not be read to its end.
    #[error("reading it broke off")]
    BrokeOff,
}

/// What a running doorward takes over from another configuration.
pub(super) struct Live {
    pub(super) deciding: Deciding,
    pub(super) way: Way,
    pub(super) origins: Arc<ArcSwap<Vec<Origin>>>,
    /// Through which connections come in.
    pub(super) door: Arc<Door>,
    /// How long connections of HTTP/2 rest.
    pub(super) idle: Arc<http2::Idle>,
    /// Of the listeners that speak TLS, in their order.
    pub(super) certificates: Vec<Arc<ListenerCertificates>>,
    /// Of whoever orders certificates.
    pub(super) acme: Option<Changes>,
}

/// A configuration file, what it says, and on which files that depends.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    settings: Settings,
    followed: Followed,
}

impl Source {
    /// Reads it.
    pub fn read(path: &Path) -> Result<Self, ConfigErrors> {
        let mut followed = Followed::new(vec![path.to_owned()]);
        let reading = config::read(path);
        followed.depend_on(reading.depends_on);
        Ok(Self { path: path.to_owned(), settings: reading.outcome?, followed })
    }

    /// What it says.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }
}

/// Reads the configuration again.
pub(super) struct Reloader {
    path: PathBuf,
    running: Settings,
    core: Core,
    live: Live,
    followed: Followed,
}

/// Everything that another configuration comes to, ready to be taken over.
struct Parts {
    auth: Arc<Auth>,
    gateway: GatewaySettings,
    way: WayParts,
    /// For the listeners whose certificates are others, by their place among those that speak TLS.
    certificates: Vec<(usize, ReadFiles)>,
    /// Where certificates are ordered from now on, if that is another place or in another way.
    acme: Option<OtherAuthority>,
}

impl Reloader {
    /// Over what runs by `source`.
    pub(super) fn new(source: Source, core: Core, live: Live) -> Self {
        metrics().configured(None, core.clock.now().as_secs());
        let Source { path, settings, followed } = source;
        Self { path, running: settings, core, live, followed }
    }

    /// Reloads whenever `asked` says so or a file has changed, until `stop` says true.
    pub(super) async fn run(
        mut self,
        mut asked: mpsc::Receiver<()>,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        loop {
            let is_asked = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => None,
                Some(()) = asked.recv() => Some(true),
                _ = ticks.tick() => Some(false),
            };
            match is_asked {
                None => return,
                Some(true) => self.reload("a signal").await,
                Some(false) if self.sees_a_change().await => self.reload("a changed file").await,
                Some(false) => {}
            }
        }
    }

    async fn sees_a_change(&mut self) -> bool {
        let paths = self.followed.paths().to_vec();
        let looked = tokio::task::spawn_blocking(move || look(&paths)).await;
        looked.is_ok_and(|now| self.followed.has_settled_on_a_change(now))
    }

    /// Reads the configuration and takes it over, and tells what came of it.
    async fn reload(&mut self, because: &str) {
        manager::reloading();
        let outcome = self.try_reload().await;
        let result = match &outcome {
            Ok(_) => ReloadResult::Applied,
            Err(NotReloaded::NeedsRestart(_)) => ReloadResult::NeedsRestart,
            Err(_) => ReloadResult::Refused,
        };
        metrics().configured(Some(result), self.core.clock.now().as_secs());
        manager::ready(match result {
            ReloadResult::Applied => "serving",
            ReloadResult::NeedsRestart => {
                "serving; the configuration has changes that take a restart"
            }
            ReloadResult::Refused => "serving; the configuration has faults and is not in effect",
        });
        let file = self.path.display();
        match outcome {
            Ok(changed) => {
                tracing::info!(file = %file, because, changed = changed.join(", "),
                    "the configuration was read again and is in effect");
            }
            Err(error @ NotReloaded::NeedsRestart(_)) => {
                tracing::warn!(file = %file, because, %error,
                    "nothing of the new configuration is in effect before a restart; the one of before goes on");
            }
            Err(error) => {
                tracing::error!(file = %file, because, %error,
                    "the new configuration is refused; the one of before goes on");
            }
        }
    }

    /// The keys that changed.
    async fn try_reload(&mut self) -> Result<Vec<String>, NotReloaded> {
        let (path, paths) = (self.path.clone(), self.followed.paths().to_vec());
        let (running, core) = (self.running.clone(), self.core.clone());
        let made = tokio::task::spawn_blocking(move || {
            let before = look(&paths);
            let reading = config::read(&path);
            let made = reading.outcome.map_err(NotReloaded::Wrong).and_then(|new| {
                let changed = changed_keys(&running, &new);
                needs_no_restart(&changed, &core.keys, &new)?;
                let parts = Parts::make(&core, &running, &new)?;
                Ok((changed, new, parts))
            });
            (before, reading.depends_on, made)
        });
        let (before, mut depends_on, made) = made.await.map_err(|_| NotReloaded::BrokeOff)?;
        self.followed.reading(before);
        if made.is_err() {
            // A reading that stops early has not seen all of them.
            depends_on.extend_from_slice(self.followed.paths());
        }
        self.followed.depend_on(depends_on);
        let (changed, new, parts) = made?;
        if changed.iter().any(|key| key == ACCOUNTS_PASSWORD) {
            self.core.change_database_password(&new).await?;
        }
        self.take_over(new, parts);
        Ok(changed)
    }

    fn take_over(&mut self, new: Settings, parts: Parts) {
        let origins = parts.gateway.sites.iter().map(|site| site.portal.origin.clone()).collect();
        self.live.deciding.replace(parts.gateway);
        self.live.door.renew(new.connections, new.trusted_proxies.clone());
        let WayParts { messages, transport, sms } = parts.way;
        self.live.way.replace(messages, transport, sms);
        self.live.idle.renew(new.connections.keep_alive);
        for (place, read) in parts.certificates {
            if let Some(listener) = self.live.certificates.get(place) {
                listener.take(read);
            }
        }
        self.live.origins.store(Arc::new(origins));
        if let (Some(changes), Some(other)) = (&self.live.acme, parts.acme) {
            changes.send(other);
        }
        // What is asserted of the sessions in the cache may say what is no longer so.
        parts.auth.forget_cached();
        self.core.auth = parts.auth;
        self.running = new;
    }
}

fn needs_no_restart(changed: &[String], keys: &KeyRing, new: &Settings) -> Result<(), NotReloaded> {
    let mut fixed = needing_restart(changed);
    if fixed.is_empty() {
        // The same file may hold another secret.
        let current = secret::read(&new.secret_file).map_err(StartError::from)?;
        let previous = new.previous_secret_file.as_deref().map(secret::read).transpose();
        let read = KeyRing::derive(current, previous.map_err(StartError::from)?);
        let ids = |keys: &KeyRing| -> Vec<String> {
            let keys = keys.identity_keys(&new.portal.origin.host);
            keys.iter().map(|key| key.id().to_owned()).collect()
        };
        if ids(keys) != ids(&read) {
            fixed.push("the secret in secret_file".to_owned());
        }
    }
    if fixed.is_empty() { Ok(()) } else { Err(NotReloaded::NeedsRestart(fixed)) }
}

impl Parts {
    fn make(core: &Core, running: &Settings, new: &Settings) -> Result<Self, StartError> {
        let [before, after] = [running, new].map(|settings| hashing(settings, Serves::People));
        let hasher = (before != after)
            .then(|| PasswordHasher::new(after, Arc::clone(&core.entropy)))
            .transpose()?;
        let auth = Arc::new(core.auth.reconfigured(AuthChanges {
            hasher,
            passwords: passwords(new)?,
            captchas: captchas(new)?,
            sms: new.sms.as_ref().map(|sms| sms.rule.clone()),
            settings: auth_settings(new),
            registration: new.registration.clone(),
            places: places(new)?,
        }));
        let core = Core { auth: Arc::clone(&auth), ..core.clone() };
        let templates = Templates::new(new.portal.templates.clone());
        let pages = Arc::new(Pages::new(&templates, look_of(&new.portal)?)?);
        let way = mail::way(new, &templates, Arc::<Inbox>::default())?;
        let certificates = other_certificates(running, new)?;
        let gateway = gateway(new, &core, pages);
        let origins: Vec<Origin> =
            gateway.sites.iter().map(|site| site.portal.origin.clone()).collect();
        let acme = new.acme.as_ref().filter(|_| running.acme != new.acme);
        let acme = acme.map(|acme| OtherAuthority::read(acme, &origins)).transpose()?;
        Ok(Self { auth, gateway, way, certificates, acme })
    }
}

/// Reads the certificates of the listeners that are to have others; apart from them the listeners are the same.
fn other_certificates(
    running: &Settings,
    new: &Settings,
) -> Result<Vec<(usize, ReadFiles)>, CertificateError> {
    let certificates = |settings: &Settings| -> Vec<CertificateSource> {
        let tls = settings.listen.iter().filter_map(|listener| match &listener.mode {
            ListenMode::Tls(tls) => Some(tls.certificates.clone()),
            ListenMode::Plain | ListenMode::RedirectToHttps => None,
        });
        tls.collect()
    };
    let mut read = Vec::new();
    for (place, (before, after)) in
        certificates(running).into_iter().zip(certificates(new)).enumerate()
    {
        if let CertificateSource::Files(files) = &after
            && before != after
        {
            read.push((place, ReadFiles::read(files)?));
        }
    }
    Ok(read)
}
