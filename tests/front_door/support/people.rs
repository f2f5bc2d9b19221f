//! What owners and strangers do, in words that the tests of the budget, the links and the devices share.

use super::browser::Browser;
use super::http::Response;
use super::mail::Mail;
use super::metrics::Metrics;
use super::page::hidden;
use super::site::{Person, Setup, Site};

/// A site that believes the addresses which requests name, so that a test can come from anywhere.
pub fn anywhere() -> Setup {
    Setup { top: vec!["trusted_proxies: [\"127.0.0.0/8\"]".to_owned()], ..Setup::default() }
}

/// A browser at this address.
pub fn browser_at(site: &Site, address: &str) -> Browser {
    Browser::new(site).always("X-Forwarded-For", address)
}

/// Asks for a code by name alone, as strangers can where the mail is the only factor.
pub async fn ask_by_mail(browser: &Browser, name: &str) -> Response {
    let page = browser.get("/_doorward/login?rd=%2Fmail-only%2Fx").await.expect(200).text();
    let (csrf, rd) = (hidden(&page, "csrf"), hidden(&page, "rd"));
    let fields = [("username", name), ("csrf", csrf.as_str()), ("rd", rd.as_str())];
    browser.submit("/_doorward/login", &fields).await
}

/// The mails so far whose subject begins so, once nothing waits any more.
pub async fn told(site: &Site, to: &str, begins: &str) -> Vec<Mail> {
    site.outbox_is_empty().await;
    let mut mails = site.mailbox.all();
    mails.retain(|mail| mail.header("to").is_some_and(|address| address.contains(to)));
    mails.retain(|mail| subject(mail).starts_with(begins));
    mails
}

pub fn subject(mail: &Mail) -> String {
    mail.header("subject").unwrap_or_default()
}

/// The path of the link in the mail.
#[track_caller]
pub fn link(site: &Site, mail: &Mail) -> String {
    let origin = format!("http://{}", site.host);
    let found = mail.text.lines().map(str::trim).find(|line| line.contains("/_doorward/link/"));
    let found = found.unwrap_or_else(|| panic!("no link in the mail: {}", mail.text));
    let path = found.strip_prefix(&origin);
    path.unwrap_or_else(|| panic!("the link leads elsewhere: {found}")).to_owned()
}

/// Whether there are six digits alone on a line.
pub fn has_code(mail: &Mail) -> bool {
    let is_code = |line: &str| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit());
    mail.text.lines().map(str::trim).any(is_code)
}

/// Opens the link, as far as the page with the button; gives the page.
pub async fn open_link(browser: &Browser, path: &str) -> Response {
    let landed = browser.get(path).await.expect(303);
    assert_eq!(landed.location(), "/_doorward/link");
    browser.get("/_doorward/link").await
}

/// Opens the link in the browser that asked, and presses the button.
pub async fn sign_in_by_link(browser: &Browser, path: &str) -> Response {
    let page = open_link(browser, path).await.expect(200).text();
    browser.submit("/_doorward/link", &[("csrf", &hidden(&page, "csrf"))]).await
}

/// Wrong codes that were compared so far.
pub async fn compared(site: &Site) -> u64 {
    let metrics = site.metrics().await;
    let counted = |event| metrics.sum("doorward_codes_total", &[("event", event)]);
    (counted("wrong") + counted("exhausted")) as u64
}

/// Signs in with password and code on a browser that is told to trust it, or not.
pub async fn sign_in_and_trust(browser: &Browser, site: &Site, person: &Person, trust: bool) {
    browser.submit_password(person.username, person.password).await.expect(303);
    let code = site.mailbox.next_code_to(person.email).await.code();
    let csrf = browser.code_token().await;
    let mut fields = vec![("code", code.as_str()), ("csrf", csrf.as_str())];
    fields.extend(trust.then_some(("trust_device", "on")));
    browser.submit("/_doorward/code", &fields).await.expect(303);
    assert!(browser.cookie("doorward-device").is_some(), "the browser is known from now on");
}

/// Registers from the page for it.
pub async fn register(browser: &Browser, person: &Person) -> Response {
    let page = browser.get("/_doorward/register").await.expect(200).text();
    let csrf = hidden(&page, "csrf");
    let fields = [
        ("username", person.username),
        ("email", person.email),
        ("password", person.password),
        ("csrf", csrf.as_str()),
        ("rd", "/"),
    ];
    browser.submit("/_doorward/register", &fields).await
}

/// The eight letters that stand alone on a line, in two groups.
#[track_caller]
pub fn letters(mail: &Mail) -> String {
    let is_code = |line: &&str| {
        line.len() == 9
            && line.split('-').all(|group| {
                group.len() == 4 && group.bytes().all(|byte| byte.is_ascii_uppercase())
            })
    };
    let found = mail.text.lines().map(str::trim).find(is_code);
    found.unwrap_or_else(|| panic!("no letters in the mail: {}", mail.text)).to_owned()
}

/// What the stores were asked on account of a request, without what the worker and the purge ask on their own.
pub fn own_work(after: &Metrics, before: &Metrics) -> Vec<(String, u64)> {
    let own = [
        "lease_mails",
        "count_mails",
        "remove_mail",
        "count_sessions",
        "purge",
        "ping",
        "changed_elsewhere",
    ];
    let mut calls = after.store_calls_since(before);
    calls.retain(|(key, _)| !own.iter().any(|own| key.contains(own)));
    calls
}
