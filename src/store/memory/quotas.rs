//! Quotas in bounded memory.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::super::observe::observe;
use super::super::{LimitName, QuotaStore, StoreError};
use crate::domain::quota::{self, Quota, QuotaState, Rate};
use crate::domain::time::Timestamp;

/// The quotas of one process: exact for every key that it knows, in memory that is bounded whatever the keys.
///
/// A key is kept as its fingerprint under a seed of this process, so nobody can aim keys at one shard or at one
/// another, a long key takes no more room than a short one, and no address or name lies in memory. Each limit
/// has shards of its own: a flood of one limit does not touch another.
///
/// A shard that is full first drops the states that are as good as new, which changes nothing. When that is not
/// enough it forgets those of its keys that are nearest to it, an eighth at a time, but never one that is at its
/// limit: **an exhausted quota cannot be reset by a flood**. To have a key forgotten that has used n of its
/// events, a flood has to spend about n events for each key of the shard, so forgetting gives nobody more than
/// those keys had anyway. If every key of a shard is at its limit, the keys that it knows go on as ever and new
/// ones are refused until the first of them earns an event back: with the default rates that takes
/// [`MemoryQuotas::CAPACITY`] addresses or names, five events each, within minutes.
pub struct MemoryQuotas {
    sign_in: Shards,
    registration: Shards,
    reset: Shards,
    verify: Shards,
    resend: Shards,
    code_request: Shards,
    mails_account: Shards,
    mails_address: Shards,
    mails_total: Shards,
    sms_number: Shards,
    sms_address: Shards,
    sms_prefix: Shards,
    sms_total: Shards,
    noted: Shards,
    captcha: Shards,
    waits_address: Shards,
    waits_total: Shards,
    fingerprints: [RandomState; 2],
}

impl Default for MemoryQuotas {
    fn default() -> Self {
        Self {
            sign_in: Shards::default(),
            registration: Shards::default(),
            reset: Shards::default(),
            verify: Shards::default(),
            resend: Shards::default(),
            code_request: Shards::default(),
            mails_account: Shards::default(),
            mails_address: Shards::default(),
            mails_total: Shards::default(),
            sms_number: Shards::default(),
            sms_address: Shards::default(),
            sms_prefix: Shards::default(),
            sms_total: Shards::default(),
            noted: Shards::default(),
            captcha: Shards::default(),
            waits_address: Shards::default(),
            waits_total: Shards::default(),
            fingerprints: [RandomState::new(), RandomState::new()],
        }
    }
}

impl fmt::Debug for MemoryQuotas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryQuotas").finish_non_exhaustive()
    }
}

impl MemoryQuotas {
    /// How many keys of one limit are known at the most.
    pub const CAPACITY: usize = Shards::COUNT * Shard::CAPACITY;

    /// Counts one event of `key` against `rate`, or says when the next one fits. A refused event is not counted.
    pub fn count(&self, limit: LimitName, key: &str, rate: Rate, now: Timestamp) -> Quota {
        let [place, check] = self.fingerprints.each_ref().map(|seed| seed.hash_one(key));
        self.shards(limit).of(place).count([place, check], rate, now)
    }

    /// How many keys of `limit` are known.
    pub fn len(&self, limit: LimitName) -> usize {
        self.shards(limit).0.iter().map(Shard::len).sum()
    }

    /// Whether no key of `limit` is known.
    pub fn is_empty(&self, limit: LimitName) -> bool {
        self.len(limit) == 0
    }

    const fn shards(&self, limit: LimitName) -> &Shards {
        match limit {
            LimitName::SignIn => &self.sign_in,
            LimitName::Registration => &self.registration,
            LimitName::Reset => &self.reset,
            LimitName::Verify => &self.verify,
            LimitName::Resend => &self.resend,
            LimitName::CodeRequest => &self.code_request,
            LimitName::MailsAccount => &self.mails_account,
            LimitName::MailsAddress => &self.mails_address,
            LimitName::MailsTotal => &self.mails_total,
            LimitName::SmsNumber => &self.sms_number,
            LimitName::SmsAddress => &self.sms_address,
            LimitName::SmsPrefix => &self.sms_prefix,
            LimitName::SmsTotal => &self.sms_total,
            LimitName::Noted => &self.noted,
            LimitName::Captcha => &self.captcha,
            LimitName::WaitsAddress => &self.waits_address,
            LimitName::WaitsTotal => &self.waits_total,
        }
    }
}

#[async_trait]
impl QuotaStore for MemoryQuotas {
    async fn count_quota(
        &self,
        limit: LimitName,
        key: &str,
        rate: Rate,
        now: Timestamp,
    ) -> Result<Quota, StoreError> {
        observe("flow", "count_quota", async { Ok(self.count(limit, key, rate, now)) }).await
    }
}

/// A key under the two seeds of this process.
type Fingerprint = [u64; 2];

/// The keys of one limit, spread over locks of their own.
#[derive(Default)]
struct Shards([Shard; Shards::COUNT]);

impl Shards {
    const COUNT: usize = 32;

    fn of(&self, place: u64) -> &Shard {
        // The top bits choose: the rest places the key inside.
        let [first, others @ ..] = &self.0;
        let chosen = usize::try_from(place >> 32).unwrap_or(0) % Self::COUNT;
        chosen.checked_sub(1).and_then(|other| others.get(other)).unwrap_or(first)
    }
}

#[derive(Default)]
struct Shard(Mutex<States>);

#[derive(Default)]
struct States {
    by_key: HashMap<Fingerprint, QuotaState>,
    /// While every key is at its limit, as the last search for room has found.
    closed: Range<Timestamp>,
}

impl Shard {
    /// As many as fit into 4096 buckets of a hash map: with 32 bytes each, 4 MiB for each limit.
    const CAPACITY: usize = 3584;

    fn count(&self, key: Fingerprint, rate: Rate, now: Timestamp) -> Quota {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = states.by_key.get_mut(&key) {
            let (quota, kept) = quota::count(rate, *state, now);
            *state = kept;
            return quota;
        }
        if states.by_key.len() >= Self::CAPACITY
            && let Err(retry_after) = states.make_room(rate, now)
        {
            return Quota::Exceeded { retry_after };
        }
        let (quota, kept) = quota::count(rate, QuotaState::default(), now);
        states.by_key.insert(key, kept);
        quota
    }

    fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).by_key.len()
    }
}

impl States {
    /// Makes room for another key, or says when there will be some.
    fn make_room(&mut self, rate: Rate, now: Timestamp) -> Result<(), Duration> {
        if self.closed.contains(&now) {
            return Err(now.until(self.closed.end));
        }
        self.by_key.retain(|_, state| state.0 > now);
        if self.by_key.len() < Shard::CAPACITY {
            return Ok(());
        }
        let mut open = Vec::new();
        let mut first_free = Duration::MAX;
        for state in self.by_key.values() {
            match quota::count(rate, *state, now).0 {
                Quota::Within => open.push(state.0),
                Quota::Exceeded { retry_after } => first_free = first_free.min(retry_after),
            }
        }
        let mut too_many = open.len().min(Shard::CAPACITY / 8);
        let Some(last) = too_many.checked_sub(1) else {
            self.closed = now..now + first_free;
            return Err(first_free);
        };
        // What is at its limit lies later than all that is not, so it lies later than `furthest` too.
        let (_, &mut furthest, _) = open.select_nth_unstable(last);
        self.by_key.retain(|_, state| {
            let forgotten = too_many > 0 && state.0 <= furthest;
            too_many -= usize::from(forgotten);
            !forgotten
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: LimitName = LimitName::SignIn;

    fn rate() -> Rate {
        "5/5m".parse().unwrap()
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + secs * 1000)
    }

    fn exhaust(quotas: &MemoryQuotas, key: &str, now: Timestamp) {
        for _ in 0..5 {
            assert_eq!(quotas.count(LIMIT, key, rate(), now), Quota::Within);
        }
        assert!(is_refused(quotas, key, now));
    }

    fn is_refused(quotas: &MemoryQuotas, key: &str, now: Timestamp) -> bool {
        matches!(quotas.count(LIMIT, key, rate(), now), Quota::Exceeded { .. })
    }

    #[test]
    fn a_known_key_is_counted_exactly_and_on_its_own() {
        let quotas = MemoryQuotas::default();
        exhaust(&quotas, "a", at(0));
        let minute = Duration::from_secs(60);
        let refused = quotas.count(LIMIT, "a", rate(), at(0));
        assert_eq!(refused, Quota::Exceeded { retry_after: minute });
        assert_eq!(quotas.count(LIMIT, "b", rate(), at(0)), Quota::Within);
        assert_eq!(quotas.count(LimitName::Verify, "a", rate(), at(0)), Quota::Within);
        assert_eq!(quotas.count(LIMIT, "a", rate(), at(60)), Quota::Within);
        assert!(is_refused(&quotas, "a", at(60)));
    }

    #[test]
    fn parallel_events_of_one_key_are_each_counted() {
        let quotas = MemoryQuotas::default();
        let within = std::thread::scope(|scope| {
            let counting = || (0..50).filter(|_| !is_refused(&quotas, "a", at(0))).count();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(counting)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
        });
        assert_eq!(within, 5);
    }

    #[test]
    fn s53_a_million_keys_stay_in_bounds_and_reset_no_exhausted_quota() {
        let quotas = MemoryQuotas::default();
        exhaust(&quotas, "victim", at(0));
        for stranger in 0..1_000_000 {
            let key = format!("stranger {stranger}");
            assert_eq!(quotas.count(LIMIT, &key, rate(), at(1)), Quota::Within, "{key} is new");
        }
        assert!(quotas.len(LIMIT) <= MemoryQuotas::CAPACITY, "{}", quotas.len(LIMIT));
        assert!(quotas.len(LIMIT) > MemoryQuotas::CAPACITY * 3 / 4, "the bound is put to use");
        assert!(is_refused(&quotas, "victim", at(1)));
        assert!(quotas.is_empty(LimitName::Verify), "one limit's flood is not another's");
    }

    #[test]
    fn s57_when_every_key_is_exhausted_new_ones_are_refused_and_known_ones_go_on() {
        let quotas = MemoryQuotas::default();
        let shard = Shard::default();
        let count = |key, secs| shard.count([key, key], rate(), at(secs));
        assert_eq!(count(u64::MAX, 0), Quota::Within);
        for key in 1..Shard::CAPACITY as u64 {
            for _ in 0..5 {
                assert_eq!(count(key, 30), Quota::Within);
            }
        }
        for _ in 0..4 {
            assert_eq!(count(u64::MAX, 30), Quota::Within, "known, and not at its limit");
        }
        let closed = count(0, 30);
        assert!(matches!(closed, Quota::Exceeded { .. }), "there is no room");
        let Quota::Exceeded { retry_after } = closed else { unreachable!() };
        assert_eq!(retry_after, Duration::from_secs(30), "the first is free at second 60");
        assert!(matches!(count(u64::MAX, 59), Quota::Exceeded { .. }), "nobody is forgotten");
        assert_eq!(shard.len(), Shard::CAPACITY);
        assert_eq!(count(0, 90), Quota::Within, "room is made as soon as there can be");
        assert!(quotas.is_empty(LIMIT));
    }

    #[test]
    fn what_is_as_good_as_new_is_dropped_first() {
        let shard = Shard::default();
        let count = |key, secs| shard.count([key, key], rate(), at(secs));
        for key in 1..Shard::CAPACITY as u64 {
            assert_eq!(count(key, 0), Quota::Within);
        }
        for _ in 0..3 {
            assert_eq!(count(0, 30), Quota::Within);
        }
        assert_eq!(count(u64::MAX, 60), Quota::Within);
        assert_eq!(shard.len(), 2, "all but the one in use and the new one are gone");
    }
}
