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
            "groups": groups,
            "amr": amr,
            "auth_time": authenticated_at.as_secs(),
            "iat": issued,
            "nbf": issued,
            "exp": issued.saturating_add(lifetime),
            "sid": session.to_string(),
        });
        if let (Some(name), Some(claims)) = (&identity.full_name, claims.as_object_mut()) {
            claims.insert("name".into(), name.as_str().into());
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
