//! Drafts.

use async_trait::async_trait;

use super::super::StoreError;
use crate::domain::draft::{DraftRoom, NewDraft};
use crate::domain::secret::DraftHash;
use crate::domain::time::Timestamp;

/// Forms that were posted without a session.
#[async_trait]
pub trait DraftStore: Send + Sync {
    /// Keeps the draft, if there is `room` for it beside those whose time is not over. Says whether there is.
    async fn keep_draft(
        &self,
        draft: NewDraft,
        room: DraftRoom,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// The sealed bytes of the draft, if its time is not over.
    async fn find_draft(
        &self,
        token: &DraftHash,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, StoreError>;

    /// Takes the draft away, if its time is not over. Of several at once, one is told that it has.
    async fn take_draft(&self, token: &DraftHash, now: Timestamp) -> Result<bool, StoreError>;
}
