//! Forms that ask for something so that no program sends them.

use std::sync::LazyLock;
use std::time::Duration;

use super::super::joining::ResetPage;
use super::super::page::{LoginAlert, LoginPage, Page};
use super::LONG;
use crate::auth::Limited;
use crate::auth::captcha::CaptchaFault;
use crate::domain::captcha::{Demand, ProviderKind, Puzzle, Widget};

/// A sum that nobody finishes, so that it is seen.
pub(super) fn work() -> &'static Demand {
    static WORK: LazyLock<Demand> = LazyLock::new(|| {
        Demand::Work(Puzzle {
            ticket: "a-ticket".to_owned(),
            salt: "00112233445566778899aabbccddeeff".to_owned(),
            target: "00".repeat(32),
            hashes: 400_000,
            wait: Duration::from_secs(15),
        })
    });
    &WORK
}

/// The widget of a provider, whose script nobody serves.
fn widget(kind: ProviderKind) -> &'static Demand {
    static ALL: LazyLock<Vec<(ProviderKind, Demand)>> = LazyLock::new(|| {
        let script = "https://127.0.0.1:1/api.js".parse().ok();
        let make = |kind| {
            let (site_key, script) = ("a-site-key".to_owned(), script.clone()?);
            let widget = Widget { kind, site_key, script, action: "sign_in" };
            Some((kind, Demand::Provider(widget)))
        };
        PROVIDERS.into_iter().filter_map(make).collect()
    });
    let found = ALL.iter().find(|(known, _)| *known == kind);
    found.map_or(&Demand::Nothing, |(_, demand)| demand)
}

const PROVIDERS: [ProviderKind; 4] = [
    ProviderKind::RecaptchaV2,
    ProviderKind::RecaptchaV3,
    ProviderKind::Hcaptcha,
    ProviderKind::Turnstile,
];

pub(super) fn pages() -> Vec<(String, Page<'static>)> {
    let login = LoginPage {
        return_to: "/wiki?page=2",
        typed: "ada",
        ask_password: true,
        remember: false,
        may_register: false,
        captcha: work(),
        notice: None,
        alert: None,
    };
    let mut pages: Vec<_> = PROVIDERS
        .into_iter()
        .map(|kind| {
            let page = LoginPage { captcha: widget(kind), ..login };
            (format!("login-{}", kind.as_str().replace('_', "-")), Page::Login(page))
        })
        .collect();
    let limited = Limited { retry_after: LONG };
    pages.extend(
        [
            ("missing", CaptchaFault::Missing),
            ("spent", CaptchaFault::Spent),
            ("too-soon", CaptchaFault::TooSoon { wait: Duration::from_secs(9) }),
            ("limited", CaptchaFault::Limited(limited)),
            ("refused", CaptchaFault::Refused),
            ("away", CaptchaFault::Away),
        ]
        .map(|(name, fault)| {
            let alert = Some(LoginAlert::Captcha(fault));
            (format!("login-captcha-{name}"), Page::Login(LoginPage { alert, ..login }))
        }),
    );
    let reset =
        ResetPage { return_to: "/", typed: "", missing: false, captcha: work(), alert: None };
    pages.push(("reset-captcha".to_owned(), Page::Reset(reset)));
    pages
}
