//! The two stores as roles. Each method is one atomic promise: all of it has happened when it returns, or none.
//!
//! Time is passed in. A backend is done when the contract suite (`tests/store_contract`) passes over it.

pub use roles::{
    AccountSource, AccountStore, Accounts, AuditStore, BackupCodeStore, BudgetStore,
    ChallengeStore, Changed, CountedGuess, DeviceStore, DraftStore, Flow, Guessed, Imported,
    Inserted, Joined, LimitName, OutboxStore, PasswordFailures, PermitStore, PhoneSet, PhoneStore,
    QuotaStore, RegistrationStore, SessionStore, StoreUpkeep, TicketStore,
};

pub mod breaker;
mod kept;
pub mod memory;
mod observe;
pub mod postgres;
pub mod redis;
mod roles;
pub mod sqlite;

/// The store did not do what it was asked. Whoever gets this refuses; nobody goes on as if it had said yes (S57).
#[derive(Debug, thiserror::Error)]
#[error("{store} failed at {operation}: {cause}")]
pub struct StoreError {
    /// The store, as metrics name it: `accounts` or `flow`.
    pub store: &'static str,
    /// The promise that was asked for.
    pub operation: &'static str,
    /// What went wrong. Never holds a secret: statements are prepared, and their values are not told.
    pub cause: Box<dyn std::error::Error + Send + Sync>,
}
