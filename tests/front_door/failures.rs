//! What is away, and what goes on without it.

use sqlx::{Connection, Executor, SqliteConnection};

use crate::support::browser::{Browser, Request};
use crate::support::page::{alerts, words};
use crate::support::site::{ADA, GRACE, Setup, Site};
use crate::support::tools::{eventually, free_port};

#[tokio::test]
async fn s57_with_the_store_away_nobody_new_gets_in_and_nothing_is_forgotten() {
    let site = Site::start().await;
    let signed_in = Browser::new(&site);
    signed_in.sign_in(&site, &GRACE).await;
    assert!(signed_in.is_signed_in().await);
    let half = Browser::new(&site);
    let code = half.half_sign_in(&site, &ADA).await;
    let csrf = half.code_token().await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    half.submit("/_doorward/code", &[("code", wrong), ("csrf", &csrf)]).await.expect(401);
    let begun = Browser::new(&site);
    let token = begun.login_token().await;
    site.outbox_is_empty().await;

    // Another process holds the database, and does not let go.
    let url = format!("sqlite://{}", site.flow_database().display());
    let mut holder = SqliteConnection::connect(&url).await.unwrap();
    holder.execute("BEGIN EXCLUSIVE").await.unwrap();

    let answer =
        half.submit("/_doorward/code", &[("code", &code), ("csrf", &csrf)]).await.expect(503);
    assert!(answer.retry_after() > 0);
    assert!(words(&answer.text()).len() > 20, "people are told what to do: {}", answer.text());
    assert_eq!(half.cookie("doorward"), None);
    assert!(!answer.text().to_lowercase().contains("sqlite"), "the page does not name the insides");
    let fields =
        [("username", "ada"), ("password", ADA.password), ("csrf", token.as_str()), ("rd", "/")];
    begun.submit("/_doorward/login", &fields).await.expect(503);
    // Who is signed in goes on.
    assert!(signed_in.is_signed_in().await);

    holder.execute("ROLLBACK").await.unwrap();
    holder.close().await.unwrap();
    // The guess from before is still counted, and the code still works.
    let page = words(&half.get("/_doorward/code").await.expect(200).text());
    assert!(page.contains("4 "), "{page}");
    half.submit_code(&code).await.expect(303);
}

#[tokio::test]
async fn s57_with_the_mail_away_nobody_gets_in_and_the_mail_waits() {
    let port = free_port();
    let mail = format!(
        "{{ from: no-reply@wiki.example, smtp: {{ host: 127.0.0.1, port: {port}, tls: none, timeout: 2s }} }}"
    );
    let site = Site::with(Setup { mail: Some(mail), ..Setup::default() }).await;
    let browser = Browser::new(&site);
    let answer = browser.submit_password("ada", ADA.password).await.expect(303);
    assert_eq!(answer.location(), "/_doorward/code", "whether mail works is not told to strangers");
    browser.get("/_doorward/code").await.expect(200);
    assert!(!browser.is_signed_in().await);
    eventually("a failed delivery to be counted", async || {
        let metrics = site.metrics().await;
        let tried = metrics.sum("doorward_mails_total", &[]);
        (tried > 0.0).then_some(())
    })
    .await;
    assert_eq!(site.mails_waiting().await, 1, "the mail waits for the server to come back");
    browser.submit_code("123456").await.expect(401);
}

#[tokio::test]
async fn s57_with_the_app_away_people_get_a_clear_page_and_sign_in_works() {
    let nowhere = ([127, 0, 0, 1], free_port()).into();
    let site = Site::with(Setup { upstream: Some(nowhere), ..Setup::default() }).await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    let page = ada.get("/private").await.expect(502);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let told = words(&page.text());
    assert!(told.len() > 20 && !told.to_lowercase().contains("pingora"), "{told}");
    let call = ada.fetch("/private").await.expect(502);
    assert!(call.json()["request_id"].is_string());
    ada.get("/_doorward/").await.expect(200);
    ada.sign_out().await.expect(303);
}

#[tokio::test]
async fn s58_past_the_queue_of_hashes_sign_ins_are_told_to_come_back() {
    // Whoever is told to come back is not counted: no write to the store, and no wait for those who come then.
    let limits = Setup::default().limits.unwrap().replace("sign_in: 10000/1m", "sign_in: 7/1h");
    assert!(limits.contains("7/1h"), "{limits}");
    let setup = Setup { people: vec![ADA], limits: Some(limits), ..Setup::default() };
    let site = Site::with(setup).await;
    let signed_in = Browser::new(&site);
    signed_in.sign_in(&site, &ADA).await;
    // The same database behind a gateway with the smallest of queues.
    let yaml = std::fs::read_to_string(site.config()).unwrap();
    let mut site = site;
    site.stop().await;
    let small = yaml.replace(
        "password_hash: { memory_kib: 7168, iterations: 5 }",
        "password_hash: { memory_kib: 262144, iterations: 4, threads: 1, queue: 1 }",
    );
    assert_ne!(small, yaml);
    std::fs::write(site.config(), small).unwrap();
    site.serve().await;
    assert!(signed_in.is_signed_in().await, "a session outlives a restart");

    let browser = Browser::new(&site);
    let csrf = browser.login_token().await;
    let address = site.address;
    // Each with a name of its own, so that no wait after wrong passwords sheds them first.
    let post = |which| {
        let name = format!("nobody{which}");
        let fields = [("username", name.as_str()), ("password", "x"), ("csrf", &csrf), ("rd", "/")];
        let bytes = browser.prepare(browser.form("/_doorward/login", &fields));
        tokio::spawn(async move { crate::support::http::exchange(address, &bytes).await })
    };
    let mut running: Vec<_> = (0..2).map(post).collect();
    eventually("one to be hashed and one to wait", async || {
        let waiting = site.metrics().await.sum("doorward_password_hash_queue", &[]);
        (waiting > 0.0).then_some(())
    })
    .await;
    running.extend((2..12).map(post));
    let mut shed = 0;
    for one in running {
        let answer = one.await.unwrap();
        assert!(matches!(answer.status, 401 | 503), "{}", answer.status);
        if answer.status == 503 {
            shed += 1;
            assert!(answer.retry_after() > 0);
            assert_eq!(alerts(&answer.text()).len(), 1);
        }
    }
    assert!(shed >= 6, "{shed} of 12 were shed");
    assert!(signed_in.is_signed_in().await);
}

#[tokio::test]
async fn stopping_lets_a_request_finish_and_takes_no_longer() {
    let mut site = Site::start().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    // An idle connection is no reason to wait.
    let idle = tokio::net::TcpStream::connect(site.address).await.unwrap();
    let began = std::time::Instant::now();
    let status = site.stop().await;
    assert!(status.success(), "{status}");
    assert!(began.elapsed() < std::time::Duration::from_secs(8), "it took {:?}", began.elapsed());
    drop(idle);
}

#[tokio::test]
async fn the_health_of_the_gateway_can_be_asked_for() {
    let site = Site::start().await;
    site.ask_admin("/healthz").await.expect(200);
    site.ask_admin("/readyz").await.expect(200);
    site.cli(&["health"], "").await;
    assert_eq!(site.ask_admin("/other").await.status, 404);
    let metrics = site.metrics().await;
    assert_eq!(metrics.sum("doorward_build_info", &[("version", env!("CARGO_PKG_VERSION"))]), 1.0);
    site.send(Request::get("/public/a")).await.expect(200);
    // A request is counted when it is over, which may be a moment after its answer has come.
    eventually("the request is counted", async || {
        let labels = [("site", "wiki.localhost"), ("status_class", "2xx")];
        let counted = site.metrics().await.sum("doorward_http_requests_total", &labels);
        (counted >= 1.0).then(|| assert_eq!(counted, 1.0))
    })
    .await;
}
