//! Whether a connection waits for a request's head or is past it: told by whoever reads requests, asked by the stream
//! underneath, which sees bytes alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

tokio::task_local! {
    /// The watch of the connection that this task serves.
    static WATCH: Arc<HeadWatch>;
}

/// The state of one connection.
#[derive(Debug, Default)]
pub(super) struct HeadWatch {
    past_head: AtomicBool,
}

impl HeadWatch {
    /// How long a whole head may take, from its first byte; of the first one on a connection, from the connection.
    pub(super) const LIMIT: Duration = Duration::from_secs(20);

    /// Whether what arrives now is a head.
    pub(super) fn expects_head(&self) -> bool {
        !self.past_head.load(Ordering::Relaxed)
    }

    /// Serves this connection by `work`.
    pub(super) async fn over<F: Future>(self: Arc<Self>, work: F) -> F::Output {
        WATCH.scope(self, work).await
    }
}

/// The head of a request is there: what follows takes its time.
pub(super) fn arrived() {
    note(true);
}

/// The request is over: what follows is another's head.
pub(super) fn next() {
    note(false);
}

fn note(past_head: bool) {
    // Outside a connection, in tests and benches, nobody waits.
    let _ = WATCH.try_with(|watch| watch.past_head.store(past_head, Ordering::Relaxed));
}
