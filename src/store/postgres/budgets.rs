//! Failures in PostgreSQL: guesses at codes, and wrong passwords.

use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use sqlx::{Executor, PgConnection, Postgres};

use super::super::observe::Cause;
use super::super::{BudgetStore, CountedGuess, Guessed, PasswordFailures, StoreError};
use super::rows::Columns;
use super::{PostgresStore, lock};
use crate::domain::budget::{BudgetState, DelayRule, GUESSES_COUNT_FOR, GuessBudget};
use crate::domain::device::Guesser;
use crate::domain::id::AccountId;
use crate::domain::time::Timestamp;

/// How long an owner who was told that the budget is spent is not told again.
pub(super) const TOLD_FOR: Duration = Duration::from_secs(86_400);

#[async_trait]
impl BudgetStore for PostgresStore {
    async fn count_guess(
        &self,
        account: AccountId,
        who: Guesser,
        budget: GuessBudget,
        now: Timestamp,
    ) -> Result<Guessed, StoreError> {
        self.breaker
            .ask("count_guess", async {
                let mut write = self.write().await?;
                lock(&mut write, "guess", account.as_uuid().as_bytes()).await?;
                let failures = failures(&mut *write, account, who, now).await?;
                let guessed = match budget.state(&failures, now) {
                    BudgetState::Within => {
                        Guessed::Counted(insert_failure(&mut write, account, who, now).await?)
                    }
                    BudgetState::Spent { until } => Guessed::Spent {
                        until,
                        tell: note_telling(&mut write, account, now).await?,
                    },
                };
                write.commit().await?;
                Ok(guessed)
            })
            .await
    }

    async fn forgive_guess(&self, guess: CountedGuess) -> Result<(), StoreError> {
        self.breaker
            .ask("forgive_guess", async {
                let mut write = self.write().await?;
                sqlx::query("DELETE FROM guess_failures WHERE number = $1")
                    .bind(guess.0)
                    .execute(&mut *write)
                    .await?;
                Ok(write.commit().await?)
            })
            .await
    }

    async fn guess_budget(
        &self,
        account: AccountId,
        who: Guesser,
        budget: GuessBudget,
        now: Timestamp,
    ) -> Result<BudgetState, StoreError> {
        self.breaker
            .ask("guess_budget", async {
                Ok(budget.state(&failures(&self.pool, account, who, now).await?, now))
            })
            .await
    }

    async fn next_password_try(&self, key: &str, now: Timestamp) -> Result<Timestamp, StoreError> {
        self.breaker
            .ask("next_password_try", async {
                let next: Option<i64> = sqlx::query_scalar(
                    "SELECT next_try FROM password_failures WHERE key_hash = $1",
                )
                .bind(hash(key).as_slice())
                .fetch_optional(&self.pool)
                .await?;
                Ok(next.map_or(now, Timestamp::from_millis))
            })
            .await
    }

    async fn count_password_failure(
        &self,
        key: &str,
        rule: DelayRule,
        now: Timestamp,
    ) -> Result<PasswordFailures, StoreError> {
        self.breaker
            .ask("count_password_failure", async {
                let key = hash(key);
                let mut write = self.write().await?;
                lock(&mut write, "password failure", &key).await?;
                let kept = sqlx::query("SELECT * FROM password_failures WHERE key_hash = $1")
                    .bind(key.as_slice())
                    .fetch_optional(&mut *write)
                    .await?;
                let (mut count, mut last_at, mut next_try) = (0_u32, now, now);
                if let Some(columns) = kept.as_ref().map(Columns) {
                    let last = columns.instant("last_at")?;
                    if now < last + rule.forgotten_after {
                        count = columns.number("count")?;
                        // A clock that was put back shortens no wait.
                        last_at = last.max(now);
                        next_try = columns.instant("next_try")?;
                    }
                }
                count = count.saturating_add(1);
                let taken_from = next_try;
                next_try = next_try.max(now + rule.wait_after(count));
                sqlx::query(
                    "INSERT INTO password_failures (key_hash, count, last_at, next_try)
                 VALUES ($1, $2, $3, $4)
                 ON CONFLICT (key_hash) DO UPDATE SET count = $2, last_at = $3, next_try = $4",
                )
                .bind(key.as_slice())
                .bind(i64::from(count))
                .bind(last_at.as_millis())
                .bind(next_try.as_millis())
                .execute(&mut *write)
                .await?;
                write.commit().await?;
                Ok(PasswordFailures { count, next_try, taken_from })
            })
            .await
    }

    async fn clear_password_failures(&self, key: &str) -> Result<(), StoreError> {
        self.breaker
            .ask("clear_password_failures", async {
                let mut write = self.write().await?;
                sqlx::query("DELETE FROM password_failures WHERE key_hash = $1")
                    .bind(hash(key).as_slice())
                    .execute(&mut *write)
                    .await?;
                Ok(write.commit().await?)
            })
            .await
    }
}

/// When the failures were that still count.
async fn failures(
    from: impl Executor<'_, Database = Postgres>,
    account: AccountId,
    who: Guesser,
    now: Timestamp,
) -> Result<Vec<Timestamp>, Cause> {
    let instants: Vec<i64> = sqlx::query_scalar(
        "SELECT at FROM guess_failures WHERE account_id = $1 AND device_id IS NOT DISTINCT FROM $2 AND at > $3",
    )
    .bind(account.as_uuid().as_bytes().as_slice())
    .bind(device(&who))
    .bind(now.before(GUESSES_COUNT_FOR).as_millis())
    .fetch_all(from)
    .await?;
    Ok(instants.into_iter().map(Timestamp::from_millis).collect())
}

async fn insert_failure(
    write: &mut PgConnection,
    account: AccountId,
    who: Guesser,
    now: Timestamp,
) -> Result<CountedGuess, Cause> {
    let number = sqlx::query_scalar(
        "INSERT INTO guess_failures (account_id, device_id, at) VALUES ($1, $2, $3) RETURNING number",
    )
    .bind(account.as_uuid().as_bytes().as_slice())
    .bind(device(&who))
    .bind(now.as_millis())
    .fetch_one(write)
    .await?;
    Ok(CountedGuess(number))
}

/// Notes that the owner is told now, and says so, unless the last time is less than a day ago.
async fn note_telling(
    write: &mut PgConnection,
    account: AccountId,
    now: Timestamp,
) -> Result<bool, Cause> {
    let noted = sqlx::query(
        "INSERT INTO budget_notices (account_id, told_at) VALUES ($1, $2)
         ON CONFLICT (account_id) DO UPDATE SET told_at = $2 WHERE budget_notices.told_at <= $3",
    )
    .bind(account.as_uuid().as_bytes().as_slice())
    .bind(now.as_millis())
    .bind(now.before(TOLD_FOR).as_millis())
    .execute(write)
    .await?;
    Ok(noted.rows_affected() > 0)
}

fn device(who: &Guesser) -> Option<&[u8]> {
    match who {
        Guesser::Unknown => None,
        Guesser::Device(id) => Some(id.as_uuid().as_bytes().as_slice()),
    }
}

/// What a key is kept under: of one size, and nothing that somebody typed.
fn hash(key: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(b"doorward password failures\0");
    hasher.update(key);
    hasher.finalize().into()
}
