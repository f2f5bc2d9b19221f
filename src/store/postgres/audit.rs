//! The audit in PostgreSQL.

use std::net::IpAddr;

use async_trait::async_trait;
use sqlx::postgres::PgRow;

use super::super::observe::Cause;
use super::super::{AuditStore, StoreError};
use super::rows::Columns;
use super::{PostgresStore, lock};
use crate::domain::audit::{AuditEntry, AuditEvent, AuditResult, Noted, NumberedEntry};
use crate::domain::client::UserAgent;
use crate::domain::id::{AccountId, DeviceId};

#[async_trait]
impl AuditStore for PostgresStore {
    async fn record(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.breaker
            .ask("record", async {
                let mut write = self.write().await?;
                // Numbers are given before they are seen: without taking turns, whoever follows could miss one.
                lock(&mut write, "audit", b"").await?;
                sqlx::query(
                "INSERT INTO audit (at, event, result, account_id, address, user_agent, device_id)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(entry.at.as_millis())
            .bind(entry.event.as_str())
            .bind(entry.result.as_str())
            .bind(entry.account.as_ref().map(|id| id.as_uuid().as_bytes().as_slice()))
            .bind(entry.address.map(|address| address.to_string()))
            .bind(entry.user_agent.as_str())
            .bind(entry.device.as_ref().map(|id| id.as_uuid().as_bytes().as_slice()))
            .execute(&mut *write)
            .await?;
                Ok(write.commit().await?)
            })
            .await
    }

    async fn audit_after(
        &self,
        after: i64,
        account: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<NumberedEntry>, StoreError> {
        self.breaker
            .ask("audit_after", async {
                let statement = match account {
                    None => concat!(
                        "SELECT ",
                        columns!(audit),
                        " FROM audit WHERE number > $1 ORDER BY number LIMIT $2"
                    ),
                    Some(_) => {
                        concat!(
                            "SELECT ",
                            columns!(audit),
                            " FROM audit WHERE number > $1 AND account_id = $3
                     ORDER BY number LIMIT $2"
                        )
                    }
                };
                let mut found = sqlx::query(statement).bind(after).bind(i64::from(limit));
                if let Some(account) = &account {
                    found = found.bind(account.as_uuid().as_bytes().as_slice());
                }
                found.fetch_all(&self.pool).await?.iter().map(entry).collect()
            })
            .await
    }

    async fn latest_audit(
        &self,
        account: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<NumberedEntry>, StoreError> {
        self.breaker
            .ask("latest_audit", async {
                let statement = match account {
                    None => concat!(
                        "SELECT ",
                        columns!(audit),
                        " FROM audit ORDER BY number DESC LIMIT $1"
                    ),
                    Some(_) => {
                        concat!(
                            "SELECT ",
                            columns!(audit),
                            " FROM audit WHERE account_id = $2 ORDER BY number DESC LIMIT $1"
                        )
                    }
                };
                let mut found = sqlx::query(statement).bind(i64::from(limit));
                if let Some(account) = &account {
                    found = found.bind(account.as_uuid().as_bytes().as_slice());
                }
                found.fetch_all(&self.pool).await?.iter().rev().map(entry).collect()
            })
            .await
    }

    async fn latest_of(
        &self,
        account: AccountId,
        event: AuditEvent,
        limit: u32,
    ) -> Result<Vec<NumberedEntry>, StoreError> {
        self.breaker
            .ask("latest_of", async {
                let found = sqlx::query(concat!(
                    "SELECT ",
                    columns!(audit),
                    " FROM audit WHERE account_id = $1 AND event = $2
                 ORDER BY number DESC LIMIT $3"
                ))
                .bind(account.as_uuid().as_bytes().as_slice())
                .bind(event.as_str())
                .bind(i64::from(limit))
                .fetch_all(&self.pool)
                .await?;
                found.iter().rev().map(entry).collect()
            })
            .await
    }
}

fn entry(row: &PgRow) -> Result<NumberedEntry, Cause> {
    let columns = Columns(row);
    let address: Option<&str> = columns.get("address")?;
    let entry = AuditEntry {
        at: columns.instant("at")?,
        event: Noted::<AuditEvent>::read(columns.get("event")?),
        result: Noted::<AuditResult>::read(columns.get("result")?),
        account: columns.uuid_or_none("account_id")?.map(AccountId::from_uuid),
        address: address.map(str::parse::<IpAddr>).transpose()?,
        user_agent: columns.get::<&str>("user_agent").map(UserAgent::from)?,
        device: columns.uuid_or_none("device_id")?.map(DeviceId::from_uuid),
    };
    Ok(NumberedEntry { number: columns.get("number")?, entry })
}
