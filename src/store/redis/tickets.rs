//! Tickets in Redis.

use async_trait::async_trait;

use super::super::{StoreError, TicketStore};
use super::keys::Tag;
use super::records::{KeptTicket, bytes, from_json, json};
use super::{RedisStore, millis, scripts};
use crate::domain::host::HostName;
use crate::domain::secret::TicketHash;
use crate::domain::ticket::{NewTicket, TICKET_LIFETIME, TakenTicket, TicketBrowser};
use crate::domain::time::Timestamp;

/// The most tickets of one session: as many as tabs that a browser opens at once.
const MOST_OF_A_SESSION: u64 = 32;

#[async_trait]
impl TicketStore for RedisStore {
    async fn issue_ticket(&self, ticket: NewTicket) -> Result<(), StoreError> {
        self.breaker
            .ask("issue_ticket", async {
                let (token, kept) = KeptTicket::of(ticket);
                let (token, session) = (token.as_bytes().as_slice(), bytes(kept.session.as_uuid()));
                let lives = millis(TICKET_LIFETIME + super::SPARE);
                let list = self.link.call(&scripts::TICKET_LIST, Tag::of(session));
                let pushed_out: Vec<Vec<u8>> =
                    list.arg(session).arg(token).arg(lives).arg(MOST_OF_A_SESSION).run().await?;
                for other in pushed_out {
                    let take = self.link.call(&scripts::TICKET_TAKE, Tag::of(&other)).arg(other);
                    take.run::<Option<Vec<u8>>>().await?;
                }
                let issue = self.link.call(&scripts::TICKET_ISSUE, Tag::of(token)).arg(token);
                issue.arg(json(&kept)?).arg(kept.expires_at.as_millis()).arg(lives).run().await
            })
            .await
    }

    async fn take_ticket(
        &self,
        token: &TicketHash,
        host: &HostName,
        browser: &TicketBrowser,
        now: Timestamp,
    ) -> Result<Option<TakenTicket>, StoreError> {
        self.breaker
            .ask("take_ticket", async {
                let token = token.as_bytes().as_slice();
                let take = self.link.call(&scripts::TICKET_TAKE, Tag::of(token)).arg(token);
                let Some(taken) = take.run::<Option<Vec<u8>>>().await? else { return Ok(None) };
                let ticket: KeptTicket = from_json(&taken)?;
                if !ticket.is_good(host, browser, now) {
                    return Ok(None);
                }
                // Asked after the ticket is gone: a session that ended before is not there any more.
                let session = self.session_by_id(ticket.session).await?;
                Ok(session.map(|session| TakenTicket { session, return_to: ticket.return_to }))
            })
            .await
    }
}
