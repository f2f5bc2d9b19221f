//! What the API does not take.

use serde_json::json;
use sqlx::{Connection, Executor, SqliteConnection};

use crate::support::browser::{Browser, Request};
use crate::support::program::{API, Program, problem, with_api};
use crate::support::site::{ADA, GRACE, Setup, Site};

#[tokio::test]
async fn without_being_asked_for_there_is_no_api() {
    let site = Site::start().await;
    let program = Program::new(&site);
    assert_eq!(program.password("ada", ADA.password).await.status, 404);
    assert_eq!(program.call("GET", "/account", None).await.status, 404);
}

#[tokio::test]
async fn s13_s59_a_body_that_is_not_what_it_should_be_is_refused() {
    let site = Site::with(with_api()).await;
    let program = Program::new(&site);
    program.half_sign_in(&site, &ADA).await;
    let good = program.code_body("123456");
    for value in [json!([]), json!(null), json!(123_456), json!({}), json!(["123456"]), json!(true)]
    {
        let mut body = good.clone();
        body["code"] = value;
        let answer = program.post("/codes/verify", body).await.expect(400);
        assert_eq!(problem(&answer), "VALIDATION_ERROR");
    }
    for (address, why) in [
        (json!(["ada@example.org"]), "S21: a list"),
        (json!("ada@example.org,eve@example.org"), "S21: two"),
        (json!("ada@example.org\r\nBcc: eve@example.org"), "S20: a line"),
        (json!("ada@example.org\u{0}"), "S20: NUL"),
        (json!(" ada@example.org"), "a space"),
        (json!("ada"), "none"),
    ] {
        let body = json!({ "purpose": "reset", "destination": { "email": address } });
        let answer = program.post("/codes", body).await.expect(400);
        assert_eq!(problem(&answer), "VALIDATION_ERROR", "{why}");
    }
    for path in ["//evil.example", "/\\evil.example", "https:evil.example", "/%2fevil.example", "x"]
    {
        let mut body = program.sign_in_body("ada", ADA.password);
        body["path"] = path.into();
        program.post("/sign-in", body).await.expect(400);
    }
    let deep = "[".repeat(100_000);
    let twice = r#"{"login":"ada","login":"grace","password":"x","install_id":"12345678"}"#;
    let unknown = r#"{"login":"ada","password":"x","install_id":"12345678","admin":true}"#;
    for (what, body) in [
        ("nothing", ""),
        ("no JSON", "{"),
        ("another type", "[]"),
        ("values in a list", r#"["ada","x",null,false,"12345678",null]"#),
        ("a number", "1"),
        ("deep", deep.get(..60_000).unwrap()),
        ("a field twice", twice),
        ("a field that nobody knows", unknown),
        ("more after the end", r#"{"login":"a","password":"x","install_id":"12345678"} {}"#),
        ("not UTF-8", "\u{fffd}"),
    ] {
        let mut bytes = body.as_bytes().to_vec();
        if what == "not UTF-8" {
            bytes = vec![0xff, 0xfe];
        }
        let request = Request::post(&format!("{API}/sign-in")).body("application/json", bytes);
        let answer = site.send(request).await.expect(400);
        assert_eq!(problem(&answer), "VALIDATION_ERROR", "{what}");
    }
    // What stands in the wrong place is not repeated: it may be a secret.
    let body = json!({ "login": "ada", "password": ["hunter2"], "install_id": program.install });
    let answer = program.post("/sign-in", body).await.expect(400);
    assert!(!answer.everything().contains("hunter2"), "{}", answer.text());
    assert!(!site.log().contains("hunter2"));
}

#[tokio::test]
async fn only_json_is_read_and_no_endless_body() {
    let site = Site::with(with_api()).await;
    let program = Program::new(&site);
    let body = program.sign_in_body("ada", ADA.password).to_string();
    let sign_in = format!("{API}/sign-in");
    for kind in [
        "application/x-www-form-urlencoded",
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/problem+json",
        "",
    ] {
        let answer = site.send(Request::post(&sign_in).body(kind, body.clone())).await.expect(415);
        assert_eq!(problem(&answer), "UNSUPPORTED_MEDIA_TYPE", "{kind}");
    }
    let zipped = Request::post(&sign_in).body("application/json", body.clone());
    site.send(zipped.header("Content-Encoding", "gzip")).await.expect(415);
    let charset = Request::post(&sign_in).body("application/json; charset=utf-8", body);
    site.send(charset).await.expect(202);

    let before = site.metrics().await;
    let mut endless = program.sign_in_body("ada", "");
    endless["password"] = "x".repeat(1 << 20).into();
    let answer = program.post("/sign-in", endless).await.expect(413);
    assert_eq!(problem(&answer), "TOO_LARGE");
    let hashes = |metrics: &crate::support::metrics::Metrics| {
        metrics.sum("doorward_password_hash_seconds_count", &[])
    };
    assert_eq!(hashes(&site.metrics().await), hashes(&before), "nothing was hashed for it");
    let longer = program.password("ada", &"x".repeat(5000)).await;
    assert_eq!(problem(&longer.expect(401)), "INVALID_CREDENTIALS");
}

#[tokio::test]
async fn methods_and_addresses_that_are_not_there_are_told_so() {
    let site = Site::with(with_api()).await;
    let program = Program::new(&site);
    for (method, path, allow) in [
        ("GET", "/sign-in", "POST"),
        ("PUT", "/account", "GET, PATCH"),
        ("POST", "/sessions/x", "DELETE"),
        ("DELETE", "/refresh", "POST"),
    ] {
        let answer = program.call(method, path, None).await.expect(405);
        assert_eq!(problem(&answer), "METHOD_NOT_ALLOWED");
        assert_eq!(answer.header("allow"), Some(allow));
    }
    for path in ["", "/", "/nothing", "/sign-in/", "/sessions/a/b", "/sessions/"] {
        assert_eq!(problem(&program.call("GET", path, None).await.expect(404)), "NOT_FOUND");
    }
    assert_eq!(site.send(Request::get("/_doorward/api")).await.status, 404);
    assert_eq!(site.send(Request::get("/_doorward/apix")).await.status, 404);
    let answer = program.call("GET", "/nothing", None).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.all("set-cookie"), Vec::<&str>::new());
}

#[tokio::test]
async fn s52_no_page_of_another_site_acts_by_the_api_unless_it_is_named_and_then_without_cookies() {
    const APP: &str = "https://app.example.com";
    let top = vec![format!("api: {{ enabled: true, origins: [\"{APP}\"] }}")];
    let site = Site::with(Setup { top, ..with_api() }).await;
    let program = Program::new(&site);
    let body = program.sign_in_body("ada", ADA.password);
    let ask = |headers: &[(&str, &str)]| {
        let request = program.request("POST", "/sign-in", Some(&body));
        headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    };
    for foreign in [
        &[("Origin", "https://evil.example")][..],
        &[("Origin", "null")],
        &[("Origin", "http://app.example.com")],
        &[("Origin", "https://app.example.com.evil.example")],
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Origin", APP), ("Cookie", "doorward=x")],
    ] {
        let answer = site.send(ask(foreign)).await.expect(403);
        assert_eq!(problem(&answer), "ORIGIN_NOT_ALLOWED", "{foreign:?}");
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    let events = site.metrics().await;
    assert_eq!(events.sum("doorward_security_events_total", &[("event", "cross_site")]), 7.0);
    site.send(ask(&[("Origin", APP), ("Origin", "https://evil.example")])).await.expect(400);
    let answer = site.send(ask(&[("Origin", APP), ("Sec-Fetch-Site", "cross-site")])).await;
    let answer = answer.expect(202);
    assert_eq!(answer.header("access-control-allow-origin"), Some(APP));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert_eq!(answer.header("vary"), Some("Origin"));
    let own = format!("http://{}", site.host);
    site.send(ask(&[("Origin", &own), ("Sec-Fetch-Site", "same-origin")])).await.expect(202);

    let preflight = |origin: &str| {
        Request::new("OPTIONS", &format!("{API}/sign-in"))
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "content-type")
    };
    let answer = site.send(preflight(APP)).await.expect(204);
    assert_eq!(answer.header("access-control-allow-origin"), Some(APP));
    assert!(answer.header("access-control-allow-methods").unwrap().contains("POST"));
    assert!(answer.header("access-control-allow-headers").unwrap().contains("content-type"));
    site.send(preflight("https://evil.example")).await.expect(403);
}

#[tokio::test]
async fn s28_half_signed_in_states_of_pages_and_programs_are_nothing_to_each_other() {
    let site = Site::with(with_api()).await;
    let (browser, program) = (Browser::new(&site), Program::new(&site));
    let code = browser.half_sign_in(&site, &ADA).await;
    program.keep(|kept| kept.flow = browser.cookie("doorward-flow"));
    assert_eq!(problem(&program.code(&code).await.expect(410)), "FLOW_OVER");
    let code = program.half_sign_in(&site, &ADA).await;
    let fresh = Browser::new(&site);
    fresh.set_cookie("doorward-flow", program.kept().flow.as_deref());
    assert_eq!(fresh.get("/_doorward/code").await.expect(303).location(), "/_doorward/login");
    program.code(&code).await.expect(200);
}

#[tokio::test]
async fn s57_while_a_store_is_away_nobody_gets_in_and_that_is_told() {
    let site = Site::with(with_api()).await;
    let (program, half) = (Program::new(&site), Program::new(&site));
    program.sign_in(&site, &ADA).await;
    let code = half.half_sign_in(&site, &GRACE).await;
    assert!(program.is_signed_in().await);
    site.outbox_is_empty().await;
    // Another process holds the database, and does not let go.
    let url = format!("sqlite://{}", site.path("doorward.db").display());
    let mut holder = SqliteConnection::connect(&url).await.unwrap();
    holder.execute("BEGIN EXCLUSIVE").await.unwrap();
    let answer = half.code(&code).await.expect(503);
    assert_eq!(problem(&answer), "UNAVAILABLE");
    assert!(answer.retry_after() > 0);
    assert!(!answer.text().to_lowercase().contains("sqlite"), "{}", answer.text());
    let body = json!({ "purpose": "reset", "destination": { "email": ADA.email } });
    let answer = Program::new(&site).post("/codes", body).await.expect(503);
    assert_eq!(problem(&answer), "SEND_FAILED");
    program.refresh().await.expect(503);
    assert!(program.is_signed_in().await, "who is signed in goes on");
    holder.execute("ROLLBACK").await.unwrap();
    half.code(&code).await.expect(200);
    program.refresh().await.expect(200);
}
