//! Hands a request to the portal.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use pingora::protocols::http::ServerSession;

use crate::portal::{MAX_BODY, PortalService, Visit};

use super::facts::RequestFacts;
use super::reply;

/// The longest that a whole form may take to arrive.
const FORM: Duration = Duration::from_secs(10);

/// Reads the body and has the portal answer; an `Err` is the status that refuses the body.
pub(super) async fn call(
    portal: &PortalService,
    session: &mut ServerSession,
    facts: &RequestFacts,
    visit: Visit,
) -> Result<Response<Bytes>, StatusCode> {
    let mut request = Request::new(reply::read_body(session, MAX_BODY, FORM).await?);
    *request.method_mut() = facts.method.clone();
    *request.uri_mut() = facts.path.to_string().parse().map_err(|_| StatusCode::BAD_REQUEST)?;
    *request.headers_mut() = session.req_header().headers.clone();
    Ok(portal.answer(request, visit).await)
}
