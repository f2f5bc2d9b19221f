//! Bytes that no browser sends.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::browser::{Browser, Request};
use crate::support::http::{exchange, raw, read_response, statuses};
use crate::support::site::{ADA, Setup, Site};
use crate::support::upstream::QUIET;

fn nobody() -> Setup {
    Setup { people: vec![], ..Setup::default() }
}

/// Requests that two servers could cut at different places. `HOST` stands for the site; what is smuggled asks for /smuggled.
const SMUGGLERS: &[(&str, &str)] = &[
    (
        "CL.TE",
        "POST /public/a HTTP/1.1\r\nHost: HOST\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /public/smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n",
    ),
    (
        "TE.CL",
        "POST /public/a HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n30\r\nGET /public/smuggled HTTP/1.1\r\nHost: HOST\r\nX: y\r\n\r\n\r\n0\r\n\r\n",
    ),
    (
        "TE.0",
        "POST /public/a HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: identity\r\n\r\nGET /public/smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n",
    ),
    (
        "two lengths",
        "POST /public/a HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\nGET /public/smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n",
    ),
    (
        "a list of lengths",
        "POST /public/a HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0, 44\r\n\r\nGET /public/smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n",
    ),
    (
        "a signed length",
        "POST /public/a HTTP/1.1\r\nHost: HOST\r\nContent-Length: +0\r\n\r\nGET /public/smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n",
    ),
    (
        "obs-fold in TE",
        "POST /public/a HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding:\r\n chunked\r\nContent-Length: 44\r\n\r\n0\r\n\r\nGET /public/smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n",
    ),
    (
        "a space before the colon",
        "POST /public/a HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET /public/smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n",
    ),
    (
        "an unknown coding",
        "POST /public/a HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\nGET /public/smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n",
    ),
    (
        "chunked twice",
        "POST /public/a HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\nGET /public/smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n",
    ),
    (
        "chunked not last",
        "POST /public/a HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\nGET /public/smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n",
    ),
    (
        "a bare LF",
        "POST /public/a HTTP/1.1\nHost: HOST\nContent-Length: 0\nTransfer-Encoding: chunked\n\n0\r\n\r\nGET /public/smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n",
    ),
    (
        "a header in a header",
        "POST /public/a HTTP/1.1\r\nHost: HOST\r\nX: y\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET /public/smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n",
    ),
    (
        "TE of HTTP/1.0",
        "POST /public/a HTTP/1.0\r\nHost: HOST\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET /public/smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n",
    ),
    (
        "an early upgrade",
        "GET /public/a HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nGET /public/smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n",
    ),
    (
        "an early web socket",
        "GET /private HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nGET /public/smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n",
    ),
    (
        "an upgrade with a length",
        "POST /public/a HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: 44\r\n\r\nGET /public/smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n",
    ),
    (
        "a chunk size past the end",
        "POST /public/a HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF1\r\n\r\nGET /public/smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n",
    ),
    (
        "a chunk size in disguise",
        "POST /public/a HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0x0\r\n\r\nGET /public/smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n",
    ),
    (
        "NUL in a value",
        "POST /public/a HTTP/1.1\r\nHost: HOST\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
    ),
    ("two hosts", "GET /public/a HTTP/1.1\r\nHost: HOST\r\nHost: evil.example\r\n\r\n"),
    ("no host", "GET /public/a HTTP/1.1\r\nX: y\r\n\r\n"),
];

#[tokio::test]
async fn s50_what_can_be_cut_in_two_ways_is_one_request_or_none() {
    let site = Site::with(nobody()).await;
    for (name, bytes) in SMUGGLERS {
        site.upstream.forget();
        let answer = raw(site.address, bytes.replace("HOST", &site.host).as_bytes(), QUIET).await;
        let received = site.upstream.received();
        let targets: Vec<&str> = received.iter().map(|request| request.target()).collect();
        // A second request that stands alone on the wire is the client's own, decided on by itself; it never rides in the first.
        let first = targets.iter().filter(|target| **target == "/public/a").count();
        assert!(first <= 1, "{name}: {targets:?}");
        let answered = statuses(&answer).len();
        assert!(
            targets.len() <= answered.max(1),
            "{name}: more requests than answers: {targets:?} {answer}"
        );
        assert!(targets.len() <= 1 || answered == 2, "{name}: {targets:?}\n{answer}");
        for request in &received {
            let lengths =
                request.all("content-length").len() + request.all("transfer-encoding").len();
            assert!(lengths <= 1, "{name}: the app got two framings: {}", request.head);
            assert!(
                !String::from_utf8_lossy(&request.body).contains("smuggled") || first == 1,
                "{name}"
            );
        }
    }
    // After all that the app's connections are in step.
    for which in 0..20 {
        let target = format!("/public/after-{which}");
        let answer = site.send(Request::get(&target)).await.expect(200);
        assert!(answer.text().contains(&target), "an answer of somebody else: {}", answer.text());
    }
}

#[tokio::test]
async fn s50_no_other_protocol_begins_also_where_it_is_offered_beside_web_sockets() {
    let site = Site::with(nobody()).await;
    for upgrade in ["h2c", "h2c, websocket", "websocket, h2c", "TLS/1.0"] {
        let request = Request::get("/public/page")
            .header("Connection", "Upgrade, HTTP2-Settings")
            .header("Upgrade", upgrade)
            .header("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA");
        site.send(request).await.expect(200);
        let reached = site.upstream.last();
        let offered = reached.all_folded("Upgrade");
        assert!(offered.iter().all(|protocol| *protocol == "websocket"), "{}", reached.head);
        assert!(reached.all_folded("HTTP2-Settings").is_empty(), "{}", reached.head);
    }
}

#[tokio::test]
async fn s50_the_body_of_a_refused_post_is_never_a_request() {
    let site = Site::with(nobody()).await;
    let inner = format!("GET /public/smuggled HTTP/1.1\r\nHost: {}\r\n\r\n", site.host);
    for target in
        ["/private", "/closed/x", "/_doorward/login", "/_doorward/nothing", "/early", "/public/%zz"]
    {
        let post = format!(
            "POST {target} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n{inner}",
            site.host,
            inner.len()
        );
        let answer = raw(site.address, post.as_bytes(), QUIET).await;
        assert_eq!(statuses(&answer).len(), 1, "{target}: {answer}");
        let big = "x".repeat(300 * 1024);
        let post = format!(
            "POST {target} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n{big}{inner}",
            site.host,
            big.len() + inner.len()
        );
        let answer = raw(site.address, post.as_bytes(), QUIET).await;
        assert!(statuses(&answer).len() <= 1, "{target}: {answer}");
    }
    assert!(site.upstream.received_at("/public/smuggled").is_empty());
}

#[tokio::test]
async fn s50_an_app_that_answers_early_harms_nobody_after() {
    let rules = vec!["{ policy: bypass }".to_owned()];
    let site = Site::with(Setup { rules, people: vec![], ..Setup::default() }).await;
    let inner = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n".repeat(4000);
    let post = format!(
        "POST /early HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n{inner}",
        site.host,
        inner.len()
    );
    let answer = exchange(site.address, post.as_bytes()).await;
    assert!(matches!(answer.status, 403 | 502), "{}", answer.status);
    site.send(Request::get("/after")).await.expect(200);
    assert!(site.upstream.received_at("/smuggled").is_empty());
}

#[tokio::test]
async fn methods_and_targets_that_are_none_are_refused() {
    let site = Site::with(nobody()).await;
    for head in [
        "TRACE /public/a HTTP/1.1",
        "TRACK /public/a HTTP/1.1",
        "CONNECT HOST HTTP/1.1",
        "CONNECT /public/a HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "GET http://HOST/public/a HTTP/1.1",
        "GET //HOST/public/a HTTP/1.1",
        "get /public/a HTTP/1.1",
        "GET /public/a b HTTP/1.1",
        "GET  /public/a HTTP/1.1",
        "GET /public/a HTTP/3.0",
        "GET /public/a HTTP/1.2",
        "GET /public/a",
        "FOO BAR /public/a HTTP/1.1",
        "GET public/a HTTP/1.1",
        "GET /public/\u{0}a HTTP/1.1",
        "GET /public/\u{7f} HTTP/1.1",
        "PRI * HTTP/2.0",
    ] {
        let bytes = format!("{head}\r\nHost: HOST\r\nConnection: close\r\n\r\n")
            .replace("HOST", &site.host);
        let answer = raw(site.address, bytes.as_bytes(), QUIET).await;
        let refused = statuses(&answer).iter().all(|status| (400..=505).contains(status));
        // A space in a target is encoded by the parser, before anything is decided; so it is the same to everybody.
        let encoded = head.contains("a b") && site.upstream.last().target() == "/public/a%20b";
        assert!(refused || encoded, "{head}: {answer}");
        site.upstream.forget();
    }
}

#[tokio::test]
async fn s53_a_head_that_is_too_large_is_not_forwarded() {
    let site = Site::with(nobody()).await;
    let mut many = Request::get("/public/a");
    for field in 0..150 {
        many = many.header(&format!("X-{field}"), "y");
    }
    assert!(matches!(site.send(many).await.status, 400 | 431));
    let large = Request::get("/public/a").header("X-Large", &"y".repeat(100 * 1024));
    assert!(matches!(site.send(large).await.status, 400 | 431));
    let long = Request::get(&format!("/public/{}", "y".repeat(20_000)));
    assert!(matches!(site.send(long).await.status, 400 | 414 | 431));
    assert!(site.upstream.received().is_empty());
}

#[tokio::test]
async fn s53_a_head_that_drips_is_not_waited_for_and_others_are_unharmed() {
    let site = Site::with(nobody()).await;
    let whole = Request::get("/public/a").bytes(&site.host);
    // The first head of a connection, and one that comes after a request.
    let mut fresh = TcpStream::connect(site.address).await.unwrap();
    let mut used = TcpStream::connect(site.address).await.unwrap();
    used.write_all(&whole).await.unwrap();
    read_response(&mut used, &mut Vec::new(), false).await.unwrap();
    // A connection that has asked and waits for a slow answer is not one of them.
    let mut patient = TcpStream::connect(site.address).await.unwrap();
    patient.write_all(&Request::get("/public/hang").bytes(&site.host)).await.unwrap();

    let closed = Duration::from_secs(30);
    let drips = async { tokio::join!(drip(&mut fresh, &site.host), drip(&mut used, &site.host)) };
    timeout(closed, drips).await.expect("dripping connections are closed within 30 s");
    assert_eq!(site.upstream.received_at("/public/slow").len(), 0);
    let mut byte = [0; 1];
    let waiting = timeout(Duration::from_millis(100), patient.read(&mut byte)).await;
    assert!(waiting.is_err(), "it still waits for its answer: {waiting:?}");
}

/// A head of which a byte comes now and then, until the other side has had enough of it.
async fn drip(stream: &mut TcpStream, host: &str) {
    stream
        .write_all(format!("GET /public/slow HTTP/1.1\r\nHost: {host}\r\n").as_bytes())
        .await
        .unwrap();
    let mut ticks = tokio::time::interval(Duration::from_millis(250));
    let mut answer = [0; 512];
    loop {
        tokio::select! {
            read = stream.read(&mut answer) => if !matches!(read, Ok(1..)) { return },
            _ = ticks.tick() => {}
        }
        if stream.write_all(b"X").await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn s55_the_admin_listener_and_the_sites_do_not_answer_for_each_other() {
    let site = Site::start().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    for path in ["/metrics", "/healthz", "/readyz"] {
        site.send(Request::get(path)).await.expect(401);
        ada.get(path).await.expect(200);
        assert_eq!(site.upstream.last().target(), path, "it is the app's, if anybody's");
        site.ask_admin(path).await.expect(200);
    }
    let metrics = site.metrics().await.0;
    for secret in ["ada", "example.org", "/private"] {
        assert!(!metrics.contains(secret), "{secret} is in the metrics");
    }
    assert!(matches!(site.ask_admin("/_doorward/login").await.status, 404 | 421));
}
