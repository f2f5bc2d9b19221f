//! The assertion as an app gets it, and the keys that sign it, which change while everything runs.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use doorward::domain::time::{Clock, SystemClock};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

use crate::support::browser::{Browser, Request};
use crate::support::signature::verify;
use crate::support::site::{ADA, GRACE, Setup, Site};
use crate::support::tools::eventually;
use crate::support::upstream::Received;

/// The header, which is there once.
#[track_caller]
fn assertion_of(request: &Received) -> String {
    request.header("x-doorward-assertion").expect("an assertion").to_owned()
}

async fn published(site: &Site) -> JwkSet {
    let answer = site.send(Request::get("/_doorward/jwks.json")).await.expect(200);
    serde_json::from_slice(&answer.body).expect("a set of keys")
}

/// What an app makes of an assertion with a library that knows nothing of doorward, and the keys that it fetched.
/// Times are the caller's to look at: the library asks the machine's clock.
fn claims(assertion: &str, keys: &JwkSet, origin: &str) -> Result<Value, String> {
    let header = jsonwebtoken::decode_header(assertion).map_err(|error| error.to_string())?;
    let kid = header.kid.ok_or("no kid")?;
    let key = keys.find(&kid).ok_or_else(|| format!("the key {kid} is not published"))?;
    let key = DecodingKey::from_jwk(key).map_err(|error| error.to_string())?;
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.set_audience(&[origin]);
    rules.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    rules.validate_exp = false;
    let decoded = jsonwebtoken::decode::<Value>(assertion, &key, &rules);
    decoded.map(|decoded| decoded.claims).map_err(|error| error.to_string())
}

fn kid_of(assertion: &str) -> String {
    jsonwebtoken::decode_header(assertion).expect("a header").kid.expect("a kid")
}

async fn json(site: &Site, arguments: &[&str]) -> Value {
    serde_json::from_str(&site.cli(arguments, "").await).expect("JSON")
}

/// How a command ended, and what it said.
async fn outcome(site: &Site, arguments: &[&str]) -> (Option<i32>, String) {
    let config = site.config().display().to_string();
    let arguments: Vec<&str> = arguments.iter().copied().chain(["-c", &config]).collect();
    let output = site.run(&arguments, "").await;
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).expect("UTF-8"))
}

#[tokio::test]
async fn an_assertion_says_who_is_asking_and_verifies_against_the_published_keys() {
    let site = Site::start().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    ada.get("/private").await.expect(200);
    let request = site.upstream.last();
    let origin = format!("http://{}", site.host);
    let said = claims(&assertion_of(&request), &published(&site).await, &origin).unwrap();

    let account = json(&site, &["accounts", "show", "ada", "--json"]).await;
    let sessions = json(&site, &["sessions", "list", "--account", "ada", "--json"]).await;
    assert_eq!(said["iss"], origin);
    assert_eq!(said["aud"], origin);
    assert_eq!(said["sub"], account["id"]);
    assert_eq!(said["sid"], sessions[0]["id"]);
    assert_eq!(said["preferred_username"], "ada");
    assert_eq!(said["email"], ADA.email);
    assert_eq!(said["name"], ADA.full_name);
    assert_eq!(said["groups"], serde_json::json!(["admins", "staff"]));
    assert_eq!(said["amr"], serde_json::json!(["pwd", "otp"]));
    let second = |claim: &str| said[claim].as_i64().expect("seconds");
    let now = SystemClock.now().as_secs();
    assert!(now.abs_diff(second("iat")) < 30 && second("nbf") == second("iat"));
    assert_eq!(second("exp") - second("iat"), 120);
    assert!(second("auth_time") <= second("iat") && now - second("auth_time") < 60);
    let token = ada.cookie("doorward").unwrap();
    assert!(!said.to_string().contains(token.split('.').next().unwrap()));

    // The signature of the request is over the assertion, too.
    let (_, key) = site.signing_key().await;
    let covered = verify(&request, &key).unwrap().covered;
    assert!(covered.iter().any(|name| name == "x-doorward-assertion"), "{covered:?}");

    // Nobody is nobody: an open path without a session has none, with one it has.
    Browser::new(&site).get("/public/a").await.expect(200);
    assert_eq!(site.upstream.last().header("x-doorward-assertion"), None);
    ada.get("/public/a").await.expect(200);
    assert_eq!(kid_of(&assertion_of(&site.upstream.last())), kid_of(&assertion_of(&request)));
}

#[tokio::test]
async fn the_public_keys_are_there_for_everybody_and_nothing_secret_is_with_them() {
    let site = Site::start().await;
    let answer = site.send(Request::get("/_doorward/jwks.json")).await.expect(200);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("content-type"), Some("application/jwk-set+json"));
    assert!(answer.all("set-cookie").is_empty());
    let keys = answer.json();
    let key = &keys["keys"][0];
    assert_eq!(
        (&key["kty"], &key["crv"], &key["use"]),
        (&"OKP".into(), &"Ed25519".into(), &"sig".into())
    );
    let file = std::fs::read_to_string(site.path("keys.json")).unwrap();
    let file: Value = serde_json::from_str(&file).unwrap();
    let private = file["assertion"][0]["private"].as_str().unwrap();
    assert!(!answer.everything().contains(private) && key.get("d").is_none());

    let tag = answer.header("etag").unwrap();
    for known in [tag.to_owned(), format!("\"x\", W/{tag}"), "*".to_owned()] {
        let again = Request::get("/_doorward/jwks.json").header("If-None-Match", &known);
        let again = site.send(again).await.expect(304);
        assert!(again.body.is_empty() && again.header("etag") == Some(tag), "{known}");
    }
    let other = Request::get("/_doorward/jwks.json").header("If-None-Match", "\"x\"");
    site.send(other).await.expect(200);
    site.send(Request::new("HEAD", "/_doorward/jwks.json")).await.expect(200);
    site.send(Request::post("/_doorward/jwks.json").header("Content-Length", "0"))
        .await
        .expect(405);
    // It is the only page that others may read.
    let login = site.send(Request::get("/_doorward/login").navigate()).await.expect(200);
    assert_eq!(login.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn at_most_one_assertion_is_made_a_minute_for_a_session() {
    let site = Site::start().await;
    let (ada, grace) = (Browser::new(&site), Browser::new(&site));
    ada.sign_in(&site, &ADA).await;
    grace.sign_in(&site, &GRACE).await;
    let mut seen = BTreeSet::new();
    let asked = async |browser: &Browser| {
        browser.get("/private").await.expect(200);
        assertion_of(&site.upstream.last())
    };
    for _ in 0..5 {
        seen.insert(asked(&ada).await);
        // Requests at the same instant have one between them.
        tokio::join!(ada.fetch("/private/a"), ada.fetch("/private/b"), ada.fetch("/private/c"));
        for path in ["/private/a", "/private/b", "/private/c"] {
            seen.extend(site.upstream.received_at(path).iter().map(assertion_of));
        }
    }
    assert_eq!(seen.len(), 1);
    let graces = asked(&grace).await;
    assert!(!seen.contains(&graces), "each session has its own");
    site.travel(Duration::from_secs(30));
    assert!(seen.contains(&asked(&ada).await));
    site.travel(Duration::from_secs(31));
    let next = asked(&ada).await;
    assert!(!seen.contains(&next), "the next one is made after a minute");
    assert_eq!(asked(&ada).await, next);
}

#[tokio::test]
async fn an_assertion_for_one_site_is_nothing_at_another() {
    let other =
        r#"{ host: other.localhost, upstreams: ["UPSTREAM"], headers: { assertion: X-Proof } }"#;
    let without =
        r#"{ host: third.localhost, upstreams: ["UPSTREAM"], headers: { assertion: none } }"#;
    let more_sites = vec![other.to_owned(), without.to_owned()];
    let alone = Some("single_sign_on: false");
    let site = Site::with(Setup { more_sites, portal: alone, ..Setup::default() }).await;
    let keys = published(&site).await;
    let here = Browser::new(&site);
    here.sign_in(&site, &ADA).await;
    here.get("/private").await.expect(200);
    let first = assertion_of(&site.upstream.last());

    let host = format!("other.localhost:{}", site.address.port());
    let there = Browser::at(site.address, &host);
    there.sign_in(&site, &ADA).await;
    let forged = Request::get("/private").header("X-Proof", &first).header("x_proof", &first);
    there.send(forged.header("X-Doorward-Assertion", &first)).await.expect(200);
    let request = site.upstream.last();
    assert!(
        request.all_folded("x-doorward-assertion").is_empty(),
        "the name that it has elsewhere"
    );
    let [second] = request.all_folded("x-proof")[..] else { panic!("{}", request.head) };
    let (home, away) = (format!("http://{}", site.host), format!("http://{host}"));
    assert_eq!(claims(second, &keys, &away).unwrap()["iss"], home, "the portal says both");
    assert!(claims(second, &keys, &home).is_err());
    assert!(claims(&first, &keys, &away).is_err());

    let host = format!("third.localhost:{}", site.address.port());
    let third = Browser::at(site.address, &host);
    third.sign_in(&site, &ADA).await;
    let forged = Request::get("/private").header("X_Doorward_Assertion", &first);
    third.send(forged).await.expect(200);
    assert!(site.upstream.last().all_folded("x-doorward-assertion").is_empty());
}

#[tokio::test]
async fn s47_connection_cannot_take_the_assertion_away() {
    let site = Site::start().await;
    let (_, key) = site.signing_key().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    for named in ["X-Doorward-Assertion", "close, x-doorward-assertion"] {
        let answer = ada.send(Request::get("/private").header("Connection", named)).await;
        if answer.status == 400 {
            continue;
        }
        let request = site.upstream.last();
        assert!(!assertion_of(&request).is_empty(), "{named}");
        verify(&request, &key).unwrap_or_else(|error| panic!("{named}: {error}"));
    }
}

#[tokio::test]
async fn es256_is_there_for_apps_that_know_no_other() {
    let top = vec!["identity: { assertion: { algorithm: ES256, lifetime: 5m } }".to_owned()];
    let site = Site::with(Setup { top, ..Setup::default() }).await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    ada.get("/private").await.expect(200);
    let assertion = assertion_of(&site.upstream.last());
    let keys = published(&site).await;
    let key = DecodingKey::from_jwk(keys.find(&kid_of(&assertion)).unwrap()).unwrap();
    let mut rules = Validation::new(Algorithm::ES256);
    rules.set_audience(&[format!("http://{}", site.host)]);
    let said = jsonwebtoken::decode::<Value>(&assertion, &key, &rules).unwrap().claims;
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 300);
}

/// An app that keeps the public keys as long as it may and asks for them no sooner: the one that a careless rotation
/// would hurt most.
struct PatientApp<'a> {
    site: &'a Site,
    origin: String,
    keys: JwkSet,
    fetched_at: i64,
}

impl<'a> PatientApp<'a> {
    async fn new(site: &'a Site) -> Self {
        let (keys, origin) = (published(site).await, format!("http://{}", site.host));
        Self { site, origin, keys, fetched_at: site.now() }
    }

    async fn check(&mut self, assertion: &str) -> String {
        let now = self.site.now();
        if now - self.fetched_at >= 300 {
            self.keys = published(self.site).await;
            self.fetched_at = now;
        }
        let said = claims(assertion, &self.keys, &self.origin);
        let said = said.unwrap_or_else(|error| panic!("refused in flight: {error}"));
        let second = |claim: &str| said[claim].as_i64().expect("seconds");
        assert!(second("nbf") <= now && now < second("exp"), "{said} at {now}");
        kid_of(assertion)
    }
}

/// Sends request after request until told to stop, and checks what the app got; gives the keys in their order.
async fn keep_asking(site: &Site, browser: &Browser, asked: &AtomicUsize) -> Vec<String> {
    let mut app = PatientApp::new(site).await;
    let mut kids: Vec<String> = Vec::new();
    while asked.load(Ordering::SeqCst) < ENOUGH {
        let path = format!("/private/{}", asked.fetch_add(1, Ordering::SeqCst));
        browser.fetch(&path).await.expect(200);
        let kid = app.check(&assertion_of(&site.upstream.take_at(&path))).await;
        if kids.last() != Some(&kid) {
            kids.push(kid);
        }
    }
    kids
}

/// More requests than a test sends: the word to stop.
const ENOUGH: usize = 1 << 40;

#[tokio::test]
async fn a_rotation_under_load_has_nothing_refused_and_needs_no_restart() {
    let site = Site::start().await;
    let (ada, grace) = (Browser::new(&site), Browser::new(&site));
    ada.sign_in(&site, &ADA).await;
    grace.sign_in(&site, &GRACE).await;
    let asked = AtomicUsize::new(0);
    let old = published(&site).await.keys[0].common.key_id.clone().unwrap();
    let rotation = async {
        let rotated = json(&site, &["keys", "rotate", "--assertion", "--json"]).await;
        let new = rotated[0]["keyid"].as_str().unwrap().to_owned();
        let both = async || (published(&site).await.keys.len() == 2).then_some(());
        eventually("the new key to be published", both).await;
        for _ in 0..28 {
            site.travel(Duration::from_secs(30));
            let before = asked.load(Ordering::SeqCst);
            let more = async || (asked.load(Ordering::SeqCst) > before + 8).then_some(());
            eventually("requests at this time", more).await;
        }
        asked.store(ENOUGH, Ordering::SeqCst);
        new
    };
    let (first, second, new) = tokio::join!(
        keep_asking(&site, &ada, &asked),
        keep_asking(&site, &grace, &asked),
        rotation,
    );
    assert_eq!(first, [old.clone(), new.clone()]);
    assert_eq!(second, [old.clone(), new.clone()]);
    let keys = published(&site).await;
    assert!(
        keys.find(&new).is_some() && keys.find(&old).is_none(),
        "the old one has left the list"
    );
}

#[tokio::test]
async fn two_processes_on_one_key_file_agree() {
    let first = Site::start().await;
    let top = vec![format!("keys_file: {}", first.path("keys.json").display())];
    let second = Site::with(Setup { top, ..Setup::default() }).await;
    let browsers = (Browser::new(&first), Browser::new(&second));
    browsers.0.sign_in(&first, &ADA).await;
    browsers.1.sign_in(&second, &ADA).await;
    let agree = async || {
        let (one, two) = (published(&first).await, published(&second).await);
        (one == two).then_some(one)
    };
    assert_eq!(eventually("one list of keys", agree).await.keys.len(), 1);
    let rotated = json(&first, &["keys", "rotate", "--assertion", "--json"]).await;
    let new = rotated[0]["keyid"].as_str().unwrap();
    let both = async || agree().await.filter(|keys| keys.keys.len() == 2);
    eventually("the new key at both", both).await;
    let signing = async || {
        browsers.0.get("/private").await.expect(200);
        browsers.1.get("/private").await.expect(200);
        let kid = |site: &Site| kid_of(&assertion_of(&site.upstream.last()));
        (kid(&first), kid(&second))
    };
    let (one, two) = signing().await;
    assert!(one == two && one != new);
    for site in [&first, &second] {
        site.travel(Duration::from_secs(361));
    }
    assert_eq!(signing().await, (new.to_owned(), new.to_owned()));
}

#[tokio::test]
async fn an_emergency_has_a_new_key_sign_at_once_and_a_stolen_one_gone() {
    let site = Site::start().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    let signing = async || {
        ada.get("/private").await.expect(200);
        kid_of(&assertion_of(&site.upstream.last()))
    };
    let kid = |rotated: &Value| rotated[0]["keyid"].as_str().unwrap().to_owned();
    let old = signing().await;
    let waiting = kid(&json(&site, &["keys", "rotate", "--assertion", "--json"]).await);
    assert_eq!(signing().await, old);
    let (code, said) = outcome(&site, &["keys", "rotate", "--assertion"]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&waiting) && said.contains("--now has it sign at once"), "{said}");

    let now = json(&site, &["keys", "rotate", "--assertion", "--now", "--json"]).await;
    assert_eq!(kid(&now), waiting, "the one that waited");
    assert_eq!(signing().await, waiting, "at once, though the last assertion is not a minute old");
    assert!(published(&site).await.find(&old).is_some());

    let stolen = kid(&json(&site, &["keys", "rotate", "--assertion", "--stolen", "--json"]).await);
    assert_eq!(signing().await, stolen);
    let keys = published(&site).await;
    assert_eq!(keys.keys.len(), 1, "nothing that a thief could sign is taken any more");
    assert!(keys.find(&stolen).is_some());
}

#[tokio::test]
async fn a_shared_key_is_rotated_for_its_site_alone_and_the_keyid_tells_which() {
    let other =
        r#"{ host: other.localhost, upstreams: ["UPSTREAM"], rules: [{ policy: bypass }] }"#;
    let site = Site::with(Setup { more_sites: vec![other.to_owned()], ..Setup::default() }).await;
    let there = Browser::at(site.address, &format!("other.localhost:{}", site.address.port()));
    let (first, old) = site.signing_key().await;
    let keys = async |host: &str| {
        let listed = json(&site, &["keys", "list", "--reveal", "--json"]).await;
        let rows = listed.as_array().unwrap().clone();
        rows.into_iter().filter(|row| row["site"] == host).collect::<Vec<_>>()
    };
    let elsewhere = keys("other.localhost").await;
    let rotate = ["keys", "rotate", "--hmac", "--site", "wiki.localhost", "--in", "1d", "--json"];
    let rotated = json(&site, &rotate).await;
    let second = rotated[0]["keyid"].as_str().unwrap().to_owned();
    let listed = keys("wiki.localhost").await;
    let states: Vec<_> = listed.iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["signing", "next"]);
    assert_eq!(
        (&listed[0]["keyid"], &listed[1]["keyid"]),
        (&first.clone().into(), &second.clone().into())
    );
    let new = listed[1]["key"].as_str().unwrap();
    let new = data_encoding::HEXLOWER.decode(new.as_bytes()).unwrap();

    let signed_with = async |key: &[u8]| {
        Browser::new(&site).get("/public/a").await.expect(200);
        let verified = verify(&site.upstream.last(), key);
        verified.map(|verified| verified.parameters["keyid"].clone())
    };
    assert_eq!(signed_with(&old).await, Ok(first));
    site.travel(Duration::from_secs(86_401));
    assert_eq!(signed_with(&new).await, Ok(second.clone()));
    assert!(signed_with(&old).await.is_err());
    assert_eq!(keys("other.localhost").await, elsewhere);
    there.get("/a").await.expect(200);
    let theirs = data_encoding::HEXLOWER.decode(elsewhere[0]["key"].as_str().unwrap().as_bytes());
    verify(&site.upstream.last(), &theirs.unwrap()).expect("the other site goes on");
    site.travel(Duration::from_secs(600));
    let listed = keys("wiki.localhost").await;
    assert_eq!(listed.len(), 1, "what was derived from the secret is over: {listed:?}");
    assert_eq!(listed[0]["keyid"], second.as_str());

    // All sites at once, and now.
    let rotated = json(&site, &["keys", "rotate", "--hmac", "--now", "--json"]).await;
    assert_eq!(rotated.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_cannot_be_rotated_is_said_and_nothing_changes() {
    let site = Site::start().await;
    let before = std::fs::read(site.path("keys.json")).unwrap();
    for (arguments, code, says) in [
        (&["keys", "rotate"][..], 2, "--assertion|--hmac"),
        (&["keys", "rotate", "--assertion", "--hmac"], 2, "cannot be used with"),
        (&["keys", "rotate", "--assertion", "--site", "wiki.localhost"], 2, "cannot be used with"),
        (&["keys", "rotate", "--assertion", "--in", "1m"], 2, "must be 6m at least"),
        (&["keys", "rotate", "--assertion", "--in", "soon"], 2, "a number and its unit"),
        (&["keys", "rotate", "--hmac", "--stolen"], 2, "cannot be used with"),
        (&["keys", "rotate", "--hmac", "--site", "nowhere.example"], 1, "is no site of this"),
    ] {
        let (ended, said) = outcome(&site, arguments).await;
        assert_eq!(ended, Some(code), "{arguments:?}: {said}");
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
    assert_eq!(std::fs::read(site.path("keys.json")).unwrap(), before);
    let listed = site.cli(&["keys", "list"], "").await;
    assert!(listed.contains("alg=EdDSA  state=signing"), "{listed}");
    assert!(listed.contains("--reveal shows the hmac keys"), "{listed}");
}

#[tokio::test]
async fn s54_keys_that_others_can_read_are_refused_at_start_and_a_running_gateway_goes_on() {
    let mut site = Site::start().await;
    let file = site.path("keys.json");
    let mode =
        |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    mode(0o644);
    let told = async || site.log().contains("the keys of before go on").then_some(());
    eventually("a word in the log", told).await;
    ada.get("/private").await.expect(200);
    assert!(!assertion_of(&site.upstream.last()).is_empty());
    site.stop().await;

    let (code, said) = outcome(&site, &["serve"]).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains(&format!("chmod 600 {}", file.display())), "{said}");
    let (code, said) = outcome(&site, &["keys", "rotate", "--assertion"]).await;
    assert_eq!(code, Some(2), "{said}");

    // Named in the configuration it is refused with its place.
    let yaml = std::fs::read_to_string(site.config()).unwrap();
    std::fs::write(site.config(), format!("{yaml}keys_file: {}\n", file.display())).unwrap();
    let (code, said) = outcome(&site, &["serve"]).await;
    assert_eq!(code, Some(2), "{said}");
    let line = yaml.lines().count() + 1;
    assert!(said.contains(&format!("doorward.yaml:{line}:12")), "{said}");
    assert!(said.contains(&format!("chmod 600 {}", file.display())), "{said}");
    mode(0o600);
    site.serve().await;
}

#[tokio::test]
async fn a_rotation_that_is_killed_leaves_a_whole_file() {
    let site = Site::start().await;
    let keys = site.path("keys.json");
    let config = site.config().display().to_string();
    let mut changed = BTreeSet::new();
    // Somebody reads all the while, as every node does.
    let (over, path) = (Arc::new(AtomicBool::new(false)), keys.clone());
    let reader_is_over = Arc::clone(&over);
    let reader = std::thread::spawn(move || {
        let mut read = 0_u64;
        while !reader_is_over.load(Ordering::SeqCst) {
            let text = std::fs::read_to_string(&path).expect("the file is always there");
            serde_json::from_str::<Value>(&text).expect("the file is always whole");
            read += 1;
        }
        read
    });
    for turn in 0..40 {
        let mut rotation = site
            .command()
            .args(["keys", "rotate", "--hmac", "--now", "-c", &config])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Each dies at another moment, from before it has read anything until after it has written.
        tokio::time::sleep(Duration::from_millis(turn * 3)).await;
        rotation.kill().unwrap();
        rotation.wait().unwrap();
        let text = std::fs::read_to_string(&keys).unwrap();
        let whole: Value = serde_json::from_str(&text).expect("the file is whole");
        assert_eq!(whole["version"], 1);
        let mode = std::fs::metadata(&keys).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        changed.insert(text);
    }
    over.store(true, Ordering::SeqCst);
    assert!(reader.join().expect("every reading found a whole file") > 100);
    // What the dead have left behind hinders nobody.
    let rotated = json(&site, &["keys", "rotate", "--hmac", "--now", "--json"]).await;
    let listed = json(&site, &["keys", "list", "--json"]).await;
    assert_eq!(listed[0]["keyid"], rotated[0]["keyid"]);
    let beside = std::fs::read_dir(keys.parent().unwrap()).unwrap().filter_map(Result::ok);
    let left: Vec<_> =
        beside.filter(|entry| entry.path().extension().is_some_and(|e| e == "new")).collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(changed.len() > 1, "no rotation came as far as writing: nothing was shown");
}
