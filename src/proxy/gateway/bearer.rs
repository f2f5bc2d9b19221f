//! Access tokens of programs, as requests carry them.

use http::{HeaderMap, header};

use super::state::{Accepted, State};
use crate::domain::time::Timestamp;
use crate::identity::access::{Audience, Shown, look_at};
use crate::portal::{Portal, api};
use crate::proxy::facts::text;
use crate::proxy::refusal::Bearer;

impl State {
    /// What a request shows as access token. It has one `Authorization` at most.
    pub(in crate::proxy) fn shown(
        &self,
        headers: &HeaderMap,
        accepted: &Accepted,
        now: Timestamp,
    ) -> Shown {
        let Some(token) = bearer_token(headers) else { return Shown::Foreign };
        let issuer = &accepted.site.identity.asserter.issuer;
        let at = self.hosts.gives_tokens_for(&accepted.site.portal);
        look_at(token, Audience { issuer, site: &at.origin_text }, &self.ring.get(), now)
    }
}

impl Accepted {
    /// How the client of a request may be known.
    pub(in crate::proxy) fn known_by(&self) -> Bearer {
        let path = self.facts.path.path();
        if api::owns(path) {
            Bearer::Alone
        // Pages are for browsers.
        } else if self.site.bearer.is_taken() && !Portal::owns(path) {
            Bearer::Beside
        } else {
            Bearer::Never
        }
    }
}

/// What stands behind `Bearer` (RFC 6750 section 2.1); the scheme in any letter case.
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = text(headers, header::AUTHORIZATION).trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_is_found_in_any_spelling_and_nothing_else_is() {
        let found = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            bearer_token(&headers).map(str::to_owned)
        };
        for spelled in ["Bearer a.b.c", "bearer a.b.c", "BEARER  a.b.c", " Bearer a.b.c "] {
            assert_eq!(found(spelled).as_deref(), Some("a.b.c"), "{spelled}");
        }
        for other in ["Basic YTpi", "Bearer", "a.b.c", ""] {
            assert_eq!(found(other), None, "{other}");
        }
    }
}
