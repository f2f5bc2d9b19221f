//! Telephone numbers, for programs: given, verified, used, taken away, and named in place of a mail address.

use std::time::Duration;

use serde_json::{Value, json};

use crate::sms::{NUMBER, Twilio};
use crate::support::codec::Codec;
use crate::support::people::own_work;
use crate::support::program::{Program, problem, with_api};
use crate::support::question::payload;
use crate::support::site::{ADA, GRACE, Setup, Site};

/// A number that nobody has.
const NOBODY: &str = "+41790000000";

async fn site(more: &str) -> (Twilio, Site) {
    let twilio = Twilio::start().await;
    let top = with_api().top.into_iter().chain([twilio.configured(more)]).collect();
    let site = Site::with(Setup { top, ..with_api() }).await;
    (twilio, site)
}

/// The account of the number, whose codes come there.
async fn with_number(twilio: &Twilio, site: &Site, by: &str) -> Program {
    let program = Program::new(site);
    program.sign_in(site, &ADA).await;
    let sent = twilio.sent().len();
    program.post("/account/phone", json!({ "number": NUMBER })).await.expect(202);
    let code = twilio.code(sent + 1).await;
    program.code(&code).await.expect(200);
    if by == "sms" {
        let body = json!({ "codes_by": "sms", "install_id": program.install });
        program.post("/account/phone/codes", body).await.expect(200);
    }
    program
}

#[tokio::test]
async fn r16_a_program_gives_a_number_shows_that_it_is_theirs_and_has_codes_come_there() {
    let (twilio, site) = site("").await;
    let (program, other) = (Program::new(&site), Program::new(&site));
    program.sign_in(&site, &ADA).await;
    other.sign_in(&site, &ADA).await;
    let phone =
        async || program.call("GET", "/account", None).await.expect(200).json()["phone"].clone();
    assert_eq!(phone().await, json!(null));
    for number in ["0791234567", "+41 79 123 45 67", "+4179", "", "+41791234567,+41790000000"] {
        let answer = program.post("/account/phone", json!({ "number": number })).await.expect(400);
        assert_eq!(problem(&answer), "VALIDATION_ERROR", "{number}");
    }
    let elsewhere = program.post("/account/phone", json!({ "number": "+8801700000000" }));
    assert_eq!(problem(&elsewhere.await.expect(403)), "NUMBER_NOT_ALLOWED");
    assert!(twilio.sent().is_empty());

    let sent = program.post("/account/phone", json!({ "number": NUMBER })).await.expect(202).json();
    assert_eq!((&sent["status"], &sent["expires_in"]), (&json!("code_sent"), &json!(300)));
    assert!(!sent.to_string().contains("1234567"), "masked: {sent}");
    let code = twilio.code(1).await;
    assert_eq!(phone().await, json!(null), "nothing has changed yet");
    assert_eq!(program.code(&code).await.expect(200).json(), json!({ "status": "changed" }));
    assert_eq!(phone().await["codes_by"], "mail");
    assert!(!phone().await.to_string().contains("1234567"));
    let again = program.post("/account/phone", json!({ "number": NUMBER })).await.expect(409);
    assert_eq!(problem(&again), "NOTHING_TO_CHANGE");

    // S33: it changes the second step, and every other session ends.
    let body = json!({ "codes_by": "sms", "install_id": program.install });
    let told = program.post("/account/phone/codes", body.clone()).await.expect(200).json();
    assert_eq!(told["status"], "signed_in");
    assert!(program.is_signed_in().await && !other.is_signed_in().await);
    assert_eq!(phone().await["codes_by"], "sms");
    let again = program.post("/account/phone/codes", body).await.expect(409);
    assert_eq!(problem(&again), "NOTHING_TO_CHANGE");
    let next = Program::new(&site);
    next.password("ada", ADA.password).await.expect(202);
    next.code(&twilio.code(2).await).await.expect(200);
    assert!(next.is_signed_in().await);

    let install = json!({ "install_id": program.install });
    let told = program.post("/account/phone/remove", install.clone()).await.expect(200).json();
    assert_eq!(told["status"], "signed_in");
    assert_eq!(phone().await, json!(null));
    let again = program.post("/account/phone/remove", install).await.expect(409);
    assert_eq!(problem(&again), "NOTHING_TO_CHANGE");
}

#[tokio::test]
async fn r16_the_same_by_graphql() {
    let (twilio, site) = site("").await;
    let program = Program::new(&site);
    program.sign_in_by_graphql(&site).await;
    let fields = "success message code requestId flow tokens { accessToken refreshToken }";
    let variables = json!({ "number": NUMBER, "install": program.install });
    let ask = async |declared: &str, command: &str| {
        let query = format!("mutation({declared}) {{ {command} {{ {fields} }} }}");
        payload(&program.ask(&query, variables.clone()).await)
    };
    let sent = ask("$number: String!", "setPhone(number: $number)").await;
    assert_eq!(sent["success"], true, "{sent}");
    let told = payload(&program.send(program.verify_otp(&twilio.code(1).await)).await);
    assert_eq!(told["success"], true, "{told}");
    let chosen = ask("$install: String!", "chooseCodesBy(codesBy: SMS, installId: $install)").await;
    assert!(chosen["tokens"]["accessToken"].is_string(), "{chosen}");
    let query = "{ account { phone { number codesBy } } }";
    let told = program.ask(query, json!({})).await.expect(200).json();
    assert_eq!(told["data"]["account"]["phone"]["codesBy"], "SMS", "{told}");
    let removed = ask("$install: String!", "removePhone(installId: $install)").await;
    assert!(removed["tokens"]["accessToken"].is_string(), "{removed}");
    assert_eq!(
        ask("$install: String!", "removePhone(installId: $install)").await["code"],
        "NOTHING_TO_CHANGE"
    );
}

#[tokio::test]
async fn s36_a_number_is_given_and_taken_away_by_a_fresh_sign_in_alone() {
    let (twilio, site) = site("").await;
    let program = with_number(&twilio, &site, "sms").await;
    site.travel(Duration::from_secs(301));
    for (path, body) in [
        ("/account/phone", json!({ "number": "+41790000001" })),
        ("/account/phone/codes", json!({ "codes_by": "mail", "install_id": program.install })),
        ("/account/phone/remove", json!({ "install_id": program.install })),
    ] {
        let refused = program.post(path, body).await.expect(403);
        assert_eq!(problem(&refused), "FRESH_SIGN_IN_REQUIRED", "{path}");
        assert_eq!(refused.json()["missing"], "sign_in");
    }
    let query = "mutation($number: String!) { setPhone(number: $number) { success code requestId reason } }";
    let told = payload(&program.ask(query, json!({ "number": "+41790000001" })).await);
    assert_eq!(
        (&told["code"], &told["reason"]),
        (&"FRESH_SIGN_IN_REQUIRED".into(), &"sign_in".into())
    );
    assert_eq!(twilio.sent().len(), 1);
    // Where no text messages are sent there is nothing of the kind.
    let plain = Site::with(with_api()).await;
    let program = Program::new(&plain);
    program.sign_in(&plain, &ADA).await;
    let answer = program.post("/account/phone", json!({ "number": NUMBER })).await.expect(404);
    assert_eq!(problem(&answer), "NOT_FOUND");
    assert_eq!(
        program.call("GET", "/account", None).await.expect(200).json()["phone"],
        json!(null)
    );
}

/// Asks for a code to a number; what is told, without what is another each time.
async fn by_number(codec: Codec, program: &Program, number: &str, path: &str) -> Value {
    let to = json!({ "phone": number });
    let mut told = match codec {
        Codec::GraphQl => payload(&program.send(program.send_otp("SIGN_IN", &to, path)).await),
        Codec::Json | Codec::Form => {
            let body = json!({ "purpose": "sign_in", "destination": to, "path": path });
            program.post("/codes", body).await.json()
        }
    };
    for changing in ["flow", "requestId", "request_id"] {
        if told.get(changing).is_some_and(Value::is_string) {
            told[changing] = "…".into();
        }
    }
    told
}

async fn s23_a_code_is_had_by_a_number_alone_where_its_owner_wants_that(codec: Codec) {
    const OPEN: &str = "/mail-only/x";
    let (twilio, site) = site(", number_alone: true").await;
    let owner = with_number(&twilio, &site, "mail").await;
    let program = || Program::new(&site);
    let work_of = async |number: &str| {
        site.outbox_is_empty().await;
        let before = site.metrics().await;
        let told = by_number(codec, &program(), number, OPEN).await;
        (told, own_work(&site.metrics().await, &before))
    };
    // Known or not, it is told and costs the same (S24); its last digits are shown, as they were given.
    let nobody = work_of("+41790004567").await;
    assert_eq!(work_of(NUMBER).await, nobody, "its owner has codes come by mail");
    let body = json!({ "codes_by": "sms", "install_id": owner.install });
    owner.post("/account/phone/codes", body).await.expect(200);
    site.outbox_is_empty().await;
    assert_eq!(twilio.sent().len(), 1);

    let visitor = program();
    assert_eq!(by_number(codec, &visitor, NUMBER, OPEN).await, nobody.0);
    let code = twilio.code(2).await;
    // No further code comes for either: what it counted would tell.
    let resent = visitor.resend().await.expect(410);
    assert_eq!(problem(&resent), "RESEND_EXHAUSTED");
    let stranger = program();
    by_number(codec, &stranger, NOBODY, OPEN).await;
    assert_eq!(problem(&stranger.resend().await.expect(410)), "RESEND_EXHAUSTED");
    assert_eq!(problem(&stranger.code(&code).await.expect(401)), "INVALID_OTP");
    visitor.code(&code).await.expect(200);
    visitor.fetch(OPEN).await.expect(200);
    assert_eq!(site.upstream.last().header("remote-user"), Some("ada"));
    visitor.fetch("/private").await.expect(401);

    // Where more than a code is wanted, and for what is not on the list, nothing is sent.
    assert_eq!(by_number(codec, &program(), NUMBER, "/").await["code"], "PASSWORD_REQUIRED");
    let told = by_number(codec, &program(), "+8801700000000", OPEN).await;
    assert_eq!(told["code"], "NUMBER_NOT_ALLOWED");
    assert_eq!(by_number(codec, &program(), "+41 79 1", OPEN).await["code"], "VALIDATION_ERROR");
    let reset = json!({ "purpose": "reset", "destination": { "phone": NUMBER } });
    assert_eq!(problem(&program().post("/codes", reset).await.expect(403)), "NUMBER_NOT_ALLOWED");
    // A cap counts numbers as they are given, before anything is sent.
    assert_eq!(by_number(codec, &program(), "+41900000001", OPEN).await["code"], nobody.0["code"]);
    assert_eq!(by_number(codec, &program(), "+41900000002", OPEN).await["code"], "RATE_LIMIT");
    site.outbox_is_empty().await;
    assert_eq!(twilio.sent().len(), 2);
}

#[tokio::test]
async fn s23_a_number_alone_by_json() {
    s23_a_code_is_had_by_a_number_alone_where_its_owner_wants_that(Codec::Json).await;
}

#[tokio::test]
async fn s23_a_number_alone_by_graphql() {
    s23_a_code_is_had_by_a_number_alone_where_its_owner_wants_that(Codec::GraphQl).await;
}

#[tokio::test]
async fn unless_it_is_asked_for_no_number_alone_has_anything_sent() {
    let (twilio, site) = site("").await;
    with_number(&twilio, &site, "sms").await;
    let grace = Program::new(&site);
    grace.sign_in(&site, &GRACE).await;
    for codec in [Codec::Json, Codec::GraphQl] {
        let told = by_number(codec, &Program::new(&site), NUMBER, "/mail-only/x").await;
        assert_eq!(told["code"], "NUMBER_NOT_ALLOWED", "{codec:?}");
    }
    site.outbox_is_empty().await;
    assert_eq!(twilio.sent().len(), 1);
}
