//! What a proxy asks at `/_doorward/verify`: whether a request that it has got may go on (forward-auth, G6).
//!
//! It tells of that request by headers, or by the path behind that address. What it tells is read as strictly as a
//! request that comes here itself, and once: what is missing, said twice or said in two ways ends here (S45, S48, S49).
//! Only a proxy that is trusted is heard at all, which the caller has checked.

use std::net::IpAddr;

use http::{HeaderMap, Method};

use crate::domain::address::{TrustedProxies, hop_address};
use crate::domain::asking_proxy::AskingProxy;
use crate::domain::client::Client;
use crate::domain::host::{Authority, Scheme};
use crate::domain::path::RequestPath;

use super::check;
use super::facts::{self, BadRequest, RequestFacts, RequestKind};

/// Where proxies ask.
pub(super) const VERIFY: &str = "/_doorward/verify";

/// What a proxy asks about.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) form: Form,
    /// The scheme by which the client reached the proxy.
    pub(super) scheme: Scheme,
    /// The request that the client sent.
    pub(super) facts: RequestFacts,
}

/// How it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `X-Forwarded-Method`, `-Proto`, `-Host` and `-Uri`.
    Forwarded,
    /// `X-Original-Method`, and `X-Original-URL` with scheme, host and path.
    Original,
    /// Method and host are those of the question; the path comes behind [`VERIFY`].
    Prefixed,
}

impl Form {
    /// The form that a proxy uses. Another one's is not taken for it: a client may have filled in what its own proxy
    /// leaves alone.
    pub(super) const fn of(proxy: AskingProxy) -> Self {
        match proxy {
            AskingProxy::Nginx => Self::Original,
            AskingProxy::Traefik | AskingProxy::Caddy | AskingProxy::HaProxy => Self::Forwarded,
            AskingProxy::Envoy => Self::Prefixed,
        }
    }
}

impl Question {
    /// Whether a request for `path` asks. Another spelling of the address is the portal's, which knows no such page.
    pub(super) fn is_asked_at(path: &str) -> bool {
        path.strip_prefix(VERIFY).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Reads what the question `asked` with these headers is about.
    pub(super) fn read(
        headers: &HeaderMap,
        asked: RequestFacts,
        trusted: &TrustedProxies,
    ) -> Result<Self, BadRequest> {
        let (form, told) = told(headers, &asked)?;
        check::method(&told.method)?;
        contradicts_nothing(headers, &told)?;
        let address = client_address(headers, asked.peer, trusted)?;
        let kind = if headers.contains_key("sec-websocket-key") {
            // Proxies keep `Upgrade` to themselves, as it is about their own connection.
            RequestKind::WebSocket
        } else {
            facts::kind(&told.method, headers)
        };
        let Told { method, scheme, authority, path } = told;
        let client = Client { address, user_agent: asked.client.user_agent };
        let facts = RequestFacts { method, authority, path, client, peer: asked.peer, kind };
        Ok(Self { form, scheme, facts })
    }
}

struct Told {
    method: Method,
    scheme: Scheme,
    authority: Authority,
    path: RequestPath,
}

fn told(headers: &HeaderMap, asked: &RequestFacts) -> Result<(Form, Told), BadRequest> {
    let behind = asked.path.path().strip_prefix(VERIFY).unwrap_or_default();
    if !behind.is_empty() {
        if headers.contains_key("x-original-url") {
            return Err(BadRequest::Question);
        }
        let target = match asked.path.query() {
            Some(query) => format!("{behind}?{query}"),
            None => behind.to_owned(),
        };
        let told = Told {
            method: asked.method.clone(),
            scheme: scheme(one(headers, "x-forwarded-proto")?)?,
            authority: asked.authority.clone(),
            path: path(&target)?,
        };
        return Ok((Form::Prefixed, told));
    }
    if headers.contains_key("x-original-url") {
        let url = one(headers, "x-original-url")?;
        let (before, rest) = url.split_once("://").ok_or(BadRequest::Question)?;
        let (host, target) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let told = Told {
            method: method(one(headers, "x-original-method")?)?,
            scheme: scheme(before)?,
            authority: authority(host)?,
            path: path(target)?,
        };
        return Ok((Form::Original, told));
    }
    let told = Told {
        method: method(one(headers, "x-forwarded-method")?)?,
        scheme: scheme(one(headers, "x-forwarded-proto")?)?,
        authority: authority(one(headers, "x-forwarded-host")?)?,
        path: path(one(headers, "x-forwarded-uri")?)?,
    };
    Ok((Form::Forwarded, told))
}

/// The value of a header that is there once, as plain text.
fn one<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, BadRequest> {
    let mut values = headers.get_all(name).iter();
    match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
        (Some(value), None) => Ok(value),
        _ => Err(BadRequest::Question),
    }
}

/// Some proxies tell of a WebSocket by its own schemes.
fn scheme(text: &str) -> Result<Scheme, BadRequest> {
    match text {
        "http" | "ws" => Ok(Scheme::Http),
        "https" | "wss" => Ok(Scheme::Https),
        _ => Err(BadRequest::Question),
    }
}

fn method(text: &str) -> Result<Method, BadRequest> {
    Method::from_bytes(text.as_bytes()).map_err(|_| BadRequest::Method)
}

fn authority(text: &str) -> Result<Authority, BadRequest> {
    text.parse().map_err(|_| BadRequest::Host)
}

fn path(target: &str) -> Result<RequestPath, BadRequest> {
    RequestPath::parse(target).map_err(BadRequest::Target)
}

/// Whatever else tells of a request must tell of this one: a second opinion is a client's, or of another proxy that
/// read the request differently.
fn contradicts_nothing(headers: &HeaderMap, told: &Told) -> Result<(), BadRequest> {
    let agrees = |name: &str, same: &dyn Fn(&str) -> bool| {
        headers.get_all(name).iter().all(|value| value.to_str().is_ok_and(same))
    };
    let target = told.path.to_string();
    let same_method = |text: &str| text == told.method.as_str();
    let same_host =
        |text: &str| authority(text).is_ok_and(|other| other.host == told.authority.host);
    let same_scheme = |text: &str| scheme(text).is_ok_and(|other| other == told.scheme);
    let same_target = |text: &str| text == target;
    let one_request = agrees("x-forwarded-method", &same_method)
        && agrees("x-original-method", &same_method)
        && agrees("x-forwarded-proto", &same_scheme)
        && agrees("x-forwarded-host", &same_host)
        && agrees("x-original-host", &same_host)
        && agrees("x-forwarded-uri", &same_target)
        && agrees("x-original-uri", &same_target);
    if one_request { Ok(()) } else { Err(BadRequest::Question) }
}

/// The client's address by `X-Forwarded-For`, which must end with one: without it the client would have the proxy's
/// own, for which some rule may open a door.
fn client_address(
    headers: &HeaderMap,
    peer: IpAddr,
    trusted: &TrustedProxies,
) -> Result<IpAddr, BadRequest> {
    let lines = || facts::lines(headers, "x-forwarded-for");
    let last = lines().next_back().and_then(|line| line.rsplit(|byte| *byte == b',').next());
    match last.and_then(hop_address) {
        Some(_) => Ok(trusted.client_address(peer, lines())),
        None => Err(BadRequest::Question),
    }
}

#[cfg(test)]
mod tests {
    use pingora::http::RequestHeader;

    use super::*;
    use crate::domain::path::BadPath;

    const FORWARDED: &[(&str, &str)] = &[
        ("Host", "doorward:8000"),
        ("X-Forwarded-For", "192.0.2.7"),
        ("X-Forwarded-Method", "POST"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "wiki.example.com"),
        ("X-Forwarded-Uri", "/a/b?c=/../d"),
    ];
    const ORIGINAL: &[(&str, &str)] = &[
        ("Host", "doorward:8000"),
        ("X-Forwarded-For", "192.0.2.7"),
        ("X-Original-Method", "POST"),
        ("X-Original-URL", "https://wiki.example.com/a/b?c=/../d"),
    ];
    const PREFIXED: &[(&str, &str)] = &[
        ("Host", "wiki.example.com"),
        ("X-Forwarded-For", "192.0.2.7"),
        ("X-Forwarded-Proto", "https"),
    ];

    fn read(
        method: &str,
        target: &str,
        headers: &[(&'static str, &'static str)],
    ) -> Result<Question, BadRequest> {
        let trusted = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let mut head = RequestHeader::build(method, target.as_bytes(), None).unwrap();
        for (name, value) in headers {
            head.append_header(*name, *value).unwrap();
        }
        let asked = RequestFacts::read(&head, "10.0.0.1".parse().unwrap(), &trusted)?;
        assert!(Question::is_asked_at(asked.path.path()));
        Question::read(&head.headers, asked, &trusted)
    }

    #[test]
    fn each_form_tells_the_same() {
        for (method, target, headers, form) in [
            ("GET", "/_doorward/verify", FORWARDED, Form::Forwarded),
            ("GET", "/_doorward/verify", ORIGINAL, Form::Original),
            ("POST", "/_doorward/verify/a/b?c=/../d", PREFIXED, Form::Prefixed),
        ] {
            let question = read(method, target, headers).unwrap();
            assert_eq!(question.form, form);
            assert_eq!(question.scheme, Scheme::Https);
            assert_eq!(question.facts.method, "POST");
            assert_eq!(question.facts.authority.to_string(), "wiki.example.com");
            assert_eq!(question.facts.path.to_string(), "/a/b?c=/../d");
            assert_eq!(question.facts.client.address.to_string(), "192.0.2.7");
        }
    }

    #[test]
    fn s45_s49_what_is_missing_or_said_twice_is_refused() {
        for whole in [FORWARDED, ORIGINAL, PREFIXED] {
            let target = if whole == PREFIXED { "/_doorward/verify/a" } else { VERIFY };
            for missing in 1..whole.len() {
                let mut headers = whole.to_vec();
                let (name, _) = headers.remove(missing);
                assert!(read("POST", target, &headers).is_err(), "without {name}");
            }
            // The chain of addresses may come in several lines.
            for said in whole.iter().filter(|(name, _)| *name != "X-Forwarded-For") {
                let headers = [whole, &[*said]].concat();
                assert!(read("POST", target, &headers).is_err(), "{} twice", said.0);
            }
        }
    }

    #[test]
    fn s45_s49_a_second_opinion_is_refused() {
        for (name, value) in [
            ("X-Forwarded-Host", "open.example.com"),
            ("X-Forwarded-Uri", "/public"),
            ("X-Forwarded-Method", "GET"),
            ("X-Forwarded-Proto", "http"),
            ("X-Original-Method", "GET"),
            ("X-Original-Uri", "/public"),
            ("X-Original-Host", "open.example.com"),
        ] {
            for (target, whole) in [
                (VERIFY, FORWARDED),
                (VERIFY, ORIGINAL),
                ("/_doorward/verify/a/b?c=/../d", PREFIXED),
            ] {
                let headers = [whole, &[(name, value)]].concat();
                assert!(read("POST", target, &headers).is_err(), "{name}: {value} with {whole:?}");
            }
        }
        // The address of the other form decides on the form: with it nothing of the first is taken.
        let both = [FORWARDED, &[("X-Original-URL", "https://open.example.com/public")]].concat();
        assert!(read("GET", VERIFY, &both).is_err());
        let both = [PREFIXED, &[("X-Original-URL", "https://wiki.example.com/public")]].concat();
        assert!(read("GET", "/_doorward/verify/a", &both).is_err());
    }

    #[test]
    fn s48_the_path_is_read_as_strictly_as_that_of_a_request() {
        for (uri, why) in [
            ("/a/../b", BadPath::DotSegment),
            ("/a/%2e%2e/b", BadPath::DotSegment),
            ("//a", BadPath::EmptySegment),
            ("/a%2fb", BadPath::Ambiguous),
            ("/a\\b", BadPath::Ambiguous),
            ("https://x/a", BadPath::NotOriginForm),
            ("", BadPath::NotOriginForm),
        ] {
            let mut headers = FORWARDED.to_vec();
            headers.pop();
            headers.push(("X-Forwarded-Uri", uri));
            assert_eq!(
                read("GET", VERIFY, &headers).unwrap_err(),
                BadRequest::Target(why),
                "{uri}"
            );
        }
        for url in [
            "wiki.example.com/a",
            "https://wiki.example.com",
            "https://wiki.example.com?/a",
            "https://open.example.com@wiki.example.com/a",
            "https://open.example.com#wiki.example.com/a",
            "https:///a",
            "ftp://wiki.example.com/a",
            "https://a, https://b/",
        ] {
            let mut headers = ORIGINAL.to_vec();
            headers.pop();
            headers.push(("X-Original-URL", url));
            assert!(read("GET", VERIFY, &headers).is_err(), "{url}");
        }
    }

    #[test]
    fn s45_the_client_is_whom_the_proxy_names_last() {
        let with = |line: &'static str| {
            let mut headers = FORWARDED.to_vec();
            headers[1] = ("X-Forwarded-For", line);
            read("GET", VERIFY, &headers).map(|question| question.facts.client.address.to_string())
        };
        assert_eq!(with("198.51.100.1, 192.0.2.7").unwrap(), "192.0.2.7");
        assert_eq!(with("198.51.100.1, 10.0.0.9").unwrap(), "198.51.100.1");
        for junk in ["", "unknown", "192.0.2.7, unix:", "192.0.2.7:443"] {
            assert_eq!(with(junk), Err(BadRequest::Question), "{junk}");
        }
    }

    #[test]
    fn only_the_address_itself_asks() {
        for path in ["/_doorward/verify", "/_doorward/verify/", "/_doorward/verify/a"] {
            assert!(Question::is_asked_at(path), "{path}");
        }
        for path in ["/_doorward/verifya", "/_doorward/%76erify", "/_doorward/Verify", "/verify"] {
            assert!(!Question::is_asked_at(path), "{path}");
        }
    }
}
