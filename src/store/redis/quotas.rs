//! Short-window quotas in Redis: one for all nodes.

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use super::super::{LimitName, QuotaStore, StoreError};
use super::keys::Tag;
use super::{RedisStore, millis, scripts};
use crate::domain::quota::{Quota, Rate};
use crate::domain::time::Timestamp;

/// How many milliseconds a quota lives after it is as good as new.
const SPARE: u64 = 1000;

#[async_trait]
impl QuotaStore for RedisStore {
    async fn count_quota(
        &self,
        limit: LimitName,
        key: &str,
        rate: Rate,
        now: Timestamp,
    ) -> Result<Quota, StoreError> {
        self.breaker
            .ask("count_quota", async {
                let place = place(limit, key);
                let count = self
                    .link
                    .call(&scripts::QUOTA_COUNT, Tag::of(&place))
                    .arg(place.as_slice())
                    .arg(now.as_millis())
                    .arg(millis(rate.period()))
                    .arg(millis(rate.period() / rate.events().get()))
                    .arg(SPARE);
                let retry_after: i64 = count.run().await?;
                Ok(match u64::try_from(retry_after) {
                    Err(_) => Quota::Within,
                    Ok(wait) => {
                        Quota::Exceeded { retry_after: std::time::Duration::from_millis(wait) }
                    }
                })
            })
            .await
    }
}

/// Under which name a key is counted: short whatever its length, and it tells nobody an address or a name at a glance.
fn place(limit: LimitName, key: &str) -> [u8; 16] {
    let mut hasher = Sha256::new();
    hasher.update(limit.as_str());
    hasher.update([0]);
    hasher.update(key);
    let hash: [u8; 32] = hasher.finalize().into();
    std::array::from_fn(|at| hash.get(at).copied().unwrap_or(0))
}
