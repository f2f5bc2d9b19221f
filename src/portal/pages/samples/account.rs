//! The states of the account's pages.

use std::sync::LazyLock;
use std::time::Duration;

use super::super::account::{
    AccountPage, AreYouSurePage, BackupCodesPage, DeviceView, Done, EmailAlert, EmailPage,
    PasswordAlert, PasswordPage, PhoneAlert, PhonePage, PhoneView, SecondStepPage, SecondStepView,
    SessionView, SignInResultView, SignInView,
};
use super::super::page::Page;
use super::{LONG, NOW, SHORT};
use crate::domain::client::Client;
use crate::domain::code::BackupCode;
use crate::domain::id::{DeviceId, SessionId};
use crate::domain::language::Language;
use crate::domain::password_rules::PasswordFault;
use crate::domain::place::Country;
use crate::domain::time::Timestamp;

const DAY: Duration = Duration::from_secs(86_400);
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 \
     (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1";

static SESSIONS: LazyLock<Vec<SessionView>> = LazyLock::new(|| {
    vec![
        session((1, true), (FIREFOX, [192, 0, 2, 7].into(), None), NOW.before(LONG)),
        session((2, false), (PHONE, [198, 51, 100, 23].into(), country()), NOW.before(DAY)),
        session((3, false), ("", LONG_ADDRESS.into(), None), NOW.before(DAY * 20)),
    ]
});

static DEVICES: LazyLock<Vec<DeviceView>> = LazyLock::new(|| {
    let device = |(number, is_this), agent: &str, trusted_until| DeviceView {
        id: DeviceId::from_uuid(uuid::Uuid::from_u128(number)),
        is_this,
        client: client(agent, [192, 0, 2, 7].into()),
        country: country(),
        used_at: NOW.before(LONG),
        trusted_until,
    };
    vec![device((1, true), FIREFOX, Some(NOW + DAY * 30)), device((2, false), PHONE, None)]
});

static SIGN_INS: LazyLock<Vec<SignInView>> = LazyLock::new(|| {
    let tried = |ago, result| SignInView {
        at: NOW.before(ago),
        address: Some([192, 0, 2, 7].into()),
        country: country(),
        user_agent: FIREFOX.into(),
        result,
    };
    vec![
        tried(LONG, SignInResultView::SignedIn),
        tried(LONG * 2, SignInResultView::WrongCode),
        tried(DAY, SignInResultView::WrongPassword),
        tried(DAY * 2, SignInResultView::Limited),
        SignInView {
            address: None,
            user_agent: "".into(),
            ..tried(DAY, SignInResultView::SignedIn)
        },
    ]
});

static CODES: LazyLock<Vec<BackupCode>> = LazyLock::new(|| {
    let codes = (0..BackupCode::SET).map(|number| format!("7ZK3M-4QWX{number}").parse().ok());
    codes.flatten().collect()
});

const LONG_ADDRESS: [u16; 8] = [0x2001, 0xdb8, 0xabcd, 0x1234, 0x5678, 0x9abc, 0xdef0, 0x1357];

/// Every state, each with a name of its own.
pub(super) fn pages() -> Vec<(String, Page<'static>)> {
    let mut pages = accounts();
    pages.extend(done());
    pages.extend(passwords());
    pages.extend(others());
    pages.extend(phones());
    pages
}

fn full() -> AccountPage<'static> {
    AccountPage {
        username: "ada",
        full_name: "Ada Lovelace",
        email: "ada@example.org",
        language: Some(Language::German),
        phone: PhoneView::Known { number: "+41 ••• 67", by_sms: true },
        second_step: SecondStepView::Always,
        has_password: true,
        backup_codes: 7,
        backup_codes_made_at: Some(NOW.before(DAY * 40)),
        sessions: &SESSIONS,
        devices: &DEVICES,
        sign_ins: &SIGN_INS,
        done: None,
        bad_name: false,
    }
}

fn accounts() -> Vec<(String, Page<'static>)> {
    let full = full();
    let empty = AccountPage {
        full_name: "",
        language: None,
        phone: PhoneView::Off,
        second_step: SecondStepView::Off,
        backup_codes: 0,
        backup_codes_made_at: None,
        sessions: SESSIONS.get(..1).unwrap_or_default(),
        devices: &[],
        sign_ins: &[],
        ..full
    };
    let long = AccountPage {
        username: "a-very-long-name_that.somebody-has-chosen.for_himself-or-herself",
        full_name: "Augusta Ada King-Noel, Countess of Lovelace, of Ockham Park and of Horsley \
             Towers",
        email: "augusta.ada.king-noel.countess.of.lovelace@mathematics.of.engines.example.org",
        phone: PhoneView::None,
        second_step: SecondStepView::On,
        backup_codes: 1,
        ..full
    };
    [
        ("account", full),
        ("account-empty", empty),
        ("account-long", long),
        ("account-no-password", AccountPage { has_password: false, ..empty }),
        ("account-bad-name", AccountPage { bad_name: true, ..full }),
    ]
    .map(|(name, page)| (name.to_owned(), Page::Account(page)))
    .into()
}

fn done() -> Vec<(String, Page<'static>)> {
    let told = |done: Done| {
        let page = AccountPage { done: Some(done), ..full() };
        (format!("account-done-{}", done.as_str()), Page::Account(page))
    };
    Done::ALL.map(told).into()
}

fn passwords() -> Vec<(String, Page<'static>)> {
    let page = |alert| Page::Password(PasswordPage { username: "ada", least: 12, alert });
    let mut pages = vec![
        ("password".to_owned(), page(None)),
        ("password-missing".to_owned(), page(Some(PasswordAlert::Missing))),
        ("password-wrong".to_owned(), page(Some(PasswordAlert::Wrong))),
        ("password-limited".to_owned(), page(Some(PasswordAlert::Limited { retry_after: LONG }))),
        ("password-busy".to_owned(), page(Some(PasswordAlert::Busy { retry_after: SHORT }))),
    ];
    let faults = [
        PasswordFault::TooShort { least: 12 },
        PasswordFault::TooLong { most_bytes: 1024 },
        PasswordFault::OnlyDigits,
        PasswordFault::LikeUsername,
        PasswordFault::LikeEmail,
        PasswordFault::LikeFullName,
        PasswordFault::LikeSiteName,
        PasswordFault::Common,
        PasswordFault::Breached,
        PasswordFault::Unchecked,
    ];
    let refused = |fault: PasswordFault| {
        let alert = Some(PasswordAlert::Refused(fault));
        (format!("password-{}", fault.as_str()), page(alert))
    };
    pages.extend(faults.map(refused));
    pages
}

fn others() -> Vec<(String, Page<'static>)> {
    let email = EmailPage { email: "ada@example.org", typed: "", alert: None };
    let typed = |alert| Page::Email(EmailPage { typed: "ada@", alert: Some(alert), ..email });
    let turn = |on, limited| {
        Page::SecondStep(SecondStepPage { on, destination: "a•••@example.org", limited })
    };
    let ask = |left| Page::BackupCodes(BackupCodesPage::Ask { left });
    let mut pages = vec![
        ("email", Page::Email(email)),
        ("email-bad", typed(EmailAlert::NotAnAddress)),
        ("email-same", typed(EmailAlert::Same)),
        ("email-limited", typed(EmailAlert::Limited { retry_after: LONG })),
        ("second-step-on", turn(true, None)),
        ("second-step-off", turn(false, None)),
        ("second-step-limited", turn(true, Some(LONG))),
        ("backup-codes-first", ask(0)),
        ("backup-codes-again", ask(3)),
        (
            "backup-codes-shown",
            Page::BackupCodes(BackupCodesPage::Shown { codes: &CODES, username: "ada" }),
        ),
        ("sure-sign-out-others", Page::AreYouSure(AreYouSurePage::SignOutOthers)),
        ("sure-forget-all", Page::AreYouSure(AreYouSurePage::ForgetAll)),
        ("no-password", Page::NoPassword),
    ];
    pages.extend(
        SESSIONS
            .last()
            .map(|view| ("sure-sign-out", Page::AreYouSure(AreYouSurePage::SignOut(view)))),
    );
    pages.extend(
        DEVICES.last().map(|view| ("sure-forget", Page::AreYouSure(AreYouSurePage::Forget(view)))),
    );
    pages.into_iter().map(|(name, page)| (name.to_owned(), page)).collect()
}

fn session(
    (number, is_this): (u128, bool),
    (agent, address, country): (&str, std::net::IpAddr, Option<Country>),
    created_at: Timestamp,
) -> SessionView {
    SessionView {
        id: SessionId::from_uuid(uuid::Uuid::from_u128(number)),
        is_this,
        client: client(agent, address),
        country,
        created_at,
        seen_at: created_at + Duration::from_secs(60),
    }
}

fn client(agent: &str, address: std::net::IpAddr) -> Client {
    Client { address, user_agent: agent.into() }
}

fn country() -> Option<Country> {
    "AT".parse().ok()
}

fn phones() -> Vec<(String, Page<'static>)> {
    let known = |by_sms| PhoneView::Known { number: "+41 ••• 67", by_sms };
    let none = PhonePage { phone: PhoneView::None, second_step: true, typed: "", alert: None };
    let typed = PhonePage { typed: "+41 79 123 45 67", ..none };
    let with = |alert| PhonePage { alert: Some(alert), ..typed };
    [
        ("phone", none),
        ("phone-known", PhonePage { phone: known(false), ..none }),
        ("phone-codes", PhonePage { phone: known(true), ..none }),
        ("phone-no-codes", PhonePage { phone: known(false), second_step: false, ..none }),
        ("phone-bad", with(PhoneAlert::NotANumber)),
        ("phone-same", PhonePage { phone: known(false), ..with(PhoneAlert::Same) }),
        ("phone-not-there", with(PhoneAlert::NotThere)),
        ("phone-limited", with(PhoneAlert::Limited { retry_after: LONG })),
    ]
    .map(|(name, page)| (name.to_owned(), Page::Phone(page)))
    .into()
}
