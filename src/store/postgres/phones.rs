//! Telephone numbers in PostgreSQL.

use async_trait::async_trait;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use super::super::observe::Cause;
use super::super::{PhoneSet, PhoneStore, StoreError};
use super::PostgresStore;
use super::accounts::account;
use super::rows::Columns;
use crate::domain::account::{Account, Epoch};
use crate::domain::id::AccountId;
use crate::domain::phone::{CodesBy, Phone, PhoneNumber};
use crate::domain::time::Timestamp;

#[async_trait]
impl PhoneStore for PostgresStore {
    async fn find_phone(&self, id: AccountId) -> Result<Option<Phone>, StoreError> {
        self.breaker
            .ask("find_phone", async {
                let row = sqlx::query(concat!(
                    "SELECT ",
                    columns!(phones),
                    " FROM phones WHERE account_id = $1"
                ))
                .bind(id.as_uuid().as_bytes().as_slice())
                .fetch_optional(&self.pool)
                .await?;
                row.as_ref().map(phone).transpose()
            })
            .await
    }

    async fn find_account_by_phone(
        &self,
        number: &PhoneNumber,
    ) -> Result<Option<Account>, StoreError> {
        self.breaker
            .ask("find_account_by_phone", async {
                let row = sqlx::query(concat!(
                    "SELECT ",
                    columns!(accounts),
                    " FROM accounts JOIN phones ON phones.account_id = accounts.id
                     WHERE phones.number = $1"
                ))
                .bind(number.as_str())
                .fetch_optional(&self.pool)
                .await?;
                row.as_ref().map(account).transpose()
            })
            .await
    }

    async fn set_phone(
        &self,
        id: AccountId,
        epoch: Epoch,
        number: &PhoneNumber,
        now: Timestamp,
    ) -> Result<PhoneSet, StoreError> {
        self.breaker
            .ask("set_phone", async {
                let mut write = self.write().await?;
                if !is_in(&mut write, id, epoch).await? {
                    return Ok(PhoneSet::Gone);
                }
                let set = sqlx::query(
                    "INSERT INTO phones (account_id, number, by_sms, verified_at)
                     VALUES ($1, $2, FALSE, $3)
                     ON CONFLICT (account_id) DO UPDATE SET number = $2, verified_at = $3",
                )
                .bind(id.as_uuid().as_bytes().as_slice())
                .bind(number.as_str())
                .bind(now.as_millis())
                .execute(&mut *write)
                .await;
                match set {
                    Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                        return Ok(PhoneSet::Taken);
                    }
                    set => set?,
                };
                write.commit().await?;
                Ok(PhoneSet::Set)
            })
            .await
    }

    async fn remove_phone(
        &self,
        id: AccountId,
        epoch: Epoch,
    ) -> Result<Option<Account>, StoreError> {
        self.breaker
            .ask("remove_phone", async {
                let mut write = self.write().await?;
                if !is_in(&mut write, id, epoch).await? {
                    return Ok(None);
                }
                let removed: Option<bool> =
                    sqlx::query_scalar("DELETE FROM phones WHERE account_id = $1 RETURNING by_sms")
                        .bind(id.as_uuid().as_bytes().as_slice())
                        .fetch_optional(&mut *write)
                        .await?;
                let Some(by_sms) = removed else { return Ok(None) };
                let changed = begin_epoch(&mut write, id, i64::from(by_sms)).await?;
                self.tell_others(&mut write).await?;
                write.commit().await?;
                Ok(Some(changed))
            })
            .await
    }

    async fn set_codes_by(
        &self,
        id: AccountId,
        epoch: Epoch,
        codes_by: CodesBy,
    ) -> Result<Option<Account>, StoreError> {
        self.breaker
            .ask("set_codes_by", async {
                let mut write = self.write().await?;
                if !is_in(&mut write, id, epoch).await? {
                    return Ok(None);
                }
                let changed = sqlx::query(
                    "UPDATE phones SET by_sms = $2 WHERE account_id = $1 AND by_sms != $2",
                )
                .bind(id.as_uuid().as_bytes().as_slice())
                .bind(codes_by == CodesBy::Sms)
                .execute(&mut *write)
                .await?;
                if changed.rows_affected() == 0 {
                    return Ok(None);
                }
                let changed = begin_epoch(&mut write, id, 1).await?;
                self.tell_others(&mut write).await?;
                write.commit().await?;
                Ok(Some(changed))
            })
            .await
    }
}

/// Whether the account is in this epoch; it stays there until the end of the transaction.
async fn is_in(write: &mut PgConnection, id: AccountId, epoch: Epoch) -> Result<bool, sqlx::Error> {
    let found = sqlx::query("SELECT 1 FROM accounts WHERE id = $1 AND epoch = $2 FOR UPDATE")
        .bind(id.as_uuid().as_bytes().as_slice())
        .bind(epoch.0)
        .fetch_optional(write)
        .await?;
    Ok(found.is_some())
}

/// The account, `epochs` later.
async fn begin_epoch(
    write: &mut PgConnection,
    id: AccountId,
    epochs: i64,
) -> Result<Account, Cause> {
    let row = sqlx::query(concat!(
        "UPDATE accounts SET epoch = epoch + $2 WHERE id = $1 RETURNING ",
        columns!(accounts)
    ))
    .bind(id.as_uuid().as_bytes().as_slice())
    .bind(epochs)
    .fetch_one(write)
    .await?;
    account(&row)
}

fn phone(row: &PgRow) -> Result<Phone, Cause> {
    let columns = Columns(row);
    Ok(Phone {
        number: columns.text("number")?,
        codes_by: if columns.get("by_sms")? { CodesBy::Sms } else { CodesBy::Mail },
        verified_at: columns.instant("verified_at")?,
    })
}
