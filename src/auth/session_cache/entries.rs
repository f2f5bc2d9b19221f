//! Where the sessions are that this process has read: in parts, each under a lock that is held for a lookup and no longer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hashbrown::HashTable;

use super::Counts;
use crate::auth::sessions::SignedIn;
use crate::domain::secret::SessionTokenHash;

/// The most of them.
const MOST: usize = 200_000;
/// One that nobody has asked for so long is dropped.
const IDLE: Duration = Duration::from_secs(15 * 60);
/// How often is looked for those.
const SWEPT_EVERY: Duration = Duration::from_secs(60);
const PARTS: usize = 64;

/// A session as it was read.
pub(super) struct Entry {
    pub(super) signed_in: Arc<SignedIn>,
    /// What had been removed by then.
    pub(super) counts: Counts,
    /// Whether the store has told that the session has changed.
    pub(super) is_changed: bool,
    /// Whether the session is to be read again.
    pub(super) is_noted: bool,
    /// When it was asked for last, in seconds since the beginning.
    used_at: u32,
    /// When the stores were asked, in milliseconds since the beginning.
    read_at: i64,
}

impl Entry {
    /// One that was just read.
    pub(super) const fn new(signed_in: Arc<SignedIn>, counts: Counts) -> Self {
        Self { signed_in, counts, is_changed: false, is_noted: false, used_at: 0, read_at: 0 }
    }

    /// How long ago the stores were asked, a millisecond or two more: nothing is relied on for longer than it may be.
    fn age(&self, now: i64) -> Duration {
        Duration::from_millis(u64::try_from(now.saturating_sub(self.read_at)).unwrap_or(0) + 1)
    }
}

/// All of them. Where there are too many, those that were asked for longest ago are dropped.
pub(super) struct Entries {
    parts: [Mutex<Part>; PARTS],
    began: Instant,
}

#[derive(Default)]
struct Part {
    entries: HashTable<Entry>,
    swept_at: u32,
}

impl Entries {
    pub(super) fn new() -> Self {
        Self { parts: std::array::from_fn(|_| Mutex::default()), began: Instant::now() }
    }

    /// What `f` says of the session with this hash and of how long ago the stores were asked, if it is here; it is a use of the entry.
    pub(super) fn used<T>(
        &self,
        hash: &SessionTokenHash,
        f: impl FnOnce(&mut Entry, Duration) -> T,
    ) -> Option<T> {
        let now = self.millis(Instant::now());
        let mut part = self.part(hash);
        part.sweep(seconds(now));
        let entry = part.find(hash)?;
        entry.used_at = seconds(now);
        let age = entry.age(now);
        Some(f(entry, age))
    }

    /// The same, and no use of the entry.
    pub(super) fn look<T>(
        &self,
        hash: &SessionTokenHash,
        f: impl FnOnce(&mut Entry) -> T,
    ) -> Option<T> {
        self.part(hash).find(hash).map(f)
    }

    /// Puts a session in that the stores were asked about at `asked`, in place of what was there, if it still `may` be once nobody else
    /// changes this part.
    pub(super) fn insert(
        &self,
        hash: &SessionTokenHash,
        entry: Entry,
        asked: Instant,
        may: impl FnOnce() -> bool,
    ) {
        let now = seconds(self.millis(Instant::now()));
        let mut part = self.part(hash);
        if !may() {
            return;
        }
        part.sweep(now);
        let entry = Entry { used_at: now, read_at: self.millis(asked), ..entry };
        match part.find(hash) {
            Some(there) => *there = entry,
            None => {
                part.make_room(MOST / PARTS);
                part.entries
                    .insert_unique(place(hash), entry, |entry| place(&entry.signed_in.token));
            }
        }
    }

    pub(super) fn remove(&self, hash: &SessionTokenHash) {
        let mut part = self.part(hash);
        if let Ok(found) = part.entries.find_entry(place(hash), is_of(hash)) {
            found.remove();
        }
    }

    pub(super) fn remove_where(&self, unwanted: impl Fn(&SignedIn) -> bool) {
        for part in &self.parts {
            lock(part).entries.retain(|entry| !unwanted(&entry.signed_in));
        }
    }

    fn part(&self, hash: &SessionTokenHash) -> MutexGuard<'_, Part> {
        let [_, .., last] = hash.as_bytes();
        let [first, ..] = &self.parts;
        lock(self.parts.get(usize::from(*last) % PARTS).unwrap_or(first))
    }

    /// Whole milliseconds from the beginning, rounded down.
    fn millis(&self, at: Instant) -> i64 {
        let whole = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        match at.checked_duration_since(self.began) {
            Some(after) => whole(after),
            None => -whole(self.began.duration_since(at)).saturating_add(1),
        }
    }

    /// How long ago the stores were asked about a session that is here.
    #[cfg(test)]
    pub(super) fn age_of(&self, hash: &SessionTokenHash) -> Option<Duration> {
        let now = self.millis(Instant::now());
        self.look(hash, |entry| entry.age(now))
    }
}

impl Part {
    fn find(&mut self, hash: &SessionTokenHash) -> Option<&mut Entry> {
        self.entries.find_mut(place(hash), is_of(hash))
    }

    /// Drops what nobody has asked for, once a minute.
    fn sweep(&mut self, now: u32) {
        if u64::from(now - self.swept_at.min(now)) < SWEPT_EVERY.as_secs() {
            return;
        }
        self.swept_at = now;
        let is_idle = |entry: &Entry| u64::from(now - entry.used_at.min(now)) >= IDLE.as_secs();
        self.entries.retain(|entry| !is_idle(entry));
        if self.entries.capacity() > 4 * self.entries.len() {
            self.entries.shrink_to(2 * self.entries.len(), |entry| place(&entry.signed_in.token));
        }
    }

    /// With `most` of them, drops the eighth that was asked for longest ago.
    fn make_room(&mut self, most: usize) {
        if self.entries.len() < most {
            return;
        }
        let mut used: Vec<u32> = self.entries.iter().map(|entry| entry.used_at).collect();
        let (_, latest, _) = used.select_nth_unstable(most / 8);
        let (latest, mut left) = (*latest, most / 8 + 1);
        self.entries.retain(|entry| {
            let drops = left > 0 && entry.used_at <= latest;
            left -= usize::from(drops);
            !drops
        });
    }
}

/// For 136 years.
fn seconds(millis: i64) -> u32 {
    u32::try_from(millis / 1000).unwrap_or_default()
}

fn lock(part: &Mutex<Part>) -> MutexGuard<'_, Part> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Nobody but us chooses a token, and its hash is as good as random: eight bytes of that say where it is.
fn place(hash: &SessionTokenHash) -> u64 {
    hash.as_bytes().first_chunk().copied().map_or(0, u64::from_le_bytes)
}

fn is_of(hash: &SessionTokenHash) -> impl Fn(&Entry) -> bool + '_ {
    move |entry| entry.signed_in.token == *hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::sessions::samples::signed_in;

    fn part_of(used: impl IntoIterator<Item = (u8, u32)>) -> Part {
        let mut part = Part::default();
        for (number, used_at) in used {
            let session = Arc::new(signed_in(number));
            let entry = Entry::new(Arc::clone(&session), Counts::default());
            let entry = Entry { used_at, ..entry };
            let place_of = |entry: &Entry| place(&entry.signed_in.token);
            part.entries.insert_unique(place(&session.token), entry, place_of);
        }
        part
    }

    fn left(part: &Part) -> Vec<u32> {
        let mut left: Vec<u32> = part.entries.iter().map(|entry| entry.used_at).collect();
        left.sort_unstable();
        left
    }

    #[test]
    fn an_entry_takes_half_a_line_of_a_processors_cache() {
        assert_eq!(size_of::<Entry>(), 32);
    }

    #[test]
    fn what_nobody_asks_for_is_dropped_after_a_quarter_of_an_hour() {
        let mut part = part_of([(1, 0), (2, 10), (3, 500)]);
        part.sweep(900);
        assert_eq!(left(&part), [10, 500]);
        part.sweep(959);
        assert_eq!(left(&part), [10, 500], "looked for once a minute");
        part.sweep(960);
        assert_eq!(left(&part), [500]);
    }

    #[test]
    fn with_too_many_those_asked_for_longest_ago_are_dropped() {
        let mut part = part_of((0..16).map(|number| (number, u32::from(number * 7 % 16))));
        part.make_room(17);
        assert_eq!(left(&part).len(), 16);
        part.make_room(16);
        assert_eq!(left(&part), (3..16).collect::<Vec<_>>());
        let mut of_one_second = part_of((0..16).map(|number| (number, 5)));
        of_one_second.make_room(16);
        assert_eq!(left(&of_one_second).len(), 13, "no more than an eighth");
    }
}
