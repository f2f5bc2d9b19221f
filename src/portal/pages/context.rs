//! From a page's data to what its template reads: texts, numbers and names of cases. The words are the template's.

use std::time::Duration;

use minijinja::{Value, context};
use url::form_urlencoded;

mod account;

use super::Frame;
use super::account::BackupCodesPage;
use super::assets::Assets;
use super::captcha::{self, captcha};
use super::joining::{self, RegisterPage, ResetPage};
use super::page::{
    CodeAlert, CodeNotice, CodePage, CodeState, ConfirmPage, DraftPage, ErrorKind, ErrorPage,
    LinkPage, LinkState, LoginAlert, LoginNotice, LoginPage, LoopCause, LoopPage, NotMePage, Page,
    RelayPage, ResendView, SignedInPage, TicketPage,
};
use crate::domain::challenge::{CodeForm, Purpose};
use crate::domain::phone::CodesBy;
use crate::domain::time::Timestamp;

/// The template of `page` and what it reads.
pub(super) fn of(page: &Page<'_>, now: Timestamp) -> (&'static str, Value) {
    match page {
        Page::Login(page) => ("login.html", login(page, now)),
        Page::Register(page) => ("register.html", joining::register(page, now)),
        Page::Name(page) => ("name.html", joining::name(page, now)),
        Page::Reset(page) => ("reset.html", joining::reset(page, now)),
        Page::NewPassword(page) => ("new_password.html", joining::new_password(page, now)),
        Page::Invitation(page) => ("invitation.html", joining::invitation(page, now)),
        Page::Code(page) => ("code.html", code(page, now)),
        Page::Link(page) => ("link.html", link(page, now)),
        Page::Relay(page) => ("relay.html", relay(page, now)),
        Page::Confirm(page) => ("confirm.html", confirm(page, now)),
        Page::SignedIn(page) => ("signed_in.html", signed_in(page, now)),
        Page::Account(page) => ("account.html", account::account(page, now)),
        Page::Password(page) => ("account_password.html", account::password(page, now)),
        Page::Email(page) => ("account_email.html", account::email(page, now)),
        Page::Phone(page) => ("account_phone.html", account::phone(page, now)),
        Page::SecondStep(page) => ("account_second_step.html", account::second_step(page, now)),
        Page::BackupCodes(page) => ("account_backup_codes.html", account::backup_codes(page)),
        Page::AreYouSure(page) => ("account_sure.html", account::are_you_sure(page, now)),
        Page::NoPassword => ("account_no_password.html", context! {}),
        Page::SignOut(_) => ("sign_out.html", context! {}),
        Page::NotMe(page) => {
            let state = match page {
                NotMePage::Ask => "ask",
                NotMePage::Done => "done",
                NotMePage::Over => "over",
            };
            ("not_me.html", context! { state })
        }
        Page::Ticket(page) => ("ticket.html", ticket(page)),
        Page::Loop(page) => ("loop.html", going_round(page)),
        Page::Draft(page) => ("draft.html", draft(page)),
        Page::SignedOut => ("signed_out.html", context! {}),
        Page::Error(page) => ("error.html", error(page, now)),
    }
}

pub(super) fn site(name: &str, assets: &Assets) -> Value {
    let initial: String = name
        .chars()
        .find(|c| c.is_alphanumeric())
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    context! { name, initial, logo => assets.logo.as_deref().map(address) }
}

pub(super) fn assets(assets: &Assets) -> Value {
    context! {
        style => address(&assets.style),
        theme => address(&assets.theme),
        script => address(&assets.script),
        captcha => address(&assets.captcha),
        work => address(&assets.work),
        icon => address(&assets.icon),
    }
}

/// The beginning of the addresses by which a reader chooses another language; the language's tag follows. The page where
/// they come back to is loaded, not posted to, so what it was opened with has to be in its address.
pub(super) fn choose(page: &Page<'_>, frame: &Frame<'_>) -> Option<Value> {
    let here = match page {
        // Nothing on it can be pressed (S17).
        Page::Relay(_) => return None,
        // They are shown once.
        Page::BackupCodes(BackupCodesPage::Shown { .. }) => return None,
        Page::Login(LoginPage { return_to, .. }) | Page::Confirm(ConfirmPage { return_to, .. }) => {
            &with_query("/_doorward/login", "rd", return_to)
        }
        Page::Register(RegisterPage { return_to, .. }) => {
            &with_query("/_doorward/register", "rd", return_to)
        }
        Page::Reset(ResetPage { return_to, .. }) => {
            &with_query("/_doorward/reset", "rd", return_to)
        }
        _ => frame.here?,
    };
    Some(address(&with_query("/_doorward/language", "rd", here)))
}

fn with_query(path: &str, name: &str, value: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
    format!("{path}?{query}")
}

/// An address made here, of characters that need no escape.
pub(super) fn address(made_here: &str) -> Value {
    Value::from_safe_string(made_here.to_owned())
}

fn login(page: &LoginPage<'_>, now: Timestamp) -> Value {
    let nameless = page.typed.trim().is_empty();
    let missing = page.alert == Some(LoginAlert::MissingFields);
    // The field that is to be typed in first: the password where the name is there already.
    let focus = if page.ask_password && !nameless { "password" } else { "username" };
    context! {
        return_to => page.return_to,
        typed => page.typed,
        ask_password => page.ask_password,
        remember => page.remember,
        may_register => page.may_register,
        captcha => captcha(page.captcha),
        register => leading_to("/_doorward/register", page.return_to),
        reset => leading_to("/_doorward/reset", page.return_to),
        notice => page.notice.map(|notice| match notice {
            LoginNotice::PasswordChanged => "password_changed",
            LoginNotice::FormKept => "form_kept",
            LoginNotice::FormLost => "form_lost",
        }),
        focus,
        wrong => page.alert == Some(LoginAlert::WrongCredentials),
        username_error => missing && nameless,
        password_error => missing && page.ask_password,
        ..sign_in_alert(page.alert, now)
    }
}

fn confirm(page: &ConfirmPage<'_>, now: Timestamp) -> Value {
    context! {
        destination => page.destination,
        return_to => page.return_to,
        ask_password => false,
        ..sign_in_alert(page.alert, now)
    }
}

/// `alert` is what stands above the form; empty fields have their word beside them instead.
pub(super) fn sign_in_alert(alert: Option<LoginAlert>, now: Timestamp) -> Value {
    let (alert, until, wait) = match alert {
        None | Some(LoginAlert::MissingFields) => (None, None, None),
        Some(LoginAlert::WrongCredentials) => (Some("wrong_credentials"), None, None),
        Some(LoginAlert::Disabled) => (Some("disabled"), None, None),
        Some(LoginAlert::FormExpired) => (Some("form_expired"), None, None),
        Some(LoginAlert::FlowLost) => (Some("flow_lost"), None, None),
        Some(LoginAlert::NoCookies) => (Some("no_cookies"), None, None),
        Some(LoginAlert::Captcha(fault)) => captcha::alert(fault, now),
        Some(LoginAlert::Limited { retry_after }) => {
            (Some("limited"), Some(not_before(now + retry_after, now)), None)
        }
        Some(LoginAlert::Busy { retry_after }) => (Some("busy"), None, Some(span(retry_after))),
        Some(LoginAlert::Delayed { retry_after }) => {
            (Some("delayed"), None, Some(span(retry_after)))
        }
    };
    context! { alert, until, wait }
}

fn code(page: &CodePage<'_>, now: Timestamp) -> Value {
    let (state, attempts_left) = match page.state {
        CodeState::Pending { attempts_left } => ("pending", attempts_left),
        CodeState::Expired => ("expired", 0),
        CodeState::LinkOnly => ("link_only", 0),
        CodeState::Exhausted => ("exhausted", 0),
        CodeState::Spent => ("spent", 0),
    };
    let (resend, resend_at) = match page.resend {
        ResendView::Now => ("now", None),
        ResendView::At(at) => ("at", Some(not_before(at, now))),
        ResendView::NoneLeft => ("none_left", None),
        ResendView::Over => ("over", None),
    };
    let (alert, until, attempts_left) = match page.shown_alert() {
        None => (None, None, attempts_left),
        Some(CodeAlert::Wrong { attempts_left }) => (Some("wrong"), None, attempts_left),
        Some(CodeAlert::NotACode) => (Some("not_a_code"), None, attempts_left),
        Some(CodeAlert::FormExpired) => (Some("form_expired"), None, attempts_left),
        Some(CodeAlert::Limited { retry_after }) => {
            (Some("limited"), Some(not_before(now + retry_after, now)), attempts_left)
        }
        Some(CodeAlert::TooSoon { until }) => {
            (Some("too_soon"), Some(not_before(until, now)), attempts_left)
        }
    };
    context! {
        purpose => page.purpose.as_str(),
        letters => page.purpose.code_form() == CodeForm::Letters,
        by => match page.by {
            CodesBy::Mail => "",
            CodesBy::Sms => "-sms",
        },
        destination => page.destination,
        return_to => page.return_to,
        start_again => start_again(page.purpose, page.return_to),
        state,
        attempts_left,
        expires => instant(page.expires_at, now),
        resend,
        resend_at,
        trust => trust(page.trust),
        trust_ticked => page.trust_ticked,
        can_resend => page.state.can_resend() && matches!(page.resend, ResendView::Now | ResendView::At(_)),
        alert,
        until,
        code_error => matches!(alert, Some("wrong" | "not_a_code")),
        notice => page.notice.map(|CodeNotice::Resent| "resent"),
    }
}

fn link(page: &LinkPage<'_>, now: Timestamp) -> Value {
    let (state, expires) = match page.state {
        LinkState::Ready { expires_at } => ("ready", Some(instant(expires_at, now))),
        LinkState::Expired => ("expired", None),
        LinkState::Spent => ("spent", None),
    };
    context! {
        purpose => page.purpose.as_str(),
        destination => page.destination,
        return_to => page.return_to,
        start_again => start_again(page.purpose, page.return_to),
        state,
        expires,
        trust => trust(page.trust),
        trust_ticked => false,
    }
}

fn relay(page: &RelayPage<'_>, now: Timestamp) -> Value {
    context! {
        purpose => page.purpose.as_str(),
        relay_code => page.relay_code,
        expires => instant(page.expires_at, now),
        host => page.host,
    }
}

fn signed_in(page: &SignedInPage<'_>, now: Timestamp) -> Value {
    context! {
        username => page.username,
        full_name => page.full_name,
        email => page.email,
        two_factor => page.two_factor,
        since => day(page.since, now),
        expires => day(page.expires_at, now),
    }
}

fn going_round(page: &LoopPage<'_>) -> Value {
    let LoopPage { host, return_to, .. } = *page;
    let again = start_again(Purpose::SignIn, return_to);
    match page.cause {
        LoopCause::NotKept => context! { cause => "not_kept", host, again },
        LoopCause::Ended => context! { cause => "ended", host, again },
        LoopCause::Scheme(origin) => {
            context! { cause => "scheme", host, again => address(origin) }
        }
        LoopCause::Host(seen) => context! { cause => "host", host, seen, again },
    }
}

fn draft(page: &DraftPage<'_>) -> Value {
    match *page {
        DraftPage::Ask { username, target, action } => {
            context! { state => "ask", username, target, action => address(action) }
        }
        DraftPage::Discarded => context! { state => "discarded" },
        DraftPage::Over => context! { state => "over" },
    }
}

fn ticket(page: &TicketPage<'_>) -> Value {
    match *page {
        TicketPage::Onward { host, address } => context! { state => "onward", host, address },
        TicketPage::Over { host } => context! { state => "over", host },
        TicketPage::NoCookies { host } => context! { state => "no_cookies", host },
        TicketPage::InCircles { host, return_to } => {
            context! { state => "in_circles", host, start_again => start_again(Purpose::SignIn, return_to) }
        }
    }
}

fn error(page: &ErrorPage<'_>, now: Timestamp) -> Value {
    let (kind, until, wait) = match page.kind {
        ErrorKind::BadRequest => ("bad_request", None, None),
        ErrorKind::Forbidden => ("forbidden", None, None),
        ErrorKind::NotFound => ("not_found", None, None),
        ErrorKind::MethodNotAllowed => ("method_not_allowed", None, None),
        ErrorKind::FormExpired => ("form_expired", None, None),
        ErrorKind::TooLarge => ("too_large", None, None),
        ErrorKind::HeadTooLarge => ("head_too_large", None, None),
        ErrorKind::AddressTooLong => ("address_too_long", None, None),
        ErrorKind::TooSlow => ("too_slow", None, None),
        ErrorKind::UnknownSite => ("unknown_site", None, None),
        ErrorKind::TooManyRequests { retry_after } => {
            ("too_many_requests", Some(not_before(now + retry_after, now)), None)
        }
        ErrorKind::Unavailable { retry_after } => ("unavailable", None, Some(span(retry_after))),
        ErrorKind::UpstreamUnreachable => ("upstream_unreachable", None, None),
        ErrorKind::UpstreamTimeout => ("upstream_timeout", None, None),
        ErrorKind::Internal => ("internal", None, None),
    };
    let home = matches!(
        page.kind,
        ErrorKind::BadRequest
            | ErrorKind::Forbidden
            | ErrorKind::NotFound
            | ErrorKind::MethodNotAllowed
            | ErrorKind::FormExpired
            | ErrorKind::TooLarge
            | ErrorKind::AddressTooLong
            | ErrorKind::TooSlow
    );
    context! { kind, until, wait, home, retry => page.retry }
}

/// The address where what a code was asked for begins anew, and leads to `return_to` again.
fn start_again(purpose: Purpose, return_to: &str) -> Value {
    let beginning = match purpose {
        Purpose::SignIn => "/_doorward/login",
        Purpose::SignUp => "/_doorward/register",
        Purpose::Reset => "/_doorward/reset",
        Purpose::EmailChange | Purpose::Phone | Purpose::SecondStepOn | Purpose::SecondStepOff => {
            return address("/_doorward/account");
        }
    };
    leading_to(beginning, return_to)
}

/// The address of a page that leads to `return_to` in the end.
pub(super) fn leading_to(page: &str, return_to: &str) -> Value {
    if return_to == "/" {
        return address(page);
    }
    let query =
        form_urlencoded::Serializer::new(String::new()).append_pair("rd", return_to).finish();
    address(&format!("{page}?{query}"))
}

/// An instant as pages tell it: the clock time, and the day too where it is not near.
fn instant(at: Timestamp, now: Timestamp) -> Value {
    const NEAR: Duration = Duration::from_secs(12 * 3600);
    if now.until(at).max(now.since(at)) > NEAR {
        return day(at, now);
    }
    context! { dated => false, ..day(at, now) }
}

/// An instant to wait for: the minute after it is told, since at the minute of it it may be too early yet. What counts
/// down to it is exact.
pub(super) fn not_before(at: Timestamp, now: Timestamp) -> Value {
    const MINUTE: i64 = 60_000;
    let minutes = at.as_millis().saturating_add(MINUTE - 1).div_euclid(MINUTE);
    let told = Timestamp::from_millis(minutes.saturating_mul(MINUTE));
    context! { seconds => left(at, now), ..instant(told, now) }
}

/// An instant with its day.
fn day(at: Timestamp, now: Timestamp) -> Value {
    context! {
        iso => at.rfc3339(),
        millis => at.as_millis(),
        seconds => left(at, now),
        dated => true,
    }
}

/// The whole seconds until `at`, rounded up so that what waits for it never comes too early.
fn left(at: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(now.until(at).as_millis().div_ceil(1000)).unwrap_or(u64::MAX)
}

/// For how long a browser is trusted, rounded down: no promise is longer than what is kept.
fn trust(length: Option<Duration>) -> Option<Value> {
    let hours = length?.as_secs() / 3600;
    let (count, unit) = if hours < 48 { (hours.max(1), "hour") } else { (hours / 24, "day") };
    Some(context! { count, unit })
}

/// A length of time in the largest unit that suits, rounded up.
pub(super) fn span(length: Duration) -> Value {
    let seconds = u64::try_from(length.as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1);
    let (count, unit) = match seconds {
        ..60 => (seconds, "second"),
        60..3600 => (seconds.div_ceil(60), "minute"),
        _ => (seconds.div_ceil(3600), "hour"),
    };
    context! { count, unit }
}
