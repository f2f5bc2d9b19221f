//! Permits.

use async_trait::async_trait;

use super::super::StoreError;
use crate::domain::permit::Permit;
use crate::domain::secret::PermitHash;
use crate::domain::time::Timestamp;

/// Permits: browsers that may do something once.
#[async_trait]
pub trait PermitStore: Send + Sync {
    /// Keeps the permit, in place of any other of the same browser.
    async fn create_permit(&self, browser: &PermitHash, permit: Permit) -> Result<(), StoreError>;

    /// The permit of this browser, unless it is over. Changes nothing.
    async fn find_permit(
        &self,
        browser: &PermitHash,
        now: Timestamp,
    ) -> Result<Option<Permit>, StoreError>;

    /// Takes the permit of this browser, once: of many who ask for it at the same time, one gets it. One that is over is
    /// nobody's.
    async fn take_permit(
        &self,
        browser: &PermitHash,
        now: Timestamp,
    ) -> Result<Option<Permit>, StoreError>;
}
