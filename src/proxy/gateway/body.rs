//! The body of a request that goes to an app: how large it may be, and when it is waited for.

use bytes::Bytes;
use http::header;
use pingora::proxy::Session;
use pingora::{Error, ErrorType, Result};

use super::RequestContext;
use super::state::Site;
use crate::portal::pages::ErrorKind;
use crate::proxy::facts::{self, RequestKind};
use crate::proxy::head;
use crate::proxy::refusal::Refusal;

/// Looks at what the head says of the body, which is read from now on.
pub(super) fn begins(
    session: &mut Session,
    site: &Site,
    kind: RequestKind,
) -> std::result::Result<(), Refusal> {
    let announced = facts::text(&session.req_header().headers, header::CONTENT_LENGTH).parse();
    if let (Some(most), Ok(announced)) = (site.max_body, announced)
        && most.bytes() < announced
    {
        // Nobody waits for what is too much.
        session.set_keepalive(None);
        return Err(Refusal::Error(ErrorKind::TooLarge));
    }
    if kind != RequestKind::WebSocket && !session.as_downstream_mut().is_body_empty() {
        head::body_begins();
    }
    Ok(())
}

/// Lets a part of the body through, unless there was too much of it already: not every body says how long it is.
pub(super) fn passes(
    ctx: &mut RequestContext,
    part: Option<&Bytes>,
    end_of_stream: bool,
) -> Result<()> {
    if end_of_stream {
        head::body_ends();
    }
    ctx.body_bytes += part.map_or(0, Bytes::len) as u64;
    let most = ctx.accepted.as_ref().and_then(|accepted| accepted.site.max_body);
    // Whatever a WebSocket says is no body.
    let counts = ctx.in_order.is_none();
    if counts && most.is_some_and(|most| ctx.body_bytes > most.bytes()) {
        return Error::e_explain(
            ErrorType::HTTPStatus(413),
            "the body is larger than the site takes",
        );
    }
    Ok(())
}
