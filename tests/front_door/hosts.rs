//! One sign-in for many hosts, of whatever domains.

use std::time::{Duration, Instant};

use crate::support::browser::{Browser, Request};
use crate::support::http::Response;
use crate::support::page::{alerts, hidden, words};
use crate::support::site::{ADA, GRACE, Setup, Site};
use crate::support::tools::eventually;
use crate::support::traveller::{Arrival, Traveller};

const WIKI: &str = "wiki.test";
const OTHER: &str = "other.example";
const THIRD: &str = "third.invalid";

/// Three hosts of three domains; people sign in at the wiki.
fn three_hosts() -> Setup {
    let rules = [
        r#"{ path: "/simple/**", policy: one_factor }"#,
        r#"{ path: "/mail-only/**", policy: otp_only }"#,
        r#"{ path: "/fresh/**", policy: two_factor, fresh: 5m }"#,
        r#"{ path: "/own-device/**", policy: two_factor, trusted_device: false }"#,
        r#"{ path: "/staff/**", policy: two_factor, groups: [staff] }"#,
        r#"{ path: "/api/**", policy: two_factor, unauthenticated: "401" }"#,
        "{ policy: two_factor }",
    ];
    let other = |host| {
        format!(r#"{{ host: {host}, upstreams: ["UPSTREAM"], rules: [{}] }}"#, rules.join(", "))
    };
    Setup {
        origin: Some("https://wiki.test"),
        first_host: WIKI,
        more_sites: vec![other(OTHER), other(THIRD)],
        ..Setup::default()
    }
}

async fn start() -> Site {
    Site::with(three_hosts()).await
}

fn somebody(site: &Site) -> Traveller {
    Traveller::new(site, &[OTHER, THIRD])
}

#[track_caller]
fn assert_arrived(arrival: &Arrival, host: &str, site: &Site, name: &str) {
    assert_eq!((arrival.host.as_str(), arrival.answer.status), (host, 200), "{:#?}", arrival.trail);
    assert!(arrival.answer.text().contains("The app"), "{}", arrival.answer.text());
    assert_eq!(site.upstream.last().header("remote-user"), Some(name));
}

#[track_caller]
fn assert_asked(arrival: &Arrival, heading: &str) {
    assert_eq!((arrival.host.as_str(), arrival.answer.status), (WIKI, 200), "{:#?}", arrival.trail);
    let page = words(&arrival.answer.text());
    assert!(page.contains(heading), "{page}");
}

#[tokio::test]
async fn one_sign_in_opens_hosts_of_any_domain_at_the_very_page() {
    let site = start().await;
    let ada = somebody(&site);
    let arrived = ada.sign_in_for(&site, &ADA, OTHER, "/page?a=1&b=%2F").await;
    assert_arrived(&arrived, OTHER, &site, "ada");
    assert_eq!(site.upstream.last().target(), "/page?a=1&b=%2F");
    assert_eq!(site.upstream.last().header("host"), Some(OTHER));

    // The third host asks nobody anything.
    let arrived = ada.open(THIRD, "/x").await;
    assert_arrived(&arrived, THIRD, &site, "ada");
    assert_eq!(arrived.trail.len(), 5, "{:#?}", arrived.trail);
    assert_arrived(&ada.open(WIKI, "/private").await, WIKI, &site, "ada");
    // And where the browser is known, there is no way around any more.
    assert_eq!(ada.open(THIRD, "/y").await.trail.len(), 1);
    let account = site.cli(&["audit", "--account", "ada"], "").await;
    assert_eq!(account.matches("ticket").count(), 2, "{account}");
}

#[tokio::test]
async fn s34_signing_out_of_one_host_is_signing_out_of_all_at_once() {
    let site = start().await;
    for leave in [WIKI, OTHER, THIRD] {
        let ada = somebody(&site);
        ada.sign_in_for(&site, &ADA, OTHER, "/").await;
        assert_arrived(&ada.open(THIRD, "/").await, THIRD, &site, "ada");
        let elsewhere = somebody(&site);
        elsewhere.sign_in_for(&site, &ADA, OTHER, "/").await;
        ada.at(leave).sign_out().await.expect(303);
        for host in [WIKI, OTHER, THIRD] {
            assert!(!ada.at(host).is_signed_in().await, "{host} after signing out of {leave}");
        }
        assert_asked(&ada.open(OTHER, "/").await, "Sign in");
        assert!(elsewhere.at(OTHER).is_signed_in().await, "another browser stays signed in");
    }
}

#[tokio::test]
async fn s35_s39_revoking_or_disabling_ends_every_host_within_a_second() {
    let site = start().await;
    for ending in ["revoke", "revoke all", "disable"] {
        let ada = somebody(&site);
        ada.sign_in_for(&site, &ADA, OTHER, "/").await;
        ada.open(THIRD, "/").await;
        let listed = site.cli(&["sessions", "list", "--account", "ada", "--json"], "").await;
        let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
        let of_other = listed.as_array().unwrap().iter().find(|one| one["site"] == OTHER).unwrap();
        let id = of_other["id"].as_str().unwrap();
        match ending {
            "revoke" => site.cli(&["sessions", "revoke", id], "").await,
            "revoke all" => site.cli(&["sessions", "revoke", "--account", "ada"], "").await,
            _ => site.cli(&["accounts", "disable", "ada"], "").await,
        };
        let done = Instant::now();
        for host in [WIKI, OTHER, THIRD] {
            eventually("the end of the session", async || {
                (!ada.at(host).is_signed_in().await).then_some(())
            })
            .await;
        }
        assert!(done.elapsed() < Duration::from_secs(1), "{ending}: {:?}", done.elapsed());
    }
}

#[tokio::test]
async fn s28_each_host_and_each_step_has_a_session_of_its_own_and_the_one_before_is_dead() {
    let site = start().await;
    let ada = somebody(&site);
    ada.sign_in_for(&site, &ADA, OTHER, "/simple/x").await;
    let (at_wiki, before) =
        (ada.at(WIKI).cookie("doorward").unwrap(), ada.at(OTHER).cookie("doorward").unwrap());
    assert_ne!(at_wiki, before);
    let thief = Browser::at(site.address, THIRD);
    for cookie in [&at_wiki, &before] {
        thief.set_cookie("__Host-doorward", Some(cookie));
        assert!(!thief.is_signed_in().await, "a session of one host is nothing at another");
    }

    // More is wanted; the step is taken at the wiki, and both get another session.
    let asked = ada.open(OTHER, "/private").await;
    assert_asked(&asked, "code");
    let csrf = hidden(&asked.answer.text(), "csrf");
    let rd = hidden(&asked.answer.text(), "rd");
    let fields = [("csrf", csrf.as_str()), ("rd", rd.as_str())];
    ada.at(WIKI).submit("/_doorward/code/start", &fields).await.expect(303);
    let code = site.mailbox.next_code_to(ADA.email).await.code();
    let arrived = ada.go_on(ada.at(WIKI).submit_code(&code).await.expect(303)).await;
    assert_arrived(&arrived, OTHER, &site, "ada");
    for (host, old) in [(WIKI, &at_wiki), (OTHER, &before)] {
        assert_ne!(ada.at(host).cookie("doorward").as_ref(), Some(old), "{host}");
        let thief = Browser::at(site.address, host);
        thief.set_cookie("__Host-doorward", Some(old));
        thief.fetch("/simple/x").await.expect(401);
    }
}

#[tokio::test]
async fn s29_the_cookie_of_another_host_is_bound_to_it_and_kept_from_scripts() {
    let site = start().await;
    let ada = somebody(&site);
    ada.sign_in_for(&site, &ADA, WIKI, "/").await;
    let answer = show_ticket(&ada, OTHER).await.expect(303);
    let cookies = answer.all("set-cookie");
    let session = cookies.iter().find(|cookie| cookie.starts_with("__Host-doorward=")).unwrap();
    for part in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(session.contains(part), "{part}: {session}");
    }
    assert!(!session.contains("Domain") && !session.contains("Max-Age"), "{session}");
}

/// Goes as far as a host's ticket, and shows it.
async fn show_ticket(browser: &Traveller, host: &str) -> Response {
    let ticket = ticket_for(browser, host).await;
    browser.at(host).send(landing(&ticket)).await
}

/// A ticket for this browser at this host, untouched, as its path.
async fn ticket_for(browser: &Traveller, host: &str) -> String {
    let question = question(browser, host, "/page").await;
    let answer = browser.at_portal().send(from_elsewhere(&question)).await.expect(303);
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.location().strip_prefix(&format!("https://{host}")).expect("its host").to_owned()
}

/// What this host asks the portal, as path and query.
async fn question(browser: &Traveller, host: &str, page: &str) -> String {
    // Half a minute has passed since the last time.
    browser.at(host).set_cookie("__Host-doorward-trips", None);
    let login = browser.at(host).get(page).await.expect(303);
    let asked = browser.at(host).get(login.location()).await.expect(303);
    asked.location().strip_prefix("https://wiki.test").expect("the portal").to_owned()
}

fn from_elsewhere(target: &str) -> Request {
    Request::get(target).navigate().instead("Sec-Fetch-Site", "cross-site")
}

fn landing(ticket: &str) -> Request {
    from_elsewhere(ticket)
}

#[tokio::test]
async fn s18_a_ticket_works_once_and_is_out_of_the_address_at_once() {
    let site = start().await;
    let ada = somebody(&site);
    ada.sign_in_for(&site, &ADA, WIKI, "/").await;
    let ticket = ticket_for(&ada, OTHER).await;
    let answer = ada.at(OTHER).send(landing(&ticket)).await.expect(303);
    assert_eq!(answer.location(), "/page");
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(ada.at(OTHER).is_signed_in().await);

    // The same browser without its new session: it is not let in a second time.
    let again = ada.at(OTHER).stolen();
    again.set_cookie("__Host-doorward", None);
    let refused = again.send(landing(&ticket)).await.expect(303);
    assert_eq!(refused.location(), "/_doorward/ticket?why=over");
    assert!(!again.is_signed_in().await);
    let page = again.get(refused.location()).await.expect(400).text();
    assert!(words(&page).contains("works once"), "{page}");
    assert!(!page.contains(&ticket[20..]), "{page}");
}

#[tokio::test]
async fn a_ticket_address_that_is_copied_to_another_browser_signs_nobody_in() {
    let site = start().await;
    let ada = somebody(&site);
    ada.sign_in_for(&site, &ADA, WIKI, "/").await;
    for has_cookie in [false, true] {
        let ticket = ticket_for(&ada, OTHER).await;
        let thief = Browser::at(site.address, OTHER);
        if has_cookie {
            thief.get("/_doorward/signed-out").await.expect(200);
            assert!(thief.cookie("doorward-flow").is_some());
        }
        let answer = thief.send(landing(&ticket)).await.expect(303);
        assert!(answer.location().starts_with("/_doorward/ticket?why="), "{answer:?}");
        assert!(!thief.is_signed_in().await);
        thief.get(answer.location()).await.expect(400);
        // With the owner's session cookie for another host it is no better.
        thief.set_cookie("__Host-doorward", ada.at(WIKI).cookie("doorward").as_deref());
        assert!(!thief.is_signed_in().await);
    }
    // At a host that it is not for, a ticket is nothing.
    let ticket = ticket_for(&ada, OTHER).await;
    ada.at(THIRD).get("/_doorward/signed-out").await.expect(200);
    ada.at(THIRD).send(landing(&ticket)).await.expect(303);
    assert!(!ada.at(THIRD).is_signed_in().await);
    // Nor half a minute later.
    let ticket = ticket_for(&ada, OTHER).await;
    site.travel(Duration::from_secs(31));
    let late = ada.at(OTHER).send(landing(&ticket)).await.expect(303);
    assert_eq!(late.location(), "/_doorward/ticket?why=over");
    assert!(!ada.at(OTHER).is_signed_in().await);
    assert_arrived(&ada.open(OTHER, "/").await, OTHER, &site, "ada");
}

#[tokio::test]
async fn a_planted_ticket_signs_nobody_in_as_somebody_else() {
    let site = start().await;
    let (grace, ada) = (somebody(&site), somebody(&site));
    grace.sign_in_for(&site, &GRACE, WIKI, "/").await;
    // Somebody who was at the other host before, and somebody who is signed in there.
    ada.at(OTHER).get("/_doorward/signed-out").await.expect(200);
    let ticket = ticket_for(&grace, OTHER).await;
    ada.at(OTHER).send(landing(&ticket)).await.expect(303);
    assert!(!ada.at(OTHER).is_signed_in().await, "she is not grace, without knowing it");
    ada.sign_in_for(&site, &ADA, OTHER, "/").await;
    let ticket = ticket_for(&grace, OTHER).await;
    ada.at(OTHER).send(landing(&ticket)).await.expect(303);
    assert_arrived(&ada.open(OTHER, "/").await, OTHER, &site, "ada");

    // Nor does a question of grace's, asked through ada's browser, bring grace anything: its ticket comes to ada.
    let grace = somebody(&site);
    let asked = question(&grace, OTHER, "/page").await;
    let answer = ada.at(WIKI).send(from_elsewhere(&asked)).await.expect(303);
    let path = answer.location().strip_prefix("https://other.example").unwrap();
    ada.at(OTHER).send(landing(path)).await.expect(303);
    grace.at(OTHER).send(landing(path)).await.expect(303);
    assert!(!grace.at(OTHER).is_signed_in().await, "what was shown once is gone");
}

#[tokio::test]
async fn s34_a_ticket_dies_with_the_sign_in_that_it_stands_for() {
    let site = start().await;
    let ada = somebody(&site);
    ada.sign_in_for(&site, &ADA, WIKI, "/").await;
    let ticket = ticket_for(&ada, OTHER).await;
    ada.at(WIKI).sign_out().await.expect(303);
    let refused = ada.at(OTHER).send(landing(&ticket)).await.expect(303);
    assert_eq!(refused.location(), "/_doorward/ticket?why=over");
    assert!(!ada.at(OTHER).is_signed_in().await);

    ada.sign_in_for(&site, &ADA, WIKI, "/").await;
    let ticket = ticket_for(&ada, OTHER).await;
    site.cli(&["accounts", "disable", "ada"], "").await;
    ada.at(OTHER).send(landing(&ticket)).await.expect(303);
    assert!(!ada.at(OTHER).is_signed_in().await);
}

#[tokio::test]
async fn s51_nobody_but_our_own_hosts_chooses_where_a_sign_in_is_carried() {
    let site = start().await;
    let ada = somebody(&site);
    ada.sign_in_for(&site, &ADA, WIKI, "/").await;
    let asked = question(&ada, OTHER, "/page").await;
    let (path, request) = asked.split_once("request=").unwrap();
    let mut bytes = request.as_bytes().to_vec();
    bytes[40] = if bytes[40] == b'A' { b'B' } else { b'A' };
    let altered = String::from_utf8(bytes).unwrap();
    // What it says can be read, and still not be said otherwise.
    let said = data_encoding::BASE64URL_NOPAD.decode(request.as_bytes()).unwrap();
    let other_words = |old: &str, new: &str| {
        let at = said.windows(old.len()).position(|window| window == old.as_bytes()).unwrap();
        let mut said = said.clone();
        said.splice(at..at + old.len(), new.bytes());
        format!("{path}request={}", data_encoding::BASE64URL_NOPAD.encode(&said))
    };
    for bad in [
        other_words(OTHER, THIRD),
        other_words("/page", "/elsewhere"),
        format!("{path}request={altered}"),
        format!("{path}request="),
        format!("{path}request={request}&request={request}"),
        format!("{path}rd=https://evil.example/&request={request}"),
        format!("{path}request={request}%00"),
        "/_doorward/sso".to_owned(),
        "/_doorward/sso?rd=https%3A%2F%2Fevil.example%2F".to_owned(),
    ] {
        let answer = ada.at(WIKI).send(from_elsewhere(&bad)).await.expect(400);
        assert_eq!(answer.header("location"), None, "{bad}");
        assert!(!answer.everything().contains("://evil.example"), "{bad}");
    }
    // A host that only asks does not answer.
    ada.at(OTHER).send(from_elsewhere(&asked)).await.expect(404);
    // And what a host wants to come back to is a page of its own.
    for elsewhere in ["%2F%2Fevil.example", "https%3A%2F%2Fevil.example", "%2F%5Cevil.example"] {
        let stranger = somebody(&site);
        let login = format!("/_doorward/login?rd={elsewhere}");
        let asked = stranger.open(OTHER, &login).await;
        assert_asked(&asked, "Sign in");
        let login = format!("/_doorward/login?rd={elsewhere}");
        let arrived = ada.open(OTHER, &login).await;
        assert_eq!(arrived.trail.last().map(String::as_str), Some("other.example/"), "{elsewhere}");
    }
}

#[tokio::test]
async fn what_the_second_host_wants_is_asked_at_the_portal() {
    let site = start().await;
    // The mail alone, without a password.
    let ada = somebody(&site);
    let asked = ada.open(OTHER, "/mail-only/x").await;
    assert_asked(&asked, "Sign in");
    assert!(!asked.answer.text().contains("name=\"password\""), "{}", asked.answer.text());
    let arrived = ada.sign_in_for(&site, &ADA, OTHER, "/mail-only/x").await;
    assert_arrived(&arrived, OTHER, &site, "ada");
    // Which is not enough for the rest: the whole sign-in is due.
    let asked = ada.open(OTHER, "/private").await;
    assert!(asked.answer.text().contains("name=\"password\""), "{}", asked.answer.text());

    // The password alone, then the code in addition, is in s28's story. Fresh means fresh:
    let ada = somebody(&site);
    let arrived = ada.sign_in_for(&site, &ADA, OTHER, "/fresh/x").await;
    assert_arrived(&arrived, OTHER, &site, "ada");
    site.travel(Duration::from_secs(6 * 60));
    assert_arrived(&ada.open(OTHER, "/private").await, OTHER, &site, "ada");
    let arrived = ada.sign_in_for(&site, &ADA, OTHER, "/fresh/x").await;
    assert_arrived(&arrived, OTHER, &site, "ada");

    // Who is in the wrong group is told so by the site itself.
    let grace = somebody(&site);
    let refused = grace.sign_in_for(&site, &GRACE, OTHER, "/staff/x").await;
    assert_eq!((refused.host.as_str(), refused.answer.status), (OTHER, 403));
}

#[tokio::test]
async fn a_trusted_device_is_spared_the_code_for_a_second_host_where_its_rule_says_so() {
    let site = start().await;
    let ada = somebody(&site);
    let page = ada.open(OTHER, "/").await.answer.expect(200).text();
    let (csrf, rd) = (hidden(&page, "csrf"), hidden(&page, "rd"));
    let fields = [("username", "ada"), ("password", ADA.password), ("csrf", &csrf), ("rd", &rd)];
    ada.at(WIKI).submit("/_doorward/login", &fields).await.expect(303);
    let code = site.mailbox.next_code_to(ADA.email).await.code();
    let csrf = ada.at(WIKI).code_token().await;
    let fields = [("code", code.as_str()), ("csrf", csrf.as_str()), ("trust_device", "on")];
    ada.at(WIKI).submit("/_doorward/code", &fields).await.expect(303);
    ada.at(WIKI).sign_out().await.expect(303);

    let mails = site.mailbox.all().len();
    assert_arrived(&ada.sign_in_for(&site, &ADA, OTHER, "/").await, OTHER, &site, "ada");
    assert_eq!(site.mailbox.all().len(), mails, "no code was sent");
    let asked = ada.open(OTHER, "/own-device/x").await;
    assert_asked(&asked, "code");
}

#[tokio::test]
async fn programs_and_forms_at_the_second_host_are_answered_as_at_the_first() {
    let site = start().await;
    let ada = somebody(&site);
    let answer = ada.at(OTHER).fetch("/private").await.expect(401);
    assert_eq!(answer.json()["error"], "unauthorized");
    assert_eq!(answer.header("location"), None);
    ada.at(OTHER).get("/api/x").await.expect(401);
    let posted = ada.at(OTHER).submit("/form", &[("a", "b")]).await.expect(303);
    let kept = "/_doorward/login?rd=%2F_doorward%2Fresume%2F";
    assert!(posted.location().starts_with(kept), "{}", posted.location());
    assert!(site.upstream.received().is_empty());

    // No password is taken there, and no question that is posted.
    ada.sign_in_for(&site, &ADA, OTHER, "/simple/x").await;
    let page = ada.at(OTHER).get("/_doorward/logout").await.expect(200).text();
    let csrf = hidden(&page, "csrf");
    let fields = [
        ("username", "grace"),
        ("password", GRACE.password),
        ("csrf", csrf.as_str()),
        ("rd", "/simple/x"),
    ];
    let answer = ada.at(OTHER).submit("/_doorward/login", &fields).await.expect(303);
    assert_eq!(answer.location(), "/_doorward/login");
    let fields = [("csrf", csrf.as_str()), ("rd", "/")];
    let answer = ada.at(OTHER).submit("/_doorward/code/start", &fields).await.expect(303);
    assert_eq!(answer.location(), "https://wiki.test/_doorward/code/start");
    assert_arrived(&ada.open(OTHER, "/simple/y").await, OTHER, &site, "ada");

    // Only loading a page asks for a ticket, or shows one.
    ada.sign_in_for(&site, &ADA, WIKI, "/fresh").await;
    let asked = question(&ada, THIRD, "/page").await;
    let posted = Request::post(&asked).navigate().header("Content-Length", "0");
    ada.at(WIKI).send(posted).await.expect(405);
    let ticket = ticket_for(&ada, THIRD).await;
    let posted = Request::post(&ticket).navigate().header("Content-Length", "0");
    ada.at(THIRD).send(posted).await.expect(405);
    let head = Request::new("HEAD", &ticket).navigate().header("Connection", "close");
    let answer = ada.at(THIRD).send(head).await;
    assert_eq!(answer.status, 405);
    ada.at(THIRD).send(landing(&ticket)).await.expect(303);
    assert!(ada.at(THIRD).is_signed_in().await);
}

#[tokio::test]
async fn no_session_begins_at_another_host_but_by_a_ticket() {
    let site = start().await;
    let ada = somebody(&site);
    for page in ["code", "register?x=1", "reset", "invitation/abc", "link/abc", "account/email"] {
        let target = format!("/_doorward/{page}");
        let moved = ada.at(OTHER).get(&target).await.expect(303);
        assert_eq!(moved.location(), format!("https://wiki.test{target}"));
        assert_eq!(moved.header("referrer-policy"), Some("no-referrer"));
    }
    // Half signed in at the portal, with the code: it is taken there alone.
    let code = ada.at(WIKI).half_sign_in(&site, &ADA).await;
    let flow = ada.at(WIKI).cookie("doorward-flow");
    ada.at(OTHER).set_cookie("__Host-doorward-flow", flow.as_deref());
    let fields = [("code", code.as_str()), ("csrf", "x")];
    let moved = ada.at(OTHER).submit("/_doorward/code", &fields).await.expect(303);
    assert_eq!(moved.location(), "https://wiki.test/_doorward/code");
    assert!(!ada.at(OTHER).is_signed_in().await);
    ada.at(WIKI).submit_code(&code).await.expect(303);
    assert_arrived(&ada.open(WIKI, "/private").await, WIKI, &site, "ada");
}

#[tokio::test]
async fn a_browser_that_keeps_no_cookie_is_told_so_and_does_not_go_in_circles() {
    let site = start().await;
    let ada = somebody(&site);
    ada.sign_in_for(&site, &ADA, WIKI, "/").await;

    // None at all at the other host.
    let ticket = ticket_for(&ada, OTHER).await;
    let bare = Browser::at(site.address, OTHER);
    let refused = bare.send(landing(&ticket)).await.expect(303);
    assert_eq!(refused.location(), "/_doorward/ticket?why=cookies");
    let page = bare.get(refused.location()).await.expect(400).text();
    assert!(words(&page).contains("Allow cookies for other.example"), "{page}");
    assert!(words(&page).starts_with("Error:") || page.contains("<title>Error"), "{page}");

    // All but the session's.
    for trip in 0..10 {
        let login = ada.at(OTHER).get("/_doorward/login?rd=%2Fpage").await;
        if login.status == 400 {
            assert!(words(&login.text()).contains("goes round in circles"), "{}", login.text());
            assert!((2..6).contains(&trip), "{trip}");
            let again = ada.open(OTHER, "/_doorward/login?rd=%2Fpage").await;
            assert_arrived(&again, OTHER, &site, "ada");
            return;
        }
        let path =
            login.expect(303).location().strip_prefix("https://wiki.test").unwrap().to_owned();
        let answer = ada.at(WIKI).send(from_elsewhere(&path)).await.expect(303);
        let path = answer.location().strip_prefix("https://other.example").unwrap();
        ada.at(OTHER).send(landing(path)).await.expect(303);
        ada.at(OTHER).set_cookie("__Host-doorward", None);
    }
    panic!("it goes round in circles");
}

#[tokio::test]
async fn somebody_else_in_the_same_browser_ends_what_was_there_at_every_host() {
    let site = start().await;
    let browser = somebody(&site);
    browser.sign_in_for(&site, &ADA, OTHER, "/").await;
    let page = Browser::at(site.address, WIKI).get("/_doorward/login").await.expect(200);
    drop(page);
    // The sign-in page of a signed-in browser is shown where more is wanted; it may be used by anybody.
    site.travel(Duration::from_secs(6 * 60));
    let asked = browser.open(OTHER, "/fresh/x").await;
    let (csrf, rd) = (hidden(&asked.answer.text(), "csrf"), hidden(&asked.answer.text(), "rd"));
    let fields =
        [("username", "grace"), ("password", GRACE.password), ("csrf", &csrf), ("rd", &rd)];
    browser.at(WIKI).submit("/_doorward/login", &fields).await.expect(303);
    let code = site.mailbox.next_code_to(GRACE.email).await.code();
    let answer = browser.at(WIKI).submit_code(&code).await.expect(303);
    assert!(!browser.at(OTHER).is_signed_in().await, "ada's session at the other host is over");
    assert_arrived(&browser.go_on(answer).await, OTHER, &site, "grace");
}

#[tokio::test]
async fn s38_who_is_busy_at_one_host_is_idle_at_none_and_no_session_outlives_the_sign_in() {
    let site = start().await;
    let ada = somebody(&site);
    ada.sign_in_for(&site, &ADA, OTHER, "/").await;
    for _ in 0..14 {
        site.travel(Duration::from_secs(50 * 60));
        assert!(ada.at(OTHER).is_signed_in().await);
    }
    // Not used for hours, but for its sibling. Uses are written beside the request that tells of them.
    eventually("the portal to hear of it", async || {
        ada.at(WIKI).is_signed_in().await.then_some(())
    })
    .await;
    let arrived = ada.open(THIRD, "/").await;
    assert_arrived(&arrived, THIRD, &site, "ada");
    site.travel(Duration::from_secs(30 * 60));
    for host in [WIKI, OTHER, THIRD] {
        assert!(!ada.at(host).is_signed_in().await, "{host}: twelve hours are the end");
    }
}

#[tokio::test]
async fn a_question_from_yesterday_is_asked_anew() {
    let site = start().await;
    let ada = somebody(&site);
    let asked = question(&ada, OTHER, "/page").await;
    site.travel(Duration::from_secs(2 * 3600));
    ada.sign_in_for(&site, &ADA, WIKI, "/").await;
    let answer = ada.at(WIKI).send(from_elsewhere(&asked)).await.expect(303);
    assert_eq!(answer.location(), "https://other.example/page");
    assert_arrived(&ada.open(OTHER, "/page").await, OTHER, &site, "ada");
}

#[tokio::test]
async fn s12_no_ticket_is_logged_or_kept() {
    let setup = Setup { log: "trace".to_owned(), ..three_hosts() };
    let mut site = Site::with(setup).await;
    let ada = somebody(&site);
    let arrived = ada.sign_in_for(&site, &ADA, OTHER, "/").await;
    let (_, path) = arrived.ticket();
    let used = path.rsplit('/').next().unwrap().to_owned();
    let unused = ticket_for(&ada, THIRD).await;
    let unused = unused.rsplit('/').next().unwrap().to_owned();
    site.stop().await;
    for token in [&used, &unused] {
        assert_eq!(token.len(), 64, "{token}");
        let bytes = data_encoding::BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
        for (path, written) in site.written() {
            let holds = |part: &[u8]| written.windows(part.len()).any(|window| window == part);
            assert!(!holds(token.as_bytes()) && !holds(&bytes[..32]), "{}", path.display());
        }
    }
}

#[tokio::test]
async fn where_it_is_wanted_each_host_has_a_sign_in_of_its_own() {
    let site = Site::with(Setup { portal: Some("single_sign_on: false"), ..three_hosts() }).await;
    let other = Browser::at(site.address, OTHER);
    other.get("/_doorward/login").await.expect(200);
    other.sign_in(&site, &ADA).await;
    assert!(other.is_signed_in().await);
    let wiki = Browser::at(site.address, WIKI);
    wiki.get("/_doorward/sso?request=x").await.expect(404);
    assert!(!wiki.is_signed_in().await);
}

#[tokio::test]
async fn a_portal_with_a_host_of_its_own_has_the_sign_in_and_no_app() {
    let setup = Setup { origin: Some("https://login.test"), ..three_hosts() };
    let site = Site::with(setup).await;
    let ada = Traveller::new(&site, &[WIKI, OTHER]);
    let arrived = ada.sign_in_for(&site, &ADA, WIKI, "/private").await;
    assert_arrived(&arrived, WIKI, &site, "ada");
    assert_arrived(&ada.open(OTHER, "/").await, OTHER, &site, "ada");
    site.upstream.forget();
    let home = ada.open("login.test", "/").await;
    assert!(words(&home.answer.expect(200).text()).contains("Ada Lovelace"));
    ada.at("login.test").get("/private").await.expect(404);
    ada.at("login.test").send(Request::post("/").header("Content-Length", "0")).await.expect(405);
    assert!(site.upstream.received().is_empty());
    assert!(alerts(&ada.at("login.test").get("/_doorward/").await.text()).is_empty());
}

#[tokio::test]
async fn s29_hosts_of_one_domain_share_a_cookie_where_that_is_wanted() {
    let notes =
        r#"{ host: notes.team.test, upstreams: ["UPSTREAM"], rules: [{ policy: two_factor }] }"#;
    let setup = Setup {
        origin: Some("https://wiki.team.test"),
        first_host: "wiki.team.test",
        more_sites: vec![notes.to_owned()],
        top: vec!["session: { domain: team.test }".to_owned()],
        ..Setup::default()
    };
    let site = Site::with(setup).await;
    let notes = Browser::at(site.address, "notes.team.test");
    let login = notes.get("/x").await.expect(303);
    let asked = notes.get(login.location()).await.expect(303);
    let asked = asked.location().strip_prefix("https://wiki.team.test").unwrap().to_owned();

    let wiki = Browser::new(&site);
    let page = wiki.get(wiki.get(&asked).await.expect(303).location()).await.expect(200).text();
    let (csrf, rd) = (hidden(&page, "csrf"), hidden(&page, "rd"));
    let fields = [("username", "ada"), ("password", ADA.password), ("csrf", &csrf), ("rd", &rd)];
    wiki.submit("/_doorward/login", &fields).await.expect(303);
    let code = site.mailbox.next_code_to(ADA.email).await.code();
    let answer = wiki.submit_code(&code).await.expect(303);
    let cookies = answer.all("set-cookie");
    let session = cookies.iter().find(|cookie| cookie.starts_with("__Secure-doorward=")).unwrap();
    for part in ["Domain=team.test", "Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(session.contains(part), "{part}: {session}");
    }
    let others = cookies.iter().filter(|cookie| !cookie.starts_with("__Secure-doorward="));
    for other in others {
        assert!(other.starts_with("__Host-") && !other.contains("Domain"), "{other}");
    }
    let back = wiki.send(from_elsewhere(answer.location())).await.expect(303);
    assert_eq!(back.location(), "https://notes.team.test/x", "no ticket is needed");

    // What a browser sends to every host under the domain.
    let session = wiki.cookie("doorward").unwrap();
    notes.set_cookie("__Secure-doorward", Some(&session));
    assert!(notes.is_signed_in().await);
    let request = site.upstream.last();
    assert!(!request.head.contains(&session), "the app behind does not see it");
    let answer = notes.sign_out().await.expect(303);
    let gone = answer.all("set-cookie");
    let gone = gone.iter().find(|cookie| cookie.starts_with("__Secure-doorward=")).unwrap();
    assert!(gone.contains("Domain=team.test") && gone.contains("Max-Age=0"), "{gone}");
    assert!(!wiki.is_signed_in().await);
    // Under another name it is not this cookie.
    for name in ["__Host-doorward", "doorward"] {
        let thief = Browser::at(site.address, "notes.team.test");
        thief.set_cookie(name, Some(&session));
        assert!(!thief.is_signed_in().await);
    }
}
