//! The client of a request, as audit, mails and sessions remember it.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// A `User-Agent`, cut to 256 characters and cleaned of control characters (S20).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct UserAgent(String);

/// What a `User-Agent` tells, by names that all languages use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known<'a> {
    /// The browser and the system that it runs on.
    BrowserAndSystem(&'a str, &'a str),
    /// The browser.
    Browser(&'a str),
    /// Nothing.
    Nothing,
}

const MAX_CHARS: usize = 256;

impl UserAgent {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it tells of browser and system.
    pub fn known(&self) -> Known<'_> {
        let parsed = woothee::parser::Parser::new().parse(&self.0);
        match parsed {
            Some(found) if found.os != "UNKNOWN" => Known::BrowserAndSystem(found.name, found.os),
            Some(found) if found.name != "UNKNOWN" => Known::Browser(found.name),
            _ => Known::Nothing,
        }
    }

    /// The browser and system in English: `Firefox on Linux`, or `an unknown browser`.
    pub fn for_people(&self) -> String {
        match self.known() {
            Known::BrowserAndSystem(name, system) => format!("{name} on {system}"),
            Known::Browser(name) => name.to_owned(),
            Known::Nothing => "an unknown browser".to_owned(),
        }
    }
}

impl From<String> for UserAgent {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&str> for UserAgent {
    fn from(text: &str) -> Self {
        // Nearly every one is fine as it comes.
        if text.len() <= MAX_CHARS && text.bytes().all(|b| matches!(b, b' '..=b'~')) {
            return Self(text.to_owned());
        }
        Self(text.chars().filter(|c| !c.is_control()).take(MAX_CHARS).collect())
    }
}

impl From<UserAgent> for String {
    fn from(agent: UserAgent) -> Self {
        agent.0
    }
}

/// Who asks, as far as the network tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The address that was believed (see `trusted_proxies`).
    pub address: IpAddr,
    /// The browser.
    pub user_agent: UserAgent,
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.address, self.user_agent.for_people())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_named_for_people() {
        let firefox = UserAgent::from(
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        );
        assert_eq!(firefox.for_people(), "Firefox on Linux");
        assert_eq!(UserAgent::from("").for_people(), "an unknown browser");
    }

    #[test]
    fn s20_a_user_agent_is_one_clean_line() {
        let agent = UserAgent::from("a\r\nBcc: x@y\0b");
        assert_eq!(agent.as_str(), "aBcc: x@yb");
        assert_eq!(UserAgent::from("x".repeat(9999).as_str()).as_str().len(), 256);
    }
}
