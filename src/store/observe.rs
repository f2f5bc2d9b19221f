//! The one place through which every promise of every store passes.

use std::time::Instant;

use super::StoreError;
use crate::telemetry::metrics::metrics;

/// What went wrong inside a promise, before it is told which promise that was.
pub(super) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Awaits the `work` of one promise and names store and promise in its failure. What is to be known of every
/// promise, such as the time it took, is learnt here.
pub(super) async fn observe<T>(
    store: &'static str,
    operation: &'static str,
    work: impl Future<Output = Result<T, Cause>>,
) -> Result<T, StoreError> {
    let started = Instant::now();
    let done = work.await;
    metrics().store_took(store, operation, started.elapsed());
    done.map_err(|cause| StoreError { store, operation, cause })
}
