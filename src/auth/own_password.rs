//! The owner of an account changes its password.

use zeroize::Zeroizing;

use crate::domain::account::{Account, AccountWithPassword, LoginName};
use crate::domain::address::counted_as;
use crate::domain::audit::{AuditEvent, AuditResult};
use crate::domain::mail::Message;
use crate::domain::password_rules::{Owner, PasswordFault};
use crate::domain::secret::Password;
use crate::store::{LimitName, StoreError};
use crate::telemetry::metrics::{SecurityEvent, metrics};

use super::audit::Attempt;
use super::fresh::Fresh;
use super::password::{Busy, Verdict};
use super::sessions::Opened;
use super::sign_in::{Context, Turn, account_failure_key};
use super::{Auth, Limited};

/// A form with the password of before and the new one.
#[derive(Debug)]
pub struct PasswordChange {
    /// What was typed as the present password.
    pub current: Password,
    /// What was typed as the new one.
    pub new: Zeroizing<String>,
}

/// What came of it.
#[derive(Debug)]
pub enum PasswordChanged {
    /// It is changed: this browser goes on with this session, every other is signed out and no browser is trusted (S33).
    Changed(Opened),
    /// The present password is another.
    Wrong,
    /// The new one is none that the rules take (S43).
    Refused(PasswordFault),
    /// Too many attempts.
    Limited(Limited),
    /// Too many wrong passwords.
    Delayed(Limited),
    /// Too many people sign in at this moment.
    Busy(Busy),
    /// The session is over: somebody has changed the account meanwhile.
    Over,
}

impl Auth {
    /// Changes the password, if the present one is typed with it; a wrong one is counted like a failed sign-in. The owner
    /// is told by mail.
    pub async fn change_own_password(
        &self,
        fresh: Fresh<'_>,
        typed: PasswordChange,
        context: &Context<'_>,
    ) -> Result<PasswordChanged, StoreError> {
        let address = counted_as(context.client.address).to_string();
        if let Err(limited) = self.within(LimitName::SignIn, &address, context).await? {
            return Ok(PasswordChanged::Limited(limited));
        }
        let Some(account) = self.owner(fresh.session()).await? else {
            return Ok(PasswordChanged::Over);
        };
        let new = match self.new_password(typed.new, Owner::from(&account)).await {
            Ok(Ok(new)) => new,
            Ok(Err(fault)) => return Ok(PasswordChanged::Refused(fault)),
            Err(busy) => return Ok(PasswordChanged::Busy(busy)),
        };
        if let Some(refused) = self.check_own_password(&account, typed.current, context).await? {
            return Ok(refused);
        }
        let hash = match self.hasher.hash(new.into_password()).await {
            Ok(Some(hash)) => hash,
            Ok(None) => return Ok(PasswordChanged::Busy(Busy::soon())),
            Err(busy) => return Ok(PasswordChanged::Busy(busy)),
        };
        // Hashing takes its time: a session that was revoked meanwhile changes nothing (S35).
        if !self.goes_on(fresh.session(), context.now).await? {
            return Ok(PasswordChanged::Over);
        }
        // In the epoch in which the present password was compared: of two changes at once the second finds another.
        let changed = self.accounts.set_password_in(account.id, account.epoch, hash).await?;
        let Some(account) = changed else { return Ok(PasswordChanged::Over) };
        self.flow.drop_challenges_of(account.id).await?;
        let opened = self.begin_anew(fresh.session(), &account, context).await?;
        metrics().security_event(SecurityEvent::PasswordChanged);
        let changed = Attempt::of(AuditEvent::PasswordChanged, AuditResult::Ok, Some(&account));
        self.remember(changed, context).await?;
        let message =
            Message::PasswordChanged { site: context.origin.to_owned(), asked_by: context.asked() };
        self.notify(&account, message, context).await?;
        Ok(PasswordChanged::Changed(opened))
    }

    /// Compares what was typed with the account's password. `None` if it is right.
    async fn check_own_password(
        &self,
        account: &Account,
        typed: Password,
        context: &Context<'_>,
    ) -> Result<Option<PasswordChanged>, StoreError> {
        let login = LoginName::Username(account.username.clone());
        let found = self.accounts.find_login(&login).await?;
        let kept = found
            .filter(|found| found.account.id == account.id && found.account.epoch == account.epoch)
            .and_then(|AccountWithPassword { password, .. }| password);
        let who = self.guesser(Some(account), context).await?;
        let failures = account_failure_key(account.id, who);
        let turn = self.take_turn(&failures, who, context.now).await?;
        if let Turn::Wait { until, in_a_row } = turn {
            self.tell_of_failures(Some(account), in_a_row, context).await?;
            let retry_after = context.now.until(until);
            return Ok(Some(PasswordChanged::Delayed(Limited { retry_after })));
        }
        match self.hasher.verify(typed, kept).await {
            Ok(Verdict::Right { .. }) => {
                self.accounts.clear_password_failures(&failures).await?;
                Ok(None)
            }
            Ok(Verdict::Wrong) => {
                let in_a_row = self.count_failure(turn, &failures, context.now).await?;
                let wrong =
                    Attempt::of(AuditEvent::PasswordChanged, AuditResult::Wrong, Some(account));
                self.remember(wrong.by(who), context).await?;
                self.tell_of_failures(Some(account), in_a_row, context).await?;
                Ok(Some(PasswordChanged::Wrong))
            }
            Err(busy) => Ok(Some(PasswordChanged::Busy(busy))),
        }
    }
}
