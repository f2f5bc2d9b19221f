//! GraphQL: the same commands, by another question (R34).

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::browser::{Browser, Request};
use crate::support::people::{ask_by_mail, compared, has_code, letters, link, told};
use crate::support::program::{Program, problem, with_api};
use crate::support::question::{GRAPHQL, payload};
use crate::support::site::{ADA, GRACE, Setup, Site};

async fn site() -> Site {
    Site::with(with_api()).await
}

/// A site with these settings of its API.
fn with(api: &str) -> Setup {
    let top = with_api().top.into_iter().filter(|line| !line.starts_with("api:"));
    let top = top.chain([format!("api: {{ enabled: true, {api} }}")]).collect();
    Setup { top, ..with_api() }
}

#[tokio::test]
async fn r34_a_person_signs_in_by_graphql_and_sees_their_account() {
    let site = site().await;
    let program = Program::new(&site);
    let told = program.sign_in_by_graphql(&site).await;
    assert_eq!((&told["success"], &told["requiresOtp"]), (&json!(true), &json!(false)), "{told}");
    assert_eq!(told["tokens"]["expiresIn"], 900);
    assert!(program.is_signed_in().await);
    let query =
        "{ account { username email groups } sessions { id current } devices { id agent } }";
    let told = program.ask(query, json!({})).await.expect(200).json();
    assert_eq!(told["data"]["account"]["username"], "ada");
    assert_eq!(told["data"]["account"]["groups"], json!(["admins", "staff"]));
    assert_eq!(told["data"]["sessions"][0]["current"], true);
    assert_eq!(told["data"]["devices"].as_array().map(Vec::len), Some(1));
    let nobody = Program::new(&site).ask(query, json!({})).await.expect(200).json();
    assert_eq!(nobody["errors"][0]["extensions"]["code"], "INVALID_TOKEN", "{nobody}");
    assert!(nobody["errors"][0]["extensions"]["requestId"].is_string(), "{nobody}");
    assert_eq!(nobody["data"], json!(null));

    let forget = "mutation($id: String!) { forgetDevice(id: $id) { success code requestId } }";
    let id = json!({ "id": told["data"]["devices"][0]["id"] });
    assert_eq!(payload(&program.ask(forget, id.clone()).await)["success"], true);
    assert_eq!(payload(&program.ask(forget, id).await)["code"], "NOT_FOUND");
    let end = "mutation($id: String!) { endSession(id: $id) { success code requestId } }";
    let id = json!({ "id": told["data"]["sessions"][0]["id"] });
    let grace = Program::new(&site);
    grace.sign_in(&site, &GRACE).await;
    assert_eq!(payload(&grace.ask(end, id.clone()).await)["code"], "NOT_FOUND");
    assert_eq!(payload(&program.ask(end, id).await)["success"], true);
    assert!(!program.is_signed_in().await);
}

#[tokio::test]
async fn r34_a_code_alone_a_link_and_what_is_wrong_are_told_in_one_form() {
    let site = site().await;
    let program = Program::new(&site);
    let to = json!({ "username": "ada" });
    let refused = payload(&program.send(program.send_otp("SIGN_IN", &to, "/")).await);
    assert_eq!(refused["code"], "PASSWORD_REQUIRED");
    for to in
        [json!({}), json!({ "email": ADA.email, "username": "ada" }), json!({ "email": "ada" })]
    {
        let told = payload(&program.send(program.send_otp("RESET", &to, "/")).await);
        assert_eq!(told["code"], "VALIDATION_ERROR", "{to}");
    }
    let sent = payload(&program.send(program.send_otp_to(ADA.email)).await);
    assert_eq!(sent["destination"], "a•••@example.org");
    assert_eq!((&sent["otpKind"], &sent["expiresIn"]), (&json!("DIGITS"), &json!(600)));
    let mail = site.mailbox.next_code_to(ADA.email).await;
    assert!(has_code(&mail));
    let wrong = if mail.code() == "000000" { "000001" } else { "000000" };
    let wrong = payload(&program.send(program.verify_otp(wrong)).await);
    assert_eq!((&wrong["success"], &wrong["code"]), (&json!(false), &json!("INVALID_OTP")));
    assert_eq!((&wrong["requiresOtp"], &wrong["attemptsLeft"]), (&json!(true), &json!(4)));
    let found = link(&site, &mail);
    let input = json!({
        "flow": program.kept().flow, "link": found.rsplit('/').next(), "installId": program.install,
    });
    let told = payload(&program.send(program.command("verifyLink", "LinkAnswer", input)).await);
    assert_eq!(told["success"], true, "{told}");
    program.fetch("/mail-only/x").await.expect(200);
    let again = payload(&program.send(program.verify_otp("000000")).await);
    assert_eq!(again["code"], "OTP_USED");
}

#[tokio::test]
async fn s25_registering_an_address_that_has_an_account_looks_like_any_other_and_is_told_to_its_owner()
 {
    let site = site().await;
    let ask = async |email: &str| {
        let program = Program::new(&site);
        let to = json!({ "email": email });
        let mut told = payload(&program.send(program.send_otp("REGISTER", &to, "/")).await);
        assert!(told["flow"].is_string(), "{told}");
        for other in ["flow", "requestId"] {
            told[other] = Value::Null;
        }
        told
    };
    let unknown = ask("amy@example.org").await;
    assert_eq!((&unknown["success"], &unknown["requiresOtp"]), (&json!(true), &json!(true)));
    assert_eq!(ask(ADA.email).await, unknown);
    assert_eq!(told(&site, ADA.email, "You have an account").await.len(), 1);
    assert!(site.mailbox.take_code(ADA.email).is_none(), "no code, and no link");
    // The account is what it was.
    assert_eq!(Program::new(&site).sign_in_by_graphql(&site).await["success"], true);
}

#[tokio::test]
async fn r34_an_account_is_made_after_a_sum_and_a_code_and_its_password_replaced() {
    let top = with_api().top.into_iter().filter(|line| !line.starts_with("captcha:"));
    let top = top.chain(["captcha: { proof_of_work: { hashes: 1000 } }".to_owned()]).collect();
    let site = Site::with(Setup { top, ..with_api() }).await;
    let program = Program::new(&site);
    let to = json!({ "email": "linus@example.org" });
    let refused = payload(&program.send(program.send_otp("REGISTER", &to, "/")).await);
    assert_eq!(
        (&refused["code"], &refused["reason"]),
        (&"CAPTCHA_REQUIRED".into(), &"missing".into())
    );
    let query =
        "mutation { captcha(place: REGISTRATION) { kind flow ticket salt target hashes wait } }";
    let asked = program.ask(query, json!({})).await.expect(200).json();
    let asked = &asked["data"]["captcha"];
    assert_eq!((&asked["kind"], &asked["hashes"]), (&"proof_of_work".into(), &json!(1000)));
    let query = "mutation($to: To!, $captcha: Captcha) {
        sendOtp(purpose: REGISTER, to: $to, captcha: $captcha) {
            success code requestId flow reason } }";
    let captcha = crate::support::program::sum_of(asked);
    let sent = payload(&program.ask(query, json!({ "to": to, "captcha": captcha })).await);
    assert_eq!(sent["success"], true, "{sent}");
    let code = site.mailbox.next_code_to("linus@example.org").await.code();
    let told = payload(&program.send(program.verify_otp(&code)).await);
    assert_eq!((&told["success"], &told["next"]), (&json!(true), &json!("REGISTER")));
    let input = |password: &str| {
        json!({
            "verificationToken": program.kept().verified, "username": "linus",
            "password": password, "installId": program.install,
        })
    };
    let register = async |password: &str| {
        payload(&program.send(program.command("register", "NewAccount", input(password))).await)
    };
    let weak = register("password1234").await;
    assert_eq!((&weak["code"], &weak["reason"]), (&"PASSWORD_REFUSED".into(), &"common".into()));
    assert_eq!(register("kernel of nineteen, ninety-one").await["success"], true);
    assert!(program.is_signed_in().await);
    assert_eq!(register("kernel of nineteen, ninety-one").await["code"], "FLOW_OVER");

    // S40: a new password signs nobody in, and ends what was.
    let reset = Program::new(&site);
    let sent = payload(&reset.send(reset.send_otp("RESET", &to, "/")).await);
    assert_eq!(sent["otpKind"], "LETTERS");
    let code = letters(&site.mailbox.next_code_to("linus@example.org").await);
    let told = payload(&reset.send(reset.verify_otp(&code)).await);
    assert_eq!(told["next"], "CHOOSE_PASSWORD");
    let query = "mutation($token: String!) {
        resetPassword(verificationToken: $token, password: \"violet tram, nine harbours\") {
            success code requestId tokens { accessToken } } }";
    let done = payload(&reset.ask(query, json!({ "token": reset.kept().verified })).await);
    assert_eq!((&done["success"], &done["tokens"]), (&json!(true), &json!(null)));
    assert!(!program.is_signed_in().await && !reset.is_signed_in().await);
}

/// `count` answers to one challenge, each under a name of its own.
fn answers(count: usize, name: &str, program: &Program) -> String {
    let (flow, install) = (program.kept().flow.unwrap(), &program.install);
    (0..count).fold(String::new(), |mut text, number| {
        let code = 424_242 + number;
        write!(
            text,
            "{name}{number}: verifyOtp(input: \
             {{ flow: \"{flow}\", code: \"{code}\", installId: \"{install}\" }}) {{ success }} "
        )
        .unwrap();
        text
    })
}

#[tokio::test]
async fn s14_many_answers_in_one_request_are_refused_or_every_one_counted() {
    let site = site().await;
    let program = Program::new(&site);
    program.by_mail("ada").await.expect(202);
    let many = |count| format!("mutation {{ {} }}", answers(count, "a", &program));
    let in_fragments = format!(
        "mutation {{ ...A ...B ...A }} fragment A on Mutation {{ {} }} fragment B on Mutation {{ ... {{ {} }} }}",
        answers(3, "a", &program),
        answers(3, "b", &program)
    );
    for (what, query) in [
        ("a hundred", many(100)),
        ("ten", many(10)),
        ("six", many(6)),
        ("in fragments", in_fragments),
    ] {
        let told = program.ask(&query, json!({})).await.expect(200).json();
        assert!(told["data"].is_null() && told["errors"].is_array(), "{what}: {told}");
    }
    let one = json!({ "query": many(1) });
    let batch = Request::post(GRAPHQL).body("application/json", json!([one, one]).to_string());
    assert_eq!(problem(&site.send(batch).await.expect(400)), "VALIDATION_ERROR");
    assert_eq!(compared(&site).await, 0, "nothing of that was done");

    // As many as there is room for cost as many guesses.
    let told = program.ask(&many(4), json!({})).await.expect(200).json();
    assert_eq!(told["data"].as_object().map(serde_json::Map::len), Some(4), "{told}");
    assert_eq!(compared(&site).await, 4);
    // S15: pages, JSON and GraphQL share what is left: of the challenge…
    program.code("111111").await.expect(410);
    assert_eq!(payload(&program.send(program.verify_otp("222222")).await)["code"], "OTP_EXHAUSTED");
    assert_eq!(compared(&site).await, 5);
    // …and of the account.
    let browser = Browser::new(&site);
    ask_by_mail(&browser, "ADA@example.org").await.expect(303);
    for wrong in ["333333", "444444"] {
        browser.submit_code_anyway(wrong).await.expect(401);
    }
    assert_eq!(compared(&site).await, 7);
    payload(&program.send(program.send_otp_to("ada")).await);
    let five = format!("mutation {{ {} }}", answers(5, "a", &program));
    program.ask(&five, json!({})).await.expect(200);
    assert_eq!(compared(&site).await, 10);
    payload(&program.send(program.send_otp_to("ada")).await);
    let five = format!("mutation {{ {} }}", answers(5, "a", &program));
    program.ask(&five, json!({})).await.expect(200);
    assert_eq!(compared(&site).await, 10, "the day's ten are spent, whichever way they went");
}

#[tokio::test]
async fn s14_commands_are_limited_like_requests() {
    let limits =
        Some("{ sign_in: 7/5m, verify: 10/5m, resend: 3/10m, code_request: 5/1h }".to_owned());
    let site = Site::with(Setup { limits, ..with_api() }).await;
    let program = Program::new(&site);
    let one = |number: usize| {
        format!(
            "a{number}: signIn(input: {{ login: \"nobody{number}\", password: \"x\", \
             installId: \"{}\" }}) {{ code retryAfter }} ",
            program.install
        )
    };
    let query = format!("mutation {{ {} }}", (0..5).map(one).collect::<String>());
    let codes = async || {
        let told = program.ask(&query, json!({})).await.expect(200).json();
        let told = told["data"].as_object().expect("all are answered").clone();
        told.values().map(|one| one["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(codes().await, ["INVALID_CREDENTIALS"; 5]);
    let next = codes().await;
    assert_eq!(next.iter().filter(|code| *code == "INVALID_CREDENTIALS").count(), 2, "{next:?}");
    assert_eq!(next.iter().filter(|code| *code == "RATE_LIMIT").count(), 3, "{next:?}");
}

/// Fragments that name each other twice: few lines, and endless for who follows all of them.
fn bomb(levels: usize) -> String {
    (0..levels).fold("{ ...F0 }".to_owned(), |mut text, level| {
        let next = level + 1;
        write!(text, " fragment F{level} on Query {{ ...F{next} ...F{next} }}").unwrap();
        text
    }) + &format!(" fragment F{levels} on Query {{ account {{ id }} }}")
}

#[tokio::test]
async fn s53_what_a_question_may_ask_for_is_bounded_before_anything_is_done() {
    for api in ["graphql: true", "graphql: true, introspection: true"] {
        let site = Site::with(with(api)).await;
        let program = Program::new(&site);
        let named = |name: &str, times: usize| {
            (0..times).map(|number| format!("n{number}: {name} ")).collect::<String>()
        };
        let circle = |times: usize| "...A ".repeat(times);
        let account = |within: &str| format!("{{ account {{ {within} }} }}");
        for (what, query) in [
            ("deep", format!("{{ {} }}", "account { ".repeat(500) + &"}".repeat(500))),
            (
                "deep in fragments",
                format!("{{ {} }}", "... { ".repeat(60) + "account { id }" + &"}".repeat(60)),
            ),
            ("wide at the top", format!("{{ {} }}", named("account { id }", 6))),
            ("wide at the top by nothing", format!("{{ {} }}", named("__typename", 6))),
            ("wide within", account(&named("id", 2000))),
            ("a circle", format!("{{ {} }} fragment A on Query {{ {} }}", circle(3), circle(50))),
            ("fragments of fragments", bomb(30)),
            ("more of them", bomb(900)),
            (
                "unused",
                format!(
                    "{{ __typename }} {}",
                    (0..1500)
                        .map(|n| format!("fragment F{n} on Account {{ id }} "))
                        .collect::<String>()
                ),
            ),
            ("directives", account(&format!("id {}", "@include(if: true) ".repeat(50)))),
            (
                "directives of the question",
                format!("query {} {{ __typename }}", "@x ".repeat(5000)),
            ),
            (
                "many questions",
                (0..1500).map(|n| format!("query Q{n} {{ __typename }} ")).collect(),
            ),
            (
                "a value in a value",
                account(&format!("id(x: {}1{})", "[".repeat(20_000), "]".repeat(20_000))),
            ),
            (
                "an object in an object",
                account(&format!("id(x: {}1{})", "{a:".repeat(5000), "}".repeat(5000))),
            ),
            (
                "types in types",
                format!("query($x: {}Int{}) {{ __typename }}", "[".repeat(5000), "]".repeat(5000)),
            ),
            (
                "many variables",
                format!(
                    "query({}) {{ __typename }}",
                    (0..3000).map(|n| format!("$v{n}: Int ")).collect::<String>()
                ),
            ),
        ] {
            let began = Instant::now();
            let told = program.ask(&query, json!({})).await.expect(200).json();
            assert!(told["data"].is_null() && told["errors"].is_array(), "{what}: {told}");
            assert!(began.elapsed() < Duration::from_secs(5), "{what}: {:?}", began.elapsed());
        }
        let told = program.ask("{ __typename }", json!({})).await.expect(200).json();
        assert_eq!(told["data"]["__typename"], "Query");
    }
}

#[tokio::test]
async fn nothing_is_told_of_what_there_is_to_ask_for() {
    let site = site().await;
    let program = Program::new(&site);
    let told =
        async |query: &str, variables: Value| program.ask(query, variables).await.expect(200);
    for query in
        ["{ all: __schema { types { name } } }", "{ all: __type(name: \"Query\") { name } }"]
    {
        assert_eq!(told(query, json!({})).await.json()["data"], json!({ "all": null }));
    }
    for (what, query) in [
        ("unknown", "{ acount { id } }"),
        ("unknown within", "{ account { usernam } }"),
        ("a fragment of nothing", "{ ...Nothing }"),
        ("a value that is missing", "mutation { signIn(input: { login: \"ada\" }) { success } }"),
        ("a subscription", "subscription { account { id } }"),
        ("no question", "}{"),
        ("nothing", ""),
    ] {
        let told = told(query, json!({})).await.json();
        assert!(told["data"].is_null(), "{what}: {told}");
        let message = told["errors"][0]["message"].as_str().unwrap();
        assert_eq!(message, "The question is not of the form that is wanted.", "{what}");
    }
    // What stands in the wrong place may be a secret (S12).
    let query = "mutation($input: Credentials!) { signIn(input: $input) { success } }";
    for input in [
        json!({ "login": "ada", "password": { "hunter2": 1 }, "installId": program.install }),
        json!({ "login": "ada", "hunter2": "x", "installId": program.install }),
        json!("hunter2"),
    ] {
        let told = told(query, json!({ "input": input })).await;
        assert!(
            told.json()["data"].is_null() && !told.everything().contains("hunter2"),
            "{}",
            told.text()
        );
    }
    assert!(!site.log().contains("hunter2"));

    let open = Site::with(with("graphql: true, introspection: true")).await;
    let program = Program::new(&open);
    let told =
        program.ask("{ __schema { queryType { name } } }", json!({})).await.expect(200).json();
    assert_eq!(told["data"]["__schema"]["queryType"]["name"], "Query");
    let told = program.ask("{ acount { id } }", json!({})).await.expect(200).json();
    assert!(told["errors"][0]["message"].as_str().unwrap().contains("acount"), "{told}");
}

#[tokio::test]
async fn a_question_is_json_of_a_modest_size_that_is_posted() {
    let site = site().await;
    let query = "{\"query\":\"{__typename}\"}";
    let post = |kind: &str, body: String| site.send(Request::post(GRAPHQL).body(kind, body));
    for method in ["GET", "HEAD", "PUT", "DELETE"] {
        let request = Request::new(method, &format!("{GRAPHQL}?query=%7B__typename%7D"));
        let answer = site.send(request).await.expect(405);
        assert_eq!(answer.header("allow"), Some("POST"));
    }
    for kind in [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "text/plain",
        "",
    ] {
        assert_eq!(
            problem(&post(kind, query.to_owned()).await.expect(415)),
            "UNSUPPORTED_MEDIA_TYPE"
        );
    }
    let endless = json!({ "query": "x".repeat(1 << 20) }).to_string();
    assert_eq!(problem(&post("application/json", endless).await.expect(413)), "TOO_LARGE");
    for body in [
        "",
        "[]",
        "{}",
        "{\"query\":1}",
        "{\"query\":\"{__typename}\",\"more\":1}",
        "\"{__typename}\"",
        "{\"query\":\"{__typename}\",\"variables\":[]}",
        "{\"query\":\"{__typename}\",\"variables\":1}",
    ] {
        let answer = post("application/json", body.to_owned()).await.expect(400);
        assert_eq!(problem(&answer), "VALIDATION_ERROR", "{body}");
    }
    let answer = post("application/json; charset=utf-8", query.to_owned()).await.expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.all("set-cookie"), Vec::<&str>::new());
    assert_eq!(site.send(Request::get("/_doorward/graphqlx")).await.status, 404);
    assert_eq!(
        problem(&site.send(Request::get("/_doorward/graphql/x")).await.expect(404)),
        "NOT_FOUND"
    );
}

#[tokio::test]
async fn s52_no_page_of_another_site_asks_by_graphql_unless_it_is_named() {
    const APP: &str = "https://app.example.com";
    let site = Site::with(with(&format!("graphql: true, origins: [\"{APP}\"]"))).await;
    let ask = |headers: &[(&str, &str)]| {
        let request =
            Request::post(GRAPHQL).body("application/json", "{\"query\":\"{__typename}\"}");
        site.send(
            headers.iter().fold(request, |request, (name, value)| request.header(name, value)),
        )
    };
    for foreign in [
        &[("Origin", "https://evil.example")][..],
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Origin", APP), ("Cookie", "doorward=x")],
    ] {
        let answer = ask(foreign).await.expect(403);
        assert_eq!(problem(&answer), "ORIGIN_NOT_ALLOWED", "{foreign:?}");
    }
    let answer = ask(&[("Origin", APP), ("Sec-Fetch-Site", "cross-site")]).await.expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), Some(APP));
    let preflight = Request::new("OPTIONS", GRAPHQL)
        .header("Origin", APP)
        .header("Access-Control-Request-Method", "POST");
    let answer = site.send(preflight).await.expect(204);
    assert_eq!(answer.header("access-control-allow-origin"), Some(APP));
    // S34: no cookie is looked at.
    let browser = Browser::new(&site);
    browser.sign_in(&site, &ADA).await;
    let cookie = format!("doorward={}", browser.cookie("doorward").unwrap());
    let request = Request::post(GRAPHQL).body("application/json", "{\"query\":\"{account{id}}\"}");
    let told = site.send(request.header("Cookie", &cookie)).await.expect(200).json();
    assert_eq!(told["errors"][0]["extensions"]["code"], "INVALID_TOKEN", "{told}");
}

#[tokio::test]
async fn s12_no_token_of_graphql_stands_anywhere_but_with_its_program() {
    let site = site().await;
    let program = Program::new(&site);
    program.sign_in_by_graphql(&site).await;
    let before = program.kept();
    payload(&program.send(program.next_tokens()).await);
    let kept = program.kept();
    let secrets = [
        before.refresh,
        kept.access,
        kept.refresh,
        kept.device,
        kept.flow,
        Some(ADA.password.to_owned()),
    ];
    for (path, bytes) in site.written() {
        for secret in secrets.iter().flatten() {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "a secret stands in {}", path.display());
        }
    }
}

#[tokio::test]
async fn where_it_is_not_asked_for_there_is_no_graphql() {
    let site = Site::with(with("graphql: false")).await;
    let told = Program::new(&site).ask("{ __typename }", json!({})).await.expect(404);
    assert_eq!(problem(&told), "NOT_FOUND");
    let site = Site::start().await;
    assert_eq!(Program::new(&site).ask("{ __typename }", json!({})).await.status, 404);
}
