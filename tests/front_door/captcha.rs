//! What forms ask for so that no program sends them in masses: the sum in the browser, waiting in its place, and the
//! providers of captchas. (The providers' own servers are on the Internet, which tests do not reach: a stand-in speaks their
//! `siteverify`, and serves a script that does to the page what theirs do.)

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::browser::{options, tell};
use crate::codes::fifty_at_once;
use crate::support::browser::Browser;
use crate::support::captcha::Sum;
use crate::support::http::Response;
use crate::support::page::{alerts, hidden};
use crate::support::people::{anywhere, browser_at};
use crate::support::service::{Asked, Say, Service};
use crate::support::site::{ADA, Person, Setup, Site};

const NEW: Person = Person {
    username: "katherine",
    email: "katherine@example.org",
    full_name: "Katherine Johnson",
    password: "trajectory of friendship 7",
    groups: &[],
};

const OPEN: &str = "registration: { enabled: true }";

fn with(captcha: &str) -> Setup {
    let top = vec![OPEN.to_owned(), format!("captcha: {{ {captcha} }}")];
    Setup { top, ..Setup::default() }
}

/// The fields of a registration, with what is shown.
fn fields<'a>(csrf: &'a str, shown: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("username", NEW.username),
        ("email", NEW.email),
        ("password", NEW.password),
        ("csrf", csrf),
        ("rd", "/"),
    ];
    fields.extend_from_slice(shown);
    fields
}

/// Sends a registration with the ticket and answer given, as they stand.
async fn send(browser: &Browser, csrf: &str, ticket: &str, answer: &str) -> Response {
    let shown = [("captcha_ticket", ticket), ("captcha_answer", answer)];
    browser.submit("/_doorward/register", &fields(csrf, &shown)).await
}

/// Opens a form: its token and its sum.
async fn open(browser: &Browser, path: &str) -> (String, Sum) {
    let page = browser.get(path).await.expect(200).text();
    (hidden(&page, "csrf"), Sum::of(&page).expect("a sum"))
}

async fn counted(site: &Site, result: &str) -> f64 {
    site.metrics().await.sum("doorward_captchas_total", &[("result", result)])
}

#[tokio::test]
async fn r19_a_registration_takes_a_sum_by_default_and_takes_it_once() {
    let site = Site::with(with("proof_of_work: { hashes: 2000 }")).await;
    let browser = Browser::new(&site);
    let (csrf, sum) = open(&browser, "/_doorward/register").await;
    assert_eq!(sum.hashes, 2000);
    // Nothing, or what is not the answer, is refused; the page says so and asks for another sum.
    for (ticket, answer) in [
        ("", ""),
        ("", &*sum.answer()),
        ("nonsense", "1"),
        (&*sum.ticket, &*sum.wrong_answer()),
        (&*sum.ticket, "-1"),
        (&*sum.ticket, "[]"),
    ] {
        let page = send(&browser, &csrf, ticket, answer).await.expect(400).text();
        assert!(alerts(&page).concat().contains("was not finished"), "{ticket} {answer}: {page}");
        assert_ne!(Sum::of(&page).expect("another sum").ticket, sum.ticket);
        assert!(!page.contains(NEW.password), "S12");
    }
    assert!(site.mailbox.all().is_empty());
    // The answer of another browser, and of another form.
    let other = Browser::new(&site);
    let (other_csrf, _) = open(&other, "/_doorward/register").await;
    send(&other, &other_csrf, &sum.ticket, &sum.answer()).await.expect(400);
    // Right, and once.
    send(&browser, &csrf, &sum.ticket, &sum.answer()).await.expect(303);
    site.mailbox.next_code_to(NEW.email).await;
    let again = Browser::new(&site);
    let (csrf, sum) = open(&again, "/_doorward/register").await;
    let answer = sum.answer();
    let request = again.form(
        "/_doorward/register",
        &fields(&csrf, &[("captcha_ticket", &sum.ticket), ("captcha_answer", &answer)]),
    );
    let request = again.prepare(request);
    let answers = fifty_at_once(&site, |_| request.clone()).await;
    let taken = answers.iter().filter(|answer| answer.status == 303).count();
    assert_eq!(taken, 1, "of fifty at once with one answer, one is taken");
    let replayed = answers.iter().find(|answer| answer.status == 400).expect("a refused one");
    assert!(alerts(&replayed.text()).concat().contains("was sent already"), "{}", replayed.text());
    assert_eq!(counted(&site, "passed").await, 2.0);
    assert_eq!(counted(&site, "spent").await, 49.0);
}

#[tokio::test]
async fn r19_a_sum_is_good_for_half_an_hour_and_spent_for_good() {
    let site = Site::with(with("proof_of_work: { hashes: 1000 }")).await;
    let browser = Browser::new(&site);
    let (csrf, sum) = open(&browser, "/_doorward/register").await;
    let answer = sum.answer();
    site.travel(Duration::from_secs(29 * 60));
    let thief = browser.stolen();
    send(&browser, &csrf, &sum.ticket, &answer).await.expect(303);
    // Whenever it is shown again: first it is spent, then too old.
    for (minutes, told) in
        [(0, "was sent already"), (2, "open for too long"), (60, "open for too long")]
    {
        site.travel(Duration::from_secs(minutes * 60));
        let page = send(&thief, &csrf, &sum.ticket, &answer).await.expect(400).text();
        assert!(alerts(&page).concat().contains(told), "{told}: {page}");
    }
}

#[tokio::test]
async fn r19_a_form_with_a_slip_keeps_its_sum() {
    let site = Site::with(with("proof_of_work: { hashes: 1000 }")).await;
    let browser = Browser::new(&site);
    let (csrf, sum) = open(&browser, "/_doorward/register").await;
    let (ticket, answer) = (sum.ticket.clone(), sum.answer());
    let shown = [("captcha_ticket", &*ticket), ("captcha_answer", &*answer)];
    let mut slip = fields(&csrf, &shown);
    slip[2] = ("password", "short");
    let page = browser.submit("/_doorward/register", &slip).await.expect(400).text();
    assert_eq!(Sum::of(&page).as_ref(), Some(&sum), "the same sum, which was not spent");
    send(&browser, &csrf, &ticket, &answer).await.expect(303);
}

#[tokio::test]
async fn r19_a_browser_without_scripts_waits_in_its_place() {
    let site =
        Site::with(with("proof_of_work: { hashes: 1000, wait: 20s, waits_address: 2/1h }")).await;
    let browser = Browser::new(&site).without_scripts();
    let page = browser.get("/_doorward/register").await.expect(200).text();
    let (_, told) = page.split_once("<noscript>").expect("words for whoever has no scripts");
    assert!(told.contains("it can be sent 20 seconds after this page has come"), "{told}");
    let (csrf, sum) = (hidden(&page, "csrf"), Sum::of(&page).expect("a sum"));
    site.travel(Duration::from_secs(5));
    let early = send(&browser, &csrf, &sum.ticket, "").await.expect(429);
    assert!((14..=15).contains(&early.retry_after()), "{}", early.retry_after());
    let page = early.text();
    assert!(alerts(&page).concat().contains("too soon"), "{page}");
    assert!(page.contains(&format!("value=\"{}\"", NEW.email)), "what was typed is still there");
    assert_eq!(Sum::of(&page).expect("a sum").ticket, sum.ticket, "the wait goes on");
    assert!(site.mailbox.all().is_empty());
    site.travel(Duration::from_secs(15));
    send(&browser, &csrf, &sum.ticket, "").await.expect(303);
    site.mailbox.next_code_to(NEW.email).await;
    // Once, and so often from one address; scripts are not held up by that.
    let wait_for = async |browser: &Browser| {
        let (csrf, sum) = open(browser, "/_doorward/register").await;
        site.travel(Duration::from_secs(20));
        let thief = browser.stolen();
        (send(browser, &csrf, &sum.ticket, "").await, send(&thief, &csrf, &sum.ticket, "").await)
    };
    let (first, again) = wait_for(&Browser::new(&site)).await;
    assert_eq!(first.status, 303);
    assert_eq!(again.status, 429, "the replay is the third wait");
    let (third, _) = wait_for(&Browser::new(&site)).await;
    assert_eq!(third.status, 429);
    assert!(third.retry_after() > 60, "{}", third.retry_after());
    assert!(alerts(&third.text()).concat().contains("Switch them on"), "{}", third.text());
    let scripts = Browser::new(&site);
    let (csrf, sum) = open(&scripts, "/_doorward/register").await;
    send(&scripts, &csrf, &sum.ticket, &sum.answer()).await.expect(303);
}

#[tokio::test]
async fn r19_a_wait_is_taken_once() {
    let site = Site::with(with("proof_of_work: { hashes: 1000, waits_address: 100/1h }")).await;
    let browser = Browser::new(&site);
    let (csrf, sum) = open(&browser, "/_doorward/register").await;
    site.travel(Duration::from_secs(15));
    let thief = browser.stolen();
    send(&browser, &csrf, &sum.ticket, "").await.expect(303);
    send(&thief, &csrf, &sum.ticket, "").await.expect(400);
    // Nor is the answer of what was waited for another showing.
    send(&thief, &csrf, &sum.ticket, &sum.answer()).await.expect(400);
    assert_eq!(counted(&site, "spent").await, 2.0);
}

#[tokio::test]
async fn r19_whoever_wants_none_has_none_and_whoever_wants_it_for_a_reset_has_it_there() {
    let site = Site::with(with("registration: none, reset: proof_of_work")).await;
    let browser = Browser::new(&site);
    let page = browser.get("/_doorward/register").await.expect(200).text();
    assert!(Sum::of(&page).is_none() && !page.contains("captcha"), "{page}");
    browser.submit("/_doorward/register", &fields(&hidden(&page, "csrf"), &[])).await.expect(303);
    let browser = Browser::new(&site);
    let (csrf, sum) = open(&browser, "/_doorward/reset").await;
    assert_eq!(sum.hashes, 400_000, "the default");
    let reset = async |shown: &[(&str, &str)]| {
        let mut fields = vec![("username", ADA.username), ("csrf", &*csrf), ("rd", "/")];
        fields.extend_from_slice(shown);
        browser.submit("/_doorward/reset", &fields).await
    };
    reset(&[("captcha_ticket", ""), ("captcha_answer", "")]).await.expect(400);
    let answer = sum.answer();
    let wrong = sum.wrong_answer();
    reset(&[("captcha_ticket", &sum.ticket), ("captcha_answer", &wrong)]).await.expect(400);
    assert!(site.mailbox.take_code(ADA.email).is_none());
    reset(&[("captcha_ticket", &sum.ticket), ("captcha_answer", &answer)]).await.expect(303);
    site.mailbox.next_code_to(ADA.email).await;
}

/// A site that believes addresses, and asks for a sum at sign-ins after two failures.
async fn guarded_sign_in() -> Site {
    let mut setup = anywhere();
    setup.top.push(
        "captcha: { sign_in: proof_of_work, sign_in_after: 2, proof_of_work: { hashes: 1000 } }"
            .to_owned(),
    );
    Site::with(setup).await
}

/// Signs in as it stands: without a sum, even where one was asked for.
async fn try_bare(browser: &Browser, name: &str, password: &str) -> Response {
    let csrf = browser.login_token().await;
    let bare = [("captcha_ticket", ""), ("captcha_answer", "")];
    let mut fields = vec![("username", name), ("password", password), ("csrf", &*csrf)];
    fields.extend(bare);
    browser.submit("/_doorward/login", &fields).await
}

#[tokio::test]
async fn r19_signing_in_asks_for_a_sum_after_failures_of_an_address_or_for_a_name() {
    let site = guarded_sign_in().await;
    let at = |address: &str| browser_at(&site, address);
    let login = at("198.51.100.1").get("/_doorward/login").await.expect(200).text();
    assert!(Sum::of(&login).is_none());
    // Of an address, whatever the names: known and unknown ones alike (S23).
    for name in ["nobody", ADA.username] {
        try_bare(&at("198.51.100.1"), name, "wrong").await.expect(401);
    }
    for name in ["nobody", ADA.username, "somebody"] {
        let page = try_bare(&at("198.51.100.1"), name, ADA.password).await.expect(400).text();
        assert!(alerts(&page).concat().contains("was not finished"), "{page}");
        assert!(Sum::of(&page).is_some());
    }
    let mine = at("198.51.100.1");
    mine.submit_password(ADA.username, "wrong").await.expect(401);
    // For a name, whatever the addresses; a name that nobody has behaves the same.
    for name in [ADA.username, "nobody"] {
        try_bare(&at("198.51.100.2"), name, "wrong").await;
        let page = try_bare(&at("198.51.100.3"), name, "wrong").await.expect(400).text();
        assert!(Sum::of(&page).is_some(), "{name}");
    }
    // With the sum it goes on, at the first page that shows one.
    let owner = at("198.51.100.1");
    let code = owner.half_sign_in(&site, &ADA).await;
    owner.submit_code(&code).await.expect(303);
    owner.sign_out().await.expect(303);
    // S56: the owner's own browser is not held up.
    try_bare(&owner, ADA.username, "wrong").await.expect(401);
    for _ in 0..2 {
        try_bare(&at("198.51.100.9"), ADA.username, "wrong").await;
    }
    try_bare(&owner, ADA.username, ADA.password).await.expect(303);
    // An hour without failures, and nothing is asked any more.
    site.travel(Duration::from_secs(3601));
    try_bare(&at("198.51.100.1"), "nobody", "wrong").await.expect(401);
}

/// What the stand-in says of tokens: `TOKEN:HOST:ACTION:SCORE` is good for that; `broken`, `stalls` and `unknown` are what
/// they say.
fn says(asked: &Asked) -> Say {
    if asked.method == "GET" {
        return page(asked);
    }
    let token = asked.field("response").expect("a token");
    if asked.field("secret").as_deref() != Some("a-secret-key") {
        let no = serde_json::json!({"success": false, "error-codes": ["invalid-input-secret"]});
        return Say::json(200, &no);
    }
    let parts: Vec<&str> = token.split(':').collect();
    match parts[..] {
        ["broken"] => Say::Answer(200, "text/html", "<html>".to_owned()),
        ["down"] => Say::Answer(503, "text/plain", String::new()),
        ["stalls"] => Say::Silence,
        ["good", host, action, score] => Say::json(
            200,
            &serde_json::json!({
                "success": true, "challenge_ts": "2026-11-25T12:00:00Z", "hostname": host,
                "action": action, "score": score.parse::<f64>().unwrap(), "error-codes": [],
            }),
        ),
        _ => Say::json(
            200,
            &serde_json::json!({"success": false, "error-codes": ["invalid-input-response"]}),
        ),
    }
}

/// The script of the stand-in: it does to the page what the providers' scripts do, and needs what they need.
fn page(asked: &Asked) -> Say {
    if asked.target.starts_with("/frame") {
        return Say::Answer(200, "text/html", "<!DOCTYPE html><p>a widget</p>".to_owned());
    }
    let script = r#"
      const origin = new URL(document.currentScript.src).origin;
      const token = (action) => `good:wiki.localhost:${action}:0.9`;
      const fields = { "g-recaptcha": "g-recaptcha-response", "h-captcha": "h-captcha-response", "cf-turnstile": "cf-turnstile-response" };
      for (const [name, field] of Object.entries(fields)) {
        for (const box of document.querySelectorAll(`.${name}`)) {
          const frame = document.createElement("iframe");
          frame.src = `${origin}/frame`;
          frame.title = "captcha";
          const input = document.createElement("input");
          input.type = "hidden"; input.name = field;
          frame.addEventListener("load", () => { input.value = token(box.dataset.action); });
          box.append(frame, input);
        }
      }
      window.grecaptcha = { ready: (then) => then(), execute: async (key, { action }) => token(action) };
    "#;
    Say::Answer(200, "text/javascript", script.to_owned())
}

async fn provider(kind: &str) -> (Service, Site) {
    let service = Service::start(says).await;
    let setup = with(&format!(
        "registration: provider, reset: provider, provider: {{ kind: {kind}, site_key: a-site-key, \
         secret: a-secret-key, script: \"http://{0}/api.js\", verify: \"http://{0}/siteverify\", timeout: 1s }}",
        service.address
    ));
    let site = Site::with(setup).await;
    (service, site)
}

const FIELDS: [(&str, &str); 4] = [
    ("recaptcha_v2", "g-recaptcha-response"),
    ("recaptcha_v3", "captcha_token"),
    ("hcaptcha", "h-captcha-response"),
    ("turnstile", "cf-turnstile-response"),
];

/// Registers with this token.
async fn register(site: &Site, field: &str, token: &str) -> Response {
    let browser = Browser::new(site);
    let page = browser.get("/_doorward/register").await.expect(200).text();
    browser.submit("/_doorward/register", &fields(&hidden(&page, "csrf"), &[(field, token)])).await
}

#[tokio::test]
async fn r19_every_provider_is_asked_once_about_a_token_and_believed_about_this_host_and_form() {
    for (kind, field) in FIELDS {
        let (service, site) = provider(kind).await;
        let told = |page: &Response, words: &str| {
            let alerts = alerts(&page.text()).concat();
            assert!(alerts.contains(words), "{kind}: {words}: {alerts}");
        };
        told(&register(&site, field, "").await.expect(400), "was not finished");
        told(&register(&site, "captcha_answer", "1").await.expect(400), "was not finished");
        assert!(service.asked().is_empty(), "nobody is asked about nothing");
        let good = "good:wiki.localhost:registration:0.9";
        let mut bad = vec!["bad", "good:evil.example:registration:0.9"];
        if matches!(kind, "recaptcha_v3" | "turnstile") {
            bad.push("good:wiki.localhost:reset:0.9");
        }
        if kind == "recaptcha_v3" {
            bad.push("good:wiki.localhost:registration:0.4");
        }
        for token in bad {
            told(&register(&site, field, token).await.expect(403), "the work of a program");
        }
        // S57: what was not answered is not taken.
        for token in ["broken", "down", "stalls"] {
            let away = register(&site, field, token).await.expect(503);
            told(&away, "does not answer");
            assert!(away.retry_after() > 0);
        }
        assert!(site.mailbox.all().is_empty(), "{kind}");
        let before = service.asked().len();
        register(&site, field, good).await.expect(303);
        site.mailbox.next_code_to(NEW.email).await;
        let asked = service.asked();
        assert_eq!(asked.len(), before + 1);
        let last = asked.last().unwrap();
        assert_eq!((&*last.method, &*last.target), ("POST", "/siteverify"));
        assert_eq!(last.field("response").as_deref(), Some(good));
        assert_eq!(last.field("sitekey").as_deref(), Some("a-site-key"));
        // Once, and nobody is asked a second time.
        told(&register(&site, field, good).await.expect(400), "was sent already");
        assert_eq!(service.asked().len(), before + 1);
        let log = site.log();
        assert!(!log.contains("a-secret-key") && !log.contains(good), "S12: no secret, no token");
    }
}

#[tokio::test]
async fn s57_a_provider_that_is_away_or_does_not_know_us_lets_nobody_in() {
    let setup = with(
        "registration: provider, provider: { kind: turnstile, site_key: a, secret: b, \
         verify: \"http://127.0.0.1:9/\", timeout: 1s }",
    );
    let site = Site::with(setup).await;
    register(&site, "cf-turnstile-response", "good:wiki.localhost:registration:1")
        .await
        .expect(503);
    let service = Service::start(says).await;
    let setup = with(&format!(
        "registration: provider, provider: {{ kind: turnstile, site_key: a, secret: another, \
         verify: \"http://{}/siteverify\" }}",
        service.address
    ));
    let site = Site::with(setup).await;
    register(&site, "cf-turnstile-response", "good:wiki.localhost:registration:1")
        .await
        .expect(503);
    assert!(site.log().contains("it does not take the secret or site key"), "{}", site.log());
    assert!(site.mailbox.all().is_empty());
}

#[tokio::test]
async fn r35_pages_load_from_a_provider_only_where_it_is_asked() {
    for (kind, sources) in [
        ("turnstile", "https://challenges.cloudflare.com"),
        ("hcaptcha", "https://hcaptcha.com https://*.hcaptcha.com"),
        ("recaptcha_v2", "https://www.google.com/recaptcha/"),
    ] {
        let setup = with(&format!(
            "registration: provider, reset: none, provider: {{ kind: {kind}, site_key: a, secret: b }}"
        ));
        let site = Site::with(setup).await;
        let browser = Browser::new(&site);
        let policy = async |path: &str| {
            let page = browser.get(path).await.expect(200);
            page.header("content-security-policy").expect("a policy").to_owned()
        };
        let asks = policy("/_doorward/register").await;
        assert!(asks.contains(&format!("script-src 'self' {sources}")), "{asks}");
        assert!(asks.contains(&format!("frame-src {sources}")), "{asks}");
        assert!(asks.contains("default-src 'none'") && !asks.contains("unsafe"), "{asks}");
        for path in ["/_doorward/login", "/_doorward/reset"] {
            let other = policy(path).await;
            assert!(!other.contains("http"), "{path}: {other}");
        }
    }
}

#[tokio::test]
async fn r19_a_browser_passes_the_tokens_of_providers_on_under_the_policy() {
    for kind in ["turnstile", "hcaptcha", "recaptcha_v2", "recaptcha_v3"] {
        let (service, site) = provider(kind).await;
        let mut options = options(&site, true);
        options["others"] = serde_json::json!([format!("http://{}", service.address)]);
        options["kind"] = serde_json::json!(kind);
        story("captcha_provider.mjs", options, &site).await;
        let asked = service.asked();
        let verified =
            asked.iter().find(|asked| asked.method == "POST").expect("a token was asked about");
        assert_eq!(
            verified.field("response").as_deref(),
            Some("good:wiki.localhost:registration:0.9")
        );
    }
}

#[tokio::test]
async fn r19_a_browser_does_the_sum_while_the_form_is_filled_in() {
    let site = Site::with(with("proof_of_work: { wait: 2s }")).await;
    story("captcha_work.mjs", options(&site, true), &site).await;
    assert_eq!(counted(&site, "passed").await, 3.0);
    assert_eq!(counted(&site, "missing").await, 0.0);
}

async fn story(script: &str, options: serde_json::Value, site: &Site) {
    tell(script, options, async |question| {
        let (what, about) = question.split_once(' ')?;
        Some(match what {
            "code" => site.mailbox.next_code_to(about).await.code(),
            "note" => {
                eprintln!("{about}");
                "ok".to_owned()
            }
            _ => return None,
        })
    })
    .await;
}

#[test]
fn the_script_hashes_as_the_standard_says_and_finds_what_was_hidden() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/assets/work.js");
    // Each puzzle is hashed by another implementation.
    let puzzles: Vec<serde_json::Value> = (0_u32..40)
        .map(|which| {
            let salt: [u8; 32] = Sha256::digest(which.to_be_bytes()).into();
            let (salt, number) = (&salt[..16], which * 61);
            let hash = Sha256::digest([salt, &number.to_be_bytes()].concat());
            let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
            serde_json::json!({ "salt": hex(salt), "target": hex(&hash), "number": number })
        })
        .collect();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/work.mjs");
    let output = Command::new("node")
        .arg(script)
        .arg(&source)
        .arg(serde_json::Value::from(puzzles).to_string())
        .output()
        .expect("node runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "40 found", "{told}");
}
