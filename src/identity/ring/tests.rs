use super::*;
use crate::domain::entropy::OsEntropy;

const DAY: i64 = 1_795_203_045;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis((DAY + secs) * 1000)
}

fn new_key(algorithm: AssertionAlgorithm) -> AssertionKey {
    AssertionKey::generate(algorithm, &OsEntropy).unwrap()
}

fn ring_of(first: &str) -> (Ring, String) {
    let mut ring = Ring::default();
    let key = new_key(first.parse().unwrap());
    let kid = key.kid().to_owned();
    ring.add_assertion_key(key, at(0), at(0)).unwrap();
    (ring, kid)
}

fn signs(ring: &Ring, secs: i64) -> &str {
    ring.signing_key(AssertionAlgorithm::EdDsa, at(secs)).unwrap().kid()
}

fn published(ring: &Ring, secs: i64) -> Vec<String> {
    let jwks = ring.jwks(at(secs));
    let keys = jwks["keys"].as_array().unwrap();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_new_key_is_published_first_and_the_old_one_stays_until_its_last_word_is_over() {
    let (mut ring, old) = ring_of("EdDSA");
    let next = new_key(AssertionAlgorithm::EdDsa);
    let new = next.kid().to_owned();
    ring.add_assertion_key(next, at(1000), at(1000) + ASSERTION_OVERLAP).unwrap();
    for (secs, signing, keys) in [
        (1000, &old, 2),
        (1359, &old, 2),
        (1360, &new, 2),
        (1719, &new, 2),
        (1720, &new, 1),
        (99_999, &new, 1),
    ] {
        assert_eq!(signs(&ring, secs), signing, "{secs}");
        assert_eq!(published(&ring, secs).len(), keys, "{secs}");
        assert!(published(&ring, secs).contains(signing), "{secs}");
    }
    let waiting = ring.add_assertion_key(new_key(AssertionAlgorithm::EdDsa), at(1100), at(1200));
    assert_eq!(waiting.unwrap_err().kid, new, "one rotation at a time");
    ring.add_assertion_key(new_key(AssertionAlgorithm::EdDsa), at(1720), at(2000)).unwrap();
    assert!(!ring.to_json().contains(&old), "what is of no more use is gone from the file");
}

#[test]
fn keys_of_two_algorithms_do_not_replace_each_other() {
    let (mut ring, old) = ring_of("EdDSA");
    let other = new_key(AssertionAlgorithm::Es256);
    ring.add_assertion_key(other, at(10), at(10)).unwrap();
    assert_eq!(signs(&ring, 5000), old);
    assert_eq!(published(&ring, 5000).len(), 2);
    assert!(ring.signing_key(AssertionAlgorithm::Es256, at(9)).is_some(), "clocks differ");
    ring.revoke_assertion_keys();
    assert!(ring.signing_key(AssertionAlgorithm::Es256, at(5000)).is_none());
    assert_eq!(published(&ring, 5000).len(), 0, "a thief has those of both");
}

#[test]
fn a_key_that_waits_can_be_hurried_and_a_stolen_one_dropped() {
    let (mut ring, old) = ring_of("EdDSA");
    assert_eq!(ring.hurry_assertion_key(AssertionAlgorithm::EdDsa, at(1)), None);
    let next = new_key(AssertionAlgorithm::EdDsa);
    let new = next.kid().to_owned();
    ring.add_assertion_key(next, at(1), at(1000)).unwrap();
    assert_eq!(ring.hurry_assertion_key(AssertionAlgorithm::EdDsa, at(2)), Some(new.as_str()));
    assert_eq!(signs(&ring, 2), new);
    assert!(published(&ring, 2).contains(&old));
    ring.revoke_assertion_keys();
    assert_eq!(published(&ring, 2), Vec::<String>::new());
}

#[test]
fn a_shared_key_takes_the_place_of_the_derived_one_for_its_site_alone() {
    let (mut ring, _) = ring_of("EdDSA");
    let (wiki, other): (HostName, HostName) =
        ("wiki.example".parse().unwrap(), "other.example".parse().unwrap());
    let first = new_shared_key(&OsEntropy);
    ring.add_shared_key(&wiki, first.clone(), at(0), at(100)).unwrap();
    assert!(ring.signer(&wiki, at(99)).is_none());
    assert_eq!(ring.signer(&wiki, at(100)).unwrap().key().id(), first.id());
    assert!(ring.signer(&other, at(100)).is_none());
    let derived = |secs| ring.derived_state(&wiki, at(secs));
    assert_eq!(derived(99), KeyState::Signing);
    assert_eq!(derived(100), KeyState::Retiring);
    assert_eq!(derived(460), KeyState::Retired);
    assert_eq!(ring.derived_state(&other, at(460)), KeyState::Signing);

    let second = new_shared_key(&OsEntropy);
    ring.add_shared_key(&wiki, second.clone(), at(500), at(600)).unwrap();
    let states: Vec<_> = ring.shared_keys(&wiki, at(600)).map(|(_, state)| state).collect();
    assert_eq!(states, [KeyState::Retiring, KeyState::Signing]);
    ring.add_shared_key(&wiki, new_shared_key(&OsEntropy), at(5000), at(6000)).unwrap();
    assert_eq!(ring.signer(&wiki, at(5000)).unwrap().key().id(), second.id());
    assert!(!ring.to_json().contains(first.id()));
}

#[test]
fn a_ring_reads_back_as_it_was_written() {
    let (mut ring, _) = ring_of("ES256");
    ring.add_assertion_key(new_key(AssertionAlgorithm::EdDsa), at(1), at(2)).unwrap();
    let site = "wiki.example".parse().unwrap();
    ring.add_shared_key(&site, new_shared_key(&OsEntropy), at(3), at(4)).unwrap();
    let text = ring.to_json();
    let again = Ring::parse(&text).unwrap();
    assert_eq!(*again.to_json(), *text);
    assert_eq!(again.jwks(at(9)), ring.jwks(at(9)));
}

#[test]
fn what_is_no_ring_is_refused_with_its_reason() {
    let (ring, kid) = ring_of("EdDSA");
    let text = ring.to_json();
    let other = new_key(AssertionAlgorithm::EdDsa);
    // Somebody's editor has put the key where a number belongs.
    let swapped = text.replace(
        &format!("\"created\": {}", at(0).as_millis()),
        &format!("\"created\": \"{}\"", base64url(ring.assertion[0].key.expose())),
    );
    assert_ne!(swapped, *text);
    for (broken, reason) in [
        (String::new(), "not a key ring"),
        ("{}".into(), "not a key ring"),
        (text.replace("\"version\": 1", "\"version\": 2"), "of version 2"),
        (text.replace("\"hmac\"", "\"hmac2\""), "not a key ring"),
        (text.replace(&kid, other.kid()), "another than its name"),
        (text.replace("EdDSA", "ES256"), "is broken"),
        (text.replace("EdDSA", "none"), "not a key ring"),
        (text[..text.len() / 2].into(), "not a key ring"),
        (swapped, "not a key ring"),
    ] {
        let error = Ring::parse(&broken).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
        assert!(!error.contains(&base64url(ring.assertion[0].key.expose())), "{error}");
    }
    assert!(!format!("{ring:?}").contains(&base64url(ring.assertion[0].key.expose())));
}
