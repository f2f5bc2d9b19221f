//! A stand-in for the outbox of a store: it keeps the promises of `OutboxStore` in memory, and fails when told to.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use doorward::domain::audit::{AuditEntry, AuditEvent, NumberedEntry};
use doorward::domain::client::Client;
use doorward::domain::entropy::OsEntropy;
use doorward::domain::id::{AccountId, MailId};
use doorward::domain::keys::{KeyRing, MailFrame, ServerSecret};
use doorward::domain::language::Language;
use doorward::domain::mail::{Asked, LeasedMail, Mail, Message, SealedMail};
use doorward::domain::time::{Clock, Timestamp};
use doorward::notify::message::{Messages, Sender};
use doorward::store::{AuditStore, OutboxStore, StoreError};
use doorward::templates::Templates;

/// The outbox. Not a store: nothing outlives the process.
#[derive(Default)]
pub struct FakeOutbox {
    rows: Mutex<BTreeMap<MailId, Row>>,
    /// While set, removals fail.
    pub removals_fail: AtomicBool,
    /// While set, everything fails.
    pub away: AtomicBool,
    /// How often it failed.
    pub refused: AtomicUsize,
}

struct Row {
    mail: SealedMail,
    due: Timestamp,
    attempts: u32,
}

impl FakeOutbox {
    /// Puts a mail in, due at once.
    pub fn put(&self, mail: SealedMail) {
        let due = mail.created_at;
        self.rows.lock().unwrap().insert(mail.id, Row { mail, due, attempts: 0 });
    }

    /// The number of mails.
    pub fn len(&self) -> usize {
        self.rows.lock().unwrap().len()
    }

    /// How often the only mail was put off, and when it is due.
    pub fn only(&self) -> (u32, Timestamp) {
        let rows = self.rows.lock().unwrap();
        assert_eq!(rows.len(), 1, "not exactly one mail");
        rows.values().map(|row| (row.attempts, row.due)).next().unwrap()
    }

    fn check(&self, operation: &'static str, fails: bool) -> Result<(), StoreError> {
        if fails || self.away.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Err(StoreError { store: "flow", operation, cause: "told to fail".into() });
        }
        Ok(())
    }
}

#[async_trait]
impl OutboxStore for FakeOutbox {
    async fn write_mail(&self, mail: SealedMail) -> Result<(), StoreError> {
        self.check("write_mail", false)?;
        let due = mail.created_at;
        self.rows.lock().unwrap().insert(mail.id, Row { mail, due, attempts: 0 });
        Ok(())
    }

    async fn lease_mails(
        &self,
        limit: u32,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Vec<LeasedMail>, StoreError> {
        self.check("lease_mails", false)?;
        let mut rows = self.rows.lock().unwrap();
        let due = rows.values_mut().filter(|row| row.due <= now && now < row.mail.not_after);
        Ok(due
            .take(limit as usize)
            .map(|row| {
                row.due = now + lease;
                LeasedMail {
                    id: row.mail.id,
                    kind: row.mail.kind.to_owned(),
                    sealed: row.mail.sealed.clone(),
                    created_at: row.mail.created_at,
                    not_after: row.mail.not_after,
                    attempts: row.attempts,
                }
            })
            .collect())
    }

    async fn remove_mail(&self, id: MailId) -> Result<(), StoreError> {
        self.check("remove_mail", self.removals_fail.load(Ordering::SeqCst))?;
        self.rows.lock().unwrap().remove(&id);
        Ok(())
    }

    async fn postpone_mail(&self, id: MailId, due: Timestamp) -> Result<(), StoreError> {
        self.check("postpone_mail", false)?;
        if let Some(row) = self.rows.lock().unwrap().get_mut(&id) {
            row.due = due;
            row.attempts += 1;
        }
        Ok(())
    }

    async fn count_mails(&self) -> Result<u64, StoreError> {
        self.check("count_mails", false)?;
        Ok(self.len() as u64)
    }
}

/// A clock that stands until it is moved.
pub struct HandClock(AtomicI64);

impl HandClock {
    /// 20 November 2026, 19:30:45 UTC.
    pub fn start() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(1_795_203_045_000)))
    }

    /// Moves it on.
    pub fn advance(&self, span: Duration) {
        self.0.fetch_add(i64::try_from(span.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// The keys of the tests.
pub fn keys() -> Arc<KeyRing> {
    Arc::new(KeyRing::derive(ServerSecret::new(vec![7; 32]).unwrap(), None))
}

/// The words, from no-reply@example.com.
pub fn messages() -> Arc<Messages> {
    let sender = Sender {
        from: "no-reply@example.com".parse().unwrap(),
        name: Some("Example Wiki".to_owned()),
        site_name: "Example Wiki".to_owned(),
        accent: None,
    };
    Arc::new(Messages::new(&Templates::new(None), sender).unwrap())
}

/// A sealed mail to `to` with the code 048213, asked for now with this browser, of use for ten minutes.
pub fn code_for(to: &str, user_agent: &str, now: Timestamp) -> SealedMail {
    let not_after = now + Duration::from_secs(600);
    let client = Client { address: "203.0.113.7".parse().unwrap(), user_agent: user_agent.into() };
    let message = Message::SignInCode {
        code: "048213".parse().unwrap(),
        link: "https://wiki.example.com/_doorward/link/0123456789abcdef".to_owned().into(),
        passwordless: false,
        site: "https://wiki.example.com".to_owned(),
        expires_at: not_after,
        asked_by: Asked { at: now, client },
    };
    let id = MailId::generate(&OsEntropy, now);
    let frame = MailFrame { id, flow: None, created_at: now, not_after };
    keys().seal(
        &Mail { to: to.parse().unwrap(), language: Language::English, message },
        &OsEntropy,
        frame,
    )
}

/// What is given up of text messages; of mails nothing is.
#[async_trait]
impl AuditStore for FakeOutbox {
    async fn record(&self, entry: AuditEntry) -> Result<(), StoreError> {
        panic!("no mail is in the audit: {entry:?}");
    }

    async fn audit_after(
        &self,
        _: i64,
        _: Option<AccountId>,
        _: u32,
    ) -> Result<Vec<NumberedEntry>, StoreError> {
        Ok(Vec::new())
    }

    async fn latest_audit(
        &self,
        _: Option<AccountId>,
        _: u32,
    ) -> Result<Vec<NumberedEntry>, StoreError> {
        Ok(Vec::new())
    }

    async fn latest_of(
        &self,
        _: AccountId,
        _: AuditEvent,
        _: u32,
    ) -> Result<Vec<NumberedEntry>, StoreError> {
        Ok(Vec::new())
    }
}
