//! The server: everything that listens and works, until it is told to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use pingora::apps::ServerApp;
use pingora::proxy::http_proxy;
use pingora::server::configuration::ServerConf;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::config::settings::{ListenMode, Settings};
use crate::domain::assertion::AssertionAlgorithm;
use crate::domain::host::Origin;
use crate::domain::time::SharedClock;
use crate::notify::inbox::Inbox;
use crate::notify::worker::OutboxWorker;
use crate::portal::pages::Pages;
use crate::proxy::listener::{Listener, tls_acceptor};
use crate::proxy::{Gateway, GatewaySettings, PlainServer, RedirectToHttps, http2};
use crate::templates::Templates;

use super::reload::{Live, Reloader, Source};
use super::{Core, StartError, admin, gateway, look, mail, upkeep};

/// How long requests in flight may go on after the word to stop.
const GRACE: Duration = Duration::from_secs(30);

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
    /// Says that it is to read its configuration again.
    pub reload: mpsc::Receiver<()>,
}

/// A doorward that is ready to serve: everything is read, opened and bound.
pub struct Server {
    core: Core,
    worker: OutboxWorker,
    gateway: GatewaySettings,
    listeners: Vec<(Listener, ListenMode)>,
    admin: Option<Listener>,
    origins: Arc<ArcSwap<Vec<Origin>>>,
    source: Option<Source>,
    algorithm: AssertionAlgorithm,
}

impl Server {
    /// Prepares to serve.
    pub async fn prepare(settings: &Settings, clock: SharedClock) -> Result<Self, StartError> {
        Self::prepare_with(settings, clock, Arc::default()).await
    }

    /// Prepares to serve; mails of the demo go to `inbox`.
    pub(super) async fn prepare_with(
        settings: &Settings,
        clock: SharedClock,
        inbox: Arc<Inbox>,
    ) -> Result<Self, StartError> {
        let core = Core::open(settings, clock).await?;
        let templates = Templates::new(settings.portal.templates.clone());
        let pages = Arc::new(Pages::new(&templates, look(&settings.portal)?)?);
        let worker = mail::worker(settings, &core, &templates, inbox)?;
        let gateway = gateway(settings, &core, pages);
        let mut listeners = Vec::new();
        for listen in &settings.listen {
            let tls = match &listen.mode {
                ListenMode::Tls { certificate, key } => Some(tls_acceptor(certificate, key)?),
                ListenMode::Plain | ListenMode::RedirectToHttps => None,
            };
            listeners.push((Listener::bind(listen.address, tls).await?, listen.mode.clone()));
        }
        let admin = match settings.admin {
            Some(address) => Some(Listener::bind(address, None).await?),
            None => None,
        };
        let origins: Vec<Origin> =
            gateway.sites.iter().map(|site| site.portal.origin.clone()).collect();
        Ok(Self {
            core,
            worker,
            gateway,
            listeners,
            admin,
            origins: Arc::new(ArcSwap::from_pointee(origins)),
            source: None,
            algorithm: settings.assertion.algorithm,
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

    /// Serves until `stop` says true, and until what was in flight then is done.
    pub async fn run(self, orders: Orders) {
        let Orders { stop, reload } = orders;
        let mut tasks = JoinSet::new();
        let (clock, entropy) = (Arc::clone(&self.core.clock), Arc::clone(&self.core.entropy));
        let gateway = Gateway::new(self.gateway, clock, entropy);
        let live = Live {
            deciding: gateway.deciding(),
            way: self.worker.way(),
            origins: Arc::clone(&self.origins),
        };
        if let Some(source) = self.source {
            let reloader = Reloader::new(source, self.core.clone(), live);
            tasks.spawn(reloader.run(reload, stop.clone()));
        }
        let mut gateway = http_proxy(&Arc::new(proxy_conf()), gateway);
        http2::limit(&mut gateway);
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
