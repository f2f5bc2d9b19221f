//! The account page: what its owner sees and does there, and nobody else (R10 to R13, R15, R29, R42).

use std::time::Duration;

use crate::support::browser::{Browser, Request};
use crate::support::http::Response;
use crate::support::page::{alerts, hidden, words};
use crate::support::people::{ask_by_mail, link, sign_in_and_trust, told};
use crate::support::site::{ADA, GRACE, Person, Setup, Site};

const ACCOUNT: &str = "/_doorward/account";
const MINUTE: Duration = Duration::from_secs(60);

/// The address of a page of the account.
fn at(page: &str) -> String {
    format!("{ACCOUNT}{page}")
}

/// A browser in which ada has just signed in.
async fn signed_in(site: &Site, person: &Person) -> Browser {
    let browser = Browser::new(site);
    browser.sign_in(site, person).await;
    browser
}

/// Loads a page of the account and submits the form on it.
async fn act(browser: &Browser, page: &str, fields: &[(&str, &str)]) -> Response {
    let html = browser.get(&at(page)).await.expect(200).text();
    let csrf = hidden(&html, "csrf");
    let fields: Vec<_> = fields.iter().copied().chain([("csrf", csrf.as_str())]).collect();
    browser.submit(&at(page), &fields).await
}

/// The same with the form of the account page itself.
async fn post(browser: &Browser, action: &str, fields: &[(&str, &str)]) -> Response {
    let html = browser.get(ACCOUNT).await.expect(200).text();
    let csrf = hidden(&html, "csrf");
    let fields: Vec<_> = fields.iter().copied().chain([("csrf", csrf.as_str())]).collect();
    browser.submit(&at(action), &fields).await
}

/// What the account page says.
async fn account(browser: &Browser) -> String {
    words(&browser.get(ACCOUNT).await.expect(200).text())
}

/// The addresses on the account page that begin so.
async fn links(browser: &Browser, begins: &str) -> Vec<String> {
    let html = browser.get(ACCOUNT).await.expect(200).text().replace("&#x2f;", "/");
    let found = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    found.filter(|address| address.starts_with(&at(begins))).map(str::to_owned).collect()
}

async fn change_password(browser: &Browser, current: &str, new: &str) -> Response {
    act(browser, "/password", &[("password", current), ("new_password", new)]).await
}

/// Makes backup codes and gives them.
async fn backup_codes(browser: &Browser) -> Vec<String> {
    let html = act(browser, "/backup-codes", &[]).await.expect(200).text();
    let codes = html.split("<code>").skip(1).filter_map(|rest| rest.split("</code>").next());
    let codes: Vec<String> = codes.map(str::to_owned).collect();
    assert_eq!(codes.len(), 10, "{html}");
    codes
}

/// Where a page behind the fresh gate leads somebody who is not fresh.
#[track_caller]
fn leads_to_sign_in(answer: &Response, page: &str) {
    assert_eq!(answer.status, 303, "{page}");
    let address = format!("/_doorward/login?rd=%2F_doorward%2Faccount%2F{}", &page[1..]);
    assert_eq!(answer.location(), address);
}

const GUARDED: [&str; 6] =
    ["/password", "/email", "/second-step", "/backup-codes", "/sessions", "/devices"];

/// A site with a page that asks for the password alone.
fn mixed() -> Setup {
    let rules = [
        r#"{ path: "/simple/**", policy: one_factor }"#,
        r#"{ path: "/mail-only/**", policy: otp_only }"#,
        "{ policy: two_factor }",
    ];
    Setup { rules: rules.map(str::to_owned).to_vec(), ..Setup::default() }
}

#[tokio::test]
async fn r29_the_account_page_shows_profile_sessions_browsers_and_the_last_sign_ins() {
    let site = Site::start().await;
    let nobody = Browser::new(&site);
    let sent = nobody.get(ACCOUNT).await.expect(303);
    assert_eq!(sent.location(), "/_doorward/login?rd=%2F_doorward%2Faccount");
    nobody.submit_password("ada", "not hers").await.expect(401);
    let other = signed_in(&site, &GRACE).await;
    let browser = Browser::new(&site);
    sign_in_and_trust(&browser, &site, &ADA, true).await;
    let page = account(&browser).await;
    for told in [
        "Usernameada",
        "ada@example.org",
        "This browser",
        "Trusted until",
        "Chrome on Linux",
        "127.0.0.1",
        "Wrong password",
        "You have none.",
    ] {
        assert!(page.contains(told), "{told} is missing: {page}");
    }
    assert_eq!(page.matches("Signed in").count(), 2, "a heading and one sign-in: {page}");
    assert!(!page.contains("grace"), "{page}");
    assert!(account(&other).await.contains("grace@example.org"));
    let html = browser.get(ACCOUNT).await.expect(200);
    assert_eq!(html.header("cache-control"), Some("no-store"));
    assert!(html.text().contains("value=\"Ada Lovelace\""));
}

#[tokio::test]
async fn a_sign_in_for_the_account_page_comes_back_to_it() {
    let site = Site::start().await;
    let browser = Browser::new(&site);
    let answer = browser.submit_password_for("ada", ADA.password, ACCOUNT).await.expect(303);
    assert_eq!(answer.location(), "/_doorward/code");
    let code = site.mailbox.next_code_to(ADA.email).await.code();
    assert_eq!(browser.submit_code(&code).await.expect(303).location(), ACCOUNT);
    let home = browser.get("/_doorward/").await.expect(200).text();
    assert!(home.contains(ACCOUNT), "the way to it is shown: {home}");
}

#[tokio::test]
async fn a_name_is_changed_and_the_app_sees_it_at_once() {
    let site = Site::start().await;
    let browser = signed_in(&site, &ADA).await;
    browser.get("/private").await.expect(200);
    assert_eq!(site.upstream.last().header("remote-name"), Some("Ada Lovelace"));
    let answer = post(&browser, "/profile", &[("full_name", " Augusta Ada King ")]).await;
    assert_eq!(answer.expect(303).location(), ACCOUNT);
    let page = browser.get(ACCOUNT).await.expect(200).text();
    assert!(page.contains("role=\"status\"") && page.contains("Your name was saved."), "{page}");
    browser.get("/private").await.expect(200);
    assert_eq!(site.upstream.last().header("remote-name"), Some("Augusta Ada King"));
    assert!(!account(&browser).await.contains("was saved"), "it is said once");

    let refused = post(&browser, "/profile", &[("full_name", &"x".repeat(129))]).await;
    assert_eq!(alerts(&refused.expect(400).text()).len(), 1);
    post(&browser, "/profile", &[("full_name", "")]).await.expect(303);
    browser.get("/private").await.expect(200);
    assert_eq!(site.upstream.last().header("remote-name"), None);
}

#[tokio::test]
async fn a_language_is_chosen_for_the_account_and_its_mails() {
    let site = Site::start().await;
    let browser = signed_in(&site, &ADA).await;
    post(&browser, "/language", &[("language", "tlh")]).await.expect(400);
    post(&browser, "/language", &[("language", "de")]).await.expect(303);
    assert!(browser.get(ACCOUNT).await.expect(200).text().contains("<html lang=\"de\">"));
    // In any other browser it is what the account has chosen, as soon as somebody is signed in.
    let other = Browser::new(&site).always("Accept-Language", "en");
    other.submit_password("ada", ADA.password).await.expect(303);
    let mail = site.mailbox.next_code_to(ADA.email).await;
    assert!(!mail.text.contains("This was not you?"), "{}", mail.text);
    other.submit_code(&mail.code()).await.expect(303);
    assert!(other.get(ACCOUNT).await.expect(200).text().contains("<html lang=\"de\">"));
    post(&other, "/language", &[("language", "")]).await.expect(303);
    assert!(other.get(ACCOUNT).await.expect(200).text().contains("<html lang=\"en\">"));
}

#[tokio::test]
async fn s36_what_guards_an_account_wants_both_factors_within_five_minutes() {
    let site = Site::with(mixed()).await;
    let browser = signed_in(&site, &ADA).await;
    let csrf = hidden(&browser.get(ACCOUNT).await.expect(200).text(), "csrf");
    site.travel(5 * MINUTE - Duration::from_secs(20));
    for page in ["/password", "/email", "/second-step", "/backup-codes", "/sessions", "/devices"] {
        browser.get(&at(page)).await.expect(200);
    }
    // A page that was opened in time is not enough: the post is looked at.
    site.travel(Duration::from_secs(30));
    for page in GUARDED {
        leads_to_sign_in(&browser.get(&at(page)).await, page);
        let fields = [
            ("csrf", csrf.as_str()),
            ("password", ADA.password),
            ("new_password", "quite another password, ada"),
            ("email", "new@example.org"),
            ("second_step", "on"),
        ];
        leads_to_sign_in(&browser.submit(&at(page), &fields).await, page);
    }
    assert!(account(&browser).await.contains("You have none."), "no codes were made");
    // The way through: password and code, although the browser is signed in, and back to the page.
    let form = browser.get("/_doorward/login?rd=%2F_doorward%2Faccount%2Fpassword").await;
    let form = form.expect(200).text();
    assert!(form.contains("type=\"password\"") && form.contains("value=\"ada\""), "{form}");
    let (csrf, rd) = (hidden(&form, "csrf"), hidden(&form, "rd"));
    let fields = [("username", "ada"), ("password", ADA.password), ("csrf", &csrf), ("rd", &rd)];
    let answer = browser.submit("/_doorward/login", &fields).await.expect(303);
    assert_eq!(answer.location(), "/_doorward/code");
    let code = site.mailbox.next_code_to(ADA.email).await.code();
    assert_eq!(browser.submit_code(&code).await.expect(303).location(), at("/password"));
    browser.get(&at("/password")).await.expect(200);
}

#[tokio::test]
async fn s36_a_trusted_browser_and_a_single_factor_are_asked_for_the_code() {
    let site = Site::with(mixed()).await;
    let trusted = Browser::new(&site);
    sign_in_and_trust(&trusted, &site, &ADA, true).await;
    trusted.sign_out().await.expect(303);
    let answer = trusted.submit_password_for("ada", ADA.password, "/private").await.expect(303);
    assert_eq!(answer.location(), "/private", "elsewhere the browser is enough");
    let simple = Browser::new(&site);
    let answer = simple.submit_password_for("ada", ADA.password, "/simple/x").await.expect(303);
    assert_eq!(answer.location(), "/simple/x");
    for browser in [&trusted, &simple] {
        for page in GUARDED {
            leads_to_sign_in(&browser.get(&at(page)).await, page);
        }
        account(browser).await;
        let sent = browser.get(&at("/email")).await.expect(303);
        let page = browser.get(sent.location()).await.expect(200).text();
        assert!(!page.contains("type=\"password\""), "the password was shown just now: {page}");
        let fields = [("csrf", hidden(&page, "csrf")), ("rd", hidden(&page, "rd"))];
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        browser.submit("/_doorward/code/start", &fields).await.expect(303);
        let code = site.mailbox.next_code_to(ADA.email).await.code();
        assert_eq!(browser.submit_code(&code).await.expect(303).location(), at("/email"));
        browser.get(&at("/email")).await.expect(200);
    }
    // On the way to such a page a trusted browser is asked at once.
    trusted.sign_out().await.expect(303);
    let answer = trusted.submit_password_for("ada", ADA.password, &at("/password")).await;
    assert_eq!(answer.expect(303).location(), "/_doorward/code");
    // By mail alone nobody is fresh.
    let by_mail = Browser::new(&site);
    ask_by_mail(&by_mail, "grace").await.expect(303);
    let code = site.mailbox.next_code_to(GRACE.email).await.code();
    by_mail.submit_code(&code).await.expect(303);
    leads_to_sign_in(&by_mail.get(&at("/password")).await, "/password");
    assert_eq!(told(&site, ADA.email, "Your password was changed").await.len(), 0);
}

#[tokio::test]
async fn s33_another_password_ends_all_other_sessions_and_every_trust_and_is_told() {
    let site = Site::start().await;
    let other = Browser::new(&site);
    sign_in_and_trust(&other, &site, &ADA, true).await;
    let half = Browser::new(&site);
    let waiting = half.half_sign_in(&site, &ADA).await;
    let browser = signed_in(&site, &ADA).await;
    let before = browser.stolen();
    let grace = signed_in(&site, &GRACE).await;

    let wrong = change_password(&browser, "not hers", "quite another password, ada").await;
    assert_eq!(alerts(&wrong.expect(403).text()).len(), 1);
    let weak = change_password(&browser, ADA.password, "password1234").await.expect(400).text();
    assert_eq!(alerts(&weak).len(), 1, "{weak}");
    let like = change_password(&browser, ADA.password, "ada@example.org").await.expect(400);
    assert_eq!(alerts(&like.text()).len(), 1, "S43");
    change_password(&browser, "", "quite another password, ada").await.expect(400);
    assert!(other.is_signed_in().await, "nothing has changed so far");

    let new = "quite another password, ada";
    let changed = change_password(&browser, ADA.password, new).await.expect(303);
    assert_eq!(changed.location(), ACCOUNT);
    let page = account(&browser).await;
    assert!(page.contains("Your password was changed."), "{page}");
    assert!(page.contains("asked for a code"), "known, and not trusted: {page}");
    assert!(browser.is_signed_in().await, "this browser goes on");
    assert!(!before.is_signed_in().await, "S28: under another secret");
    assert!(!other.is_signed_in().await);
    assert!(grace.is_signed_in().await);
    half.submit_code_anyway(&waiting).await;
    assert!(!half.is_signed_in().await, "open challenges are gone");
    let mails = told(&site, ADA.email, "Your password was changed").await;
    assert_eq!(mails.len(), 1);
    assert!(!mails[0].text.contains(new));

    let fresh = Browser::new(&site);
    fresh.submit_password("ada", ADA.password).await.expect(401);
    let answer = other.submit_password("ada", new).await.expect(303);
    assert_eq!(answer.location(), "/_doorward/code", "no browser is trusted any more");
}

#[tokio::test]
async fn wrong_present_passwords_are_counted_like_failed_sign_ins() {
    let site = Site::start().await;
    let browser = signed_in(&site, &ADA).await;
    let mut refused = 0;
    for _ in 0..8 {
        let answer = change_password(&browser, "not hers", "quite another password, ada").await;
        refused += usize::from(answer.status == 429);
        if answer.status == 429 {
            assert!(answer.header("retry-after").is_some());
        }
    }
    assert!(refused >= 1, "after five the waits begin");
}

#[tokio::test]
async fn s33_of_two_who_change_the_password_at_once_one_succeeds() {
    let site = Site::start().await;
    let browsers = [signed_in(&site, &ADA).await, signed_in(&site, &ADA).await];
    let mut requests = Vec::new();
    for (number, browser) in browsers.iter().enumerate() {
        let html = browser.get(&at("/password")).await.expect(200).text();
        let (csrf, new) = (hidden(&html, "csrf"), format!("quite another password {number}, yes"));
        let fields =
            [("password", ADA.password), ("new_password", new.as_str()), ("csrf", csrf.as_str())];
        requests.push(browser.prepare(browser.form(&at("/password"), &fields)));
    }
    let address = site.address;
    let answers = requests.into_iter().map(|request| {
        tokio::spawn(async move { crate::support::http::exchange(address, &request).await })
    });
    let mut changed = 0;
    for answer in answers.collect::<Vec<_>>() {
        let answer = answer.await.unwrap();
        changed += usize::from(answer.status == 303 && answer.location() == ACCOUNT);
    }
    assert_eq!(changed, 1);
    assert_eq!(told(&site, ADA.email, "Your password was changed").await.len(), 1);
}

#[tokio::test]
async fn s35_s39_a_session_is_signed_out_from_the_account_page_by_its_owner_alone() {
    let site = Site::start().await;
    let (browser, other) = (signed_in(&site, &ADA).await, signed_in(&site, &ADA).await);
    let grace = signed_in(&site, &GRACE).await;
    let of_others = links(&browser, "/sessions/").await;
    assert_eq!(of_others.len(), 1, "this one is not among them: {of_others:?}");
    let page = of_others[0].strip_prefix(ACCOUNT).unwrap();

    // Another account's session is none, to look at or to end.
    grace.get(&of_others[0]).await.expect(404);
    post(&grace, page, &[]).await.expect(404);
    assert!(other.is_signed_in().await);
    post(&browser, "/sessions/not-an-id", &[]).await.expect(404);
    browser.submit(&of_others[0], &[]).await.expect(403);
    assert!(other.is_signed_in().await, "without a token nothing is done");

    act(&browser, page, &[]).await.expect(303);
    assert!(account(&browser).await.contains("That browser was signed out."));
    assert!(!other.is_signed_in().await, "at its next request");
    assert!(browser.is_signed_in().await && grace.is_signed_in().await);
    post(&browser, page, &[]).await.expect(404);

    // All others at once.
    let (one, two) = (signed_in(&site, &ADA).await, signed_in(&site, &ADA).await);
    act(&browser, "/sessions", &[]).await.expect(303);
    assert!(!one.is_signed_in().await && !two.is_signed_in().await);
    assert!(browser.is_signed_in().await && grace.is_signed_in().await);
    // Disabled, it is over for this one too (S39).
    site.cli(&["accounts", "disable", "ada"], "").await;
    crate::support::tools::eventually("the end of the session", async || {
        (browser.get(ACCOUNT).await.status == 303).then_some(())
    })
    .await;
}

#[tokio::test]
async fn r10_browsers_are_listed_and_forgotten_by_their_owner_alone() {
    let site = Site::start().await;
    let (browser, other) = (Browser::new(&site), Browser::new(&site));
    sign_in_and_trust(&other, &site, &ADA, true).await;
    site.travel(MINUTE);
    sign_in_and_trust(&browser, &site, &ADA, true).await;
    let grace = signed_in(&site, &GRACE).await;
    let devices = links(&browser, "/devices/").await;
    assert_eq!(devices.len(), 2, "{devices:?}");
    let oldest = devices[1].strip_prefix(ACCOUNT).unwrap();
    grace.get(&devices[1]).await.expect(404);
    post(&grace, oldest, &[]).await.expect(404);
    act(&browser, oldest, &[]).await.expect(303);
    assert_eq!(links(&browser, "/devices/").await.len(), 1);
    other.set_cookie("doorward", None);
    let answer = other.submit_password("ada", ADA.password).await.expect(303);
    assert_eq!(answer.location(), "/_doorward/code");
    site.mailbox.next_code_to(ADA.email).await;
    // All.
    sign_in_and_trust(&Browser::new(&site), &site, &ADA, true).await;
    act(&browser, "/devices", &[]).await.expect(303);
    assert_eq!(links(&browser, "/devices/").await.len(), 0);
    assert!(account(&browser).await.contains("None so far."));
    assert_eq!(links(&grace, "/devices/").await.len(), 1);
}

#[tokio::test]
async fn r13_s44_backup_codes_stand_in_for_the_mail_once_each() {
    let site = Site::start().await;
    let browser = signed_in(&site, &ADA).await;
    let codes = backup_codes(&browser).await;
    assert_eq!(told(&site, ADA.email, "New backup codes").await.len(), 1);
    assert!(account(&browser).await.contains("10 codes left"));
    for (_, bytes) in site.written() {
        for code in &codes {
            let plain = code.replace('-', "");
            for kept in [code.as_bytes(), plain.as_bytes()] {
                assert!(!bytes.windows(kept.len()).any(|window| window == kept), "S12");
            }
        }
    }
    let other = Browser::new(&site);
    other.half_sign_in(&site, &ADA).await;
    let typed = codes[0].to_lowercase().replace('-', " ");
    other.submit_code(&typed).await.expect(303);
    assert!(other.is_signed_in().await);
    other.get("/private").await.expect(200);
    let mails = told(&site, ADA.email, "A backup code was used").await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].text.contains("9 codes are left."), "{}", mails[0].text);
    assert!(account(&browser).await.contains("9 codes left"));
    other.get(&at("/email")).await.expect(200);

    // Once each, and of this account alone.
    let again = Browser::new(&site);
    again.half_sign_in(&site, &ADA).await;
    again.submit_code(&codes[0]).await.expect(401);
    let grace = Browser::new(&site);
    grace.half_sign_in(&site, &GRACE).await;
    grace.submit_code(&codes[1]).await.expect(401);
    assert!(!again.is_signed_in().await && !grace.is_signed_in().await);
    again.submit_code(&codes[1]).await.expect(303);
    assert!(again.is_signed_in().await, "another one still works");

    // A new set kills the old.
    let new = backup_codes(&browser).await;
    let later = Browser::new(&site);
    later.half_sign_in(&site, &ADA).await;
    later.submit_code(&codes[2]).await.expect(401);
    later.submit_code(&new[0]).await.expect(303);
    assert!(later.is_signed_in().await);
    let metrics = site.metrics().await;
    let events = |event| metrics.sum("doorward_security_events_total", &[("event", event)]);
    assert_eq!((events("backup_codes_made"), events("backup_code_used")), (2.0, 3.0));
}

#[tokio::test]
async fn s44_a_backup_code_is_nothing_without_the_password() {
    let site = Site::start().await;
    let browser = signed_in(&site, &ADA).await;
    let codes = backup_codes(&browser).await;
    let by_mail = Browser::new(&site);
    ask_by_mail(&by_mail, "ada").await.expect(303);
    by_mail.submit_code(&codes[0]).await.expect(401);
    assert!(!by_mail.is_signed_in().await);
    let nobody = Browser::new(&site);
    ask_by_mail(&nobody, "nobody-here").await.expect(303);
    nobody.submit_code(&codes[0]).await.expect(401);
    assert!(account(&browser).await.contains("10 codes left"), "none was used up");
}

#[tokio::test]
async fn s44_fifty_parallel_uses_of_a_backup_code_open_one_session() {
    let site = Site::start().await;
    let browser = signed_in(&site, &ADA).await;
    let codes = backup_codes(&browser).await;
    let mut requests = Vec::new();
    for _ in 0..10 {
        let other = Browser::new(&site);
        other.half_sign_in(&site, &ADA).await;
        let csrf = other.code_token().await;
        let fields = [("code", codes[0].as_str()), ("csrf", csrf.as_str())];
        let request = other.prepare(other.form("/_doorward/code", &fields));
        requests.extend(vec![request; 5]);
    }
    let address = site.address;
    let uses: Vec<_> = requests
        .into_iter()
        .map(|request| {
            tokio::spawn(async move { crate::support::http::exchange(address, &request).await })
        })
        .collect();
    let mut sessions = 0;
    for answer in uses {
        let answer = answer.await.unwrap();
        let cookies = answer.all("set-cookie");
        sessions += cookies.iter().filter(|line| line.starts_with("doorward=")).count();
    }
    assert_eq!(sessions, 1);
    assert!(account(&browser).await.contains("9 codes left"));
}

#[tokio::test]
async fn s44_wrong_backup_codes_count_in_the_challenge_and_in_the_budget() {
    let site = Site::start().await;
    let browser = signed_in(&site, &ADA).await;
    let codes = backup_codes(&browser).await;
    // Strangers have ten wrong guesses a day, of whatever kind.
    for round in 0..2 {
        let stranger = Browser::new(&site);
        stranger.half_sign_in(&site, &ADA).await;
        for guess in 0..5 {
            let answer = stranger.submit_code(&format!("{round}{guess}ZZZZZZZZ")).await;
            let expected = if guess == 4 { 410 } else { 401 };
            assert_eq!(answer.status, expected, "guess {guess} of round {round}");
        }
        stranger.submit_code_anyway(&codes[0]).await;
        assert!(!stranger.is_signed_in().await, "no guess is left for the right one");
    }
    let stranger = Browser::new(&site);
    stranger.submit_password("ada", ADA.password).await.expect(303);
    site.mailbox.next_code_to(ADA.email).await;
    stranger.submit_code_anyway(&codes[0]).await;
    assert!(!stranger.is_signed_in().await, "the budget is spent: codes are not taken");
    assert!(account(&browser).await.contains("10 codes left"));
    // The owner's own browser has a budget of its own (S56).
    browser.set_cookie("doorward", None);
    browser.half_sign_in(&site, &ADA).await;
    browser.submit_code(&codes[0]).await.expect(303);
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn backup_codes_are_given_back_as_a_file_and_nothing_else_is() {
    let site = Site::start().await;
    let browser = signed_in(&site, &ADA).await;
    let html = act(&browser, "/backup-codes", &[]).await.expect(200).text();
    let names: Vec<String> = (1..=10).map(|number| format!("code{number}")).collect();
    let values: Vec<String> = names.iter().map(|name| hidden(&html, name)).collect();
    let csrf = hidden(&html, "csrf");
    let mut fields: Vec<(&str, &str)> =
        names.iter().zip(&values).map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.push(("csrf", &csrf));
    let file = browser.submit(&at("/backup-codes/file"), &fields).await.expect(200);
    assert_eq!(
        file.header("content-disposition"),
        Some("attachment; filename=\"backup-codes.txt\"")
    );
    assert_eq!(file.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(file.header("cache-control"), Some("no-store"));
    for value in &values {
        assert!(file.text().contains(value), "{}", file.text());
    }
    fields[0].1 = "<script>alert(1)</script>";
    browser.submit(&at("/backup-codes/file"), &fields).await.expect(400);
    fields.pop();
    browser.submit(&at("/backup-codes/file"), &fields).await.expect(403);
    let shown = browser.get(&at("/backup-codes")).await.expect(200).text();
    assert!(!shown.contains("<code>"), "they are shown once");
}

#[tokio::test]
async fn r15_s37_an_address_is_changed_once_its_code_is_typed_and_both_are_told() {
    let site = Site::start().await;
    let browser = signed_in(&site, &ADA).await;
    for bad in ["ada", "a@x,b@y", "ada@example.org"] {
        let refused = act(&browser, "/email", &[("email", bad)]).await.expect(400).text();
        assert_eq!(alerts(&refused).len(), 1, "{bad}");
    }
    let asked = act(&browser, "/email", &[("email", "ada@new.example")]).await.expect(303);
    assert_eq!(asked.location(), "/_doorward/code");
    let mail = site.mailbox.next_code_to("ada@new.example").await;
    assert!(told(&site, ADA.email, "The e-mail address").await.is_empty(), "not yet");
    browser.get("/private").await.expect(200);
    assert_eq!(site.upstream.last().header("remote-email"), Some("ada@example.org"));
    browser.submit_code("000000").await;
    let session = browser.cookie("doorward");
    let answer = browser.submit_code(&mail.code()).await.expect(303);
    assert_eq!(answer.location(), ACCOUNT);
    assert_eq!(browser.cookie("doorward"), session, "the session goes on");
    assert!(account(&browser).await.contains("Your e-mail address was changed."));
    browser.get("/private").await.expect(200);
    assert_eq!(site.upstream.last().header("remote-email"), Some("ada@new.example"));
    let old = told(&site, ADA.email, "The e-mail address of your account").await;
    let new = told(&site, "ada@new.example", "The e-mail address of your account").await;
    assert_eq!((old.len(), new.len()), (1, 1));
    assert!(old[0].text.contains("ada@new.example"), "{}", old[0].text);
    // The old address is nobody's name any more, the new one is.
    let other = Browser::new(&site);
    other.submit_password("ada@example.org", ADA.password).await.expect(401);
    other.submit_password("ada@new.example", ADA.password).await.expect(303);
}

#[tokio::test]
async fn s23_s25_an_address_of_another_account_looks_like_any_other_and_is_never_given() {
    let site = Site::start().await;
    let browser = signed_in(&site, &ADA).await;
    let taken = act(&browser, "/email", &[("email", "Grace@Example.org")]).await.expect(303);
    let page = words(&browser.get("/_doorward/code").await.expect(200).text());
    assert_eq!(taken.location(), "/_doorward/code");
    assert!(page.contains("G•••@Example.org"), "{page}");
    let mails = told(&site, GRACE.email, "").await;
    assert_eq!(mails.len(), 1, "its owner is told");
    assert!(!crate::support::people::has_code(&mails[0]), "without a code: {}", mails[0].text);
    for _ in 0..5 {
        browser.submit_code_anyway("123456").await;
    }
    assert!(account(&browser).await.contains("ada@example.org"));
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn s7_a_code_for_one_thing_changes_nothing_else() {
    let site = Site::with(mixed()).await;
    let browser = signed_in(&site, &ADA).await;
    let asked = act(&browser, "/second-step", &[("second_step", "on")]).await.expect(303);
    assert_eq!(asked.location(), "/_doorward/code");
    let second_step = site.mailbox.next_code_to(ADA.email).await.code();
    act(&browser, "/email", &[("email", "ada@new.example")]).await.expect(303);
    let email = site.mailbox.next_code_to("ada@new.example").await.code();
    if second_step != email {
        browser.submit_code(&second_step).await.expect(401);
    }
    let thief = Browser::new(&site);
    thief.submit_password("ada", ADA.password).await.expect(303);
    if second_step != email {
        thief.submit_code_anyway(&email).await;
        assert!(!thief.is_signed_in().await);
    }
    assert!(account(&browser).await.contains("ada@example.org"));
}

#[tokio::test]
async fn s35_a_challenge_of_a_session_that_was_ended_changes_nothing() {
    let site = Site::with(mixed()).await;
    let (browser, other) = (signed_in(&site, &ADA).await, signed_in(&site, &ADA).await);
    act(&other, "/email", &[("email", "thief@new.example")]).await.expect(303);
    let code = site.mailbox.next_code_to("thief@new.example").await.code();
    act(&browser, "/sessions", &[]).await.expect(303);
    other.submit_code_anyway(&code).await;
    assert!(account(&browser).await.contains("ada@example.org"));
    assert!(!other.is_signed_in().await);
}

#[tokio::test]
async fn r12_s33_the_second_step_is_turned_on_and_off_by_a_code() {
    let site = Site::with(mixed()).await;
    let simple = Browser::new(&site);
    let answer = simple.submit_password_for("ada", ADA.password, "/simple/x").await.expect(303);
    assert_eq!(answer.location(), "/simple/x", "off, the password is enough");
    let browser = Browser::new(&site);
    sign_in_and_trust(&browser, &site, &ADA, true).await;
    let before = browser.stolen();
    assert!(account(&browser).await.contains("Off: some pages of this site"));
    act(&browser, "/second-step", &[("second_step", "on")]).await.expect(303);
    let code = site.mailbox.next_code_to(ADA.email).await.code();
    let answer = browser.submit_code(&code).await.expect(303);
    assert_eq!(answer.location(), ACCOUNT);
    assert!(account(&browser).await.contains("Codes are asked for from now on."));
    assert_eq!(told(&site, ADA.email, "Codes by mail are on").await.len(), 1);
    simple.fetch("/simple/x").await.expect(401);
    before.fetch("/simple/x").await.expect(401);
    browser.get("/simple/x").await.expect(200);
    let answer = simple.submit_password_for("ada", ADA.password, "/simple/x").await.expect(303);
    assert_eq!(answer.location(), "/_doorward/code", "on, the code is asked for there too");
    let code = site.mailbox.next_code_to(ADA.email).await.code();
    assert_eq!(simple.submit_code(&code).await.expect(303).location(), "/simple/x");
    // Nobody else is asked.
    let grace = Browser::new(&site);
    let answer = grace.submit_password_for("grace", GRACE.password, "/simple/x").await.expect(303);
    assert_eq!(answer.location(), "/simple/x");

    act(&browser, "/second-step", &[("second_step", "off")]).await.expect(303);
    let mail = site.mailbox.next_code_to(ADA.email).await;
    // By the link as well.
    let path = link(&site, &mail);
    let landed = browser.get(&path).await.expect(303);
    let page = browser.get(landed.location()).await.expect(200).text();
    browser.submit("/_doorward/link", &[("csrf", &hidden(&page, "csrf"))]).await.expect(303);
    assert!(account(&browser).await.contains("Off: some pages of this site"));
    assert_eq!(told(&site, ADA.email, "Codes by mail are off").await.len(), 1, "a warning");
    simple.fetch("/simple/x").await.expect(401);
}

#[tokio::test]
async fn r12_where_the_site_always_asks_there_is_nothing_to_turn() {
    let rules = vec!["{ policy: two_factor }".to_owned()];
    let site = Site::with(Setup { rules, ..Setup::default() }).await;
    let browser = signed_in(&site, &ADA).await;
    assert!(account(&browser).await.contains("This site always asks for it"));
    assert_eq!(browser.get(&at("/second-step")).await.expect(303).location(), ACCOUNT);
    let fields = [("second_step", "off")];
    assert_eq!(post(&browser, "/second-step", &fields).await.expect(303).location(), ACCOUNT);
}

#[tokio::test]
async fn an_operator_sees_and_turns_the_second_step() {
    let site = Site::with(mixed()).await;
    let browser = signed_in(&site, &ADA).await;
    backup_codes(&browser).await;
    let shown = site.cli(&["accounts", "show", "ada"], "").await;
    assert!(shown.contains("second step off") && shown.contains("backup codes 10"), "{shown}");
    site.cli(&["accounts", "second-step", "ada", "on"], "").await;
    let shown = site.cli(&["accounts", "show", "ada", "--json"], "").await;
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&shown["second_step"], &shown["backup_codes"]), (&true.into(), &10.into()));
    crate::support::tools::eventually("the end of the session", async || {
        (!browser.is_signed_in().await).then_some(())
    })
    .await;
    let other = Browser::new(&site);
    let answer = other.submit_password_for("ada", ADA.password, "/simple/x").await.expect(303);
    assert_eq!(answer.location(), "/_doorward/code");
}

#[tokio::test]
async fn s52_no_post_of_the_account_is_taken_from_elsewhere_or_without_its_token() {
    let site = Site::start().await;
    let (browser, other) = (signed_in(&site, &ADA).await, signed_in(&site, &ADA).await);
    let session = links(&browser, "/sessions/").await[0].strip_prefix(ACCOUNT).unwrap().to_owned();
    let device = links(&browser, "/devices/").await[0].strip_prefix(ACCOUNT).unwrap().to_owned();
    let csrf = hidden(&browser.get(ACCOUNT).await.expect(200).text(), "csrf");
    let mut pages: Vec<&str> = GUARDED.to_vec();
    pages.extend(["/profile", "/language", "/backup-codes/file", &session, &device]);
    for page in pages {
        let fields = [("csrf", csrf.as_str())];
        let foreign = browser.form(&at(page), &fields).instead("Sec-Fetch-Site", "cross-site");
        browser.send(foreign).await.expect(403);
        let foreign = browser
            .form(&at(page), &fields)
            .without("Sec-Fetch-Site")
            .instead("Origin", "https://evil.example");
        browser.send(foreign).await.expect(403);
        browser.submit(&at(page), &[("csrf", "x")]).await.expect(403);
        browser.submit(&at(page), &[]).await.expect(403);
        let json = Request::post(&at(page)).navigate().body("application/json", "{}");
        browser.send(json).await.expect(400);
    }
    assert!(other.is_signed_in().await && browser.is_signed_in().await);
    assert_eq!(links(&browser, "/devices/").await.len(), 2);
}

#[tokio::test]
async fn s28_half_a_sign_in_opens_nothing_of_the_account() {
    let site = Site::start().await;
    let half = Browser::new(&site);
    half.half_sign_in(&site, &ADA).await;
    half.get(ACCOUNT).await.expect(303);
    for page in GUARDED {
        leads_to_sign_in(&half.get(&at(page)).await, page);
    }
    let csrf = half.code_token().await;
    for page in ["/profile", "/password", "/backup-codes", "/sessions"] {
        let fields = [("csrf", csrf.as_str()), ("full_name", "Mallory")];
        let answer = half.submit(&at(page), &fields).await.expect(303);
        assert!(answer.location().starts_with("/_doorward/login"), "{page}");
    }
}
