//! Telephone numbers.

use async_trait::async_trait;

use super::super::StoreError;
use crate::domain::account::{Account, Epoch};
use crate::domain::id::AccountId;
use crate::domain::phone::{CodesBy, Phone, PhoneNumber};
use crate::domain::time::Timestamp;

/// What came of giving an account a telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneSet {
    /// It has it.
    Set,
    /// It is another account's.
    Taken,
    /// There is no such account, or it is in a later epoch.
    Gone,
}

/// Telephone numbers, in the durable store: one an account, and each of one account.
#[async_trait]
pub trait PhoneStore: Send + Sync {
    /// The number of the account, if it has one.
    async fn find_phone(&self, account: AccountId) -> Result<Option<Phone>, StoreError>;

    /// The account that has this number.
    async fn find_account_by_phone(
        &self,
        number: &PhoneNumber,
    ) -> Result<Option<Account>, StoreError>;

    /// Gives the account this number in place of any other, unless it is another's or the account is in a later epoch than
    /// `epoch`. How its codes come stays, and so does the epoch.
    async fn set_phone(
        &self,
        account: AccountId,
        epoch: Epoch,
        number: &PhoneNumber,
        now: Timestamp,
    ) -> Result<PhoneSet, StoreError>;

    /// Takes the number away, if the account is still in `epoch`. Where codes came there, a new epoch begins (S33). Returns
    /// the account as it is now; `None` if there was nothing to take.
    async fn remove_phone(
        &self,
        account: AccountId,
        epoch: Epoch,
    ) -> Result<Option<Account>, StoreError>;

    /// Has the codes of sign-ins come so from now on, and begins a new epoch (S33), if the account is still in `epoch`, has
    /// a number, and they came otherwise. Returns the account as it is now.
    async fn set_codes_by(
        &self,
        account: AccountId,
        epoch: Epoch,
        codes_by: CodesBy,
    ) -> Result<Option<Account>, StoreError>;
}
