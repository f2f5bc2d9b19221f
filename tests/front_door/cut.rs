//! What is open when a session ends: WebSockets, event streams, downloads and pages that ask and wait.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::gateway::web_socket;
use crate::support::browser::{Browser, Request};
use crate::support::http::{PATIENCE, read_head, read_response, read_until};
use crate::support::page::hidden;
use crate::support::site::{ADA, GRACE, Setup, Site};
use crate::support::traveller::Traveller;
use crate::support::upstream::QUIET;

/// What a session's end may take to reach what is open (S34).
const AT_MOST: Duration = Duration::from_secs(2);

/// Something open: when it ends, and whether it still stands.
struct Open {
    what: &'static str,
    ends: JoinHandle<Instant>,
}

impl Open {
    /// Opens it, and reads on until the gateway closes.
    async fn new(what: &'static str, site: SocketAddr, request: Vec<u8>, status: u16) -> Self {
        let mut stream = TcpStream::connect(site).await.unwrap();
        stream.write_all(&request).await.unwrap();
        let mut pending = Vec::new();
        let head = timeout(PATIENCE, read_head(&mut stream, &mut pending)).await;
        assert_eq!(head.expect("it is answered").unwrap().0, status, "{what}");
        let ends = tokio::spawn(async move {
            let mut buffer = [0; 1024];
            while let Ok(1..) = stream.read(&mut buffer).await {}
            Instant::now()
        });
        Self { what, ends }
    }

    /// Waits for its end, which has to come soon after `since`.
    async fn ended_soon_after(self, since: Instant, why: &str) {
        let ended = timeout(PATIENCE, self.ends).await.map(Result::unwrap);
        let ended = ended.unwrap_or_else(|_| panic!("{why}: {} goes on", self.what));
        let took = ended.saturating_duration_since(since);
        eprintln!("{why}: {} ended after {took:?}", self.what);
        assert!(took < AT_MOST, "{why}: {} ended after {took:?}", self.what);
    }

    /// Whether it still stands, a while later.
    async fn stands(&mut self) -> bool {
        timeout(QUIET, &mut self.ends).await.is_err()
    }
}

/// A WebSocket and an event stream of a browser.
async fn both(browser: &Browser, site: &Site) -> [Open; 2] {
    let socket = web_socket("/ws").header("Origin", &browser.origin());
    let events = Request::get("/stream").header("Accept", "text/event-stream");
    [
        Open::new("a WebSocket", site.address, browser.prepare(socket), 101).await,
        Open::new("an event stream", site.address, browser.prepare(events), 200).await,
    ]
}

#[tokio::test]
async fn s34_what_is_open_ends_when_its_session_is_signed_out_and_nothing_else_does() {
    let site = Site::start().await;
    let (ada, elsewhere) = (Browser::new(&site), Browser::new(&site));
    ada.sign_in(&site, &ADA).await;
    elsewhere.sign_in(&site, &ADA).await;
    let open = both(&ada, &site).await;
    let mut others = both(&elsewhere, &site).await;
    let (app, uploads) = an_app_that_sends_on_and_on().await;

    let since = Instant::now();
    ada.sign_out().await.expect(303);
    for open in open {
        open.ended_soon_after(since, "signing out").await;
    }
    // The app hears of it as well.
    site.upstream.wait_for_gone(1).await;
    for other in &mut others {
        assert!(other.stands().await, "{} of another browser ended", other.what);
    }
    assert_eq!(site.metrics().await.sum("doorward_streams_cut_total", &[]), 2.0);
    let forwarded = [("decision", "forward"), ("status_class", "1xx")];
    let requests = site.metrics().await.sum("doorward_http_requests_total", &forwarded);
    assert_eq!(requests, 1.0, "the WebSocket is counted, although it was cut");

    // A download of an hour, and an upload.
    let site = Site::with(Setup { upstream: Some(app), ..Setup::default() }).await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    let download = ada.prepare(Request::get("/film"));
    let download = Open::new("a download", site.address, download, 200).await;
    let upload = Request::post("/upload").header("Content-Length", "5000000000");
    let mut upload = timeout(PATIENCE, TcpStream::connect(site.address))
        .await
        .unwrap()
        .map(|stream| (stream, ada.prepare(upload)))
        .unwrap();
    upload.0.write_all(&upload.1).await.unwrap();
    upload.0.write_all(&[b'u'; 4096]).await.unwrap();
    timeout(PATIENCE, uploads.notified()).await.expect("the app takes the upload");
    let since = Instant::now();
    ada.sign_out().await.expect(303);
    download.ended_soon_after(since, "signing out").await;
    let end = timeout(AT_MOST, upload.0.read(&mut [0; 16])).await.expect("the upload ends");
    assert!(!matches!(end, Ok(1..)), "{end:?}");
}

#[tokio::test]
async fn s35_s39_s33_what_is_open_ends_with_a_revocation_a_disabled_account_or_a_new_password() {
    let site = Site::start().await;
    let (ada, grace) = (Browser::new(&site), Browser::new(&site));
    grace.sign_in(&site, &GRACE).await;
    let mut untouched = both(&grace, &site).await;

    // By the command line, which is another process.
    for commands in [
        [&["sessions", "revoke", "--account", "ada"][..], &[]],
        [&["accounts", "disable", "ada"][..], &["accounts", "enable", "ada"]],
        [&["accounts", "set-password", "ada", "--password-stdin"][..], &[]],
        [
            &["accounts", "groups", "ada", "--remove", "staff"][..],
            &["accounts", "groups", "ada", "--add", "staff"],
        ],
    ] {
        ada.sign_in(&site, &ADA).await;
        let open = both(&ada, &site).await;
        let why = commands[0][1];
        site.cli(commands[0], &format!("{}\n", ADA.password)).await;
        let since = Instant::now();
        for open in open {
            open.ended_soon_after(since, why).await;
        }
        if !commands[1].is_empty() {
            site.cli(commands[1], "").await;
        }
        ada.set_cookie("doorward", None);
        ada.set_cookie("doorward-arrived", None);
    }

    // By the owner, on the account page of another browser.
    ada.sign_in(&site, &ADA).await;
    let open = both(&ada, &site).await;
    let owner = Browser::new(&site);
    owner.sign_in(&site, &ADA).await;
    let mut own = both(&owner, &site).await;
    let page = owner.get("/_doorward/account/sessions").await.expect(200).text();
    let csrf = hidden(&page, "csrf");
    let since = Instant::now();
    owner.submit("/_doorward/account/sessions", &[("csrf", &csrf)]).await.expect(303);
    for open in open {
        open.ended_soon_after(since, "revoking all others").await;
    }
    for open in own.iter_mut().chain(&mut untouched) {
        assert!(open.stands().await, "{} of a session that goes on ended", open.what);
    }
}

#[tokio::test]
async fn what_is_open_ends_when_a_reload_no_longer_lets_it_begin_and_nothing_else_does() {
    let site = Site::start().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    let [socket, events] = both(&ada, &site).await;
    let app = site.upstream.address;
    let (of_nobody, _) = an_app_that_sends_on_and_on().await;

    // A rule that is for neither changes nothing.
    site.edit("path: \"/closed/**\", policy: deny", "path: \"/closed/**\", policy: bypass");
    site.wait_for_reloads("applied", 1).await;
    let mut both = [socket, events];
    for open in &mut both {
        assert!(open.stands().await, "{} ended by a rule that is not for it", open.what);
    }
    let [socket, mut events] = both;

    // One of them is no longer allowed to her.
    site.edit(
        "rules:\n",
        "rules:\n      - { path: \"/ws\", policy: two_factor, groups: [nobody] }\n",
    );
    let since = Instant::now() + AT_MOST;
    site.wait_for_reloads("applied", 2).await;
    socket.ended_soon_after(since, "a rule by groups").await;
    assert!(events.stands().await, "the event stream is allowed as before");

    // Of nobody's session.
    site.edit(&app.to_string(), &of_nobody.to_string());
    site.wait_for_reloads("applied", 3).await;
    let film = Request::get("/public/film").bytes(&site.host);
    let mut film = Open::new("a public download", site.address, film, 200).await;
    assert!(film.stands().await);
    site.edit("path: \"/public/**\", policy: bypass", "path: \"/public/**\", policy: two_factor");
    let since = Instant::now() + AT_MOST;
    site.wait_for_reloads("applied", 4).await;
    film.ended_soon_after(since, "a rule that asks for a sign-in").await;
    assert!(events.stands().await);
}

#[tokio::test]
async fn s38_a_web_socket_that_talks_keeps_no_session_alive_and_ends_with_it() {
    let site = Site::start().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    let mut open = both(&ada, &site).await;
    // It talks all the time; its owner does not.
    for _ in 0..4 {
        site.travel(Duration::from_secs(14 * 60));
        site.upstream.release_one();
    }
    for open in &mut open {
        assert!(open.stands().await, "{}: an hour of idleness is allowed", open.what);
    }
    site.travel(Duration::from_secs(5 * 60));
    let since = Instant::now();
    for open in open {
        open.ended_soon_after(since, "idle").await;
    }
    assert!(!ada.is_signed_in().await);

    // Its owner does something now and then, and 12 hours are the end.
    ada.set_cookie("doorward", None);
    ada.sign_in(&site, &ADA).await;
    let mut open = both(&ada, &site).await;
    for _ in 0..14 {
        site.travel(Duration::from_secs(50 * 60));
        assert!(ada.is_signed_in().await);
    }
    for open in &mut open {
        assert!(open.stands().await, "{} of a session in use ended", open.what);
    }
    site.travel(Duration::from_secs(21 * 60));
    let since = Instant::now();
    for open in open {
        open.ended_soon_after(since, "at the end of its time").await;
    }
}

#[tokio::test]
async fn s34_signing_out_of_one_host_ends_what_is_open_at_the_others() {
    let site = Site::with(Setup {
        origin: Some("https://wiki.test"),
        first_host: "wiki.test",
        more_sites: vec![
            r#"{ host: other.example, upstreams: ["UPSTREAM"], rules: [{ policy: two_factor }] }"#
                .to_owned(),
        ],
        people: vec![ADA],
        ..Setup::default()
    })
    .await;
    let ada = Traveller::new(&site, &["other.example"]);
    ada.sign_in_for(&site, &ADA, "other.example", "/").await;
    let open = both(ada.at("other.example"), &site).await;
    let since = Instant::now();
    ada.at_portal().sign_out().await.expect(303);
    for open in open {
        open.ended_soon_after(since, "signing out at the portal").await;
    }
}

#[tokio::test]
async fn s34_who_asks_and_waits_is_told_nothing_once_the_session_has_ended() {
    let site = Site::start().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    stream.write_all(&ada.prepare(Request::get("/poll"))).await.unwrap();
    // Those who wait for longer than a second are asked about again; that there was one is all that can be waited for.
    assert!(timeout(QUIET, stream.read_u8()).await.is_err(), "the app has nothing to say yet");
    ada.sign_out().await.expect(303);
    site.upstream.release_one();
    let mut pending = Vec::new();
    let answer = timeout(PATIENCE, read_response(&mut stream, &mut pending, false)).await;
    let answer = answer.expect("it is answered").unwrap();
    assert_eq!(answer.status, 401);
    assert!(!answer.text().contains("The app"), "{}", answer.text());

    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    ada.fetch("/poll").await.expect(200);
}

/// An app that never ends what it sends, and never stops to read. It tells of each upload that has begun.
async fn an_app_that_sends_on_and_on() -> (SocketAddr, Arc<Notify>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let uploads = Arc::new(Notify::new());
    let told = Arc::clone(&uploads);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let told = Arc::clone(&told);
            tokio::spawn(async move {
                let mut pending = Vec::new();
                read_until(&mut stream, &mut pending, b"\r\n\r\n").await?;
                if pending.starts_with(b"GET") {
                    stream
                        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n\r\n")
                        .await?;
                    stream.write_all(&[b'f'; 64 * 1024]).await?;
                } else {
                    told.notify_one();
                }
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).await? > 0 {}
                std::io::Result::Ok(())
            });
        }
    });
    (address, uploads)
}
