//! The owner of an account gives it another e-mail address: confirmed there, told to both (S37).

use crate::domain::account::{Account, EmailChange, LoginName};
use crate::domain::audit::{AuditEvent, AuditResult};
use crate::domain::challenge::{Aim, Subject};
use crate::domain::email::EmailAddress;
use crate::domain::mail::{Mail, Message};
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::FlowSecret;
use crate::store::StoreError;
use crate::telemetry::metrics::{SecurityEvent, metrics};

use super::answer::{Answer, Answered};
use super::audit::Attempt;
use super::challenge::{Mailed, Recipient, language};
use super::code::CodeOutcome;
use super::fresh::Fresh;
use super::sign_in::Context;
use super::{Auth, Limited};

/// What came of asking for another address.
#[derive(Debug)]
pub enum EmailAsked {
    /// A code is on its way to it, for the browser with this secret. Whether it is another account's is not told (S23).
    CodeSent(FlowSecret),
    /// It is the address that the account has.
    Same,
    /// Too many codes were asked for.
    Limited(Limited),
    /// The session is over.
    Over,
}

impl Auth {
    /// Sends a code to the address that is to be the account's. If it is another account's, its owner is told instead, and
    /// no code is right (S25, S26).
    pub async fn ask_for_email(
        &self,
        fresh: Fresh<'_>,
        new: EmailAddress,
        context: &Context<'_>,
    ) -> Result<EmailAsked, StoreError> {
        let Some(account) = self.owner(fresh.session()).await? else {
            return Ok(EmailAsked::Over);
        };
        if new == account.email {
            return Ok(EmailAsked::Same);
        }
        let recipient = self.recipient_of(&account, &new, context).await?;
        let destination = new.masked();
        let aim = Aim::EmailChange { new, return_to: context.return_to.clone() };
        let sent = self.code_to(recipient, destination, aim, context).await?;
        Ok(sent.map_or_else(EmailAsked::Limited, EmailAsked::CodeSent))
    }

    async fn recipient_of<'a>(
        &self,
        account: &'a Account,
        new: &EmailAddress,
        context: &Context<'_>,
    ) -> Result<Recipient<'a>, StoreError> {
        let login = LoginName::Email(new.clone());
        let others = self.accounts.find_login(&login).await?.map(|found| found.account);
        let others = others.filter(|found| found.id != account.id);
        let subject = match &others {
            None => Subject::Account { id: account.id, epoch: account.epoch },
            Some(_) => Subject::Decoy { stands_for: account.id },
        };
        let mailed = match others {
            None => Mailed::Code(new.clone()),
            Some(other) => {
                let (site, asked_by) = (context.origin.to_owned(), context.asked());
                Mailed::Notice(other.email, Box::new(Message::AddressTaken { site, asked_by }))
            }
        };
        Ok(Recipient { account: Some(account), subject, mailed })
    }

    /// The code from the new address was right: the account's mail goes there from now on. The session goes on, and apps
    /// see the new address from the next request on.
    pub(super) async fn answered_email_change(
        &self,
        answer: &Answer<'_>,
        (new, return_to): (&EmailAddress, &ReturnTo),
        context: &Context<'_>,
    ) -> Result<CodeOutcome, StoreError> {
        let Some(account) = self.answering_account(answer, context).await? else {
            return Ok(CodeOutcome::Lost);
        };
        if self.answering_session(&account, context).await?.is_none() {
            return Ok(CodeOutcome::Lost);
        }
        let changed = self.accounts.set_email(account.id, account.epoch, new.clone()).await?;
        let EmailChange::Changed { account, before } = changed else {
            return Ok(CodeOutcome::Lost);
        };
        self.cache.remove_account(account.id);
        self.flow.drop_challenges_of(account.id).await?;
        metrics().security_event(SecurityEvent::EmailChanged);
        let changed = Attempt::of(AuditEvent::EmailChanged, AuditResult::Ok, Some(&account));
        self.remember(changed, context).await?;
        for (to, at_new) in [(before, false), (account.email.clone(), true)] {
            let message = Message::EmailChanged {
                new: account.email.clone(),
                at_new,
                site: context.origin.to_owned(),
                asked_by: context.asked(),
            };
            let language = language(Some(&account), context);
            self.notify_at(Mail { to, language, message }, context).await?;
        }
        Ok(CodeOutcome::Answered(Answered::EmailChanged { return_to: return_to.clone() }))
    }
}
