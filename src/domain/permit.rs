//! What a browser has shown and may do once.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::account::Epoch;
use super::email::EmailAddress;
use super::host::HostName;
use super::id::AccountId;
use super::return_to::ReturnTo;
use super::time::Timestamp;

/// How long a permit can be used.
pub const PERMITTED_FOR: Duration = Duration::from_secs(600);

/// What a browser may do once because it has answered a challenge. It opens nothing else: neither is it a session, nor is it
/// found where challenges are (S28).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    /// What it may do.
    pub allows: Permitted,
    /// The site that it belongs to.
    pub host: HostName,
    /// Where to go then.
    pub return_to: ReturnTo,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What may be done once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permitted {
    /// Choosing a new password, because the old one was forgotten.
    NewPassword {
        /// For whom.
        account: AccountId,
        /// The epoch that the account had; in a later one it may not.
        epoch: Epoch,
    },
    /// Choosing another name for a registration whose own is taken.
    OtherName {
        /// The registration, whose address is shown to be its owner's.
        registration: AccountId,
    },
    /// Making an account with an address that is shown to be its owner's.
    Register {
        /// Under which name codes for it were counted.
        registration: AccountId,
        /// The address.
        email: EmailAddress,
    },
}

impl Permitted {
    /// Whom it is about.
    pub const fn about(&self) -> AccountId {
        match self {
            Self::NewPassword { account, .. } => *account,
            Self::OtherName { registration } | Self::Register { registration, .. } => *registration,
        }
    }
}
