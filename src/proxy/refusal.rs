//! Every request that is not forwarded, as an answer: a page for people, problem details (RFC 9457) for programs. The one table from
//! refusals to HTTP.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use pingora::{Error, ErrorSource, ErrorType};

use crate::domain::id::RequestId;
use crate::domain::language::Language;
use crate::domain::path::BadPath;
use crate::domain::time::Timestamp;
use crate::identity::access::Shown;
use crate::portal::pages::{ErrorKind, ErrorPage, Frame, Pages};
use crate::portal::{BASE, SecurityHeaders, error_page};

use super::facts::{self, BadRequest};

pub(super) mod grpc;

/// Why a request is not forwarded.
#[derive(Clone, Debug)]
pub(super) enum Refusal {
    /// Its person has to sign in first, and comes back to `target`.
    SignIn { target: String, form: Form },
    /// Its program has to sign in first.
    Unauthorized,
    /// Something else, which has a page.
    Error(ErrorKind),
}

/// What became of a form that was posted without a session.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// There was none.
    None,
    /// It is kept for the browser that gets this cookie.
    Kept(Option<HeaderValue>),
    /// It could not be kept.
    Lost,
}

/// What a program without a session is told: to sign in at this page of the site.
const CHALLENGE: &str = "Doorward sign_in=\"/_doorward/login\"";

/// How long people are asked to wait when a store is away.
const AWAY: Duration = Duration::from_secs(10);

impl Refusal {
    /// A store did not answer (S57).
    pub(super) const fn unavailable() -> Self {
        Self::Error(ErrorKind::Unavailable { retry_after: AWAY })
    }

    /// The status of the answer.
    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::SignIn { .. } => StatusCode::SEE_OTHER,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Error(kind) => kind.status(),
        }
    }

    /// The stable name for programs.
    const fn code(&self) -> &'static str {
        match self {
            Self::SignIn { .. } | Self::Unauthorized => "unauthorized",
            Self::Error(kind) => match kind {
                ErrorKind::BadRequest => "bad_request",
                ErrorKind::Forbidden => "forbidden",
                ErrorKind::NotFound => "not_found",
                ErrorKind::MethodNotAllowed => "method_not_allowed",
                ErrorKind::FormExpired => "form_expired",
                ErrorKind::TooLarge => "too_large",
                ErrorKind::HeadTooLarge => "head_too_large",
                ErrorKind::AddressTooLong => "address_too_long",
                ErrorKind::TooSlow => "too_slow",
                ErrorKind::UnknownSite => "unknown_site",
                ErrorKind::TooManyRequests { .. } => "too_many_requests",
                ErrorKind::Unavailable { .. } => "unavailable",
                ErrorKind::UpstreamUnreachable => "upstream_unreachable",
                ErrorKind::UpstreamTimeout => "upstream_timeout",
                ErrorKind::Internal => "internal",
            },
        }
    }

    const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Error(
                ErrorKind::Unavailable { retry_after } | ErrorKind::TooManyRequests { retry_after },
            ) => Some(*retry_after),
            Self::Error(ErrorKind::UpstreamUnreachable) => Some(AWAY),
            Self::Error(_) | Self::SignIn { .. } | Self::Unauthorized => None,
        }
    }
}

impl Refusal {
    /// What a person is told when an app did not answer; `None` when the client has gone and nobody is there.
    pub(super) fn of_failure(error: &Error) -> Option<Self> {
        use ErrorType::{
            ConnectTimedout, ConnectionClosed, HTTPStatus, ReadError, ReadTimedout,
            TLSHandshakeTimedout, WriteError, WriteTimedout,
        };
        let kind = match (error.etype(), error.esource()) {
            (HTTPStatus(400), _) => ErrorKind::BadRequest,
            (HTTPStatus(413), _) => ErrorKind::TooLarge,
            (ReadTimedout, ErrorSource::Downstream) => ErrorKind::TooSlow,
            (ReadError, ErrorSource::Downstream) if is_timeout(error) => ErrorKind::TooSlow,
            (HTTPStatus(401), _) => return Some(Self::Unauthorized),
            (HTTPStatus(_), _) => ErrorKind::Internal,
            (ReadError | WriteError | ConnectionClosed, ErrorSource::Downstream) => return None,
            // Pingora's own refusals, such as of a `Connection` that names `Host`.
            (_, ErrorSource::Downstream) => ErrorKind::BadRequest,
            (
                ConnectTimedout | ReadTimedout | WriteTimedout | TLSHandshakeTimedout,
                ErrorSource::Upstream,
            ) => ErrorKind::UpstreamTimeout,
            (_, ErrorSource::Upstream) => ErrorKind::UpstreamUnreachable,
            (_, ErrorSource::Internal | ErrorSource::Unset) => ErrorKind::Internal,
        };
        Some(Self::Error(kind))
    }

    pub(super) fn of_body(status: StatusCode) -> Self {
        match status {
            StatusCode::PAYLOAD_TOO_LARGE => Self::Error(ErrorKind::TooLarge),
            StatusCode::REQUEST_TIMEOUT => Self::Error(ErrorKind::TooSlow),
            StatusCode::INTERNAL_SERVER_ERROR => Self::Error(ErrorKind::Internal),
            _ => Self::Error(ErrorKind::BadRequest),
        }
    }
}

/// Whether the client's bytes came too slowly.
fn is_timeout(error: &Error) -> bool {
    let Some(cause) = error.cause.as_deref() else { return false };
    match cause.downcast_ref::<Box<Error>>() {
        Some(wrapped) => is_timeout(wrapped),
        None => cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|cause| cause.kind() == std::io::ErrorKind::TimedOut),
    }
}

impl From<BadRequest> for Refusal {
    fn from(bad: BadRequest) -> Self {
        Self::Error(match bad {
            BadRequest::UnknownSite => ErrorKind::UnknownSite,
            BadRequest::HeadSize => ErrorKind::HeadTooLarge,
            BadRequest::Target(BadPath::TooLong) => ErrorKind::AddressTooLong,
            BadRequest::Method
            | BadRequest::Target(_)
            | BadRequest::Host
            | BadRequest::Headers
            | BadRequest::Lines
            | BadRequest::Length
            | BadRequest::Question => ErrorKind::BadRequest,
        })
    }
}

/// Whether a page would be read by somebody.
pub(super) fn takes_html(headers: &HeaderMap) -> bool {
    facts::text(headers, header::ACCEPT).contains("text/html")
}

/// How the client of a request may be known, as far as access tokens go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bearer {
    /// By its cookie.
    Never,
    /// By its cookie, or by an access token of ours.
    Beside,
    /// By an access token alone: it asks the API.
    Alone,
}

/// To whom a refusal is told.
pub(super) struct View<'a> {
    pub(super) pages: &'a Pages,
    pub(super) page: bool,
    pub(super) request_id: RequestId,
    pub(super) language: Language,
    pub(super) now: Timestamp,
    /// What was asked for, where asking again is harmless.
    pub(super) target: Option<String>,
    /// Whether it speaks gRPC, over HTTP/2, and to us.
    pub(super) grpc: bool,
    /// How it may be known.
    pub(super) bearer: Bearer,
    /// The access token that it has shown.
    pub(super) shown: Shown,
}

impl View<'_> {
    /// The answer.
    pub(super) fn answer(&self, refusal: Refusal) -> Response<Bytes> {
        if self.grpc {
            return grpc::answer(&refusal, &self.request_id.to_string());
        }
        let mut response = match &refusal {
            Refusal::SignIn { target, form } => self.to_sign_in(target, form),
            Refusal::Error(kind) if self.page => {
                let frame = Frame {
                    form_token: "",
                    request_id: self.request_id,
                    language: self.language,
                    here: self.target.as_deref(),
                    now: self.now,
                };
                let page = ErrorPage { kind: *kind, retry: self.target.as_deref() };
                error_page(self.pages, page, &frame).map(Bytes::from)
            }
            Refusal::Error(_) | Refusal::Unauthorized => self.json(&refusal),
        };
        *response.status_mut() = refusal.status();
        if let Some(wait) = refusal.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, wait.as_secs().max(1).into());
        }
        SecurityHeaders::set(response.headers_mut());
        response
    }

    fn to_sign_in(&self, target: &str, form: &Form) -> Response<Bytes> {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("rd", target);
        let cookie = match form {
            Form::None => None,
            Form::Lost => {
                query.append_pair("form", "lost");
                None
            }
            Form::Kept(cookie) => {
                query.append_pair("form", "kept");
                cookie.clone()
            }
        };
        let query: String = query.finish();
        let mut response = Response::new(Bytes::new());
        // Percent-encoded text is always a header value.
        if let Ok(location) = HeaderValue::from_str(&format!("{BASE}login?{query}")) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        if let Some(cookie) = cookie {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }

    fn json(&self, refusal: &Refusal) -> Response<Bytes> {
        let message = match refusal {
            Refusal::Unauthorized | Refusal::SignIn { .. } => "Sign in first.",
            Refusal::Error(ErrorKind::UpstreamUnreachable) => {
                "The app behind does not answer. Try again in a moment."
            }
            Refusal::Error(ErrorKind::UpstreamTimeout) => {
                "The app behind took too long to answer. It may have done what was asked."
            }
            Refusal::Error(kind) => kind.status().canonical_reason().unwrap_or("Refused."),
        };
        let status = refusal.status();
        let mut body = serde_json::json!({
            "type": "about:blank",
            "title": status.canonical_reason().unwrap_or("Refused"),
            "status": status.as_u16(),
            "detail": message,
            "error": refusal.code(),
            "request_id": self.request_id.to_string(),
        });
        if let (Refusal::Unauthorized, Some(fields)) = (refusal, body.as_object_mut()) {
            fields.insert("sign_in".into(), format!("{BASE}login").into());
        }
        if let (Bearer::Alone, Some(fields)) = (self.bearer, body.as_object_mut()) {
            // As the API's own problems name theirs.
            fields.insert("code".into(), refusal.code().to_ascii_uppercase().into());
        }
        let mut response = Response::new(Bytes::from(body.to_string()));
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        if matches!(refusal, Refusal::Unauthorized) {
            // A scheme of our own, for which no browser asks for a password in a window of its own (RFC 9110 section 11.6.1).
            let challenge = HeaderValue::from_static(CHALLENGE);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            // RFC 6750 section 3.1.
            let bearer = match (self.bearer, self.shown) {
                (Bearer::Never, _) => None,
                (Bearer::Beside | Bearer::Alone, Shown::Foreign) => Some("Bearer"),
                (Bearer::Beside | Bearer::Alone, _) => Some("Bearer error=\"invalid_token\""),
            };
            if let Some(bearer) = bearer {
                let bearer = HeaderValue::from_static(bearer);
                response.headers_mut().append(header::WWW_AUTHENTICATE, bearer);
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s50_a_request_that_turns_out_to_be_no_http_is_answered_with_400() {
        for what in [ErrorType::InvalidHTTPHeader, ErrorType::new("InvalidChunk")] {
            let refusal = Refusal::of_failure(&Error::new_down(what)).unwrap();
            assert_eq!(refusal.status(), StatusCode::BAD_REQUEST);
        }
        assert!(Refusal::of_failure(&Error::new_down(ErrorType::ConnectionClosed)).is_none());
    }
}
