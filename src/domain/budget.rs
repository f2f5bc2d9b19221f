//! The guess budget: how many wrong codes an account takes from clients that it does not know, whatever the
//! challenge, address or channel.
//!
//! A six-digit code falls to G guesses with probability G / 10^6, however they are spread. With 90 failures in any
//! 365 days that is 9.0e-5 a year, for each account. Five guesses a challenge alone would allow a hundred thousand a
//! year.

use std::time::Duration;

use super::time::Timestamp;

const DAY: Duration = Duration::from_secs(86_400);

/// The longest that a failure counts.
pub const GUESSES_COUNT_FOR: Duration = Duration::from_secs(365 * 86_400);

/// The failures that rolling windows allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuessBudget {
    /// In 24 hours.
    pub day: u32,
    /// In 30 days.
    pub month: u32,
    /// In 365 days.
    pub year: u32,
}

impl Default for GuessBudget {
    fn default() -> Self {
        Self { day: 10, month: 30, year: 90 }
    }
}

/// How a budget stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetState {
    /// A further guess is within it.
    Within,
    /// None is, until the oldest failures of the fullest window are old enough.
    Spent {
        /// When one is again.
        until: Timestamp,
    },
}

impl GuessBudget {
    /// How the budget stands at `now` after `failures`, in any order. A failure counts until exactly the end of its
    /// window, and one from the future (the clock was put back) counts.
    pub fn state(&self, failures: &[Timestamp], now: Timestamp) -> BudgetState {
        let windows = [(self.day, DAY), (self.month, DAY * 30), (self.year, GUESSES_COUNT_FOR)];
        let until = windows.into_iter().filter_map(|(allowed, window)| {
            let mut counted: Vec<Timestamp> =
                failures.iter().copied().filter(|&at| at + window > now).collect();
            counted.sort_unstable();
            // The one whose end makes room: as many as are allowed, less one, may be younger.
            let over = counted.len().checked_sub(allowed as usize)?;
            counted.get(over).map(|&oldest| oldest + window)
        });
        until.max().map_or(BudgetState::Within, |until| BudgetState::Spent { until })
    }
}

/// When a client that fails at passwords may try again: the first failures are free, then each doubles the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DelayRule {
    /// The failures without a wait.
    pub free: u32,
    /// The first wait.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
    /// Failures this long ago are forgotten.
    pub forgotten_after: Duration,
}

impl Default for DelayRule {
    fn default() -> Self {
        Self {
            free: 5,
            first: Duration::from_secs(2),
            longest: Duration::from_secs(15 * 60),
            forgotten_after: DAY,
        }
    }
}

impl DelayRule {
    /// The wait after the `failures`-th failure in a row.
    pub fn wait_after(&self, failures: u32) -> Duration {
        match failures.checked_sub(self.free + 1) {
            None => Duration::ZERO,
            Some(doublings) => {
                self.first.saturating_mul(2_u32.saturating_pow(doublings)).min(self.longest)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_millis(0) + Duration::from_secs(secs)
    }

    #[test]
    fn s5_the_eleventh_failure_of_a_day_is_refused_and_the_next_day_begins_to_the_millisecond() {
        let budget = GuessBudget::default();
        let failures: Vec<Timestamp> = (0..10).map(at).collect();
        assert_eq!(budget.state(&failures[..9], at(9)), BudgetState::Within);
        assert_eq!(budget.state(&failures, at(10)), BudgetState::Spent { until: at(86_400) });
        let just_before = Timestamp::from_millis(86_399_999);
        assert_eq!(budget.state(&failures, just_before), BudgetState::Spent { until: at(86_400) });
        assert_eq!(budget.state(&failures, at(86_400)), BudgetState::Within);
    }

    #[test]
    fn no_spread_of_guesses_passes_any_window() {
        let budget = GuessBudget::default();
        let mut failures = Vec::new();
        // One guess an hour for two years, whenever the budget allows it.
        for hour in 0..2 * 365 * 24 {
            let now = at(hour * 3600);
            if budget.state(&failures, now) == BudgetState::Within {
                failures.push(now);
            }
        }
        for (index, &first) in failures.iter().enumerate() {
            let within = |window: Duration| {
                failures[index..].iter().filter(|&&later| later < first + window).count()
            };
            assert!(within(DAY) <= 10 && within(DAY * 30) <= 30 && within(GUESSES_COUNT_FOR) <= 90);
        }
        assert!(failures.len() >= 170, "the budget comes back: {}", failures.len());
    }

    #[test]
    fn waits_double_and_end_growing() {
        let rule = DelayRule::default();
        let waits: Vec<u64> = [0, 5, 6, 7, 8, 14, 15, 4_000_000_000]
            .map(|failures| rule.wait_after(failures).as_secs())
            .to_vec();
        assert_eq!(waits, [0, 0, 2, 4, 8, 512, 900, 900]);
    }
}
