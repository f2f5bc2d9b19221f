//! The key ring: which key signs at an instant, and which ones are still published.
//!
//! What a key does follows from instants alone. A new key is published at once and signs from a later instant on; the
//! one before goes on until then, and stays published until the last that it signed has expired. So nobody has to act
//! at the instant of the change, and all who read the same ring agree on it.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::key::{AssertionKey, NotAKey};
use super::signature::Signer;
use crate::domain::assertion::AssertionAlgorithm;
use crate::domain::entropy::{self, Entropy};
use crate::domain::host::HostName;
use crate::domain::keys::IdentityKey;
use crate::domain::secret::base64url;
use crate::domain::time::Timestamp;

/// How long apps may keep the published keys (`max-age` of `jwks.json`).
pub const PUBLISHED_FOR: Duration = Duration::from_secs(300);
/// How long a new assertion key is published before it signs: until nobody keeps a list without it, and a minute for
/// clocks that differ.
pub const ASSERTION_OVERLAP: Duration = PUBLISHED_FOR.saturating_add(Duration::from_secs(60));
/// How long a key that signs no more is still good: the longest life of an assertion, and a minute.
pub const GOOD_AFTER: Duration = Duration::from_secs(360);

/// Every key that signs identity, besides those that are derived from the server secret.
#[derive(Debug, Default)]
pub struct Ring {
    assertion: Vec<Dated<AssertionKey>>,
    shared: Vec<SharedKey>,
}

/// A key and its instants.
#[derive(Debug)]
pub struct Dated<K> {
    /// The key.
    pub key: K,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it signs.
    pub signs_from: Timestamp,
}

/// A key that a site's app shares, in place of the one that is derived from the server secret.
#[derive(Debug)]
pub struct SharedKey {
    /// The site.
    pub site: HostName,
    /// What signs with it.
    pub signer: Dated<Signer>,
}

/// What a key does at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It is published and does not sign yet.
    Next,
    /// It signs.
    Signing,
    /// It signs no more; what it signed may still be under way.
    Retiring,
    /// Nothing that it signed is good any more.
    Retired,
}

impl KeyState {
    /// The state as people read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Signing => "signing",
            Self::Retiring => "retiring",
            Self::Retired => "retired",
        }
    }
}

/// Why a text is no key ring.
#[derive(Debug, thiserror::Error)]
pub enum NotARing {
    /// It is not JSON of this form.
    #[error(
        "it is not a key ring of doorward's: line {line}, column {column} cannot be understood"
    )]
    Form {
        /// Where; what stands there may be a key, and is not told (S12).
        line: usize,
        /// The same.
        column: usize,
    },
    /// A later doorward wrote it.
    #[error("it is of version {0}, which this doorward does not know")]
    Version(u32),
    /// A key in it is none.
    #[error("the key {kid} in it is broken: {cause}")]
    Key {
        /// The key.
        kid: String,
        /// Why.
        cause: NotAKey,
    },
    /// A key's name is not that of the key.
    #[error("the key {kid} in it is another than its name says")]
    Misnamed {
        /// The name.
        kid: String,
    },
    /// A shared key in it is none.
    #[error("the key {0} in it is not 32 bytes in base64url")]
    Shared(String),
}

impl From<serde_json::Error> for NotARing {
    fn from(error: serde_json::Error) -> Self {
        Self::Form { line: error.line(), column: error.column() }
    }
}

/// The ring has no key of the algorithm that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it has no key for {0}")]
pub struct NoKeyFor(AssertionAlgorithm);

/// A key waits for its time already.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the key {kid} waits already, and signs from {signs_from} on")]
pub struct AlreadyWaiting {
    /// Its name.
    pub kid: String,
    /// Its time.
    pub signs_from: Timestamp,
}

impl Ring {
    /// The ring that [`Ring::to_json`] wrote.
    pub fn parse(text: &str) -> Result<Self, NotARing> {
        let Version { version } = serde_json::from_str(text)?;
        if version != VERSION {
            return Err(NotARing::Version(version));
        }
        let written: Written = serde_json::from_str(text)?;
        let mut assertion = Vec::with_capacity(written.assertion.len());
        for key in written.assertion {
            assertion.push(key.read()?);
        }
        let mut shared = Vec::with_capacity(written.hmac.len());
        for key in written.hmac {
            shared.push(key.read()?);
        }
        Ok(Self { assertion, shared })
    }

    /// The ring as text, private keys included.
    pub fn to_json(&self) -> Zeroizing<String> {
        let assertion = self.assertion.iter().map(WrittenKey::of).collect();
        let hmac = self.shared.iter().map(WrittenShared::of).collect();
        let written = Written { version: VERSION, assertion, hmac };
        Zeroizing::new(serde_json::to_string_pretty(&written).unwrap_or_default())
    }

    /// The key that signs assertions at `now`: of those whose time has come, the latest. Where none has come, because
    /// another's clock made them, it is the first.
    pub fn signing_key(
        &self,
        algorithm: AssertionAlgorithm,
        now: Timestamp,
    ) -> Option<&AssertionKey> {
        let of_kind = || self.assertion.iter().filter(|dated| dated.key.algorithm() == algorithm);
        let due = latest(of_kind(), now);
        due.or_else(|| of_kind().min_by_key(|dated| dated.signs_from)).map(|dated| &dated.key)
    }

    /// The ring, if it has a key of `algorithm`: without one nothing could be asserted.
    pub fn with_key_for(self, algorithm: AssertionAlgorithm) -> Result<Self, NoKeyFor> {
        let any = self.assertion.iter().any(|dated| dated.key.algorithm() == algorithm);
        if any { Ok(self) } else { Err(NoKeyFor(algorithm)) }
    }

    /// What signs the requests to `site` at `now`, unless it is still the key of the server secret.
    pub fn signer(&self, site: &HostName, now: Timestamp) -> Option<&Signer> {
        if self.shared.is_empty() {
            return None;
        }
        latest(self.shared_of(site), now).map(|dated| &dated.key)
    }

    /// The assertion keys with what each does at `now`, in the order in which they were made.
    pub fn assertion_keys(
        &self,
        now: Timestamp,
    ) -> impl Iterator<Item = (&Dated<AssertionKey>, KeyState)> {
        self.assertion.iter().map(move |dated| {
            let same = self.assertion.iter().filter(|k| k.key.algorithm() == dated.key.algorithm());
            (dated, state(dated.signs_from, same.map(|k| k.signs_from), now))
        })
    }

    /// The shared keys of `site` with what each does at `now`.
    pub fn shared_keys(
        &self,
        site: &HostName,
        now: Timestamp,
    ) -> impl Iterator<Item = (&Dated<Signer>, KeyState)> {
        let same = move || self.shared_of(site).map(|dated| dated.signs_from);
        self.shared_of(site).map(move |dated| (dated, state(dated.signs_from, same(), now)))
    }

    /// What the key of the server secret does for `site` at `now`: it signs until another takes its place.
    pub fn derived_state(&self, site: &HostName, now: Timestamp) -> KeyState {
        let always = Timestamp::from_millis(i64::MIN);
        state(always, self.shared_of(site).map(|dated| dated.signs_from), now)
    }

    /// The public keys at `now` (RFC 7517 section 5): those that wait, that sign, and whose last word may still be
    /// under way.
    pub fn jwks(&self, now: Timestamp) -> Value {
        let keys: Vec<Value> = self
            .assertion_keys(now)
            .filter(|(_, state)| *state != KeyState::Retired)
            .map(|(dated, _)| dated.key.jwk())
            .collect();
        json!({ "keys": keys })
    }

    /// Takes in a new assertion key that signs from `signs_from` on.
    pub fn add_assertion_key(
        &mut self,
        key: AssertionKey,
        now: Timestamp,
        signs_from: Timestamp,
    ) -> Result<(), AlreadyWaiting> {
        let algorithm = key.algorithm();
        let waits = |dated: &&Dated<AssertionKey>| {
            dated.key.algorithm() == algorithm && dated.signs_from > now
        };
        if let Some(dated) = self.assertion.iter().find(waits) {
            return Err(AlreadyWaiting {
                kid: dated.key.kid().to_owned(),
                signs_from: dated.signs_from,
            });
        }
        self.drop_retired(now);
        self.assertion.push(Dated { key, created: now, signs_from });
        Ok(())
    }

    /// Takes in a new shared key of `site` that signs from `signs_from` on.
    pub fn add_shared_key(
        &mut self,
        site: &HostName,
        key: IdentityKey,
        now: Timestamp,
        signs_from: Timestamp,
    ) -> Result<(), AlreadyWaiting> {
        if let Some(dated) = self.shared_of(site).find(|dated| dated.signs_from > now) {
            return Err(AlreadyWaiting {
                kid: dated.key.key().id().to_owned(),
                signs_from: dated.signs_from,
            });
        }
        self.drop_retired(now);
        let signer = Dated { key: Signer::new(key), created: now, signs_from };
        self.shared.push(SharedKey { site: site.clone(), signer });
        Ok(())
    }

    /// Has the assertion key that waits sign from `now` on; gives its name if there is one.
    pub fn hurry_assertion_key(
        &mut self,
        algorithm: AssertionAlgorithm,
        now: Timestamp,
    ) -> Option<&str> {
        let waits = |dated: &&mut Dated<AssertionKey>| {
            dated.key.algorithm() == algorithm && dated.signs_from > now
        };
        let dated = self.assertion.iter_mut().find(waits)?;
        dated.signs_from = now;
        Some(dated.key.kid())
    }

    /// The same for a shared key of `site`.
    pub fn hurry_shared_key(&mut self, site: &HostName, now: Timestamp) -> Option<&str> {
        let waits =
            |shared: &&mut SharedKey| shared.site == *site && shared.signer.signs_from > now;
        let shared = self.shared.iter_mut().find(waits)?;
        shared.signer.signs_from = now;
        Some(shared.signer.key.key().id())
    }

    /// Takes out every assertion key, because somebody else has them: also those of an algorithm that is no longer in
    /// use, which are published all the same.
    pub fn revoke_assertion_keys(&mut self) {
        self.assertion.clear();
    }

    /// Whether it holds keys that apps share.
    pub fn has_shared_keys(&self) -> bool {
        !self.shared.is_empty()
    }

    fn shared_of<'a>(&'a self, site: &HostName) -> impl Iterator<Item = &'a Dated<Signer>> {
        self.shared.iter().filter(move |shared| shared.site == *site).map(|shared| &shared.signer)
    }

    /// Forgets what is of no more use. The last key of a site stays, though: without it the one of the server secret
    /// would sign again.
    fn drop_retired(&mut self, now: Timestamp) {
        let retired: Vec<String> = self
            .assertion_keys(now)
            .filter(|(_, state)| *state == KeyState::Retired)
            .map(|(dated, _)| dated.key.kid().to_owned())
            .collect();
        self.assertion.retain(|dated| !retired.iter().any(|kid| kid == dated.key.kid()));
        let sites: Vec<HostName> = self.shared.iter().map(|shared| shared.site.clone()).collect();
        let retired: Vec<String> = sites
            .iter()
            .flat_map(|site| self.shared_keys(site, now))
            .filter(|(_, state)| *state == KeyState::Retired)
            .map(|(dated, _)| dated.key.key().id().to_owned())
            .collect();
        self.shared.retain(|shared| !retired.iter().any(|id| id == shared.signer.key.key().id()));
    }
}

/// Of the keys whose time has come, the one whose time came last; of two, the one that was added later.
fn latest<'a, K>(keys: impl Iterator<Item = &'a Dated<K>>, now: Timestamp) -> Option<&'a Dated<K>> {
    keys.filter(|dated| dated.signs_from <= now).max_by_key(|dated| dated.signs_from)
}

fn state(signs_from: Timestamp, all: impl Iterator<Item = Timestamp>, now: Timestamp) -> KeyState {
    if signs_from > now {
        return KeyState::Next;
    }
    let followed = all.filter(|other| *other > signs_from && *other <= now).min();
    match followed {
        None => KeyState::Signing,
        Some(since) if now < since + GOOD_AFTER => KeyState::Retiring,
        Some(_) => KeyState::Retired,
    }
}

/// A new key for a site's app to share.
pub fn new_shared_key(entropy: &dyn Entropy) -> IdentityKey {
    let id = base64url(&entropy::bytes::<9>(entropy));
    IdentityKey::new(id, Zeroizing::new(entropy::bytes::<32>(entropy)))
}

const VERSION: u32 = 1;

/// What is read before all else, so that a later form is not taken for a broken one.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    assertion: Vec<WrittenKey>,
    hmac: Vec<WrittenShared>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenKey {
    kid: String,
    algorithm: AssertionAlgorithm,
    created: Timestamp,
    signs_from: Timestamp,
    private: SecretText,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenShared {
    site: HostName,
    keyid: String,
    created: Timestamp,
    signs_from: Timestamp,
    key: SecretText,
}

/// A key as text, zeroed once it is read or written.
#[derive(Serialize, Deserialize, ZeroizeOnDrop)]
#[serde(transparent)]
struct SecretText(String);

impl WrittenKey {
    fn of(dated: &Dated<AssertionKey>) -> Self {
        Self {
            kid: dated.key.kid().to_owned(),
            algorithm: dated.key.algorithm(),
            created: dated.created,
            signs_from: dated.signs_from,
            private: SecretText(base64url(dated.key.expose())),
        }
    }

    fn read(self) -> Result<Dated<AssertionKey>, NotARing> {
        let private = BASE64URL_NOPAD.decode(self.private.0.as_bytes()).unwrap_or_default();
        let key = AssertionKey::from_private(self.algorithm, Zeroizing::new(private));
        let key = key.map_err(|cause| NotARing::Key { kid: self.kid.clone(), cause })?;
        if key.kid() != self.kid {
            return Err(NotARing::Misnamed { kid: self.kid });
        }
        Ok(Dated { key, created: self.created, signs_from: self.signs_from })
    }
}

impl WrittenShared {
    fn of(shared: &SharedKey) -> Self {
        let key = shared.signer.key.key();
        Self {
            site: shared.site.clone(),
            keyid: key.id().to_owned(),
            created: shared.signer.created,
            signs_from: shared.signer.signs_from,
            key: SecretText(base64url(key.expose())),
        }
    }

    fn read(self) -> Result<SharedKey, NotARing> {
        let key = BASE64URL_NOPAD.decode(self.key.0.as_bytes()).map(Zeroizing::new);
        let key = key.ok().and_then(|key| <[u8; 32]>::try_from(key.as_slice()).ok());
        let is_name = !self.keyid.is_empty()
            && self.keyid.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        let (Some(key), true) = (key, is_name) else { return Err(NotARing::Shared(self.keyid)) };
        let signer = Signer::new(IdentityKey::new(self.keyid, Zeroizing::new(key)));
        let signer = Dated { key: signer, created: self.created, signs_from: self.signs_from };
        Ok(SharedKey { site: self.site, signer })
    }
}

#[cfg(test)]
mod tests;
