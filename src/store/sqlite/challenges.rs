//! Challenges in SQLite.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Executor, Sqlite, SqliteConnection};
use subtle::ConstantTimeEq;

use super::super::observe::{Cause, observe};
use super::super::{ChallengeStore, StoreError};
use super::rows::{Columns, json};
use super::{FLOW, SqliteStore, outbox};
use crate::domain::challenge::{
    Challenge, ChallengeState, NewChallenge, Purpose, Redeemed, Reissue, Reissued, Resend,
    ResendRule,
};
use crate::domain::id::{AccountId, ChallengeId};
use crate::domain::secret::{CodeGuess, CodeMac, FlowHash, LinkTokenHash};
use crate::domain::time::Timestamp;

#[async_trait]
impl ChallengeStore for SqliteStore {
    async fn open_challenge(&self, new: NewChallenge) -> Result<(), StoreError> {
        observe(FLOW, "open_challenge", async {
            let mut write = self.write().await?;
            sqlx::query("DELETE FROM challenges WHERE flow_hash = ?1")
                .bind(new.flow.as_bytes().as_slice())
                .execute(&mut *write)
                .await?;
            outbox::drop_mails_of(&mut write, &new.flow).await?;
            let challenge = &new.challenge;
            sqlx::query(
                "INSERT INTO challenges (flow_hash, id, purpose, subject, host, destination, gives,
                 code_mac, created_at, expires_at, sent_at, sends, attempts, max_attempts, consumed_at,
                 link_hash, relay_mac, account_id)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
            )
            .bind(new.flow.as_bytes().as_slice())
            .bind(challenge.id.as_uuid().as_bytes().as_slice())
            .bind(challenge.purpose().as_str())
            .bind(json(&challenge.subject)?)
            .bind(challenge.host.as_str())
            .bind(&challenge.destination)
            .bind(json(&challenge.aim)?)
            .bind(new.code.as_bytes().as_slice())
            .bind(challenge.created_at.as_millis())
            .bind(challenge.expires_at.as_millis())
            .bind(challenge.sent_at.as_millis())
            .bind(challenge.sends)
            .bind(challenge.attempts)
            .bind(challenge.max_attempts.get())
            .bind(challenge.consumed_at.map(Timestamp::as_millis))
            .bind(new.link.token.as_bytes().as_slice())
            .bind(new.link.relay.as_bytes().as_slice())
            .bind(challenge.subject.id().as_uuid().as_bytes().as_slice())
            .execute(&mut *write)
            .await?;
            if let Some(mail) = &new.mail {
                outbox::insert(&mut write, mail).await?;
            }
            Ok(write.commit().await?)
        })
        .await
    }

    async fn find_challenge(&self, flow: &FlowHash) -> Result<Option<Challenge>, StoreError> {
        observe(FLOW, "find_challenge", async {
            let row = sqlx::query(concat!(
                "SELECT ",
                columns!(challenges),
                " FROM challenges WHERE flow_hash = ?1"
            ))
            .bind(flow.as_bytes().as_slice())
            .fetch_optional(&self.readers)
            .await?;
            row.as_ref().map(challenge).transpose()
        })
        .await
    }

    async fn reissue_code(
        &self,
        flow: &FlowHash,
        purpose: Purpose,
        reissue: Reissue,
        rule: ResendRule,
        now: Timestamp,
    ) -> Result<Reissued, StoreError> {
        observe(FLOW, "reissue_code", async {
            let mut write = self.write().await?;
            let Some(row) = fetch(&mut *write, flow, purpose).await? else {
                return Ok(Reissued::Unknown);
            };
            let mut challenge = challenge(&row)?;
            match rule.check(&challenge, now) {
                Resend::Allowed => {}
                refused => return Ok(Reissued::Refused(refused)),
            }
            challenge.sends = challenge.sends.saturating_add(1);
            challenge.sent_at = now;
            challenge.expires_at = reissue.expires_at;
            sqlx::query(
                "UPDATE challenges SET code_mac = ?2, sends = ?3, sent_at = ?4, expires_at = ?5,
                 link_hash = ?6, relay_mac = ?7 WHERE flow_hash = ?1",
            )
            .bind(flow.as_bytes().as_slice())
            .bind(reissue.code.as_bytes().as_slice())
            .bind(challenge.sends)
            .bind(challenge.sent_at.as_millis())
            .bind(challenge.expires_at.as_millis())
            .bind(reissue.link.token.as_bytes().as_slice())
            .bind(reissue.link.relay.as_bytes().as_slice())
            .execute(&mut *write)
            .await?;
            outbox::drop_mails_of(&mut write, flow).await?;
            if let Some(mail) = &reissue.mail {
                outbox::insert(&mut write, mail).await?;
            }
            write.commit().await?;
            Ok(Reissued::Sent(Box::new(challenge)))
        })
        .await
    }

    async fn redeem_code(
        &self,
        flow: &FlowHash,
        purpose: Purpose,
        guess: &CodeGuess,
        now: Timestamp,
    ) -> Result<Redeemed, StoreError> {
        observe(FLOW, "redeem_code", async {
            let mut write = self.write().await?;
            let Some(row) = fetch(&mut *write, flow, purpose).await? else {
                return Ok(Redeemed::Unknown);
            };
            let mut challenge = challenge(&row)?;
            match challenge.state(now) {
                ChallengeState::Pending { .. } => {}
                ChallengeState::Consumed => return Ok(Redeemed::Spent),
                ChallengeState::Exhausted => return Ok(Redeemed::Exhausted),
                ChallengeState::Expired => return Ok(Redeemed::Expired),
            }
            challenge.attempts = challenge.attempts.saturating_add(1);
            sqlx::query("UPDATE challenges SET attempts = ?2 WHERE flow_hash = ?1")
                .bind(flow.as_bytes().as_slice())
                .bind(challenge.attempts)
                .execute(&mut *write)
                .await?;
            // A decoy is compared like any other, so that it takes as long.
            if is_right(guess, &row)? & !challenge.subject.is_decoy() {
                spend(&mut write, flow, now).await?;
                challenge.consumed_at = Some(now);
            }
            write.commit().await?;
            Ok(match challenge.state(now) {
                ChallengeState::Consumed => Redeemed::Accepted(Box::new(challenge)),
                ChallengeState::Pending { attempts_left } => Redeemed::Wrong { attempts_left },
                ChallengeState::Exhausted | ChallengeState::Expired => Redeemed::WrongAndExhausted,
            })
        })
        .await
    }

    async fn redeem_link(
        &self,
        flow: &FlowHash,
        purpose: Purpose,
        token: &LinkTokenHash,
        now: Timestamp,
    ) -> Result<Redeemed, StoreError> {
        observe(FLOW, "redeem_link", async {
            let mut write = self.write().await?;
            let Some(row) = fetch(&mut *write, flow, purpose).await? else {
                return Ok(Redeemed::Unknown);
            };
            let mut challenge = challenge(&row)?;
            if !is_its_link(token, &row)? | challenge.subject.is_decoy() {
                return Ok(Redeemed::Unknown);
            }
            if challenge.consumed_at.is_some() {
                return Ok(Redeemed::Spent);
            }
            // Guesses that are all used do not matter to a link, its time does.
            if now >= challenge.expires_at {
                return Ok(Redeemed::Expired);
            }
            spend(&mut write, flow, now).await?;
            write.commit().await?;
            challenge.consumed_at = Some(now);
            Ok(Redeemed::Accepted(Box::new(challenge)))
        })
        .await
    }

    async fn spend_challenge(
        &self,
        flow: &FlowHash,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Redeemed, StoreError> {
        observe(FLOW, "spend_challenge", async {
            let mut write = self.write().await?;
            let Some(row) = fetch(&mut *write, flow, purpose).await? else {
                return Ok(Redeemed::Unknown);
            };
            let mut challenge = challenge(&row)?;
            if challenge.subject.is_decoy() {
                return Ok(Redeemed::Unknown);
            }
            if challenge.consumed_at.is_some() {
                return Ok(Redeemed::Spent);
            }
            if now >= challenge.expires_at {
                return Ok(Redeemed::Expired);
            }
            spend(&mut write, flow, now).await?;
            write.commit().await?;
            challenge.consumed_at = Some(now);
            Ok(Redeemed::Accepted(Box::new(challenge)))
        })
        .await
    }

    async fn find_link(&self, token: &LinkTokenHash) -> Result<Option<Challenge>, StoreError> {
        observe(FLOW, "find_link", async {
            let row = sqlx::query(concat!(
                "SELECT ",
                columns!(challenges),
                " FROM challenges WHERE link_hash = ?1"
            ))
            .bind(token.as_bytes().as_slice())
            .fetch_optional(&self.readers)
            .await?;
            row.as_ref().map(challenge).transpose()
        })
        .await
    }

    async fn drop_challenges_of(&self, account: AccountId) -> Result<u64, StoreError> {
        observe(FLOW, "drop_challenges_of", async {
            let mut write = self.write().await?;
            let open: Vec<Vec<u8>> = sqlx::query_scalar(
                "DELETE FROM challenges WHERE account_id = ?1 AND consumed_at IS NULL
                 RETURNING flow_hash",
            )
            .bind(account.as_uuid().as_bytes().as_slice())
            .fetch_all(&mut *write)
            .await?;
            for flow in &open {
                let flow = FlowHash::from_bytes(flow.as_slice().try_into()?);
                outbox::drop_mails_of(&mut write, &flow).await?;
            }
            sqlx::query("DELETE FROM permits WHERE account_id = ?1")
                .bind(account.as_uuid().as_bytes().as_slice())
                .execute(&mut *write)
                .await?;
            write.commit().await?;
            Ok(u64::try_from(open.len())?)
        })
        .await
    }
}

async fn spend(write: &mut SqliteConnection, flow: &FlowHash, now: Timestamp) -> Result<(), Cause> {
    sqlx::query("UPDATE challenges SET consumed_at = ?2 WHERE flow_hash = ?1")
        .bind(flow.as_bytes().as_slice())
        .bind(now.as_millis())
        .execute(write)
        .await?;
    Ok(())
}

async fn fetch(
    from: impl Executor<'_, Database = Sqlite>,
    flow: &FlowHash,
    purpose: Purpose,
) -> Result<Option<SqliteRow>, Cause> {
    let found = sqlx::query(concat!(
        "SELECT ",
        columns!(challenges),
        " FROM challenges WHERE flow_hash = ?1 AND purpose = ?2"
    ))
    .bind(flow.as_bytes().as_slice())
    .bind(purpose.as_str());
    Ok(found.fetch_optional(from).await?)
}

fn challenge(row: &SqliteRow) -> Result<Challenge, Cause> {
    let columns = Columns(row);
    Ok(Challenge {
        id: columns.uuid("id").map(ChallengeId::from_uuid)?,
        subject: columns.json("subject")?,
        host: columns.text("host")?,
        destination: columns.get("destination")?,
        aim: columns.json("gives")?,
        created_at: columns.instant("created_at")?,
        expires_at: columns.instant("expires_at")?,
        sent_at: columns.instant("sent_at")?,
        sends: columns.number("sends")?,
        attempts: columns.number("attempts")?,
        max_attempts: columns.number::<u8>("max_attempts")?.try_into()?,
        consumed_at: columns.instant_or_none("consumed_at")?,
    })
}

/// Whether the guess is the code or the relay code. Both are compared whatever comes of the first, and their MACs
/// go nowhere else.
fn is_right(guess: &CodeGuess, row: &SqliteRow) -> Result<bool, Cause> {
    let columns = Columns(row);
    let code = CodeMac::from_bytes(columns.bytes("code_mac")?);
    let relay = columns.bytes_or_none("relay_mac")?.map(CodeMac::from_bytes);
    let (is_code, is_relay) =
        (guess.matches(&code), relay.is_some_and(|relay| guess.matches(&relay)));
    Ok(is_code | is_relay)
}

fn is_its_link(token: &LinkTokenHash, row: &SqliteRow) -> Result<bool, Cause> {
    let kept: Option<[u8; 32]> = Columns(row).bytes_or_none("link_hash")?;
    Ok(kept.is_some_and(|kept| token.as_bytes().ct_eq(&kept).into()))
}
