//! Invitations: an account for whoever gets the mail, though registration is off.

use std::time::Duration;

use crate::support::browser::{Browser, Request};
use crate::support::http::Response;
use crate::support::mail::Mail;
use crate::support::page::{alerts, hidden, words};
use crate::support::people::{subject, told};
use crate::support::site::{Person, Site};

const NEW: Person = Person {
    username: "katherine",
    email: "katherine@example.net",
    full_name: "Katherine Johnson",
    password: "trajectory of friendship 7",
    groups: &["staff"],
};

async fn invited(site: &Site) -> Mail {
    let mails = told(site, NEW.email, "You are invited").await;
    mails.last().expect("an invitation").clone()
}

/// The path of the link.
fn path(site: &Site, mail: &Mail) -> String {
    let origin = format!("http://{}", site.host);
    let mut lines = mail.text.lines().map(str::trim);
    let found = lines.find(|line| line.contains("/_doorward/invitation/"));
    found.and_then(|line| line.strip_prefix(&origin)).expect("the link, here").to_owned()
}

async fn open(browser: &Browser, path: &str) -> Response {
    let landed = browser.get(path).await.expect(303);
    assert_eq!(landed.location(), "/_doorward/invitation", "S18");
    assert_eq!(landed.header("referrer-policy"), Some("no-referrer"));
    browser.get("/_doorward/invitation").await
}

async fn accept(browser: &Browser, page: &str, username: &str, password: &str) -> Response {
    let csrf = hidden(page, "csrf");
    let fields = [
        ("username", username),
        ("full_name", NEW.full_name),
        ("password", password),
        ("csrf", csrf.as_str()),
    ];
    browser.submit("/_doorward/invitation", &fields).await
}

#[tokio::test]
async fn whoever_is_invited_chooses_a_name_and_a_password_and_is_signed_in() {
    let site = Site::start().await;
    let said = site.cli(&["accounts", "invite", NEW.email, "--group", "staff"], "").await;
    assert!(said.contains(NEW.email) && said.contains("invited"), "{said}");
    let mail = invited(&site).await;
    assert!(subject(&mail).contains("You are invited"), "{}", subject(&mail));
    let path = path(&site, &mail);
    // S16: looking at it changes nothing, however often.
    for method in ["GET", "HEAD", "GET", "HEAD"] {
        let scanner = Browser::new(&site);
        scanner.send(Request::new(method, &path).navigate()).await.expect(303);
        scanner.send(Request::new(method, "/_doorward/invitation").navigate()).await.expect(200);
    }
    let browser = Browser::new(&site);
    let page = open(&browser, &path).await.expect(200).text();
    assert!(words(&page).contains(NEW.email), "{page}");
    let short = accept(&browser, &page, NEW.username, "short").await.expect(400).text();
    assert!(alerts(&short).concat().contains("at least 12 characters"), "{short}");
    let taken = accept(&browser, &page, "ADA", NEW.password).await.expect(409).text();
    assert!(alerts(&taken).concat().contains("Somebody else has this name"), "{taken}");
    accept(&browser, &page, "", NEW.password).await.expect(400);
    accept(&browser, &page, NEW.username, NEW.password).await.expect(303);
    assert!(browser.is_signed_in().await);
    assert_eq!(site.upstream.last().header("remote-groups"), Some("staff"));
    assert_eq!(site.upstream.last().header("remote-name"), Some(NEW.full_name));
    // Once.
    let thief = Browser::new(&site);
    open(&thief, &path).await.expect(410);
    Browser::new(&site).sign_in(&site, &NEW).await;
    let audit = site.cli(&["audit", "--json"], "").await;
    assert!(audit.contains("\"invited\"") && audit.contains("\"invitation_accepted\""), "{audit}");
}

#[tokio::test]
async fn an_account_is_made_by_invitation_with_its_name_fixed() {
    let site = Site::start().await;
    let arguments = ["accounts", "add", NEW.username, "--email", NEW.email, "--invite"];
    site.cli(&arguments, "").await;
    let browser = Browser::new(&site);
    let page = open(&browser, &path(&site, &invited(&site).await)).await.expect(200).text();
    assert_eq!(hidden(&page, "username"), NEW.username);
    accept(&browser, &page, "eve", NEW.password).await.expect(303);
    Browser::new(&site).sign_in(&site, &NEW).await;
}

#[tokio::test]
async fn invitations_are_listed_taken_back_and_over_in_a_week() {
    let site = Site::start().await;
    site.cli(&["accounts", "invite", NEW.email, "--username", NEW.username], "").await;
    let revoked = path(&site, &invited(&site).await);
    let listed = site.cli(&["accounts", "invitations", "list", "--json"], "").await;
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    assert_eq!(listed[0]["email"], NEW.email);
    let token = revoked.rsplit('/').next().expect("a token");
    assert!(!listed.to_string().contains(token), "S12");
    let id = listed[0]["id"].as_str().expect("an ID").to_owned();
    site.cli(&["accounts", "invitations", "revoke", &id], "").await;
    let again = site.run(&["accounts", "invitations", "revoke", &id, "-c"], "").await;
    assert!(!again.status.success());
    open(&Browser::new(&site), &revoked).await.expect(410);
    for (file, bytes) in site.written() {
        let found = bytes.windows(token.len()).any(|window| window == token.as_bytes());
        assert!(!found, "{} holds the token", file.display());
    }

    site.cli(&["accounts", "invite", NEW.email], "").await;
    let late = path(&site, &invited(&site).await);
    site.travel(Duration::from_secs(7 * 86_400 - 60));
    open(&Browser::new(&site), &late).await.expect(200);
    site.travel(Duration::from_secs(61));
    open(&Browser::new(&site), &late).await.expect(410);
}

#[tokio::test]
async fn nobody_is_invited_to_what_is_taken_and_made_up_links_are_nothing() {
    let site = Site::start().await;
    let config = site.config().display().to_string();
    for arguments in [
        vec!["accounts", "invite", "ADA@example.org"],
        vec!["accounts", "invite", NEW.email, "--username", "Ada"],
    ] {
        let arguments: Vec<&str> = arguments.into_iter().chain(["-c", config.as_str()]).collect();
        let refused = site.run(&arguments, "").await;
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}");
    }
    for made_up in ["x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "%00", "a/b"] {
        let browser = Browser::new(&site);
        let landed = browser.get(&format!("/_doorward/invitation/{made_up}")).await;
        assert!(matches!(landed.status, 303 | 400 | 404), "{made_up}: {}", landed.status);
        browser.get("/_doorward/invitation").await.expect(410);
    }
}
