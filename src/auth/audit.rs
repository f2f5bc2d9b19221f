//! Remembers every attempt and every security event (R21, R22).

use crate::domain::account::Account;
use crate::domain::audit::{AuditEntry, AuditEvent, AuditResult, NumberedEntry};
use crate::domain::client::UserAgent;
use crate::domain::device::Guesser;
use crate::domain::id::{AccountId, DeviceId};
use crate::domain::time::Timestamp;
use crate::store::StoreError;

use super::Auth;
use super::sign_in::Context;

/// What is remembered of an attempt from a browser.
pub(super) struct Attempt {
    pub(super) event: AuditEvent,
    pub(super) result: AuditResult,
    pub(super) account: Option<AccountId>,
    pub(super) who: Guesser,
}

impl Attempt {
    pub(super) fn of(event: AuditEvent, result: AuditResult, account: Option<&Account>) -> Self {
        Self { event, result, account: account.map(|account| account.id), who: Guesser::Unknown }
    }

    #[must_use]
    pub(super) const fn by(self, who: Guesser) -> Self {
        Self { who, ..self }
    }
}

impl Auth {
    /// Keeps the entry. An attempt that cannot be remembered is not answered (S57).
    pub(super) async fn remember(
        &self,
        attempt: Attempt,
        context: &Context<'_>,
    ) -> Result<(), StoreError> {
        let entry = AuditEntry {
            at: context.now,
            event: attempt.event.into(),
            result: attempt.result.into(),
            account: attempt.account,
            address: Some(context.client.address),
            user_agent: context.client.user_agent.clone(),
            device: match attempt.who {
                Guesser::Unknown => None,
                Guesser::Device(id) => Some(id),
            },
        };
        self.accounts.record(entry).await
    }

    /// Keeps an entry of what an operator did to an account.
    pub(super) async fn remember_operator(
        &self,
        event: AuditEvent,
        account: AccountId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.remember_command(event, (Some(account), None), now).await
    }

    /// Keeps an entry of what was done on the command line, to an account or to one of its devices.
    pub(super) async fn remember_command(
        &self,
        event: AuditEvent,
        (account, device): (Option<AccountId>, Option<DeviceId>),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let entry = AuditEntry {
            at: now,
            event: event.into(),
            result: AuditResult::Ok.into(),
            account,
            address: None,
            user_agent: UserAgent::from("doorward on the command line"),
            device,
        };
        self.accounts.record(entry).await
    }

    /// Up to `limit` entries after the number `after`, the oldest first.
    pub async fn audit_after(
        &self,
        after: i64,
        account: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<NumberedEntry>, StoreError> {
        self.accounts.audit_after(after, account, limit).await
    }

    /// The latest `limit` entries, the oldest first.
    pub async fn latest_audit(
        &self,
        account: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<NumberedEntry>, StoreError> {
        self.accounts.latest_audit(account, limit).await
    }
}
