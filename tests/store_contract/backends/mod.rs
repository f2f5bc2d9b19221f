//! The backends that the contract is held against.

use std::sync::Arc;

use async_trait::async_trait;
use doorward::store::{Accounts, Flow};

pub mod postgres;
pub mod redis;
pub mod redis_cluster;
pub mod sqlite;

/// A store with data of its own, which goes when this does.
#[async_trait]
pub trait Backend: Sized + Send + Sync + 'static {
    /// An empty store; `None` where its server is not installed, which is then said.
    async fn fresh() -> Option<Self>;

    /// The same data, as another process has it open.
    async fn elsewhere(&self) -> Self;

    /// The same data after this process has let go of it without a goodbye.
    async fn restart(self) -> Self;

    /// Every byte that is kept, in whatever form.
    async fn everything_kept(&self) -> Vec<u8>;

    fn accounts(&self) -> Arc<dyn Accounts>;
    fn flow(&self) -> Arc<dyn Flow>;
}
