//! Failures in PostgreSQL: guesses at codes, and wrong passwords.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{Executor, PgConnection, Postgres};

use super::super::kept::{TOLD_FOR, WrongPasswords, password_failures_under};
use super::super::observe::Cause;
use super::super::{BudgetStore, CountedGuess, Guessed, PasswordFailures, StoreError};
use super::rows::Columns;
use super::{PostgresStore, lock};
use crate::domain::budget::{BudgetState, DelayRule, GUESSES_COUNT_FOR, GuessBudget};
use crate::domain::device::Guesser;
use crate::domain::id::AccountId;
use crate::domain::time::Timestamp;

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
                .bind(password_failures_under(key).as_slice())
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
                let key = password_failures_under(key);
                let mut write = self.write().await?;
                lock(&mut write, "password failure", &key).await?;
                let kept = sqlx::query(concat!(
                    "SELECT ",
                    columns!(password_failures),
                    " FROM password_failures WHERE key_hash = $1"
                ))
                .bind(key.as_slice())
                .fetch_optional(&mut *write)
                .await?;
                let kept = kept.as_ref().map(wrong_passwords).transpose()?;
                let (kept, failures) = WrongPasswords::one_more(kept, rule, now);
                sqlx::query(
                    "INSERT INTO password_failures (key_hash, count, last_at, next_try)
                 VALUES ($1, $2, $3, $4)
                 ON CONFLICT (key_hash) DO UPDATE SET count = $2, last_at = $3, next_try = $4",
                )
                .bind(key.as_slice())
                .bind(i64::from(kept.count))
                .bind(kept.last_at.as_millis())
                .bind(kept.next_try.as_millis())
                .execute(&mut *write)
                .await?;
                write.commit().await?;
                Ok(failures)
            })
            .await
    }

    async fn clear_password_failures(&self, key: &str) -> Result<(), StoreError> {
        self.breaker
            .ask("clear_password_failures", async {
                let mut write = self.write().await?;
                sqlx::query("DELETE FROM password_failures WHERE key_hash = $1")
                    .bind(password_failures_under(key).as_slice())
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

fn wrong_passwords(row: &PgRow) -> Result<WrongPasswords, Cause> {
    let columns = Columns(row);
    Ok(WrongPasswords {
        count: columns.number("count")?,
        last_at: columns.instant("last_at")?,
        next_try: columns.instant("next_try")?,
    })
}
