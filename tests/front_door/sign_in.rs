//! Name and password.

use crate::support::browser::{Browser, Request};
use crate::support::http::Response;
use crate::support::metrics::Metrics;
use crate::support::page::{alerts, find_hidden, hidden, words};
use crate::support::site::{ADA, GRACE, Person, Setup, Site};

#[tokio::test]
async fn a_person_signs_in_by_name_or_address_and_comes_back_to_where_they_were() {
    let site = Site::start().await;
    for name in ["ada", "ADA", "ada@example.org", "Ada@Example.ORG", " ada "] {
        let browser = Browser::new(&site);
        let sent = browser.get("/wiki/Home?edit=1").await.expect(303);
        let page = browser.get(sent.location()).await.expect(200).text();
        let (csrf, rd) = (hidden(&page, "csrf"), hidden(&page, "rd"));
        assert_eq!(rd, "/wiki/Home?edit=1");
        let fields = [
            ("username", name),
            ("password", ADA.password),
            ("csrf", csrf.as_str()),
            ("rd", rd.as_str()),
        ];
        let answer = browser.submit("/_doorward/login", &fields).await.expect(303);
        assert_eq!(answer.location(), "/_doorward/code", "{name}");
        assert_eq!(browser.cookie("doorward"), None, "half signed in is not signed in");
        assert!(!browser.is_signed_in().await, "half signed in opens nothing");

        let mail = site.mailbox.next_code_to(ADA.email).await;
        let page = words(&browser.get("/_doorward/code").await.expect(200).text());
        assert!(
            page.contains("@example.org") && !page.contains("ada@example.org"),
            "the address is masked: {page}"
        );
        assert!(
            page.contains("5 ") && page.contains("UTC"),
            "attempts and expiry are told: {page}"
        );
        let answer = browser.submit_code(&mail.code()).await.expect(303);
        assert_eq!(answer.location(), "/wiki/Home?edit=1");
        browser.get("/wiki/Home?edit=1").await.expect(200);
        assert_eq!(site.upstream.last().header("remote-user"), Some("ada"), "{name}");
    }
}

#[tokio::test]
async fn one_factor_is_enough_where_a_rule_says_so_and_the_code_is_asked_for_elsewhere() {
    let site = Site::start().await;
    let ada = Browser::new(&site);
    let answer =
        ada.submit_password_for(ADA.username, ADA.password, "/simple/page").await.expect(303);
    assert_eq!(answer.location(), "/simple/page");
    ada.get("/simple/page").await.expect(200);
    assert_eq!(site.upstream.last().header("remote-user"), Some("ada"));
    assert!(site.mailbox.take(ADA.email).is_none(), "no mail was needed");
    let one_factor = ada.cookie("doorward").expect("a session");

    // More is asked for where more is needed: only the code.
    ada.fetch("/private").await.expect(401);
    let sent = ada.get("/private?x=1").await.expect(303);
    let page = ada.get(sent.location()).await;
    let page =
        if page.status == 303 { ada.get(page.location()).await } else { page }.expect(200).text();
    assert!(!page.contains("type=\"password\""), "the password was shown already");
    let fields =
        [("csrf", hidden(&page, "csrf")), ("rd", find_hidden(&page, "rd").unwrap_or_default())];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    ada.submit("/_doorward/code/start", &fields).await.expect(303);
    let code = site.mailbox.next_code_to(ADA.email).await.code();
    assert_eq!(ada.submit_code(&code).await.expect(303).location(), "/private?x=1");
    assert!(ada.is_signed_in().await);

    // S28: what the half-way session was worth, it is worth no more.
    ada.stolen().set_cookie("doorward", Some(&one_factor));
    let thief = Browser::new(&site);
    thief.set_cookie("doorward", Some(&one_factor));
    thief.fetch("/simple/page").await.expect(401);
}

#[tokio::test]
async fn s23_known_and_unknown_names_are_answered_alike() {
    let site = Site::start().await;
    let shape = |response: &Response, name: &str| {
        let body = response.text();
        let changing = [
            find_hidden(&body, "csrf").unwrap_or_default(),
            name.to_owned(),
            header(response, "x-request-id"),
        ];
        let body = changing
            .iter()
            .filter(|text| !text.is_empty())
            .fold(body, |body, text| body.replace(text.as_str(), "…"));
        let mut headers: Vec<String> = response
            .headers
            .iter()
            .filter(|(name, _)| {
                !matches!(
                    name.to_ascii_lowercase().as_str(),
                    "date" | "x-request-id" | "content-length"
                )
            })
            .map(|(name, value)| format!("{name}: {}", value.split('=').next().unwrap_or_default()))
            .collect();
        headers.sort();
        (response.status, headers, without_ids(&body))
    };
    let mut seen = Vec::new();
    for (name, password) in [
        ("ada", "wrong"),
        ("nobody", "wrong"),
        ("ada@example.org", "wrong"),
        ("nobody@example.org", "wrong"),
        ("nobody", ADA.password),
        ("not a name!", "wrong"),
        ("mıke", "wrong"),
    ] {
        let response = Browser::new(&site).submit_password(name, password).await.expect(401);
        assert_eq!(alerts(&response.text()).len(), 1, "{}", response.text());
        seen.push((name, shape(&response, name)));
    }
    for (name, shape) in &seen[1..] {
        assert_eq!(shape, &seen[0].1, "{name} is answered otherwise than ada");
    }
    assert!(site.mailbox.all().is_empty(), "nobody was told by mail");
}

#[tokio::test]
async fn s24_known_and_unknown_names_cost_the_same_work() {
    let site = Site::start().await;
    let work_of = async |name: &str, password: &str, rd: &str| {
        let browser = Browser::new(&site);
        let csrf = browser.login_token().await;
        site.outbox_is_empty().await;
        let before = site.metrics().await;
        let fields =
            [("username", name), ("password", password), ("csrf", csrf.as_str()), ("rd", rd)];
        let answer = browser.submit("/_doorward/login", &fields).await;
        let after = site.metrics().await;
        let hashes = after.sum("doorward_password_hash_seconds_count", &[])
            - before.sum("doorward_password_hash_seconds_count", &[]);
        let mut calls = after.store_calls_since(&before);
        // The worker and the purge ask on their own account.
        calls.retain(|(key, _)| {
            ![
                "lease_mails",
                "count_mails",
                "remove_mail",
                "count_sessions",
                "purge",
                "ping",
                "changed_elsewhere",
            ]
            .iter()
            .any(|own| key.contains(own))
        });
        (answer.status, hashes as u64, calls)
    };
    let known = work_of("ada", "wrong", "/").await;
    assert_eq!((known.0, known.1), (401, 1));
    assert!(!known.2.is_empty(), "the metrics count what the stores are asked");
    for name in ["nobody", "ada@example.org", "nobody@example.org", "not a name!"] {
        assert_eq!(work_of(name, "wrong", "/").await, known, "{name}");
    }
    // The same where the mail alone signs in, and mail goes to those who have an account.
    let known = work_of("ada", "", "/mail-only/x").await;
    assert_eq!((known.0, known.1), (303, 0));
    assert_eq!(work_of("nobody", "", "/mail-only/x").await, known);
    assert_eq!(work_of("nobody@example.org", "", "/mail-only/x").await, known);
}

#[tokio::test]
async fn s26_a_name_that_nobody_has_gets_a_challenge_that_nobody_can_answer() {
    let limits =
        "{ sign_in: 10000/1m, verify: 10000/1m, resend: 10000/1m, code_request: 3/1h }".to_owned();
    let site = Site::with(Setup { limits: Some(limits), ..Setup::default() }).await;
    let begin = async |name: &str| {
        let browser = Browser::new(&site);
        let sent = browser.get("/mail-only/page").await.expect(303);
        let page = browser.get(sent.location()).await.expect(200).text();
        assert!(!page.contains("type=\"password\""), "the name is enough here");
        let (csrf, rd) = (hidden(&page, "csrf"), hidden(&page, "rd"));
        let fields = [("username", name), ("csrf", csrf.as_str()), ("rd", rd.as_str())];
        (browser.submit("/_doorward/login", &fields).await, browser)
    };
    let (answer, ada) = begin("ada").await;
    assert_eq!(answer.expect(303).location(), "/_doorward/code");
    let code = site.mailbox.next_code_to(ADA.email).await.code();
    let (answer, nobody) = begin("mallory@example.org").await;
    assert_eq!(answer.expect(303).location(), "/_doorward/code");

    // Page, resend and five guesses look the same; the sixth is over for both.
    let shown = |page: String| without_ids(&words(&page)).replace("a•••", "").replace("m•••", "");
    let (for_ada, for_nobody) =
        (ada.get("/_doorward/code").await.text(), nobody.get("/_doorward/code").await.text());
    assert_eq!(
        shown(for_ada).split_whitespace().count(),
        shown(for_nobody).split_whitespace().count()
    );
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for guess in 1..=4 {
        ada.submit_code(wrong).await.expect(401);
        assert_eq!(nobody.submit_code(wrong).await.status, 401, "guess {guess}");
    }
    // The right code of somebody else does not help either, and the guesses run out.
    assert!(matches!(nobody.submit_code(&code).await.status, 401 | 410));
    assert_eq!(
        nobody
            .submit("/_doorward/code", &[("code", "123456"), ("csrf", &ada_token(&nobody).await)])
            .await
            .status,
        410
    );
    ada.submit_code(&code).await.expect(303);
    ada.get("/mail-only/page").await.expect(200);

    // The same limit for both.
    for name in ["ada", "mallory@example.org"] {
        begin(name).await.0.expect(303);
        begin(name).await.0.expect(303);
        let limited = begin(name).await.0.expect(429);
        assert!(limited.retry_after() > 0);
    }
    assert!(
        site.mailbox.all().iter().all(|mail| !mail.head().contains("mallory")),
        "mail goes to accounts alone"
    );
}

async fn ada_token(browser: &Browser) -> String {
    let page = browser.get("/_doorward/code").await.text();
    match find_hidden(&page, "csrf") {
        Some(token) => token,
        None => browser.login_token().await,
    }
}

#[tokio::test]
async fn s42_all_of_a_password_counts_and_an_endless_one_is_not_read() {
    let long = "correct horse battery staple, and then some more of the same, to here…tail";
    assert_eq!(long.len(), 76, "what differs lies past the 72nd byte");
    let edda = Person {
        username: "edda",
        email: "edda@example.org",
        full_name: "Edda",
        password: long,
        groups: &[],
    };
    let sixty_four = "lantern-quill-marble7-frost-saddle-onyx9-thimble-glow-harbor-ivy";
    let otto = Person {
        username: "otto",
        email: "otto@example.org",
        full_name: "Otto",
        password: sixty_four,
        groups: &[],
    };
    let site = Site::with(Setup { people: vec![edda, otto], ..Setup::default() }).await;

    Browser::new(&site).submit_password("edda", long).await.expect(303);
    Browser::new(&site).submit_password("edda", &format!("{}lait", &long[..72])).await.expect(401);
    Browser::new(&site).submit_password("edda", &long[..72]).await.expect(401);
    Browser::new(&site).submit_password("otto", sixty_four).await.expect(303);
    Browser::new(&site).submit_password("otto", &sixty_four[..63]).await.expect(401);

    let browser = Browser::new(&site);
    let csrf = browser.login_token().await;
    let before = site.metrics().await;
    let endless = "x".repeat(10 << 20);
    let fields = [
        ("username", "edda"),
        ("password", endless.as_str()),
        ("csrf", csrf.as_str()),
        ("rd", "/"),
    ];
    browser.submit("/_doorward/login", &fields).await.expect(413);
    let hashed = site.metrics().await.sum("doorward_password_hash_seconds_count", &[]);
    assert_eq!(
        hashed,
        before.sum("doorward_password_hash_seconds_count", &[]),
        "nothing was hashed for it"
    );
    // One that fits the body and is longer than any password is refused as well, unhashed.
    let csrf = browser.login_token().await;
    let longer = "x".repeat(5000);
    let fields =
        [("username", "edda"), ("password", longer.as_str()), ("csrf", csrf.as_str()), ("rd", "/")];
    assert!(matches!(browser.submit("/_doorward/login", &fields).await.status, 400 | 401));
}

#[tokio::test]
async fn s51_nobody_is_sent_to_another_site() {
    let site = Site::start().await;
    for target in [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "https://evil.example/",
        "%2f%2fevil.example",
        "/%2fevil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        "evilexample.com",
        "javascript:alert(1)",
        "///evil.example",
        "/%5cevil.example",
        "http:///evil.example",
        "//evil.example/%2e%2e",
        "/ /evil.example",
        "",
    ] {
        let browser = Browser::new(&site);
        let query = crate::support::page::percent_encode(target);
        let page = browser.get(&format!("/_doorward/login?rd={query}")).await.expect(200).text();
        assert!(!page.contains("evil.example"), "{target:?} stands on the page");
        let csrf = hidden(&page, "csrf");
        let fields = [
            ("username", "ada"),
            ("password", ADA.password),
            ("csrf", csrf.as_str()),
            ("rd", target),
        ];
        browser.submit("/_doorward/login", &fields).await.expect(303);
        let code = site.mailbox.next_code_to(ADA.email).await.code();
        let answer = browser.submit_code(&code).await.expect(303);
        assert_eq!(answer.location(), "/", "{target:?}");
    }
    // A host that the request invents stands nowhere, in no mail either (S19).
    let browser = Browser::new(&site)
        .always("X-Forwarded-Host", "evil.example")
        .always("Forwarded", "host=evil.example");
    let sent = browser.get("/private").await.expect(303);
    assert!(!sent.everything().contains("evil.example"));
    browser.half_sign_in(&site, &GRACE).await;
    assert!(
        site.mailbox.all().iter().all(
            |mail| !mail.source.contains("evil.example") && !mail.text.contains("evil.example")
        )
    );
}

#[tokio::test]
async fn s52_another_site_can_submit_none_of_the_forms() {
    let site = Site::start().await;
    let foreign: &[(&str, &str)] = &[
        ("Origin", "https://evil.example"),
        ("Origin", "http://wiki.localhost"),
        ("Origin", "http://wiki.localhost.evil:80"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
    ];
    let strikes = async |browser: &Browser, target: &str, fields: &[(&str, &str)]| {
        for (name, value) in foreign {
            let answer = browser.send(browser.form(target, fields).instead(name, value)).await;
            // Of another host, where the browser vouches for the page, the sign-in form names a cause (`circles`).
            let names_cause = target == "/_doorward/login" && value.contains("evil");
            let refused = if names_cause { 400 } else { 403 };
            assert_eq!(answer.status, refused, "{target} with {name}: {value}");
        }
        // Without fetch metadata, an origin that says nothing is nobody's.
        let unsure = browser.form(target, fields).without("Sec-Fetch-Site");
        for origin in ["null", "https://evil.example"] {
            let answer = browser.send(unsure.clone().instead("Origin", origin)).await;
            assert_eq!(answer.status, 403, "{target} with the origin {origin} alone");
        }
        for token in
            [None, Some(""), Some("AAAA"), Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
        {
            let kept = fields.iter().filter(|(name, _)| *name != "csrf").copied();
            let fields: Vec<_> = kept.chain(token.map(|token| ("csrf", token))).collect();
            let answer = browser.submit(target, &fields).await;
            assert_eq!(answer.status, 403, "{target} with the token {token:?}");
        }
    };
    let browser = Browser::new(&site);
    let csrf = browser.login_token().await;
    let fields =
        [("username", "ada"), ("password", ADA.password), ("csrf", csrf.as_str()), ("rd", "/")];
    strikes(&browser, "/_doorward/login", &fields).await;
    assert!(site.mailbox.all().is_empty(), "nothing was done");
    // A token of another browser is none.
    let other = Browser::new(&site).login_token().await;
    let fields =
        [("username", "ada"), ("password", ADA.password), ("csrf", other.as_str()), ("rd", "/")];
    browser.submit("/_doorward/login", &fields).await.expect(403);

    let code = browser.half_sign_in(&site, &ADA).await;
    let csrf = browser.code_token().await;
    strikes(&browser, "/_doorward/code", &[("code", &code), ("csrf", &csrf)]).await;
    strikes(&browser, "/_doorward/code/resend", &[("csrf", &csrf)]).await;
    assert_eq!(browser.cookie("doorward"), None);
    browser.submit_code(&code).await.expect(303);

    let page = browser.get("/_doorward/logout").await.expect(200).text();
    strikes(&browser, "/_doorward/logout", &[("csrf", &hidden(&page, "csrf"))]).await;
    assert!(browser.is_signed_in().await, "nobody else signs a person out");
    // GET changes nothing.
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn s10_and_s45_sign_ins_of_one_address_are_limited_whatever_it_claims() {
    let site = Site::with(Setup { limits: None, ..Setup::default() }).await;
    for attempt in 0..5 {
        let browser =
            Browser::new(&site).always("X-Forwarded-For", &format!("203.0.113.{attempt}"));
        browser.submit_password("ada", "wrong").await.expect(401);
    }
    let browser = Browser::new(&site).always("X-Forwarded-For", "198.51.100.7");
    let limited = browser.submit_password("ada", ADA.password).await.expect(429);
    let wait = limited.retry_after();
    assert!(
        (1..=60).contains(&wait),
        "one of five in five minutes is earned back each minute, and not in {wait}"
    );
    assert_eq!(alerts(&limited.text()).len(), 1);
    assert!(site.mailbox.all().is_empty());

    site.travel(std::time::Duration::from_secs(wait));
    browser.submit_password("ada", ADA.password).await.expect(303);
    let metrics = site.metrics().await;
    assert_eq!(metrics.sum("doorward_limits_total", &[("limit", "sign_in")]), 1.0);
}

#[tokio::test]
async fn a_disabled_account_signs_in_nowhere() {
    let site = Site::start().await;
    site.cli(&["accounts", "disable", "grace"], "").await;
    let answer = Browser::new(&site).submit_password("grace", GRACE.password).await;
    assert!(matches!(answer.status, 401 | 403), "{}", answer.status);
    assert!(site.mailbox.all().is_empty());
    site.cli(&["accounts", "enable", "grace"], "").await;
    Browser::new(&site).sign_in(&site, &GRACE).await;
}

#[tokio::test]
async fn s59_what_cannot_be_read_opens_nothing_and_breaks_nothing() {
    let site = Site::start().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    let good = ada.cookie("doorward").unwrap();
    let mut flipped = good.clone().into_bytes();
    flipped[4] = if flipped[4] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).unwrap();
    let cookies = [
        "",
        "x",
        "AAAA",
        &flipped,
        &good[..good.len() - 1],
        &format!("{good}A"),
        &format!("\"{good}\""),
        &"A".repeat(86),
        &"é".repeat(20),
        "..",
        "%00",
        &"A".repeat(20_000),
        "{\"a\":1}",
        "=;=;=",
    ];
    for cookie in cookies {
        let request = Request::get("/private").header("Cookie", &format!("doorward={cookie}"));
        let status = site.send(request).await.status;
        // A quoted cookie is the same cookie to some readers; it may open only what it is.
        let quoted = cookie.starts_with('"') && status == 200;
        assert!(quoted || matches!(status, 400 | 401 | 431), "{status} for {:.60}", cookie);
    }
    for line in ["doorward", ";;;", "=", "doorward=\u{1}", "doorward"] {
        let status = site.send(Request::get("/private").header("Cookie", line)).await.status;
        assert!(matches!(status, 400 | 401), "{status} for {line:?}");
    }
    // A forgery of the right form dies on its MAC: no store is asked about it.
    let asked =
        |metrics: &Metrics| metrics.sum("doorward_store_seconds_count", &[("op", "find_session")]);
    let before = asked(&site.metrics().await);
    for forgery in [flipped.as_str(), &"A".repeat(64), &"b".repeat(64)] {
        let request = Request::get("/private").header("Cookie", &format!("doorward={forgery}"));
        site.send(request).await.expect(401);
    }
    assert_eq!(asked(&site.metrics().await), before, "forgeries cost a store's time");
    // A good one beside a bad one is still a good one: whoever can set cookies cannot lock a person out.
    let both =
        Request::get("/private").header("Cookie", &format!("doorward={flipped}; doorward={good}"));
    site.send(both).await.expect(200);

    let browser = Browser::new(&site);
    let csrf = browser.login_token().await;
    let form = format!("username=ada&password=x&csrf={csrf}&rd=/");
    for (kind, body) in [
        ("application/x-www-form-urlencoded", form.replace("username=ada", "username=%ff%fe")),
        ("application/x-www-form-urlencoded", format!("{form}&username=grace")),
        ("application/x-www-form-urlencoded", "&&&===%%%".to_owned()),
        ("application/x-www-form-urlencoded", "username[]=ada&password[$ne]=x".to_owned()),
        ("application/json", format!("{{\"username\":\"ada\",\"csrf\":\"{csrf}\"}}")),
        (
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nada\r\n--x".to_owned(),
        ),
        ("multipart/form-data", "no boundary".to_owned()),
        ("text/plain", form.clone()),
        ("", form.clone()),
    ] {
        let request = browser.form("/_doorward/login", &[]).body(kind, body.clone());
        let status = browser.send(request).await.status;
        assert!((400..500).contains(&status), "{status} for {kind}: {body:.60}");
    }
    assert!(ada.is_signed_in().await);
    let codes = [500, 502, 503].map(|status| site.log().contains(&format!("\"status\":{status}")));
    assert_eq!(codes, [false; 3], "nothing of it was an error of doorward's");
}

fn header(response: &Response, name: &str) -> String {
    response.all(name).concat()
}

/// A page without the identifiers that differ from request to request.
fn without_ids(body: &str) -> String {
    let is_id = |word: &str| word.len() >= 20 && word.bytes().any(|byte| byte.is_ascii_digit());
    let words = body.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
    words.filter(|word| is_id(word)).fold(body.to_owned(), |body, id| body.replace(id, "…"))
}
