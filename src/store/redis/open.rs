//! Opening Redis: whether it is there, and whether it keeps what it is given.

use std::time::Duration;

use super::super::breaker::Breaker;
use super::super::observe::Cause;
use super::link::{Link, is_away};
use super::servers::{Address, RedisSettings, patience};
use super::{FLOW, PATIENCE, RedisStore, watch};

/// Redis cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It does not answer, or not as a Redis of ours.
    #[error("Redis cannot be used: {0}")]
    Unusable(#[source] Cause),
    /// It is too old.
    #[error("Redis {version} at {at} is too old: doorward needs 7.0 or later")]
    TooOld {
        /// Where.
        at: String,
        /// Its version.
        version: String,
    },
    /// It throws keys away when it is full.
    #[error(
        "Redis at {at} throws keys away when it is full (maxmemory-policy {policy}): limits would begin anew, and mails and \
         revocations be lost. Set maxmemory-policy noeviction"
    )]
    Evicts {
        /// Where.
        at: String,
        /// Its policy.
        policy: String,
    },
}

/// What an operator should know of a Redis that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// It forgets when it is restarted.
    #[error(
        "Redis at {0} writes no append-only file: a restart forgets sessions, codes and mails that wait. Set appendonly yes"
    )]
    Forgets(String),
}

impl RedisStore {
    /// Connects and looks at every primary. What is not as it should be, but can be lived with, is in the list.
    pub async fn open(settings: RedisSettings) -> Result<(Self, Vec<Warning>), OpenError> {
        let warnings = inspect(&settings).await?;
        let (watched, watching, mut sees) = watch::watch(settings.clone());
        let breaker = Breaker::new(FLOW, PATIENCE, is_away);
        let store = Self { link: Link::new(settings), breaker, watched, _watching: watching };
        // Whoever asks for changes at once is told of what happens from here on.
        if tokio::time::timeout(WATCHING_WITHIN, sees.wait_for(|sees| *sees)).await.is_ok() {
            store.watched.next().await;
        }
        Ok((store, warnings))
    }
}

/// Looks at every primary, and changes nothing.
async fn inspect(settings: &RedisSettings) -> Result<Vec<Warning>, OpenError> {
    let mut warnings = Vec::new();
    for primary in settings.primaries().await.map_err(OpenError::Unusable)? {
        let told = info(settings, &primary).await.map_err(OpenError::Unusable)?;
        let at = primary.to_string();
        let version = field(&told, "redis_version").unwrap_or_default();
        let major: u32 = version.split('.').next().and_then(|part| part.parse().ok()).unwrap_or(0);
        if major < 7 {
            return Err(OpenError::TooOld { at, version: version.to_owned() });
        }
        // A service that does not tell its policy has none to be set.
        match field(&told, "maxmemory_policy") {
            None | Some("noeviction") => {}
            Some(policy) => return Err(OpenError::Evicts { at, policy: policy.to_owned() }),
        }
        if field(&told, "aof_enabled") == Some("0") {
            warnings.push(Warning::Forgets(at));
        }
    }
    Ok(warnings)
}

async fn info(settings: &RedisSettings, primary: &Address) -> Result<String, Cause> {
    let mut connection = settings.connect_to(primary, &patience()).await?;
    Ok(redis::cmd("INFO").query_async(&mut connection).await?)
}

fn field<'a>(told: &'a str, name: &str) -> Option<&'a str> {
    told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

/// How long a start waits until changes are seen.
const WATCHING_WITHIN: Duration = Duration::from_secs(3);
