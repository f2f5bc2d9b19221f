//! Mails that tell the owner of an account what happened to it.

use crate::domain::account::Account;
use crate::domain::id::MailId;
use crate::domain::keys::MailFrame;
use crate::domain::mail::{Asked, Mail, Message};
use crate::store::StoreError;

use super::Auth;
use super::challenge::language;
use super::sign_in::Context;

/// How long a notice is worth sending.
pub(super) const WORTH_SENDING: std::time::Duration = std::time::Duration::from_secs(86_400);

impl Auth {
    /// Writes a notice to the outbox.
    pub(super) async fn notify(
        &self,
        account: &Account,
        message: Message,
        context: &Context<'_>,
    ) -> Result<(), StoreError> {
        let language = language(Some(account), context);
        self.notify_at(Mail { to: account.email.clone(), language, message }, context).await
    }

    /// Writes a notice that goes to an address which is not, or no more, the account's.
    pub(super) async fn notify_at(
        &self,
        mail: Mail,
        context: &Context<'_>,
    ) -> Result<(), StoreError> {
        let frame = MailFrame {
            id: MailId::generate(&*self.entropy, context.now),
            flow: None,
            created_at: context.now,
            not_after: context.now + WORTH_SENDING,
        };
        self.flow.write_mail(self.keys.seal(&mail, &*self.entropy, frame)).await?;
        self.mail_waits.notify_one();
        Ok(())
    }
}

impl Context<'_> {
    /// Who set a mail off.
    pub(super) fn asked(&self) -> Asked {
        Asked { at: self.now, client: self.client.clone() }
    }
}
