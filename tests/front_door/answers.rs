//! Every shape of an app's answer, the wrong ones included, through both ways to the app: the short one that most
//! requests take, and Pingora's.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::support::browser::{Browser, Request};
use crate::support::http::{Response, read_response, read_until};
use crate::support::site::{ADA, Setup, Site, Way};
use crate::support::tools::eventually;

const BOTH: [Way; 2] = [Way::Short, Way::Pingoras];

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

async fn site_of(app: &Scripted, way: Way) -> Site {
    let (upstream, one_thread) = (Some(app.address), true);
    Site::with(Setup { upstream, people: vec![], way, one_thread, ..Setup::default() }).await
}

async fn ask(site: &Site, method: &str) -> Response {
    site.send(Request::new(method, "/public/x").header("Accept", "text/html")).await
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
    for way in BOTH {
        let app = Scripted::start().await;
        let site = site_of(&app, way).await;
        for (method, said, status, body) in shapes {
            app.will(&[*said, OK]);
            let answer = ask(&site, method).await.expect(*status);
            assert_eq!(answer.text(), *body, "{way:?} {method} {:?}", said.bytes);
            // Whatever it was, the next one is not mistaken for it.
            assert_eq!(ask(&site, "GET").await.expect(200).text(), "ok", "{:?}", said.bytes);
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
    for way in BOTH {
        let app = Scripted::start().await;
        let site = site_of(&app, way).await;
        for bytes in malformed {
            app.will(&[ends_with(bytes)]);
            let answer = ask(&site, "GET").await.expect(502);
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
    for way in BOTH {
        let app = Scripted::start().await;
        let site = site_of(&app, way).await;
        for (method, answer) in answers {
            let both: &'static str = format!("{answer}{extra}").leak();
            app.will(&[says(both), OK]);
            let first = ask(&site, method).await;
            assert!(!first.everything().contains("evil"), "{way:?} {method} {answer:?}");
            for _ in 0..2 {
                let next = ask(&site, "GET").await.expect(200);
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
    for way in BOTH {
        let app = Scripted::start().await;
        let site = site_of(&app, way).await;
        for bytes in cut {
            app.will(&[ends_with(bytes), OK]);
            let mut stream = TcpStream::connect(site.address).await.unwrap();
            let request = format!("GET /public/x HTTP/1.1\r\nHost: {}\r\n\r\n", site.host);
            stream.write_all(request.as_bytes()).await.unwrap();
            let whole = read_response(&mut stream, &mut Vec::new(), false).await;
            let refused = whole.as_ref().is_ok_and(|answer| answer.status == 502);
            assert!(whole.is_err() || refused, "{way:?} {bytes:?}: {whole:?}");
            assert_eq!(app.requests(), 1, "{way:?} {bytes:?}: an answer had begun");
        }
    }
}

#[tokio::test]
async fn only_what_may_be_asked_twice_is_asked_again_on_another_connection() {
    for way in BOTH {
        let app = Scripted::start().await;
        let site = site_of(&app, way).await;
        // The connection ends while it is idle, unnoticed or not: nothing of that is seen.
        for method in ["GET", "POST"] {
            app.will(&[ends_with("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), OK]);
            for _ in 0..20 {
                let request = Request::new(method, "/public/x").header("Content-Length", "0");
                let status = site.send(request).await.status;
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
                let sum = site.metrics().await.sum("doorward_http_requests_total", &bypassed);
                Some(sum).filter(|sum| *sum >= at_least)
            })
            .await
        };
        let before = counted(40.0).await;
        ask(&site, "GET").await.expect(200);
        ask(&site, "GET").await.expect(200);
        assert_eq!(app.requests(), 3, "{way:?}: asked again");
        assert_eq!(counted(before + 2.0).await, before + 2.0, "{way:?}: and each counted once");
        app.will(&[OK, unanswered, OK]);
        ask(&site, "GET").await.expect(200);
        ask(&site, "POST").await.expect(502);
        assert_eq!(app.requests(), 2, "{way:?}: it may have been done already");
        // A connection that was new is not tried twice: none is kept yet.
        let site = site_of(&app, way).await;
        app.will(&[unanswered, OK]);
        ask(&site, "GET").await.expect(502);
        assert_eq!(app.requests(), 1, "{way:?}");
    }
}
