//! Several apps behind one site: who gets a request, what happens when one of them is away, and what is sent again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::browser::{Browser, Request};
use crate::support::http::{Response, read_response};
use crate::support::page::words;
use crate::support::scripted::{Act, Scripted};
use crate::support::site::{ADA, GRACE, Setup, Site, Way};
use crate::support::tools::{eventually, free_port};
use crate::support::upstream::Upstream;

fn over(addresses: &[std::net::SocketAddr], more: &[&str]) -> Setup {
    let urls: Vec<String> = addresses.iter().map(|one| format!("\"http://{one}\"")).collect();
    Setup {
        upstreams: Some(format!("[{}]", urls.join(", "))),
        site: more.iter().map(|line| (*line).to_owned()).collect(),
        people: Vec::new(),
        ..Setup::default()
    }
}

async fn up(site: &Site, app: std::net::SocketAddr) -> f64 {
    let label = format!("http://{app}");
    site.metrics().await.sum("doorward_upstream_up", &[("upstream", &label)])
}

#[tokio::test]
async fn s57_an_app_that_is_away_costs_nobody_an_answer_and_comes_back() {
    let (one, two) = (Upstream::start().await, Upstream::start().await);
    let away = ([127, 0, 0, 1], free_port()).into();
    let health = "health: { failures: 2, out_for: 500ms }";
    let site = Site::with(over(&[one.address, away, two.address], &[health])).await;
    for number in 0..12 {
        site.send(Request::get(&format!("/public/{number}"))).await.expect(200);
    }
    assert_eq!(one.received().len() + two.received().len(), 12);
    assert!(one.received().len() >= 4 && two.received().len() >= 4);
    let metrics = site.metrics().await;
    let label = format!("http://{away}");
    let failed = [("upstream", label.as_str()), ("reason", "connect")];
    let failures = metrics.sum("doorward_upstream_failures_total", &failed);
    assert!((2.0..=4.0).contains(&failures), "it is left out after two: {failures}");
    assert_eq!(metrics.sum("doorward_upstream_retries_total", &[]), failures);
    assert_eq!(up(&site, away).await, 0.0);
    assert_eq!(up(&site, one.address).await, 1.0);
    assert_eq!(site.log().matches("an app is left out after failures in a row").count(), 1);

    let back = Upstream::at(away).await;
    eventually("the app that came back to be asked", async || {
        site.send(Request::get("/public/again")).await.expect(200);
        (!back.received().is_empty()).then_some(())
    })
    .await;
    assert_eq!(up(&site, away).await, 1.0);
    assert_eq!(site.log().matches("an app is back").count(), 1);
}

#[tokio::test]
async fn requests_are_spread_by_weight() {
    let (one, two) = (Upstream::start().await, Upstream::start().await);
    let upstreams =
        format!("[{{ url: \"http://{}\", weight: 3 }}, \"http://{}\"]", one.address, two.address);
    let setup = Setup { upstreams: Some(upstreams), people: Vec::new(), ..Setup::default() };
    let site = Site::with(setup).await;
    for _ in 0..16 {
        site.send(Request::get("/public/a")).await.expect(200);
    }
    assert_eq!((one.received().len(), two.received().len()), (12, 4));
}

#[tokio::test]
async fn an_app_with_requests_under_way_gets_fewer() {
    let (one, two) = (Upstream::start().await, Upstream::start().await);
    let site = Site::with(over(&[one.address, two.address], &["balance: least_connections"])).await;
    // One of them is kept busy by a request that it never answers.
    let mut hanging = TcpStream::connect(site.address).await.unwrap();
    let request = Request::get("/public/hang").bytes(&site.host);
    hanging.write_all(&request).await.unwrap();
    eventually("the request to be under way", async || {
        (one.received().len() + two.received().len() == 1).then_some(())
    })
    .await;
    for _ in 0..6 {
        site.send(Request::get("/public/a")).await.expect(200);
    }
    let mut counts = [one.received().len(), two.received().len()];
    counts.sort_unstable();
    // A request is over before its client sees the end of the answer. In turn it would be three.
    assert_eq!(counts, [1, 6]);
    drop(hanging);
}

#[tokio::test]
async fn each_account_stays_with_its_app() {
    let apps = [Upstream::start().await, Upstream::start().await, Upstream::start().await];
    let addresses = apps.each_ref().map(|app| app.address);
    let mut setup = over(&addresses, &["balance: by_account"]);
    setup.people = vec![ADA, GRACE];
    let site = Site::with(setup).await;
    for person in [&ADA, &GRACE] {
        let browser = Browser::new(&site);
        browser.sign_in(&site, person).await;
        apps.iter().for_each(Upstream::forget);
        for _ in 0..6 {
            browser.get("/private").await.expect(200);
        }
        let asked: Vec<usize> = apps.iter().map(|app| app.received().len()).collect();
        assert_eq!(asked.iter().max(), Some(&6), "{asked:?}");
    }
    // Strangers by their address.
    apps.iter().for_each(Upstream::forget);
    for _ in 0..6 {
        site.send(Request::get("/public/a")).await.expect(200);
    }
    assert!(apps.iter().any(|app| app.received().len() == 6));
}

#[tokio::test]
async fn an_app_that_fails_its_checks_gets_no_requests_until_it_passes_them() {
    let status = Arc::new(AtomicU16::new(503));
    let shared = Arc::clone(&status);
    let ill = Scripted::start(move |head, _| match head.starts_with("GET /healthz?deep ") {
        true => Act::status(&format!("{} Whatever", shared.load(Ordering::SeqCst))),
        false => Act::status("200 OK"),
    })
    .await;
    let well = Scripted::start(|_, _| Act::status("204 No Content")).await;
    let check =
        "health: { check: { path: \"/healthz?deep\", interval: 100ms, failures: 2, passes: 2 } }";
    let site = Site::with(over(&[ill.address, well.address], &[check])).await;
    eventually("the checks to put it out", async || {
        (up(&site, ill.address).await == 0.0).then_some(())
    })
    .await;
    for _ in 0..4 {
        site.send(Request::get("/public/a")).await.expect(204);
    }
    assert_eq!(ill.heads_at("/public/").len(), 0);
    let head = &ill.heads_at("/healthz")[0];
    let asked = head.to_lowercase();
    assert!(asked.contains(&format!("host: {}", site.host)), "{head}");
    assert!(!asked.contains("remote-") && !asked.contains("signature"), "{head}");
    assert_eq!(site.log().matches("left out until its checks succeed").count(), 1);

    status.store(200, Ordering::SeqCst);
    eventually("the checks to bring it back", async || {
        (up(&site, ill.address).await == 1.0).then_some(())
    })
    .await;
    for _ in 0..4 {
        site.send(Request::get("/public/a")).await;
    }
    assert_eq!(ill.heads_at("/public/").len(), 2);
}

/// The answer to `request`, sent on the connection of the request `first`, whose connection to the app is kept by then: a
/// request without a body goes by another way than one with a body, and keeps connections of its own.
async fn after(site: &Site, first: Request, request: Request) -> Response {
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let mut pending = Vec::new();
    stream.write_all(&first.bytes(&site.host)).await.unwrap();
    read_response(&mut stream, &mut pending, false).await.unwrap().expect(200);
    stream.write_all(&request.bytes(&site.host)).await.unwrap();
    read_response(&mut stream, &mut pending, false).await.unwrap()
}

#[tokio::test]
async fn s57_a_request_that_an_app_may_have_begun_is_never_sent_twice() {
    // Answers the first request of a connection and closes it at the second without a word.
    let app = Scripted::start(|head, before| match (before, head.contains("/never")) {
        (0, false) => Act::status("200 OK"),
        _ => Act::Close(b""),
    })
    .await;
    // All over the same connections: one thread, one way.
    let one = Setup { way: Way::Pingoras, one_thread: true, ..over(&[app.address], &[]) };
    let site = Site::with(one).await;
    let get = || Request::get("/public/first");
    after(&site, get(), Request::get("/public/again")).await.expect(200);
    assert_eq!(app.heads_at("/public/again").len(), 2, "a kept connection was dead: asked anew");

    let post = |target: &str| Request::post(target).body("text/plain", "pay");
    after(&site, post("/public/first"), post("/public/post")).await.expect(502);
    assert_eq!(app.heads_at("/public/post").len(), 1);

    after(&site, get(), Request::get("/public/never")).await.expect(502);
    let (asked, over_new) = (app.heads_at("/public/never").len(), app.over_new_at("/public/never"));
    assert_eq!(over_new, 1, "over a new connection it may have been begun");
    assert!((2..=3).contains(&asked), "the others were kept and dead: {asked}");
    site.send(Request::get("/public/never/again")).await.expect(502);
    assert_eq!(app.heads_at("/public/never/again").len(), 1, "a new connection was used at once");
}

#[tokio::test]
async fn a_post_goes_to_another_app_when_the_first_takes_no_connection() {
    let app = Upstream::start().await;
    let away = ([127, 0, 0, 1], free_port()).into();
    let site = Site::with(over(&[away, app.address], &[])).await;
    for _ in 0..4 {
        site.send(Request::post("/public/echo").body("text/plain", "pay")).await.expect(200);
    }
    let received = app.received();
    assert_eq!(received.len(), 4);
    assert!(received.iter().all(|request| request.body == b"pay"));
}

#[tokio::test]
async fn s57_with_every_app_away_people_are_told_at_once_and_the_least_bad_is_asked_again() {
    let away = [free_port(), free_port()].map(|port| ([127, 0, 0, 1], port).into());
    let site =
        Site::with(over(&away, &["health: { failures: 1, out_for: 1h, out_at_most: 1h }"])).await;
    for _ in 0..3 {
        let call = site.send(Request::get("/public/a")).await.expect(502);
        assert_eq!(call.json()["error"], "upstream_unreachable");
    }
    assert_eq!(site.log().matches("every app of a site is out").count(), 1);
    // Out for an hour, and yet asked: nobody else is left.
    let back = Upstream::at(away[0]).await;
    site.send(Request::get("/public/a")).await.expect(200);
    assert_eq!(back.received().len(), 1);
    assert_eq!(site.log().matches("an app of the site is back in").count(), 0);
    site.send(Request::get("/public/a")).await.expect(200);
    assert_eq!(site.log().matches("an app of the site is back in").count(), 1);
}

#[tokio::test]
async fn every_address_of_a_name_is_used_and_one_where_nobody_listens_harms_nobody() {
    let app = Upstream::start().await;
    let name = format!("[\"http://localhost:{}\"]", app.address.port());
    let setup = Setup { upstreams: Some(name), people: Vec::new(), ..Setup::default() };
    let site = Site::with(setup).await;
    for _ in 0..4 {
        site.send(Request::get("/public/a")).await.expect(200);
    }
    assert_eq!(app.received().len(), 4);

    let nowhere = "[\"http://nowhere.invalid:80\"]".to_owned();
    let setup = Setup { upstreams: Some(nowhere), people: Vec::new(), ..Setup::default() };
    let site = Site::with(setup).await;
    let told = site.send(Request::get("/public/a")).await.expect(502);
    assert_eq!(told.json()["error"], "upstream_unreachable");
}

#[tokio::test]
async fn s57_an_app_that_says_nothing_is_given_up_after_its_time() {
    let app = Scripted::start(|_, _| Act::Silence).await;
    let site = Site::with(over(&[app.address], &["timeouts: { read: 300ms }"])).await;
    let call = site.send(Request::get("/public/slow")).await.expect(504);
    assert_eq!(call.json()["error"], "upstream_timeout");
    assert!(call.json()["request_id"].is_string());
    let page = Browser::new(&site).get("/public/slow").await.expect(504);
    assert!(words(&page.text()).len() > 20);
    assert_eq!(app.heads_at("/public/slow").len(), 2, "each was sent once");
}

#[tokio::test]
async fn what_is_known_of_apps_is_still_known_after_a_reload() {
    let (app, gone) = (Upstream::start().await, Upstream::start().await);
    let away = ([127, 0, 0, 1], free_port()).into();
    let health = "health: { failures: 1, out_for: 1h, out_at_most: 1h }";
    let site = Site::with(over(&[app.address, away, gone.address], &[health])).await;
    for _ in 0..6 {
        site.send(Request::get("/public/a")).await.expect(200);
    }
    let back = Upstream::at(away).await;
    site.edit(&format!(", \"http://{}\"]", gone.address), "]");
    site.signal("HUP");
    site.wait_for_reloads("applied", 1).await;
    gone.forget();
    for _ in 0..6 {
        site.send(Request::get("/public/a")).await.expect(200);
    }
    assert_eq!((back.received().len(), gone.received().len()), (0, 0), "one is out, one is gone");
    assert_eq!(up(&site, away).await, 0.0);
    let told = format!("upstream=\"http://{}\"", gone.address);
    let metrics = site.metrics().await;
    let up = metrics.0.lines().filter(|line| line.starts_with("doorward_upstream_up{"));
    assert_eq!(up.filter(|line| line.contains(&told)).count(), 0, "what is gone is not told of");
    assert_eq!(site.log().matches("an app is left out after failures in a row").count(), 1);
}
