//! Devices: browsers that an account has signed in from, and those of them that are spared the code.

use std::fmt;
use std::time::Duration;

use super::account::Epoch;
use super::client::Client;
use super::host::HostName;
use super::id::{AccountId, DeviceId};
use super::secret::DeviceTokenHash;
use super::time::Timestamp;

/// A browser that an account has signed in from with both factors. Its cookie alone signs nobody in (S31).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The series: what the cookie and lists name it by.
    pub id: DeviceId,
    /// Whose it is.
    pub account: AccountId,
    /// The account's epoch when it was made; dead once the account's is later (S33).
    pub epoch: Epoch,
    /// The one host whose cookie it is.
    pub host: HostName,
    /// Until when it is spared the code; never, if its owner did not ask for it.
    pub trusted_until: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used.
    pub used_at: Timestamp,
    /// From where it was last used.
    pub client: Client,
}

impl Device {
    /// Its name for people: `Firefox on Linux`.
    pub fn name(&self) -> String {
        self.client.user_agent.for_people()
    }

    /// Whether it stands in for the code at `now`.
    pub fn is_trusted(&self, now: Timestamp) -> bool {
        self.trusted_until.is_some_and(|until| now < until)
    }
}

/// A device about to be made, with the hash of its first token.
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// The device.
    pub device: Device,
    /// What its cookie's token hashes to.
    pub token: DeviceTokenHash,
}

/// A device's token about to take the place of the one that was shown.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// What the cookie's token hashes to.
    pub shown: DeviceTokenHash,
    /// What the next one hashes to.
    pub next: DeviceTokenHash,
    /// How long the one before still works, for tabs in parallel (S32).
    pub grace: Duration,
    /// Who uses it.
    pub client: Client,
    /// When.
    pub now: Timestamp,
}

/// What came of using a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceUse {
    /// Its token was the present one, and the next one is in force.
    Rotated(Box<Device>),
    /// Its token was the one before, inside the grace: it counts, and nothing changes.
    InGrace(Box<Device>),
    /// Its token was an old one: somebody has a copy. The device is gone, whoever has it (S32).
    Stolen(Box<Device>),
    /// There is no such device, or the token was never its.
    Unknown,
}

/// Who guesses: failures of clients that an account does not know count together, those of each device apart, so
/// that no stranger spends the owner's budget (S56).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Guesser {
    /// Any client that is not a device of the account.
    Unknown,
    /// A device of the account.
    Device(DeviceId),
}

impl fmt::Display for Guesser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("unknown"),
            Self::Device(id) => write!(f, "device {id}"),
        }
    }
}
