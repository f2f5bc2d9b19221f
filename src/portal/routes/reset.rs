//! A forgotten password: who it is, then the code, then a new one.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, RawQuery, State};
use http::{HeaderMap, Response, StatusCode};
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::captcha;
use super::code::{LOGIN, flow_of, posted};
use super::login::{MAX_LOGIN, return_to_of};
use crate::auth::reset::{NewPasswordOutcome, ResetOutcome};
use crate::domain::captcha::CaptchaPlace;
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::FlowSecret;
use crate::portal::csrf::{self, NotOurs};
use crate::portal::form::Form;
use crate::portal::pages::{ErrorKind, LoginAlert, NewPasswordPage, Page, ResetPage};
use crate::portal::respond::{Reply, unavailable};
use crate::portal::{Portal, Visit};
use crate::telemetry::metrics::{SecurityEvent, metrics};

pub(in crate::portal) async fn show(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    if visit.signs_in_elsewhere() {
        return reply.see_other(LOGIN);
    }
    let return_to = return_to_of(query.as_deref().unwrap_or_default());
    let asked = Asking { visit: &visit, return_to: &return_to, typed: "", ticket: "" };
    asked.page(reply, StatusCode::OK, Wrong::Nothing)
}

pub(in crate::portal) async fn submit(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    if visit.signs_in_elsewhere() {
        return reply.see_other(LOGIN);
    }
    let Ok(fields) = Form::read(&headers, &body) else {
        metrics().security_event(SecurityEvent::Malformed);
        return reply.error(ErrorKind::BadRequest);
    };
    let return_to = ReturnTo::or_front_page(fields.get("rd"));
    let typed = fields.get("username");
    let too_long = typed.len() > MAX_LOGIN;
    let asked = Asking {
        visit: &visit,
        return_to: &return_to,
        typed: if too_long { "" } else { typed },
        ticket: captcha::ticket(&fields),
    };
    let flow = flow_of(&portal, &visit, &headers);
    match csrf::check(&visit, &headers, portal.auth.keys(), flow.as_ref(), fields.get("csrf")) {
        Ok(()) => {}
        Err(NotOurs::CrossSite) => return super::refuse(reply, NotOurs::CrossSite),
        Err(NotOurs::Token) => {
            return asked.page(reply, StatusCode::FORBIDDEN, LoginAlert::FormExpired.into());
        }
    }
    if typed.trim().is_empty() || too_long {
        return asked.page(reply, StatusCode::BAD_REQUEST, Wrong::NothingTyped);
    }
    let evidence = captcha::evidence(&portal, &fields, flow.as_ref());
    let context = visit.context(return_to.clone());
    match portal.auth.request_reset(typed, evidence, &context).await {
        Ok(ResetOutcome::CodeSent(flow)) => reply.next_flow(&flow).see_other("/_doorward/code"),
        Ok(ResetOutcome::Captcha(fault)) => {
            let (reply, status) = captcha::answer(reply, fault);
            let ticket = captcha::kept_after(fault, asked.ticket);
            Asking { ticket, ..asked }.page(reply, status, LoginAlert::Captcha(fault).into())
        }
        Ok(ResetOutcome::Limited(limited)) => {
            let retry_after = limited.retry_after;
            let (reply, alert) =
                (reply.retry_after(retry_after), LoginAlert::Limited { retry_after });
            let again = Asking { ticket: "", ..asked };
            again.page(reply, StatusCode::TOO_MANY_REQUESTS, alert.into())
        }
        Err(error) => unavailable(reply, &error),
    }
}

/// The question who has forgotten the password.
#[derive(Clone, Copy)]
struct Asking<'a> {
    visit: &'a Visit,
    return_to: &'a ReturnTo,
    typed: &'a str,
    /// The ticket that is shown again while it is good.
    ticket: &'a str,
}

/// What is wrong with the answer.
enum Wrong {
    Nothing,
    NothingTyped,
    Alert(LoginAlert),
}

impl From<LoginAlert> for Wrong {
    fn from(alert: LoginAlert) -> Self {
        Self::Alert(alert)
    }
}

impl Asking<'_> {
    fn page(self, reply: Reply<'_>, status: StatusCode, wrong: Wrong) -> Response<Body> {
        let context = self.visit.context(self.return_to.clone());
        let auth = &reply.portal().auth;
        let captcha = auth.captcha(CaptchaPlace::Reset, reply.flow(), self.ticket, &context);
        let (missing, alert) = match wrong {
            Wrong::Nothing => (false, None),
            Wrong::NothingTyped => (true, None),
            Wrong::Alert(alert) => (false, Some(alert)),
        };
        let (return_to, typed) = (self.return_to.as_str(), self.typed);
        let page = ResetPage { return_to, typed, missing, captcha: &captcha, alert };
        reply.page(status, &Page::Reset(page))
    }
}

pub(in crate::portal) async fn show_password(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let flow = flow_of(&portal, &visit, &headers);
    ask(reply, &portal, &visit, flow.as_ref(), Refused::default()).await
}

pub(in crate::portal) async fn submit_password(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let (flow, mut form) = match posted(&portal, &visit, &headers, &body) {
        Ok(posted) => posted,
        Err(refusal) => return refusal.answer(reply),
    };
    let typed = Zeroizing::new(form.take("password"));
    let context = visit.context(ReturnTo::front_page());
    let refused = match portal.auth.choose_password(&flow, typed, &context).await {
        Ok(NewPasswordOutcome::Done { return_to }) => {
            // A session of the account is dead by now, one of another account has nothing to do with it.
            return reply.end_flow().see_other(&sign_in_anew(&return_to));
        }
        Ok(NewPasswordOutcome::Refused(fault)) => {
            Refused { status: StatusCode::BAD_REQUEST, fault: Some(fault), alert: None }
        }
        Ok(NewPasswordOutcome::Busy(busy)) => {
            let alert = Some(LoginAlert::Busy { retry_after: busy.retry_after });
            Refused { status: StatusCode::SERVICE_UNAVAILABLE, fault: None, alert }
        }
        Ok(NewPasswordOutcome::Over) => return over(reply),
        Err(error) => return unavailable(reply, &error),
    };
    let reply = match refused.alert {
        Some(LoginAlert::Busy { retry_after }) => reply.retry_after(retry_after),
        _ => reply,
    };
    ask(reply, &portal, &visit, Some(&flow), refused).await
}

/// Why a password was not taken.
struct Refused {
    status: StatusCode,
    fault: Option<crate::domain::password_rules::PasswordFault>,
    alert: Option<LoginAlert>,
}

impl Default for Refused {
    fn default() -> Self {
        Self { status: StatusCode::OK, fault: None, alert: None }
    }
}

async fn ask(
    reply: Reply<'_>,
    portal: &Portal,
    visit: &Visit,
    flow: Option<&FlowSecret>,
    Refused { status, fault, alert }: Refused,
) -> Response<Body> {
    let Some(flow) = flow else { return over(reply) };
    let context = visit.context(ReturnTo::front_page());
    match portal.auth.resettable_account(flow, &context).await {
        Ok(Some(account)) => {
            let username = account.username.as_str();
            let min_length = portal.auth.min_password_length();
            let page = NewPasswordPage::Ask { username, min_length, fault, alert };
            reply.page(status, &Page::NewPassword(page))
        }
        Ok(None) => over(reply),
        Err(error) => unavailable(reply, &error),
    }
}

fn over(reply: Reply<'_>) -> Response<Body> {
    reply.page(StatusCode::GONE, &Page::NewPassword(NewPasswordPage::Over))
}

/// Sign-in with a word on the new password, on the way to where somebody wanted.
fn sign_in_anew(return_to: &ReturnTo) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("done", "password").append_pair("rd", return_to.as_str());
    format!("/_doorward/login?{}", query.finish())
}
