//! "You are signed in", assets, and what is not there.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, Path, State};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use crate::domain::session::Assurance;
use crate::portal::pages::{ErrorKind, Page, SignedInPage};
use crate::portal::respond::Reply;
use crate::portal::{BASE, Portal, SecurityHeaders, Visit};

pub(in crate::portal) async fn to_base(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Response<Body> {
    Reply::to(&portal, &visit, &headers).see_other(BASE)
}

pub(in crate::portal) async fn show(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let Some(signed_in) = &visit.signed_in else {
        return reply.see_other("/_doorward/login?rd=%2F");
    };
    let page = SignedInPage {
        username: signed_in.identity.username(),
        full_name: signed_in.identity.full_name(),
        email: signed_in.identity.email(),
        two_factor: signed_in.session.assurance() == Assurance::TwoFactor,
        since: signed_in.session.authenticated_at,
        expires_at: signed_in.session.expires_at,
    };
    reply.page(StatusCode::OK, &Page::SignedIn(page))
}

/// Assets have a hash in their name, so browsers may keep them for good.
pub(in crate::portal) async fn asset(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Response<Body> {
    let Some(asset) = portal.pages.asset(&name) else {
        return Reply::to(&portal, &visit, &headers).error(ErrorKind::NotFound);
    };
    let mut response = Response::new(Body::from(asset.bytes.clone()));
    let to = response.headers_mut();
    to.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    let for_good = HeaderValue::from_static("public, max-age=31536000, immutable");
    to.insert(header::CACHE_CONTROL, for_good);
    SecurityHeaders::set(to);
    response
}

pub(in crate::portal) async fn not_found(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Response<Body> {
    Reply::to(&portal, &visit, &headers).error(ErrorKind::NotFound)
}

pub(in crate::portal) async fn method_not_allowed(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Response<Body> {
    Reply::to(&portal, &visit, &headers).error(ErrorKind::MethodNotAllowed)
}
