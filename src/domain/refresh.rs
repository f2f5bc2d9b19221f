//! Refresh tokens: what a program gets its next access token with. Each is good once, and belongs to one installation.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::secret::RefreshTokenHash;
use super::time::Timestamp;

/// How long a token that was just exchanged still gives what it gave: an answer may be lost on the way, and two threads
/// may ask at once.
pub const REFRESH_GRACE: Duration = Duration::from_secs(30);

/// What two exchanges of one token have in common, so that both give the same next one.
pub type RefreshSalt = [u8; 32];

/// The exchange of a refresh token.
#[derive(Clone, Copy, Debug)]
pub struct RefreshRotation {
    /// What the token hashes to that was shown.
    pub shown: RefreshTokenHash,
    /// What the next one hashes to.
    pub next: RefreshTokenHash,
    /// What the next one is made of, beside the one that was shown.
    pub salt: RefreshSalt,
    /// How long the one that was shown still gives the same.
    pub grace: Duration,
    /// The instant.
    pub now: Timestamp,
}

/// What came of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// The token was the present one; the next one has taken its place.
    Rotated,
    /// The token was exchanged a moment ago: nothing has changed.
    InGrace {
        /// What the present one is made of, beside the one that was shown.
        salt: RefreshSalt,
        /// What the present one hashes to.
        present: RefreshTokenHash,
    },
    /// The token was exchanged before: somebody has a copy. The session has no refresh token any more.
    Reused,
    /// There is no such session, or it has no refresh tokens.
    Unknown,
}

/// An installation of a program, by the name that it gave itself: 8 to 128 of `A-Z a-z 0-9 . _ : -`. A UUID is one.
#[derive(Clone, PartialEq, Eq)]
pub struct InstallId(String);

/// Why a text is no name of an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an install id is 8 to 128 letters, digits, dots, colons, dashes or underscores")]
pub struct NotAnInstallId;

impl InstallId {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for InstallId {
    type Err = NotAnInstallId;

    fn from_str(text: &str) -> Result<Self, NotAnInstallId> {
        let well_formed = (8..=128).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(&b));
        if well_formed { Ok(Self(text.to_owned())) } else { Err(NotAnInstallId) }
    }
}

impl fmt::Debug for InstallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InstallId(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_install_id_is_one_plain_word() {
        for good in ["12345678", "b4c6e0a2-6c0e-4b6e-9a53-0f6f7b9d1c11", &"a".repeat(128)] {
            assert_eq!(good.parse::<InstallId>().unwrap().as_str(), good);
        }
        for bad in ["", "1234567", &"a".repeat(129), "with space", "línea-12", "a\0bcdefgh"] {
            assert!(bad.parse::<InstallId>().is_err(), "{bad:?}");
        }
    }
}
