//! Backup codes.

use async_trait::async_trait;

use super::super::StoreError;
use crate::domain::account::BackupCodesLeft;
use crate::domain::id::AccountId;
use crate::domain::secret::{CodeGuess, CodeMac};
use crate::domain::time::Timestamp;

/// Backup codes, in the durable store: as keyed MACs, and only as long as they are not used.
#[async_trait]
pub trait BackupCodeStore: Send + Sync {
    /// Gives the account these codes in place of all that it had, in one step (S44).
    async fn replace_backup_codes(
        &self,
        account: AccountId,
        codes: Vec<CodeMac>,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Uses the code of the account that `guess` matches, in one step: of many at once exactly one succeeds (S44).
    /// Returns how many are left, or `None` if it matches none.
    async fn use_backup_code(
        &self,
        account: AccountId,
        guess: &CodeGuess,
    ) -> Result<Option<u32>, StoreError>;

    /// How many the account has left.
    async fn backup_codes_left(&self, account: AccountId) -> Result<BackupCodesLeft, StoreError>;
}
