//! The assertion of an identity: how it is signed, and where the last one is kept.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
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

/// The signature of an assertion as it stands in a JWS, of either algorithm.
pub type Signature = [u8; 64];

/// What was signed, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed {
    /// When.
    pub at: Timestamp,
    /// The signature.
    pub signature: Signature,
}

/// The signatures under what was last asserted of one session, one for each site. They are kept beside it, so that they are
/// gone with it and with every change of what it says. What they are under is not kept: it is written again from the
/// session, and takes many times as much room.
#[derive(Debug, Default)]
pub struct KeptAssertions(ArcSwapOption<Kept>);

#[derive(Debug)]
struct Kept {
    /// What stands for the site and the key.
    of: u64,
    signed: Signed,
    /// That of another site.
    next: Option<Arc<Kept>>,
}

impl KeptAssertions {
    /// What was signed `of` this site and key less than a minute ago; else what `sign` signs, which is then kept. Of requests that
    /// come at the same time each may sign.
    pub fn fresh<E>(
        &self,
        of: u64,
        now: Timestamp,
        sign: impl FnOnce() -> Result<Signature, E>,
    ) -> Result<Signed, E> {
        let kept = self.0.load();
        let is_fresh = |kept: &&Kept| {
            kept.signed.at <= now && now.since(kept.signed.at) < RENEWED_AFTER && kept.of == of
        };
        let first = kept.as_deref();
        if let Some(found) = each(first).find(is_fresh) {
            return Ok(found.signed);
        }
        let signed = Signed { at: now, signature: sign()? };
        let others = each(first).filter(|kept| kept.of != of).fold(None, |next, kept| {
            Some(Arc::new(Kept { of: kept.of, signed: kept.signed, next }))
        });
        self.0.store(Some(Arc::new(Kept { of, signed, next: others })));
        Ok(signed)
    }
}

/// One after the other.
fn each(first: Option<&Kept>) -> impl Iterator<Item = &Kept> {
    std::iter::successors(first, |kept| kept.next.as_deref())
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
        let ask = |of: u64, secs: i64| {
            let sign = || {
                made.set(made.get() + 1);
                Ok::<_, NotAnAlgorithm>([made.get(); 64])
            };
            let signed = kept.fresh(of, at(secs), sign).unwrap();
            (signed.signature[0], signed.at.as_secs())
        };
        assert_eq!(ask(1, 100), (1, 100));
        assert_eq!(ask(1, 159), (1, 100));
        assert_eq!(ask(2, 159), (2, 159), "another site or key has its own");
        assert_eq!(ask(1, 159), (1, 100), "beside that of the first");
        assert_eq!(ask(1, 160), (3, 160), "its minute is over");
        assert_eq!(ask(1, 150), (4, 150), "the clock was set back");
        assert_eq!(ask(2, 170), (2, 159));
    }
}
