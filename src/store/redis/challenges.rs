//! Challenges in Redis: each beside the part of the outbox that has its mail, with a pointer to it from its link.

use async_trait::async_trait;
use redis::Value;

use super::super::observe::Cause;
use super::super::{ChallengeStore, StoreError};
use super::keys::Tag;
use super::link::Call;
use super::outbox::with_mail;
use super::records::{self, ChallengeRest, OtherForm, ToldChallenge, bytes, json};
use super::{RedisStore, millis, scripts, ttl};
use crate::domain::challenge::{
    Challenge, NewChallenge, Purpose, Redeemed, Reissue, Reissued, Resend, ResendRule,
};
use crate::domain::id::AccountId;
use crate::domain::secret::{CodeGuess, FlowHash, LinkTokenHash};
use crate::domain::time::Timestamp;

#[async_trait]
impl ChallengeStore for RedisStore {
    async fn open_challenge(&self, new: NewChallenge) -> Result<(), StoreError> {
        self.breaker
            .ask("open_challenge", async {
                let (flow, challenge) = (new.flow.as_bytes().as_slice(), &new.challenge);
                let (now, end) = (challenge.created_at, challenge.expires_at);
                let account = challenge.subject.id();
                self.point("l", new.link.token.as_bytes(), flow, kept_for(now, end)).await?;
                self.note_about(account, "c", flow, (now, end)).await?;
                let consumed = challenge.consumed_at.map(|at| at.as_millis().to_string());
                let open = self
                    .link
                    .call(&scripts::CHALLENGE_OPEN, Tag::of(flow))
                    .arg(flow)
                    .arg(challenge.purpose().as_str())
                    .arg(i32::from(challenge.subject.is_decoy()))
                    .arg(bytes(account.as_uuid()))
                    .arg(new.code.as_bytes().as_slice())
                    .arg(new.link.relay.as_bytes().as_slice())
                    .arg(new.link.token.as_bytes().as_slice())
                    .arg(end.as_millis())
                    .arg(challenge.sent_at.as_millis())
                    .arg(challenge.sends)
                    .arg(challenge.attempts)
                    .arg(challenge.max_attempts.get())
                    .arg(consumed.unwrap_or_default())
                    .arg(json(&ChallengeRest::of(challenge))?)
                    .arg(kept_for(now, end));
                with_mail(open, new.mail.as_ref()).run().await
            })
            .await
    }

    async fn find_challenge(&self, flow: &FlowHash) -> Result<Option<Challenge>, StoreError> {
        self.breaker
            .ask("find_challenge", async {
                found(self.about(&scripts::CHALLENGE_FIND, flow.as_bytes()).run().await?)
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
        self.breaker
            .ask("reissue_code", async {
                let flow = flow.as_bytes().as_slice();
                let lives = kept_for(now, reissue.expires_at);
                self.point("l", reissue.link.token.as_bytes(), flow, lives).await?;
                let call = self
                    .about(&scripts::CHALLENGE_REISSUE, flow)
                    .arg(purpose.as_str())
                    .arg(now.as_millis())
                    .arg(millis(rule.cool_down))
                    .arg(rule.max_sends.get())
                    .arg(reissue.code.as_bytes().as_slice())
                    .arg(reissue.link.relay.as_bytes().as_slice())
                    .arg(reissue.link.token.as_bytes().as_slice())
                    .arg(reissue.expires_at.as_millis())
                    .arg(lives);
                let (outcome, rest) = outcome(with_mail(call, reissue.mail.as_ref()).run().await?)?;
                Ok(match outcome.as_str() {
                    "unknown" => Reissued::Unknown,
                    "over" => Reissued::Refused(Resend::Over),
                    "none_left" => Reissued::Refused(Resend::NoneLeft),
                    "wait" => {
                        let until = redis::from_redis_value(first(rest)?)?;
                        Reissued::Refused(Resend::Wait { until: Timestamp::from_millis(until) })
                    }
                    "sent" => {
                        let challenge = accepted(first(rest)?)?;
                        let (account, end) = (challenge.subject.id(), challenge.expires_at);
                        self.note_about(account, "c", flow, (now, end)).await?;
                        Reissued::Sent(challenge)
                    }
                    _ => return Err(OtherForm.into()),
                })
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
        self.breaker
            .ask("redeem_code", async {
                let mut call = self.about(&scripts::CHALLENGE_REDEEM_CODE, flow.as_bytes());
                call = call.arg(purpose.as_str()).arg(now.as_millis());
                for mac in guess.macs() {
                    call = call.arg(mac.as_bytes().as_slice());
                }
                redeemed(call.run().await?)
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
        self.breaker
            .ask("redeem_link", async {
                let call = self.about(&scripts::CHALLENGE_REDEEM_LINK, flow.as_bytes());
                let call = call.arg(purpose.as_str()).arg(now.as_millis());
                redeemed(call.arg(token.as_bytes().as_slice()).run().await?)
            })
            .await
    }

    async fn spend_challenge(
        &self,
        flow: &FlowHash,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Redeemed, StoreError> {
        self.breaker
            .ask("spend_challenge", async {
                let call = self.about(&scripts::CHALLENGE_SPEND, flow.as_bytes());
                redeemed(call.arg(purpose.as_str()).arg(now.as_millis()).run().await?)
            })
            .await
    }

    async fn find_link(&self, token: &LinkTokenHash) -> Result<Option<Challenge>, StoreError> {
        self.breaker
            .ask("find_link", async {
                let token = token.as_bytes().as_slice();
                let Some(flow) = self.pointer("l", token).await? else { return Ok(None) };
                // Only if it is the present link of that challenge.
                found(self.about(&scripts::CHALLENGE_FIND, &flow).arg(token).run().await?)
            })
            .await
    }

    async fn drop_challenges_of(&self, account: AccountId) -> Result<u64, StoreError> {
        self.breaker
            .ask("drop_challenges_of", async {
                let account = bytes(account.as_uuid());
                let mut list = redis::cmd("ZRANGE");
                list.arg(self.link.key("x", Tag::of(account), account)).arg(0).arg(-1);
                let about: Vec<Vec<u8>> = self.link.send(&list).await?;
                let mut dropped = 0;
                for one in about {
                    let drop = self.link.call(&scripts::ABOUT_DROP, Tag::of(&one));
                    dropped += drop.arg(one).arg(account).run::<u64>().await?;
                }
                Ok(dropped)
            })
            .await
    }
}

impl RedisStore {
    fn about(&self, script: &'static scripts::Script, flow: &[u8]) -> Call<'_> {
        self.link.call(script, Tag::of(flow)).arg(flow)
    }

    /// Notes that a challenge or permit is about an account: before it is there, so that who drops all of them misses none.
    pub(super) async fn note_about(
        &self,
        account: AccountId,
        kind: &str,
        id: &[u8],
        (now, end): (Timestamp, Timestamp),
    ) -> Result<(), Cause> {
        let account = bytes(account.as_uuid());
        let add = self
            .link
            .call(&scripts::ABOUT_ADD, Tag::of(account))
            .arg(account)
            .arg(now.as_millis())
            .arg((end + super::upkeep::CHALLENGE_AFTERLIFE).as_millis())
            .arg([kind.as_bytes(), id].concat())
            .arg(kept_for(now, end));
        add.run().await
    }
}

/// How many milliseconds a challenge is kept: past its end its page says what became of it.
fn kept_for(now: Timestamp, end: Timestamp) -> u64 {
    ttl(now, end + super::upkeep::CHALLENGE_AFTERLIFE)
}

fn found(told: Option<ToldChallenge>) -> Result<Option<Challenge>, Cause> {
    told.map(records::challenge).transpose()
}

/// What a script says first, and the rest.
fn outcome(said: Vec<Value>) -> Result<(String, std::vec::IntoIter<Value>), Cause> {
    let mut said = said.into_iter();
    let outcome = said.next().ok_or(OtherForm)?;
    Ok((redis::from_redis_value(outcome)?, said))
}

fn first(mut rest: std::vec::IntoIter<Value>) -> Result<Value, Cause> {
    Ok(rest.next().ok_or(OtherForm)?)
}

fn accepted(told: Value) -> Result<Box<Challenge>, Cause> {
    Ok(Box::new(records::challenge(redis::from_redis_value(told)?)?))
}

fn redeemed(said: Vec<Value>) -> Result<Redeemed, Cause> {
    let (outcome, rest) = outcome(said)?;
    Ok(match outcome.as_str() {
        "unknown" => Redeemed::Unknown,
        "spent" => Redeemed::Spent,
        "exhausted" => Redeemed::Exhausted,
        "expired" => Redeemed::Expired,
        "wrong_and_exhausted" => Redeemed::WrongAndExhausted,
        "wrong" => {
            let left: u8 = redis::from_redis_value(first(rest)?)?;
            Redeemed::Wrong { attempts_left: left.try_into()? }
        }
        "accepted" => Redeemed::Accepted(accepted(first(rest)?)?),
        _ => return Err(OtherForm.into()),
    })
}
