//! Signing in that comes to nothing: people are told why, and are not sent round in circles.

use crate::support::browser::Browser;
use crate::support::page::{alerts, hidden, words};
use crate::support::site::{ADA, Setup, Site};
use crate::support::tools::eventually;

const PAGE: &str = "/simple/x";

async fn one_person() -> Site {
    Site::with(Setup { people: vec![ADA], ..Setup::default() }).await
}

/// Signs in where a password is enough.
async fn sign_in(browser: &Browser) {
    let answer = browser.submit_password_for("ada", ADA.password, PAGE).await.expect(303);
    assert_eq!(answer.location(), PAGE);
}

#[tokio::test]
async fn a_browser_that_keeps_no_cookie_is_told_so() {
    let site = one_person().await;
    let browser = Browser::new(&site);
    let csrf = browser.login_token().await;
    browser.set_cookie("doorward-flow", None);
    let fields = [("username", "ada"), ("password", ADA.password), ("csrf", csrf.as_str())];
    let page = browser.submit("/_doorward/login", &fields).await.expect(403).text();
    assert!(alerts(&page).concat().contains("Allow cookies"), "{:?}", alerts(&page));
    // With one, it is the page that is old.
    let fields = [("username", "ada"), ("password", ADA.password), ("csrf", "old")];
    let page = browser.submit("/_doorward/login", &fields).await.expect(403).text();
    assert!(alerts(&page).concat().contains("open for too long"), "{:?}", alerts(&page));
}

#[tokio::test]
async fn a_browser_that_keeps_every_cookie_but_the_sessions_is_told_so() {
    let site = one_person().await;
    let browser = Browser::new(&site);
    for _ in 0..3 {
        sign_in(&browser).await;
        browser.set_cookie("doorward", None);
        browser.get(PAGE).await.expect(303);
    }
    let page = browser.get("/_doorward/login?rd=%2Fsimple%2Fx").await.expect(400).text();
    let told = words(&page);
    assert!(told.contains("keeps cookies of wiki.localhost, but not the one"), "{told}");
    assert!(
        page.contains("/_doorward/login?rd=%2Fsimple%2Fx"),
        "it leads to the same page: {page}"
    );
    // Whoever has mended it signs in.
    sign_in(&browser).await;
    browser.get(PAGE).await.expect(200);
}

#[tokio::test]
async fn a_session_that_has_ended_at_once_is_told_as_the_cause() {
    let site = one_person().await;
    let browser = Browser::new(&site);
    for _ in 0..3 {
        let csrf = hidden(&browser.get("/_doorward/login").await.expect(200).text(), "csrf");
        let fields =
            [("username", "ada"), ("password", ADA.password), ("csrf", &csrf), ("rd", PAGE)];
        browser.submit("/_doorward/login", &fields).await.expect(303);
        site.cli(&["sessions", "revoke", "--account", "ada"], "").await;
        eventually("the end of the session", async || {
            (browser.fetch(PAGE).await.status == 401).then_some(())
        })
        .await;
    }
    let told = words(&browser.get("/_doorward/login").await.expect(400).text());
    assert!(told.contains("has ended already") && told.contains("clock"), "{told}");
}

#[tokio::test]
async fn who_signs_out_again_and_again_is_in_no_circle() {
    let site = one_person().await;
    let browser = Browser::new(&site);
    for _ in 0..4 {
        sign_in(&browser).await;
        browser.sign_out().await.expect(303);
        browser.get("/_doorward/login").await.expect(200);
    }
    // Nor is who comes back long after, and nobody gains by making the count up.
    sign_in(&browser).await;
    sign_in_count(&browser, &format!("9.{}", site.now() - 301));
    browser.get("/_doorward/login").await.expect(200);
    for made_up in ["", "9", "9.", ".9", "9.x", "256.1", "-1.1", "9.9223372036854775807"] {
        sign_in_count(&browser, made_up);
        browser.get("/_doorward/login").await.expect(200);
    }
}

fn sign_in_count(browser: &Browser, value: &str) {
    browser.set_cookie("doorward", None);
    browser.set_cookie("doorward-arrived", Some(value));
}

#[tokio::test]
async fn a_host_that_is_changed_on_the_way_is_named_as_the_cause() {
    let site = one_person().await;
    let browser = Browser::new(&site);
    let csrf = browser.login_token().await;
    let fields = [("username", "ada"), ("password", ADA.password), ("csrf", csrf.as_str())];
    // As behind a proxy that has another name for the site than browsers have.
    let form = browser.form("/_doorward/login", &fields);
    let form = form.instead("Sec-Fetch-Site", "same-origin");
    let changed = form.clone().instead("Origin", "https://wiki.outside.example");
    let page = browser.send(changed).await.expect(400).text();
    let told = words(&page);
    assert!(told.contains("has opened wiki.outside.example, but a server on the way"), "{told}");
    assert!(told.contains("says that it is wiki.localhost"), "{told}");
    assert!(!page.contains("href=\"https://wiki.outside"), "it leads nowhere else: {page}");
    assert_eq!(browser.cookie("doorward"), None, "nobody is signed in by it");
    // Where the browser does not vouch for it, it is a page of another site (S52).
    for fetch_site in ["cross-site", "same-site", "none"] {
        let foreign = browser.form("/_doorward/login", &fields);
        let foreign = foreign.instead("Origin", "https://evil.example");
        let answer = browser.send(foreign.instead("Sec-Fetch-Site", fetch_site)).await.expect(403);
        assert!(!answer.text().contains("evil.example"), "{fetch_site}");
    }
}

#[tokio::test]
async fn a_page_that_was_opened_by_http_leads_to_https() {
    let site = Site::with(Setup {
        origin: Some("https://wiki.test"),
        first_host: "wiki.test",
        people: vec![ADA],
        ..Setup::default()
    })
    .await;
    let browser = Browser::new(&site);
    let csrf = browser.login_token().await;
    let fields = [("username", "ada"), ("password", ADA.password), ("csrf", csrf.as_str())];
    let form = browser.form("/_doorward/login", &fields).instead("Origin", "http://wiki.test");
    let page = browser.send(form).await.expect(400).text();
    assert!(page.contains("href=\"https://wiki.test\""), "{page}");
    // S51: of another host it is another site's page, and leads nowhere.
    let form = browser.form("/_doorward/login", &fields).instead("Origin", "http://evil.example");
    let form = form.instead("Sec-Fetch-Site", "cross-site");
    let page = browser.send(form).await.expect(403).text();
    assert!(!page.contains("evil.example"), "{page}");
}
