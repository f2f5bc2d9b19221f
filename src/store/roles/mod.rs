//! The roles of the stores, one file each, and the two that they make up.

mod accounts;
mod audit;
mod backup_codes;
mod budgets;
mod challenges;
mod devices;
mod drafts;
mod outbox;
mod permits;
mod phones;
mod quotas;
mod registrations;
mod sessions;
mod tickets;
mod upkeep;

pub use accounts::{AccountSource, AccountStore, Imported, Inserted};
pub use audit::AuditStore;
pub use backup_codes::BackupCodeStore;
pub use budgets::{BudgetStore, CountedGuess, Guessed, PasswordFailures};
pub use challenges::ChallengeStore;
pub use devices::DeviceStore;
pub use drafts::DraftStore;
pub use outbox::OutboxStore;
pub use permits::PermitStore;
pub use phones::{PhoneSet, PhoneStore};
pub use quotas::{LimitName, QuotaStore};
pub use registrations::RegistrationStore;
pub use sessions::{Joined, SessionStore};
pub use tickets::TicketStore;
pub use upkeep::{Changed, StoreUpkeep};

/// The role of the durable store.
pub trait Accounts:
    AccountStore
    + RegistrationStore
    + BackupCodeStore
    + PhoneStore
    + BudgetStore
    + DeviceStore
    + AuditStore
    + StoreUpkeep
{
}
impl<T> Accounts for T where
    T: AccountStore
        + RegistrationStore
        + BackupCodeStore
        + PhoneStore
        + BudgetStore
        + DeviceStore
        + AuditStore
        + StoreUpkeep
{
}

/// The role of the store of what passes.
pub trait Flow:
    SessionStore
    + TicketStore
    + DraftStore
    + ChallengeStore
    + PermitStore
    + OutboxStore
    + QuotaStore
    + StoreUpkeep
{
}
impl<T> Flow for T where
    T: SessionStore
        + TicketStore
        + DraftStore
        + ChallengeStore
        + PermitStore
        + OutboxStore
        + QuotaStore
        + StoreUpkeep
{
}
