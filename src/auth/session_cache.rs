//! The sessions that this process has read, and whether they are still so.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moka::sync::Cache;

use crate::domain::id::{AccountId, FamilyId, SessionId};
use crate::domain::secret::SessionTokenHash;
use crate::domain::time::Timestamp;

use super::sessions::SignedIn;
use super::streams::LiveStreams;

/// Sessions that this process has read. Exact, because whoever changes one drops it here too; but in doubt while what others
/// change cannot be heard.
pub(super) struct SessionCache {
    entries: Cache<SessionTokenHash, Arc<SignedIn>>,
    generation: AtomicU64,
    streams: Arc<LiveStreams>,
    doubts: Doubts,
}

impl Default for SessionCache {
    fn default() -> Self {
        Self {
            entries: Cache::builder()
                .max_capacity(200_000)
                .time_to_idle(Duration::from_secs(15 * 60))
                .build(),
            generation: AtomicU64::new(0),
            streams: Arc::default(),
            doubts: Doubts::default(),
        }
    }
}

impl SessionCache {
    pub(super) fn get(&self, hash: &SessionTokenHash) -> Option<Arc<SignedIn>> {
        self.entries.get(hash)
    }

    /// Counts the removals: what was read from a store before one is not kept after it.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    pub(super) fn insert(&self, hash: SessionTokenHash, signed_in: &Arc<SignedIn>, read_in: u64) {
        if self.generation() != read_in {
            return;
        }
        self.entries.insert(hash, Arc::clone(signed_in));
        if self.generation() != read_in {
            self.entries.invalidate(&hash);
        }
    }

    /// Whether a session is here.
    pub(super) fn holds(&self, hash: &SessionTokenHash) -> bool {
        self.entries.contains_key(hash)
    }

    /// What is open, by its session.
    pub(super) const fn streams(&self) -> &Arc<LiveStreams> {
        &self.streams
    }

    pub(super) fn remove(&self, hash: &SessionTokenHash) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.entries.invalidate(hash);
    }

    pub(super) fn remove_replaced(&self, id: Option<SessionId>, family: Option<FamilyId>) {
        if id.is_none() && family.is_none() {
            return;
        }
        self.remove_where(|SignedIn { session, .. }| {
            Some(session.id) == id || Some(session.family) == family
        });
    }

    pub(super) fn remove_account(&self, account: AccountId) {
        self.remove_where(|signed_in| signed_in.session.account == account);
    }

    fn remove_where(&self, unwanted: impl Fn(&SignedIn) -> bool) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        for (hash, signed_in) in &self.entries {
            if unwanted(&signed_in) {
                self.entries.invalidate(&*hash);
            }
        }
        self.streams.look_again();
    }

    pub(super) fn clear(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.entries.invalidate_all();
        self.streams.look_again();
    }

    /// One more who hears of what others change.
    pub(super) fn hearing(self: &Arc<Self>) -> Hearing {
        let mut since = self.doubts.lock();
        since.push(None);
        Hearing { cache: Arc::clone(self), place: since.len().saturating_sub(1) }
    }

    /// Whether somebody may have ended a session that is here, unheard.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.doubts.earliest.load(Ordering::SeqCst) != NO_DOUBT
    }

    /// Whether the doubt is no older than `grace`.
    pub(super) fn may_go_on(&self, grace: Duration, now: Timestamp) -> bool {
        match self.doubts.earliest.load(Ordering::SeqCst) {
            NO_DOUBT => true,
            since => now.since(Timestamp::from_millis(since)) < grace,
        }
    }
}

const NO_DOUBT: i64 = i64::MAX;

/// Since when each who hears hears nothing.
struct Doubts {
    since: Mutex<Vec<Option<Timestamp>>>,
    earliest: AtomicI64,
}

impl Default for Doubts {
    fn default() -> Self {
        Self { since: Mutex::default(), earliest: AtomicI64::new(NO_DOUBT) }
    }
}

impl Doubts {
    fn lock(&self) -> MutexGuard<'_, Vec<Option<Timestamp>>> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hears what others change in one store, for the cache of sessions.
pub struct Hearing {
    cache: Arc<SessionCache>,
    place: usize,
}

impl Hearing {
    /// Others have changed something, or may have: everything is read anew (S35).
    pub fn of_a_change(&self) {
        self.set(|_| None);
        self.cache.clear();
    }

    /// From `now` on nothing is heard. Says whether that is new.
    pub fn of_nothing(&self, now: Timestamp) -> bool {
        let was = self.set(|since| since.or(Some(now)));
        // What goes on for long is looked at by the stores' word from now on.
        self.cache.streams.look_again();
        was.is_none()
    }

    /// Gives what was.
    fn set(
        &self,
        change: impl FnOnce(Option<Timestamp>) -> Option<Timestamp>,
    ) -> Option<Timestamp> {
        let mut all = self.cache.doubts.lock();
        let mut was = None;
        if let Some(since) = all.get_mut(self.place) {
            was = *since;
            *since = change(was);
        }
        let earliest = all.iter().flatten().min().map_or(NO_DOUBT, |since| since.as_millis());
        self.cache.doubts.earliest.store(earliest, Ordering::SeqCst);
        was
    }
}
