//! The client of a request, as audit, mails and sessions remember it.

use std::collections::HashSet;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// A `User-Agent`, cut to 256 characters and cleaned of control characters (S20). Copies share their text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct UserAgent(Arc<str>);

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

    /// Whether a copy of it is about.
    fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
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
            return Self(text.into());
        }
        let clean: String = text.chars().filter(|c| !c.is_control()).take(MAX_CHARS).collect();
        Self(clean.into())
    }
}

impl From<UserAgent> for String {
    fn from(agent: UserAgent) -> Self {
        agent.0.as_ref().into()
    }
}

/// The texts of browsers that are in use, each of them once: most sessions are of a few.
#[derive(Debug, Default)]
pub struct UserAgents(Mutex<InUse>);

#[derive(Debug, Default)]
struct InUse {
    agents: HashSet<UserAgent>,
    /// With so many of them it is looked for those that nobody uses any more.
    cleaned_at: usize,
}

impl UserAgents {
    /// A copy of the one that is in use already, else `agent`.
    pub fn shared(&self, agent: UserAgent) -> UserAgent {
        let mut in_use = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(same) = in_use.agents.get(&agent) {
            return same.clone();
        }
        if in_use.agents.len() >= in_use.cleaned_at {
            in_use.agents.retain(UserAgent::is_shared);
            in_use.agents.shrink_to_fit();
            in_use.cleaned_at = 64.max(2 * in_use.agents.len());
        }
        in_use.agents.insert(agent.clone());
        agent
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

    #[test]
    fn browsers_in_use_share_their_text() {
        let all = UserAgents::default();
        let first = all.shared("Firefox".into());
        let second = all.shared("Firefox".into());
        assert!(std::ptr::eq(first.as_str(), second.as_str()));
        for number in 0..10_000 {
            all.shared(format!("browser {number}").as_str().into());
        }
        assert!(all.0.lock().unwrap().agents.len() <= 64, "nobody uses them any more");
        assert!(std::ptr::eq(first.as_str(), all.shared("Firefox".into()).as_str()));
    }
}
