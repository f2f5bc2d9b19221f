//! The code that comes by mail.

use std::time::Duration;

use crate::support::browser::{Browser, Request};
use crate::support::http::{Response, exchange};
use crate::support::page::{alerts, find_hidden, words};
use crate::support::people::told;
use crate::support::site::{ADA, GRACE, Site};

/// Six digits that are not these.
fn another(code: &str) -> String {
    let number: u32 = code.parse().expect("digits");
    format!("{:06}", (number + 1) % 1_000_000)
}

/// The same prepared request fifty times at once, each on a connection of its own.
pub async fn fifty_at_once(site: &Site, requests: impl Fn(usize) -> Vec<u8>) -> Vec<Response> {
    let address = site.address;
    let running: Vec<_> = (0..50)
        .map(|which| {
            let bytes = requests(which);
            tokio::spawn(async move { exchange(address, &bytes).await })
        })
        .collect();
    let mut answers = Vec::new();
    for one in running {
        answers.push(one.await.expect("an answer"));
    }
    answers
}

#[tokio::test]
async fn s1_a_used_code_signs_nobody_in() {
    let site = Site::start().await;
    let browser = Browser::new(&site);
    let code = browser.half_sign_in(&site, &ADA).await;
    let csrf = browser.code_token().await;
    let before = browser.stolen();
    browser.submit("/_doorward/code", &[("code", &code), ("csrf", &csrf)]).await.expect(303);
    assert!(browser.is_signed_in().await);

    // By whoever has every cookie from before, by the same browser, by a new one.
    let again = before.submit("/_doorward/code", &[("code", &code), ("csrf", &csrf)]).await;
    assert_eq!(again.status, 410, "{}", again.text());
    assert_eq!(before.cookie("doorward"), None);
    let again = browser.stolen();
    again.set_cookie("doorward", None);
    let answer = again.submit("/_doorward/code", &[("code", &code), ("csrf", &csrf)]).await;
    assert!(matches!(answer.status, 303 | 403 | 410), "{}", answer.status);
    assert_eq!(again.cookie("doorward"), None);
    let fresh = Browser::new(&site);
    fresh.half_sign_in(&site, &ADA).await;
    fresh.submit_code(&code).await.expect(401);
}

#[tokio::test]
async fn s2_fifty_parallel_submissions_of_the_right_code_make_one_session() {
    let site = Site::start().await;
    let browser = Browser::new(&site);
    let code = browser.half_sign_in(&site, &ADA).await;
    let csrf = browser.code_token().await;
    let request =
        browser.prepare(browser.form("/_doorward/code", &[("code", &code), ("csrf", &csrf)]));
    let answers = fifty_at_once(&site, |_| request.clone()).await;
    let with_session = |answer: &&Response| {
        answer
            .all("set-cookie")
            .iter()
            .any(|cookie| cookie.starts_with("doorward=") && !cookie.starts_with("doorward=;"))
    };
    assert_eq!(answers.iter().filter(with_session).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 303).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 410).count(), 49);
    let listed = site.cli(&["sessions", "list", "--account", "ada", "--json"], "").await;
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
}

#[tokio::test]
async fn s3_fifty_parallel_wrong_codes_are_compared_five_times_and_the_right_one_fails_then() {
    let site = Site::start().await;
    let browser = Browser::new(&site);
    let code = browser.half_sign_in(&site, &ADA).await;
    let csrf = browser.code_token().await;
    let right: usize = code.parse().unwrap();
    let answers = fifty_at_once(&site, |which| {
        let guess = format!("{:06}", (right + 1 + which) % 1_000_000);
        browser.prepare(browser.form("/_doorward/code", &[("code", &guess), ("csrf", &csrf)]))
    })
    .await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert!(statuses.iter().all(|status| matches!(status, 401 | 410)), "{statuses:?}");
    let metrics = site.metrics().await;
    let counted = |event| metrics.sum("doorward_codes_total", &[("event", event)]);
    assert_eq!(counted("wrong") + counted("exhausted"), 5.0, "five were compared and no more");
    let notices = told(&site, ADA.email, "Wrong codes were typed").await;
    assert_eq!(notices.len(), 1, "guessing all at once keeps it from nobody (S37)");

    let last = browser.submit("/_doorward/code", &[("code", &code), ("csrf", &csrf)]).await;
    assert_eq!(last.status, 410);
    assert_eq!(browser.cookie("doorward"), None);
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn s4_and_s9_another_code_gives_no_further_guesses_and_ends_the_first() {
    let site = Site::start().await;
    let browser = Browser::new(&site);
    let first = browser.half_sign_in(&site, &ADA).await;
    for left in (1..=4).rev() {
        let answer = browser.submit_code(&another(&first)).await.expect(401);
        assert!(
            words(&answer.text()).contains(&format!("{left} ")),
            "{left} are left: {}",
            words(&answer.text())
        );
        assert_eq!(alerts(&answer.text()).len(), 1);
    }
    site.travel(Duration::from_secs(31));
    assert_eq!(browser.resend().await.expect(303).location(), "/_doorward/code");
    let second = site.mailbox.next_code_to(ADA.email).await.code();
    let page = words(&browser.get("/_doorward/code").await.expect(200).text());
    assert!(page.contains("1 "), "one is left: {page}");

    // The old one is void; trying it takes the last guess.
    if first != second {
        let answer = browser.submit_code(&first).await;
        assert_eq!(answer.status, 410, "the fifth wrong guess is the end");
        let token =
            find_hidden(&browser.get("/_doorward/code").await.text(), "csrf").unwrap_or_default();
        let answer =
            browser.submit("/_doorward/code", &[("code", &second), ("csrf", &token)]).await;
        assert!(matches!(answer.status, 403 | 410), "{}", answer.status);
        assert_eq!(browser.cookie("doorward"), None);
    }
}

#[tokio::test]
async fn s6_a_code_belongs_to_one_challenge_of_one_browser() {
    let site = Site::start().await;
    let (mine, theirs, graces) = (Browser::new(&site), Browser::new(&site), Browser::new(&site));
    let my_code = mine.half_sign_in(&site, &ADA).await;
    let their_code = theirs.half_sign_in(&site, &ADA).await;
    graces.half_sign_in(&site, &GRACE).await;
    if my_code != their_code {
        theirs.submit_code(&my_code).await.expect(401);
        mine.submit_code(&their_code).await.expect(401);
    }
    graces.submit_code(&my_code).await.expect(401);
    // A browser without a challenge has nothing to type a code into.
    let empty = Browser::new(&site);
    let csrf = empty.login_token().await;
    let answer = empty.submit("/_doorward/code", &[("code", &my_code), ("csrf", &csrf)]).await;
    assert!(matches!(answer.status, 303 | 403), "{}", answer.status);
    assert_eq!(empty.cookie("doorward"), None);
    if answer.status == 303 {
        assert!(answer.location().starts_with("/_doorward/login"));
    }
    // S9: nobody else's request has voided mine.
    mine.submit_code(&my_code).await.expect(303);
    theirs.submit_code(&their_code).await.expect(303);
}

#[tokio::test]
async fn s8_a_code_past_its_life_is_told_to_be_expired_and_costs_no_guess() {
    let site = Site::start().await;
    let browser = Browser::new(&site);
    let code = browser.half_sign_in(&site, &ADA).await;
    let csrf = browser.code_token().await;
    site.travel(Duration::from_secs(10 * 60 + 1));
    let page = words(&browser.get("/_doorward/code").await.text()).to_lowercase();
    assert!(page.contains("expired") || page.contains("worked until"), "{page}");
    let answer = browser.submit("/_doorward/code", &[("code", &code), ("csrf", &csrf)]).await;
    let told = words(&answer.text()).to_lowercase();
    assert_eq!(answer.status, 410, "{told}");
    assert!(told.contains("expired") || told.contains("worked until"), "{told}");
    assert_eq!(browser.cookie("doorward"), None);

    // It cost no guess: after a resend there are five.
    browser.resend().await.expect(303);
    let code = site.mailbox.next_code_to(ADA.email).await.code();
    for _ in 0..4 {
        browser.submit_code(&another(&code)).await.expect(401);
    }
    browser.submit_code(&code).await.expect(303);
}

#[tokio::test]
async fn a_code_works_to_the_last_second_of_its_life() {
    let site = Site::start().await;
    let browser = Browser::new(&site);
    let code = browser.half_sign_in(&site, &ADA).await;
    site.travel(Duration::from_secs(10 * 60 - 25));
    browser.submit_code(&code).await.expect(303);
}

#[tokio::test]
async fn s10_another_code_has_to_be_waited_for_and_there_are_three() {
    let site = Site::start().await;
    let browser = Browser::new(&site);
    browser.half_sign_in(&site, &ADA).await;
    let early = browser.resend().await.expect(429);
    assert!((1..=30).contains(&early.retry_after()));
    assert_eq!(alerts(&early.text()).len(), 1);
    assert!(site.mailbox.take(ADA.email).is_none(), "no mail was sent");

    site.travel(Duration::from_secs(31));
    browser.resend().await.expect(303);
    site.mailbox.next_code_to(ADA.email).await;
    site.travel(Duration::from_secs(31));
    let early = browser.resend().await.expect(429);
    assert!((1..=30).contains(&early.retry_after()), "the wait has doubled");
    site.travel(Duration::from_secs(31));
    browser.resend().await.expect(303);
    let third = site.mailbox.next_code_to(ADA.email).await.code();

    // The third was the last of this challenge; there is no form for a fourth.
    site.travel(Duration::from_secs(300));
    let page = browser.get("/_doorward/code").await.expect(200).text();
    assert!(!page.contains("action=\"/_doorward/code/resend\""), "{page}");
    let token = find_hidden(&page, "csrf").expect("the code's own form");
    let answer = browser.submit("/_doorward/code/resend", &[("csrf", &token)]).await;
    assert!(matches!(answer.status, 303 | 410 | 429), "{}", answer.status);
    site.outbox_is_empty().await;
    assert!(site.mailbox.take(ADA.email).is_none(), "no fourth mail");
    browser.submit_code(&third).await.expect(303);
}

#[tokio::test]
async fn s13_a_code_is_six_digits_and_people_may_type_spaces() {
    let site = Site::start().await;
    let browser = Browser::new(&site);
    let code = browser.half_sign_in(&site, &ADA).await;
    for typed in [
        "",
        "[]",
        "null",
        "12345",
        "1234567",
        "12345a",
        "0x1234",
        "１２３４５６",
        "1e5",
        "-12345x",
        "'; --",
    ] {
        let answer = browser.submit_code(typed).await;
        assert_eq!(answer.status, 400, "{typed:?}: {}", words(&answer.text()));
    }
    let csrf = browser.code_token().await;
    let huge = "1".repeat(1 << 20);
    let answer = browser.submit("/_doorward/code", &[("code", &huge), ("csrf", &csrf)]).await;
    assert!(matches!(answer.status, 400 | 413), "{}", answer.status);
    let big = "1".repeat(60_000);
    browser.submit("/_doorward/code", &[("code", &big), ("csrf", &csrf)]).await.expect(400);
    for fields in [
        &[("csrf", csrf.as_str())][..],
        &[("code[]", code.as_str()), ("csrf", csrf.as_str())],
        &[("code", code.as_str()), ("code", "000000"), ("csrf", csrf.as_str())],
    ] {
        assert_eq!(browser.submit("/_doorward/code", fields).await.status, 400, "{fields:?}");
    }
    let json = format!("{{\"code\":{code},\"csrf\":\"{csrf}\"}}");
    let answer =
        browser.send(browser.form("/_doorward/code", &[]).body("application/json", json)).await;
    assert!(matches!(answer.status, 400 | 403 | 415), "{}", answer.status);
    // None of it was a guess, and both ways of writing work.
    let spaced = format!(" {} {}", &code[..3], &code[3..]);
    browser.submit_code(&spaced).await.expect(303);

    let browser = Browser::new(&site);
    let code = browser.half_sign_in(&site, &GRACE).await;
    browser.submit_code(&format!("{}-{}", &code[..3], &code[3..])).await.expect(303);
    site.send(Request::get("/_doorward/code").navigate()).await.expect(303);
}
