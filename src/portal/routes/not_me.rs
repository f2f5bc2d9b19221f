//! "That was not me": from the mail about a new browser. Loading it changes nothing; a post with the
//! box ticked ends everything.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, Path, State};
use http::{HeaderMap, Response, StatusCode};

use super::code::posted;
use super::link::without_referrer;
use crate::domain::return_to::ReturnTo;
use crate::portal::pages::{NotMePage, Page};
use crate::portal::respond::{Reply, unavailable};
use crate::portal::{Portal, Visit, cookies};

const NOT_ME: &str = "/_doorward/not-me";

/// Takes the token out of the address at once, into a cookie.
pub(in crate::portal) async fn land(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let names = visit.site.cookies;
    let cookie = match portal.auth.not_me(&token, visit.now) {
        Some(_) => names.set_not_me(&token),
        None => names.expire(names.not_me()),
    };
    without_referrer(reply.cookie(cookie).see_other(NOT_ME))
}

pub(in crate::portal) async fn show(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let names = visit.site.cookies;
    let found = cookies::values(&headers, names.not_me())
        .find_map(|token| portal.auth.not_me(token, visit.now));
    let (status, page) = match found {
        Some(_) => (StatusCode::OK, NotMePage::Ask),
        None => (StatusCode::GONE, NotMePage::Over),
    };
    without_referrer(reply.page(status, &Page::NotMe(page)))
}

pub(in crate::portal) async fn submit(
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
    let names = visit.site.cookies;
    let found = cookies::values(&headers, names.not_me())
        .find_map(|token| portal.auth.not_me(token, visit.now));
    let Some(not_me) = found else {
        return reply.page(StatusCode::GONE, &Page::NotMe(NotMePage::Over));
    };
    // A scanner of mails that submits every form it finds ticks no box: it must not sign the owner out.
    if !form.has("sure") {
        return without_referrer(reply.page(StatusCode::BAD_REQUEST, &Page::NotMe(NotMePage::Ask)));
    }
    match portal.auth.end_everything(not_me, &visit.context(ReturnTo::front_page())).await {
        Ok(()) => reply
            .cookie(names.expire(names.not_me()))
            .cookie(names.expire_session(visit.site.session_host()))
            .page(StatusCode::OK, &Page::NotMe(NotMePage::Done)),
        Err(error) => unavailable(reply, &error),
    }
}
