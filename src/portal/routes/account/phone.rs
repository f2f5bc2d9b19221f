//! The telephone number of an account, behind the fresh gate (S36).

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, State};
use http::{HeaderMap, Response, StatusCode};

use super::{ACCOUNT, account, pass, sign_in_for};
use crate::auth::phone::{PhoneAsked, PhoneChanged};
use crate::auth::sessions::SignedIn;
use crate::domain::phone::{CodesBy, Phone};
use crate::portal::pages::account::{Done, PhoneAlert, PhonePage, PhoneView};
use crate::portal::pages::{ErrorKind, Page};
use crate::portal::respond::{Reply, unavailable};
use crate::portal::routes::code::{CODE, posted};
use crate::portal::{Portal, Visit};

const PHONE: &str = "/phone";

/// The longest number that is shown again as it was typed.
const LONGEST: usize = 64;

pub(in crate::portal) async fn show(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    if portal.auth.sms().is_none() {
        return reply.error(ErrorKind::NotFound);
    }
    match pass(&portal, &visit, PHONE).await {
        Ok((signed_in, _)) => page(reply, &portal, signed_in, (StatusCode::OK, ""), None).await,
        Err(closed) => closed.answer(reply),
    }
}

pub(in crate::portal) async fn ask(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let (_, form) = match posted(&portal, &visit, &headers, &body) {
        Ok(posted) => posted,
        Err(refusal) => return refusal.answer(reply),
    };
    let (signed_in, fresh) = match pass(&portal, &visit, PHONE).await {
        Ok(passed) => passed,
        Err(closed) => return closed.answer(reply),
    };
    let typed = form.get("phone").trim();
    let typed = typed.get(..LONGEST).unwrap_or(typed);
    let Ok(new) = typed.parse() else {
        let alert = Some(PhoneAlert::NotANumber);
        return page(reply, &portal, signed_in, (StatusCode::BAD_REQUEST, typed), alert).await;
    };
    let (reply, status, alert) =
        match portal.auth.ask_for_phone(fresh, new, &visit.context(account())).await {
            Ok(PhoneAsked::CodeSent(flow)) => return reply.next_flow(&flow).see_other(CODE),
            Ok(PhoneAsked::Over) => return reply.see_other(&sign_in_for(ACCOUNT)),
            Ok(PhoneAsked::Same) => (reply, StatusCode::BAD_REQUEST, PhoneAlert::Same),
            Ok(PhoneAsked::NotThere) => (reply, StatusCode::BAD_REQUEST, PhoneAlert::NotThere),
            Ok(PhoneAsked::Limited(limited)) => {
                let retry_after = limited.retry_after;
                let reply = reply.retry_after(retry_after);
                (reply, StatusCode::TOO_MANY_REQUESTS, PhoneAlert::Limited { retry_after })
            }
            Err(error) => return unavailable(reply, &error),
        };
    page(reply, &portal, signed_in, (status, typed), Some(alert)).await
}

pub(in crate::portal) async fn remove(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    if let Err(refusal) = posted(&portal, &visit, &headers, &body) {
        return refusal.answer(reply);
    }
    let fresh = match pass(&portal, &visit, PHONE).await {
        Ok((_, fresh)) => fresh,
        Err(closed) => return closed.answer(reply),
    };
    match portal.auth.remove_phone(fresh, &visit.context(account())).await {
        Ok(changed) => done(reply, changed, Done::PhoneRemoved),
        Err(error) => unavailable(reply, &error),
    }
}

pub(in crate::portal) async fn codes(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let (_, form) = match posted(&portal, &visit, &headers, &body) {
        Ok(posted) => posted,
        Err(refusal) => return refusal.answer(reply),
    };
    let fresh = match pass(&portal, &visit, PHONE).await {
        Ok((_, fresh)) => fresh,
        Err(closed) => return closed.answer(reply),
    };
    let (codes_by, told) = match form.get("codes_by") {
        "sms" => (CodesBy::Sms, Done::CodesBySms),
        "mail" => (CodesBy::Mail, Done::CodesByMail),
        _ => return reply.error(ErrorKind::BadRequest),
    };
    match portal.auth.choose_codes_by(fresh, codes_by, &visit.context(account())).await {
        Ok(changed) => done(reply, changed, told),
        Err(error) => unavailable(reply, &error),
    }
}

fn done(reply: Reply<'_>, changed: PhoneChanged, told: Done) -> Response<Body> {
    match changed {
        PhoneChanged::Done(Some(opened)) => reply.signed_in(&opened).done(told).see_other(ACCOUNT),
        PhoneChanged::Done(None) => reply.done(told).see_other(ACCOUNT),
        PhoneChanged::Same => reply.see_other(ACCOUNT),
        PhoneChanged::Over => reply.see_other(&sign_in_for(ACCOUNT)),
    }
}

async fn page(
    reply: Reply<'_>,
    portal: &Portal,
    signed_in: &SignedIn,
    (status, typed): (StatusCode, &str),
    alert: Option<PhoneAlert>,
) -> Response<Body> {
    let phone = match portal.auth.own_phone(signed_in).await {
        Ok(phone) => phone,
        Err(error) => return unavailable(reply, &error),
    };
    let masked = masked(phone.as_ref());
    let second_step = portal.auth.sms().is_some_and(|sms| sms.second_step);
    let phone = view(portal, phone.as_ref(), &masked);
    reply.page(status, &Page::Phone(PhonePage { phone, second_step, typed, alert }))
}

pub(super) fn masked(phone: Option<&Phone>) -> String {
    phone.map(|phone| phone.number.masked()).unwrap_or_default()
}

/// How the number stands, which is shown as `masked`.
pub(super) fn view<'a>(portal: &Portal, phone: Option<&Phone>, masked: &'a str) -> PhoneView<'a> {
    let Some(sms) = portal.auth.sms() else { return PhoneView::Off };
    phone.map_or(PhoneView::None, |phone| PhoneView::Known {
        number: masked,
        by_sms: sms.second_step && phone.codes_by == CodesBy::Sms,
    })
}
