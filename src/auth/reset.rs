//! A forgotten password: a code or link by mail, and then a new one (R14).

use zeroize::Zeroizing;

use crate::domain::account::Account;
use crate::domain::address::counted_as;
use crate::domain::audit::{AuditEvent, AuditResult};
use crate::domain::captcha::CaptchaPlace;
use crate::domain::challenge::Aim;
use crate::domain::id::AccountId;
use crate::domain::mail::Message;
use crate::domain::password_rules::{Owner, PasswordFault};
use crate::domain::permit::{PERMITTED_FOR, Permit, Permitted};
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::FlowSecret;
use crate::store::{LimitName, StoreError};

use super::answer::{Answer, Answered};
use super::audit::Attempt;
use super::captcha::{CaptchaFault, Evidence};
use super::code::CodeOutcome;
use super::password::{BUSY, Busy};
use super::sign_in::Context;
use super::{Auth, Limited};

/// What came of asking for a new password.
#[derive(Debug)]
pub enum ResetOutcome {
    /// The browser waits for the code, with this secret. Whether there is such an account is not told (S23).
    CodeSent(FlowSecret),
    /// What shows that no program asks is not enough.
    Captcha(CaptchaFault),
    /// Too many were asked for.
    Limited(Limited),
}

/// What came of choosing a new password.
#[derive(Debug)]
pub enum NewPasswordOutcome {
    /// It is in force, and everything signed in before is ended.
    Done {
        /// Where to go after signing in with it.
        return_to: ReturnTo,
    },
    /// It is not taken.
    Refused(PasswordFault),
    /// Too many passwords wait to be hashed.
    Busy(Busy),
    /// There is nothing to choose one for, or not any more.
    Over,
}

impl Auth {
    /// Sends a code to whoever has this name. Known and unknown names take the same steps (S23, S24, S26).
    pub async fn request_reset(
        &self,
        typed: &str,
        evidence: Evidence<'_>,
        context: &Context<'_>,
    ) -> Result<ResetOutcome, StoreError> {
        let shown = match self.look_at(CaptchaPlace::Reset, &evidence, context) {
            Ok(shown) => shown,
            Err(fault) => return Ok(ResetOutcome::Captcha(fault)),
        };
        let address = counted_as(context.client.address).to_string();
        if let Err(limited) = self.within(LimitName::Reset, &address, context).await? {
            return Ok(ResetOutcome::Limited(limited));
        }
        if let Err(fault) = self.accept_shown(CaptchaPlace::Reset, shown, context).await? {
            return Ok(ResetOutcome::Captcha(fault));
        }
        let aim = Aim::Reset { return_to: context.return_to.clone() };
        let sent = self.code_by_name(typed, aim, context).await?;
        Ok(sent.map_or_else(ResetOutcome::Limited, ResetOutcome::CodeSent))
    }

    /// The mailbox is theirs: the browser may choose a new password, once. It is signed in to nothing (S40).
    pub(super) async fn answered_reset(
        &self,
        answer: &Answer<'_>,
        return_to: &ReturnTo,
        context: &Context<'_>,
    ) -> Result<CodeOutcome, StoreError> {
        let Some(account) = self.answering_account(answer, context).await? else {
            return Ok(CodeOutcome::Lost);
        };
        let right = Attempt::of(answer.event(), AuditResult::Ok, Some(&account));
        self.remember(right, context).await?;
        let new_password = Permitted::NewPassword { account: account.id, epoch: account.epoch };
        let flow = self.permit(new_password, return_to, context).await?;
        Ok(CodeOutcome::Answered(Answered::MayChoosePassword(flow)))
    }

    /// The account that this browser may choose a new password for.
    pub async fn resettable_account(
        &self,
        flow: &FlowSecret,
        context: &Context<'_>,
    ) -> Result<Option<Account>, StoreError> {
        match self.permitted(flow, context).await?.map(|permit| permit.allows) {
            Some(Permitted::NewPassword { account, epoch }) => {
                let account = self.accounts.find_account(account).await?;
                Ok(account.filter(|account| account.is_active() && account.epoch == epoch))
            }
            Some(Permitted::OtherName { .. } | Permitted::Register { .. }) | None => Ok(None),
        }
    }

    /// Puts the new password in force and ends everything that was signed in or begun before (S33, S41). Nobody is signed in
    /// by it: the second step is still asked (S40).
    pub async fn choose_password(
        &self,
        flow: &FlowSecret,
        typed: Zeroizing<String>,
        context: &Context<'_>,
    ) -> Result<NewPasswordOutcome, StoreError> {
        let Some(account) = self.resettable_account(flow, context).await? else {
            return Ok(NewPasswordOutcome::Over);
        };
        let password = match self.new_password(typed, Owner::from(&account)).await {
            Ok(Ok(password)) => password,
            Ok(Err(fault)) => return Ok(NewPasswordOutcome::Refused(fault)),
            Err(busy) => return Ok(NewPasswordOutcome::Busy(busy)),
        };
        let hash = match self.hasher.hash(password.into_password()).await {
            Ok(Some(hash)) => hash,
            Ok(None) => return Ok(NewPasswordOutcome::Busy(BUSY)),
            Err(busy) => return Ok(NewPasswordOutcome::Busy(busy)),
        };
        let Some(permit) = self.flow.take_permit(&flow.permit_hash(), context.now).await? else {
            return Ok(NewPasswordOutcome::Over);
        };
        let changed = self.accounts.set_password_in(account.id, account.epoch, hash).await?;
        let Some(account) = changed else { return Ok(NewPasswordOutcome::Over) };
        self.end_everything_of(account.id).await?;
        let reset = Attempt::of(AuditEvent::PasswordReset, AuditResult::Ok, Some(&account));
        self.remember(reset, context).await?;
        let message =
            Message::PasswordChanged { site: context.origin.to_owned(), asked_by: context.asked() };
        self.notify(&account, message, context).await?;
        Ok(NewPasswordOutcome::Done { return_to: permit.return_to })
    }

    /// Ends all sessions of the account, forgets its browsers, and drops what it has begun: codes that wait for an answer,
    /// and what answers allow. Safe to repeat.
    pub(super) async fn end_everything_of(&self, account: AccountId) -> Result<(), StoreError> {
        self.revoke_sessions_of(account, None).await?;
        self.accounts.remove_devices_of(account).await?;
        self.flow.drop_challenges_of(account).await?;
        Ok(())
    }

    /// Lets the browser do something once, under a new secret (S28).
    pub(super) async fn permit(
        &self,
        allows: Permitted,
        return_to: &ReturnTo,
        context: &Context<'_>,
    ) -> Result<FlowSecret, StoreError> {
        let flow = FlowSecret::generate(&*self.entropy);
        let permit = Permit {
            allows,
            host: context.host.clone(),
            return_to: return_to.clone(),
            expires_at: context.now + PERMITTED_FOR,
        };
        self.flow.create_permit(&flow.permit_hash(), permit).await?;
        Ok(flow)
    }

    /// What this browser may do once, on this host.
    pub(super) async fn permitted(
        &self,
        flow: &FlowSecret,
        context: &Context<'_>,
    ) -> Result<Option<Permit>, StoreError> {
        let found = self.flow.find_permit(&flow.permit_hash(), context.now).await?;
        Ok(found.filter(|permit| permit.host == *context.host))
    }
}
