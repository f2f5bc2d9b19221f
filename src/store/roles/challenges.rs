//! Challenges.

use async_trait::async_trait;

use super::super::StoreError;
use crate::domain::challenge::{
    Challenge, NewChallenge, Purpose, Redeemed, Reissue, Reissued, ResendRule,
};
use crate::domain::id::AccountId;
use crate::domain::secret::{CodeGuess, FlowHash, LinkTokenHash};
use crate::domain::time::Timestamp;

/// Challenges: half-signed-in browsers.
#[async_trait]
pub trait ChallengeStore: Send + Sync {
    /// Opens the challenge in place of any other of the same browser, and writes its mail to the outbox with it.
    /// A mail of the challenge before it that is still waiting is dropped.
    async fn open_challenge(&self, new: NewChallenge) -> Result<(), StoreError>;

    /// The challenge of this browser, whatever it is for and however it stands.
    async fn find_challenge(&self, flow: &FlowHash) -> Result<Option<Challenge>, StoreError>;

    /// Gives the challenge a new code, and its mail to the outbox, if `rule` allows one at `now`. The code before is
    /// void and its mail, if still waiting, is dropped; the guesses already counted stay counted (S4, S9).
    async fn reissue_code(
        &self,
        flow: &FlowHash,
        purpose: Purpose,
        reissue: Reissue,
        rule: ResendRule,
        now: Timestamp,
    ) -> Result<Reissued, StoreError>;

    /// Counts the guess and, when it matches the code or the relay code, spends the challenge, in one step. Nothing is counted or compared when
    /// the challenge is spent, exhausted or past its time (S1, S2, S3, S8). A decoy never matches.
    async fn redeem_code(
        &self,
        flow: &FlowHash,
        purpose: Purpose,
        guess: &CodeGuess,
        now: Timestamp,
    ) -> Result<Redeemed, StoreError>;

    /// Spends the challenge of this browser when `token` is its present link's, in one step. A link has 256 bits: no
    /// guess is counted, and an exhausted challenge is still answered by it. Past its time it is `Expired`, answered
    /// before `Spent`, of another browser or replaced `Unknown`; a decoy is never accepted.
    async fn redeem_link(
        &self,
        flow: &FlowHash,
        purpose: Purpose,
        token: &LinkTokenHash,
        now: Timestamp,
    ) -> Result<Redeemed, StoreError>;

    /// Spends the challenge of this browser, in one step, because something else than its code or link has answered it;
    /// the guess was counted before, so that an exhausted one is still answered. Past its time it is `Expired`; a decoy is
    /// never accepted.
    async fn spend_challenge(
        &self,
        flow: &FlowHash,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Redeemed, StoreError>;

    /// The challenge whose present link's token this is, whoever asks. Changes nothing (S16).
    async fn find_link(&self, token: &LinkTokenHash) -> Result<Option<Challenge>, StoreError>;

    /// Drops the open challenges that are about `account`, of every purpose, with their waiting mails and the permits that
    /// came of earlier ones. What is answered already stays, so that its page can say so. Says how many challenges went.
    async fn drop_challenges_of(&self, account: AccountId) -> Result<u64, StoreError>;
}
