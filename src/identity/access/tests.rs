use super::*;
use crate::domain::account::Epoch;
use crate::domain::client::Client;
use crate::domain::entropy::OsEntropy;
use crate::domain::id::{AccountId, FamilyId, SessionId};
use crate::domain::secret::SessionToken;
use crate::domain::session::{Method, Methods};
use crate::identity::assertion::{Asserter, Subject};

const NOW: Timestamp = Timestamp::from_millis(1_795_203_045_678);
const AT: Audience<'_> = Audience { issuer: "https://a.example", site: "https://b.example" };

fn ring() -> Ring {
    let mut ring = Ring::default();
    for algorithm in [AssertionAlgorithm::EdDsa, AssertionAlgorithm::Es256] {
        let key = AssertionKey::generate(algorithm, &OsEntropy).unwrap();
        ring.add_assertion_key(key, NOW, NOW).unwrap();
    }
    ring
}

fn identity() -> Identity {
    let names = (&"ada".parse().unwrap(), &"ada@example.org".parse().unwrap());
    Identity::new(AccountId::generate(&OsEntropy, NOW), names, None, &[])
}

fn session(identity: &Identity) -> Session {
    let id = SessionId::generate(&OsEntropy, NOW);
    Session {
        id,
        family: FamilyId::begun_by(id),
        account: identity.account(),
        epoch: Epoch(0),
        host: "b.example".parse().unwrap(),
        methods: Methods::new([Method::Password, Method::MailCode]),
        authenticated_at: NOW,
        created_at: NOW,
        seen_at: NOW,
        expires_at: NOW + Duration::from_secs(1000),
        idle: Duration::from_secs(1000),
        remembered: false,
        client: Client { address: "192.0.2.1".parse().unwrap(), user_agent: "x".into() },
    }
}

fn issued(ring: &Ring, algorithm: AssertionAlgorithm) -> (String, SessionTokenHash) {
    let (identity, token) = (identity(), SessionToken::generate(&OsEntropy).hash());
    let session = session(&identity);
    let access = Access { session: &session, token: &token, identity: &identity, id: [3; 16] };
    let issuer = AccessIssuer { algorithm, lifetime: Duration::from_secs(900) };
    (issuer.issue(&access, AT, ring, NOW).unwrap().text, token)
}

fn after(secs: u64) -> Timestamp {
    NOW + Duration::from_secs(secs)
}

#[test]
fn an_access_token_finds_its_session_until_its_last_second() {
    for algorithm in [AssertionAlgorithm::EdDsa, AssertionAlgorithm::Es256] {
        let ring = ring();
        let (token, session) = issued(&ring, algorithm);
        for now in [NOW, after(899), NOW.before(Duration::from_secs(60))] {
            assert_eq!(look_at(&token, AT, &ring, now), Shown::Access(session));
        }
        for now in [after(900), after(100_000), NOW.before(Duration::from_secs(61))] {
            assert_eq!(look_at(&token, AT, &ring, now), Shown::Refused);
        }
    }
}

#[test]
fn s59_only_what_this_server_signed_for_this_site_is_an_access_token() {
    let ring = ring();
    let (token, _) = issued(&ring, AssertionAlgorithm::EdDsa);
    for other in [Audience { site: "https://c.example", ..AT }, Audience { issuer: "x", ..AT }] {
        assert_eq!(look_at(&token, other, &ring, NOW), Shown::Refused);
    }
    // Changed anywhere it opens nothing; changed where it names its key, it is not known for one of ours.
    for place in 0..token.len() {
        let mut forged: Vec<u8> = token.bytes().collect();
        forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        assert!(!matches!(look_at(&forged, AT, &ring, NOW), Shown::Access(_)), "byte {place}");
    }
    let header = |text: &str| {
        let (_, rest) = token.split_once('.').unwrap();
        format!("{}.{rest}", base64url(text.as_bytes()))
    };
    let kid = ring.signing_key(AssertionAlgorithm::EdDsa, NOW).unwrap().kid();
    let es256 = ring.signing_key(AssertionAlgorithm::Es256, NOW).unwrap().kid();
    for (forged, shown) in [
        (header(&format!(r#"{{"alg":"none","kid":"{kid}","typ":"at+jwt"}}"#)), Shown::Refused),
        (header(&format!(r#"{{"alg":"HS256","kid":"{kid}","typ":"at+jwt"}}"#)), Shown::Refused),
        (header(&format!(r#"{{"alg":"EdDSA","kid":"{es256}","typ":"at+jwt"}}"#)), Shown::Refused),
        (header(r#"{"alg":"none","typ":"at+jwt"}"#), Shown::Foreign),
        (header(r#"{"alg":"EdDSA","kid":"another","typ":"at+jwt"}"#), Shown::Foreign),
    ] {
        assert_eq!(look_at(&forged, AT, &ring, NOW), shown, "{forged}");
    }
    for foreign in ["", "x", "a.b", "a.b.c", "..", &"e".repeat(9999), "ghp_0123456789"] {
        assert_eq!(look_at(foreign, AT, &ring, NOW), Shown::Foreign, "{foreign}");
    }
    assert_eq!(look_at(&token, AT, &Ring::default(), NOW), Shown::Foreign, "another's key");
}

#[test]
fn an_assertion_is_no_access_token_and_an_access_token_no_assertion() {
    let ring = ring();
    let key = ring.signing_key(AssertionAlgorithm::EdDsa, NOW).unwrap();
    let identity = identity();
    let session = session(&identity);
    let asserter = Asserter {
        issuer: AT.issuer.into(),
        audience: AT.site.into(),
        algorithm: AssertionAlgorithm::EdDsa,
        lifetime: Duration::from_secs(120),
    };
    let subject = Subject {
        identity: &identity,
        session: session.id,
        methods: &session.methods,
        authenticated_at: NOW,
    };
    let assertion = asserter.assert(&subject, key, NOW).unwrap();
    assert_eq!(look_at(&assertion, AT, &ring, NOW), Shown::Foreign);
    // By type and by audience: a verifier that looks at one of them alone refuses it too.
    let (token, _) = issued(&ring, AssertionAlgorithm::EdDsa);
    let claims = token.split('.').nth(1).and_then(from_base64url).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["aud"], "https://b.example/_doorward/api");
}

#[test]
fn an_access_token_does_not_outlive_its_session() {
    let ring = ring();
    let (identity, token) = (identity(), SessionToken::generate(&OsEntropy).hash());
    let session = Session { expires_at: after(5), ..session(&identity) };
    let access = Access { session: &session, token: &token, identity: &identity, id: [3; 16] };
    let lifetime = Duration::from_secs(900);
    let issuer = AccessIssuer { algorithm: AssertionAlgorithm::EdDsa, lifetime };
    let made = issuer.issue(&access, AT, &ring, NOW).unwrap();
    assert_eq!(made.lifetime, Duration::from_secs(5));
    assert_eq!(look_at(&made.text, AT, &ring, after(5)), Shown::Refused);
}
