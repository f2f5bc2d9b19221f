//! The outbox.

use std::time::Duration;

use async_trait::async_trait;

use super::super::StoreError;
use crate::domain::id::MailId;
use crate::domain::mail::{LeasedMail, SealedMail};
use crate::domain::time::Timestamp;

/// The outbox: mails that are promised and not yet delivered.
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// Puts a mail into the outbox that belongs to no challenge.
    async fn write_mail(&self, mail: SealedMail) -> Result<(), StoreError>;

    /// Takes up to `limit` mails that are due, the oldest first, and keeps every other worker from them for
    /// `lease`. Mails that are past their use are not taken.
    async fn lease_mails(
        &self,
        limit: u32,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Vec<LeasedMail>, StoreError>;

    /// Takes the mail out of the outbox: it was delivered, or never will be.
    async fn remove_mail(&self, id: MailId) -> Result<(), StoreError>;

    /// Ends the lease and counts the attempt; the mail is due again at `due`.
    async fn postpone_mail(&self, id: MailId, due: Timestamp) -> Result<(), StoreError>;

    /// The number of mails in the outbox.
    async fn count_mails(&self) -> Result<u64, StoreError>;
}
