//! The same bytes as an answer to both readers: whatever is read here has to be what Pingora reads (S50).

use bytes::Bytes;
use http::Method;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::protocols::http::HttpTask;
use pingora::protocols::http::v1::client::HttpSession;
use tokio::io::AsyncWriteExt as _;

use super::plain;

/// An answer as far as it came.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    status: u16,
    reason: Option<String>,
    /// The fields in their order, with their names as they were written.
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    body: Vec<u8>,
    /// Whether it came as a whole.
    whole: bool,
    /// Whether its connection may be used again.
    kept: bool,
}

/// Whether an answer that is read here, if it is, is what Pingora makes of it. Pingora may keep a connection that is
/// given up here, and never the other way round.
pub(in crate::proxy) fn both(answer: &[u8], method: &Method) -> Result<(), String> {
    let Some(ours) = here(answer, method) else { return Ok(()) };
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let theirs = runtime.block_on(pingoras(answer, method));
    let mut theirs = theirs.map_err(|error| format!("Pingora refuses {ours:?}: {error}"))?;
    theirs.kept &= ours.kept;
    if ours == theirs { Ok(()) } else { Err(format!("{ours:?} and {theirs:?}")) }
}

fn here(answer: &[u8], method: &Method) -> Option<Read> {
    let (head, body) = plain(&Bytes::copy_from_slice(answer), method, true)?;
    let mut first = body.first.to_vec();
    first.truncate(usize::try_from(body.left).unwrap_or(usize::MAX));
    let whole = first.len() as u64 == body.left;
    Some(Read::of(&head, first, whole, whole && body.kept.is_some()))
}

async fn pingoras(answer: &[u8], method: &Method) -> pingora::Result<Read> {
    let (ours, mut app) = tokio::io::duplex(answer.len() + 1024);
    let mut session = HttpSession::new(Box::new(ours));
    let request = RequestHeader::build(method.clone(), b"/", None)?;
    session.write_request_header(Box::new(request)).await?;
    let _ = app.write_all(answer).await;
    let _ = app.shutdown().await;
    let HttpTask::Header(head, mut whole) = session.read_response_task().await? else {
        return pingora::Error::e_explain(pingora::ErrorType::InvalidHTTPHeader, "no head");
    };
    let mut body = Vec::new();
    while !whole {
        match session.read_response_task().await {
            Ok(HttpTask::Body(part, end)) => {
                body.extend_from_slice(&part.unwrap_or_default());
                whole = end;
            }
            Ok(HttpTask::Done) => whole = true,
            // It ended in the midst of its body.
            Ok(_) | Err(_) => break,
        }
    }
    session.respect_keepalive();
    let kept = session.reuse().await.is_some();
    Ok(Read::of(&head, body, whole, kept))
}

impl Read {
    fn of(head: &ResponseHeader, body: Vec<u8>, whole: bool, kept: bool) -> Self {
        let fields = head.case_header_iter();
        let fields =
            fields.map(|(name, value)| (name.as_slice().to_vec(), value.as_bytes().to_vec()));
        Self {
            status: head.status.as_u16(),
            reason: head.get_reason_phrase().map(str::to_owned),
            fields: fields.collect(),
            body,
            whole,
            kept,
        }
    }
}
