//! The admin listener: what it answers is telemetry's, what it knows of the stores is asked here.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use tokio::sync::watch;

use crate::proxy::Answer;
use crate::store::{Accounts, Flow, StoreError};
use crate::telemetry::admin;
use crate::telemetry::health::{Health, Part};

/// The longest that a store may take to say that it is there.
const PING: Duration = Duration::from_secs(2);

/// Answers Prometheus, probes and load balancers.
pub(super) struct Admin {
    accounts: Arc<dyn Accounts>,
    flow: Arc<dyn Flow>,
    health: Health,
    stop: watch::Receiver<bool>,
}

impl Admin {
    pub(super) fn new(
        accounts: Arc<dyn Accounts>,
        flow: Arc<dyn Flow>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        // Keys and listeners are there, or doorward would not have started.
        let health = Health::new([Part::Store, Part::Keys, Part::Listeners]);
        health.up(Part::Keys);
        health.up(Part::Listeners);
        Self { accounts, flow, health, stop }
    }

    async fn look(&self) {
        let accounts = tokio::time::timeout(PING, self.accounts.ping());
        let flow = tokio::time::timeout(PING, self.flow.ping());
        let (accounts, flow) = tokio::join!(accounts, flow);
        match trouble(accounts).or_else(|| trouble(flow)) {
            None => self.health.up(Part::Store),
            Some(reason) => self.health.down(Part::Store, reason),
        }
        if *self.stop.borrow() {
            self.health.down(Part::Listeners, "doorward is stopping");
        }
    }
}

fn trouble(
    answer: Result<Result<(), StoreError>, tokio::time::error::Elapsed>,
) -> Option<&'static str> {
    match answer {
        Ok(Ok(())) => None,
        Ok(Err(error)) => {
            tracing::warn!(%error, "a store does not answer");
            Some("it failed; the log says how")
        }
        Err(_) => Some("it did not answer in time"),
    }
}

#[async_trait]
impl Answer for Admin {
    async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let path = request.uri().path();
        if path == "/readyz" {
            self.look().await;
        }
        admin::answer(request.method(), path, &self.health).map(Bytes::from)
    }
}
