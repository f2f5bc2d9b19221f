//! Whether a post comes from one of our own pages in this very browser (S52).

use http::{HeaderMap, header};

use crate::auth::tokens;
use crate::domain::host::Origin;
use crate::domain::keys::KeyRing;
use crate::domain::secret::FlowSecret;
use crate::telemetry::metrics::{SecurityEvent, metrics};

use super::Visit;

/// Why a post is not acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotOurs {
    /// The browser says that another site sent it.
    CrossSite,
    /// Its token is not of this browser: the page is old, or cookies are off.
    Token,
}

/// Checks what the browser says of the sender, then the token. `Sec-Fetch-Site` cannot be set by scripts; browsers
/// without it send `Origin`; programs with neither still need the token, which only our pages carry.
pub(super) fn check(
    visit: &Visit,
    headers: &HeaderMap,
    keys: &KeyRing,
    flow: Option<&FlowSecret>,
    token: &str,
) -> Result<(), NotOurs> {
    if is_cross_site(visit, headers) {
        metrics().security_event(SecurityEvent::CrossSite);
        return Err(NotOurs::CrossSite);
    }
    match flow {
        Some(flow) if tokens::form_token_matches(keys, flow, visit.site.host(), token) => Ok(()),
        _ => Err(NotOurs::Token),
    }
}

/// The site's own page, opened by http where it is served by https.
pub(super) fn is_by_other_scheme(visit: &Visit, headers: &HeaderMap) -> bool {
    let origin = headers.get(header::ORIGIN).and_then(|value| value.to_str().ok());
    let origin = origin.and_then(|origin| origin.parse::<Origin>().ok());
    let own = &visit.site.origin;
    origin.is_some_and(|origin| origin.host == own.host && !origin.is_secure() && own.is_secure())
}

/// The host by which the browser knows the page, where it says that it posts to where the page came from, and we are told
/// of another host: somebody in between has changed it. Only browsers say so, and of nobody else's page.
pub(super) fn other_host(visit: &Visit, headers: &HeaderMap) -> Option<String> {
    let is_own = headers.get("sec-fetch-site").is_some_and(|value| value == "same-origin");
    let origin: Origin = headers.get(header::ORIGIN)?.to_str().ok()?.parse().ok()?;
    let changed = is_own && origin.host != visit.authority.host;
    changed.then(|| origin.authority().to_string())
}

pub(super) fn is_cross_site(visit: &Visit, headers: &HeaderMap) -> bool {
    let fetch_site = headers.get("sec-fetch-site").map(|value| value.as_bytes());
    let vouched = match fetch_site {
        Some(b"same-origin" | b"none") => true,
        Some(_) => return true,
        None => false,
    };
    match headers.get(header::ORIGIN).map(|value| value.to_str()) {
        None => false,
        // A privacy setting may blank the origin; then the browser's own word has to stand for it.
        Some(Ok("null")) => !vouched,
        Some(Ok(origin)) => !visit.site.is_own_origin(origin, &visit.authority),
        Some(Err(_)) => true,
    }
}
