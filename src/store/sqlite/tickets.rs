//! Tickets in SQLite.

use async_trait::async_trait;

use super::super::observe::observe;
use super::super::{StoreError, TicketStore};
use super::rows::Columns;
use super::{FLOW, SqliteStore, sessions};
use crate::domain::host::HostName;
use crate::domain::secret::TicketHash;
use crate::domain::ticket::{NewTicket, TakenTicket, TicketBrowser};
use crate::domain::time::Timestamp;

/// The most tickets of one session: as many as tabs that a browser opens at once.
const MOST_OF_A_SESSION: i64 = 32;

#[async_trait]
impl TicketStore for SqliteStore {
    async fn issue_ticket(&self, ticket: NewTicket) -> Result<(), StoreError> {
        observe(FLOW, "issue_ticket", async {
            let mut write = self.write().await?;
            sqlx::query(
                "DELETE FROM tickets WHERE token_hash IN (SELECT token_hash FROM tickets
                 WHERE session_id = ?1 ORDER BY expires_at DESC, rowid DESC LIMIT -1 OFFSET ?2)",
            )
            .bind(ticket.session.as_uuid().as_bytes().as_slice())
            .bind(MOST_OF_A_SESSION - 1)
            .execute(&mut *write)
            .await?;
            sqlx::query(
                "INSERT INTO tickets (token_hash, session_id, host, browser, return_to, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )
            .bind(ticket.token.as_bytes().as_slice())
            .bind(ticket.session.as_uuid().as_bytes().as_slice())
            .bind(ticket.host.as_str())
            .bind(ticket.browser.as_bytes().as_slice())
            .bind(ticket.return_to.as_str())
            .bind(ticket.expires_at.as_millis())
            .execute(&mut *write)
            .await?;
            Ok(write.commit().await?)
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
        observe(FLOW, "take_ticket", async {
            // One that was shown before, again and again, holds up nobody's write.
            let known: bool =
                sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM tickets WHERE token_hash = ?1)")
                    .bind(token.as_bytes().as_slice())
                    .fetch_one(&self.readers)
                    .await?;
            if !known {
                return Ok(None);
            }
            let mut write = self.write().await?;
            let taken = sqlx::query(
                "DELETE FROM tickets WHERE token_hash = ?1
                 RETURNING session_id, return_to, host = ?2 AND browser = ?3 AND expires_at > ?4 AS good",
            )
            .bind(token.as_bytes().as_slice())
            .bind(host.as_str())
            .bind(browser.as_bytes().as_slice())
            .bind(now.as_millis())
            .fetch_optional(&mut *write)
            .await?;
            let Some(taken) = taken else { return Ok(None) };
            let columns = Columns(&taken);
            let row = sqlx::query(concat!("SELECT ", columns!(sessions), " FROM sessions WHERE id = ?1"))
                .bind(columns.get::<&[u8]>("session_id")?)
                .fetch_optional(&mut *write)
                .await?;
            write.commit().await?;
            let good: bool = columns.get("good")?;
            match row.filter(|_| good) {
                Some(row) => Ok(Some(TakenTicket {
                    session: sessions::session(&row)?,
                    return_to: columns.text("return_to")?,
                })),
                None => Ok(None),
            }
        })
        .await
    }
}
