//! What the app behind is told, and what nobody else can tell it.

use doorward::domain::time::{Clock, SystemClock};

use crate::support::browser::{Browser, Request};
use crate::support::page::alerts;
use crate::support::signature::verify;
use crate::support::site::{ADA, GRACE, Site};
use crate::support::upstream::Received;

/// The identity headers and their proofs, as forgers would write them.
pub const FORGERIES: &[(&str, &str)] = &[
    ("Remote-User", "root"),
    ("REMOTE-USER", "root"),
    ("remote_user", "root"),
    ("Remote.User", "root"),
    ("Remote_User", "root"),
    ("rEmOtE-uSeR", "root"),
    ("Remote-User", "root2"),
    ("Remote-Email", "root@evil.example"),
    ("Remote_Email", "root@evil.example"),
    ("Remote-Name", "Root"),
    ("Remote.Name", "Root"),
    ("Remote-Groups", "admins"),
    ("REMOTE_GROUPS", "admins"),
    ("remote.groups", "admins"),
    ("Signature", "doorward=:AAAA:"),
    ("Signature-Input", "doorward=()"),
    ("signature_input", "doorward=()"),
    ("X-Doorward-Assertion", "ey.."),
    ("x_doorward_assertion", "ey.."),
];

const IDENTITY: &[&str] = &[
    "Remote-User",
    "Remote-Email",
    "Remote-Name",
    "Remote-Groups",
    "Signature",
    "Signature-Input",
    "X-Doorward-Assertion",
];

pub fn forged(mut request: Request) -> Request {
    for (name, value) in FORGERIES {
        request = request.header(name, value);
    }
    request
}

/// Every value of every alias of every identity header.
pub fn identity_of(request: &Received) -> Vec<(&'static str, Vec<&str>)> {
    IDENTITY.iter().map(|name| (*name, request.all_folded(name))).collect()
}

#[tokio::test]
async fn s46_no_alias_of_an_identity_header_gets_through_on_any_route() {
    let site = Site::start().await;
    let nobody = Browser::new(&site);
    nobody.send(forged(Request::get("/public/a"))).await.expect(200);
    for (name, values) in identity_of(&site.upstream.last()) {
        assert!(
            !values.iter().any(|value| value.contains("root")
                || value.contains("Root")
                || value.contains("admins")),
            "{name}: {values:?}"
        );
        if name.starts_with("Remote") || name == "X-Doorward-Assertion" {
            assert!(values.is_empty(), "{name} is absent for nobody, and was {values:?}");
        }
    }

    let grace = Browser::new(&site);
    grace.sign_in(&site, &GRACE).await;
    for path in ["/public/a", "/simple/a", "/private", "/mail-only/a"] {
        grace.send(forged(Request::get(path))).await.expect(200);
        let request = site.upstream.last();
        assert_eq!(request.all_folded("Remote-User"), ["grace"], "{path}");
        assert_eq!(request.all_folded("Remote-Email"), ["grace@example.org"], "{path}");
        assert_eq!(request.all_folded("Remote-Name"), ["Grace Hopper"], "{path}");
        assert!(
            request.all_folded("Remote-Groups").is_empty(),
            "{path}: no groups means no header, never the client's"
        );
        let assertions = request.all_folded("X-Doorward-Assertion");
        assert!(assertions.len() == 1 && assertions[0].len() > 100, "{path}: {assertions:?}");
        assert_eq!(request.all_folded("Signature").len(), 1, "{path}");
        assert_eq!(request.all_folded("Signature-Input").len(), 1, "{path}");
    }
}

#[tokio::test]
async fn s47_connection_cannot_take_an_identity_header_away() {
    let site = Site::start().await;
    let (_, key) = site.signing_key().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    for named in [
        "Remote-User",
        "remote-user, remote-groups",
        "close, Remote-Email",
        "keep-alive, Signature, Signature-Input",
        "Cookie",
        "Authorization",
        "Host",
        "X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host",
    ] {
        let request = Request::get("/private")
            .header("Connection", named)
            .header("Authorization", "Bearer theirs");
        let answer = ada.try_send(request).await;
        let answer = answer.unwrap_or_else(|error| panic!("{named}: no answer: {error}"));
        // Refusing is as good as keeping the headers.
        if answer.status == 400 {
            continue;
        }
        let request = {
            assert_eq!(answer.status, 200, "{named}");
            site.upstream.last()
        };
        assert_eq!(request.header("remote-user"), Some("ada"), "{named}");
        assert_eq!(request.header("remote-groups"), Some("admins,staff"), "{named}");
        assert!(request.header("x-forwarded-for").is_some(), "{named}");
        verify(&request, &key).unwrap_or_else(|error| panic!("{named}: {error}"));
    }
}

#[tokio::test]
async fn every_forwarded_request_is_signed_and_no_signature_serves_twice() {
    let site = Site::start().await;
    let (keyid, key) = site.signing_key().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    ada.get("/private?a=1&b=%2f").await.expect(200);
    let request = site.upstream.last();
    let verified = verify(&request, &key).expect("the signature holds");
    for component in [
        "@method",
        "@authority",
        "@path",
        "@query",
        "remote-user",
        "remote-email",
        "remote-name",
        "remote-groups",
    ] {
        assert!(
            verified.covered.iter().any(|covered| covered == component),
            "{component} is not signed"
        );
    }
    assert_eq!(verified.parameters["alg"], "hmac-sha256");
    assert_eq!(verified.parameters["keyid"], keyid);
    let seconds = |name: &str| verified.parameters[name].parse::<u64>().expect("seconds");
    let now = SystemClock.now().as_secs().unsigned_abs();
    assert!(now.abs_diff(seconds("created")) < 30 && seconds("expires") > seconds("created"));
    assert!(seconds("expires") - seconds("created") <= 300, "a proof is short-lived");

    // It is about this request and this identity, and nothing else.
    for (old, new) in [
        ("a=1", "a=2"),
        ("GET", "POST"),
        ("/private", "/private2"),
        (": ada", ": root"),
        ("admins,staff", "admins"),
        ("wiki.localhost", "evil.localhost"),
    ] {
        let tampered = Received { head: request.head.replacen(old, new, 1), body: Vec::new() };
        assert_ne!(tampered.head, request.head, "{old}");
        assert!(verify(&tampered, &key).is_err(), "{old} became {new} and the signature held");
    }

    ada.get("/private?a=1&b=%2f").await.expect(200);
    let again = verify(&site.upstream.last(), &key).expect("the signature holds");
    assert_ne!(again.parameters["nonce"], verified.parameters["nonce"]);

    // Somebody not signed in is not somebody: the app can tell that the gateway has said so.
    Browser::new(&site).get("/public/a").await.expect(200);
    let request = site.upstream.last();
    if request.header("signature").is_some() {
        let verified = verify(&request, &key).expect("the signature holds");
        assert!(!verified.covered.iter().any(|component| component.starts_with("remote-")));
    }
}

#[tokio::test]
async fn s30_doorwards_cookies_and_the_apps_never_meet() {
    let site = Site::start().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    ada.set_cookie("theme", Some("dark"));
    ada.set_cookie("__Host-doorward", Some("x"));
    ada.set_cookie("doorward-device", Some("x"));
    ada.set_cookie("not-doorward", Some("kept"));
    ada.get("/private").await.expect(200);
    let request = site.upstream.last();
    let cookies = request.header("cookie").expect("the app's own cookies").to_owned();
    let mut names: Vec<&str> =
        cookies.split("; ").filter_map(|pair| pair.split('=').next()).collect();
    names.sort_unstable();
    assert_eq!(names, ["not-doorward", "theme"]);
    let session = ada.cookie("doorward").unwrap();
    assert!(!request.head.contains(&session), "the session's cookie reached the app");

    // Several lines, odd spacing, other case: still none of ours.
    let odd = Request::get("/private")
        .header("Cookie", &format!("doorward={session}"))
        .header("Cookie", "a=1;doorward=x;  doorward-flow=y ;b=2")
        .header("Cookie", "DOORWARD=z; $Version=1; doorward = q");
    let answer = ada.send(odd).await;
    if answer.status == 200 {
        let lines = site.upstream.last().all("cookie").join("; ").to_ascii_lowercase();
        assert!(!lines.contains("doorward"), "{lines}");
        assert!(lines.contains("a=1") && lines.contains("b=2"), "{lines}");
    }

    let answer = ada.get("/sets-cookies").await.expect(200);
    assert_eq!(
        answer.all("set-cookie"),
        ["theme=dark; Path=/"],
        "an app cannot set doorward's cookies"
    );
    assert_eq!(ada.cookie("doorward"), Some(session));
}

#[tokio::test]
async fn the_app_is_told_where_the_request_came_from_and_only_by_doorward() {
    let site = Site::start().await;
    let request = Request::get("/public/a")
        .header("X-Forwarded-For", "203.0.113.9")
        .header("X-Forwarded-Proto", "https")
        .header("X-Forwarded-Host", "evil.example")
        .header("X-Real-IP", "203.0.113.9")
        .header("Forwarded", "for=203.0.113.9;host=evil.example;proto=https")
        .header("X-Request-Id", "mine");
    let answer = site.send(request).await.expect(200);
    let request = site.upstream.last();
    assert_eq!(request.header("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(request.header("x-forwarded-proto"), Some("http"));
    assert_eq!(request.header("x-forwarded-host"), Some(site.host.as_str()));
    for line in ["203.0.113.9", "evil.example"] {
        assert!(!request.head.contains(line), "{}", request.head);
    }
    let id = request.header("x-request-id").expect("an id to search the logs by");
    assert_ne!(id, "mine");
    assert_eq!(
        request.header("host"),
        Some(site.host.as_str()),
        "the app sees the host that people see"
    );
    assert!(alerts(&answer.text()).is_empty());
}
