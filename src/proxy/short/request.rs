//! What goes the short way: a head that is there as a whole with the first read, of a request that is a question and
//! nothing more. Whatever else a client may send is read by Pingora, from its first byte; so nothing that two could read
//! in two ways is read here (S50).

use bytes::Bytes;
use http::{HeaderValue, Method, Version, header};
use pingora::http::RequestHeader;

use crate::proxy::check;
use crate::proxy::refusal::grpc;

pub(in crate::proxy) mod alike;

/// The most fields of a head that is read here.
const FIELDS: usize = 64;

/// The request that `read` is, if nobody could read it in another way than this.
pub(super) fn plain(read: &Bytes) -> Option<Box<RequestHeader>> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut asked = httparse::Request::new(&mut fields);
    let httparse::Status::Complete(length) = asked.parse(read).ok()? else { return None };
    // What follows it is a body, or another request before this one is answered.
    if length != read.len() || asked.version != Some(1) || check::lines(read).is_err() {
        return None;
    }
    let (method, target) = (asked.method?, asked.path?.as_bytes());
    let mut head = RequestHeader::build(method, target, Some(asked.headers.len())).ok()?;
    head.set_version(Version::HTTP_11);
    // A form is more than a question, also where it is empty.
    if head.method == Method::POST {
        return None;
    }
    for field in asked.headers.iter() {
        if !is_common(field.name, field.value) {
            return None;
        }
        let value = HeaderValue::from_maybe_shared(read.slice_ref(field.value)).ok()?;
        head.append_header(read.slice_ref(field.name.as_bytes()), value).ok()?;
    }
    Some(Box::new(head))
}

/// Whether a head of HTTP/2, after which nothing comes, is a question and nothing more. What says how long a body is that
/// is not there, and what expects an answer of another shape, is left to Pingora.
pub(super) fn is_plain(head: &RequestHeader) -> bool {
    head.method != Method::POST
        && !head.headers.contains_key(header::CONTENT_LENGTH)
        && head.headers.iter().all(|(name, value)| is_common(name.as_str(), value.as_bytes()))
        && !grpc::is_asked(&head.headers)
}

/// Whether a field is meant for every server on the way, but for the usual words about keeping the connection, and does
/// not make the request more than a question. With anything else it takes Pingora's way, which knows what to take off
/// (S47, S50).
fn is_common(name: &str, value: &[u8]) -> bool {
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    let uncommon = match name.len() {
        2 => is("te"),
        6 => is("expect"),
        7 => is("trailer") || is("upgrade"),
        10 if is("connection") => {
            ![&b"keep-alive"[..], b"close"].iter().any(|word| value.eq_ignore_ascii_case(word))
        }
        10 => is("keep-alive"),
        14 => is("http2-settings") || is("content-length") && value != b"0",
        16 => is("proxy-connection"),
        17 => is("transfer-encoding"),
        18 => is("proxy-authenticate"),
        19 => is("proxy-authorization"),
        _ => false,
    };
    !uncommon
}

/// Whether the word of a `Connection` header ends it with the answer.
pub(in crate::proxy) fn closes(word: &HeaderValue) -> bool {
    word.as_bytes().eq_ignore_ascii_case(b"close")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::{collection, sample};

    use super::*;

    fn read(text: &str) -> Option<Box<RequestHeader>> {
        plain(&Bytes::copy_from_slice(text.as_bytes()))
    }

    fn takes(fields: &str) -> bool {
        read(&format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n")).is_some()
    }

    #[test]
    fn the_usual_question_is_read_here() {
        let head = read("GET /a?b HTTP/1.1\r\nHOST: a\r\nx-A: 1\r\nX-a: 2\r\n\r\n").unwrap();
        assert_eq!((head.method.as_str(), head.raw_path()), ("GET", &b"/a?b"[..]));
        let fields: Vec<_> = head.case_header_iter().map(|(name, _)| name.as_slice()).collect();
        assert_eq!(fields, [&b"HOST"[..], b"x-A", b"X-a"]);
        assert!(takes("Connection: Keep-Alive\r\n") && takes("Connection: close\r\n"));
        assert!(takes("Content-Length: 0\r\n"));
    }

    #[test]
    fn s47_s50_what_is_for_one_connection_alone_takes_pingoras_way() {
        for name in [
            "Connection",
            "Expect",
            "HTTP2-Settings",
            "Keep-Alive",
            "Proxy-Authenticate",
            "Proxy-Authorization",
            "Proxy-Connection",
            "TE",
            "Trailer",
            "Transfer-Encoding",
            "Upgrade",
        ] {
            assert!(!takes(&format!("{name}: Remote-User\r\n")), "{name}");
            assert!(!takes(&format!("{}: a\r\n", name.to_ascii_lowercase())), "{name}");
        }
        assert!(!takes("Connection: keep-alive, Remote-User\r\n"));
        assert!(!takes("Connection: close\r\nConnection: Cookie\r\n"));
    }

    #[test]
    fn s50_over_http_2_what_speaks_of_more_than_a_question_takes_pingoras_way() {
        let plain = |method: &str, fields: &[(&'static str, &str)]| {
            let mut asked = http::Request::builder().method(method).uri("https://a/x");
            for (name, value) in fields {
                asked = asked.header(*name, *value);
            }
            is_plain(&RequestHeader::from(asked.body(()).unwrap().into_parts().0))
        };
        assert!(plain("GET", &[("accept", "*/*"), ("cookie", "a"), ("cookie", "b")]));
        assert!(plain("DELETE", &[]) && plain("HEAD", &[]) && !plain("POST", &[]));
        for name in ["content-length", "expect", "proxy-authorization", "te", "trailer", "upgrade"]
        {
            assert!(!plain("GET", &[("a", "b"), (name, "0")]), "{name}");
        }
        assert!(!plain("GET", &[("content-type", "application/grpc+proto")]));
        assert!(plain("GET", &[("content-type", "application/json")]));
    }

    #[test]
    fn s50_whatever_could_be_read_in_two_ways_is_left_to_pingora() {
        for text in [
            "GET / HTTP/1.1\r\nHost: a\r\n",
            "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\n",
            "\r\nGET / HTTP/1.1\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
            "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 00\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ] {
            assert!(read(text).is_none(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn s50_whatever_is_read_here_pingora_reads_alike(pieces in collection::vec(prop_oneof![
            6 => sample::select(&[
                "GET ", "HEAD ", "M-SEARCH ", "/", "/a?b", "%2e", " HTTP/1.1\r\n", " HTTP/1.0\r\n", "\r\n", "\n", "\r",
                "Host: a\r\n", "host:b\r\n", "X: \ta \r\n", "x-A:\r\n", "X : a\r\n", " folded\r\n", "Cookie: a=b\r\n",
                "Connection: close\r\n", "Connection: x\r\n", "Content-Length: 0\r\n", "Content-Length: 1\r\n",
                "Transfer-Encoding: chunked\r\n", "TE: trailers\r\n", "Upgrade: a\r\n", "X: \u{e9}\r\n", "X: \0\r\n",
            ][..]).prop_map(|piece| piece.as_bytes().to_vec()),
            1 => collection::vec(any::<u8>(), 0..3),
        ], 0..10)) {
            let begun = b"GET /a HTTP/1.1\r\nHost: a\r\n".to_vec();
            for begin in [Vec::new(), begun] {
                for end in ["", "\r\n"] {
                    let read = [begin.clone(), pieces.concat(), end.into()].concat();
                    alike::both(&read).map_err(TestCaseError::fail)?;
                }
            }
        }
    }
}
