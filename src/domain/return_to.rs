//! Where somebody goes after signing in: a page of the same site, always (S51).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A path and query of the site itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReturnTo(String);

/// Why a text is not a place to return to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a page of this site")]
pub struct NotAReturnTo;

impl ReturnTo {
    /// The longest target that is kept, in bytes.
    pub const MAX_BYTES: usize = 4096;

    /// The site's front page.
    pub fn front_page() -> Self {
        Self("/".to_owned())
    }

    /// The page in `text`, or the front page when `text` is anything but a page of this site.
    pub fn or_front_page(text: &str) -> Self {
        text.parse().unwrap_or_else(|NotAReturnTo| Self::front_page())
    }

    /// The path and query.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ReturnTo {
    type Err = NotAReturnTo;

    /// Only what begins with one slash, has no backslash, space, control character or byte outside ASCII, and does
    /// not turn into another origin when decoded once or twice.
    fn from_str(text: &str) -> Result<Self, NotAReturnTo> {
        let plain = text.bytes().all(|b| (0x21..0x7f).contains(&b) && b != b'\\');
        let path = text.split(['?', '#']).next().unwrap_or_default();
        let disguised = ["%2f", "%5c", "%25", "%0", "%1"]
            .iter()
            .any(|sequence| path.to_ascii_lowercase().starts_with(&format!("/{sequence}")));
        let local = text.starts_with('/') && !text.starts_with("//") && !disguised;
        if text.len() <= Self::MAX_BYTES && plain && local {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAReturnTo)
        }
    }
}

impl TryFrom<String> for ReturnTo {
    type Error = NotAReturnTo;

    fn try_from(text: String) -> Result<Self, NotAReturnTo> {
        text.parse()
    }
}

impl From<ReturnTo> for String {
    fn from(target: ReturnTo) -> Self {
        target.0
    }
}

impl fmt::Display for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s51_only_pages_of_this_site_are_returned_to() {
        for page in ["/", "/a", "/a?b=c&d=%2f%2fx", "/a#b", "/a/%2fb", "/?u=https://x"] {
            assert_eq!(ReturnTo::or_front_page(page).as_str(), page);
        }
        for elsewhere in [
            "",
            "//evil",
            "/\\evil",
            "\\\\evil",
            "https:evil",
            "https://evil",
            "evilexample.com",
            "%2f%2fevil",
            "/%2fevil",
            "/%5cevil",
            "/%252fevil",
            "/\tevil",
            "/\n/evil",
            "\t//evil",
            " //evil",
            "/ /evil",
            "javascript:1",
            "/%09/evil",
            "/%0a/evil",
            "/\u{2215}evil",
        ] {
            assert_eq!(ReturnTo::or_front_page(elsewhere).as_str(), "/", "{elsewhere:?}");
        }
    }
}
