//! What is done with the file itself: asking, purging, watching.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::SqlitePool;

use super::super::kept::{AUDIT_KEPT, DEVICE_UNUSED, MOST_PASSWORD_FAILURES, TOLD_FOR};
use super::super::observe::observe;
use super::super::{Changed, StoreError, StoreUpkeep};
use super::{ACCOUNTS, FLOW, SqliteStore};
use crate::domain::budget::{DelayRule, GUESSES_COUNT_FOR};
use crate::domain::registration::REGISTRATION_KEPT;
use crate::domain::time::Timestamp;

/// How often the file is asked whether another process has written to it: the longest that a session revoked by
/// the command line lives on in the server's cache.
pub const POLL: Duration = Duration::from_millis(100);

/// How long a challenge is kept after its end, so that its page can say what became of it.
const CHALLENGE_AFTERLIFE: Duration = Duration::from_secs(3600);

/// What this process knows of the writes of others.
///
/// `PRAGMA data_version` tells a connection of the commits of all others, and none of its own. The only one of
/// this process that commits is the writer, so what the writer is told of comes from elsewhere. Its numbers
/// mean nothing to another connection: should the writer have to be replaced, that counts as a change.
#[derive(Debug, Default)]
pub(super) struct Others {
    connections: Connections,
    seen: Mutex<Version>,
}

/// How many connections the writer has had.
#[derive(Clone, Debug, Default)]
pub(super) struct Connections(Arc<AtomicU64>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Version {
    connection: u64,
    data: i64,
}

impl Connections {
    pub(super) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Others {
    pub(super) fn connections(&self) -> Connections {
        self.connections.clone()
    }

    /// Whether there is anything new since the last look. A look that is broken off has not been one.
    pub(super) async fn look(&self, writer: &SqlitePool) -> Result<bool, sqlx::Error> {
        let asked = async {
            let mut asked = writer.acquire().await?;
            sqlx::query_scalar("PRAGMA data_version").fetch_one(&mut *asked).await
        };
        let data = asked.await;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // What happened while nobody could look counts as a change.
        let data = data.inspect_err(|_| *seen = Version::default())?;
        let version = Version { connection: self.connections.0.load(Ordering::Relaxed), data };
        Ok(std::mem::replace(&mut *seen, version) != version)
    }
}

#[async_trait]
impl StoreUpkeep for SqliteStore {
    async fn ping(&self) -> Result<(), StoreError> {
        observe(ACCOUNTS, "ping", async {
            sqlx::query("SELECT 1 FROM accounts LIMIT 1").fetch_optional(&self.readers).await?;
            Ok(())
        })
        .await
    }

    async fn purge(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        observe(FLOW, "purge", async {
            let mut gone = 0;
            let mut write = self.write().await?;
            for (statement, end) in [
                (PURGE_SESSIONS_AT_END, now),
                (PURGE_SESSIONS_LEFT_IDLE, now),
                (PURGE_TICKETS, now),
                (PURGE_DRAFTS, now),
                (PURGE_CHALLENGES, now.before(CHALLENGE_AFTERLIFE)),
                (PURGE_MAILS, now),
                (PURGE_DEVICES, now.before(DEVICE_UNUSED)),
                (PURGE_GUESSES, now.before(GUESSES_COUNT_FOR)),
                (PURGE_NOTICES, now.before(TOLD_FOR)),
                (PURGE_PASSWORD_FAILURES, now.before(DelayRule::default().forgotten_after)),
                (PURGE_AUDIT, now.before(AUDIT_KEPT)),
                (PURGE_REGISTRATIONS, now.before(REGISTRATION_KEPT)),
                (PURGE_INVITATIONS, now),
                (PURGE_PERMITS, now),
            ] {
                let purge = sqlx::query(statement).bind(end.as_millis()).bind(i64::from(limit));
                gone += purge.execute(&mut *write).await?.rows_affected();
            }
            let purge = sqlx::query(PURGE_PASSWORD_FAILURES_OVERFLOWING)
                .bind(MOST_PASSWORD_FAILURES)
                .bind(i64::from(limit));
            gone += purge.execute(&mut *write).await?.rows_affected();
            write.commit().await?;
            Ok(gone)
        })
        .await
    }

    async fn changed_elsewhere(&self) -> Result<Changed, StoreError> {
        loop {
            let look = async { Ok(self.others.look(&self.writer).await?) };
            if observe(ACCOUNTS, "changed_elsewhere", look).await? {
                return Ok(Changed::Anything);
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

const PURGE_SESSIONS_AT_END: &str = "DELETE FROM sessions WHERE token_hash IN
    (SELECT token_hash FROM sessions WHERE expires_at <= ?1 LIMIT ?2)";
const PURGE_SESSIONS_LEFT_IDLE: &str = "DELETE FROM sessions WHERE token_hash IN
    (SELECT token_hash FROM sessions WHERE seen_at + idle <= ?1 LIMIT ?2)";
const PURGE_TICKETS: &str = "DELETE FROM tickets WHERE token_hash IN
    (SELECT token_hash FROM tickets WHERE expires_at <= ?1 LIMIT ?2)";
const PURGE_DRAFTS: &str = "DELETE FROM drafts WHERE token_hash IN
    (SELECT token_hash FROM drafts WHERE expires_at <= ?1 LIMIT ?2)";
const PURGE_CHALLENGES: &str = "DELETE FROM challenges WHERE flow_hash IN
    (SELECT flow_hash FROM challenges WHERE expires_at <= ?1 LIMIT ?2)";
const PURGE_MAILS: &str = "DELETE FROM outbox WHERE id IN
    (SELECT id FROM outbox WHERE not_after <= ?1 LIMIT ?2)";
const PURGE_DEVICES: &str = "DELETE FROM devices WHERE id IN
    (SELECT id FROM devices WHERE used_at <= ?1 LIMIT ?2)";
const PURGE_GUESSES: &str = "DELETE FROM guess_failures WHERE number IN
    (SELECT number FROM guess_failures WHERE at <= ?1 LIMIT ?2)";
const PURGE_NOTICES: &str = "DELETE FROM budget_notices WHERE account_id IN
    (SELECT account_id FROM budget_notices WHERE told_at <= ?1 LIMIT ?2)";
const PURGE_PASSWORD_FAILURES: &str = "DELETE FROM password_failures WHERE key_hash IN
    (SELECT key_hash FROM password_failures WHERE last_at <= ?1 LIMIT ?2)";
const PURGE_REGISTRATIONS: &str = "DELETE FROM registrations WHERE id IN
    (SELECT id FROM registrations WHERE created_at <= ?1 LIMIT ?2)";
const PURGE_INVITATIONS: &str = "DELETE FROM invitations WHERE id IN
    (SELECT id FROM invitations WHERE expires_at <= ?1 LIMIT ?2)";
const PURGE_PERMITS: &str = "DELETE FROM permits WHERE permit_hash IN
    (SELECT permit_hash FROM permits WHERE expires_at <= ?1 LIMIT ?2)";
const PURGE_AUDIT: &str = "DELETE FROM audit WHERE number IN
    (SELECT number FROM audit WHERE at <= ?1 LIMIT ?2)";
// Those behind the latest ?1.
const PURGE_PASSWORD_FAILURES_OVERFLOWING: &str = "DELETE FROM password_failures WHERE key_hash IN
    (SELECT key_hash FROM password_failures ORDER BY last_at
     LIMIT max(0, min(?2, (SELECT count(*) FROM password_failures) - ?1)))";
