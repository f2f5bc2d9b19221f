//! What others change is pushed: by `CLIENT TRACKING` in broadcast over the keys of sessions, on a connection of its own to
//! every primary.
//!
//! Redis says of each key of a session that it is not what it was: ended, expired, thrown away with everything else, or new. As
//! long as one of these connections is missing nothing is known, and that is told as well.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{PushInfo, PushKind, Value};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Notify, watch};
use tokio::time::MissedTickBehavior;

use super::super::Changed;
use super::super::observe::Cause;
use super::keys;
use super::servers::{Address, RedisSettings, patience};
use crate::domain::entropy::{OsEntropy, jittered};
use crate::domain::secret::SessionTokenHash;

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// What others have changed.
    Of(Changed),
    /// Changes are not seen, until this is followed by `Of(Changed::Anything)`.
    Nothing,
}

/// What was pushed and not yet taken.
#[derive(Debug, Default)]
pub(super) struct Watched {
    pending: Mutex<Pending>,
    something: Notify,
}

#[derive(Debug, Default)]
struct Pending {
    /// Whether it is to be told that nothing is seen, or that it is seen again.
    turned: Option<Told>,
    sessions: Vec<SessionTokenHash>,
}

impl Watched {
    /// The next change. Cancel-safe: what is not taken stays.
    pub(super) async fn next(&self) -> Told {
        loop {
            let something = self.something.notified();
            if let Some(changed) = self.take() {
                return changed;
            }
            something.await;
        }
    }

    fn take(&self) -> Option<Told> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turned) = pending.turned.take() {
            // Both are about everything.
            pending.sessions.clear();
            return Some(turned);
        }
        let sessions = std::mem::take(&mut pending.sessions);
        (!sessions.is_empty()).then_some(Told::Of(Changed::Sessions(sessions)))
    }

    fn turn(&self, told: Told) {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).turned = Some(told);
        self.something.notify_one();
    }

    fn session(&self, token: SessionTokenHash) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.sessions.len() < MOST_PENDING {
            pending.sessions.push(token);
        } else if pending.turned.is_none() {
            pending.turned = Some(Told::Of(Changed::Anything));
        }
        drop(pending);
        self.something.notify_one();
    }
}

/// The task that watches, ended when this is dropped.
pub(super) struct Watching(tokio::task::JoinHandle<()>);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Watches from now on. The receiver says whether everything is seen.
pub(super) fn watch(settings: RedisSettings) -> (Arc<Watched>, Watching, watch::Receiver<bool>) {
    let watched = Arc::new(Watched::default());
    let (seen, sees) = watch::channel(false);
    let watching = tokio::spawn(watch_on(settings, Arc::clone(&watched), seen));
    (watched, Watching(watching), sees)
}

async fn watch_on(settings: RedisSettings, watched: Arc<Watched>, seen: watch::Sender<bool>) {
    let mut failures = 0_u32;
    loop {
        match Eyes::open(&settings).await {
            Ok(eyes) => {
                failures = 0;
                watched.turn(Told::Of(Changed::Anything));
                seen.send_replace(true);
                let closed = eyes.see(&settings, &watched).await;
                watched.turn(Told::Nothing);
                seen.send_replace(false);
                tracing::warn!(error = %closed, "what other nodes change in Redis is not seen");
            }
            Err(error) => {
                failures = failures.saturating_add(1);
                tracing::debug!(%error, "what other nodes change in Redis is not seen yet");
                let pause = (FIRST_PAUSE * (1 << failures.min(5))).min(LONGEST_PAUSE);
                tokio::time::sleep(jittered(pause, &OsEntropy)).await;
            }
        }
    }
}

/// A connection to every primary.
struct Eyes {
    primaries: Vec<Address>,
    connections: Vec<MultiplexedConnection>,
    pushes: UnboundedReceiver<PushInfo>,
}

impl Eyes {
    async fn open(settings: &RedisSettings) -> Result<Self, Cause> {
        let primaries = settings.primaries().await?;
        let (sender, pushes) = unbounded_channel();
        let mut connections = Vec::new();
        for primary in &primaries {
            connections.push(Self::open_one(settings, primary, sender.clone()).await?);
        }
        Ok(Self { primaries, connections, pushes })
    }

    async fn open_one(
        settings: &RedisSettings,
        primary: &Address,
        pushes: UnboundedSender<PushInfo>,
    ) -> Result<MultiplexedConnection, Cause> {
        let mut connection =
            settings.connect_to(primary, &patience().set_push_sender(pushes)).await?;
        let mut track = redis::cmd("CLIENT");
        track
            .arg("TRACKING")
            .arg("ON")
            .arg("BCAST")
            .arg("PREFIX")
            .arg(keys::sessions(&settings.prefix));
        let () = track.query_async(&mut connection).await?;
        Ok(connection)
    }

    /// Tells what is pushed, until something is not seen any more. Says why.
    async fn see(self, settings: &RedisSettings, watched: &Watched) -> Cause {
        let Self { primaries, connections, mut pushes } = self;
        let pushed = async {
            while let Some(push) = pushes.recv().await {
                match push.kind {
                    PushKind::Invalidate => tell(settings, watched, push.data),
                    PushKind::Disconnection => break,
                    _ => {}
                }
            }
            Closed::Lost.into()
        };
        tokio::select! {
            closed = pushed => closed,
            closed = Self::ask(settings, &primaries, connections) => closed,
        }
    }

    /// Asks until some connection does not answer, or the primaries are others.
    async fn ask(
        settings: &RedisSettings,
        known: &[Address],
        mut connections: Vec<MultiplexedConnection>,
    ) -> Cause {
        let mut ticks = tokio::time::interval(ASK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            for connection in &mut connections {
                if let Err(error) = redis::cmd("PING").exec_async(connection).await {
                    return error.into();
                }
            }
            match settings.primaries().await {
                Ok(primaries) if primaries == known => {}
                Ok(_) => return Closed::Moved.into(),
                Err(error) => return error,
            }
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum Closed {
    #[error("the connection was closed")]
    Lost,
    #[error("there are other primaries now")]
    Moved,
}

fn tell(settings: &RedisSettings, watched: &Watched, data: Vec<Value>) {
    let Some(Value::Array(keys)) = data.into_iter().next() else {
        // No list of keys: all of them are gone.
        return watched.turn(Told::Of(Changed::Anything));
    };
    for changed in keys {
        let Value::BulkString(key) = changed else { continue };
        if !key.starts_with(keys::sessions(&settings.prefix).as_bytes()) {
            continue;
        }
        // What ends in no token is no key of a session.
        if let Some(token) = key.last_chunk::<32>() {
            watched.session(SessionTokenHash::from_bytes(*token));
        }
    }
}

/// How often the connections are asked whether they are there.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// The pause before the next try to see again; twice as long after each that fails.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest of these pauses.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// The most sessions that wait to be told one by one.
const MOST_PENDING: usize = 10_000;
