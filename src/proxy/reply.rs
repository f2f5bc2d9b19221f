//! Reading a small body and writing a whole answer, for everything that doorward answers itself.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Response, StatusCode, Version, header};
use pingora::http::ResponseHeader;
use pingora::protocols::http::ServerSession;

use super::refusal::grpc::STATUS;

/// Reads a body of at most `limit` bytes within `time` in all; an `Err` is the status that refuses it.
pub(super) async fn read_body(
    session: &mut ServerSession,
    limit: usize,
    time: Duration,
) -> Result<Bytes, StatusCode> {
    let announced = announced_length(&session.req_header().headers);
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    if session.is_body_empty() {
        return Ok(Bytes::new());
    }
    if expects_continue(session) && session.write_continue_response().await.is_err() {
        return Err(StatusCode::BAD_REQUEST);
    }
    let reading = async {
        let mut body = BytesMut::new();
        loop {
            match session.read_request_body().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= limit => {
                    body.extend_from_slice(&chunk)
                }
                Ok(Some(_)) => return Err(StatusCode::PAYLOAD_TOO_LARGE),
                Ok(None) => return Ok(body.freeze()),
                Err(_) => return Err(StatusCode::BAD_REQUEST),
            }
        }
    };
    tokio::time::timeout(time, reading).await.unwrap_or(Err(StatusCode::REQUEST_TIMEOUT))
}

fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn expects_continue(session: &ServerSession) -> bool {
    let head = session.req_header();
    head.version == Version::HTTP_11
        && head
            .headers
            .get(header::EXPECT)
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

/// Writes a whole answer.
pub(super) async fn write(
    session: &mut ServerSession,
    response: Response<Bytes>,
    head_only: bool,
) -> pingora::Result<()> {
    let (head, body) = whole(response)?;
    if let (ServerSession::H2(stream), true) = (&mut *session, head.headers.contains_key(STATUS)) {
        // gRPC takes headers for the whole answer only when they end it.
        return stream.write_response_header(Box::new(head), true);
    }
    session.write_response_header(Box::new(head)).await?;
    let body = if head_only { Bytes::new() } else { body };
    session.write_response_body(body, true).await
}

/// The head and the body of a whole answer.
pub(super) fn whole(response: Response<Bytes>) -> pingora::Result<(ResponseHeader, Bytes)> {
    let (parts, body) = response.into_parts();
    let mut head = ResponseHeader::build(parts.status, Some(parts.headers.len() + 2))?;
    for (name, value) in &parts.headers {
        head.append_header(name, value)?;
    }
    // RFC 9110 section 8.6; of gRPC the headers are the whole answer.
    if head.status != StatusCode::NO_CONTENT && !head.headers.contains_key(STATUS) {
        head.insert_header(header::CONTENT_LENGTH, body.len())?;
    }
    Ok((head, body))
}
