//! Instants, and the clock that everything asks for them.

use std::fmt;
use std::ops::Add;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// An instant in milliseconds since the Unix epoch.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant that is `millis` milliseconds after the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The time that has passed since `earlier`; zero when `earlier` lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The time left until `later`; zero when it has passed.
    pub fn until(self, later: Self) -> Duration {
        later.since(self)
    }

    /// The instant `span` earlier.
    pub fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(millis(span)))
    }

    /// RFC 3339 in UTC with whole seconds, for `<time datetime>` and JSON.
    pub fn rfc3339(self) -> String {
        self.format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z"))
    }

    /// RFC 3339 in UTC with all that an instant holds, for files that are read back.
    pub fn rfc3339_exact(self) -> String {
        let seconds =
            self.format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]"));
        format!("{seconds}.{:03}Z", self.0.rem_euclid(1000))
    }

    /// The instant of an RFC 3339 text; without an offset it is UTC.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let parse = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
        let at = parse(text).or_else(|| parse(&format!("{text}Z")))?;
        i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000_000)).ok().map(Self)
    }

    /// The day and the clock time in UTC.
    pub fn calendar(self) -> Calendar {
        let at = OffsetDateTime::from_unix_timestamp(self.as_secs());
        let at = at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
        Calendar {
            year: at.year(),
            month: u8::from(at.month()).into(),
            day: at.day().into(),
            clock: format!("{:02}:{:02}", at.hour(), at.minute()),
        }
    }

    /// A date and clock time in UTC for people: `20 November 2026, 19:30 UTC`.
    pub fn for_people(self) -> String {
        self.format(format_description!(
            "[day padding:none] [month repr:long] [year], [hour]:[minute] UTC"
        ))
    }

    /// The clock time in UTC for people: `19:30 UTC`.
    pub fn clock_time(self) -> String {
        self.format(format_description!("[hour]:[minute] UTC"))
    }

    fn format(self, description: &[time::format_description::BorrowedFormatItem<'_>]) -> String {
        OffsetDateTime::from_unix_timestamp(self.as_secs())
            .ok()
            .and_then(|at| at.format(description).ok())
            .unwrap_or_default()
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// An instant as people count it, in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The year.
    pub year: i32,
    /// The month, from 1.
    pub month: i32,
    /// The day of the month, from 1.
    pub day: i32,
    /// The clock time: `19:30`.
    pub clock: String,
}

/// Tells the time. Read once for each request and passed on, so that tests travel without sleeping.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// A clock that can be shared.
pub type SharedClock = Arc<dyn Clock>;

/// The clock of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        let since_epoch = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        Timestamp(millis(since_epoch))
    }
}

/// The machine's clock, moved by the number of seconds that a file holds.
#[cfg(feature = "test-clock")]
#[derive(Clone, Debug)]
pub struct TravellingClock {
    offset_file: std::path::PathBuf,
}

#[cfg(feature = "test-clock")]
impl TravellingClock {
    /// A clock that reads its offset from `offset_file` each time it is asked; no file is no offset.
    pub fn new(offset_file: impl Into<std::path::PathBuf>) -> Self {
        Self { offset_file: offset_file.into() }
    }
}

#[cfg(feature = "test-clock")]
impl Clock for TravellingClock {
    fn now(&self) -> Timestamp {
        let offset: i64 = std::fs::read_to_string(&self.offset_file)
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(0);
        Timestamp(SystemClock.now().0.saturating_add(offset.saturating_mul(1000)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_reads_as_people_write_it() {
        let at = Timestamp::from_millis(1_795_203_045_000);
        assert_eq!(at.rfc3339(), "2026-11-20T19:30:45Z");
        assert_eq!(at.for_people(), "20 November 2026, 19:30 UTC");
    }

    #[test]
    fn spans_never_run_backwards() {
        let (early, late) = (Timestamp::from_millis(1000), Timestamp::from_millis(3500));
        assert_eq!(late.since(early), Duration::from_millis(2500));
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(early + Duration::from_secs(2), Timestamp::from_millis(3000));
    }

    #[test]
    fn an_exact_instant_reads_back_as_it_is() {
        for millis in [0, -1, 1_763_667_045_007, 1_763_667_045_000] {
            let at = Timestamp::from_millis(millis);
            assert_eq!(Timestamp::from_rfc3339(&at.rfc3339_exact()), Some(at), "{millis}");
        }
        let noon = Timestamp::from_rfc3339("2026-11-25T12:00:00.5+01:00").unwrap();
        assert_eq!(noon.rfc3339_exact(), "2026-11-25T11:00:00.500Z");
        assert_eq!(Timestamp::from_rfc3339("2026-11-25T11:00:00.500"), Some(noon));
        assert_eq!(Timestamp::from_rfc3339("yesterday"), None);
    }
}
