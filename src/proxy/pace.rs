//! The least pace at which bytes have to come or go: who moves fewer than that holds a connection, and uses it for
//! nothing (S53). Counted is only the time in which we wait for the other side, so that nobody answers for a slow app.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// So many bytes in each span of waiting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) span: Duration,
    pub(super) bytes: u64,
}

/// How one direction of a connection keeps the pace.
#[derive(Debug, Default)]
pub(super) struct Pacer {
    /// When what is waited for has to have come; there is none while nothing is waited for.
    ends: Option<Instant>,
    moved: u64,
    /// Made when something is waited for: what comes at once needs none.
    timer: Option<Pin<Box<Sleep>>>,
}

/// Whoever waits for the end is woken by it; that nobody was for so long means that nobody waited.
const NOBODY_ASKED: Duration = Duration::from_secs(1);

impl Pacer {
    /// Notes what came of an attempt to move bytes, and says whether the other side is too slow. That is only found
    /// while there is nothing to move: what has come in the meantime, while nobody asked, is in time.
    pub(super) fn is_late(&mut self, pace: Pace, moved: Poll<usize>, cx: &mut Context<'_>) -> bool {
        let Poll::Ready(bytes) = moved else { return self.has_ended(pace, cx) };
        self.moves(pace, bytes);
        false
    }

    /// Notes that so many bytes have moved.
    pub(super) fn moves(&mut self, pace: Pace, bytes: usize) {
        self.moved += bytes as u64;
        if self.moved >= pace.bytes {
            self.rest();
        } else if self.ends.is_some_and(|ends| ends + NOBODY_ASKED <= Instant::now()) {
            self.ends = Some(Instant::now() + pace.span);
            self.timer = None;
        }
    }

    /// Nothing is waited for.
    pub(super) fn rest(&mut self) {
        (self.ends, self.timer, self.moved) = (None, None, 0);
    }

    fn has_ended(&mut self, pace: Pace, cx: &mut Context<'_>) -> bool {
        let ends = *self.ends.get_or_insert_with(|| Instant::now() + pace.span);
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(ends)));
        timer.as_mut().poll(cx).is_ready()
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    const PACE: Pace = Pace { span: Duration::from_secs(30), bytes: 1000 };

    /// Whether somebody is late who moves `bytes` each `every` seconds for ten minutes.
    async fn late(bytes: usize, every: u64) -> bool {
        let mut pacer = Pacer::default();
        let cx = &mut Context::from_waker(Waker::noop());
        for second in 0..600 {
            let moved = if second % every == 0 { Poll::Ready(bytes) } else { Poll::Pending };
            if pacer.is_late(PACE, moved, cx) || pacer.is_late(PACE, Poll::Pending, cx) {
                return true;
            }
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        false
    }

    #[tokio::test(start_paused = true)]
    async fn s53_who_drips_is_late_and_a_slow_line_is_not() {
        assert!(late(1, 1).await);
        assert!(late(900, 31).await);
        assert!(!late(50, 1).await);
        assert!(!late(1500, 28).await);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_answers_for_the_time_in_which_nobody_asked() {
        let (mut pacer, cx) = (Pacer::default(), &mut Context::from_waker(Waker::noop()));
        assert!(!pacer.is_late(PACE, Poll::Pending, cx));
        // The app takes its time, and the little that has come meanwhile is not held against the client.
        tokio::time::advance(Duration::from_secs(300)).await;
        assert!(!pacer.is_late(PACE, Poll::Ready(10), cx));
        assert!(!pacer.is_late(PACE, Poll::Pending, cx));
        tokio::time::advance(Duration::from_secs(31)).await;
        assert!(pacer.is_late(PACE, Poll::Pending, cx));
    }
}
