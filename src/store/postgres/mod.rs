//! PostgreSQL: the durable role, for any number of nodes.
//!
//! Each promise is one transaction. Where what it decides depends on rows that are not there yet, it takes a lock of its own
//! name first: two nodes that count one account's guesses take turns, those of two accounts do not.

use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool, Postgres, Transaction};

use super::breaker::Breaker;
use super::observe::Cause;

pub use open::{OpenError, PostgresSettings};

/// The columns of a table that are read. Each is named: a statement that asks for all there are, and was prepared before a newer
/// doorward added one, fails from then on ("cached plan must not change result type").
macro_rules! columns {
    (accounts) => {
        "id, username, email, full_name, groups, password_hash, epoch, disabled_at, created_at, second_step, language"
    };
    (audit) => {
        "number, at, event, result, account_id, address, user_agent, device_id"
    };
    (devices) => {
        "id, account_id, epoch, host, trusted_until, created_at, used_at, client, token_hash, previous_hash, rotated_at"
    };
    (invitations) => {
        "id, email, username, full_name, groups, created_at, expires_at"
    };
    (password_failures) => {
        "count, last_at, next_try"
    };
    (phones) => {
        "number, by_sms, verified_at"
    };
    (registrations) => {
        "id, username, email, full_name, password_hash, created_at"
    };
}

mod accounts;
mod audit;
mod backup_codes;
mod budgets;
mod devices;
mod open;
mod others;
mod phones;
mod registrations;
mod rows;
mod upkeep;

/// The durable store in a PostgreSQL database.
#[derive(Debug)]
pub struct PostgresStore {
    settings: PostgresSettings,
    pool: PgPool,
    breaker: Breaker,
    others: others::Others,
}

impl PostgresStore {
    /// Closes its connections, once what is under way is done.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Begins a write. Dropped without a commit, it has never been.
    async fn write(&self) -> Result<Transaction<'static, Postgres>, Cause> {
        Ok(self.pool.begin().await?)
    }
}

/// Whether it is the server that is away, or too busy to answer, and not what was asked that is wrong. A statement that
/// waited too long for another's lock is not: who floods one account keeps nobody from the others.
fn is_away(cause: &Cause) -> bool {
    match cause.downcast_ref::<sqlx::Error>() {
        Some(sqlx::Error::Database(error)) => error.code().is_some_and(|code| {
            // Connection exceptions, too many connections, and what a server says that is going or coming (appendix A).
            code.starts_with("08") || code == "53300" || code.starts_with("57P")
        }),
        Some(
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::WorkerCrashed,
        ) => true,
        _ => false,
    }
}

/// Has whoever does the same to the same `key` wait until the end of this transaction.
async fn lock(write: &mut PgConnection, what: &'static str, key: &[u8]) -> Result<(), Cause> {
    let mut hasher = Sha256::new();
    hasher.update(b"doorward ");
    hasher.update(what);
    hasher.update(b"\0");
    hasher.update(key);
    let hash: [u8; 32] = hasher.finalize().into();
    let Some(number) = hash.first_chunk::<8>() else { return Ok(()) };
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(i64::from_be_bytes(*number))
        .execute(write)
        .await?;
    Ok(())
}

/// The durable role, as metrics name it.
const ACCOUNTS: &str = "accounts";
