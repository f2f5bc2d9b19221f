//! What must hold of whatever anybody sends, as functions over bytes: property tests here and the fuzz targets of
//! `fuzz/` call the same. An `Err` says what did not hold.

use std::net::IpAddr;

use http::HeaderName;
use http::header::COOKIE;
use pingora::http::RequestHeader;

use super::facts::RequestFacts;
use super::{check, headers, proxy_protocol};
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
    proxy_protocol::try_reading(bytes);
    Ok(())
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
            "10.0.0.1", "192.0.2.7", "::1", "::ffff:10.0.0.1", ",", ", ", "\n", "unknown", "\"", "PROXY ", "TCP4 ", "\r\n",
            "\r\n\r\n\0\r\nQUIT\n", "!", "\u{11}",
        ])) {
            held(forwarded(&bytes))?;
        }
    }
}
