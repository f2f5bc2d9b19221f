//! The admin listener: what it answers is telemetry's, what it knows of the stores is asked here.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use tokio::sync::watch;

use crate::domain::time::{SharedClock, Timestamp};
use crate::proxy::Answer;
use crate::store::{StoreError, StoreUpkeep};
use crate::telemetry::admin;
use crate::telemetry::health::{Health, Part};

/// The longest that a store may take to say that it is there.
const PING: Duration = Duration::from_secs(2);

/// A store that is asked whether it is there.
pub(super) struct Asked {
    part: Part,
    store: Arc<dyn StoreUpkeep>,
    /// How long requests are still sent here while it is away: who is signed in goes on, and no other node is better off.
    grace: Duration,
    away_since: Mutex<Option<Timestamp>>,
}

impl Asked {
    /// One on another machine is let be away for `grace`.
    pub(super) fn new(part: Part, store: Arc<dyn StoreUpkeep>, grace: Duration) -> Self {
        Self { part, store, grace, away_since: Mutex::default() }
    }

    async fn look(&self, health: &Health, now: Timestamp) {
        let trouble = trouble(tokio::time::timeout(PING, self.store.ping()).await);
        let mut since = self.away_since.lock().unwrap_or_else(PoisonError::into_inner);
        match trouble {
            None => {
                *since = None;
                health.up(self.part);
            }
            Some(reason) if now.since(*since.get_or_insert(now)) < self.grace => {
                health.away(self.part, reason);
            }
            Some(reason) => health.down(self.part, reason),
        }
    }
}

/// Answers Prometheus, probes and load balancers.
pub(super) struct Admin {
    stores: [Asked; 2],
    clock: SharedClock,
    health: Health,
    stop: watch::Receiver<bool>,
}

impl Admin {
    pub(super) fn new(stores: [Asked; 2], clock: SharedClock, stop: watch::Receiver<bool>) -> Self {
        // Keys and listeners are there, or doorward would not have started.
        let parts = stores.iter().map(|asked| asked.part);
        let health = Health::new(parts.chain([Part::Keys, Part::Listeners]));
        health.up(Part::Keys);
        health.up(Part::Listeners);
        Self { stores, clock, health, stop }
    }

    async fn look(&self) {
        let now = self.clock.now();
        let [one, other] = &self.stores;
        tokio::join!(one.look(&self.health, now), other.look(&self.health, now));
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
