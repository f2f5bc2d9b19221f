//! What the owner of an account sees of it and does with it on the account page.

use std::collections::HashSet;
use std::net::IpAddr;

use crate::domain::account::{Account, BackupCodesLeft, FullName, LoginName};
use crate::domain::audit::{AuditEntry, AuditEvent, AuditResult, Noted, NumberedEntry};
use crate::domain::device::{Device, Guesser};
use crate::domain::id::{AccountId, DeviceId, FamilyId, SessionId};
use crate::domain::language::Language;
use crate::domain::place::Country;
use crate::domain::secret::{RefreshToken, SessionToken};
use crate::domain::session::{NewSession, Session};
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::telemetry::metrics::{DeviceEvent, metrics};

use super::Auth;
use super::audit::Attempt;
use super::fresh::Fresh;
use super::sessions::{Opened, SignedIn};
use super::sign_in::Context;

/// How many sign-ins the page shows, and how many attempts that failed among them: whoever fails often pushes no
/// sign-in out.
const SIGN_INS: u32 = 8;
const FAILURES: u32 = 4;

/// An account as its owner sees it.
#[derive(Debug)]
pub struct OwnAccount {
    /// The account.
    pub account: Account,
    /// Whether it has a password.
    pub has_password: bool,
    /// Its backup codes.
    pub backup_codes: BackupCodesLeft,
    /// Its sessions, the latest used first.
    pub sessions: Vec<Session>,
    /// The browsers that it knows, the latest used first.
    pub devices: Vec<Device>,
    /// The last sign-ins and attempts, the latest first.
    pub sign_ins: Vec<SignInEntry>,
}

/// A sign-in, or an attempt at one.
#[derive(Clone, Debug)]
pub struct SignInEntry {
    /// What is remembered of it.
    pub entry: AuditEntry,
    /// Where it was, if that is known.
    pub country: Option<Country>,
}

impl Auth {
    /// All that the account page shows. `None` if the account may not sign in any more.
    pub async fn own_account(
        &self,
        signed_in: &SignedIn,
        now: Timestamp,
    ) -> Result<Option<OwnAccount>, StoreError> {
        let Some(account) = self.owner(&signed_in.session).await? else { return Ok(None) };
        let login = LoginName::Username(account.username.clone());
        let found = self.accounts.find_login(&login).await?;
        let has_password = found.is_some_and(|found| found.password.is_some());
        let backup_codes = self.accounts.backup_codes_left(account.id).await?;
        let sessions = self.own_sessions(&account, now).await?;
        let devices = self.devices_of(&account).await?;
        let sign_ins = self.last_sign_ins(account.id).await?;
        Ok(Some(OwnAccount { account, has_password, backup_codes, sessions, devices, sign_ins }))
    }

    /// Whether the account has a password.
    pub async fn has_password(&self, signed_in: &SignedIn) -> Result<bool, StoreError> {
        let Some(account) = self.owner(&signed_in.session).await? else { return Ok(false) };
        let login = LoginName::Username(account.username);
        let found = self.accounts.find_login(&login).await?;
        Ok(found.is_some_and(|found| found.password.is_some()))
    }

    /// The backup codes of the account.
    pub async fn backup_codes_left(
        &self,
        signed_in: &SignedIn,
    ) -> Result<BackupCodesLeft, StoreError> {
        self.backup_codes_of(signed_in.session.account).await
    }

    /// The same, for an operator.
    pub async fn backup_codes_of(&self, account: AccountId) -> Result<BackupCodesLeft, StoreError> {
        self.accounts.backup_codes_left(account).await
    }

    /// The country of an address, if it is known.
    pub fn country_of(&self, address: IpAddr) -> Option<Country> {
        self.places.country(address)
    }

    /// The account of a session, if it may still be used with it: active, and in the epoch of the session.
    pub(super) async fn owner(&self, session: &Session) -> Result<Option<Account>, StoreError> {
        let found = self.accounts.find_account(session.account).await?;
        Ok(found.filter(|account| account.is_active() && account.epoch == session.epoch))
    }

    /// Whether the session has not been ended, as the store knows it.
    pub(super) async fn goes_on(
        &self,
        session: &Session,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let sessions = self.flow.sessions_of(session.account, now).await?;
        Ok(sessions.iter().any(|known| known.id == session.id))
    }

    /// The sessions of the account that open something: of each sign-in the one that was used last, at whatever host.
    async fn own_sessions(
        &self,
        account: &Account,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        let mut sessions = self.flow.sessions_of(account.id, now).await?;
        let mut families = HashSet::new();
        sessions.retain(|session| {
            session.epoch == account.epoch
                && !session.has_expired(session.seen_at, now)
                && families.insert(session.family)
        });
        Ok(sessions)
    }

    async fn last_sign_ins(&self, account: AccountId) -> Result<Vec<SignInEntry>, StoreError> {
        let mut found = self.accounts.latest_of(account, AuditEvent::SignedIn, SIGN_INS).await?;
        let mut failures = Vec::new();
        for event in [AuditEvent::Password, AuditEvent::Code, AuditEvent::BackupCode] {
            // More are asked for than shown, as most of them are steps that went well.
            let tried = self.accounts.latest_of(account, event, FAILURES * 8).await?;
            failures.extend(tried.into_iter().filter(failed));
        }
        failures.sort_unstable_by_key(|tried| std::cmp::Reverse(tried.number));
        failures.truncate(FAILURES as usize);
        found.append(&mut failures);
        found.sort_unstable_by_key(|tried| std::cmp::Reverse(tried.number));
        let country = |entry: &AuditEntry| entry.address.and_then(|at| self.places.country(at));
        let shown = found
            .into_iter()
            .map(|NumberedEntry { entry, .. }| SignInEntry { country: country(&entry), entry });
        Ok(shown.collect())
    }

    /// Sets the name that apps show. Apps see it from the next request on.
    pub async fn set_own_name(
        &self,
        signed_in: &SignedIn,
        full_name: Option<FullName>,
        context: &Context<'_>,
    ) -> Result<(), StoreError> {
        let id = signed_in.session.account;
        let account = self.accounts.set_full_name(id, full_name).await?;
        self.cache.remove_account(id);
        let changed = Attempt::of(AuditEvent::ProfileChanged, AuditResult::Ok, account.as_ref());
        self.remember(changed, context).await
    }

    /// Sets the language of the account's pages and mails, or leaves that to the browser again.
    pub async fn set_own_language(
        &self,
        signed_in: &SignedIn,
        language: Option<Language>,
        context: &Context<'_>,
    ) -> Result<(), StoreError> {
        let id = signed_in.session.account;
        let account = self.accounts.set_language(id, language).await?;
        self.cache.remove_account(id);
        let changed = Attempt::of(AuditEvent::ProfileChanged, AuditResult::Ok, account.as_ref());
        self.remember(changed, context).await
    }

    /// One of the account's own sessions; of another account's it says that there is none.
    pub async fn own_session(
        &self,
        signed_in: &SignedIn,
        id: SessionId,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let Some(account) = self.owner(&signed_in.session).await? else { return Ok(None) };
        let sessions = self.own_sessions(&account, now).await?;
        Ok(sessions.into_iter().find(|session| session.id == id))
    }

    /// Ends one of the account's own sessions, everywhere (S35). Says whether there was one.
    pub async fn end_own_session(
        &self,
        signed_in: &SignedIn,
        id: SessionId,
        context: &Context<'_>,
    ) -> Result<bool, StoreError> {
        let Some(session) = self.own_session(signed_in, id, context.now).await? else {
            return Ok(false);
        };
        let ended = self.revoke_session(session.id).await?;
        let account = Some(session.account);
        let revoked = Attempt::of(AuditEvent::SessionsRevoked, AuditResult::Ok, None);
        self.remember(Attempt { account, ..revoked }, context).await?;
        Ok(ended)
    }

    /// Ends every session of the account but this one, everywhere, and says how many those were.
    pub async fn end_other_sessions(
        &self,
        fresh: Fresh<'_>,
        context: &Context<'_>,
    ) -> Result<u64, StoreError> {
        let account = fresh.session().account;
        let ended = self.revoke_sessions_of(account, Some(fresh.id())).await?;
        let revoked = Attempt::of(AuditEvent::SessionsRevoked, AuditResult::Ok, None);
        self.remember(Attempt { account: Some(account), ..revoked }, context).await?;
        Ok(ended)
    }

    /// One of the account's own devices; of another account's it says that there is none.
    pub async fn own_device(
        &self,
        signed_in: &SignedIn,
        id: DeviceId,
    ) -> Result<Option<Device>, StoreError> {
        let Some(account) = self.owner(&signed_in.session).await? else { return Ok(None) };
        let devices = self.devices_of(&account).await?;
        Ok(devices.into_iter().find(|device| device.id == id))
    }

    /// Forgets one of the account's own devices. Says whether there was one.
    pub async fn forget_own_device(
        &self,
        signed_in: &SignedIn,
        id: DeviceId,
        context: &Context<'_>,
    ) -> Result<bool, StoreError> {
        let Some(device) = self.own_device(signed_in, id).await? else { return Ok(false) };
        let removed = self.accounts.remove_device(device.id).await?;
        metrics().device(DeviceEvent::Revoked);
        let account = Some(device.account);
        let revoked = Attempt::of(AuditEvent::DeviceRevoked, AuditResult::Ok, None);
        let revoked = Attempt { account, ..revoked }.by(Guesser::Device(device.id));
        self.remember(revoked, context).await?;
        Ok(removed)
    }

    /// Forgets all devices of the account and says how many those were.
    pub async fn forget_own_devices(
        &self,
        fresh: Fresh<'_>,
        context: &Context<'_>,
    ) -> Result<u64, StoreError> {
        let account = fresh.session().account;
        let removed = self.accounts.remove_devices_of(account).await?;
        metrics().device(DeviceEvent::Revoked);
        let revoked = Attempt::of(AuditEvent::DeviceRevoked, AuditResult::Ok, None);
        self.remember(Attempt { account: Some(account), ..revoked }, context).await?;
        Ok(removed)
    }

    /// After a new epoch of `account`: every session and every device made before is dead, and this browser, which has
    /// just shown both factors, goes on with a session under another secret (S28, S33). It stays a known one, and is
    /// trusted no more.
    pub(super) async fn begin_anew(
        &self,
        before: &Session,
        account: &Account,
        context: &Context<'_>,
    ) -> Result<Opened, StoreError> {
        self.accounts.remove_devices_of(account.id).await?;
        self.flow.end_sessions_of(account.id, Some(before.id)).await?;
        let token = SessionToken::generate(&*self.entropy);
        let id = SessionId::generate(&*self.entropy, context.now);
        let session = Session {
            id,
            family: FamilyId::begun_by(id),
            epoch: account.epoch,
            seen_at: context.now,
            client: context.client.clone(),
            ..before.clone()
        };
        let remembered_for = before.remembered.then(|| context.now.until(before.expires_at));
        let refresh = self.first_refresh_token(context);
        let new = NewSession {
            token: token.hash(),
            session,
            replaces: Some(before.id),
            refresh: refresh.as_ref().map(RefreshToken::hash),
        };
        self.flow.create_session(new).await?;
        self.cache.remove_account(account.id);
        let device = self.meet_device(account, false, context).await?;
        Ok(Opened { token, remembered_for, device, refresh })
    }
}

/// Whether an entry is of an attempt that let nobody in.
fn failed(tried: &NumberedEntry) -> bool {
    match tried.entry.result {
        Noted::Known(AuditResult::Wrong | AuditResult::Limited) => true,
        Noted::Known(
            AuditResult::Ok
            | AuditResult::UnknownName
            | AuditResult::Disabled
            | AuditResult::Expired
            | AuditResult::Spent
            | AuditResult::Refused,
        )
        | Noted::Newer(_) => false,
    }
}
