//! Short-window limits: the generic cell rate algorithm, as one pure function.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use super::time::Timestamp;

/// So many events in a period, as the configuration writes it: `5/5m`. Zero cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    events: NonZeroU32,
    period: Duration,
}

/// Why a text is not a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a rate of the form 5/5m: a number of at least 1, and a period of s, m, h or d")]
pub struct NotARate;

impl Rate {
    /// `events` in each `period`, which must not be zero.
    pub const fn new(events: NonZeroU32, period: Duration) -> Option<Self> {
        if period.is_zero() { None } else { Some(Self { events, period }) }
    }

    /// `events` in each hour.
    pub const fn per_hour(events: NonZeroU32) -> Self {
        Self { events, period: Duration::from_secs(3600) }
    }

    /// How many.
    pub const fn events(self) -> NonZeroU32 {
        self.events
    }

    /// In how long.
    pub const fn period(self) -> Duration {
        self.period
    }

    /// The time in which one event is earned back.
    fn interval(&self) -> Duration {
        self.period / self.events.get()
    }
}

impl FromStr for Rate {
    type Err = NotARate;

    fn from_str(text: &str) -> Result<Self, NotARate> {
        let (events, period) = text.split_once('/').ok_or(NotARate)?;
        let events = events.trim().parse().map_err(|_| NotARate)?;
        let period = parse_duration(period.trim()).ok_or(NotARate)?;
        Self::new(events, period).ok_or(NotARate)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.events, format_duration(self.period))
    }
}

/// A span such as `500ms`, `30s`, `10m`, `12h` or `30d`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(unit_at)?;
    let number: u64 = number.parse().ok()?;
    let seconds = match unit {
        "ms" => return Some(Duration::from_millis(number)),
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    number.checked_mul(seconds).filter(|&secs| secs <= 100 * 366 * 86_400).map(Duration::from_secs)
}

/// The shortest text that [`parse_duration`] reads as `span`.
pub fn format_duration(span: Duration) -> String {
    let (secs, millis) = (span.as_secs(), span.subsec_millis());
    match secs {
        _ if millis > 0 => format!("{}ms", span.as_millis()),
        0 => "0s".to_owned(),
        _ if secs % 86_400 == 0 => format!("{}d", secs / 86_400),
        _ if secs % 3600 == 0 => format!("{}h", secs / 3600),
        _ if secs % 60 == 0 => format!("{}m", secs / 60),
        _ => format!("{secs}s"),
    }
}

/// Whether an event is within its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// It is, and counts.
    Within,
    /// It is not, and does not count.
    Exceeded {
        /// When the next one is.
        retry_after: Duration,
    },
}

/// The state of one limit for one key: the instant at which it is as good as new. Nothing kept is that instant
/// in the past.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuotaState(pub Timestamp);

/// Counts one event at `now`: exactly `events` fit into a burst, and each `period / events` earns one back.
/// Returns the verdict and the state to keep; an event past the limit leaves the state as it was.
///
/// A state further ahead than one period is of before the clock was put back. It counts as exhausted now, so that
/// nobody waits for the clock to come round again.
pub fn count(rate: Rate, state: QuotaState, now: Timestamp) -> (Quota, QuotaState) {
    let burst_ends = now + rate.period;
    let earned = state.0.max(now).min(burst_ends);
    let next = earned + rate.interval();
    if next <= burst_ends {
        (Quota::Within, QuotaState(next))
    } else {
        (Quota::Exceeded { retry_after: next.since(burst_ends) }, QuotaState(earned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_millis(secs * 1000)
    }

    #[test]
    fn a_burst_is_exact_and_earned_back_one_by_one() {
        let rate: Rate = "5/5m".parse().unwrap();
        let mut state = QuotaState::default();
        for _ in 0..5 {
            let (quota, next) = count(rate, state, at(1000));
            assert_eq!(quota, Quota::Within);
            state = next;
        }
        let (quota, kept) = count(rate, state, at(1000));
        assert_eq!(quota, Quota::Exceeded { retry_after: Duration::from_secs(60) });
        assert_eq!(kept, state, "a refused event is not counted");
        let just_before = Timestamp::from_millis(1_059_999);
        assert_eq!(
            count(rate, state, just_before).0,
            Quota::Exceeded { retry_after: Duration::from_millis(1) }
        );
        assert_eq!(count(rate, state, at(1060)).0, Quota::Within);
    }

    #[test]
    fn a_clock_that_is_put_back_resets_nothing_and_locks_nobody_out() {
        let rate: Rate = "5/5m".parse().unwrap();
        let used_up = QuotaState(at(7200) + Duration::from_secs(300));
        let (quota, state) = count(rate, used_up, at(3600));
        assert_eq!(quota, Quota::Exceeded { retry_after: Duration::from_secs(60) });
        assert_eq!(count(rate, state, at(3660)).0, Quota::Within);
    }

    #[test]
    fn rates_read_as_they_are_written() {
        for text in ["5/5m", "10/5m", "3/10m", "5/1h", "1/30s", "10/1d"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        for bad in ["", "5", "0/5m", "5/0m", "-1/5m", "5/m", "5/5", "5/5y", "unlimited"] {
            assert_eq!(bad.parse::<Rate>(), Err(NotARate), "{bad}");
        }
    }
}
