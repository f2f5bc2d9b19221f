//! The telephone number of an account: shown to be its owner's, used for codes, taken away. And what text messages may cost:
//! somebody earns by each that goes to some numbers, so that strangers have reason to have them sent.

use std::time::Duration;

use crate::domain::account::Account;
use crate::domain::address::counted_as;
use crate::domain::audit::{AuditEvent, AuditResult};
use crate::domain::budget::BudgetState;
use crate::domain::challenge::{Aim, Subject};
use crate::domain::mail::Message;
use crate::domain::phone::{CodesBy, Phone, PhoneChange, PhoneNumber, SmsRule, rule_of};
use crate::domain::quota::Quota;
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::FlowSecret;
use crate::domain::time::Timestamp;
use crate::store::{LimitName, PhoneSet, StoreError};
use crate::telemetry::metrics::{SecurityEvent, metrics};

use super::answer::{Answer, Answered};
use super::audit::Attempt;
use super::challenge::{Mailed, Recipient};
use super::code::CodeOutcome;
use super::fresh::Fresh;
use super::sessions::{Opened, SignedIn};
use super::sign_in::Context;
use super::{Auth, Limited};

/// What came of giving a number.
#[derive(Debug)]
pub enum PhoneAsked {
    /// A code is on its way to it, for the browser with this secret. Whether it is another account's is not told (S23).
    CodeSent(FlowSecret),
    /// It is the number that the account has.
    Same,
    /// No text messages are sent there.
    NotThere,
    /// Too many codes were asked for.
    Limited(Limited),
    /// No text messages are sent at all, or the session is over.
    Over,
}

/// What came of a change that needs no code.
#[derive(Debug)]
pub enum PhoneChanged {
    /// It is done; where a new epoch began, this browser goes on with this session.
    Done(Option<Opened>),
    /// There was nothing to change.
    Same,
    /// The session is over.
    Over,
}

impl Auth {
    /// What operators say of text messages, if any are sent.
    pub const fn sms(&self) -> Option<&SmsRule> {
        self.sms.as_ref()
    }

    /// The number of the account of this session.
    pub async fn own_phone(&self, signed_in: &SignedIn) -> Result<Option<Phone>, StoreError> {
        self.accounts.find_phone(signed_in.session.account).await
    }

    /// Sends a code to the number that is to be the account's. If it is another account's nothing is sent, and no code is
    /// right (S26). A number that no text messages go to is refused before anything is counted or sent.
    pub async fn ask_for_phone(
        &self,
        fresh: Fresh<'_>,
        new: PhoneNumber,
        context: &Context<'_>,
    ) -> Result<PhoneAsked, StoreError> {
        let Some(sms) = &self.sms else { return Ok(PhoneAsked::Over) };
        let Some(account) = self.owner(fresh.session()).await? else {
            return Ok(PhoneAsked::Over);
        };
        if rule_of(&sms.prefixes, &new).is_none() {
            metrics().limit(LimitName::SmsPrefix.as_str());
            return Ok(PhoneAsked::NotThere);
        }
        if self.accounts.find_phone(account.id).await?.is_some_and(|phone| phone.number == new) {
            return Ok(PhoneAsked::Same);
        }
        let owner = self.accounts.find_account_by_phone(&new).await?;
        let (subject, mailed) = match owner.filter(|owner| owner.id != account.id) {
            None => {
                let subject = Subject::Account { id: account.id, epoch: account.epoch };
                (subject, Mailed::Sms(new.clone()))
            }
            Some(_) => (Subject::Decoy { stands_for: account.id }, Mailed::Nothing),
        };
        // So that no account writes to ever other numbers.
        let own = format!("account {}", account.id);
        if let Err(limited) = self.within(LimitName::SmsNumber, &own, context).await? {
            return Ok(PhoneAsked::Limited(limited));
        }
        if let Err(limited) = self.under_caps(&new, context).await? {
            return Ok(PhoneAsked::Limited(limited));
        }
        let recipient = Recipient { account: Some(&account), subject, mailed };
        let destination = new.masked();
        let aim = Aim::Phone { new, return_to: context.return_to.clone() };
        let sent = self.code_to(recipient, destination, aim, context).await?;
        Ok(sent.map_or_else(PhoneAsked::Limited, PhoneAsked::CodeSent))
    }

    /// The code from the number was right: it is the account's from now on.
    pub(super) async fn answered_phone(
        &self,
        answer: &Answer<'_>,
        (new, return_to): (&PhoneNumber, &ReturnTo),
        context: &Context<'_>,
    ) -> Result<CodeOutcome, StoreError> {
        let Some(account) = self.answering_account(answer, context).await? else {
            return Ok(CodeOutcome::Lost);
        };
        if self.answering_session(&account, context).await?.is_none() {
            return Ok(CodeOutcome::Lost);
        }
        let set = self.accounts.set_phone(account.id, account.epoch, new, context.now).await?;
        if set != PhoneSet::Set {
            return Ok(CodeOutcome::Lost);
        }
        // Codes that are on their way to the number of before are dead.
        self.flow.drop_challenges_of(account.id).await?;
        self.tell_of_phone(&account, PhoneChange::Set, context).await?;
        Ok(CodeOutcome::Answered(Answered::PhoneSet { return_to: return_to.clone() }))
    }

    /// Takes the number away. Where codes came there they come by mail again, and every other browser is signed out (S33).
    pub async fn remove_phone(
        &self,
        fresh: Fresh<'_>,
        context: &Context<'_>,
    ) -> Result<PhoneChanged, StoreError> {
        let Some(before) = self.owner(fresh.session()).await? else {
            return Ok(PhoneChanged::Over);
        };
        let Some(account) = self.accounts.remove_phone(before.id, before.epoch).await? else {
            return Ok(PhoneChanged::Same);
        };
        self.flow.drop_challenges_of(account.id).await?;
        let opened = match account.epoch == before.epoch {
            true => None,
            false => Some(self.begin_anew(fresh.session(), &account, context).await?),
        };
        self.tell_of_phone(&account, PhoneChange::Removed, context).await?;
        Ok(PhoneChanged::Done(opened))
    }

    /// Has the codes of sign-ins come so from now on. It changes the second step: every other browser is signed out (S33).
    pub async fn choose_codes_by(
        &self,
        fresh: Fresh<'_>,
        codes_by: CodesBy,
        context: &Context<'_>,
    ) -> Result<PhoneChanged, StoreError> {
        let offered = self.sms.as_ref().is_some_and(|sms| sms.second_step);
        if codes_by == CodesBy::Sms && !offered {
            return Ok(PhoneChanged::Same);
        }
        let Some(before) = self.owner(fresh.session()).await? else {
            return Ok(PhoneChanged::Over);
        };
        let changed = self.accounts.set_codes_by(before.id, before.epoch, codes_by).await?;
        let Some(account) = changed else { return Ok(PhoneChanged::Same) };
        self.flow.drop_challenges_of(account.id).await?;
        let opened = self.begin_anew(fresh.session(), &account, context).await?;
        let change = match codes_by {
            CodesBy::Sms => PhoneChange::BySms,
            CodesBy::Mail => PhoneChange::ByMail,
        };
        self.tell_of_phone(&account, change, context).await?;
        Ok(PhoneChanged::Done(Some(opened)))
    }

    /// Takes the number away by an operator: nobody is asked, and every session is ended. `None` if there was none.
    pub async fn forget_phone_by_operator(
        &self,
        account: &Account,
        now: Timestamp,
    ) -> Result<Option<Account>, StoreError> {
        let removed = self.accounts.remove_phone(account.id, account.epoch).await?;
        let Some(account) = removed else { return Ok(None) };
        self.flow.drop_challenges_of(account.id).await?;
        self.revoke_sessions_of(account.id, None).await?;
        self.accounts.remove_devices_of(account.id).await?;
        self.remember_operator(AuditEvent::PhoneRemoved, account.id, now).await?;
        Ok(Some(account))
    }

    async fn tell_of_phone(
        &self,
        account: &Account,
        change: PhoneChange,
        context: &Context<'_>,
    ) -> Result<(), StoreError> {
        metrics().security_event(SecurityEvent::PhoneChanged);
        let event = match change {
            PhoneChange::Set => AuditEvent::PhoneSet,
            PhoneChange::Removed => AuditEvent::PhoneRemoved,
            PhoneChange::BySms => AuditEvent::CodesBySms,
            PhoneChange::ByMail => AuditEvent::CodesByMail,
        };
        self.remember(Attempt::of(event, AuditResult::Ok, Some(account)), context).await?;
        let (site, asked_by) = (context.origin.to_owned(), context.asked());
        self.notify(account, Message::PhoneChanged { change, site, asked_by }, context).await
    }

    /// Where the code of a sign-in goes as a text message, if its owner wants that and the operator still does. Where too
    /// many codes were guessed it goes by mail, as the link that a text message does not have. What it says yes to is counted.
    pub(super) async fn phone_for_codes(
        &self,
        account: &Account,
        context: &Context<'_>,
    ) -> Result<Option<PhoneNumber>, StoreError> {
        let Some(sms) = self.sms.as_ref().filter(|sms| sms.second_step) else { return Ok(None) };
        let phone = self.accounts.find_phone(account.id).await?;
        let Some(phone) = phone.filter(|phone| {
            phone.codes_by == CodesBy::Sms && rule_of(&sms.prefixes, &phone.number).is_some()
        }) else {
            return Ok(None);
        };
        let who = self.guesser(Some(account), context).await?;
        let rule = self.settings.budget;
        let budget = self.accounts.guess_budget(account.id, who, rule, context.now).await?;
        if budget != BudgetState::Within {
            return Ok(None);
        }
        // Past a cap, which others may have used up, it goes by mail: nobody is shut out by that.
        let under_caps = self.under_caps(&phone.number, context).await?.is_ok();
        Ok(under_caps.then_some(phone.number))
    }

    /// How long the codes of this aim work.
    pub(super) fn code_lifetime(&self, aim: &Aim) -> Duration {
        match (aim.codes_by(), &self.sms) {
            (CodesBy::Sms, Some(sms)) => sms.lifetime,
            _ => self.settings.code_lifetime,
        }
    }

    /// Whether one more text message may go to the number: by the limits of who asks for it, and of the number.
    pub(super) async fn may_text(
        &self,
        number: &PhoneNumber,
        context: &Context<'_>,
    ) -> Result<Result<(), Limited>, StoreError> {
        let address = counted_as(context.client.address).to_string();
        for (limit, key) in [
            // First, so that an address past its own limit uses up nobody else's.
            (LimitName::SmsAddress, address.as_str()),
            (LimitName::SmsNumber, number.as_str()),
        ] {
            if let Err(limited) = self.within(limit, key, context).await? {
                return Ok(Err(limited));
            }
        }
        Ok(Ok(()))
    }

    /// The same by the caps of numbers that begin like it, and of all. Where no rule is for it, none may.
    pub(super) async fn under_caps(
        &self,
        number: &PhoneNumber,
        context: &Context<'_>,
    ) -> Result<Result<(), Limited>, StoreError> {
        let Some(rule) = self.sms.as_ref().and_then(|sms| rule_of(&sms.prefixes, number)) else {
            metrics().limit(LimitName::SmsPrefix.as_str());
            let retry_after = Duration::from_secs(86_400);
            return Ok(Err(Limited { retry_after }));
        };
        let (limit, prefix) = (LimitName::SmsPrefix, rule.prefix());
        match self.flow.count_quota(limit, prefix, rule.cap, context.now).await? {
            Quota::Within => self.within(LimitName::SmsTotal, "", context).await,
            Quota::Exceeded { retry_after } => {
                metrics().limit(limit.as_str());
                tracing::warn!(
                    prefix,
                    "the cap of text messages is reached: is somebody having them sent?"
                );
                Ok(Err(Limited { retry_after }))
            }
        }
    }
}
