//! How what listens comes to its end.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::watch;

/// When a listener takes no more connections, and what becomes of those that it has.
#[derive(Clone, Debug)]
pub struct Ending {
    /// Says true once every connection is to end with its next answer: at the end or before it, so that clients go elsewhere
    /// while they are still answered here.
    pub leave: watch::Receiver<bool>,
    /// Says true at the end.
    pub stop: watch::Receiver<bool>,
    /// How long requests under way may go on then.
    pub grace: Duration,
    /// What becomes of idle connections; said before `stop` is.
    pub idle: Arc<OnceLock<Idle>>,
}

/// What becomes of connections that wait for their next request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Idle {
    /// They are closed at once. A client that sends one at that moment has to send it again.
    #[default]
    Closed,
    /// Each is closed with its next answer, or at the end of the grace: no client loses a request.
    Awaited,
}

impl Ending {
    /// Ends so when `stop` says true, with idle connections closed at once.
    pub fn new(stop: watch::Receiver<bool>, grace: Duration) -> Self {
        Self { leave: stop.clone(), stop, grace, idle: Arc::default() }
    }

    /// The same, where connections take leave as soon as `leave` says true.
    #[must_use]
    pub fn taking_leave(self, leave: watch::Receiver<bool>) -> Self {
        Self { leave, ..self }
    }

    pub(super) fn idle(&self) -> Idle {
        self.idle.get().copied().unwrap_or_default()
    }

    /// Comes back once it is the end, or nobody is left to say so.
    pub(super) async fn comes(&mut self) {
        let _ = self.stop.wait_for(|stop| *stop).await;
    }
}
