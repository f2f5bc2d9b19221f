//! Sign-ins that their owner would wonder at, and what they can do about them.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::browser::Browser;
use crate::support::mail::Mail;
use crate::support::page::hidden;
use crate::support::people::{anywhere, browser_at, sign_in_and_trust, told};
use crate::support::site::{ADA, Setup, Site};
use crate::support::tools::python;

const SUBJECT: &str = "An unusual sign-in";

/// Writes a file of countries, as MaxMind's are.
fn countries(file: &Path) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/front_door/support/countries.py");
    let made = Command::new(python())
        .arg(script)
        .arg(file)
        .args(["192.0.2.0/24=DE", "198.51.100.0/24=FR", "2001:db8::/32=AT"])
        .status()
        .expect("Python runs");
    assert!(made.success(), "no file of countries was made");
}

fn not_me_path(site: &Site, mail: &Mail) -> String {
    let origin = format!("http://{}", site.host);
    let found = mail.text.lines().map(str::trim).find(|line| line.contains("/_doorward/not-me/"));
    found.and_then(|line| line.strip_prefix(&origin)).expect("an address of the site").to_owned()
}

/// The same trusted browser at another address.
fn moved(site: &Site, browser: &Browser, address: &str) -> Browser {
    let there = browser_at(site, address);
    there.set_cookie("doorward-device", browser.cookie("doorward-device").as_deref());
    there
}

#[tokio::test]
async fn the_owner_is_told_of_a_new_browser_and_can_end_everything_by_a_click() {
    let site = Site::start().await;
    let owner = Browser::new(&site);
    sign_in_and_trust(&owner, &site, &ADA, true).await;
    assert_eq!(told(&site, ADA.email, SUBJECT).await.len(), 0, "the first sign-in is no news");
    let thief = Browser::new(&site);
    sign_in_and_trust(&thief, &site, &ADA, true).await;
    let mails = told(&site, ADA.email, SUBJECT).await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].text.contains("one that your account does not know"), "{}", mails[0].text);

    // Whoever opens the address, be it a scanner of mails, changes nothing by that.
    let anybody = Browser::new(&site);
    let path = not_me_path(&site, &mails[0]);
    for _ in 0..3 {
        let landed = anybody.get(&path).await.expect(303);
        assert_eq!(landed.location(), "/_doorward/not-me", "the token leaves the address at once");
    }
    let page = anybody.get("/_doorward/not-me").await.expect(200).text();
    assert!(thief.is_signed_in().await && owner.is_signed_in().await);

    anybody.submit("/_doorward/not-me", &[("csrf", "no")]).await.expect(403);
    assert!(thief.is_signed_in().await, "a post from elsewhere does nothing");
    let csrf = hidden(&page, "csrf");
    anybody.submit("/_doorward/not-me", &[("csrf", &csrf)]).await.expect(400);
    assert!(thief.is_signed_in().await, "nor does a scanner that submits the form as it finds it");
    let sure = [("csrf", csrf.as_str()), ("sure", "on")];
    anybody.submit("/_doorward/not-me", &sure).await.expect(200);
    assert!(!thief.is_signed_in().await && !owner.is_signed_in().await);
    let devices = site.cli(&["devices", "list", "--account", "ada", "--json"], "").await;
    assert_eq!(devices.trim(), "[]", "nobody is trusted any more");
    let audit = site.cli(&["audit", "--account", "ada", "--json"], "").await;
    assert!(audit.contains("\"unusual_sign_in\"") && audit.contains("\"not_me\""), "{audit}");
}

#[tokio::test]
async fn an_address_of_another_server_or_of_last_week_ends_nothing() {
    let site = Site::start().await;
    let owner = Browser::new(&site);
    sign_in_and_trust(&owner, &site, &ADA, false).await;
    sign_in_and_trust(&Browser::new(&site), &site, &ADA, false).await;
    let mails = told(&site, ADA.email, SUBJECT).await;
    let path = not_me_path(&site, &mails[0]);
    let anybody = Browser::new(&site);
    let mut forged: Vec<char> = path.chars().collect();
    let last = forged.len() - 4;
    forged[last] = if forged[last] == 'A' { 'B' } else { 'A' };
    anybody.get(&forged.into_iter().collect::<String>()).await.expect(303);
    anybody.get("/_doorward/not-me").await.expect(410);
    anybody.get(&path).await.expect(303);
    anybody.get("/_doorward/not-me").await.expect(200);
    site.travel(Duration::from_secs(7 * 86_400 + 1));
    anybody.get("/_doorward/not-me").await.expect(410);
}

#[tokio::test]
async fn the_owner_is_told_of_a_new_country_and_of_two_countries_within_an_hour() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("countries.mmdb");
    countries(&file);
    let mut setup: Setup = anywhere();
    setup.top.push(format!("geoip: {{ database: {} }}", file.display()));
    let site = Site::with(setup).await;
    let germany = browser_at(&site, "192.0.2.1");
    sign_in_and_trust(&germany, &site, &ADA, true).await;
    germany.sign_out().await.expect(303);
    let told_so_far = async || told(&site, ADA.email, SUBJECT).await;
    assert_eq!(told_so_far().await.len(), 0);

    site.travel(Duration::from_secs(7200));
    // The same browser, moved to France two hours later.
    let france = moved(&site, &germany, "198.51.100.7");
    france.submit_password(ADA.username, ADA.password).await.expect(303);
    let mails = told_so_far().await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].text.contains("from that country before (FR)"), "{}", mails[0].text);
    assert!(!mails[0].text.contains("Shortly before"), "two hours are time enough");

    site.travel(Duration::from_secs(600));
    let back = moved(&site, &france, "192.0.2.99");
    back.submit_password(ADA.username, ADA.password).await.expect(303);
    let mails = told_so_far().await;
    assert_eq!(mails.len(), 2);
    assert!(
        mails.iter().any(|mail| mail.text.contains("signed in somewhere else (198.51.100.7)")),
        "nobody is in two countries within ten minutes"
    );
}
