//! The audit.

use async_trait::async_trait;

use super::super::StoreError;
use crate::domain::audit::{AuditEntry, AuditEvent, NumberedEntry};
use crate::domain::id::AccountId;

/// The audit, in the durable store.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Keeps the entry.
    async fn record(&self, entry: AuditEntry) -> Result<(), StoreError>;

    /// Up to `limit` entries after the number `after`, the oldest first; of one account, if one is named.
    async fn audit_after(
        &self,
        after: i64,
        account: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<NumberedEntry>, StoreError>;

    /// The latest `limit` entries, the oldest first; of one account, if one is named.
    async fn latest_audit(
        &self,
        account: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<NumberedEntry>, StoreError>;

    /// The latest `limit` entries of this event at `account`, the oldest first: entries of other events, which strangers
    /// can make any number of, push none of them out.
    async fn latest_of(
        &self,
        account: AccountId,
        event: AuditEvent,
        limit: u32,
    ) -> Result<Vec<NumberedEntry>, StoreError>;
}
