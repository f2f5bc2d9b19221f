//! Answers to programs.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde::Serialize;

use super::problem::{Code, Problem};
use crate::portal::{SecurityHeaders, Visit};

/// What a program is answered.
pub(in crate::portal) struct Answer(Response<Bytes>);

impl Answer {
    /// JSON.
    pub(in crate::portal) fn json(status: StatusCode, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self::body(status, "application/json", body),
            Err(error) => {
                tracing::error!(%error, "an answer could not be written");
                Self::body(StatusCode::INTERNAL_SERVER_ERROR, "application/json", "{}")
            }
        }
    }

    /// The same, with what was asked for.
    pub(in crate::portal) fn ok(value: &impl Serialize) -> Self {
        Self::json(StatusCode::OK, value)
    }

    /// Nothing more to say.
    pub(in crate::portal) fn nothing() -> Self {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        Self(response)
    }

    /// A body of this type.
    pub(in crate::portal) fn body(
        status: StatusCode,
        kind: &'static str,
        body: impl Into<Bytes>,
    ) -> Self {
        let mut response = Response::new(body.into());
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        Self(response)
    }

    /// The same with a header.
    #[must_use]
    pub(in crate::portal) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers_mut().insert(name, value);
        }
        self
    }

    /// The answer, with the headers of every answer of the portal.
    pub(in crate::portal) fn finish(mut self) -> Response<Bytes> {
        SecurityHeaders::set(self.0.headers_mut());
        self.0
    }
}

/// The one table from problems to HTTP. What went wrong inside is told in the log alone.
pub(in crate::portal) fn refuse(problem: &Problem, visit: &Visit) -> Answer {
    problem.log(visit.request_id);
    let body = problem.body(&visit.request_id).to_string();
    let answer = Answer::body(problem.code.status(), "application/problem+json", body);
    let answer = match problem.retry_after {
        // Rounded up (RFC 9110 section 10.2.3).
        Some(wait) => {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            answer.header(header::RETRY_AFTER, &seconds.max(1).to_string())
        }
        None => answer,
    };
    match problem.code {
        // RFC 9110 section 11.6.1 wants a challenge with every 401, RFC 6750 section 3.1 this one.
        Code::InvalidToken => {
            answer.header(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")
        }
        code if code.status() == StatusCode::UNAUTHORIZED => {
            answer.header(header::WWW_AUTHENTICATE, "Bearer")
        }
        _ => answer,
    }
}
