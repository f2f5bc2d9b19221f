//! Rules that only report, and rules that are explained.

use std::time::Duration;

use crate::gateway::web_socket;
use crate::support::browser::{Browser, Request};
use crate::support::site::{ADA, Front, GRACE, Setup, Site};

fn with_rules(rules: &[&str]) -> Setup {
    Setup { rules: rules.iter().map(|rule| (*rule).to_owned()).collect(), ..Setup::default() }
}

#[tokio::test]
async fn s48_a_request_that_names_another_method_is_decided_on_as_both() {
    let site = Site::with(with_rules(&[
        r#"{ path: "/m/**", methods: [GET, POST], policy: bypass }"#,
        r#"{ path: "/m/**", policy: two_factor }"#,
        r#"{ path: "/free/**", policy: bypass }"#,
    ]))
    .await;
    site.send(Request::get("/m/x")).await.expect(200);
    site.send(Request::post("/m/x").header("X-HTTP-Method-Override", "GET")).await.expect(200);
    site.upstream.forget();
    for name in
        ["X-HTTP-Method-Override", "x_http_method_override", "X-HTTP-Method", "X.Method-Override"]
    {
        for method in ["DELETE", " delete", "PATCH"] {
            site.send(Request::post("/m/x").header(name, method)).await.expect(401);
        }
        let two = Request::post("/m/x").header(name, "GET").header(name, "PUT");
        site.send(two).await.expect(401);
        site.send(Request::post("/m/x").header(name, "no method")).await.expect(403);
    }
    for query in
        ["_method=DELETE", "a=b&_method=delete", "%5Fmethod=PUT", "_method=GET&_method=PUT"]
    {
        site.send(Request::post(&format!("/m/x?{query}"))).await.expect(401);
    }
    assert!(site.upstream.received().is_empty(), "none of them reached the app");
    // The same decides on both.
    site.send(Request::get("/free/x").header("X-HTTP-Method-Override", "DELETE")).await.expect(200);
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    let delete = Request::post("/m/x").header("X-HTTP-Method-Override", "DELETE");
    ada.send(delete).await.expect(200);
    assert_eq!(site.upstream.last().header("x-http-method-override"), Some("DELETE"));
}

#[tokio::test]
async fn a_rule_that_only_reports_is_logged_and_counted_and_decides_nothing() {
    let rules = [
        r#"{ path: "/wiki/**", policy: two_factor, groups: [admins], report_only: true }"#,
        r#"{ path: "/wiki/**", methods: [DELETE], policy: deny, report_only: true }"#,
        r#"{ path: "/wiki/**", policy: two_factor }"#,
        r#"{ policy: deny, report_only: true }"#,
        "{ policy: bypass }",
    ];
    let site = Site::with(with_rules(&rules)).await;
    let counted = async |rule: &str, decision: &str| {
        let labels = [("site", "wiki.localhost"), ("rule", rule), ("decision", decision)];
        site.metrics().await.sum("doorward_report_only_total", &labels)
    };
    let logged = || {
        let log = site.log();
        let lines = log.lines().filter(|line| line.contains("doorward::report_only"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };

    site.send(Request::get("/open")).await.expect(200);
    assert_eq!(counted("4", "forbidden").await, 1.0);
    let told = logged();
    assert_eq!(told.len(), 1, "{told:?}");
    let line: serde_json::Value = serde_json::from_str(&told[0]).expect("JSON");
    assert_eq!((line["site"].as_str(), line["rule"].as_u64()), (Some("wiki.localhost"), Some(4)));
    assert_eq!(
        (line["would"].as_str(), line["decided"].as_str()),
        (Some("forbidden"), Some("forward"))
    );
    assert!(line["request.id"].is_string() && !told[0].contains("/open"), "{line}");

    let (ada, grace) = (Browser::new(&site), Browser::new(&site));
    ada.sign_in(&site, &ADA).await;
    grace.sign_in(&site, &GRACE).await;
    ada.get("/wiki/a").await.expect(200);
    assert_eq!(counted("1", "forward").await, 1.0);
    assert_eq!(logged().len(), 1, "it would have decided the same");
    grace.get("/wiki/a").await.expect(200);
    assert_eq!(counted("1", "forbidden").await, 1.0);
    ada.send(Request::new("DELETE", "/wiki/a")).await.expect(200);
    assert_eq!(counted("2", "forbidden").await, 1.0);
    assert_eq!(logged().len(), 3);
    Browser::new(&site).get("/wiki/a").await.expect(303);
}

#[tokio::test]
async fn a_rule_that_only_reports_does_so_for_a_proxy_that_asks_as_well() {
    let front = Some(Front { name: "caddy", port: 80 });
    let rules = ["{ policy: deny, report_only: true }", "{ policy: bypass }"];
    let site = Site::with(Setup { front, people: vec![], ..with_rules(&rules) }).await;
    let question = Request::get("/_doorward/verify")
        .header("X-Forwarded-For", "192.0.2.7")
        .header("X-Forwarded-Method", "GET")
        .header("X-Forwarded-Proto", "http")
        .header("X-Forwarded-Host", "wiki.localhost")
        .header("X-Forwarded-Uri", "/open");
    site.send(question).await.expect(200);
    let labels = [("rule", "1"), ("decision", "forbidden")];
    assert_eq!(site.metrics().await.sum("doorward_report_only_total", &labels), 1.0);
}

#[tokio::test]
async fn a_decision_is_explained_rule_by_rule_and_is_the_one_that_is_made() {
    let rules = [
        r#"{ path: "/public/**", policy: bypass }"#,
        r#"{ path: "/near/**", networks: ["192.0.2.0/24"], policy: bypass }"#,
        r#"{ path: "/read/**", methods: [GET], policy: one_factor }"#,
        r#"{ path: "/admin/**", policy: deny, report_only: true }"#,
        r#"{ path: "/admin/**", policy: two_factor, groups: [admins], trusted_device: false, fresh: 10m }"#,
        r#"{ path: "/api/**", policy: one_factor, unauthenticated: "401" }"#,
        "{ policy: two_factor }",
    ];
    let site = Site::with(with_rules(&rules)).await;
    let config = site.config().display().to_string();
    let explain = async |path: &str, more: &[&str]| -> serde_json::Value {
        let url = format!("http://{}{path}", site.host);
        let arguments = [&["check", &config, "--json", "--url", &url][..], more].concat();
        let output = site.run(&arguments, "").await;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {told}");
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let decided = async |path: &str, more: &[&str]| {
        let told = explain(path, more).await;
        (told["decision"].as_str().expect("a decision").to_owned(), told["rule"].as_u64())
    };
    let expected = |decision: &str, rule| (decision.to_owned(), rule);
    assert_eq!(decided("/public/a", &[]).await, expected("forward", Some(1)));
    assert_eq!(decided("/near/a", &["--from", "192.0.2.9"]).await, expected("forward", Some(2)));
    assert_eq!(decided("/near/a", &[]).await, expected("sign_in", Some(7)));
    assert_eq!(decided("/read/a", &["--method", "POST"]).await, expected("sign_in", Some(7)));
    assert_eq!(decided("/api/a", &[]).await, expected("unauthorized", Some(6)));
    assert_eq!(decided("/admin/a", &["--as", "ada"]).await, expected("forward", Some(5)));
    assert_eq!(
        decided("/admin/a", &["--as", "grace@example.org"]).await,
        expected("forbidden", Some(5))
    );
    for more in
        [&["--ago", "11m"][..], &["--signed-in", "trusted-device"], &["--signed-in", "password"]]
    {
        let more = [&["--as", "ada"], more].concat();
        assert_eq!(decided("/admin/a", &more).await, expected("sign_in", Some(5)), "{more:?}");
    }
    assert_eq!(decided("/a/../b", &[]).await, expected("bad_request", None));
    assert_eq!(decided("/_doorward/login", &[]).await, expected("portal", None));

    // Another spelling is read in every way, and the strictest decides.
    let told = explain("/PUBLIC/a", &[]).await;
    assert_eq!(told["readings"].as_array().map(Vec::len), Some(2), "{told}");
    assert_eq!(told["decision"], "sign_in");

    let url = format!("http://{}/admin/a", site.host);
    let output = site.run(&["check", &config, "--url", &url, "--as", "ada"], "").await;
    let told = String::from_utf8(output.stdout).expect("UTF-8");
    for words in [
        "ada (groups: admins, staff), signed in by password and code just now",
        "rule 1  /public/**; bypass\n          is for another path\n",
        "rule 4  /admin/**; deny; report only\n          only reports: gets 403\n",
        "rule 5  /admin/**; two_factor; groups admins; fresh 10m; no trusted device\n          decides: goes on to the app, as ada\n",
        "rule 7  all paths; two_factor\n          is not reached\n",
        "forward: goes on to the app, as ada\n",
    ] {
        assert!(told.contains(words), "{words:?} is not in\n{told}");
    }

    // And the gateway does so.
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    ada.get("/admin/a").await.expect(200);
    site.travel(Duration::from_secs(660));
    ada.get("/admin/a").await.expect(303);
    site.send(Request::get("/PUBLIC/a")).await.expect(401);
}

#[tokio::test]
async fn what_cannot_be_explained_says_why() {
    let site = Site::with(Setup { people: vec![], ..Setup::default() }).await;
    let config = site.config().display().to_string();
    let fails = async |arguments: &[&str], code: i32, words: &str| {
        let output = site.run(&[&["check", &config][..], arguments].concat(), "").await;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
        assert!(told.contains(words), "{words:?} is not in {told}");
    };
    let here = format!("http://{}/", site.host);
    fails(&["--url", "wiki.localhost/a"], 2, "is not an address").await;
    fails(&["--url", "http://other.localhost/"], 1, "the sites are wiki.localhost").await;
    fails(&["--url", "https://wiki.localhost/"], 1, "the site is at http://wiki.localhost").await;
    fails(&["--url", &here, "--as", "ada"], 1, "there is no account ada").await;
    fails(&["--as", "ada"], 2, "--url").await;

    // Looking makes nothing that is not there yet.
    let unused = Site::prepared(&Setup::default()).await;
    let config = unused.config().display().to_string();
    let url = format!("http://{}/", unused.host);
    let output = unused.run(&["check", &config, "--url", &url, "--as", "ada"], "").await;
    assert_eq!(output.status.code(), Some(1));
    unused.run(&["check", &config, "--url", &url], "").await;
    assert!(!unused.path("doorward.db").exists() && !unused.path("secret").exists());
}

#[tokio::test]
async fn a_preflight_goes_to_the_app_where_a_rule_says_so_and_what_follows_needs_its_session() {
    let rules = [
        r#"{ path: "/open/**", policy: two_factor, preflight: app }"#,
        r#"{ path: "/none/**", policy: deny }"#,
        "{ policy: two_factor }",
    ];
    let site = Site::with(Setup { people: vec![ADA], ..with_rules(&rules) }).await;
    let ask = |target: &str| {
        Request::new("OPTIONS", target)
            .header("Origin", "https://elsewhere.example")
            .header("Access-Control-Request-Method", "PUT")
            .header("Remote-User", "ada")
    };
    site.send(ask("/open/a")).await.expect(200);
    assert_eq!(site.upstream.last().method(), "OPTIONS");
    assert_eq!(site.upstream.last().header("remote-user"), None);
    site.upstream.forget();

    // Only there, only a preflight, and only on the very path.
    site.send(ask("/closed/a")).await.expect(401);
    site.send(ask("/none/a")).await.expect(403);
    let disguised = site.send(ask("/open/..%2fclosed/a")).await.status;
    assert!(matches!(disguised, 400 | 401), "{disguised}");
    site.send(ask("/open/a").without("Origin")).await.expect(401);
    site.send(ask("/open/a").without("Access-Control-Request-Method")).await.expect(401);
    site.send(ask("/open/a").body("text/plain", "x")).await.expect(401);
    let mut put = ask("/open/a");
    put.method = "PUT".to_owned();
    site.send(put.header("Content-Length", "0")).await.expect(401);
    assert!(site.upstream.received().is_empty(), "none of them reached the app");

    // Of somebody signed in it is their request, as any other.
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    ada.send(ask("/open/a")).await.expect(200);
    assert_eq!(site.upstream.last().header("remote-user"), Some("ada"));
}

#[tokio::test]
async fn a_rule_may_send_everybody_to_sign_in() {
    let rules = [
        r#"{ path: "/feed/**", policy: one_factor, unauthenticated: redirect }"#,
        "{ policy: two_factor }",
    ];
    let site = Site::with(Setup { people: Vec::new(), ..with_rules(&rules) }).await;
    for answer in [
        site.send(Request::get("/feed/a")).await,
        site.send(Request::get("/feed/a").header("X-Requested-With", "XMLHttpRequest")).await,
    ] {
        assert_eq!(answer.expect(303).location(), "/_doorward/login?rd=%2Ffeed%2Fa");
    }
    site.send(Request::get("/else")).await.expect(401);
}

#[tokio::test]
async fn s38_what_a_page_asks_by_itself_keeps_no_session_alive() {
    let rules =
        [r#"{ path: "/polls/**", policy: two_factor, activity: false }"#, "{ policy: two_factor }"];
    let site = Site::with(Setup { people: vec![ADA], ..with_rules(&rules) }).await;
    let ada = Browser::new(&site);
    let ask_for = async |what: &str| match what {
        "a rule" => ada.fetch("/polls/a").await.status,
        "a WebSocket" => ada.send(web_socket("/no-web-socket")).await.status,
        "an event stream" => {
            ada.send(Request::get("/simple").header("Accept", "text/event-stream")).await.status
        }
        _ => ada.fetch("/simple").await.status,
    };
    for (what, counts) in
        [("a rule", false), ("a WebSocket", false), ("an event stream", false), ("a page", true)]
    {
        ada.set_cookie("doorward", None);
        ada.sign_in(&site, &ADA).await;
        for minutes in [20, 39] {
            site.travel(Duration::from_secs(minutes * 60));
            assert_eq!(ask_for(what).await, 200, "{what}");
        }
        site.travel(Duration::from_secs(2 * 60));
        assert_eq!(ada.is_signed_in().await, counts, "{what}");
    }
}
