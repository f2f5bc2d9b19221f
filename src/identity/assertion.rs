//! The assertion: a JWT that says to one site's app who is asking, for apps that check a public key.
//!
//! It is a JWS in compact form (RFC 7515) with the claims of RFC 7519 and OpenID Connect, good for some minutes and
//! for one audience. It is not bound to a request, which is what the [`super::signature`] is for; that covers it.

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use http::HeaderValue;
use serde::{Serialize, Serializer};

use super::key::{AssertionKey, CannotSign};
use super::ring::Ring;
use crate::domain::account::Identity;
use crate::domain::assertion::{AssertionAlgorithm, KeptAssertions, Signature};
use crate::domain::id::{AccountId, SessionId};
use crate::domain::session::{Method, Methods};
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
    /// The assertion about `subject` at `now`: the one whose signature is in `kept` while it is less than a minute old, else a new
    /// one.
    pub fn assertion(
        &self,
        subject: &Subject<'_>,
        ring: &Ring,
        kept: &KeptAssertions,
        now: Timestamp,
    ) -> Result<HeaderValue, NoAssertion> {
        let key = ring.signing_key(self.algorithm, now);
        let key = key.ok_or(NoAssertion::NoKey(self.algorithm))?;
        let signed =
            kept.fresh(self.of(key), now, || Ok::<_, CannotSign>(self.sign(subject, key, now)?.1))?;
        LATEST.with_borrow_mut(|latest| {
            latest.value(&signed.signature, || {
                let jwt = with(self.says(subject, key, signed.at)?, &signed.signature);
                let mut value = HeaderValue::try_from(jwt).map_err(|_| CannotSign)?;
                value.set_sensitive(true);
                Ok(value)
            })
        })
    }

    /// A new assertion about `subject`, signed with `key`.
    pub fn assert(
        &self,
        subject: &Subject<'_>,
        key: &AssertionKey,
        now: Timestamp,
    ) -> Result<String, CannotSign> {
        let (says, signature) = self.sign(subject, key, now)?;
        Ok(with(says, &signature))
    }

    fn sign(
        &self,
        subject: &Subject<'_>,
        key: &AssertionKey,
        now: Timestamp,
    ) -> Result<(String, Signature), CannotSign> {
        let identity = subject.identity;
        if !has_room_for_groups(identity) {
            tracing::warn!(
                account = %identity.account(),
                "an account is in more groups than an assertion has room for: it names none of them"
            );
        }
        let says = self.says(subject, key, now)?;
        let signature = key.sign(says.as_bytes())?;
        Ok((says, signature))
    }

    /// What is signed, at `now`: header and claims. The same of the same.
    fn says(
        &self,
        subject: &Subject<'_>,
        key: &AssertionKey,
        now: Timestamp,
    ) -> Result<String, CannotSign> {
        let Subject { identity, session, methods, authenticated_at } = *subject;
        let issued = now.as_secs();
        let lifetime = i64::try_from(self.lifetime.as_secs()).unwrap_or_default();
        let claims = Claims {
            amr: methods,
            aud: &self.audience,
            auth_time: authenticated_at.as_secs(),
            email: identity.email(),
            exp: issued.saturating_add(lifetime),
            groups: has_room_for_groups(identity).then_some(identity),
            iat: issued,
            iss: &self.issuer,
            name: identity.full_name(),
            nbf: issued,
            preferred_username: identity.username(),
            sid: session,
            sub: identity.account(),
        };
        let mut claims_text = Vec::with_capacity(512);
        serde_json::to_writer(&mut claims_text, &claims).map_err(|_| CannotSign)?;
        let mut says = String::with_capacity(1024);
        says.push_str(key.header());
        says.push('.');
        BASE64URL_NOPAD.encode_append(&claims_text, &mut says);
        Ok(says)
    }

    /// What stands for everything that is asserted and is not the subject's.
    fn of(&self, key: &AssertionKey) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.issuer, &self.audience, self.lifetime, key.kid()).hash(&mut hasher);
        hasher.finish()
    }
}

/// Quotes and a comma stand around each.
fn has_room_for_groups(identity: &Identity) -> bool {
    identity.groups().map(|group| group.len() + 3).sum::<usize>() <= MAX_GROUPS
}

/// The JWS that says this.
fn with(mut says: String, signature: &Signature) -> String {
    says.push('.');
    BASE64URL_NOPAD.encode_append(signature, &mut says);
    says
}

#[derive(Serialize)]
struct Claims<'a> {
    #[serde(serialize_with = "amr")]
    amr: &'a Methods,
    aud: &'a str,
    auth_time: i64,
    email: &'a str,
    exp: i64,
    #[serde(serialize_with = "groups", skip_serializing_if = "Option::is_none")]
    groups: Option<&'a Identity>,
    iat: i64,
    iss: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    nbf: i64,
    preferred_username: &'a str,
    sid: SessionId,
    sub: AccountId,
}

fn amr<S: Serializer>(methods: &Methods, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(methods.iter().map(Method::amr))
}

fn groups<S: Serializer>(of: &Option<&Identity>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(of.iter().flat_map(|identity| identity.groups()))
}

thread_local! {
    static LATEST: RefCell<Latest> = RefCell::default();
}

/// How many assertions a thread has in writing.
const IN_WRITING: usize = 64;

/// The assertions that this thread has sent last, in writing: a page asks for many things at once, each with the same one. They
/// are found by their signatures, which nothing else has.
struct Latest([Option<(Signature, HeaderValue)>; IN_WRITING]);

impl Default for Latest {
    fn default() -> Self {
        Self([const { None }; IN_WRITING])
    }
}

impl Latest {
    /// The assertion with this signature: the one that was sent before, else what `write` writes.
    fn value(
        &mut self,
        signature: &Signature,
        write: impl FnOnce() -> Result<HeaderValue, NoAssertion>,
    ) -> Result<HeaderValue, NoAssertion> {
        let [first, ..] = *signature;
        let Some(place) = self.0.get_mut(usize::from(first) % IN_WRITING) else { return write() };
        match place {
            Some((of, value)) if of == signature => Ok(value.clone()),
            _ => {
                let value = write()?;
                *place = Some((*signature, value.clone()));
                Ok(value)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::account::Group;
    use crate::domain::entropy::OsEntropy;

    const NOW: Timestamp = Timestamp::from_millis(1_795_203_045_678);

    fn later(span: Duration) -> Timestamp {
        NOW + span
    }

    fn asserter() -> Asserter {
        Asserter {
            issuer: "https://a.example".into(),
            audience: "https://b.example".into(),
            algorithm: AssertionAlgorithm::EdDsa,
            lifetime: Duration::from_secs(120),
        }
    }

    fn ada(groups: &[Group]) -> Identity {
        let names = (&"ada".parse().unwrap(), &"ada@example.org".parse().unwrap());
        Identity::new(AccountId::generate(&OsEntropy, NOW), names, None, groups)
    }

    fn subject<'a>(identity: &'a Identity, methods: &'a Methods) -> Subject<'a> {
        let session = SessionId::generate(&OsEntropy, NOW);
        Subject { identity, session, methods, authenticated_at: NOW }
    }

    fn key() -> AssertionKey {
        AssertionKey::generate(AssertionAlgorithm::EdDsa, &OsEntropy).unwrap()
    }

    /// What is asserted of somebody in so many groups; and how long it is.
    fn asserted(groups: usize) -> (serde_json::Value, usize) {
        let groups: Vec<Group> =
            (0..groups).map(|number| format!("group-{number:03}").parse().unwrap()).collect();
        let identity = ada(&groups);
        let methods = Methods::new([Method::Password]);
        let subject = subject(&identity, &methods);
        let jwt = asserter().assert(&subject, &key(), NOW).unwrap();
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

    #[test]
    fn one_is_sent_for_a_minute_and_every_one_of_them_verifies() {
        let mut ring = Ring::default();
        ring.add_assertion_key(key(), NOW, NOW).unwrap();
        let key = ring.signing_key(AssertionAlgorithm::EdDsa, NOW).unwrap();
        let methods = Methods::new([Method::Password]);
        let of = |subject: &Subject<'_>, kept: &KeptAssertions, now: Timestamp| {
            let sent = asserter().assertion(subject, &ring, kept, now).unwrap();
            let (says, signature) = sent.to_str().unwrap().rsplit_once('.').unwrap();
            let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
            assert!(key.verifies(says.as_bytes(), &signature));
            sent
        };
        // More than a thread has in writing, so that some are written again.
        let people: Vec<Identity> = (0..200).map(|_| ada(&[])).collect();
        let all: Vec<(Subject<'_>, KeptAssertions)> =
            people.iter().map(|who| (subject(who, &methods), KeptAssertions::default())).collect();
        let at = |secs: u64| {
            let now = later(Duration::from_secs(secs));
            all.iter().map(|(subject, kept)| of(subject, kept, now)).collect::<Vec<_>>()
        };
        let first = at(0);
        assert_eq!(at(59), first);
        assert!(at(60).iter().zip(&first).all(|(next, first)| next != first));
        let renamed = Subject { identity: &people[1], ..all[0].0 };
        assert_ne!(
            of(&renamed, &KeptAssertions::default(), later(Duration::from_secs(60))),
            first[0]
        );
    }
}
