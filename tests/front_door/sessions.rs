//! Sessions and their cookies.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::support::browser::{Browser, Request};
use crate::support::http::{Response, read_response};
use crate::support::page::{form, hidden};
use crate::support::site::{ADA, GRACE, Setup, Site};
use crate::support::tools::free_port;

#[tokio::test]
async fn s28_each_step_has_a_session_of_its_own_and_the_step_before_opens_nothing() {
    let site = Site::start().await;
    let browser = Browser::new(&site);
    let code = browser.half_sign_in(&site, &ADA).await;
    let flow = browser.cookie("doorward-flow").expect("half signed in");

    // The half-signed-in secret is no session, under any name.
    let thief = Browser::new(&site);
    for name in ["doorward", "doorward-flow", "__Host-doorward"] {
        thief.set_cookie(name, Some(&flow));
    }
    assert!(!thief.is_signed_in().await);

    browser.submit_code(&code).await.expect(303);
    let first = browser.cookie("doorward").expect("signed in");
    assert_ne!(first, flow);
    assert_ne!(
        browser.cookie("doorward-flow").as_deref(),
        Some(flow.as_str()),
        "the half-signed-in state is over"
    );

    // Signing in again, by whoever still has the form open, gives a new session and ends the old one.
    browser.set_cookie("doorward", None);
    let csrf = browser.login_token().await;
    browser.set_cookie("doorward", Some(&first));
    let fields =
        [("username", "ada"), ("password", ADA.password), ("csrf", csrf.as_str()), ("rd", "/")];
    browser.submit("/_doorward/login", &fields).await.expect(303);
    let code = site.mailbox.next_to(ADA.email).await.code();
    browser.submit_code(&code).await.expect(303);
    let second = browser.cookie("doorward").expect("signed in");
    assert_ne!(second, first);
    let thief = Browser::new(&site);
    thief.set_cookie("doorward", Some(&first));
    assert!(!thief.is_signed_in().await, "the old session is dead");
    assert!(browser.is_signed_in().await);

    // A session id that somebody planted is never taken up.
    let victim = Browser::new(&site);
    victim.set_cookie("doorward", Some(&first));
    victim.set_cookie("doorward-flow", Some(&flow));
    let csrf = victim.login_token().await;
    let fields =
        [("username", "grace"), ("password", GRACE.password), ("csrf", csrf.as_str()), ("rd", "/")];
    victim.submit("/_doorward/login", &fields).await.expect(303);
    assert_ne!(victim.cookie("doorward-flow").as_deref(), Some(flow.as_str()));
    let code = site.mailbox.next_to(GRACE.email).await.code();
    victim.submit_code(&code).await.expect(303);
    assert_ne!(victim.cookie("doorward").as_deref(), Some(first.as_str()));
}

#[tokio::test]
async fn s29_cookies_are_bound_to_the_host_and_kept_from_scripts() {
    let tls = Tls::start().await;
    let first = tls.send(Request::get("/_doorward/login").navigate()).await.expect(200);
    let cookies = first.all("set-cookie");
    assert!(!cookies.is_empty(), "the form is bound to the browser");
    for cookie in &cookies {
        assert_host_cookie(cookie, "__Host-doorward-flow");
    }
    assert!(first.header("strict-transport-security").is_some(), "{:?}", first.headers);

    let flow = cookies[0].split(';').next().unwrap().to_owned();
    let csrf = hidden(&first.text(), "csrf");
    let fields = [
        ("username", "ada"),
        ("password", ADA.password),
        ("csrf", csrf.as_str()),
        ("rd", "/simple/x"),
    ];
    let answer = tls.submit("/_doorward/login", &flow, &fields).await.expect(303);
    let session: Vec<_> = answer
        .all("set-cookie")
        .into_iter()
        .filter(|cookie| cookie.starts_with("__Host-doorward="))
        .collect();
    assert_eq!(session.len(), 1, "{:?}", answer.headers);
    assert_host_cookie(session[0], "__Host-doorward");
    assert!(
        !session[0].to_ascii_lowercase().contains("max-age"),
        "it ends with the browser window, unasked"
    );

    let session = session[0].split(';').next().unwrap();
    let page =
        tls.send(Request::get("/simple/x").navigate().header("Cookie", session)).await.expect(200);
    assert!(page.text().contains("The app"));
    assert_eq!(tls.site.upstream.last().header("x-forwarded-proto"), Some("https"));
    // Without the prefix it is not this cookie.
    let bare = session.trim_start_matches("__Host-").to_owned();
    tls.send(Request::get("/simple/x").header("Cookie", &bare)).await.expect(401);
}

#[track_caller]
fn assert_host_cookie(cookie: &str, name: &str) {
    let mut parts = cookie.split(';').map(str::trim);
    assert_eq!(parts.next().unwrap().split('=').next(), Some(name), "{cookie}");
    let attributes: Vec<String> = parts.map(str::to_ascii_lowercase).collect();
    for wanted in ["secure", "httponly", "samesite=lax", "path=/"] {
        assert!(
            attributes.iter().any(|attribute| attribute == wanted),
            "{wanted} is missing: {cookie}"
        );
    }
    assert!(!attributes.iter().any(|attribute| attribute.starts_with("domain")), "{cookie}");
}

#[tokio::test]
async fn a_remembered_session_outlives_the_browser_window_and_no_other_does() {
    let site = Site::start().await;
    for (remember, outlives) in [(None, false), (Some("on"), true)] {
        let browser = Browser::new(&site);
        let csrf = browser.login_token().await;
        let mut fields = vec![
            ("username", "ada"),
            ("password", ADA.password),
            ("csrf", csrf.as_str()),
            ("rd", "/simple/x"),
        ];
        fields.extend(remember.map(|value| ("remember", value)));
        let answer = browser.submit("/_doorward/login", &fields).await.expect(303);
        let cookies = answer.all("set-cookie");
        let session =
            cookies.iter().find(|cookie| cookie.starts_with("doorward=")).expect("a session");
        assert_eq!(session.to_ascii_lowercase().contains("max-age="), outlives, "{session}");
        // A day on: idle for longer than an unremembered session lives.
        site.travel(Duration::from_secs(86_400));
        let status = browser.fetch("/simple/x").await.status;
        assert_eq!(status == 200, outlives, "{status}");
    }
}

#[tokio::test]
async fn s38_a_session_ends_when_it_is_idle_and_when_its_time_is_over() {
    let site = Site::start().await;
    let idle = Browser::new(&site);
    idle.sign_in(&site, &ADA).await;
    site.travel(Duration::from_secs(59 * 60));
    assert!(idle.is_signed_in().await, "an hour of idleness is allowed");
    site.travel(Duration::from_secs(61 * 60));
    assert!(!idle.is_signed_in().await);
    assert!(!idle.is_signed_in().await, "asking does not wake it");

    let busy = Browser::new(&site);
    busy.sign_in(&site, &ADA).await;
    for _ in 0..23 {
        site.travel(Duration::from_secs(31 * 60));
        assert!(busy.is_signed_in().await);
    }
    site.travel(Duration::from_secs(10 * 60));
    assert!(!busy.is_signed_in().await, "12 hours are the end, however busy");
}

#[tokio::test]
async fn s34_after_signing_out_the_cookie_is_worth_nothing() {
    let site = Site::start().await;
    let browser = Browser::new(&site);
    browser.sign_in(&site, &ADA).await;
    let elsewhere = Browser::new(&site);
    elsewhere.sign_in(&site, &ADA).await;
    let thief = browser.stolen();
    assert!(thief.is_signed_in().await);

    browser.get("/_doorward/logout").await.expect(200);
    assert!(browser.is_signed_in().await, "looking at the page signs nobody out");
    let answer = browser.sign_out().await.expect(303);
    assert_eq!(answer.location(), "/_doorward/signed-out");
    assert!(
        answer.header("clear-site-data").is_some_and(|data| data.contains("\"cache\"")),
        "{:?}",
        answer.headers
    );
    assert_eq!(browser.cookie("doorward"), None, "the cookie is taken back");
    assert!(!thief.is_signed_in().await, "a copy of the cookie is worth nothing");
    browser.get("/_doorward/signed-out").await.expect(200);
    assert!(elsewhere.is_signed_in().await, "another browser stays signed in");
}

#[tokio::test]
async fn s39_and_s33_disabling_an_account_or_changing_its_password_ends_its_sessions_now() {
    let site = Site::start().await;
    let (ada, grace) = (Browser::new(&site), Browser::new(&site));
    ada.sign_in(&site, &ADA).await;
    grace.sign_in(&site, &GRACE).await;
    assert!(ada.is_signed_in().await && grace.is_signed_in().await);
    // By another process; the running one hears of it.
    site.cli(&["accounts", "disable", "ada"], "").await;
    crate::support::tools::eventually("ada's session to end", async || {
        (!ada.is_signed_in().await).then_some(())
    })
    .await;
    assert!(grace.is_signed_in().await);
    site.cli(
        &["accounts", "set-password", "grace", "--password-stdin"],
        "a wholly new pass phrase\n",
    )
    .await;
    crate::support::tools::eventually("grace's session to end", async || {
        (!grace.is_signed_in().await).then_some(())
    })
    .await;
    Browser::new(&site).submit_password("grace", GRACE.password).await.expect(401);
    Browser::new(&site).submit_password("grace", "a wholly new pass phrase").await.expect(303);
}

#[tokio::test]
async fn a_session_of_one_site_is_nothing_on_another() {
    let other =
        r#"{ host: other.localhost, upstreams: ["UPSTREAM"], rules: [{ policy: two_factor }] }"#;
    let site = Site::with(Setup { more_sites: vec![other.to_owned()], ..Setup::default() }).await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    let there = Browser::at(site.address, &format!("other.localhost:{}", site.address.port()));
    there.set_cookie("doorward", ada.cookie("doorward").as_deref());
    assert!(!there.is_signed_in().await);
}

#[tokio::test]
async fn pages_of_doorward_are_kept_by_nobody_and_framed_by_nobody() {
    let site = Site::start().await;
    let page = Browser::new(&site).get("/_doorward/login").await.expect(200);
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(
        policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe-"), "{policy}");
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert!(page.header("referrer-policy").is_some());
    let text = page.text();
    assert!(
        !text.contains("<script>") && !text.contains("style=\"") && !text.contains("onclick"),
        "{text}"
    );
    let mut addresses = text.split('"').filter(|part| part.starts_with("http"));
    assert_eq!(addresses.next(), None, "the page loads or links something of elsewhere");
}

/// A site over TLS, with a certificate that this test alone trusts.
struct Tls {
    site: Site,
    connector: TlsConnector,
    host: String,
    address: std::net::SocketAddr,
}

impl Tls {
    async fn start() -> Self {
        let port = free_port();
        let certified =
            rcgen::generate_simple_self_signed(vec!["wiki.localhost".to_owned()]).unwrap();
        let mut setup = Setup { people: vec![ADA], ..Setup::default() };
        let mut site = Site::prepared(&setup).await;
        let (certificate, key) = (site.path("tls.crt"), site.path("tls.key"));
        std::fs::write(&certificate, certified.cert.pem()).unwrap();
        std::fs::write(&key, certified.signing_key.serialize_pem()).unwrap();
        make_private(&key);
        setup.top.clear();
        let yaml = std::fs::read_to_string(site.config()).unwrap();
        let listen = format!(
            "listen: [{{ address: \"127.0.0.1:{port}\", tls: {{ certificate: {}, key: {} }} }}]",
            certificate.display(),
            key.display()
        );
        let lines: Vec<String> = yaml
            .lines()
            .map(|line| {
                if line.starts_with("listen:") {
                    listen.clone()
                } else {
                    line.replace(
                        &format!("http://{}", site.host),
                        &format!("https://wiki.localhost:{port}"),
                    )
                }
            })
            .collect();
        std::fs::write(site.config(), lines.join("\n")).unwrap();
        site.add_account(&ADA).await;
        site.serve().await;

        let mut roots = RootCertStore::empty();
        roots.add(certified.cert.der().clone()).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap();
        let config = config.with_root_certificates(roots).with_no_client_auth();
        Self {
            site,
            connector: TlsConnector::from(Arc::new(config)),
            host: format!("wiki.localhost:{port}"),
            address: ([127, 0, 0, 1], port).into(),
        }
    }

    async fn send(&self, request: Request) -> Response {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let mut stream = self
            .connector
            .connect(ServerName::try_from("wiki.localhost").unwrap(), stream)
            .await
            .unwrap();
        stream.write_all(&request.bytes(&self.host)).await.unwrap();
        read_response(&mut stream, &mut Vec::new(), false).await.unwrap()
    }

    async fn submit(&self, target: &str, cookie: &str, fields: &[(&str, &str)]) -> Response {
        let request = Request::post(target)
            .navigate()
            .instead("Sec-Fetch-Site", "same-origin")
            .header("Origin", &format!("https://{}", self.host))
            .header("Cookie", cookie)
            .body("application/x-www-form-urlencoded", form(fields));
        self.send(request).await
    }
}

fn make_private(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
