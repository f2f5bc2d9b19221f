//! What the templates of the account's pages read.

use std::net::IpAddr;

use minijinja::{Value, context};

use super::super::account::{
    AccountPage, AreYouSurePage, BackupCodesPage, DeviceView, Done, EmailAlert, EmailPage,
    PasswordAlert, PasswordPage, PhoneAlert, PhonePage, PhoneView, SecondStepPage, SecondStepView,
    SessionView, SignInResultView, SignInView,
};
use super::{day, not_before, span};
use crate::domain::client::{Known, UserAgent};
use crate::domain::code::BackupCode;
use crate::domain::language::Language;
use crate::domain::password_rules::PasswordFault;
use crate::domain::place::Country;
use crate::domain::time::Timestamp;

pub(super) fn account(page: &AccountPage<'_>, now: Timestamp) -> Value {
    let session = |view: &SessionView| {
        context! {
            id => view.id.to_string(),
            is_this => view.is_this,
            client => client(&view.client.user_agent, Some(view.client.address), view.country),
            since => day(view.created_at, now),
            seen => day(view.seen_at, now),
        }
    };
    let device = |view: &DeviceView| {
        context! {
            id => view.id.to_string(),
            is_this => view.is_this,
            client => client(&view.client.user_agent, Some(view.client.address), view.country),
            used => day(view.used_at, now),
            trusted_until => view.trusted_until.map(|until| day(until, now)),
        }
    };
    let sign_in = |view: &SignInView| {
        context! {
            at => day(view.at, now),
            client => client(&view.user_agent, view.address, view.country),
            result => match view.result {
                SignInResultView::SignedIn => "signed-in",
                SignInResultView::WrongPassword => "wrong-password",
                SignInResultView::WrongCode => "wrong-code",
                SignInResultView::Limited => "limited",
            },
        }
    };
    context! {
        username => page.username,
        full_name => page.full_name,
        email => page.email,
        chosen => page.language.map(Language::tag),
        phone => phone_view(page.phone),
        second_step => match page.second_step {
            SecondStepView::Always => "always",
            SecondStepView::On => "on",
            SecondStepView::Off => "off",
        },
        has_password => page.has_password,
        backup_codes => page.backup_codes,
        made_at => page.backup_codes_made_at.map(|at| day(at, now)),
        sessions => page.sessions.iter().map(session).collect::<Vec<_>>(),
        devices => page.devices.iter().map(device).collect::<Vec<_>>(),
        sign_ins => page.sign_ins.iter().map(sign_in).collect::<Vec<_>>(),
        done => page.done.map(Done::as_str),
        bad_name => page.bad_name,
    }
}

pub(super) fn password(page: &PasswordPage<'_>, now: Timestamp) -> Value {
    let (alert, fault) = match page.alert {
        None => (None, None),
        Some(PasswordAlert::Missing) => (Some("missing"), None),
        Some(PasswordAlert::Wrong) => (Some("wrong"), None),
        Some(PasswordAlert::Refused(fault)) => (Some("refused"), Some(fault)),
        Some(PasswordAlert::Limited { .. }) => (Some("limited"), None),
        Some(PasswordAlert::Busy { .. }) => (Some("busy"), None),
    };
    let (until, wait) = match page.alert {
        Some(PasswordAlert::Limited { retry_after }) => {
            (Some(not_before(now + retry_after, now)), None)
        }
        Some(PasswordAlert::Busy { retry_after }) => (None, Some(span(retry_after))),
        _ => (None, None),
    };
    let limit = match fault {
        Some(PasswordFault::TooLong { most_bytes }) => most_bytes,
        _ => page.least,
    };
    let reason = fault.map(PasswordFault::as_str);
    context! { username => page.username, least => page.least, alert, reason, limit, until, wait }
}

pub(super) fn email(page: &EmailPage<'_>, now: Timestamp) -> Value {
    let (alert, until) = match page.alert {
        None => (None, None),
        Some(EmailAlert::NotAnAddress) => (Some("not_an_address"), None),
        Some(EmailAlert::Same) => (Some("same"), None),
        Some(EmailAlert::Limited { retry_after }) => {
            (Some("limited"), Some(not_before(now + retry_after, now)))
        }
    };
    context! { email => page.email, typed => page.typed, alert, until }
}

fn phone_view(view: PhoneView<'_>) -> Option<Value> {
    match view {
        PhoneView::Off => None,
        PhoneView::None => Some(context! { number => None::<&str>, by_sms => false }),
        PhoneView::Known { number, by_sms } => Some(context! { number, by_sms }),
    }
}

pub(super) fn phone(page: &PhonePage<'_>, now: Timestamp) -> Value {
    let (alert, until) = match page.alert {
        None => (None, None),
        Some(PhoneAlert::NotANumber) => (Some("bad"), None),
        Some(PhoneAlert::Same) => (Some("same"), None),
        Some(PhoneAlert::NotThere) => (Some("not-there"), None),
        Some(PhoneAlert::Limited { retry_after }) => {
            (Some("limited"), Some(not_before(now + retry_after, now)))
        }
    };
    let second_step = page.second_step;
    context! { phone => phone_view(page.phone), second_step, typed => page.typed, alert, until }
}

pub(super) fn second_step(page: &SecondStepPage<'_>, now: Timestamp) -> Value {
    context! {
        on => page.on,
        destination => page.destination,
        limited => page.limited.map(|retry_after| not_before(now + retry_after, now)),
    }
}

pub(super) fn backup_codes(page: &BackupCodesPage<'_>) -> Value {
    match page {
        BackupCodesPage::Ask { left } => context! { codes => None::<Vec<String>>, left => *left },
        BackupCodesPage::Shown { codes, username } => {
            let shown = |code: &BackupCode| code.for_people().to_string();
            context! { codes => codes.iter().map(shown).collect::<Vec<_>>(), username => *username }
        }
    }
}

pub(super) fn are_you_sure(page: &AreYouSurePage<'_>, now: Timestamp) -> Value {
    match page {
        AreYouSurePage::SignOut(view) => context! {
            what => "sign-out",
            action => format!("sessions/{}", view.id),
            client => client(&view.client.user_agent, Some(view.client.address), view.country),
            used => day(view.seen_at, now),
        },
        AreYouSurePage::SignOutOthers => {
            context! { what => "sign-out-others", action => "sessions", client => None::<Value> }
        }
        AreYouSurePage::Forget(view) => context! {
            what => "forget",
            action => format!("devices/{}", view.id),
            client => client(&view.client.user_agent, Some(view.client.address), view.country),
            used => day(view.used_at, now),
        },
        AreYouSurePage::ForgetAll => {
            context! { what => "forget-all", action => "devices", client => None::<Value> }
        }
    }
}

/// Who it was: the browser by its parts, for the words of that name, and where it was.
fn client(user_agent: &UserAgent, address: Option<IpAddr>, country: Option<Country>) -> Value {
    let (kind, name, system) = match user_agent.known() {
        Known::BrowserAndSystem(name, system) => ("browser_and_system", name, system),
        Known::Browser(name) => ("browser", name, ""),
        Known::Nothing => ("unknown", "", ""),
    };
    context! {
        browser => context! { kind, name, system },
        address => address.map(|address| address.to_canonical().to_string()).unwrap_or_default(),
        country => country.map(|country| country.to_string()),
    }
}
