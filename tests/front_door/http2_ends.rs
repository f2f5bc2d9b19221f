//! How connections of HTTP/2 end: when they have had their share, when they rest, when a body drips, and when doorward
//! itself ends.

use std::time::Duration;

use tokio::time::{interval, timeout};

use crate::support::browser::Request;
use crate::support::http::PATIENCE;
use crate::support::secure::{
    DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, HOST, PING, RESET, RawH2, Secure, fields, frame,
};
use crate::support::site::Setup;
use crate::support::tools::eventually;

/// A gateway where everything is open, with these limits on connections.
fn open(connections: &str) -> Setup {
    Setup {
        rules: vec!["{ policy: bypass }".to_owned()],
        top: vec![format!("connections: {{ {connections} }}")],
        people: vec![],
        ..Setup::default()
    }
}

fn head(method: &str, path: &str) -> Vec<u8> {
    fields(&[(":method", method), (":scheme", "https"), (":authority", HOST), (":path", path)])
}

async fn get(raw: &mut RawH2, stream: u32, path: &str) -> bool {
    raw.send(&frame(HEADERS, END_HEADERS | END_STREAM, stream, &head("GET", path))).await
}

/// The kinds of all frames with their streams, until the connection ends. Whoever is taken leave of is asked by a PING
/// whether everything has arrived.
async fn to_its_end(raw: &mut RawH2) -> Vec<(u8, u32)> {
    let mut seen = Vec::new();
    while let Some((kind, stream, payload)) = raw.next().await {
        if kind == PING {
            raw.send(&frame(PING, 0x1, 0, &payload)).await;
        }
        seen.push((kind, stream));
    }
    seen
}

#[tokio::test]
async fn at_the_end_clients_are_told_and_streams_under_way_end_well() {
    let mut secure = Secure::with(open("total: 100")).await;
    let mut raw = RawH2::begin(&secure, &[]).await;
    assert!(get(&mut raw, 1, "/poll").await);
    eventually("the request at the app", async || {
        (!secure.site.upstream.received_at("/poll").is_empty()).then_some(())
    })
    .await;
    secure.site.signal("TERM");
    while let Some((kind, ..)) = raw.next().await {
        assert_ne!(kind, HEADERS, "the app has not answered yet");
        if kind == GOAWAY {
            break;
        }
    }
    secure.site.upstream.release_one();
    let rest = to_its_end(&mut raw).await;
    assert!(rest.contains(&(HEADERS, 1)) && rest.contains(&(DATA, 1)), "{rest:?}");
    assert!(!rest.contains(&(RESET, 1)), "{rest:?}");
    assert!(secure.site.ended().await.success());
}

#[tokio::test]
async fn a_connection_has_so_many_requests_and_all_of_them_are_answered() {
    let secure = Secure::with(open("requests: 3")).await;
    let mut raw = RawH2::begin(&secure, &[]).await;
    for stream in [1, 3, 5] {
        assert!(get(&mut raw, stream, "/x").await);
    }
    let seen = to_its_end(&mut raw).await;
    for stream in [1, 3, 5] {
        assert!(seen.contains(&(HEADERS, stream)), "{seen:?}");
    }
    assert!(seen.contains(&(GOAWAY, 0)), "{seen:?}");
    // A client that knows HTTP/2 makes another connection and loses nothing.
    let h2 = secure.h2().await;
    for _ in 0..2 {
        h2.send(Request::get("/x")).await.expect(200);
    }
}

#[tokio::test]
async fn s53_a_connection_waits_for_its_next_request_so_long_and_no_longer() {
    let secure = Secure::with(open("keep_alive: 1s")).await;
    let mut raw = RawH2::begin(&secure, &[]).await;
    assert!(get(&mut raw, 1, "/x").await);
    let seen = timeout(PATIENCE, to_its_end(&mut raw)).await.expect("it ends by itself");
    assert!(seen.contains(&(HEADERS, 1)), "{seen:?}");
    // What a reload says holds for connections from then on.
    secure.site.edit("keep_alive: 1s", "keep_alive: 30s");
    secure.site.wait_for_reloads("applied", 1).await;
    let mut raw = RawH2::begin(&secure, &[]).await;
    assert!(get(&mut raw, 1, "/x").await);
    assert!(timeout(Duration::from_secs(3), to_its_end(&mut raw)).await.is_err(), "it rests on");
}

#[tokio::test]
async fn s53_a_head_has_its_time_over_http_2_too() {
    let secure = Secure::with(open("head_timeout: 1s")).await;
    let bystander = secure.h2().await;
    bystander.send(Request::get("/x")).await.expect(200);
    // A head whose rest never comes, and a preface that is not followed by anything whole.
    for (flags, bytes) in [(END_STREAM, head("GET", "/x")), (END_STREAM, Vec::new())] {
        let mut raw = RawH2::begin(&secure, &[]).await;
        assert!(raw.send(&frame(HEADERS, flags, 1, &bytes)).await);
        let ends = async { while raw.next().await.is_some() {} };
        timeout(PATIENCE, ends).await.expect("it is not waited for");
    }
    bystander.send(Request::get("/x")).await.expect(200);
    assert_eq!(secure.site.upstream.received().len(), 2);
}

#[tokio::test]
async fn s53_a_body_that_drips_over_http_2_is_not_waited_for_and_a_slow_line_lives() {
    let setup = Setup {
        site: vec!["timeouts: { write: 1s }".to_owned()],
        ..open("body_timeout: 1s, least_rate: 500")
    };
    let secure = Secure::with(setup).await;
    let mut raw = RawH2::begin(&secure, &[]).await;
    assert!(raw.send(&frame(HEADERS, END_HEADERS, 1, &head("POST", "/drips"))).await);
    assert!(raw.send(&frame(HEADERS, END_HEADERS, 3, &head("POST", "/slow"))).await);
    let mut ticks = interval(Duration::from_millis(100));
    // Beside each other on one connection, for longer than several spans of two seconds.
    for _ in 0..60 {
        ticks.tick().await;
        assert!(raw.send(&frame(DATA, 0, 1, b"x")).await);
        assert!(raw.send(&frame(DATA, 0, 3, &[b'x'; 100])).await);
    }
    assert!(raw.send(&frame(DATA, END_STREAM, 3, b"x")).await);
    let (mut dripped, mut slow) = (None, None);
    while let (None, _) | (_, None) = (dripped, slow) {
        match raw.next().await.expect("the connection goes on") {
            (kind @ (HEADERS | RESET), 1, _) => dripped = Some(kind),
            (kind @ (HEADERS | RESET), 3, _) => slow = Some(kind),
            _ => {}
        }
    }
    assert_eq!((dripped, slow), (Some(RESET), Some(HEADERS)));
    assert_eq!(secure.site.upstream.received_at("/slow")[0].body.len(), 6001);
    assert!(secure.site.upstream.received_at("/drips").is_empty());
    let metrics = secure.site.metrics().await;
    assert_eq!(metrics.sum("doorward_connections_ended_total", &[("reason", "body_timeout")]), 1.0);
}

#[tokio::test]
async fn the_first_event_of_a_stream_comes_over_http_2_while_the_app_goes_on() {
    let secure = Secure::with(open("total: 100")).await;
    let mut raw = RawH2::begin(&secure, &[]).await;
    assert!(get(&mut raw, 1, "/stream").await);
    let mut events = 0;
    while events < 3 {
        match raw.next().await.expect("it goes on") {
            (HEADERS, 1, _) => secure.site.upstream.release_one(),
            (DATA, 1, payload) if !payload.is_empty() => {
                events += 1;
                assert_eq!(payload, format!("data: {events}\n\n").as_bytes());
                // The app sends the next one only now.
                secure.site.upstream.release_one();
            }
            _ => {}
        }
    }
}
