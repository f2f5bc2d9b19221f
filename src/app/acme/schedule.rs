//! When to look at a host again.

use std::time::Duration;

use crate::domain::time::Timestamp;

/// The waits after failures: an authority takes five failures an hour for a host, and is asked for less.
const FIRST: Duration = Duration::from_secs(60);
const GROWS_BY: u32 = 5;
const LONGEST: Duration = Duration::from_secs(12 * 3600);
/// How often it is asked whether something is to be renewed.
const ASK_EVERY: Duration = Duration::from_secs(6 * 3600);
/// The least time between two certificates of a host, whatever a clock or an authority says: a week has only so many.
const APART: Duration = Duration::from_secs(24 * 3600);

/// When a host is looked at again.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    failures: u32,
    not_before: Option<Timestamp>,
    has_news: bool,
}

impl Schedule {
    /// Whether it is too early.
    pub(super) fn waits(&self, now: Timestamp) -> bool {
        self.not_before.is_some_and(|at| now < at)
    }

    /// There was nothing to do. `jitter` is from 0 to 1, so that not everybody asks at once.
    pub(super) fn is_fine(&mut self, now: Timestamp, jitter: f64) {
        self.failures = 0;
        self.not_before = Some(later(now, ASK_EVERY, jitter));
    }

    /// A certificate has come.
    pub(super) fn has_come(&mut self, now: Timestamp, jitter: f64) {
        self.failures = 0;
        self.not_before = Some(later(now, APART, jitter));
        self.has_news = true;
    }

    /// Whether a certificate has come since this was asked last.
    pub(super) fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.has_news)
    }

    /// There was no certificate; says how long to wait.
    pub(super) fn has_failed(&mut self, now: Timestamp, jitter: f64) -> Duration {
        let wait = FIRST.saturating_mul(GROWS_BY.saturating_pow(self.failures)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let at = later(now, wait, jitter);
        self.not_before = Some(at);
        now.until(at)
    }
}

/// `wait` from now, or up to a fifth more.
fn later(now: Timestamp, wait: Duration, jitter: f64) -> Timestamp {
    now + wait.mul_f64(1.0 + jitter / 5.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_after_failures_and_are_over_with_success() {
        let now = Timestamp::from_millis(0);
        let mut schedule = Schedule::default();
        assert!(!schedule.waits(now));
        let waits: Vec<u64> = (0..7).map(|_| schedule.has_failed(now, 0.0).as_secs()).collect();
        assert_eq!(waits, [60, 300, 1500, 7500, 37_500, 43_200, 43_200]);
        assert!(schedule.waits(now) && schedule.waits(now + Duration::from_secs(43_199)));
        assert!(!schedule.waits(now + Duration::from_secs(43_200)));
        assert!(!schedule.take_news());
        schedule.has_come(now, 0.0);
        assert!(schedule.take_news() && !schedule.take_news());
        assert!(schedule.waits(now + Duration::from_secs(86_399)), "it is not renewed at once");
        assert_eq!(schedule.has_failed(now, 1.0).as_secs(), 72, "a fifth more at most");
    }
}
