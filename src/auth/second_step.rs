//! The owner of an account turns its second step on or off, confirmed by a code (R12).

use crate::domain::account::Account;
use crate::domain::audit::{AuditEvent, AuditResult};
use crate::domain::challenge::Aim;
use crate::domain::mail::Message;
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::FlowSecret;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::telemetry::metrics::{SecurityEvent, metrics};

use super::answer::{Answer, Answered};
use super::audit::Attempt;
use super::code::CodeOutcome;
use super::fresh::Fresh;
use super::sign_in::Context;
use super::{Auth, Limited};

/// What came of asking to turn it on or off.
#[derive(Debug)]
pub enum SecondStepAsked {
    /// A code is on its way, for the browser with this secret.
    CodeSent(FlowSecret),
    /// It is so already.
    Same,
    /// Too many codes were asked for.
    Limited(Limited),
    /// The session is over.
    Over,
}

impl Auth {
    /// Sends a code that turns the second step on or off.
    pub async fn ask_for_second_step(
        &self,
        fresh: Fresh<'_>,
        on: bool,
        context: &Context<'_>,
    ) -> Result<SecondStepAsked, StoreError> {
        let Some(account) = self.owner(fresh.session()).await? else {
            return Ok(SecondStepAsked::Over);
        };
        if account.second_step == on {
            return Ok(SecondStepAsked::Same);
        }
        let aim = Aim::SecondStep { on, return_to: context.return_to.clone() };
        let sent = self.code_for(&account, aim, context).await?;
        Ok(sent.map_or_else(SecondStepAsked::Limited, SecondStepAsked::CodeSent))
    }

    /// The code was right: the second step is on or off, every other session and every trust is dead, and this browser
    /// goes on under another secret (S28, S33).
    pub(super) async fn answered_second_step(
        &self,
        answer: &Answer<'_>,
        (on, return_to): (bool, &ReturnTo),
        context: &Context<'_>,
    ) -> Result<CodeOutcome, StoreError> {
        let Some(account) = self.answering_account(answer, context).await? else {
            return Ok(CodeOutcome::Lost);
        };
        let Some(session) = self.answering_session(&account, context).await? else {
            return Ok(CodeOutcome::Lost);
        };
        let changed = self.accounts.set_second_step(account.id, account.epoch, on).await?;
        let Some(account) = changed else { return Ok(CodeOutcome::Lost) };
        self.flow.drop_challenges_of(account.id).await?;
        let opened = self.begin_anew(&session, &account, context).await?;
        let (event, security, message) = told(on, context);
        metrics().security_event(security);
        self.remember(Attempt::of(event, AuditResult::Ok, Some(&account)), context).await?;
        self.notify(&account, message, context).await?;
        let return_to = return_to.clone();
        Ok(CodeOutcome::Answered(Answered::SecondStep { on, opened, return_to }))
    }

    /// The session of the browser that answers, if it is the account's and goes on: a challenge that it has opened is
    /// nothing once it was revoked (S35).
    pub(super) async fn answering_session(
        &self,
        account: &Account,
        context: &Context<'_>,
    ) -> Result<Option<Session>, StoreError> {
        let sessions = self.flow.sessions_of(account.id, context.now).await?;
        Ok(sessions
            .into_iter()
            .find(|session| context.replaces == Some(session.id) && session.epoch == account.epoch))
    }

    /// The same by an operator: nobody is asked, and every session is ended. `None` if there is no such account.
    pub async fn set_second_step_by_operator(
        &self,
        account: &Account,
        on: bool,
        now: Timestamp,
    ) -> Result<Option<Account>, StoreError> {
        let changed = self.accounts.set_second_step(account.id, account.epoch, on).await?;
        let Some(account) = changed else { return Ok(None) };
        self.flow.drop_challenges_of(account.id).await?;
        self.revoke_sessions_of(account.id, None).await?;
        self.accounts.remove_devices_of(account.id).await?;
        let event = if on { AuditEvent::SecondStepOn } else { AuditEvent::SecondStepOff };
        self.remember_operator(event, account.id, now).await?;
        Ok(Some(account))
    }
}

fn told(on: bool, context: &Context<'_>) -> (AuditEvent, SecurityEvent, Message) {
    let (site, asked_by) = (context.origin.to_owned(), context.asked());
    if on {
        let message = Message::SecondStepOn { site, asked_by };
        (AuditEvent::SecondStepOn, SecurityEvent::SecondStepOn, message)
    } else {
        let message = Message::SecondStepOff { site, asked_by };
        (AuditEvent::SecondStepOff, SecurityEvent::SecondStepOff, message)
    }
}
