//! Assertions, good and forged.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use doorward::domain::account::Identity;
use doorward::domain::assertion::AssertionAlgorithm;
use doorward::domain::id::{AccountId, SessionId};
use doorward::domain::session::{Method, Methods};
use doorward::domain::time::Timestamp;
use doorward::identity::assertion::{Asserter, Subject};
use doorward::identity::key::AssertionKey;
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::keys;

const ISSUER: &str = "https://login.example.com";
const AUDIENCE: &str = "https://wiki.example.com";
const MADE: i64 = 1_795_203_045;
const LIFETIME: i64 = 120;

/// What doorward says of ada on the wiki.
fn asserted(key: &AssertionKey, full_name: Option<&str>) -> String {
    let id = AccountId::from_uuid(uuid::Uuid::from_u128(0x0193_5e5e_1843_7000_8000_00ad_a000_0001));
    let names = (&"ada".parse().unwrap(), &"ada@example.org".parse().unwrap());
    let full_name = full_name.map(|name| name.parse().unwrap());
    let groups = [&"admins", &"staff"].map(|name| name.parse().unwrap());
    let identity = Identity::new(id, names, full_name.as_ref(), &groups);
    let methods = Methods::new([Method::Password, Method::MailCode]);
    let subject = Subject {
        identity: &identity,
        session: SessionId::from_uuid(uuid::Uuid::from_u128(
            0x0193_5e5e_1843_7000_8000_0000_0000_5e55,
        )),
        methods: &methods,
        authenticated_at: Timestamp::from_millis((MADE - 600) * 1000),
    };
    let asserter = Asserter {
        issuer: ISSUER.into(),
        audience: AUDIENCE.into(),
        algorithm: key.algorithm(),
        lifetime: Duration::from_secs(LIFETIME.unsigned_abs()),
    };
    asserter.assert(&subject, key, Timestamp::from_millis(MADE * 1000)).unwrap()
}

fn claims_of(jwt: &str) -> Value {
    part(jwt, 1)
}

fn part(jwt: &str, place: usize) -> Value {
    let part = jwt.split('.').nth(place).unwrap();
    serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap()
}

/// A JWT of these parts, signed by whatever `sign` does.
fn jwt(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = BASE64URL_NOPAD.encode(&sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

fn hs256(secret: &[u8]) -> impl Fn(&[u8]) -> Vec<u8> {
    move |message| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
        mac.update(message);
        mac.finalize().into_bytes().to_vec()
    }
}

/// By the RustCrypto libraries behind `jsonwebtoken`, which sign the same each time (RFC 6979).
fn es256(header: &Value, claims: &Value) -> String {
    let mut made = jsonwebtoken::Header::new(Algorithm::ES256);
    made.kid = header["kid"].as_str().map(str::to_owned);
    let key = EncodingKey::from_ec_der(&keys::p256_pkcs8());
    jsonwebtoken::encode(&made, claims, &key).unwrap()
}

pub fn vectors() -> Vec<Value> {
    [good(), refused_for_what_they_say(), refused_for_how_they_are_signed()].concat()
}

fn vector(name: &str, now: i64, alg: &str, jwt: String, why: &str) -> Value {
    let valid = why.is_empty();
    json!({
        "name": name,
        "now": now,
        "expect": { "iss": ISSUER, "aud": AUDIENCE, "alg": alg },
        "claims": valid.then(|| claims_of(&jwt)),
        "jwt": jwt,
        "valid": valid,
        "why": why,
    })
}

fn good() -> Vec<Value> {
    let key = keys::ed25519();
    let made = asserted(&key, Some("Ada Lovelace"));
    let without_name = asserted(&key, None);
    let beyond_ascii = asserted(&key, Some("Åda Łovelace 🧮"));
    let by_next = asserted(&keys::ed25519_next(), Some("Ada Lovelace"));
    let header = json!({ "kid": keys::p256().kid() });
    let by_p256 = es256(&header, &claims_of(&made));
    vec![
        vector("just made", MADE, "EdDSA", made.clone(), ""),
        vector("in its last second", MADE + LIFETIME - 1, "EdDSA", made.clone(), ""),
        vector("the app's clock is 20 seconds behind", MADE - 20, "EdDSA", made, ""),
        vector("without a full name", MADE + 1, "EdDSA", without_name, ""),
        vector("a full name beyond ASCII", MADE + 1, "EdDSA", beyond_ascii, ""),
        vector("signed by the key that takes over", MADE + 1, "EdDSA", by_next, ""),
        vector("ES256, where the app expects it", MADE + 1, "ES256", by_p256, ""),
    ]
}

fn refused_for_what_they_say() -> Vec<Value> {
    let key = keys::ed25519();
    let made = asserted(&key, Some("Ada Lovelace"));
    let header = part(&made, 0);
    let claims = claims_of(&made);
    let saying = |member: &str, value: Value| {
        let mut claims = claims.clone();
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(member),
            value => claims.as_object_mut().unwrap().insert(member.into(), value),
        };
        jwt(&header, &claims, |message| key.sign(message).unwrap().to_vec())
    };
    let refused = |name: &str, jwt: String, why: &str| vector(name, MADE + 1, "EdDSA", jwt, why);
    vec![
        vector("expired", MADE + LIFETIME + 60, "EdDSA", made.clone(), "exp is past"),
        vector("not yet good", MADE - 120, "EdDSA", made.clone(), "nbf lies ahead"),
        refused(
            "for another site",
            saying("aud", json!("https://other.example.com")),
            "aud is another site",
        ),
        refused(
            "for a site whose name begins the same",
            saying("aud", json!("https://wiki.example.com.evil.example")),
            "aud is another site",
        ),
        refused("for nobody", saying("aud", Value::Null), "aud is missing"),
        refused(
            "by another issuer",
            saying("iss", json!("https://login.evil.example")),
            "iss is another",
        ),
        refused("by no issuer", saying("iss", Value::Null), "iss is missing"),
        refused("without an end", saying("exp", Value::Null), "exp is missing"),
        refused("with an end that is no number", saying("exp", json!("never")), "exp is no number"),
    ]
}

fn refused_for_how_they_are_signed() -> Vec<Value> {
    let key = keys::ed25519();
    let made = asserted(&key, Some("Ada Lovelace"));
    let (header, claims) = (part(&made, 0), claims_of(&made));
    let by = |key: &AssertionKey, header: Value| {
        jwt(&header, &claims, |message| key.sign(message).unwrap().to_vec())
    };
    let with = |changes: Value| {
        let mut header = header.clone();
        header.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        header
    };
    let none = |alg: &str| jwt(&with(json!({ "alg": alg })), &claims, |_| Vec::new());
    let hs = with(json!({ "alg": "HS256" }));
    let public = BASE64URL_NOPAD.decode(key.jwk()["x"].as_str().unwrap().as_bytes()).unwrap();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        data_encoding::BASE64.encode(
            &[
                &data_encoding::HEXLOWER.decode(b"302a300506032b6570032100").unwrap(),
                public.as_slice()
            ]
            .concat()
        )
    );
    let mut root = claims.clone();
    root["preferred_username"] = json!("root");
    let parts: Vec<&str> = made.split('.').collect();
    let forged = BASE64URL_NOPAD.encode(root.to_string().as_bytes());
    let swapped = format!("{}.{forged}.{}", parts[0], parts[2]);
    let stripped = format!("{}.{}.", parts[0], parts[1]);
    let cut = made[..made.len() - 8].to_owned();
    let strangers = keys::strangers();
    let unknown = with(json!({ "kid": strangers.kid() }));
    let brought = with(json!({ "kid": strangers.kid(), "jwk": strangers.jwk() }));
    let brought_for_ours = with(json!({ "jwk": strangers.jwk() }));
    let fetched = with(json!({ "kid": strangers.kid(), "jku": "https://evil.example/jwks.json" }));
    let path = with(json!({ "kid": "../../../../dev/null" }));
    let mut nameless = header.clone();
    nameless.as_object_mut().unwrap().remove("kid");
    let critical = with(json!({ "crit": ["exp2"], "exp2": 1 }));
    let p256 = keys::p256();
    let es_header = json!({ "kid": p256.kid() });
    let es_under_ed = es256(&es_header, &claims);
    let ed_named_es = by(&key, with(json!({ "alg": "ES256" })));
    let ed_by_p256_kid = by(&key, with(json!({ "kid": p256.kid() })));
    let refused = |name: &str, jwt: String, why: &str| vector(name, MADE + 1, "EdDSA", jwt, why);
    vec![
        refused("altered claims", swapped, "the signature does not fit"),
        refused("no signature", stripped, "the signature is missing"),
        refused("a cut signature", cut, "the signature is too short"),
        refused("alg none", none("none"), "the algorithm is not EdDSA"),
        refused("alg None", none("None"), "the algorithm is not EdDSA"),
        refused(
            "alg HS256 with the public key's bytes",
            jwt(&hs, &claims, hs256(&public)),
            "the algorithm is not EdDSA",
        ),
        refused(
            "alg HS256 with the public key as PEM",
            jwt(&hs, &claims, hs256(pem.as_bytes())),
            "the algorithm is not EdDSA",
        ),
        refused(
            "alg HS256 with the public key's x",
            jwt(&hs, &claims, hs256(key.jwk()["x"].as_str().unwrap().as_bytes())),
            "the algorithm is not EdDSA",
        ),
        refused(
            "ES256 under EdDSA",
            es_under_ed,
            "the algorithm is not EdDSA, though the key is published",
        ),
        refused("EdDSA that calls itself ES256", ed_named_es, "the algorithm is not EdDSA"),
        refused(
            "EdDSA under the name of the ES256 key",
            ed_by_p256_kid,
            "the key of that kid is of another kind",
        ),
        refused("an unknown kid", by(&strangers, unknown), "the kid is not published"),
        refused(
            "a stranger's key under our kid",
            by(&strangers, header.clone()),
            "the signature does not fit",
        ),
        refused("a key that it brings itself", by(&strangers, brought), "the kid is not published"),
        refused(
            "a key that it brings itself, under our kid",
            by(&strangers, brought_for_ours),
            "the signature does not fit",
        ),
        refused(
            "a key to be fetched from elsewhere",
            by(&strangers, fetched),
            "the kid is not published",
        ),
        refused(
            "a kid that is a path",
            jwt(&path, &claims, hs256(b"")),
            "the kid is not published",
        ),
        refused("no kid", by(&strangers, nameless), "the kid is missing"),
        refused(
            "a critical extension",
            by(&key, critical),
            "crit names what nobody knows (RFC 7515 section 4.1.11)",
        ),
        refused("not a JWT", "ada".into(), "it has not three parts"),
        refused("nothing", String::new(), "it has not three parts"),
        vector(
            "EdDSA where the app expects ES256",
            MADE + 1,
            "ES256",
            made.clone(),
            "the algorithm is not ES256, though the key is published",
        ),
    ]
}

/// As an app would with `jsonwebtoken`, which knows nothing of doorward. Its clock is the machine's, so the times are
/// looked at here.
fn taken(vector: &Value) -> Result<Value, String> {
    let jwt = vector["jwt"].as_str().unwrap();
    let algorithm = match vector["expect"]["alg"].as_str().unwrap() {
        "ES256" => Algorithm::ES256,
        _ => Algorithm::EdDSA,
    };
    let published: JwkSet = serde_json::from_value(keys::jwks()).unwrap();
    let header = jsonwebtoken::decode_header(jwt).map_err(|error| error.to_string())?;
    let kid = header.kid.ok_or("no kid")?;
    let jwk = published.find(&kid).ok_or("an unknown kid")?;
    let key = DecodingKey::from_jwk(jwk).map_err(|error| error.to_string())?;
    let mut rules = Validation::new(algorithm);
    rules.set_audience(&[AUDIENCE]);
    rules.set_issuer(&[ISSUER]);
    rules.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    rules.validate_exp = false;
    rules.validate_nbf = false;
    let decoded = jsonwebtoken::decode::<Value>(jwt, &key, &rules);
    let claims = decoded.map_err(|error| error.to_string())?.claims;
    if part(jwt, 0).get("crit").is_some() {
        return Err("a critical extension".into());
    }
    let now = vector["now"].as_i64().unwrap();
    let end = claims["exp"].as_i64().ok_or("an end that is no number")?;
    let begin = claims["nbf"].as_i64().ok_or("a beginning that is no number")?;
    if now >= end + 30 || now < begin - 30 {
        return Err("out of its time".into());
    }
    Ok(claims)
}

#[test]
fn jsonwebtoken_takes_the_good_assertions_and_no_other() {
    let kept = crate::vectors();
    let vectors = kept["assertion"].as_array().unwrap();
    assert!(vectors.len() > 30);
    for vector in vectors {
        let name = &vector["name"];
        match taken(vector) {
            Ok(claims) => {
                assert_eq!(vector["valid"], true, "{name} was taken");
                assert_eq!(claims, vector["claims"], "{name}");
            }
            Err(why) => assert_eq!(vector["valid"], false, "{name} was refused: {why}"),
        }
    }
}

#[test]
fn doorwards_own_es256_is_taken_too() {
    let jwt = asserted(&keys::p256(), Some("Ada Lovelace"));
    let asked = vector("by ring", MADE, AssertionAlgorithm::Es256.as_str(), jwt, "");
    assert_eq!(taken(&asked).unwrap(), asked["claims"]);
}
