//! The keys that sign assertions, and their public halves as JWKs.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair as _, UnparsedPublicKey,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::domain::assertion::{AssertionAlgorithm, Signature};
use crate::domain::entropy::{self, Entropy};

/// A key pair. Its name (`kid`) is the thumbprint of its public half (RFC 7638), so that no two keys share one.
pub struct AssertionKey {
    kid: String,
    header: String,
    private: Zeroizing<Vec<u8>>,
    pair: Pair,
}

enum Pair {
    Ed25519(Box<Ed25519KeyPair>),
    P256(Box<EcdsaKeyPair>),
}

/// The bytes are no private key of their algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a private key for {0}")]
pub struct NotAKey(AssertionAlgorithm);

/// The key did not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key could not sign")]
pub struct CannotSign;

impl AssertionKey {
    /// A new key.
    pub fn generate(algorithm: AssertionAlgorithm, entropy: &dyn Entropy) -> Result<Self, NotAKey> {
        let private = match algorithm {
            AssertionAlgorithm::EdDsa => Zeroizing::new(entropy::bytes::<32>(entropy).to_vec()),
            AssertionAlgorithm::Es256 => {
                // ring makes these by its own hand, from the same generator of the operating system.
                let made = EcdsaKeyPair::generate_pkcs8(
                    &ECDSA_P256_SHA256_FIXED_SIGNING,
                    &SystemRandom::new(),
                );
                Zeroizing::new(made.map_err(|_| NotAKey(algorithm))?.as_ref().to_vec())
            }
        };
        Self::from_private(algorithm, private)
    }

    /// The key with this private half: the seed of Ed25519 (RFC 8032), or PKCS #8 for ES256.
    pub fn from_private(
        algorithm: AssertionAlgorithm,
        private: Zeroizing<Vec<u8>>,
    ) -> Result<Self, NotAKey> {
        let refused = |_| NotAKey(algorithm);
        let pair = match algorithm {
            AssertionAlgorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_seed_unchecked(&private);
                Pair::Ed25519(Box::new(pair.map_err(refused)?))
            }
            AssertionAlgorithm::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(
                    &ECDSA_P256_SHA256_FIXED_SIGNING,
                    &private,
                    &SystemRandom::new(),
                );
                Pair::P256(Box::new(pair.map_err(refused)?))
            }
        };
        let kid = thumbprint(&public_members(&pair));
        let header = json!({ "alg": algorithm.as_str(), "kid": kid, "typ": "JWT" });
        let header = BASE64URL_NOPAD.encode(header.to_string().as_bytes());
        Ok(Self { kid, header, private, pair })
    }

    /// Its name.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The header of a JWT that it signs, as it stands there.
    pub fn header(&self) -> &str {
        &self.header
    }

    /// How it signs.
    pub const fn algorithm(&self) -> AssertionAlgorithm {
        match self.pair {
            Pair::Ed25519(_) => AssertionAlgorithm::EdDsa,
            Pair::P256(_) => AssertionAlgorithm::Es256,
        }
    }

    /// The private half, for the key file alone.
    pub fn expose(&self) -> &[u8] {
        &self.private
    }

    /// Signs `message`, in the form that a JWS carries (RFC 7518 section 3.4, RFC 8037 section 3.1).
    pub fn sign(&self, message: &[u8]) -> Result<Signature, CannotSign> {
        let signed = match &self.pair {
            Pair::Ed25519(pair) => pair.sign(message),
            Pair::P256(pair) => pair.sign(&SystemRandom::new(), message).map_err(|_| CannotSign)?,
        };
        signed.as_ref().try_into().map_err(|_| CannotSign)
    }

    /// Whether `signature` is this key's over `message`.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match &self.pair {
            Pair::Ed25519(pair) => UnparsedPublicKey::new(&ED25519, pair.public_key().as_ref())
                .verify(message, signature),
            Pair::P256(pair) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref())
                    .verify(message, signature)
            }
        };
        verified.is_ok()
    }

    /// The public half (RFC 7517, RFC 8037 section 2).
    pub fn jwk(&self) -> Value {
        let mut jwk = public_members(&self.pair);
        if let Value::Object(members) = &mut jwk {
            members.insert("alg".into(), self.algorithm().as_str().into());
            members.insert("kid".into(), self.kid.as_str().into());
            members.insert("use".into(), "sig".into());
        }
        jwk
    }
}

impl fmt::Debug for AssertionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AssertionKey({} {})", self.algorithm(), self.kid)
    }
}

/// The members that make a key what it is.
fn public_members(pair: &Pair) -> Value {
    let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    match pair {
        Pair::Ed25519(pair) => {
            json!({ "crv": "Ed25519", "kty": "OKP", "x": text(pair.public_key().as_ref()) })
        }
        Pair::P256(pair) => {
            // An uncompressed point (SEC 1 section 2.3.3): 4, then the two coordinates.
            let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
            let (x, y) = point.split_at_checked(32).unwrap_or_default();
            json!({ "crv": "P-256", "kty": "EC", "x": text(x), "y": text(y) })
        }
    }
}

/// RFC 7638 section 3: over these members in the order of their names, without spaces.
fn thumbprint(members: &Value) -> String {
    BASE64URL_NOPAD.encode(&Sha256::digest(members.to_string().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entropy::OsEntropy;

    /// RFC 8037, appendix A.1 to A.4: key, thumbprint and signature.
    #[test]
    fn the_test_vectors_of_rfc_8037_come_out() {
        let seed = BASE64URL_NOPAD.decode(b"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let key = AssertionKey::from_private(AssertionAlgorithm::EdDsa, seed.into()).unwrap();
        assert_eq!(key.jwk()["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let signed = key.sign(b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc").unwrap();
        assert_eq!(
            BASE64URL_NOPAD.encode(&signed),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
    }

    #[test]
    fn a_key_comes_back_from_its_private_half_and_never_shows_it() {
        for algorithm in [AssertionAlgorithm::EdDsa, AssertionAlgorithm::Es256] {
            let key = AssertionKey::generate(algorithm, &OsEntropy).unwrap();
            let again =
                AssertionKey::from_private(algorithm, key.expose().to_vec().into()).unwrap();
            assert_eq!((again.kid(), again.algorithm()), (key.kid(), algorithm));
            assert_eq!(key.kid().len(), 43);
            assert_eq!(key.sign(b"x").unwrap().len(), 64);
            assert_eq!(format!("{key:?}"), format!("AssertionKey({algorithm} {})", key.kid()));
            assert!(!key.jwk().to_string().contains("\"d\""));
            assert!(AssertionKey::from_private(algorithm, vec![1; 31].into()).is_err());
        }
    }
}
