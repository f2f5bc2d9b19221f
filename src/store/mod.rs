//! The two stores as roles. Each method is one atomic promise: all of it has happened when it returns, or none.
//!
//! Time is passed in. A backend is done when the contract suite (`tests/store_contract`) passes over it.

use async_trait::async_trait;
use std::time::Duration;

use crate::domain::account::{
    Account, AccountStatus, AccountWithPassword, BackupCodesLeft, EmailChange, Epoch, FullName,
    ImportedAccount, LoginName, NewAccount, Username,
};
use crate::domain::audit::{AuditEntry, AuditEvent, NumberedEntry};
use crate::domain::budget::{BudgetState, DelayRule, GuessBudget};
use crate::domain::challenge::{
    Challenge, NewChallenge, Purpose, Redeemed, Reissue, Reissued, ResendRule,
};
use crate::domain::device::{Device, DeviceUse, Guesser, NewDevice, Rotation};
use crate::domain::draft::{DraftRoom, NewDraft};
use crate::domain::email::EmailAddress;
use crate::domain::host::HostName;
use crate::domain::id::{AccountId, DeviceId, FamilyId, InvitationId, MailId, SessionId};
use crate::domain::language::Language;
use crate::domain::mail::{LeasedMail, SealedMail};
use crate::domain::permit::Permit;
use crate::domain::phone::{CodesBy, Phone, PhoneNumber};
use crate::domain::quota::{Quota, Rate};
use crate::domain::refresh::{RefreshRotation, Refreshed};
use crate::domain::registration::{
    Acceptance, Activated, Invitation, NewInvitation, NewRegistration, Registration,
};
use crate::domain::secret::{
    CodeGuess, CodeMac, DeviceTokenHash, DraftHash, FlowHash, InvitationTokenHash, LinkTokenHash,
    PasswordHash, PermitHash, SessionTokenHash, TicketHash,
};
use crate::domain::session::{NewSession, Session};
use crate::domain::ticket::{NewTicket, TakenTicket, TicketBrowser};
use crate::domain::time::Timestamp;

pub mod breaker;
mod kept;
pub mod memory;
mod observe;
pub mod postgres;
pub mod redis;
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

/// What came of importing one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// It is made, if the import is kept.
    Created,
    /// Another account has that identifier.
    IdTaken,
    /// Another account, or one before it in the import, has that username, letter case aside.
    UsernameTaken,
    /// Another account, or one before it in the import, has that e-mail address, letter case aside.
    EmailTaken,
}

/// Where imported accounts come from, and who says whether they stay.
pub trait AccountSource: Send {
    /// The next account; `None` at the end.
    fn next(&mut self) -> Option<ImportedAccount>;

    /// Told what came of it, before the next is asked for.
    fn came(&mut self, of_it: Imported);

    /// Asked at the end: whether those that were made are kept.
    fn keep(&mut self) -> bool;
}

/// Accounts, in the durable store.
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Makes the account, unless its username or address is another's: compared without regard to letter case.
    async fn insert_account(&self, account: NewAccount) -> Result<Inserted, StoreError>;

    /// Imports the accounts of `source`, one after another and in one step: nobody sees a part of them, and when the source
    /// says at the end that they are not kept, or the process dies before, none was ever made.
    async fn import_accounts(&self, source: &mut dyn AccountSource) -> Result<(), StoreError>;

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

    /// The same with their password hashes, to take them elsewhere.
    async fn list_accounts_with_passwords(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<AccountWithPassword>, StoreError>;

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

    /// The same, if the account is still in `epoch`: of two who change it at once the second is refused. `None` if it is
    /// in a later one, or there is no such account.
    async fn set_password_in(
        &self,
        id: AccountId,
        epoch: Epoch,
        hash: PasswordHash,
    ) -> Result<Option<Account>, StoreError>;

    /// Turns the second step on or off and begins a new epoch (S33), if the account is still in `epoch`. `None` if it is
    /// in a later one, or there is no such account.
    async fn set_second_step(
        &self,
        id: AccountId,
        epoch: Epoch,
        on: bool,
    ) -> Result<Option<Account>, StoreError>;

    /// Gives the account another address, unless that is another's (letter case aside) or the account is in a later epoch
    /// than `epoch`. The epoch stays.
    async fn set_email(
        &self,
        id: AccountId,
        epoch: Epoch,
        email: EmailAddress,
    ) -> Result<EmailChange, StoreError>;

    /// Sets the name that apps show, or takes it away. Returns the account as it is now.
    async fn set_full_name(
        &self,
        id: AccountId,
        full_name: Option<FullName>,
    ) -> Result<Option<Account>, StoreError>;

    /// Sets the language of its pages and mails, or takes it away. Returns the account as it is now.
    async fn set_language(
        &self,
        id: AccountId,
        language: Option<Language>,
    ) -> Result<Option<Account>, StoreError>;

    /// Replaces `old` by `new`, the same password hashed better, if `old` still stands. The epoch stays.
    async fn upgrade_password_hash(
        &self,
        id: AccountId,
        old: &PasswordHash,
        new: PasswordHash,
    ) -> Result<bool, StoreError>;
}

/// Accounts that are to be, in the durable store.
#[async_trait]
pub trait RegistrationStore: Send + Sync {
    /// Keeps the registration beside all others: it is found by no sign-in, and takes neither its name nor its address.
    async fn insert_registration(&self, new: NewRegistration) -> Result<(), StoreError>;

    /// The registration, unless it is over.
    async fn find_registration(
        &self,
        id: AccountId,
        now: Timestamp,
    ) -> Result<Option<Registration>, StoreError>;

    /// Up to `limit` registrations that are not over, the latest first.
    async fn registrations(
        &self,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Registration>, StoreError>;

    /// Makes an active account of the registration, under its own name or under `name`, in one step: every registration and
    /// every invitation of the same address is gone then (S41). Where name or address are another account's by now, nothing
    /// happens.
    async fn activate_registration(
        &self,
        id: AccountId,
        name: Option<&Username>,
        now: Timestamp,
    ) -> Result<Activated, StoreError>;

    /// Keeps the invitation.
    async fn insert_invitation(&self, new: NewInvitation) -> Result<(), StoreError>;

    /// The invitation whose token this is, unless it is over. Changes nothing (S16).
    async fn find_invitation(
        &self,
        token: &InvitationTokenHash,
        now: Timestamp,
    ) -> Result<Option<Invitation>, StoreError>;

    /// Makes an active account of the invitation, once, in one step: what it says itself it keeps, the rest is as `chosen`.
    /// Every invitation and every registration of the same address is gone then. Where name or address are another
    /// account's, nothing happens.
    async fn accept_invitation(
        &self,
        token: &InvitationTokenHash,
        chosen: Acceptance,
        now: Timestamp,
    ) -> Result<Activated, StoreError>;

    /// The invitations that are not over, the latest first.
    async fn invitations(&self, now: Timestamp) -> Result<Vec<Invitation>, StoreError>;

    /// Takes the invitation back. Gives it, if there was one.
    async fn remove_invitation(&self, id: InvitationId) -> Result<Option<Invitation>, StoreError>;
}

/// Backup codes, in the durable store: as keyed MACs, and only as long as they are not used.
#[async_trait]
pub trait BackupCodeStore: Send + Sync {
    /// Gives the account these codes in place of all that it had, in one step (S44).
    async fn replace_backup_codes(
        &self,
        account: AccountId,
        codes: Vec<CodeMac>,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Uses the code of the account that `guess` matches, in one step: of many at once exactly one succeeds (S44).
    /// Returns how many are left, or `None` if it matches none.
    async fn use_backup_code(
        &self,
        account: AccountId,
        guess: &CodeGuess,
    ) -> Result<Option<u32>, StoreError>;

    /// How many the account has left.
    async fn backup_codes_left(&self, account: AccountId) -> Result<BackupCodesLeft, StoreError>;
}

/// What came of giving an account a telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneSet {
    /// It has it.
    Set,
    /// It is another account's.
    Taken,
    /// There is no such account, or it is in a later epoch.
    Gone,
}

/// Telephone numbers, in the durable store: one an account, and each of one account.
#[async_trait]
pub trait PhoneStore: Send + Sync {
    /// The number of the account, if it has one.
    async fn find_phone(&self, account: AccountId) -> Result<Option<Phone>, StoreError>;

    /// The account that has this number.
    async fn find_account_by_phone(
        &self,
        number: &PhoneNumber,
    ) -> Result<Option<Account>, StoreError>;

    /// Gives the account this number in place of any other, unless it is another's or the account is in a later epoch than
    /// `epoch`. How its codes come stays, and so does the epoch.
    async fn set_phone(
        &self,
        account: AccountId,
        epoch: Epoch,
        number: &PhoneNumber,
        now: Timestamp,
    ) -> Result<PhoneSet, StoreError>;

    /// Takes the number away, if the account is still in `epoch`. Where codes came there, a new epoch begins (S33). Returns
    /// the account as it is now; `None` if there was nothing to take.
    async fn remove_phone(
        &self,
        account: AccountId,
        epoch: Epoch,
    ) -> Result<Option<Account>, StoreError>;

    /// Has the codes of sign-ins come so from now on, and begins a new epoch (S33), if the account is still in `epoch`, has
    /// a number, and they came otherwise. Returns the account as it is now.
    async fn set_codes_by(
        &self,
        account: AccountId,
        epoch: Epoch,
        codes_by: CodesBy,
    ) -> Result<Option<Account>, StoreError>;
}

/// Sessions: signed-in browsers.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Keeps the session, and ends the one that it replaces in the same step (S28). Where that one was of another family,
    /// all of that family ends with it and is returned: a browser has one sign-in.
    async fn create_session(&self, new: NewSession) -> Result<Option<FamilyId>, StoreError>;

    /// Keeps the session as [`Self::create_session`] does, if some other session of its family stands at `now`: what has
    /// ended gets no new member. Says what ended, or `None` where nothing was kept.
    async fn join_session(
        &self,
        new: NewSession,
        now: Timestamp,
    ) -> Result<Option<Joined>, StoreError>;

    /// The session whose token hashes to this, expired or not: the caller compares with the clock.
    async fn find_session(&self, token: &SessionTokenHash) -> Result<Option<Session>, StoreError>;

    /// Notes that the session was used at `seen_at`, and with it its family, unless a later use is known: who is busy at
    /// one host is idle at none.
    async fn touch_session(&self, id: SessionId, seen_at: Timestamp) -> Result<(), StoreError>;

    /// Ends the session for good, and every other of its family with it. Says which family that was, if there was one.
    async fn end_session(&self, id: SessionId) -> Result<Option<FamilyId>, StoreError>;

    /// Ends all sessions of the account but `except` and those of its family, and says how many those were.
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

    /// Exchanges the refresh token of the session under this hash, in one step. The present one gives way to the next, and
    /// is the one before from then on, with its salt and instant. The one before, inside the grace, changes nothing. Any
    /// other ends all refreshing of this session, which is for the caller to end.
    async fn rotate_refresh(
        &self,
        session: &SessionTokenHash,
        rotation: RefreshRotation,
    ) -> Result<Refreshed, StoreError>;

    /// The number of sessions that have not reached their absolute end; a store may leave out those that were idle too long.
    async fn count_sessions(&self, now: Timestamp) -> Result<u64, StoreError>;
}

/// What came of a session that joined a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Joined {
    /// The family that ended, because the session that was replaced was of it.
    pub ended: Option<FamilyId>,
}

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

/// Forms that were posted without a session.
#[async_trait]
pub trait DraftStore: Send + Sync {
    /// Keeps the draft, if there is `room` for it beside those whose time is not over. Says whether there is.
    async fn keep_draft(
        &self,
        draft: NewDraft,
        room: DraftRoom,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// The sealed bytes of the draft, if its time is not over.
    async fn find_draft(
        &self,
        token: &DraftHash,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, StoreError>;

    /// Takes the draft away, if its time is not over. Of several at once, one is told that it has.
    async fn take_draft(&self, token: &DraftHash, now: Timestamp) -> Result<bool, StoreError>;
}

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

/// Permits: browsers that may do something once.
#[async_trait]
pub trait PermitStore: Send + Sync {
    /// Keeps the permit, in place of any other of the same browser.
    async fn create_permit(&self, browser: &PermitHash, permit: Permit) -> Result<(), StoreError>;

    /// The permit of this browser, unless it is over. Changes nothing.
    async fn find_permit(
        &self,
        browser: &PermitHash,
        now: Timestamp,
    ) -> Result<Option<Permit>, StoreError>;

    /// Takes the permit of this browser, once: of many who ask for it at the same time, one gets it. One that is over is
    /// nobody's.
    async fn take_permit(
        &self,
        browser: &PermitHash,
        now: Timestamp,
    ) -> Result<Option<Permit>, StoreError>;
}

/// The outbox: mails that are promised and not yet delivered.
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// Puts a mail into the outbox that belongs to no challenge.
    async fn write_mail(&self, mail: SealedMail) -> Result<(), StoreError>;

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
    /// Registrations from an address.
    Registration,
    /// New passwords asked for from an address.
    Reset,
    /// Codes typed from an address.
    Verify,
    /// Further codes asked for from an address.
    Resend,
    /// Codes requested for a destination.
    CodeRequest,
    /// Codes mailed to an account.
    MailsAccount,
    /// Codes that an address has mailed.
    MailsAddress,
    /// Codes mailed in all.
    MailsTotal,
    /// Text messages to a number.
    SmsNumber,
    /// Text messages that an address has sent.
    SmsAddress,
    /// Text messages to numbers that begin so.
    SmsPrefix,
    /// Text messages in all.
    SmsTotal,
    /// Entries of the audit about one who passes a limit.
    Noted,
    /// Showings of one answer to a captcha.
    Captcha,
    /// Forms from an address that waited in place of a sum.
    WaitsAddress,
    /// The same in all.
    WaitsTotal,
}

impl LimitName {
    /// The name in metrics and stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Registration => "registration",
            Self::Reset => "reset",
            Self::Verify => "verify",
            Self::Resend => "resend",
            Self::CodeRequest => "code_request",
            Self::MailsAccount => "mails_account",
            Self::MailsAddress => "mails_address",
            Self::MailsTotal => "mails_total",
            Self::SmsNumber => "sms_number",
            Self::SmsAddress => "sms_address",
            Self::SmsPrefix => "sms_prefix",
            Self::SmsTotal => "sms_total",
            Self::Noted => "noted",
            Self::Captcha => "captcha",
            Self::WaitsAddress => "waits_address",
            Self::WaitsTotal => "waits_total",
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

/// A guess that was counted before it was compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountedGuess(pub i64);

/// Whether a guess fits into an account's budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guessed {
    /// It does, and is counted as a failure until it is forgiven.
    Counted(CountedGuess),
    /// It does not, and must not be compared.
    Spent {
        /// When one does again.
        until: Timestamp,
        /// Whether the owner has not been told yet, in the last day.
        tell: bool,
    },
}

/// What came of counting a wrong password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordFailures {
    /// How many there are in a row.
    pub count: u32,
    /// When the next try is taken.
    pub next_try: Timestamp,
    /// When this one could have been taken, by those before it: of tries at the same instant, only as many as the rule
    /// lets through find that in the past.
    pub taken_from: Timestamp,
}

/// Failures, in the durable store: the guess budget, and the delays after wrong passwords.
#[async_trait]
pub trait BudgetStore: Send + Sync {
    /// Counts a guess at a code of `account` by `who` as a failure, if it fits into `budget` (S5). Counting and
    /// checking are one step, so that parallel guesses fit no better than others.
    async fn count_guess(
        &self,
        account: AccountId,
        who: Guesser,
        budget: GuessBudget,
        now: Timestamp,
    ) -> Result<Guessed, StoreError>;

    /// Takes back that one guess, because it was right. Those before it stay counted: no success clears them.
    async fn forgive_guess(&self, guess: CountedGuess) -> Result<(), StoreError>;

    /// How the budget of `account` for `who` stands.
    async fn guess_budget(
        &self,
        account: AccountId,
        who: Guesser,
        budget: GuessBudget,
        now: Timestamp,
    ) -> Result<BudgetState, StoreError>;

    /// When the next password of `key` is looked at; in the past if it is at once. Keys are of the caller's making.
    async fn next_password_try(&self, key: &str, now: Timestamp) -> Result<Timestamp, StoreError>;

    /// Counts a wrong password of `key` and sets the wait that `rule` wants. Failures that the rule has forgotten
    /// do not count.
    async fn count_password_failure(
        &self,
        key: &str,
        rule: DelayRule,
        now: Timestamp,
    ) -> Result<PasswordFailures, StoreError>;

    /// Forgets the failures of `key`, because the password was right.
    async fn clear_password_failures(&self, key: &str) -> Result<(), StoreError>;
}

/// Devices, in the durable store.
#[async_trait]
pub trait DeviceStore: Send + Sync {
    /// Keeps a new device.
    async fn insert_device(&self, new: NewDevice) -> Result<(), StoreError>;

    /// The device whose present token, or whose token before inside `grace`, hashes to `token`. Changes nothing.
    async fn find_device(
        &self,
        id: DeviceId,
        token: &DeviceTokenHash,
        grace: Duration,
        now: Timestamp,
    ) -> Result<Option<Device>, StoreError>;

    /// Uses the device: rotates its token, or finds it stolen and removes it, in one step (S32). A token that was
    /// never the device's changes nothing.
    async fn use_device(&self, id: DeviceId, rotation: Rotation) -> Result<DeviceUse, StoreError>;

    /// Trusts the device until then.
    async fn trust_device(&self, id: DeviceId, until: Timestamp) -> Result<(), StoreError>;

    /// The devices of the account, the latest used first.
    async fn devices_of(&self, account: AccountId) -> Result<Vec<Device>, StoreError>;

    /// Removes the device. Says whether there was one.
    async fn remove_device(&self, id: DeviceId) -> Result<bool, StoreError>;

    /// Removes all devices of the account and says how many those were.
    async fn remove_devices_of(&self, account: AccountId) -> Result<u64, StoreError>;
}

/// The audit, in the durable store.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Keeps the entry.
    async fn record(&self, entry: AuditEntry) -> Result<(), StoreError>;

    /// Up to `limit` entries after the number `after`, the oldest first; of one account, if one is named.
    async fn audit_after(
        &self,
        after: i64,
        account: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<NumberedEntry>, StoreError>;

    /// The latest `limit` entries, the oldest first; of one account, if one is named.
    async fn latest_audit(
        &self,
        account: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<NumberedEntry>, StoreError>;

    /// The latest `limit` entries of this event at `account`, the oldest first: entries of other events, which strangers
    /// can make any number of, push none of them out.
    async fn latest_of(
        &self,
        account: AccountId,
        event: AuditEvent,
        limit: u32,
    ) -> Result<Vec<NumberedEntry>, StoreError>;
}

/// What somebody else has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// Any of it.
    Anything,
    /// These sessions: they are new, or gone.
    Sessions(Vec<SessionTokenHash>),
}

/// What everybody who purges, watches or starts a store needs of it.
#[async_trait]
pub trait StoreUpkeep: Send + Sync {
    /// Says whether the store answers, by asking it.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Removes up to `limit` rows of each kind that are of no more use: sessions past their end or idle too long,
    /// tickets past theirs, challenges an hour past theirs, mails past their use, devices unused for 90 days, failures that
    /// count no more, audit entries older than 90 days, registrations, invitations and permits that are over. Returns how
    /// many rows went.
    async fn purge(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError>;

    /// Comes back once somebody other than this process has changed the store, so that caches forget it; a store that names
    /// sessions may name those that this process has changed as well. Fails while that cannot be heard, and after a failure
    /// comes back with `Anything` as soon as it can be again. Cancel-safe.
    async fn changed_elsewhere(&self) -> Result<Changed, StoreError>;
}

/// The role of the durable store.
pub trait Accounts:
    AccountStore
    + RegistrationStore
    + BackupCodeStore
    + PhoneStore
    + BudgetStore
    + DeviceStore
    + AuditStore
    + StoreUpkeep
{
}
impl<T> Accounts for T where
    T: AccountStore
        + RegistrationStore
        + BackupCodeStore
        + PhoneStore
        + BudgetStore
        + DeviceStore
        + AuditStore
        + StoreUpkeep
{
}

/// The role of the store of what passes.
pub trait Flow:
    SessionStore
    + TicketStore
    + DraftStore
    + ChallengeStore
    + PermitStore
    + OutboxStore
    + QuotaStore
    + StoreUpkeep
{
}
impl<T> Flow for T where
    T: SessionStore
        + TicketStore
        + DraftStore
        + ChallengeStore
        + PermitStore
        + OutboxStore
        + QuotaStore
        + StoreUpkeep
{
}
