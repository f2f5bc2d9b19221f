//! The guess budget: no code can be guessed in a year, and nobody is locked out by it.

use std::time::Duration;

use crate::support::browser::Browser;
use crate::support::page::{hidden, words};
use crate::support::people::{
    anywhere, ask_by_mail, browser_at, compared, has_code, link, sign_in_and_trust,
    sign_in_by_link, sign_in_mail, told,
};
use crate::support::site::{ADA, GRACE, Setup, Site};

const DAY: Duration = Duration::from_secs(86_400);

/// Five wrong guesses at a fresh challenge that was asked for by this name from an address of its own. Gives how many
/// were compared.
async fn five_guesses(site: &Site, name: &str, address: &str) -> u64 {
    let before = compared(site).await;
    let stranger = browser_at(site, address);
    ask_by_mail(&stranger, name).await.expect(303);
    let page = stranger.get("/_doorward/code").await.expect(200).text();
    let csrf = hidden(&page, "csrf");
    for guess in guesses().take(5) {
        let answer = stranger.submit("/_doorward/code", &[("code", &guess), ("csrf", &csrf)]).await;
        assert!(matches!(answer.status, 401 | 410), "{}: {}", answer.status, answer.text());
        assert_eq!(stranger.cookie("doorward"), None, "a guess was right: one in 200000");
    }
    compared(site).await - before
}

fn guesses() -> impl Iterator<Item = String> {
    (0..).map(|number| format!("{:06}", 424_242 + number))
}

#[tokio::test]
async fn s5_the_eleventh_failure_of_a_day_is_refused_however_challenges_and_addresses_rotate() {
    let site = Site::with(anywhere()).await;
    assert_eq!(five_guesses(&site, "ada", "198.51.100.1").await, 5);
    assert_eq!(five_guesses(&site, "ada", "198.51.100.2").await, 5);
    for address in ["198.51.100.3", "198.51.100.4", "2001:db8::1"] {
        assert_eq!(five_guesses(&site, "ada", address).await, 0, "the day's ten are spent");
    }
    assert_eq!(five_guesses(&site, "grace", "198.51.100.1").await, 5, "each account has its own");
    site.travel(DAY - Duration::from_secs(120));
    assert_eq!(five_guesses(&site, "ada", "198.51.100.5").await, 0, "not quite a day");
    site.travel(Duration::from_secs(121));
    assert_eq!(five_guesses(&site, "ada", "198.51.100.6").await, 5, "the next day has its own");
}

#[tokio::test]
async fn s5_thirty_in_thirty_days_and_ninety_in_a_year_are_the_most() {
    let site = Site::with(Setup { log: "warn".to_owned(), ..anywhere() }).await;
    let ten = async || {
        five_guesses(&site, "ada", "198.51.100.1").await
            + five_guesses(&site, "ada", "198.51.100.2").await
    };
    let mut all = 0;
    for month in 0..3 {
        for day in 0..3 {
            assert_eq!(ten().await, 10, "day {day} of month {month}");
            all += 10;
            site.travel(DAY + Duration::from_secs(1));
        }
        assert_eq!(ten().await, 0, "thirty are the most, month {month}");
        site.travel(DAY * 27);
    }
    assert_eq!(all, 90);
    assert_eq!(ten().await, 0, "ninety are the most in a year");
    site.travel(DAY * 200);
    assert_eq!(ten().await, 0, "the year is not over");
    site.travel(DAY * 76);
    assert_eq!(ten().await, 10, "a year after the first ten");
}

#[tokio::test]
async fn s15_name_address_and_letter_case_share_one_budget() {
    let site = Site::with(anywhere()).await;
    let mut counted = 0;
    for (at, name) in ["ada", "ADA@Example.ORG", " Ada ", "ada@example.org"].iter().enumerate() {
        counted += five_guesses(&site, name, &format!("198.51.100.{at}")).await;
    }
    assert_eq!(counted, 10);
}

#[tokio::test]
async fn s15_a_right_sign_in_of_the_owner_clears_nothing() {
    let site = Site::with(anywhere()).await;
    assert_eq!(five_guesses(&site, "ada", "198.51.100.1").await, 5);
    owner_signs_in(&site).await;
    assert_eq!(five_guesses(&site, "ada", "198.51.100.2").await, 5);
    assert_eq!(five_guesses(&site, "ada", "198.51.100.3").await, 0);
}

#[tokio::test]
async fn with_the_budget_spent_mails_carry_the_link_alone_the_owner_is_told_once_and_gets_in() {
    let site = Site::with(anywhere()).await;
    let known = browser_at(&site, "192.0.2.1");
    sign_in_and_trust(&known, &site, &ADA, false).await;
    let waiting = browser_at(&site, "192.0.2.2");
    waiting.submit_password(ADA.username, ADA.password).await.expect(303);
    let waiting_code = sign_in_mail(&site, ADA.email).await.code();
    for address in ["198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4"] {
        five_guesses(&site, "ada", address).await;
        let mail = sign_in_mail(&site, ADA.email).await;
        let within = matches!(address, "198.51.100.1" | "198.51.100.2");
        assert_eq!(has_code(&mail), within, "{address}: {}", mail.text);
    }
    let notices = told(&site, ADA.email, "Too many wrong codes").await;
    assert_eq!(notices.len(), 1, "told once, not for every guess");
    assert!(notices[0].text.contains("198.51.100.3"), "{}", notices[0].text);

    // A right code that was sent before is a typed code of an unknown client like any other.
    waiting.submit_code(&waiting_code).await.expect(410);
    assert_eq!(waiting.cookie("doorward"), None);

    // The owner in a new browser: no code on page or in the mail, and the link signs in.
    let fresh = browser_at(&site, "192.0.2.3");
    fresh.submit_password(ADA.username, ADA.password).await.expect(303);
    let mail = sign_in_mail(&site, ADA.email).await;
    assert!(!has_code(&mail), "{}", mail.text);
    let page = fresh.get("/_doorward/code").await.expect(200).text();
    assert!(!page.contains("name=\"code\""), "{page}");
    assert!(words(&page).contains("link in the mail"), "{page}");
    // In another browser the link has no relay code to show: it could not be typed anywhere.
    let other = browser_at(&site, "192.0.2.4");
    let path = link(&site, &mail);
    let shown = crate::support::people::open_link(&other, &path).await.expect(200).text();
    assert!(!shown.contains("class=\"relay\""), "{shown}");
    sign_in_by_link(&fresh, &path).await.expect(303);
    assert!(fresh.is_signed_in().await);

    // The owner's known browser types codes as before.
    known.sign_out().await.expect(303);
    known.submit_password(ADA.username, ADA.password).await.expect(303);
    let mail = sign_in_mail(&site, ADA.email).await;
    assert!(has_code(&mail), "{}", mail.text);
    known.submit_code(&mail.code()).await.expect(303);
    assert!(known.is_signed_in().await);

    // The next day it is told again, should it happen again.
    site.travel(DAY);
    for address in ["198.51.100.1", "198.51.100.2", "198.51.100.3"] {
        five_guesses(&site, "ada", address).await;
    }
    assert_eq!(told(&site, ADA.email, "Too many wrong codes").await.len(), 2);
    assert!(told(&site, GRACE.email, "Too many").await.is_empty());
}

#[tokio::test]
async fn the_guesses_of_a_known_browser_have_an_end_too_and_cost_nobody_else_any() {
    let site = Site::with(anywhere()).await;
    let known = browser_at(&site, "192.0.2.1");
    sign_in_and_trust(&known, &site, &ADA, false).await;
    known.set_cookie("doorward", None);
    let before = compared(&site).await;
    for _ in 0..3 {
        known.submit_password(ADA.username, ADA.password).await.expect(303);
        let csrf = hidden(&known.get("/_doorward/code").await.text(), "csrf");
        for guess in guesses().take(5) {
            known.submit("/_doorward/code", &[("code", &guess), ("csrf", &csrf)]).await;
        }
    }
    assert_eq!(compared(&site).await - before, 10, "who stole the browser guesses no more");
    owner_signs_in(&site).await;
}

/// A small generator of numbers: the same story from the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

#[tokio::test]
async fn s5_no_random_attacker_gets_more_than_ten_guesses_in_any_day() {
    for seed in [0x9e37_79b9_7f4a_7c15, 42] {
        random_attack(seed).await;
    }
}

async fn random_attack(seed: u64) {
    let site = Site::with(Setup { log: "warn".to_owned(), ..anywhere() }).await;
    let names = ["ada", "Ada", "ada@example.org", "ADA@EXAMPLE.ORG"];
    let mut dice = Dice(seed);
    let mut challenges: Vec<(Browser, String)> = Vec::new();
    let (mut now, mut seen, mut failures, mut tried) = (0_u64, 0, Vec::new(), 0);
    for _ in 0..150 {
        match dice.roll(12) {
            0 | 1 => {
                let address = format!("198.51.{}.{}", dice.roll(256), dice.roll(256));
                let stranger = browser_at(&site, &address);
                let name = names[dice.roll(4) as usize];
                ask_by_mail(&stranger, name).await.expect(303);
                let csrf = hidden(&stranger.get("/_doorward/code").await.text(), "csrf");
                challenges.push((stranger, csrf));
            }
            2 if !challenges.is_empty() => {
                site.outbox_is_empty().await;
                site.travel(Duration::from_secs(31));
                now += 31;
                let which = dice.roll(challenges.len() as u64) as usize;
                let (stranger, csrf) = &challenges[which];
                stranger.submit("/_doorward/code/resend", &[("csrf", csrf)]).await;
            }
            3 => {
                let hours = dice.roll(5) * 3600;
                site.outbox_is_empty().await;
                site.travel(Duration::from_secs(hours));
                now += hours;
            }
            4 if dice.roll(3) == 0 => owner_signs_in(&site).await,
            _ if !challenges.is_empty() => {
                let which = dice.roll(challenges.len() as u64) as usize;
                let (stranger, csrf) = &challenges[which];
                let guess = format!("{:06}", dice.roll(1_000_000));
                stranger.submit("/_doorward/code", &[("code", &guess), ("csrf", csrf)]).await;
                tried += 1;
                let all = compared(&site).await;
                failures.extend((seen..all).map(|_| now));
                seen = all;
            }
            _ => {}
        }
    }
    // The real clock has moved as well: a minute of doubt.
    for (at, first) in failures.iter().enumerate() {
        let in_a_day = failures[at..].iter().filter(|later| **later < first + 86_400 - 60).count();
        assert!(in_a_day <= 10, "{in_a_day} guesses in a day, seed {seed}: {failures:?}");
    }
    assert!(failures.len() >= 10 && tried > failures.len() + 10, "{tried}: {failures:?}");
    owner_signs_in(&site).await;
}

/// In a browser that the account does not know, by the code if there is one, else by the link.
async fn owner_signs_in(site: &Site) {
    site.outbox_is_empty().await;
    while site.mailbox.take(ADA.email).is_some() {}
    let browser = browser_at(site, "192.0.2.1");
    browser.submit_password(ADA.username, ADA.password).await.expect(303);
    let mail = sign_in_mail(site, ADA.email).await;
    if has_code(&mail) {
        browser.submit_code(&mail.code()).await.expect(303);
    } else {
        sign_in_by_link(&browser, &link(site, &mail)).await.expect(303);
    }
    assert!(browser.is_signed_in().await);
}
