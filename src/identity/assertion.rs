//! The assertion: a JWT that says to one site's app who is asking, for apps that check a public key.
//!
//! It is a JWS in compact form (RFC 7515) with the claims of RFC 7519 and OpenID Connect, good for some minutes and
//! for one audience. It is not bound to a request, which is what the [`super::signature`] is for; that covers it.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use http::HeaderValue;
use serde_json::json;

use super::key::{AssertionKey, CannotSign};
use super::ring::Ring;
use crate::domain::account::Identity;
use crate::domain::assertion::{AssertionAlgorithm, KeptAssertions};
use crate::domain::id::SessionId;
use crate::domain::session::Methods;
use crate::domain::time::Timestamp;

/// Whom an assertion is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Who it is.
    pub identity: &'a Identity,
    /// The session, by the name that opens nothing.
    pub session: SessionId,
    /// How they signed in.
    pub methods: &'a Methods,
    /// When they last proved who they are.
    pub authenticated_at: Timestamp,
}

/// Why there is no assertion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAssertion {
    /// The key ring has none that signs so at this time.
    #[error("there is no {0} key that signs at this time")]
    NoKey(AssertionAlgorithm),
    /// The key failed.
    #[error(transparent)]
    CannotSign(#[from] CannotSign),
}

/// The most room that groups take, in bytes. With more of them the claim is left out, which is not the same as an empty
/// one: many servers refuse a request whose headers have more than 8 KiB, and whoever it is could not get in at all.
const MAX_GROUPS: usize = 3072;

/// Makes the assertions for one site.
#[derive(Clone, Debug)]
pub struct Asserter {
    /// `iss`: the portal's origin.
    pub issuer: String,
    /// `aud`: the site's origin.
    pub audience: String,
    /// With which kind of key.
    pub algorithm: AssertionAlgorithm,
    /// For how long.
    pub lifetime: Duration,
}

impl Asserter {
    /// The assertion about `subject` at `now`: the one in `kept` while it is less than a minute old, else a new one.
    pub fn assertion(
        &self,
        subject: &Subject<'_>,
        ring: &Ring,
        kept: &KeptAssertions,
        now: Timestamp,
    ) -> Result<HeaderValue, NoAssertion> {
        let key = ring.signing_key(self.algorithm, now);
        let key = key.ok_or(NoAssertion::NoKey(self.algorithm))?;
        kept.fresh(&self.audience, key.kid(), now, || {
            let mut value =
                HeaderValue::try_from(self.assert(subject, key, now)?).map_err(|_| CannotSign)?;
            value.set_sensitive(true);
            Ok(value)
        })
    }

    /// A new assertion about `subject`, signed with `key`.
    pub fn assert(
        &self,
        subject: &Subject<'_>,
        key: &AssertionKey,
        now: Timestamp,
    ) -> Result<String, CannotSign> {
        let Subject { identity, session, methods, authenticated_at } = subject;
        let groups: Vec<&str> = identity.groups.iter().map(|group| group.as_str()).collect();
        let amr: Vec<&str> = methods.iter().map(|method| method.amr()).collect();
        let issued = now.as_secs();
        let lifetime = i64::try_from(self.lifetime.as_secs()).unwrap_or_default();
        let mut claims = json!({
            "iss": self.issuer,
            "aud": self.audience,
            "sub": identity.account.to_string(),
            "preferred_username": identity.username.as_str(),
            "email": identity.email.as_str(),
            "amr": amr,
            "auth_time": authenticated_at.as_secs(),
            "iat": issued,
            "nbf": issued,
            "exp": issued.saturating_add(lifetime),
            "sid": session.to_string(),
        });
        if let Some(claims) = claims.as_object_mut() {
            if let Some(name) = &identity.full_name {
                claims.insert("name".into(), name.as_str().into());
            }
            let room: usize = groups.iter().map(|group| group.len() + 3).sum();
            if room <= MAX_GROUPS {
                claims.insert("groups".into(), groups.into());
            } else {
                tracing::warn!(
                    account = %identity.account,
                    "an account is in more groups than an assertion has room for: it names none of them"
                );
            }
        }
        let header = json!({ "alg": key.algorithm().as_str(), "kid": key.kid(), "typ": "JWT" });
        let mut jwt = BASE64URL_NOPAD.encode(header.to_string().as_bytes());
        jwt.push('.');
        BASE64URL_NOPAD.encode_append(claims.to_string().as_bytes(), &mut jwt);
        let signature = key.sign(jwt.as_bytes())?;
        jwt.push('.');
        BASE64URL_NOPAD.encode_append(&signature, &mut jwt);
        Ok(jwt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entropy::OsEntropy;
    use crate::domain::id::AccountId;
    use crate::domain::session::Method;

    const NOW: Timestamp = Timestamp::from_millis(1_795_203_045_678);

    /// What is asserted of somebody in so many groups; and how long it is.
    fn asserted(groups: usize) -> (serde_json::Value, usize) {
        let groups = (0..groups).map(|number| format!("group-{number:03}").parse().unwrap());
        let identity = Identity {
            account: AccountId::generate(&OsEntropy, NOW),
            username: "ada".parse().unwrap(),
            email: "ada@example.org".parse().unwrap(),
            full_name: None,
            groups: groups.collect(),
        };
        let asserter = Asserter {
            issuer: "https://a.example".into(),
            audience: "https://b.example".into(),
            algorithm: AssertionAlgorithm::EdDsa,
            lifetime: Duration::from_secs(120),
        };
        let subject = Subject {
            identity: &identity,
            session: SessionId::generate(&OsEntropy, NOW),
            methods: &Methods::new([Method::Password]),
            authenticated_at: NOW,
        };
        let key = AssertionKey::generate(AssertionAlgorithm::EdDsa, &OsEntropy).unwrap();
        let jwt = asserter.assert(&subject, &key, NOW).unwrap();
        let claims = jwt.split('.').nth(1).unwrap();
        let claims = BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap();
        (serde_json::from_slice(&claims).unwrap(), jwt.len())
    }

    #[test]
    fn an_assertion_never_outgrows_what_servers_take() {
        assert_eq!(asserted(0).0["groups"], json!([]));
        let (claims, length) = asserted(256);
        assert_eq!(claims["groups"].as_array().unwrap().len(), 256);
        assert!(length < 6 * 1024, "{length}");
        let (claims, length) = asserted(257);
        assert_eq!(claims.get("groups"), None, "absent, and not empty");
        assert!(length < 1024, "{length}");
    }
}
