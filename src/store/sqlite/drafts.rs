//! Forms that wait for a sign-in, in SQLite.

use async_trait::async_trait;

use super::super::observe::observe;
use super::super::{DraftStore, StoreError};
use super::{FLOW, SqliteStore};
use crate::domain::draft::{DraftRoom, NewDraft};
use crate::domain::secret::DraftHash;
use crate::domain::time::Timestamp;

#[async_trait]
impl DraftStore for SqliteStore {
    async fn keep_draft(
        &self,
        draft: NewDraft,
        room: DraftRoom,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        observe(FLOW, "keep_draft", async {
            let mut write = self.write().await?;
            let (of_client, in_all, bytes): (i64, i64, i64) = sqlx::query_as(
                "SELECT coalesce(sum(client = ?1), 0), count(*), coalesce(sum(length(sealed)), 0)
                 FROM drafts WHERE expires_at > ?2",
            )
            .bind(&draft.client)
            .bind(now.as_millis())
            .fetch_one(&mut *write)
            .await?;
            let bytes = u64::try_from(bytes)?.saturating_add(draft.sealed.len() as u64);
            if of_client >= i64::from(room.of_client)
                || in_all >= i64::from(room.in_all)
                || bytes > room.bytes
            {
                return Ok(false);
            }
            sqlx::query(
                "INSERT INTO drafts (token_hash, host, client, sealed, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )
            .bind(draft.token.as_bytes().as_slice())
            .bind(draft.host.as_str())
            .bind(&draft.client)
            .bind(&draft.sealed)
            .bind(draft.expires_at.as_millis())
            .execute(&mut *write)
            .await?;
            write.commit().await?;
            Ok(true)
        })
        .await
    }

    async fn find_draft(
        &self,
        token: &DraftHash,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        observe(FLOW, "find_draft", async {
            let found = "SELECT sealed FROM drafts WHERE token_hash = ?1 AND expires_at > ?2";
            Ok(sqlx::query_scalar(found)
                .bind(token.as_bytes().as_slice())
                .bind(now.as_millis())
                .fetch_optional(&self.readers)
                .await?)
        })
        .await
    }

    async fn take_draft(&self, token: &DraftHash, now: Timestamp) -> Result<bool, StoreError> {
        observe(FLOW, "take_draft", async {
            let mut write = self.write().await?;
            let taken = sqlx::query("DELETE FROM drafts WHERE token_hash = ?1 AND expires_at > ?2")
                .bind(token.as_bytes().as_slice())
                .bind(now.as_millis())
                .execute(&mut *write)
                .await?;
            write.commit().await?;
            Ok(taken.rows_affected() > 0)
        })
        .await
    }
}
