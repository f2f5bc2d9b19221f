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

/// The columns of a table that are read. Each is named: a statement that asks for all there are, and was prepared before a newer
/// doorward added one, gives a row that is longer than it was said to be.
macro_rules! columns {
    (accounts) => {
        "id, username, email, full_name, groups, password_hash, epoch, disabled_at, created_at, second_step, language"
    };
    (audit) => {
        "number, at, event, result, account_id, address, user_agent, device_id"
    };
    (challenges) => {
        "id, subject, host, destination, gives, code_mac, relay_mac, link_hash, created_at, expires_at, \
         sent_at, sends, attempts, max_attempts, consumed_at"
    };
    (devices) => {
        "id, account_id, epoch, host, trusted_until, created_at, used_at, client, token_hash, previous_hash, rotated_at"
    };
    (invitations) => {
        "id, email, username, full_name, groups, created_at, expires_at"
    };
    (outbox) => {
        "id, kind, sealed, created_at, not_after, attempts"
    };
    (password_failures) => {
        "count, last_at, next_try"
    };
    (permits) => {
        "allows, host, return_to, expires_at"
    };
    (phones) => {
        "number, by_sms, verified_at"
    };
    (registrations) => {
        "id, username, email, full_name, password_hash, created_at"
    };
    (sessions) => {
        "id, family, account_id, epoch, host, methods, authenticated_at, created_at, seen_at, expires_at, idle, remembered, client"
    };
}

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
