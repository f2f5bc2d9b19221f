//! Who a request comes from: cookie → MAC → cache → store.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::domain::account::{Account, Identity};
use crate::domain::assertion::KeptAssertions;
use crate::domain::audit::{AuditEvent, AuditResult};
use crate::domain::host::HostName;
use crate::domain::id::{AccountId, FamilyId, SessionId};
use crate::domain::language::Language;
use crate::domain::secret::{RefreshToken, SessionToken, SessionTokenHash};
use crate::domain::session::{Lifetime, Methods, NewSession, Session};
use crate::domain::time::Timestamp;
use crate::store::StoreError;

use super::audit::Attempt;
use super::device::DeviceToKeep;
use super::session_cache::{Cached, Counts, ReadAt};
use super::sign_in::{Context, Keeps};
use super::{Auth, tokens};

/// The longest time for which the use of a session is known to this process alone.
const TOUCH_EVERY: Duration = Duration::from_secs(60);

/// A signed-in browser with what the app is told of it. Half-signed-in ones are of another type and never here.
#[derive(Debug)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// What its cookie hashes to.
    pub token: SessionTokenHash,
    /// Whose it is.
    pub identity: Arc<Identity>,
    /// What was last asserted of it, for each site.
    pub assertions: KeptAssertions,
    /// Whether the account asks for the code also where a password would be enough (R12).
    pub second_step: bool,
    /// The language that the account's owner has chosen for pages and mails.
    pub language: Option<Language>,
    seen_at: AtomicI64,
    written_at: AtomicI64,
}

impl SignedIn {
    /// With `session` as a cache keeps it.
    pub(super) fn new(session: Session, token: SessionTokenHash, account: &Account) -> Self {
        let seen_at = session.seen_at.as_millis();
        Self {
            identity: Arc::new(Identity::from(account)),
            assertions: KeptAssertions::default(),
            second_step: account.second_step,
            language: account.language,
            seen_at: AtomicI64::new(seen_at),
            written_at: AtomicI64::new(seen_at),
            session,
            token,
        }
    }

    /// Notes a request at `now`. Gives the use that the store heard of before, where it should hear of this one: about once a
    /// minute.
    pub(super) fn touch(&self, now: Timestamp) -> Option<Timestamp> {
        self.seen_at.fetch_max(now.as_millis(), Ordering::AcqRel);
        let written = Timestamp::from_millis(self.written_at.load(Ordering::Acquire));
        let every = TOUCH_EVERY.min(self.session.idle / 4);
        (now.since(written) >= every && self.hears_of(written, now)).then_some(written)
    }

    /// The store did not hear of the use at `now`: the last that it heard of is still the one `before`.
    pub(super) fn was_not_noted(&self, now: Timestamp, before: Timestamp) {
        self.hears_of(now, before);
    }

    /// Of requests at the same time one succeeds.
    fn hears_of(&self, before: Timestamp, after: Timestamp) -> bool {
        let (before, after) = (before.as_millis(), after.as_millis());
        self.written_at.compare_exchange(before, after, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Whether the stores say the same of it as before. What others have noted of its use is taken in.
    fn is_still(&self, session: &Session, account: &Account) -> bool {
        Identity::from(account) == *self.identity
            && account.second_step == self.second_step
            && account.language == self.language
            && self.is_still_session(session)
    }

    /// The same of the session alone.
    pub(super) fn is_still_session(&self, session: &Session) -> bool {
        let is_same = Session { seen_at: self.session.seen_at, ..session.clone() } == self.session;
        if is_same {
            self.seen_at.fetch_max(session.seen_at.as_millis(), Ordering::AcqRel);
        }
        is_same
    }

    pub(super) fn has_expired(&self, now: Timestamp) -> bool {
        let seen_at = Timestamp::from_millis(self.seen_at.load(Ordering::Acquire));
        self.session.has_expired(seen_at, now)
    }
}

/// A session as it was when the stores were asked last.
#[derive(Clone, Copy)]
struct Kept<'a> {
    signed_in: &'a Arc<SignedIn>,
    /// Whether nothing that was heard since has changed it: its account is not asked for again.
    is_only_old: bool,
    /// What had been removed when it was looked up.
    counts: Counts,
}

/// What a new session proves.
pub(super) struct Proof {
    /// How its owner has signed in.
    pub(super) methods: Methods,
    /// When its owner did all of that.
    pub(super) authenticated_at: Timestamp,
}

impl Proof {
    /// These methods, shown in this request and the steps before it.
    pub(super) const fn now(methods: Methods, context: &Context<'_>) -> Self {
        Self { methods, authenticated_at: context.now }
    }
}

/// A session that was just made: what the cookie needs.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The cookie's secret.
    pub token: SessionToken,
    /// How long the cookie outlives the browser window, if it does.
    pub remembered_for: Option<Duration>,
    /// The device cookie that goes with it, if the browser gets a new one.
    pub device: Option<DeviceToKeep>,
    /// The refresh token that goes with it, where a program keeps it.
    pub refresh: Option<RefreshToken>,
}

impl Auth {
    /// The signed-in browser whose session cookie has this value on this host, if it is one. Without a store's
    /// answer nobody is (S57); a cookie that this server did not make costs no store (S59). Not yet a use of the session.
    pub async fn authenticate(
        &self,
        cookie: &str,
        host: &HostName,
        now: Timestamp,
    ) -> Result<Option<Arc<SignedIn>>, StoreError> {
        match tokens::decode_session(&self.keys, cookie, host) {
            Some(token) => self.authenticate_by(token.hash(), host, now).await,
            None => Ok(None),
        }
    }

    /// The same for whoever has shown to this server that the session is theirs by something else than its cookie.
    pub async fn authenticate_by(
        &self,
        hash: SessionTokenHash,
        host: &HostName,
        now: Timestamp,
    ) -> Result<Option<Arc<SignedIn>>, StoreError> {
        let Some(signed_in) = self.known(&hash, host, now).await? else { return Ok(None) };
        if signed_in.has_expired(now) {
            self.cache.remove(&hash);
            // Its owner may have been busy at another host meanwhile, which this entry has not seen.
            let again = self.load(&hash, host, now).await?;
            return Ok(again.filter(|signed_in| !signed_in.has_expired(now)));
        }
        Ok(Some(signed_in))
    }

    /// The session from the cache, else from the stores. While it cannot be heard whether others have ended it, the stores are
    /// asked; and only where they do not answer it goes on as it is in the cache, for the grace of an outage.
    pub(super) async fn known(
        &self,
        hash: &SessionTokenHash,
        host: &HostName,
        now: Timestamp,
    ) -> Result<Option<Arc<SignedIn>>, StoreError> {
        let grace = self.settings.outage_grace;
        let Some(cached) = self.cache.get(hash, grace) else {
            return self.load(hash, host, now).await;
        };
        if cached.is_sure {
            return Ok(Some(cached.signed_in));
        }
        let Cached { ref signed_in, is_only_old, counts, .. } = cached;
        let kept = Kept { signed_in, is_only_old, counts };
        match self.check(hash, host, now, Some(kept)).await {
            Ok(None) => {
                self.cache.remove(hash);
                Ok(None)
            }
            Err(_) if cached.is_unchanged && self.cache.may_go_on(grace, now) => {
                Ok(Some(cached.signed_in))
            }
            checked => checked,
        }
    }

    /// Notes a use of a session, which keeps it from going idle (S38).
    pub fn touch(&self, signed_in: &SignedIn, now: Timestamp) {
        self.uses.note(signed_in, now);
    }

    pub(super) async fn load(
        &self,
        hash: &SessionTokenHash,
        host: &HostName,
        now: Timestamp,
    ) -> Result<Option<Arc<SignedIn>>, StoreError> {
        self.check(hash, host, now, None).await
    }

    /// Asks the stores. What is as it was when it was `kept` stays the same, with what was asserted of it.
    async fn check(
        &self,
        hash: &SessionTokenHash,
        host: &HostName,
        now: Timestamp,
        kept: Option<Kept<'_>>,
    ) -> Result<Option<Arc<SignedIn>>, StoreError> {
        let (read_at, found) = match kept {
            Some(Kept { signed_in, counts, .. }) => {
                let account = signed_in.session.account;
                (ReadAt::now(counts), self.flow.find_session_of(account, hash).await)
            }
            None => (self.cache.read_at(hash), self.flow.find_session(hash).await),
        };
        let session = match (found, kept) {
            (Ok(Some(session)), _) => session,
            (Ok(None), _) => return Ok(None),
            // There may be a grace for the session, and none for an account that is disabled.
            (Err(_), Some(kept)) if !self.still_stands(kept.signed_in).await? => return Ok(None),
            (Err(error), _) => return Err(error),
        };
        if session.host != *host || session.has_expired(session.seen_at, now) {
            return Ok(None);
        }
        if let Some(Kept { signed_in, is_only_old: true, .. }) = kept
            && signed_in.is_still_session(&session)
        {
            self.cache.insert(*hash, signed_in, read_at);
            return Ok(Some(Arc::clone(signed_in)));
        }
        let Some(account) = self.accounts.find_account(session.account).await? else {
            return Ok(None);
        };
        if !account.is_active() || account.epoch != session.epoch {
            return Ok(None);
        }
        let signed_in = match kept.map(|kept| kept.signed_in) {
            Some(kept) if kept.is_still(&session, &account) => Arc::clone(kept),
            _ => {
                let session = self.cache.compact(session, host);
                Arc::new(SignedIn::new(session, *hash, &account))
            }
        };
        self.cache.insert(*hash, &signed_in, read_at);
        Ok(Some(signed_in))
    }

    /// Whether the account of a session still is in the state in which that was made.
    async fn still_stands(&self, kept: &SignedIn) -> Result<bool, StoreError> {
        let account = self.accounts.find_account(kept.session.account).await?;
        Ok(account
            .is_some_and(|account| account.is_active() && account.epoch == kept.session.epoch))
    }

    /// Makes a session for `account` and ends the one that it replaces (S28).
    pub(super) async fn open_session(
        &self,
        account: &Account,
        proof: Proof,
        remember: bool,
        context: &Context<'_>,
    ) -> Result<Opened, StoreError> {
        let remember = remember && context.keeps == Keeps::Cookie;
        let lifetime: Lifetime = match context.keeps {
            Keeps::Tokens => self.settings.program,
            Keeps::Cookie if remember => self.settings.remembered,
            Keeps::Cookie => self.settings.session,
        };
        let token = SessionToken::generate(&*self.entropy);
        let now = context.now;
        let id = SessionId::generate(&*self.entropy, now);
        let session = Session {
            id,
            family: self.family_for(account, id, context).await?,
            account: account.id,
            epoch: account.epoch,
            host: context.session_host.clone(),
            methods: proof.methods,
            authenticated_at: proof.authenticated_at,
            created_at: now,
            seen_at: now,
            expires_at: now + lifetime.absolute,
            idle: lifetime.idle,
            remembered: remember,
            client: context.client.clone(),
        };
        let unusual = self.unusual_sign_in(account, &session.methods, context).await?;
        let refresh = self.first_refresh_token(context);
        let new = NewSession {
            token: token.hash(),
            session,
            replaces: context.replaces,
            refresh: refresh.as_ref().map(RefreshToken::hash),
        };
        let ended = self.flow.create_session(new).await?;
        self.cache.remove_replaced(context.replaces, ended);
        self.remember(Attempt::of(AuditEvent::SignedIn, AuditResult::Ok, Some(account)), context)
            .await?;
        if !unusual.is_empty() {
            self.tell_of_unusual(account, unusual, context).await?;
        }
        let remembered_for = remember.then_some(lifetime.absolute);
        Ok(Opened { token, remembered_for, device: None, refresh })
    }

    /// The family of a new session: a browser that signs in once more to the same account goes on with what it has at
    /// other hosts; to another, it begins anew.
    async fn family_for(
        &self,
        account: &Account,
        id: SessionId,
        context: &Context<'_>,
    ) -> Result<FamilyId, StoreError> {
        let Some(replaced) = context.replaces else { return Ok(FamilyId::begun_by(id)) };
        let sessions = self.flow.sessions_of(account.id, context.now).await?;
        let before = sessions.into_iter().find(|session| session.id == replaced);
        Ok(before.map_or(FamilyId::begun_by(id), |session| session.family))
    }

    /// The sessions of an account that have not ended, the latest used first.
    pub async fn sessions_of(
        &self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        self.flow.sessions_of(account, now).await
    }

    /// Ends one session, and with it all of its sign-in at other hosts. Says whether there was one.
    pub async fn revoke_session(&self, id: SessionId) -> Result<bool, StoreError> {
        match self.flow.end_session(id).await {
            Ok(ended) => {
                self.cache.remove_replaced(Some(id), ended);
                Ok(ended.is_some())
            }
            Err(error) => {
                // It may have ended or not: the store is asked about every session again.
                self.cache.clear();
                Err(error)
            }
        }
    }

    /// The same, by an operator.
    pub async fn end_session_by_operator(
        &self,
        id: SessionId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let ended = self.revoke_session(id).await?;
        if ended {
            self.remember_command(AuditEvent::SessionsRevoked, (None, None), now).await?;
        }
        Ok(ended)
    }

    /// Ends all sessions of an account, by an operator.
    pub async fn end_sessions_by_operator(
        &self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let ended = self.revoke_sessions_of(account, None).await?;
        self.remember_operator(AuditEvent::SessionsRevoked, account, now).await?;
        Ok(ended)
    }

    /// Ends all sessions of an account but `except`, everywhere.
    pub async fn revoke_sessions_of(
        &self,
        account: AccountId,
        except: Option<SessionId>,
    ) -> Result<u64, StoreError> {
        let ended = self.flow.end_sessions_of(account, except).await;
        self.cache.remove_account(account);
        ended
    }
}

#[cfg(test)]
pub(super) mod samples;

#[cfg(test)]
mod tests {
    use super::*;

    /// With what it says of its account and the signature of what was asserted last, which are apart.
    #[test]
    fn a_session_in_use_takes_a_quarter_of_a_kibibyte() {
        let counts = 2 * size_of::<usize>();
        assert!(size_of::<SignedIn>() + counts <= 256, "{}", size_of::<SignedIn>());
    }
}
