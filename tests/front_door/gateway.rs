//! Who gets through, and what the others are told.

use crate::support::browser::{Browser, Request};
use crate::support::page::percent_decode;
use crate::support::site::{ADA, GRACE, Setup, Site};

#[tokio::test]
async fn somebody_not_signed_in_is_answered_as_they_asked() {
    let site = Site::start().await;
    let browser = Browser::new(&site);

    let page = browser.get("/wiki/Home?edit=1&x=%2F").await.expect(303);
    let (path, rd) = page.location().split_once("?rd=").expect("the page to come back to");
    assert_eq!(path, "/_doorward/login");
    assert_eq!(percent_decode(rd), "/wiki/Home?edit=1&x=%2F");
    assert_eq!(page.header("cache-control"), Some("no-store"));

    let call = browser.fetch("/wiki/Home").await.expect(401);
    assert!(call.header("content-type").unwrap().starts_with("application/problem+json"));
    let challenge = call.header("www-authenticate").expect("RFC 9110 section 11.6.1 wants one");
    assert_eq!(challenge, "Doorward sign_in=\"/_doorward/login\"");
    let told = call.json();
    assert_eq!(
        (told["error"].as_str(), told["status"].as_u64()),
        (Some("unauthorized"), Some(401))
    );
    assert_eq!(told["sign_in"], "/_doorward/login");
    assert!(told["detail"].is_string() && told["request_id"].is_string(), "{told}");

    // Browsers without fetch metadata are told apart by what they accept.
    site.send(Request::get("/").header("Accept", "text/html")).await.expect(303);
    site.send(Request::get("/").header("Accept", "application/json")).await.expect(401);
    site.send(Request::get("/")).await.expect(401);
    site.send(Request::post("/save").header("Content-Length", "0")).await.expect(401);
    let image = Request::get("/logo.png")
        .navigate()
        .instead("Sec-Fetch-Mode", "no-cors")
        .instead("Sec-Fetch-Dest", "image");
    site.send(image).await.expect(401);
    site.send(web_socket("/ws")).await.expect(401);

    // A rule can ask for 401 even where a page is loaded.
    browser.get("/api/things").await.expect(401);
    assert!(site.upstream.received().is_empty(), "nothing of it reached the app");
}

#[tokio::test]
async fn each_policy_opens_to_whom_it_should() {
    let site = Site::start().await;
    let nobody = Browser::new(&site);
    nobody.get("/public/page").await.expect(200);
    nobody.fetch("/public/page").await.expect(200);
    nobody.get("/closed/page").await.expect(403);
    nobody.fetch("/closed/page").await.expect(403);

    let grace = Browser::new(&site);
    grace.sign_in(&site, &GRACE).await;
    for path in ["/", "/public/page", "/simple/page", "/mail-only/page", "/api/things"] {
        grace.get(path).await.expect(200);
    }
    grace.get("/closed/page").await.expect(403);
    grace.get("/admins/page").await.expect(403);

    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    ada.get("/admins/page").await.expect(200);
    assert_eq!(site.upstream.received_at("/admins/page").len(), 1);
    assert!(site.upstream.received_at("/closed/page").is_empty());
}

#[tokio::test]
async fn the_first_rule_that_matches_decides_and_methods_and_networks_count() {
    let rules = [
        r#"{ path: "/feed", methods: [GET], policy: bypass }"#,
        r#"{ path: "/local/**", networks: ["127.0.0.0/8"], policy: bypass }"#,
        r#"{ path: "/far/**", networks: ["192.0.2.0/24"], policy: bypass }"#,
        r#"{ path: "/files/*/view", policy: bypass }"#,
    ];
    let site = Site::with(Setup {
        rules: rules.map(str::to_owned).to_vec(),
        people: vec![],
        ..Setup::default()
    })
    .await;
    let status = async |method: &str, target: &str| {
        let request = Request::new(method, target).header("Content-Length", "0");
        site.send(request).await.status
    };
    assert_eq!(status("GET", "/feed").await, 200);
    assert_eq!(status("POST", "/feed").await, 403, "no rule matches, and that is a refusal");
    assert_eq!(status("GET", "/local/x").await, 200);
    assert_eq!(status("GET", "/far/x").await, 403);
    assert_eq!(status("GET", "/files/7/view").await, 200);
    assert_eq!(status("GET", "/files/7/8/view").await, 403);
}

#[tokio::test]
async fn s49_a_host_has_one_answer_and_never_another_sites_policy() {
    let open = r#"{ host: open.localhost, upstreams: ["UPSTREAM"], rules: [{ policy: bypass }] }"#;
    let setup = Setup { more_sites: vec![open.to_owned()], people: vec![], ..Setup::default() };
    let site = Site::with(setup).await;
    let port = site.address.port();
    let status = async |host: &str| site.send(Request::get("/").header("Host", host)).await.status;

    for host in [
        &site.host,
        "WIKI.localhost",
        "wiki.localhost.",
        "wiki.localhost:80",
        &format!("Wiki.LocalHost.:{port}"),
    ] {
        assert_eq!(status(host).await, 401, "{host}");
    }
    assert_eq!(status("open.localhost").await, 200);
    assert_eq!(site.upstream.received().len(), 1);
    for host in [
        "evil.example",
        "localhost",
        "127.0.0.1",
        "wiki.localhost.evil.example",
        "x.open.localhost",
        "open.localhost.evil",
    ] {
        assert!(matches!(status(host).await, 421 | 404), "{host}");
    }
    for host in [
        "",
        "open.localhost,wiki.localhost",
        "user@open.localhost",
        "open.localhost/",
        "open.localhost:",
        "open.localhost:http",
        "ope%6e.localhost",
    ] {
        assert!(matches!(status(host).await, 400 | 421), "{host:?}");
    }
    // A target that names another host than the header does.
    let absolute =
        Request::get(&format!("http://open.localhost:{port}/")).header("Host", &site.host);
    site.send(absolute).await.expect(400);
    let swapped = Request::get(&format!("http://{}/", site.host)).header("Host", "open.localhost");
    site.send(swapped).await.expect(400);
    assert_eq!(site.upstream.received().len(), 1, "nothing else reached the app");
}

#[tokio::test]
async fn s48_what_is_protected_stays_protected_however_it_is_spelt() {
    let rules = [
        r#"{ path: "/public/**", policy: bypass }"#,
        r#"{ path: "/Mixed/**", policy: bypass }"#,
        r#"{ path: "/admin/**", policy: deny }"#,
        "{ policy: two_factor }",
    ];
    let site = Site::with(Setup {
        rules: rules.map(str::to_owned).to_vec(),
        people: vec![],
        ..Setup::default()
    })
    .await;
    for target in DISGUISED {
        let answer = site.send(Request::get(target)).await;
        assert!(matches!(answer.status, 400 | 401 | 403), "{target}: {}", answer.status);
    }
    assert!(site.upstream.received().is_empty(), "{:?}", site.upstream.received());

    for target in ["/public/", "/public/a%20b?x=..//%2f", "/public/%E4%BD%A0", "/Mixed/Case"] {
        site.send(Request::get(target)).await.expect(200);
        assert_eq!(site.upstream.last().target(), target, "what is forwarded is what came");
    }
}

/// Ways to write a path that is protected, or that no two servers read in the same way.
pub const DISGUISED: &[&str] = &[
    "/public/../admin",
    "/public/%2e%2e/admin",
    "/public/.%2E/admin",
    "/public/..%2fadmin",
    "/public%2f..%2fadmin",
    "/public/..;/admin",
    "/public/..;x=1/admin",
    "/public/%252e%252e/admin",
    "//admin",
    "/public//../admin",
    "/public/..\\admin",
    "/public\\..\\admin",
    "/public/%5c../admin",
    "/admin#/public/",
    "/admin%23/public/",
    "/admin?x=/public/",
    "/admin;/public/",
    "/%61dmin",
    "/%2561dmin",
    "/ADMIN",
    "/aDmin/x",
    "/admin/",
    "/admin%00/public",
    "/admin%00",
    "/./admin",
    "/public/./../admin",
    "/public/%2e/%2e%2e/admin",
    "/public/%c0%ae%c0%ae/admin",
    "/public/\u{ff0e}\u{ff0e}/admin",
    "/admin%2f",
    "/admin%0a",
    "/admin%20",
    "/;/admin",
    "/public;/../admin",
    "public/x",
    "?x=/public/",
    "*",
    "/public/%",
    "/public/%zz",
];

/// The beginning of a WebSocket.
pub fn web_socket(target: &str) -> Request {
    Request::get(target)
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
}
