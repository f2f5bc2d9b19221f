//! `doorward doctor` on an app that is careless on purpose, and on a careful one.

use std::process::Output;
use std::sync::Arc;

use serde_json::Value;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::support::apps::App;
use crate::support::browser::Browser;
use crate::support::site::{ADA, Setup, Site};
use crate::support::tools::free_port;

async fn before(app: &App) -> Site {
    Site::with(Setup { upstream: Some(app.address), people: vec![ADA], ..Setup::default() }).await
}

async fn doctor(site: &Site, page: &str, more: &[&str], input: &str) -> Output {
    let url = format!("http://{}{page}", site.host);
    let arguments: Vec<&str> = ["doctor", &url].into_iter().chain(more.iter().copied()).collect();
    site.run(&arguments, input).await
}

#[track_caller]
fn told(output: &Output, code: i32) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    let told = format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err));
    assert_eq!(output.status.code(), Some(code), "{told}");
    String::from_utf8_lossy(out).into_owned()
}

/// What got through, as route, header and spelling.
fn got_through(json: &Value) -> Vec<(String, String, String)> {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let rows = json["tried"].as_array().unwrap().iter().filter(|row| row["got_through"] == true);
    rows.map(|row| (text(row, "route"), text(row, "header"), text(row, "spelling"))).collect()
}

#[tokio::test]
async fn s46_s47_the_doctor_finds_what_a_careless_app_believes_and_where() {
    let app = App::careless().await;
    let site = before(&app).await;
    let direct = format!("http://{}", app.address);

    let output = doctor(&site, "/public/x", &["--direct", &direct, "--json"], "").await;
    let json: Value = serde_json::from_str(&told(&output, 1)).unwrap();
    assert_eq!(json["got_through"], true);
    let found = got_through(&json);
    let through: Vec<_> = found.iter().filter(|(route, _, _)| route == "gateway").collect();
    let planted = ("gateway".to_owned(), "X-Authenticated-User".to_owned(), "as it is".to_owned());
    assert_eq!(through, [&planted], "the gateway takes every alias of Remote-User off");
    for spelling in
        ["as it is", "with _", "with .", "in capitals", "twice", "with the whole address"]
    {
        let row = ("direct".to_owned(), "Remote-User".to_owned(), spelling.to_owned());
        assert!(found.contains(&row), "{spelling}: {found:?}");
    }

    let output = doctor(&site, "/public/x", &["--direct", &direct], "").await;
    let table = told(&output, 1);
    assert!(
        table.contains("X-Authenticated-User as it is, through the gateway: believed"),
        "{table}"
    );
    assert!(table.contains("Remote-User with _, straight to the app: believed"), "{table}");
    assert!(table.contains("name that header under `headers`"), "{table}");
    assert!(table.lines().all(|line| line.chars().count() < 130), "{table}");
}

#[tokio::test]
async fn the_doctor_finds_nothing_in_a_careful_app() {
    let app = App::careful().await;
    let site = before(&app).await;
    app.share_key(site.signing_key().await.1);
    let direct = format!("http://{}", app.address);
    let output = doctor(&site, "/public/x", &["--direct", &direct, "--json"], "").await;
    let json: Value = serde_json::from_str(&told(&output, 0)).unwrap();
    assert_eq!(got_through(&json), []);
    assert_eq!(json["open_past_the_gateway"], false);
    assert_eq!(json["to_nobody"]["gateway"], "answers (200)");
    let output = doctor(&site, "/public/x", &["--direct", &direct], "").await;
    assert!(told(&output, 0).contains("Nothing got through"));
}

#[tokio::test]
async fn s46_s47_as_somebody_signed_in_no_claim_changes_who_the_app_sees() {
    let app = App::careful().await;
    let site = before(&app).await;
    app.share_key(site.signing_key().await.1);
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    let cookie = format!("doorward={}\n", ada.cookie("doorward").unwrap());
    let output = doctor(&site, "/private", &["--cookie-stdin", "--json"], &cookie).await;
    let json: Value = serde_json::from_str(&told(&output, 0)).unwrap();
    assert_eq!(json["to_nobody"]["gateway"], "answers (200)");
    assert_eq!(got_through(&json), []);

    // A careless app before the same gateway: no spelling gets through either, but for the header it was not told of.
    let app = App::careless().await;
    let site = before(&app).await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    let cookie = format!("Cookie: doorward={}\n", ada.cookie("doorward").unwrap());
    let output = doctor(&site, "/private", &["--cookie-stdin", "--json"], &cookie).await;
    let json: Value = serde_json::from_str(&told(&output, 0)).unwrap();
    assert_eq!(got_through(&json), [], "Remote-User is there, so that the app looks no further");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!text.contains(&ada.cookie("doorward").unwrap()), "the cookie is told to nobody");
}

#[tokio::test]
async fn the_doctor_says_when_the_app_answers_whoever_goes_round_the_gateway() {
    let app = App::careless().await;
    let site = before(&app).await;
    let direct = format!("http://{}", app.address);
    let output = doctor(&site, "/private", &["--direct", &direct, "--json"], "").await;
    let json: Value = serde_json::from_str(&told(&output, 1)).unwrap();
    assert_eq!(json["open_past_the_gateway"], true);
    assert_eq!(json["to_nobody"]["gateway"], "asks to sign in (303)");
    assert!(json["notes"][0].as_str().unwrap().contains("--cookie-stdin"), "{json}");
    let through = got_through(&json).into_iter().filter(|(route, _, _)| route == "gateway");
    assert_eq!(through.count(), 0, "the app believes anything, and nothing reached it");

    // Where nobody gets there, all is well.
    let closed = format!("http://127.0.0.1:{}", free_port());
    let output = doctor(&site, "/private", &["--direct", &closed], "").await;
    assert!(told(&output, 0).contains("out of reach"));
}

#[tokio::test]
async fn the_doctor_tries_http_2_as_well() {
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let mut config = config.with_single_cert(vec![certified.cert.der().clone()], key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let app = App::careless_over(TlsAcceptor::from(Arc::new(config))).await;
    let site = Site::prepared(&Setup::default()).await;
    let ca = site.path("ca.pem");
    std::fs::write(&ca, certified.cert.pem()).unwrap();
    let url = format!("https://localhost:{}/", app.address.port());
    let ca = ca.display().to_string();
    let output = site.run(&["doctor", &url, "--ca", &ca, "--json"], "").await;
    let json: Value = serde_json::from_str(&told(&output, 1)).unwrap();
    let found = got_through(&json);
    for spelling in ["over HTTP/2", "over HTTP/2 with _", "over HTTP/2 with .", "as it is"] {
        let row = ("gateway".to_owned(), "Remote-User".to_owned(), spelling.to_owned());
        assert!(found.contains(&row), "{spelling}: {found:?}");
    }
    // Without the certificate there is no answer, and that is no clean bill.
    let output = site.run(&["doctor", &url], "").await;
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test]
async fn the_doctor_asks_only_what_it_was_named() {
    let site = Site::with(Setup { people: vec![], ..Setup::default() }).await;
    let header = ["--header", "X-Wiki-User", "--json"];
    let output = doctor(&site, "/public/x?a=1", &header, "").await;
    told(&output, 0);
    let received = site.upstream.received();
    assert!(received.len() < 120, "{}", received.len());
    for request in &received {
        assert_eq!((request.method(), request.target()), ("GET", "/public/x?a=1"));
    }
    for bad in ["ftp://wiki.localhost/", "wiki.localhost", "http://a:b@wiki.localhost/"] {
        assert_eq!(site.run(&["doctor", bad], "").await.status.code(), Some(2), "{bad}");
    }
    let nobody = format!("http://127.0.0.1:{}/", free_port());
    assert_eq!(site.run(&["doctor", &nobody], "").await.status.code(), Some(2));
    let output = doctor(&site, "/public/x", &["--cookie-stdin"], "\n").await;
    assert_eq!(output.status.code(), Some(2));
}
