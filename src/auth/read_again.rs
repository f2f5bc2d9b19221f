//! Sessions in use are read again before the cache stops relying on them: together, and beside the requests.
//!
//! A session that is asked for past seven tenths of the time for which it is relied on is noted, once, and is read soon after. A request
//! waits for the store only where that did not happen: for who comes seldom, for what had no room, and while the store does not
//! answer. To read a session again is no use of it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::domain::secret::SessionTokenHash;
use crate::domain::session::Session;
use crate::domain::time::{SharedClock, Timestamp};
use crate::store::SessionStore;

use super::Auth;
use super::session_cache::{Due, SessionCache};

impl Auth {
    /// Reads again what is noted. Goes on for ever.
    pub async fn read_again(&self, clock: &SharedClock) {
        loop {
            let noted = self.cache.noted().next().await;
            let is_all = noted.len() < MOST_AT_ONCE;
            self.cache.read_again(&noted, &*self.flow, clock).await;
            if is_all {
                tokio::time::sleep(AT_MOST_EVERY).await;
            }
        }
    }
}

impl SessionCache {
    /// Asks the store about these sessions. Where it does not answer they stay as they are, and are asked about by their requests
    /// once they are too old.
    async fn read_again(
        &self,
        noted: &[SessionTokenHash],
        store: &(impl SessionStore + ?Sized),
        clock: &SharedClock,
    ) {
        let due = self.due(noted);
        if due.is_empty() {
            return;
        }
        let named: Vec<_> =
            due.iter().map(|due| (due.signed_in.session.account, due.hash)).collect();
        match store.find_sessions_of(&named).await {
            Ok(found) => {
                let now = clock.now();
                due.iter().zip(found).for_each(|(due, found)| self.take_in(due, found, now));
            }
            Err(error) => tracing::debug!(%error, "sessions were not read again"),
        }
    }

    /// Takes in what the store says of a session. What it says something else of, the next request asks about.
    fn take_in(&self, due: &Due, found: Option<Session>, now: Timestamp) {
        let Due { hash, signed_in, read_at } = due;
        match found.filter(|session| !session.has_expired(session.seen_at, now)) {
            None => {
                self.remove(hash);
                self.streams().look_again();
            }
            // Somebody may have ended it, unheard.
            Some(_) if self.is_in_doubt() => {}
            Some(session) if signed_in.is_still_session(&session) => {
                self.insert(*hash, signed_in, *read_at);
            }
            Some(_) => {
                self.doubt(hash);
            }
        }
    }
}

/// The sessions that are to be read again: so many, and no more.
#[derive(Debug, Default)]
pub(super) struct Noted {
    hashes: Mutex<VecDeque<SessionTokenHash>>,
    something: Notify,
}

impl Noted {
    /// Says whether there was room.
    pub(super) fn note(&self, hash: SessionTokenHash) -> bool {
        let mut hashes = self.lock();
        if hashes.len() >= MOST_NOTED {
            return false;
        }
        hashes.push_back(hash);
        if hashes.len() == 1 {
            self.something.notify_one();
        }
        true
    }

    /// The next of them, as many as are read at once.
    async fn next(&self) -> Vec<SessionTokenHash> {
        loop {
            let something = self.something.notified();
            let noted = self.take();
            if !noted.is_empty() {
                return noted;
            }
            something.await;
        }
    }

    fn take(&self) -> Vec<SessionTokenHash> {
        let mut hashes = self.lock();
        let count = hashes.len().min(MOST_AT_ONCE);
        hashes.drain(..count).collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<SessionTokenHash>> {
        self.hashes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The most sessions that wait to be read again.
const MOST_NOTED: usize = 16_384;
/// The most that are read at once.
const MOST_AT_ONCE: usize = 1024;
/// The least time between two readings, unless there is more than one can take: many that are read together cost little each.
const AT_MOST_EVERY: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Hearing;
    use super::super::session_cache::Counts;
    use super::super::sessions::SignedIn;
    use super::super::sessions::samples::{NOW, SomeStore, signed_in};
    use super::*;

    const SPAN: Duration = Duration::from_secs(20);

    /// A cache that hears of changes, with one session that was read so long ago.
    struct Read {
        cache: Arc<SessionCache>,
        hearing: Hearing,
        session: Arc<SignedIn>,
    }

    impl Read {
        fn before(age: Duration) -> Self {
            let cache = Arc::new(SessionCache::new(Some(SPAN)));
            let (hearing, session) = (cache.hearing(), Arc::new(signed_in(1)));
            let read_at = cache.read_at(&session.token).earlier(age);
            cache.insert(session.token, &session, read_at);
            Self { cache, hearing, session }
        }

        /// One that was asked for, and so noted, when it was no longer new.
        fn and_noted() -> Self {
            let read = Self::before(SPAN * 3 / 4);
            assert!(read.is_sure());
            read
        }

        /// A request asks for it: whether it needs no store.
        fn is_sure(&self) -> bool {
            let cached = self.cache.get(&self.session.token, Duration::ZERO);
            cached.is_some_and(|cached| cached.is_sure)
        }

        fn is_here(&self) -> bool {
            self.cache.holds(&self.session.token)
        }

        /// Reads again what is noted, from this store. Gives how many sessions that was asked about.
        async fn again(&self, store: &SomeStore) -> usize {
            let noted = self.cache.noted().take();
            self.cache.read_again(&noted, store, &store.clock()).await;
            store.asked()
        }

        fn is_noted(&self) -> bool {
            !self.cache.noted().take().is_empty()
        }
    }

    #[test]
    fn a_session_past_half_of_its_span_is_noted_once_by_the_requests_for_it() {
        let read = Read::and_noted();
        assert!(read.is_sure() && read.is_sure());
        assert_eq!(read.cache.noted().take(), [read.session.token]);
        assert!(read.is_sure() && !read.is_noted());
        let new = Read::before(SPAN / 4);
        assert!(new.is_sure() && !new.is_noted(), "it is not needed yet");
        let old = Read::before(SPAN);
        assert!(!old.is_sure() && !old.is_noted(), "the request itself asks");
    }

    #[test]
    fn what_finds_no_room_is_not_noted_and_may_be_by_the_next_request() {
        let read = Read::before(SPAN * 3 / 4);
        while read.cache.noted().note(SessionTokenHash::from_bytes([7; 32])) {}
        assert_eq!(read.cache.noted().lock().len(), MOST_NOTED);
        assert!(read.is_sure());
        assert_eq!(read.cache.noted().lock().len(), MOST_NOTED);
        assert_eq!(read.cache.noted().take().len(), MOST_AT_ONCE);
        assert!(read.is_sure());
        assert_eq!(read.cache.noted().lock().back(), Some(&read.session.token));
    }

    #[tokio::test]
    async fn what_is_still_so_is_relied_on_anew_and_stays_the_same_object() {
        let read = Read::and_noted();
        assert_eq!(read.again(&SomeStore::that_has(&read.session)).await, 1);
        assert!(read.is_sure() && !read.is_noted());
        assert!(read.cache.age_of(&read.session.token).unwrap() < SPAN / 2, "it is new");
        let cached = read.cache.get(&read.session.token, Duration::ZERO).unwrap();
        assert!(Arc::ptr_eq(&cached.signed_in, &read.session));
    }

    #[tokio::test]
    async fn s34_what_the_store_does_not_know_any_more_is_dropped_though_nobody_has_told() {
        let read = Read::and_noted();
        read.again(&SomeStore::that_has_none()).await;
        assert!(!read.is_here());
    }

    #[tokio::test]
    async fn s38_what_has_ended_by_itself_is_dropped() {
        let read = Read::and_noted();
        let idle = read.session.session.idle;
        let store = SomeStore::that_has(&read.session).at(NOW + idle);
        read.again(&store).await;
        assert!(!read.is_here());
    }

    #[tokio::test]
    async fn what_has_changed_is_asked_about_by_the_next_request() {
        let read = Read::and_noted();
        let mut other = read.session.session.clone();
        other.epoch.0 += 1;
        read.again(&SomeStore::that_says(Some(other))).await;
        assert!(read.is_here() && !read.is_sure());
    }

    #[tokio::test]
    async fn s35_what_ends_while_it_is_being_read_is_not_put_back() {
        let read = Read::and_noted();
        let (cache, token) = (Arc::clone(&read.cache), read.session.token);
        let store = SomeStore::that_has(&read.session).meanwhile(move || cache.remove(&token));
        read.again(&store).await;
        assert!(!read.is_here(), "here");

        let read = Read::and_noted();
        let (hearing, token) = (read.cache.hearing(), read.session.token);
        let pushed = move || hearing.of_sessions(&[token]);
        read.again(&SomeStore::that_has(&read.session).meanwhile(pushed)).await;
        assert!(!read.is_sure(), "at another node");

        let read = Read::and_noted();
        let hearing = read.cache.hearing();
        let changed = move || hearing.of_a_change();
        read.again(&SomeStore::that_has(&read.session).meanwhile(changed)).await;
        assert!(!read.is_sure(), "its account, of which the store of sessions knows nothing");
    }

    #[tokio::test]
    async fn s35_what_is_known_to_have_changed_is_not_read_here() {
        let read = Read::and_noted();
        read.hearing.of_sessions(&[read.session.token]);
        assert_eq!(read.again(&SomeStore::that_has(&read.session)).await, 0);
        assert!(!read.is_sure());
        let read = Read::and_noted();
        read.hearing.of_a_change();
        assert_eq!(read.again(&SomeStore::that_has(&read.session)).await, 0);
        assert!(!read.is_sure());
    }

    #[tokio::test]
    async fn s35_nothing_is_read_again_while_nothing_is_heard() {
        let read = Read::and_noted();
        read.hearing.of_nothing(NOW);
        assert_eq!(read.again(&SomeStore::that_has(&read.session)).await, 0);

        let read = Read::and_noted();
        let (hearing, cache) = (read.cache.hearing(), Arc::clone(&read.cache));
        let store = SomeStore::that_has(&read.session);
        let deaf = move || assert!(hearing.of_nothing(NOW));
        assert_eq!(read.again(&store.meanwhile(deaf)).await, 1);
        let age = cache.age_of(&read.session.token).unwrap();
        assert!(age > SPAN / 2, "{age:?}: it is as old as it was");
    }

    #[tokio::test]
    async fn s57_a_store_that_does_not_answer_leaves_all_as_it_is_and_is_asked_once() {
        let read = Read::and_noted();
        assert_eq!(read.again(&SomeStore::that_is_away()).await, 1);
        assert!(read.is_sure() && !read.is_noted());
        assert!(read.cache.age_of(&read.session.token).unwrap() > SPAN / 2);
    }

    #[test]
    fn s35_what_is_removed_after_it_was_looked_up_is_not_put_back() {
        let read = Read::before(SPAN);
        let counts: Counts = read.cache.get(&read.session.token, Duration::ZERO).unwrap().counts;
        read.cache.remove_account(read.session.session.account);
        let read_at = super::super::session_cache::ReadAt::now(counts);
        read.cache.insert(read.session.token, &read.session, read_at);
        assert!(!read.is_here());
    }
}
