//! The server: everything that listens and works, until it is told to stop.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use pingora::proxy::http_proxy;
use pingora::server::configuration::ServerConf;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::auth::password::Serves;
use crate::config::raw;
use crate::config::settings::{ListenMode, Settings, Shutdown};
use crate::domain::assertion::AssertionAlgorithm;
use crate::domain::host::Origin;
use crate::domain::time::SharedClock;
use crate::notify::inbox::Inbox;
use crate::notify::worker::OutboxWorker;
use crate::portal::pages::Pages;
use crate::proxy::listener::Listener;
use crate::proxy::workers::{Served, Workers};
use crate::proxy::{
    Door, Ending, Front, Gateway, GatewaySettings, Idle, Leashed, PlainServer, RedirectToHttps,
    WayIn, http2,
};
use crate::templates::Templates;

use super::acme::Acme;
use super::certificates::{self, ListenerCertificates};
use super::reload::{Live, Reloader, Source};
use super::succession::{Call, Succession};
use super::{Core, Inherited, StartError, admin, gateway, look, mail, manager, upkeep};

/// How long answers about health and metrics may take at the end.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// Where a started doorward listens.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// The sites.
    pub sites: Vec<SocketAddr>,
    /// Metrics and health, if they are served.
    pub admin: Option<SocketAddr>,
}

/// What a running doorward is told from outside.
pub struct Orders {
    /// Says true once it is to stop.
    pub stop: watch::Receiver<bool>,
    /// Says true once it is to stop without finishing anything.
    pub cut: watch::Receiver<bool>,
    /// Says that it is to read its configuration again.
    pub reload: mpsc::Receiver<()>,
    /// Says that another process is to take its place, which is called so; `None` where none can.
    pub succession: Option<(Call, mpsc::Receiver<()>)>,
}

/// A doorward that is ready to serve: everything is read, opened and bound.
pub struct Server {
    core: Core,
    worker: OutboxWorker,
    gateway: GatewaySettings,
    listeners: Vec<(Listener, ListenMode)>,
    certificates: Vec<Arc<ListenerCertificates>>,
    acme: Option<Acme>,
    admin: Option<Listener>,
    origins: Arc<ArcSwap<Vec<Origin>>>,
    door: Arc<Door>,
    source: Option<Source>,
    shutdown: Shutdown,
    algorithm: AssertionAlgorithm,
    workers: Workers,
}

impl Server {
    /// Prepares to serve.
    pub async fn prepare(
        settings: &Settings,
        clock: SharedClock,
        inherited: &mut Inherited,
    ) -> Result<Self, StartError> {
        Self::prepare_with(settings, clock, Arc::default(), inherited).await
    }

    /// Prepares to serve; mails of the demo go to `inbox`.
    pub(super) async fn prepare_with(
        settings: &Settings,
        clock: SharedClock,
        inbox: Arc<Inbox>,
        inherited: &mut Inherited,
    ) -> Result<Self, StartError> {
        let core = Core::open(settings, clock, Serves::People).await?;
        let templates = Templates::new(settings.portal.templates.clone());
        let pages = Arc::new(Pages::new(&templates, look(&settings.portal)?)?);
        let worker = mail::worker(settings, &core, &templates, inbox)?;
        let gateway = gateway(settings, &core, pages);
        let origins: Vec<Origin> =
            gateway.sites.iter().map(|site| site.portal.origin.clone()).collect();
        let origins = Arc::new(ArcSwap::from_pointee(origins));
        let open = |authority| {
            let (clock, entropy) = (Arc::clone(&core.clock), Arc::clone(&core.entropy));
            Acme::open(authority, Arc::clone(&origins), clock, entropy)
        };
        let acme = settings.acme.as_ref().map(open).transpose()?;
        let door = Arc::new(Door::new(settings.connections, settings.trusted_proxies.clone()));
        let (mut listeners, mut certificates) = (Vec::new(), Vec::new());
        for listen in &settings.listen {
            let tls = match &listen.mode {
                ListenMode::Tls(tls) => {
                    let held = Arc::new(ListenerCertificates::read(
                        tls,
                        acme.as_ref().map(Acme::certificates),
                    )?);
                    certificates.push(Arc::clone(&held));
                    Some(held.acceptor()?)
                }
                ListenMode::Plain | ListenMode::RedirectToHttps => None,
            };
            let way_in = WayIn::new(&door, listen.proxy_protocol);
            let listener = inherited.listener(listen.address).await?.with_tls(tls).through(way_in);
            listeners.push((listener, listen.mode.clone()));
        }
        let admin = match settings.admin {
            Some(address) => Some(inherited.listener(address).await?),
            None => None,
        };
        inherited.close_the_rest();
        if acme.is_none() {
            tell_misfits(&certificates, &origins.load());
        }
        Ok(Self {
            core,
            worker,
            gateway,
            listeners,
            certificates,
            acme,
            admin,
            origins,
            door,
            source: None,
            shutdown: settings.shutdown,
            algorithm: settings.assertion.algorithm,
            workers: Workers::start(raw::serving_threads()).map_err(StartError::Workers)?,
        })
    }

    /// The same, reading `source` again when it is told to, and when a file on which it depends has changed.
    #[must_use]
    pub fn following(mut self, source: Source) -> Self {
        self.source = Some(source);
        self
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

    /// Serves until it is told to stop, or another process serves in its place; and then until what was under way is
    /// done, or cut.
    pub async fn run(self, orders: Orders) {
        let Orders { stop, mut cut, reload, succession } = orders;
        tokio::select! {
            () = self.work(stop, reload, succession) => tracing::info!("stopped"),
            () = says_true(&mut cut) => tracing::warn!("stopped at once; what was under way is cut off"),
        }
    }

    async fn work(
        self,
        told: watch::Receiver<bool>,
        reload: mpsc::Receiver<()>,
        succession: Option<(Call, mpsc::Receiver<()>)>,
    ) {
        let succession = succession
            .and_then(|(call, asked)| Some((Succession::new(call, self.sockets()?), asked)));
        let (leave, leaving) = watch::channel(false);
        let (end, stop) = watch::channel(false);
        let (end_admin, stop_admin) = watch::channel(false);
        let (finish, finished) = watch::channel(false);
        let ending = Ending::new(stop.clone(), self.shutdown.grace).taking_leave(leaving.clone());
        let (mut sites, mut beside) = (JoinSet::new(), JoinSet::new());

        let (clock, entropy) = (Arc::clone(&self.core.clock), Arc::clone(&self.core.entropy));
        let gateway = Gateway::new(self.gateway, clock, entropy);
        let idle = Arc::new(http2::Idle::new(self.door.limits().keep_alive));
        let live = Live {
            idle: Arc::clone(&idle),
            deciding: gateway.deciding(),
            way: self.worker.way(),
            origins: Arc::clone(&self.origins),
            door: self.door,
            certificates: self.certificates.clone(),
            acme: self.acme.as_ref().map(Acme::changes),
        };
        if let Some(source) = self.source {
            let reloader = Reloader::new(source, self.core.clone(), live);
            beside.spawn(reloader.run(reload, stop.clone()));
        }
        let conf = Arc::new(proxy_conf());
        // Each thread has its own connections to the apps.
        let gateways = self.workers.serve(|| {
            let mut proxy = http_proxy(&conf, gateway.for_another_thread());
            http2::limit(&mut proxy);
            Front::new(gateway.for_another_thread(), Leashed::new(proxy, Arc::clone(&idle)))
        });
        let redirect = Arc::new(PlainServer::new(RedirectToHttps {
            sites: self.origins,
            challenges: self.acme.as_ref().map(Acme::challenges).unwrap_or_default(),
            awaited: self.acme.as_ref().map(Acme::certificates),
        }));
        if let Some(acme) = self.acme {
            beside.spawn(upkeep::until(stop.clone(), acme.run()));
        }
        for (listener, mode) in self.listeners {
            match mode {
                ListenMode::RedirectToHttps => {
                    sites
                        .spawn(listener.serve(Served::here(Arc::clone(&redirect)), ending.clone()));
                }
                ListenMode::Plain | ListenMode::Tls(_) => {
                    sites.spawn(listener.serve(gateways.clone(), ending.clone()));
                }
            }
        }
        if let Some(listener) = self.admin {
            let clock = Arc::clone(&self.core.clock);
            let admin = admin::Admin::new(self.core.asked(), clock, leaving);
            let admin = Arc::new(PlainServer::new(admin));
            beside
                .spawn(listener.serve(Served::here(admin), Ending::new(stop_admin, LAST_ANSWERS)));
        }
        beside.spawn(self.worker.run(stop.clone()));
        upkeep::spawn(&mut beside, &self.core, self.algorithm, (&stop, &finished));
        let following = certificates::follow(self.certificates, Arc::clone(&self.core.clock));
        beside.spawn(upkeep::until(stop.clone(), following));
        let alive = tokio::spawn(manager::stay_alive());
        manager::ready("serving");

        let succeeded = until_told(told, succession, &ending).await;
        leave.send_replace(true);
        match succeeded {
            // Who asks is answered by the successor.
            true => end_admin.send_replace(true),
            false => {
                manager::stopping();
                tokio::time::sleep(self.shutdown.delay).await;
                false
            }
        };
        end.send_replace(true);
        while sites.join_next().await.is_some() {}
        end_admin.send_replace(true);
        finish.send_replace(true);
        while beside.join_next().await.is_some() {}
        alive.abort();
    }

    /// All that listens, once more.
    fn sockets(&self) -> Option<Vec<OwnedFd>> {
        let listeners = self.listeners.iter().map(|(listener, _)| listener).chain(&self.admin);
        let sockets: std::io::Result<Vec<OwnedFd>> = listeners.map(Listener::socket).collect();
        sockets.inspect_err(|error| tracing::error!(%error, "no process can succeed this one")).ok()
    }
}

/// Says what of the certificates does not fit the sites.
fn tell_misfits(certificates: &[Arc<ListenerCertificates>], origins: &[Origin]) {
    let secure = origins.iter().filter(|origin| origin.is_secure());
    let hosts: Vec<&str> = secure.map(|origin| origin.host.as_str()).collect();
    let misfits = certificates::misfits(certificates, &hosts);
    misfits.iter().for_each(|words| tracing::warn!("{words}"));
}

/// Waits for the end; says whether another process serves from then on.
async fn until_told(
    mut told: watch::Receiver<bool>,
    succession: Option<(Succession, mpsc::Receiver<()>)>,
    ending: &Ending,
) -> bool {
    let succeeded = async {
        match succession {
            Some((succession, asked)) => succession.comes(asked).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = says_true(&mut told) => false,
        () = succeeded => {
            let _ = ending.idle.set(Idle::Awaited);
            true
        }
    }
}

/// Comes back once `word` says true, or nobody is left to say it.
async fn says_true(word: &mut watch::Receiver<bool>) {
    let _ = word.wait_for(|said| *said).await;
}

fn proxy_conf() -> ServerConf {
    ServerConf {
        // A pool below the concurrency makes connections anew for each request (measured: −38 %).
        upstream_keepalive_pool_size: 2048,
        // The gateway counts attempts itself, and decides which failures allow another.
        max_retries: 16,
        ..ServerConf::default()
    }
}
