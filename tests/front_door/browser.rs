//! A real browser.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::people::link;
use crate::support::proxy::{Fronted, Kind};
use crate::support::site::{ADA, Setup, Site};
use crate::support::tools::{chromium, node_modules};

mod apps;

/// Ends the browser with the test, whatever came of it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn story(script: &str, options: serde_json::Value, site: &Site) {
    tell(script, options, async |question| {
        Some(match question.split_once(' ') {
            Some(("code", address)) => site.mailbox.next_code_to(address).await.code(),
            Some(("link", address)) => {
                let mail = site.mailbox.next_code_to(address).await;
                format!("http://{}{}", site.host, link(site, &mail))
            }
            Some(("revoke", name)) => {
                site.cli(&["devices", "revoke", "--account", name], "").await;
                "ok".to_owned()
            }
            Some(("travel", seconds)) => {
                site.travel(Duration::from_secs(seconds.parse().unwrap()));
                "ok".to_owned()
            }
            _ => return None,
        })
    })
    .await;
}

/// Runs the script in a browser, and answers what it asks.
pub async fn tell(
    script: &str,
    options: serde_json::Value,
    mut answer: impl AsyncFnMut(&str) -> Option<String>,
) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser").join(script);
    let child = Command::new("node")
        .arg(script)
        .arg(options.to_string())
        .env("DOORWARD_TEST_NODE_MODULES", node_modules())
        .env("DOORWARD_TEST_CHROMIUM", chromium())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node runs");
    let mut running = Running(child);
    let mut stdin = running.0.stdin.take().unwrap();
    let stdout = BufReader::new(running.0.stdout.take().unwrap());
    let (asked, mut questions) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            let _ = asked.send(line);
        }
    });
    let talk = async {
        while let Some(question) = questions.recv().await {
            if question == "done" {
                return true;
            }
            let Some(answer) = answer(&question).await else {
                panic!("the browser asks what nobody knows: {question}");
            };
            writeln!(stdin, "{answer}").unwrap();
        }
        false
    };
    let done =
        tokio::time::timeout(Duration::from_secs(120), talk).await.expect("the browser gets on");
    assert!(done, "the browser has stopped; what it told is above");
}

pub fn options(site: &Site, javascript: bool) -> serde_json::Value {
    let shots = screenshots();
    serde_json::json!({
        "origin": format!("http://{}", site.host), "shots": shots, "javaScriptEnabled": javascript,
        "username": ADA.username, "password": ADA.password, "email": ADA.email,
    })
}

/// Beside the tests' own binary, so that they outlive the test: `target/…/screenshots`.
fn screenshots() -> PathBuf {
    let folder = Path::new(env!("CARGO_BIN_EXE_doorward")).parent().unwrap().join("screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[tokio::test]
async fn a_person_signs_in_mistypes_resends_comes_back_and_signs_out() {
    let site = Site::with(Setup { people: vec![ADA], ..Setup::default() }).await;
    story("sign_in.mjs", options(&site, true), &site).await;
}

#[tokio::test]
async fn a_person_does_the_same_without_javascript() {
    let site = Site::with(Setup { people: vec![ADA], ..Setup::default() }).await;
    story("sign_in.mjs", options(&site, false), &site).await;
}

#[tokio::test]
async fn a_person_does_the_same_through_a_proxy_that_asks() {
    let setup = Setup { people: vec![ADA], ..Setup::default() };
    let Some(fronted) = Fronted::start(Kind::Nginx, setup).await else { return };
    story("sign_in.mjs", options(&fronted.site, true), &fronted.site).await;
}

#[tokio::test]
async fn a_person_trusts_their_browser_and_is_asked_again_once_it_is_revoked() {
    let site = Site::with(Setup { people: vec![ADA], ..Setup::default() }).await;
    story("trust.mjs", options(&site, true), &site).await;
}

#[tokio::test]
async fn a_person_signs_in_once_for_hosts_of_several_domains() {
    let other = |name: &str| {
        format!(
            r#"{{ host: {name}.localhost, upstreams: ["UPSTREAM"], rules: [{{ policy: two_factor }}] }}"#
        )
    };
    let more_sites = vec![other("other"), other("third")];
    let site = Site::with(Setup { people: vec![ADA], more_sites, ..Setup::default() }).await;
    let mut options = options(&site, true);
    let port = site.address.port();
    options["others"] = serde_json::json!([
        format!("http://other.localhost:{port}"),
        format!("http://third.localhost:{port}"),
    ]);
    story("hosts.mjs", options, &site).await;
}

#[tokio::test]
async fn s16_a_scanner_that_runs_scripts_and_submits_forms_uses_up_no_link() {
    let site = Site::with(Setup { people: vec![ADA], ..Setup::default() }).await;
    story("scanner.mjs", options(&site, true), &site).await;
}

#[tokio::test]
async fn s17_a_person_types_the_relay_code_of_their_phone() {
    let site = Site::with(Setup { people: vec![ADA], ..Setup::default() }).await;
    story("relay.mjs", options(&site, true), &site).await;
}
