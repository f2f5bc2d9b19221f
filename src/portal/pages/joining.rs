//! What the pages show on which somebody comes to an account, or to a new password.

use minijinja::value::merge_maps;
use minijinja::{Value, context};

use super::captcha::captcha;
use super::context::{leading_to, sign_in_alert};
use super::page::LoginAlert;
use crate::domain::captcha::Demand;
use crate::domain::password_rules::PasswordFault;
use crate::domain::time::Timestamp;

/// Asks for what an account is made of. Posts `username`, `email`, `full_name`, `password`, `rd` and `csrf` to `register`.
#[derive(Clone, Copy, Debug)]
pub struct RegisterPage<'a> {
    /// Where to go then; the hidden field `rd`.
    pub return_to: &'a str,
    /// What was typed before. The password is never among it.
    pub typed: TypedNames<'a>,
    /// The domains that addresses must be of; none where it does not matter.
    pub domains: &'a [String],
    /// The fewest characters of a password.
    pub min_length: usize,
    /// What it has to show besides, so that no program sends it.
    pub captcha: &'a Demand,
    /// What is wrong with what was typed.
    pub faults: JoinFaults,
    /// What went wrong before.
    pub alert: Option<LoginAlert>,
}

/// What was typed as names.
#[derive(Clone, Copy, Debug, Default)]
pub struct TypedNames<'a> {
    /// As username.
    pub username: &'a str,
    /// As e-mail address.
    pub email: &'a str,
    /// As full name.
    pub full_name: &'a str,
}

/// What is wrong with the fields of an account to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JoinFaults {
    /// With the username.
    pub username: Option<NameFault>,
    /// With the address.
    pub email: Option<EmailFault>,
    /// Whether something is with the full name.
    pub full_name: bool,
    /// With the password.
    pub password: Option<PasswordFault>,
}

impl JoinFaults {
    /// Whether anything is wrong.
    pub fn any(&self) -> bool {
        *self != Self::default()
    }
}

/// What is wrong with a username.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameFault {
    /// It can be none.
    Invalid,
    /// Another account has it. Never told before an address is shown to be its owner's (S23).
    Taken,
}

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailFault {
    /// It is none.
    Invalid,
    /// Addresses of that domain may not register.
    OtherDomain,
}

/// Asks for another name, as somebody else has taken the one that was chosen. Posts `username` and `csrf` to
/// `register/name`.
#[derive(Clone, Copy, Debug)]
pub struct NamePage<'a> {
    /// The name that is taken, or what was typed since.
    pub typed: &'a str,
    /// What is wrong with it.
    pub fault: NameFault,
    /// What went wrong before.
    pub alert: Option<LoginAlert>,
}

/// Asks who has forgotten the password. Posts `username`, `rd` and `csrf` to `reset`.
#[derive(Clone, Copy, Debug)]
pub struct ResetPage<'a> {
    /// Where to go in the end; the hidden field `rd`.
    pub return_to: &'a str,
    /// The name as it was typed before.
    pub typed: &'a str,
    /// Whether nothing was typed.
    pub missing: bool,
    /// What it has to show besides, so that no program sends it.
    pub captcha: &'a Demand,
    /// What went wrong before.
    pub alert: Option<LoginAlert>,
}

/// Asks for a new password. Posts `password` and `csrf` to `reset/password`.
#[derive(Clone, Copy, Debug)]
pub enum NewPasswordPage<'a> {
    /// One can be chosen.
    Ask {
        /// Whose; for password managers.
        username: &'a str,
        /// The fewest characters.
        min_length: usize,
        /// What is wrong with the one that was typed.
        fault: Option<PasswordFault>,
        /// What went wrong before.
        alert: Option<LoginAlert>,
    },
    /// None can be chosen, or not any more.
    Over,
}

/// Asks whoever is invited for a password. Posts `username`, `full_name`, `password` and `csrf` to `invitation`.
#[derive(Clone, Copy, Debug)]
pub enum InvitationPage<'a> {
    /// It can be accepted.
    Ask {
        /// The address that was invited.
        email: &'a str,
        /// The username, where the invitation says it.
        username: Option<&'a str>,
        /// Whether the full name is asked for.
        ask_full_name: bool,
        /// What was typed before.
        typed: TypedNames<'a>,
        /// The fewest characters of a password.
        min_length: usize,
        /// What is wrong with what was typed.
        faults: JoinFaults,
        /// What went wrong before.
        alert: Option<LoginAlert>,
    },
    /// There is none, or not any more.
    Over,
}

pub(super) fn register(page: &RegisterPage<'_>, now: Timestamp) -> Value {
    let own = context! {
        return_to => page.return_to,
        login => leading_to("/_doorward/login", page.return_to),
        domains => page.domains.join(", "),
        captcha => captcha(page.captcha),
    };
    merge_maps([
        own,
        names(&page.typed),
        faults(&page.faults),
        password(page.min_length, page.faults.password),
        sign_in_alert(page.alert, now),
    ])
}

pub(super) fn name(page: &NamePage<'_>, now: Timestamp) -> Value {
    context! {
        username => page.typed,
        first_fault => "username",
        username_fault => name_fault(page.fault),
        ..sign_in_alert(page.alert, now)
    }
}

pub(super) fn reset(page: &ResetPage<'_>, now: Timestamp) -> Value {
    context! {
        return_to => page.return_to,
        login => leading_to("/_doorward/login", page.return_to),
        typed => page.typed,
        missing => page.missing,
        captcha => captcha(page.captcha),
        ..sign_in_alert(page.alert, now)
    }
}

pub(super) fn new_password(page: &NewPasswordPage<'_>, now: Timestamp) -> Value {
    match page {
        NewPasswordPage::Over => context! { state => "over" },
        NewPasswordPage::Ask { username, min_length, fault, alert } => merge_maps([
            context! { state => "ask", username => *username, first_fault => "password" },
            password(*min_length, *fault),
            sign_in_alert(*alert, now),
        ]),
    }
}

pub(super) fn invitation(page: &InvitationPage<'_>, now: Timestamp) -> Value {
    match page {
        InvitationPage::Over => context! { state => "over" },
        InvitationPage::Ask {
            email,
            username,
            ask_full_name,
            typed,
            min_length,
            faults: wrong,
            alert,
        } => merge_maps([
            context! {
                state => "ask",
                invited => *email,
                fixed_username => *username,
                ask_full_name => *ask_full_name,
            },
            names(typed),
            faults(wrong),
            password(*min_length, wrong.password),
            sign_in_alert(*alert, now),
        ]),
    }
}

fn names(typed: &TypedNames<'_>) -> Value {
    context! { username => typed.username, email => typed.email, full_name => typed.full_name }
}

/// The faults by their names, and the first field that has one: there the reader begins.
fn faults(faults: &JoinFaults) -> Value {
    let first = match faults {
        JoinFaults { username: Some(_), .. } => "username",
        JoinFaults { email: Some(_), .. } => "email",
        JoinFaults { full_name: true, .. } => "full_name",
        JoinFaults { password: Some(_), .. } => "password",
        JoinFaults { .. } => "",
    };
    context! {
        first_fault => first,
        username_fault => faults.username.map(name_fault),
        email_fault => faults.email.map(|fault| match fault {
            EmailFault::Invalid => "invalid",
            EmailFault::OtherDomain => "other-domain",
        }),
        full_name_fault => faults.full_name,
    }
}

const fn name_fault(fault: NameFault) -> &'static str {
    match fault {
        NameFault::Invalid => "invalid",
        NameFault::Taken => "taken",
    }
}

fn password(min_length: usize, fault: Option<PasswordFault>) -> Value {
    let limit = match fault {
        Some(PasswordFault::TooShort { least }) => least,
        Some(PasswordFault::TooLong { most_bytes }) => most_bytes,
        _ => 0,
    };
    context! { min_length, password_fault => fault.map(PasswordFault::as_str), limit }
}
