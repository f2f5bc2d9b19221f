//! The command line.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::browser::Browser;
use crate::support::site::{ADA, GRACE, Setup, Site};
use crate::support::tools::eventually;

#[tokio::test]
async fn s54_a_configuration_that_would_weaken_anything_is_refused_with_its_place() {
    let site = Site::prepared(&Setup::default()).await;
    let good = std::fs::read_to_string(site.config()).unwrap();
    let refuse = async |what: &str, yaml: &str, told: &[&str]| {
        std::fs::write(site.config(), yaml).unwrap();
        let config = site.config().display().to_string();
        for arguments in [["serve", "-c", &config].as_slice(), ["check", &config].as_slice()] {
            let output = site.run(arguments, "").await;
            let said = String::from_utf8_lossy(&output.stderr).into_owned()
                + &String::from_utf8_lossy(&output.stdout);
            assert_eq!(output.status.code(), Some(2), "{what}: {arguments:?}: {said}");
            assert!(
                said.contains(&format!("{config}:")),
                "{what}: file, line and column are told: {said}"
            );
            for words in told {
                assert!(said.contains(words), "{what}: {words:?} is not in: {said}");
            }
        }
    };
    let line = |key: &str| good.lines().position(|line| line.starts_with(key)).unwrap() + 1;

    refuse(
        "an unknown key",
        &good.replace("limits:", "limitz:"),
        &["limitz", &format!(":{}:", line("limits:"))],
    )
    .await;
    refuse("an unknown key inside", &good.replace("policy: deny", "polcy: deny"), &["polcy"]).await;
    refuse(
        "a duplicate key",
        &format!("{good}admin: {{ address: \"127.0.0.1:1\" }}\n"),
        &["admin"],
    )
    .await;
    refuse("a zero lifetime", &format!("{good}otp: {{ lifetime: 0s }}\n"), &["otp.lifetime"]).await;
    refuse("a zero limit", &good.replace("sign_in: 10000/1m", "sign_in: 0/1m"), &["sign_in"]).await;
    refuse(
        "an unlimited limit",
        &good.replace("sign_in: 10000/1m", "sign_in: unlimited"),
        &["sign_in"],
    )
    .await;
    refuse("no sites", good.split("sites:").next().unwrap(), &["sites"]).await;
    refuse(
        "plain HTTP in public",
        &good.replace("http://wiki.localhost", "http://wiki.example.com"),
        &["origin"],
    )
    .await;
    refuse(
        "plain SMTP to afar",
        &good.replacen("files: ", "smtp: { host: mail.example.com, tls: none }, # ", 1),
        &[],
    )
    .await;
    refuse(
        "two faults at once",
        &good.replace("limits:", "limitz:").replace("policy: deny", "policy: denied"),
        &["limitz", "denied"],
    )
    .await;

    // A secret that others can read, or that is none.
    std::fs::write(site.path("secret"), "A".repeat(64)).unwrap();
    std::fs::set_permissions(site.path("secret"), std::fs::Permissions::from_mode(0o644)).unwrap();
    refuse("a secret that the world can read", &good, &["secret_file", "600"]).await;
    std::fs::remove_file(site.path("secret")).unwrap();
    std::fs::create_dir(site.path("secret")).unwrap();
    refuse("a secret that cannot be read", &good, &["secret_file"]).await;
    std::fs::remove_dir(site.path("secret")).unwrap();

    std::fs::write(site.config(), &good).unwrap();
    let output = site.run(&["check", &site.config().display().to_string()], "").await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn an_account_is_made_shown_disabled_and_given_a_password() {
    let site = Site::with(Setup { people: vec![ADA], ..Setup::default() }).await;
    site.add_account(&GRACE).await;
    let listed: serde_json::Value =
        serde_json::from_str(&site.cli(&["accounts", "list", "--json"], "").await).unwrap();
    let text = listed.to_string();
    assert!(text.contains("ada") && text.contains("grace@example.org"), "{text}");
    assert!(!text.contains("argon2"), "no hash is shown: {text}");
    let shown = site.cli(&["accounts", "show", "ada"], "").await;
    assert!(shown.contains("Ada Lovelace") && shown.contains("admins"), "{shown}");

    let config = site.config().display().to_string();
    let code = async |arguments: &[&str], input: &str| {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["-c", &config]).collect();
        site.run(&arguments, input).await.status.code()
    };
    let add = |name: &'static str, email: &'static str| {
        ["accounts", "add", name, "--email", email, "--password-stdin"]
    };
    assert_eq!(
        code(&add("ADA", "new@example.org"), "some pass phrase\n").await,
        Some(1),
        "names differ in more than case"
    );
    assert_eq!(
        code(&add("new", "ADA@example.org"), "some pass phrase\n").await,
        Some(1),
        "addresses do, too"
    );
    assert_eq!(
        code(&add("new", "a@x,b@y"), "some pass phrase\n").await,
        Some(2),
        "S21: one address"
    );
    assert_eq!(
        code(&add("new", "a@x.example\r\nBcc: b@y"), "some pass phrase\n").await,
        Some(2),
        "S20"
    );
    assert_eq!(code(&add("a b", "new@example.org"), "some pass phrase\n").await, Some(2));
    assert_eq!(code(&["accounts", "show", "nobody"], "").await, Some(1));
    assert_eq!(code(&["accounts", "disable", "nobody"], "").await, Some(1));
    assert_eq!(code(&["accounts", "nonsense"], "").await, Some(2));

    site.cli(&["accounts", "set-password", "ada", "--password-stdin"], "another pass phrase\n")
        .await;
    Browser::new(&site).submit_password("ada", ADA.password).await.expect(401);
    Browser::new(&site).submit_password("ada", "another pass phrase").await.expect(303);
}

#[tokio::test]
async fn keys_are_shown_only_when_asked_for() {
    let site = Site::start().await;
    let (_, key) = site.signing_key().await;
    assert_eq!(key.len(), 32);
    let listed = site.cli(&["keys", "list", "--json"], "").await;
    assert!(!listed.contains(&data_encoding::HEXLOWER.encode(&key)), "{listed}");
    let mode = std::fs::metadata(site.path("secret")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "the secret is its owner's alone");
}

#[tokio::test]
async fn the_annotated_configuration_is_a_good_one() {
    let site = Site::prepared(&Setup::default()).await;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config/doorward.yaml");
    let output = site.run(&["check", file], "").await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // What it names (certificates, a password) is not on this machine; everything else has to be right.
    let unexpected = said.lines().filter(|line| {
        line.contains("error") && !line.contains("cannot be read") && !line.contains("not set")
    });
    assert_eq!(unexpected.count(), 0, "{said}");
}

#[tokio::test]
async fn an_account_is_given_groups_within_seconds_and_loses_them_at_once() {
    let site = Site::start().await;
    let grace = Browser::new(&site);
    grace.sign_in(&site, &GRACE).await;
    grace.get("/admins/page").await.expect(403);

    // What is given counts, without another sign-in.
    let told =
        site.cli(&["accounts", "groups", "grace", "--add", "wiki", "--add", "admins"], "").await;
    assert_eq!(told.trim(), "grace belongs to admins,wiki");
    eventually("the group to count", async || {
        (grace.get("/admins/page").await.status == 200).then_some(())
    })
    .await;
    let told = site.cli(&["accounts", "groups", "grace", "--add", "wiki"], "").await;
    assert_eq!(told.trim(), "grace belongs to admins,wiki, as before");

    // What is taken ends everything that is open, and is closed when she comes back.
    let arguments = ["accounts", "groups", "grace@example.org", "--remove", "admins", "--json"];
    let shown: serde_json::Value = serde_json::from_str(&site.cli(&arguments, "").await).unwrap();
    assert_eq!(shown["groups"], serde_json::json!(["wiki"]));
    eventually("grace's session to end", async || (!grace.is_signed_in().await).then_some(()))
        .await;
    let grace = Browser::new(&site);
    grace.sign_in(&site, &GRACE).await;
    grace.get("/admins/page").await.expect(403);
    let audit = site.cli(&["audit", "--account", "grace", "--json"], "").await;
    assert_eq!(audit.matches("groups_changed").count(), 2, "{audit}");

    let config = site.config().display().to_string();
    for (arguments, status, said) in [
        (&["grace"][..], 2, "--add"),
        (&["grace", "--add", "a b"], 2, "a group is"),
        (&["grace", "--add", "wiki", "--remove", "wiki"], 1, "wiki cannot be both"),
        (&["nobody", "--add", "wiki"], 1, "nobody"),
    ] {
        let all: Vec<&str> = [&["accounts", "groups"], arguments, &["-c", &config]].concat();
        let output = site.run(&all, "").await;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {told}");
        assert!(told.contains(said), "{arguments:?}: {told}");
    }
}
