//! Bodies and connections that take their time, both ways.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::gateway::web_socket;
use crate::support::browser::{Browser, Request};
use crate::support::http::{PATIENCE, read_chunk, read_head, read_response, read_until};
use crate::support::scripted::{Act, Scripted};
use crate::support::site::{ADA, Setup, Site, Way};
use crate::support::tools::free_port;

#[tokio::test]
async fn an_upload_reaches_the_app_while_it_is_still_being_sent() {
    let site = Site::start().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    let head = Request::post("/echo").header("Transfer-Encoding", "chunked");
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    stream.write_all(&ada.prepare(head)).await.unwrap();
    stream.write_all(b"6\r\nfirst,\r\n").await.unwrap();
    site.upstream.wait_for_bytes(6).await;
    stream.write_all(b"7\r\n second\r\n0\r\n\r\n").await.unwrap();
    let answer = timeout(PATIENCE, read_response(&mut stream, &mut Vec::new(), false))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (200, "first, second"));

    // A large one, with its length, and a large answer.
    let body = vec![b'u'; 3 << 20];
    let answer = ada
        .send(Request::post("/echo").body("application/octet-stream", body.clone()))
        .await
        .expect(200);
    assert!(answer.body == body, "what came back is not what was sent");
    assert_eq!(ada.get("/large").await.expect(200).body.len(), 3 << 20);
    let head = ada.send(Request::new("HEAD", "/large")).await.expect(200);
    assert!(head.body.is_empty());
}

#[tokio::test]
async fn an_upload_may_wait_for_100_continue() {
    let site = Site::start().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    let head =
        Request::post("/echo").header("Expect", "100-continue").header("Content-Length", "5");
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    stream.write_all(&ada.prepare(head)).await.unwrap();
    let mut pending = Vec::new();
    let head = timeout(PATIENCE, read_head(&mut stream, &mut pending)).await;
    let (status, _) = head.expect("the app is asked").unwrap();
    assert_eq!(status, 100);
    stream.write_all(b"hello").await.unwrap();
    let answer =
        timeout(PATIENCE, read_response(&mut stream, &mut pending, false)).await.unwrap().unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello"));
}

#[tokio::test]
async fn each_event_of_a_stream_comes_when_the_app_sends_it() {
    let site = Site::start().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    stream
        .write_all(&ada.prepare(Request::get("/stream").header("Accept", "text/event-stream")))
        .await
        .unwrap();
    let mut pending = Vec::new();
    let (status, headers) =
        timeout(PATIENCE, read_head(&mut stream, &mut pending)).await.unwrap().unwrap();
    assert_eq!(status, 200, "the head came before any event");
    assert!(
        headers.iter().any(|(name, value)| name.eq_ignore_ascii_case("content-type")
            && value == "text/event-stream")
    );
    for event in 1..=3 {
        site.upstream.release_one();
        let chunk = timeout(PATIENCE, read_chunk(&mut stream, &mut pending))
            .await
            .expect("the event came")
            .unwrap();
        assert_eq!(String::from_utf8(chunk).unwrap(), format!("data: {event}\n\n"));
    }
    // When the reader goes, the app hears of it.
    drop(stream);
    site.upstream.wait_for_gone(1).await;
}

#[tokio::test]
async fn trailers_stay_behind_on_http_1_and_what_is_around_them_is_whole() {
    let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n\
        5\r\nhello\r\n0\r\nX-Sum: a\r\nSet-Cookie: doorward=stolen\r\n\r\n";
    let app = Scripted::start(|_, _| Act::Send(answer.to_vec())).await;
    for way in [Way::Short, Way::Pingoras] {
        let setup = Setup { upstream: Some(app.address), people: vec![], way, ..Setup::default() };
        let site = Site::with(setup).await;
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        let mut pending = Vec::new();
        // Nothing of one answer is left for the next.
        for _ in 0..2 {
            stream.write_all(&Request::get("/public/x").bytes(&site.host)).await.unwrap();
            let reading = read_response(&mut stream, &mut pending, false);
            let answer = timeout(PATIENCE, reading).await.unwrap().unwrap();
            assert_eq!((answer.status, answer.text().as_str()), (200, "hello"), "{way:?}");
            assert!(pending.is_empty(), "{way:?}");
        }
    }
    // What a client sends behind its body is not what the app is told of it (S46).
    let site = Site::with(Setup { people: vec![], ..Setup::default() }).await;
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let head = Request::post("/public/x").header("Transfer-Encoding", "chunked").bytes(&site.host);
    stream.write_all(&head).await.unwrap();
    stream.write_all(b"5\r\nhello\r\n0\r\nRemote-User: admin\r\nX-Sum: a\r\n\r\n").await.unwrap();
    let answer = timeout(PATIENCE, read_response(&mut stream, &mut Vec::new(), false)).await;
    assert_eq!(answer.unwrap().unwrap().status, 200);
    let got = site.upstream.last();
    assert_eq!(got.body, b"hello");
    assert!(!got.head.to_lowercase().contains("remote-user"), "{}", got.head);
}

#[tokio::test]
async fn a_web_socket_opens_for_who_is_signed_in_on_a_page_of_the_site() {
    let site = Site::start().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    let cookie = format!("doorward={}", ada.cookie("doorward").unwrap());

    site.send(web_socket("/ws").header("Origin", &ada.origin())).await.expect(401);
    // S52: a page of another site holds the cookie too.
    for origin in ["https://evil.example", "null", "http://wiki.localhost.evil"] {
        let foreign = web_socket("/ws").header("Cookie", &cookie).header("Origin", origin);
        assert_eq!(site.send(foreign).await.status, 403, "{origin}");
    }
    assert!(site.upstream.received().is_empty(), "none of them reached the app");

    let mut request = format!("ws://{}/ws?room=1", site.host).into_client_request().unwrap();
    request.headers_mut().insert("cookie", cookie.parse().unwrap());
    request.headers_mut().insert("origin", ada.origin().parse().unwrap());
    let stream = TcpStream::connect(site.address).await.unwrap();
    let (mut socket, answer) =
        tokio_tungstenite::client_async(request, stream).await.expect("it opens");
    assert_eq!(answer.status(), 101);
    for text in ["hello", &"long ".repeat(20_000)] {
        socket.send(Message::text(text)).await.unwrap();
        let said = timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
        assert_eq!(said.into_text().unwrap().as_str(), text);
    }
    let request = site.upstream.last();
    assert_eq!(request.header("remote-user"), Some("ada"));
    assert!(!request.head.contains(&cookie));
    assert_eq!(request.target(), "/ws?room=1");
}

#[tokio::test]
async fn a_web_socket_stays_open_however_early_the_app_has_answered() {
    let app = an_app_that_answers_before_it_is_asked().await;
    let site =
        Site::with(Setup { upstream: Some(app), people: Vec::new(), ..Setup::default() }).await;
    for round in 0..50 {
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        stream.write_all(&web_socket("/public/ws").bytes(&site.host)).await.unwrap();
        let mut pending = Vec::new();
        let (status, _) =
            timeout(PATIENCE, read_head(&mut stream, &mut pending)).await.unwrap().unwrap();
        assert_eq!(status, 101, "round {round}");
        stream.write_all(b"hello").await.unwrap();
        let said = timeout(PATIENCE, read_until(&mut stream, &mut pending, b"hello")).await;
        assert_eq!(said.unwrap().ok(), Some(0), "round {round}: it was closed");
    }
}

#[tokio::test]
async fn an_app_may_refuse_a_web_socket_or_be_away() {
    let site = Site::with(Setup { people: Vec::new(), ..Setup::default() }).await;
    for _ in 0..3 {
        let answer = site.send(web_socket("/public/page")).await.expect(200);
        assert!(answer.text().contains("The app"), "{}", answer.text());
    }
    let away = ([127, 0, 0, 1], free_port()).into();
    let site =
        Site::with(Setup { upstream: Some(away), people: Vec::new(), ..Setup::default() }).await;
    site.send(web_socket("/public/ws")).await.expect(502);
}

/// Its `101` is there as soon as the gateway has a connection: no app is faster. It says back what it hears.
async fn an_app_that_answers_before_it_is_asked() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
                stream.write_all(head).await?;
                let mut pending = Vec::new();
                let end = read_until(&mut stream, &mut pending, b"\r\n\r\n").await?;
                stream.write_all(&pending[end + 4..]).await?;
                let (mut hears, mut says) = stream.split();
                tokio::io::copy(&mut hears, &mut says).await
            });
        }
    });
    address
}

#[tokio::test]
async fn a_connection_serves_many_requests_and_each_is_decided_on_its_own() {
    let site = Site::start().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let mut pending = Vec::new();
    for round in 0..3 {
        for (bytes, status) in [
            (ada.prepare(Request::get("/private")), 200),
            (Request::get("/private").bytes(&site.host), 401),
        ] {
            stream.write_all(&bytes).await.unwrap();
            let answer = timeout(PATIENCE, read_response(&mut stream, &mut pending, false))
                .await
                .unwrap()
                .unwrap();
            assert_eq!(answer.status, status, "round {round}");
        }
    }
    assert_eq!(site.upstream.received().len(), 3);
}
