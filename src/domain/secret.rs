//! Secrets, one type for each home. None of them prints.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::entropy::{self, Entropy};

macro_rules! token_and_hash {
    ($(#[$token_doc:meta])* $token:ident, $(#[$hash_doc:meta])* $hash:ident, $label:literal) => {
        $(#[$token_doc])*
        #[derive(Clone)]
        pub struct $token(Zeroizing<[u8; 32]>);

        impl $token {
            /// A new secret of 256 bits.
            pub fn generate(entropy: &dyn Entropy) -> Self {
                Self(Zeroizing::new(entropy::bytes(entropy)))
            }

            /// The secret with these bytes, as a cookie brought them.
            pub fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(Zeroizing::new(bytes))
            }

            /// The bytes, for the cookie and for a MAC over them.
            pub fn expose(&self) -> &[u8; 32] {
                &self.0
            }

            /// What a store keeps instead of the secret.
            pub fn hash(&self) -> $hash {
                let mut hasher = Sha256::new();
                hasher.update($label);
                hasher.update(self.0.as_slice());
                $hash(hasher.finalize().into())
            }
        }

        impl fmt::Debug for $token {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($token), "(…)"))
            }
        }

        $(#[$hash_doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $hash([u8; 32]);

        impl $hash {
            /// The hash with these bytes, as a store kept them.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The bytes that a store keeps and looks up by.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Debug for $hash {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($hash), "(…)"))
            }
        }
    };
}

token_and_hash! {
    /// The secret of a signed-in browser. It lives in the session cookie and nowhere else.
    SessionToken,
    /// The SHA-256 under which a store finds a session.
    SessionTokenHash, b"doorward session token\0"
}

token_and_hash! {
    /// The secret of a half-signed-in browser. It lives in the flow cookie, and is part of the code's MAC.
    FlowSecret,
    /// The SHA-256 under which a store finds a challenge.
    FlowHash, b"doorward flow secret\0"
}

token_and_hash! {
    /// The secret of a known device. It lives in the device cookie and changes each time it is used.
    DeviceToken,
    /// The SHA-256 that a store compares it with.
    DeviceTokenHash, b"doorward device token\0"
}

token_and_hash! {
    /// The secret of a verification link. It lives in one mail.
    LinkToken,
    /// The SHA-256 under which a store finds the challenge of a link.
    LinkTokenHash, b"doorward link token\0"
}

token_and_hash! {
    /// The secret of an invitation. It lives in one mail.
    InvitationToken,
    /// The SHA-256 under which a store finds the invitation.
    InvitationTokenHash, b"doorward invitation token\0"
}

token_and_hash! {
    /// The secret of a browser that may do something once: that of its flow cookie, as a permit knows it.
    PermitSecret,
    /// The SHA-256 under which a store finds the permit, which finds no challenge.
    PermitHash, b"doorward permit\0"
}

token_and_hash! {
    /// The secret with which a program gets its next access token. It changes each time it is used.
    RefreshToken,
    /// The SHA-256 that a store compares it with.
    RefreshTokenHash, b"doorward refresh token\0"
}

token_and_hash! {
    /// The secret of a ticket. It is in one address, once.
    TicketToken,
    /// The SHA-256 under which a store finds a ticket.
    TicketHash, b"doorward ticket\0"
}

token_and_hash! {
    /// The secret of a browser that has posted a form without a session. It lives in the draft cookie.
    DraftSecret,
    /// Its SHA-256, which nothing needs.
    DraftSecretHash, b"doorward draft secret\0"
}

token_and_hash! {
    /// The name of a form that waits for a sign-in. It is in an address.
    DraftToken,
    /// The SHA-256 under which a store finds the form.
    DraftHash, b"doorward draft\0"
}

impl FlowSecret {
    /// What a store keeps of this secret where it stands for a permit.
    pub fn permit_hash(&self) -> PermitHash {
        PermitSecret::from_bytes(*self.expose()).hash()
    }
}

/// The keyed hash of a code, as a store keeps it: without the server's key and the browser's secret the
/// million possible codes cannot be tried against it.
#[derive(Clone, Copy)]
pub struct CodeMac([u8; 32]);

impl CodeMac {
    /// The MAC with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes that a store keeps.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for CodeMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeMac(…)")
    }
}

/// What somebody typed, as MACs: one for each server key that still verifies.
#[derive(Clone, Debug)]
pub struct CodeGuess(Vec<CodeMac>);

impl CodeGuess {
    /// A guess that matches when any of `candidates` does.
    pub fn new(candidates: Vec<CodeMac>) -> Self {
        Self(candidates)
    }

    /// A guess that is never right: counted, and compared elsewhere.
    pub const fn wrong() -> Self {
        Self(Vec::new())
    }

    /// What a store compares with what it keeps, where it does that itself.
    pub fn macs(&self) -> impl Iterator<Item = &CodeMac> {
        self.0.iter()
    }

    /// Whether the guess is right, in a time that does not depend on where they differ.
    pub fn matches(&self, kept: &CodeMac) -> bool {
        self.0
            .iter()
            .fold(subtle::Choice::from(0), |found, mac| found | mac.0.ct_eq(&kept.0))
            .into()
    }
}

/// A password as it was typed: zeroed when dropped, never printed.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// The longest password that is looked at, in bytes; a longer one is refused unread (S42).
    pub const MAX_BYTES: usize = 1024;

    /// The password, or `None` when it is empty or longer than [`Self::MAX_BYTES`].
    pub fn new(text: String) -> Option<Self> {
        let text = Zeroizing::new(text);
        (!text.is_empty() && text.len() <= Self::MAX_BYTES).then_some(Self(text))
    }

    /// The text, for hashing alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A password's hash as a store keeps it: a PHC string, or the text of the system that an account came from.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// The hash in this text.
    pub fn from_phc(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_phc(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// `bytes` as unpadded base64url, the one text form of tokens in cookies and addresses (RFC 4648 section 5).
pub fn base64url(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// The bytes of unpadded base64url; `None` for anything that is not exactly that.
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entropy::OsEntropy;

    #[test]
    fn secrets_do_not_print() {
        let token = SessionToken::generate(&OsEntropy);
        assert_eq!(format!("{token:?}"), "SessionToken(…)");
        assert_eq!(format!("{:?}", Password::new("hunter2".into())), "Some(Password(…))");
    }

    #[test]
    fn an_empty_or_endless_password_is_none() {
        assert!(Password::new(String::new()).is_none());
        assert!(Password::new("x".repeat(Password::MAX_BYTES + 1)).is_none());
        assert!(Password::new("x".repeat(Password::MAX_BYTES)).is_some());
    }

    #[test]
    fn one_secret_hashes_differently_for_each_home() {
        let bytes = [7; 32];
        let session = SessionToken::from_bytes(bytes).hash();
        let flow = FlowSecret::from_bytes(bytes).hash();
        assert_ne!(session.as_bytes(), flow.as_bytes());
    }
}
