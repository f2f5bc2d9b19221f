//! Registering the other way round: first the address is shown to be one's own, then name and password are chosen (R33).
//!
//! The rules are those of [`super::register`]: the same who may, the same limits, the same silence on who has an account.

use zeroize::Zeroizing;

use crate::domain::account::{FullName, Username};
use crate::domain::address::counted_as;
use crate::domain::audit::{AuditEvent, AuditResult};
use crate::domain::captcha::CaptchaPlace;
use crate::domain::challenge::{Aim, Subject};
use crate::domain::email::EmailAddress;
use crate::domain::id::AccountId;
use crate::domain::password_rules::{Owner, PasswordFault};
use crate::domain::permit::Permitted;
use crate::domain::registration::{Activated, NewRegistration, Registration};
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::FlowSecret;
use crate::store::{LimitName, StoreError};

use super::answer::{Answer, Answered};
use super::audit::Attempt;
use super::captcha::Evidence;
use super::code::CodeOutcome;
use super::password::{BUSY, Busy};
use super::register::RegisterOutcome;
use super::sessions::Opened;
use super::sign_in::Context;
use super::{Auth, Limited};

/// What is chosen once the address is shown to be one's own.
pub struct Chosen {
    /// The name to sign in with.
    pub username: Username,
    /// The name that apps show.
    pub full_name: Option<FullName>,
    /// What was typed as password.
    pub password: Zeroizing<String>,
}

/// What came of choosing.
#[derive(Debug)]
pub enum ChosenOutcome {
    /// The account is made, and its owner signed in.
    SignedIn(Opened),
    /// That name is another account's.
    UsernameTaken,
    /// The password is not taken.
    Password(PasswordFault),
    /// Nothing was shown, or not any more.
    Over,
    /// Too many tries.
    Limited(Limited),
    /// Too many passwords wait to be hashed.
    Busy(Busy),
}

impl Auth {
    /// Mails a code to the address that somebody wants an account with. One that has an account takes the same steps: its
    /// owner is told instead, and the code that nobody gets answers nothing (S23, S25).
    pub async fn prove_address(
        &self,
        email: EmailAddress,
        evidence: Evidence<'_>,
        context: &Context<'_>,
    ) -> Result<RegisterOutcome, StoreError> {
        if !self.registration.is_on() {
            return Ok(RegisterOutcome::Off);
        }
        if !self.registration.allows(&email) {
            return Ok(RegisterOutcome::OtherDomain);
        }
        let shown = match self.look_at(CaptchaPlace::Registration, &evidence, context) {
            Ok(shown) => shown,
            Err(fault) => return Ok(RegisterOutcome::Captcha(fault)),
        };
        let address = counted_as(context.client.address).to_string();
        if let Err(limited) = self.within(LimitName::Registration, &address, context).await? {
            return Ok(RegisterOutcome::Limited(limited));
        }
        if let Err(fault) = self.accept_shown(CaptchaPlace::Registration, shown, context).await? {
            return Ok(RegisterOutcome::Captcha(fault));
        }
        let recipient = self.newcomer(&email, context).await?;
        let destination = email.masked();
        let aim = Aim::ProveAddress { email, return_to: context.return_to.clone() };
        let sent = self.code_to(recipient, destination, aim, context).await?;
        Ok(sent.map_or_else(RegisterOutcome::Limited, RegisterOutcome::CodeSent))
    }

    /// The address is theirs: they may make an account with it, once.
    pub(super) async fn answered_proof(
        &self,
        answer: &Answer<'_>,
        (email, return_to): (&EmailAddress, &ReturnTo),
        context: &Context<'_>,
    ) -> Result<CodeOutcome, StoreError> {
        let Subject::Account { id, .. } = answer.challenge.subject else {
            return Ok(CodeOutcome::Lost);
        };
        self.remember(Attempt::of(answer.event(), AuditResult::Ok, None), context).await?;
        let allows = Permitted::Register { registration: id, email: email.clone() };
        let flow = self.permit(allows, return_to, context).await?;
        Ok(CodeOutcome::Answered(Answered::MayRegister(flow)))
    }

    /// Makes the account, and signs its owner in. A name that is taken leaves the permit as it is.
    pub async fn register_verified(
        &self,
        flow: &FlowSecret,
        chosen: Chosen,
        context: &Context<'_>,
    ) -> Result<ChosenOutcome, StoreError> {
        let address = counted_as(context.client.address).to_string();
        if let Err(limited) = self.within(LimitName::Verify, &address, context).await? {
            return Ok(ChosenOutcome::Limited(limited));
        }
        let permit = self.permitted(flow, context).await?;
        let Some(Permitted::Register { email, .. }) = permit.map(|permit| permit.allows) else {
            return Ok(ChosenOutcome::Over);
        };
        // It may have been turned off meanwhile.
        if !self.registration.is_on() || !self.registration.allows(&email) {
            return Ok(ChosenOutcome::Over);
        }
        let Chosen { username, full_name, password } = chosen;
        let owner = Owner {
            username: Some(username.clone()),
            email: Some(email.clone()),
            full_name: full_name.clone(),
        };
        let password = match self.new_password(password, owner).await {
            Ok(Ok(password)) => password,
            Ok(Err(fault)) => return Ok(ChosenOutcome::Password(fault)),
            Err(busy) => return Ok(ChosenOutcome::Busy(busy)),
        };
        let password = match self.hasher.hash(password.into_password()).await {
            Ok(Some(hash)) => hash,
            Ok(None) => return Ok(ChosenOutcome::Busy(BUSY)),
            Err(busy) => return Ok(ChosenOutcome::Busy(busy)),
        };
        let id = AccountId::generate(&*self.entropy, context.now);
        let registration = Registration { id, username, email, full_name, created_at: context.now };
        self.accounts.insert_registration(NewRegistration { registration, password }).await?;
        Ok(match self.accounts.activate_registration(id, None, context.now).await? {
            Activated::Active(account) => {
                self.flow.take_permit(&flow.permit_hash(), context.now).await?;
                let opened = self.welcome(&account, AuditEvent::Registered, false, context).await?;
                ChosenOutcome::SignedIn(opened)
            }
            Activated::UsernameTaken => ChosenOutcome::UsernameTaken,
            Activated::EmailTaken | Activated::Gone => ChosenOutcome::Over,
        })
    }
}
