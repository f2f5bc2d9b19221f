//! Failures: the guess budget, and the delays after wrong passwords.

use async_trait::async_trait;

use super::super::StoreError;
use crate::domain::budget::{BudgetState, DelayRule, GuessBudget};
use crate::domain::device::Guesser;
use crate::domain::id::AccountId;
use crate::domain::time::Timestamp;

/// A guess that was counted before it was compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountedGuess(pub i64);

/// Whether a guess fits into an account's budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guessed {
    /// It does, and is counted as a failure until it is forgiven.
    Counted(CountedGuess),
    /// It does not, and must not be compared.
    Spent {
        /// When one does again.
        until: Timestamp,
        /// Whether the owner has not been told yet, in the last day.
        tell: bool,
    },
}

/// What came of counting a wrong password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordFailures {
    /// How many there are in a row.
    pub count: u32,
    /// When the next try is taken.
    pub next_try: Timestamp,
    /// When this one could have been taken, by those before it: of tries at the same instant, only as many as the rule
    /// lets through find that in the past.
    pub taken_from: Timestamp,
}

/// Failures, in the durable store: the guess budget, and the delays after wrong passwords.
#[async_trait]
pub trait BudgetStore: Send + Sync {
    /// Counts a guess at a code of `account` by `who` as a failure, if it fits into `budget` (S5). Counting and
    /// checking are one step, so that parallel guesses fit no better than others.
    async fn count_guess(
        &self,
        account: AccountId,
        who: Guesser,
        budget: GuessBudget,
        now: Timestamp,
    ) -> Result<Guessed, StoreError>;

    /// Takes back that one guess, because it was right. Those before it stay counted: no success clears them.
    async fn forgive_guess(&self, guess: CountedGuess) -> Result<(), StoreError>;

    /// How the budget of `account` for `who` stands.
    async fn guess_budget(
        &self,
        account: AccountId,
        who: Guesser,
        budget: GuessBudget,
        now: Timestamp,
    ) -> Result<BudgetState, StoreError>;

    /// When the next password of `key` is looked at; in the past if it is at once. Keys are of the caller's making.
    async fn next_password_try(&self, key: &str, now: Timestamp) -> Result<Timestamp, StoreError>;

    /// Counts a wrong password of `key` and sets the wait that `rule` wants. Failures that the rule has forgotten
    /// do not count.
    async fn count_password_failure(
        &self,
        key: &str,
        rule: DelayRule,
        now: Timestamp,
    ) -> Result<PasswordFailures, StoreError>;

    /// Forgets the failures of `key`, because the password was right.
    async fn clear_password_failures(&self, key: &str) -> Result<(), StoreError>;
}
