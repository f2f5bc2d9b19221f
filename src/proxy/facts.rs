//! What a request is, read once: one host, one path, one client. Whatever two parsers could read differently ends
//! here with 400 (S48, S49, S50).

use std::net::IpAddr;

use http::header::AsHeaderName;
use http::{HeaderMap, Method, Version, header};
use pingora::http::RequestHeader;

use crate::domain::address::TrustedProxies;
use crate::domain::client::{Client, UserAgent};
use crate::domain::host::Authority;
use crate::domain::path::{BadPath, RequestPath};

/// What a request is.
#[derive(Clone, Debug)]
pub(super) struct RequestFacts {
    pub(super) method: Method,
    pub(super) authority: Authority,
    pub(super) path: RequestPath,
    pub(super) client: Client,
    /// The address at the other end of the connection.
    pub(super) peer: IpAddr,
    pub(super) kind: RequestKind,
}

/// What a request is for, as far as it tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestKind {
    /// A person's browser loads a page.
    Page,
    /// A WebSocket begins.
    WebSocket,
    /// Anything else.
    Other,
}

/// Why a request is refused before any site or policy is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadRequest {
    Method,
    Target(BadPath),
    Host,
    Headers,
    Length,
    /// A proxy that asks by forward-auth does not tell of one request and of it alone.
    Question,
    /// No site has that host.
    UnknownSite,
}

/// The most header fields that a request may have.
const MAX_FIELDS: usize = 100;
/// The largest head that is looked at, in bytes of names and values.
const MAX_HEAD: usize = 64 * 1024;

impl RequestFacts {
    /// Reads the head of a request that came from `peer`.
    pub(super) fn read(
        head: &RequestHeader,
        peer: IpAddr,
        trusted: &TrustedProxies,
    ) -> Result<Self, BadRequest> {
        check_size(head)?;
        check_framing(&head.headers)?;
        let method = head.method.clone();
        check_method(&method)?;
        let authority = authority(head)?;
        let path = path(head)?;
        let client = Client {
            address: trusted.client_address(peer, lines(&head.headers, "x-forwarded-for")),
            user_agent: UserAgent::from(text(&head.headers, header::USER_AGENT)),
        };
        let kind = kind(&method, &head.headers);
        Ok(Self { method, authority, path, client, peer, kind })
    }
}

/// Refuses methods that are not for apps, or that not every server reads in the same way.
pub(super) fn check_method(method: &Method) -> Result<(), BadRequest> {
    let not_for_apps = matches!(method.as_str(), "TRACE" | "TRACK" | "CONNECT");
    if not_for_apps || !is_plain(method.as_str()) { Err(BadRequest::Method) } else { Ok(()) }
}

/// Methods are upper-case words; others are forwarded by nobody in the same way.
fn is_plain(method: &str) -> bool {
    method.len() <= 32 && method.bytes().all(|b| b.is_ascii_uppercase() || b == b'-')
}

fn check_size(head: &RequestHeader) -> Result<(), BadRequest> {
    let headers = &head.headers;
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let mut fields = headers.len();
    if head.version == Version::HTTP_2 {
        // Browsers send each cookie in a field of its own (RFC 9113 section 8.2.3); apps get them in one.
        let cookies = headers.get_all(header::COOKIE).iter().count();
        fields -= cookies.saturating_sub(1);
    }
    if fields > MAX_FIELDS || bytes > MAX_HEAD { Err(BadRequest::Headers) } else { Ok(()) }
}

/// One length, in digits, and never beside a transfer coding (RFC 9112 section 6.3). Of the codings we know chunked
/// alone, and what another one has coded would be forwarded without its name (section 6.1).
fn check_framing(headers: &HeaderMap) -> Result<(), BadRequest> {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    if let Some(coding) = codings.next()
        && (!coding.as_bytes().eq_ignore_ascii_case(b"chunked") || codings.next().is_some())
    {
        return Err(BadRequest::Length);
    }
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    if let Some(length) = lengths.next() {
        let digits = !length.is_empty() && length.as_bytes().iter().all(u8::is_ascii_digit);
        if !digits || lengths.next().is_some() || headers.contains_key(header::TRANSFER_ENCODING) {
            return Err(BadRequest::Length);
        }
    }
    Ok(())
}

/// The one `Host` (RFC 9112 section 3.2); with HTTP/2 the `:authority`, and a `Host` beside it that is the same
/// (RFC 9113 section 8.3.1).
fn authority(head: &RequestHeader) -> Result<Authority, BadRequest> {
    let mut hosts = head.headers.get_all(header::HOST).iter();
    let host = match hosts.next() {
        Some(host) => Some(host.to_str().map_err(|_| BadRequest::Host)?),
        None => None,
    };
    if hosts.next().is_some() {
        return Err(BadRequest::Host);
    }
    let asked = head.uri.authority().filter(|_| head.version == Version::HTTP_2);
    let named = match (asked.map(http::uri::Authority::as_str), host) {
        (Some(asked), Some(host)) if asked != host => return Err(BadRequest::Host),
        (Some(named), _) | (None, Some(named)) => named,
        (None, None) => return Err(BadRequest::Host),
    };
    named.parse().map_err(|_| BadRequest::Host)
}

fn path(head: &RequestHeader) -> Result<RequestPath, BadRequest> {
    let absolute = head.uri.scheme().is_some() || head.uri.authority().is_some();
    if absolute && head.version != Version::HTTP_2 {
        return Err(BadRequest::Target(BadPath::NotOriginForm));
    }
    // HTTP/2 is spoken over TLS alone here: what names another scheme was meant for somebody else.
    let other = head.uri.scheme().is_some_and(|scheme| *scheme != http::uri::Scheme::HTTPS);
    if head.version == Version::HTTP_2 && other {
        return Err(BadRequest::Target(BadPath::NotOriginForm));
    }
    let target =
        std::str::from_utf8(head.raw_path()).map_err(|_| BadRequest::Target(BadPath::Ambiguous))?;
    RequestPath::parse(target).map_err(BadRequest::Target)
}

/// By what the browser says it is for (Fetch metadata), else by what it would take.
pub(super) fn kind(method: &Method, headers: &HeaderMap) -> RequestKind {
    if is_websocket(headers) {
        return RequestKind::WebSocket;
    }
    let page = match (text(headers, "sec-fetch-mode"), text(headers, "sec-fetch-dest")) {
        ("", "") => {
            matches!(*method, Method::GET | Method::HEAD)
                && text(headers, "x-requested-with").is_empty()
                && text(headers, header::ACCEPT).contains("text/html")
        }
        (mode, dest) => mode == "navigate" && matches!(dest, "" | "document"),
    };
    if page { RequestKind::Page } else { RequestKind::Other }
}

/// Whether a request asks for the WebSocket protocol (RFC 6455 section 4.1).
fn is_websocket(headers: &HeaderMap) -> bool {
    lines(headers, header::UPGRADE)
        .flat_map(|line| line.split(','))
        .any(|token| token.trim().eq_ignore_ascii_case("websocket"))
}

/// The value of a header that is there once as plain text; empty otherwise.
pub(super) fn text(headers: &HeaderMap, name: impl AsHeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The lines of a header that are plain text.
pub(super) fn lines(
    headers: &HeaderMap,
    name: impl AsHeaderName,
) -> impl DoubleEndedIterator<Item = &str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        method: &str,
        target: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<RequestFacts, BadRequest> {
        let mut head = RequestHeader::build(method, target.as_bytes(), None).unwrap();
        for (name, value) in headers {
            head.append_header(*name, value.to_owned()).unwrap();
        }
        RequestFacts::read(&head, "192.0.2.1".parse().unwrap(), &TrustedProxies::default())
    }

    const HOST: (&str, &str) = ("Host", "wiki.example.com");

    #[test]
    fn s49_there_is_one_host_or_none_at_all() {
        assert!(read("GET", "/", &[HOST]).is_ok());
        for hosts in
            [&[][..], &[HOST, HOST], &[("Host", "")], &[("Host", "a b")], &[("Host", "a,b")]]
        {
            assert_eq!(read("GET", "/", hosts).unwrap_err(), BadRequest::Host, "{hosts:?}");
        }
        let absolute = read("GET", "http://other.example/x", &[HOST]).unwrap_err();
        assert_eq!(absolute, BadRequest::Target(BadPath::NotOriginForm));
    }

    #[test]
    fn s49_over_http_2_the_authority_is_the_host_and_no_other_is_beside_it() {
        let read = |uri: &str, headers: &[(&'static str, &str)]| {
            let mut head = RequestHeader::build("GET", b"/", None).unwrap();
            head.set_version(Version::HTTP_2);
            head.set_uri(uri.parse().unwrap());
            for (name, value) in headers {
                head.append_header(*name, value.to_owned()).unwrap();
            }
            RequestFacts::read(&head, "192.0.2.1".parse().unwrap(), &TrustedProxies::default())
        };
        let facts = read("https://wiki.example.com:8443/a?b", &[]).unwrap();
        assert_eq!(facts.authority.to_string(), "wiki.example.com:8443");
        assert_eq!(facts.path.to_string(), "/a?b");
        assert!(read("https://wiki.example.com/", &[HOST]).is_ok());
        for hosts in [&[HOST, HOST][..], &[("Host", "other.example")], &[("Host", "")]] {
            let bad = read("https://wiki.example.com/", hosts).unwrap_err();
            assert_eq!(bad, BadRequest::Host, "{hosts:?}");
        }
        assert_eq!(read("/a", &[]).unwrap_err(), BadRequest::Host);
        let plain = read("http://wiki.example.com/", &[]).unwrap_err();
        assert_eq!(plain, BadRequest::Target(BadPath::NotOriginForm));
        let crumbs = vec![("Cookie", "a=1"); 300];
        assert!(read("https://wiki.example.com/", &crumbs).is_ok());
        let fields = vec![("X-Field", "a"); 101];
        assert_eq!(read("https://wiki.example.com/", &fields).unwrap_err(), BadRequest::Headers);
    }

    #[test]
    fn s50_a_body_has_one_length() {
        for lengths in [
            &[HOST, ("Content-Length", "3, 3")][..],
            &[HOST, ("Content-Length", "3"), ("Content-Length", "3")],
            &[HOST, ("Content-Length", "+3")],
            &[HOST, ("Content-Length", "")],
            &[HOST, ("Content-Length", "3"), ("Transfer-Encoding", "chunked")],
            &[HOST, ("Transfer-Encoding", "gzip, chunked")],
            &[HOST, ("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")],
        ] {
            assert_eq!(read("POST", "/", lengths).unwrap_err(), BadRequest::Length, "{lengths:?}");
        }
    }

    #[test]
    fn strange_methods_are_refused_and_webdav_is_not() {
        for method in ["TRACE", "TRACK", "CONNECT", "get", "G3T"] {
            assert_eq!(read(method, "/", &[HOST]).unwrap_err(), BadRequest::Method, "{method}");
        }
        for method in ["PROPFIND", "REPORT", "M-SEARCH", "PATCH"] {
            assert!(read(method, "/", &[HOST]).is_ok(), "{method}");
        }
    }

    #[test]
    fn a_page_load_is_told_from_a_call() {
        let kind = |headers: &[(&'static str, &str)]| {
            let headers: Vec<_> = [HOST].iter().chain(headers).copied().collect();
            read("GET", "/", &headers).unwrap().kind
        };
        assert_eq!(
            kind(&[("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")]),
            RequestKind::Page
        );
        assert_eq!(
            kind(&[("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "iframe")]),
            RequestKind::Other
        );
        assert_eq!(
            kind(&[("Sec-Fetch-Mode", "cors"), ("Accept", "text/html")]),
            RequestKind::Other
        );
        assert_eq!(kind(&[("Accept", "text/html,*/*")]), RequestKind::Page);
        assert_eq!(kind(&[("Accept", "*/*")]), RequestKind::Other);
        assert_eq!(
            kind(&[("Upgrade", "WebSocket"), ("Connection", "upgrade")]),
            RequestKind::WebSocket
        );
    }
}
