//! What other nodes have changed: told by them as they commit, so that no cache outlives it.

use std::sync::PoisonError;
use std::time::Duration;

use sqlx::PgConnection;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::super::observe::Cause;
use super::PostgresStore;
use crate::domain::entropy::{OsEntropy, jittered, public_bytes};

/// Where nodes tell each other.
const CHANNEL: &str = "doorward_accounts";

/// How long to wait before a connection that was lost is made again.
const AGAIN: Duration = Duration::from_secs(1);

/// After how long a silence the server is asked whether it is still there: a connection may be dead without a word.
const SILENCE: Duration = Duration::from_secs(2);

/// How long it may take to answer that.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

/// What this node hears of others.
#[derive(Debug)]
pub(super) struct Others {
    /// By which this node knows its own words.
    node: String,
    server: std::sync::Mutex<PgConnectOptions>,
    listener: Mutex<Option<PgListener>>,
}

impl Others {
    /// Begins to listen: what is told from now on is not missed.
    pub(super) async fn listen(server: PgConnectOptions) -> Result<Self, sqlx::Error> {
        let listener = Mutex::new(Some(listener(&server).await?));
        let node = Uuid::from_bytes(public_bytes(&OsEntropy)).to_string();
        Ok(Self { node, server: std::sync::Mutex::new(server), listener })
    }

    /// Where to listen once the connection of now is lost.
    pub(super) fn connect_to(&self, server: PgConnectOptions) {
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = server;
    }

    /// Comes back once another node has told of a change, or may have while nobody was listening. Cancel-safe.
    pub(super) async fn change(&self) -> Result<(), Cause> {
        let mut kept = self.listener.lock().await;
        let Some(listening) = kept.as_mut() else {
            tokio::time::sleep(jittered(AGAIN, &OsEntropy)).await;
            let server = self.server.lock().unwrap_or_else(PoisonError::into_inner).clone();
            *kept = Some(listener(&server).await?);
            return Ok(());
        };
        let told = self.next(listening).await;
        if told.is_err() {
            *kept = None;
        }
        told
    }

    /// The next change of another node; an error once the connection is lost, or dead.
    async fn next(&self, listening: &mut PgListener) -> Result<(), Cause> {
        loop {
            match tokio::time::timeout(SILENCE, listening.try_recv()).await {
                Ok(Ok(Some(told))) if told.payload() == self.node => {}
                Ok(Ok(Some(_))) => return Ok(()),
                Ok(Ok(None)) => {
                    return Err("the connection on which other nodes are heard is lost".into());
                }
                Ok(Err(cause)) => return Err(cause.into()),
                Err(_) => {
                    let alive = sqlx::query("SELECT 1").execute(&mut *listening);
                    if tokio::time::timeout(SIGN_OF_LIFE, alive).await.is_err() {
                        return Err("the connection on which other nodes are heard is dead".into());
                    }
                }
            }
        }
    }
}

/// Listens on a connection of its own. One that is dead takes nothing from those who ask.
async fn listener(server: &PgConnectOptions) -> Result<PgListener, sqlx::Error> {
    let alone = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(SIGN_OF_LIFE)
        .max_lifetime(None)
        .idle_timeout(None)
        .connect_with(server.clone())
        .await?;
    let mut listener = PgListener::connect_with(&alone).await?;
    listener.ignore_pool_close_event(true);
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

impl PostgresStore {
    /// Has the other nodes hear of this change when it is committed, and never if it is not.
    pub(super) async fn tell_others(&self, write: &mut PgConnection) -> Result<(), Cause> {
        sqlx::query("SELECT pg_notify($1, $2)")
            .bind(CHANNEL)
            .bind(&self.others.node)
            .execute(write)
            .await?;
        Ok(())
    }
}
