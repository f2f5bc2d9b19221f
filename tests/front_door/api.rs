//! The JSON API: what programs are told, and what they keep.

mod account;
mod clients;
mod graphql;
mod hostile;
mod phone;
mod schemathesis;
mod tokens;

use serde_json::json;

use crate::support::people::letters;
use crate::support::program::{Program, problem, with_api};
use crate::support::site::{ADA, GRACE, Person, Setup, Site};

#[tokio::test]
async fn r31_a_code_is_sent_and_verified_and_the_app_knows_who_asks() {
    let site = Site::with(with_api()).await;
    let program = Program::new(&site);
    let sent = program.by_mail(ADA.email).await.expect(202).json();
    assert_eq!(sent["status"], "code_sent");
    assert_eq!(sent["destination"], "a•••@example.org");
    assert_eq!((&sent["code"], &sent["attempts_left"]), (&json!("digits"), &json!(5)));
    assert!((595..=600).contains(&sent["expires_in"].as_u64().unwrap()), "{sent}");
    assert!((1..=30).contains(&sent["resend_in"].as_u64().unwrap()), "{sent}");
    let code = site.mailbox.next_code_to(ADA.email).await.code();
    let wrong = program.code(if code == "000000" { "000001" } else { "000000" }).await.expect(401);
    assert_eq!(problem(&wrong), "INVALID_OTP");
    assert_eq!(wrong.json()["attempts_left"], 4);
    assert_eq!(wrong.header("www-authenticate"), Some("Bearer"));

    let told = program.code(&code).await.expect(200).json();
    assert_eq!((&told["status"], &told["token_type"]), (&json!("signed_in"), &json!("Bearer")));
    assert_eq!(told["expires_in"], 900);
    let app = program.fetch("/mail-only/page").await.expect(200);
    assert_eq!(app.header("set-cookie"), None);
    assert_eq!(site.upstream.last().header("remote-user"), Some("ada"));
    program.fetch("/private").await.expect(401);
}

#[tokio::test]
async fn r31_where_a_rule_wants_a_password_a_code_alone_does_not_sign_in() {
    let site = Site::with(with_api()).await;
    let program = Program::new(&site);
    for path in ["/", "/simple/x", "/admins/x"] {
        let body =
            json!({ "purpose": "sign_in", "destination": { "username": "ada" }, "path": path });
        assert_eq!(problem(&program.post("/codes", body).await.expect(403)), "PASSWORD_REQUIRED");
    }
    site.outbox_is_empty().await;
    assert!(site.mailbox.all().is_empty());
}

#[tokio::test]
async fn r32_the_password_signs_in_as_far_as_the_rule_says() {
    let site = Site::with(with_api()).await;
    let program = Program::new(&site);
    let mut body = program.sign_in_body("ada", ADA.password);
    body["path"] = "/simple/x".into();
    assert_eq!(program.post("/sign-in", body).await.expect(200).json()["status"], "signed_in");
    program.fetch("/simple/x").await.expect(200);
    let refused = program.fetch("/private").await.expect(401);
    assert!(refused.all("www-authenticate").iter().any(|one| one.starts_with("Bearer")));
    assert_eq!(refused.header("location"), None);

    // The second factor is asked for of the session that there is, and the tokens of before are worth nothing then (S28).
    let before = program.stolen();
    program.post("/step-up", json!({})).await.expect(202);
    let code = site.mailbox.next_code_to(ADA.email).await.code();
    program.code(&code).await.expect(200);
    assert!(program.is_signed_in().await);
    before.fetch("/simple/x").await.expect(401);
    before.refresh().await.expect(401);
}

#[tokio::test]
async fn r33_an_account_is_made_with_an_address_that_was_verified_before() {
    let linus = Person {
        username: "linus",
        email: "linus@example.org",
        full_name: "Linus",
        password: "kernel of nineteen, ninety-one",
        groups: &[],
    };
    let site = Site::with(with_api()).await;
    let program = Program::new(&site);
    let ask = |email: &str| json!({ "purpose": "register", "destination": { "email": email } });
    let body = |program: &Program, username: &str, password: &str| {
        json!({
            "verification_token": program.kept().verified.unwrap_or_default(),
            "username": username,
            "full_name": linus.full_name,
            "password": password,
            "install_id": program.install,
        })
    };
    program.post("/codes", ask(linus.email)).await.expect(202);
    let early = program.post(
        "/register",
        json!({
            "verification_token": program.kept().flow.unwrap(),
            "username": "linus", "password": linus.password, "install_id": program.install,
        }),
    );
    assert_eq!(problem(&early.await.expect(410)), "FLOW_OVER", "nothing is verified yet");
    let code = site.mailbox.next_code_to(linus.email).await.code();
    let told = program.code(&code).await.expect(200).json();
    assert_eq!((&told["status"], &told["next"]), (&json!("verified"), &json!("register")));
    assert!(!program.is_signed_in().await, "a verified address signs nobody in");

    let taken = program.post("/register", body(&program, "ada", linus.password)).await.expect(409);
    assert_eq!(problem(&taken), "USERNAME_TAKEN");
    let weak = program.post("/register", body(&program, "linus", "password1234")).await.expect(422);
    assert_eq!(problem(&weak), "PASSWORD_REFUSED");
    assert_eq!(weak.json()["reason"], "common");
    let again = body(&program, "linus", linus.password);
    let made = program.post("/register", again.clone()).await.expect(201).json();
    assert_eq!(made["status"], "signed_in");
    assert!(program.is_signed_in().await);
    assert_eq!(site.upstream.last().header("remote-user"), Some("linus"));
    let over = Program::new(&site).post("/register", again).await.expect(410);
    assert_eq!(problem(&over), "FLOW_OVER", "it is good once");

    // S25: an address that has an account is answered alike, its owner is told, and no code is right.
    let thief = Program::new(&site);
    let (known, unknown) = (
        thief.post("/codes", ask(GRACE.email)).await.expect(202).json(),
        Program::new(&site).post("/codes", ask("gerda@example.org")).await.expect(202).json(),
    );
    let shape =
        |told: &serde_json::Value| told.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(shape(&known), shape(&unknown));
    assert_eq!(known["destination"], unknown["destination"]);
    site.outbox_is_empty().await;
    let told = crate::support::people::told(&site, GRACE.email, "").await;
    assert!(told.iter().all(|mail| !crate::support::people::has_code(mail)), "no code for it");
    assert_eq!(told.len(), 1);
}

#[tokio::test]
async fn r33_nobody_registers_where_that_is_off_or_for_other_domains() {
    let ask = json!({ "purpose": "register", "destination": { "email": "linus@example.org" } });
    for (registration, code) in [
        ("registration: { enabled: false }", "REGISTRATION_CLOSED"),
        ("registration: { enabled: true, domains: [example.com] }", "ADDRESS_NOT_ALLOWED"),
    ] {
        let top = vec!["api: { enabled: true }".to_owned(), registration.to_owned()];
        let site = Site::with(Setup { top, people: Vec::new(), ..with_api() }).await;
        let answer = Program::new(&site).post("/codes", ask.clone()).await.expect(403);
        assert_eq!(problem(&answer), code);
    }
}

#[tokio::test]
async fn s40_a_forgotten_password_is_replaced_and_signs_nobody_in() {
    let site = Site::with(with_api()).await;
    let (before, program) = (Program::new(&site), Program::new(&site));
    before.sign_in(&site, &ADA).await;
    let ask = json!({ "purpose": "reset", "destination": { "email": ADA.email } });
    let sent = program.post("/codes", ask).await.expect(202).json();
    assert_eq!(sent["code"], "letters");
    let code = letters(&site.mailbox.next_code_to(ADA.email).await);
    let told = program.code(&code).await.expect(200).json();
    assert_eq!((&told["status"], &told["next"]), (&json!("verified"), &json!("choose_password")));
    let new = "violet tram, nine harbours";
    let body = |password: &str| json!({ "verification_token": program.kept().verified.unwrap(), "password": password });
    let weak = program.post("/password/reset", body("1234567890123")).await.expect(422);
    assert_eq!(problem(&weak), "PASSWORD_REFUSED");
    let done = program.post("/password/reset", body(new)).await.expect(200).json();
    assert_eq!(done, json!({ "status": "changed" }));
    assert_eq!(problem(&program.post("/password/reset", body(new)).await.expect(410)), "FLOW_OVER");
    // S33, S41: all that was signed in before is over, and the second step is still asked for.
    assert!(!before.is_signed_in().await && !program.is_signed_in().await);
    before.refresh().await.expect(401);
    before.keep(|kept| kept.access = None);
    before.password("ada", ADA.password).await.expect(401);
    assert_eq!(before.password("ada", new).await.expect(202).json()["status"], "code_sent");
}

#[tokio::test]
async fn s23_known_and_unknown_accounts_are_answered_alike() {
    let site = Site::with(with_api()).await;
    let shape = |response: &crate::support::http::Response| {
        let mut told = response.json();
        for changing in ["flow", "request_id", "destination"] {
            if told.get(changing).is_some() {
                told[changing] = "…".into();
            }
        }
        let mut names: Vec<_> =
            response.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        names.sort();
        (response.status, names, told)
    };
    let ask = async |purpose: &str, destination: serde_json::Value| {
        let body =
            json!({ "purpose": purpose, "destination": destination, "path": "/mail-only/x" });
        shape(&Program::new(&site).post("/codes", body).await)
    };
    for purpose in ["sign_in", "reset"] {
        let known = ask(purpose, json!({ "email": ADA.email })).await;
        assert_eq!(known.0, 202);
        for other in [
            json!({ "email": "nobody@example.org" }),
            json!({ "username": "ada" }),
            json!({ "username": "nobody" }),
        ] {
            assert_eq!(ask(purpose, other).await, known);
        }
    }
    let known = shape(&Program::new(&site).password("ada", "wrong").await);
    for name in ["nobody", "ada@example.org", "nobody@example.org", "not a name!"] {
        assert_eq!(shape(&Program::new(&site).password(name, "wrong").await), known, "{name}");
    }
}

#[tokio::test]
async fn r19_a_program_that_registers_does_the_sum_once() {
    let top = vec![
        "api: { enabled: true }".to_owned(),
        "registration: { enabled: true }".to_owned(),
        "captcha: { proof_of_work: { hashes: 1000 } }".to_owned(),
    ];
    let site = Site::with(Setup { top, people: Vec::new(), ..with_api() }).await;
    let program = Program::new(&site);
    let ask = |captcha: Option<serde_json::Value>| {
        let destination = json!({ "email": "linus@example.org" });
        let mut body = json!({ "purpose": "register", "destination": destination });
        if let Some(captcha) = captcha {
            body["captcha"] = captcha;
        }
        program.post("/codes", body)
    };
    let reason = |answer: crate::support::http::Response| {
        assert_eq!(problem(&answer), "CAPTCHA_REQUIRED");
        answer.json()["reason"].as_str().unwrap().to_owned()
    };
    assert_eq!(reason(ask(None).await.expect(403)), "missing");
    let done = program.captcha("registration").await;
    let mut wrong = done.clone();
    wrong["answer"] = "1001".into();
    assert_eq!(reason(ask(Some(wrong)).await.expect(403)), "wrong");
    let mut elsewhere = done.clone();
    elsewhere["flow"] = program.captcha("registration").await["flow"].clone();
    assert_eq!(reason(ask(Some(elsewhere)).await.expect(403)), "missing");
    let mut impatient = done.clone();
    impatient["answer"] = "".into();
    assert_eq!(reason(ask(Some(impatient)).await.expect(403)), "too_soon");
    ask(Some(done.clone())).await.expect(202);
    assert_eq!(reason(ask(Some(done)).await.expect(403)), "spent");
    let none = program.post("/captcha", json!({ "place": "reset" })).await.expect(200).json();
    assert_eq!(none, json!({ "kind": "none" }));
}
