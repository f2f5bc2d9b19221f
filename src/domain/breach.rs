//! Passwords that were stolen elsewhere.

use async_trait::async_trait;

use super::secret::Password;

/// Knows which passwords were stolen.
#[async_trait]
pub trait BreachedPasswords: Send + Sync {
    /// Whether the password is among them, or why that cannot be said. The password does not leave the process, nor
    /// anything from which it could be told.
    async fn knows(&self, password: &Password) -> Result<bool, NotAnswered>;
}

/// The list did not answer; the message names the cause and nothing of the password.
#[derive(Debug, thiserror::Error)]
#[error("the list of breached passwords did not answer: {0}")]
pub struct NotAnswered(pub String);

/// What becomes of a new password when the list does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// It is taken.
    Allow,
    /// It is refused.
    Refuse,
}
