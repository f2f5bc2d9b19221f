//! What the kinds of mails have in common, and what each must say.

use super::*;
use crate::domain::challenge::Purpose;

const SITE: &str = "https://wiki.example.com";

fn link_alone(passwordless: bool) -> Message {
    Message::SignInLink {
        link: LinkAddress::new(LINK.to_owned()),
        passwordless,
        site: SITE.to_owned(),
        expires_at: AT + Duration::from_secs(600),
        asked_by: asked_by(FIREFOX),
    }
}

fn code_and_link(without_password: bool) -> Message {
    let mut message = mail("ada@example.org", FIREFOX).message;
    if let Message::SignInCode { passwordless, .. } = &mut message {
        *passwordless = without_password;
    }
    message
}

fn confirm(purpose: Purpose, code: Option<&str>) -> Message {
    let (link, site) = (LinkAddress::new(LINK.to_owned()), SITE.to_owned());
    let (expires_at, asked_by) = (AT + Duration::from_secs(600), asked_by(FIREFOX));
    match code.map(|code| code.parse().unwrap()) {
        Some(code) => Message::ConfirmCode { purpose, code, link, site, expires_at, asked_by },
        None => Message::ConfirmLink { purpose, link, site, expires_at, asked_by },
    }
}

fn stolen(device: &str) -> Message {
    Message::DeviceStolen {
        device: device.to_owned(),
        site: SITE.to_owned(),
        asked_by: asked_by(FIREFOX),
    }
}

fn every_kind() -> Vec<(&'static str, Message)> {
    let (site, asked_by) = (|| SITE.to_owned(), || asked_by(FIREFOX));
    let until = AT + Duration::from_secs(86_400);
    vec![
        ("sign_in_code", code_and_link(false)),
        ("sign_in_code-passwordless", code_and_link(true)),
        ("sign_in_link", link_alone(false)),
        ("sign_in_link-passwordless", link_alone(true)),
        ("guesses_spent", Message::GuessesSpent { until, site: site(), asked_by: asked_by() }),
        ("wrong_code_notice", Message::WrongCodeNotice { site: site(), asked_by: asked_by() }),
        (
            "password_failures_notice",
            Message::PasswordFailuresNotice { site: site(), asked_by: asked_by() },
        ),
        ("device_stolen", stolen("Chrome on Windows 11")),
        (
            "refresh_reused",
            Message::RefreshReused {
                program: "Wiki for Android 3.1".to_owned(),
                site: site(),
                asked_by: asked_by(),
            },
        ),
        ("address_taken", Message::AddressTaken { site: site(), asked_by: asked_by() }),
        ("password_changed", Message::PasswordChanged { site: site(), asked_by: asked_by() }),
        ("confirm_code-sign_up", confirm(Purpose::SignUp, Some("048213"))),
        ("confirm_code-reset", confirm(Purpose::Reset, Some("BCDF-GHJK"))),
        ("confirm_code-email_change", confirm(Purpose::EmailChange, Some("048213"))),
        ("confirm_code-second_step_on", confirm(Purpose::SecondStepOn, Some("048213"))),
        ("confirm_code-second_step_off", confirm(Purpose::SecondStepOff, Some("048213"))),
        ("confirm_link-sign_up", confirm(Purpose::SignUp, None)),
        ("confirm_link-reset", confirm(Purpose::Reset, None)),
    ]
}

/// HTML as it is read, without the escapes that addresses have.
fn read(html: &str) -> String {
    html.replace("&#x2f;", "/")
}

#[test]
fn every_mail_names_the_site_the_time_the_place_and_the_browser_in_both_parts() {
    for (name, message) in every_kind() {
        let mail = told(message);
        assert!(mail.subject().ends_with("wiki.example.com"), "{name}: {}", mail.subject());
        for part in [mail.text(), &read(mail.html())] {
            for fact in
                [SITE, "Example Wiki", "20 November 2026, 19:30 UTC", "203.0.113.7", "Firefox on"]
            {
                assert!(part.contains(fact), "{name}: {fact:?} is missing in {part}");
            }
        }
        assert!(mail.text().contains("  Browser: Firefox on Linux\n\n"), "{name}");
        assert!(!mail.text().contains("\n\n\n"), "{name}: {}", mail.text());
        assert!(!mail.text().contains("&#"), "{name}");
    }
}

#[test]
fn s12_no_subject_preview_or_debug_holds_a_link() {
    for (name, message) in every_kind() {
        let debug = format!("{message:?}");
        for secret in ["Zm9v", "048213", "BCDF"] {
            assert!(!debug.contains(secret), "{name}: {debug}");
        }
        let mail = told(message);
        for shown in [mail.subject(), mail.html().split_once("<table").unwrap().0, &head(&mail)] {
            assert!(!shown.contains("Zm9v") && !shown.contains("BCDF"), "{name}: {shown}");
        }
    }
}

#[test]
fn a_link_stands_once_in_each_part_and_notices_have_none() {
    for (name, message) in every_kind() {
        let has_link = message.purpose().is_some();
        let mail = told(message);
        let html = read(mail.html());
        assert_eq!(html.matches("<a ").count(), usize::from(has_link), "{name}");
        assert_eq!(html.matches(&format!("href=\"{LINK}\"")).count(), usize::from(has_link));
        assert_eq!(mail.text().lines().filter(|line| *line == LINK).count(), usize::from(has_link));
    }
}

#[test]
fn who_signs_in_without_a_password_is_not_told_that_somebody_knows_it() {
    for message in [code_and_link(true), link_alone(true)] {
        let mail = told(message);
        assert!(!mail.text().contains("password") && !mail.html().contains("password"));
        assert!(mail.text().contains("This was not you?"));
    }
    for message in [code_and_link(false), link_alone(false)] {
        assert!(told(message).text().contains("somebody knows your password"));
    }
}

#[test]
fn s5_a_mail_without_a_code_says_why_and_the_owner_is_told_until_when() {
    let mail = told(link_alone(false));
    assert!(mail.text().contains("no code in this mail"));
    assert!(mail.html().contains("no code in this mail"));
    let until = AT + Duration::from_secs(86_400);
    let spent =
        told(Message::GuessesSpent { until, site: SITE.to_owned(), asked_by: asked_by(FIREFOX) });
    assert!(spent.text().contains("Until 21 November 2026, 19:30 UTC"));
    assert!(spent.html().contains("21 November 2026, 19:30 UTC"));
}

#[test]
fn a_mail_about_anything_but_signing_in_says_what_its_code_is_for() {
    for (purpose, subject, what) in [
        (Purpose::SignUp, "Confirm your address", "show that this address is yours"),
        (Purpose::Reset, "Choose a new password", "choose a new password"),
        (Purpose::EmailChange, "Confirm your new address", "get the mails of your account here"),
        (Purpose::SecondStepOn, "Turn the second step on", "turn the second step on"),
        (Purpose::SecondStepOff, "Turn the second step off", "turn the second step off"),
    ] {
        let mail = told(confirm(purpose, Some("BCDFGHJK")));
        assert!(mail.subject().starts_with(subject), "{}", mail.subject());
        assert!(mail.text().contains(what) && mail.html().contains(what), "{}", mail.text());
        assert!(mail.text().lines().any(|line| line == "BCDF-GHJK"), "{}", mail.text());
        assert!(mail.html().contains(">BCDF-GHJK<"));
    }
}

#[test]
fn s20_a_device_named_by_its_thief_is_text_on_one_line() {
    let mail = told(stolen("<b>x</b>\r\nBcc: eve@example.net"));
    assert!(!mail.html().contains("<b>x"));
    assert!(mail.text().contains("<b>x</b> Bcc: eve@example.net"));
}

#[test]
fn every_kind_comes_back_from_its_seal_as_it_was() {
    for (name, message) in every_kind() {
        let json = serde_json::to_string(&message).unwrap();
        let back: Message = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&back).unwrap(), json, "{name}");
        assert!(name.starts_with(back.template()), "{name}");
        assert!(json.contains(&format!(r#""kind":"{}""#, back.template())), "{json}");
        assert_eq!(Message::purpose_of(back.kind()), back.purpose(), "{name}");
    }
}
