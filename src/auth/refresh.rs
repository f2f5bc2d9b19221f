//! Programs keep a session by tokens: an access token for some minutes, and a refresh token for the next one (R32).

use std::sync::Arc;

use crate::domain::audit::{AuditEvent, AuditResult};
use crate::domain::entropy;
use crate::domain::mail::Message;
use crate::domain::refresh::{REFRESH_GRACE, RefreshRotation, RefreshSalt, Refreshed};
use crate::domain::secret::RefreshToken;
use crate::domain::session::Session;
use crate::store::StoreError;
use crate::telemetry::metrics::{SecurityEvent, metrics};

use super::Auth;
use super::audit::Attempt;
use super::sessions::SignedIn;
use super::sign_in::{Context, Keeps};
use super::tokens::ShownRefresh;

/// What came of showing a refresh token.
#[derive(Debug)]
pub enum RefreshOutcome {
    /// The session goes on, with this next token.
    Refreshed {
        /// The session.
        signed_in: Arc<SignedIn>,
        /// The token that takes the place of the one that was shown.
        next: RefreshToken,
    },
    /// The token is none, or not any more: its client has to sign in again.
    Over,
}

impl Auth {
    /// The refresh token of a new session, where a program keeps it.
    pub(super) fn first_refresh_token(&self, context: &Context<'_>) -> Option<RefreshToken> {
        match context.keeps {
            Keeps::Tokens => Some(RefreshToken::generate(&*self.entropy)),
            Keeps::Cookie => None,
        }
    }

    /// Exchanges a refresh token. One that was exchanged before is a copy in somebody's hands, whoever they are: the
    /// sign-in ends, with all that came of it.
    pub async fn refresh(
        &self,
        shown: &ShownRefresh,
        context: &Context<'_>,
    ) -> Result<RefreshOutcome, StoreError> {
        let (hash, host, now) = (shown.session, context.session_host, context.now);
        // What has ended gets no further token, whatever a store still has of it.
        let Some(signed_in) = self.authenticate_by(hash, host, now).await? else {
            return Ok(RefreshOutcome::Over);
        };
        let salt: RefreshSalt = entropy::bytes(&*self.entropy);
        let next = self.keys.next_refresh_token(&shown.token, &salt);
        let rotation = RefreshRotation {
            shown: shown.token.hash(),
            next: next.hash(),
            salt,
            grace: REFRESH_GRACE,
            now,
        };
        let next = match self.flow.rotate_refresh(&hash, rotation).await? {
            Refreshed::Rotated => Some(next),
            Refreshed::InGrace { salt, present } => {
                self.keys.given_refresh_token(&shown.token, &salt, &present)
            }
            Refreshed::Reused => {
                self.refresh_reused(&signed_in, context).await?;
                None
            }
            Refreshed::Unknown => None,
        };
        let Some(next) = next else { return Ok(RefreshOutcome::Over) };
        self.touch(&signed_in, now);
        Ok(RefreshOutcome::Refreshed { signed_in, next })
    }

    /// Ends the session and tells its owner, whoever shows the token.
    async fn refresh_reused(
        &self,
        signed_in: &SignedIn,
        context: &Context<'_>,
    ) -> Result<(), StoreError> {
        metrics().security_event(SecurityEvent::RefreshReuse);
        self.revoke_session(signed_in.session.id).await?;
        let Session { account, client, .. } = &signed_in.session;
        let reused = Attempt::of(AuditEvent::RefreshReused, AuditResult::Wrong, None);
        self.remember(Attempt { account: Some(*account), ..reused }, context).await?;
        let Some(owner) = self.accounts.find_account(*account).await? else { return Ok(()) };
        let message = Message::RefreshReused {
            program: client.user_agent.for_people(),
            site: context.origin.to_owned(),
            asked_by: context.asked(),
        };
        self.notify(&owner, message, context).await
    }
}
