//! "That was not me": what the owner of an account is told of a sign-in from a new browser, and what they can do.

use std::time::Duration;

use crate::domain::audit::{AuditEvent, AuditResult};
use crate::domain::id::AccountId;
use crate::domain::secret::{base64url, from_base64url};
use crate::domain::time::Timestamp;
use crate::store::StoreError;

use super::Auth;
use super::audit::Attempt;
use super::sign_in::Context;

/// How long the address in the mail works.
pub(super) const WORKS_FOR: Duration = Duration::from_secs(7 * 86_400);

/// The right to end everything signed in to one account: what the owner of its mailbox holds after a sign-in from a new
/// browser. It signs nobody in.
#[derive(Clone, Copy, Debug)]
pub struct NotMe {
    account: AccountId,
}

impl Auth {
    /// A token needs no store: it is the account, an end, and a MAC over both.
    pub(super) fn not_me_token(&self, account: AccountId, until: Timestamp) -> String {
        let id = account.as_uuid().as_bytes();
        let until = until.as_millis().to_be_bytes();
        let mac = self.keys.not_me.mac(&[id, &until]);
        base64url(&[id.as_slice(), &until, mac.get(..16).unwrap_or_default()].concat())
    }

    /// The right that a token stands for, if it is one of ours and its time is not over.
    pub fn not_me(&self, token: &str, now: Timestamp) -> Option<NotMe> {
        let bytes = (token.len() <= 64).then(|| from_base64url(token)).flatten()?;
        let (id, rest) = bytes.split_first_chunk::<16>()?;
        let (until, mac) = rest.split_first_chunk::<8>()?;
        let ours = mac.len() == 16 && self.keys.not_me.verifies(&[id, until], mac);
        let fresh = now < Timestamp::from_millis(i64::from_be_bytes(*until));
        let account = AccountId::from_uuid(uuid::Uuid::from_bytes(*id));
        (ours && fresh).then_some(NotMe { account })
    }

    /// Ends every session, forgets every browser of the account and drops every code that waits. Safe to repeat.
    pub async fn end_everything(
        &self,
        not_me: NotMe,
        context: &Context<'_>,
    ) -> Result<(), StoreError> {
        self.end_everything_of(not_me.account).await?;
        let account = Some(not_me.account);
        let said = Attempt { account, ..Attempt::of(AuditEvent::NotMe, AuditResult::Ok, None) };
        self.remember(said, context).await
    }
}
