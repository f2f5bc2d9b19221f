//! What becomes of mails, for those who count.

use std::time::Duration;

/// Told what becomes of mails; the metrics listen here. `kind` is [`crate::domain::mail::Message::kind`].
pub trait MailObserver: Send + Sync {
    /// A mail was handed over, so long after it was written.
    fn delivered(&self, kind: &str, after: Duration) {
        let _ = (kind, after);
    }

    /// A mail was not taken and will be tried again.
    fn retried(&self, kind: &str) {
        let _ = kind;
    }

    /// A mail was given up.
    fn dropped(&self, kind: &str, reason: DropReason) {
        let _ = (kind, reason);
    }
}

/// Nobody listens.
impl MailObserver for () {}

/// Why a mail was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// It is of no more use, or would be by the next attempt.
    Expired,
    /// The server will never take it.
    Refused,
    /// Its seal cannot be opened with any key: the server secret was changed.
    Sealed,
    /// The template does not work with it.
    Unwritable,
}

impl DropReason {
    /// The name in metrics and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Refused => "refused",
            Self::Sealed => "sealed",
            Self::Unwritable => "unwritable",
        }
    }
}

/// What became of the mails of one round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Handed over.
    pub delivered: usize,
    /// Put off.
    pub retried: usize,
    /// Given up.
    pub dropped: usize,
}
