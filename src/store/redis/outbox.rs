//! The outbox in Redis: a part of it beside the challenges of each tag, so that a challenge and its mail are written in one step.

use std::time::Duration;

use async_trait::async_trait;

use super::super::observe::Cause;
use super::super::{OutboxStore, StoreError};
use super::keys::Tag;
use super::link::Call;
use super::records::bytes;
use super::{RedisStore, everywhere, scripts, ttl};
use crate::domain::id::MailId;
use crate::domain::mail::{LeasedMail, SealedMail};
use crate::domain::time::Timestamp;

/// A mail as a lease tells it: its identifier, kind, seal, when it was written, its last use, attempts.
type ToldMail = (Vec<u8>, String, Vec<u8>, i64, i64, u32);

/// A mail as a look tells it: its identifier, when it is due, when it was written.
type DueMail = (Vec<u8>, i64, i64);

#[async_trait]
impl OutboxStore for RedisStore {
    async fn write_mail(&self, mail: SealedMail) -> Result<(), StoreError> {
        self.breaker
            .ask("write_mail", async {
                let tag = Tag::of(bytes(mail.id.as_uuid()));
                with_mail(self.link.call(&scripts::MAIL_WRITE, tag), Some(&mail)).run().await
            })
            .await
    }

    async fn lease_mails(
        &self,
        limit: u32,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Vec<LeasedMail>, StoreError> {
        self.breaker
            .ask("lease_mails", async {
                let wanted = usize::try_from(limit)?;
                let mut leased = Vec::new();
                while leased.len() < wanted {
                    let due = self.due(wanted - leased.len(), now).await?;
                    if due.is_empty() {
                        break;
                    }
                    // Another worker may have been faster: then there is another look.
                    for (tag, ids) in due {
                        let mut call = self.link.call(&scripts::MAIL_LEASE, tag);
                        call = call.arg(now.as_millis()).arg((now + lease).as_millis());
                        for id in ids {
                            call = call.arg(id);
                        }
                        let told: Vec<ToldMail> = call.run().await?;
                        leased.extend(told.into_iter().map(mail).collect::<Result<Vec<_>, _>>()?);
                    }
                }
                leased.sort_by_key(|mail| (mail.created_at, mail.id));
                Ok(leased)
            })
            .await
    }

    async fn remove_mail(&self, id: MailId) -> Result<(), StoreError> {
        self.breaker
            .ask("remove_mail", async {
                // Which part a mail is in is known to its challenge alone.
                everywhere(|tag| {
                    let remove = self.link.call(&scripts::MAIL_REMOVE, tag);
                    remove.arg(bytes(id.as_uuid())).run::<u64>()
                })
                .await?;
                Ok(())
            })
            .await
    }

    async fn postpone_mail(&self, id: MailId, due: Timestamp) -> Result<(), StoreError> {
        self.breaker
            .ask("postpone_mail", async {
                everywhere(|tag| {
                    let postpone = self.link.call(&scripts::MAIL_POSTPONE, tag);
                    postpone.arg(bytes(id.as_uuid())).arg(due.as_millis()).run::<u64>()
                })
                .await?;
                Ok(())
            })
            .await
    }

    async fn count_mails(&self) -> Result<u64, StoreError> {
        self.breaker
            .ask("count_mails", async {
                let counts: Vec<u64> = everywhere(async |tag| {
                    let mut count = redis::cmd("ZCARD");
                    count.arg(self.link.key("m", tag, b""));
                    self.link.send(&count).await
                })
                .await?;
                Ok(counts.into_iter().sum())
            })
            .await
    }
}

impl RedisStore {
    /// The first mails that are due, of all parts, by their part.
    async fn due(&self, most: usize, now: Timestamp) -> Result<Vec<(Tag, Vec<Vec<u8>>)>, Cause> {
        let found: Vec<(Tag, Vec<DueMail>)> = everywhere(async |tag| {
            let due = self.link.call(&scripts::MAIL_DUE, tag);
            Ok((tag, due.arg(now.as_millis()).arg(most).run().await?))
        })
        .await?;
        let mut first: Vec<_> = found
            .into_iter()
            .flat_map(|(tag, due)| due.into_iter().map(move |(id, due, made)| (due, made, id, tag)))
            .collect();
        first.sort_by(|one, other| (one.0, one.1, &one.2).cmp(&(other.0, other.1, &other.2)));
        first.truncate(most);
        let mut parts: Vec<(Tag, Vec<Vec<u8>>)> = Vec::new();
        for (_, _, id, tag) in first {
            match parts.iter_mut().find(|(of, _)| *of == tag) {
                Some((_, ids)) => ids.push(id),
                None => parts.push((tag, vec![id])),
            }
        }
        Ok(parts)
    }
}

/// The call, with a mail for its script to write, if there is one.
pub(super) fn with_mail<'a>(call: Call<'a>, mail: Option<&SealedMail>) -> Call<'a> {
    let Some(mail) = mail else { return call };
    call.arg(bytes(mail.id.as_uuid()))
        .arg(mail.kind)
        .arg(mail.sealed.as_slice())
        .arg(mail.created_at.as_millis())
        .arg(mail.not_after.as_millis())
        .arg(ttl(mail.created_at, mail.not_after))
}

fn mail(
    (id, kind, sealed, created_at, not_after, attempts): ToldMail,
) -> Result<LeasedMail, Cause> {
    Ok(LeasedMail {
        id: MailId::from_uuid(uuid::Uuid::from_slice(&id)?),
        kind,
        sealed,
        created_at: Timestamp::from_millis(created_at),
        not_after: Timestamp::from_millis(not_after),
        attempts,
    })
}
