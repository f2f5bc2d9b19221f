//! S12: no response, address, log line, metric or column of a database holds a code, a token or a password.

use crate::support::browser::Browser;
use crate::support::http::Response;
use crate::support::page::percent_encode;
use crate::support::site::{ADA, GRACE, Setup, Site};

#[tokio::test]
async fn s12_secrets_stand_nowhere_but_at_home() {
    // The most talkative log that anybody would switch on.
    let mut site = Site::with(Setup { log: "trace".to_owned(), ..Setup::default() }).await;
    let mut answers: Vec<Response> = Vec::new();
    let mut secrets: Vec<(String, String)> = vec![
        ("ada's password".into(), ADA.password.into()),
        ("grace's password".into(), GRACE.password.into()),
        ("a mistyped password".into(), "Tr0ub4dor-and-thr3e".into()),
    ];

    let browser = Browser::new(&site);
    answers.push(browser.get("/private?x=1").await);
    answers.push(browser.submit_password("ada", "Tr0ub4dor-and-thr3e").await);
    answers.push(browser.submit_password("ada", ADA.password).await);
    let mail = site.mailbox.next_to(ADA.email).await;
    let first = mail.code();
    assert!(
        !mail.head().contains(&first),
        "a header of the mail holds the code, and subjects are shown on lock screens"
    );
    let wrong = if first == "731940" { "731941" } else { "731940" };
    answers.push(browser.submit_code(wrong).await);
    site.travel(std::time::Duration::from_secs(31));
    answers.push(browser.resend().await);
    let second = site.mailbox.next_to(ADA.email).await.code();
    let flow = browser.cookie("doorward-flow").expect("half signed in");
    answers.push(browser.submit_code(&second).await);
    let session = browser.cookie("doorward").expect("signed in");
    for path in ["/private", "/_doorward/", "/_doorward/nothing", "/closed/x", "/sets-cookies"] {
        answers.push(browser.get(path).await);
    }
    // A challenge that is never answered, and a session that goes on.
    let pending = Browser::new(&site);
    let third = pending.half_sign_in(&site, &GRACE).await;
    let pending_flow = pending.cookie("doorward-flow").expect("half signed in");
    for (what, value) in [
        ("a flow secret", flow),
        ("a pending flow secret", pending_flow),
        ("a session token", session),
    ] {
        secrets.push((what.to_owned(), value.clone()));
        // The token without what binds it, too.
        secrets.extend(
            value
                .split('.')
                .filter(|part| part.len() >= 40)
                .map(|part| (format!("part of {what}"), part.to_owned())),
        );
    }
    let (_, key) = site.signing_key().await;
    secrets.push(("the signing key".to_owned(), data_encoding::HEXLOWER.encode(&key)));
    let server_secret = std::fs::read(site.path("secret")).expect("the server secret");
    let server_secret = String::from_utf8_lossy(&server_secret).trim().to_owned();
    secrets.push(("the server secret".to_owned(), server_secret));
    let codes = [
        ("the first code", first),
        ("the second code", second),
        ("a pending code", third),
        ("a wrong code", wrong.to_owned()),
    ];

    answers.push(browser.sign_out().await);
    answers.push(site.ask_admin("/metrics").await);
    answers.push(site.ask_admin("/readyz").await);

    for answer in &answers {
        let text = answer.everything();
        // The one response that gives a cookie holds its token, in Set-Cookie and nowhere else.
        let elsewhere: String = text
            .lines()
            .filter(|line| !line.to_ascii_lowercase().starts_with("set-cookie:"))
            .collect();
        for (what, secret) in &secrets {
            assert!(!elsewhere.contains(secret.as_str()), "{what} is in a response: {text}");
        }
        for (what, code) in &codes {
            assert!(!has_number(&elsewhere, code), "{what} is in a response: {text}");
        }
    }
    let log = site.log();
    assert!(log.lines().count() > 20, "the log is there");
    for (what, secret) in &secrets {
        assert!(
            !log.contains(secret.as_str()),
            "{what} is in the log: {}",
            line_with(&log, secret)
        );
        assert!(
            !log.contains(&percent_encode(secret)),
            "{what} is in the log: {}",
            line_with(&log, &percent_encode(secret))
        );
    }
    for (what, code) in &codes {
        assert!(!has_number(&log, code), "{what} is in the log: {}", line_with(&log, code));
    }
    // The journal of the database is looked at while it is written, and the database once it is whole.
    for after_the_end in [false, true] {
        if after_the_end {
            site.stop().await;
        }
        let written = site.written();
        assert!(written.iter().any(|(path, _)| path.ends_with("doorward.db")));
        for (path, bytes) in
            written.iter().filter(|(path, _)| !path.ends_with("secret") && !path.ends_with("log"))
        {
            let text = String::from_utf8_lossy(bytes);
            for (what, secret) in &secrets {
                assert!(!text.contains(secret.as_str()), "{what} is in {}", path.display());
                assert!(!holds_decoded(bytes, secret), "{what} is, decoded, in {}", path.display());
            }
            for (what, code) in &codes {
                assert!(!has_number(&text, code), "{what} is in {}", path.display());
            }
        }
    }
}

/// Whether six digits stand there as a number of their own: part of a longer number or of a hexadecimal text is
/// chance.
fn has_number(text: &str, code: &str) -> bool {
    let bounded = |c: Option<char>| {
        c.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '.' && c != '-' && c != '_')
    };
    text.match_indices(code).any(|(at, _)| {
        bounded(text[..at].chars().next_back()) && bounded(text[at + code.len()..].chars().next())
    })
}

/// Whether the bytes that `secret` stands for in base64url are there.
fn holds_decoded(bytes: &[u8], secret: &str) -> bool {
    let Ok(decoded) = data_encoding::BASE64URL_NOPAD.decode(secret.as_bytes()) else {
        return false;
    };
    decoded.len() >= 16 && bytes.windows(16).any(|window| window == &decoded[..16])
}

fn line_with<'a>(log: &'a str, text: &str) -> &'a str {
    log.lines().find(|line| line.contains(text)).unwrap_or_default()
}
