//! What goes on beside the requests: purging, watching, counting.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::auth::{Auth, Hearing};
use crate::domain::assertion::AssertionAlgorithm;
use crate::domain::entropy::{OsEntropy, jittered};
use crate::domain::mail::Message;
use crate::domain::sms::Sms;
use crate::domain::time::SharedClock;
use crate::identity::live::LiveRing;
use crate::identity::ring::Ring;
use crate::notify::observer::{DropReason, MailObserver};
use crate::store::{Changed, Flow, StoreError, StoreUpkeep};
use crate::telemetry::metrics::{CodeEvent, MailResult, metrics};

use super::Core;
use super::keys_file::{KeysError, KeysFile};

/// How often expired rows go (R9).
const PURGE_EVERY: Duration = Duration::from_secs(60);
/// The most rows of a kind that go at once, so that no purge holds up a sign-in.
const PURGE_BATCH: u32 = 1000;
/// How often the gauges are read.
const COUNT_EVERY: Duration = Duration::from_secs(5);
/// The wait after a store has failed.
const AFTER_FAILURE: Duration = Duration::from_millis(500);

/// How often the key file is looked at.
pub(super) const KEYS_EVERY: Duration = Duration::from_secs(1);

/// Starts all of it; each task ends when `stop` says true, or `ended` for what requests under way depend on: a session
/// that is revoked while they finish is refused all the same (S35).
pub(super) fn spawn(
    tasks: &mut JoinSet<()>,
    core: &Core,
    algorithm: AssertionAlgorithm,
    (stop, ended): (&watch::Receiver<bool>, &watch::Receiver<bool>),
) {
    let keys = follow_keys(core.keys_file.clone(), algorithm, Arc::clone(&core.ring));
    tasks.spawn(until(ended.clone(), keys));
    for store in &core.upkept {
        let purging = purge(Arc::clone(store), Arc::clone(&core.clock));
        tasks.spawn(until(stop.clone(), purging));
        let watching = watch(Arc::clone(store), core.auth.hearing(), Arc::clone(&core.clock));
        tasks.spawn(until(ended.clone(), watching));
    }
    let (flow, clock) = (Arc::clone(&core.flow), Arc::clone(&core.clock));
    tasks.spawn(until(stop.clone(), count(flow, clock)));
    let (auth, clock) = (Arc::clone(&core.auth), Arc::clone(&core.clock));
    tasks.spawn(until(ended.clone(), async move { auth.end_streams(&clock).await }));
    let (auth, clock) = (Arc::clone(&core.auth), Arc::clone(&core.clock));
    tasks.spawn(until(ended.clone(), async move { auth.read_again(&clock).await }));
    tasks.spawn(write_uses(Arc::clone(&core.auth), Arc::clone(&core.clock), ended.clone()));
}

pub(super) async fn until(mut stop: watch::Receiver<bool>, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

/// Writes the uses of sessions, and at the end those that wait.
async fn write_uses(auth: Arc<Auth>, clock: SharedClock, ended: watch::Receiver<bool>) {
    until(ended, auth.write_uses(&clock)).await;
    auth.write_last_uses().await;
}

async fn purge(store: Arc<dyn StoreUpkeep>, clock: SharedClock) {
    let mut ticks = tokio::time::interval(PURGE_EVERY);
    loop {
        ticks.tick().await;
        // A full batch says that there may be more.
        while match store.purge(clock.now(), PURGE_BATCH).await {
            Ok(gone) => gone >= u64::from(PURGE_BATCH),
            Err(error) => report("expired rows were not purged", &error),
        } {
            tokio::task::yield_now().await;
        }
    }
}

async fn count(flow: Arc<dyn Flow>, clock: SharedClock) {
    let mut ticks = tokio::time::interval(COUNT_EVERY);
    loop {
        ticks.tick().await;
        match (flow.count_sessions(clock.now()).await, flow.count_mails().await) {
            (Ok(sessions), Ok(mails)) => {
                metrics().set_sessions(sessions);
                metrics().set_mail_queue(mails);
            }
            (Err(error), _) | (_, Err(error)) => {
                report("sessions and mails were not counted", &error);
            }
        }
    }
}

/// Has the cache hear when the command line, or another process, has changed a store: what was revoked there is refused
/// here from then on (S35).
async fn watch(store: Arc<dyn StoreUpkeep>, hearing: Hearing, clock: SharedClock) {
    loop {
        match store.changed_elsewhere().await {
            Ok(Changed::Anything) => hearing.of_a_change(),
            Ok(Changed::Sessions(sessions)) => hearing.of_sessions(&sessions),
            Err(error) => {
                if hearing.of_nothing(clock.now()) {
                    report("changes by others are not heard", &error);
                }
                tokio::time::sleep(jittered(AFTER_FAILURE, &OsEntropy)).await;
            }
        }
    }
}

/// Takes in what `doorward keys rotate` has written, here or on another node that shares the file. A file that cannot
/// be used is told of once, and the keys of before go on.
async fn follow_keys(file: KeysFile, algorithm: AssertionAlgorithm, live: Arc<LiveRing>) {
    let mut ticks = tokio::time::interval(KEYS_EVERY);
    let mut seen = None;
    loop {
        ticks.tick().await;
        let (file, before) = (file.clone(), seen);
        let looked = tokio::task::spawn_blocking(move || changed_keys(&file, algorithm, before));
        let Ok((stamp, changed)) = looked.await else { continue };
        seen = stamp;
        match changed {
            None => {}
            Some(Ok(ring)) => live.set(ring),
            Some(Err(error)) => {
                tracing::error!(%error, "the key file has changed and is of no use; the keys of before go on");
            }
        }
    }
}

type LookedAt = Option<super::keys_file::Stamp>;

/// What the file looks like, and the ring in it if that is not as it was `before`.
fn changed_keys(
    file: &KeysFile,
    algorithm: AssertionAlgorithm,
    before: Option<LookedAt>,
) -> (Option<LookedAt>, Option<Result<Ring, KeysError>>) {
    let stamp = file.stamp();
    if before == Some(stamp) {
        return (before, None);
    }
    let read = file.read().and_then(|ring| ring.with_key_for(algorithm).map_err(Into::into));
    (Some(stamp), Some(read))
}

fn report(what: &str, error: &StoreError) -> bool {
    tracing::warn!(%error, "{what}");
    false
}

/// Counts what becomes of mails and text messages.
pub(super) struct MailMetrics;

impl MailObserver for MailMetrics {
    fn delivered(&self, kind: &str, after: Duration) {
        count_delivery(kind, MailResult::Delivered);
        if !Sms::is_kind(kind) {
            metrics().mail_delivered_after(after);
        }
        if let Some(purpose) = Message::purpose_of(kind) {
            metrics().code(purpose, CodeEvent::Sent);
        }
    }

    fn retried(&self, kind: &str) {
        count_delivery(kind, MailResult::Deferred);
    }

    fn dropped(&self, kind: &str, reason: DropReason) {
        let result = match reason {
            DropReason::Expired => MailResult::Expired,
            DropReason::Refused => MailResult::Rejected,
            DropReason::Sealed | DropReason::Unwritable => MailResult::Broken,
        };
        count_delivery(kind, result);
    }
}

fn count_delivery(kind: &str, result: MailResult) {
    if Sms::is_kind(kind) {
        metrics().sms(result);
    } else {
        metrics().mail(result);
    }
}
