//! Keys that everybody knows: for vectors alone.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use doorward::domain::assertion::AssertionAlgorithm;
use doorward::domain::keys::IdentityKey;
use doorward::identity::key::AssertionKey;
use serde_json::{Value, json};

/// A key of Ed25519 that is published.
pub fn ed25519() -> AssertionKey {
    AssertionKey::from_private(AssertionAlgorithm::EdDsa, vec![1; 32].into()).unwrap()
}

/// Another, which waits to take its place.
pub fn ed25519_next() -> AssertionKey {
    AssertionKey::from_private(AssertionAlgorithm::EdDsa, vec![2; 32].into()).unwrap()
}

/// One that doorward never had.
pub fn strangers() -> AssertionKey {
    AssertionKey::from_private(AssertionAlgorithm::EdDsa, vec![9; 32].into()).unwrap()
}

/// The key of RFC 7515, appendix A.3.
pub fn p256() -> AssertionKey {
    AssertionKey::from_private(AssertionAlgorithm::Es256, p256_pkcs8().into()).unwrap()
}

/// The same as PKCS #8.
pub fn p256_pkcs8() -> Vec<u8> {
    let member = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
    let head = HEXLOWER
        .decode(b"308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420")
        .unwrap();
    let public = HEXLOWER.decode(b"a144034200").unwrap();
    [
        head,
        member("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"),
        public,
        vec![4],
        member("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
        member("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"),
    ]
    .concat()
}

/// What `jwks.json` says of those that are published.
pub fn jwks() -> Value {
    json!({ "keys": [ed25519().jwk(), ed25519_next().jwk(), p256().jwk()] })
}

/// A key that an app shares with doorward.
pub fn shared_key(which: &str) -> IdentityKey {
    let byte = match which {
        "current" => 0x11,
        "next" => 0x22,
        _ => 0x99,
    };
    IdentityKey::new(format!("{which}-key"), [byte; 32].into())
}

/// The same as the vectors give it to verifiers.
pub fn shared(which: &str) -> Value {
    let key = shared_key(which);
    json!({ "keyid": key.id(), "hex": HEXLOWER.encode(key.expose()) })
}
