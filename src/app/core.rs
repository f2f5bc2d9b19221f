//! What the command line and the server share.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::auth::password::PasswordHasher;
use crate::auth::{Auth, AuthParts};
use crate::config::settings::{self, Settings};
use crate::domain::entropy::{OsEntropy, SharedEntropy};
use crate::domain::keys::KeyRing;
use crate::domain::time::SharedClock;
use crate::identity::live::LiveRing;
use crate::store::sqlite::SqliteStore;
use crate::store::{Accounts, Flow, OutboxStore};

use super::keys_file::KeysFile;
use super::{StartError, auth_settings, captchas, hashing, passwords, places, secret};

/// What the command line and the server share: stores, keys and use cases.
#[derive(Clone)]
pub struct Core {
    /// The durable store.
    pub accounts: Arc<dyn Accounts>,
    /// The store of what passes.
    pub flow: Arc<dyn Flow>,
    /// The keys.
    pub keys: Arc<KeyRing>,
    /// The keys that sign identity, besides those of the server secret.
    pub ring: Arc<LiveRing>,
    /// The use cases.
    pub auth: Arc<Auth>,
    /// The clock.
    pub clock: SharedClock,
    pub(super) entropy: SharedEntropy,
    pub(super) outbox: Arc<dyn OutboxStore>,
    pub(super) mail_waits: Arc<Notify>,
    pub(super) keys_file: KeysFile,
}

impl Core {
    /// Opens the stores and derives the keys, making database and secret where there are none yet.
    pub async fn open(settings: &Settings, clock: SharedClock) -> Result<Self, StartError> {
        let entropy: SharedEntropy = Arc::new(OsEntropy);
        let current = secret::read_or_make(&settings.secret_file, &*entropy)?;
        let previous = settings.previous_secret_file.as_deref().map(secret::read).transpose()?;
        let keys = Arc::new(KeyRing::derive(current, previous));
        let keys_file = KeysFile::new(&settings.keys_file);
        let ring = keys_file.read_or_make(settings.assertion.algorithm, &*entropy, clock.now())?;
        let settings::Database::Sqlite(path) = &settings.accounts;
        let store = Arc::new(SqliteStore::open(path).await?);
        let hasher = PasswordHasher::new(hashing(settings), Arc::clone(&entropy))?;
        let mail_waits = Arc::new(Notify::new());
        let auth = Auth::new(AuthParts {
            accounts: store.clone(),
            flow: store.clone(),
            keys: Arc::clone(&keys),
            hasher,
            passwords: passwords(settings)?,
            captchas: captchas(settings)?,
            entropy: Arc::clone(&entropy),
            settings: auth_settings(settings),
            registration: settings.registration.clone(),
            mail_waits: Arc::clone(&mail_waits),
            places: places(settings)?,
        });
        Ok(Self {
            accounts: store.clone(),
            flow: store.clone(),
            outbox: store,
            keys,
            ring: Arc::new(LiveRing::new(ring)),
            auth: Arc::new(auth),
            clock,
            entropy,
            mail_waits,
            keys_file,
        })
    }
}
