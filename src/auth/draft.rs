//! Forms that were posted without a session, and are sent after signing in (G2).

use crate::domain::address::counted_as;
use crate::domain::client::Client;
use crate::domain::draft::{DRAFT_LIFETIME, Draft, DraftRoom, NewDraft, Seal};
use crate::domain::secret::{DraftSecret, DraftToken};
use crate::domain::time::Timestamp;
use crate::store::StoreError;

use super::Auth;

impl Auth {
    /// A secret for a browser that has kept no form yet.
    pub fn new_draft_secret(&self) -> DraftSecret {
        DraftSecret::generate(&*self.entropy)
    }

    /// A name for a form.
    pub fn new_draft_token(&self) -> DraftToken {
        DraftToken::generate(&*self.entropy)
    }

    /// Keeps a form. Says whether there is room for it.
    pub async fn keep_draft(
        &self,
        draft: &Draft,
        seal: &Seal<'_>,
        client: &Client,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(sealed) = seal.close(draft, &self.keys, &*self.entropy) else { return Ok(false) };
        let new = NewDraft {
            token: seal.token.hash(),
            host: seal.host.clone(),
            client: counted_as(client.address).to_string(),
            sealed,
            expires_at: now + DRAFT_LIFETIME,
        };
        self.flow.keep_draft(new, DraftRoom::default(), now).await
    }

    /// The form, if it is of this browser, and its time is not over.
    pub async fn find_draft(
        &self,
        seal: &Seal<'_>,
        now: Timestamp,
    ) -> Result<Option<Draft>, StoreError> {
        let sealed = self.flow.find_draft(&seal.token.hash(), now).await?;
        Ok(sealed.and_then(|sealed| seal.open(&sealed, &self.keys)))
    }

    /// Takes the form away, to be sent or forgotten. Of several who take it at once, one has it.
    pub async fn take_draft(&self, seal: &Seal<'_>, now: Timestamp) -> Result<bool, StoreError> {
        self.flow.take_draft(&seal.token.hash(), now).await
    }
}
