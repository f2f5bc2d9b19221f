//! The outbox in SQLite.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::super::observe::{Cause, observe};
use super::super::{OutboxStore, StoreError};
use super::rows::Columns;
use super::{FLOW, SqliteStore};
use crate::domain::id::MailId;
use crate::domain::mail::{LeasedMail, SealedMail};
use crate::domain::secret::FlowHash;
use crate::domain::time::Timestamp;

#[async_trait]
impl OutboxStore for SqliteStore {
    async fn write_mail(&self, mail: SealedMail) -> Result<(), StoreError> {
        observe(FLOW, "write_mail", async {
            let mut write = self.write().await?;
            insert(&mut write, &mail).await?;
            Ok(write.commit().await?)
        })
        .await
    }

    async fn lease_mails(
        &self,
        limit: u32,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Vec<LeasedMail>, StoreError> {
        observe(FLOW, "lease_mails", async {
            let mut write = self.write().await?;
            let rows = sqlx::query(concat!(
                "SELECT ",
                columns!(outbox),
                " FROM outbox WHERE due_at <= ?1 AND not_after > ?1
                 ORDER BY due_at, created_at, id LIMIT ?2"
            ))
            .bind(now.as_millis())
            .bind(i64::from(limit))
            .fetch_all(&mut *write)
            .await?;
            let mails = rows.iter().map(leased).collect::<Result<Vec<_>, _>>()?;
            for mail in &mails {
                sqlx::query("UPDATE outbox SET due_at = ?2 WHERE id = ?1")
                    .bind(mail.id.as_uuid().as_bytes().as_slice())
                    .bind((now + lease).as_millis())
                    .execute(&mut *write)
                    .await?;
            }
            write.commit().await?;
            Ok(mails)
        })
        .await
    }

    async fn remove_mail(&self, id: MailId) -> Result<(), StoreError> {
        observe(FLOW, "remove_mail", async {
            let mut write = self.write().await?;
            sqlx::query("DELETE FROM outbox WHERE id = ?1")
                .bind(id.as_uuid().as_bytes().as_slice())
                .execute(&mut *write)
                .await?;
            Ok(write.commit().await?)
        })
        .await
    }

    async fn postpone_mail(&self, id: MailId, due: Timestamp) -> Result<(), StoreError> {
        observe(FLOW, "postpone_mail", async {
            let mut write = self.write().await?;
            sqlx::query("UPDATE outbox SET due_at = ?2, attempts = attempts + 1 WHERE id = ?1")
                .bind(id.as_uuid().as_bytes().as_slice())
                .bind(due.as_millis())
                .execute(&mut *write)
                .await?;
            Ok(write.commit().await?)
        })
        .await
    }

    async fn count_mails(&self) -> Result<u64, StoreError> {
        observe(FLOW, "count_mails", async {
            let count: i64 =
                sqlx::query_scalar("SELECT count(*) FROM outbox").fetch_one(&self.readers).await?;
            Ok(u64::try_from(count)?)
        })
        .await
    }
}

/// Writes the mail as a part of `write`, due at once.
pub(super) async fn insert(write: &mut SqliteConnection, mail: &SealedMail) -> Result<(), Cause> {
    sqlx::query(
        "INSERT INTO outbox (id, flow_hash, kind, sealed, created_at, not_after, due_at, attempts)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?5, 0)",
    )
    .bind(mail.id.as_uuid().as_bytes().as_slice())
    .bind(mail.flow.as_ref().map(|flow| flow.as_bytes().as_slice()))
    .bind(mail.kind)
    .bind(mail.sealed.as_slice())
    .bind(mail.created_at.as_millis())
    .bind(mail.not_after.as_millis())
    .execute(write)
    .await?;
    Ok(())
}

/// Drops the mails of the browser's challenge as a part of `write`. One that a worker has in its hands goes out,
/// and is not tried again.
pub(super) async fn drop_mails_of(
    write: &mut SqliteConnection,
    flow: &FlowHash,
) -> Result<(), Cause> {
    sqlx::query("DELETE FROM outbox WHERE flow_hash = ?1")
        .bind(flow.as_bytes().as_slice())
        .execute(write)
        .await?;
    Ok(())
}

fn leased(row: &SqliteRow) -> Result<LeasedMail, Cause> {
    let columns = Columns(row);
    Ok(LeasedMail {
        id: columns.uuid("id").map(MailId::from_uuid)?,
        kind: columns.get("kind")?,
        sealed: columns.get("sealed")?,
        created_at: columns.instant("created_at")?,
        not_after: columns.instant("not_after")?,
        attempts: columns.number("attempts")?,
    })
}
