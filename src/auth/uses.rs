//! The uses of sessions, which keep them from going idle (S38): noted by the requests, written together beside them.
//!
//! A session is written about once a minute while it is used. Of each that waits to be written there is one use, the latest, and
//! there is room for so many. What finds none is tried by the next request. What the store does not take stays where it is.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::domain::entropy::{OsEntropy, jittered};
use crate::domain::id::SessionId;
use crate::domain::session::SessionUse;
use crate::domain::time::{SharedClock, Timestamp};
use crate::store::{SessionStore, StoreError};

use super::Auth;
use super::sessions::SignedIn;

impl Auth {
    /// Writes the uses of sessions. Goes on for ever; what is not yet written when it is broken off waits for
    /// [`Self::write_last_uses`].
    pub async fn write_uses(&self, clock: &SharedClock) {
        self.uses.write_on(&*self.flow, clock).await;
    }

    /// Writes what still waits, at the end of a process, unless the store takes too long.
    pub async fn write_last_uses(&self) {
        self.uses.write_last(&*self.flow, LAST_WITHIN).await;
    }
}

/// The uses that wait to be written.
#[derive(Debug, Default)]
pub(super) struct Uses {
    waiting: Mutex<Waiting>,
    something: Notify,
}

/// The latest use of each session, and the sessions in the order in which they came.
#[derive(Debug, Default)]
struct Waiting {
    order: VecDeque<SessionId>,
    latest: HashMap<SessionId, SessionUse>,
}

impl Uses {
    /// Notes a request at `now`. Where the store should hear of it and there is no room, the next request tries again.
    pub(super) fn note(&self, signed_in: &SignedIn, now: Timestamp) {
        let Some(before) = signed_in.touch(now) else { return };
        if !self.lock().add(SessionUse::of(&signed_in.session, now)) {
            signed_in.was_not_noted(now, before);
            return;
        }
        self.something.notify_one();
    }

    async fn write_on(&self, store: &(impl SessionStore + ?Sized), clock: &SharedClock) {
        let mut is_away = false;
        loop {
            let uses = self.next().await;
            match self.write(store, &uses).await {
                Ok(()) if uses.len() < MOST_AT_ONCE => tokio::time::sleep(AT_MOST_EVERY).await,
                Ok(()) => {}
                Err(error) => {
                    if !is_away {
                        tracing::warn!(%error, "uses of sessions were not noted, and are tried again");
                    }
                    self.lock().put_off(uses.len(), clock.now());
                    tokio::time::sleep(jittered(AFTER_FAILURE, &OsEntropy)).await;
                    is_away = true;
                    continue;
                }
            }
            is_away = false;
        }
    }

    async fn write_last(&self, store: &(impl SessionStore + ?Sized), within: Duration) {
        let writing = async {
            loop {
                let uses = self.lock().first();
                if uses.is_empty() {
                    return Ok::<(), StoreError>(());
                }
                self.write(store, &uses).await?;
            }
        };
        let written = tokio::time::timeout(within, writing).await;
        if !matches!(written, Ok(Ok(()))) {
            let count = self.lock().order.len();
            tracing::warn!(count, "the last uses of some sessions were not noted");
        }
    }

    async fn write(
        &self,
        store: &(impl SessionStore + ?Sized),
        uses: &[SessionUse],
    ) -> Result<(), StoreError> {
        store.touch_sessions(uses).await?;
        self.lock().written(uses);
        Ok(())
    }

    /// The first of them, as many as are written at once, once there are any. They stay until they are written.
    async fn next(&self) -> Vec<SessionUse> {
        loop {
            let something = self.something.notified();
            let first = self.lock().first();
            if !first.is_empty() {
                return first;
            }
            something.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Says whether there was room.
    fn add(&mut self, used: SessionUse) -> bool {
        if let Some(latest) = self.latest.get_mut(&used.session) {
            latest.at = latest.at.max(used.at);
            return true;
        }
        if self.order.len() >= MOST_WAITING {
            return false;
        }
        self.order.push_back(used.session);
        self.latest.insert(used.session, used);
        true
    }

    fn first(&self) -> Vec<SessionUse> {
        let first = self.order.iter().take(MOST_AT_ONCE);
        first.filter_map(|session| self.latest.get(session).copied()).collect()
    }

    /// Forgets the first, which were written as they are here. One that was used again meanwhile waits for its next turn.
    fn written(&mut self, uses: &[SessionUse]) {
        for used in uses {
            self.order.pop_front();
            match self.latest.get(&used.session) {
                Some(latest) if latest.at > used.at => self.order.push_back(used.session),
                _ => drop(self.latest.remove(&used.session)),
            }
        }
    }

    /// Puts the first behind the others, so that none of them stands in the way, but for those that are too old to matter: who
    /// goes on has been noted since, and of who does not a minute was forgotten.
    fn put_off(&mut self, count: usize, now: Timestamp) {
        for session in self.order.drain(..count.min(self.order.len())).collect::<Vec<_>>() {
            match self.latest.get(&session) {
                Some(used) if now.since(used.at) < TRIED_FOR => self.order.push_back(session),
                _ => drop(self.latest.remove(&session)),
            }
        }
    }
}

/// The most sessions whose uses wait to be written.
const MOST_WAITING: usize = 65_536;
/// The most that are written at once.
const MOST_AT_ONCE: usize = 512;
/// The least time between two writings, unless there is more than one can take.
const AT_MOST_EVERY: Duration = Duration::from_millis(50);
/// The wait after the store has failed.
const AFTER_FAILURE: Duration = Duration::from_millis(500);
/// How long it is tried to write a use.
const TRIED_FOR: Duration = Duration::from_secs(600);
/// How long the last writing may take.
const LAST_WITHIN: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::sessions::samples::{NOW, SomeStore, signed_in};
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn used(uses: &Uses) -> Vec<(SessionId, Timestamp)> {
        uses.lock().first().iter().map(|used| (used.session, used.at)).collect()
    }

    /// Nothing of use, for room to be full of it.
    fn fill(uses: &Uses) {
        let (mut waiting, some) = (uses.lock(), SessionUse::of(&signed_in(1).session, NOW));
        for number in 0.. {
            let session = SessionId::from_uuid(uuid::Uuid::from_u128(number));
            if !waiting.add(SessionUse { session, ..some }) {
                return;
            }
        }
    }

    #[test]
    fn of_each_session_the_latest_use_waits_and_is_noted_once_a_minute() {
        let (uses, ada) = (Uses::default(), signed_in(200));
        uses.note(&ada, NOW + MINUTE / 2);
        assert_eq!(used(&uses), []);
        uses.note(&ada, NOW + MINUTE);
        uses.note(&ada, NOW + MINUTE * 3 / 2);
        assert_eq!(used(&uses), [(ada.session.id, NOW + MINUTE)]);
        uses.note(&ada, NOW + MINUTE * 2);
        assert_eq!(used(&uses), [(ada.session.id, NOW + MINUTE * 2)]);
        uses.lock().add(SessionUse::of(&ada.session, NOW));
        assert_eq!(
            used(&uses),
            [(ada.session.id, NOW + MINUTE * 2)],
            "an earlier one changes nothing"
        );
    }

    #[test]
    fn s38_a_use_without_room_is_noted_by_the_next_request() {
        let (uses, ada, known) = (Uses::default(), signed_in(200), signed_in(0));
        fill(&uses);
        let at = NOW + MINUTE;
        uses.note(&ada, at);
        assert_eq!(uses.lock().order.len(), MOST_WAITING);
        assert!(!uses.lock().latest.contains_key(&ada.session.id));
        uses.note(&known, at);
        let noted = uses.lock().latest.get(&known.session.id).map(|used| used.at);
        assert_eq!(noted, Some(at), "who waits already needs no room");
        let first = uses.lock().first();
        uses.lock().written(&first);
        uses.note(&ada, at + Duration::from_millis(1));
        assert!(uses.lock().latest.contains_key(&ada.session.id));
    }

    #[test]
    fn a_use_that_comes_while_an_earlier_one_is_written_is_written_as_well() {
        let (uses, ada) = (Uses::default(), signed_in(200));
        uses.note(&ada, NOW + MINUTE);
        let first = uses.lock().first();
        uses.note(&ada, NOW + MINUTE * 2);
        uses.lock().written(&first);
        assert_eq!(used(&uses), [(ada.session.id, NOW + MINUTE * 2)]);
        let next = uses.lock().first();
        uses.lock().written(&next);
        assert_eq!((used(&uses), uses.lock().latest.len()), (vec![], 0));
    }

    #[test]
    fn what_the_store_does_not_take_is_put_behind_the_others_until_it_is_too_old() {
        let (uses, ada, grace) = (Uses::default(), signed_in(200), signed_in(201));
        uses.note(&ada, NOW + MINUTE);
        uses.note(&grace, NOW + MINUTE * 2);
        uses.lock().put_off(1, NOW + MINUTE * 2);
        let waits = [(grace.session.id, NOW + MINUTE * 2), (ada.session.id, NOW + MINUTE)];
        assert_eq!(used(&uses), waits);
        uses.lock().put_off(2, NOW + MINUTE + TRIED_FOR);
        assert_eq!(used(&uses), waits[..1]);
        assert_eq!(uses.lock().latest.len(), 1);
    }

    #[tokio::test]
    async fn s38_thousands_at_once_are_written_by_one_a_few_hundred_at_a_time() {
        let (uses, store) = (Arc::new(Uses::default()), Arc::new(SomeStore::that_has_none()));
        fill(&uses);
        let clock = store.clock();
        let writing = {
            let (uses, store) = (Arc::clone(&uses), Arc::clone(&store));
            tokio::spawn(async move { uses.write_on(&*store, &clock).await })
        };
        tokio::time::timeout(MINUTE, async {
            while store.written().iter().sum::<usize>() < MOST_WAITING {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
        writing.abort();
        assert!(store.written().iter().all(|part| *part <= MOST_AT_ONCE));
    }

    #[tokio::test]
    async fn s38_what_failed_and_what_is_broken_off_is_written_in_the_end() {
        let (uses, ada) = (Uses::default(), signed_in(200));
        uses.note(&ada, NOW + MINUTE);
        let away = SomeStore::that_is_away();
        let clock = away.clock();
        let broken_off = tokio::time::timeout(MINUTE / 600, uses.write_on(&away, &clock));
        assert!(broken_off.await.is_err());
        let silent = SomeStore::that_is_silent();
        let broken_off = tokio::time::timeout(MINUTE / 600, uses.write_on(&silent, &clock));
        assert!(broken_off.await.is_err());
        let store = SomeStore::that_has_none();
        uses.write_last(&store, MINUTE).await;
        assert_eq!((store.written(), used(&uses)), (vec![1], vec![]));
    }

    #[tokio::test]
    async fn at_the_end_a_store_that_fails_or_hangs_holds_up_nobody() {
        let (uses, ada) = (Uses::default(), signed_in(200));
        uses.note(&ada, NOW + MINUTE);
        uses.write_last(&SomeStore::that_is_away(), MINUTE * 60).await;
        let silent = SomeStore::that_is_silent();
        let ends = uses.write_last(&silent, MINUTE / 600);
        tokio::time::timeout(MINUTE, ends).await.expect("it is given up");
        assert_eq!(used(&uses).len(), 1);
    }
}
