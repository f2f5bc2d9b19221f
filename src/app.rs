//! The composition root: settings → stores, use cases, pages, gateway. The only one that knows them all.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use pingora::apps::ServerApp;
use pingora::proxy::http_proxy;
use pingora::server::configuration::ServerConf;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::auth::new_password::{Breached, PasswordChecks};
use crate::auth::password::{BadParameters, HashingSettings, PasswordHasher};
use crate::auth::{Auth, AuthParts, AuthSettings, RateLimits};
use crate::config::settings::{self, ListenMode, Settings};
use crate::domain::assertion::AssertionAlgorithm;
use crate::domain::budget::{DelayRule, GuessBudget};
use crate::domain::challenge::ResendRule;
use crate::domain::entropy::{OsEntropy, SharedEntropy};
use crate::domain::keys::KeyRing;
use crate::domain::password_rules::PasswordRules;
use crate::domain::place::{Nowhere, Places};
use crate::domain::session::Lifetime;
use crate::domain::time::SharedClock;
use crate::identity::assertion::Asserter;
use crate::identity::headers::IdentityHeaderNames;
use crate::identity::live::LiveRing;
use crate::notify::inbox::Inbox;
use crate::notify::message::{Messages, Sender};
use crate::notify::smtp::{SmtpCredentials, SmtpSecurity, SmtpSettings};
use crate::notify::transport::{Transport, TransportError, TransportSettings};
use crate::notify::worker::{OutboxWorker, Tools, WorkerSettings};
use crate::policy::SitePolicy;
use crate::portal::Portal;
use crate::portal::pages::{Logo, LogoKind, Look, Pages};
use crate::proxy::listener::{ListenError, Listener, tls_acceptor};
use crate::proxy::{
    Door, Gateway, GatewaySettings, GatewaySite, PlainServer, RedirectToHttps, UpstreamAddress,
    UpstreamPool, UpstreamTimeouts,
};
use crate::store::sqlite::{OpenError, POLL, SqliteStore};
use crate::store::{Accounts, Flow, OutboxStore, StoreError};
use crate::templates::{TemplateError, Templates};

mod admin;
mod breached;
pub mod demo;
pub mod explain;
pub mod gallery;
mod hosts;
pub mod keys_file;
mod places;
pub mod secret;
mod upkeep;

use keys_file::{KeysError, KeysFile};
use secret::SecretError;

/// The time within which a running doorward notices what another process has changed in its stores.
pub const NOTICED_WITHIN: Duration = POLL.saturating_mul(3);

/// The time within which a running doorward notices that the keys that sign identity were changed.
pub const KEYS_NOTICED_WITHIN: Duration = upkeep::KEYS_EVERY.saturating_mul(2);

/// How long requests in flight may go on after the word to stop.
const GRACE: Duration = Duration::from_secs(30);

/// Why doorward cannot start. Every message names what to change.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The server secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The keys that sign identity.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store, once open.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The cost of password hashes.
    #[error(transparent)]
    Hashing(#[from] BadParameters),
    /// A template of pages or mails.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The way that mails go.
    #[error("mail: {0}")]
    Mail(#[from] TransportError),
    /// A listening address, certificate or key.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The file of countries.
    #[error(
        "geoip.database: cannot use {path}: {cause}; give a file in MaxMind's format, such as GeoLite2-Country.mmdb"
    )]
    Places {
        /// The file.
        path: String,
        /// Why not.
        cause: maxminddb::MaxMindDbError,
    },
    /// The list of stolen passwords.
    #[error("passwords.breached: cannot ask for lists over HTTP here: {0}")]
    Breached(#[from] reqwest::Error),
    /// The logo.
    #[error("portal.logo: cannot use {path}: {cause}")]
    Logo {
        /// The file.
        path: String,
        /// Why not.
        cause: String,
    },
}

/// What the command line and the server share: stores, keys and use cases.
pub struct Core {
    /// The durable store.
    pub accounts: Arc<dyn Accounts>,
    /// The store of what passes.
    pub flow: Arc<dyn Flow>,
    /// The keys.
    pub keys: Arc<KeyRing>,
    /// The keys that sign identity, besides those of the server secret.
    pub ring: Arc<LiveRing>,
    /// The use cases.
    pub auth: Arc<Auth>,
    /// The clock.
    pub clock: SharedClock,
    entropy: SharedEntropy,
    outbox: Arc<dyn OutboxStore>,
    mail_waits: Arc<Notify>,
    keys_file: KeysFile,
}

impl Core {
    /// Opens the stores and derives the keys, making database and secret where there are none yet.
    pub async fn open(settings: &Settings, clock: SharedClock) -> Result<Self, StartError> {
        let entropy: SharedEntropy = Arc::new(OsEntropy);
        let current = secret::read_or_make(&settings.secret_file, &*entropy)?;
        let previous = settings.previous_secret_file.as_deref().map(secret::read).transpose()?;
        let keys = Arc::new(KeyRing::derive(current, previous));
        let keys_file = KeysFile::new(&settings.keys_file);
        let ring = keys_file.read_or_make(settings.assertion.algorithm, &*entropy, clock.now())?;
        let settings::Database::Sqlite(path) = &settings.accounts;
        let store = Arc::new(SqliteStore::open(path).await?);
        let hasher = PasswordHasher::new(hashing(settings), Arc::clone(&entropy))?;
        let mail_waits = Arc::new(Notify::new());
        let auth = Auth::new(AuthParts {
            accounts: store.clone(),
            flow: store.clone(),
            keys: Arc::clone(&keys),
            hasher,
            passwords: passwords(settings)?,
            entropy: Arc::clone(&entropy),
            settings: auth_settings(settings),
            registration: settings.registration.clone(),
            mail_waits: Arc::clone(&mail_waits),
            places: places(settings)?,
        });
        Ok(Self {
            accounts: store.clone(),
            flow: store.clone(),
            outbox: store,
            keys,
            ring: Arc::new(LiveRing::new(ring)),
            auth: Arc::new(auth),
            clock,
            entropy,
            mail_waits,
            keys_file,
        })
    }
}

/// Where a started doorward listens.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// The sites.
    pub sites: Vec<SocketAddr>,
    /// Metrics and health, if they are served.
    pub admin: Option<SocketAddr>,
}

/// A doorward that is ready to serve: everything is read, opened and bound.
pub struct Server {
    core: Core,
    worker: OutboxWorker,
    gateway: GatewaySettings,
    listeners: Vec<(Listener, ListenMode)>,
    admin: Option<Listener>,
    origins: Vec<crate::domain::host::Origin>,
    algorithm: AssertionAlgorithm,
}

impl Server {
    /// Prepares to serve.
    pub async fn prepare(settings: &Settings, clock: SharedClock) -> Result<Self, StartError> {
        Self::prepare_with(settings, clock, Arc::default()).await
    }

    /// Prepares to serve; mails of the demo go to `inbox`.
    async fn prepare_with(
        settings: &Settings,
        clock: SharedClock,
        inbox: Arc<Inbox>,
    ) -> Result<Self, StartError> {
        let core = Core::open(settings, clock).await?;
        let templates = Templates::new(settings.portal.templates.clone());
        let pages = Arc::new(Pages::new(&templates, look(&settings.portal)?)?);
        let worker = worker(settings, &core, &templates, inbox)?;
        let gateway = gateway(settings, &core, pages);
        let door = Arc::new(Door::new(settings.connections, settings.trusted_proxies.clone()));
        let mut listeners = Vec::new();
        for listen in &settings.listen {
            let tls = match &listen.mode {
                ListenMode::Tls { certificate, key } => Some(tls_acceptor(certificate, key)?),
                ListenMode::Plain | ListenMode::RedirectToHttps => None,
            };
            let listener = Listener::bind(listen.address, tls).await?.through(&door);
            listeners.push((listener, listen.mode.clone()));
        }
        let admin = match settings.admin {
            Some(address) => Some(Listener::bind(address, None).await?),
            None => None,
        };
        let origins = gateway.sites.iter().map(|site| site.portal.origin.clone()).collect();
        let algorithm = settings.assertion.algorithm;
        Ok(Self { core, worker, gateway, listeners, admin, origins, algorithm })
    }

    /// What it shares with the command line.
    pub const fn core(&self) -> &Core {
        &self.core
    }

    /// Where it listens.
    pub fn addresses(&self) -> Addresses {
        Addresses {
            sites: self.listeners.iter().filter_map(|(listener, _)| listener.address()).collect(),
            admin: self.admin.as_ref().and_then(Listener::address),
        }
    }

    /// Serves until `stop` says true, and until what was in flight then is done.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        let mut tasks = JoinSet::new();
        let conf = Arc::new(proxy_conf());
        // Pingora counts the requests after the first.
        let requests = self.gateway.limits.requests.saturating_sub(1);
        let mut gateway = http_proxy(
            &conf,
            Gateway::new(
                self.gateway,
                Arc::clone(&self.core.clock),
                Arc::clone(&self.core.entropy),
            ),
        );
        gateway.server_options.get_or_insert_default().keepalive_request_limit = Some(requests);
        let gateway = Arc::new(gateway);
        let redirect = Arc::new(PlainServer::new(RedirectToHttps { sites: self.origins }));
        for (listener, mode) in self.listeners {
            match mode {
                ListenMode::RedirectToHttps => {
                    serve(&mut tasks, listener, Arc::clone(&redirect), &stop);
                }
                ListenMode::Plain | ListenMode::Tls { .. } => {
                    serve(&mut tasks, listener, Arc::clone(&gateway), &stop);
                }
            }
        }
        if let Some(listener) = self.admin {
            let admin = admin::Admin::new(
                Arc::clone(&self.core.accounts),
                Arc::clone(&self.core.flow),
                stop.clone(),
            );
            serve(&mut tasks, listener, Arc::new(PlainServer::new(admin)), &stop);
        }
        tasks.spawn(self.worker.run(stop.clone()));
        upkeep::spawn(&mut tasks, &self.core, self.algorithm, &stop);
        while tasks.join_next().await.is_some() {}
        tracing::info!("stopped");
    }
}

fn serve<A: ServerApp + Send + Sync + 'static>(
    tasks: &mut JoinSet<()>,
    listener: Listener,
    app: Arc<A>,
    stop: &watch::Receiver<bool>,
) {
    tasks.spawn(listener.serve(app, stop.clone(), GRACE));
}

fn proxy_conf() -> ServerConf {
    ServerConf {
        // A pool below the concurrency makes connections anew for each request (measured: −38 %).
        upstream_keepalive_pool_size: 2048,
        max_retries: 2,
        ..ServerConf::default()
    }
}

fn gateway(settings: &Settings, core: &Core, pages: Arc<Pages>) -> GatewaySettings {
    let portal = Portal::new(Arc::clone(&core.auth), Arc::clone(&pages), Arc::clone(&core.ring));
    let make = |site: &settings::Site| gateway_site(site, settings, &core.keys);
    let mut sites: Vec<GatewaySite> = settings.sites.iter().filter_map(make).collect();
    sites.extend(hosts::portal_alone(settings, make));
    GatewaySettings {
        hosts: Arc::new(hosts::hosts(settings, &sites, &core.keys)),
        sites,
        trusted_proxies: settings.trusted_proxies.clone(),
        limits: settings.connections,
        auth: Arc::clone(&core.auth),
        pages,
        portal: portal.service(),
        ring: Arc::clone(&core.ring),
    }
}

fn gateway_site(site: &settings::Site, settings: &Settings, keys: &KeyRing) -> Option<GatewaySite> {
    let policy = SitePolicy::new(site.rules.clone());
    let upstream = |upstream: &settings::Upstream| UpstreamAddress {
        tls: upstream.tls,
        host: upstream.host.clone(),
        port: upstream.port,
    };
    let timeouts = UpstreamTimeouts {
        connect: site.timeouts.connect,
        read: site.timeouts.read,
        write: site.timeouts.write,
    };
    let headers = site.headers.clone();
    Some(GatewaySite {
        upstreams: UpstreamPool::new(site.upstreams.iter().map(upstream).collect(), timeouts),
        names: IdentityHeaderNames {
            user: headers.user,
            email: headers.email,
            name: headers.name,
            groups: headers.groups,
            assertion: headers.assertion,
        },
        asserter: Asserter {
            issuer: settings.portal.origin.to_string(),
            audience: site.origin.to_string(),
            algorithm: settings.assertion.algorithm,
            lifetime: settings.assertion.lifetime,
        },
        key: keys.identity_keys(site.host()).into_iter().next()?,
        preserve_host: site.preserve_host,
        max_body: site.max_body,
        asked_by: site.forward_auth,
        portal: Arc::new(hosts::portal_site(&site.origin, policy, settings)),
    })
}

fn worker(
    settings: &Settings,
    core: &Core,
    templates: &Templates,
    inbox: Arc<Inbox>,
) -> Result<OutboxWorker, StartError> {
    let tools = Tools {
        store: Arc::clone(&core.outbox),
        keys: Arc::clone(&core.keys),
        messages: Arc::new(Messages::new(templates, sender(settings))?),
        transport: Arc::new(Transport::new(transport(&settings.mail.transport, inbox))?),
        clock: Arc::clone(&core.clock),
        wake: Arc::clone(&core.mail_waits),
        observer: Arc::new(upkeep::MailMetrics),
    };
    Ok(OutboxWorker::new(tools, WorkerSettings::default()))
}

fn sender(settings: &Settings) -> Sender {
    Sender {
        from: settings.mail.from.clone(),
        name: settings.mail.from_name.clone(),
        site_name: settings.portal.name.clone(),
        accent: settings.portal.accent.clone(),
    }
}

fn transport(from: &settings::MailTransport, inbox: Arc<Inbox>) -> TransportSettings {
    match from {
        settings::MailTransport::Files(folder) => TransportSettings::Files(folder.clone()),
        settings::MailTransport::Inbox => TransportSettings::Inbox(inbox),
        settings::MailTransport::Smtp(smtp) => TransportSettings::Smtp(SmtpSettings {
            host: smtp.host.clone(),
            port: smtp.port,
            security: match smtp.tls {
                settings::SmtpTls::StartTls => SmtpSecurity::StartTls,
                settings::SmtpTls::Tls => SmtpSecurity::Tls,
                settings::SmtpTls::None => SmtpSecurity::Plaintext,
            },
            credentials: smtp.credentials.as_ref().map(|credentials| SmtpCredentials {
                username: credentials.username.clone(),
                password: credentials.password.clone(),
            }),
            ca: smtp.ca.clone(),
            timeout: smtp.timeout,
        }),
    }
}

fn look(portal: &settings::Portal) -> Result<Look, StartError> {
    let logo = portal.logo.as_deref().map(logo).transpose()?;
    let accent = portal.accent.as_deref().and_then(|accent| accent.parse().ok());
    Ok(Look { name: portal.name.clone(), accent, logo })
}

fn logo(path: &std::path::Path) -> Result<Logo, StartError> {
    let failed = |cause: String| StartError::Logo { path: path.display().to_string(), cause };
    let kind = match path.extension().and_then(|extension| extension.to_str()) {
        Some("svg") => LogoKind::Svg,
        Some("png") => LogoKind::Png,
        Some("webp") => LogoKind::WebP,
        _ => return Err(failed("a logo is an .svg, .png or .webp file".into())),
    };
    let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    Ok(Logo { bytes, kind })
}

fn places(settings: &Settings) -> Result<Arc<dyn Places>, StartError> {
    let Some(path) = &settings.geoip else { return Ok(Arc::new(Nowhere)) };
    let opened = places::PlacesFile::open(path);
    let failed = |cause| StartError::Places { path: path.display().to_string(), cause };
    Ok(Arc::new(opened.map_err(failed)?))
}

fn passwords(settings: &Settings) -> Result<PasswordChecks, StartError> {
    let settings::Passwords { min_length, breached } = &settings.passwords;
    let breached = match breached {
        None => None,
        Some(breached) => Some(Breached {
            list: Arc::new(breached::Ranges::new(breached.url.clone(), breached.timeout)?),
            on_failure: breached.on_failure,
        }),
    };
    let rules = PasswordRules::new(*min_length, settings.portal.name.clone());
    Ok(PasswordChecks { rules, breached })
}

fn hashing(settings: &Settings) -> HashingSettings {
    let hashing = settings.password_hash;
    HashingSettings {
        memory_kib: hashing.memory_kib,
        iterations: hashing.iterations,
        parallelism: hashing.parallelism,
        threads: hashing.threads.get(),
        queue: hashing.queue,
    }
}

fn auth_settings(settings: &Settings) -> AuthSettings {
    let Settings { otp, session, limits, devices, .. } = settings;
    AuthSettings {
        code_lifetime: otp.lifetime,
        attempts: otp.attempts,
        resend: ResendRule { cool_down: otp.cool_down, max_sends: otp.sends },
        session: Lifetime { absolute: session.lifetime, idle: session.idle },
        // A remembered browser is one that may be left alone: it has no idle end of its own.
        remembered: Lifetime { absolute: session.remember, idle: session.remember },
        trusted_for: devices.lifetime,
        budget: GuessBudget::default(),
        delay: DelayRule::default(),
        limits: RateLimits {
            sign_in: limits.sign_in,
            registration: limits.registration,
            reset: limits.reset,
            verify: limits.verify,
            resend: limits.resend,
            code_request: limits.code_request,
            mails_account: limits.mails_account,
            mails_address: limits.mails_address,
            mails_total: limits.mails_total,
        },
    }
}
