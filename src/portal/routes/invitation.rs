//! The link of an invitation. Loading it changes nothing; a post with a password makes the account, once (S16).

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, Path, State};
use http::{HeaderMap, Response, StatusCode};
use zeroize::Zeroizing;

use super::code::posted;
use super::link::without_referrer;
use super::register::{full_name, typed_names};
use crate::auth::invite::{Accept, AcceptOutcome};
use crate::auth::tokens;
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::InvitationToken;
use crate::portal::pages::{InvitationPage, JoinFaults, LoginAlert, NameFault, Page, TypedNames};
use crate::portal::respond::{Reply, unavailable};
use crate::portal::{Portal, Visit, cookies};

const INVITATION: &str = "/_doorward/invitation";

/// Takes the token out of the address at once (S18), into a cookie, without a look at any store.
pub(in crate::portal) async fn land(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let names = visit.site.cookies;
    let cookie = match tokens::decode_invitation(&token) {
        Some(token) => names.set_invitation(&token),
        None => names.expire(names.invitation()),
    };
    without_referrer(reply.cookie(cookie).see_other(INVITATION))
}

pub(in crate::portal) async fn show(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let token = cookies::invitation_token(&headers, visit.site.cookies);
    let nothing = Typed { status: StatusCode::OK, ..Typed::default() };
    ask(reply, &portal, &visit, token.as_ref(), nothing).await
}

pub(in crate::portal) async fn submit(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let (_, mut form) = match posted(&portal, &visit, &headers, &body) {
        Ok(posted) => posted,
        Err(refusal) => return refusal.answer(reply),
    };
    let Some(token) = cookies::invitation_token(&headers, visit.site.cookies) else {
        return over(reply);
    };
    let password = Zeroizing::new(form.take("password"));
    let names = typed_names(&form);
    let typed = Typed { names, ..Typed::default() };
    let faulty = |faults| Typed { faults, ..typed };
    let Ok(full_name) = full_name(names.full_name) else {
        let faults = JoinFaults { full_name: true, ..JoinFaults::default() };
        return ask(reply, &portal, &visit, Some(&token), faulty(faults)).await;
    };
    let username = names.username.trim().parse().ok();
    let accept = Accept { username, full_name, password };
    let context = visit.context(ReturnTo::front_page());
    let wrong_name = |fault| JoinFaults { username: Some(fault), ..JoinFaults::default() };
    let typed = match portal.auth.accept_invitation(&token, accept, &context).await {
        Ok(AcceptOutcome::SignedIn(opened)) => {
            let cookies = visit.site.cookies;
            let expired = cookies.expire(cookies.invitation());
            return reply.cookie(expired).signed_in(&opened).see_other("/");
        }
        Ok(AcceptOutcome::NameMissing) => faulty(wrong_name(NameFault::Invalid)),
        Ok(AcceptOutcome::UsernameTaken) => {
            Typed { status: StatusCode::CONFLICT, ..faulty(wrong_name(NameFault::Taken)) }
        }
        Ok(AcceptOutcome::Password(fault)) => {
            faulty(JoinFaults { password: Some(fault), ..JoinFaults::default() })
        }
        Ok(AcceptOutcome::Busy(busy)) => {
            let alert = Some(LoginAlert::Busy { retry_after: busy.retry_after });
            Typed { status: StatusCode::SERVICE_UNAVAILABLE, alert, ..typed }
        }
        Ok(AcceptOutcome::Over) => return over(reply),
        Err(error) => return unavailable(reply, &error),
    };
    let reply = match typed.alert {
        Some(LoginAlert::Busy { retry_after }) => reply.retry_after(retry_after),
        _ => reply,
    };
    ask(reply, &portal, &visit, Some(&token), typed).await
}

/// What the form is shown with.
#[derive(Clone, Copy)]
struct Typed<'a> {
    status: StatusCode,
    names: TypedNames<'a>,
    faults: JoinFaults,
    alert: Option<LoginAlert>,
}

impl Default for Typed<'_> {
    fn default() -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            names: TypedNames::default(),
            faults: JoinFaults::default(),
            alert: None,
        }
    }
}

async fn ask(
    reply: Reply<'_>,
    portal: &Portal,
    visit: &Visit,
    token: Option<&InvitationToken>,
    typed: Typed<'_>,
) -> Response<Body> {
    let Some(token) = token else { return over(reply) };
    match portal.auth.find_invitation(token, visit.now).await {
        Ok(Some(invitation)) => {
            let page = InvitationPage::Ask {
                email: invitation.email.as_str(),
                username: invitation.username.as_ref().map(|name| name.as_str()),
                ask_full_name: invitation.full_name.is_none(),
                typed: typed.names,
                min_length: portal.auth.min_password_length(),
                faults: typed.faults,
                alert: typed.alert,
            };
            without_referrer(reply.page(typed.status, &Page::Invitation(page)))
        }
        Ok(None) => over(reply),
        Err(error) => unavailable(reply, &error),
    }
}

fn over(reply: Reply<'_>) -> Response<Body> {
    without_referrer(reply.page(StatusCode::GONE, &Page::Invitation(InvitationPage::Over)))
}
