//! Accounts.

use async_trait::async_trait;

use super::super::StoreError;
use crate::domain::account::{
    Account, AccountStatus, AccountWithPassword, EmailChange, Epoch, FullName, GroupChange,
    ImportedAccount, LoginName, NewAccount,
};
use crate::domain::email::EmailAddress;
use crate::domain::id::AccountId;
use crate::domain::language::Language;
use crate::domain::secret::PasswordHash;

/// What came of making an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It is made.
    Created,
    /// Another account has that username, letter case aside.
    UsernameTaken,
    /// Another account has that e-mail address, letter case aside.
    EmailTaken,
}

/// What came of importing one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// It is made, if the import is kept.
    Created,
    /// Another account has that identifier.
    IdTaken,
    /// Another account, or one before it in the import, has that username, letter case aside.
    UsernameTaken,
    /// Another account, or one before it in the import, has that e-mail address, letter case aside.
    EmailTaken,
}

/// Where imported accounts come from, and who says whether they stay.
pub trait AccountSource: Send {
    /// The next account; `None` at the end.
    fn next(&mut self) -> Option<ImportedAccount>;

    /// Told what came of it, before the next is asked for.
    fn came(&mut self, of_it: Imported);

    /// Asked at the end: whether those that were made are kept.
    fn keep(&mut self) -> bool;
}

/// Accounts, in the durable store.
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Makes the account, unless its username or address is another's: compared without regard to letter case.
    async fn insert_account(&self, account: NewAccount) -> Result<Inserted, StoreError>;

    /// Imports the accounts of `source`, one after another and in one step: nobody sees a part of them, and when the source
    /// says at the end that they are not kept, or the process dies before, none was ever made.
    async fn import_accounts(&self, source: &mut dyn AccountSource) -> Result<(), StoreError>;

    /// The one account that signs in by this username or address. A username never finds an account by its
    /// address, nor the other way round.
    async fn find_login(
        &self,
        login: &LoginName,
    ) -> Result<Option<AccountWithPassword>, StoreError>;

    /// The account.
    async fn find_account(&self, id: AccountId) -> Result<Option<Account>, StoreError>;

    /// Up to `limit` accounts in the order of their names, beginning after the username `after`.
    async fn list_accounts(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Account>, StoreError>;

    /// The same with their password hashes, to take them elsewhere.
    async fn list_accounts_with_passwords(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<AccountWithPassword>, StoreError>;

    /// Sets the status. Disabling begins a new epoch, so that every session made before is dead (S39). Returns the
    /// account as it is now, or `None` if there is none.
    async fn set_status(
        &self,
        id: AccountId,
        status: AccountStatus,
    ) -> Result<Option<Account>, StoreError>;

    /// Sets a new password and begins a new epoch (S33). Returns the account as it is now.
    async fn set_password(
        &self,
        id: AccountId,
        hash: PasswordHash,
    ) -> Result<Option<Account>, StoreError>;

    /// The same, if the account is still in `epoch`: of two who change it at once the second is refused. `None` if it is
    /// in a later one, or there is no such account.
    async fn set_password_in(
        &self,
        id: AccountId,
        epoch: Epoch,
        hash: PasswordHash,
    ) -> Result<Option<Account>, StoreError>;

    /// Turns the second step on or off and begins a new epoch (S33), if the account is still in `epoch`. `None` if it is
    /// in a later one, or there is no such account.
    async fn set_second_step(
        &self,
        id: AccountId,
        epoch: Epoch,
        on: bool,
    ) -> Result<Option<Account>, StoreError>;

    /// Has the account belong to other groups. If it loses one a new epoch begins, so that every session made before is
    /// dead. Returns the account as it was and as it is now, or `None` if there is none.
    async fn change_groups(
        &self,
        id: AccountId,
        change: &GroupChange,
    ) -> Result<Option<(Account, Account)>, StoreError>;

    /// Gives the account another address, unless that is another's (letter case aside) or the account is in a later epoch
    /// than `epoch`. The epoch stays.
    async fn set_email(
        &self,
        id: AccountId,
        epoch: Epoch,
        email: EmailAddress,
    ) -> Result<EmailChange, StoreError>;

    /// Sets the name that apps show, or takes it away. Returns the account as it is now.
    async fn set_full_name(
        &self,
        id: AccountId,
        full_name: Option<FullName>,
    ) -> Result<Option<Account>, StoreError>;

    /// Sets the language of its pages and mails, or takes it away. Returns the account as it is now.
    async fn set_language(
        &self,
        id: AccountId,
        language: Option<Language>,
    ) -> Result<Option<Account>, StoreError>;

    /// Replaces `old` by `new`, the same password hashed better, if `old` still stands. The epoch stays.
    async fn upgrade_password_hash(
        &self,
        id: AccountId,
        old: &PasswordHash,
        new: PasswordHash,
    ) -> Result<bool, StoreError>;
}
