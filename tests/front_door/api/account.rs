//! The account, its sessions and its devices, for a program of its owner.

use std::time::Duration;

use serde_json::json;

use crate::support::browser::Browser;
use crate::support::people::told;
use crate::support::program::{Program, problem, with_api};
use crate::support::site::{ADA, GRACE, Site};

async fn signed_in() -> (Site, Program) {
    let site = Site::with(with_api()).await;
    let program = Program::new(&site);
    program.sign_in(&site, &ADA).await;
    (site, program)
}

#[tokio::test]
async fn r29_an_account_is_shown_to_its_owner_and_its_profile_changed() {
    let (site, program) = signed_in().await;
    let account = program.call("GET", "/account", None).await.expect(200).json();
    assert_eq!(account["username"], "ada");
    assert_eq!(account["email"], ADA.email);
    assert_eq!(account["groups"], json!(["admins", "staff"]));
    assert_eq!((&account["has_password"], &account["second_step"]), (&json!(true), &json!(false)));
    let body = json!({ "full_name": "Augusta Ada King", "language": "de" });
    let changed = program.call("PATCH", "/account", Some(body)).await.expect(200).json();
    assert_eq!(
        (&changed["full_name"], &changed["language"]),
        (&json!("Augusta Ada King"), &json!("de"))
    );
    program.fetch("/private").await.expect(200);
    assert_eq!(site.upstream.last().header("remote-name"), Some("Augusta Ada King"));
    let body = json!({ "full_name": "", "language": "" });
    let changed = program.call("PATCH", "/account", Some(body)).await.expect(200).json();
    assert_eq!((&changed["full_name"], &changed["language"]), (&json!(null), &json!(null)));
    for bad in [json!({ "language": "tlh" }), json!({ "full_name": "a\nb" })] {
        let answer = program.call("PATCH", "/account", Some(bad)).await.expect(400);
        assert_eq!(problem(&answer), "VALIDATION_ERROR");
    }
    for (method, path) in [
        ("GET", "/account"),
        ("PATCH", "/account"),
        ("GET", "/sessions"),
        ("DELETE", "/sessions"),
        ("GET", "/devices"),
        ("POST", "/account/email"),
        ("POST", "/password"),
    ] {
        let nobody = Program::new(&site).call(method, path, Some(json!({}))).await.expect(401);
        assert_eq!(problem(&nobody), "INVALID_TOKEN", "{method} {path}");
        assert_eq!(nobody.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
    }
}

#[tokio::test]
async fn s35_sessions_and_devices_are_listed_and_ended_by_their_owner_alone() {
    let (site, program) = signed_in().await;
    let (other, grace) = (Program::new(&site), Program::new(&site));
    other.sign_in(&site, &ADA).await;
    grace.sign_in(&site, &GRACE).await;
    let listed = program.call("GET", "/sessions", None).await.expect(200).json();
    let sessions = listed["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2, "{listed}");
    assert_eq!(sessions.iter().filter(|one| one["current"] == true).count(), 1);
    let theirs =
        sessions.iter().find(|one| one["current"] == false).unwrap()["id"].as_str().unwrap();
    let path = format!("/sessions/{theirs}");
    assert_eq!(problem(&grace.call("DELETE", &path, None).await.expect(404)), "NOT_FOUND");
    assert!(other.is_signed_in().await);
    program.call("DELETE", &path, None).await.expect(204);
    assert!(!other.is_signed_in().await);
    program.call("DELETE", &path, None).await.expect(404);
    program.call("DELETE", "/sessions/no-such-thing", None).await.expect(404);

    let listed = program.call("GET", "/devices", None).await.expect(200).json();
    let devices = listed["devices"].as_array().unwrap().clone();
    assert_eq!(devices.len(), 2, "{listed}");
    let path = format!("/devices/{}", devices[0]["id"].as_str().unwrap());
    grace.call("DELETE", &path, None).await.expect(404);
    program.call("DELETE", &path, None).await.expect(204);
    let ended = program.call("DELETE", "/devices", None).await.expect(200).json();
    assert_eq!(ended, json!({ "ended": 1 }));
}

#[tokio::test]
async fn s31_s32_a_trusted_installation_is_spared_the_code_and_a_copy_of_it_ends_everything() {
    let site = Site::with(with_api()).await;
    let program = Program::new(&site);
    let code = program.half_sign_in(&site, &ADA).await;
    let mut body = program.code_body(&code);
    body["trust_device"] = true.into();
    program.post("/codes/verify", body).await.expect(200);
    let first = program.stolen();
    program.keep(|kept| kept.access = None);
    let told = program.password("ada", ADA.password).await.expect(200).json();
    assert_eq!(told["status"], "signed_in");
    assert!(program.is_signed_in().await);
    // S31: of another account it is nothing.
    let grace = first.stolen();
    grace.keep(|kept| kept.access = None);
    assert_eq!(
        grace.password("grace", GRACE.password).await.expect(202).json()["status"],
        "code_sent"
    );
    // S32: shown again when its grace is over, it is a copy: it ends everything.
    site.travel(Duration::from_secs(61));
    first.keep(|kept| kept.access = None);
    first.password("ada", ADA.password).await.expect(202);
    assert!(!program.is_signed_in().await);
    assert_eq!(self::told(&site, ADA.email, "A trusted browser was removed").await.len(), 1);
}

#[tokio::test]
async fn s36_what_guards_an_account_wants_both_factors_within_five_minutes() {
    let site = Site::with(with_api()).await;
    let program = Program::new(&site);
    let mut body = program.sign_in_body("ada", ADA.password);
    body["path"] = "/simple/x".into();
    program.post("/sign-in", body).await.expect(200);
    let guarded = async |missing: &str| {
        let password = json!({
            "current_password": ADA.password, "new_password": "violet tram, nine harbours",
            "install_id": program.install,
        });
        for (method, path, body) in [
            ("POST", "/password", password),
            ("POST", "/account/email", json!({ "email": "countess@example.org" })),
            ("POST", "/account/second-step", json!({ "on": true })),
            ("POST", "/account/backup-codes", json!({})),
            ("DELETE", "/sessions", json!({})),
            ("DELETE", "/devices", json!({})),
        ] {
            let answer = program.call(method, path, Some(body)).await.expect(403);
            assert_eq!(problem(&answer), "FRESH_SIGN_IN_REQUIRED", "{method} {path}");
            assert_eq!(answer.json()["missing"], missing, "{method} {path}");
        }
    };
    guarded("second_factor").await;
    program.post("/step-up", json!({})).await.expect(202);
    let code = site.mailbox.next_code_to(ADA.email).await.code();
    program.code(&code).await.expect(200);
    let codes = program.call("POST", "/account/backup-codes", None).await.expect(200).json();
    assert_eq!(codes["codes"].as_array().map(Vec::len), Some(10));
    site.travel(Duration::from_secs(301));
    guarded("sign_in").await;
    let mut body = program.sign_in_body("ada", ADA.password);
    body["fresh"] = true.into();
    program.post("/sign-in", body).await.expect(202);
    // S44: a backup code in place of the mail's.
    let backup = codes["codes"][0].as_str().unwrap();
    program.code(backup).await.expect(200);
    program.call("DELETE", "/devices", None).await.expect(200);
}

#[tokio::test]
async fn s33_a_new_password_ends_every_other_session_and_gives_this_one_new_tokens() {
    let (site, program) = signed_in().await;
    let (other, browser) = (Program::new(&site), Browser::new(&site));
    other.sign_in(&site, &ADA).await;
    browser.sign_in(&site, &ADA).await;
    let before = program.stolen();
    let body = |current: &str, new: &str| json!({ "current_password": current, "new_password": new, "install_id": program.install });
    let new = "violet tram, nine harbours";
    let wrong = program.post("/password", body("wrong", new)).await.expect(403);
    assert_eq!(problem(&wrong), "WRONG_PASSWORD");
    program.post("/password", body(ADA.password, new)).await.expect(200);
    assert!(program.is_signed_in().await, "by the new tokens");
    program.refresh().await.expect(200);
    assert!(!before.is_signed_in().await && !other.is_signed_in().await);
    assert!(!browser.is_signed_in().await);
    before.refresh().await.expect(401);
}

#[tokio::test]
async fn s37_another_address_is_the_accounts_once_its_code_is_typed_and_both_are_told() {
    let (site, program) = signed_in().await;
    let new = "countess@example.org";
    let same = program.post("/account/email", json!({ "email": ADA.email })).await.expect(409);
    assert_eq!(problem(&same), "NOTHING_TO_CHANGE");
    program.post("/account/email", json!({ "email": new })).await.expect(202);
    let code = site.mailbox.next_code_to(new).await.code();
    // Of another session the code is nothing.
    let thief = program.stolen();
    thief.keep(|kept| kept.access = None);
    assert_eq!(program.code(&code).await.expect(200).json(), json!({ "status": "changed" }));
    thief.code(&code).await.expect(410);
    assert_eq!(program.call("GET", "/account", None).await.expect(200).json()["email"], new);
    for address in [ADA.email, new] {
        assert_eq!(
            told(&site, address, "The e-mail address of your account").await.len(),
            1,
            "{address}"
        );
    }
}

#[tokio::test]
async fn r12_the_second_step_is_turned_on_by_a_code() {
    let (site, program) = signed_in().await;
    program.post("/account/second-step", json!({ "on": true })).await.expect(202);
    let code = site.mailbox.next_code_to(ADA.email).await.code();
    let before = program.stolen();
    program.code(&code).await.expect(200);
    assert!(program.is_signed_in().await && !before.is_signed_in().await);
    let account = program.call("GET", "/account", None).await.expect(200).json();
    assert_eq!(account["second_step"], true);
}
