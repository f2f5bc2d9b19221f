//! From a mail's data to what its templates read.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use minijinja::{Value, context};

use super::{Part, Sender, one_line};
use crate::domain::challenge::{CodeForm, Purpose};
use crate::domain::client::{Client, Known, UserAgent};
use crate::domain::code::{Code, RelayCode, TypedCode};
use crate::domain::colour::Colour;
use crate::domain::email::EmailAddress;
use crate::domain::mail::{Asked, LinkAddress, Message};
use crate::domain::phone::PhoneChange;
use crate::domain::place::Unusual;
use crate::domain::time::Timestamp;

/// What every part of a mail may say.
pub(super) fn of(
    message: &Message,
    sender: &Sender,
    created_at: Timestamp,
    subject: &str,
) -> Value {
    let (site, asked_by) = about(message);
    let accent = accent(sender.accent.as_deref());
    context! {
        subject,
        site_name => sender.site_name.as_str(),
        accent,
        on_accent => accent.parse().map_or(Colour::WHITE, Colour::text).to_string(),
        site => one_line(site),
        site_host => one_line(site.split_once("://").map_or(site, |(_, host)| host)),
        asked_at => asked_by.at.as_millis(),
        asked_from => asked_by.client.address.to_canonical().to_string(),
        asked_with => browser(&asked_by.client.user_agent),
        ..particulars(message, created_at)
    }
}

/// What `part` may say. A subject is given no secret: subjects are logged by others and shown on lock screens.
pub(super) fn with_secrets(part: Part, facts: &Value, message: &Message) -> Value {
    match (part, message) {
        (Part::Subject, _) => facts.clone(),
        (Part::Text | Part::Html, Message::SignInCode { code, link, .. }) => {
            context! { code => code.expose(), link => link.expose(), ..facts.clone() }
        }
        (Part::Text | Part::Html, Message::ConfirmCode { code, link, .. }) => {
            let code = code.for_people();
            context! { code => code.as_str(), link => link.expose(), ..facts.clone() }
        }
        (
            Part::Text | Part::Html,
            Message::SignInLink { link, .. }
            | Message::ConfirmLink { link, .. }
            | Message::Invitation { link, .. }
            | Message::UnusualSignIn { link, .. },
        ) => {
            context! { link => link.expose(), ..facts.clone() }
        }
        (
            Part::Text | Part::Html,
            Message::GuessesSpent { .. }
            | Message::AddressTaken { .. }
            | Message::PasswordChanged { .. }
            | Message::EmailChanged { .. }
            | Message::PhoneChanged { .. }
            | Message::SecondStepOn { .. }
            | Message::SecondStepOff { .. }
            | Message::BackupCodesMade { .. }
            | Message::BackupCodeUsed { .. }
            | Message::WrongCodeNotice { .. }
            | Message::PasswordFailuresNotice { .. }
            | Message::DeviceStolen { .. }
            | Message::RefreshReused { .. },
        ) => facts.clone(),
    }
}

/// When the examples are written: 20 November 2026, 19:30:45 UTC.
pub(super) const EXAMPLE_AT: Timestamp = Timestamp::from_millis(1_795_203_045_000);
const EXAMPLE_BROWSER: &str =
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// One of each mail and of its cases: tried at start, looked at by operators.
pub(super) fn examples() -> Vec<Message> {
    let at = EXAMPLE_AT + Duration::from_secs(600);
    let address = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));
    let site = || "https://wiki.example.com".to_owned();
    let link_address = || LinkAddress::new(format!("{}/_doorward/link/rt4cGJ0a3BxFz0m1", site()));
    let asked_by =
        || Asked { at: EXAMPLE_AT, client: Client { address, user_agent: EXAMPLE_BROWSER.into() } };
    let code = |passwordless| Message::SignInCode {
        code: Code::generate(&Zeros),
        link: link_address(),
        passwordless,
        site: site(),
        expires_at: at,
        asked_by: asked_by(),
    };
    let link = |passwordless| Message::SignInLink {
        link: link_address(),
        passwordless,
        site: site(),
        expires_at: at,
        asked_by: asked_by(),
    };
    let unusual = |why| Message::UnusualSignIn {
        why,
        link: link_address(),
        site: site(),
        asked_by: asked_by(),
    };
    let confirm = |purpose: Purpose| {
        [
            Message::ConfirmCode {
                purpose,
                code: match purpose.code_form() {
                    CodeForm::Digits => TypedCode::Code(Code::generate(&Zeros)),
                    CodeForm::Letters => TypedCode::Relay(RelayCode::generate(&Zeros)),
                },
                link: link_address(),
                site: site(),
                expires_at: at,
                asked_by: asked_by(),
            },
            Message::ConfirmLink {
                purpose,
                link: link_address(),
                site: site(),
                expires_at: at,
                asked_by: asked_by(),
            },
        ]
    };
    let email_changed = |at_new| Message::EmailChanged {
        new: EmailAddress::nobody(),
        at_new,
        site: site(),
        asked_by: asked_by(),
    };
    let mut examples = vec![
        code(false),
        code(true),
        link(false),
        link(true),
        Message::GuessesSpent { until: at, site: site(), asked_by: asked_by() },
        Message::WrongCodeNotice { site: site(), asked_by: asked_by() },
        Message::PasswordFailuresNotice { site: site(), asked_by: asked_by() },
        unusual(vec![Unusual::NewBrowser, Unusual::NewNetwork]),
        unusual("AT".parse().ok().map(Unusual::NewCountry).into_iter().collect()),
        Message::DeviceStolen {
            device: "Chrome on Windows 11".into(),
            site: site(),
            asked_by: asked_by(),
        },
        Message::RefreshReused {
            program: "Wiki for Android 3.1".into(),
            site: site(),
            asked_by: asked_by(),
        },
        Message::AddressTaken { site: site(), asked_by: asked_by() },
        Message::PasswordChanged { site: site(), asked_by: asked_by() },
        email_changed(false),
        email_changed(true),
        Message::SecondStepOn { site: site(), asked_by: asked_by() },
        Message::SecondStepOff { site: site(), asked_by: asked_by() },
        Message::BackupCodesMade { site: site(), asked_by: asked_by() },
        Message::BackupCodeUsed { left: 9, site: site(), asked_by: asked_by() },
        Message::Invitation {
            link: link_address(),
            site: site(),
            expires_at: at,
            asked_by: asked_by(),
        },
    ];
    let changed = |change| Message::PhoneChanged { change, site: site(), asked_by: asked_by() };
    examples.extend(PhoneChange::ALL.map(changed));
    examples.extend(Purpose::MAILED.into_iter().flat_map(confirm));
    examples
}

/// What all mails have.
fn about(message: &Message) -> (&str, &Asked) {
    match message {
        Message::SignInCode { site, asked_by, .. }
        | Message::SignInLink { site, asked_by, .. }
        | Message::ConfirmCode { site, asked_by, .. }
        | Message::ConfirmLink { site, asked_by, .. }
        | Message::AddressTaken { site, asked_by }
        | Message::PasswordChanged { site, asked_by }
        | Message::Invitation { site, asked_by, .. }
        | Message::GuessesSpent { site, asked_by, .. }
        | Message::EmailChanged { site, asked_by, .. }
        | Message::PhoneChanged { site, asked_by, .. }
        | Message::SecondStepOn { site, asked_by }
        | Message::SecondStepOff { site, asked_by }
        | Message::BackupCodesMade { site, asked_by }
        | Message::BackupCodeUsed { site, asked_by, .. }
        | Message::WrongCodeNotice { site, asked_by }
        | Message::PasswordFailuresNotice { site, asked_by }
        | Message::UnusualSignIn { site, asked_by, .. }
        | Message::DeviceStolen { site, asked_by, .. }
        | Message::RefreshReused { site, asked_by, .. } => (site, asked_by),
    }
}

/// What one kind of mail has.
fn particulars(message: &Message, created_at: Timestamp) -> Value {
    match message {
        Message::SignInCode { expires_at, passwordless, .. }
        | Message::SignInLink { expires_at, passwordless, .. } => context! {
            passwordless,
            lifetime => minutes(created_at.until(*expires_at)),
            ends => expires_at.as_millis(),
        },
        Message::ConfirmCode { purpose, expires_at, .. }
        | Message::ConfirmLink { purpose, expires_at, .. } => context! {
            purpose => purpose.as_str(),
            lifetime => minutes(created_at.until(*expires_at)),
            ends => expires_at.as_millis(),
        },
        Message::Invitation { expires_at, .. } => context! { ends => expires_at.as_millis() },
        Message::GuessesSpent { until, .. } => context! { ends => until.as_millis() },
        Message::DeviceStolen { device, .. } => context! { device => one_line(device) },
        Message::RefreshReused { program, .. } => context! { program => one_line(program) },
        Message::UnusualSignIn { why, .. } => {
            context! { reasons => why.iter().map(reason).collect::<Vec<_>>() }
        }
        Message::EmailChanged { new, at_new, .. } => {
            context! { new => new.as_str(), at_new }
        }
        Message::PhoneChanged { change, .. } => context! { change => change.as_str() },
        Message::BackupCodeUsed { left, .. } => context! { left },
        Message::AddressTaken { .. }
        | Message::PasswordChanged { .. }
        | Message::SecondStepOn { .. }
        | Message::SecondStepOff { .. }
        | Message::BackupCodesMade { .. }
        | Message::WrongCodeNotice { .. }
        | Message::PasswordFailuresNotice { .. } => context! {},
    }
}

/// What is unusual about a sign-in, for a line of a list.
fn reason(unusual: &Unusual) -> Value {
    let (kind, place) = match unusual {
        Unusual::NewBrowser => ("new_browser", String::new()),
        Unusual::NewCountry(country) => ("new_country", country.to_string()),
        Unusual::NewNetwork => ("new_network", String::new()),
        Unusual::TooQuick { elsewhere } => ("too_quick", elsewhere.to_string()),
    };
    context! { kind, place }
}

/// A browser, for the words of that name.
fn browser(user_agent: &UserAgent) -> Value {
    let (kind, name, system) = match user_agent.known() {
        Known::BrowserAndSystem(name, system) => ("browser_and_system", name, system),
        Known::Browser(name) => ("browser", name, ""),
        Known::Nothing => ("unknown", "", ""),
    };
    context! { kind, name, system }
}

/// No randomness: the code of the example is 000000.
struct Zeros;

impl crate::domain::entropy::Entropy for Zeros {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

/// The nearest number of minutes.
pub(super) const fn minutes(span: Duration) -> u64 {
    (span.as_secs() + 30) / 60
}

/// It stands inside a `style` attribute, where escaping HTML does not help: only a plain colour gets there.
pub(super) fn accent(chosen: Option<&str>) -> &str {
    const DEFAULT: &str = "#0b6375";
    let is_colour = |text: &&str| {
        text.strip_prefix('#').is_some_and(|hex| {
            matches!(hex.len(), 3 | 6) && hex.bytes().all(|b| b.is_ascii_hexdigit())
        })
    };
    chosen.filter(is_colour).unwrap_or(DEFAULT)
}
