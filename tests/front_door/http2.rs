//! HTTP/2 from browsers: the same promises as over HTTP/1.1, and what only HTTP/2 can get wrong.

use std::process::Command;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::support::browser::{Browser, Request};
use crate::support::http::PATIENCE;
use crate::support::page::hidden;
use crate::support::secure::{
    CONTINUATION, Came, DATA, END_HEADERS, END_STREAM, HEADERS, HOST, PING, RESET, RawH2, SETTINGS,
    Secure, fields, frame,
};
use crate::support::site::{ADA, Setup};
use crate::support::tools::{eventually, run};

/// The cookies of a browser on a request.
fn with_cookies(browser: &Browser, request: Request) -> Request {
    let bytes = browser.prepare(Request::get("/"));
    let head = String::from_utf8(bytes).unwrap();
    let line = head.lines().find_map(|line| line.strip_prefix("Cookie: ")).unwrap_or_default();
    request.header("Cookie", line)
}

#[tokio::test]
async fn an_app_is_used_over_http_2() {
    let secure = Secure::start().await;
    let ada = secure.signed_in(&ADA).await;
    ada.set_cookie("theme", Some("dark"));
    ada.set_cookie("zoom", Some("2"));
    let h2 = secure.h2().await;
    let page = h2.send(with_cookies(&ada, Request::get("/private?a=1").navigate())).await;
    assert!(page.expect(200).text().contains("The app"));
    let got = secure.site.upstream.last();
    assert_eq!((got.method(), got.target()), ("GET", "/private?a=1"));
    assert_eq!(got.header("host"), Some(HOST));
    assert_eq!(got.header("remote-user"), Some("ada"));
    assert_eq!(got.header("x-forwarded-proto"), Some("https"));
    assert_eq!(got.header("x-forwarded-host"), Some(HOST));
    assert_eq!(got.header("cookie"), Some("theme=dark; zoom=2"), "crumbs are joined, ours is off");

    // Beside each other on one connection, with a body and without.
    let body = vec![b'u'; 3 << 20];
    let upload = Request::post("/echo").body("application/octet-stream", body.clone());
    let (upload, large, portal) = tokio::join!(
        h2.send(with_cookies(&ada, upload)),
        h2.send(with_cookies(&ada, Request::get("/large"))),
        h2.send(with_cookies(&ada, Request::get("/_doorward/account").navigate())),
    );
    assert!(upload.expect(200).body == body, "what came back is not what was sent");
    assert_eq!(large.expect(200).body.len(), 3 << 20);
    assert!(portal.expect(200).text().contains("Ada"));
    let head = h2.send(with_cookies(&ada, Request::new("HEAD", "/large"))).await.expect(200);
    assert!(head.body.is_empty());

    // Whoever is not signed in is asked to, or told so.
    let asked = h2.send(Request::get("/private").navigate()).await.expect(303);
    assert!(asked.location().starts_with("/_doorward/login"), "{}", asked.location());
    h2.send(Request::get("/api/x")).await.expect(401);
}

#[tokio::test]
async fn http_1_1_is_spoken_with_whoever_does_not_ask_for_more() {
    let secure = Secure::with(Setup { people: vec![], ..Setup::default() }).await;
    for (offered, agreed) in [
        (&[][..], None),
        (&[&b"http/1.1"[..]][..], Some(&b"http/1.1"[..])),
        (&[&b"http/1.1"[..], b"h2"][..], Some(&b"h2"[..])),
    ] {
        let stream = secure.connect(offered).await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), agreed);
    }
    // A WebSocket needs a connection of its own there: HTTP/2 does not offer one.
    let mut raw = RawH2::begin(&secure, &[]).await;
    while let Some((kind, _, payload)) = raw.next().await {
        if kind == SETTINGS && !payload.is_empty() {
            assert!(payload.chunks(6).all(|setting| setting[..2] != [0, 8]), "{payload:?}");
            return;
        }
    }
    panic!("no settings came");
}

#[tokio::test]
async fn s46_no_alias_of_an_identity_header_passes_over_http_2() {
    let secure = Secure::start().await;
    let h2 = secure.h2().await;
    let mut request = Request::get("/public/x");
    for name in
        ["remote-user", "remote_user", "remote.user", "x-doorward-assertion", "remote-groups"]
    {
        request = request.header(name, "admin").header(name, "");
    }
    h2.send(request.clone()).await.expect(200);
    let passes = |got: &crate::support::upstream::Received| {
        ["remote-user", "x-doorward-assertion", "remote-groups"]
            .iter()
            .any(|name| got.all_folded(name).contains(&"admin"))
    };
    assert!(!passes(&secure.site.upstream.last()));
    let ada = secure.signed_in(&ADA).await;
    h2.send(with_cookies(&ada, Request { target: "/private".into(), ..request })).await.expect(200);
    let got = secure.site.upstream.last();
    assert!(!passes(&got), "{}", got.head);
    assert_eq!(got.all_folded("remote-user"), ["ada"]);
}

#[tokio::test]
async fn s48_s49_one_path_and_one_host_are_decided_on_over_http_2() {
    let secure = Secure::with(Setup { people: vec![], ..Setup::default() }).await;
    let h2 = secure.h2().await;
    for target in [
        "/public/../private",
        "/public/%2e%2e/private",
        "/public/..%2fprivate",
        "/public//../private",
        "/public/..;/private",
        "/public\\..\\private",
        "/private?x=/public/",
        "//public/x",
    ] {
        let Ok(uri) = format!("https://{HOST}{target}").parse::<http::Uri>() else { continue };
        drop(uri);
        let answer = h2.send(Request::get(target)).await;
        assert!(matches!(answer.status, 303 | 400 | 401), "{target}: {}", answer.status);
    }
    for (authority, expected) in [
        ("wiki.example.com.", 200),
        ("WIKI.example.com:8443", 200),
        ("other.example.com", 421),
        ("wiki.example.com.evil.example", 421),
    ] {
        let request = Request::get("/public/x").header(":authority", authority);
        let answer = h2.send(request).await;
        assert_eq!(answer.status, expected, "{authority}");
    }
    for host in ["other.example.com", "wiki.example.com:1", ""] {
        let request = Request::get("/public/x").header("host", host);
        assert_eq!(h2.send(request).await.status, 400, "{host:?} beside :authority");
    }
    let plain = Request::get("/public/x").header(":scheme", "http");
    h2.send(plain).await.expect(400);
    let public = secure.site.upstream.received().len();
    assert_eq!(public, 2, "only what was answered with 200 has reached the app");
}

#[tokio::test]
async fn s49_malformed_requests_of_http_2_reach_nobody() {
    let secure = Secure::with(Setup { people: vec![], ..Setup::default() }).await;
    let usual =
        [(":method", "GET"), (":scheme", "https"), (":authority", HOST), (":path", "/public/raw")];
    let with = |more: &[(&'static str, &'static str)]| [&usual[..], more].concat();
    let without = |name: &str| {
        let mut kept = usual.to_vec();
        kept.retain(|(key, _)| *key != name);
        kept
    };
    let malformed = [
        ("no method", without(":method")),
        ("no scheme", without(":scheme")),
        ("no path", without(":path")),
        ("no authority", without(":authority")),
        ("an empty path", [without(":path"), vec![(":path", "")]].concat()),
        ("two paths", with(&[(":path", "/public/other")])),
        ("two methods", with(&[(":method", "POST")])),
        ("two authorities", with(&[(":authority", HOST)])),
        ("an unknown pseudo field", with(&[(":version", "1.1")])),
        ("an answer's pseudo field", with(&[(":status", "200")])),
        ("a pseudo field behind others", [vec![("a", "b")], usual.to_vec()].concat()),
        ("upper case", with(&[("X-Upper", "a")])),
        ("connection", with(&[("connection", "remote-user")])),
        ("transfer-encoding", with(&[("transfer-encoding", "chunked")])),
        ("upgrade", with(&[("upgrade", "websocket")])),
        ("keep-alive", with(&[("keep-alive", "5")])),
        ("te", with(&[("te", "gzip")])),
        ("a line break in a value", with(&[("a", "b\r\nremote-user: admin")])),
        ("a line break in a name", with(&[("a\r\nb", "c")])),
        (
            "a line break in the path",
            [without(":path"), vec![(":path", "/public/x\r\na: b")]].concat(),
        ),
        ("a space in the path", [without(":path"), vec![(":path", "/public/x HTTP/1.1")]].concat()),
        ("NUL in a value", with(&[("a", "b\0c")])),
        (
            "absolute form",
            [without(":path"), vec![(":path", "https://other.example/public/x")]].concat(),
        ),
        ("a star", [without(":path"), vec![(":path", "*")]].concat()),
        ("userinfo", [without(":authority"), vec![(":authority", "a@wiki.example.com")]].concat()),
        ("two lengths", with(&[("content-length", "0"), ("content-length", "5")])),
        ("CONNECT", vec![(":method", "CONNECT"), (":authority", HOST)]),
        ("TRACE", [without(":method"), vec![(":method", "TRACE")]].concat()),
    ];
    for (what, head) in malformed {
        let mut raw = RawH2::begin(&secure, &[]).await;
        raw.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &fields(&head))).await;
        raw.outcome(1).await;
        // If that was an answer, it was a refusal.
        let received = secure.site.upstream.received();
        assert!(received.is_empty(), "{what}: {:?}", received[0].head);
    }
    // A length that the body contradicts: the app gets no whole request.
    let mut raw = RawH2::begin(&secure, &[]).await;
    let head = [
        (":method", "POST"),
        (":scheme", "https"),
        (":authority", HOST),
        (":path", "/public/length"),
        ("content-length", "5"),
    ];
    raw.send(&frame(HEADERS, END_HEADERS, 1, &fields(&head))).await;
    raw.send(&frame(DATA, END_STREAM, 1, b"123456789")).await;
    raw.outcome(1).await;
    assert!(secure.site.upstream.received().is_empty());
    // The well-formed one arrives.
    let mut raw = RawH2::begin(&secure, &[]).await;
    raw.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &fields(&usual))).await;
    assert_eq!(raw.outcome(1).await, Came::Answer);
    assert_eq!(secure.site.upstream.received().len(), 1);
}

#[tokio::test]
async fn s52_a_form_of_another_site_is_refused_over_http_2() {
    let secure = Secure::start().await;
    let ada = secure.signed_in(&ADA).await;
    let h2 = secure.h2().await;
    // The page comes with a cookie to which the token belongs, which the browser keeps.
    let csrf = hidden(&ada.get("/_doorward/account").await.expect(200).text(), "csrf");
    // With the right token, so that it is the browser's word that counts; each of them would be enough.
    let sign_out = ada.form("/_doorward/logout", &[("csrf", &csrf)]).without("Host");
    let sign_out = sign_out.instead("Origin", "https://wiki.example.com");
    for (origin, site) in [
        ("https://evil.example", "cross-site"),
        ("https://wiki.example.com", "cross-site"),
        ("https://wiki.example.com", "same-site"),
        ("https://evil.example", "none"),
    ] {
        let foreign = sign_out.clone().instead("Origin", origin).instead("Sec-Fetch-Site", site);
        h2.send(with_cookies(&ada, foreign)).await.expect(403);
    }
    h2.send(with_cookies(&ada, Request::get("/private"))).await.expect(200);
    // From our own page it signs out.
    h2.send(with_cookies(&ada, sign_out)).await.expect(303);
    h2.send(with_cookies(&ada, Request::get("/private"))).await.expect(401);
}

#[tokio::test]
async fn s53_floods_of_http_2_end_their_connection_and_no_other() {
    let secure = Secure::with(Setup { people: vec![], ..Setup::default() }).await;
    let bystander = secure.h2().await;
    bystander.send(Request::get("/public/x")).await.expect(200);
    let open = |flags| {
        let head = [
            (":method", "POST"),
            (":scheme", "https"),
            (":authority", HOST),
            (":path", "/public/hang"),
        ];
        frame(HEADERS, flags, 1, &fields(&head))
    };
    let floods = [
        ("PING", Vec::new(), frame(PING, 0, 0, &[0; 8])),
        ("SETTINGS", Vec::new(), frame(SETTINGS, 0, 0, &[])),
        ("PRIORITY", Vec::new(), frame(2, 0, 3, &[0, 0, 0, 0, 1])),
        ("unknown", Vec::new(), frame(0xbe, 0, 0, b"abc")),
        ("empty DATA", open(END_HEADERS), frame(DATA, 0, 1, &[])),
        ("empty CONTINUATION", open(0), frame(CONTINUATION, 0, 1, &[])),
        ("WINDOW_UPDATE", Vec::new(), frame(8, 0, 0, &[0, 0, 0, 1])),
    ];
    for (what, first, flood) in floods {
        let mut raw = RawH2::begin(&secure, &[]).await;
        raw.send(&first).await;
        assert!(raw.flood(&flood, 20_000).await, "{what} goes on");
        bystander.send(Request::get("/public/x")).await.expect(200);
    }
    // A head without an end, that grows.
    let mut raw = RawH2::begin(&secure, &[]).await;
    raw.send(&open(0)).await;
    assert!(raw.flood(&frame(CONTINUATION, 0, 1, &fields(&[("a", "b")])), 20_000).await);
    bystander.send(Request::get("/public/x")).await.expect(200);
    let events = secure.site.metrics().await;
    assert!(events.sum("doorward_security_events_total", &[("event", "flood")]) >= 5.0);
}

#[tokio::test]
async fn s53_requests_that_are_taken_back_at_once_are_a_flood() {
    let secure = Secure::with(Setup { people: vec![], ..Setup::default() }).await;
    let bystander = secure.h2().await;
    let mut raw = RawH2::begin(&secure, &[]).await;
    let head =
        [(":method", "GET"), (":scheme", "https"), (":authority", HOST), (":path", "/public/hang")];
    let block = fields(&head);
    let mut ended = false;
    for stream in (1..4000).step_by(2) {
        let mut both = frame(HEADERS, END_HEADERS | END_STREAM, stream, &block);
        both.extend(frame(RESET, 0, stream, &8_u32.to_be_bytes()));
        if !raw.send(&both).await {
            ended = true;
            break;
        }
    }
    if !ended {
        let to_end = async { while raw.next().await.is_some() {} };
        timeout(PATIENCE, to_end).await.expect("the connection ends");
    }
    assert!(secure.site.upstream.received().len() <= 300, "the app was spared");
    bystander.send(Request::get("/public/x")).await.expect(200);
}

#[tokio::test]
async fn s53_a_connection_has_a_hundred_requests_at_a_time_and_heads_of_64_kib() {
    let secure = Secure::with(Setup { people: vec![], ..Setup::default() }).await;
    let mut raw = RawH2::begin(&secure, &[]).await;
    let head =
        [(":method", "GET"), (":scheme", "https"), (":authority", HOST), (":path", "/public/hang")];
    for stream in (1..=203).step_by(2) {
        raw.send(&frame(HEADERS, END_HEADERS | END_STREAM, stream, &fields(&head))).await;
    }
    assert_eq!(raw.outcome(201).await, Came::Reset(7), "REFUSED_STREAM");

    let h2 = secure.h2().await;
    let mut large = Request::get("/public/x");
    for field in 0..90 {
        large = large.header(&format!("x-{field}"), &"v".repeat(1000));
    }
    let refused = h2.try_send(large).await;
    assert!(!refused.is_ok_and(|answer| answer.status < 400), "a head of 90 kB went on");
    h2.send(Request::get("/public/x")).await.expect(200);
    assert_eq!(secure.site.upstream.received_at("/public/x").len(), 1);
}

#[tokio::test]
async fn answers_reach_clients_that_are_still_sending() {
    let secure = Secure::start().await;
    let body = secure.site.path("upload");
    std::fs::write(&body, vec![b'u'; 20 << 20]).unwrap();
    let ada = secure.signed_in(&ADA).await;
    let cookies = with_cookies(&ada, Request::get("/")).headers.pop().unwrap().1;
    for (path, cookies, expected) in [
        ("/private", "", "401"),
        ("/_doorward/login", "", "413"),
        ("/early", cookies.as_str(), "403"),
    ] {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--http2", "--max-time", "30"])
            .args(["--write-out", "%{http_code} %{http_version}", "--output"])
            .arg(secure.site.path("answer"))
            .arg("--cacert")
            .arg(secure.site.path("tls.crt"))
            .args(["--connect-to", &format!("{HOST}:443:{}", secure.address)])
            .args(["--header", "Accept: application/json", "--header", "Expect:"])
            .args(["--header", &format!("Cookie: {cookies}")])
            .arg("--data-binary")
            .arg(format!("@{}", body.display()))
            .arg(format!("https://{HOST}{path}"));
        let output = run(curl).await.unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{path}: {told}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{expected} 2"), "{path}");
    }
}

#[tokio::test]
async fn s34_a_stream_is_reset_when_its_session_ends_and_its_connection_goes_on() {
    let secure = Secure::start().await;
    let ada = secure.signed_in(&ADA).await;
    let h2 = secure.h2().await;
    let events = Request::get("/stream").header("Accept", "text/event-stream");
    let upstream = &secure.site.upstream;
    let streaming = async {
        let came = h2.try_send(with_cookies(&ada, events)).await;
        (came, Instant::now())
    };
    let revoking = async {
        eventually("the stream", async || upstream.received_at("/stream").pop()).await;
        upstream.release_one();
        secure.site.cli(&["sessions", "revoke", "--account", "ada"], "").await;
        Instant::now()
    };
    let ((came, ended), revoked) = timeout(PATIENCE, async { tokio::join!(streaming, revoking) })
        .await
        .expect("the stream ends");
    let error = came.expect_err("it does not end as if it were whole");
    assert_eq!(error.reason(), Some(h2::Reason::CANCEL));
    assert!(ended.saturating_duration_since(revoked) < Duration::from_secs(2));
    h2.send(Request::get("/public/page")).await.expect(200);
}

#[tokio::test]
async fn a_stop_lets_requests_in_flight_finish_over_http_2() {
    let mut secure = Secure::start().await;
    let ada = secure.signed_in(&ADA).await;
    let h2 = secure.h2().await;
    let upload = Request::post("/echo").body("text/plain", vec![b'x'; 1 << 20]);
    let (answer, status) = tokio::join!(h2.send(with_cookies(&ada, upload)), async {
        secure.site.upstream.wait_for_bytes(1).await;
        secure.site.stop().await
    });
    assert_eq!(answer.expect(200).body.len(), 1 << 20);
    assert!(status.success());
    let _ = h2.ended().await;
}

#[tokio::test]
async fn many_requests_at_once_are_all_answered() {
    let secure =
        Secure::with(Setup { people: vec![], log: "info".into(), ..Setup::default() }).await;
    let mut h2load = Command::new("timeout");
    h2load
        .args(["30", "h2load"])
        .args(["--requests", "1000", "--clients", "10", "--max-concurrent-streams", "50"])
        .args(["--threads", "1", "--connect-to", &secure.address.to_string()])
        .arg(format!("https://{HOST}/public/x"));
    let output = run(h2load).await.expect("it runs");
    if output.status.code() == Some(127) {
        eprintln!("skipped: h2load (nghttp2-client) is not installed");
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "CI skips nothing");
        return;
    }
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.contains("1000 done, 1000 succeeded, 0 failed, 0 errored"), "{told}");
    assert!(told.contains("1000 2xx"), "{told}");
}
