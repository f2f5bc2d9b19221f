//! Trusted browsers, remembered sessions, fresh sign-ins.

use std::time::Duration;

use crate::support::browser::Browser;
use crate::support::http::{Response, exchange};
use crate::support::page::{hidden, words};
use crate::support::people::{ask_by_mail, sign_in_and_trust, told};
use crate::support::site::{ADA, GRACE, Person, Setup, Site};
use crate::support::tools::eventually;

const DAY: Duration = Duration::from_secs(86_400);

/// A browser that ada trusts, signed out.
async fn trusted(site: &Site) -> Browser {
    let browser = Browser::new(site);
    sign_in_and_trust(&browser, site, &ADA, true).await;
    browser.sign_out().await.expect(303);
    browser
}

/// Whether name and password are enough in this browser. Nobody is signed in afterwards.
async fn password_is_enough(browser: &Browser, person: &Person) -> bool {
    browser.set_cookie("doorward", None);
    let answer = browser.submit_password(person.username, person.password).await.expect(303);
    let enough = answer.location() == "/";
    assert_eq!(browser.cookie("doorward").is_some(), enough);
    assert!(enough || answer.location() == "/_doorward/code", "{}", answer.location());
    browser.set_cookie("doorward", None);
    enough
}

async fn devices(site: &Site, name: &str) -> Vec<serde_json::Value> {
    let listed = site.cli(&["devices", "list", "--account", name, "--json"], "").await;
    serde_json::from_str(&listed).expect("a list in JSON")
}

#[tokio::test]
async fn a_trusted_browser_is_spared_the_code_and_only_where_its_owner_asked_for_that() {
    let site = Site::start().await;
    let untrusted = Browser::new(&site);
    sign_in_and_trust(&untrusted, &site, &ADA, false).await;
    assert!(!password_is_enough(&untrusted, &ADA).await, "known is not trusted");
    site.mailbox.next_code_to(ADA.email).await;

    let browser = trusted(&site).await;
    let before = browser.cookie("doorward-device");
    let answer = browser.submit_password_for("ada", ADA.password, "/private?x=1").await.expect(303);
    assert_eq!(answer.location(), "/private?x=1");
    browser.get("/private?x=1").await.expect(200);
    assert_ne!(browser.cookie("doorward-device"), before, "the token rotates at its use");
    let cookie =
        answer.all("set-cookie").into_iter().find(|line| line.contains("-device=")).unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    assert_eq!(site.upstream.last().header("cookie"), None, "the app sees none of ours");
    assert_eq!(told(&site, ADA.email, "Your sign-in").await.len(), 3, "no fourth was needed");
    assert!(!password_is_enough(&Browser::new(&site), &ADA).await, "any other browser is asked");
}

#[tokio::test]
async fn trust_is_offered_where_a_code_follows_a_password_and_nowhere_else() {
    let site = Site::start().await;
    let browser = Browser::new(&site);
    browser.submit_password(ADA.username, ADA.password).await.expect(303);
    let page = browser.get("/_doorward/code").await.expect(200).text();
    assert!(words(&page).contains("Trust this browser for 30 days"), "{page}");
    assert!(!page.contains("checked"), "nobody trusts by default");
    let by_mail = Browser::new(&site);
    ask_by_mail(&by_mail, "grace").await.expect(303);
    let page = by_mail.get("/_doorward/code").await.expect(200).text();
    assert!(!page.contains("trust_device"), "{page}");
    // Asked for all the same, it is not given.
    let code = site.mailbox.next_code_to(GRACE.email).await.code();
    let fields =
        [("code", code.as_str()), ("csrf", &hidden(&page, "csrf")), ("trust_device", "on")];
    by_mail.submit("/_doorward/code", &fields).await.expect(303);
    assert_eq!(devices(&site, "grace").await.len(), 0);
}

#[tokio::test]
async fn s31_a_device_alone_signs_nobody_in_and_a_foreign_altered_or_expired_one_is_nothing() {
    let site = Site::start().await;
    let browser = trusted(&site).await;
    let cookie = browser.cookie("doorward-device").unwrap();

    let alone = Browser::new(&site);
    alone.set_cookie("doorward-device", Some(&cookie));
    assert!(!alone.is_signed_in().await);
    alone.set_cookie("doorward", Some(&cookie));
    assert!(!alone.is_signed_in().await, "nor under the name of a session");
    alone.set_cookie("doorward", None);
    alone.submit_password(ADA.username, "not hers").await.expect(401);
    ask_by_mail(&alone, "ada").await.expect(303);
    assert!(!alone.is_signed_in().await);
    assert!(!password_is_enough(&alone, &GRACE).await, "ada's browser is not grace's");

    for place in (0..cookie.len()).step_by(9) {
        let mut forged: Vec<u8> = cookie.bytes().collect();
        forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
        let thief = Browser::new(&site);
        thief.set_cookie("doorward-device", Some(std::str::from_utf8(&forged).unwrap()));
        assert!(!password_is_enough(&thief, &ADA).await, "character {place} may be changed");
    }
    for malformed in ["", "x", &cookie[1..], &format!("{cookie}A"), &"A".repeat(3000)] {
        let thief = Browser::new(&site);
        thief.set_cookie("doorward-device", Some(malformed));
        assert!(!password_is_enough(&thief, &ADA).await, "{malformed:?}");
    }

    assert!(password_is_enough(&browser, &ADA).await, "none of that has harmed it");
    site.travel(DAY * 30 - Duration::from_secs(120));
    assert!(password_is_enough(&browser, &ADA).await, "30 days are not over");
    site.travel(Duration::from_secs(121));
    assert!(!password_is_enough(&browser, &ADA).await, "its use does not prolong the trust");
}

#[tokio::test]
async fn s31_a_device_of_one_site_is_nothing_on_another() {
    let other =
        r#"{ host: other.localhost, upstreams: ["UPSTREAM"], rules: [{ policy: two_factor }] }"#;
    let setup = Setup {
        more_sites: vec![other.to_owned()],
        portal: Some("single_sign_on: false"),
        ..Setup::default()
    };
    let site = Site::with(setup).await;
    let here = trusted(&site).await;
    let there = Browser::at(site.address, &format!("other.localhost:{}", site.address.port()));
    there.set_cookie("doorward-device", here.cookie("doorward-device").as_deref());
    assert!(!password_is_enough(&there, &ADA).await);
    assert!(password_is_enough(&here, &ADA).await);
}

#[tokio::test]
async fn s32_tabs_in_parallel_go_on_and_a_copy_used_later_ends_the_series_and_is_told() {
    let site = Site::start().await;
    let browser = trusted(&site).await;
    let csrf = browser.login_token().await;
    let fields =
        [("username", "ada"), ("password", ADA.password), ("csrf", csrf.as_str()), ("rd", "/")];
    let request = browser.prepare(browser.form("/_doorward/login", &fields));
    let address = site.address;
    let tabs: Vec<_> = (0..8)
        .map(|_| {
            let request = request.clone();
            tokio::spawn(async move { exchange(address, &request).await })
        })
        .collect();
    let mut rotated = Vec::new();
    for tab in tabs {
        let answer = tab.await.unwrap().expect(303);
        assert_eq!(answer.location(), "/", "each tab is let in");
        rotated.extend(device_cookie(&answer));
    }
    assert_eq!(rotated.len(), 1, "one rotation, and the others in its grace");

    let copy = browser.stolen();
    browser.set_cookie("doorward-device", Some(&rotated[0]));
    site.travel(Duration::from_secs(50));
    assert!(password_is_enough(&copy, &ADA).await, "inside the grace");
    assert!(password_is_enough(&browser, &ADA).await);
    site.outbox_is_empty().await;
    assert!(site.mailbox.take(ADA.email).is_none(), "nothing was amiss so far");

    // The token of before the last rotation, after its grace: a copy.
    site.travel(Duration::from_secs(61));
    assert!(!password_is_enough(&copy, &ADA).await);
    assert!(!password_is_enough(&browser, &ADA).await, "the series is dead, whoever has it");
    assert_eq!(devices(&site, "ada").await.len(), 0);
    let notices = told(&site, ADA.email, "A trusted browser was removed").await;
    assert_eq!(notices.len(), 1);
    assert!(notices[0].text.contains("Chrome on Linux"), "{}", notices[0].text);
}

fn device_cookie(answer: &Response) -> Option<String> {
    let cookies = answer.all("set-cookie");
    let line = cookies.into_iter().find_map(|line| line.strip_prefix("doorward-device="))?;
    Some(line.split(';').next()?.to_owned())
}

#[tokio::test]
async fn s32_a_copy_beside_another_account_is_told_to_the_owner_of_the_browser() {
    let site = Site::start().await;
    let browser = trusted(&site).await;
    let copy = browser.stolen();
    assert!(password_is_enough(&browser, &ADA).await);
    site.travel(Duration::from_secs(61));
    copy.submit_password(ADA.username, "not hers").await.expect(401);
    assert!(!password_is_enough(&copy, &GRACE).await, "with another account's password");
    // A copy is a copy, whoever signs in beside it: it ends the series, and the owner is told.
    assert_eq!(told(&site, ADA.email, "A trusted browser").await.len(), 1);
    assert!(told(&site, GRACE.email, "A trusted browser").await.is_empty());
    assert!(!password_is_enough(&browser, &ADA).await);
}

#[tokio::test]
async fn s33_another_password_ends_every_trust_and_every_session() {
    let site = Site::start().await;
    let signed_in = Browser::new(&site);
    sign_in_and_trust(&signed_in, &site, &ADA, true).await;
    let browser = trusted(&site).await;
    let grace = Browser::new(&site);
    sign_in_and_trust(&grace, &site, &GRACE, true).await;
    let new = Person { password: "quite another password, ada", ..ADA };
    let arguments = ["accounts", "set-password", "ada", "--password-stdin"];
    site.cli(&arguments, &format!("{}\n", new.password)).await;
    eventually("ada's session to end", async || (!signed_in.is_signed_in().await).then_some(()))
        .await;
    assert!(!password_is_enough(&browser, &new).await);
    assert!(!password_is_enough(&signed_in, &new).await);
    assert_eq!(devices(&site, "ada").await.len(), 0);
    assert!(grace.is_signed_in().await);
    assert!(password_is_enough(&grace, &GRACE).await);
}

#[tokio::test]
async fn a_rule_may_refuse_trusted_browsers_or_want_a_fresh_sign_in() {
    let rules = [
        r#"{ path: "/strict/**", policy: two_factor, trusted_device: false }"#,
        r#"{ path: "/fresh/**", policy: two_factor, fresh: 10m }"#,
        "{ policy: two_factor }",
    ];
    let rules = rules.map(str::to_owned).to_vec();
    let site = Site::with(Setup { rules, ..Setup::default() }).await;
    let browser = trusted(&site).await;

    // On the way to the strict page the code is asked for.
    let answer = browser.submit_password_for("ada", ADA.password, "/strict/x").await.expect(303);
    assert_eq!(answer.location(), "/_doorward/code");
    let code = site.mailbox.next_code_to(ADA.email).await.code();
    browser.submit_code(&code).await.expect(303);
    browser.get("/strict/x").await.expect(200);
    browser.sign_out().await.expect(303);

    // Signed in by the trusted browser, the other pages open and the strict one asks for the code alone.
    browser.submit_password_for("ada", ADA.password, "/private").await.expect(303);
    browser.get("/private").await.expect(200);
    browser.fetch("/strict/x").await.expect(401);
    let sent = browser.get("/strict/x").await.expect(303);
    let page = browser.get(sent.location()).await.expect(200).text();
    assert!(!page.contains("type=\"password\""), "the password was shown already: {page}");
    let fields = [("csrf", hidden(&page, "csrf")), ("rd", "/strict/x".to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    browser.submit("/_doorward/code/start", &fields).await.expect(303);
    let code = site.mailbox.next_code_to(ADA.email).await.code();
    browser.submit_code(&code).await.expect(303);
    browser.get("/strict/x").await.expect(200);

    // Fresh: ten minutes, not one more; the session goes on elsewhere, and a sign-in makes it fresh again.
    browser.get("/fresh/x").await.expect(200);
    site.travel(Duration::from_secs(9 * 60));
    browser.get("/fresh/x").await.expect(200);
    site.travel(Duration::from_secs(61));
    browser.fetch("/fresh/x").await.expect(401);
    browser.get("/private").await.expect(200);
    let sent = browser.get("/fresh/x").await.expect(303);
    let page = browser.get(sent.location()).await.expect(200).text();
    assert!(page.contains("type=\"password\""), "{page}");
    let (csrf, rd) = (hidden(&page, "csrf"), hidden(&page, "rd"));
    let fields = [("username", "ada"), ("password", ADA.password), ("csrf", &csrf), ("rd", &rd)];
    let answer = browser.submit("/_doorward/login", &fields).await.expect(303);
    assert_eq!(answer.location(), "/fresh/x", "a trusted browser is spared the code there");
    browser.get("/fresh/x").await.expect(200);
}

#[tokio::test]
async fn devices_are_listed_by_what_people_know_them_by_and_revoked_one_by_one_or_all() {
    let site = Site::start().await;
    let (first, second) = (trusted(&site).await, trusted(&site).await);
    let listed = devices(&site, "ada").await;
    assert_eq!(listed.len(), 2);
    for device in &listed {
        assert_eq!(device["browser"], "Chrome on Linux");
        assert_eq!(device["address"], "127.0.0.1");
        assert_eq!(device["trusted"], true);
        assert_eq!(device["site"], "wiki.localhost");
        assert!(device["last_used_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{device}");
        assert!(!device.to_string().contains(&first.cookie("doorward-device").unwrap()));
    }
    let table = site.cli(&["devices", "list", "--account", "ADA@example.org"], "").await;
    assert!(table.contains("Chrome on Linux"), "{table}");

    // The latest used comes first.
    site.travel(Duration::from_secs(120));
    assert!(password_is_enough(&second, &ADA).await);
    let id = devices(&site, "ada").await[0]["id"].as_str().unwrap().to_owned();
    site.cli(&["devices", "revoke", &id], "").await;
    assert!(!password_is_enough(&second, &ADA).await);
    assert!(password_is_enough(&first, &ADA).await);
    let config = site.config().display().to_string();
    let again = site.run(&["devices", "revoke", &id, "-c", &config], "").await;
    assert_eq!(again.status.code(), Some(1), "there is none any more");
    site.cli(&["devices", "revoke", "--account", "ada"], "").await;
    assert!(!password_is_enough(&first, &ADA).await);
    assert_eq!(devices(&site, "ada").await.len(), 0);
}

#[tokio::test]
async fn a_remembered_session_has_a_life_of_its_own() {
    let top = vec!["session: { lifetime: 2h, idle: 1h, remember: 7d }".to_owned()];
    let site = Site::with(Setup { top, ..Setup::default() }).await;
    let sign_in = async |remember: bool| {
        let browser = Browser::new(&site);
        let csrf = browser.login_token().await;
        let mut fields =
            vec![("username", "ada"), ("password", ADA.password), ("csrf", &csrf), ("rd", "/")];
        fields.extend(remember.then_some(("remember", "on")));
        browser.submit("/_doorward/login", &fields).await.expect(303);
        let code = site.mailbox.next_code_to(ADA.email).await.code();
        let answer = browser.submit_code(&code).await.expect(303);
        let cookies = answer.all("set-cookie");
        let session = cookies.into_iter().find(|line| line.starts_with("doorward=")).unwrap();
        assert_eq!(session.contains("Max-Age=604800"), remember, "{session}");
        assert_eq!(session.contains("Max-Age"), remember, "{session}");
        browser
    };
    let (remembered, plain) = (sign_in(true).await, sign_in(false).await);
    for _ in 0..2 {
        site.travel(Duration::from_secs(50 * 60));
        assert!(plain.is_signed_in().await);
    }
    site.travel(Duration::from_secs(20 * 60 + 1));
    assert!(!plain.is_signed_in().await, "two hours are over");
    site.travel(DAY * 6);
    assert!(remembered.is_signed_in().await, "six idle days are nothing to it");
    site.travel(DAY);
    assert!(!remembered.is_signed_in().await, "seven days are");
}

#[tokio::test]
async fn a_browser_that_is_used_stays_known_without_being_trusted() {
    let site = Site::start().await;
    let browser = Browser::new(&site);
    sign_in_and_trust(&browser, &site, &ADA, false).await;
    let first = browser.cookie("doorward-device");
    let used_at = devices(&site, "ada").await[0]["last_used_at"].clone();
    site.travel(60 * DAY);
    browser.set_cookie("doorward", None);
    sign_in_and_trust(&browser, &site, &ADA, false).await;
    assert_ne!(browser.cookie("doorward-device"), first, "its token changes as it is used");
    let listed = devices(&site, "ada").await;
    assert_eq!(listed.len(), 1, "it is the same browser: {listed:?}");
    assert_ne!(listed[0]["last_used_at"], used_at);
    assert_eq!(told(&site, ADA.email, "An unusual sign-in").await.len(), 0, "and no news");
}
