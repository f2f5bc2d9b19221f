//! Access tokens and refresh tokens (R32).

use std::time::Duration;

use serde_json::{Value, json};

use crate::codes::fifty_at_once;
use crate::support::browser::{Browser, Request};
use crate::support::people::told;
use crate::support::program::{Program, problem, with_api};
use crate::support::site::{ADA, GRACE, Setup, Site};

async fn signed_in() -> (Site, Program) {
    let site = Site::with(with_api()).await;
    let program = Program::new(&site);
    program.sign_in(&site, &ADA).await;
    (site, program)
}

fn part(token: &str, which: usize) -> Value {
    let part = token.split('.').nth(which).unwrap();
    let part = data_encoding::BASE64URL_NOPAD.decode(part.as_bytes()).unwrap();
    serde_json::from_slice(&part).unwrap()
}

#[tokio::test]
async fn r32_an_access_token_opens_the_site_under_its_rules_for_a_quarter_of_an_hour() {
    let (site, program) = signed_in().await;
    let access = program.kept().access.unwrap();
    assert_eq!(part(&access, 0)["typ"], "at+jwt");
    let keys = site.send(Request::get("/_doorward/jwks.json")).await.expect(200).json();
    assert_eq!(part(&access, 0)["kid"], keys["keys"][0]["kid"]);
    assert_eq!(part(&access, 1)["aud"], format!("http://{}/_doorward/api", site.host));

    program.fetch("/private?x=1").await.expect(200);
    let got = site.upstream.last();
    assert_eq!(got.header("remote-user"), Some("ada"));
    assert_eq!(got.header("authorization"), None, "the app could do with it whatever she can");
    assert!(got.header("x-doorward-assertion").is_some());
    assert!(got.header("signature").is_some());
    assert_eq!(
        part(&access, 1)["sid"],
        part(got.header("x-doorward-assertion").unwrap(), 1)["sid"]
    );
    program.fetch("/admins/x").await.expect(200);
    program.fetch("/closed/x").await.expect(403);

    site.travel(Duration::from_secs(890));
    assert!(program.is_signed_in().await);
    site.travel(Duration::from_secs(11));
    let over = program.fetch("/private").await.expect(401);
    assert!(over.all("www-authenticate").contains(&"Bearer error=\"invalid_token\""));
    // A page load that shows one is told so, and not sent to a page.
    let page = program.authorized(Request::get("/private").navigate());
    program.send(page).await.expect(401);
}

#[tokio::test]
async fn r32_a_refresh_token_gives_the_next_pair_and_the_session_goes_on() {
    let (site, program) = signed_in().await;
    let mut seen = vec![program.kept().refresh.unwrap()];
    for _ in 0..3 {
        site.travel(Duration::from_secs(901));
        assert!(!program.is_signed_in().await);
        let told = program.refresh().await.expect(200).json();
        assert_eq!(told["status"], "signed_in");
        assert!(program.is_signed_in().await);
        let next = program.kept().refresh.unwrap();
        assert!(!seen.contains(&next));
        seen.push(next);
    }
    let listed = site.cli(&["sessions", "list", "--account", "ada", "--json"], "").await;
    assert_eq!(serde_json::from_str::<Value>(&listed).unwrap().as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn r32_a_refresh_token_used_again_ends_the_sign_in_of_thief_and_owner() {
    let (site, program) = signed_in().await;
    let thief = program.stolen();
    program.refresh().await.expect(200);
    site.travel(Duration::from_secs(31));
    assert!(program.is_signed_in().await);
    assert_eq!(problem(&thief.refresh().await.expect(401)), "INVALID_TOKEN");
    assert!(!program.is_signed_in().await, "what came of it ends at once");
    program.refresh().await.expect(401);
    let audit = site.cli(&["audit", "--account", "ada", "--json"], "").await;
    assert!(audit.contains("refresh_reused"), "{audit}");
    // The owner is told who, when and from where, once.
    let told = told(&site, ADA.email, "A program was signed out").await;
    assert_eq!(told.len(), 1);
    assert!(told[0].text.contains("127.0.0.1"), "{}", told[0].text);
    assert!(told[0].text.contains("was used twice"), "{}", told[0].text);
    let metrics = site.metrics().await;
    let events = metrics.sum("doorward_security_events_total", &[("event", "refresh_reuse")]);
    assert_eq!(events, 1.0);
    // The other way round as well: the thief is the quicker one.
    program.keep(|kept| kept.access = None);
    program.sign_in(&site, &ADA).await;
    let thief = program.stolen();
    thief.refresh().await.expect(200);
    site.travel(Duration::from_secs(31));
    program.refresh().await.expect(401);
    assert!(!thief.is_signed_in().await);
    thief.refresh().await.expect(401);
}

#[tokio::test]
async fn r32_refreshing_at_the_same_time_and_after_a_lost_answer_gives_the_same() {
    let (site, program) = signed_in().await;
    let body = json!({
        "refresh_token": program.kept().refresh.unwrap(), "install_id": program.install,
    });
    let request = program.prepare(&program.request("POST", "/refresh", Some(&body)));
    let answers = fifty_at_once(&site, |_| request.clone()).await;
    let next = |answer: &crate::support::http::Response| {
        answer.clone().expect(200).json()["refresh_token"].as_str().unwrap().to_owned()
    };
    let first = next(&answers[0]);
    assert!(answers.iter().all(|answer| next(answer) == first), "all fifty agree");
    // Its answer was lost: asked again within half a minute it comes once more.
    site.travel(Duration::from_secs(25));
    program.refresh().await.expect(200);
    assert_eq!(program.kept().refresh.unwrap(), first);
    program.refresh().await.expect(200);
    assert!(program.is_signed_in().await);
}

#[tokio::test]
async fn r32_a_refresh_token_works_in_its_installation_alone() {
    let (site, program) = signed_in().await;
    let token = program.kept().refresh.unwrap();
    let elsewhere = Program::new(&site);
    let body = json!({ "refresh_token": token, "install_id": elsewhere.install });
    assert_eq!(problem(&elsewhere.post("/refresh", body).await.expect(401)), "INVALID_TOKEN");
    program.refresh().await.expect(200);
}

#[tokio::test]
async fn r32_a_session_that_ends_takes_its_tokens_with_it_at_once() {
    let (site, program) = signed_in().await;
    let other = Program::new(&site);
    other.sign_in(&site, &ADA).await;
    let ended = program.call("DELETE", "/sessions", None).await.expect(200).json();
    assert_eq!(ended, json!({ "ended": 1 }));
    assert!(program.is_signed_in().await && !other.is_signed_in().await);
    assert_eq!(problem(&other.refresh().await.expect(401)), "INVALID_TOKEN");
    program.post("/sign-out", json!({})).await.expect(204);
    assert!(!program.is_signed_in().await);
    program.refresh().await.expect(401);
}

#[tokio::test]
async fn an_access_token_opens_nothing_where_a_site_does_not_take_it() {
    let setup = Setup { site: Vec::new(), ..with_api() };
    let site = Site::with(setup).await;
    let program = Program::new(&site);
    program.sign_in(&site, &ADA).await;
    program.fetch("/private").await.expect(401);
    program.call("GET", "/account", None).await.expect(200);
    // Where the path is open it goes on, and the token stays here.
    program.fetch("/public/x").await.expect(200);
    let got = site.upstream.last();
    assert_eq!((got.header("authorization"), got.header("remote-user")), (None, None));
    // A browser's cookie is not hurt by it.
    let browser = Browser::new(&site);
    browser.sign_in(&site, &ADA).await;
    let access = format!("Bearer {}", program.kept().access.unwrap());
    let request = Request::get("/private").header("Accept", "*/*");
    browser.send(request.header("Authorization", &access)).await.expect(200);
    assert_eq!(site.upstream.last().header("authorization"), None);
}

#[tokio::test]
async fn an_app_gets_the_token_where_it_is_told_to_and_its_own_in_any_case() {
    let site = vec!["bearer: true".to_owned(), "pass_bearer: true".to_owned()];
    let site = Site::with(Setup { site, ..with_api() }).await;
    let program = Program::new(&site);
    program.sign_in(&site, &ADA).await;
    program.fetch("/private").await.expect(200);
    let access = format!("Bearer {}", program.kept().access.unwrap());
    assert_eq!(site.upstream.last().header("authorization"), Some(access.as_str()));
    // What is no token of ours says nothing to us, and is the app's.
    let browser = Browser::new(&site);
    browser.sign_in(&site, &GRACE).await;
    let foreign = "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.c2ln";
    for own in [format!("Bearer {foreign}"), "Basic YTpi".to_owned(), "Bearer x".to_owned()] {
        let request = Request::get("/private").header("Accept", "*/*");
        browser.send(request.header("Authorization", &own)).await.expect(200);
        let got = site.upstream.last();
        assert_eq!(got.header("authorization"), Some(own.as_str()));
        assert_eq!(got.header("remote-user"), Some("grace"));
    }
}

#[tokio::test]
async fn s59_nothing_but_an_access_token_of_this_site_opens_it() {
    let (site, program) = signed_in().await;
    program.fetch("/private").await.expect(200);
    let assertion = site.upstream.last().header("x-doorward-assertion").unwrap().to_owned();
    let access = program.kept().access.unwrap();
    let (signed, signature) = access.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let none = data_encoding::BASE64URL_NOPAD.encode(
        json!({ "alg": "none", "typ": "at+jwt", "kid": part(&access, 0)["kid"] })
            .to_string()
            .as_bytes(),
    );
    let mut other = part(&access, 1);
    other["sub"] = "0190163d-8694-739b-aea5-966c26f8ad91".into();
    let other = data_encoding::BASE64URL_NOPAD.encode(other.to_string().as_bytes());
    for (what, token) in [
        ("the assertion that the app got", assertion),
        ("the refresh token", program.kept().refresh.unwrap()),
        ("no signature", format!("{signed}.")),
        ("no algorithm", format!("{none}.{claims}.")),
        ("another algorithm", format!("{none}.{claims}.{signature}")),
        ("other claims", format!("{header}.{other}.{signature}")),
        ("two of them", format!("{access}, {access}")),
        ("nothing", String::new()),
    ] {
        let request = Request::get("/private").header("Accept", "*/*");
        let request = request.header("Authorization", &format!("Bearer {token}"));
        site.send(request.clone()).await.expect(401);
        // The same twice, of which one is right, could be read as either.
        let both = request.header("Authorization", &format!("Bearer {access}"));
        site.send(both).await.expect(400);
        let api = Request::get("/_doorward/api/v1/account");
        let api = api.header("Authorization", &format!("Bearer {token}"));
        assert_eq!(problem(&site.send(api).await.expect(401)), "INVALID_TOKEN", "{what}");
    }
    // Pages are for browsers: there it is nobody's.
    let page = program.authorized(Request::get("/_doorward/account").navigate());
    assert!(program.send(page).await.expect(303).location().starts_with("/_doorward/login"));
    // Nor does a session's cookie open the API.
    let browser = Browser::new(&site);
    browser.sign_in(&site, &ADA).await;
    let cookie = format!("doorward={}", browser.cookie("doorward").unwrap());
    let request = Request::get("/_doorward/api/v1/account").header("Cookie", &cookie);
    assert_eq!(problem(&site.send(request).await.expect(401)), "INVALID_TOKEN");
}

#[tokio::test]
async fn s12_no_token_of_a_program_stands_anywhere_but_with_it() {
    let (site, program) = signed_in().await;
    program.fetch("/private").await.expect(200);
    program.refresh().await.expect(200);
    let kept = program.kept();
    let secrets =
        [kept.access.unwrap(), kept.refresh.unwrap(), kept.device.unwrap(), kept.flow.unwrap()];
    for (path, bytes) in site.written() {
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "a token stands in {}", path.display());
        }
    }
}

#[tokio::test]
async fn one_sign_in_at_the_portal_opens_the_other_hosts_to_its_tokens() {
    let more = "{ host: feed.localhost, upstreams: [\"UPSTREAM\"], bearer: true }".to_owned();
    let setup =
        Setup { portal: Some("single_sign_on: true"), more_sites: vec![more], ..with_api() };
    let site = Site::with(setup).await;
    let program = Program::new(&site);
    program.sign_in(&site, &ADA).await;
    let port = site.address.port();
    let at = |path: &str| {
        program.authorized(Request::get(path).header("Host", &format!("feed.localhost:{port}")))
    };
    program.send(at("/x")).await.expect(200);
    assert_eq!(site.upstream.last().header("remote-user"), Some("ada"));
    let misdirected = program.send(at("/_doorward/api/v1/account")).await.expect(421);
    assert_eq!(problem(&misdirected), "WRONG_HOST");
    program.post("/sign-out", json!({})).await.expect(204);
    program.send(at("/x").header("Accept", "*/*")).await.expect(401);
}
