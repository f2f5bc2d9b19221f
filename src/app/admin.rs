//! The admin listener: what it answers is telemetry's, what it knows of the stores is asked here.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use tokio::sync::watch;

use crate::proxy::Answer;
use crate::store::{Accounts, Flow, StoreError, StoreUpkeep};
use crate::telemetry::admin;
use crate::telemetry::health::Health;

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
        Self { accounts, flow, health: Health::default(), stop }
    }

    async fn look(&self) {
        let accounts = tokio::time::timeout(PING, self.accounts.ping());
        let flow = tokio::time::timeout(PING, self.flow.ping());
        let (accounts, flow) = tokio::join!(accounts, flow);
        for (part, answer) in [("accounts", accounts), ("state", flow)] {
            match state(answer) {
                None => self.health.up(part),
                Some(reason) => self.health.down(part, reason),
            }
        }
        if *self.stop.borrow() {
            self.health.down("server", "it is stopping");
        }
    }
}

fn state(answer: Result<Result<(), StoreError>, tokio::time::error::Elapsed>) -> Option<&'static str> {
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
