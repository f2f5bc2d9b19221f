//! A store that is away is not asked by everybody at once.
//!
//! After a failure nobody asks until a pause is over; then one does, and the others go on being told that the store is away.
//! Each failure doubles the pause, up to a bound, and no two processes pause for the same time: a store that comes back is
//! not met by all of them together.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The store was not asked, because it was away a moment ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is away, and is asked again in {again:?}")]
pub(super) struct Away {
    again: Duration,
}

/// Whether a store may be asked.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// How often in a row the store has failed.
    failures: u32,
    /// When the next one may ask.
    asks_at: Option<Instant>,
    /// When it last failed.
    known_at: Option<Instant>,
}

/// What a failure or a success has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turned {
    /// The store is away, and was not before.
    Away,
    /// It is back.
    Back,
    /// Nothing.
    Nothing,
}

impl Breaker {
    /// Whether the store may be asked now. Of many who want to while it is away, one may after each pause.
    pub(super) fn ask(&self, now: Instant) -> Result<(), Away> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(asks_at) = state.asks_at else { return Ok(()) };
        if now < asks_at {
            return Err(Away { again: asks_at.saturating_duration_since(now) });
        }
        // Whoever asks may never say what came of it, so the next pause begins now.
        state.asks_at = Some(now + pause(state.failures));
        Ok(())
    }

    /// The store has not answered. Those that had asked before it was known to be away count as one.
    pub(super) fn failed(&self, asked: Instant, now: Instant) -> Turned {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.known_at.is_some_and(|known_at| asked < known_at) {
            return Turned::Nothing;
        }
        let turned = if state.asks_at.is_none() { Turned::Away } else { Turned::Nothing };
        state.failures = state.failures.saturating_add(1);
        state.asks_at = Some(now + pause(state.failures));
        state.known_at = Some(now);
        turned
    }

    /// The store has answered.
    pub(super) fn answered(&self) -> Turned {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (state.failures, state.known_at) = (0, None);
        match state.asks_at.take() {
            Some(_) => Turned::Back,
            None => Turned::Nothing,
        }
    }
}

/// The pause after so many failures: 100 ms, doubled each time up to two seconds, and of that between a half and all.
pub(super) fn pause(failures: u32) -> Duration {
    let longest = (SHORTEST * (1_u32 << failures.saturating_sub(1).min(8))).min(LONGEST);
    let share = u32::try_from(RandomState::new().hash_one(failures) % 512).unwrap_or(0);
    longest.mul_f64(0.5 + f64::from(share) / 1024.0)
}

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_failure_one_asks_after_each_pause() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        assert_eq!(breaker.ask(start), Ok(()));
        assert_eq!(breaker.failed(start, start), Turned::Away);
        assert!(breaker.ask(start + Duration::from_millis(49)).is_err());
        let later = start + Duration::from_millis(100);
        assert_eq!(breaker.ask(later), Ok(()), "one may");
        assert!(breaker.ask(later).is_err(), "and no other");
        assert_eq!(breaker.failed(later, later), Turned::Nothing);
        assert!(breaker.ask(later + Duration::from_millis(99)).is_err(), "the pause has doubled");
        assert_eq!(breaker.answered(), Turned::Back);
        assert_eq!(breaker.ask(later), Ok(()));
        assert_eq!(breaker.answered(), Turned::Nothing);
    }

    #[test]
    fn those_that_fail_together_count_as_one_and_no_pause_is_endless() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        for _ in 0..50 {
            breaker.failed(start, start + Duration::from_millis(1));
        }
        assert_eq!(breaker.ask(start + Duration::from_millis(101)), Ok(()));
        let mut now = start;
        for _ in 0..40 {
            now += LONGEST;
            breaker.failed(now, now);
        }
        assert_eq!(breaker.ask(now + LONGEST), Ok(()));
        let pauses: std::collections::BTreeSet<_> = (0..20).map(|_| pause(9)).collect();
        assert!(pauses.len() > 5, "no two of them pause alike");
        assert!(pauses.iter().all(|pause| (LONGEST / 2..=LONGEST).contains(pause)));
    }
}
