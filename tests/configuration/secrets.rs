use doorward::config::settings::{ListenMode, MailTransport};
use secrecy::ExposeSecret;

use crate::support::{Files, LEAST, faults, least_and, least_with, read_in, refused};

fn smtp(more: &str) -> String {
    least_with("files: mails", &format!("smtp: {{ host: mail.example.com, {more} }}"))
}

fn tls() -> String {
    least_with(
        "{ address: \"127.0.0.1:8000\" }",
        "{ address: \"127.0.0.1:8000\", tls: { certificate: tls.crt, key: tls.key } }",
    )
}

#[test]
fn a_password_file_is_read_without_its_newline() {
    let files = Files::new();
    for contents in ["hunter2", "hunter2\n", "hunter2\r\n"] {
        files.write("smtp", contents, 0o600);
        let text = smtp("username: me, password_file: smtp");
        let settings = read_in(&text, files.folder()).unwrap();
        let MailTransport::Smtp(server) = settings.mail.transport else { panic!() };
        assert_eq!(server.credentials.unwrap().password.expose_secret(), "hunter2");
    }
}

#[test]
fn s54_a_secret_that_others_may_read_is_refused_with_the_command_that_mends_it() {
    let files = Files::new();
    for mode in [0o644, 0o640, 0o604, 0o620] {
        let path = files.write("smtp", "hunter2", mode);
        let fault = files.fault(&smtp("username: me, password_file: smtp"));
        assert_eq!((fault.line, fault.column), (3, 98), "{fault:?}");
        assert!(fault.message.contains(&format!("(mode {mode:o})")), "{fault:?}");
        assert_eq!(fault.help, format!("chmod 600 {}", path.display()));
    }
    let path = files.write("secret", "x", 0o644);
    let fault = files.fault(&least_and("secret_file: secret"));
    assert_eq!((fault.line, fault.column), (7, 14));
    assert_eq!(fault.help, format!("chmod 600 {}", path.display()));
    let fault = files.fault(&least_and("previous_secret_file: secret"));
    assert_eq!(fault.help, format!("chmod 600 {}", path.display()));
    let fault = files.fault(&least_and("keys_file: secret"));
    assert_eq!((fault.line, fault.column), (7, 12));
    assert_eq!(fault.help, format!("chmod 600 {}", path.display()));
}

#[test]
fn s54_a_tls_key_that_others_may_read_is_refused() {
    let files = Files::new();
    files.certificate(0o600);
    let settings = read_in(&tls(), files.folder()).unwrap();
    assert!(matches!(settings.listen[0].mode, ListenMode::Tls(_)));
    files.certificate(0o644);
    let fault = files.fault(&tls());
    assert_eq!((fault.line, fault.column), (1, 73));
    assert!(fault.help.starts_with("chmod 600 "), "{fault:?}");
}

#[test]
fn s54_secrets_and_keys_that_cannot_be_read_are_refused() {
    let files = Files::new();
    let fault = files.fault(&smtp("username: me, password_file: nowhere"));
    assert!(fault.message.contains("cannot be read"), "{fault:?}");
    files.write("empty", "\n", 0o600);
    let fault = files.fault(&smtp("username: me, password_file: empty"));
    assert!(fault.message.contains("is empty"), "{fault:?}");
    let fault = files.fault(&least_and("previous_secret_file: nowhere"));
    assert!(fault.message.contains("cannot be read"), "{fault:?}");
    let fault = files.fault(&least_and("secret_file: ."));
    assert!(fault.message.contains("cannot be read"), "{fault:?}");

    files.certificate(0o600);
    files.write("tls.key", "not a key", 0o600);
    let fault = files.fault(&tls());
    assert!(fault.message.contains("holds no private key"), "{fault:?}");
    files.certificate(0o600);
    files.write("tls.crt", "not a certificate", 0o644);
    let fault = files.fault(&tls());
    assert!(fault.message.contains("holds no certificate"), "{fault:?}");
    files.certificate(0o600);
    let other = rcgen::KeyPair::generate().unwrap();
    files.write("tls.key", &other.serialize_pem(), 0o600);
    let fault = files.fault(&tls());
    assert!(fault.message.contains("cannot be used together"), "{fault:?}");
    files.write("tls.crt", "not a certificate", 0o644);
    std::fs::remove_file(files.folder().join("tls.key")).unwrap();
    let errors = read_in(&tls(), files.folder()).unwrap_err();
    assert_eq!(errors.faults().len(), 2, "both files are told of: {errors}");
}

#[test]
fn s12_no_secret_shows_in_what_is_said_about_a_fault() {
    for text in [
        smtp("username: me, password: hunter2, port: x"),
        smtp("username: me, password: [hunter2]"),
        smtp("username: me, passwrod: hunter2"),
        smtp("password: hunter2"),
        smtp("username: me, password: hunter2, password: hunter2"),
        smtp("username: me, password: \"hunter2, port: 2"),
        smtp("username: me, port: \"${DOORWARD_TEST_PASSWORD}\""),
        least_with("no-reply@example.com", "\"${DOORWARD_TEST_PASSWORD}\""),
        least_with("http://127", "http://me:hunter2@127"),
        least_and("accounts: { database: \"postgres://me:hunter2@db\" }"),
        least_and("accounts: { database: \"postgres://me:hunter2@db/x?sslmode=prefer\" }"),
        least_and("accounts: { database: \"postgres://me:hunter2@[db/x\" }"),
        least_and("accounts: { database: \"postgres://me:hunter2@db/x\", password: hunter2 }"),
        least_and("accounts: { password: hunter2 }"),
        least_and("state: { redis: \"redis://me:hunter2@db/x\" }"),
        least_and("state: { redis: \"redis://me:hunter2@[db\" }"),
        least_and("state: { redis: { cluster: [\"redis://me:hunter2@db\"] } }"),
        least_and("state: { redis: { url: \"redis://me:hunter2@db\", password: hunter2 } }"),
        least_and("state: { redis: { password: hunter2 } }"),
        format!("{LEAST}password: |\n  hunter2\n\tx: y\n"),
    ] {
        let errors = crate::support::read(&text).unwrap_err();
        for said in [errors.to_string(), errors.to_json().to_string(), format!("{errors:?}")] {
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
}

#[test]
fn a_password_has_one_source() {
    refused(
        &smtp("username: me, password: a, password_file: b"),
        3,
        111,
        "there is `password`, too",
        "take one",
    );
    refused(&smtp("username: me"), 3, 43, "is missing", "password_file");
    refused(&smtp("password: a"), 3, 79, "no username", "username");
    refused(&smtp("username: me, password: \"\""), 3, 93, "is empty", "give the secret");
    refused(&smtp("username: me, password: \"********\""), 3, 93, "is a mask", "put the secret");
    assert_eq!(faults(&smtp("preset: gmail"))[0].key, "mail.smtp.username");
}

#[test]
fn s54_an_account_at_an_authority_is_named_as_a_whole_and_its_key_is_in_a_file() {
    let files = Files::new();
    let bound = |account: &str| {
        let listen = "{ address: \"127.0.0.1:8000\" }, { address: \"127.0.0.1:1\", tls: acme }";
        least_with("{ address: \"127.0.0.1:8000\" }", listen)
            + &format!("acme: {{ agree_to_terms: true, external_account: {account} }}\n")
    };
    let whole = bound("{ key_id: a, hmac_key_file: eab }");
    let key: Vec<u8> = (190..240).collect();
    let typed = data_encoding::BASE64URL_NOPAD.encode(&key);
    let padded = data_encoding::BASE64.encode(&key);
    for contents in [typed.clone(), format!("{typed}\n"), padded, format!(" {typed}== ")] {
        files.write("eab", &contents, 0o600);
        let settings = read_in(&whole, files.folder()).unwrap();
        assert!(!format!("{settings:?}").contains("190, 191"), "no secret is shown");
        let account = settings.acme.unwrap().external_account.unwrap();
        assert_eq!((account.key_id.as_str(), account.key.expose_secret()), ("a", &key[..]));
    }
    for contents in ["no key!", "c2hvcnQ", &format!("key: {typed}")] {
        files.write("eab", contents, 0o600);
        let fault = files.fault(&whole);
        assert_eq!((fault.line, fault.column), (7, 77), "{fault:?}");
        assert!(fault.message.contains("holds no HMAC key in base64url"), "{fault:?}");
        assert!(fault.help.contains("EAB credentials") && !fault.help.contains(contents));
    }
    files.write("eab", &typed, 0o640);
    assert!(files.fault(&whole).help.starts_with("chmod 600 "));
    files.write("eab", &typed, 0o600);
    for (account, message) in [
        ("{ key_id: a }", "is missing"),
        ("{ hmac_key_file: eab }", "is missing"),
        ("{ key_id: \"\", hmac_key_file: eab }", "is empty"),
        ("{ key_id: a, hmac_key_file: other }", "cannot be read"),
        ("{ key_id: a, hmac_key_file: eab, hmac_key: x }", "hmac_key"),
    ] {
        let fault = files.fault(&bound(account));
        assert!(fault.line == 7 && fault.message.contains(message), "{account}: {fault:?}");
        assert!(!fault.help.is_empty(), "{fault:?}");
    }
}
