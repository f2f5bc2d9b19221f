//! The vectors that every verifier under `examples/verifiers` is held against: made here, with keys and instants that
//! are always the same, and checked here against doorward's own code and against libraries of others.
//!
//! `DOORWARD_WRITE_VECTORS=1 cargo test --test vectors` writes them anew; without it they must be what is in the
//! repository.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on says so by panicking"
)]

mod assertions;
mod keys;
mod signatures;

use std::path::PathBuf;

use serde_json::{Value, json};

const ABOUT: &str = "Made by tests/vectors of doorward; do not edit. The rules that a verifier keeps: the algorithm is \
     the one that `expect.alg` names, never the one that the header names; the key is found by `kid` (`keyid`) alone; \
     clocks may differ by 30 seconds; header values stand on the wire in UTF-8; each signature vector meets an empty memory of nonces, unless `replay_of` names the \
     one that came before it.";

fn vectors() -> Value {
    json!({
        "about": ABOUT,
        "keys": keys::jwks(),
        "hmac": keys::shared("current"),
        "hmac_next": keys::shared("next"),
        "assertion": assertions::vectors(),
        "signature": signatures::vectors(),
    })
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/verifiers/vectors/doorward.json")
}

#[test]
fn the_vectors_in_the_repository_are_what_doorward_makes() {
    let made = vectors();
    if std::env::var("DOORWARD_WRITE_VECTORS").is_ok() {
        let text = serde_json::to_string_pretty(&made).unwrap();
        std::fs::create_dir_all(file().parent().unwrap()).unwrap();
        std::fs::write(file(), format!("{text}\n")).unwrap();
    }
    let text = std::fs::read_to_string(file()).expect("the vectors are in the repository");
    let kept: Value = serde_json::from_str(&text).expect("JSON");
    for (section, made) in made.as_object().unwrap() {
        assert_eq!(&kept[section], made, "{section} has changed");
    }
}
