//! What the command line and the server share.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::auth::password::{PasswordHasher, Serves};
use crate::auth::{Auth, AuthParts};
use crate::config::settings::{self, Settings};
use crate::domain::entropy::{OsEntropy, SharedEntropy};
use crate::domain::keys::KeyRing;
use crate::domain::time::SharedClock;
use crate::identity::live::LiveRing;
use crate::store::postgres::{PostgresSettings, PostgresStore};
use crate::store::sqlite::SqliteStore;
use crate::store::{Accounts, Flow, OutboxStore, StoreUpkeep};
use crate::telemetry::health::Part;

use super::admin::Asked;
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
    /// The stores that are purged and watched, each once.
    pub(super) upkept: Vec<Arc<dyn StoreUpkeep>>,
    pub(super) graces: Graces,
    /// The durable store, where it is PostgreSQL.
    pub(super) postgres: Option<Arc<PostgresStore>>,
    pub(super) mail_waits: Arc<Notify>,
    pub(super) keys_file: KeysFile,
}

impl Core {
    /// Opens the stores and derives the keys, making database and secret where there are none yet.
    pub async fn open(
        settings: &Settings,
        clock: SharedClock,
        serves: Serves,
    ) -> Result<Self, StartError> {
        let entropy: SharedEntropy = Arc::new(OsEntropy);
        let current = secret::read_or_make(&settings.secret_file, &*entropy)?;
        let previous = settings.previous_secret_file.as_deref().map(secret::read).transpose()?;
        let keys = Arc::new(KeyRing::derive(current, previous));
        let keys_file = KeysFile::new(&settings.keys_file);
        let ring = keys_file.read_or_make(settings.assertion.algorithm, &*entropy, clock.now())?;
        let Stores { accounts, flow, outbox, upkept, graces, postgres } =
            Stores::open(settings).await?;
        let hasher = PasswordHasher::new(hashing(settings, serves), Arc::clone(&entropy))?;
        let mail_waits = Arc::new(Notify::new());
        let auth = Auth::new(AuthParts {
            accounts: Arc::clone(&accounts),
            flow: Arc::clone(&flow),
            keys: Arc::clone(&keys),
            hasher,
            passwords: passwords(settings)?,
            captchas: captchas(settings)?,
            sms: settings.sms.as_ref().map(|sms| sms.rule.clone()),
            entropy: Arc::clone(&entropy),
            settings: auth_settings(settings),
            registration: settings.registration.clone(),
            mail_waits: Arc::clone(&mail_waits),
            places: places(settings)?,
            trusted_for: matches!(settings.state, settings::State::Redis(_)).then_some(TRUSTED_FOR),
        });
        Ok(Self {
            accounts,
            flow,
            outbox,
            upkept,
            graces,
            postgres,
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

impl Core {
    /// Signs in to the database with the password of other settings from now on, if the server takes it.
    pub(super) async fn change_database_password(&self, new: &Settings) -> Result<(), StartError> {
        if let (Some(store), settings::Database::Postgres(database)) =
            (&self.postgres, &new.accounts)
        {
            store.change_password(database.password.clone()).await?;
        }
        Ok(())
    }

    /// The stores, as they are asked whether they are there.
    pub(super) fn asked(&self) -> [Asked; 2] {
        [
            Asked::new(Part::Accounts, self.accounts.clone(), self.graces.accounts),
            Asked::new(Part::Flow, self.flow.clone(), self.graces.flow),
        ]
    }
}

/// How long each store may be away before that is a reason to send requests elsewhere: not at all, if it is on this machine.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Graces {
    accounts: Duration,
    flow: Duration,
}

/// The stores of one configuration.
struct Stores {
    accounts: Arc<dyn Accounts>,
    flow: Arc<dyn Flow>,
    outbox: Arc<dyn OutboxStore>,
    upkept: Vec<Arc<dyn StoreUpkeep>>,
    graces: Graces,
    postgres: Option<Arc<PostgresStore>>,
}

impl Stores {
    async fn open(settings: &Settings) -> Result<Self, StartError> {
        let mut upkept: Vec<Arc<dyn StoreUpkeep>> = Vec::new();
        let (mut file, mut postgres) = (None, None);
        let mut graces = Graces::default();
        let accounts: Arc<dyn Accounts> = match &settings.accounts {
            settings::Database::Sqlite(path) => {
                let store = Arc::new(SqliteStore::open(path).await?);
                upkept.push(store.clone());
                file = Some(store.clone());
                store
            }
            settings::Database::Postgres(database) => {
                let server = PostgresSettings {
                    url: database.url.to_string(),
                    password: database.password.clone(),
                    connections: database.connections,
                    statement: STATEMENT,
                };
                let store = Arc::new(PostgresStore::open(&server).await?);
                upkept.push(store.clone());
                postgres = Some(store.clone());
                graces.accounts = settings.outage_grace;
                store
            }
        };
        Ok(match (&settings.state, file) {
            // In the file of the accounts, if they have one.
            (settings::State::Embedded(_), Some(file)) => {
                Self { accounts, flow: file.clone(), outbox: file, upkept, graces, postgres }
            }
            (settings::State::Embedded(path), None) => {
                let store = Arc::new(SqliteStore::open(path).await?);
                upkept.push(store.clone());
                Self { accounts, flow: store.clone(), outbox: store, upkept, graces, postgres }
            }
            (settings::State::Redis(server), _) => {
                let store = Arc::new(super::redis::open(server).await?);
                upkept.push(store.clone());
                graces.flow = settings.outage_grace;
                Self { accounts, flow: store.clone(), outbox: store, upkept, graces, postgres }
            }
        })
    }
}

/// How long a node relies on what it has read of a session in Redis, should a push of its end have been lost.
const TRUSTED_FOR: Duration = Duration::from_secs(5);
/// The longest that PostgreSQL may take for one statement: past that, whoever asked refuses.
const STATEMENT: Duration = Duration::from_secs(3);
