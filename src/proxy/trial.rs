//! What must hold of whatever anybody sends, as functions over bytes: property tests here and the fuzz targets of
//! `fuzz/` call the same. An `Err` says what did not hold.

use std::net::IpAddr;

use http::header::COOKIE;
use http::{HeaderName, Method};
use pingora::http::RequestHeader;

use super::facts::RequestFacts;
use super::question::Question;
use super::{check, headers, proxy_protocol, short};
use crate::domain::address::TrustedProxies;
use crate::domain::connections::HeadLimits;
use crate::domain::path::RequestPath;
use crate::domain::return_to::ReturnTo;
use crate::portal::cookies;

type Held = Result<(), String>;

fn hold(holds: bool, what: &str, of: impl std::fmt::Debug) -> Held {
    if holds { Ok(()) } else { Err(format!("{what}: {of:?}")) }
}

/// A request line and header lines, each ended by a line feed.
fn head_of(bytes: &[u8]) -> Option<RequestHeader> {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let line = lines.next()?;
    let space = line.iter().position(|byte| *byte == b' ')?;
    let (method, target) = (line.get(..space)?, line.get(space + 1..)?);
    let mut head = RequestHeader::build(std::str::from_utf8(method).ok()?, target, None).ok()?;
    for line in lines {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let name = HeaderName::from_bytes(line.get(..colon)?).ok()?;
        head.append_header(name, line.get(colon + 1..)?.trim_ascii()).ok()?;
    }
    Some(head)
}

/// A request that is understood has one host, one path and at most one framing, and says again what it said.
pub fn request(bytes: &[u8]) -> Held {
    let Some(mut head) = head_of(bytes) else { return Ok(()) };
    let peer = IpAddr::from([192, 0, 2, 1]);
    let _ = check::lines(bytes);
    let measured = check::size(&head, &HeadLimits::default());
    check::join_cookies(&mut head).map_err(|error| error.to_string())?;
    let Ok(facts) = RequestFacts::read(&head, peer, &TrustedProxies::default()) else {
        return Ok(());
    };
    let count = |name: &str| head.headers.get_all(name).iter().count();
    hold(measured.is_err() || head.headers.len() <= 100, "too many fields", &head)?;
    hold(count("host") == 1, "one host", &head)?;
    hold(count("content-length") + count("transfer-encoding") <= 1, "one framing", &head)?;
    hold(count("cookie") <= 1, "one line of cookies", &head)?;
    hold(facts.client.address == peer, "a stranger is believed", &facts)?;
    let again = facts.authority.to_string().parse();
    hold(again.as_ref() == Ok(&facts.authority), "a host reads back", &facts)?;
    path(facts.path.to_string().as_bytes())
}

/// A path that is taken is forwarded as it came, and leads nowhere but down on every way of reading it.
pub fn path(bytes: &[u8]) -> Held {
    let Some(target) = std::str::from_utf8(bytes).ok() else { return Ok(()) };
    let Ok(path) = RequestPath::parse(target) else { return Ok(()) };
    hold(path.to_string() == target, "it is forwarded as it came", target)?;
    hold(!path.readings().is_empty(), "it is read in some way", target)?;
    for reading in path.readings() {
        let up = reading.split('/').any(|segment| matches!(segment, "." | ".."));
        hold(reading.starts_with('/') && !up, "it leads down", (target, reading))?;
        let odd = reading.contains(['\\', '\0']) || reading.contains("//");
        hold(!odd, "it is plain", (target, reading))?;
    }
    Ok(())
}

/// Whatever cookies come, none of ours goes on, and what is not ours does.
pub fn cookie(bytes: &[u8]) -> Held {
    let mut head = RequestHeader::build("GET", b"/", None).map_err(|error| error.to_string())?;
    for line in bytes.split(|byte| *byte == b'\n') {
        if head.append_header(COOKIE, line).is_err() {
            return Ok(());
        }
    }
    let theirs = |head: &RequestHeader| -> Vec<Vec<u8>> {
        let lines = head.headers.get_all(COOKIE);
        let pairs = lines.iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
        pairs.map(|pair| pair.trim_ascii().to_vec()).filter(|pair| !pair.is_empty()).collect()
    };
    let is_ours = |pair: &Vec<u8>| {
        let text = String::from_utf8_lossy(pair);
        let named = text.trim_start_matches(['=', ' ', '\t']);
        cookies::is_ours(named.split('=').next().unwrap_or_default())
    };
    let mut before = theirs(&head);
    before.retain(|pair| !is_ours(pair));
    headers::strip_cookies(&mut head);
    let after = theirs(&head);
    hold(head.headers.get_all(COOKIE).iter().count() <= 1, "one line", bytes)?;
    hold(!after.iter().any(is_ours), "ours stay here", &after)?;
    hold(after == before, "theirs go on", (&before, &after))
}

/// Wherever somebody is sent after signing in, it is a page of the same origin, as browsers read it (WHATWG).
pub fn return_to(bytes: &[u8]) -> Held {
    let text = String::from_utf8_lossy(bytes);
    let target = ReturnTo::or_front_page(&text);
    let base = url::Url::parse("https://wiki.example.com/_doorward/login");
    let base = base.map_err(|error| error.to_string())?;
    let joined = base.join(target.as_str()).map_err(|error| error.to_string())?;
    hold(joined.origin() == base.origin(), "it stays at home", (&target, joined.as_str()))?;
    // Some servers decode before they redirect again.
    let once = target.as_str().replace("%2f", "/").replace("%2F", "/").replace("%5c", "\\");
    let joined = base.join(&once.replace("%5C", "\\")).map_err(|error| error.to_string())?;
    hold(joined.origin() == base.origin(), "it stays at home decoded", (&target, joined.as_str()))
}

/// Whatever is forwarded, a stranger is who it is, and behind a trusted proxy the client is who the last proxy says.
pub fn forwarded(bytes: &[u8]) -> Held {
    let text = String::from_utf8_lossy(bytes);
    let (stranger, proxy) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([10, 0, 0, 1]));
    let nobody = TrustedProxies::default();
    hold(nobody.client_address(stranger, text.lines()) == stranger, "nobody is believed", &text)?;
    let networks = "10.0.0.0/8".parse().map_err(|_| "a network".to_owned())?;
    let some = TrustedProxies::new(vec![networks]);
    hold(some.client_address(stranger, text.lines()) == stranger, "a stranger is not", &text)?;
    let client = some.client_address(proxy, text.lines());
    let last = text.lines().flat_map(|line| line.split(',')).next_back();
    match last.and_then(|hop| hop.trim().parse::<IpAddr>().ok()).map(|hop| hop.to_canonical()) {
        Some(hop) if !some.contains(hop) => hold(client == hop, "the last hop counts", &text)?,
        Some(_) => {}
        None => hold(client == proxy, "what is no address is none", &text)?,
    }
    Ok(())
}

/// Whatever stands before a connection, whoever is told of is who is named at its place, and nobody else.
pub fn proxy_protocol(bytes: &[u8]) -> Held {
    let (by_text, by_binary) = proxy_protocol::told(bytes);
    if let Some(told) = by_text {
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let text = String::from_utf8_lossy(line);
        let words: Vec<&str> = text.trim_end_matches('\r').split(' ').collect();
        let [_, "TCP4" | "TCP6", source, _, port, _] = words[..] else {
            return Err(format!("{told} of a line of another form: {text:?}"));
        };
        let named = source.parse().ok().zip(port.parse().ok());
        hold(named == Some((told.ip(), told.port())), "it is who is named", (&text, told))?;
    }
    if let Some(told) = by_binary {
        let place = if told.is_ipv4() { (16..20, 24..26) } else { (16..32, 48..50) };
        let address = match told.ip() {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        hold(bytes.get(place.0) == Some(&address[..]), "it is who is named", (bytes, told))?;
        let port = told.port().to_be_bytes();
        hold(bytes.get(place.1) == Some(&port[..]), "at that port", (bytes, told))?;
    }
    Ok(())
}

/// Whatever a proxy tells of a request, what is taken of it is one request, and its client is the last that it names.
pub fn question(bytes: &[u8]) -> Held {
    let Some(head) = head_of(bytes) else { return Ok(()) };
    let proxy = IpAddr::from([10, 0, 0, 1]);
    let networks = "10.0.0.0/8".parse().map_err(|_| "a network".to_owned())?;
    let trusted = TrustedProxies::new(vec![networks]);
    let Ok(asked) = RequestFacts::read(&head, proxy, &trusted) else { return Ok(()) };
    let Ok(question) = Question::read(&head.headers, asked, &trusted) else { return Ok(()) };
    let facts = &question.facts;
    path(facts.path.to_string().as_bytes())?;
    let again = facts.authority.to_string().parse();
    hold(again.as_ref() == Ok(&facts.authority), "a host reads back", &question)?;
    let all = |name: &str| -> Vec<String> {
        let lines = head.headers.get_all(name).iter();
        lines.map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned()).collect()
    };
    let said = all("x-forwarded-for");
    let last = said.last().and_then(|line| line.rsplit(',').next()).unwrap_or_default();
    let last = last.trim().parse::<IpAddr>().map(|address| address.to_canonical());
    match last {
        Ok(hop) if trusted.contains(hop) => {}
        Ok(hop) => hold(facts.client.address == hop, "the last hop counts", &question)?,
        Err(_) => return Err(format!("a question of nobody: {question:?}")),
    }
    let target = facts.path.to_string();
    for name in ["x-forwarded-uri", "x-original-uri"] {
        hold(all(name).iter().all(|other| *other == target), "one path", &question)?;
    }
    for name in ["x-forwarded-method", "x-original-method"] {
        let same = all(name).iter().all(|other| other == facts.method.as_str());
        hold(same, "one method", &question)?;
    }
    Ok(())
}

/// A request that is read on the short way is what Pingora reads in the same bytes.
pub fn short_request(bytes: &[u8]) -> Held {
    short::request::alike::both(bytes)
}

/// An answer that is read here is what Pingora makes of it. The first byte says to which method it is one.
pub fn answer(bytes: &[u8]) -> Held {
    let Some((first, answer)) = bytes.split_first() else { return Ok(()) };
    short::exchange::alike::both(answer, if first % 4 == 0 { &Method::HEAD } else { &Method::GET })
}

/// A question by GraphQL that is within its bounds is not much.
pub fn graphql(bytes: &[u8]) -> Held {
    crate::portal::api::trial::question(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Texts of the pieces that matter, and anything between.
    fn pieces(pieces: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            4 => proptest::sample::select(pieces).prop_map(|piece| piece.as_bytes().to_vec()),
            1 => proptest::collection::vec(any::<u8>(), 0..4),
        ];
        proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    /// What a proxy sends before a connection, in both versions.
    const HEADERS: &[&[u8]] = &[
        b"PROXY TCP4 192.0.2.7 10.0.0.1 54321 443\r\n",
        b"PROXY TCP6 2001:db8::7 ::1 54321 443\r\n",
        b"PROXY UNKNOWN\r\n",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\x0a\0\0\x01\xd4\x31\x01\xbb",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\xd4\x31\x01\xbb",
    ];

    /// Questions in each form.
    const QUESTIONS: &[&str] = &[
        "GET /_doorward/verify\nHost: doorward\nX-Forwarded-For: 192.0.2.7\nX-Forwarded-Method: GET\nX-Forwarded-Proto: https\n\
         X-Forwarded-Host: a.example\nX-Forwarded-Uri: /a\n",
        "GET /_doorward/verify\nHost: doorward\nX-Forwarded-For: 192.0.2.7\nX-Original-Method: GET\nX-Original-URL: https://a.example/a\n",
        "GET /_doorward/verify/a\nHost: a.example\nX-Forwarded-For: 192.0.2.7\nX-Forwarded-Proto: https\n",
    ];

    fn held(held: Held) -> Result<(), TestCaseError> {
        held.map_err(TestCaseError::fail)
    }

    proptest! {
        #[test]
        fn s49_s50_a_request_that_is_understood_has_one_meaning(bytes in pieces(&[
            "GET", "POST", "TRACE", " ", "/", "/a", "\n", "Host: a\n", "Host: A.:80\n", "Host: [::1]\n", "Host:", "a,b",
            "Content-Length: 5\n", "Content-Length: +5\n", "Transfer-Encoding: chunked\n", "Cookie: a=b\n", "http://a/",
            "X-Forwarded-For: 10.0.0.1\n", "Expect: 100-continue\n", "%2e", "..", "?",
        ])) {
            held(request(&bytes))?;
            held(request(&[b"GET /a\nHost: a\n", &bytes[..]].concat()))?;
        }

        #[test]
        fn s48_a_path_that_is_taken_leads_down(bytes in pieces(&[
            "/", "a", ".", "..", "%2e", "%2E", "%2f", "%5c", "%25", "%", "2e", ";", "?", "#", "\\", " ", "é", "%c3%a9", "%00", "//",
        ])) {
            held(path(&bytes))?;
            held(path(&[b"/", &bytes[..]].concat()))?;
        }

        #[test]
        fn s30_s59_of_any_cookies_ours_stay_and_theirs_go_on(bytes in pieces(&[
            "doorward", "__Host-doorward", "DOORWARD-flow", "=", ";", "; ", " ", "\t", "a", "a=b", "\n", "\"",
        ])) {
            held(cookie(&bytes))?;
        }

        #[test]
        fn s51_wherever_somebody_is_sent_is_at_home(bytes in pieces(&[
            "/", "//", "\\", "http:", "https:", "evil.example", "%2f", "%5c", "%09", "\t", "\n", "@", ":", ".", "?", "#", "javascript:",
        ])) {
            held(return_to(&bytes))?;
            held(return_to(&[b"/", &bytes[..]].concat()))?;
        }

        #[test]
        fn s45_whatever_is_forwarded_strangers_are_not_believed(bytes in pieces(&[
            "10.0.0.1", "192.0.2.7", "::1", "::ffff:10.0.0.1", ",", ", ", "\n", "unknown", "\"",
        ])) {
            held(forwarded(&bytes))?;
        }

        #[test]
        fn s45_whoever_the_proxy_protocol_tells_of_is_who_is_named(
            header in proptest::sample::select(HEADERS), slip in pieces(&["0", " ", "\r\n", "\n", "\0", "1", ":", "UNKNOWN"]),
            at in any::<proptest::sample::Index>(), insert in any::<bool>(),
        ) {
            held(proxy_protocol(header))?;
            let (before, after) = header.split_at(at.index(header.len()));
            let after = after.get(if insert { 0 } else { slip.len() }..).unwrap_or_default();
            held(proxy_protocol(&[before, &slip, after].concat()))?;
        }

        #[test]
        fn s45_s49_what_a_proxy_asks_is_about_one_request(bytes in pieces(&[
            "X-Forwarded-For: 192.0.2.8\n", "X-Forwarded-For: 10.0.0.2, x\n", "X-Forwarded-Method: GET\n", "X-Forwarded-Proto: https\n",
            "X-Forwarded-Host: a.example\n", "X-Forwarded-Uri: /a\n", "X-Original-URL: https://a.example/a\n", "X-Original-Method: POST\n",
            "X-Forwarded-For: \u{e9}\n", "X-Forwarded-For: \u{e9}, 192.0.2.9\n", "X-Original-Method: GET\n", "X-Original-URI: /a\n", "X-Original-URI: /b\n", "x-forwarded-", "//", "/%2e%2e/", "\n", "?",
        ])) {
            for asked in QUESTIONS {
                held(question(&[asked.as_bytes(), &bytes].concat()))?;
                held(question(&[asked.trim_end().as_bytes(), &bytes].concat()))?;
            }
        }

        #[test]
        fn s50_an_answer_that_is_read_here_is_what_pingora_reads(bytes in pieces(&[
            "HTTP/1.1 200 OK\r\n", "HTTP/1.1 304 \r\n", "Content-Length: 2\r\n", "Content-Length: 0\r\n", "content-length:02\r\n",
            "Content-Length: 9\r\n", "Connection: close\r\n", "Connection: keep-alive\r\n", "Keep-Alive: timeout=0\r\n",
            "Keep-Alive: timeout=5, max=1\r\n", "Transfer-Encoding: chunked\r\n", "X-a: b\r\n", "X: \t\r\n", "\r\n", "\n", "\r", " ", ":", "ab", "\x7f",
        ]), method in 0_u8..8) {
            for begun in [&b""[..], b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", b"HTTP/1.1 204 \r\n"] {
                for end in [&b""[..], b"\r\nab"] {
                    held(answer(&[&[method], begun, &bytes, end].concat()))?;
                }
            }
        }

        #[test]
        fn s53_a_question_by_graphql_within_its_bounds_is_not_much(bytes in pieces(&[
            "{", "}", "{", "}", "(", ")", "[", "]", "a", "a ", "b ", "...", "...f ", "...g ", "... on T {", "fragment f on T {", "fragment g on T {",
            "query {", "mutation {", "@skip(if: true) ", "\"", "\"\"\"", "#", "\n", "$a", ":", ",",
        ])) {
            held(graphql(&bytes))?;
            held(graphql(&[b"{ ...f } fragment f on T { ", &bytes[..], b" }"].concat()))?;
        }
    }
}
