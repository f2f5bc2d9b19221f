//! Calls the portal's router in process, for one request.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use pingora::protocols::http::ServerSession;
use tower::ServiceExt as _;

use crate::portal::{MAX_BODY, Visit};

use super::facts::RequestFacts;
use super::reply;

/// The longest that a whole form may take to arrive.
const FORM: Duration = Duration::from_secs(10);

/// Reads the body, calls the router and collects its answer; an `Err` is the status that refuses the body.
pub(super) async fn call(
    router: &axum::Router,
    session: &mut ServerSession,
    facts: &RequestFacts,
    visit: Visit,
) -> Result<Response<Bytes>, StatusCode> {
    let body = reply::read_body(session, MAX_BODY, FORM).await?;
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = facts.method.clone();
    *request.uri_mut() = facts.path.to_string().parse().map_err(|_| StatusCode::BAD_REQUEST)?;
    *request.headers_mut() = session.req_header().headers.clone();
    request.extensions_mut().insert(visit);
    let Ok(response) = router.clone().oneshot(request).await;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?.to_bytes();
    Ok(Response::from_parts(parts, body))
}
