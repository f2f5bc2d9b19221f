//! Permits in SQLite.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;

use super::super::observe::{Cause, observe};
use super::super::{PermitStore, StoreError};
use super::rows::{Columns, json};
use super::{FLOW, SqliteStore};
use crate::domain::permit::Permit;
use crate::domain::secret::PermitHash;
use crate::domain::time::Timestamp;

#[async_trait]
impl PermitStore for SqliteStore {
    async fn create_permit(&self, browser: &PermitHash, permit: Permit) -> Result<(), StoreError> {
        observe(FLOW, "create_permit", async {
            let mut write = self.write().await?;
            sqlx::query(
                "INSERT OR REPLACE INTO permits (permit_hash, account_id, allows, host, return_to, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )
            .bind(browser.as_bytes().as_slice())
            .bind(permit.allows.about().as_uuid().as_bytes().as_slice())
            .bind(json(&permit.allows)?)
            .bind(permit.host.as_str())
            .bind(permit.return_to.as_str())
            .bind(permit.expires_at.as_millis())
            .execute(&mut *write)
            .await?;
            Ok(write.commit().await?)
        })
        .await
    }

    async fn find_permit(
        &self,
        browser: &PermitHash,
        now: Timestamp,
    ) -> Result<Option<Permit>, StoreError> {
        observe(FLOW, "find_permit", async {
            let found = concat!(
                "SELECT ",
                columns!(permits),
                " FROM permits WHERE permit_hash = ?1 AND expires_at > ?2"
            );
            let row = sqlx::query(found)
                .bind(browser.as_bytes().as_slice())
                .bind(now.as_millis())
                .fetch_optional(&self.readers)
                .await?;
            row.as_ref().map(permit).transpose()
        })
        .await
    }

    async fn take_permit(
        &self,
        browser: &PermitHash,
        now: Timestamp,
    ) -> Result<Option<Permit>, StoreError> {
        observe(FLOW, "take_permit", async {
            let mut write = self.write().await?;
            let row = sqlx::query(concat!(
                "DELETE FROM permits WHERE permit_hash = ?1 AND expires_at > ?2 RETURNING ",
                columns!(permits)
            ))
            .bind(browser.as_bytes().as_slice())
            .bind(now.as_millis())
            .fetch_optional(&mut *write)
            .await?;
            let taken = row.as_ref().map(permit).transpose()?;
            write.commit().await?;
            Ok(taken)
        })
        .await
    }
}

fn permit(row: &SqliteRow) -> Result<Permit, Cause> {
    let columns = Columns(row);
    Ok(Permit {
        allows: columns.json("allows")?,
        host: columns.text("host")?,
        return_to: columns.text("return_to")?,
        expires_at: columns.instant("expires_at")?,
    })
}
