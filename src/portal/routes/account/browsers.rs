//! Signing out and forgetting browsers: asked by a page load, done by a post.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, Path, State};
use http::{HeaderMap, Response, StatusCode};

use super::{ACCOUNT, account, device_view, pass, session_view, sign_in_for};
use crate::domain::id::{DeviceId, SessionId};
use crate::portal::pages::account::{AreYouSurePage, Done};
use crate::portal::pages::{ErrorKind, Page};
use crate::portal::respond::{Reply, unavailable};
use crate::portal::routes::code::posted;
use crate::portal::{Portal, Visit};

const SESSIONS: &str = "/sessions";
const DEVICES: &str = "/devices";
const SIGN_OUT: &str = "/_doorward/logout";

pub(in crate::portal) async fn ask_session(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let Some(signed_in) = &visit.signed_in else { return reply.see_other(&sign_in_for(ACCOUNT)) };
    let Ok(id) = id.parse::<SessionId>() else { return reply.error(ErrorKind::NotFound) };
    match portal.auth.own_session(signed_in, id, visit.now).await {
        Ok(Some(session)) if session.family == signed_in.session.family => {
            reply.see_other(SIGN_OUT)
        }
        Ok(Some(session)) => {
            let view = session_view(&portal, &visit, &session);
            reply.page(StatusCode::OK, &Page::AreYouSure(AreYouSurePage::SignOut(&view)))
        }
        Ok(None) => reply.error(ErrorKind::NotFound),
        Err(error) => unavailable(reply, &error),
    }
}

pub(in crate::portal) async fn end_session(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    if let Err(refusal) = posted(&portal, &visit, &headers, &body) {
        return refusal.answer(reply);
    }
    let Some(signed_in) = &visit.signed_in else { return reply.see_other(&sign_in_for(ACCOUNT)) };
    let Ok(id) = id.parse::<SessionId>() else { return reply.error(ErrorKind::NotFound) };
    match portal.auth.end_own_session(signed_in, id, &visit.context(account())).await {
        Ok(true) => reply.done(Done::SignedOut).see_other(ACCOUNT),
        Ok(false) => reply.error(ErrorKind::NotFound),
        Err(error) => unavailable(reply, &error),
    }
}

pub(in crate::portal) async fn ask_sessions(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    match pass(&portal, &visit, SESSIONS).await {
        Ok(_) => reply.page(StatusCode::OK, &Page::AreYouSure(AreYouSurePage::SignOutOthers)),
        Err(closed) => closed.answer(reply),
    }
}

pub(in crate::portal) async fn end_sessions(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    if let Err(refusal) = posted(&portal, &visit, &headers, &body) {
        return refusal.answer(reply);
    }
    let fresh = match pass(&portal, &visit, SESSIONS).await {
        Ok((_, fresh)) => fresh,
        Err(closed) => return closed.answer(reply),
    };
    match portal.auth.end_other_sessions(fresh, &visit.context(account())).await {
        Ok(_) => reply.done(Done::SignedOutOthers).see_other(ACCOUNT),
        Err(error) => unavailable(reply, &error),
    }
}

pub(in crate::portal) async fn ask_device(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let Some(signed_in) = &visit.signed_in else { return reply.see_other(&sign_in_for(ACCOUNT)) };
    let Ok(id) = id.parse::<DeviceId>() else { return reply.error(ErrorKind::NotFound) };
    match portal.auth.own_device(signed_in, id).await {
        Ok(Some(device)) => {
            let view = device_view(&portal, &visit, &device);
            reply.page(StatusCode::OK, &Page::AreYouSure(AreYouSurePage::Forget(&view)))
        }
        Ok(None) => reply.error(ErrorKind::NotFound),
        Err(error) => unavailable(reply, &error),
    }
}

pub(in crate::portal) async fn forget_device(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    if let Err(refusal) = posted(&portal, &visit, &headers, &body) {
        return refusal.answer(reply);
    }
    let Some(signed_in) = &visit.signed_in else { return reply.see_other(&sign_in_for(ACCOUNT)) };
    let Ok(id) = id.parse::<DeviceId>() else { return reply.error(ErrorKind::NotFound) };
    match portal.auth.forget_own_device(signed_in, id, &visit.context(account())).await {
        Ok(true) => reply.done(Done::Forgotten).see_other(ACCOUNT),
        Ok(false) => reply.error(ErrorKind::NotFound),
        Err(error) => unavailable(reply, &error),
    }
}

pub(in crate::portal) async fn ask_devices(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    match pass(&portal, &visit, DEVICES).await {
        Ok(_) => reply.page(StatusCode::OK, &Page::AreYouSure(AreYouSurePage::ForgetAll)),
        Err(closed) => closed.answer(reply),
    }
}

pub(in crate::portal) async fn forget_devices(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    if let Err(refusal) = posted(&portal, &visit, &headers, &body) {
        return refusal.answer(reply);
    }
    let fresh = match pass(&portal, &visit, DEVICES).await {
        Ok((_, fresh)) => fresh,
        Err(closed) => return closed.answer(reply),
    };
    match portal.auth.forget_own_devices(fresh, &visit.context(account())).await {
        Ok(_) => reply.done(Done::ForgottenAll).see_other(ACCOUNT),
        Err(error) => unavailable(reply, &error),
    }
}
