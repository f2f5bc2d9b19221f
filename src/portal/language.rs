//! In which language a request is answered.

use http::{HeaderMap, header};

use super::cookies::{self, CookieNames};
use crate::auth::sessions::SignedIn;
use crate::domain::language::Language;

/// The language that somebody has chosen in this browser, else the one of whose account is signed in there, else the one
/// that the browser asks for. Anything else in the cookie or the header is passed over.
pub fn language_of(
    headers: &HeaderMap,
    names: Option<CookieNames>,
    signed_in: Option<&SignedIn>,
) -> Language {
    let chosen = names.and_then(|names| {
        cookies::values(headers, names.language()).find_map(|tag| tag.parse().ok())
    });
    let asked = || {
        let header = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
        Language::accepted(header)
    };
    let of_account = || signed_in?.language;
    chosen.or_else(of_account).or_else(asked).unwrap_or_default()
}
