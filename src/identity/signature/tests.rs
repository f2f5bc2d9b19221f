use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderName, Request};
use httpsig_hyper::MessageSignatureReq;
use httpsig_hyper::prelude::SharedKey;
use proptest::prelude::*;
use sha2::Sha256;

use super::*;
use crate::domain::keys::{KeyRing, ServerSecret};
use crate::domain::time::{Clock, SystemClock};

fn signer(host: &str) -> Signer {
    let ring = KeyRing::derive(ServerSecret::new(vec![7; 32]).unwrap(), None);
    Signer::new(ring.identity_keys(&host.parse().unwrap()).remove(0))
}

const NOW: Timestamp = Timestamp::from_millis(1_795_203_045_678);
const NONCE: [u8; 16] = *b"0123456789abcdef";

/// A request as a test writes it down.
#[derive(Clone, Debug)]
struct Ask {
    method: Method,
    authority: String,
    path: String,
    query: Option<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Ask {
    fn page() -> Self {
        Self {
            method: Method::GET,
            authority: "wiki.example.com".into(),
            path: "/a%20b/c".into(),
            query: Some("x=1&y=%2f".into()),
            headers: vec![header("remote-user", "ada"), header("remote-email", "ada@example.org")],
        }
    }

    fn with<T>(&self, run: impl FnOnce(&SignedParts<'_>) -> T) -> T {
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| Some((name, value))).collect();
        run(&SignedParts {
            method: &self.method,
            authority: &self.authority,
            path: &self.path,
            query: self.query.as_deref(),
            headers: &headers,
        })
    }

    fn signed(&self) -> SignatureHeaders {
        self.with(|parts| signer("wiki.example.com").sign(parts, NOW, NONCE).unwrap())
    }

    fn verified(&self, carried: &SignatureHeaders, now: Timestamp) -> Result<(), Refusal> {
        self.with(|parts| signer("wiki.example.com").verify(parts, carried, now))
    }
}

fn header(name: &'static str, value: &str) -> (HeaderName, HeaderValue) {
    (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap())
}

#[test]
fn a_signature_is_written_as_rfc_9421_has_it() {
    let carried = Ask::page().signed();
    let key = signer("wiki.example.com").key;
    let params = format!(
        "(\"@method\" \"@authority\" \"@path\" \"@query\" \"remote-user\" \"remote-email\")\
         ;created=1795203045;expires=1795203105;nonce=\"MDEyMzQ1Njc4OWFiY2RlZg\"\
         ;alg=\"hmac-sha256\";keyid=\"{}\"",
        key.id()
    );
    let base = format!(
        "\"@method\": GET\n\"@authority\": wiki.example.com\n\"@path\": /a%20b/c\n\
         \"@query\": ?x=1&y=%2f\n\"remote-user\": ada\n\"remote-email\": ada@example.org\n\
         \"@signature-params\": {params}"
    );
    let mac = BASE64.encode(&key.mac().mac_of_message(base.as_bytes()));
    assert_eq!(carried.input, format!("doorward={params}"));
    assert_eq!(carried.signature, format!("doorward=:{mac}:"));
}

/// RFC 9421, appendix B.2.5 with the key of B.1.5.
#[test]
fn the_test_vector_of_the_rfc_comes_out() {
    let key =
        "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";
    let mut base = String::new();
    let (date, of) = header("date", "Tue, 20 Apr 2021 02:07:55 GMT");
    push_field(&mut base, date.as_str(), &of);
    push_derived(&mut base, "\"@authority\": ", "example.com").unwrap();
    let (content_type, json) = header("content-type", " application/json ");
    push_field(&mut base, content_type.as_str(), &json);
    let covered =
        r#"("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret""#;
    push_params(&mut base, covered);
    let mut mac = Hmac::<Sha256>::new_from_slice(&BASE64.decode(key.as_bytes()).unwrap()).unwrap();
    mac.update(base.as_bytes());
    let mac = BASE64.encode(&mac.finalize().into_bytes());
    assert_eq!(mac, "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=");
}

#[test]
fn a_missing_path_or_query_is_signed_as_the_rfc_says() {
    let bare = Ask { path: String::new(), query: None, headers: Vec::new(), ..Ask::page() };
    let base = bare.with(|parts| signature_base(parts, "()").unwrap());
    let wanted = "\"@method\": GET\n\"@authority\": wiki.example.com\n\"@path\": /\n\"@query\": ?\n\
                  \"@signature-params\": ()";
    assert_eq!(base, wanted);
}

#[test]
fn a_full_name_beyond_ascii_is_covered_in_its_binary_form() {
    let ask = Ask { headers: vec![header("remote-name", "Åda")], ..Ask::page() };
    let carried = ask.signed();
    assert!(carried.input.to_str().unwrap().contains(" \"remote-name\";bs);created="));
    let base = ask.with(|parts| signature_base(parts, "()").unwrap());
    let line = format!("\"remote-name\";bs: :{}:\n", BASE64.encode("Åda".as_bytes()));
    assert!(base.contains(&line), "{base}");
    assert!(base.is_ascii());
    assert_eq!(ask.verified(&carried, NOW), Ok(()));
}

#[test]
fn what_would_begin_a_line_of_its_own_is_not_signed() {
    for bad in ["/a\n\"remote-user\": root", "/a b", "/a\r", "/å", "/a\0"] {
        let ask = Ask { path: bad.into(), ..Ask::page() };
        let signed = ask.with(|parts| signer("wiki.example.com").sign(parts, NOW, NONCE));
        assert_eq!(signed, Err(CannotSign("path")), "{bad:?}");
    }
    let ask = Ask { authority: "a.example\n".into(), ..Ask::page() };
    let signed = ask.with(|parts| signer("wiki.example.com").sign(parts, NOW, NONCE));
    assert_eq!(signed, Err(CannotSign("authority")));
}

#[test]
fn strings_are_escaped_as_structured_fields_want_it() {
    let mut text = String::new();
    push_sf_string(&mut text, r#"a"b\c"#);
    assert_eq!(text, r#""a\"b\\c""#);
}

#[test]
fn a_signature_holds_for_its_minute() {
    let carried = Ask::page().signed();
    let at = |secs: i64| Timestamp::from_millis((NOW.as_secs() + secs) * 1000);
    for (secs, outcome) in [
        (-6, Err(Refusal::TooEarly)),
        (-5, Ok(())),
        (0, Ok(())),
        (59, Ok(())),
        (60, Err(Refusal::Expired)),
    ] {
        assert_eq!(Ask::page().verified(&carried, at(secs)), outcome, "{secs} s later");
    }
}

#[test]
fn a_signature_for_one_site_is_nothing_on_another() {
    let carried = Ask::page().signed();
    let elsewhere = signer("other.example.com");
    let outcome = Ask::page().with(|parts| elsewhere.verify(parts, &carried, NOW));
    assert_eq!(outcome, Err(Refusal::OtherKey));
}

#[test]
fn nothing_but_doorwards_own_form_is_taken() {
    let good = Ask::page().signed();
    let input = good.input.to_str().unwrap();
    for (from, to) in [
        ("hmac-sha256", "ed25519"),
        (" \"@query\"", ""),
        (" \"remote-email\"", ""),
        ("expires=1795203105", "expires=1895203105"),
        (";nonce=\"MDEyMzQ1Njc4OWFiY2RlZg\"", ""),
        ("doorward=", "other=\"x\", doorward="),
        ("created=1795203045", "created=x"),
    ] {
        let input = HeaderValue::from_str(&input.replace(from, to)).unwrap();
        let changed = SignatureHeaders { input, signature: good.signature.clone() };
        let outcome = Ask::page().verified(&changed, NOW);
        assert!(matches!(outcome, Err(Refusal::NotOurs | Refusal::OtherKey)), "{from} → {to}");
    }
    for signature in ["", "doorward=::", "doorward=:AAAA:", "other=:AAAA:", "doorward=:*:"] {
        let signature = HeaderValue::from_str(signature).unwrap();
        let changed = SignatureHeaders { signature, ..good.clone() };
        assert!(Ask::page().verified(&changed, NOW).is_err());
    }
}

/// An implementation by others, which knows nothing of doorward, takes the signature; and does not, once something
/// has changed.
#[tokio::test]
async fn httpsig_takes_what_doorward_signs() {
    let ask = Ask::page();
    let key = signer("wiki.example.com").key;
    let oracle = SharedKey::HmacSha256(key.expose().to_vec());
    // It reads the machine's clock itself.
    let now = SystemClock.now();
    let carried = ask.with(|parts| signer("wiki.example.com").sign(parts, now, NONCE).unwrap());
    let request = |user: &str| {
        Request::builder()
            .method("GET")
            .uri("https://wiki.example.com/a%20b/c?x=1&y=%2f")
            .header("remote-user", user)
            .header("remote-email", "ada@example.org")
            .header("signature-input", &carried.input)
            .header("signature", &carried.signature)
            .body(String::new())
            .unwrap()
    };
    let label = request("ada").verify_message_signature(&oracle, Some(key.id())).await.unwrap();
    assert_eq!(label, "doorward");
    let changed = request("root").verify_message_signature(&oracle, Some(key.id())).await;
    assert!(changed.is_err());
}

fn any_ask() -> impl Strategy<Value = Ask> {
    let method = prop::sample::select(vec![Method::GET, Method::POST, Method::DELETE]);
    let value = "[ -~]{0,12}|[a-zà-ž ]{1,12}";
    let headers = prop::collection::vec(value, 0..4).prop_map(|values| {
        let names = ["remote-user", "remote-email", "remote-name", "remote-groups"];
        names.iter().zip(&values).map(|(name, value)| header(name, value)).collect()
    });
    (method, "[a-z]{1,8}(\\.[a-z]{2,3})?(:[1-9][0-9]{3})?", "(/[!-~]{0,6}){0,3}")
        .prop_flat_map(move |(method, authority, path)| {
            (Just((method, authority, path)), prop::option::of("[!-~]{0,12}"), headers.clone())
        })
        .prop_map(|((method, authority, path), query, headers)| Ask {
            method,
            authority,
            path,
            query,
            headers,
        })
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_no_covered_part_can_be_changed(ask in any_ask(), part in 0..6_usize) {
        let carried = ask.signed();
        prop_assert_eq!(ask.verified(&carried, NOW), Ok(()));
        let mut changed = ask.clone();
        match (part, changed.headers.len()) {
            (0, _) => changed.method = Method::PATCH,
            (1, _) => changed.authority.push('x'),
            (2, _) => changed.path.push_str("/x"),
            (3, _) => changed.query = Some(format!("{}x", ask.query.unwrap_or_default())),
            (4, 1..) => changed.headers[0].1 = HeaderValue::from_static("somebody else entirely"),
            (5, 1..) => { changed.headers.pop(); }
            _ => changed.headers.push(header("remote-admin", "yes")),
        }
        prop_assert!(changed.verified(&carried, NOW).is_err());
    }
}
