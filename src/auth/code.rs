//! The code: shown, typed, sent once more.

use crate::domain::account::Account;
use crate::domain::address::counted_as;
use crate::domain::challenge::{
    Challenge, ChallengeState, Purpose, Redeemed, Reissue, Reissued, Resend, Subject,
};
use crate::domain::code::Code;
use crate::domain::email::EmailAddress;
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::FlowSecret;
use crate::domain::session::Method;
use crate::domain::time::Timestamp;
use crate::store::{LimitName, StoreError};
use crate::telemetry::metrics::{CodeEvent, SigninResult, SigninStep, metrics};

use super::sessions::Opened;
use super::sign_in::Context;
use super::{Auth, Limited};

/// A challenge as the code page shows it.
#[derive(Clone, Debug)]
pub struct PendingCode {
    /// The challenge.
    pub challenge: Challenge,
    /// How it stands.
    pub state: ChallengeState,
    /// Whether a further code may be sent.
    pub resend: Resend,
}

/// What came of a typed code.
#[derive(Debug)]
pub enum CodeOutcome {
    /// It was right: the browser is signed in.
    SignedIn {
        /// Its session.
        opened: Opened,
        /// Where it goes.
        return_to: ReturnTo,
    },
    /// It was wrong; guesses are left.
    Wrong,
    /// What was typed is not six digits. Nothing was counted.
    NotACode,
    /// The challenge takes no guess any more; [`PendingCode`] says why.
    Closed,
    /// This browser has no challenge, or its account may not sign in any more.
    Lost,
    /// Too many codes were typed.
    Limited(Limited),
}

/// What came of asking for a further code.
#[derive(Debug)]
pub enum ResendOutcome {
    /// It is on its way.
    Sent,
    /// Not now, or not any more.
    Refused(Resend),
    /// This browser has no challenge.
    Lost,
    /// Too many codes were asked for.
    Limited(Limited),
}

impl Auth {
    /// The challenge of this browser on this host, however it stands.
    pub async fn pending_code(
        &self,
        flow: &FlowSecret,
        context: &Context<'_>,
    ) -> Result<Option<PendingCode>, StoreError> {
        let found = self.flow.find_challenge(&flow.hash(), Purpose::SignIn).await?;
        Ok(found.filter(|challenge| challenge.host == *context.host).map(|challenge| PendingCode {
            state: challenge.state(context.now),
            resend: self.settings.resend.check(&challenge, context.now),
            challenge,
        }))
    }

    /// Takes a typed code for the challenge of this browser.
    pub async fn verify_code(
        &self,
        flow: &FlowSecret,
        typed: &str,
        context: &Context<'_>,
    ) -> Result<CodeOutcome, StoreError> {
        let address = counted_as(context.client.address).to_string();
        if let Err(limited) = self.within(LimitName::Verify, &address, context.now).await? {
            metrics().signin(SigninStep::Code, SigninResult::Limited);
            return Ok(CodeOutcome::Limited(limited));
        }
        let Ok(code) = typed.parse::<Code>() else { return Ok(CodeOutcome::NotACode) };
        let guess = self.keys.code_guess(flow, Purpose::SignIn, context.host, &code);
        let redeemed =
            self.flow.redeem_code(&flow.hash(), Purpose::SignIn, &guess, context.now).await?;
        let (event, result, outcome) = match redeemed {
            Redeemed::Accepted(challenge) => return self.accept(&challenge, context).await,
            Redeemed::Wrong { .. } => {
                (Some(CodeEvent::Wrong), SigninResult::Refused, CodeOutcome::Wrong)
            }
            Redeemed::WrongAndExhausted => {
                (Some(CodeEvent::Exhausted), SigninResult::Exhausted, CodeOutcome::Closed)
            }
            Redeemed::Expired => {
                (Some(CodeEvent::Expired), SigninResult::Expired, CodeOutcome::Closed)
            }
            Redeemed::Exhausted => (None, SigninResult::Exhausted, CodeOutcome::Closed),
            Redeemed::Spent => (None, SigninResult::Refused, CodeOutcome::Closed),
            Redeemed::Unknown => (None, SigninResult::Refused, CodeOutcome::Lost),
        };
        if let Some(event) = event {
            metrics().code(Purpose::SignIn, event);
        }
        metrics().signin(SigninStep::Code, result);
        Ok(outcome)
    }

    async fn accept(
        &self,
        challenge: &Challenge,
        context: &Context<'_>,
    ) -> Result<CodeOutcome, StoreError> {
        metrics().code(Purpose::SignIn, CodeEvent::Verified);
        let Some(account) = self.account_of(challenge).await? else {
            metrics().signin(SigninStep::Code, SigninResult::Refused);
            return Ok(CodeOutcome::Lost);
        };
        if challenge.grant.raises && !self.still_has(&account, challenge, context.now).await? {
            metrics().signin(SigninStep::Code, SigninResult::Refused);
            return Ok(CodeOutcome::Lost);
        }
        let methods = challenge.grant.methods.and(Method::MailCode);
        let context = Context { replaces: challenge.grant.replaces, ..context.clone() };
        let opened =
            self.open_session(&account, methods, challenge.grant.remember, &context).await?;
        metrics().signin(SigninStep::Code, SigninResult::Accepted);
        Ok(CodeOutcome::SignedIn { opened, return_to: challenge.grant.return_to.clone() })
    }

    /// Whether the session that the challenge raises goes on: a revoked one is not replaced by a better one (S35).
    async fn still_has(
        &self,
        account: &Account,
        challenge: &Challenge,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let sessions = self.flow.sessions_of(account.id, now).await?;
        Ok(sessions.iter().any(|session| challenge.grant.replaces == Some(session.id)))
    }

    /// The account that a challenge is about, if it may still sign in: active, and in the epoch of the challenge.
    async fn account_of(&self, challenge: &Challenge) -> Result<Option<Account>, StoreError> {
        match challenge.subject {
            Subject::Decoy => Ok(None),
            Subject::Account { id, epoch } => {
                let account = self.accounts.find_account(id).await?;
                Ok(account.filter(|account| account.is_active() && account.epoch == epoch))
            }
        }
    }

    /// Sends a further code for the challenge of this browser, in place of the one before.
    pub async fn resend_code(
        &self,
        flow: &FlowSecret,
        context: &Context<'_>,
    ) -> Result<ResendOutcome, StoreError> {
        let address = counted_as(context.client.address).to_string();
        let Some(pending) = self.pending_code(flow, context).await? else {
            return Ok(ResendOutcome::Lost);
        };
        if pending.resend != Resend::Allowed {
            return Ok(ResendOutcome::Refused(pending.resend));
        }
        if let Err(limited) = self.within(LimitName::Resend, &address, context.now).await? {
            return Ok(ResendOutcome::Limited(limited));
        }
        let email: Option<EmailAddress> =
            self.account_of(&pending.challenge).await?.map(|account| account.email);
        let (code, mail) = self.new_code(email.as_ref(), flow, context);
        let expires_at = context.now + self.settings.code_lifetime;
        let reissue = Reissue { code, mail, expires_at };
        let rule = self.settings.resend;
        let reissued = self
            .flow
            .reissue_code(&flow.hash(), Purpose::SignIn, reissue, rule, context.now)
            .await?;
        match reissued {
            Reissued::Sent(_) => {
                metrics().code(Purpose::SignIn, CodeEvent::Issued);
                self.mail_waits.notify_one();
                Ok(ResendOutcome::Sent)
            }
            Reissued::Refused(why) => Ok(ResendOutcome::Refused(why)),
            Reissued::Unknown => Ok(ResendOutcome::Lost),
        }
    }
}
