//! Signed requests, as an app gets them, and what becomes of them on the way.

use data_encoding::BASE64;
use doorward::domain::account::{Group, Identity};
use doorward::domain::id::AccountId;
use doorward::domain::time::Timestamp;
use doorward::identity::headers::{AliasFilter, IdentityHeaderNames, IdentityValues};
use doorward::identity::signature::{SignatureHeaders, SignedParts, Signer};
use http::{HeaderName, HeaderValue, Method};
use httpsig_hyper::prelude::message_component::{HttpMessageComponent, HttpMessageComponentId};
use httpsig_hyper::prelude::{
    HttpSignatureBase, HttpSignatureHeaders, SharedKey, VerifyingKey as _,
};
use serde_json::{Value, json};

use crate::keys;

const MADE: i64 = 1_795_203_045;

/// A request on its way to the app.
#[derive(Clone)]
struct Sent {
    method: &'static str,
    authority: &'static str,
    target: &'static str,
    headers: Vec<(String, String)>,
}

/// Who asks.
#[derive(Clone, Copy)]
struct Who {
    user: &'static str,
    full_name: Option<&'static str>,
    groups: &'static [&'static str],
}

const ADA: Who = Who { user: "ada", full_name: Some("Ada Lovelace"), groups: &["admins", "staff"] };

fn names() -> IdentityHeaderNames {
    IdentityHeaderNames {
        user: HeaderName::from_static("remote-user"),
        email: HeaderName::from_static("remote-email"),
        name: HeaderName::from_static("remote-name"),
        groups: HeaderName::from_static("remote-groups"),
        assertion: Some(HeaderName::from_static("x-doorward-assertion")),
    }
}

/// A request as doorward sends it. Each has a nonce of its own.
fn signed(
    key: &str,
    nonce: u8,
    (method, authority, target): (&'static str, &'static str, &'static str),
    who: Option<Who>,
) -> Sent {
    let identity = who.map(|who| {
        let id = AccountId::from_uuid(uuid::Uuid::from_u128(1));
        let names =
            (&who.user.parse().unwrap(), &format!("{}@example.org", who.user).parse().unwrap());
        let full_name = who.full_name.map(|name| name.parse().unwrap());
        let groups: Vec<Group> = who.groups.iter().map(|group| group.parse().unwrap()).collect();
        Identity::new(id, names, full_name.as_ref(), &groups)
    });
    let values = identity.as_ref().map(IdentityValues::new);
    let names = names();
    // What stands in it does not matter here: the signature is over its bytes.
    let assertion = HeaderValue::from_static("eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl");
    let named =
        values.as_ref().map(|values| values.named(&names, Some(&assertion))).unwrap_or_default();
    let (path, query) = split(target);
    let parts =
        SignedParts { method: &method.parse().unwrap(), authority, path, query, headers: &named };
    let now = Timestamp::from_millis(MADE * 1000);
    let carried = Signer::new(keys::shared_key(key)).sign(&parts, now, [nonce; 16]).unwrap();
    let text = |value: &HeaderValue| String::from_utf8(value.as_bytes().to_vec()).unwrap();
    let mut headers: Vec<(String, String)> =
        named.iter().flatten().map(|(name, value)| (title(name.as_str()), text(value))).collect();
    headers.push(("Signature-Input".into(), text(&carried.input)));
    headers.push(("Signature".into(), text(&carried.signature)));
    headers.push(("Accept".into(), "*/*".into()));
    Sent { method, authority, target, headers }
}

fn split(target: &str) -> (&str, Option<&str>) {
    match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    }
}

/// As header names mostly stand on the wire.
fn title(name: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}

impl Sent {
    fn set(mut self, name: &str, value: &str) -> Self {
        let found = self.headers.iter_mut().find(|(known, _)| known == name).unwrap();
        found.1 = value.to_owned();
        self
    }

    fn edit(self, name: &str, from: &str, to: &str) -> Self {
        let value = self.value(name).replace(from, to);
        assert_ne!(value, self.value(name));
        self.set(name, &value)
    }

    fn add(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    fn value(&self, name: &str) -> String {
        self.headers.iter().find(|(known, _)| known == name).unwrap().1.clone()
    }

    fn to(self, target: &'static str) -> Self {
        Self { target, ..self }
    }

    fn json(&self) -> Value {
        json!({
            "method": self.method,
            "authority": self.authority,
            "target": self.target,
            "headers": self.headers,
        })
    }
}

pub fn vectors() -> Vec<Value> {
    let good = good();
    let replayed = good[0].clone();
    let mut all: Vec<Value> =
        good.iter().map(|(name, sent)| vector(name, MADE, sent, "")).collect();
    let mut again =
        vector("the same once more", MADE + 5, &replayed.1, "the nonce was there before");
    again["replay_of"] = replayed.0.into();
    all.push(again);
    all.extend(changed_on_the_way());
    all.extend(signed_otherwise());
    all
}

fn vector(name: &str, now: i64, sent: &Sent, why: &str) -> Value {
    let valid = why.is_empty();
    let user = sent.headers.iter().find(|(name, _)| name == "Remote-User");
    json!({
        "name": name,
        "now": now,
        "request": sent.json(),
        "valid": valid,
        "why": why,
        "replay_of": null,
        "user": user.filter(|_| valid).map(|(_, value)| value),
    })
}

fn good() -> Vec<(&'static str, Sent)> {
    let page = ("GET", "wiki.example.com", "/a%20b/c?x=1&y=%2f");
    let bare = Who { full_name: None, groups: &[], ..ADA };
    let beyond = Who { full_name: Some("Åda Łovelace"), ..ADA };
    vec![
        ("a page", signed("current", 1, page, Some(ADA))),
        ("a form", signed("current", 2, ("POST", "wiki.example.com", "/save"), Some(ADA))),
        ("an empty query", signed("current", 3, ("GET", "wiki.example.com", "/save?"), Some(ADA))),
        ("a port", signed("current", 4, ("GET", "wiki.example.com:8443", "/"), Some(ADA))),
        ("no name and no groups", signed("current", 5, page, Some(bare))),
        ("a full name beyond ASCII", signed("current", 6, page, Some(beyond))),
        ("nobody, on an open path", signed("current", 7, page, None)),
        ("with the key that takes over", signed("next", 8, page, Some(ADA))),
        (
            "signs in the path and query",
            signed(
                "current",
                9,
                ("GET", "wiki.example.com", "/~a;b=1/!$&'()*+,=:@?q=a+b%20c&&=/?"),
                Some(ADA),
            ),
        ),
    ]
}

fn changed_on_the_way() -> Vec<Value> {
    let page = |nonce| {
        signed("current", nonce, ("GET", "wiki.example.com", "/a%20b/c?x=1&y=%2f"), Some(ADA))
    };
    let bare = Who { full_name: None, groups: &[], ..ADA };
    let groupless = |nonce| signed("current", nonce, ("GET", "wiki.example.com", "/a"), Some(bare));
    let nobody = |nonce| signed("current", nonce, ("GET", "wiki.example.com", "/a"), None);
    let changed = |name: &str, sent: Sent, why: &str| vector(name, MADE + 1, &sent, why);
    let is_added = "an identity header is there and not covered";
    vec![
        changed("another user", page(20).set("Remote-User", "root"), "the signature does not fit"),
        changed(
            "another group",
            page(21).set("Remote-Groups", "admins,staff,root"),
            "the signature does not fit",
        ),
        changed(
            "another assertion",
            page(22).set("X-Doorward-Assertion", "e30.e30.e30"),
            "the signature does not fit",
        ),
        changed(
            "a header taken away",
            page(23).without("Remote-Groups"),
            "a covered header is missing",
        ),
        changed("another path", page(24).to("/a%20b/d?x=1&y=%2f"), "the signature does not fit"),
        changed("the path decoded", page(25).to("/a b/c?x=1&y=%2f"), "the signature does not fit"),
        changed("another query", page(26).to("/a%20b/c?x=2&y=%2f"), "the signature does not fit"),
        changed("no query", page(27).to("/a%20b/c"), "the signature does not fit"),
        changed(
            "another method",
            Sent { method: "POST", ..page(28) },
            "the signature does not fit",
        ),
        changed(
            "another host",
            Sent { authority: "other.example.com", ..page(29) },
            "the signature does not fit",
        ),
        changed(
            "another port",
            Sent { authority: "wiki.example.com:8443", ..page(30) },
            "the signature does not fit",
        ),
        changed("groups added", groupless(31).add("Remote-Groups", "admins"), is_added),
        changed(
            "groups added under an alias",
            groupless(32).add("Remote_Groups", "admins"),
            is_added,
        ),
        changed(
            "an assertion added",
            nobody(33).add("X-Doorward-Assertion", "e30.e30.e30"),
            is_added,
        ),
        changed("a user added to nobody", nobody(34).add("Remote-User", "root"), is_added),
        changed(
            "a user added to nobody, in capitals",
            nobody(35).add("REMOTE_USER", "root"),
            is_added,
        ),
        changed(
            "a second user",
            page(36).add("Remote-User", "root"),
            "an identity header is there twice",
        ),
        changed(
            "a second user in other letters",
            page(37).add("REMOTE-USER", "root"),
            "an identity header is there twice",
        ),
        changed("a second user under an alias", page(38).add("remote_user", "root"), is_added),
        changed(
            "an empty second user",
            page(39).add("Remote-User", ""),
            "an identity header is there twice",
        ),
        vector("a minute and a half later", MADE + 91, &page(40), "it has expired"),
        vector("two minutes early", MADE - 120, &page(41), "created lies ahead"),
        changed(
            "a later end",
            page(42).edit("Signature-Input", "expires=1795203105", "expires=1895203105"),
            "the signature does not fit",
        ),
        changed(
            "another nonce",
            page(43).edit("Signature-Input", "nonce=\"", "nonce=\"A"),
            "the signature does not fit",
        ),
        changed(
            "no signature",
            page(44).without("Signature").without("Signature-Input"),
            "there is no signature",
        ),
        changed(
            "a signature without its input",
            page(45).without("Signature-Input"),
            "there is no Signature-Input",
        ),
        changed(
            "an input without its signature",
            page(46).without("Signature"),
            "there is no Signature",
        ),
        changed(
            "an empty signature",
            page(47).set("Signature", "doorward=::"),
            "the signature is too short",
        ),
        changed(
            "a signature that is no base64",
            page(48).set("Signature", "doorward=:***:"),
            "the signature is no byte sequence",
        ),
        changed(
            "another label",
            page(49).edit("Signature-Input", "doorward=", "other=").edit(
                "Signature",
                "doorward=",
                "other=",
            ),
            "no signature is labelled doorward",
        ),
        changed(
            "two lines of input",
            page(50).add("Signature-Input", "doorward=();keyid=\"current-key\""),
            "there are two signatures",
        ),
        changed(
            "two lines of signature",
            page(51).add("Signature", "doorward=:AAAA:"),
            "there are two signatures",
        ),
        changed(
            "a second signature in the same lines",
            {
                let sent = page(52);
                let (input, signature) = (sent.value("Signature-Input"), sent.value("Signature"));
                sent.set("Signature-Input", &format!("{input}, doorward=();keyid=\"current-key\""))
                    .set("Signature", &format!("{signature}, doorward=:AAAA:"))
            },
            "there are two signatures",
        ),
    ]
}

fn signed_otherwise() -> Vec<Value> {
    let page = ("GET", "wiki.example.com", "/a");
    let made = |nonce| signed("current", nonce, page, Some(ADA));
    let refused = |name: &str, sent: Sent, why: &str| vector(name, MADE + 1, &sent, why);
    let strangers = signed("strangers", 60, page, Some(ADA));
    let under_ours = signed("strangers", 61, page, Some(ADA)).edit(
        "Signature-Input",
        "strangers-key",
        "current-key",
    );
    let not_covered = |left_out: &str, nonce: u8| {
        let sent = made(nonce);
        let input = sent.value("Signature-Input").replacen(&format!("\"{left_out}\" "), "", 1);
        let input = input.replacen(&format!(" \"{left_out}\""), "", 1);
        assert!(!input.contains(left_out));
        signed_over(sent, &input)
    };
    let with_input = |nonce: u8, from: &str, to: &str| {
        let sent = made(nonce);
        let input = sent.value("Signature-Input").replace(from, to);
        assert_ne!(input, sent.value("Signature-Input"));
        signed_over(sent, &input)
    };
    let nonce =
        |byte: u8| format!(";nonce=\"{}\"", data_encoding::BASE64URL_NOPAD.encode(&[byte; 16]));
    let expires = ";expires=1795203105";
    let mut all = vec![
        refused("a key that nobody knows", strangers, "the keyid is unknown"),
        refused("another key under the name of ours", under_ours, "the signature does not fit"),
        refused("no keyid", with_input(62, ";keyid=\"current-key\"", ""), "the keyid is missing"),
        refused(
            "another algorithm",
            with_input(63, "hmac-sha256", "ed25519"),
            "the algorithm is not hmac-sha256",
        ),
        refused("no nonce", with_input(64, &nonce(64), ""), "the nonce is missing"),
        refused("no created", with_input(65, ";created=1795203045", ""), "created is missing"),
        refused("no expires", with_input(66, expires, ""), "expires is missing"),
        refused(
            "a created that is no number",
            with_input(67, "created=1795203045", "created=now"),
            "created is no number",
        ),
        refused(
            "good for a year",
            with_input(68, "expires=1795203105", "expires=1826739045"),
            "it is good for longer than doorward makes them",
        ),
    ];
    for (component, byte) in [
        ("@method", 70),
        ("@authority", 71),
        ("@path", 72),
        ("@query", 73),
        ("remote-user", 74),
        ("remote-groups", 75),
        ("x-doorward-assertion", 76),
    ] {
        let name = format!("{component} is not covered");
        all.push(refused(&name, not_covered(component, byte), &name));
    }
    all
}

/// The same request with a signature over other things: by the right key, and as the RFC has it.
fn signed_over(sent: Sent, input: &str) -> Sent {
    let base = base(&sent, input.strip_prefix("doorward=").unwrap()).unwrap();
    let key = keys::shared_key("current");
    let mac = BASE64.encode(&key.mac().mac_of_message(base.as_bytes()));
    sent.set("Signature-Input", input).set("Signature", &format!("doorward=:{mac}:"))
}

/// The signature base of RFC 9421 section 2.5, written from the RFC.
fn base(sent: &Sent, params: &str) -> Option<String> {
    Some(format!("{}\"@signature-params\": {params}", lines(sent, params)?.concat()))
}

fn lines(sent: &Sent, params: &str) -> Option<Vec<String>> {
    let (list, _) = params.strip_prefix('(')?.split_once(')')?;
    let line = |item: &str| {
        let name = item.trim_end_matches(";bs").trim_matches('"');
        let (path, query) = split(sent.target);
        let value = match name {
            "@method" => sent.method.to_owned(),
            "@authority" => sent.authority.to_ascii_lowercase(),
            "@path" => path.to_owned(),
            "@query" => format!("?{}", query.unwrap_or_default()),
            field => {
                let mut values = sent.headers.iter().filter(|(k, _)| k.eq_ignore_ascii_case(field));
                let value = values.next()?.1.clone();
                if item.ends_with(";bs") {
                    format!(":{}:", BASE64.encode(value.as_bytes()))
                } else {
                    value
                }
            }
        };
        Some(format!("{item}: {value}\n"))
    };
    list.split(' ').filter(|item| !item.is_empty()).map(line).collect()
}

fn read(request: &Value) -> Sent {
    let text = |name: &str| -> &'static str {
        Box::leak(request[name].as_str().unwrap().to_owned().into_boxed_str())
    };
    Sent {
        method: text("method"),
        authority: text("authority"),
        target: text("target"),
        headers: serde_json::from_value(request["headers"].clone()).unwrap(),
    }
}

/// As doorward's own code checks a request. Gives the user.
fn taken(sent: &Sent, now: i64) -> Result<Option<String>, String> {
    let filter = AliasFilter::new(&names());
    let once = |wanted: &str| {
        let mut found = sent.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Ok(HeaderValue::from_bytes(value.as_bytes()).unwrap()),
            (None, _) => Err(format!("{wanted} is missing")),
            _ => Err(format!("{wanted} is there twice")),
        }
    };
    let carried =
        SignatureHeaders { input: once("signature-input")?, signature: once("signature")? };
    let mut headers: Vec<(HeaderName, HeaderValue)> = Vec::new();
    for (name, _) in &sent.headers {
        let name: HeaderName = name.parse().unwrap();
        if filter.is_alias(name.as_str()) && !name.as_str().starts_with("signature") {
            headers.push((name.clone(), once(name.as_str())?));
        }
    }
    let listed: Vec<_> = headers.iter().map(|(name, value)| Some((name, value))).collect();
    let (path, query) = split(sent.target);
    let method: Method = sent.method.parse().unwrap();
    let parts =
        SignedParts { method: &method, authority: sent.authority, path, query, headers: &listed };
    let now = Timestamp::from_millis(now * 1000);
    let outcomes = ["current", "next"]
        .map(|key| Signer::new(keys::shared_key(key)).verify(&parts, &carried, now));
    if outcomes.iter().any(Result::is_ok) {
        let user = headers.iter().find(|(name, _)| name == "remote-user");
        return Ok(user.map(|(_, value)| value.to_str().unwrap().to_owned()));
    }
    Err(format!("{outcomes:?}"))
}

#[test]
fn doorward_takes_the_good_requests_and_no_other() {
    let kept = crate::vectors();
    let vectors = kept["signature"].as_array().unwrap();
    assert!(vectors.len() > 50);
    for vector in vectors.iter().filter(|vector| vector["replay_of"].is_null()) {
        let name = &vector["name"];
        let outcome = taken(&read(&vector["request"]), vector["now"].as_i64().unwrap());
        match outcome {
            Ok(user) => {
                assert_eq!(vector["valid"], true, "{name} was taken");
                assert_eq!(json!(user), vector["user"], "{name}");
            }
            Err(why) => assert_eq!(vector["valid"], false, "{name} was refused: {why}"),
        }
    }
}

#[test]
fn a_repeated_request_is_one_that_was_good_before() {
    let kept = crate::vectors();
    let vectors = kept["signature"].as_array().unwrap();
    let mut nonces = Vec::new();
    for vector in vectors {
        let input = read(&vector["request"]).headers.into_iter();
        let input = input.filter(|(name, _)| name == "Signature-Input").map(|(_, value)| value);
        let nonce = input
            .filter_map(|input| Some(input.split_once("nonce=\"")?.1.split_once('"')?.0.to_owned()))
            .next();
        match (&vector["replay_of"], nonce) {
            (Value::Null, Some(nonce)) => {
                assert!(!nonces.contains(&nonce), "{} has another's nonce", vector["name"]);
                nonces.push(nonce);
            }
            (Value::Null, None) => {}
            (first, _) => {
                let first = vectors.iter().find(|vector| vector["name"] == *first).unwrap();
                assert_eq!((&first["valid"], &vector["valid"]), (&json!(true), &json!(false)));
                assert_eq!(first["request"], vector["request"]);
            }
        }
    }
}

/// By `httpsig`, which makes the signature base and the MAC by itself. Its clock is the machine's, so it is asked for
/// these alone.
#[test]
fn httpsig_finds_the_good_signatures_good_and_the_altered_ones_bad() {
    for vector in crate::vectors()["signature"].as_array().unwrap() {
        let sent = read(&vector["request"]);
        let input = sent.headers.iter().find(|(name, _)| name == "Signature-Input");
        let Some((_, input)) = input.filter(|(_, input)| !input.contains(";bs")) else { continue };
        let wanted = match (vector["valid"] == true, vector["why"].as_str().unwrap()) {
            (true, _) => true,
            (false, "the signature does not fit") => false,
            _ => continue,
        };
        assert_eq!(fits(&sent, input), Some(wanted), "{}", vector["name"]);
    }
}

fn fits(sent: &Sent, input: &str) -> Option<bool> {
    let carried = HttpSignatureHeaders::try_parse(&sent.value("Signature"), input).ok()?;
    let carried = carried.get("doorward")?;
    let components: Vec<HttpMessageComponent> = lines(sent, input.strip_prefix("doorward=")?)?
        .iter()
        .map(|line| {
            let (id, value) = line.trim_end_matches('\n').split_once(": ").unwrap();
            let id = HttpMessageComponentId::try_from(id).unwrap();
            HttpMessageComponent::try_from((&id, &[value.to_owned()][..])).unwrap()
        })
        .collect();
    let base = HttpSignatureBase::try_new(&components, carried.signature_params()).ok()?;
    let key = match base.keyid()? {
        "next-key" => keys::shared_key("next"),
        _ => keys::shared_key("current"),
    };
    let key = SharedKey::HmacSha256(key.expose().to_vec());
    let signature = sent.value("Signature");
    let signature = signature.strip_prefix("doorward=:")?.strip_suffix(':')?;
    let signature = BASE64.decode(signature.as_bytes()).ok()?;
    Some(key.verify(&base.as_bytes(), &signature).is_ok())
}
