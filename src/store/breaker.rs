//! What stands before a store on another machine: while that is away nobody waits for it, and when it is back nobody
//! rushes at it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::StoreError;
use super::observe::{Cause, observe};
use crate::domain::entropy::{OsEntropy, jittered};
use crate::telemetry::metrics::metrics;

/// After how many failures in a row a store is taken to be away.
const ENOUGH: u32 = 3;
/// How long it is then left alone, before one asks again; twice as long after each that finds it away.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest that it is left alone.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// Watches how a store answers. All who ask it ask through here.
#[derive(Debug)]
pub struct Breaker {
    store: &'static str,
    patience: Duration,
    is_away: fn(&Cause) -> bool,
    state: Mutex<State>,
}

/// How the store stands, by the answers so far.
#[derive(Clone, Copy, Debug)]
enum State {
    /// It answers, but for as many failures since.
    Answers { failures: u32 },
    /// It is away: nobody asks before `again`.
    Away { again: Instant, pause: Duration },
    /// It was away, and one is asking again.
    Tried,
}

/// It is away, and is not asked.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("it is away and is asked again soon")]
struct LeftAlone;

/// It did not answer in time.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("it did not answer within {0:?}")]
struct Overdue(Duration);

impl Breaker {
    /// For the store that metrics call so. Whoever asks waits no longer than `patience`; of what went wrong `is_away` says
    /// whether it tells of the store, or of what was asked.
    pub(super) fn new(
        store: &'static str,
        patience: Duration,
        is_away: fn(&Cause) -> bool,
    ) -> Self {
        metrics().store_answers(store, true);
        Self { store, patience, is_away, state: Mutex::new(State::Answers { failures: 0 }) }
    }

    /// Awaits the `work` of one promise, as [`observe`] does, unless the store is away.
    pub(super) async fn ask<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, Cause>>,
    ) -> Result<T, StoreError> {
        observe(self.store, operation, async {
            let asked = self.admit(Instant::now()).ok_or(LeftAlone)?;
            match tokio::time::timeout(self.patience, work).await {
                Ok(Ok(answer)) => {
                    asked.was_answered();
                    Ok(answer)
                }
                Ok(Err(cause)) if (self.is_away)(&cause) => {
                    asked.failed(Instant::now());
                    Err(cause)
                }
                Ok(Err(cause)) => {
                    asked.was_answered();
                    Err(cause)
                }
                Err(_) => {
                    asked.failed(Instant::now());
                    Err(Overdue(self.patience).into())
                }
            }
        })
        .await
    }

    /// Lets somebody ask; `None` while the store is left alone.
    fn admit(&self, now: Instant) -> Option<Asked<'_>> {
        let mut state = self.lock();
        match *state {
            State::Answers { .. } => Some(Asked { breaker: self, tries_for: None }),
            State::Away { again, pause } if now >= again => {
                *state = State::Tried;
                Some(Asked { breaker: self, tries_for: Some(pause) })
            }
            State::Away { .. } | State::Tried => None,
        }
    }

    fn answered(&self, tried: bool) {
        let mut state = self.lock();
        match *state {
            State::Answers { .. } => *state = State::Answers { failures: 0 },
            // Somebody who asked before it went away says nothing of now.
            State::Away { .. } | State::Tried if !tried => {}
            State::Away { .. } | State::Tried => {
                *state = State::Answers { failures: 0 };
                metrics().store_answers(self.store, true);
                tracing::info!(store = self.store, "the store is back");
            }
        }
    }

    fn failed(&self, tried: Option<Duration>, now: Instant) {
        let mut state = self.lock();
        let pause = match (*state, tried) {
            (State::Answers { failures }, _) if failures + 1 < ENOUGH => {
                *state = State::Answers { failures: failures + 1 };
                return;
            }
            (State::Answers { .. }, _) => {
                metrics().store_answers(self.store, false);
                tracing::error!(
                    store = self.store,
                    "the store is away; it is asked again now and then"
                );
                FIRST_PAUSE
            }
            (State::Away { .. } | State::Tried, None) => return,
            (State::Away { .. } | State::Tried, Some(pause)) => (pause * 2).min(LONGEST_PAUSE),
        };
        *state = State::Away { again: now + jittered(pause, &OsEntropy), pause };
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who asks the store.
#[derive(Debug)]
struct Asked<'a> {
    breaker: &'a Breaker,
    /// The pause before, if it was away and this one tries it.
    tries_for: Option<Duration>,
}

impl Asked<'_> {
    fn was_answered(mut self) {
        self.breaker.answered(self.tries_for.take().is_some());
    }

    fn failed(mut self, now: Instant) {
        self.breaker.failed(self.tries_for.take(), now);
    }
}

impl Drop for Asked<'_> {
    /// Whoever tried has gone before it was answered: the next one tries.
    fn drop(&mut self) {
        if let Some(pause) = self.tries_for.take() {
            *self.breaker.lock() = State::Away { again: Instant::now(), pause };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker() -> Breaker {
        Breaker::new("accounts", Duration::from_secs(1), |_| true)
    }

    fn fail(breaker: &Breaker, now: Instant) {
        breaker.admit(now).unwrap().failed(now);
    }

    #[test]
    fn a_store_that_fails_again_and_again_is_left_alone_for_a_while() {
        let (breaker, now) = (breaker(), Instant::now());
        fail(&breaker, now);
        fail(&breaker, now);
        breaker.admit(now).unwrap().was_answered();
        fail(&breaker, now);
        fail(&breaker, now);
        assert!(breaker.admit(now).is_some(), "an answer between them begins the count anew");
        fail(&breaker, now);
        assert!(breaker.admit(now).is_none());
        assert!(breaker.admit(now + FIRST_PAUSE.mul_f64(0.8)).is_none());
    }

    #[test]
    fn one_tries_while_the_others_are_refused_and_each_failure_doubles_the_pause() {
        let (breaker, mut now) = (breaker(), Instant::now());
        (0..ENOUGH).for_each(|_| fail(&breaker, now));
        let mut pause = FIRST_PAUSE;
        for _ in 0..8 {
            assert!(breaker.admit(now + pause.mul_f64(0.85)).is_none(), "{pause:?}");
            now += pause.mul_f64(1.15);
            let tries = breaker.admit(now).unwrap();
            assert!(breaker.admit(now).is_none(), "one at a time");
            tries.failed(now);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        let tries = breaker.admit(now + LONGEST_PAUSE.mul_f64(1.15)).unwrap();
        tries.was_answered();
        assert!(breaker.admit(now).is_some() && breaker.admit(now).is_some(), "it is back");
    }

    #[test]
    fn one_who_tries_and_goes_away_leaves_it_to_the_next() {
        let (breaker, now) = (breaker(), Instant::now());
        (0..ENOUGH).for_each(|_| fail(&breaker, now));
        let later = now + FIRST_PAUSE * 2;
        drop(breaker.admit(later).unwrap());
        let again = Instant::now().max(later);
        assert!(breaker.admit(again).is_some());
    }

    #[test]
    fn what_was_asked_before_it_went_away_says_nothing_of_now() {
        let (breaker, now) = (breaker(), Instant::now());
        let early = breaker.admit(now).unwrap();
        (0..ENOUGH).for_each(|_| fail(&breaker, now));
        early.was_answered();
        assert!(breaker.admit(now).is_none());
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_has_patience_and_what_was_asked_wrongly_is_no_absence() {
        let breaker = Breaker::new("accounts", Duration::from_millis(5), |_| false);
        for _ in 0..ENOUGH * 2 {
            let failed = breaker.ask("x", async { Err::<(), Cause>("a duplicate key".into()) });
            assert!(failed.await.unwrap_err().to_string().contains("duplicate"));
        }
        for _ in 0..ENOUGH {
            let failed = breaker.ask("x", std::future::pending::<Result<(), Cause>>());
            assert!(failed.await.unwrap_err().to_string().contains("did not answer"));
        }
        let refused = breaker.ask("x", async { Ok::<(), Cause>(()) }).await.unwrap_err();
        assert!(refused.to_string().contains("is away"), "{refused}");
    }
}
