//! What is done with the database itself: asking, purging, watching.

use async_trait::async_trait;

use super::super::kept::{AUDIT_KEPT, DEVICE_UNUSED, MOST_PASSWORD_FAILURES, TOLD_FOR};
use super::super::observe::observe;
use super::super::{Changed, StoreError, StoreUpkeep};
use super::{ACCOUNTS, PostgresStore};
use crate::domain::budget::{DelayRule, GUESSES_COUNT_FOR};
use crate::domain::registration::REGISTRATION_KEPT;
use crate::domain::time::Timestamp;

#[async_trait]
impl StoreUpkeep for PostgresStore {
    async fn ping(&self) -> Result<(), StoreError> {
        self.breaker
            .ask("ping", async {
                sqlx::query("SELECT 1 FROM accounts LIMIT 1").fetch_optional(&self.pool).await?;
                Ok(())
            })
            .await
    }

    async fn purge(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.breaker
            .ask("purge", async {
                let mut write = self.write().await?;
                // One node at a time is enough.
                let ours: bool = sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1)")
                    .bind(PURGE)
                    .fetch_one(&mut *write)
                    .await?;
                if !ours {
                    return Ok(0);
                }
                let mut gone = 0;
                for (statement, end) in [
                    (PURGE_DEVICES, now.before(DEVICE_UNUSED)),
                    (PURGE_GUESSES, now.before(GUESSES_COUNT_FOR)),
                    (PURGE_NOTICES, now.before(TOLD_FOR)),
                    (PURGE_PASSWORD_FAILURES, now.before(DelayRule::default().forgotten_after)),
                    (PURGE_AUDIT, now.before(AUDIT_KEPT)),
                    (PURGE_REGISTRATIONS, now.before(REGISTRATION_KEPT)),
                    (PURGE_INVITATIONS, now),
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
        observe(ACCOUNTS, "changed_elsewhere", self.others.change())
            .await
            .map(|()| Changed::Anything)
    }
}

/// The lock of whoever purges.
const PURGE: i64 = 0x646f_6f72_7075_7267;

const PURGE_DEVICES: &str = "DELETE FROM devices WHERE id IN
    (SELECT id FROM devices WHERE used_at <= $1 LIMIT $2)";
const PURGE_GUESSES: &str = "DELETE FROM guess_failures WHERE number IN
    (SELECT number FROM guess_failures WHERE at <= $1 LIMIT $2)";
const PURGE_NOTICES: &str = "DELETE FROM budget_notices WHERE account_id IN
    (SELECT account_id FROM budget_notices WHERE told_at <= $1 LIMIT $2)";
const PURGE_PASSWORD_FAILURES: &str = "DELETE FROM password_failures WHERE key_hash IN
    (SELECT key_hash FROM password_failures WHERE last_at <= $1 LIMIT $2)";
const PURGE_REGISTRATIONS: &str = "DELETE FROM registrations WHERE id IN
    (SELECT id FROM registrations WHERE created_at <= $1 LIMIT $2)";
const PURGE_INVITATIONS: &str = "DELETE FROM invitations WHERE id IN
    (SELECT id FROM invitations WHERE expires_at <= $1 LIMIT $2)";
const PURGE_AUDIT: &str = "DELETE FROM audit WHERE number IN
    (SELECT number FROM audit WHERE at <= $1 LIMIT $2)";
// Those behind the latest $1.
const PURGE_PASSWORD_FAILURES_OVERFLOWING: &str = "DELETE FROM password_failures WHERE key_hash IN
    (SELECT key_hash FROM password_failures ORDER BY last_at
     LIMIT GREATEST(0, LEAST($2, (SELECT count(*) FROM password_failures) - $1)))";
