//! Forms that wait for a sign-in, in Redis: all of them together, for they share their room.

use async_trait::async_trait;

use super::super::{DraftStore, StoreError};
use super::keys::DRAFTS;
use super::{RedisStore, scripts, ttl};
use crate::domain::draft::{DraftRoom, NewDraft};
use crate::domain::secret::DraftHash;
use crate::domain::time::Timestamp;

#[async_trait]
impl DraftStore for RedisStore {
    async fn keep_draft(
        &self,
        draft: NewDraft,
        room: DraftRoom,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.breaker
            .ask("keep_draft", async {
                let keep = self
                    .link
                    .call(&scripts::DRAFT_KEEP, DRAFTS)
                    .arg(draft.token.as_bytes().as_slice())
                    .arg(&draft.client)
                    .arg(draft.sealed)
                    .arg(draft.expires_at.as_millis())
                    .arg(ttl(now, draft.expires_at))
                    .arg(now.as_millis())
                    .arg(room.of_client)
                    .arg(room.bytes)
                    .arg(room.in_all);
                keep.run().await
            })
            .await
    }

    async fn find_draft(
        &self,
        token: &DraftHash,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.breaker
            .ask("find_draft", async {
                let find = self.link.call(&scripts::DRAFT_FIND, DRAFTS);
                find.arg(token.as_bytes().as_slice()).arg(now.as_millis()).run().await
            })
            .await
    }

    async fn take_draft(&self, token: &DraftHash, now: Timestamp) -> Result<bool, StoreError> {
        self.breaker
            .ask("take_draft", async {
                let take = self.link.call(&scripts::DRAFT_TAKE, DRAFTS);
                take.arg(token.as_bytes().as_slice()).arg(now.as_millis()).run().await
            })
            .await
    }
}
