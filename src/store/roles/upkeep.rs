//! What every store is asked whatever its role.

use async_trait::async_trait;

use super::super::StoreError;
use crate::domain::secret::SessionTokenHash;
use crate::domain::time::Timestamp;

/// What somebody else has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// Any of it.
    Anything,
    /// These sessions: they are new, or gone.
    Sessions(Vec<SessionTokenHash>),
}

/// What everybody who purges, watches or starts a store needs of it.
#[async_trait]
pub trait StoreUpkeep: Send + Sync {
    /// Says whether the store answers, by asking it.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Removes up to `limit` rows of each kind that are of no more use: sessions past their end or idle too long,
    /// tickets past theirs, challenges an hour past theirs, mails past their use, devices unused for 90 days, failures that
    /// count no more, audit entries older than 90 days, registrations, invitations and permits that are over. Returns how
    /// many rows went.
    async fn purge(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError>;

    /// Comes back once somebody other than this process has changed the store, so that caches forget it; a store that names
    /// sessions may name those that this process has changed as well. Fails while that cannot be heard, and after a failure
    /// comes back with `Anything` as soon as it can be again. Cancel-safe.
    async fn changed_elsewhere(&self) -> Result<Changed, StoreError>;
}
