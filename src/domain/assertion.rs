//! The assertion of an identity: how it is signed, and where the last one is kept.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::HeaderValue;
use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// How assertions are signed, by its name in a JWT's header (RFC 7518 section 3.1, RFC 8037 section 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AssertionAlgorithm {
    /// Ed25519.
    #[default]
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// ECDSA over P-256 with SHA-256, for libraries that do not know Ed25519.
    #[serde(rename = "ES256")]
    Es256,
}

/// A text names no algorithm that doorward signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no algorithm that doorward signs with")]
pub struct NotAnAlgorithm;

impl AssertionAlgorithm {
    /// Its name as `alg`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
        }
    }
}

impl FromStr for AssertionAlgorithm {
    type Err = NotAnAlgorithm;

    fn from_str(text: &str) -> Result<Self, NotAnAlgorithm> {
        [Self::EdDsa, Self::Es256]
            .into_iter()
            .find(|algorithm| algorithm.as_str() == text)
            .ok_or(NotAnAlgorithm)
    }
}

impl fmt::Display for AssertionAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How long one assertion is sent before the next is made.
pub const RENEWED_AFTER: Duration = Duration::from_secs(60);

/// The assertions that were last made for one session, one for each site. They are kept beside it, so that they are
/// gone with it and with every change of what it says.
#[derive(Debug, Default)]
pub struct KeptAssertions(Mutex<Vec<Kept>>);

#[derive(Debug)]
struct Kept {
    audience: Box<str>,
    key: Box<str>,
    made_at: Timestamp,
    value: HeaderValue,
}

impl KeptAssertions {
    /// The one for `audience` if it was signed with `key` less than a minute ago; else the one that `make` makes, which
    /// is then kept. Requests that come at the same time wait for one another, so that one is made.
    pub fn fresh<E>(
        &self,
        audience: &str,
        key: &str,
        now: Timestamp,
        make: impl FnOnce() -> Result<HeaderValue, E>,
    ) -> Result<HeaderValue, E> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|kept| *kept.audience == *audience);
        let found = place.and_then(|place| kept.get_mut(place));
        if let Some(found) = &found
            && *found.key == *key
            && found.made_at <= now
            && now.since(found.made_at) < RENEWED_AFTER
        {
            return Ok(found.value.clone());
        }
        let value = make()?;
        let new =
            Kept { audience: audience.into(), key: key.into(), made_at: now, value: value.clone() };
        match found {
            Some(found) => *found = new,
            None => kept.push(new),
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn one_is_made_a_minute_for_each_site_and_key() {
        let kept = KeptAssertions::default();
        let made = Cell::new(0);
        let at = |secs: i64| Timestamp::from_millis(secs * 1000);
        let ask = |audience: &str, key: &str, secs: i64| {
            let make = || {
                made.set(made.get() + 1);
                Ok::<_, NotAnAlgorithm>(HeaderValue::from(made.get()))
            };
            kept.fresh(audience, key, at(secs), make).unwrap()
        };
        assert_eq!(ask("a", "k", 100), "1");
        assert_eq!(ask("a", "k", 159), "1");
        assert_eq!(ask("b", "k", 159), "2", "another site has its own");
        assert_eq!(ask("a", "k", 160), "3", "its minute is over");
        assert_eq!(ask("a", "new", 161), "4", "the key has changed");
        assert_eq!(ask("a", "new", 150), "5", "the clock was set back");
        assert_eq!(ask("b", "k", 170), "2");
    }
}
