//! Sessions that this process has read.
//!
//! In one process the cache is exact: whoever changes a session drops it here too. What other processes change is told by the
//! stores; as long as they cannot tell, nothing here is trusted without asking, and nothing for longer than its time anyway.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use moka::sync::Cache;

use crate::domain::id::{AccountId, FamilyId, SessionId};
use crate::domain::secret::SessionTokenHash;

use super::sessions::SignedIn;
use super::streams::LiveStreams;

/// How long what was read may be relied on.
#[derive(Clone, Copy, Debug, Default)]
pub struct CacheRule {
    /// The longest time without asking the store again, where others may change it.
    pub trusted_for: Option<Duration>,
    /// How long after it was last asked a session goes on while the store does not answer; zero for not at all.
    pub outage_grace: Duration,
}

/// The cache.
pub(super) struct SessionCache {
    entries: Cache<SessionTokenHash, Entry>,
    rule: CacheRule,
    /// Counts the removals of one session, by a byte of its hash, and those of many at once.
    removals: [AtomicU64; 256],
    removals_of_many: AtomicU64,
    /// Counts what may have changed everything.
    trust: AtomicU64,
    /// How many stores do not see what others change.
    unseeing: AtomicUsize,
    streams: Arc<LiveStreams>,
}

#[derive(Clone)]
struct Entry {
    signed_in: Arc<SignedIn>,
    checked: Instant,
    trust: u64,
    /// Set once the store has said that it has changed.
    changed: Arc<AtomicBool>,
}

/// What is known of a session.
pub(super) enum Cached {
    /// It stands.
    Fresh(Arc<SignedIn>),
    /// It stood when it was last looked at, and the store is to be asked.
    Doubtful {
        /// What was read then.
        signed_in: Arc<SignedIn>,
        /// Whether it goes on should the store not answer.
        in_grace: bool,
    },
    /// Nothing.
    Unknown,
}

/// When something was read: what was removed since is not kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct ReadAt {
    of_one: u64,
    of_many: u64,
    trust: u64,
}

impl SessionCache {
    pub(super) fn new(rule: CacheRule) -> Self {
        Self {
            entries: Cache::builder()
                .max_capacity(200_000)
                .time_to_idle(Duration::from_secs(15 * 60))
                .build(),
            rule,
            removals: std::array::from_fn(|_| AtomicU64::new(0)),
            removals_of_many: AtomicU64::new(0),
            trust: AtomicU64::new(0),
            unseeing: AtomicUsize::new(0),
            streams: Arc::default(),
        }
    }

    pub(super) fn get(&self, hash: &SessionTokenHash) -> Cached {
        let Some(entry) = self.entries.get(hash) else { return Cached::Unknown };
        let changed = entry.changed.load(Ordering::SeqCst);
        let trusted = !changed
            && entry.trust == self.trust.load(Ordering::SeqCst)
            && self.unseeing.load(Ordering::SeqCst) == 0;
        // An embedded store needs no look at the clock.
        if trusted && self.rule.trusted_for.is_none_or(|span| entry.checked.elapsed() < span) {
            return Cached::Fresh(entry.signed_in);
        }
        let in_grace = !changed && entry.checked.elapsed() < self.rule.outage_grace;
        Cached::Doubtful { signed_in: entry.signed_in, in_grace }
    }

    /// To be asked for before the store is: what is removed in between is not kept.
    pub(super) fn read_at(&self, hash: &SessionTokenHash) -> ReadAt {
        ReadAt {
            of_one: self.removals_of(hash).load(Ordering::SeqCst),
            of_many: self.removals_of_many.load(Ordering::SeqCst),
            trust: self.trust.load(Ordering::SeqCst),
        }
    }

    pub(super) fn insert(&self, hash: SessionTokenHash, signed_in: &Arc<SignedIn>, read_at: ReadAt) {
        if self.read_at(&hash) != read_at {
            return;
        }
        let changed = Arc::new(AtomicBool::new(false));
        let entry = Entry {
            signed_in: Arc::clone(signed_in),
            checked: Instant::now(),
            trust: read_at.trust,
            changed: Arc::clone(&changed),
        };
        self.entries.insert(hash, entry);
        if self.read_at(&hash) != read_at {
            changed.store(true, Ordering::SeqCst);
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
        self.removals_of(hash).fetch_add(1, Ordering::SeqCst);
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
        self.removals_of_many.fetch_add(1, Ordering::SeqCst);
        for (hash, entry) in &self.entries {
            if unwanted(&entry.signed_in) {
                self.entries.invalidate(&*hash);
            }
        }
        self.streams.look_again();
    }

    pub(super) fn clear(&self) {
        self.removals_of_many.fetch_add(1, Ordering::SeqCst);
        self.entries.invalidate_all();
        self.streams.look_again();
    }

    /// The store has said that these have changed: it is asked before they are relied on, and there is no grace for them.
    pub(super) fn doubt(&self, sessions: &[SessionTokenHash]) {
        let mut known = false;
        for hash in sessions {
            self.removals_of(hash).fetch_add(1, Ordering::SeqCst);
            if let Some(entry) = self.entries.get(hash) {
                entry.changed.store(true, Ordering::SeqCst);
                known = true;
            }
        }
        if known {
            self.streams.look_again();
        }
    }

    /// Any of them may have changed: the store is asked before one is relied on.
    pub(super) fn doubt_all(&self) {
        self.trust.fetch_add(1, Ordering::SeqCst);
        self.streams.look_again();
    }

    /// A store does not see what others change any more: until it does, it is asked each time.
    pub(super) fn unseeing(&self) {
        self.unseeing.fetch_add(1, Ordering::SeqCst);
        self.doubt_all();
    }

    /// It sees again.
    pub(super) fn seeing(&self) {
        self.doubt_all();
        self.unseeing.fetch_sub(1, Ordering::SeqCst);
    }

    fn removals_of(&self, hash: &SessionTokenHash) -> &AtomicU64 {
        let [first, ..] = hash.as_bytes();
        self.removals.get(usize::from(*first)).unwrap_or(&self.removals_of_many)
    }
}
