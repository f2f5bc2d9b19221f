//! A form that is sent when nobody is signed in any more, and what becomes of it (G2).

use std::time::Duration;

use crate::support::app::App;
use crate::support::browser::{Browser, Request};
use crate::support::http::Response;
use crate::support::page::{find_hidden, hidden, percent_decode, words};
use crate::support::site::{ADA, GRACE, Setup, Site};
use crate::support::tools::eventually;
use crate::support::traveller::Traveller;
use crate::support::upstream::Upstream;

const KIND: &str = "application/x-www-form-urlencoded";
const TEXT: &[u8] = b"text=The+secret+minutes&text=%E2%82%AC+twice&empty=";

/// A form of a page of the site.
fn post(browser: &Browser, target: &str, kind: &str, body: &[u8]) -> Request {
    browser.form(target, &[]).body(kind, body)
}

/// Where the answer to a form of nobody leads after signing in, having checked that the form is kept.
#[track_caller]
fn kept_at(answer: &Response) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    let (login, query) = answer.location().split_once('?').unwrap();
    assert_eq!(login, "/_doorward/login");
    let field = |name: &str| {
        let pair = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        percent_decode(pair.unwrap_or_default())
    };
    assert_eq!(field("form"), "kept", "{query}");
    assert!(field("rd").starts_with("/_doorward/resume/"), "{query}");
    field("rd")
}

/// Presses one of the two buttons of the page.
async fn press(browser: &Browser, page: &str, what: &str) -> Response {
    let csrf = hidden(&browser.get(page).await.expect(200).text(), "csrf");
    browser.submit(page, &[("csrf", &csrf), ("do", what)]).await
}

/// What the browser does with a 307: the same post, there.
async fn follow(browser: &Browser, answer: &Response) -> Response {
    assert_eq!(answer.status, 307, "{}", answer.text());
    let again = [("csrf", "of-our-page"), ("do", "send")];
    browser.submit(answer.location(), &again).await
}

#[tokio::test]
async fn g2_a_form_is_sent_once_after_signing_in_byte_for_byte() {
    let site = Site::start().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    site.travel(Duration::from_secs(61 * 60));

    let multipart = "multipart/form-data; boundary=\"a b\"";
    let file: Vec<u8> = (0..=255).cycle().take(600 * 1024).collect();
    for (kind, body) in [(KIND, TEXT), (multipart, &file), ("text/plain", b"a=b\r\nc\r\n\0")] {
        ada.set_cookie("doorward", None);
        let answer = ada.send(post(&ada, "/simple/save?x=1&y=%2F", kind, body)).await;
        let page = kept_at(&answer);
        let login = ada.get(answer.location()).await.expect(200).text();
        assert!(words(&login).contains("What you entered is kept"), "{login}");
        assert!(site.upstream.received().is_empty(), "nothing of it reached the app");

        let csrf = hidden(&login, "csrf");
        assert_eq!(hidden(&login, "rd"), page);
        let fields = [
            ("username", "ada"),
            ("password", ADA.password),
            ("csrf", csrf.as_str()),
            ("rd", page.as_str()),
        ];
        let arrived = ada.submit("/_doorward/login", &fields).await.expect(303);
        assert_eq!(
            arrived.location(),
            page,
            "the rule of the form's page asks for a password alone"
        );

        // It is asked first, and looking changes nothing.
        for _ in 0..2 {
            let asked = words(&ada.get(&page).await.expect(200).text());
            assert!(asked.contains("/simple/save?x=1&y=%2F") && asked.contains("ada"), "{asked}");
        }
        let answer = press(&ada, &page, "send").await;
        assert_eq!(answer.location(), "/simple/save?x=1&y=%2F");
        let named = ada.cookie("doorward-resume");
        let done = follow(&ada, &answer).await.expect(200);
        assert!(done.text().contains("The app"), "{}", done.text());
        let sent = site.upstream.last();
        assert_eq!((sent.method(), sent.target()), ("POST", "/simple/save?x=1&y=%2F"));
        assert_eq!(sent.header("content-type"), Some(kind));
        assert_eq!(sent.header("content-length"), Some(body.len().to_string().as_str()));
        assert_eq!(sent.header("remote-user"), Some("ada"));
        assert!(sent.body == body, "{} bytes became {}", body.len(), sent.body.len());
        for ours in ["of-our-page", "doorward-draft", "doorward-resume"] {
            assert!(!sent.head.contains(ours), "{}", sent.head);
        }
        assert_eq!(ada.cookie("doorward-resume"), None, "what named the form is taken back");

        // Pressed twice: what the browser sends in its place reaches nobody.
        ada.set_cookie("doorward-resume", named.as_deref());
        follow(&ada, &answer).await.expect(403);
        ada.set_cookie("doorward-resume", None);
        assert_eq!(site.upstream.received().len(), 1);

        // Once.
        let again = ada.get(&page).await.expect(410).text();
        assert!(words(&again).contains("nothing to send"), "{again}");
        ada.send(post(&ada, "/simple/save?x=1&y=%2F", KIND, b"another=1")).await.expect(200);
        assert_eq!(site.upstream.last().body, b"another=1", "an ordinary post stands for itself");
        site.upstream.forget();
    }
}

#[tokio::test]
async fn g2_a_form_that_no_app_has_answered_is_there_to_be_sent_again() {
    let app = App::free_address();
    let site =
        Site::with(Setup { upstream: Some(app), people: vec![ADA], ..Setup::default() }).await;
    let ada = Browser::new(&site);
    let page = kept_at(&ada.send(post(&ada, "/simple/save", KIND, TEXT)).await);
    ada.submit_password_for("ada", ADA.password, &page).await.expect(303);

    // Nobody is there, then somebody who hangs up.
    let answer = press(&ada, &page, "send").await;
    follow(&ada, &answer).await.expect(502);
    ada.get(&page).await.expect(200);
    let hangs_up = tokio::net::TcpListener::bind(app).await.unwrap();
    let hung_up = async { drop(hangs_up.accept().await.unwrap()) };
    let (answered, ()) = tokio::join!(follow(&ada, &answer), hung_up);
    answered.expect(502);
    drop(hangs_up);

    // What the browser sends when the error page is loaded again, is the form.
    let upstream = Upstream::at(app).await;
    let sent = async || {
        let answer = follow(&ada, &answer).await;
        (answer.status == 200).then_some(())
    };
    eventually("the app, which was left out for a while", sent).await;
    let received = upstream.received_at("/simple/save");
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].body, TEXT);
    assert_eq!(ada.cookie("doorward-resume"), None);
    ada.get(&page).await.expect(410);
}

#[tokio::test]
async fn g2_a_kept_form_is_of_one_browser_and_of_whoever_says_so() {
    let site = Site::start().await;
    let ada = Browser::new(&site);
    let page = kept_at(&ada.send(post(&ada, "/simple/save", KIND, TEXT)).await);

    // Another browser that has the address sees nothing, sends nothing and takes nothing away.
    let grace = Browser::new(&site);
    grace.sign_in(&site, &GRACE).await;
    grace.get(&page).await.expect(410);
    let secret = ada.cookie("doorward-draft").unwrap();
    grace.send(post(&grace, "/simple/save", KIND, TEXT)).await.expect(200);
    site.upstream.forget();
    let csrf = hidden(&grace.get("/_doorward/account").await.expect(200).text(), "csrf");
    grace.submit(&page, &[("csrf", &csrf), ("do", "send")]).await.expect(410);

    // Another account in the same browser is asked in words, and may discard.
    let shared = ada.stolen();
    shared.sign_in(&site, &GRACE).await;
    let asked = words(&shared.get(&page).await.expect(200).text());
    assert!(asked.contains("Send it as grace") && asked.contains("discard it"), "{asked}");
    // A page of another site presses no button.
    let foreign = shared.form(&page, &[("csrf", "x"), ("do", "send")]);
    shared
        .send(
            foreign
                .instead("Sec-Fetch-Site", "cross-site")
                .instead("Origin", "https://evil.example"),
        )
        .await
        .expect(403);
    shared.submit(&page, &[("csrf", "guessed"), ("do", "send")]).await.expect(403);
    let gone = press(&shared, &page, "discard").await.expect(200);
    assert!(words(&gone.text()).contains("Discarded"));
    shared.get(&page).await.expect(410);
    assert!(site.upstream.received().is_empty(), "nothing reached the app");

    // What is on the disk tells nothing, the cookie's secret being in the browser alone (S12).
    kept_at(&ada.send(post(&ada, "/simple/save", KIND, TEXT)).await);
    assert_eq!(ada.cookie("doorward-draft").unwrap(), secret, "one secret for several forms");
    for (path, bytes) in site.written() {
        for told in [b"secret+minutes".as_slice(), secret.as_bytes()] {
            let found = bytes.windows(told.len()).any(|window| window == told);
            assert!(!found, "it stands in {}", path.display());
        }
    }
}

#[tokio::test]
async fn g2_what_is_too_much_too_old_or_no_form_is_not_kept_and_that_is_said() {
    let site = Site::start().await;
    let ada = Browser::new(&site);
    let lost = |answer: Response| {
        assert_eq!(answer.status, 303);
        assert!(answer.location().ends_with("&form=lost"), "{}", answer.location());
    };
    lost(ada.send(post(&ada, "/save", KIND, &vec![b'a'; (1 << 20) + 1])).await);
    lost(ada.send(post(&ada, "/save", "application/json", b"{}")).await);
    lost(ada.send(post(&ada, &format!("/{}", "a".repeat(600)), KIND, TEXT)).await);
    lost(ada.send(post(&ada, "/save", KIND, TEXT).header("Content-Encoding", "gzip")).await);
    let login = ada.get("/_doorward/login?rd=%2Fsave&form=lost").await.expect(200).text();
    assert!(words(&login).contains("could not be kept"), "{login}");

    // A page of another site has nothing kept, and what scripts send gets 401 as ever (S52).
    for (site_is, origin) in
        [("cross-site", "https://evil.example"), ("same-site", "http://a.localhost")]
    {
        let foreign = post(&ada, "/save", KIND, TEXT)
            .instead("Sec-Fetch-Site", site_is)
            .instead("Origin", origin);
        let answer = ada.send(foreign).await.expect(303);
        assert_eq!(answer.location(), "/_doorward/login?rd=%2Fsave");
    }
    let script = post(&ada, "/save", KIND, TEXT).instead("Sec-Fetch-Mode", "cors");
    ada.send(script.instead("Sec-Fetch-Dest", "empty")).await.expect(401);

    // A client keeps four, so that nobody fills the disk; a quarter of an hour later there is room again.
    let mut pages = Vec::new();
    for _ in 0..4 {
        pages.push(kept_at(&ada.send(post(&ada, "/simple/save", KIND, TEXT)).await));
    }
    lost(ada.send(post(&ada, "/simple/save", KIND, TEXT)).await);
    ada.sign_in(&site, &ADA).await;
    ada.get(&pages[0]).await.expect(200);
    site.travel(Duration::from_secs(15 * 60 + 1));
    ada.get(&pages[0]).await.expect(410);
    ada.set_cookie("doorward", None);
    kept_at(&ada.send(post(&ada, "/simple/save", KIND, TEXT)).await);
    assert!(site.upstream.received().is_empty(), "nothing reached the app");
}

#[tokio::test]
async fn g2_a_stricter_rule_is_asked_for_first_and_the_form_waits() {
    let rules = [
        r#"{ path: "/danger", methods: [POST], policy: two_factor, fresh: 5m }"#,
        "{ policy: one_factor }",
    ];
    let site = Site::with(Setup {
        rules: rules.map(str::to_owned).to_vec(),
        people: vec![ADA],
        ..Setup::default()
    })
    .await;
    let ada = Browser::new(&site);
    ada.submit_password_for("ada", ADA.password, "/").await.expect(303);
    let answer = ada.send(post(&ada, "/danger", KIND, TEXT)).await;
    let page = kept_at(&answer);
    // The password is there; what the post needs is a code.
    let confirm = ada.get(answer.location()).await.expect(200).text();
    let csrf = hidden(&confirm, "csrf");
    ada.submit("/_doorward/code/start", &[("csrf", &csrf), ("rd", &page)]).await.expect(303);
    let code = site.mailbox.next_code_to(ADA.email).await.code();
    assert_eq!(ada.submit_code(&code).await.expect(303).location(), page);
    // It waits for too long before pressing: asked again, and the form is still there.
    let answer = press(&ada, &page, "send").await;
    site.travel(Duration::from_secs(6 * 60));
    let asked = follow(&ada, &answer).await.expect(303);
    assert!(percent_decode(asked.location()).contains(&page), "{}", asked.location());
    assert!(site.upstream.received().is_empty(), "nothing reached the app");
    let login = ada.get(asked.location()).await.expect(200).text();
    assert!(find_hidden(&login, "rd").is_some(), "{login}");
}

#[tokio::test]
async fn g2_a_form_waits_at_its_own_host_while_people_sign_in_at_another() {
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
    let there = ada.at("other.example");
    let answer = there.send(post(there, "/save", KIND, TEXT)).await;
    let page = kept_at(&answer);
    let arrived = ada.sign_in_for(&site, &ADA, "other.example", answer.location()).await;
    assert_eq!((arrived.host.as_str(), arrived.answer.status), ("other.example", 200));
    let answer = press(there, &page, "send").await;
    follow(there, &answer).await.expect(200);
    assert_eq!(site.upstream.last().body, TEXT);
    assert_eq!(site.upstream.last().header("remote-user"), Some("ada"));
}
