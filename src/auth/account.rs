//! Accounts, as an operator handles them.

use crate::domain::account::{
    Account, AccountStatus, AccountWithPassword, FullName, Group, GroupChange, ImportedAccount,
    LoginName, NewAccount, Username,
};
use crate::domain::audit::AuditEvent;
use crate::domain::email::EmailAddress;
use crate::domain::id::AccountId;
use crate::domain::password_rules::NewPassword;
use crate::domain::registration::Registration;
use crate::domain::secret::PasswordHash;
use crate::domain::time::Timestamp;
use crate::store::{AccountSource, Imported, Inserted, StoreError};

use super::Auth;
use super::password::Busy;

/// An account to be made.
#[derive(Clone, Debug)]
pub struct AccountDraft {
    /// The name to sign in with.
    pub username: Username,
    /// Where its mail goes.
    pub email: EmailAddress,
    /// The name that apps show.
    pub full_name: Option<FullName>,
    /// What it belongs to.
    pub groups: Vec<Group>,
    /// Its password.
    pub password: Option<NewPassword>,
}

/// What came of making an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is made.
    Created(AccountId),
    /// Another account has that username.
    UsernameTaken,
    /// Another account has that e-mail address.
    EmailTaken,
}

/// An account could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The password could not be hashed now.
    #[error("the password could not be hashed: the machine is too busy, or short of memory")]
    NotHashed,
}

impl From<Busy> for AccountError {
    fn from(_: Busy) -> Self {
        Self::NotHashed
    }
}

impl Auth {
    /// Makes an account that may sign in at once.
    pub async fn add_account(
        &self,
        draft: AccountDraft,
        now: Timestamp,
    ) -> Result<Added, AccountError> {
        let password = match draft.password {
            Some(password) => Some(self.hash_new(password).await?),
            None => None,
        };
        let id = AccountId::generate(&*self.entropy, now);
        let mut groups = draft.groups;
        groups.sort();
        groups.dedup();
        let account = NewAccount {
            id,
            username: draft.username,
            email: draft.email,
            full_name: draft.full_name,
            groups,
            password,
            created_at: now,
        };
        Ok(match self.accounts.insert_account(account).await? {
            Inserted::Created => {
                self.remember_operator(AuditEvent::AccountAdded, id, now).await?;
                Added::Created(id)
            }
            Inserted::UsernameTaken => Added::UsernameTaken,
            Inserted::EmailTaken => Added::EmailTaken,
        })
    }

    /// The account of this username or e-mail address.
    pub async fn find_account(&self, login: &LoginName) -> Result<Option<Account>, StoreError> {
        Ok(self.accounts.find_login(login).await?.map(|found| found.account))
    }

    /// All accounts in the order of their names, a page at a time: up to `limit` after the username `after`.
    pub async fn list_accounts(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Account>, StoreError> {
        self.accounts.list_accounts(after, limit).await
    }

    /// The registrations that wait to be shown as their owners', the latest first.
    pub async fn registrations(
        &self,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Registration>, StoreError> {
        self.accounts.registrations(limit, now).await
    }

    /// Imports the accounts of `source` in one step: all that it keeps, or none. Remembers it as one event when they are kept.
    pub async fn import_accounts(
        &self,
        source: &mut dyn AccountSource,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut source = Watched { source, kept: false };
        self.accounts.import_accounts(&mut source).await?;
        if source.kept {
            self.remember_command(AuditEvent::AccountsImported, (None, None), now).await?;
        }
        Ok(())
    }

    /// A page of all accounts with their password hashes, as [`Self::list_accounts`] gives them without.
    pub async fn export_accounts(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<AccountWithPassword>, StoreError> {
        self.accounts.list_accounts_with_passwords(after, limit).await
    }

    /// Remembers that password hashes are about to leave.
    pub async fn remember_export(&self, now: Timestamp) -> Result<(), StoreError> {
        self.remember_command(AuditEvent::AccountsExported, (None, None), now).await
    }

    /// A new identifier for an account that comes without one.
    pub fn new_account_id(&self, now: Timestamp) -> AccountId {
        AccountId::generate(&*self.entropy, now)
    }

    /// Disables the account and ends its sessions now (S39). `None` if there is none.
    pub async fn disable_account(
        &self,
        id: AccountId,
        now: Timestamp,
    ) -> Result<Option<Account>, StoreError> {
        let status = AccountStatus::Disabled { at: now };
        let account = self.accounts.set_status(id, status).await?;
        self.revoke_sessions_of(id, None).await?;
        self.flow.drop_challenges_of(id).await?;
        self.remember_operator(AuditEvent::AccountDisabled, id, now).await?;
        Ok(account)
    }

    /// Lets the account sign in again.
    pub async fn enable_account(
        &self,
        id: AccountId,
        now: Timestamp,
    ) -> Result<Option<Account>, StoreError> {
        let account = self.accounts.set_status(id, AccountStatus::Active).await?;
        self.remember_operator(AuditEvent::AccountEnabled, id, now).await?;
        Ok(account)
    }

    /// Has the account belong to other groups. Whoever loses one is signed out everywhere, so that nothing stays open
    /// that is closed to them now; what was only given counts within seconds. Returns the account as it was and as it
    /// is now, or `None` if there is none.
    pub async fn change_groups(
        &self,
        id: AccountId,
        change: &GroupChange,
        now: Timestamp,
    ) -> Result<Option<(Account, Account)>, StoreError> {
        let changed = self.accounts.change_groups(id, change).await?;
        let Some((before, after)) = &changed else { return Ok(None) };
        if before.epoch != after.epoch {
            self.end_everything_of(id).await?;
        }
        if before.groups != after.groups {
            self.remember_operator(AuditEvent::GroupsChanged, id, now).await?;
        }
        Ok(changed)
    }

    /// Sets a new password and ends every session and every trust made with the one before (S33).
    pub async fn set_password(
        &self,
        id: AccountId,
        password: NewPassword,
        now: Timestamp,
    ) -> Result<Option<Account>, AccountError> {
        let hash = self.hash_new(password).await?;
        let account = self.accounts.set_password(id, hash).await?;
        self.end_everything_of(id).await?;
        self.remember_operator(AuditEvent::PasswordSet, id, now).await?;
        Ok(account)
    }

    async fn hash_new(&self, password: NewPassword) -> Result<PasswordHash, AccountError> {
        let hash = self.hasher.hash(password.into_password()).await?;
        hash.ok_or(AccountError::NotHashed)
    }
}

/// Notes what the source says at the end.
struct Watched<'a> {
    source: &'a mut dyn AccountSource,
    kept: bool,
}

impl AccountSource for Watched<'_> {
    fn next(&mut self) -> Option<ImportedAccount> {
        self.source.next()
    }

    fn came(&mut self, of_it: Imported) {
        self.source.came(of_it);
    }

    fn keep(&mut self) -> bool {
        self.kept = self.source.keep();
        self.kept
    }
}
