//! Pages of other origins: refused, but for those that the operator has named, and never with cookies.

use http::{HeaderMap, header};

use super::reply::Answer;
use crate::domain::host::Origin;
use crate::portal::Visit;
use crate::portal::csrf;

/// From where a request comes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cors {
    /// A program, or a page of the site itself.
    None,
    /// A page of an origin that may use the API.
    Allowed(String),
    /// A page that may not.
    Refused,
}

const METHODS: &str = "GET, POST, PATCH, DELETE";
const HEADERS: &str = "authorization, content-type";
const SHOWN: &str = "retry-after, www-authenticate";

impl Cors {
    pub(super) fn of(headers: &HeaderMap, visit: &Visit, allowed: &[Origin]) -> Self {
        let mut named = headers.get_all(header::ORIGIN).iter();
        let origin = named.next().and_then(|origin| origin.to_str().ok());
        let parsed = origin.and_then(|origin| origin.parse::<Origin>().ok());
        match (origin, parsed, named.next()) {
            (Some(text), Some(origin), None) if allowed.contains(&origin) => {
                // No page elsewhere is let act with what a browser sends by itself.
                match headers.contains_key(header::COOKIE) {
                    true => Self::Refused,
                    false => Self::Allowed(text.to_owned()),
                }
            }
            _ if csrf::is_cross_site(visit, headers) => Self::Refused,
            _ => Self::None,
        }
    }

    /// The answer with what the browser of such a page has to be told (Fetch standard, section 3.2).
    pub(super) fn answer(self, answer: Answer) -> Answer {
        let answer = answer.header(header::VARY, "Origin");
        match self {
            Self::None | Self::Refused => answer,
            Self::Allowed(origin) => answer
                .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, &origin)
                .header(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS)
                .header(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS)
                .header(header::ACCESS_CONTROL_EXPOSE_HEADERS, SHOWN)
                .header(header::ACCESS_CONTROL_MAX_AGE, "600"),
        }
    }
}
