//! Sessions in SQLite.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;

use super::super::observe::{Cause, observe};
use super::super::{SessionStore, StoreError};
use super::rows::{Columns, json, millis};
use super::{FLOW, SqliteStore};
use crate::domain::account::Epoch;
use crate::domain::id::{AccountId, SessionId};
use crate::domain::secret::SessionTokenHash;
use crate::domain::session::{NewSession, Session};
use crate::domain::time::Timestamp;

#[async_trait]
impl SessionStore for SqliteStore {
    async fn create_session(&self, new: NewSession) -> Result<(), StoreError> {
        observe(FLOW, "create_session", async {
            let mut write = self.write().await?;
            if let Some(replaced) = new.replaces {
                sqlx::query("DELETE FROM sessions WHERE id = ?1")
                    .bind(replaced.as_uuid().as_bytes().as_slice())
                    .execute(&mut *write)
                    .await?;
            }
            let session = &new.session;
            sqlx::query(
                "INSERT INTO sessions (token_hash, id, account_id, epoch, host, methods, authenticated_at,
                 created_at, seen_at, expires_at, idle, remembered, client)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )
            .bind(new.token.as_bytes().as_slice())
            .bind(session.id.as_uuid().as_bytes().as_slice())
            .bind(session.account.as_uuid().as_bytes().as_slice())
            .bind(session.epoch.0)
            .bind(session.host.as_str())
            .bind(json(&session.methods)?)
            .bind(session.authenticated_at.as_millis())
            .bind(session.created_at.as_millis())
            .bind(session.seen_at.as_millis())
            .bind(session.expires_at.as_millis())
            .bind(millis(session.idle))
            .bind(session.remembered)
            .bind(json(&session.client)?)
            .execute(&mut *write)
            .await?;
            Ok(write.commit().await?)
        })
        .await
    }

    async fn find_session(&self, token: &SessionTokenHash) -> Result<Option<Session>, StoreError> {
        observe(FLOW, "find_session", async {
            let row = sqlx::query("SELECT * FROM sessions WHERE token_hash = ?1")
                .bind(token.as_bytes().as_slice())
                .fetch_optional(&self.readers)
                .await?;
            row.as_ref().map(session).transpose()
        })
        .await
    }

    async fn touch_session(&self, id: SessionId, seen_at: Timestamp) -> Result<(), StoreError> {
        observe(FLOW, "touch_session", async {
            let mut write = self.write().await?;
            sqlx::query("UPDATE sessions SET seen_at = ?2 WHERE id = ?1 AND seen_at < ?2")
                .bind(id.as_uuid().as_bytes().as_slice())
                .bind(seen_at.as_millis())
                .execute(&mut *write)
                .await?;
            Ok(write.commit().await?)
        })
        .await
    }

    async fn end_session(&self, id: SessionId) -> Result<bool, StoreError> {
        observe(FLOW, "end_session", async {
            let mut write = self.write().await?;
            let ended = sqlx::query("DELETE FROM sessions WHERE id = ?1")
                .bind(id.as_uuid().as_bytes().as_slice())
                .execute(&mut *write)
                .await?;
            write.commit().await?;
            Ok(ended.rows_affected() > 0)
        })
        .await
    }

    async fn end_sessions_of(
        &self,
        account: AccountId,
        except: Option<SessionId>,
    ) -> Result<u64, StoreError> {
        observe(FLOW, "end_sessions_of", async {
            let mut write = self.write().await?;
            let ended = sqlx::query("DELETE FROM sessions WHERE account_id = ?1 AND id IS NOT ?2")
                .bind(account.as_uuid().as_bytes().as_slice())
                .bind(except.map(|id| id.as_uuid().as_bytes().to_vec()))
                .execute(&mut *write)
                .await?;
            write.commit().await?;
            Ok(ended.rows_affected())
        })
        .await
    }

    async fn sessions_of(
        &self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        observe(FLOW, "sessions_of", async {
            let rows = sqlx::query(
                "SELECT * FROM sessions WHERE account_id = ?1 AND expires_at > ?2
                 ORDER BY seen_at DESC, id DESC",
            )
            .bind(account.as_uuid().as_bytes().as_slice())
            .bind(now.as_millis())
            .fetch_all(&self.readers)
            .await?;
            rows.iter().map(session).collect()
        })
        .await
    }

    async fn count_sessions(&self, now: Timestamp) -> Result<u64, StoreError> {
        observe(FLOW, "count_sessions", async {
            let count: i64 =
                sqlx::query_scalar("SELECT count(*) FROM sessions WHERE expires_at > ?1")
                    .bind(now.as_millis())
                    .fetch_one(&self.readers)
                    .await?;
            Ok(u64::try_from(count)?)
        })
        .await
    }
}

fn session(row: &SqliteRow) -> Result<Session, Cause> {
    let columns = Columns(row);
    Ok(Session {
        id: columns.uuid("id").map(SessionId::from_uuid)?,
        account: columns.uuid("account_id").map(AccountId::from_uuid)?,
        epoch: columns.get("epoch").map(Epoch)?,
        host: columns.text("host")?,
        methods: columns.json("methods")?,
        authenticated_at: columns.instant("authenticated_at")?,
        created_at: columns.instant("created_at")?,
        seen_at: columns.instant("seen_at")?,
        expires_at: columns.instant("expires_at")?,
        idle: columns.span("idle")?,
        remembered: columns.get("remembered")?,
        client: columns.json("client")?,
    })
}
