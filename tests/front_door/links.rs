//! The link in the mail: changed by nobody who only looks, finished by nobody but the browser that asked.

use std::time::Duration;

use crate::support::browser::{Browser, Request};
use crate::support::http::{Response, exchange};
use crate::support::page::{hidden, words};
use crate::support::people::{
    anywhere, ask_by_mail, browser_at, link, open_link, sign_in_by_link, subject,
};
use crate::support::site::{ADA, GRACE, Person, Setup, Site};

/// Half signed in; gives the path of the link and the code.
async fn half_way(browser: &Browser, site: &Site) -> (String, String) {
    browser.submit_password(ADA.username, ADA.password).await.expect(303);
    let mail = site.mailbox.next_code_to(ADA.email).await;
    (link(site, &mail), mail.code())
}

async fn sessions(site: &Site) -> usize {
    let listed = site.cli(&["sessions", "list", "--account", "ada", "--json"], "").await;
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    listed.as_array().expect("a list").len()
}

#[tokio::test]
async fn s16_looking_at_a_link_changes_nothing_however_often_and_the_owners_click_works() {
    let site = Site::start().await;
    let owner = Browser::new(&site);
    let (path, _) = half_way(&owner, &site).await;
    for method in ["GET", "HEAD", "GET", "HEAD", "GET", "HEAD"] {
        // A scanner with and without a memory for cookies.
        let scanner = Browser::new(&site);
        let landed = scanner.send(Request::new(method, &path).navigate()).await.expect(303);
        assert_eq!(landed.location(), "/_doorward/link");
        scanner.send(Request::new(method, "/_doorward/link").navigate()).await.expect(200);
        site.send(Request::new(method, &path)).await.expect(303);
        site.send(Request::new(method, "/_doorward/link")).await.expect(410);
        assert_eq!(scanner.cookie("doorward"), None);
    }
    // One that posts whatever form it finds, and forms that it makes up.
    let scanner = Browser::new(&site);
    let page = open_link(&scanner, &path).await.expect(200).text();
    assert!(!page.contains("<form"), "there is nothing to submit: {page}");
    let csrf = scanner.login_token().await;
    for target in ["/_doorward/link", &path] {
        let answer = scanner.submit(target, &[("csrf", &csrf)]).await;
        assert!(matches!(answer.status, 303 | 403 | 405), "{target}: {}", answer.status);
        assert_eq!(scanner.cookie("doorward"), None);
    }
    assert_eq!(sessions(&site).await, 0);

    let answer = sign_in_by_link(&owner, &path).await.expect(303);
    assert_eq!(answer.location(), "/");
    assert!(owner.is_signed_in().await);
    assert_eq!(sessions(&site).await, 1);
}

#[tokio::test]
async fn s17_another_browser_gets_a_relay_code_and_neither_is_signed_in_silently() {
    let site = Site::start().await;
    let (asked, other) = (Browser::new(&site), Browser::new(&site));
    let (path, code) = half_way(&asked, &site).await;
    let page = open_link(&other, &path).await.expect(200).text();
    let relay = relay_code(&page);
    assert!(words(&page).contains("another browser"), "{page}");
    assert!(!page.contains(&code), "the code in the mail is not shown");
    assert!(!other.is_signed_in().await && !asked.is_signed_in().await);

    // It is nothing in the browser that shows it, and it is counted like any other guess where it is wrong.
    let csrf = other.login_token().await;
    other.submit("/_doorward/code", &[("code", &relay), ("csrf", &csrf)]).await;
    assert_eq!(other.cookie("doorward"), None);
    let wrong = if relay.starts_with('B') { "CDFG-HJKL" } else { "BDFG-HJKL" };
    asked.submit_code(wrong).await.expect(401);
    // Typed as people type, in the browser that asked.
    let typed = relay.to_lowercase().replace('-', " ");
    asked.submit_code(&typed).await.expect(303);
    assert!(asked.is_signed_in().await);
    assert!(!other.is_signed_in().await);

    // It is used: the other browser is shown nothing any more.
    let page = other.get("/_doorward/link").await.expect(410).text();
    assert!(!page.contains(&relay), "{page}");
    sign_in_again_is_refused(&asked.stolen(), &path).await;
}

async fn sign_in_again_is_refused(browser: &Browser, path: &str) {
    browser.set_cookie("doorward", None);
    let page = open_link(browser, path).await;
    assert!(!page.text().contains("action=\"/_doorward/link\""), "{}", page.text());
    assert_eq!(browser.cookie("doorward"), None);
}

fn relay_code(page: &str) -> String {
    let (_, after) = page.split_once("<p class=\"relay\"><code>").expect("a relay code");
    let code = after.split('<').next().unwrap().to_owned();
    assert_eq!(code.len(), 9, "{code}");
    code
}

#[tokio::test]
async fn s17_a_link_signs_nobody_in_who_has_only_the_link() {
    let site = Site::start().await;
    let (asked, thief) = (Browser::new(&site), Browser::new(&site));
    let (path, _) = half_way(&asked, &site).await;
    // The thief is half signed in as well, with the same account, and has the victim's link.
    let (own_path, _) = half_way(&thief, &site).await;
    let page = open_link(&thief, &path).await.expect(200).text();
    assert!(page.contains("class=\"relay\"") && !page.contains("<form"), "{page}");
    let csrf = hidden(&thief.get("/_doorward/code").await.text(), "csrf");
    thief.submit("/_doorward/link", &[("csrf", &csrf)]).await;
    assert_eq!(thief.cookie("doorward"), None);
    thief.submit("/_doorward/code", &[("code", &relay_code(&page)), ("csrf", &csrf)]).await;
    assert_eq!(thief.cookie("doorward"), None, "a relay code belongs to the browser that asked");
    // Each goes on with its own.
    sign_in_by_link(&asked, &path).await.expect(303);
    sign_in_by_link(&thief, &own_path).await.expect(303);
}

#[tokio::test]
async fn s18_the_token_leaves_the_address_at_once_and_is_told_to_nobody() {
    let site = Site::with(Setup { log: "trace".to_owned(), ..Setup::default() }).await;
    let browser = Browser::new(&site);
    let (path, _) = half_way(&browser, &site).await;
    let token = path.rsplit('/').next().unwrap().to_owned();
    assert!(token.len() >= 43, "128 bits or more: {token}");
    let landed = browser.get(&path).await.expect(303);
    let page = browser.get(landed.location()).await.expect(200);
    for answer in [&landed, &page] {
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    assert!(!landed.location().contains(&token));
    assert!(!page.everything().contains(&token));
    let cookie = landed.all("set-cookie").into_iter().find(|line| line.contains(&token)).unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    browser.submit("/_doorward/link", &[("csrf", &hidden(&page.text(), "csrf"))]).await.expect(303);
    assert_eq!(browser.cookie("doorward-link"), None, "its cookie goes with its use");

    // Malformed ones, too, are taken out of the address and open nothing.
    for bad in
        ["x", &token[1..], &format!("{token}A"), "..%2f..%2flogin", "%00", "", &"A".repeat(9000)]
    {
        let stranger = Browser::new(&site);
        let answer = stranger.get(&format!("/_doorward/link/{bad}")).await;
        assert!(matches!(answer.status, 303 | 400 | 404 | 414), "{bad}: {}", answer.status);
        assert_eq!(stranger.cookie("doorward"), None);
    }
    // Neither the token nor what binds it is written anywhere, nor does the app behind see its cookie.
    browser.set_cookie("doorward-link", Some(&token));
    browser.get("/private").await.expect(200);
    assert_eq!(site.upstream.last().header("cookie"), None);
    site.outbox_is_empty().await;
    let log = site.log();
    assert!(log.lines().count() > 5, "the log is there");
    let bytes = data_encoding::BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
    for (file, written) in site.written() {
        let text = String::from_utf8_lossy(&written);
        assert!(!text.contains(&token), "the token is in {}", file.display());
        let decoded = written.windows(bytes.len()).any(|window| window == bytes);
        assert!(!decoded, "the token is, decoded, in {}", file.display());
    }
}

#[tokio::test]
async fn s19_a_forged_host_stands_in_no_mail() {
    let site = Site::with(anywhere()).await;
    for (name, value) in [
        ("X-Forwarded-Host", "evil.example"),
        ("Forwarded", "host=evil.example;proto=https"),
        ("X-Host", "evil.example"),
        ("X-Forwarded-Server", "evil.example"),
        ("X-Original-URL", "https://evil.example/"),
        ("X-Forwarded-Port", "6666"),
        ("X-Forwarded-Proto", "https"),
    ] {
        let browser = Browser::new(&site).always(name, value);
        browser.submit_password(ADA.username, ADA.password).await.expect(303);
        let mail = site.mailbox.next_code_to(ADA.email).await;
        link(&site, &mail);
        assert!(!mail.source.contains("evil.example"), "{name}: {}", mail.source);
        // As a port: identifiers are random, and have any digits now and then.
        assert!(!mail.source.contains(":6666") && !mail.text.contains("https://"), "{}", mail.text);
    }
    // Another host is another site: none, here.
    let browser = Browser::at(site.address, "evil.example");
    browser.send(browser.form("/_doorward/login", &[("username", "ada")])).await.expect(421);
    // The port that the request names is not the one of the mail.
    let port = Browser::at(site.address, "wiki.localhost:6666");
    port.submit_password(ADA.username, ADA.password).await.expect(303);
    let mail = site.mailbox.next_code_to(ADA.email).await;
    link(&site, &mail);
}

#[tokio::test]
async fn s20_and_s21_mail_is_one_clean_mail_to_the_address_of_the_account() {
    let site = Site::start().await;
    for name in [
        "ada@example.org\r\nBcc: evil@evil.example",
        "ada@example.org\nTo: evil@evil.example",
        "ada@example.org,evil@evil.example",
        "ada@example.org evil@evil.example",
        "ada@example.org;evil@evil.example",
        "ada@example.org\0",
        "ada\u{0}",
        "\"evil@evil.example\" <ada@example.org>",
        "ada@example.org%0d%0aBcc:evil@evil.example",
        ".",
    ] {
        let browser = Browser::new(&site);
        let answer = ask_by_mail(&browser, name).await;
        assert!(matches!(answer.status, 303 | 400), "{name:?}: {}", answer.status);
    }
    let browser = Browser::new(&site);
    let csrf = browser.login_token().await;
    for fields in [
        &[
            ("username[]", "ada"),
            ("username[]", "evil@evil.example"),
            ("csrf", csrf.as_str()),
            ("rd", "/mail-only/x"),
        ][..],
        &[
            ("username", "ada"),
            ("username", "evil@evil.example"),
            ("csrf", csrf.as_str()),
            ("rd", "/mail-only/x"),
        ],
    ] {
        let answer = browser.submit("/_doorward/login", fields).await;
        assert_eq!(answer.status, 400, "{fields:?}");
    }
    site.outbox_is_empty().await;
    assert!(site.mailbox.all().is_empty(), "none of these names is ada's");

    // A browser's name with anything in it is text of the mail and no line of its own.
    for agent in
        ["Mozilla/5.0 \u{7f}\u{8}(X11)", "x\tBcc: evil@evil.example", "=?utf-8?q?=0D=0ABcc:_evil?="]
    {
        let browser = Browser::new(&site).always("User-Agent", agent);
        let answer = browser.get("/_doorward/login?rd=%2Fmail-only%2Fx").await;
        if answer.status == 400 {
            continue;
        }
        ask_by_mail(&Browser::new(&site).always("User-Agent", agent), "ada").await.expect(303);
        let mail = site.mailbox.next_code_to(ADA.email).await;
        assert!(!mail.head().contains("evil"), "{}", mail.head());
        assert_eq!(
            mail.header("to").as_deref().map(|to| to.contains("ada@example.org")),
            Some(true)
        );
        assert!(mail.header("bcc").is_none());
        assert!(subject(&mail).starts_with("Your sign-in code"));
    }
}

#[tokio::test]
async fn s20_a_name_with_line_ends_in_it_is_refused_or_clean() {
    let eve = Person {
        username: "eve",
        email: "eve@example.org",
        full_name: "Eve\r\nBcc: evil@evil.example",
        ..GRACE
    };
    let site = Site::prepared(&Setup::default()).await;
    let config = site.config().display().to_string();
    let arguments = [
        "accounts",
        "add",
        eve.username,
        "--email",
        eve.email,
        "--name",
        eve.full_name,
        "--password-stdin",
        "-c",
        &config,
    ];
    let refused = site.run(&arguments, &format!("{}\n", eve.password)).await;
    assert!(!refused.status.success());
    for address in ["eve@example.org\r\nBcc: evil@evil.example", "a@x.example,b@y.example", "."] {
        let arguments =
            ["accounts", "add", "eve", "--email", address, "--password-stdin", "-c", &config];
        assert!(!site.run(&arguments, "a long enough password\n").await.status.success());
    }
}

#[tokio::test]
async fn s2_code_and_link_in_parallel_make_one_session() {
    let site = Site::start().await;
    let browser = Browser::new(&site);
    let (path, code) = half_way(&browser, &site).await;
    let csrf = hidden(&open_link(&browser, &path).await.expect(200).text(), "csrf");
    let by_code = browser.form("/_doorward/code", &[("code", &code), ("csrf", &csrf)]);
    let by_link = browser.form("/_doorward/link", &[("csrf", &csrf)]);
    let (by_code, by_link) = (browser.prepare(by_code), browser.prepare(by_link));
    let address = site.address;
    let running: Vec<_> = (0..50)
        .map(|which| {
            let bytes = if which % 2 == 0 { by_code.clone() } else { by_link.clone() };
            tokio::spawn(async move { exchange(address, &bytes).await })
        })
        .collect();
    let mut opened = 0;
    for one in running {
        let answer = one.await.unwrap();
        opened += usize::from(gives_session(&answer));
    }
    assert_eq!(opened, 1);
    assert_eq!(sessions(&site).await, 1);
}

fn gives_session(answer: &Response) -> bool {
    let cookies = answer.all("set-cookie");
    cookies.iter().any(|line| line.starts_with("doorward=") && !line.starts_with("doorward=;"))
}

#[tokio::test]
async fn s9_a_strangers_requests_never_void_the_owners_challenge() {
    let site = Site::with(anywhere()).await;
    let owner = browser_at(&site, "192.0.2.1");
    let (path, code) = half_way(&owner, &site).await;
    for at in 0..12 {
        let stranger = browser_at(&site, &format!("198.51.100.{at}"));
        ask_by_mail(&stranger, ["ada", "ADA@example.org"][at % 2]).await.expect(303);
        if at % 4 == 0 {
            site.travel(Duration::from_secs(31));
            stranger.resend().await.expect(303);
        }
    }
    let page = owner.get("/_doorward/code").await.expect(200).text();
    assert!(page.contains("5 tries"), "{}", words(&page));
    let second = owner.stolen();
    owner.submit_code(&code).await.expect(303);
    assert!(owner.is_signed_in().await);
    sign_in_again_is_refused(&second, &path).await;

    // The link as well.
    let owner = browser_at(&site, "192.0.2.2");
    site.outbox_is_empty().await;
    while site.mailbox.take(ADA.email).is_some() {}
    let (path, _) = half_way(&owner, &site).await;
    ask_by_mail(&browser_at(&site, "198.51.100.99"), "ada").await.expect(303);
    sign_in_by_link(&owner, &path).await.expect(303);
}

#[tokio::test]
async fn s9_after_a_resend_and_past_its_life_a_link_is_nothing() {
    let site = Site::start().await;
    let owner = Browser::new(&site);
    let (first, _) = half_way(&owner, &site).await;
    site.travel(Duration::from_secs(31));
    owner.resend().await.expect(303);
    let second = link(&site, &site.mailbox.next_code_to(ADA.email).await);
    assert_ne!(first, second);
    open_link(&owner, &first).await.expect(410);
    open_link(&owner, &second).await.expect(200);
    site.travel(Duration::from_secs(10 * 60 + 1));
    let page = open_link(&owner, &second).await.text();
    assert!(!page.contains("action=\"/_doorward/link\""), "{page}");
    let csrf = hidden(&owner.get("/_doorward/code").await.text(), "csrf");
    owner.submit("/_doorward/link", &[("csrf", &csrf)]).await.expect(410);
    assert_eq!(owner.cookie("doorward"), None);
}

#[tokio::test]
async fn s52_another_site_cannot_press_the_button_of_a_link() {
    let site = Site::start().await;
    let owner = Browser::new(&site);
    let (path, _) = half_way(&owner, &site).await;
    let page = open_link(&owner, &path).await.expect(200).text();
    let csrf = hidden(&page, "csrf");
    for (name, value) in [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")] {
        let form = owner.form("/_doorward/link", &[("csrf", &csrf)]).instead(name, value);
        owner.send(form).await.expect(403);
    }
    owner.submit("/_doorward/link", &[("csrf", "AAAA")]).await.expect(403);
    assert_eq!(owner.cookie("doorward"), None);
    owner.submit("/_doorward/link", &[("csrf", &csrf)]).await.expect(303);
}
