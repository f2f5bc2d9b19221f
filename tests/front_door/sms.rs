//! Codes as text messages. (Twilio's own API is on the Internet, which tests do not reach: a stand-in takes what it takes,
//! with the same address, authentication and form, and refuses as it refuses.)

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::browser::Browser;
use crate::support::http::Response;
use crate::support::page::{alerts, hidden, words};
use crate::support::people::{anywhere, browser_at, told};
use crate::support::service::{Asked, Say, Service};
use crate::support::site::{ADA, GRACE, Person, Setup, Site};
use crate::support::tools::eventually;

const ACCOUNT: &str = "AC0123456789abcdef";
const TOKEN: &str = "the-token-of-the-account";
pub const NUMBER: &str = "+41791234567";

const MARY: Person = Person {
    username: "mary",
    email: "mary@example.org",
    full_name: "Mary Jackson",
    password: "wind tunnels at noon, twice",
    groups: &[],
};

/// The stand-in, and how it answers at present: 0 takes messages.
pub struct Twilio {
    service: Service,
    refuses: Arc<AtomicU16>,
    /// The number of its error.
    code: Arc<Mutex<u32>>,
}

impl Twilio {
    pub async fn start() -> Self {
        let (refuses, code) = (Arc::new(AtomicU16::new(0)), Arc::new(Mutex::new(20_001)));
        let (status, number) = (Arc::clone(&refuses), Arc::clone(&code));
        let service = Service::start(move |asked| {
            let code = *number.lock().unwrap();
            answer(asked, status.load(Ordering::SeqCst), code)
        })
        .await;
        Self { service, refuses, code }
    }

    pub fn refuse(&self, status: u16, code: u32) {
        *self.code.lock().unwrap() = code;
        self.refuses.store(status, Ordering::SeqCst);
    }

    /// The line of the configuration, with more of it.
    pub fn configured(&self, more: &str) -> String {
        format!(
            "sms: {{ twilio: {{ url: \"http://{}\", account_sid: {ACCOUNT}, auth_token: {TOKEN}, \
             from: \"+15005550006\", timeout: 1s }}, prefixes: [{{ prefix: \"+41\", cap: 10/1d }}, \
             {{ prefix: \"+4190\", cap: 1/1d }}]{more} }}",
            self.service.address
        )
    }

    /// The messages that it was asked to send, as number and body.
    pub fn sent(&self) -> Vec<(String, String)> {
        let asked = self.service.asked();
        asked.iter().map(|one| (one.field("To").unwrap(), one.field("Body").unwrap())).collect()
    }

    /// Waits for the message number `which`, from 1.
    pub async fn message(&self, which: usize) -> (String, String) {
        eventually("a text message", async || self.sent().get(which - 1).cloned()).await
    }

    pub async fn code(&self, which: usize) -> String {
        let (_, body) = self.message(which).await;
        body.split(' ').next().unwrap().to_owned()
    }
}

fn answer(asked: &Asked, refuses: u16, code: u32) -> Say {
    let authorized = format!("Basic {}", base64_of(&format!("{ACCOUNT}:{TOKEN}")));
    let is_known = asked.header("authorization") == Some(&*authorized);
    let target = format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json");
    if asked.method != "POST" || asked.target != target {
        return Say::json(404, &serde_json::json!({"code": 20404, "status": 404}));
    }
    if !is_known {
        return Say::json(401, &serde_json::json!({"code": 20003, "status": 401}));
    }
    if refuses != 0 {
        let to = asked.field("To");
        let message = format!("The number {to:?} is not taken.");
        return Say::json(refuses, &serde_json::json!({"code": code, "message": message}));
    }
    Say::json(201, &serde_json::json!({"sid": "SM0123456789", "status": "queued"}))
}

fn base64_of(text: &str) -> String {
    data_encoding::BASE64.encode(text.as_bytes())
}

async fn site(more: &str) -> (Twilio, Site) {
    let twilio = Twilio::start().await;
    let setup = Setup { top: vec![twilio.configured(more)], ..Setup::default() };
    let site = Site::with(setup).await;
    (twilio, site)
}

async fn give(browser: &Browser, number: &str) -> Response {
    let page = browser.get("/_doorward/account/phone").await.expect(200).text();
    let csrf = hidden(&page, "csrf");
    browser.submit("/_doorward/account/phone", &[("phone", number), ("csrf", &csrf)]).await
}

async fn press(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Response {
    let page = browser.get("/_doorward/account/phone").await.expect(200).text();
    let csrf = hidden(&page, "csrf");
    let fields: Vec<_> = fields.iter().copied().chain([("csrf", &*csrf)]).collect();
    browser.submit(path, &fields).await
}

/// Signs ada in, and shows that the number is hers by the message number `which`.
async fn with_number(twilio: &Twilio, site: &Site, browser: &Browser, which: usize) {
    browser.sign_in(site, &ADA).await;
    give(browser, "+41 79 123 45 67").await.expect(303);
    browser.submit_code(&twilio.code(which).await).await.expect(303);
}

#[tokio::test]
async fn r16_a_number_is_shown_to_be_theirs_by_a_code_and_gets_codes_once_its_owner_wants_that() {
    let (twilio, site) = site("").await;
    let browser = Browser::new(&site);
    browser.sign_in(&site, &ADA).await;
    let page = browser.get("/_doorward/account").await.expect(200).text();
    assert!(words(&page).contains("Telephone number You have given none."), "{}", words(&page));
    let sent = give(&browser, "+41 79 123 45 67").await.expect(303);
    assert_eq!(sent.location(), "/_doorward/code");
    // What goes to Twilio: who asks, from whom, to whom, and the code bound to the host on the last line.
    let (to, body) = twilio.message(1).await;
    assert_eq!(to, NUMBER);
    let code = twilio.code(1).await;
    assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{body}");
    assert_eq!(body.lines().last(), Some(&*format!("@wiki.localhost #{code}")));
    assert!(body.len() <= 160, "one message of the plain alphabet: {body}");
    let asked = twilio.service.asked().pop().unwrap();
    assert_eq!(asked.field("From").as_deref(), Some("+15005550006"));
    assert!(asked.field("MessagingServiceSid").is_none());
    let page = browser.get("/_doorward/code").await.expect(200).text();
    let shown = words(&page);
    assert!(shown.contains("Check your telephone") && shown.contains("+41 ••• 67"), "{shown}");
    assert!(
        !page.contains(NUMBER) && !page.contains("1234567") && !page.contains(" mail"),
        "{page}"
    );
    // A wrong code, then the right one, once.
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let page = browser.submit_code(wrong).await.expect(401).text();
    assert!(alerts(&page).concat().contains("newest text message"), "{page}");
    let answer = browser.submit_code(&code).await.expect(303);
    assert_eq!(answer.location(), "/_doorward/account");
    let page = browser.get("/_doorward/account").await.expect(200).text();
    let shown = words(&page);
    assert!(shown.contains("Your telephone number was saved."), "{shown}");
    assert!(shown.contains("+41 ••• 67. Codes at sign-in come by mail."), "{shown}");
    assert_eq!(told(&site, ADA.email, "Your telephone number").await.len(), 1);
    // Until she wants it otherwise, codes come by mail.
    Browser::new(&site).sign_in(&site, &ADA).await;
    // S33: it is a change of the second step.
    let other = Browser::new(&site);
    other.sign_in(&site, &ADA).await;
    press(&browser, "/_doorward/account/phone/codes", &[("codes_by", "sms")]).await.expect(303);
    assert!(browser.is_signed_in().await && !other.is_signed_in().await);
    let again = Browser::new(&site);
    again.submit_password(ADA.username, ADA.password).await.expect(303);
    let code = twilio.code(2).await;
    assert!(site.mailbox.take_code(ADA.email).is_none(), "no code by mail");
    again.submit_code(&code).await.expect(303);
    assert!(again.is_signed_in().await);
    let audit = site.cli(&["audit", "--json"], "").await;
    for event in ["phone_set", "codes_by_sms"] {
        assert!(audit.contains(event), "{event}: {audit}");
    }
    let metrics = site.metrics().await;
    let codes = |purpose, event| {
        metrics.sum("doorward_codes_total", &[("purpose", purpose), ("event", event)])
    };
    assert_eq!((codes("phone", "sent"), codes("phone", "verified")), (1.0, 1.0));
    // S12: the number stands in the database and nowhere else; code and token nowhere.
    let log = site.log();
    for secret in [NUMBER, "1234567", &code, TOKEN] {
        assert!(!log.contains(secret), "the log holds {secret}");
    }
    assert!(!audit.contains("1234567"));
}

#[tokio::test]
async fn s7_s8_s9_a_code_by_text_message_lives_five_minutes_and_is_replaced_like_any_other() {
    let (twilio, site) = site("").await;
    let browser = Browser::new(&site);
    browser.sign_in(&site, &ADA).await;
    give(&browser, NUMBER).await.expect(303);
    let first = twilio.code(1).await;
    // The code of a number signs nobody in, and that of a sign-in gives nobody a number.
    let other = Browser::new(&site);
    let mailed = other.half_sign_in(&site, &ADA).await;
    if first != mailed {
        other.submit_code(&first).await.expect(401);
        browser.submit_code(&mailed).await.expect(401);
    }
    site.travel(Duration::from_secs(31));
    browser.resend().await.expect(303);
    let second = twilio.code(2).await;
    if first != second {
        browser.submit_code(&first).await.expect(401);
    }
    site.travel(Duration::from_secs(299));
    assert!(browser.get("/_doorward/code").await.text().contains("id=\"code\""), "still good");
    site.travel(Duration::from_secs(1));
    browser.submit_code_anyway(&second).await.expect(410);
    let page = browser.get("/_doorward/account").await.expect(200).text();
    assert!(words(&page).contains("You have given none."), "{page}");
}

#[tokio::test]
async fn s36_a_number_is_given_changed_and_taken_away_by_a_fresh_sign_in_alone() {
    let (twilio, site) = site("").await;
    let browser = Browser::new(&site);
    with_number(&twilio, &site, &browser, 1).await;
    let page = browser.get("/_doorward/account/phone").await.expect(200).text();
    let csrf = hidden(&page, "csrf");
    site.travel(Duration::from_secs(301));
    browser.get("/_doorward/account/phone").await.expect(303);
    for (path, field, value) in [
        ("/_doorward/account/phone", "phone", "+41791110000"),
        ("/_doorward/account/phone/remove", "x", "x"),
        ("/_doorward/account/phone/codes", "codes_by", "sms"),
    ] {
        let answer = browser.submit(path, &[(field, value), ("csrf", &csrf)]).await.expect(303);
        assert!(answer.location().starts_with("/_doorward/login"), "{path}");
    }
    assert_eq!(twilio.sent().len(), 1, "nothing was sent");
    // S52: another site cannot.
    let browser = Browser::new(&site);
    browser.sign_in(&site, &ADA).await;
    let csrf = hidden(&browser.get("/_doorward/account/phone").await.text(), "csrf");
    let fields = [("csrf", &*csrf)];
    let forged = browser.form("/_doorward/account/phone/remove", &fields);
    browser.send(forged.instead("Sec-Fetch-Site", "cross-site")).await.expect(403);
    browser.submit("/_doorward/account/phone/remove", &[("csrf", "x")]).await.expect(403);
    let page = browser.get("/_doorward/account").await.expect(200).text();
    assert!(words(&page).contains("+41 ••• 67."), "{page}");
    // Taken away where codes came there: they come by mail, and other browsers are out.
    press(&browser, "/_doorward/account/phone/codes", &[("codes_by", "sms")]).await.expect(303);
    let other = Browser::new(&site);
    other.submit_password(ADA.username, ADA.password).await.expect(303);
    other.submit_code(&twilio.code(2).await).await.expect(303);
    press(&browser, "/_doorward/account/phone/remove", &[]).await.expect(303);
    assert!(browser.is_signed_in().await && !other.is_signed_in().await);
    Browser::new(&site).sign_in(&site, &ADA).await;
    assert_eq!(twilio.sent().len(), 2);
    assert_eq!(told(&site, ADA.email, "Your telephone number").await.len(), 3);
}

#[tokio::test]
async fn s23_a_number_of_another_account_is_answered_alike_and_nothing_is_sent() {
    let (twilio, site) = site("").await;
    with_number(&twilio, &site, &Browser::new(&site), 1).await;
    let grace = Browser::new(&site);
    grace.sign_in(&site, &GRACE).await;
    let taken = give(&grace, NUMBER).await.expect(303);
    assert_eq!(taken.location(), "/_doorward/code");
    let page = grace.get("/_doorward/code").await.expect(200).text();
    assert!(words(&page).contains("+41 ••• 67"), "{page}");
    grace.submit_code("123456").await.expect(401);
    site.outbox_is_empty().await;
    assert_eq!(twilio.sent().len(), 1, "only the owner's own");
}

#[tokio::test]
async fn a_number_outside_the_list_or_past_its_cap_gets_nothing() {
    let twilio = Twilio::start().await;
    let mut setup = anywhere();
    setup.top.push(twilio.configured(""));
    setup.people.push(MARY);
    setup.limits = Some("{ sms_number: 2/1h, sms_address: 3/1h, sms_total: 1000/1d }".to_owned());
    let site = Site::with(setup).await;
    let at = |address: &str| browser_at(&site, address);
    let ada = at("198.51.100.1");
    ada.sign_in(&site, &ADA).await;
    // Not on the list, or no number at all: refused before anything is sent or counted.
    for number in ["+882 1234 5678", "+1 900 555 01 00", "0791234567", "+41", "", "+41;79"] {
        let page = give(&ada, number).await.expect(400).text();
        assert!(!alerts(&page).is_empty(), "{number}");
    }
    assert!(twilio.sent().is_empty());
    let limited = site.metrics().await.sum("doorward_limits_total", &[("limit", "sms_prefix")]);
    assert_eq!(limited, 2.0);
    // To one number, and by one account to whichever numbers, two an hour.
    for (number, expected) in [(NUMBER, 303), ("+41791234568", 303), ("+41791234569", 429)] {
        let answer = give(&ada, number).await.expect(expected);
        assert_eq!(answer.header("retry-after").is_some(), expected == 429);
    }
    // The cap of a dearer beginning is its own.
    let grace = at("198.51.100.2");
    grace.sign_in(&site, &GRACE).await;
    give(&grace, "+41900000001").await.expect(303);
    let refused = give(&grace, "+41900000002").await.expect(429);
    assert!(refused.retry_after() > 3600, "a day's cap: {}", refused.retry_after());
    // From one address three an hour, whoever asks.
    let mary = at("198.51.100.1");
    mary.sign_in(&site, &MARY).await;
    give(&mary, "+41790000003").await.expect(303);
    give(&mary, "+41790000004").await.expect(429);
    twilio.message(4).await;
    site.outbox_is_empty().await;
    let sent: Vec<String> = twilio.sent().into_iter().map(|(to, _)| to).collect();
    assert_eq!(sent, [NUMBER, "+41791234568", "+41900000001", "+41790000003"]);
}

#[tokio::test]
async fn s56_past_the_cap_of_a_country_codes_go_by_mail_and_nobody_is_shut_out() {
    let (twilio, site) = site("").await;
    let browser = Browser::new(&site);
    browser.sign_in(&site, &ADA).await;
    give(&browser, "+41900000001").await.expect(303);
    browser.submit_code(&twilio.code(1).await).await.expect(303);
    press(&browser, "/_doorward/account/phone/codes", &[("codes_by", "sms")]).await.expect(303);
    // The one of the day was used to show the number.
    Browser::new(&site).sign_in(&site, &ADA).await;
    site.travel(Duration::from_secs(86_400));
    let again = Browser::new(&site);
    again.submit_password(ADA.username, ADA.password).await.expect(303);
    again.submit_code(&twilio.code(2).await).await.expect(303);
}

#[tokio::test]
async fn s57_what_the_api_refuses_is_tried_again_or_dropped_and_counted_and_nobody_gets_in() {
    let (twilio, site) = site("").await;
    let browser = Browser::new(&site);
    with_number(&twilio, &site, &browser, 1).await;
    press(&browser, "/_doorward/account/phone/codes", &[("codes_by", "sms")]).await.expect(303);
    let results = async || {
        let metrics = site.metrics().await;
        ["delivered", "deferred", "rejected"]
            .map(|result| metrics.sum("doorward_sms_total", &[("result", result)]))
    };
    assert_eq!(results().await, [1.0, 0.0, 0.0]);
    // It is down: tried again, and in the end it goes out.
    twilio.refuse(503, 20_500);
    let owner = Browser::new(&site);
    owner.submit_password(ADA.username, ADA.password).await.expect(303);
    eventually("a text message that is put off", async || {
        (results().await[1] >= 1.0).then_some(())
    })
    .await;
    assert!(!owner.is_signed_in().await);
    twilio.refuse(0, 0);
    site.travel(Duration::from_secs(10));
    eventually("the text message", async || (results().await[0] >= 2.0).then_some(())).await;
    let code = twilio.code(twilio.sent().len()).await;
    owner.submit_code(&code).await.expect(303);
    // It is refused for good: dropped.
    twilio.refuse(400, 21_211);
    let other = Browser::new(&site);
    other.submit_password(ADA.username, ADA.password).await.expect(303);
    eventually("a text message that is dropped", async || {
        (results().await[2] >= 1.0).then_some(())
    })
    .await;
    site.outbox_is_empty().await;
    let audit = site.cli(&["audit", "--account", "ada", "--json"], "").await;
    let failed: Vec<&str> = audit.lines().filter(|line| line.contains("sms_failed")).collect();
    assert_eq!(failed.len(), 1, "{audit}");
    assert!(failed[0].contains("\"refused\"") && !failed[0].contains("1234567"), "{}", failed[0]);
    // It is down for as long as the code lives.
    let before = results().await[1];
    twilio.refuse(503, 20_500);
    site.travel(Duration::from_secs(86_401));
    Browser::new(&site).submit_password(ADA.username, ADA.password).await.expect(303);
    for tries in 1..=6 {
        eventually("a text message that is put off again", async || {
            (results().await[1] >= before + f64::from(tries)).then_some(())
        })
        .await;
        site.travel(Duration::from_secs(40));
    }
    eventually("a text message that came too late", async || {
        let audit = site.cli(&["audit", "--account", "ada", "--json"], "").await;
        let mut failed = audit.lines().filter(|line| line.contains("sms_failed"));
        failed.any(|line| line.contains("\"expired\"")).then_some(())
    })
    .await;
    let log = site.log();
    assert!(log.contains("21211"), "the log names the error");
    assert!(!log.contains(NUMBER) && !log.contains("1234567") && !log.contains(TOKEN), "S12");
}

#[tokio::test]
async fn strangers_who_know_no_password_have_no_text_message_sent() {
    let (twilio, site) = site("").await;
    let browser = Browser::new(&site);
    with_number(&twilio, &site, &browser, 1).await;
    press(&browser, "/_doorward/account/phone/codes", &[("codes_by", "sms")]).await.expect(303);
    // By the name alone: a page that a code opens, a forgotten password, a wrong password.
    let stranger = Browser::new(&site);
    crate::support::people::ask_by_mail(&stranger, ADA.username).await.expect(303);
    let page = stranger.get("/_doorward/reset").await.expect(200).text();
    let fields = [("username", ADA.username), ("csrf", &*hidden(&page, "csrf"))];
    stranger.submit("/_doorward/reset", &fields).await.expect(303);
    stranger.submit_password(ADA.username, "wrong").await.expect(401);
    site.outbox_is_empty().await;
    assert_eq!(twilio.sent().len(), 1);
}

#[tokio::test]
async fn without_the_section_there_are_no_numbers_and_where_it_goes_codes_come_by_mail() {
    let plain = Site::start().await;
    let browser = Browser::new(&plain);
    browser.sign_in(&plain, &ADA).await;
    let page = browser.get("/_doorward/account").await.expect(200).text();
    assert!(!words(&page).contains("Telephone"), "{page}");
    browser.get("/_doorward/account/phone").await.expect(404);
    // Where people may not have their codes so, the page does not offer it, and no post helps.
    let (twilio, site) = site(", second_step: false").await;
    let browser = Browser::new(&site);
    with_number(&twilio, &site, &browser, 1).await;
    let page = browser.get("/_doorward/account/phone").await.expect(200).text();
    assert!(!page.contains("phone/codes"), "{page}");
    press(&browser, "/_doorward/account/phone/codes", &[("codes_by", "sms")]).await.expect(303);
    Browser::new(&site).sign_in(&site, &ADA).await;
    assert_eq!(twilio.sent().len(), 1);
}

#[tokio::test]
async fn s35_an_operator_takes_a_lost_number_away_and_ends_what_was_signed_in() {
    for by_sms in [true, false] {
        let (twilio, site) = site("").await;
        let browser = Browser::new(&site);
        with_number(&twilio, &site, &browser, 1).await;
        if by_sms {
            let fields = [("codes_by", "sms")];
            press(&browser, "/_doorward/account/phone/codes", &fields).await.expect(303);
        }
        let told = site.cli(&["accounts", "forget-phone", ADA.username], "").await;
        assert!(told.contains("has no telephone number any more"), "{told}");
        eventually("the end of the session", async || {
            (!browser.is_signed_in().await).then_some(())
        })
        .await;
        Browser::new(&site).sign_in(&site, &ADA).await;
        assert_eq!(twilio.sent().len(), 1);
        let config = site.config().display().to_string();
        let again = site.run(&["accounts", "forget-phone", ADA.username, "-c", &config], "").await;
        assert_eq!(again.status.code(), Some(1));
    }
}

async fn walk(javascript: bool) {
    let (twilio, site) = site("").await;
    let mut options = crate::browser::options(&site, javascript);
    options["number"] = "+41 79 123 45 67".into();
    crate::browser::tell("phone.mjs", options, async |question| {
        Some(match question.split_once(' ')? {
            ("code", address) => site.mailbox.next_code_to(address).await.code(),
            ("sms", which) => twilio.code(which.parse().ok()?).await,
            _ => return None,
        })
    })
    .await;
}

#[tokio::test]
async fn people_look_after_their_telephone_number() {
    walk(true).await;
}

#[tokio::test]
async fn people_look_after_their_telephone_number_without_javascript() {
    walk(false).await;
}
