//! Every shape of an app's answer, the wrong ones included, through both ways to the app, the short one that most requests
//! take and Pingora's, and over both versions of HTTP.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::support::browser::{Browser, Request};
use crate::support::http::{Response, read_response, read_until};
use crate::support::secure::{H2, Secure};
use crate::support::site::{ADA, Setup, Site, Way};
use crate::support::tools::eventually;

const BOTH: [Way; 2] = [Way::Short, Way::Pingoras];
const ALL: [(Way, Speaks); 4] = [
    (Way::Short, Speaks::Http1),
    (Way::Pingoras, Speaks::Http1),
    (Way::Short, Speaks::Http2),
    (Way::Pingoras, Speaks::Http2),
];

/// What a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaks {
    Http1,
    Http2,
}

/// What the app says to one request, and whether it closes the connection then.
#[derive(Clone, Copy)]
struct Said {
    bytes: &'static str,
    closes: bool,
}

const fn says(bytes: &'static str) -> Said {
    Said { bytes, closes: false }
}

const fn ends_with(bytes: &'static str) -> Said {
    Said { bytes, closes: true }
}

/// An app that says what it is told to, whatever is asked: the n-th answer to the n-th request.
struct Scripted {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    script: Vec<Said>,
    requests: Vec<String>,
    connections: usize,
}

impl Scripted {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::<Mutex<Seen>>::default();
        let shared = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.lock().unwrap().connections += 1;
                tokio::spawn(Self::serve(stream, Arc::clone(&shared)));
            }
        });
        Self { address, seen }
    }

    async fn serve(mut stream: TcpStream, seen: Arc<Mutex<Seen>>) -> std::io::Result<()> {
        let mut pending = Vec::new();
        loop {
            let end = read_until(&mut stream, &mut pending, b"\r\n\r\n").await?;
            let head = String::from_utf8_lossy(&pending[..end]).into_owned();
            pending.drain(..end + 4);
            let said = {
                let mut seen = seen.lock().unwrap();
                seen.requests.push(head);
                if seen.script.len() > 1 { seen.script.remove(0) } else { seen.script[0] }
            };
            stream.write_all(said.bytes.as_bytes()).await?;
            if said.closes {
                return Ok(());
            }
        }
    }

    /// From now on it says this; the last of it again and again.
    fn will(&self, script: &[Said]) {
        *self.seen.lock().unwrap() = Seen { script: script.to_vec(), ..Seen::default() };
    }

    fn requests(&self) -> usize {
        self.seen.lock().unwrap().requests.len()
    }

    fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }
}

/// A client of a gateway before such an app.
enum Asking {
    Http1(Site),
    Http2(Secure, H2),
}

impl Asking {
    async fn of(app: &Scripted, (way, speaks): (Way, Speaks)) -> Self {
        let (upstream, one_thread) = (Some(app.address), true);
        let rules = ["{ policy: deny, report_only: true }", "{ policy: bypass }"];
        let rules = rules.map(str::to_owned).to_vec();
        let setup = Setup { rules, upstream, people: vec![], way, one_thread, ..Setup::default() };
        match speaks {
            Speaks::Http1 => Self::Http1(Site::with(setup).await),
            Speaks::Http2 => {
                let secure = Secure::with(setup).await;
                let h2 = secure.h2().await;
                Self::Http2(secure, h2)
            }
        }
    }

    fn site(&self) -> &Site {
        match self {
            Self::Http1(site) => site,
            Self::Http2(secure, _) => &secure.site,
        }
    }

    async fn send(&self, request: Request) -> Response {
        match self {
            Self::Http1(site) => site.send(request).await,
            Self::Http2(_, h2) => h2.send(request).await,
        }
    }

    async fn ask(&self, method: &str) -> Response {
        self.send(Request::new(method, "/public/x").header("Accept", "text/html")).await
    }

    /// The same, where nothing may come that is whole; an `Err` is what the client is told then.
    async fn ask_in_vain(&self) -> Result<Response, String> {
        match self {
            Self::Http1(site) => {
                let mut stream = TcpStream::connect(site.address).await.unwrap();
                stream.write_all(&Request::get("/public/x").bytes(&site.host)).await.unwrap();
                let whole = read_response(&mut stream, &mut Vec::new(), false).await;
                whole.map_err(|error| error.to_string())
            }
            Self::Http2(_, h2) => {
                let whole = h2.try_send(Request::get("/public/x")).await;
                whole.map_err(|error| {
                    assert!(error.is_reset(), "the stream alone ends: {error}");
                    error.to_string()
                })
            }
        }
    }
}

const OK: Said = says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");

#[tokio::test]
async fn requests_take_the_way_that_they_should() {
    for way in BOTH {
        let site = Site::with(Setup { way, ..Setup::default() }).await;
        let ada = Browser::new(&site);
        ada.sign_in(&site, &ADA).await;
        let shortly = async |request: Request| {
            let before = site.metrics().await.sum("doorward_forwarded_shortly_total", &[]);
            ada.send(request).await.expect(200);
            site.metrics().await.sum("doorward_forwarded_shortly_total", &[]) - before
        };
        let expected = if way == Way::Short { 1.0 } else { 0.0 };
        assert_eq!(shortly(Request::get("/page")).await, expected, "{way:?}");
        assert_eq!(shortly(Request::new("HEAD", "/page")).await, expected, "{way:?}");
        let empty = |method| Request::new(method, "/page").header("Content-Length", "0");
        assert_eq!(shortly(empty("PUT")).await, expected, "{way:?}");
        // A body, what may be a form, and what is for one connection alone, are Pingora's.
        assert_eq!(shortly(empty("POST")).await, 0.0, "{way:?}");
        assert_eq!(shortly(Request::post("/page").body("text/plain", "b")).await, 0.0, "{way:?}");
        let named = Request::get("/page").instead("Connection", "Remote-User");
        assert_eq!(shortly(named).await, 0.0, "{way:?}");
        assert_eq!(shortly(Request::get("/page").header("TE", "trailers")).await, 0.0, "{way:?}");
        assert_eq!(site.upstream.last().header("remote-user"), Some("ada"));
    }
}

#[tokio::test]
async fn requests_of_http_2_take_the_way_that_they_should() {
    for way in BOTH {
        let secure = Secure::with(Setup { way, people: vec![], ..Setup::default() }).await;
        let h2 = secure.h2().await;
        let shortly = async |request: Request| {
            let count =
                async || secure.site.metrics().await.sum("doorward_forwarded_shortly_total", &[]);
            let before = count().await;
            h2.send(request).await.expect(200);
            count().await - before
        };
        let expected = if way == Way::Short { 1.0 } else { 0.0 };
        for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
            let asked = Request::new(method, "/public/x").header("Cookie", "theme=dark; zoom=2");
            assert_eq!(shortly(asked).await, expected, "{way:?} {method}");
            assert_eq!(secure.site.upstream.last().header("cookie"), Some("theme=dark; zoom=2"));
        }
        // A body, what may be a form or speaks of a body, and what is for one connection alone, are Pingora's.
        let get = |name, value| Request::get("/public/x").header(name, value);
        for request in [
            Request::post("/public/x").body("text/plain", "b"),
            Request::new("PUT", "/public/x").body("text/plain", "b"),
            Request::post("/public/x"),
            Request::new("PUT", "/public/x").header("Content-Length", "0"),
            get("TE", "trailers"),
            get("Expect", "100-continue"),
            get("Trailer", "x"),
            get("Proxy-Authorization", "Basic YTpi"),
            get("Content-Type", "application/grpc"),
        ] {
            let told = format!("{way:?} {request:?}");
            assert_eq!(shortly(request).await, 0.0, "{told}");
        }
    }
}

#[tokio::test]
async fn every_shape_of_an_answer_comes_through() {
    let shapes: &[(&str, Said, u16, &str)] = &[
        ("GET", OK, 200, "ok"),
        ("GET", says("HTTP/1.1 200\r\ncontent-length:2\r\n\r\nok"), 200, "ok"),
        ("GET", says("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok"), 200, "ok"),
        ("GET", says("HTTP/1.1 404 Gone fishing\r\nContent-Length: 0\r\n\r\n"), 404, ""),
        (
            "GET",
            says(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\no\r\n1\r\nk\r\n0\r\nEtag: x\r\n\r\n",
            ),
            200,
            "ok",
        ),
        ("GET", ends_with("HTTP/1.1 200 OK\r\n\r\nto the end"), 200, "to the end"),
        ("GET", ends_with("HTTP/1.0 200 OK\r\nServer: old\r\n\r\nto the end"), 200, "to the end"),
        ("GET", ends_with("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"), 200, "ok"),
        (
            "GET",
            says(
                "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            ),
            200,
            "ok",
        ),
        ("GET", says("HTTP/1.1 204 No Content\r\n\r\n"), 204, ""),
        ("GET", says("HTTP/1.1 304 Not Modified\r\nContent-Length: 999\r\n\r\n"), 304, ""),
        ("HEAD", says("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"), 200, ""),
        ("DELETE", says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), 200, "ok"),
    ];
    for way in ALL {
        let app = Scripted::start().await;
        let client = Asking::of(&app, way).await;
        for (method, said, status, body) in shapes {
            app.will(&[*said, OK]);
            let answer = client.ask(method).await.expect(*status);
            assert_eq!(answer.text(), *body, "{way:?} {method} {:?}", said.bytes);
            // Whatever it was, the next one is not mistaken for it.
            assert_eq!(client.ask("GET").await.expect(200).text(), "ok", "{:?}", said.bytes);
            assert_eq!(app.requests(), 2, "{way:?} {method} {:?}", said.bytes);
        }
    }
}

#[tokio::test]
async fn s50_a_malformed_answer_is_502_and_nothing_of_it_is_passed_on() {
    let malformed = [
        "evil\r\n\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nevil",
        "HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nevil",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nevil",
        "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nevil",
        "HTTP/1.1 200 OK\r\nContent-Length: 0x4\r\n\r\nevil",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\nevil",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nevil",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: evil\r\nConnection: Upgrade\r\n\r\nevil",
        "HTTP/1.1 200 OK\r\nX: \0evil\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: half of a head, evil",
        "",
    ];
    for way in ALL {
        let app = Scripted::start().await;
        let client = Asking::of(&app, way).await;
        for bytes in malformed {
            app.will(&[ends_with(bytes)]);
            let answer = client.ask("GET").await.expect(502);
            assert!(!answer.everything().contains("evil"), "{way:?} {bytes:?}");
        }
    }
}

#[tokio::test]
async fn s50_what_an_app_says_beyond_its_answer_is_nobodys() {
    let extra = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
    let answers: &[(&str, &str)] = &[
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", "HTTP/1.1 304 Not Modified\r\n\r\n"),
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"),
        ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
    ];
    for way in ALL {
        let app = Scripted::start().await;
        let client = Asking::of(&app, way).await;
        for (method, answer) in answers {
            let both: &'static str = format!("{answer}{extra}").leak();
            app.will(&[says(both), OK]);
            let first = client.ask(method).await;
            assert!(!first.everything().contains("evil"), "{way:?} {method} {answer:?}");
            for _ in 0..2 {
                let next = client.ask("GET").await.expect(200);
                assert_eq!(next.text(), "ok", "{way:?} {method} {answer:?}");
            }
            assert_eq!(app.requests(), 3, "{way:?} {method} {answer:?}");
            assert!(app.connections() > 0, "{way:?}: that connection was used again: {answer:?}");
        }
    }
}

#[tokio::test]
async fn s50_an_answer_that_is_cut_off_does_not_end_as_if_it_were_whole() {
    let cut = [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nnonsense\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-4\r\nhalf\r\n0\r\n\r\n",
    ];
    for way in ALL {
        let app = Scripted::start().await;
        let client = Asking::of(&app, way).await;
        for bytes in cut {
            app.will(&[ends_with(bytes), OK]);
            let whole = client.ask_in_vain().await;
            let refused = whole.as_ref().is_ok_and(|answer| answer.status == 502);
            assert!(whole.is_err() || refused, "{way:?} {bytes:?}: {whole:?}");
            assert_eq!(app.requests(), 1, "{way:?} {bytes:?}: an answer had begun");
        }
    }
}

#[tokio::test]
async fn only_what_may_be_asked_twice_is_asked_again_on_another_connection() {
    for way in ALL {
        let app = Scripted::start().await;
        let client = Asking::of(&app, way).await;
        // The connection ends while it is idle, unnoticed or not: nothing of that is seen.
        for method in ["GET", "POST"] {
            app.will(&[ends_with("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), OK]);
            for _ in 0..20 {
                let mut request = Request::new(method, "/public/x");
                if method == "POST" {
                    request = request.header("Content-Length", "0");
                }
                let status = client.send(request).await.status;
                assert!(status == 200 || (status == 502 && method == "POST"), "{way:?} {method}");
            }
        }
        // It ends with the request, unanswered.
        let unanswered = ends_with("");
        app.will(&[OK, unanswered, OK]);
        // A request is counted when its answer is out.
        let counted = async |at_least: f64| {
            eventually("all are counted", async || {
                let bypassed = [("decision", "bypass")];
                let sum =
                    client.site().metrics().await.sum("doorward_http_requests_total", &bypassed);
                Some(sum).filter(|sum| *sum >= at_least)
            })
            .await
        };
        let before = counted(40.0).await;
        client.ask("GET").await.expect(200);
        client.ask("GET").await.expect(200);
        assert_eq!(app.requests(), 3, "{way:?}: asked again");
        assert_eq!(counted(before + 2.0).await, before + 2.0, "{way:?}: and each counted once");
        let metrics = client.site().metrics().await;
        let decided = metrics.sum("doorward_report_only_total", &[]);
        assert_eq!(decided, before + 2.0, "{way:?}: and each decided once");
        app.will(&[OK, unanswered, OK]);
        client.ask("GET").await.expect(200);
        client.ask("POST").await.expect(502);
        assert_eq!(app.requests(), 2, "{way:?}: it may have been done already");
        // A connection that was new is not tried twice: none is kept yet.
        let client = Asking::of(&app, way).await;
        app.will(&[unanswered, OK]);
        client.ask("GET").await.expect(502);
        assert_eq!(app.requests(), 1, "{way:?}");
    }
}
