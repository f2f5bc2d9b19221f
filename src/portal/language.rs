//! In which language a request is answered.

use http::{HeaderMap, header};

use super::cookies::{self, CookieNames};
use crate::domain::language::Language;

/// The language that somebody has chosen in this browser, else that of the account, else the one that the browser asks for.
/// Anything else in the cookie or the header is passed over.
pub fn language_of(
    headers: &HeaderMap,
    names: Option<CookieNames>,
    of_account: Option<Language>,
) -> Language {
    let chosen = names.and_then(|names| {
        cookies::values(headers, names.language()).find_map(|tag| tag.parse().ok())
    });
    let asked = || {
        let header = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
        Language::accepted(header)
    };
    chosen.or(of_account).or_else(asked).unwrap_or_default()
}
