//! The server: everything that listens and works, until it is told to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use pingora::apps::ServerApp;
use pingora::proxy::http_proxy;
use pingora::server::configuration::ServerConf;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::settings::{ListenMode, Settings};
use crate::domain::assertion::AssertionAlgorithm;
use crate::domain::host::Origin;
use crate::domain::time::SharedClock;
use crate::notify::inbox::Inbox;
use crate::notify::worker::OutboxWorker;
use crate::portal::pages::Pages;
use crate::proxy::listener::{Listener, tls_acceptor};
use crate::proxy::{Door, Gateway, GatewaySettings, PlainServer, RedirectToHttps, http2};
use crate::templates::Templates;

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

/// A doorward that is ready to serve: everything is read, opened and bound.
pub struct Server {
    core: Core,
    worker: OutboxWorker,
    gateway: GatewaySettings,
    listeners: Vec<(Listener, ListenMode)>,
    admin: Option<Listener>,
    origins: Vec<Origin>,
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
        let door = Arc::new(Door::new(settings.connections, settings.trusted_proxies.clone()));
        let mut listeners = Vec::new();
        for listen in &settings.listen {
            let tls = match &listen.mode {
                ListenMode::Tls { certificate, key } => Some(tls_acceptor(certificate, key)?),
                ListenMode::Plain | ListenMode::RedirectToHttps => None,
            };
            let listener =
                Listener::bind(listen.address, tls).await?.through(&door, listen.proxy_protocol);
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
        http2::limit(&mut gateway);
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
