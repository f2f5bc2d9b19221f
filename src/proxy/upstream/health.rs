//! Whether an endpoint is well: what requests and checks have found, and until when it is left out.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Ejection;

/// The health of one endpoint. Asking for it takes no lock.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// Until when it is left out, in milliseconds of [`now`]; 0 where it is not.
    out_until: AtomicU64,
    /// Whether the checks have put it out.
    failed_checks: AtomicBool,
    /// Whether there is anything in `found` to be cleared by a success.
    troubled: AtomicBool,
    found: Mutex<Found>,
}

/// What has been found.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    /// Failures of requests in a row.
    failures: u32,
    /// How often in a row it was put out.
    times_out: u32,
    /// Checks in a row that went against what is held of it.
    checks: u32,
}

/// What became of an endpoint by something that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing.
    None,
    /// It is left out for so long.
    Out(Duration),
    /// It was tried again and is left out for so much longer.
    StillOut(Duration),
    /// It is left out until its checks succeed.
    OutUntilChecked,
    /// It is back.
    Back,
}

/// Milliseconds since this process first asked, and one: never 0.
pub(super) fn now() -> u64 {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(BEGAN.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
}

impl Health {
    /// Whether requests should go there. One whose time is over may be tried again.
    pub(super) fn is_usable(&self) -> bool {
        if self.failed_checks.load(Ordering::Relaxed) {
            return false;
        }
        match self.out_until.load(Ordering::Relaxed) {
            0 => true,
            until => until <= now(),
        }
    }

    /// Whether it is well as far as anybody knows: one that may only be tried again is not.
    pub(super) fn is_up(&self) -> bool {
        !self.failed_checks.load(Ordering::Relaxed) && self.out_until.load(Ordering::Relaxed) == 0
    }

    /// How bad it is, for a choice among those that are out: the next to come back is the least bad.
    pub(super) fn badness(&self) -> u64 {
        let until = self.out_until.load(Ordering::Relaxed);
        if self.failed_checks.load(Ordering::Relaxed) { until | 1 << 63 } else { until }
    }

    /// A request could not be done there.
    pub(super) fn failed(&self, rule: &Ejection) -> Change {
        let mut found = self.found();
        self.troubled.store(true, Ordering::Relaxed);
        found.failures = found.failures.saturating_add(1);
        let out_until = self.out_until.load(Ordering::Relaxed);
        // Requests that began before it was put out fail as well, and say nothing new.
        if found.failures < rule.failures || out_until > now() {
            return Change::None;
        }
        let was_up = self.is_up();
        let doubled = rule.time.saturating_mul(1 << found.times_out.min(16));
        let time = doubled.min(rule.longest);
        found.times_out = found.times_out.saturating_add(1);
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX >> 2);
        self.out_until.store(now().saturating_add(millis), Ordering::Relaxed);
        if was_up { Change::Out(time) } else { Change::StillOut(time) }
    }

    /// It has answered a request.
    pub(super) fn answered(&self) -> Change {
        if !self.troubled.load(Ordering::Relaxed) {
            return Change::None;
        }
        let mut found = self.found();
        let was_up = self.is_up();
        found.failures = 0;
        found.times_out = 0;
        self.out_until.store(0, Ordering::Relaxed);
        self.troubled.store(found.checks > 0, Ordering::Relaxed);
        if was_up || !self.is_up() { Change::None } else { Change::Back }
    }

    /// A check was answered as it should be.
    pub(super) fn passed_check(&self, passes: u32) -> Change {
        let mut found = self.found();
        let was_up = self.is_up();
        if was_up {
            found.checks = 0;
            return Change::None;
        }
        found.checks = found.checks.saturating_add(1);
        if found.checks < passes {
            return Change::None;
        }
        *found = Found::default();
        self.failed_checks.store(false, Ordering::Relaxed);
        self.out_until.store(0, Ordering::Relaxed);
        self.troubled.store(false, Ordering::Relaxed);
        Change::Back
    }

    /// A check was not answered as it should be.
    pub(super) fn failed_check(&self, failures: u32) -> Change {
        let mut found = self.found();
        if self.failed_checks.load(Ordering::Relaxed) {
            found.checks = 0;
            return Change::None;
        }
        found.checks = found.checks.saturating_add(1);
        if found.checks < failures {
            return Change::None;
        }
        found.checks = 0;
        self.failed_checks.store(true, Ordering::Relaxed);
        Change::OutUntilChecked
    }

    /// Holds of this endpoint what was held of it before a change of the configuration. Where nobody checks any more,
    /// nothing that checks have found is held.
    pub(super) fn inherit(&self, before: &Self, is_checked: bool) {
        *self.found() = *before.found();
        self.out_until.store(before.out_until.load(Ordering::Relaxed), Ordering::Relaxed);
        self.troubled.store(before.troubled.load(Ordering::Relaxed), Ordering::Relaxed);
        let failed = is_checked && before.failed_checks.load(Ordering::Relaxed);
        self.failed_checks.store(failed, Ordering::Relaxed);
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Ejection =
        Ejection { failures: 3, time: Duration::from_secs(100), longest: Duration::from_secs(300) };

    #[test]
    fn the_third_failure_in_a_row_puts_it_out_for_a_time_that_doubles_to_the_longest() {
        let health = Health::default();
        assert_eq!(health.failed(&RULE), Change::None);
        assert_eq!(health.failed(&RULE), Change::None);
        assert_eq!(health.answered(), Change::None, "it was never out");
        for _ in 0..2 {
            assert_eq!(health.failed(&RULE), Change::None);
        }
        let (out, still) = (Change::Out, Change::StillOut);
        for (change, seconds) in
            [(out as fn(_) -> _, 100), (still, 200), (still, 300), (still, 300)]
        {
            assert!(health.is_usable());
            assert_eq!(health.failed(&RULE), change(Duration::from_secs(seconds)));
            assert!(!health.is_usable());
            assert_eq!(health.failed(&RULE), Change::None, "one that was under way");
            // Its time passes.
            health.out_until.store(now(), Ordering::Relaxed);
        }
        assert!(health.is_usable() && !health.is_up());
        assert_eq!(health.answered(), Change::Back);
        assert!(health.is_up());
    }

    #[test]
    fn checks_put_it_out_and_bring_it_back() {
        let health = Health::default();
        assert_eq!(health.failed_check(2), Change::None);
        assert_eq!(health.passed_check(2), Change::None);
        assert_eq!(health.failed_check(2), Change::None);
        assert_eq!(health.failed_check(2), Change::OutUntilChecked);
        assert_eq!(health.failed_check(2), Change::None);
        assert!(!health.is_usable());
        assert_eq!(health.answered(), Change::None, "an answer does not overrule the checks");
        assert!(!health.is_usable());
        assert_eq!(health.passed_check(2), Change::None);
        assert_eq!(health.passed_check(2), Change::Back);
        assert!(health.is_up());
    }

    #[test]
    fn what_is_known_of_it_outlives_a_reload() {
        let before = Health::default();
        for _ in 0..3 {
            before.failed(&RULE);
        }
        before.failed_check(1);
        let after = Health::default();
        after.inherit(&before, false);
        assert!(!after.is_usable());
        after.out_until.store(0, Ordering::Relaxed);
        assert!(after.is_usable(), "nobody checks it any more, so no check can bring it back");
        after.inherit(&before, true);
        after.out_until.store(0, Ordering::Relaxed);
        assert!(!after.is_usable());
    }
}
