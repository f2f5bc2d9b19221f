//! Mails as data: what is to be said, before anybody has chosen words, layout or transport.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::client::Client;
use super::code::Code;
use super::email::EmailAddress;
use super::id::MailId;
use super::secret::FlowHash;
use super::time::Timestamp;

/// One mail, whole: who gets it and what it tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mail {
    /// The one mailbox it goes to; always an account's own (S21).
    pub to: EmailAddress,
    /// What it tells.
    pub message: Message,
}

/// What a mail tells. Every variant has a template of its name under `templates/mails`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Message {
    /// The code to sign in with.
    SignInCode {
        /// The code.
        #[serde(with = "code_text")]
        code: Code,
        /// The site's origin as configured, never as the request named it (S19).
        site: String,
        /// When the code ends.
        expires_at: Timestamp,
        /// Where it was asked for.
        asked_by: Asked,
    },
}

impl Message {
    /// The name of the template and of the metric's label.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::SignInCode { .. } => "sign_in_code",
        }
    }
}

/// Who set a mail off.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// When.
    pub at: Timestamp,
    /// From where, with which browser.
    pub client: Client,
}

/// A mail as it lies in the outbox: sealed, so that no column of a database holds a code or an address (S12).
#[derive(Clone)]
pub struct SealedMail {
    /// Its identifier.
    pub id: MailId,
    /// The challenge whose code it carries; a further code takes the place of a mail still waiting.
    pub flow: Option<FlowHash>,
    /// The kind, for metrics.
    pub kind: &'static str,
    /// The sealed [`Mail`].
    pub sealed: Vec<u8>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it is of no more use and is dropped unsent.
    pub not_after: Timestamp,
}

impl fmt::Debug for SealedMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedMail")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// A mail that a worker has taken from the outbox for a while.
#[derive(Clone)]
pub struct LeasedMail {
    /// Its identifier.
    pub id: MailId,
    /// The kind, for metrics.
    pub kind: String,
    /// The sealed [`Mail`].
    pub sealed: Vec<u8>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it is of no more use.
    pub not_after: Timestamp,
    /// How often it was tried before.
    pub attempts: u32,
}

impl fmt::Debug for LeasedMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeasedMail")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

mod code_text {
    //! A code inside a mail about to be sealed: the one place where it is serialised.
    use serde::{Deserialize, Deserializer, Serializer, de};

    use super::Code;

    pub(super) fn serialize<S: Serializer>(code: &Code, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(code.expose())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Code, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}
