use std::time::Duration;

use super::facts::{accent, minutes};
use super::*;
use crate::domain::client::Client;
use crate::domain::entropy::OsEntropy;
use crate::domain::mail::{Asked, LinkAddress};

mod kinds;

const AT: Timestamp = Timestamp::from_millis(1_795_203_045_000);
const LINK: &str = "https://wiki.example.com/_doorward/link/Zm9vYmFyYmF6";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

fn messages(site_name: &str, name: Option<&str>) -> Messages {
    let sender = Sender {
        from: "no-reply@Example.com".parse().unwrap(),
        name: name.map(str::to_owned),
        site_name: site_name.to_owned(),
        accent: Some("#0a7d55".to_owned()),
    };
    Messages::new(&Templates::new(None), sender).unwrap()
}

fn mail(to: &str, user_agent: &str) -> Mail {
    Mail {
        to: to.parse().unwrap(),
        language: Language::English,
        message: Message::SignInCode {
            code: "048213".parse().unwrap(),
            link: LinkAddress::new(LINK.to_owned()),
            passwordless: false,
            site: "https://wiki.example.com".to_owned(),
            expires_at: AT + Duration::from_secs(600),
            asked_by: asked_by(user_agent),
        },
    }
}

fn asked_by(user_agent: &str) -> Asked {
    let client = Client { address: "203.0.113.7".parse().unwrap(), user_agent: user_agent.into() };
    Asked { at: AT, client }
}

/// The mail with this message, to Ada.
fn told(message: Message) -> RenderedMail {
    let to = "ada@example.org".parse().unwrap();
    let mail = Mail { to, language: Language::English, message };
    render(&messages("Example Wiki", None), &mail)
}

fn render(messages: &Messages, mail: &Mail) -> RenderedMail {
    messages.render(mail, MailId::generate(&OsEntropy, AT), AT).unwrap()
}

fn head(mail: &RenderedMail) -> String {
    let raw = String::from_utf8(mail.as_lettre().formatted()).unwrap();
    raw.split_once("\r\n\r\n").unwrap().0.to_owned()
}

#[test]
fn both_parts_say_the_code_its_end_and_who_asked() {
    let mail = render(&messages("Example Wiki", None), &mail("ada@example.org", FIREFOX));
    for part in [mail.text(), mail.html()] {
        for fact in [
            "048213",
            "19:40 UTC",
            "10 minutes",
            "20 November 2026, 19:30 UTC",
            "203.0.113.7",
            "Firefox on Linux",
            "wiki.example.com",
            "Example Wiki",
            "change",
        ] {
            assert!(part.contains(fact), "{fact:?} is missing in {part}");
        }
    }
    assert!(mail.text().lines().any(|line| line == "048213"), "not alone on its line");
}

#[test]
fn s12_the_code_stands_in_the_body_alone_and_late_enough_for_a_preview() {
    let mail = render(&messages("Example Wiki", None), &mail("ada@example.org", FIREFOX));
    assert_eq!(mail.subject(), "Your sign-in code for wiki.example.com");
    assert!(!head(&mail).contains("048213"));
    assert!(!format!("{mail:?}").contains("048213"));
    assert!(mail.text().find("048213").unwrap() > 140);
    assert_eq!(mail.html().matches("048213").count(), 1);
    let preview = mail.html().split_once("<table").unwrap().0;
    assert!(!preview.contains("048213"));
}

#[test]
fn the_headers_say_that_a_machine_wrote_it_and_are_the_same_each_time() {
    let (messages, mail) = (messages("W", Some("Exämple")), mail("ada@example.org", FIREFOX));
    let id = MailId::generate(&OsEntropy, AT);
    let first = messages.render(&mail, id, AT).unwrap();
    let head = head(&first);
    for line in [
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: All",
        "Date: Fri, 20 Nov 2026 19:30:45 +0000",
        "To: ada@example.org",
        "MIME-Version: 1.0",
        &format!("Message-ID: <{id}@example.com>"),
    ] {
        assert!(head.split("\r\n").any(|found| found == line), "{line:?} is missing in {head}");
    }
    assert!(head.contains("multipart/alternative"), "{head}");
    assert!(head.contains("<no-reply@Example.com>"), "{head}");
    let again = messages.render(&mail, id, AT).unwrap();
    assert_eq!(first.as_lettre().formatted(), again.as_lettre().formatted());
}

#[test]
fn nothing_is_loaded_from_anywhere() {
    let mail = render(&messages("Example Wiki", None), &mail("ada@example.org", FIREFOX));
    for loader in ["<img", "src=", "<link", "@import", "url(", "<script"] {
        assert!(!mail.html().contains(loader), "{loader}");
    }
    // The one address is the sign-in link itself, which is opened and not loaded.
    assert_eq!(mail.html().matches("href=").count(), 1);
}

#[test]
fn s20_line_breaks_in_names_and_browsers_make_no_header_and_no_line() {
    let evil = "x\r\nBcc: eve@example.net\r\n\r\n.\r\nMAIL FROM:<eve@example.net>\0";
    let messages = messages(evil, Some(evil));
    let mail = render(&messages, &mail("ada@example.org", evil));
    let raw = String::from_utf8(mail.as_lettre().formatted()).unwrap();
    for line in raw.split("\r\n") {
        assert!(!line.starts_with("Bcc:") && !line.starts_with("MAIL") && line != ".", "{raw}");
        assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
    }
    assert_eq!(mail.as_lettre().envelope().to().len(), 1);
}

#[test]
fn s20_markup_in_a_name_is_text() {
    let mail = render(&messages("<b>&\"W\"</b>", None), &mail("ada@example.org", FIREFOX));
    assert!(!mail.html().contains("<b>"));
    assert!(mail.text().contains("<b>&\"W\"</b>"));
}

#[test]
fn only_a_colour_is_an_accent() {
    assert_eq!(accent(Some("#0a7d55")), "#0a7d55");
    for not_one in ["red;background:url(x)", "#12345g", "", "#", "0a7d55"] {
        assert_eq!(accent(Some(not_one)), accent(None), "{not_one}");
    }
}

#[test]
fn s21_every_address_that_parses_is_one_recipient() {
    let long = format!("{}@{}.example", "a".repeat(64), "b".repeat(63));
    for to in ["ada@localhost", "o'brien+x@sub.example.co", "a!#$%&*/=?^_`{|}~@x", &long] {
        let mail = render(&messages("W", None), &mail(to, FIREFOX));
        let envelope = mail.as_lettre().envelope();
        assert_eq!(envelope.to().iter().map(ToString::to_string).collect::<Vec<_>>(), [to]);
        assert!(head(&mail).contains(to), "{}", head(&mail));
    }
}

#[test]
fn a_broken_template_is_told_at_start() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("mails")).unwrap();
    let file = folder.path().join("mails/sign_in_code.subject.txt");
    let sender = || messages("W", None).sender;
    for wrong in ["{{ code }}", "{{ nothing }}", "{% if %}"] {
        std::fs::write(&file, wrong).unwrap();
        let templates = Templates::new(Some(folder.path().to_owned()));
        assert!(Messages::new(&templates, sender()).is_err(), "{wrong} was taken");
    }
    std::fs::write(&file, "Code for {{ site_host }}").unwrap();
    let templates = Templates::new(Some(folder.path().to_owned()));
    let messages = Messages::new(&templates, sender()).unwrap();
    assert!(messages.templates.is_at_rest(), "nobody has asked for a mail");
}

#[test]
fn minutes_are_told_as_people_say_them() {
    let nearest = |secs| minutes(Duration::from_secs(secs));
    assert_eq!((nearest(600), nearest(599), nearest(60), nearest(5)), (10, 10, 1, 0));
    for (secs, words) in [(600, "for 10 minutes:"), (60, "1 minute:"), (5, "less than a minute:")] {
        let mut mail = mail("ada@example.org", FIREFOX);
        if let Message::SignInCode { expires_at, .. } = &mut mail.message {
            *expires_at = AT + Duration::from_secs(secs);
        }
        let text = render(&messages("W", None), &mail).text().to_owned();
        assert!(text.contains(words), "{text}");
    }
}
