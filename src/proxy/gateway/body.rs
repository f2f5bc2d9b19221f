//! The body of a request that goes to an app: how large it may be, and when it is waited for.

use bytes::Bytes;
use http::header;
use pingora::proxy::Session;
use pingora::{Error, ErrorType, Result};

use super::RequestContext;
use super::state::Site;
use crate::domain::connections::ConnectionLimits;
use crate::portal::pages::ErrorKind;
use crate::proxy::facts::{self, RequestKind};
use crate::proxy::pace::Pace;
use crate::proxy::refusal::{Refusal, grpc};
use crate::proxy::upstream::UpstreamHttp;
use crate::proxy::{head, leash};

/// Looks at what the head says of the body, which is read from now on.
pub(super) fn begins(
    session: &mut Session,
    site: &Site,
    kind: RequestKind,
    limits: &ConnectionLimits,
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
        if session.is_http2() && !may_rest(session, site) {
            leash::body_begins(pace(site, limits));
        }
    }
    Ok(())
}

/// Whether a body may come as slowly as it likes: calls of gRPC are conversations, which go to an app that speaks it.
fn may_rest(session: &Session, site: &Site) -> bool {
    site.upstreams.settings().http != UpstreamHttp::One
        && grpc::is_asked(&session.req_header().headers)
}

/// The pace of a body on HTTP/2. It is not seen there whether the client is slow or the app, but an app that takes nothing
/// for as long as it may has failed by itself: what is later than that is the client's.
fn pace(site: &Site, limits: &ConnectionLimits) -> Pace {
    let bytes = limits.body_timeout.as_secs().saturating_mul(limits.least_rate.into());
    Pace { span: site.upstreams.settings().timeouts.write + limits.body_timeout, bytes }
}

/// Lets a part of the body through, unless there was too much of it already: not every body says how long it is.
pub(super) fn passes(
    ctx: &mut RequestContext,
    part: Option<&Bytes>,
    end_of_stream: bool,
) -> Result<()> {
    if end_of_stream {
        head::body_ends();
        leash::body_ends();
    }
    let bytes = part.map_or(0, Bytes::len);
    leash::body_moves(bytes);
    ctx.body_bytes += bytes as u64;
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
