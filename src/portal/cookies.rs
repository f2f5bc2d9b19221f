//! doorward's cookies: their names, how they are written, and which of a request's are ours.

use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, header};
use sha2::{Digest as _, Sha256};

use crate::auth::device::DeviceToKeep;
use crate::auth::sessions::Opened;
use crate::auth::tokens::{self, DeviceCookie};
use crate::domain::draft::DRAFT_LIFETIME;
use crate::domain::host::{HostName, Origin};
use crate::domain::keys::KeyRing;
use crate::domain::language::Language;
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::{DraftSecret, FlowSecret, InvitationToken, LinkToken, base64url};
use crate::domain::time::Timestamp;

/// The names of a site's cookies. `__Host-` binds them to the very host, over TLS (S29); a plain origin is a
/// loopback one, where browsers do not accept the prefix.
#[derive(Clone, Copy, Debug)]
pub struct CookieNames {
    secure: bool,
    shared: bool,
}

impl CookieNames {
    /// The names for `origin`.
    pub const fn of(origin: &Origin) -> Self {
        Self { secure: origin.is_secure(), shared: false }
    }

    /// With a session cookie that all hosts of a domain share, where the operator wants that. `__Host-` rules a `Domain`
    /// out, so that its prefix is the weaker one (S29).
    #[must_use]
    pub const fn with_shared_session(self) -> Self {
        Self { shared: true, ..self }
    }

    /// The cookie of a signed-in browser.
    pub const fn session(self) -> &'static str {
        match (self.secure, self.shared) {
            (true, false) => "__Host-doorward",
            (true, true) => "__Secure-doorward",
            (false, _) => "doorward",
        }
    }

    /// The cookie that counts how often a browser was sent to the portal for one page.
    pub const fn trips(self) -> &'static str {
        if self.secure { "__Host-doorward-trips" } else { "doorward-trips" }
    }

    /// Sets the count of trips for `page`; it is forgotten soon.
    pub fn set_trips(self, trips: u8, page: &ReturnTo) -> Option<HeaderValue> {
        let mut cookie = self.cookie(self.trips(), format!("{trips}.{}", page_mark(page)));
        cookie.set_max_age(cookie::time::Duration::seconds(30));
        header_value(&cookie)
    }

    /// The cookie that counts sign-ins that were not seen to have come to anything.
    pub const fn arrived(self) -> &'static str {
        if self.secure { "__Host-doorward-arrived" } else { "doorward-arrived" }
    }

    /// Counts a sign-in at `now`. Like the session cookie it ends with the browser window.
    pub fn set_arrived(self, count: u8, now: Timestamp) -> Option<HeaderValue> {
        header_value(&self.cookie(self.arrived(), format!("{count}.{}", now.as_secs())))
    }

    /// The cookie of a browser that has posted a form without a session.
    pub const fn draft(self) -> &'static str {
        if self.secure { "__Host-doorward-draft" } else { "doorward-draft" }
    }

    /// Sets the draft cookie.
    pub fn set_draft(
        self,
        keys: &KeyRing,
        secret: &DraftSecret,
        host: &HostName,
    ) -> Option<HeaderValue> {
        let value = tokens::encode_draft_secret(keys, secret, host);
        let mut cookie = self.cookie(self.draft(), value);
        cookie.set_max_age(cookie::time::Duration::try_from(DRAFT_LIFETIME).ok());
        header_value(&cookie)
    }

    /// The cookie that names the form that the next post is for.
    pub const fn resume(self) -> &'static str {
        if self.secure { "__Host-doorward-resume" } else { "doorward-resume" }
    }

    /// Names the form that the next post to `target` is for; the browser is on its way.
    pub fn set_resume(self, token: &str, target: &ReturnTo) -> Option<HeaderValue> {
        let mut cookie = self.cookie(self.resume(), format!("{token}.{}", page_mark(target)));
        cookie.set_max_age(cookie::time::Duration::seconds(30));
        header_value(&cookie)
    }

    /// The cookie of a half-signed-in browser.
    pub const fn flow(self) -> &'static str {
        if self.secure { "__Host-doorward-flow" } else { "doorward-flow" }
    }

    /// The cookie of a known device.
    pub const fn device(self) -> &'static str {
        if self.secure { "__Host-doorward-device" } else { "doorward-device" }
    }

    /// The cookie that carries the token of an opened link from its address to the page.
    pub const fn link(self) -> &'static str {
        if self.secure { "__Host-doorward-link" } else { "doorward-link" }
    }

    /// The cookie that carries the token of a "not me" address to its page.
    pub const fn not_me(self) -> &'static str {
        if self.secure { "__Host-doorward-not-me" } else { "doorward-not-me" }
    }

    /// The cookie of the language that somebody has chosen.
    pub const fn language(self) -> &'static str {
        if self.secure { "__Host-doorward-language" } else { "doorward-language" }
    }

    /// Keeps a chosen language.
    pub fn set_language(self, language: Language) -> Option<HeaderValue> {
        let mut cookie = self.cookie(self.language(), language.tag().to_owned());
        cookie.set_max_age(cookie::time::Duration::days(365));
        header_value(&cookie)
    }

    /// The cookie that carries a word of success over a redirect.
    pub const fn done(self) -> &'static str {
        if self.secure { "__Host-doorward-done" } else { "doorward-done" }
    }

    /// Sets the word of success.
    pub fn set_done(self, word: &'static str) -> Option<HeaderValue> {
        header_value(&self.cookie(self.done(), word.to_owned()))
    }

    /// The cookie that carries the token of an invitation from its address to its page.
    pub const fn invitation(self) -> &'static str {
        if self.secure { "__Host-doorward-invitation" } else { "doorward-invitation" }
    }

    /// Sets the invitation cookie.
    pub fn set_invitation(self, token: &InvitationToken) -> Option<HeaderValue> {
        header_value(&self.cookie(self.invitation(), tokens::encode_invitation(token)))
    }

    /// Sets the "not me" cookie.
    pub fn set_not_me(self, token: &str) -> Option<HeaderValue> {
        header_value(&self.cookie(self.not_me(), token.to_owned()))
    }

    /// Sets the device cookie.
    pub fn set_device(
        self,
        keys: &KeyRing,
        keep: &DeviceToKeep,
        host: &HostName,
    ) -> Option<HeaderValue> {
        let value = tokens::encode_device(keys, &keep.cookie, host);
        let mut cookie = self.cookie(self.device(), value);
        cookie.set_max_age(cookie::time::Duration::try_from(keep.kept_for).ok());
        header_value(&cookie)
    }

    /// Sets the link cookie.
    pub fn set_link(self, token: &LinkToken) -> Option<HeaderValue> {
        header_value(&self.cookie(self.link(), tokens::encode_link(token)))
    }

    /// Sets the session cookie of `host`: of all hosts under it, where they share one.
    pub fn set_session(
        self,
        keys: &KeyRing,
        opened: &Opened,
        host: &HostName,
    ) -> Option<HeaderValue> {
        let value = tokens::encode_session(keys, &opened.token, host);
        let mut cookie = self.session_cookie(value, host);
        if let Some(remembered_for) = opened.remembered_for {
            cookie.set_max_age(cookie::time::Duration::try_from(remembered_for).ok());
        }
        header_value(&cookie)
    }

    /// Sets the flow cookie.
    pub fn set_flow(
        self,
        keys: &KeyRing,
        flow: &FlowSecret,
        host: &HostName,
    ) -> Option<HeaderValue> {
        header_value(&self.cookie(self.flow(), tokens::encode_flow(keys, flow, host)))
    }

    /// Takes the session cookie of `host` away.
    pub fn expire_session(self, host: &HostName) -> Option<HeaderValue> {
        let mut cookie = self.session_cookie(String::new(), host);
        cookie.make_removal();
        header_value(&cookie)
    }

    fn session_cookie(self, value: String, host: &HostName) -> Cookie<'static> {
        let mut cookie = self.cookie(self.session(), value);
        if self.shared {
            cookie.set_domain(host.to_string());
        }
        cookie
    }

    /// Takes the cookie of this name away.
    pub fn expire(self, name: &'static str) -> Option<HeaderValue> {
        let mut cookie = self.cookie(name, String::new());
        cookie.make_removal();
        header_value(&cookie)
    }

    fn cookie(self, name: &'static str, value: String) -> Cookie<'static> {
        Cookie::build((name, value))
            .path("/")
            .http_only(true)
            .secure(self.secure)
            .same_site(SameSite::Lax)
            .build()
    }
}

fn header_value(cookie: &Cookie<'_>) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&cookie.to_string()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The values of the cookies called `name`, in the order in which they came. Cookies of others are no text to us:
/// an app may set one in any bytes, and the browser sends it in one line with ours.
pub fn values<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| std::str::from_utf8(pair).ok()?.trim().split_once('='))
        .filter_map(move |(found, value)| (found == name).then_some(value))
}

/// The flow secret of this browser on this host, if its cookie is one of ours.
pub fn flow_secret(
    headers: &HeaderMap,
    names: CookieNames,
    keys: &KeyRing,
    host: &HostName,
) -> Option<FlowSecret> {
    values(headers, names.flow()).find_map(|value| tokens::decode_flow(keys, value, host))
}

/// How often this browser has signed in within the last few minutes. Nothing depends on it but a page that says why the
/// next one will come to nothing either, so that nobody gains by changing it.
pub fn arrivals(headers: &HeaderMap, names: CookieNames, now: Timestamp) -> u8 {
    let count = values(headers, names.arrived())
        .filter_map(|value| value.split_once('.'))
        .filter_map(|(count, at)| Some((count.parse().ok()?, at.parse::<i64>().ok()?)))
        .find_map(|(count, at)| (now.as_secs().abs_diff(at) < ARRIVED_LATELY).then_some(count));
    count.unwrap_or(0)
}

/// In seconds.
const ARRIVED_LATELY: u64 = 5 * 60;

/// The secret under which forms of this browser are kept on this host.
pub fn draft_secret(
    headers: &HeaderMap,
    names: CookieNames,
    keys: &KeyRing,
    host: &HostName,
) -> Option<DraftSecret> {
    values(headers, names.draft()).find_map(|value| tokens::decode_draft_secret(keys, value, host))
}

/// The form that a post to `target` is for, if it is for one.
pub fn resumed<'a>(
    headers: &'a HeaderMap,
    names: CookieNames,
    target: &ReturnTo,
) -> Option<&'a str> {
    let mark = page_mark(target);
    values(headers, names.resume())
        .filter_map(|value| value.split_once('.'))
        .find_map(|(token, of)| (of == mark).then_some(token))
}

/// The device that this browser shows on this host.
pub fn device(
    headers: &HeaderMap,
    names: CookieNames,
    keys: &KeyRing,
    host: &HostName,
) -> Option<DeviceCookie> {
    values(headers, names.device()).find_map(|value| tokens::decode_device(keys, value, host))
}

/// How often this browser was sent to the portal for `page`, a moment ago. Nothing depends on it but a page that says
/// why it ends, so that nobody gains by changing it.
pub fn trips(headers: &HeaderMap, names: CookieNames, page: &ReturnTo) -> u8 {
    let mark = page_mark(page);
    let count = values(headers, names.trips())
        .filter_map(|value| value.split_once('.'))
        .find_map(|(trips, of)| (of == mark).then(|| trips.parse().ok())?);
    count.unwrap_or(0)
}

/// A few characters that tell one page from another.
fn page_mark(page: &ReturnTo) -> String {
    let hash = Sha256::digest(page.as_str().as_bytes());
    base64url(hash.get(..6).unwrap_or_default())
}

/// The token of the link that this browser has opened.
pub fn link_token(headers: &HeaderMap, names: CookieNames) -> Option<LinkToken> {
    values(headers, names.link()).find_map(tokens::decode_link)
}

/// The token of the invitation that this browser has opened.
pub fn invitation_token(headers: &HeaderMap, names: CookieNames) -> Option<InvitationToken> {
    values(headers, names.invitation()).find_map(tokens::decode_invitation)
}

/// Whether a cookie of this name is doorward's, with or without a prefix: it never reaches an upstream, and no
/// upstream may set it (S30). Letter case does not count, as some apps fold it.
pub fn is_ours(name: &str) -> bool {
    let name = name.trim().to_ascii_lowercase();
    let bare = ["__host-", "__secure-", "__http-", "__host-http-"]
        .iter()
        .rev()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(&name);
    bare.strip_prefix("doorward").is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s29_cookies_are_bound_to_host_and_hidden_from_scripts() {
        let names = CookieNames::of(&"https://a.example".parse().unwrap());
        let expired = names.expire(names.session()).unwrap();
        let text = expired.to_str().unwrap();
        assert!(text.starts_with("__Host-doorward=;"), "{text}");
        for part in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/", "Max-Age=0"] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert!(!text.contains("Domain"));
        let plain = CookieNames::of(&"http://localhost:8000".parse().unwrap());
        assert_eq!(plain.session(), "doorward");
    }

    #[test]
    fn a_cookie_of_the_app_in_other_letters_hides_none_of_ours() {
        let mut headers = HeaderMap::new();
        let line = HeaderValue::from_bytes("name=Zo\u{eb}; doorward=ours".as_bytes()).unwrap();
        headers.append(header::COOKIE, line);
        let latin1 = HeaderValue::from_bytes(b"name=Zo\xeb; doorward=too").unwrap();
        headers.append(header::COOKIE, latin1);
        assert_eq!(values(&headers, "doorward").collect::<Vec<_>>(), ["ours", "too"]);
    }

    #[test]
    fn s30_our_cookies_are_known_by_every_spelling() {
        for ours in [
            "doorward",
            "__Host-doorward",
            "__Host-doorward-flow",
            "__Secure-doorward",
            "DOORWARD-flow",
            "__host-Doorward-device",
            "__Host-Http-doorward",
            " doorward ",
        ] {
            assert!(is_ours(ours), "{ours}");
        }
        for theirs in ["session", "doorwards", "my-doorward", "__Host-session", "door"] {
            assert!(!is_ours(theirs), "{theirs}");
        }
    }
}
