//! Forward-auth: proxies that ask doorward whether a request may go on, and pass it on themselves.

use crate::support::browser::{Browser, Request};
use crate::support::http::{Response, exchange};
use crate::support::site::{ADA, Front, Setup, Site};

mod proxies;

/// A site about which a proxy asks that the test plays itself.
async fn asked_by(name: &'static str) -> Site {
    let front = Some(Front { name, port: 80 });
    Site::with(Setup { front, ..Setup::default() }).await
}

/// The question of a proxy that tells by `X-Forwarded-*`.
fn forwarded(method: &str, uri: &str) -> Request {
    Request::get("/_doorward/verify")
        .header("Host", "doorward:8000")
        .header("X-Forwarded-For", "192.0.2.7")
        .header("X-Forwarded-Method", method)
        .header("X-Forwarded-Proto", "http")
        .header("X-Forwarded-Host", "wiki.localhost")
        .header("X-Forwarded-Uri", uri)
}

/// What Traefik 3 sends, word by word, of a request with a cookie: the client's own header lines, and what it adds.
const TRAEFIK: &str = "GET /_doorward/verify HTTP/1.1\r\nHost: doorward:8000\r\nUser-Agent: Mozilla/5.0\r\n\
    Accept: text/html,application/xhtml+xml\r\nAccept-Encoding: gzip, deflate, br\r\nCookie: theme=dark\r\n\
    Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: none\r\n\
    X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Host: wiki.localhost\r\nX-Forwarded-Method: GET\r\n\
    X-Forwarded-Port: 80\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Server: traefik-1\r\n\
    X-Forwarded-Uri: /wiki/Home?a=1\r\nX-Real-Ip: 192.0.2.7\r\n\r\n";

#[tokio::test]
async fn traefiks_question_is_understood_word_by_word() {
    let site = asked_by("traefik").await;
    let answer = exchange(site.address, TRAEFIK.as_bytes()).await.expect(303);
    assert_eq!(answer.location(), "/_doorward/login?rd=%2Fwiki%2FHome%3Fa%3D1");
    let ada = Browser::at(site.address, "wiki.localhost");
    ada.sign_in(&site, &ADA).await;
    let session = ada.cookie("doorward").expect("a session");
    let with_session = format!("Cookie: doorward={session}; theme=dark");
    let asked = TRAEFIK.replace("Cookie: theme=dark", &with_session);
    let answer = exchange(site.address, asked.as_bytes()).await.expect(200);
    assert_eq!(answer.header("remote-user"), Some("ada"));
    assert_eq!(answer.header("cookie"), Some("theme=dark"));
    // It takes off whatever it is told to copy and does not find: nothing comes empty.
    assert!(answer.headers.iter().all(|(_, value)| !value.is_empty()), "{:?}", answer.headers);
    let socket = TRAEFIK
        .replace(
            "Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        )
        .replace("Proto: http", "Proto: ws");
    exchange(site.address, socket.as_bytes()).await.expect(401);
}

/// nginx's question.
fn original(method: &str, uri: &str) -> Request {
    Request::get("/_doorward/verify")
        .header("X-Forwarded-For", "192.0.2.7")
        .header("X-Original-Method", method)
        .header("X-Original-URL", &format!("http://wiki.localhost{uri}"))
}

/// Envoy's question.
fn prefixed(method: &str, uri: &str) -> Request {
    Request::new(method, &format!("/_doorward/verify{uri}"))
        .header("Content-Length", "0")
        .header("X-Forwarded-For", "192.0.2.7")
        .header("X-Forwarded-Proto", "http")
}

/// How a proxy asks about a method and a path.
type Ask = fn(&str, &str) -> Request;

const PROXIES: [(&str, Ask); 5] = [
    ("nginx", original),
    ("traefik", forwarded),
    ("caddy", forwarded),
    ("haproxy", forwarded),
    ("envoy", prefixed),
];

#[tokio::test]
async fn each_proxy_gets_the_answer_that_it_takes() {
    for (name, ask) in PROXIES {
        let site = asked_by(name).await;
        let page = ask("GET", "/wiki/Home?a=1").navigate();
        let answer = site.send(page).await.expect(if name == "nginx" { 401 } else { 303 });
        assert_eq!(answer.location(), "/_doorward/login?rd=%2Fwiki%2FHome%3Fa%3D1", "{name}");
        let call = site.send(ask("POST", "/wiki/Home")).await.expect(401);
        assert_eq!(call.header("location"), None, "{name}");
        site.send(ask("GET", "/api/things").navigate()).await.expect(401);
        site.send(ask("GET", "/closed/page").navigate()).await.expect(403);
        let open = site.send(ask("GET", "/public/page")).await.expect(200);
        assert_eq!(identity(&open), absent_for(name, &IDENTITY), "{name}");

        let ada = Browser::at(site.address, "wiki.localhost");
        ada.sign_in(&site, &ADA).await;
        ada.set_cookie("theme", Some("dark"));
        let let_in = ada.send(ask("GET", "/wiki/Home").navigate()).await.expect(200);
        for (header, value) in [
            ("Remote-User", "ada"),
            ("Remote-Email", "ada@example.org"),
            ("Remote-Name", "Ada Lovelace"),
            ("Remote-Groups", "admins,staff"),
            ("Cookie", "theme=dark"),
            ("Cache-Control", "no-store"),
        ] {
            assert_eq!(let_in.header(header), Some(value), "{name}");
        }
        assert!(let_in.header("signature").is_some_and(|value| !value.is_empty()), "{name}");
        let assertion = let_in.header("x-doorward-assertion");
        assert!(assertion.is_some_and(|jwt| jwt.split('.').count() == 3), "{name}: {assertion:?}");
        assert!(let_in.body.is_empty(), "{name}");
        // The very same rules: methods and groups count as they do for a request that comes here.
        ada.send(ask("GET", "/admins/page")).await.expect(200);
        ada.send(ask("DELETE", "/closed/page")).await.expect(403);
        assert!(site.upstream.received().is_empty(), "{name}: doorward passes nothing on");
    }
}

const IDENTITY: [&str; 4] = ["remote-user", "remote-email", "remote-name", "remote-groups"];

fn identity(answer: &Response) -> Vec<(String, String)> {
    let mut told: Vec<(String, String)> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
        .filter(|(name, _)| name.starts_with("remote-") || name.starts_with("x-envoy-"))
        .collect();
    told.sort();
    told
}

/// How the absence of these headers is told, so that none of a client's gets through.
fn absent_for(proxy: &str, names: &[&str]) -> Vec<(String, String)> {
    let mut told: Vec<(String, String)> = match proxy {
        "envoy" => {
            let removed = [names, &["x-doorward-assertion", "cookie"]].concat().join(",");
            vec![("x-envoy-auth-headers-to-remove".to_owned(), removed)]
        }
        "traefik" => Vec::new(),
        _ => names.iter().map(|name| ((*name).to_owned(), String::new())).collect(),
    };
    told.sort();
    told
}

#[tokio::test]
async fn s45_nobody_but_a_trusted_proxy_is_answered() {
    // The proxy is elsewhere: whoever asks from here is somebody else.
    let setup = Setup {
        top: vec!["trusted_proxies: [\"192.0.2.1\"]".to_owned()],
        site: vec!["forward_auth: caddy".to_owned()],
        ..Setup::default()
    };
    let site = Site::with(setup).await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    for (_, ask) in PROXIES {
        for target in ["/public/page", "/wiki/Home", "/closed/page"] {
            let request = || ask("GET", target).without("Host");
            let nobody = site.send(request()).await.expect(403);
            let somebody = ada.send(request()).await.expect(403);
            let without_id = |answer: &Response| {
                let mut told = answer.json();
                told["request_id"].take();
                told
            };
            assert_eq!(without_id(&nobody), without_id(&somebody), "{target}");
            assert!(somebody.header("remote-user").is_none());
            assert!(somebody.header("signature").is_none());
        }
    }
    assert!(
        site.metrics().await.sum("doorward_security_events_total", &[("event", "untrusted_proxy")])
            >= 8.0
    );
    // Another spelling of the address is not the address.
    ada.get("/_doorward/%76erify").await.expect(404);
}

#[tokio::test]
async fn s48_s49_a_question_that_could_mean_two_requests_is_refused() {
    let site = asked_by("traefik").await;
    let refused = async |request: Request, why: &str| {
        let answer = site.send(request).await;
        assert_eq!(answer.status, 403, "{why}");
        assert!(answer.header("signature").is_none(), "{why}");
    };
    let open = || forwarded("GET", "/public/page");
    site.send(open()).await.expect(200);
    for missing in [
        "X-Forwarded-For",
        "X-Forwarded-Method",
        "X-Forwarded-Proto",
        "X-Forwarded-Host",
        "X-Forwarded-Uri",
    ] {
        refused(open().without(missing), missing).await;
    }
    for (name, value) in [
        ("X-Forwarded-Uri", "/private"),
        ("X-Forwarded-Host", "wiki.localhost"),
        ("X-Forwarded-Method", "GET"),
        ("X-Forwarded-Proto", "http"),
        ("X-Original-URL", "http://wiki.localhost/public/page"),
        ("X-Original-Uri", "/private"),
        ("X-Original-Method", "POST"),
        ("X-Original-Host", "open.localhost"),
    ] {
        refused(open().header(name, value), name).await;
    }
    for (name, value) in [
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Proto", "gopher"),
        ("X-Forwarded-Host", "elsewhere.localhost"),
        ("X-Forwarded-Host", "wiki.localhost, wiki.localhost"),
        ("X-Forwarded-For", "unknown"),
        ("X-Forwarded-Method", "CONNECT"),
        ("X-Forwarded-Method", "get"),
    ] {
        refused(open().instead(name, value), value).await;
    }
    for uri in [
        "/public/../private",
        "/public/%2e%2e/private",
        "/public/..%2fprivate",
        "/public//../private",
        "/public/..\\private",
        "/public/..;/private",
        "/public#/private",
        "public/page",
        "http://wiki.localhost/public/page",
        "/_doorward/login",
    ] {
        refused(forwarded("GET", uri), uri).await;
    }
    let told = site.log();
    for words in ["missing, doubled, or contradicts", "by another scheme", "doorward's own"] {
        assert!(told.contains(words), "the operator is not told: {words}");
    }
    // What another kind of proxy would ask is not what this one asks: clients may say what they leave alone.
    refused(original("GET", "/public/page"), "as nginx asks").await;
    refused(prefixed("GET", "/public/page").header("Host", "wiki.localhost"), "as Envoy asks")
        .await;
    // A path that only another spelling opens stays shut.
    site.send(forwarded("GET", "/PUBLIC/page")).await.expect(401);
    site.send(forwarded("GET", "/public;/page")).await.expect(401);
}

#[tokio::test]
async fn a_site_that_has_no_forward_auth_is_not_asked_about() {
    let setup =
        Setup { top: vec!["trusted_proxies: [\"127.0.0.1\"]".to_owned()], ..Setup::default() };
    let site = Site::with(setup).await;
    for (_, ask) in PROXIES {
        site.send(ask("GET", "/public/page")).await.expect(403);
    }
    let asked = asked_by("caddy").await;
    asked.send(Request::get("/public/page").header("Host", "wiki.localhost")).await.expect(404);
    asked.send(Request::get("/private").header("Host", "wiki.localhost")).await.expect(401);
}

#[tokio::test]
async fn s45_rules_for_networks_see_the_client_and_not_the_proxy() {
    let rules = [
        r#"{ path: "/near/**", networks: ["192.0.2.0/24"], policy: bypass }"#,
        r#"{ path: "/here/**", networks: ["127.0.0.1"], policy: bypass }"#,
        "{ policy: two_factor }",
    ];
    let setup = Setup {
        rules: rules.map(str::to_owned).to_vec(),
        front: Some(Front { name: "haproxy", port: 80 }),
        people: vec![],
        ..Setup::default()
    };
    let site = Site::with(setup).await;
    let from =
        |addresses: &str, uri: &str| forwarded("GET", uri).instead("X-Forwarded-For", addresses);
    site.send(from("192.0.2.7", "/near/x")).await.expect(200);
    site.send(from("192.0.2.7, 198.51.100.9", "/near/x")).await.expect(401);
    site.send(from("192.0.2.7", "/here/x")).await.expect(401);
    site.send(from("127.0.0.1", "/here/x")).await.expect(200);
    site.send(forwarded("GET", "/here/x").without("X-Forwarded-For")).await.expect(403);
}

#[tokio::test]
async fn s52_a_web_socket_of_another_site_is_refused_as_it_is_without_a_proxy() {
    let site = asked_by("caddy").await;
    let ada = Browser::at(site.address, "wiki.localhost");
    ada.sign_in(&site, &ADA).await;
    let socket = |origin: &str| {
        forwarded("GET", "/ws")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("Origin", origin)
    };
    ada.send(socket("http://wiki.localhost")).await.expect(200);
    ada.send(socket("http://evil.localhost")).await.expect(403);
    site.send(socket("http://wiki.localhost")).await.expect(401);
}

#[tokio::test]
async fn s45_what_asks_about_grpc_is_refused_by_the_status() {
    for name in ["nginx", "traefik"] {
        let site = asked_by(name).await;
        let question =
            if name == "nginx" { original("POST", "/a.B/C") } else { forwarded("POST", "/a.B/C") };
        let answer = site.send(question.header("Content-Type", "application/grpc")).await;
        // To the proxy that asks any 2xx is a permission.
        assert_eq!(answer.status, 401, "{name}");
        let plain = Request::post("/api/x").header("Content-Type", "application/grpc");
        assert!(site.send(plain).await.status >= 400, "{name}: HTTP/1.1 knows no gRPC");
    }
}
