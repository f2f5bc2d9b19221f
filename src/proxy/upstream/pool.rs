//! The endpoints of one site, and what is known of them.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::endpoint::{Busy, Endpoint, Upstream};
use super::health::Change;
use super::{UpstreamSettings, balance, check, names};
use crate::telemetry::metrics::{UpstreamFailure, metrics};

/// The apps of one site. Names are followed and apps are checked from `start` until `stop`, or until it is dropped.
#[derive(Debug)]
pub struct UpstreamPool {
    inner: Arc<Pool>,
    tasks: Mutex<Vec<AbortHandle>>,
}

/// What a pool shares with its tasks.
#[derive(Debug)]
pub(super) struct Pool {
    site: String,
    pub(super) settings: UpstreamSettings,
    pub(super) upstreams: Vec<Arc<Upstream>>,
    endpoints: ArcSwap<Vec<Arc<Endpoint>>>,
    /// The addresses of each upstream; whoever changes them changes the endpoints with them.
    found: Mutex<Vec<Vec<SocketAddr>>>,
    /// How many names have not been looked up yet.
    unknown: watch::Sender<usize>,
    turn: AtomicUsize,
    /// Whether requests go to endpoints that are out, for all are.
    all_out: AtomicBool,
}

impl UpstreamPool {
    /// A pool of the site at `site` over these apps.
    pub fn new(site: &str, mut settings: UpstreamSettings) -> Self {
        let upstreams: Vec<Arc<Upstream>> = std::mem::take(&mut settings.addresses)
            .into_iter()
            .map(|address| Arc::new(Upstream::new(address)))
            .collect();
        let found: Vec<Vec<SocketAddr>> =
            upstreams.iter().map(|upstream| upstream.fixed().into_iter().collect()).collect();
        let unknown = found.iter().filter(|addresses| addresses.is_empty()).count();
        let pool = Pool {
            site: site.to_owned(),
            settings,
            endpoints: ArcSwap::default(),
            found: Mutex::new(found),
            upstreams,
            unknown: watch::Sender::new(unknown),
            turn: AtomicUsize::new(0),
            all_out: AtomicBool::new(false),
        };
        pool.change(|_| true);
        Self { inner: Arc::new(pool), tasks: Mutex::default() }
    }

    /// How its apps are reached.
    pub(in crate::proxy) fn settings(&self) -> &UpstreamSettings {
        &self.inner.settings
    }

    /// Whether there is no app: proxies ask about the site, and pass requests on themselves.
    pub(in crate::proxy) fn is_empty(&self) -> bool {
        self.inner.upstreams.is_empty()
    }

    /// Begins to follow names and to check apps, with what `before` has found out where it was a pool of the same
    /// apps; that one is stopped. Outside a runtime nothing is followed.
    pub(in crate::proxy) fn start(&self, before: Option<&Self>) {
        if let Some(before) = before {
            before.stop();
            self.inner.inherit(&before.inner);
        }
        self.inner.publish();
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        for (place, upstream) in self.inner.upstreams.iter().enumerate() {
            if upstream.fixed().is_none() {
                let following = names::follow(Arc::clone(&self.inner), place);
                tasks.push(runtime.spawn(following).abort_handle());
            }
        }
        if let Some(check) = &self.inner.settings.check {
            let checking = check::keep_checking(Arc::clone(&self.inner), check.clone());
            tasks.push(runtime.spawn(checking).abort_handle());
        }
    }

    /// Ends its tasks and takes its apps out of the metrics. Requests that still have it go on.
    pub(in crate::proxy) fn stop(&self) {
        self.end_tasks();
        for upstream in &self.inner.upstreams {
            metrics().forget_upstream(&self.inner.site, &upstream.label);
        }
    }

    fn end_tasks(&self) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.drain(..).for_each(|task| task.abort());
    }

    /// The endpoint for the next request of whoever `key` tells apart, none of those in `tried`. Waits for the first
    /// address where no name has been looked up yet.
    pub(super) async fn choose(
        &self,
        key: impl FnOnce() -> u64,
        tried: &[Arc<Endpoint>],
    ) -> Option<Busy> {
        let pool = &*self.inner;
        if pool.endpoints.load().is_empty() {
            pool.wait_for_address().await;
        }
        let endpoints = pool.endpoints.load();
        let turn = match pool.counts_turns(endpoints.len()) {
            true => pool.turn.fetch_add(1, Ordering::Relaxed),
            false => 0,
        };
        let chosen = balance::choose(pool.settings.balance, &endpoints, turn, key, tried)?;
        if let Some(all_out) = chosen.all_out
            && all_out != pool.all_out.load(Ordering::Relaxed)
        {
            pool.tell_all_out(all_out);
        }
        Some(Busy::with(Arc::clone(chosen.endpoint)))
    }

    /// Whether there is an endpoint that is none of these.
    pub(super) fn has_other_than(&self, tried: &[Arc<Endpoint>]) -> bool {
        let endpoints = self.inner.endpoints.load();
        endpoints.iter().any(|one| !tried.iter().any(|tried| Arc::ptr_eq(tried, one)))
    }

    /// A request failed at `endpoint` before there was an answer.
    pub(super) fn failed(&self, endpoint: &Endpoint, why: UpstreamFailure) {
        let change = endpoint.health.failed(&self.inner.settings.ejection);
        self.inner.note(endpoint, change, why);
    }

    /// A request was answered by `endpoint`.
    pub(super) fn answered(&self, endpoint: &Endpoint) {
        match endpoint.health.answered() {
            Change::None => {}
            change => self.inner.tell(endpoint, change, "it answered a request"),
        }
    }

    /// A request is sent once more.
    pub(super) fn repeats(&self) {
        metrics().upstream_retried(&self.inner.site);
    }
}

impl Drop for UpstreamPool {
    fn drop(&mut self) {
        self.end_tasks();
    }
}

impl Pool {
    pub(super) fn endpoints(&self) -> Arc<Vec<Arc<Endpoint>>> {
        self.endpoints.load_full()
    }

    /// A single endpoint is always the next one: requests need not count themselves on one shared number.
    const fn counts_turns(&self, endpoints: usize) -> bool {
        endpoints > 1
    }

    async fn wait_for_address(&self) {
        let limit = self.settings.timeouts.connect;
        let mut unknown = self.unknown.subscribe();
        let known = unknown.wait_for(|left| *left == 0 || !self.endpoints.load().is_empty());
        // Whichever way it ends, the endpoints are looked at again.
        let _ = tokio::time::timeout(limit, known).await;
    }

    /// A name was looked up: its addresses are these from now on. One that leads nowhere keeps those that it had.
    /// Gives whether it has any.
    pub(super) fn looked_up(&self, place: usize, mut addresses: Vec<SocketAddr>) -> bool {
        addresses.sort_unstable();
        addresses.dedup();
        addresses.truncate(MOST_ADDRESSES);
        let mut has_any = false;
        let changed = self.change(|found| match found.get_mut(place) {
            Some(known) => {
                let news = !addresses.is_empty() && *known != addresses;
                if news {
                    *known = std::mem::take(&mut addresses);
                }
                has_any = !known.is_empty();
                news
            }
            None => false,
        });
        if changed {
            self.publish();
        }
        has_any
    }

    /// A name was looked up for the first time, whatever came of it.
    pub(super) fn knows_one_more(&self) {
        self.unknown.send_modify(|left| *left = left.saturating_sub(1));
    }

    /// Changes the addresses, and makes the endpoints anew where that says true. Those that stay keep what is known of
    /// them.
    fn change(&self, how: impl FnOnce(&mut Vec<Vec<SocketAddr>>) -> bool) -> bool {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if !how(&mut found) {
            return false;
        }
        let before = self.endpoints.load_full();
        let mut endpoints = Vec::new();
        for (upstream, addresses) in self.upstreams.iter().zip(found.iter()) {
            for address in addresses {
                let same = |one: &&Arc<Endpoint>| {
                    Arc::ptr_eq(&one.upstream, upstream) && one.address == *address
                };
                let endpoint = match before.iter().find(same) {
                    Some(kept) => Arc::clone(kept),
                    None => Arc::new(Endpoint::new(upstream, *address, &self.settings)),
                };
                endpoints.push(endpoint);
            }
        }
        self.endpoints.store(Arc::new(endpoints));
        true
    }

    /// Takes over what was known before a reload: the addresses of names, and the health of endpoints.
    fn inherit(&self, before: &Self) {
        let known = before.found.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.change(|found| {
            for (upstream, addresses) in self.upstreams.iter().zip(found.iter_mut()) {
                let same = |(one, _): &(&Arc<Upstream>, _)| one.label == upstream.label;
                if let Some((_, known)) = before.upstreams.iter().zip(&known).find(same) {
                    addresses.clone_from(known);
                }
            }
            true
        });
        let (endpoints, old) = (self.endpoints.load(), before.endpoints.load());
        for endpoint in endpoints.iter() {
            let same = |one: &&Arc<Endpoint>| {
                one.upstream.label == endpoint.upstream.label && one.address == endpoint.address
            };
            if let Some(one) = old.iter().find(same) {
                endpoint.health.inherit(&one.health, self.settings.check.is_some());
            }
        }
    }

    /// Counts a failure, and tells what became of the endpoint by it.
    pub(super) fn note(&self, endpoint: &Endpoint, change: Change, why: UpstreamFailure) {
        metrics().upstream_failed(&self.site, &endpoint.upstream.label, why);
        self.tell(endpoint, change, why.as_str());
    }

    /// Tells what became of an endpoint.
    pub(super) fn tell(&self, endpoint: &Endpoint, change: Change, why: &str) {
        let (site, app) = (self.site.as_str(), endpoint.upstream.label.as_str());
        let address = endpoint.address;
        match change {
            Change::None => return,
            Change::Out(time) => tracing::warn!(
                site, upstream = app, %address, why, out.seconds = seconds(time),
                "an app is left out after failures in a row"
            ),
            Change::StillOut(time) => tracing::debug!(
                site, upstream = app, %address, why, out.seconds = seconds(time),
                "an app was tried again in vain"
            ),
            Change::OutUntilChecked => tracing::warn!(
                site, upstream = app, %address, why,
                "an app is left out until its checks succeed"
            ),
            Change::Back => tracing::info!(site, upstream = app, %address, why, "an app is back"),
        }
        self.publish();
    }

    fn tell_all_out(&self, all_out: bool) {
        if self.all_out.swap(all_out, Ordering::Relaxed) == all_out {
            return;
        }
        let site = self.site.as_str();
        match all_out {
            true => {
                tracing::error!(site, "every app of a site is out; requests go to the least bad")
            }
            false => tracing::info!(site, "an app of the site is back in"),
        }
    }

    /// Writes to the metrics how many addresses of each app are well.
    fn publish(&self) {
        let endpoints = self.endpoints.load();
        for upstream in &self.upstreams {
            let up = endpoints
                .iter()
                .filter(|one| Arc::ptr_eq(&one.upstream, upstream) && one.health.is_up())
                .count();
            metrics().set_upstream_up(&self.site, &upstream.label, up);
        }
    }
}

/// More addresses of one name than anybody runs.
const MOST_ADDRESSES: usize = 64;

fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}

#[cfg(test)]
mod tests;
