//! Opening Redis: whether it is there, and whether it keeps what it is given.

use std::collections::HashMap;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{RedisError, RedisResult};

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
    /// It keeps nothing over a restart.
    #[error(
        "Redis at {at} writes neither an append-only file nor snapshots: a restart forgets sessions, codes and mails that wait. \
         Set appendonly yes"
    )]
    Forgets {
        /// Where.
        at: String,
    },
    /// It keeps what its last snapshot has.
    #[error(
        "Redis at {at} takes snapshots and writes no append-only file: a restart forgets what came after the last of them, sessions, \
         used codes and mails that wait. Set appendonly yes"
    )]
    ForgetsTheLatest {
        /// Where.
        at: String,
    },
    /// It writes no append-only file, and how often it takes snapshots is not told.
    #[error(
        "Redis at {at} writes no append-only file, and whether it takes snapshots cannot be looked at ({cause}): a restart \
         forgets some or all of the sessions, codes and mails that wait. Set appendonly yes; to have it looked at, let the user of \
         doorward do +config|get"
    )]
    MayForget {
        /// Where.
        at: String,
        /// Why it cannot be looked at.
        cause: String,
    },
    /// It does not say how it is set up.
    #[error(
        "Redis at {at} does not tell its {what}, so doorward cannot see whether it keeps what it is given: see that it is {wanted}"
    )]
    Silent {
        /// Where.
        at: String,
        /// What it does not tell.
        what: &'static str,
        /// What doorward needs.
        wanted: &'static str,
    },
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
        let unusable = |cause: RedisError| OpenError::Unusable(cause.into());
        let mut connection = settings.connect_to(&primary, &patience()).await.map_err(unusable)?;
        let told: String =
            redis::cmd("INFO").query_async(&mut connection).await.map_err(unusable)?;
        refuse_unfit(&primary, &told)?;
        warnings.extend(what_is_forgotten(&primary, &told, &mut connection).await);
        // A service that does not tell its policy may have none to be set.
        if field(&told, "maxmemory_policy").is_none() {
            let at = primary.to_string();
            warnings.push(Warning::Silent { at, what: "maxmemory-policy", wanted: "noeviction" });
        }
    }
    Ok(warnings)
}

/// Refuses a server on which the promises do not hold.
fn refuse_unfit(primary: &Address, told: &str) -> Result<(), OpenError> {
    let at = primary.to_string();
    let version = field(told, "redis_version").unwrap_or_default();
    let major: u32 = version.split('.').next().and_then(|part| part.parse().ok()).unwrap_or(0);
    if major < 7 {
        return Err(OpenError::TooOld { at, version: version.to_owned() });
    }
    match field(told, "maxmemory_policy") {
        None | Some("noeviction") => Ok(()),
        Some(policy) => Err(OpenError::Evicts { at, policy: policy.to_owned() }),
    }
}

/// What a restart of the server loses, if it loses anything.
async fn what_is_forgotten(
    primary: &Address,
    told: &str,
    connection: &mut MultiplexedConnection,
) -> Option<Warning> {
    let at = primary.to_string();
    match field(told, "aof_enabled") {
        Some("0") => {}
        Some(_) => return None,
        None => return Some(Warning::Silent { at, what: "appendonly", wanted: "yes" }),
    }
    let asked: RedisResult<HashMap<String, String>> =
        redis::cmd("CONFIG").arg("GET").arg("save").query_async(connection).await;
    Some(match asked {
        Ok(set) if set.get("save").is_some_and(|when| !when.is_empty()) => {
            Warning::ForgetsTheLatest { at }
        }
        Ok(_) => Warning::Forgets { at },
        Err(cause) => Warning::MayForget { at, cause: cause.to_string() },
    })
}

fn field<'a>(told: &'a str, name: &str) -> Option<&'a str> {
    told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

/// How long a start waits until changes are seen.
const WATCHING_WITHIN: Duration = Duration::from_secs(3);
