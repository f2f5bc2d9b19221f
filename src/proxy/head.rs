//! What a connection waits for: a request's head, its body, or neither. Told by whoever reads requests, asked by the
//! stream underneath, which sees bytes alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use tokio::sync::Notify;

use super::pace::Pace;
use crate::domain::connections::{ConnectionLimits, HeadLimits};

tokio::task_local! {
    /// The watch of the connection that this task serves.
    static WATCH: Arc<HeadWatch>;
}

/// What arrives on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    Head,
    Body,
    /// The end of an answer, or whatever a WebSocket says: that takes its time.
    Nothing,
}

/// The state of one connection.
#[derive(Debug)]
pub(super) struct HeadWatch {
    awaited: AtomicU8,
    /// How many heads have arrived.
    heads: AtomicU32,
    /// How many may arrive on HTTP/2, and who waits for the last one.
    requests: u32,
    spent: Notify,
    pub(super) head: HeadLimits,
    pub(super) body: Pace,
    pub(super) answer: Pace,
}

impl Default for HeadWatch {
    fn default() -> Self {
        Self::new(&ConnectionLimits::default())
    }
}

impl HeadWatch {
    /// Of a new connection.
    pub(super) fn new(limits: &ConnectionLimits) -> Self {
        let pace = |span: std::time::Duration| Pace {
            span,
            bytes: span.as_secs().saturating_mul(limits.least_rate.into()),
        };
        Self {
            awaited: AtomicU8::new(Awaited::Head as u8),
            heads: AtomicU32::new(0),
            requests: limits.requests,
            spent: Notify::new(),
            head: limits.head,
            body: pace(limits.body_timeout),
            answer: pace(limits.send_timeout),
        }
    }

    /// What arrives now.
    pub(super) fn awaits(&self) -> Awaited {
        match self.awaited.load(Ordering::Relaxed) {
            head if head == Awaited::Head as u8 => Awaited::Head,
            body if body == Awaited::Body as u8 => Awaited::Body,
            _ => Awaited::Nothing,
        }
    }

    /// How many heads have arrived so far.
    pub(super) fn heads(&self) -> u32 {
        self.heads.load(Ordering::Relaxed)
    }

    /// So many heads have come by HTTP/2, where nobody else counts them; so many were there `before`.
    pub(super) fn has_brought(&self, before: u32, heads: u32) {
        if before < self.requests && self.requests <= heads {
            self.spent.notify_one();
        }
    }

    /// Comes back once the connection has brought as many requests as it may.
    pub(super) async fn is_spent(&self) {
        self.spent.notified().await;
    }

    /// Serves this connection by `work`.
    pub(super) async fn over<F: Future>(self: Arc<Self>, work: F) -> F::Output {
        WATCH.scope(self, work).await
    }
}

/// The head of a request is there.
pub(super) fn arrived() {
    let _ = WATCH.try_with(|watch| watch.heads.fetch_add(1, Ordering::Relaxed));
    note(Awaited::Nothing);
}

/// How many requests this connection has brought, this one included.
pub(super) fn count() -> u32 {
    WATCH.try_with(|watch| watch.heads()).unwrap_or_default()
}

/// The body of the request is read from now on.
pub(super) fn body_begins() {
    note(Awaited::Body);
}

/// The body is there.
pub(super) fn body_ends() {
    note(Awaited::Nothing);
}

/// The request is over: what follows is another's head.
pub(super) fn next() {
    note(Awaited::Head);
}

fn note(awaited: Awaited) {
    // Outside a connection, in tests and benches, nobody waits.
    let _ = WATCH.try_with(|watch| watch.awaited.store(awaited as u8, Ordering::Relaxed));
}
