//! The shape of a request's head, before anybody asks what it means: what two servers could cut in two ways, or read in
//! two ways, and what is more than a head may be (S50, S53).

use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, Method};
use pingora::http::RequestHeader;
use pingora::protocols::http::ServerSession;

use super::facts::BadRequest;
use crate::domain::connections::HeadLimits;

/// Refuses a head that is larger than it may be, or has more fields.
pub(super) fn size(head: &RequestHeader, limits: &HeadLimits) -> Result<(), BadRequest> {
    let fields = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    let bytes = fields.sum::<usize>() + head.raw_path().len();
    if head.headers.len() > limits.fields || bytes as u64 > limits.size.bytes() {
        return Err(BadRequest::HeadSize);
    }
    Ok(())
}

/// Refuses what [`lines`] does, where there are lines: HTTP/2 has none.
pub(super) fn wire(session: &ServerSession) -> Result<(), BadRequest> {
    session.as_http1().map_or(Ok(()), |session| lines(&session.get_headers_raw_bytes()))
}

/// Refuses a head, as it came, whose lines end otherwise than with CR LF: what takes a bare one for an end and what
/// does not see two requests (RFC 9112 section 2.2).
pub(super) fn lines(head: &[u8]) -> Result<(), BadRequest> {
    let mut before = 0;
    for byte in head {
        if (*byte == b'\n') != (before == b'\r') {
            return Err(BadRequest::Lines);
        }
        before = *byte;
    }
    Ok(())
}

/// Refuses methods that are not for apps, or that not every server reads in the same way.
pub(super) fn method(method: &Method) -> Result<(), BadRequest> {
    let not_for_apps = matches!(method.as_str(), "TRACE" | "TRACK" | "CONNECT");
    if not_for_apps || !is_plain(method.as_str()) { Err(BadRequest::Method) } else { Ok(()) }
}

/// Methods are upper-case words; others are forwarded by nobody in the same way.
fn is_plain(method: &str) -> bool {
    method.len() <= 32
        && method.starts_with(|first: char| first.is_ascii_uppercase())
        && method.bytes().all(|b| b.is_ascii_uppercase() || b == b'-')
}

/// What there is one of: of two, some servers take the first and some the last.
const SINGLE: [HeaderName; 9] = [
    header::AUTHORIZATION,
    header::CONTENT_ENCODING,
    header::CONTENT_RANGE,
    header::CONTENT_TYPE,
    header::EXPECT,
    header::IF_MODIFIED_SINCE,
    header::IF_RANGE,
    header::IF_UNMODIFIED_SINCE,
    header::ORIGIN,
];

/// Refuses a second value of what there is one of, and every expectation but the one that there is (RFC 9110 section
/// 10.1.1): a server that takes another for that waits for a body, or for none.
pub(super) fn fields(headers: &HeaderMap) -> Result<(), BadRequest> {
    let several = headers.keys_len() != headers.len();
    if several && SINGLE.iter().any(|name| headers.get_all(name).iter().nth(1).is_some()) {
        return Err(BadRequest::Headers);
    }
    match headers.get(header::EXPECT) {
        Some(value) if !value.as_bytes().eq_ignore_ascii_case(b"100-continue") => {
            Err(BadRequest::Headers)
        }
        _ => Ok(()),
    }
}

/// One length, in digits, and never beside a transfer coding (RFC 9112 section 6.3). Of the codings we know chunked
/// alone, and what another one has coded would be forwarded without its name (section 6.1).
pub(super) fn framing(headers: &HeaderMap) -> Result<(), BadRequest> {
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

/// Makes one line of several of cookies, as RFC 9113 section 8.2.3 has it: HTTP/2 sends them in crumbs, and an app may
/// read the first line alone where we have read them all.
pub(super) fn join_cookies(head: &mut RequestHeader) -> pingora::Result<()> {
    let lines = head.headers.get_all(header::COOKIE);
    if lines.iter().nth(1).is_none() {
        return Ok(());
    }
    let lines: Vec<&[u8]> = lines.iter().map(HeaderValue::as_bytes).collect();
    // Every byte was part of a header's value before.
    if let Ok(joined) = HeaderValue::from_bytes(&lines.join(&b"; "[..])) {
        head.insert_header(header::COOKIE, joined)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(headers: &[(&'static str, &'static str)]) -> RequestHeader {
        let mut head = RequestHeader::build("GET", b"/", None).unwrap();
        for (name, value) in headers {
            head.append_header(*name, *value).unwrap();
        }
        head
    }

    #[test]
    fn s50_lines_end_with_cr_lf_and_hold_neither() {
        assert_eq!(lines(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Ok(()));
        for bad in [
            &b"GET / HTTP/1.1\nHost: a\n\n"[..],
            b"GET / HTTP/1.1\r\nHost: a\n\r\n",
            b"GET / HTTP/1.1\r\nA: b\rC: d\r\n\r\n",
            b"\nGET / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\r\n\r\n",
        ] {
            assert_eq!(lines(bad), Err(BadRequest::Lines), "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn s50_what_there_is_one_of_comes_once() {
        assert_eq!(fields(&head(&[("Accept", "a"), ("Accept", "b")]).headers), Ok(()));
        assert_eq!(fields(&head(&[("Expect", "100-Continue")]).headers), Ok(()));
        for twice in SINGLE {
            let mut head = head(&[]);
            head.append_header(twice.clone(), "100-continue").unwrap();
            head.append_header(twice.clone(), "100-continue").unwrap();
            assert_eq!(fields(&head.headers), Err(BadRequest::Headers), "{twice}");
        }
        for other in ["", "y 100-continue", "100-continue, 100-continue", "y"] {
            let head = head(&[("Expect", other)]);
            assert_eq!(fields(&head.headers), Err(BadRequest::Headers), "{other}");
        }
    }

    #[test]
    fn s53_a_head_has_its_measure() {
        let limits = HeadLimits::default();
        let mut many = head(&[]);
        for _ in 0..limits.fields {
            many.append_header("A", "b").unwrap();
        }
        assert_eq!(size(&many, &limits), Ok(()));
        many.append_header("A", "b").unwrap();
        assert_eq!(size(&many, &limits), Err(BadRequest::HeadSize));
        let mut large = head(&[]);
        large.append_header("A", "b".repeat(64 * 1024)).unwrap();
        assert_eq!(size(&large, &limits), Err(BadRequest::HeadSize));
    }

    #[test]
    fn crumbs_of_cookies_become_one_line() {
        let mut crumbs = head(&[("Cookie", "a=1"), ("Accept", "*/*"), ("Cookie", "b=2; c=3")]);
        join_cookies(&mut crumbs).unwrap();
        let cookies: Vec<_> = crumbs.headers.get_all(header::COOKIE).iter().collect();
        assert_eq!(cookies, ["a=1; b=2; c=3"]);
    }
}
