//! Sessions in SQLite.

use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::super::observe::{Cause, observe};
use super::super::{Joined, SessionStore, StoreError};
use super::rows::{Columns, json, millis};
use super::{FLOW, SqliteStore};
use crate::domain::account::Epoch;
use crate::domain::id::{AccountId, FamilyId, SessionId};
use crate::domain::refresh::{RefreshRotation, Refreshed};
use crate::domain::secret::SessionTokenHash;
use crate::domain::session::{NewSession, Session, SessionUse};
use crate::domain::time::Timestamp;

#[async_trait]
impl SessionStore for SqliteStore {
    async fn create_session(&self, new: NewSession) -> Result<Option<FamilyId>, StoreError> {
        observe(FLOW, "create_session", async {
            let mut write = self.write().await?;
            let ended = keep(&mut write, &new).await?;
            write.commit().await?;
            Ok(ended)
        })
        .await
    }

    async fn join_session(
        &self,
        new: NewSession,
        now: Timestamp,
    ) -> Result<Option<Joined>, StoreError> {
        observe(FLOW, "join_session", async {
            let mut write = self.write().await?;
            let stands: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM sessions WHERE family = ?1 AND id IS NOT ?2
                 AND expires_at > ?3 AND seen_at + idle > ?3)",
            )
            .bind(new.session.family.as_uuid().as_bytes().as_slice())
            .bind(new.replaces.map(|id| id.as_uuid().as_bytes().to_vec()))
            .bind(now.as_millis())
            .fetch_one(&mut *write)
            .await?;
            if !stands {
                return Ok(None);
            }
            let ended = keep(&mut write, &new).await?;
            write.commit().await?;
            Ok(Some(Joined { ended }))
        })
        .await
    }

    async fn find_session(&self, token: &SessionTokenHash) -> Result<Option<Session>, StoreError> {
        observe(FLOW, "find_session", async {
            let row = sqlx::query(concat!(
                "SELECT ",
                columns!(sessions),
                " FROM sessions WHERE token_hash = ?1"
            ))
            .bind(token.as_bytes().as_slice())
            .fetch_optional(&self.readers)
            .await?;
            row.as_ref().map(session).transpose()
        })
        .await
    }

    async fn touch_sessions(&self, uses: &[SessionUse]) -> Result<(), StoreError> {
        observe(FLOW, "touch_sessions", async {
            let mut write = self.write().await?;
            for used in uses {
                sqlx::query(
                    "UPDATE sessions SET seen_at = ?2 WHERE seen_at < ?2
                     AND family = (SELECT family FROM sessions WHERE id = ?1)",
                )
                .bind(used.session.as_uuid().as_bytes().as_slice())
                .bind(used.at.as_millis())
                .execute(&mut *write)
                .await?;
            }
            Ok(write.commit().await?)
        })
        .await
    }

    async fn end_session(&self, id: SessionId) -> Result<Option<FamilyId>, StoreError> {
        observe(FLOW, "end_session", async {
            let mut write = self.write().await?;
            let family = family_of(&mut write, id).await?;
            if let Some(family) = family {
                end_family(&mut write, family).await?;
            }
            write.commit().await?;
            Ok(family)
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
            let kept = match except {
                Some(id) => family_of(&mut write, id).await?,
                None => None,
            };
            let ended =
                sqlx::query("DELETE FROM sessions WHERE account_id = ?1 AND family IS NOT ?2")
                    .bind(account.as_uuid().as_bytes().as_slice())
                    .bind(kept.map(|family| family.as_uuid().as_bytes().to_vec()))
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
            let rows = sqlx::query(concat!(
                "SELECT ",
                columns!(sessions),
                " FROM sessions WHERE account_id = ?1 AND expires_at > ?2
                 ORDER BY seen_at DESC, id DESC"
            ))
            .bind(account.as_uuid().as_bytes().as_slice())
            .bind(now.as_millis())
            .fetch_all(&self.readers)
            .await?;
            rows.iter().map(session).collect()
        })
        .await
    }

    async fn rotate_refresh(
        &self,
        session: &SessionTokenHash,
        rotation: RefreshRotation,
    ) -> Result<Refreshed, StoreError> {
        observe(FLOW, "rotate_refresh", self.rotate(session, rotation)).await
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

/// Keeps the session and ends the one that it replaces, with that one's family if it is another.
async fn keep(write: &mut SqliteConnection, new: &NewSession) -> Result<Option<FamilyId>, Cause> {
    let mut ended = None;
    if let Some(replaced) = new.replaces {
        ended = family_of(write, replaced).await?.filter(|family| *family != new.session.family);
        if let Some(family) = ended {
            end_family(write, family).await?;
        }
        sqlx::query("DELETE FROM sessions WHERE id = ?1")
            .bind(replaced.as_uuid().as_bytes().as_slice())
            .execute(&mut *write)
            .await?;
    }
    let session = &new.session;
    sqlx::query(
        "INSERT INTO sessions (token_hash, id, family, account_id, epoch, host, methods, authenticated_at,
         created_at, seen_at, expires_at, idle, remembered, client, refresh_hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )
    .bind(new.token.as_bytes().as_slice())
    .bind(session.id.as_uuid().as_bytes().as_slice())
    .bind(session.family.as_uuid().as_bytes().as_slice())
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
    .bind(new.refresh.map(|token| token.as_bytes().to_vec()))
    .execute(&mut *write)
    .await?;
    Ok(ended)
}

async fn family_of(write: &mut SqliteConnection, id: SessionId) -> Result<Option<FamilyId>, Cause> {
    let row = sqlx::query("SELECT family FROM sessions WHERE id = ?1")
        .bind(id.as_uuid().as_bytes().as_slice())
        .fetch_optional(&mut *write)
        .await?;
    row.map(|row| Columns(&row).uuid("family").map(FamilyId::from_uuid)).transpose()
}

async fn end_family(write: &mut SqliteConnection, family: FamilyId) -> Result<(), Cause> {
    sqlx::query("DELETE FROM sessions WHERE family = ?1")
        .bind(family.as_uuid().as_bytes().as_slice())
        .execute(&mut *write)
        .await?;
    Ok(())
}

pub(super) fn session(row: &SqliteRow) -> Result<Session, Cause> {
    let columns = Columns(row);
    Ok(Session {
        id: columns.uuid("id").map(SessionId::from_uuid)?,
        family: columns.uuid("family").map(FamilyId::from_uuid)?,
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
