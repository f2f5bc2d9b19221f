//! Permits in Redis.

use async_trait::async_trait;

use super::super::observe::Cause;
use super::super::{PermitStore, StoreError};
use super::keys::Tag;
use super::records::{KeptPermit, bytes, from_json, json};
use super::{RedisStore, scripts, ttl};
use crate::domain::permit::Permit;
use crate::domain::secret::PermitHash;
use crate::domain::time::Timestamp;

#[async_trait]
impl PermitStore for RedisStore {
    async fn create_permit(&self, browser: &PermitHash, permit: Permit) -> Result<(), StoreError> {
        self.breaker
            .ask("create_permit", async {
                let (browser, account) = (browser.as_bytes().as_slice(), permit.allows.about());
                let end = permit.expires_at;
                let began = end.before(crate::domain::permit::PERMITTED_FOR);
                self.note_about(account, "p", browser, (began, end)).await?;
                let create = self
                    .link
                    .call(&scripts::PERMIT_CREATE, Tag::of(browser))
                    .arg(browser)
                    .arg(bytes(account.as_uuid()))
                    .arg(end.as_millis())
                    .arg(json(&KeptPermit::from(permit))?)
                    .arg(ttl(began, end));
                create.run().await
            })
            .await
    }

    async fn find_permit(
        &self,
        browser: &PermitHash,
        now: Timestamp,
    ) -> Result<Option<Permit>, StoreError> {
        self.breaker
            .ask("find_permit", async {
                let browser = browser.as_bytes().as_slice();
                let mut get = redis::cmd("HGET");
                get.arg(self.link.key("p", Tag::of(browser), browser)).arg("v");
                let found = permit(self.link.send(&get).await?)?;
                Ok(found.filter(|permit| permit.expires_at > now))
            })
            .await
    }

    async fn take_permit(
        &self,
        browser: &PermitHash,
        now: Timestamp,
    ) -> Result<Option<Permit>, StoreError> {
        self.breaker
            .ask("take_permit", async {
                let browser = browser.as_bytes().as_slice();
                let take = self.link.call(&scripts::PERMIT_TAKE, Tag::of(browser));
                permit(take.arg(browser).arg(now.as_millis()).run().await?)
            })
            .await
    }
}

fn permit(kept: Option<Vec<u8>>) -> Result<Option<Permit>, Cause> {
    kept.map(|kept| from_json::<KeptPermit>(&kept).map(Permit::from)).transpose()
}
