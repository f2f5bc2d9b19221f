//! Backup codes in PostgreSQL.

use async_trait::async_trait;

use super::super::{BackupCodeStore, StoreError};
use super::rows::Columns;
use super::{PostgresStore, lock};
use crate::domain::account::BackupCodesLeft;
use crate::domain::id::AccountId;
use crate::domain::secret::{CodeGuess, CodeMac};
use crate::domain::time::Timestamp;

#[async_trait]
impl BackupCodeStore for PostgresStore {
    async fn replace_backup_codes(
        &self,
        account: AccountId,
        codes: Vec<CodeMac>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.breaker
            .ask("replace_backup_codes", async {
                let mut write = self.write().await?;
                lock(&mut write, "backup codes", account.as_uuid().as_bytes()).await?;
                sqlx::query("DELETE FROM backup_codes WHERE account_id = $1")
                    .bind(account.as_uuid().as_bytes().as_slice())
                    .execute(&mut *write)
                    .await?;
                for code in &codes {
                    sqlx::query(
                    "INSERT INTO backup_codes (account_id, code_mac, made_at) VALUES ($1, $2, $3)",
                )
                .bind(account.as_uuid().as_bytes().as_slice())
                .bind(code.as_bytes().as_slice())
                .bind(now.as_millis())
                .execute(&mut *write)
                .await?;
                }
                Ok(write.commit().await?)
            })
            .await
    }

    async fn use_backup_code(
        &self,
        account: AccountId,
        guess: &CodeGuess,
    ) -> Result<Option<u32>, StoreError> {
        self.breaker
            .ask("use_backup_code", async {
                let mut write = self.write().await?;
                lock(&mut write, "backup codes", account.as_uuid().as_bytes()).await?;
                let kept: Vec<Vec<u8>> =
                    sqlx::query_scalar("SELECT code_mac FROM backup_codes WHERE account_id = $1")
                        .bind(account.as_uuid().as_bytes().as_slice())
                        .fetch_all(&mut *write)
                        .await?;
                // Every one is compared, so that the time does not tell which it was.
                let mut used = None;
                for bytes in &kept {
                    let code = CodeMac::from_bytes(bytes.as_slice().try_into()?);
                    if guess.matches(&code) {
                        used = Some(code);
                    }
                }
                let Some(code) = used else { return Ok(None) };
                sqlx::query("DELETE FROM backup_codes WHERE account_id = $1 AND code_mac = $2")
                    .bind(account.as_uuid().as_bytes().as_slice())
                    .bind(code.as_bytes().as_slice())
                    .execute(&mut *write)
                    .await?;
                write.commit().await?;
                Ok(Some(u32::try_from(kept.len().saturating_sub(1))?))
            })
            .await
    }

    async fn backup_codes_left(&self, account: AccountId) -> Result<BackupCodesLeft, StoreError> {
        self.breaker
            .ask("backup_codes_left", async {
                let row = sqlx::query(
                    "SELECT count(*) AS codes, max(made_at) AS made_at FROM backup_codes
                 WHERE account_id = $1",
                )
                .bind(account.as_uuid().as_bytes().as_slice())
                .fetch_one(&self.pool)
                .await?;
                let columns = Columns(&row);
                Ok(BackupCodesLeft {
                    left: columns.number("codes")?,
                    made_at: columns.instant_or_none("made_at")?,
                })
            })
            .await
    }
}
