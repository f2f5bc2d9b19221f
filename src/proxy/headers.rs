//! What an app gets and what it may answer: plain functions over headers, called by the gateway's phases.

use std::net::IpAddr;
use std::time::Duration;

use http::{HeaderName, HeaderValue, header};
use pingora::http::ResponseHeader;

use crate::auth::sessions::SignedIn;
use crate::domain::host::HostName;
use crate::domain::id::RequestId;
use crate::domain::time::Timestamp;
use crate::identity::assertion::{Asserter, Subject};
use crate::identity::headers::{AliasFilter, IdentityHeaderNames, IdentityValues};
use crate::identity::ring::Ring;
use crate::identity::signature::{SignedParts, Signer};
use crate::policy::Admitted;
use crate::portal::cookies;

use super::facts::{RequestFacts, RequestKind};
use super::outgoing::{Outgoing, Spelled};

/// How the identity of requests to one site is written.
#[derive(Debug)]
pub(super) struct IdentityWriter {
    pub(super) names: IdentityHeaderNames,
    pub(super) aliases: AliasFilter,
    /// The site, by which the ring may have another signer.
    pub(super) host: HostName,
    pub(super) signer: Signer,
    pub(super) asserter: Asserter,
}

/// What is told of one request.
pub(super) struct Told<'a> {
    /// The path that the app gets.
    pub(super) path: &'a str,
    /// The `Host` that the app gets.
    pub(super) host: &'a HeaderValue,
    pub(super) admitted: &'a Admitted,
    pub(super) signed_in: Option<&'a SignedIn>,
    pub(super) ring: &'a Ring,
    pub(super) now: Timestamp,
    pub(super) nonce: [u8; 16],
}

const HTTP2_SETTINGS: HeaderName = HeaderName::from_static("http2-settings");
const COOKIE: Spelled = Spelled::new(header::COOKIE, "Cookie");
const SIGNATURE: Spelled = Spelled::new(HeaderName::from_static("signature"), "Signature");
const SIGNATURE_INPUT: Spelled =
    Spelled::new(HeaderName::from_static("signature-input"), "Signature-Input");
const X_FORWARDED_FOR: Spelled =
    Spelled::new(HeaderName::from_static("x-forwarded-for"), "X-Forwarded-For");
const X_FORWARDED_HOST: Spelled =
    Spelled::new(HeaderName::from_static("x-forwarded-host"), "X-Forwarded-Host");
const X_FORWARDED_PROTO: Spelled =
    Spelled::new(HeaderName::from_static("x-forwarded-proto"), "X-Forwarded-Proto");
const X_REQUEST_ID: Spelled = Spelled::new(HeaderName::from_static("x-request-id"), "X-Request-Id");

/// What proxies say of the request before us: ours replace them, so that no client's copy survives (S45).
const FORWARDING: [&str; 9] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-forwarded-scheme",
    "x-real-ip",
    "x-request-id",
];

/// What makes some apps and servers act on another path, host or client than the ones that were decided on (S48), and
/// CGI programs use a proxy of the client's choice (CVE-2016-5385).
const OVERRIDING: [&str; 11] = [
    "proxy",
    "x-client-ip",
    "x-forwarded-path",
    "x-forwarded-prefix",
    "x-forwarded-ssl",
    "x-forwarded-uri",
    "x-host",
    "x-original-host",
    "x-original-uri",
    "x-original-url",
    "x-rewrite-url",
];

/// What says where a body ends: Pingora goes by the true spelling, and nobody may go by another (S50).
const FRAMING: [&str; 2] = ["content-length", "transfer-encoding"];

/// Whether a name is one of these, spelled as CGI would fold it; of [`FRAMING`], spelled otherwise than it should be.
fn is_unwanted(name: &str) -> bool {
    let first = name.as_bytes().first().map(u8::to_ascii_lowercase);
    matches!(first, Some(b'c' | b'f' | b'p' | b't' | b'x'))
        && (FORWARDING.iter().chain(&OVERRIDING).any(|known| folds_to(name, known))
            || FRAMING.iter().any(|known| folds_to(name, known) && !name.contains('-')))
}

/// Whether CGI would fold a name to the known one.
pub(super) fn folds_to(name: &str, known: &str) -> bool {
    known.len() == name.len()
        && known.bytes().zip(name.bytes()).all(|(known, found)| match found {
            b'_' | b'.' => known == b'-',
            found => known == found.to_ascii_lowercase(),
        })
}

/// Takes off everything that an app could take for doorward's own words: identity headers by every alias, what
/// proxies say, our cookies (S30, S46). Runs after Pingora's hop-by-hop stripping, so that no `Connection` header
/// can take ours away again (S47). Says whether an identity header was among it.
pub(super) fn strip(request: &mut impl Outgoing, aliases: &AliasFilter) -> bool {
    let mut seen_alias = false;
    let mut unwanted: Vec<HeaderName> = Vec::new();
    for name in request.client().keys() {
        let alias = aliases.is_alias(name.as_str());
        seen_alias |= alias;
        if alias || is_unwanted(name.as_str()) {
            unwanted.push(name.clone());
        }
    }
    for name in &unwanted {
        request.take_off(name);
    }
    strip_cookies(request);
    seen_alias
}

/// Takes doorward's own cookies off (S30).
pub(super) fn strip_cookies(request: &mut impl Outgoing) {
    let lines = request.client().get_all(header::COOKIE);
    let any_ours = lines.iter().any(|line| {
        let mut windows = line.as_bytes().windows(8);
        windows.any(|window| {
            matches!(window, [b'd' | b'D', ..]) && window.eq_ignore_ascii_case(b"doorward")
        })
    });
    if !any_ours && lines.iter().nth(1).is_none() {
        return;
    }
    let mut kept: Vec<u8> = Vec::new();
    for pair in lines.iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';')) {
        let pair = pair.trim_ascii();
        if pair.is_empty() || is_ours(pair) {
            continue;
        }
        if !kept.is_empty() {
            kept.extend_from_slice(b"; ");
        }
        kept.extend_from_slice(pair);
    }
    request.take_off(&header::COOKIE);
    if let Ok(value) = HeaderValue::from_bytes(&kept)
        && !kept.is_empty()
    {
        let _ = request.put(COOKIE, value);
    }
}

/// Whether `name=value` is a cookie of ours. One without a name, `=name=value`, comes back from the browser as
/// `name=value`, and counts as that.
fn is_ours(cookie: &[u8]) -> bool {
    let first = cookie.iter().position(|byte| !matches!(byte, b'=' | b' ' | b'\t'));
    let named = cookie.get(first.unwrap_or_default()..).unwrap_or_default();
    let name = named.split(|byte| *byte == b'=').next().unwrap_or_default();
    cookies::is_ours(&String::from_utf8_lossy(name))
}

/// Tells the app how the request reached us.
pub(super) fn forward(
    request: &mut impl Outgoing,
    facts: &RequestFacts,
    authority: &HeaderValue,
    scheme: &'static str,
    id: RequestId,
) -> pingora::Result<()> {
    let client: IpAddr = facts.client.address;
    let chain = if client == facts.peer.to_canonical() {
        client.to_string()
    } else {
        format!("{client}, {}", facts.peer.to_canonical())
    };
    request.put(X_FORWARDED_FOR, text(chain)?)?;
    request.put(X_FORWARDED_PROTO, HeaderValue::from_static(scheme))?;
    request.put(X_FORWARDED_HOST, authority.clone())?;
    request.put(X_REQUEST_ID, text(id.to_string())?)?;
    // Any other protocol would leave the conversation that the policy decided on, also where it is offered beside
    // WebSockets (S50).
    if request.client().contains_key(header::UPGRADE) {
        request.take_off(&HTTP2_SETTINGS);
        if facts.kind == RequestKind::WebSocket {
            request.put(&header::UPGRADE, HeaderValue::from_static("websocket"))?;
            request.put(&header::CONNECTION, HeaderValue::from_static("Upgrade"))?;
        } else {
            request.take_off(&header::UPGRADE);
            request.take_off(&header::CONNECTION);
        }
    }
    Ok(())
}

/// A value that doorward makes.
pub(super) fn text(value: String) -> pingora::Result<HeaderValue> {
    HeaderValue::try_from(value).map_err(|error| {
        let kind = pingora::ErrorType::InvalidHTTPHeader;
        pingora::Error::because(kind, "a header could not be written", error)
    })
}

/// Writes who is asking, and signs it with the request. Only an [`Admitted`] request has somebody to write.
pub(super) fn identify(
    request: &mut impl Outgoing,
    facts: &RequestFacts,
    writer: &IdentityWriter,
    told: &Told<'_>,
) -> pingora::Result<()> {
    let values = told.admitted.identity().map(|identity| IdentityValues::new(identity));
    let assertion = assertion(writer, told);
    let named = values
        .as_ref()
        .map(|values| values.named(&writer.names, assertion.as_ref()))
        .unwrap_or_default();
    for (name, value) in named.into_iter().flatten() {
        request.put(name, value.clone())?;
    }
    let parts = SignedParts {
        method: &facts.method,
        authority: told.host.to_str().unwrap_or_default(),
        path: told.path,
        query: facts.path.query(),
        headers: &named,
    };
    let signer = told.ring.signer(&writer.host, told.now).unwrap_or(&writer.signer);
    match signer.sign(&parts, told.now, told.nonce) {
        Ok(signed) => {
            request.put(SIGNATURE_INPUT, signed.input)?;
            request.put(SIGNATURE, signed.signature)?;
        }
        Err(error) => {
            tracing::error!(%error, "a request could not be signed and was not forwarded");
            return pingora::Error::e_explain(
                pingora::ErrorType::HTTPStatus(400),
                error.to_string(),
            );
        }
    }
    Ok(())
}

/// The assertion about whom the policy has admitted, if the app gets one. Without it the app is told as much by the
/// signature; one that wants the assertion refuses.
fn assertion(writer: &IdentityWriter, told: &Told<'_>) -> Option<HeaderValue> {
    writer.names.assertion.as_ref()?;
    let (identity, signed_in) = (told.admitted.identity()?, told.signed_in?);
    let subject = Subject {
        identity,
        session: signed_in.session.id,
        methods: &signed_in.session.methods,
        authenticated_at: signed_in.session.authenticated_at,
    };
    match writer.asserter.assertion(&subject, told.ring, &signed_in.assertions, told.now) {
        Ok(assertion) => Some(assertion),
        Err(error) => {
            tracing::error!(%error, "a request went without its assertion");
            None
        }
    }
}

/// Refuses the change to a protocol that nobody asked for: what follows would be no HTTP (S50).
pub(super) fn check_switch(response: &ResponseHeader, is_websocket: bool) -> pingora::Result<()> {
    if response.status == http::StatusCode::SWITCHING_PROTOCOLS && !is_websocket {
        let error = "an app changed the protocol unasked";
        return Err(pingora::Error::explain(pingora::ErrorType::InvalidHTTPHeader, error).into_up());
    }
    Ok(())
}

/// Says one length once. Pingora lets `2, 2` and equal lines pass, and not everybody behind whom clients are reads those
/// as it does (RFC 9110 section 8.6, S50).
pub(super) fn say_length_once(response: &mut ResponseHeader) -> pingora::Result<()> {
    let mut lengths = response.headers.get_all(header::CONTENT_LENGTH).iter();
    let Some(first) = lengths.next() else { return Ok(()) };
    if lengths.next().is_none() && first.as_bytes().iter().all(u8::is_ascii_digit) {
        return Ok(());
    }
    let said = first.as_bytes().split(|byte| *byte == b',').next().unwrap_or_default();
    match HeaderValue::from_bytes(said.trim_ascii()) {
        Ok(once) => response.insert_header(header::CONTENT_LENGTH, once),
        Err(_) => Ok(()),
    }
}

/// Keeps an app from setting doorward's cookies (S30).
pub(super) fn clean_response(response: &mut ResponseHeader) -> pingora::Result<()> {
    let is_ours = |value: &HeaderValue| is_ours(value.as_bytes());
    let cookies: Vec<HeaderValue> =
        response.headers.get_all(header::SET_COOKIE).iter().cloned().collect();
    if cookies.iter().any(is_ours) {
        response.remove_header(&header::SET_COOKIE);
        for cookie in cookies.into_iter().filter(|cookie| !is_ours(cookie)) {
            response.append_header(header::SET_COOKIE, cookie)?;
        }
    }
    Ok(())
}

/// For so long a browser comes by HTTPS alone (RFC 6797). Other hosts under this one are not ours to speak for.
pub(super) fn hsts(span: Duration) -> HeaderValue {
    let value = HeaderValue::try_from(format!("max-age={}", span.as_secs()));
    value.unwrap_or(HeaderValue::from_static("max-age=0"))
}

#[cfg(test)]
mod tests {
    use pingora::http::RequestHeader;

    use super::*;

    fn names() -> IdentityHeaderNames {
        let name = HeaderName::from_static;
        IdentityHeaderNames {
            user: name("remote-user"),
            email: name("remote-email"),
            name: name("remote-name"),
            groups: name("remote-groups"),
            assertion: Some(name("x-doorward-assertion")),
        }
    }

    fn stripped(headers: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut request = RequestHeader::build("GET", b"/", None).unwrap();
        for (name, value) in headers {
            request.append_header(*name, *value).unwrap();
        }
        strip(&mut request, &AliasFilter::new(&names()));
        let kept = request.headers.iter();
        kept.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
    }

    #[test]
    fn s48_s50_nothing_tells_the_app_of_another_request_than_this_one() {
        let unwanted = [
            ("X-Original-URL", "/admin"),
            ("X_Rewrite_Url", "/admin"),
            ("X-Forwarded-Prefix", "/admin"),
            ("Proxy", "http://evil.example"),
            ("X-Forwarded-For", "192.0.2.1"),
            ("Transfer_Encoding", "chunked"),
            ("Content.Length", "44"),
        ];
        assert_eq!(stripped(&unwanted), Vec::<String>::new());
        let wanted = [("Transfer-Encoding", "chunked"), ("Proxy-Hint", "a"), ("X-Hosts", "b")];
        assert_eq!(stripped(&wanted).len(), 3);
    }

    #[test]
    fn s30_our_cookies_are_taken_off_and_theirs_stay() {
        let cookies =
            [("Cookie", "a=1; doorward=x; =doorward=y"), ("Cookie", "=b; __Host-doorward=z")];
        assert_eq!(stripped(&cookies), ["cookie: a=1; =b"]);
    }

    #[test]
    fn s50_an_answer_says_its_length_once() {
        for lengths in [&["2"][..], &["2, 2"], &["2", "2"], &[" 2 ,2"]] {
            let mut response = ResponseHeader::build(200, None).unwrap();
            for length in lengths {
                response.append_header("content-length", *length).unwrap();
            }
            say_length_once(&mut response).unwrap();
            let said: Vec<_> = response.headers.get_all("content-length").iter().collect();
            assert_eq!(said, ["2"], "{lengths:?}");
        }
    }

    #[test]
    fn s30_an_app_sets_no_cookie_that_comes_back_as_ours() {
        let mut response = ResponseHeader::build(200, None).unwrap();
        for cookie in
            ["ok=1; Path=/", "doorward=x", "=doorward=x; Path=/", "\t__Host-doorward-flow=x"]
        {
            response.append_header("set-cookie", cookie).unwrap();
        }
        clean_response(&mut response).unwrap();
        let kept: Vec<_> = response.headers.get_all("set-cookie").iter().collect();
        assert_eq!(kept, ["ok=1; Path=/"]);
    }
}
