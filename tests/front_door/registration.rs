//! Registering: an account of one's own, once the address is shown to be one's own.

use std::time::Duration;

use crate::codes::fifty_at_once;
use crate::support::browser::Browser;
use crate::support::http::Response;
use crate::support::page::{alerts, find_hidden, hidden, words};
use crate::support::people::{
    anywhere, browser_at, link, open_link, own_work, register, sign_in_by_link, subject, told,
};
use crate::support::site::{ADA, Person, Setup, Site};

const NEW: Person = Person {
    username: "katherine",
    email: "katherine@example.org",
    full_name: "Katherine Johnson",
    password: "trajectory of friendship 7",
    groups: &[],
};

/// Where everybody may register.
fn open() -> Setup {
    Setup { top: vec!["registration: { enabled: true }".to_owned()], ..Setup::default() }
}

async fn status(site: &Site, name: &str) -> Option<String> {
    let listed = site.cli(&["accounts", "list", "--json"], "").await;
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    let mut found = listed.as_array().expect("a list").iter();
    found
        .find(|account| account["username"] == name)
        .map(|account| account["status"].as_str().expect("a status").to_owned())
}

#[tokio::test]
async fn somebody_registers_confirms_the_code_and_is_signed_in() {
    let site = Site::with(open()).await;
    let browser = Browser::new(&site);
    let login = browser.get("/_doorward/login?rd=%2Fprivate").await.expect(200).text();
    assert!(login.contains("/_doorward/register?rd=%2Fprivate"), "{login}");
    let page = browser.get("/_doorward/register?rd=%2Fprivate").await.expect(200).text();
    let (csrf, rd) = (hidden(&page, "csrf"), hidden(&page, "rd"));
    let fields = [
        ("username", NEW.username),
        ("email", NEW.email),
        ("full_name", NEW.full_name),
        ("password", NEW.password),
        ("csrf", csrf.as_str()),
        ("rd", rd.as_str()),
    ];
    let sent = browser.submit("/_doorward/register", &fields).await.expect(303);
    assert_eq!(sent.location(), "/_doorward/code");
    assert_eq!(status(&site, NEW.username).await.as_deref(), Some("pending"));
    // Nothing signs in before.
    let other = Browser::new(&site);
    other.submit_password(NEW.username, NEW.password).await.expect(401);

    let mail = site.mailbox.next_code_to(NEW.email).await;
    assert!(subject(&mail).starts_with("Confirm your address"), "{}", subject(&mail));
    let page = browser.get("/_doorward/code").await.expect(200).text();
    assert!(words(&page).contains("It shows that the address is yours."), "{page}");
    browser.submit_code("000000").await;
    let answer = browser.submit_code(&mail.code()).await.expect(303);
    assert_eq!(answer.location(), "/private");
    assert!(browser.is_signed_in().await);
    assert_eq!(site.upstream.last().header("remote-name"), Some(NEW.full_name));
    assert_eq!(status(&site, NEW.username).await.as_deref(), Some("active"));
    assert!(browser.cookie("doorward-device").is_some(), "the browser is known");
    // And from then on as anybody.
    Browser::new(&site).sign_in(&site, &NEW).await;
    let metrics = site.metrics().await;
    let counted =
        |event| metrics.sum("doorward_codes_total", &[("purpose", "sign_up"), ("event", event)]);
    assert_eq!((counted("issued"), counted("sent"), counted("verified")), (1.0, 1.0, 1.0));
    let audit = site.cli(&["audit", "--json"], "").await;
    assert!(audit.contains("\"registered\""), "{audit}");
}

#[tokio::test]
async fn the_link_in_the_mail_confirms_as_well_and_only_in_the_browser_that_asked() {
    let site = Site::with(open()).await;
    let (browser, other) = (Browser::new(&site), Browser::new(&site));
    register(&browser, &NEW).await.expect(303);
    let path = link(&site, &site.mailbox.next_code_to(NEW.email).await);
    let relay = open_link(&other, &path).await.expect(200).text();
    assert!(words(&relay).contains("you asked for it"), "{relay}");
    assert!(!relay.contains("<form") && !other.is_signed_in().await);
    assert_eq!(status(&site, NEW.username).await.as_deref(), Some("pending"), "S16");
    sign_in_by_link(&browser, &path).await.expect(303);
    assert!(browser.is_signed_in().await && !other.is_signed_in().await);
}

#[tokio::test]
async fn registration_is_off_until_it_is_asked_for() {
    let site = Site::start().await;
    let browser = Browser::new(&site);
    browser.get("/_doorward/register").await.expect(404);
    let csrf = browser.login_token().await;
    let fields = [("username", "eve"), ("email", "eve@example.org"), ("csrf", csrf.as_str())];
    browser.submit("/_doorward/register", &fields).await.expect(404);
    assert!(!browser.get("/_doorward/login").await.expect(200).text().contains("register"));
}

#[tokio::test]
async fn other_domains_and_unfit_passwords_are_told_openly_and_nothing_is_written() {
    let rule = "registration: { enabled: true, domains: [example.org] }".to_owned();
    let site = Site::with(Setup { top: vec![rule], ..Setup::default() }).await;
    let browser = Browser::new(&site);
    for (person, told) in [
        (Person { email: "eve@example.net", ..NEW }, "Only addresses that end in example.org"),
        (Person { email: "eve@sub.example.org", ..NEW }, "Only addresses that end in example.org"),
        (Person { email: "a@example.org,b@example.org", ..NEW }, "This is no e-mail address."),
        (Person { email: "", ..NEW }, "This is no e-mail address."),
        (Person { username: "not a name", ..NEW }, "A username has"),
        (Person { password: "qzx-77", ..NEW }, "at least 12 characters"),
        (Person { password: "password1234", ..NEW }, "anybody tries"),
        (Person { password: "katherine johnson", ..NEW }, "too much like"),
    ] {
        let answer = register(&browser, &person).await.expect(400).text();
        assert!(alerts(&answer).concat().contains(told), "{told}: {:?}", alerts(&answer));
        assert!(!person.password.is_empty() && !answer.contains(person.password), "S12");
        assert_eq!(find_hidden(&answer, "password"), None);
    }
    assert_eq!(status(&site, NEW.username).await, None);
    assert_eq!(site.mails_waiting().await, 0);
    assert!(site.mailbox.all().is_empty());
}

/// Registers with this address, and gives what came of it as far as anybody sees.
async fn seen(site: &Site, person: &Person) -> (Response, String, Vec<(String, u64)>, u64) {
    let browser = Browser::new(site);
    let page = browser.get("/_doorward/register").await.expect(200).text();
    let csrf = hidden(&page, "csrf");
    site.outbox_is_empty().await;
    let before = site.metrics().await;
    let fields = [
        ("username", person.username),
        ("email", person.email),
        ("password", person.password),
        ("csrf", csrf.as_str()),
        ("rd", "/"),
    ];
    let answer = browser.submit("/_doorward/register", &fields).await;
    let after = site.metrics().await;
    let hashes = after.sum("doorward_password_hash_seconds_count", &[])
        - before.sum("doorward_password_hash_seconds_count", &[]);
    let work = own_work(&after, &before);
    let page = browser.get("/_doorward/code").await.expect(200).text();
    (answer, page, work, hashes as u64)
}

/// An answer without what is random in it.
fn shape(answer: &Response) -> (u16, Vec<(String, usize)>, String) {
    let mut headers: Vec<(String, usize)> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.len()))
        .filter(|(name, _)| name != "date")
        .collect();
    headers.sort();
    (answer.status, headers, answer.text())
}

/// A page without what is random in it, and without the time.
fn page_shape(page: &str) -> String {
    page.replace(&hidden(page, "csrf"), "").replace(|c: char| c.is_ascii_digit(), "")
}

#[tokio::test]
async fn s23_s24_s25_an_address_that_has_an_account_is_answered_like_any_other() {
    let site = Site::with(open()).await;
    // As long as each other, so that nothing differs but what is known.
    let free = Person { username: "eve", email: "eve@example.org", ..NEW };
    let taken = Person { username: "eve", email: "ADA@example.org", ..NEW };
    let (free_answer, free_page, free_work, free_hashes) = seen(&site, &free).await;
    let (taken_answer, taken_page, taken_work, taken_hashes) = seen(&site, &taken).await;
    assert_eq!(free_answer.status, 303);
    assert_eq!(shape(&free_answer), shape(&taken_answer));
    let masked = |page: &str| page_shape(page).replace("e•••@", "x").replace("A•••@", "x");
    assert_eq!(masked(&free_page), masked(&taken_page));
    assert_eq!((&free_work, free_hashes), (&taken_work, taken_hashes));
    assert!(free_hashes >= 1, "a password is hashed");

    // S25: its owner is told instead, once, and nothing else is.
    let notices = told(&site, ADA.email, "You have an account").await;
    assert_eq!(notices.len(), 1);
    assert!(notices[0].text.contains("None was made") || notices[0].text.contains("none was made"));
    assert!(site.mailbox.take_code(ADA.email).is_none(), "no code, and no link");
    // A taken name is not told either.
    let named = Person { username: ADA.username, email: "eva@example.org", ..NEW };
    let (named_answer, named_page, named_work, named_hashes) = seen(&site, &named).await;
    assert_eq!(shape(&named_answer), shape(&free_answer));
    assert_eq!(page_shape(&named_page), page_shape(&free_page));
    assert_eq!((named_work, named_hashes), (taken_work, taken_hashes));
    // The account is what it was.
    Browser::new(&site).sign_in(&site, &ADA).await;
}

#[tokio::test]
async fn s26_the_code_page_of_a_taken_address_counts_and_ends_like_any_other() {
    let site = Site::with(open()).await;
    let taken = Person { email: ADA.email, ..NEW };
    let browser = Browser::new(&site);
    register(&browser, &taken).await.expect(303);
    for left in ["4 tries left", "3 tries left", "2 tries left", "1 try left"] {
        let answer = browser.submit_code("123456").await.expect(401).text();
        assert!(words(&answer).contains(left), "{left}: {}", words(&answer));
    }
    browser.submit_code("123456").await.expect(410);
    assert!(!browser.is_signed_in().await);
    assert_eq!(told(&site, ADA.email, "Wrong codes").await.len(), 0, "ada did nothing");
    // Further mails of the decoy go to nobody.
    let again = Browser::new(&site);
    register(&again, &taken).await.expect(303);
    site.travel(Duration::from_secs(31));
    again.resend().await.expect(303);
    assert_eq!(told(&site, ADA.email, "").await.len(), 2, "one for each registration, none more");
}

#[tokio::test]
async fn s5_nobody_guesses_their_way_to_the_address_of_others_by_ever_new_registrations() {
    let mut setup = anywhere();
    setup.top.push("registration: { enabled: true }".to_owned());
    let site = Site::with(setup).await;
    let mut compared = 0;
    for round in 0..5 {
        let browser = browser_at(&site, &format!("203.0.113.{round}"));
        register(&browser, &NEW).await.expect(303);
        for _ in 0..4 {
            compared += usize::from(browser.submit_code("123456").await.status == 401);
        }
    }
    assert_eq!(compared, 10, "ten a day for one mailbox, whoever claims it");
    // The owner, who reads the mails, gets in by the link.
    let owner = browser_at(&site, "198.51.100.7");
    register(&owner, &NEW).await.expect(303);
    site.outbox_is_empty().await;
    let mail = site.mailbox.all().pop().expect("a mail");
    assert!(mail.text.contains("no code in this mail"), "{}", mail.text);
    sign_in_by_link(&owner, &link(&site, &mail)).await.expect(303);
    assert!(owner.is_signed_in().await);
}

#[tokio::test]
async fn s41_what_a_stranger_registered_with_my_address_is_dead_once_it_is_mine() {
    let site = Site::with(open()).await;
    let (stranger, owner) = (Browser::new(&site), Browser::new(&site));
    let theirs = Person { username: "eve", password: "password of the stranger", ..NEW };
    register(&stranger, &theirs).await.expect(303);
    let stolen = site.mailbox.next_code_to(NEW.email).await.code();
    register(&owner, &NEW).await.expect(303);
    let code = site.mailbox.next_code_to(NEW.email).await.code();
    owner.submit_code(&code).await.expect(303);
    assert!(owner.is_signed_in().await);
    // Even with the code of the first mail.
    let late = stranger.submit_code(&stolen).await;
    assert_eq!((late.status, late.location()), (303, "/_doorward/login"));
    assert!(!stranger.is_signed_in().await);
    Browser::new(&site).submit_password("eve", theirs.password).await.expect(401);
    Browser::new(&site).submit_password(NEW.email, theirs.password).await.expect(401);
    assert_eq!(status(&site, "eve").await, None);
    Browser::new(&site).sign_in(&site, &NEW).await;
}

#[tokio::test]
async fn s23_a_taken_name_is_told_once_the_address_is_confirmed_and_another_can_be_chosen() {
    let site = Site::with(open()).await;
    let browser = Browser::new(&site);
    register(&browser, &Person { username: "ADA", ..NEW }).await.expect(303);
    let code = site.mailbox.next_code_to(NEW.email).await.code();
    let answer = browser.submit_code(&code).await.expect(303);
    assert_eq!(answer.location(), "/_doorward/register/name");
    assert!(!browser.is_signed_in().await, "half the way opens nothing");
    let page = browser.get("/_doorward/register/name").await.expect(200).text();
    assert!(alerts(&page).concat().contains("Somebody else has this name"), "{page}");
    // What it allows is this and nothing else (S28).
    browser.get("/_doorward/reset/password").await.expect(410);
    assert_eq!(browser.get("/_doorward/code").await.expect(303).location(), "/_doorward/login");
    let csrf = hidden(&page, "csrf");
    let choose = async |browser: &Browser, name: &str| {
        let fields = [("username", name), ("csrf", csrf.as_str())];
        browser.submit("/_doorward/register/name", &fields).await
    };
    choose(&browser, "grace").await.expect(409);
    choose(&browser, "not a name").await.expect(400);
    let thief = browser.stolen();
    choose(&browser, "kay").await.expect(303);
    assert!(browser.is_signed_in().await);
    let again = choose(&thief, "eve").await;
    assert_eq!((again.status, thief.is_signed_in().await), (303, false), "once");
    Browser::new(&site).sign_in(&site, &Person { username: "kay", ..NEW }).await;
}

#[tokio::test]
async fn s2_of_fifty_parallel_right_codes_exactly_one_makes_the_account() {
    let site = Site::with(open()).await;
    let browser = Browser::new(&site);
    register(&browser, &NEW).await.expect(303);
    let code = site.mailbox.next_code_to(NEW.email).await.code();
    let csrf = browser.code_token().await;
    let request =
        browser.prepare(browser.form("/_doorward/code", &[("code", &code), ("csrf", &csrf)]));
    let answers = fifty_at_once(&site, |_| request.clone()).await;
    let signed_in = |answer: &&Response| {
        let cookies = answer.all("set-cookie");
        cookies
            .iter()
            .any(|cookie| cookie.starts_with("doorward=") && !cookie.starts_with("doorward=;"))
    };
    assert_eq!(answers.iter().filter(signed_in).count(), 1);
}

#[tokio::test]
async fn s7_the_code_of_a_registration_signs_nobody_in_and_that_of_a_sign_in_registers_nobody() {
    let site = Site::with(open()).await;
    let (signs_in, registers) = (Browser::new(&site), Browser::new(&site));
    let theirs = signs_in.half_sign_in(&site, &ADA).await;
    register(&registers, &NEW).await.expect(303);
    let code = site.mailbox.next_code_to(NEW.email).await.code();
    if theirs != code {
        signs_in.submit_code(&code).await.expect(401);
        registers.submit_code(&theirs).await.expect(401);
    }
    assert!(!signs_in.is_signed_in().await && !registers.is_signed_in().await);
    assert_eq!(status(&site, NEW.username).await.as_deref(), Some("pending"));
    // Each still does what it is for.
    signs_in.submit_code(&theirs).await.expect(303);
    registers.submit_code(&code).await.expect(303);
    assert_eq!(status(&site, NEW.username).await.as_deref(), Some("active"));
}

#[tokio::test]
async fn s27_no_letter_of_another_alphabet_and_no_letter_case_makes_two_people_one() {
    let site = Site::with(open()).await;
    let browser = Browser::new(&site);
    // What folds to "ada" or to "katherine" elsewhere is no address and no name here.
    for (username, email) in [
        ("katherine", "\u{212a}atherine@example.org"),
        ("katherine", "ad\u{e4}@example.org"),
        ("katherine", "m\u{131}ke@example.org"),
        ("\u{212a}atherine", NEW.email),
        ("ad\u{430}", NEW.email),
    ] {
        register(&browser, &Person { username, email, ..NEW }).await.expect(400);
    }
    assert!(site.mailbox.all().is_empty());
    // Letter case is no difference: it is ada's, and ada is told.
    register(&browser, &Person { email: "ADA@EXAMPLE.ORG", ..NEW }).await.expect(303);
    assert_eq!(told(&site, ADA.email, "You have an account").await.len(), 1);
    let asked = Browser::new(&site);
    let page = asked.get("/_doorward/reset").await.expect(200).text();
    let csrf = hidden(&page, "csrf");
    let fields = [("username", "m\u{131}ke@example.org"), ("csrf", csrf.as_str())];
    asked.submit("/_doorward/reset", &fields).await.expect(303);
    assert_eq!(told(&site, "", "Choose a new password").await.len(), 0, "it is nobody's");
}

#[tokio::test]
async fn what_is_over_a_limit_of_mails_leaves_no_row() {
    let mut setup = open();
    setup.limits = Some("{ registration: 10000/1m, mails_address: 2/1h }".to_owned());
    let site = Site::with(setup).await;
    for (email, expected) in
        [("a@example.org", 303), ("b@example.org", 303), ("c@example.org", 429)]
    {
        let browser = Browser::new(&site);
        register(&browser, &Person { email, ..NEW }).await.expect(expected);
    }
    let listed = site.cli(&["accounts", "list", "--json"], "").await;
    assert_eq!(listed.matches("\"pending\"").count(), 2, "{listed}");
}

#[tokio::test]
async fn registrations_are_limited_for_each_address_and_say_when_to_come_back() {
    let mut setup = anywhere();
    setup.top.push("registration: { enabled: true }".to_owned());
    setup.limits = Some("{ registration: 2/1h }".to_owned());
    let site = Site::with(setup).await;
    let at = |number: u8| format!("e{number}@example.org");
    for (number, expected) in [(0, 303), (1, 303), (2, 429)] {
        let browser = browser_at(&site, "203.0.113.9");
        let email: &'static str = Box::leak(at(number).into_boxed_str());
        let answer = register(&browser, &Person { email, ..NEW }).await.expect(expected);
        assert_eq!(answer.header("retry-after").is_some(), expected == 429);
    }
    let elsewhere = browser_at(&site, "203.0.113.10");
    register(&elsewhere, &NEW).await.expect(303);
}

#[tokio::test]
async fn a_registration_that_nobody_confirms_is_over_after_its_code_and_gone_after_a_day() {
    let site = Site::with(open()).await;
    let browser = Browser::new(&site);
    register(&browser, &NEW).await.expect(303);
    let code = site.mailbox.next_code_to(NEW.email).await.code();
    site.travel(Duration::from_secs(601));
    browser.submit_code(&code).await.expect(410);
    site.travel(Duration::from_secs(86_400));
    assert_eq!(status(&site, NEW.username).await, None);
}
