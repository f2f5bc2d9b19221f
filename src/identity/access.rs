//! The access token of a program: a JWT that says which of our sessions it is of, for some minutes.
//!
//! It is signed by the same ring as assertions and can never be taken for one, nor an assertion for it: it is of another
//! type (`at+jwt`, RFC 9068 section 2.1) and for another audience, doorward's API at the site and not the site's app.
//! Who it is of and what they may do is read from the session at each request, so that it is worth nothing once that has
//! ended.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use serde_json::json;

use super::key::{AssertionKey, CannotSign};
use super::ring::{KeyState, Ring};
use crate::domain::account::Identity;
use crate::domain::assertion::AssertionAlgorithm;
use crate::domain::secret::{SessionTokenHash, base64url, from_base64url};
use crate::domain::session::Session;
use crate::domain::time::Timestamp;

use super::assertion::NoAssertion;

/// The type of an access token, in its header.
const TYPE: &str = "at+jwt";
/// The longest access token that is looked at, in bytes.
const LONGEST: usize = 2048;
/// How far the clocks of several doorwards may differ.
const SKEW: i64 = 60;

/// For whom access tokens are: doorward's API at a site.
#[derive(Clone, Copy, Debug)]
pub struct Audience<'a> {
    /// `iss`: the portal's origin.
    pub issuer: &'a str,
    /// The origin of the site whose API it is.
    pub site: &'a str,
}

impl Audience<'_> {
    /// `aud`.
    fn claim(self) -> String {
        format!("{}/_doorward/api", self.site)
    }
}

/// What an access token says.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// The session, with the name that opens nothing.
    pub session: &'a Session,
    /// What the session is found by.
    pub token: &'a SessionTokenHash,
    /// Whose it is.
    pub identity: &'a Identity,
    /// What no other access token is called.
    pub id: [u8; 16],
}

/// Makes access tokens.
#[derive(Clone, Copy, Debug)]
pub struct AccessIssuer {
    /// With which kind of key.
    pub algorithm: AssertionAlgorithm,
    /// For how long; never past the session's end.
    pub lifetime: Duration,
}

/// An access token that was just made.
#[derive(Clone)]
pub struct AccessToken {
    /// As `Authorization: Bearer` carries it.
    pub text: String,
    /// How long it is good.
    pub lifetime: Duration,
}

impl AccessIssuer {
    /// A new access token at `now`.
    pub fn issue(
        &self,
        access: &Access<'_>,
        audience: Audience<'_>,
        ring: &Ring,
        now: Timestamp,
    ) -> Result<AccessToken, NoAssertion> {
        let key = ring.signing_key(self.algorithm, now);
        let key = key.ok_or(NoAssertion::NoKey(self.algorithm))?;
        let lifetime = self.lifetime.min(now.until(access.session.expires_at));
        let text = sign(access, audience, key, (now, lifetime))?;
        Ok(AccessToken { text, lifetime })
    }
}

fn sign(
    access: &Access<'_>,
    audience: Audience<'_>,
    key: &AssertionKey,
    (now, lifetime): (Timestamp, Duration),
) -> Result<String, CannotSign> {
    let Access { session, token, identity, id } = access;
    let amr: Vec<&str> = session.methods.iter().map(|method| method.amr()).collect();
    let issued = now.as_secs();
    let claims = json!({
        "iss": audience.issuer,
        "aud": audience.claim(),
        "sub": identity.account().to_string(),
        "sid": session.id.to_string(),
        // A hash of what nobody has: it finds the session, and opens nothing.
        "ses": base64url(token.as_bytes()),
        "jti": base64url(id),
        "amr": amr,
        "auth_time": session.authenticated_at.as_secs(),
        "iat": issued,
        "exp": issued.saturating_add(i64::try_from(lifetime.as_secs()).unwrap_or_default()),
    });
    let header = json!({ "alg": key.algorithm().as_str(), "kid": key.kid(), "typ": TYPE });
    let mut jwt = BASE64URL_NOPAD.encode(header.to_string().as_bytes());
    jwt.push('.');
    BASE64URL_NOPAD.encode_append(claims.to_string().as_bytes(), &mut jwt);
    let signature = key.sign(jwt.as_bytes())?;
    jwt.push('.');
    BASE64URL_NOPAD.encode_append(&signature, &mut jwt);
    Ok(jwt)
}

/// What somebody has shown as `Bearer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Something of an app's, or nothing that anybody knows: it says nothing to us.
    Foreign,
    /// An access token of ours that is none any more, or not here.
    Refused,
    /// An access token of ours, of the session that is found by this.
    Access(SessionTokenHash),
}

/// What a bearer token is at `now` for an audience. A key that is not published any more signed nothing that is still
/// good, so that after a rotation of keys the last tokens of the one before end early: their clients refresh. Which of our keys it names says whether it is one of ours at all; then
/// everything must be right (RFC 8725).
pub fn look_at(token: &str, audience: Audience<'_>, ring: &Ring, now: Timestamp) -> Shown {
    let Some((header, rest)) = parts(token) else { return Shown::Foreign };
    let named = |key: &&AssertionKey| header.kid.as_deref() == Some(key.kid());
    let keys = ring.assertion_keys(now).map(|(dated, state)| (&dated.key, state));
    let Some((key, state)) = keys.into_iter().find(|(key, _)| named(key)) else {
        return Shown::Foreign;
    };
    if header.typ.as_deref() != Some(TYPE) {
        return Shown::Foreign;
    }
    let ours = header.alg.as_deref() == Some(key.algorithm().as_str())
        && header.crit.is_none()
        && state != KeyState::Retired
        && from_base64url(rest.signature)
            .is_some_and(|signature| key.verifies(rest.signed.as_bytes(), &signature));
    if !ours {
        return Shown::Refused;
    }
    let claims = from_base64url(rest.claims)
        .and_then(|claims| serde_json::from_slice::<Claims>(&claims).ok());
    claims
        .filter(|claims| {
            claims.iss == audience.issuer
                && claims.aud == audience.claim()
                && claims.exp > now.as_secs()
                && claims.iat <= now.as_secs().saturating_add(SKEW)
        })
        .and_then(|claims| <[u8; 32]>::try_from(from_base64url(&claims.ses)?).ok())
        .map_or(Shown::Refused, |hash| Shown::Access(SessionTokenHash::from_bytes(hash)))
}

struct Rest<'a> {
    signed: &'a str,
    claims: &'a str,
    signature: &'a str,
}

fn parts(token: &str) -> Option<(Header, Rest<'_>)> {
    let (signed, signature) = token.rsplit_once('.').filter(|_| token.len() <= LONGEST)?;
    let (header, claims) = signed.split_once('.').filter(|(_, claims)| !claims.contains('.'))?;
    let header = serde_json::from_slice(&from_base64url(header)?).ok()?;
    Some((header, Rest { signed, claims, signature }))
}

#[derive(Deserialize)]
struct Header {
    alg: Option<String>,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    exp: i64,
    iat: i64,
    ses: String,
}

#[cfg(test)]
mod tests;
