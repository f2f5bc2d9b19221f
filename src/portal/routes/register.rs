//! Registering, and choosing another name where the first is taken.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, RawQuery, State};
use http::{HeaderMap, Response, StatusCode};
use zeroize::Zeroizing;

use super::captcha;
use super::code::{LOGIN, flow_of, posted};
use super::login::return_to_of;
use crate::auth::captcha::Evidence;
use crate::auth::register::{ChooseNameOutcome, Register, RegisterOutcome};
use crate::domain::account::{FullName, Username};
use crate::domain::captcha::CaptchaPlace;
use crate::domain::email::EmailAddress;
use crate::domain::return_to::ReturnTo;
use crate::portal::csrf::{self, NotOurs};
use crate::portal::form::Form;
use crate::portal::pages::{
    EmailFault, ErrorKind, JoinFaults, LoginAlert, NameFault, NamePage, Page, RegisterPage,
    TypedNames,
};
use crate::portal::respond::{Reply, unavailable};
use crate::portal::{BASE, Portal, Visit};
use crate::telemetry::metrics::{SecurityEvent, metrics};

pub(in crate::portal) async fn show(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    if !portal.auth.registration().is_on() {
        return reply.error(ErrorKind::NotFound);
    }
    if visit.signs_in_elsewhere() {
        return reply.see_other(LOGIN);
    }
    if visit.signed_in.is_some() {
        return reply.see_other(BASE);
    }
    let return_to = return_to_of(query.as_deref().unwrap_or_default());
    let asked =
        Asked { visit: &visit, return_to: &return_to, typed: TypedNames::default(), ticket: "" };
    asked.again(reply, &portal, StatusCode::OK, JoinFaults::default(), None)
}

pub(in crate::portal) async fn submit(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    if !portal.auth.registration().is_on() {
        return reply.error(ErrorKind::NotFound);
    }
    if visit.signs_in_elsewhere() {
        return reply.see_other(LOGIN);
    }
    let Ok(mut fields) = Form::read(&headers, &body) else {
        metrics().security_event(SecurityEvent::Malformed);
        return reply.error(ErrorKind::BadRequest);
    };
    let return_to = ReturnTo::or_front_page(fields.get("rd"));
    let password = Zeroizing::new(fields.take("password"));
    let ticket = captcha::ticket(&fields);
    let asked = Asked { visit: &visit, return_to: &return_to, typed: typed_names(&fields), ticket };
    let flow = flow_of(&portal, &visit, &headers);
    match csrf::check(&visit, &headers, portal.auth.keys(), flow.as_ref(), fields.get("csrf")) {
        Ok(()) => {}
        Err(NotOurs::CrossSite) => return super::refuse(reply, NotOurs::CrossSite),
        Err(NotOurs::Token) => {
            let (none, old) = (JoinFaults::default(), Some(LoginAlert::FormExpired));
            return asked.again(reply, &portal, StatusCode::FORBIDDEN, none, old);
        }
    }
    let evidence = captcha::evidence(&portal, &fields, flow.as_ref());
    let form = match read(asked.typed, password, evidence) {
        Ok(form) => form,
        Err(faults) => return asked.again(reply, &portal, StatusCode::BAD_REQUEST, faults, None),
    };
    match portal.auth.register(form, &visit.context(return_to.clone())).await {
        Ok(outcome) => asked.answer(reply, &portal, outcome),
        Err(error) => unavailable(reply, &error),
    }
}

/// What was typed as names, none of it longer than any name is.
pub(super) fn typed_names(fields: &Form) -> TypedNames<'_> {
    const LONGEST: usize = 512;
    let shortened = |name| {
        let typed: &str = fields.get(name);
        typed.get(..LONGEST).unwrap_or(typed)
    };
    TypedNames {
        username: shortened("username"),
        email: shortened("email"),
        full_name: shortened("full_name"),
    }
}

fn read<'a>(
    typed: TypedNames<'_>,
    password: Zeroizing<String>,
    evidence: Evidence<'a>,
) -> Result<Register<'a>, JoinFaults> {
    let username: Result<Username, _> = typed.username.trim().parse();
    let email: Result<EmailAddress, _> = typed.email.trim().parse();
    let full_name = full_name(typed.full_name);
    let faults = JoinFaults {
        username: username.as_ref().err().map(|_| NameFault::Invalid),
        email: email.as_ref().err().map(|_| EmailFault::Invalid),
        full_name: full_name.is_err(),
        password: None,
    };
    match (username, email, full_name) {
        (Ok(username), Ok(email), Ok(full_name)) => {
            Ok(Register { username, email, full_name, password, evidence })
        }
        _ => Err(faults),
    }
}

/// The full name, which nobody has to give.
pub(super) fn full_name(typed: &str) -> Result<Option<FullName>, ()> {
    match typed.trim() {
        "" => Ok(None),
        given => given.parse().map(Some).map_err(|_| ()),
    }
}

/// What a registration form is answered with beside the faults.
#[derive(Clone, Copy)]
struct Asked<'a> {
    visit: &'a Visit,
    return_to: &'a ReturnTo,
    typed: TypedNames<'a>,
    /// The ticket that is shown again while it is good.
    ticket: &'a str,
}

impl Asked<'_> {
    fn answer(
        mut self,
        reply: Reply<'_>,
        portal: &Portal,
        outcome: RegisterOutcome,
    ) -> Response<Body> {
        let (reply, status, faults, alert) = match outcome {
            RegisterOutcome::CodeSent(flow) => {
                return reply.next_flow(&flow).see_other("/_doorward/code");
            }
            RegisterOutcome::Off => return reply.error(ErrorKind::NotFound),
            RegisterOutcome::OtherDomain => {
                let email = Some(EmailFault::OtherDomain);
                let faults = JoinFaults { email, ..JoinFaults::default() };
                (reply, StatusCode::BAD_REQUEST, faults, None)
            }
            RegisterOutcome::Password(fault) => {
                let faults = JoinFaults { password: Some(fault), ..JoinFaults::default() };
                (reply, StatusCode::BAD_REQUEST, faults, None)
            }
            RegisterOutcome::Captcha(fault) => {
                self.ticket = captcha::kept_after(fault, self.ticket);
                let (reply, status) = captcha::answer(reply, fault);
                (reply, status, JoinFaults::default(), Some(LoginAlert::Captcha(fault)))
            }
            RegisterOutcome::Limited(limited) => {
                self.ticket = "";
                let retry_after = limited.retry_after;
                let alert = Some(LoginAlert::Limited { retry_after });
                let reply = reply.retry_after(retry_after);
                (reply, StatusCode::TOO_MANY_REQUESTS, JoinFaults::default(), alert)
            }
            RegisterOutcome::Busy(busy) => {
                self.ticket = "";
                let retry_after = busy.retry_after;
                let alert = Some(LoginAlert::Busy { retry_after });
                let reply = reply.retry_after(retry_after);
                (reply, StatusCode::SERVICE_UNAVAILABLE, JoinFaults::default(), alert)
            }
        };
        self.again(reply, portal, status, faults, alert)
    }

    fn again(
        self,
        reply: Reply<'_>,
        portal: &Portal,
        status: StatusCode,
        faults: JoinFaults,
        alert: Option<LoginAlert>,
    ) -> Response<Body> {
        let context = self.visit.context(self.return_to.clone());
        let place = CaptchaPlace::Registration;
        let captcha = portal.auth.captcha(place, reply.flow(), self.ticket, &context);
        let page = RegisterPage {
            captcha: &captcha,
            return_to: self.return_to.as_str(),
            typed: self.typed,
            domains: portal.auth.registration().domains(),
            min_length: portal.auth.min_password_length(),
            faults,
            alert,
        };
        reply.page(status, &Page::Register(page))
    }
}

pub(in crate::portal) async fn show_name(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let Some(flow) = flow_of(&portal, &visit, &headers) else { return reply.see_other(LOGIN) };
    let context = visit.context(ReturnTo::front_page());
    match portal.auth.nameless_registration(&flow, &context).await {
        Ok(Some(registration)) => {
            let typed = registration.username.as_str();
            let page = NamePage { typed, fault: NameFault::Taken, alert: None };
            reply.page(StatusCode::OK, &Page::Name(page))
        }
        Ok(None) => reply.see_other(LOGIN),
        Err(error) => unavailable(reply, &error),
    }
}

pub(in crate::portal) async fn submit_name(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let (flow, form) = match posted(&portal, &visit, &headers, &body) {
        Ok(posted) => posted,
        Err(refusal) => return refusal.answer(reply),
    };
    let TypedNames { username: typed, .. } = typed_names(&form);
    let Ok(name) = typed.trim().parse::<Username>() else {
        let page = NamePage { typed, fault: NameFault::Invalid, alert: None };
        return reply.page(StatusCode::BAD_REQUEST, &Page::Name(page));
    };
    let context = visit.context(ReturnTo::front_page());
    match portal.auth.choose_name(&flow, &name, &context).await {
        Ok(ChooseNameOutcome::SignedIn { opened, return_to }) => {
            reply.signed_in(&opened).see_other(return_to.as_str())
        }
        Ok(ChooseNameOutcome::Taken) => {
            let page = NamePage { typed, fault: NameFault::Taken, alert: None };
            reply.page(StatusCode::CONFLICT, &Page::Name(page))
        }
        Ok(ChooseNameOutcome::Over) => reply.see_other(LOGIN),
        Ok(ChooseNameOutcome::Limited(limited)) => {
            let retry_after = limited.retry_after;
            let alert = Some(LoginAlert::Limited { retry_after });
            let page = NamePage { typed, fault: NameFault::Taken, alert };
            reply.retry_after(retry_after).page(StatusCode::TOO_MANY_REQUESTS, &Page::Name(page))
        }
        Err(error) => unavailable(reply, &error),
    }
}
