//! Access tokens of programs, as requests carry them.

use http::{HeaderMap, header};

use super::state::{Accepted, State};
use crate::domain::time::Timestamp;
use crate::identity::access::{Audience, Shown, look_at};
use crate::portal::api;
use crate::proxy::refusal::Bearer;

impl State {
    /// What a request shows as access token.
    pub(in crate::proxy) fn shown(
        &self,
        headers: &HeaderMap,
        accepted: &Accepted,
        now: Timestamp,
    ) -> Shown {
        let mut tokens = bearer_tokens(headers).peekable();
        if tokens.peek().is_none() {
            return Shown::Foreign;
        }
        let issuer = &accepted.site.identity.asserter.issuer;
        let at = self.hosts.gives_tokens_for(&accepted.site.portal);
        let audience = Audience { issuer, site: &at.origin_text };
        let ring = self.ring.get();
        let mut shown = tokens.map(|token| look_at(token, audience, &ring, now));
        match (shown.next(), shown.next()) {
            (Some(only), None) if headers.get_all(header::AUTHORIZATION).iter().count() == 1 => {
                only
            }
            // Two could be read as either.
            (first, second) => {
                let ours = |one: &Option<Shown>| one.is_some_and(|shown| shown != Shown::Foreign);
                let any =
                    ours(&first) || ours(&second) || shown.any(|shown| shown != Shown::Foreign);
                if any { Shown::Refused } else { Shown::Foreign }
            }
        }
    }
}

impl Accepted {
    /// How the client of a request may be known.
    pub(in crate::proxy) fn known_by(&self) -> Bearer {
        if api::owns(self.facts.path.path()) {
            Bearer::Alone
        } else if self.site.bearer.is_taken() {
            Bearer::Beside
        } else {
            Bearer::Never
        }
    }
}

/// What stands behind `Bearer` (RFC 6750 section 2.1); the scheme in any letter case.
fn bearer_tokens(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers.get_all(header::AUTHORIZATION).iter().filter_map(|value| {
        let (scheme, token) = value.to_str().ok()?.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_is_found_in_any_spelling_and_nothing_else_is() {
        let found = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            bearer_tokens(&headers).map(str::to_owned).collect::<Vec<_>>()
        };
        for spelled in ["Bearer a.b.c", "bearer a.b.c", "BEARER  a.b.c", " Bearer a.b.c "] {
            assert_eq!(found(spelled), ["a.b.c"], "{spelled}");
        }
        for other in ["Basic YTpi", "Bearer", "a.b.c", ""] {
            assert!(found(other).is_empty(), "{other}");
        }
    }
}
