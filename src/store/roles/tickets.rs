//! Tickets.

use async_trait::async_trait;

use super::super::StoreError;
use crate::domain::host::HostName;
use crate::domain::secret::TicketHash;
use crate::domain::ticket::{NewTicket, TakenTicket, TicketBrowser};
use crate::domain::time::Timestamp;

/// Tickets: sign-ins on their way to another host.
#[async_trait]
pub trait TicketStore: Send + Sync {
    /// Keeps the ticket. Of one session only the latest few are kept, so that asking fills no store.
    async fn issue_ticket(&self, ticket: NewTicket) -> Result<(), StoreError>;

    /// Takes the ticket: whoever shows it, it is gone. Gives what it stands for if this is its host and its browser, its
    /// time is not over, and its session is still there.
    async fn take_ticket(
        &self,
        token: &TicketHash,
        host: &HostName,
        browser: &TicketBrowser,
        now: Timestamp,
    ) -> Result<Option<TakenTicket>, StoreError>;
}
