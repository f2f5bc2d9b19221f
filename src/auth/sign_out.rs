//! Signing out.

use crate::domain::audit::{AuditEvent, AuditResult};
use crate::store::StoreError;

use super::Auth;
use super::audit::Attempt;
use super::sessions::SignedIn;
use super::sign_in::Context;

impl Auth {
    /// Ends the session for good: its cookie opens nothing from now on, whoever replays it (S34).
    pub async fn sign_out(
        &self,
        signed_in: &SignedIn,
        context: &Context<'_>,
    ) -> Result<(), StoreError> {
        self.revoke_session(signed_in.session.id).await?;
        let account = Some(signed_in.session.account);
        let out = Attempt { account, ..Attempt::of(AuditEvent::SignedOut, AuditResult::Ok, None) };
        self.remember(out, context).await
    }
}
