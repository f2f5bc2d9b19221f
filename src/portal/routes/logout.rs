//! Signing out: asked by a page load, done by a post.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, State};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use crate::domain::return_to::ReturnTo;
use crate::portal::csrf;
use crate::portal::form::Form;
use crate::portal::pages::{ErrorKind, Page, SignOutPage};
use crate::portal::respond::{Reply, unavailable};
use crate::portal::{Portal, Visit, cookies};

const DONE: &str = "/_doorward/signed-out";

pub(in crate::portal) async fn ask(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    match visit.signed_in {
        Some(_) => reply.page(StatusCode::OK, &Page::SignOut(SignOutPage)),
        None => reply.see_other(DONE),
    }
}

pub(in crate::portal) async fn submit(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let Ok(form) = Form::read(&headers, &body) else { return reply.error(ErrorKind::BadRequest) };
    let (names, keys) = (visit.site.cookies, portal.auth.keys());
    let flow = cookies::flow_secret(&headers, names, keys, visit.site.host());
    if let Err(why) = csrf::check(&visit, &headers, keys, flow.as_ref(), form.get("csrf")) {
        return super::refuse(reply, why);
    }
    if let Some(signed_in) = &visit.signed_in
        && let Err(error) =
            portal.auth.sign_out(signed_in, &visit.context(ReturnTo::front_page())).await
    {
        return unavailable(reply, &error);
    }
    reply
        .cookie(names.expire_session(visit.site.session_host()))
        .cookie(names.expire(names.arrived()))
        .end_flow()
        // What the app's pages left in the browser's cache is not for the next person at it (S34).
        .header(HeaderName::from_static("clear-site-data"), HeaderValue::from_static("\"cache\""))
        .see_other(DONE)
}

pub(in crate::portal) async fn done(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Response<Body> {
    Reply::to(&portal, &visit, &headers).page(StatusCode::OK, &Page::SignedOut)
}
