//! Somebody who is signed in, and a store that has sessions alone.

use std::sync::Mutex;

use async_trait::async_trait;

use super::*;
use crate::domain::account::{AccountStatus, Epoch};
use crate::domain::client::Client;
use crate::domain::refresh::{RefreshRotation, Refreshed};
use crate::domain::session::{Method, SessionUse};
use crate::domain::time::{Clock, SharedClock};
use crate::store::{Joined, SessionStore};

/// When everybody has signed in.
pub(in crate::auth) const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// Somebody, told apart by a number.
pub(in crate::auth) fn signed_in(number: u8) -> SignedIn {
    let account = Account {
        id: AccountId::from_uuid(uuid::Uuid::from_bytes([number; 16])),
        username: "ada".parse().unwrap(),
        email: "ada@example.org".parse().unwrap(),
        full_name: None,
        groups: Vec::new(),
        status: AccountStatus::Active,
        epoch: Epoch(1),
        second_step: false,
        language: None,
        created_at: NOW,
    };
    let id = SessionId::from_uuid(uuid::Uuid::from_bytes([number; 16]));
    let session = Session {
        id,
        family: FamilyId::begun_by(id),
        account: account.id,
        epoch: account.epoch,
        host: "wiki.example.com".parse().unwrap(),
        methods: Methods::new([Method::Password]),
        authenticated_at: NOW,
        created_at: NOW,
        seen_at: NOW,
        expires_at: NOW + Duration::from_secs(12 * 3600),
        idle: Duration::from_secs(3600),
        remembered: false,
        client: Client { address: [192, 0, 2, 1].into(), user_agent: "a browser".into() },
    };
    SignedIn::new(session, SessionTokenHash::from_bytes([number; 32]), &account)
}

/// What is done while the store is asked.
type Meanwhile = Box<dyn Fn() + Send + Sync>;

/// A store that says the same of every session.
pub(in crate::auth) struct SomeStore {
    says: Option<Option<Session>>,
    meanwhile: Meanwhile,
    now: Timestamp,
    asked: Mutex<usize>,
    is_silent: bool,
    written: Mutex<Vec<usize>>,
}

impl SomeStore {
    fn new(says: Option<Option<Session>>) -> Self {
        Self {
            says,
            meanwhile: Box::new(|| {}),
            now: NOW,
            asked: Mutex::default(),
            is_silent: false,
            written: Mutex::default(),
        }
    }

    pub(in crate::auth) fn that_says(session: Option<Session>) -> Self {
        Self::new(Some(session))
    }

    pub(in crate::auth) fn that_has(signed_in: &SignedIn) -> Self {
        Self::that_says(Some(signed_in.session.clone()))
    }

    pub(in crate::auth) fn that_has_none() -> Self {
        Self::that_says(None)
    }

    pub(in crate::auth) fn that_is_away() -> Self {
        Self::new(None)
    }

    pub(in crate::auth) fn that_is_silent() -> Self {
        Self { is_silent: true, ..Self::that_is_away() }
    }

    /// How many uses it was given at each time.
    pub(in crate::auth) fn written(&self) -> Vec<usize> {
        self.written.lock().unwrap().clone()
    }

    pub(in crate::auth) fn at(self, now: Timestamp) -> Self {
        Self { now, ..self }
    }

    pub(in crate::auth) fn meanwhile(self, done: impl Fn() + Send + Sync + 'static) -> Self {
        Self { meanwhile: Box::new(done), ..self }
    }

    /// How many sessions it was asked about.
    pub(in crate::auth) fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }

    pub(in crate::auth) fn clock(&self) -> SharedClock {
        struct At(Timestamp);
        impl Clock for At {
            fn now(&self) -> Timestamp {
                self.0
            }
        }
        Arc::new(At(self.now))
    }
}

fn away<T>() -> Result<T, StoreError> {
    Err(StoreError { store: "flow", operation: "any", cause: "it is away".into() })
}

#[async_trait]
impl SessionStore for SomeStore {
    async fn find_session_of(
        &self,
        _: AccountId,
        _: &SessionTokenHash,
    ) -> Result<Option<Session>, StoreError> {
        *self.asked.lock().unwrap() += 1;
        (self.meanwhile)();
        self.says.clone().map_or_else(away, Ok)
    }

    async fn create_session(&self, _: NewSession) -> Result<Option<FamilyId>, StoreError> {
        away()
    }

    async fn join_session(
        &self,
        _: NewSession,
        _: Timestamp,
    ) -> Result<Option<Joined>, StoreError> {
        away()
    }

    async fn find_session(&self, _: &SessionTokenHash) -> Result<Option<Session>, StoreError> {
        away()
    }

    async fn touch_sessions(&self, uses: &[SessionUse]) -> Result<(), StoreError> {
        if self.is_silent {
            std::future::pending::<()>().await;
        }
        if self.says.is_none() {
            return away();
        }
        self.written.lock().unwrap().push(uses.len());
        Ok(())
    }

    async fn end_session(&self, _: SessionId) -> Result<Option<FamilyId>, StoreError> {
        away()
    }

    async fn end_sessions_of(&self, _: AccountId, _: Option<SessionId>) -> Result<u64, StoreError> {
        away()
    }

    async fn sessions_of(&self, _: AccountId, _: Timestamp) -> Result<Vec<Session>, StoreError> {
        away()
    }

    async fn rotate_refresh(
        &self,
        _: &SessionTokenHash,
        _: RefreshRotation,
    ) -> Result<Refreshed, StoreError> {
        away()
    }

    async fn count_sessions(&self, _: Timestamp) -> Result<u64, StoreError> {
        away()
    }
}
