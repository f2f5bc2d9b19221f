//! What is done with Redis itself: asking, purging, watching.

use std::time::Duration;

use async_trait::async_trait;

use super::super::{Changed, StoreError, StoreUpkeep};
use super::keys::TAGS;
use super::watch::Told;
use super::{FLOW, RedisStore, everywhere, scripts};
use crate::domain::time::Timestamp;

/// How long a challenge is kept after its end, so that its page can say what became of it.
pub(super) const CHALLENGE_AFTERLIFE: Duration = Duration::from_secs(3600);
/// How many milliseconds the answer to a question lives.
const ASKED: u64 = 1000;

#[async_trait]
impl StoreUpkeep for RedisStore {
    async fn ping(&self) -> Result<(), StoreError> {
        self.breaker
            .ask("ping", async {
                // A write: a server that takes none, because it is full or has lost its role, is as good as none.
                everywhere(async |tag| {
                    let mut set = redis::cmd("SET");
                    set.arg(self.link.key("ping", tag, b"")).arg("").arg("PX").arg(ASKED);
                    self.link.send::<()>(&set).await
                })
                .await?;
                Ok(())
            })
            .await
    }

    async fn purge(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.breaker
            .ask("purge", async {
                let mut kinds =
                    ["s", "k", "d", "c", "m", "p"].map(|kind| (kind, now, u64::from(limit)));
                for (kind, end, _) in &mut kinds {
                    if *kind == "c" {
                        *end = now.before(CHALLENGE_AFTERLIFE);
                    }
                }
                let mut gone = 0;
                for tag in TAGS {
                    let mut call = self.link.call(&scripts::PURGE, tag);
                    for (kind, end, left) in &kinds {
                        call = call.arg(*kind).arg(end.as_millis()).arg(*left);
                    }
                    let (counts, removed): (Vec<u64>, Vec<Vec<u8>>) = call.run().await?;
                    for ((_, _, left), count) in kinds.iter_mut().zip(counts) {
                        *left = left.saturating_sub(count);
                        gone += count;
                    }
                    self.forget_pointers(&removed).await;
                }
                Ok(gone)
            })
            .await
    }

    async fn changed_elsewhere(&self) -> Result<Changed, StoreError> {
        match self.watched.next().await {
            Told::Of(changed) => Ok(changed),
            Told::Nothing => Err(StoreError {
                store: FLOW,
                operation: "changed_elsewhere",
                cause: Box::new(Unseen),
            }),
        }
    }
}

/// What others change is not pushed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("what other nodes change in Redis is not seen")]
struct Unseen;
