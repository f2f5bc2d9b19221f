//! SQLite: both roles in one file, for a doorward that is alone.
//!
//! One connection writes, each write in a transaction begun as `IMMEDIATE`, and a few others read. WAL lets them
//! read while it writes; `synchronous=FULL` has what was promised on the disk before anybody is told. Another
//! process, such as the command line beside the server, may use the file at the same time.

use async_trait::async_trait;
use sqlx::{Sqlite, SqlitePool, Transaction};

use super::memory::MemoryQuotas;
use super::observe::Cause;
use super::{LimitName, QuotaStore, StoreError};
use crate::domain::quota::{Quota, Rate};
use crate::domain::time::Timestamp;

pub use open::OpenError;
pub use upkeep::POLL;

mod accounts;
mod audit;
mod backup_codes;
mod budgets;
mod challenges;
mod devices;
mod drafts;
mod open;
mod outbox;
mod permits;
mod phones;
mod refresh;
mod registrations;
mod rows;
mod sessions;
#[cfg(test)]
mod tests;
mod tickets;
mod upkeep;

/// Both stores in one SQLite file. Quotas are in memory: they matter for minutes, and one process counts them.
#[derive(Debug)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    others: upkeep::Others,
    quotas: MemoryQuotas,
}

impl SqliteStore {
    /// Closes the file, once what is under way is done. The last one to close it folds the log into the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Begins a write. Dropped without a commit, it has never been.
    async fn write(&self) -> Result<Transaction<'static, Sqlite>, Cause> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }
}

#[async_trait]
impl QuotaStore for SqliteStore {
    async fn count_quota(
        &self,
        limit: LimitName,
        key: &str,
        rate: Rate,
        now: Timestamp,
    ) -> Result<Quota, StoreError> {
        self.quotas.count_quota(limit, key, rate, now).await
    }
}

/// The durable role, as metrics name it.
const ACCOUNTS: &str = "accounts";
/// The role of what passes, as metrics name it.
const FLOW: &str = "flow";
