//! Identifiers: UUIDs of version 7, made from the injected clock and entropy.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::entropy::{self, Entropy};
use super::time::Timestamp;

impl FamilyId {
    /// The family that begins with this session.
    pub const fn begun_by(session: SessionId) -> Self {
        Self(session.0)
    }
}

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new identifier, ordered by `now`.
            pub fn generate(entropy: &dyn Entropy, now: Timestamp) -> Self {
                let millis = u64::try_from(now.as_millis()).unwrap_or(0);
                let random = entropy::public_bytes::<10>(entropy);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }

            /// The identifier with these bytes, as a store kept them.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The sixteen bytes that a store keeps.
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

identifiers! {
    /// An account, for its whole life.
    AccountId;
    /// A session as others may name it (`sid`): it opens nothing.
    SessionId;
    /// The sessions that one sign-in has given, at whichever hosts: they end together.
    FamilyId;
    /// A challenge.
    ChallengeId;
    /// A mail in the outbox; its `Message-ID` is made from it, so that a repeated delivery is seen as one.
    MailId;
    /// A device: the series of its tokens.
    DeviceId;
    /// An invitation, as the command line names it.
    InvitationId;
    /// A request, as logs and error pages name it.
    RequestId;
}
