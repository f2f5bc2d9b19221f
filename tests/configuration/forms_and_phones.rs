//! `captcha` and `sms`: what is wrong with them, and that their secrets are shown to nobody.

use doorward::config::{changes, effective_yaml};
use doorward::domain::captcha::{CaptchaKind, CaptchaPlace};

use crate::support::{Files, faults, least_and, read_in, sound};

const PROVIDER: &str = "provider: { kind: turnstile, site_key: a-b_C1, secret: s3cret }";
const TWILIO: &str = "twilio: { account_sid: AC12, auth_token: t0ken, from: \"+15005550006\" }";
const LISTED: &str = "prefixes: [{ prefix: \"+41\" }]";

/// Sees that `section: { inside }` has one fault, at this key, saying this, with this remedy.
#[track_caller]
fn refused(section: &str, inside: &str, key: &str, message: &str, help: &str) {
    let text = least_and(&format!("{section}: {{ {inside} }}"));
    let found = faults(&text);
    let [fault] = found.as_slice() else { panic!("not one fault: {found:#?}\n{text}") };
    assert_eq!((fault.line, fault.key.as_str()), (7, key), "{fault:#?}");
    assert!(fault.message.contains(message), "{fault:#?}");
    assert!(fault.help.contains(help), "{fault:#?}");
}

#[test]
fn s54_a_captcha_that_would_let_everybody_through_or_nobody_is_refused() {
    let refused = |inside: &str, key: &str, message: &str, help: &str| {
        refused("captcha", inside, key, message, help);
    };
    refused("reset: provider", "captcha.reset", "none is named", "captcha.provider");
    refused(
        "reset: recaptcha",
        "captcha.reset",
        "must be one of: none, proof_of_work, provider",
        "",
    );
    refused("proof_of_work: { hashes: 10 }", "captcha.proof_of_work.hashes", "from 1000", "400000");
    refused("proof_of_work: { wait: 0s }", "captcha.proof_of_work.wait", "from 1s to 5m", "15s");
    refused("sign_in_after: 0", "captcha.sign_in_after", "from 1 to 100", "3");
    for (more, key, message) in [
        ("kind: turnstile, secret: s", "site_key", "is missing"),
        ("kind: turnstile, site_key: \"a b\", secret: s", "site_key", "is no site key"),
        ("kind: turnstile, site_key: '\"><script>', secret: s", "site_key", "is no site key"),
        ("kind: turnstile, site_key: a", "secret_file", "is missing"),
        ("site_key: a, secret: s", "kind", "is missing"),
        ("kind: hcaptcha, site_key: a, secret: s, least_score: 50", "least_score", "does nothing"),
        (
            "kind: recaptcha_v3, site_key: a, secret: s, least_score: 101",
            "least_score",
            "from 0 to 100",
        ),
        (
            "kind: hcaptcha, site_key: a, secret: s, verify: \"http://c.example/\"",
            "verify",
            "in the clear",
        ),
        ("kind: hcaptcha, site_key: a, secret: s, script: \"javascript:x\"", "script", "host"),
        ("kind: hcaptcha, site_key: a, secret: \"********\"", "secret", "is a mask"),
    ] {
        let key = format!("captcha.provider.{key}");
        refused(&format!("provider: {{ {more} }}"), &key, message, "");
    }
}

#[test]
fn text_messages_go_where_somebody_has_said_and_nowhere_else() {
    let refused = |inside: &str, key: &str, message: &str, help: &str| {
        refused("sms", inside, key, message, help);
    };
    refused(TWILIO, "sms.prefixes", "is missing", "prefixes: [{ prefix: \"+41\"");
    refused(&format!("{TWILIO}, prefixes: []"), "sms.prefixes", "names nobody", "take the whole");
    refused(LISTED, "sms.twilio", "is missing", "account_sid");
    for (prefix, message) in [
        ("{ prefix: \"41\" }", "not the beginning of telephone numbers"),
        ("{ prefix: \"+0\" }", "not the beginning of telephone numbers"),
        ("{ prefix: \"+\" }", "not the beginning of telephone numbers"),
    ] {
        let inside = format!("{TWILIO}, prefixes: [{prefix}]");
        refused(&inside, "sms.prefixes[0].prefix", message, "+41");
    }
    let twice = format!("{TWILIO}, prefixes: [{{ prefix: \"+41\" }}, {{ prefix: \"+41\" }}]");
    refused(&twice, "sms.prefixes[1].prefix", "is named twice", "take one");
    refused(&format!("{TWILIO}, {LISTED}, lifetime: 10s"), "sms.lifetime", "from 1m to 30m", "5m");
    for (twilio, key, message) in [
        ("auth_token: t, from: Wiki", "account_sid", "is missing"),
        ("account_sid: \"../AC1\", auth_token: t, from: Wiki", "account_sid", "is no SID"),
        ("account_sid: AC1, from: Wiki", "auth_token_file", "is missing"),
        ("account_sid: AC1, auth_token: t", "from", "is missing"),
        ("account_sid: AC1, auth_token: t, from: \"0791234567\"", "from", "not a telephone number"),
        (
            "account_sid: AC1, auth_token: t, from: Wiki, messaging_service_sid: MG1",
            "messaging_service_sid",
            "there is `from`",
        ),
        (
            "account_sid: AC1, auth_token: t, from: Wiki, url: \"http://api.example\"",
            "url",
            "in the clear",
        ),
    ] {
        let inside = format!("{LISTED}, twilio: {{ {twilio} }}");
        refused(&inside, &format!("sms.twilio.{key}"), message, "");
    }
    let files = Files::new();
    files.write("token", "t0ken\n", 0o644);
    let text = least_and(&format!(
        "sms: {{ {LISTED}, twilio: {{ account_sid: AC1, auth_token_file: token, from: Wiki }} }}"
    ));
    assert!(files.fault(&text).message.contains("others may read"), "S54");
}

#[test]
fn s12_secrets_of_providers_are_masked_and_a_new_one_is_a_change() {
    let text = |secret: &str, token: &str| {
        let (provider, twilio) =
            (PROVIDER.replace("s3cret", secret), TWILIO.replace("t0ken", token));
        least_and(&format!(
            "captcha: {{ sign_in: provider, {provider} }}\nsms: {{ {twilio}, {LISTED} }}"
        ))
    };
    let settings = sound(&text("s3cret", "t0ken"));
    assert_eq!(settings.captcha.rules.at(CaptchaPlace::Registration), CaptchaKind::ProofOfWork);
    assert_eq!(settings.captcha.rules.at(CaptchaPlace::Reset), CaptchaKind::Off);
    let printed = effective_yaml(&settings);
    assert!(!printed.contains("s3cret") && !printed.contains("t0ken"), "{printed}");
    let debug = format!("{settings:?}");
    assert!(!debug.contains("s3cret") && !debug.contains("t0ken"), "{debug}");
    assert_eq!(printed.matches("'********'").count(), 2, "{printed}");
    let again = read_in(&printed.replace("'********'", "x"), Files::new().folder()).unwrap();
    assert_eq!(effective_yaml(&again), printed, "it reads back as it is");
    let other = sound(&text("another", "other"));
    assert_eq!(
        changes::changed_keys(&settings, &other),
        ["captcha.provider.secret", "sms.twilio.auth_token"]
    );
}
