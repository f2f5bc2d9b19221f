//! Backup codes: for the day on which the mail does not come (R13, S44).

use crate::domain::account::Account;
use crate::domain::audit::{AuditEvent, AuditResult};
use crate::domain::challenge::{Challenge, Purpose, Redeemed};
use crate::domain::code::BackupCode;
use crate::domain::mail::Message;
use crate::domain::secret::{CodeGuess, CodeMac, FlowSecret};
use crate::domain::session::Method;
use crate::store::StoreError;
use crate::telemetry::metrics::{SecurityEvent, metrics};

use super::Auth;
use super::audit::Attempt;
use super::fresh::Fresh;
use super::sign_in::Context;

impl Auth {
    /// Gives the account a new set of codes, to be shown once; the old set is dead (S44). `None` if the account may not
    /// sign in any more.
    pub async fn make_backup_codes(
        &self,
        fresh: Fresh<'_>,
        context: &Context<'_>,
    ) -> Result<Option<Vec<BackupCode>>, StoreError> {
        let Some(account) = self.owner(fresh.session()).await? else { return Ok(None) };
        let codes: Vec<BackupCode> =
            (0..BackupCode::SET).map(|_| BackupCode::generate(&*self.entropy)).collect();
        let macs: Vec<CodeMac> =
            codes.iter().map(|code| self.keys.backup_code_mac(account.id, code)).collect();
        self.accounts.replace_backup_codes(account.id, macs, context.now).await?;
        metrics().security_event(SecurityEvent::BackupCodesMade);
        let made = Attempt::of(AuditEvent::BackupCodesMade, AuditResult::Ok, Some(&account));
        self.remember(made, context).await?;
        let message =
            Message::BackupCodesMade { site: context.origin.to_owned(), asked_by: context.asked() };
        self.notify(&account, message, context).await?;
        Ok(Some(codes))
    }

    /// Takes a backup code in place of the challenge's own: counted as a wrong guess of the challenge before it is looked
    /// at, and only where a password was shown before it. What matches is used up, whatever comes of the challenge.
    pub(super) async fn redeem_backup_code(
        &self,
        flow: &FlowSecret,
        code: &BackupCode,
        (challenge, account): (&Challenge, Option<&Account>),
        context: &Context<'_>,
    ) -> Result<Redeemed, StoreError> {
        let (flow, purpose) = (flow.hash(), Purpose::SignIn);
        let counted =
            self.flow.redeem_code(&flow, purpose, &CodeGuess::wrong(), context.now).await?;
        match counted {
            Redeemed::Wrong { .. } | Redeemed::WrongAndExhausted => {}
            over => return Ok(over),
        }
        let id = challenge.subject.id();
        let guess = match account {
            Some(_) if challenge.aim.methods().has(Method::Password) => {
                self.keys.backup_code_guess(id, code)
            }
            _ => CodeGuess::wrong(),
        };
        match self.accounts.use_backup_code(id, &guess).await? {
            Some(_) => self.flow.spend_challenge(&flow, purpose, context.now).await,
            None => Ok(counted),
        }
    }

    /// Tells the owner that a backup code has signed them in, and how many are left.
    pub(super) async fn tell_of_backup_code(
        &self,
        account: &Account,
        context: &Context<'_>,
    ) -> Result<(), StoreError> {
        metrics().security_event(SecurityEvent::BackupCodeUsed);
        let left = self.accounts.backup_codes_left(account.id).await?.left;
        let message = Message::BackupCodeUsed {
            left,
            site: context.origin.to_owned(),
            asked_by: context.asked(),
        };
        self.notify(account, message, context).await
    }
}
