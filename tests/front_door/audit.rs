//! What is remembered of every attempt.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::browser::Browser;
use crate::support::page::hidden;
use crate::support::people::{anywhere, ask_by_mail, browser_at, link, open_link};
use crate::support::site::{ADA, GRACE, Setup, Site};
use crate::support::tools::eventually;

const DAY: Duration = Duration::from_secs(86_400);

async fn entries(site: &Site, arguments: &[&str]) -> Vec<Value> {
    let arguments = [&["audit", "--json", "--last", "1000"], arguments].concat();
    let told = site.cli(&arguments, "").await;
    told.lines().map(|line| serde_json::from_str(line).expect("JSON, a line each")).collect()
}

/// The events and results in order, as one text.
fn story(entries: &[Value]) -> Vec<String> {
    let tell = |entry: &Value| {
        format!("{} {}", entry["event"].as_str().unwrap(), entry["result"].as_str().unwrap())
    };
    entries.iter().map(tell).collect()
}

#[tokio::test]
async fn every_attempt_is_remembered_with_time_account_address_and_result() {
    let site = Site::with(anywhere()).await;
    let browser = browser_at(&site, "192.0.2.1");
    browser.submit_password("ada", "wrong").await.expect(401);
    browser.submit_password("nobody", "wrong").await.expect(401);
    browser.submit_password("ada", ADA.password).await.expect(303);
    let code = site.mailbox.next_code_to(ADA.email).await.code();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    browser.submit_code(wrong).await.expect(401);
    site.travel(Duration::from_secs(31));
    browser.resend().await.expect(303);
    let code = site.mailbox.next_code_to(ADA.email).await.code();
    let csrf = browser.code_token().await;
    let fields = [("code", code.as_str()), ("csrf", &csrf), ("trust_device", "on")];
    browser.submit("/_doorward/code", &fields).await.expect(303);
    browser.sign_out().await.expect(303);
    browser.submit_password("ada", ADA.password).await.expect(303);
    site.cli(&["devices", "revoke", "--account", "ada"], "").await;
    site.cli(&["accounts", "disable", "ada"], "").await;
    let other = browser_at(&site, "2001:db8::7");
    other.submit_password("ada", ADA.password).await.expect(403);

    let all = entries(&site, &[]).await;
    assert_eq!(
        story(&all),
        [
            "account_added ok",
            "account_added ok",
            "password wrong",
            "password unknown_name",
            "password ok",
            "code_sent ok",
            "code wrong",
            "code_sent ok",
            "code ok",
            "signed_in ok",
            "device_trusted ok",
            "signed_out ok",
            "password ok",
            "device_used ok",
            "signed_in ok",
            "device_revoked ok",
            "account_disabled ok",
            "password disabled",
        ]
    );
    let whose = all[0]["account"].as_str().expect("an account").to_owned();
    assert_ne!(all[1]["account"].as_str(), Some(whose.as_str()));
    for (at, entry) in all.iter().enumerate() {
        let time = entry["at"].as_str().unwrap();
        assert!(time.ends_with('Z') && time.len() >= 20, "{time}");
        assert!(at == 0 || all[at - 1]["at"].as_str().unwrap() <= time, "in order");
        let by_operator = matches!(at, 0 | 1 | 15 | 16);
        let address = match at {
            _ if by_operator => None,
            17 => Some("2001:db8::7"),
            _ => Some("192.0.2.1"),
        };
        assert_eq!(entry["address"].as_str(), address, "{entry}");
        match at {
            1 | 3 => assert_ne!(entry["account"].as_str(), Some(whose.as_str()), "{entry}"),
            _ => assert_eq!(entry["account"].as_str(), Some(whose.as_str()), "{entry}"),
        }
        if !by_operator {
            assert!(entry["user_agent"].as_str().unwrap().contains("Chrome/142"), "{entry}");
        }
    }
    assert!(all[3]["account"].is_null(), "a name that nobody has is not kept");
    assert!(all[10]["device"].is_string() && all[10]["device"] == all[13]["device"]);
    // Nothing of it is a secret, and nothing that was typed is kept.
    let text = serde_json::to_string(&all).unwrap();
    for secret in [code.as_str(), wrong, ADA.password, "nobody"] {
        assert!(!text.contains(&format!("\"{secret}\"")), "{secret} is in {text}");
    }

    // One account's alone, by name or address; in a table for people; the latest alone.
    let adas = entries(&site, &["--account", "Ada@Example.org"]).await;
    assert_eq!(adas.len(), 16);
    assert!(adas.iter().all(|entry| entry["account"].as_str() == Some(whose.as_str())));
    let table = site.cli(&["audit", "--account", "ada", "--last", "2"], "").await;
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 2, "{table}");
    for part in ["password", "disabled", "ada", "2001:db8::7", "Chrome on Linux"] {
        assert!(lines[1].contains(part), "{part} is missing: {}", lines[1]);
    }
    let config = site.config().display().to_string();
    let output = site.run(&["audit", "--account", "nobody", "-c", &config], "").await;
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test]
async fn refused_guesses_and_passwords_that_have_to_wait_are_remembered_too() {
    let site = Site::with(anywhere()).await;
    for address in ["198.51.100.1", "198.51.100.2", "198.51.100.3"] {
        let stranger = browser_at(&site, address);
        ask_by_mail(&stranger, "ada").await.expect(303);
        let csrf = hidden(&stranger.get("/_doorward/code").await.text(), "csrf");
        for guess in ["000001", "000002", "000003", "000004", "000005"] {
            stranger.submit("/_doorward/code", &[("code", guess), ("csrf", &csrf)]).await;
        }
    }
    let told = story(&entries(&site, &["--account", "ada"]).await);
    let count = |what: &str| told.iter().filter(|line| *line == what).count();
    assert_eq!(count("code wrong"), 10);
    assert_eq!(count("code limited"), 5, "{told:?}");
    assert_eq!(count("budget_spent limited"), 1);

    for _ in 0..7 {
        Browser::new(&site).submit_password("grace", "wrong").await;
    }
    let told = story(&entries(&site, &["--account", "grace"]).await);
    assert_eq!(told.iter().filter(|line| *line == "password wrong").count(), 6);
    assert_eq!(told.iter().filter(|line| *line == "password limited").count(), 1);
}

#[tokio::test]
async fn what_an_operator_revokes_is_remembered() {
    let site = Site::with(anywhere()).await;
    let browser = Browser::new(&site);
    browser.sign_in(&site, &ADA).await;
    let ids = async |what: &str| {
        let listed = site.cli(&[what, "list", "--account", "ada", "--json"], "").await;
        let listed: Value = serde_json::from_str(&listed).unwrap();
        listed[0]["id"].as_str().unwrap().to_owned()
    };
    let (session, device) = (ids("sessions").await, ids("devices").await);
    let before = entries(&site, &[]).await.len();
    site.cli(&["sessions", "revoke", &session], "").await;
    site.cli(&["devices", "revoke", &device], "").await;
    site.cli(&["sessions", "revoke", "--account", "ada"], "").await;
    site.cli(&["devices", "revoke", "--account", "ada"], "").await;
    let told = &entries(&site, &[]).await[before..];
    let lines =
        ["sessions_revoked ok", "device_revoked ok", "sessions_revoked ok", "device_revoked ok"];
    assert_eq!(story(told), lines);
    assert_eq!(told[1]["device"].as_str(), Some(device.as_str()));
    assert!(told[2]["account"].is_string() && told[3]["account"].is_string());
}

/// Ends the command with the test.
struct Following(Child);

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn following_the_audit_tells_each_new_entry_once() {
    let site = Site::with(anywhere()).await;
    Browser::new(&site).submit_password("ada", "wrong").await.expect(401);
    let mut following = Following(
        Command::new(env!("CARGO_BIN_EXE_doorward"))
            .args(["audit", "--follow", "--json", "--last", "1", "-c"])
            .arg(site.config())
            .env("DOORWARD_TEST_CLOCK", site.path("clock"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let lines = BufReader::new(following.0.stdout.take().unwrap()).lines();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let _ = tell.send(line);
        }
    });
    let next = async || {
        let line = eventually("a line", async || told.try_recv().ok()).await;
        story(&[serde_json::from_str(&line).unwrap()]).remove(0)
    };
    assert_eq!(next().await, "password wrong", "it begins with the latest");
    Browser::new(&site).submit_password("nobody", "wrong").await.expect(401);
    assert_eq!(next().await, "password unknown_name");
    Browser::new(&site).submit_password("grace", GRACE.password).await.expect(303);
    assert_eq!([next().await, next().await], ["password ok", "code_sent ok"]);
    site.cli(&["accounts", "disable", "grace"], "").await;
    assert_eq!(next().await, "account_disabled ok");
    assert!(told.try_recv().is_err(), "nothing is told twice");
}

#[tokio::test]
async fn entries_are_kept_for_ninety_days_and_purged_then() {
    let mut site = Site::with(anywhere()).await;
    Browser::new(&site).submit_password("ada", "wrong").await.expect(401);
    site.travel(DAY * 89);
    // The purge runs at the start, and each minute.
    site.stop().await;
    site.serve().await;
    Browser::new(&site).submit_password("grace", "wrong").await.expect(401);
    assert_eq!(entries(&site, &[]).await.len(), 4, "nothing is lost before its time");
    site.travel(DAY * 2);
    site.stop().await;
    site.serve().await;
    eventually("the old entries to go", async || {
        (entries(&site, &[]).await.len() == 1).then_some(())
    })
    .await;
    assert_eq!(story(&entries(&site, &["--account", "grace"]).await), ["password wrong"]);
}

#[tokio::test]
async fn links_lost_codes_and_passed_limits_are_remembered_and_a_flood_of_them_once_a_minute() {
    let limits = "{ sign_in: 3/5m }".to_owned();
    let site = Site::with(Setup { limits: Some(limits), ..Setup::default() }).await;
    let browser = Browser::new(&site);
    browser.submit_password(ADA.username, ADA.password).await.expect(303);
    let path = link(&site, &site.mailbox.next_code_to(ADA.email).await);
    site.travel(Duration::from_secs(601));
    open_link(&browser, &path).await;
    let csrf = hidden(&browser.get("/_doorward/code").await.text(), "csrf");
    browser.submit("/_doorward/link", &[("csrf", &csrf)]).await.expect(410);
    let stranger = Browser::new(&site);
    let csrf = stranger.login_token().await;
    stranger.submit("/_doorward/code", &[("code", "123456"), ("csrf", &csrf)]).await.expect(303);
    for _ in 0..20 {
        stranger.submit_password("nobody", "wrong").await;
    }
    let listed = site.cli(&["audit", "--json"], "").await;
    let count = |event: &str, result: &str| {
        let wanted = [format!("\"event\":\"{event}\""), format!("\"result\":\"{result}\"")];
        listed.lines().filter(|line| wanted.iter().all(|part| line.contains(part))).count()
    };
    assert_eq!(count("link", "expired"), 1, "{listed}");
    assert_eq!(count("code", "spent"), 1, "{listed}");
    assert_eq!(count("rate_limit", "limited"), 1, "{listed}");
}
