//! What other nodes have changed: told by them as they commit, so that no cache outlives it.

use std::time::Duration;

use sqlx::postgres::PgListener;
use sqlx::{PgConnection, PgPool};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::super::observe::Cause;
use super::PostgresStore;

/// Where nodes tell each other.
const CHANNEL: &str = "doorward_accounts";

/// How long to wait before a connection that was lost is made again.
const AGAIN: Duration = Duration::from_millis(500);

/// What this node hears of others.
#[derive(Debug)]
pub(super) struct Others {
    /// By which this node knows its own words.
    node: String,
    listener: Mutex<Option<PgListener>>,
}

impl Others {
    /// Begins to listen: what is told from now on is not missed.
    pub(super) async fn listen(pool: &PgPool) -> Result<Self, sqlx::Error> {
        let listener = listener(pool).await?;
        Ok(Self { node: Uuid::now_v7().to_string(), listener: Mutex::new(Some(listener)) })
    }

    /// Comes back once another node has told of a change, or may have while nobody was listening. Cancel-safe.
    pub(super) async fn change(&self, pool: &PgPool) -> Result<(), Cause> {
        let mut kept = self.listener.lock().await;
        let Some(listening) = kept.as_mut() else {
            tokio::time::sleep(AGAIN).await;
            *kept = Some(listener(pool).await?);
            return Ok(());
        };
        loop {
            match listening.try_recv().await {
                Ok(Some(told)) if told.payload() == self.node => {}
                // Without words: the connection was lost and made again, and nobody knows what was said meanwhile.
                Ok(Some(_) | None) => return Ok(()),
                Err(cause) => {
                    *kept = None;
                    return Err(cause.into());
                }
            }
        }
    }
}

async fn listener(pool: &PgPool) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
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
