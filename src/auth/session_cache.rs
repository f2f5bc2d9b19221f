//! The sessions that this process has read, and whether they are still so.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::client::{Client, UserAgents};
use crate::domain::host::HostName;
use crate::domain::id::{AccountId, FamilyId, SessionId};
use crate::domain::secret::SessionTokenHash;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;

use super::read_again::Noted;
use super::sessions::SignedIn;
use super::streams::LiveStreams;

mod entries;

use entries::{Entries, Entry};

/// Sessions that this process has read. Exact as far as this process goes, because whoever changes one drops it here too; what
/// others change is told by the stores, session by session or all at once, and nothing is relied on while that is not heard.
pub(super) struct SessionCache {
    entries: Entries,
    /// How long an entry is relied on at the most, where others may change it.
    trusted_for: Option<Duration>,
    /// Counts the removals of one session, by the first byte of its hash.
    removals: [AtomicU64; 256],
    /// Counts what may have changed any of them.
    changes: AtomicU64,
    noted: Noted,
    agents: UserAgents,
    streams: Arc<LiveStreams>,
    doubts: Doubts,
}

/// A session that is here.
pub(super) struct Cached {
    pub(super) signed_in: Arc<SignedIn>,
    /// Whether it can be relied on without asking the stores.
    pub(super) is_sure: bool,
    /// Whether it cannot for its age alone: what others change is heard, and nothing was heard of.
    pub(super) is_only_old: bool,
    /// Whether it may go on should they not answer: nothing is known to have changed it.
    pub(super) is_unchanged: bool,
    /// What had been removed when it was looked up.
    pub(super) counts: Counts,
}

/// A session that is here and is to be read again.
pub(super) struct Due {
    pub(super) hash: SessionTokenHash,
    pub(super) signed_in: Arc<SignedIn>,
    pub(super) read_at: ReadAt,
}

/// What had been removed by some instant.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    removals: u64,
    changes: u64,
}

/// When the stores were asked, and what had been removed by then.
#[derive(Clone, Copy)]
pub(super) struct ReadAt {
    counts: Counts,
    asked: Instant,
}

impl ReadAt {
    /// Now, for what was looked up when that had been removed.
    pub(super) fn now(counts: Counts) -> Self {
        Self { counts, asked: Instant::now() }
    }

    /// The same, so much earlier.
    #[cfg(test)]
    pub(super) fn earlier(self, span: Duration) -> Self {
        let asked = self.asked.checked_sub(span).unwrap();
        Self { asked, ..self }
    }
}

impl Entry {
    /// Whether nothing is known to have changed it.
    fn is_unchanged(&self, counts: Counts) -> bool {
        !self.is_changed && self.counts.changes == counts.changes
    }
}

impl SessionCache {
    pub(super) fn new(trusted_for: Option<Duration>) -> Self {
        Self {
            entries: Entries::new(),
            trusted_for,
            removals: std::array::from_fn(|_| AtomicU64::new(0)),
            changes: AtomicU64::new(0),
            noted: Noted::default(),
            agents: UserAgents::default(),
            streams: Arc::default(),
            doubts: Doubts::default(),
        }
    }

    pub(super) fn get(&self, hash: &SessionTokenHash, grace: Duration) -> Option<Cached> {
        // Before the entry: what is removed from here on is not put back.
        let counts = self.counts(hash);
        self.entries.used(hash, |entry| self.cached(hash, entry, counts, grace))
    }

    fn cached(
        &self,
        hash: &SessionTokenHash,
        entry: &mut Entry,
        counts: Counts,
        grace: Duration,
    ) -> Cached {
        let is_unchanged = entry.is_unchanged(counts);
        let is_heard = is_unchanged && !self.is_in_doubt();
        let signed_in = Arc::clone(&entry.signed_in);
        let Some(span) = self.trusted_for else {
            return Cached {
                signed_in,
                is_sure: is_heard,
                is_only_old: false,
                is_unchanged,
                counts,
            };
        };
        let age = entry.asked.elapsed();
        // Noted once. One for which there is no room is asked about once it is too old.
        if is_heard && age >= span * 7 / 10 && age < span && !entry.is_noted {
            entry.is_noted = self.noted.note(*hash);
        }
        Cached {
            signed_in,
            is_sure: is_heard && age < span,
            is_only_old: is_heard && age >= span,
            is_unchanged: is_unchanged && age < span + grace,
            counts,
        }
    }

    /// A session at `host` as it is kept here: the texts that many have are there once.
    pub(super) fn compact(&self, session: Session, host: &HostName) -> Session {
        let client =
            Client { user_agent: self.agents.shared(session.client.user_agent), ..session.client };
        Session { host: host.clone(), client, ..session }
    }

    /// The sessions that are to be read again.
    pub(super) const fn noted(&self) -> &Noted {
        &self.noted
    }

    /// Of these sessions those that are here, noted, and as they were when they were read, as far as is heard.
    pub(super) fn due(&self, hashes: &[SessionTokenHash]) -> Vec<Due> {
        let due = |hash: &SessionTokenHash| {
            let read_at = self.read_at(hash);
            let signed_in = self.entries.look(hash, |entry| {
                let is_due = entry.is_noted && entry.is_unchanged(read_at.counts);
                is_due.then(|| Arc::clone(&entry.signed_in))
            });
            let signed_in = signed_in.flatten().filter(|_| !self.is_in_doubt())?;
            Some(Due { hash: *hash, signed_in, read_at })
        };
        hashes.iter().filter_map(due).collect()
    }

    /// To be asked for before the stores are: what is removed in between is not kept.
    pub(super) fn read_at(&self, hash: &SessionTokenHash) -> ReadAt {
        ReadAt::now(self.counts(hash))
    }

    fn counts(&self, hash: &SessionTokenHash) -> Counts {
        Counts {
            removals: self.removals_of(hash).load(Ordering::SeqCst),
            changes: self.changes.load(Ordering::SeqCst),
        }
    }

    pub(super) fn insert(
        &self,
        hash: SessionTokenHash,
        signed_in: &Arc<SignedIn>,
        read_at: ReadAt,
    ) {
        let ReadAt { counts, asked } = read_at;
        let entry = Entry::new(Arc::clone(signed_in), asked, counts);
        // Who removes counts first, and then waits for what is put in here.
        self.entries.insert(&hash, entry, || self.counts(&hash) == counts);
    }

    /// Has the stores asked about a session before it is relied on. Says whether it is here.
    pub(super) fn doubt(&self, hash: &SessionTokenHash) -> bool {
        self.entries.look(hash, |entry| entry.is_changed = true).is_some()
    }

    /// How long ago the stores were asked about a session that is here.
    #[cfg(test)]
    pub(super) fn age_of(&self, hash: &SessionTokenHash) -> Option<Duration> {
        self.entries.look(hash, |entry| entry.asked.elapsed())
    }

    /// Whether a session is here.
    pub(super) fn holds(&self, hash: &SessionTokenHash) -> bool {
        self.entries.look(hash, |_| ()).is_some()
    }

    /// What is open, by its session.
    pub(super) const fn streams(&self) -> &Arc<LiveStreams> {
        &self.streams
    }

    pub(super) fn remove(&self, hash: &SessionTokenHash) {
        self.removals_of(hash).fetch_add(1, Ordering::SeqCst);
        self.entries.remove(hash);
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
        // Those that are being read and are not here yet count as well, and nobody knows which they are.
        for removals in &self.removals {
            removals.fetch_add(1, Ordering::SeqCst);
        }
        self.entries.remove_where(unwanted);
        self.streams.look_again();
    }

    pub(super) fn clear(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.entries.remove_where(|_| true);
        self.streams.look_again();
    }

    fn removals_of(&self, hash: &SessionTokenHash) -> &AtomicU64 {
        let [first, ..] = hash.as_bytes();
        self.removals.get(usize::from(*first)).unwrap_or(&self.changes)
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
    /// Others have changed something, or may have: the stores are asked about every session before it is relied on (S35).
    pub fn of_a_change(&self) {
        self.cache.changes.fetch_add(1, Ordering::SeqCst);
        self.set(|_| None);
        self.cache.streams.look_again();
    }

    /// Others have changed these sessions: the stores are asked about them.
    pub fn of_sessions(&self, sessions: &[SessionTokenHash]) {
        let mut known = false;
        for hash in sessions {
            self.cache.removals_of(hash).fetch_add(1, Ordering::SeqCst);
            known |= self.cache.doubt(hash);
        }
        if known {
            self.cache.streams.look_again();
        }
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
