//! Answers over HTTP/2: read as slowly as a client likes, taken back, and made smaller on their way.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::support::browser::Request;
use crate::support::http::{PATIENCE, read_until};
use crate::support::scripted::{Act, Scripted};
use crate::support::secure::{
    Came, DATA, END_HEADERS, END_STREAM, HEADERS, HOST, PING, RESET, RawH2, Secure, fields, frame,
};
use crate::support::site::Setup;
use crate::support::tools::{eventually, free_port, python, run};
use crate::support::upstream::QUIET;

const WINDOW_UPDATE: u8 = 8;

/// A gateway where everything is open, before this app.
async fn open(app: SocketAddr) -> Secure {
    let rules = vec!["{ policy: bypass }".to_owned()];
    let upstream = Some(app);
    Secure::with(Setup { rules, upstream, people: vec![], ..Setup::default() }).await
}

async fn get(raw: &mut RawH2, stream: u32, path: &str) {
    let head = [(":method", "GET"), (":scheme", "https"), (":authority", HOST), (":path", path)];
    assert!(raw.send(&frame(HEADERS, END_HEADERS | END_STREAM, stream, &fields(&head))).await);
}

/// An app that answers with so many bytes, and tells how many it could write so far.
async fn an_app_that_says_much(length: usize) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let written = Arc::<AtomicUsize>::default();
    let told = Arc::clone(&written);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let told = Arc::clone(&told);
            tokio::spawn(async move {
                read_until(&mut stream, &mut Vec::new(), b"\r\n\r\n").await?;
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
                stream.write_all(head.as_bytes()).await?;
                let part = [b'x'; 64 * 1024];
                let mut left = length;
                while left > 0 {
                    let count = stream.write(&part[..left.min(part.len())]).await?;
                    left -= count;
                    told.fetch_add(count, Ordering::Relaxed);
                }
                stream.read_u8().await
            });
        }
    });
    (address, written)
}

#[tokio::test]
async fn s53_an_answer_waits_for_a_client_that_reads_slowly_where_the_app_has_it() {
    const LENGTH: usize = 64 << 20;
    // What the kernel holds for two connections, by its usual limits, and a little.
    const HELD: usize = 16 << 20;
    let (app, written) = an_app_that_says_much(LENGTH).await;
    let secure = open(app).await;
    let mut raw = RawH2::begin(&secure, &[]).await;
    get(&mut raw, 1, "/").await;
    let mut came = 0;
    // As much as the client's window has room for.
    while came < 65_535 {
        match raw.next().await.expect("it goes on") {
            (DATA, 1, payload) => came += payload.len(),
            (RESET, ..) => panic!("it is reset"),
            _ => {}
        }
    }
    let mut last = (0, Instant::now());
    eventually("the app waits", async || {
        let now = written.load(Ordering::Relaxed);
        if now != last.0 {
            last = (now, Instant::now());
        }
        (last.1.elapsed() > QUIET).then_some(())
    })
    .await;
    assert!(last.0 < HELD, "{} bytes have gone somewhere", last.0);
    // With more room all of it comes.
    let widely = 0x7fff_ffff_u32 - 65_535;
    for stream in [0, 1] {
        assert!(raw.send(&frame(WINDOW_UPDATE, 0, stream, &widely.to_be_bytes())).await);
    }
    while came < LENGTH {
        match raw.next().await.expect("it goes on") {
            (DATA, 1, payload) => {
                assert!(payload.iter().all(|byte| *byte == b'x'));
                came += payload.len();
            }
            (PING, _, payload) => assert!(raw.send(&frame(PING, 0x1, 0, &payload)).await),
            (RESET, ..) => panic!("it is reset after {came}"),
            _ => {}
        }
    }
    assert_eq!(came, LENGTH);
}

/// An app that answers `/begun` with the beginning of an answer, everything else not at all; it tells how many of its
/// clients have left.
async fn an_app_that_keeps_clients_waiting() -> (SocketAddr, watch::Receiver<(usize, usize)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = watch::channel((0, 0));
    let tell = Arc::new(tell);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let tell = Arc::clone(&tell);
            tokio::spawn(async move { keep_waiting(stream, &tell).await });
        }
    });
    (address, told)
}

async fn keep_waiting(
    mut stream: TcpStream,
    tell: &watch::Sender<(usize, usize)>,
) -> std::io::Result<()> {
    let mut pending = Vec::new();
    read_until(&mut stream, &mut pending, b"\r\n\r\n").await?;
    tell.send_modify(|(came, _)| *came += 1);
    if pending.starts_with(b"GET /begun") {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun").await?;
    }
    while let Ok(1..) = stream.read(&mut [0; 64]).await {}
    tell.send_modify(|(_, left)| *left += 1);
    Ok(())
}

#[tokio::test]
async fn a_request_that_is_taken_back_ends_at_the_app_too() {
    let (app, mut told) = an_app_that_keeps_clients_waiting().await;
    let secure = open(app).await;
    let mut raw = RawH2::begin(&secure, &[]).await;
    let cancel = 8_u32.to_be_bytes();
    for (number, (stream, path)) in [(1, "/begun"), (3, "/silent")].into_iter().enumerate() {
        get(&mut raw, stream, path).await;
        let came = told.wait_for(|(came, _)| *came > number);
        timeout(PATIENCE, came).await.expect("the app is asked").unwrap();
        while path == "/begun" && raw.next().await.expect("it goes on").0 != DATA {}
        assert!(raw.send(&frame(RESET, 0, stream, &cancel)).await);
        let left = told.wait_for(|(_, left)| *left > number);
        timeout(PATIENCE, left).await.unwrap_or_else(|_| panic!("{path} goes on")).unwrap();
    }
    // The app is not asked again, and each is counted, once.
    eventually("both are counted", async || {
        let requests = secure.site.metrics().await.sum("doorward_http_requests_total", &[]);
        (requests >= 2.0).then_some(())
    })
    .await;
    assert_eq!(told.borrow().0, 2);
    // With the connection they end as well.
    get(&mut raw, 5, "/begun").await;
    get(&mut raw, 7, "/silent").await;
    timeout(PATIENCE, told.wait_for(|(came, _)| *came == 4)).await.expect("it is asked").unwrap();
    drop(raw);
    timeout(PATIENCE, told.wait_for(|(_, left)| *left == 4)).await.expect("both end").unwrap();
    eventually("all are counted", async || {
        let requests = secure.site.metrics().await.sum("doorward_http_requests_total", &[]);
        (requests == 4.0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_reset_and_others_on_the_connection_are_not() {
    let app = Scripted::start(|head, _| {
        if head.starts_with("GET /breaks") {
            return Act::Close(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        }
        Act::status("200 OK")
    })
    .await;
    let secure = open(app.address).await;
    let h2 = secure.h2().await;
    let (broken, whole) =
        tokio::join!(h2.try_send(Request::get("/breaks")), h2.send(Request::get("/whole")));
    assert!(broken.expect_err("it is not whole").is_reset());
    assert_eq!(whole.expect(200).text(), "ok");
    let mut raw = RawH2::begin(&secure, &[]).await;
    get(&mut raw, 1, "/breaks").await;
    assert_eq!(raw.outcome(1).await, Came::Answer);
    loop {
        match raw.next().await.expect("it goes on") {
            (DATA, 1, payload) => assert_eq!(payload, b"half"),
            (RESET, 1, _) => break,
            _ => {}
        }
    }
    assert_eq!(app.heads_at("/breaks").len(), 2, "an answer had begun: nothing is asked again");
}

#[tokio::test]
async fn an_app_that_is_away_is_told_of_over_http_2() {
    let secure = open(([127, 0, 0, 1], free_port()).into()).await;
    let h2 = secure.h2().await;
    let page = h2.send(Request::get("/").navigate()).await.expect(502);
    assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    assert_eq!(page.header("content-length"), Some(page.body.len().to_string().as_str()));
    assert!(page.header("strict-transport-security").is_some());
    let head = h2.send(Request::new("HEAD", "/")).await.expect(502);
    assert!(head.body.is_empty());
    let counted = [("status_class", "5xx")];
    eventually("both are counted", async || {
        let sum = secure.site.metrics().await.sum("doorward_http_requests_total", &counted);
        (sum == 2.0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn texts_are_compressed_over_http_2() {
    let text = "All work and no play makes Jack a dull boy. ".repeat(4000);
    let body = text.clone();
    let app = Scripted::start(move |_, _| {
        let length = body.len();
        Act::Send(
            format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{body}")
                .into_bytes(),
        )
    })
    .await;
    let secure = Secure::with(Setup {
        rules: vec!["{ policy: bypass }".to_owned()],
        site: vec!["compress: true".to_owned()],
        upstream: Some(app.address),
        people: vec![],
        ..Setup::default()
    })
    .await;
    let h2 = secure.h2().await;
    let small = h2.send(Request::get("/").header("Accept-Encoding", "gzip")).await.expect(200);
    assert_eq!(small.header("content-encoding"), Some("gzip"));
    assert_eq!((small.header("content-length"), small.header("transfer-encoding")), (None, None));
    assert!(small.body.len() < text.len() / 10);
    let file = secure.site.path("small.gz");
    std::fs::write(&file, &small.body).unwrap();
    let mut unzip = Command::new(python());
    unzip
        .args(["-c", "import gzip, sys; sys.stdout.buffer.write(gzip.open(sys.argv[1]).read())"])
        .arg(&file);
    assert!(run(unzip).await.unwrap().stdout == text.as_bytes(), "it is not what was made smaller");
    let whole = h2.send(Request::get("/")).await.expect(200);
    assert_eq!((whole.header("content-encoding"), whole.text() == text), (None, true));
}

/// An app that speaks HTTP/2 without TLS, with trailers behind its answers, which say who asks.
async fn an_app_of_http_2() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(stream).await?;
                while let Some(asked) = connection.accept().await {
                    let (asked, mut answer) = asked?;
                    let told = |name| asked.headers().get(name).cloned();
                    let who = told("remote-user").or_else(|| told("cookie"));
                    let mut body = answer.send_response(http::Response::new(()), false)?;
                    body.send_data("whole".into(), false)?;
                    let mut trailers = http::HeaderMap::new();
                    trailers.insert("who", who.unwrap_or_else(|| "nobody".parse().unwrap()));
                    body.send_trailers(trailers)?;
                }
                Ok::<_, h2::Error>(())
            });
        }
    });
    address
}

#[tokio::test]
async fn an_app_of_http_2_is_asked_by_pingora_with_what_was_decided() {
    let rules = ["{ policy: deny, report_only: true }", "{ policy: bypass }"];
    let secure = Secure::with(Setup {
        rules: rules.map(str::to_owned).to_vec(),
        site: vec!["http: \"2\"".to_owned()],
        upstream: Some(an_app_of_http_2().await),
        people: vec![],
        ..Setup::default()
    })
    .await;
    let h2 = secure.h2().await;
    let asked = Request::get("/").header("Remote-User", "admin").header("Cookie", "a=1; b=2");
    let (answer, trailers) = h2.send_for_trailers(asked).await;
    assert_eq!(answer.expect(200).text(), "whole");
    assert_eq!(trailers.get("who").unwrap(), "a=1; b=2", "crumbs are joined, no alias passes");
    let counted = async |metric: &str| secure.site.metrics().await.sum(metric, &[]);
    eventually("it is counted", async || {
        (counted("doorward_http_requests_total").await >= 1.0).then_some(())
    })
    .await;
    assert_eq!(counted("doorward_http_requests_total").await, 1.0);
    assert_eq!(counted("doorward_report_only_total").await, 1.0);
    assert_eq!(counted("doorward_forwarded_shortly_total").await, 0.0);
}
