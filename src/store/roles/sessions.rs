//! Sessions.

use async_trait::async_trait;

use super::super::StoreError;
use crate::domain::id::{AccountId, FamilyId, SessionId};
use crate::domain::refresh::{RefreshRotation, Refreshed};
use crate::domain::secret::SessionTokenHash;
use crate::domain::session::{NewSession, Session, SessionUse};
use crate::domain::time::Timestamp;

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

    /// The same, where it is known whose it is: what one store finds in fewer steps.
    async fn find_session_of(
        &self,
        account: AccountId,
        token: &SessionTokenHash,
    ) -> Result<Option<Session>, StoreError> {
        let found = self.find_session(token).await?;
        Ok(found.filter(|session| session.account == account))
    }

    /// The same of several, in their order: each as it is at some instant of this call. Whoever asks for thousands asks in parts.
    async fn find_sessions_of(
        &self,
        sessions: &[(AccountId, SessionTokenHash)],
    ) -> Result<Vec<Option<Session>>, StoreError> {
        let mut found = Vec::with_capacity(sessions.len());
        for (account, token) in sessions {
            found.push(self.find_session_of(*account, token).await?);
        }
        Ok(found)
    }

    /// Notes that these sessions were used, and with each its family, unless a later use is known: who is busy at one host is
    /// idle at none. Where this fails some may have been noted, and may be again. Whoever has thousands notes them in parts.
    async fn touch_sessions(&self, uses: &[SessionUse]) -> Result<(), StoreError>;

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
