//! A signed-in browser. Half-signed-in is another type: [`super::challenge::Challenge`].

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::account::Epoch;
use super::client::Client;
use super::host::HostName;
use super::id::{AccountId, FamilyId, SessionId};
use super::secret::{RefreshTokenHash, SessionTokenHash};
use super::time::Timestamp;

/// How somebody has shown who they are, as RFC 8176 names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A password (`pwd`).
    Password,
    /// A code or link by mail (`otp`).
    MailCode,
    /// A device that has passed a code before (`swk`: proof of possession of a software-secured key).
    TrustedDevice,
    /// A backup code in place of the mail's (`otp`).
    BackupCode,
    /// A code by text message (`sms`).
    SmsCode,
}

impl Method {
    /// All of them, in their order.
    const ALL: [Self; 5] =
        [Self::Password, Self::MailCode, Self::TrustedDevice, Self::BackupCode, Self::SmsCode];

    const fn bit(self) -> u8 {
        1 << self as u8
    }

    /// The name in `amr` (RFC 8176).
    pub const fn amr(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::MailCode | Self::BackupCode => "otp",
            Self::TrustedDevice => "swk",
            Self::SmsCode => "sms",
        }
    }
}

/// The methods that a session was made by: a bit for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Method>", into = "Vec<Method>")]
pub struct Methods(u8);

impl Methods {
    /// These methods, in their order, each once.
    pub fn new(methods: impl IntoIterator<Item = Method>) -> Self {
        Self(methods.into_iter().fold(0, |bits, method| bits | method.bit()))
    }

    /// These and one more.
    #[must_use]
    pub const fn and(self, method: Method) -> Self {
        Self(self.0 | method.bit())
    }

    /// Whether `method` is among them.
    pub const fn has(self, method: Method) -> bool {
        self.0 & method.bit() != 0
    }

    /// Whether a code is among them: of a mail or a text message, or a backup code that stood in for it.
    pub fn has_code(self) -> bool {
        [Method::MailCode, Method::SmsCode, Method::BackupCode].iter().any(|code| self.has(*code))
    }

    /// How much they prove together: a password and a code, or a device that has passed one, are two factors.
    pub fn assurance(self) -> Assurance {
        let second = self.has_code() || self.has(Method::TrustedDevice);
        if self.has(Method::Password) && second {
            Assurance::TwoFactor
        } else {
            Assurance::OneFactor
        }
    }

    /// The methods in their order.
    pub fn iter(self) -> impl Iterator<Item = Method> {
        Method::ALL.into_iter().filter(move |method| self.has(*method))
    }
}

impl From<Vec<Method>> for Methods {
    fn from(methods: Vec<Method>) -> Self {
        Self::new(methods)
    }
}

impl From<Methods> for Vec<Method> {
    fn from(methods: Methods) -> Self {
        methods.iter().collect()
    }
}

/// How much a session proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Assurance {
    /// One method.
    OneFactor,
    /// A password and the mail.
    TwoFactor,
}

/// How long a session may live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifetime {
    /// It ends this long after sign-in, whatever happens (ASVS 7.3.2).
    #[serde(with = "super::session::as_millis")]
    pub absolute: Duration,
    /// It ends this long after its last request (ASVS 7.3.1).
    #[serde(with = "super::session::as_millis")]
    pub idle: Duration,
}

/// A session as a store keeps it: everything but the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The name by which it is listed and revoked.
    pub id: SessionId,
    /// The sign-in that it is of: all its sessions end together.
    pub family: FamilyId,
    /// Whose it is.
    pub account: AccountId,
    /// The account's epoch when it was made; dead once the account's is later.
    pub epoch: Epoch,
    /// The one host whose cookie it is.
    pub host: HostName,
    /// How its owner signed in.
    pub methods: Methods,
    /// When its owner last proved who they are.
    pub authenticated_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its last request, to the minute.
    pub seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// How long it may be idle.
    pub idle: Duration,
    /// Whether its cookie outlives the browser window.
    pub remembered: bool,
    /// Where it was made.
    pub client: Client,
}

impl Session {
    /// Whether it has ended by itself (S38). `seen_at` may be later than the one kept here.
    pub fn has_expired(&self, seen_at: Timestamp, now: Timestamp) -> bool {
        now >= self.expires_at || now >= seen_at.max(self.seen_at) + self.idle
    }

    /// How much it proves.
    pub fn assurance(&self) -> Assurance {
        self.methods.assurance()
    }
}

/// A use of a session: a request of its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionUse {
    /// Whose it is.
    pub account: AccountId,
    /// The session.
    pub session: SessionId,
    /// When.
    pub at: Timestamp,
}

impl SessionUse {
    /// A use of this session.
    pub const fn of(session: &Session, at: Timestamp) -> Self {
        Self { account: session.account, session: session.id, at }
    }
}

/// A session about to be made, under the hash of its token.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// What its cookie's token hashes to.
    pub token: SessionTokenHash,
    /// The session.
    pub session: Session,
    /// The session that it takes the place of, which ends in the same step (S28), with its family unless the new one is
    /// of that as well.
    pub replaces: Option<SessionId>,
    /// What the refresh token hashes to that goes with it, where a program keeps the session.
    pub refresh: Option<RefreshTokenHash>,
}

pub(crate) mod as_millis {
    //! A span as whole milliseconds.
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(span: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}
