//! The first step: name and password, or the name alone.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, RawQuery, State};
use http::{HeaderMap, Response, StatusCode};

use super::captcha;
use crate::auth::StoreError;
use crate::auth::sign_in::{SignIn, SignInOutcome, Wanted};
use crate::domain::captcha::{CaptchaPlace, Demand};
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::{FlowSecret, Password};
use crate::portal::csrf::{self, NotOurs};
use crate::portal::form::Form;
use crate::portal::pages::{
    ConfirmPage, ErrorKind, LoginAlert, LoginNotice, LoginPage, LoopCause, LoopPage, Page,
};
use crate::portal::respond::{Reply, unavailable};
use crate::portal::visit::Missing;
use crate::portal::{Portal, Visit, cookies};
use crate::telemetry::metrics::{SecurityEvent, metrics};

/// After how many sign-ins that came to nothing the page says why, in place of asking again.
const MOST_ARRIVALS: u8 = 3;

/// The longest name that is looked at, in bytes.
pub(super) const MAX_LOGIN: usize = 254;

pub(in crate::portal) async fn show(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    let query = query.as_deref().unwrap_or_default();
    let return_to = return_to_of(query);
    let reply = Reply::to(&portal, &visit, &headers);
    let is_enough = || visit.signed_in.is_some() && visit.missing(&return_to) == Missing::Nothing;
    if visit.signs_in_elsewhere() && !is_enough() {
        return super::ticket::ask(reply, &visit, &headers, &return_to);
    }
    let Some(signed_in) = &visit.signed_in else {
        if reply.arrivals() >= MOST_ARRIVALS {
            return goes_round(reply, &visit, &headers, &return_to);
        }
        let typed = Typed { notice: notice_of(query), ..Typed::default() };
        return form(reply, &visit, &return_to, StatusCode::OK, typed, None).await;
    };
    match visit.missing(&return_to) {
        Missing::Nothing => reply.see_other(return_to.as_str()),
        Missing::Code => {
            let destination = signed_in.identity.masked_email();
            let page = ConfirmPage {
                destination: &destination,
                return_to: return_to.as_str(),
                alert: None,
            };
            reply.page(StatusCode::OK, &Page::Confirm(page))
        }
        Missing::Everything => {
            let login = signed_in.identity.username();
            let typed = Typed { login, remember: signed_in.session.remembered, ..Typed::default() };
            form(reply, &visit, &return_to, StatusCode::OK, typed, None).await
        }
    }
}

pub(in crate::portal) async fn submit(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    // No password is taken here where people sign in at another host.
    if visit.signs_in_elsewhere() {
        return reply.see_other(super::code::LOGIN);
    }
    let Ok(mut fields) = Form::read(&headers, &body) else {
        metrics().security_event(SecurityEvent::Malformed);
        return reply.error(ErrorKind::BadRequest);
    };
    let return_to = ReturnTo::or_front_page(fields.get("rd"));
    let keys = portal.auth.keys();
    let flow = cookies::flow_secret(&headers, visit.site.cookies, keys, visit.site.host());
    let password = fields.take("password");
    let typed = Typed {
        login: fields.get("username"),
        remember: fields.has("remember"),
        notice: None,
        ticket: captcha::ticket(&fields),
    };
    match csrf::check(&visit, &headers, keys, flow.as_ref(), fields.get("csrf")) {
        Ok(()) => {}
        Err(NotOurs::CrossSite) if csrf::is_by_other_scheme(&visit, &headers) => {
            let cause = LoopCause::Scheme(&visit.site.origin_text);
            return round(reply, &visit, &return_to, cause);
        }
        Err(NotOurs::CrossSite) => {
            return match csrf::other_host(&visit, &headers) {
                Some(seen) => round(reply, &visit, &return_to, LoopCause::Host(&seen)),
                None => super::refuse(reply, NotOurs::CrossSite),
            };
        }
        Err(NotOurs::Token) if flow.is_none() => {
            let alert = Some(LoginAlert::NoCookies);
            return form(reply, &visit, &return_to, StatusCode::FORBIDDEN, typed, alert).await;
        }
        Err(NotOurs::Token) => {
            let alert = Some(LoginAlert::FormExpired);
            return form(reply, &visit, &return_to, StatusCode::FORBIDDEN, typed, alert).await;
        }
    }
    let wanted = visit.wanted(&return_to);
    let password = Password::new(password);
    let incomplete =
        typed.login.trim().is_empty() || (wanted != Wanted::MailCode && password.is_none());
    if incomplete || typed.login.len() > MAX_LOGIN {
        let alert = Some(LoginAlert::MissingFields);
        return form(reply, &visit, &return_to, StatusCode::BAD_REQUEST, typed, alert).await;
    }
    let trusted_device = visit.takes_trusted_device(&return_to);
    let evidence = captcha::evidence(&portal, &fields, flow.as_ref());
    let (login, remember) = (typed.login, typed.remember);
    let command = SignIn { login, password, remember, wanted, trusted_device, evidence };
    match portal.auth.sign_in(command, &visit.context(return_to.clone())).await {
        Ok(outcome) => answer(reply, &visit, &return_to, typed, outcome).await,
        Err(error) => unavailable(reply, &error),
    }
}

/// Somebody has signed in again and again, and is not signed in: why that may be.
fn goes_round(
    reply: Reply<'_>,
    visit: &Visit,
    headers: &HeaderMap,
    return_to: &ReturnTo,
) -> Response<Body> {
    let names = visit.site.cookies;
    let shows_session = cookies::values(headers, names.session()).next().is_some();
    let cause = if shows_session { LoopCause::Ended } else { LoopCause::NotKept };
    round(reply.cookie(names.expire(names.arrived())), visit, return_to, cause)
}

fn round(
    reply: Reply<'_>,
    visit: &Visit,
    return_to: &ReturnTo,
    cause: LoopCause<'_>,
) -> Response<Body> {
    let page = LoopPage { cause, host: visit.site.host().as_str(), return_to: return_to.as_str() };
    reply.page(StatusCode::BAD_REQUEST, &Page::Loop(page))
}

async fn answer(
    reply: Reply<'_>,
    visit: &Visit,
    return_to: &ReturnTo,
    mut typed: Typed<'_>,
    outcome: SignInOutcome,
) -> Response<Body> {
    let (reply, status, alert) = match outcome {
        SignInOutcome::CodeSent(flow) => {
            return reply.next_flow(&flow).see_other("/_doorward/code");
        }
        SignInOutcome::SignedIn(opened) => {
            return reply.signed_in(&opened).see_other(return_to.as_str());
        }
        SignInOutcome::Rejected => (reply, StatusCode::UNAUTHORIZED, LoginAlert::WrongCredentials),
        SignInOutcome::Disabled => (reply, StatusCode::FORBIDDEN, LoginAlert::Disabled),
        SignInOutcome::Captcha(fault) => {
            typed.ticket = captcha::kept_after(fault, typed.ticket);
            let (reply, status) = captcha::answer(reply, fault);
            (reply, status, LoginAlert::Captcha(fault))
        }
        SignInOutcome::Limited(limited) => {
            let retry_after = limited.retry_after;
            let alert = LoginAlert::Limited { retry_after };
            (reply.retry_after(retry_after), StatusCode::TOO_MANY_REQUESTS, alert)
        }
        SignInOutcome::Delayed(limited) => {
            let retry_after = limited.retry_after;
            let alert = LoginAlert::Delayed { retry_after };
            (reply.retry_after(retry_after), StatusCode::TOO_MANY_REQUESTS, alert)
        }
        SignInOutcome::Busy(busy) => {
            let retry_after = busy.retry_after;
            let alert = LoginAlert::Busy { retry_after };
            (reply.retry_after(retry_after), StatusCode::SERVICE_UNAVAILABLE, alert)
        }
    };
    // What was shown with it is spent.
    if !matches!(alert, LoginAlert::Captcha(_)) {
        typed.ticket = "";
    }
    form(reply, visit, return_to, status, typed, Some(alert)).await
}

/// What somebody typed and gets back to correct. The password is never among it.
#[derive(Clone, Copy, Default)]
struct Typed<'a> {
    login: &'a str,
    remember: bool,
    notice: Option<LoginNotice>,
    /// The ticket that is shown again while it is good.
    ticket: &'a str,
}

async fn form(
    reply: Reply<'_>,
    visit: &Visit,
    return_to: &ReturnTo,
    status: StatusCode,
    typed: Typed<'_>,
    alert: Option<LoginAlert>,
) -> Response<Body> {
    let ask_password = visit.wanted(return_to) != Wanted::MailCode;
    let (portal, shown) = (reply.portal(), (reply.flow(), typed.ticket));
    let captcha = match captcha_of(portal, visit, return_to, shown, alert).await {
        Ok(captcha) if ask_password => captcha,
        Ok(_) => Demand::Nothing,
        Err(error) => return unavailable(reply, &error),
    };
    let page = LoginPage {
        return_to: return_to.as_str(),
        typed: typed.login.get(..MAX_LOGIN).unwrap_or(typed.login),
        ask_password,
        remember: typed.remember,
        may_register: reply.portal().auth.registration().is_on(),
        captcha: &captcha,
        notice: typed.notice.filter(|_| alert.is_none()),
        alert,
    };
    reply.page(status, &Page::Login(page))
}

/// What the form has to show: where something was asked for just now, and from where there were failures.
async fn captcha_of(
    portal: &Portal,
    visit: &Visit,
    return_to: &ReturnTo,
    (flow, ticket): (&FlowSecret, &str),
    alert: Option<LoginAlert>,
) -> Result<Demand, StoreError> {
    let (auth, context) = (&portal.auth, visit.context(return_to.clone()));
    if matches!(alert, Some(LoginAlert::Captcha(_))) {
        return Ok(auth.captcha(CaptchaPlace::SignIn, flow, ticket, &context));
    }
    auth.sign_in_captcha(flow, ticket, &context).await
}

/// What went well before, from a query. It is a word and no more, whoever made the address.
fn notice_of(query: &str) -> Option<LoginNotice> {
    url::form_urlencoded::parse(query.as_bytes()).find_map(|(name, what)| match (&*name, &*what) {
        ("done", "password") => Some(LoginNotice::PasswordChanged),
        ("form", "kept") => Some(LoginNotice::FormKept),
        ("form", "lost") => Some(LoginNotice::FormLost),
        _ => None,
    })
}

/// The page to return to, from a query. What leads elsewhere is noted and becomes the front page (S51).
pub(super) fn return_to_of(query: &str) -> ReturnTo {
    let asked = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "rd");
    let Some((_, asked)) = asked else { return ReturnTo::front_page() };
    asked.parse().unwrap_or_else(|_| {
        metrics().security_event(SecurityEvent::BadReturnTo);
        ReturnTo::front_page()
    })
}
