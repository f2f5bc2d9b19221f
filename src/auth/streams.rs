//! Answers that go on for long: WebSockets, event streams, large downloads. They end with the session by which they were
//! opened, however that ends (S34, S35, S38, S39, R42), and when what is allowed has changed so that they would not begin.
//!
//! A request that is answered at once has nothing to do with this. What goes on is kept here under its session, and each
//! session here is looked at once a second, and whenever the cache of sessions has dropped one. A look is no use of the
//! session: what is open does not keep it from going idle.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;

use crate::domain::host::HostName;
use crate::domain::secret::SessionTokenHash;
use crate::domain::time::{SharedClock, Timestamp};
use crate::store::StoreError;

use super::Auth;
use super::sessions::SignedIn;

/// How often sessions with something open are looked at, for those that end by themselves.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The least time between two looks, so that a flood of sign-outs does not keep a core busy.
const AT_MOST_EVERY: Duration = Duration::from_millis(100);

impl Auth {
    /// Has an answer end with this session, if there is one, and once `may` says that it would not begin any more. It is
    /// kept until the guard is dropped.
    pub fn open_stream(&self, signed_in: Option<&SignedIn>, may: May) -> LiveStream {
        let streams = self.cache.streams();
        let Some(signed_in) = signed_in else { return streams.open_for_anybody(may) };
        let stream = streams.open(signed_in.token, &signed_in.session.host, may);
        // It may have ended since the request was let in.
        if !self.cache.holds(&signed_in.token) {
            streams.look_again();
        }
        stream
    }

    /// Whether a session goes on. To ask is no use of it.
    pub async fn stands(
        &self,
        token: &SessionTokenHash,
        host: &HostName,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.standing(token, host, now).await?.is_some())
    }

    /// A session that goes on.
    async fn standing(
        &self,
        token: &SessionTokenHash,
        host: &HostName,
        now: Timestamp,
    ) -> Result<Option<Arc<SignedIn>>, StoreError> {
        match self.known(token, host, now).await? {
            Some(signed_in) if !signed_in.has_expired(now) => Ok(Some(signed_in)),
            Some(_) => self.load(token, host, now).await,
            None => Ok(None),
        }
    }

    /// Ends streams whose sessions have ended. Goes on for ever.
    pub async fn end_streams(&self, clock: &SharedClock) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.cache.streams().changed.notified() => {}
            }
            self.look_at_streams(clock.now()).await;
            tokio::time::sleep(AT_MOST_EVERY).await;
        }
    }

    async fn look_at_streams(&self, now: Timestamp) {
        let streams = self.cache.streams();
        streams.judge_anybodys();
        for (token, host) in streams.sessions() {
            match self.standing(&token, &host, now).await {
                Ok(Some(signed_in)) => streams.judge(&token, &signed_in),
                Ok(None) => streams.end(&token),
                Err(error) => {
                    // They go on for as long as sessions do while no store says whether those have ended (S57).
                    if streams.unsure_for(&token, now) > self.settings.outage_grace {
                        tracing::warn!(%error, "a store is away for too long; what was open is closed");
                        streams.end(&token);
                    }
                }
            }
        }
    }
}

const SHARDS: usize = 16;

/// Whether an answer would still begin, for who is signed in now with its session, or for nobody.
pub type May = Box<dyn Fn(Option<&SignedIn>) -> bool + Send + Sync>;

/// What is open, by its session.
#[derive(Default)]
pub(super) struct LiveStreams {
    shards: [Mutex<HashMap<SessionTokenHash, Open>>; SHARDS],
    /// What is open without a session, by the address of its cut: there may be many, and most are over soon.
    anybodys: Mutex<HashMap<usize, Opened>>,
    changed: Notify,
}

struct Open {
    host: HostName,
    streams: Vec<Opened>,
    unsure_since: Option<Timestamp>,
}

struct Opened {
    cut: Arc<Cut>,
    may: May,
}

impl Opened {
    /// Cuts it off if it would not begin any more.
    fn stays(&self, signed_in: Option<&SignedIn>) -> bool {
        let stays = (self.may)(signed_in);
        if !stays {
            self.cut.now();
        }
        stays
    }
}

impl LiveStreams {
    /// Some session may have ended.
    pub(super) fn look_again(&self) {
        self.changed.notify_one();
    }

    fn open(self: &Arc<Self>, token: SessionTokenHash, host: &HostName, may: May) -> LiveStream {
        let cut = Arc::new(Cut::default());
        self.shard(&token)
            .entry(token)
            .or_insert_with(|| Open { host: host.clone(), streams: Vec::new(), unsure_since: None })
            .streams
            .push(Opened { cut: Arc::clone(&cut), may });
        LiveStream { all: Arc::clone(self), token: Some(token), cut }
    }

    fn open_for_anybody(self: &Arc<Self>, may: May) -> LiveStream {
        let cut = Arc::new(Cut::default());
        self.anybodys().insert(place(&cut), Opened { cut: Arc::clone(&cut), may });
        LiveStream { all: Arc::clone(self), token: None, cut }
    }

    fn sessions(&self) -> Vec<(SessionTokenHash, HostName)> {
        let mut sessions = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            sessions.extend(shard.iter().map(|(token, open)| (*token, open.host.clone())));
        }
        sessions
    }

    /// The session goes on, with this said of it now.
    fn judge(&self, token: &SessionTokenHash, signed_in: &SignedIn) {
        if let Some(open) = self.shard(token).get_mut(token) {
            open.unsure_since = None;
            open.streams.retain(|opened| opened.stays(Some(signed_in)));
        }
    }

    fn judge_anybodys(&self) {
        self.anybodys().retain(|_, opened| opened.stays(None));
    }

    fn unsure_for(&self, token: &SessionTokenHash, now: Timestamp) -> Duration {
        let mut shard = self.shard(token);
        let Some(open) = shard.get_mut(token) else { return Duration::ZERO };
        now.since(*open.unsure_since.get_or_insert(now))
    }

    fn end(&self, token: &SessionTokenHash) {
        let open = self.shard(token).remove(token);
        for opened in open.iter().flat_map(|open| &open.streams) {
            opened.cut.now();
        }
    }

    fn close(&self, token: Option<&SessionTokenHash>, cut: &Arc<Cut>) {
        let Some(token) = token else { return drop(self.anybodys().remove(&place(cut))) };
        if let Entry::Occupied(mut open) = self.shard(token).entry(*token) {
            open.get_mut().streams.retain(|other| !Arc::ptr_eq(&other.cut, cut));
            if open.get().streams.is_empty() {
                open.remove();
            }
        }
    }

    fn anybodys(&self) -> MutexGuard<'_, HashMap<usize, Opened>> {
        self.anybodys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing is left half done under these locks, whatever panics.
    fn shard(&self, token: &SessionTokenHash) -> MutexGuard<'_, HashMap<SessionTokenHash, Open>> {
        let [first, ..] = &self.shards;
        let number = token.as_bytes().first().copied().map_or(0, usize::from) % SHARDS;
        let shard = self.shards.get(number).unwrap_or(first);
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where it is; nothing else is there as long as it is kept.
fn place(cut: &Arc<Cut>) -> usize {
    Arc::as_ptr(cut).addr()
}

/// Stands for one answer that goes on.
pub struct LiveStream {
    all: Arc<LiveStreams>,
    token: Option<SessionTokenHash>,
    cut: Arc<Cut>,
}

impl LiveStream {
    /// What tells that it has to end.
    pub fn cut(&self) -> Arc<Cut> {
        Arc::clone(&self.cut)
    }
}

impl Drop for LiveStream {
    fn drop(&mut self) {
        self.all.close(self.token.as_ref(), &self.cut);
    }
}

/// Whether an answer has to end now. One task waits for it.
#[derive(Debug, Default)]
pub struct Cut {
    is_cut: AtomicBool,
    waiting: Mutex<Option<Waker>>,
}

impl Cut {
    /// Ready once the session has ended.
    pub fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if self.has_come() {
            return Poll::Ready(());
        }
        match &mut *waiting {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// Whether the session has ended.
    pub fn has_come(&self) -> bool {
        self.is_cut.load(Ordering::Acquire)
    }

    fn now(&self) {
        self.is_cut.store(true, Ordering::Release);
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waiting {
            waker.wake();
        }
    }
}
