//! The two stores as roles. Each method is one atomic promise: all of it has happened when it returns, or none.
//!
//! Time is passed in. A backend is done when the contract suite (`tests/store_contract`) passes over it.

use async_trait::async_trait;
use std::time::Duration;

use crate::domain::account::{Account, AccountStatus, AccountWithPassword, LoginName, NewAccount};
use crate::domain::challenge::{
    Challenge, NewChallenge, Purpose, Redeemed, Reissue, Reissued, ResendRule,
};
use crate::domain::id::{AccountId, MailId, SessionId};
use crate::domain::mail::LeasedMail;
use crate::domain::quota::{Quota, Rate};
use crate::domain::secret::{CodeGuess, FlowHash, PasswordHash, SessionTokenHash};
use crate::domain::session::{NewSession, Session};
use crate::domain::time::Timestamp;

pub mod memory;
mod observe;
pub mod sqlite;

/// The store did not do what it was asked. Whoever gets this refuses; nobody goes on as if it had said yes (S57).
#[derive(Debug, thiserror::Error)]
#[error("{store} failed at {operation}: {cause}")]
pub struct StoreError {
    /// The store, as metrics name it: `accounts` or `flow`.
    pub store: &'static str,
    /// The promise that was asked for.
    pub operation: &'static str,
    /// What went wrong. Never holds a secret: statements are prepared, and their values are not told.
    pub cause: Box<dyn std::error::Error + Send + Sync>,
}

/// What came of making an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It is made.
    Created,
    /// Another account has that username, letter case aside.
    UsernameTaken,
    /// Another account has that e-mail address, letter case aside.
    EmailTaken,
}

/// Accounts, in the durable store.
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Makes the account, unless its username or address is another's: compared without regard to letter case.
    async fn insert_account(&self, account: NewAccount) -> Result<Inserted, StoreError>;

    /// The one account that signs in by this username or address. A username never finds an account by its
    /// address, nor the other way round.
    async fn find_login(
        &self,
        login: &LoginName,
    ) -> Result<Option<AccountWithPassword>, StoreError>;

    /// The account.
    async fn find_account(&self, id: AccountId) -> Result<Option<Account>, StoreError>;

    /// Up to `limit` accounts in the order of their names, beginning after the username `after`.
    async fn list_accounts(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Account>, StoreError>;

    /// Sets the status. Disabling begins a new epoch, so that every session made before is dead (S39). Returns the
    /// account as it is now, or `None` if there is none.
    async fn set_status(
        &self,
        id: AccountId,
        status: AccountStatus,
    ) -> Result<Option<Account>, StoreError>;

    /// Sets a new password and begins a new epoch (S33). Returns the account as it is now.
    async fn set_password(
        &self,
        id: AccountId,
        hash: PasswordHash,
    ) -> Result<Option<Account>, StoreError>;

    /// Replaces `old` by `new`, the same password hashed better, if `old` still stands. The epoch stays.
    async fn upgrade_password_hash(
        &self,
        id: AccountId,
        old: &PasswordHash,
        new: PasswordHash,
    ) -> Result<bool, StoreError>;
}

/// Sessions: signed-in browsers.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Keeps the session, and ends the one that it replaces in the same step (S28).
    async fn create_session(&self, new: NewSession) -> Result<(), StoreError>;

    /// The session whose token hashes to this, expired or not: the caller compares with the clock.
    async fn find_session(&self, token: &SessionTokenHash) -> Result<Option<Session>, StoreError>;

    /// Notes that the session was used at `seen_at`, unless a later use is known.
    async fn touch_session(&self, id: SessionId, seen_at: Timestamp) -> Result<(), StoreError>;

    /// Ends the session for good. Says whether there was one.
    async fn end_session(&self, id: SessionId) -> Result<bool, StoreError>;

    /// Ends all sessions of the account but `except`, and says how many those were.
    async fn end_sessions_of(
        &self,
        account: AccountId,
        except: Option<SessionId>,
    ) -> Result<u64, StoreError>;

    /// The sessions of the account that have not reached their absolute end, the latest used first.
    async fn sessions_of(
        &self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError>;

    /// The number of sessions that have not reached their absolute end.
    async fn count_sessions(&self, now: Timestamp) -> Result<u64, StoreError>;
}

/// Challenges: half-signed-in browsers.
#[async_trait]
pub trait ChallengeStore: Send + Sync {
    /// Opens the challenge in place of any other of the same browser, and writes its mail to the outbox with it.
    /// A mail of the challenge before it that is still waiting is dropped.
    async fn open_challenge(&self, new: NewChallenge) -> Result<(), StoreError>;

    /// The challenge of this browser for this purpose, however it stands.
    async fn find_challenge(
        &self,
        flow: &FlowHash,
        purpose: Purpose,
    ) -> Result<Option<Challenge>, StoreError>;

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

    /// Counts the guess and, when it matches, spends the challenge, in one step. Nothing is counted or compared when
    /// the challenge is spent, exhausted or past its time (S1, S2, S3, S8). A decoy never matches.
    async fn redeem_code(
        &self,
        flow: &FlowHash,
        purpose: Purpose,
        guess: &CodeGuess,
        now: Timestamp,
    ) -> Result<Redeemed, StoreError>;
}

/// The outbox: mails that are promised and not yet delivered.
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// Takes up to `limit` mails that are due, the oldest first, and keeps every other worker from them for
    /// `lease`. Mails that are past their use are not taken.
    async fn lease_mails(
        &self,
        limit: u32,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Vec<LeasedMail>, StoreError>;

    /// Takes the mail out of the outbox: it was delivered, or never will be.
    async fn remove_mail(&self, id: MailId) -> Result<(), StoreError>;

    /// Ends the lease and counts the attempt; the mail is due again at `due`.
    async fn postpone_mail(&self, id: MailId, due: Timestamp) -> Result<(), StoreError>;

    /// The number of mails in the outbox.
    async fn count_mails(&self) -> Result<u64, StoreError>;
}

/// What a limit is for, as metrics name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LimitName {
    /// Sign-in attempts of an address.
    SignIn,
    /// Codes typed from an address.
    Verify,
    /// Further codes asked for from an address.
    Resend,
    /// Codes requested for a destination.
    CodeRequest,
}

impl LimitName {
    /// The name in metrics and stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Verify => "verify",
            Self::Resend => "resend",
            Self::CodeRequest => "code_request",
        }
    }
}

/// Short-window quotas.
#[async_trait]
pub trait QuotaStore: Send + Sync {
    /// Counts one event of `key` against `rate`, or says when the next one fits. A refused event is not counted.
    /// Memory is bounded whatever the keys.
    async fn count_quota(
        &self,
        limit: LimitName,
        key: &str,
        rate: Rate,
        now: Timestamp,
    ) -> Result<Quota, StoreError>;
}

/// What everybody who purges, watches or starts a store needs of it.
#[async_trait]
pub trait StoreUpkeep: Send + Sync {
    /// Says whether the store answers, by asking it.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Removes up to `limit` rows of each kind that are of no more use: sessions past their end or idle too long,
    /// challenges an hour past theirs, mails past their use. Returns how many rows went.
    async fn purge(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError>;

    /// Comes back once somebody other than this process has changed the store, so that caches are emptied.
    /// Cancel-safe.
    async fn changed_elsewhere(&self) -> Result<(), StoreError>;
}

/// The role of the durable store.
pub trait Accounts: AccountStore + StoreUpkeep {}
impl<T: AccountStore + StoreUpkeep> Accounts for T {}

/// The role of the store of what passes.
pub trait Flow: SessionStore + ChallengeStore + OutboxStore + QuotaStore + StoreUpkeep {}
impl<T: SessionStore + ChallengeStore + OutboxStore + QuotaStore + StoreUpkeep> Flow for T {}
