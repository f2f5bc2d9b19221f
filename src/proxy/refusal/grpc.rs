//! Refusals as gRPC clients understand them: status 200 and nothing but headers, among them what is wrong. They make of
//! an HTTP status alone whatever their library has decided on.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use super::Refusal;
use crate::portal::pages::ErrorKind;

/// Whether a request is of gRPC's own protocol. gRPC-Web is of browsers, and is answered as those are.
pub(in crate::proxy) fn is_asked(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let rest = kind.get(..16).filter(|start| start.eq_ignore_ascii_case(b"application/grpc"));
    rest.is_some() && matches!(kind.get(16), None | Some(b'+' | b';' | b' '))
}

/// A refusal as an answer of headers alone.
pub(super) fn answer(refusal: &Refusal, request_id: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    let (status, message) = status(refusal);
    headers.insert(STATUS, HeaderValue::from_static(status));
    headers.insert("grpc-message", HeaderValue::from_static(message));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-request-id", id);
    }
    response
}

/// Where the status stands.
pub(in crate::proxy) const STATUS: &str = "grpc-status";

/// The status (google.rpc.Code) of each refusal, and words that need no percent-encoding.
const fn status(refusal: &Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::SignIn { .. } | Refusal::Unauthorized => {
            ("16", "Sign in first: the session cookie goes into the metadata as cookie.")
        }
        Refusal::Error(kind) => match kind {
            ErrorKind::BadRequest | ErrorKind::FormExpired => ("3", "The request is malformed."),
            ErrorKind::Forbidden => ("7", "This account may not do that."),
            ErrorKind::NotFound | ErrorKind::MethodNotAllowed => ("12", "Nothing is here."),
            ErrorKind::UnknownSite => ("12", "No site has this name."),
            ErrorKind::TooLarge | ErrorKind::HeadTooLarge | ErrorKind::AddressTooLong => {
                ("8", "The request is too large.")
            }
            ErrorKind::TooSlow => ("4", "The request came too slowly."),
            ErrorKind::TooManyRequests { .. } => ("8", "Too many requests."),
            ErrorKind::Unavailable { .. } => ("14", "Try again in a moment."),
            ErrorKind::UpstreamUnreachable => ("14", "The app behind does not answer."),
            ErrorKind::UpstreamTimeout => ("4", "The app behind took too long."),
            ErrorKind::Internal => ("13", "Something went wrong here."),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grpc_is_told_by_its_content_type_and_grpc_web_is_another() {
        let asked = |kind: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            is_asked(&headers)
        };
        assert!(
            asked("application/grpc")
                && asked("Application/gRPC+proto")
                && asked("application/grpc; a=b")
        );
        assert!(!asked("application/grpc-web") && !asked("application/grpc-web+proto"));
        assert!(!asked("application/json") && !is_asked(&HeaderMap::new()));
    }
}
