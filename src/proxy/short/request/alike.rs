//! Whether a request that is read here is the one that Pingora reads in the same bytes.

use bytes::Bytes;
use pingora::http::RequestHeader;
use pingora::protocols::http::ServerSession;

use crate::domain::address::TrustedProxies;
use crate::proxy::facts::RequestFacts;

/// Reads `bytes` in both ways. `Err` says what they differ in.
pub(in crate::proxy) fn both(bytes: &[u8]) -> Result<(), String> {
    let Some(head) = super::plain(&Bytes::copy_from_slice(bytes)) else { return Ok(()) };
    match pingoras(bytes).map_err(|error| error.to_string())? {
        Some(pingoras) if told(&head) == told(&pingoras) => Ok(()),
        // It is left to Pingora after all.
        None if is_refused(&head) => Ok(()),
        pingoras => Err(format!("{head:?} is read here, and {pingoras:?} by Pingora")),
    }
}

/// What Pingora reads, if that is a request without a body and nothing after it.
fn pingoras(read: &[u8]) -> std::io::Result<Option<RequestHeader>> {
    let stream = Box::new(std::io::Cursor::new(read.to_vec()));
    let mut session = ServerSession::new_http1(stream);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    if !runtime.block_on(session.read_request()).unwrap_or(false) {
        return Ok(None);
    }
    let raw = session.as_http1().map_or(0, |session| session.get_headers_raw_bytes().len());
    let is_whole = raw == read.len() && session.is_body_empty();
    Ok(is_whole.then(|| session.req_header().clone()))
}

type Fields = Vec<(Vec<u8>, Vec<u8>)>;

fn told(head: &RequestHeader) -> (String, Vec<u8>, Fields) {
    let spelled = head.case_header_iter().map(|(name, _)| name.as_slice().to_vec());
    let values = head.headers.values().map(|value| value.as_bytes().to_vec());
    (head.method.to_string(), head.raw_path().to_vec(), spelled.zip(values).collect())
}

fn is_refused(head: &RequestHeader) -> bool {
    let (peer, trusted) = ([192, 0, 2, 1].into(), TrustedProxies::default());
    RequestFacts::read(head, peer, &trusted).is_err()
}
