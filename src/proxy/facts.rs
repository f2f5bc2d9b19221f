//! What a request is, read once: one host, one path, one client. Whatever two parsers could read differently ends
//! here with 400 (S48, S49, S50).

use std::net::IpAddr;

use http::header::AsHeaderName;
use http::{HeaderMap, HeaderValue, Method, Version, header};
use pingora::http::RequestHeader;

use super::check;
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
    /// There are two of what there can be one of, or something else that nobody reads in one way.
    Headers,
    /// Lines end otherwise than with CR LF.
    Lines,
    /// The head is larger than it may be.
    HeadSize,
    Length,
    /// A proxy that asks by forward-auth does not tell of one request and of it alone.
    Question,
    /// No site has that host.
    UnknownSite,
}

impl RequestFacts {
    /// Reads the head of a request that came from `peer`.
    pub(super) fn read(
        head: &RequestHeader,
        peer: IpAddr,
        trusted: &TrustedProxies,
    ) -> Result<Self, BadRequest> {
        check::framing(&head.headers)?;
        check::fields(&head.headers)?;
        let method = head.method.clone();
        check::method(&method)?;
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
        .flat_map(|line| line.split(|byte| *byte == b','))
        .any(|token| token.trim_ascii().eq_ignore_ascii_case(b"websocket"))
}

/// The value of a header that is there once as plain text; empty otherwise.
pub(super) fn text(headers: &HeaderMap, name: impl AsHeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The lines of a header, all of them.
pub(super) fn lines(
    headers: &HeaderMap,
    name: impl AsHeaderName,
) -> impl DoubleEndedIterator<Item = &[u8]> {
    headers.get_all(name).iter().map(HeaderValue::as_bytes)
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
    fn s45_odd_bytes_of_a_client_do_not_hide_what_the_proxy_wrote_behind_them() {
        let trusted = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let mut head = RequestHeader::build("GET", b"/", None).unwrap();
        head.append_header("Host", "wiki.example.com").unwrap();
        let told = HeaderValue::from_bytes(b"\xb2, 192.0.2.7").unwrap();
        head.append_header("X-Forwarded-For", told).unwrap();
        let facts = RequestFacts::read(&head, "10.0.0.1".parse().unwrap(), &trusted).unwrap();
        assert_eq!(facts.client.address.to_string(), "192.0.2.7");
        assert_eq!(facts.peer.to_string(), "10.0.0.1");
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
