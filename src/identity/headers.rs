//! The identity as headers, and the aliases under which a client might send them itself.

use http::{HeaderName, HeaderValue};

use crate::domain::account::Identity;

/// The names under which a site's app gets the identity. No two are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityHeaderNames {
    /// The username.
    pub user: HeaderName,
    /// The e-mail address.
    pub email: HeaderName,
    /// The full name.
    pub name: HeaderName,
    /// The groups.
    pub groups: HeaderName,
    /// The assertion, if the app gets one.
    pub assertion: Option<HeaderName>,
}

impl IdentityHeaderNames {
    /// Every header by which an app may be told something of an identity, the proofs included.
    pub fn all(&self) -> impl Iterator<Item = HeaderName> {
        let own = [&self.user, &self.email, &self.name, &self.groups].map(HeaderName::clone);
        // By its usual name an app may take an assertion, whatever the site's own is.
        let usual = HeaderName::from_static("x-doorward-assertion");
        let other = self.assertion.clone().filter(|name| *name != usual);
        let proofs = ["signature", "signature-input"].map(HeaderName::from_static);
        own.into_iter().chain(other).chain([usual]).chain(proofs)
    }
}

/// The values of the identity headers, made once for a session and cheap to clone.
///
/// Apps that read headers as text disagree on anything but ASCII, and most that show a full name (those in Go and
/// PHP, and whatever takes bytes) want plain UTF-8: so it goes as the bytes of UTF-8, not encoded further. The other
/// values are ASCII by their types. The groups are separated by commas, in the order of their names.
///
/// The values do not show in `Debug`, and HTTP/2 keeps them out of its compression table.
#[derive(Clone, Debug)]
pub struct IdentityValues {
    user: Option<HeaderValue>,
    email: Option<HeaderValue>,
    name: Option<HeaderValue>,
    groups: Option<HeaderValue>,
}

/// An identity header to send, or `None` where the identity has nothing to say.
pub type IdentityHeader<'a> = Option<(&'a HeaderName, &'a HeaderValue)>;

/// How many identity headers there are at most.
pub const IDENTITY_HEADERS: usize = 5;

impl IdentityValues {
    /// The values for `identity`. What it lacks, or what cannot stand in a header, is absent (S46).
    pub fn new(identity: &Identity) -> Self {
        Self {
            user: value(identity.username()),
            email: value(identity.email()),
            name: identity.full_name().and_then(value),
            groups: value(identity.group_list()),
        }
    }

    /// The headers to send under `names`, always in this order, which the signature keeps. The last is the
    /// `assertion` that was made beside.
    pub fn named<'a>(
        &'a self,
        names: &'a IdentityHeaderNames,
        assertion: Option<&'a HeaderValue>,
    ) -> [IdentityHeader<'a>; IDENTITY_HEADERS] {
        [
            self.user.as_ref().map(|value| (&names.user, value)),
            self.email.as_ref().map(|value| (&names.email, value)),
            self.name.as_ref().map(|value| (&names.name, value)),
            self.groups.as_ref().map(|value| (&names.groups, value)),
            names.assertion.as_ref().zip(assertion),
        ]
    }
}

fn value(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(text.as_bytes()).ok().filter(|v| !v.is_empty())?;
    value.set_sensitive(true);
    Some(value)
}

/// Knows every header that an app could take for one of doorward's own (S46).
///
/// CGI and what descends from it (WSGI, FastCGI, PHP, Rack) write a header's name in capitals with underscores for
/// whatever is no letter or digit, so `Remote_User`, `remote.user` and `Remote-User` are one variable. Names are
/// therefore compared in that form.
#[derive(Clone, Debug)]
pub struct AliasFilter {
    /// By the first letter of a folded name, where in `rules` those that begin with it stand.
    by_first: [(u8, u8); 256],
    rules: Vec<AliasRule>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct AliasRule {
    folded: Box<[u8]>,
    whole: bool,
}

impl AliasFilter {
    /// The filter of a site whose app gets the identity under `names`. The names that doorward uses by default and
    /// those by which other gateways tell an identity are always in it.
    pub fn new(names: &IdentityHeaderNames) -> Self {
        let own = [&names.user, &names.email, &names.name, &names.groups];
        let own = own.into_iter().chain(&names.assertion).map(HeaderName::as_str);
        let whole = own.chain(ALWAYS.iter().copied());
        let mut rules: Vec<AliasRule> = whole
            .map(|name| rule(name, true))
            .chain(ALWAYS_BEGINNING_WITH.iter().map(|name| rule(name, false)))
            .collect();
        rules.sort();
        rules.dedup();
        let mut by_first = [(0, 0); 256];
        for (index, rule) in (0_u8..).zip(&rules) {
            let first = rule.folded.first().copied().unwrap_or_default();
            if let Some((start, end)) = by_first.get_mut(usize::from(first)) {
                if *end == 0 {
                    *start = index;
                }
                *end = index + 1;
            }
        }
        Self { by_first, rules }
    }

    /// Whether a request's header of this name must not reach the app. So is everything that is no header name
    /// by RFC 9110 section 5.1: nobody knows what an app makes of it.
    pub fn is_alias(&self, name: &str) -> bool {
        let Some(first) = name.bytes().next().map(fold) else { return true };
        let (start, end) = self.by_first.get(usize::from(first)).copied().unwrap_or_default();
        let rules = self.rules.get(usize::from(start)..usize::from(end)).unwrap_or_default();
        rules.iter().any(|rule| rule.matches(name.as_bytes()))
            || name.bytes().any(|byte| fold(byte) == NO_TOKEN)
    }
}

impl AliasRule {
    fn matches(&self, name: &[u8]) -> bool {
        let length_fits = if self.whole {
            name.len() == self.folded.len()
        } else {
            name.len() >= self.folded.len()
        };
        length_fits && name.iter().zip(&self.folded).all(|(found, wanted)| fold(*found) == *wanted)
    }
}

fn rule(name: &str, whole: bool) -> AliasRule {
    AliasRule { folded: name.bytes().map(fold).collect(), whole }
}

/// The byte as CGI sees it: letters in one case, digits, one sign for everything else that may be in a name; and
/// [`NO_TOKEN`] for what may not.
fn fold(byte: u8) -> u8 {
    FOLDED.get(usize::from(byte)).copied().unwrap_or(NO_TOKEN)
}

const NO_TOKEN: u8 = 0;

/// A table, as it is read for every byte of every header's name of every request. RFC 9110 section 5.6.2 has the
/// signs.
#[expect(clippy::indexing_slicing, reason = "evaluated when it is compiled")]
const FOLDED: [u8; 256] = {
    let mut folded = [NO_TOKEN; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() {
            folded[byte as usize] = byte.to_ascii_lowercase();
        }
        byte += 1;
    }
    let signs = b"!#$%&'*+-.^_`|~";
    let mut index = 0;
    while index < signs.len() {
        folded[signs[index] as usize] = b'-';
        index += 1;
    }
    folded
};

/// Never a client's to send, whatever the site's names are.
const ALWAYS: [&str; 14] = [
    "remote-user",
    "remote-email",
    "remote-name",
    "remote-groups",
    "signature",
    "signature-input",
    "x-remote-user",
    "x-remote-email",
    "x-remote-name",
    "x-remote-groups",
    "x-forwarded-user",
    "x-forwarded-email",
    "x-forwarded-groups",
    "x-forwarded-preferred-username",
];

/// Nor is anything that begins like this.
const ALWAYS_BEGINNING_WITH: [&str; 4] =
    ["x-doorward-", "x-webauth-", "x-auth-request-", "x-authentik-"];

#[cfg(test)]
mod tests;
