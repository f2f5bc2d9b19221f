//! The public keys of the assertion, for apps that check it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, State};
use data_encoding::BASE64URL_NOPAD;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use sha2::{Digest as _, Sha256};

use crate::identity::ring::PUBLISHED_FOR;
use crate::portal::{Portal, SecurityHeaders, Visit};

/// Anybody may read them, from any page: they are public. Nothing else of doorward's is open so.
pub(in crate::portal) async fn show(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Response<Body> {
    let keys = portal.ring.get().jwks(visit.now).to_string();
    let digest = Sha256::digest(keys.as_bytes());
    let tag = format!("\"{}\"", BASE64URL_NOPAD.encode(digest.get(..16).unwrap_or_default()));
    let mut response = Response::new(Body::empty());
    if has(&headers, &tag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        *response.body_mut() = Body::from(keys);
        let json = HeaderValue::from_static("application/jwk-set+json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
    }
    let to = response.headers_mut();
    for (name, value) in [
        (header::ETAG, tag),
        (header::CACHE_CONTROL, format!("public, max-age={}", PUBLISHED_FOR.as_secs())),
    ] {
        if let Ok(value) = HeaderValue::try_from(value) {
            to.insert(name, value);
        }
    }
    SecurityHeaders::set(to);
    to.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let everybody = HeaderValue::from_static("cross-origin");
    to.insert(HeaderName::from_static("cross-origin-resource-policy"), everybody);
    response
}

/// Whether the client has this version (RFC 9110 section 13.1.2).
fn has(headers: &HeaderMap, tag: &str) -> bool {
    let lines = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|known| {
        let known = known.trim();
        known == "*" || known.trim_start_matches("W/") == tag
    })
}
