//! A forgotten password: a code of letters or a link, a new password, and everything from before is dead.

use std::time::Duration;

use crate::codes::fifty_at_once;
use crate::support::browser::{Browser, Request};
use crate::support::http::Response;
use crate::support::page::{alerts, hidden, words};
use crate::support::people::{
    anywhere, browser_at, letters, link, open_link, own_work, sign_in_and_trust, sign_in_by_link,
    subject, told,
};
use crate::support::site::{ADA, GRACE, Person, Setup, Site};

const NEW: &str = "punched cards, in four colours";

/// Asks for a new password for whoever has this name.
async fn ask(browser: &Browser, name: &str) -> Response {
    let page = browser.get("/_doorward/reset?rd=%2Fprivate").await.expect(200).text();
    let (csrf, rd) = (hidden(&page, "csrf"), hidden(&page, "rd"));
    let fields = [("username", name), ("csrf", csrf.as_str()), ("rd", rd.as_str())];
    browser.submit("/_doorward/reset", &fields).await
}

/// As far as the page that asks for the new password.
async fn half_way(browser: &Browser, site: &Site) {
    ask(browser, ADA.username).await.expect(303);
    let code = letters(&site.mailbox.next_code_to(ADA.email).await);
    let answer = browser.submit_code(&code).await.expect(303);
    assert_eq!(answer.location(), "/_doorward/reset/password");
}

async fn choose(browser: &Browser, password: &str) -> Response {
    let page = browser.get("/_doorward/reset/password").await.expect(200).text();
    let csrf = hidden(&page, "csrf");
    let fields = [("password", password), ("csrf", csrf.as_str())];
    browser.submit("/_doorward/reset/password", &fields).await
}

#[tokio::test]
async fn s33_s40_a_new_password_ends_everything_and_signs_nobody_in() {
    let site = Site::start().await;
    let (old, browser) = (Browser::new(&site), Browser::new(&site));
    sign_in_and_trust(&old, &site, &ADA, true).await;
    let stale = Browser::new(&site);
    let pending = stale.half_sign_in(&site, &ADA).await;
    let csrf = stale.code_token().await;
    let login = browser.get("/_doorward/login?rd=%2Fprivate").await.expect(200).text();
    assert!(login.contains("/_doorward/reset?rd=%2Fprivate"), "{login}");

    ask(&browser, ADA.email).await.expect(303);
    let mail = site.mailbox.next_code_to(ADA.email).await;
    assert!(subject(&mail).starts_with("Choose a new password"), "{}", subject(&mail));
    let page = browser.get("/_doorward/code").await.expect(200).text();
    assert!(words(&page).contains("a code of 8 letters"), "{page}");
    let answer = browser.submit_code(&letters(&mail).to_lowercase().replace('-', " ")).await;
    assert_eq!(answer.expect(303).location(), "/_doorward/reset/password");
    assert!(!browser.is_signed_in().await, "half the way opens nothing");
    assert!(old.is_signed_in().await, "nothing has changed yet");

    let done = choose(&browser, NEW).await.expect(303);
    assert_eq!(done.location(), "/_doorward/login?done=password&rd=%2Fprivate");
    let page = browser.get(done.location()).await.expect(200).text();
    assert!(page.contains("role=\"status\"") && words(&page).contains("was changed"), "{page}");
    assert!(!browser.is_signed_in().await && !old.is_signed_in().await);
    // What was begun before is dead, and so is the old password.
    assert_eq!(stale.get("/_doorward/code").await.expect(303).location(), "/_doorward/login");
    let fields = [("code", pending.as_str()), ("csrf", csrf.as_str())];
    let late = stale.submit("/_doorward/code", &fields).await;
    assert_eq!((late.status, late.location()), (303, "/_doorward/login"));
    old.submit_password(ADA.username, ADA.password).await.expect(401);
    // The second step is still asked, of the browser that was trusted as well.
    old.half_sign_in(&site, &Person { password: NEW, ..ADA }).await;
    assert_eq!(told(&site, ADA.email, "Your password was changed").await.len(), 1);
    let audit = site.cli(&["audit", "--json"], "").await;
    assert!(audit.contains("\"password_reset\""), "{audit}");
    let metrics = site.metrics().await;
    let counted =
        |event| metrics.sum("doorward_codes_total", &[("purpose", "reset"), ("event", event)]);
    assert_eq!((counted("issued"), counted("sent"), counted("verified")), (1.0, 1.0, 1.0));
}

#[tokio::test]
async fn the_link_of_the_mail_leads_to_a_new_password_in_the_browser_that_asked_alone() {
    let site = Site::start().await;
    let (browser, other) = (Browser::new(&site), Browser::new(&site));
    ask(&browser, ADA.username).await.expect(303);
    let path = link(&site, &site.mailbox.next_code_to(ADA.email).await);
    let page = open_link(&other, &path).await.expect(200).text();
    assert!(!page.contains("<form"), "another browser gets a code to type: {page}");
    other.get("/_doorward/reset/password").await.expect(410);
    let answer = sign_in_by_link(&browser, &path).await.expect(303);
    assert_eq!(answer.location(), "/_doorward/reset/password");
    choose(&browser, NEW).await.expect(303);
    browser.sign_in(&site, &Person { password: NEW, ..ADA }).await;
}

#[tokio::test]
async fn s17_the_relay_code_of_a_reset_works_where_it_was_asked_for() {
    let site = Site::start().await;
    let (browser, other) = (Browser::new(&site), Browser::new(&site));
    ask(&browser, ADA.username).await.expect(303);
    let path = link(&site, &site.mailbox.next_code_to(ADA.email).await);
    let page = open_link(&other, &path).await.expect(200).text();
    let (_, relay) = page.split_once("<code>").expect("a relay code");
    let relay = relay.split('<').next().expect("its end");
    let answer = browser.submit_code(relay).await.expect(303);
    assert_eq!(answer.location(), "/_doorward/reset/password");
}

#[tokio::test]
async fn s7_the_code_of_a_sign_in_resets_nothing_and_that_of_a_reset_signs_nobody_in() {
    let site = Site::start().await;
    let (signs_in, resets) = (Browser::new(&site), Browser::new(&site));
    let digits = signs_in.half_sign_in(&site, &ADA).await;
    ask(&resets, ADA.username).await.expect(303);
    let reset = letters(&site.mailbox.next_code_to(ADA.email).await);
    // Six digits are not even compared where letters are asked for; letters are, and are wrong.
    resets.submit_code(&digits).await.expect(400);
    signs_in.submit_code(&reset).await.expect(401);
    assert!(!signs_in.is_signed_in().await && !resets.is_signed_in().await);
    // The cookie of one in place of the other's brings its own challenge, and no more.
    let (one, two) = (signs_in.cookie("doorward-flow"), resets.cookie("doorward-flow"));
    signs_in.set_cookie("doorward-flow", two.as_deref());
    resets.set_cookie("doorward-flow", one.as_deref());
    let answer = signs_in.submit_code(&reset).await.expect(303);
    assert_eq!(answer.location(), "/_doorward/reset/password");
    assert!(!signs_in.is_signed_in().await);
    resets.submit_code(&digits).await.expect(303);
    assert!(resets.is_signed_in().await);
    resets.get("/_doorward/reset/password").await.expect(410);
}

#[tokio::test]
async fn s7_the_code_for_one_account_is_nothing_for_another() {
    let site = Site::start().await;
    let (ada, grace) = (Browser::new(&site), Browser::new(&site));
    ask(&ada, ADA.username).await.expect(303);
    let code = letters(&site.mailbox.next_code_to(ADA.email).await);
    ask(&grace, "grace").await.expect(303);
    grace.submit_code(&code).await.expect(401);
    grace.get("/_doorward/reset/password").await.expect(410);
}

#[tokio::test]
async fn s23_s24_s26_unknown_names_are_answered_and_cost_like_known_ones() {
    let site = Site::start().await;
    let seen = async |name: &str| {
        let browser = Browser::new(&site);
        let page = browser.get("/_doorward/reset").await.expect(200).text();
        let csrf = hidden(&page, "csrf");
        site.outbox_is_empty().await;
        let before = site.metrics().await;
        let fields = [("username", name), ("csrf", csrf.as_str()), ("rd", "/")];
        let answer = browser.submit("/_doorward/reset", &fields).await;
        let work = own_work(&site.metrics().await, &before);
        let mut headers: Vec<(String, usize)> = answer
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.len()))
            .collect();
        headers.sort();
        let page = browser.get("/_doorward/code").await.expect(200).text();
        let page = page.replace(&hidden(&page, "csrf"), "");
        let page = page.replace(|c: char| c.is_ascii_digit(), "");
        (answer.status, headers, answer.text(), work, page)
    };
    site.cli(&["accounts", "disable", "grace"], "").await;
    let known = seen("ada").await;
    assert_eq!(known.0, 303);
    for name in ["abc", "a"] {
        let unknown = seen(name).await;
        assert_eq!(unknown.0, known.0, "{name}");
        assert_eq!(unknown.1, known.1, "{name}");
        assert_eq!(
            (unknown.2, unknown.3, unknown.4),
            (known.2.clone(), known.3.clone(), known.4.clone())
        );
    }
    let disabled = seen("grace").await;
    assert_eq!((disabled.0, disabled.1, disabled.3), (known.0, known.1, known.3), "nor this");
    assert_eq!(told(&site, "grace@example.org", "").await.len(), 0);
    // Nobody's challenge counts and is never answered.
    let browser = Browser::new(&site);
    ask(&browser, "nobody@example.org").await.expect(303);
    for _ in 0..4 {
        browser.submit_code("BCDF-GHJK").await.expect(401);
    }
    browser.submit_code("BCDF-GHJK").await.expect(410);
}

#[tokio::test]
async fn s43_an_unfit_password_is_refused_with_a_reason_and_the_permit_stays() {
    let site = Site::start().await;
    let browser = Browser::new(&site);
    half_way(&browser, &site).await;
    for (password, reason) in [
        ("qzx-77", "at least 12 characters"),
        ("", "at least 12 characters"),
        ("ada.lovelace.ada", "too much like"),
        ("123456789012345", "digits alone"),
    ] {
        let answer = choose(&browser, password).await.expect(400).text();
        assert!(alerts(&answer).concat().contains(reason), "{password}: {:?}", alerts(&answer));
        assert!(password.is_empty() || !answer.contains(password), "S12");
    }
    choose(&browser, NEW).await.expect(303);
    browser.sign_in(&site, &Person { password: NEW, ..ADA }).await;
}

#[tokio::test]
async fn s2_of_fifty_parallel_new_passwords_exactly_one_is_set() {
    let site = Site::start().await;
    let browser = Browser::new(&site);
    half_way(&browser, &site).await;
    let page = browser.get("/_doorward/reset/password").await.expect(200).text();
    let csrf = hidden(&page, "csrf");
    let passwords: Vec<String> =
        (0..50).map(|number| format!("loom and needle, number {number}")).collect();
    let request = |number: usize| {
        let fields = [("password", passwords[number].as_str()), ("csrf", csrf.as_str())];
        browser.prepare(browser.form("/_doorward/reset/password", &fields))
    };
    let answers = fifty_at_once(&site, request).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    assert_eq!(told(&site, ADA.email, "Your password was changed").await.len(), 1);
}

#[tokio::test]
async fn a_permit_is_over_after_ten_minutes_used_once_and_of_its_browser_alone() {
    let site = Site::start().await;
    let (browser, stranger) = (Browser::new(&site), Browser::new(&site));
    half_way(&browser, &site).await;
    stranger.get("/_doorward/reset/password").await.expect(410);
    stranger.get("/_doorward/register/name").await.expect(303);
    // It is no code page and no session.
    assert_eq!(browser.get("/_doorward/code").await.expect(303).location(), "/_doorward/login");
    let page = browser.get("/_doorward/reset/password").await.expect(200).text();
    let (csrf, thief) = (hidden(&page, "csrf"), browser.stolen());
    site.travel(Duration::from_secs(599));
    choose(&browser, NEW).await.expect(303);
    let fields = [("password", "the thief's own words"), ("csrf", csrf.as_str())];
    thief.submit("/_doorward/reset/password", &fields).await.expect(410);

    half_way(&browser, &site).await;
    site.travel(Duration::from_secs(601));
    browser.get("/_doorward/reset/password").await.expect(410);
}

#[tokio::test]
async fn s41_what_ends_everything_ends_a_reset_that_was_begun() {
    let site = Site::start().await;
    let (begun, permitted) = (Browser::new(&site), Browser::new(&site));
    half_way(&permitted, &site).await;
    ask(&begun, ADA.username).await.expect(303);
    let code = letters(&site.mailbox.next_code_to(ADA.email).await);
    let csrf = begun.code_token().await;
    let arguments = ["accounts", "set-password", "ada", "--password-stdin"];
    site.cli(&arguments, &format!("{NEW}\n")).await;
    permitted.get("/_doorward/reset/password").await.expect(410);
    let fields = [("code", code.as_str()), ("csrf", csrf.as_str())];
    let late = begun.submit("/_doorward/code", &fields).await;
    assert_eq!((late.status, late.location()), (303, "/_doorward/login"));
    Browser::new(&site).sign_in(&site, &Person { password: NEW, ..ADA }).await;
}

#[tokio::test]
async fn a_reset_ends_nothing_of_another_account_in_the_same_browser() {
    let site = Site::start().await;
    let browser = Browser::new(&site);
    browser.sign_in(&site, &GRACE).await;
    half_way(&browser, &site).await;
    choose(&browser, NEW).await.expect(303);
    assert!(browser.is_signed_in().await, "grace goes on");
    assert_eq!(site.upstream.last().header("remote-user"), Some(GRACE.username));
}

#[tokio::test]
async fn resets_are_limited_for_each_address_and_each_account() {
    let limits = "{ reset: 3/1h, code_request: 2/1h, verify: 10000/1m }".to_owned();
    let site = Site::with(Setup { limits: Some(limits), ..anywhere() }).await;
    for (number, expected) in [(1, 303), (2, 303), (3, 429)] {
        let browser = browser_at(&site, &format!("203.0.113.{number}"));
        let answer = ask(&browser, ADA.username).await.expect(expected);
        assert_eq!(answer.header("retry-after").is_some(), expected == 429);
    }
    for (number, expected) in [(1, 303), (2, 303), (3, 303), (4, 429)] {
        let browser = browser_at(&site, "198.51.100.1");
        ask(&browser, &format!("nobody{number}")).await.expect(expected);
    }
    // S56: none of it keeps the owner from signing in.
    while site.mailbox.take_code(ADA.email).is_some() {}
    browser_at(&site, "198.51.100.2").half_sign_in(&site, &ADA).await;
}

#[tokio::test]
async fn s13_s19_s52_what_is_no_form_of_ours_resets_nothing() {
    let site = Site::start().await;
    let browser = Browser::new(&site);
    let page = browser.get("/_doorward/reset").await.expect(200).text();
    let csrf = hidden(&page, "csrf");
    let foreign = Request::post("/_doorward/reset")
        .body("application/x-www-form-urlencoded", format!("username=ada&csrf={csrf}"))
        .header("Origin", "https://evil.example")
        .header("Sec-Fetch-Site", "cross-site");
    browser.send(foreign).await.expect(403);
    let fields = [("username", "ada"), ("csrf", "forged")];
    browser.submit("/_doorward/reset", &fields).await.expect(403);
    let twice = Request::post("/_doorward/reset").body(
        "application/x-www-form-urlencoded",
        format!("username=ada&username=grace&csrf={csrf}"),
    );
    browser.send(twice).await.expect(400);
    let nobody = [("username", " "), ("csrf", csrf.as_str())];
    browser.submit("/_doorward/reset", &nobody).await.expect(400);
    assert!(told(&site, ADA.email, "").await.is_empty());
    let forged = Request::post("/_doorward/reset")
        .body("application/x-www-form-urlencoded", format!("username=ada&csrf={csrf}"))
        .header("X-Forwarded-Host", "evil.example")
        .header("Forwarded", "host=evil.example");
    browser.send(forged).await.expect(303);
    let mail = site.mailbox.next_code_to(ADA.email).await;
    assert!(!mail.source.contains("evil"), "{}", mail.text);
}

#[tokio::test]
async fn s12_no_address_log_or_file_holds_what_a_reset_was_about() {
    let site = Site::start().await;
    let browser = Browser::new(&site);
    ask(&browser, ADA.username).await.expect(303);
    let mail = site.mailbox.next_code_to(ADA.email).await;
    let (code, path) = (letters(&mail), link(&site, &mail));
    let token = path.rsplit('/').next().expect("a token").to_owned();
    let landed = open_link(&browser, &path).await.expect(200);
    assert!(!landed.text().contains(&token), "the page does not hold the token");
    browser.submit_code(&code).await.expect(303);
    choose(&browser, NEW).await.expect(303);
    let bare = code.replace('-', "");
    for (file, bytes) in site.written() {
        for secret in [code.as_str(), bare.as_str(), token.as_str(), NEW] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{} holds {secret}", file.display());
        }
    }
}
