//! What connections may cost: their number, their heads, the pace of what comes and goes (S53).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{interval, timeout};

use crate::support::browser::Request;
use crate::support::http::{PATIENCE, exchange, raw, read_response, statuses};
use crate::support::site::{Setup, Site};
use crate::support::tools::eventually;
use crate::support::upstream::QUIET;

fn limited(connections: &str) -> Setup {
    let top = vec![format!("connections: {{ {connections} }}")];
    Setup { top, people: vec![], ..Setup::default() }
}

/// A connection that comes from `source`, another address of this machine.
async fn connect_from(source: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{source}:0").parse().unwrap()).unwrap();
    timeout(PATIENCE, socket.connect(to)).await.unwrap().unwrap()
}

/// Whether the other side has closed, having said nothing.
async fn is_closed(stream: &mut TcpStream) -> bool {
    !matches!(timeout(PATIENCE, stream.read(&mut [0; 1])).await.unwrap(), Ok(1..))
}

async fn is_served(stream: &mut TcpStream, host: &str) -> bool {
    stream.write_all(&Request::get("/public/a").bytes(host)).await.unwrap();
    read_response(stream, &mut Vec::new(), false).await.is_ok_and(|answer| answer.status == 200)
}

#[tokio::test]
async fn s53_one_address_has_its_share_of_connections_and_others_have_theirs() {
    let site = Site::with(limited("per_address: 8, total: 40")).await;
    let mut greedy = Vec::new();
    for _ in 0..8 {
        greedy.push(connect_from("127.0.0.1", site.address).await);
    }
    for stream in &mut greedy {
        assert!(is_served(stream, &site.host).await);
    }
    for _ in 0..5 {
        assert!(is_closed(&mut connect_from("127.0.0.1", site.address).await).await);
    }
    let mut other = connect_from("127.0.0.2", site.address).await;
    assert!(is_served(&mut other, &site.host).await, "others are unharmed");
    // Whoever leaves makes room.
    drop(greedy.pop());
    eventually("room for one more", async || {
        let mut again = connect_from("127.0.0.1", site.address).await;
        again.write_all(&Request::get("/public/a").bytes(&site.host)).await.ok()?;
        read_response(&mut again, &mut Vec::new(), false).await.ok()
    })
    .await;
    let metrics = site.metrics().await;
    let ended = metrics.sum("doorward_connections_ended_total", &[("reason", "address")]);
    assert!(ended >= 5.0, "{ended}");
    let open = metrics.sum("doorward_connections", &[]);
    assert!((8.0..=9.0).contains(&open), "{open}");
    let told = site.log().lines().filter(|line| line.contains("turned away")).count();
    assert_eq!(told, 1, "it is told now and then, and not each time");
}

#[tokio::test]
async fn s53_past_the_last_connection_there_is_none_and_the_operator_still_sees_it() {
    let site = Site::with(limited("per_address: 8, total: 16")).await;
    let mut kept = Vec::new();
    for source in ["127.0.0.1", "127.0.0.2"] {
        for _ in 0..8 {
            kept.push(connect_from(source, site.address).await);
        }
    }
    for stream in &mut kept {
        assert!(is_served(stream, &site.host).await);
    }
    assert!(is_closed(&mut connect_from("127.0.0.3", site.address).await).await);
    let metrics = site.metrics().await;
    assert_eq!(metrics.sum("doorward_connections", &[]), 16.0);
    assert_eq!(metrics.sum("doorward_connections_ended_total", &[("reason", "total")]), 1.0);
}

#[tokio::test]
async fn s53_the_limit_of_open_files_is_raised_at_start_and_told() {
    let mut site = Site::prepared(&limited("per_address: 500, total: 600")).await;
    let mut command = std::process::Command::new("sh");
    // With 96 there is no room for 150 connections, each of which has another one to the app.
    command.args(["-c", "ulimit -Sn 96; exec \"$@\"", "sh"]);
    let own = site.command();
    command.arg(own.get_program()).args(["serve", "-c"]).arg(site.config());
    command.envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(site.path(""));
    site.serve_by(command).await;
    let told = site.logged("open files are limited");
    assert_eq!(told[0]["was"], "96", "{told:?}");
    let mut kept = Vec::new();
    for _ in 0..150 {
        let mut stream = connect_from("127.0.0.1", site.address).await;
        // One for which there is no room waits until another one has ended.
        let served = timeout(PATIENCE, is_served(&mut stream, &site.host)).await;
        assert!(served.is_ok_and(|served| served), "after {}", kept.len());
        kept.push(stream);
    }
    // Where the system allows fewer than the configuration may take, that is said.
    let mut site = Site::prepared(&limited("total: 20000")).await;
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "ulimit -n 1000; exec \"$@\"", "sh"]);
    command.arg(own.get_program()).args(["serve", "-c"]).arg(site.config());
    site.serve_by(command).await;
    let told = site.logged("connections.total may take more files");
    assert_eq!((&told[0]["is"], &told[0]["needed"]), (&"1000".into(), &40_256.into()), "{told:?}");
}

#[tokio::test]
async fn a_connection_has_so_many_requests_and_then_another_is_made() {
    let site = Site::with(limited("requests: 3")).await;
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    for left in (0..3).rev() {
        stream.write_all(&Request::get("/public/a").bytes(&site.host)).await.unwrap();
        let answer = read_response(&mut stream, &mut Vec::new(), false).await.unwrap().expect(200);
        let closes = answer.header("connection").is_some_and(|it| it.eq_ignore_ascii_case("close"));
        assert_eq!(closes, left == 0, "{left} left: {answer:?}");
    }
    assert!(is_closed(&mut stream).await);
}

#[tokio::test]
async fn s53_a_connection_waits_for_its_next_request_so_long_and_no_longer() {
    let site = Site::with(limited("keep_alive: 1s")).await;
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    assert!(is_served(&mut stream, &site.host).await);
    assert!(is_closed(&mut stream).await);
}

#[tokio::test]
async fn s53_heads_have_their_measure_and_are_told_so() {
    let site = Site::with(limited("head_size: 16KiB, head_fields: 40")).await;
    let mut many = Request::get("/public/a");
    for field in 0..41 {
        many = many.header(&format!("X-{field}"), "y");
    }
    assert_eq!(site.send(many).await.status, 431);
    let large = |bytes: usize| Request::get("/public/a").header("X-Large", &"y".repeat(bytes));
    site.send(large(15 * 1024)).await.expect(200);
    let refused = site.send(large(16 * 1024).navigate()).await.expect(431);
    assert!(refused.text().contains("cookies"), "{}", refused.text());
    let long = Request::get(&format!("/public/{}", "y".repeat(9000)));
    site.send(long.navigate()).await.expect(414);
    assert_eq!(site.upstream.received().len(), 1);
}

#[tokio::test]
async fn s53_a_head_without_an_end_is_not_kept() {
    let site = Site::with(limited("head_size: 16KiB")).await;
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    stream.write_all(b"GET /public/a HTTP/1.1\r\n").await.unwrap();
    let line = format!("X-Line: {}\r\n", "y".repeat(1000));
    // The answer may be lost where the rest of the head is still on its way; the end is not.
    let (mut reading, mut writing) = stream.split();
    let goes_on = async { while writing.write_all(line.as_bytes()).await.is_ok() {} };
    let mut answer = Vec::new();
    let ends = async {
        tokio::select! {
            _ = reading.read_to_end(&mut answer) => {}
            () = goes_on => {}
        }
    };
    timeout(PATIENCE, ends).await.expect("the other side has had enough of it");
    let metrics = site.metrics().await;
    assert_eq!(metrics.sum("doorward_connections_ended_total", &[("reason", "head_size")]), 1.0);
    assert!(!site.log().contains("Fail to proxy"), "each such connection is in the log");
}

#[tokio::test]
async fn s53_a_body_that_drips_is_not_waited_for_and_a_slow_line_lives() {
    let site = Site::with(limited("body_timeout: 2s, least_rate: 500")).await;
    let head = |path: &str, length: usize| {
        let host = &site.host;
        format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n")
    };
    let dripping = async {
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        stream.write_all(head("/public/drips", 9000).as_bytes()).await.unwrap();
        let (mut reading, mut writing) = stream.split();
        let drip = async {
            let mut ticks = interval(Duration::from_millis(100));
            while writing.write_all(b"x").await.is_ok() {
                ticks.tick().await;
            }
            std::future::pending::<()>().await
        };
        let mut pending = Vec::new();
        tokio::select! {
            answer = read_response(&mut reading, &mut pending, false) => answer.unwrap().status,
            () = drip => unreachable!("it waits for ever"),
        }
    };
    let slow = async {
        // Longer than the time of one span, and never by much above the least rate.
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        stream.write_all(head("/public/slow", 30 * 100).as_bytes()).await.unwrap();
        let mut ticks = interval(Duration::from_millis(150));
        for _ in 0..30 {
            ticks.tick().await;
            stream.write_all(&[b'x'; 100]).await.unwrap();
        }
        read_response(&mut stream, &mut Vec::new(), false).await.unwrap().status
    };
    let began = Instant::now();
    let both = async { tokio::join!(dripping, slow) };
    assert_eq!(timeout(PATIENCE, both).await.expect("in time"), (408, 200));
    assert!(began.elapsed() >= Duration::from_secs(4), "the slow one took several spans");
    assert!(site.upstream.received_at("/public/drips").is_empty());
    assert_eq!(site.upstream.received_at("/public/slow")[0].body.len(), 3000);
    let metrics = site.metrics().await;
    assert_eq!(metrics.sum("doorward_connections_ended_total", &[("reason", "body_timeout")]), 1.0);
}

#[tokio::test]
async fn s53_an_answer_that_nobody_takes_is_not_kept_and_waiting_harms_nobody() {
    let site = Site::with(limited("send_timeout: 2s, body_timeout: 1s")).await;
    let mut deaf = TcpStream::connect(site.address).await.unwrap();
    deaf.write_all(&Request::get("/public/huge").bytes(&site.host)).await.unwrap();
    // Somebody who waits for a slow answer owes nothing.
    let mut patient = TcpStream::connect(site.address).await.unwrap();
    patient.write_all(&Request::get("/public/hang").bytes(&site.host)).await.unwrap();
    eventually("the end of the deaf connection", async || {
        let metrics = site.metrics().await;
        let ended = metrics.sum("doorward_connections_ended_total", &[("reason", "send_timeout")]);
        (ended == 1.0).then_some(())
    })
    .await;
    let waiting = timeout(Duration::from_millis(100), patient.read(&mut [0; 1])).await;
    assert!(waiting.is_err(), "it still waits for its answer: {waiting:?}");
}

#[tokio::test]
async fn a_site_takes_bodies_up_to_its_measure() {
    let setup = Setup { site: vec!["max_body: 4KiB".to_owned()], ..limited("total: 100") };
    let site = Site::with(setup).await;
    let post = |bytes: usize| Request::post("/public/a").body("text/plain", vec![b'x'; bytes]);
    site.send(post(4096)).await.expect(200);
    site.send(post(4097)).await.expect(413);
    assert_eq!(site.upstream.received().len(), 1);
    // One that does not say how long it is.
    let chunk = format!("800\r\n{}\r\n", "x".repeat(0x800));
    let chunked = |chunks: usize| {
        let (host, body) = (&site.host, chunk.repeat(chunks));
        format!(
            "POST /public/a HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n{body}0\r\n\r\n"
        )
    };
    assert_eq!(exchange(site.address, chunked(2).as_bytes()).await.status, 200);
    assert_eq!(exchange(site.address, chunked(3).as_bytes()).await.status, 413);
    assert_eq!(site.upstream.received().len(), 2, "the app got none of it as a whole request");
}

#[tokio::test]
async fn s50_what_there_is_one_of_comes_once_and_lines_end_as_they_should() {
    let site = Site::with(limited("total: 100")).await;
    for extra in [
        "Content-Type: text/plain\r\nContent-Type: text/html\r\n",
        "Authorization: Basic YQ==\r\nAuthorization: Basic Yg==\r\n",
        "Expect: y 100-continue\r\n",
        "Expect: 100-continue\r\nExpect: 100-continue\r\n",
        "X: y\n",
        "X: y\r\nZ: y\n\r\n",
    ] {
        let host = &site.host;
        let bytes = format!("GET /public/a HTTP/1.1\r\nHost: {host}\r\n{extra}\r\n");
        assert_eq!(statuses(&raw(site.address, bytes.as_bytes(), QUIET).await), [400], "{extra:?}");
    }
    assert!(site.upstream.received().is_empty());
    let crumbs = Request::get("/public/a").header("Cookie", "a=1").header("Cookie", "b=2; c=3");
    site.send(crumbs).await.expect(200);
    assert_eq!(site.upstream.last().all("cookie"), ["a=1; b=2; c=3"]);
}
