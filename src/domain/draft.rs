//! A form that was posted without a session: kept until its owner has signed in, and sent then, once (G2).
//!
//! It is sealed under a key of the server and a secret that only its browser has: whoever reads the store alone, and every
//! other browser, reads nothing.

use std::time::Duration;

use bytes::Bytes;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};

use super::entropy::{self, Entropy};
use super::host::HostName;
use super::keys::KeyRing;
use super::return_to::ReturnTo;
use super::secret::{DraftHash, DraftSecret, DraftToken};
use super::time::Timestamp;

/// How long a form is kept: long enough to sign in with a code.
pub const DRAFT_LIFETIME: Duration = Duration::from_secs(15 * 60);
/// The largest body that is kept, in bytes.
pub const MAX_DRAFT: usize = 1 << 20;

/// What was posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Where to: path and query.
    pub target: ReturnTo,
    /// Its `Content-Type`, word for word.
    pub content_type: String,
    /// Its body, byte for byte.
    pub body: Bytes,
}

/// What stands before the body.
#[derive(Serialize, Deserialize)]
struct Head {
    target: ReturnTo,
    content_type: String,
}

/// What a draft is sealed under, besides the keys of the server.
#[derive(Clone, Copy, Debug)]
pub struct Seal<'a> {
    /// The secret of its browser.
    pub secret: &'a DraftSecret,
    /// Its name.
    pub token: &'a DraftToken,
    /// The one host that it is of.
    pub host: &'a HostName,
}

impl Seal<'_> {
    /// Seals a draft.
    pub fn close(&self, draft: &Draft, keys: &KeyRing, entropy: &dyn Entropy) -> Option<Vec<u8>> {
        let head = Head { target: draft.target.clone(), content_type: draft.content_type.clone() };
        // JSON has no line break of its own outside its strings, where it is written \n.
        let mut plain = serde_json::to_vec(&head).ok()?;
        plain.push(b'\n');
        plain.extend_from_slice(&draft.body);
        let nonce: [u8; 24] = entropy::bytes(entropy);
        let cipher = XChaCha20Poly1305::new(&keys.draft_key(self).into());
        let payload = Payload { msg: &plain, aad: b"doorward draft" };
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`Seal::close`] made under the same seal; `None` for anything else.
    pub fn open(&self, sealed: &[u8], keys: &KeyRing) -> Option<Draft> {
        let (nonce, sealed) = sealed.split_first_chunk::<24>()?;
        let plain = keys.draft_keys(self).into_iter().find_map(|key| {
            let payload = Payload { msg: sealed, aad: b"doorward draft" };
            XChaCha20Poly1305::new(&key.into()).decrypt(&XNonce::from(*nonce), payload).ok()
        })?;
        let end = plain.iter().position(|byte| *byte == b'\n')?;
        let head: Head = serde_json::from_slice(plain.get(..end)?).ok()?;
        let body = Bytes::from(plain).split_off(end.saturating_add(1));
        Some(Draft { target: head.target, content_type: head.content_type, body })
    }
}

/// A sealed draft about to be kept.
#[derive(Clone, Debug)]
pub struct NewDraft {
    /// What its token hashes to.
    pub token: DraftHash,
    /// The host that it is of.
    pub host: HostName,
    /// Whose room it takes.
    pub client: String,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// How much room there is for drafts.
#[derive(Clone, Copy, Debug)]
pub struct DraftRoom {
    /// The most of one client.
    pub of_client: u32,
    /// The most bytes of all of them.
    pub bytes: u64,
    /// The most of all.
    pub in_all: u32,
}

impl Default for DraftRoom {
    fn default() -> Self {
        Self { of_client: 4, bytes: 64 << 20, in_all: 1024 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entropy::OsEntropy;
    use crate::domain::keys::ServerSecret;

    fn keys(byte: u8) -> KeyRing {
        KeyRing::derive(ServerSecret::new(vec![byte; 32]).unwrap(), None)
    }

    #[test]
    fn a_draft_opens_under_its_own_seal_alone() {
        let (keys, others) = (keys(1), keys(2));
        let (secret, token) = (DraftSecret::generate(&OsEntropy), DraftToken::generate(&OsEntropy));
        let host: HostName = "wiki.example.com".parse().unwrap();
        let seal = Seal { secret: &secret, token: &token, host: &host };
        let draft = Draft {
            target: "/save?x=1".parse().unwrap(),
            content_type: "multipart/form-data; boundary=\"a\\nb\"".to_owned(),
            body: Bytes::from_static(b"one\ntwo\0\xff"),
        };
        let sealed = seal.close(&draft, &keys, &OsEntropy).unwrap();
        assert_eq!(seal.open(&sealed, &keys), Some(draft));
        assert!(!sealed.windows(3).any(|bytes| bytes == b"two"));

        assert_eq!(seal.open(&sealed, &others), None, "another server");
        let strange = DraftSecret::generate(&OsEntropy);
        assert_eq!(Seal { secret: &strange, ..seal }.open(&sealed, &keys), None, "another browser");
        let other = DraftToken::generate(&OsEntropy);
        assert_eq!(Seal { token: &other, ..seal }.open(&sealed, &keys), None, "another draft");
        let elsewhere: HostName = "other.example.com".parse().unwrap();
        assert_eq!(Seal { host: &elsewhere, ..seal }.open(&sealed, &keys), None, "another host");
        let mut changed = sealed.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(seal.open(&changed, &keys), None, "changed");
        assert_eq!(seal.open(&sealed[..20], &keys), None, "cut short");
    }
}
