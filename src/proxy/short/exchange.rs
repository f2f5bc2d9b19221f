//! One request to an app and its answer. The usual answer says how long its body is, and its head is there as a whole
//! with the first read: that one is read here. Whatever else an app may answer is read by Pingora's session, which
//! begins anew with the bytes that are there; so nothing that two could read in two ways is read here (S50).

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Method, StatusCode, Version};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::protocols::http::HttpTask;
use pingora::protocols::http::v1::client::HttpSession;
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType, Result, RetryType};

use super::connection::Connection;
use crate::proxy::upstream::UpstreamTimeouts;

pub(in crate::proxy) mod alike;

/// The first read: a head, and of most answers the body, too.
const FIRST: usize = 4 * 1024;
/// The longest read of a body.
const LONGEST: u64 = 32 * 1024;
/// The most fields of a head that is read here.
const FIELDS: usize = 64;

/// A conversation with an app about one request.
pub(in crate::proxy) struct Exchange {
    state: State,
    timeouts: UpstreamTimeouts,
    spelled: bool,
}

enum State {
    /// The head of the answer is awaited.
    Asked(Connection, Method),
    /// The body is read, or there is none.
    Plain(Connection, Body),
    /// Pingora reads the answer.
    Pingora(Box<HttpSession>),
    /// It has failed.
    Over,
}

/// What is to come of an answer.
#[derive(Debug)]
struct Body {
    /// Of the body, as much as was read with the head.
    first: Bytes,
    /// How much of it is to come, `first` included.
    left: u64,
    /// Whether the connection may be used again after it, and for how long if the app says so.
    kept: Option<Kept>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kept {
    told: Option<Duration>,
}

impl Exchange {
    /// Sends a request without a body. With `spelled` the names in the answer's head are kept as the app spells them.
    pub(in crate::proxy) async fn begin(
        mut connection: Connection,
        timeouts: UpstreamTimeouts,
        (method, head): (Method, &[u8]),
        spelled: bool,
    ) -> Result<Self> {
        let written = connection.write_within(head, timeouts.write).await;
        written.map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => Error::because(
                ErrorType::WriteTimedout,
                "while writing request headers (timeout)",
                error,
            ),
            _ => Error::because(ErrorType::WriteError, "while writing request headers", error),
        })?;
        Ok(Self { state: State::Asked(connection, method), timeouts, spelled })
    }

    /// The next part of the answer of `peer`. It may be dropped and asked for again.
    pub(in crate::proxy) async fn next(
        &mut self,
        peer: impl FnOnce() -> Option<Box<HttpPeer>>,
    ) -> Result<HttpTask> {
        match &mut self.state {
            State::Asked(connection, _) => {
                let mut read = BytesMut::with_capacity(FIRST);
                let count = connection.read_within(&mut read, self.timeouts.read).await;
                let count = count.map_err(no_head)?;
                if count == 0 {
                    return Err(closed_unread());
                }
                self.take_head(read.freeze(), peer).await
            }
            State::Plain(connection, body) => {
                let read = body.next(connection, self.timeouts.read).await?;
                let end = body.left == 0;
                Ok(HttpTask::Body(Some(read), end))
            }
            State::Pingora(session) => session.read_response_task().await,
            State::Over => Error::e_explain(ErrorType::InternalError, "the exchange is over"),
        }
    }

    /// Reads the head in what came first, or leaves it to Pingora.
    async fn take_head(
        &mut self,
        read: Bytes,
        peer: impl FnOnce() -> Option<Box<HttpPeer>>,
    ) -> Result<HttpTask> {
        let State::Asked(connection, method) = std::mem::replace(&mut self.state, State::Over)
        else {
            return Error::e_explain(ErrorType::InternalError, "the exchange is over");
        };
        if let Some((head, body)) = plain(&read, &method, self.spelled) {
            let end = body.left == 0;
            self.state = State::Plain(connection, body);
            return Ok(HttpTask::Header(head, end));
        }
        let Some(peer) = peer() else {
            return Error::e_explain(ErrorType::InternalError, "no app was chosen");
        };
        let connection = Box::new(connection.begin_anew(read));
        let mut session = Box::new(HttpSession::new_with_options(connection, &*peer));
        session.read_timeout = Some(self.timeouts.read);
        session.write_timeout = Some(self.timeouts.write);
        // It wants to know what it reads the answer to; the connection writes nothing of it. None of this waits.
        session.write_request_header(Box::new(RequestHeader::build(method, b"/", None)?)).await?;
        self.state = State::Pingora(session);
        match &mut self.state {
            State::Pingora(session) => session.read_response_task().await,
            _ => Error::e_explain(ErrorType::InternalError, "the exchange is over"),
        }
    }

    /// The connection, if the answer ended where it said it would and another may follow; and for how long the app says
    /// that it keeps it.
    pub(in crate::proxy) async fn end(self) -> Option<(Connection, Option<Duration>)> {
        match self.state {
            State::Plain(connection, Body { left: 0, kept: Some(kept), .. }) => {
                Some((connection, kept.told))
            }
            State::Pingora(mut session) => {
                session.respect_keepalive();
                let told = session.get_header("keep-alive").map(http::HeaderValue::as_bytes);
                let told = told.and_then(timeout_of);
                let connection = session.reuse().await?.into_any().downcast::<Connection>().ok()?;
                Some((connection.for_the_next(), told))
            }
            State::Plain(..) | State::Asked(..) | State::Over => None,
        }
    }
}

impl Body {
    async fn next(&mut self, connection: &mut Connection, limit: Duration) -> Result<Bytes> {
        let mut read = std::mem::take(&mut self.first);
        if read.is_empty() {
            let mut more = BytesMut::with_capacity(self.left.min(LONGEST) as usize);
            let count = connection.read_within(&mut more, limit).await.map_err(no_body)?;
            if count == 0 {
                let left = self.left;
                return Error::e_explain(
                    ErrorType::ConnectionClosed,
                    format!("the app closed with {left} bytes of the body to come"),
                );
            }
            read = more.freeze();
        }
        if read.len() as u64 > self.left {
            // What follows an answer that nobody asked for is nobody's.
            read.truncate(self.left as usize);
            self.kept = None;
        }
        self.left -= read.len() as u64;
        Ok(read)
    }
}

/// The head and what follows it, if nobody could read either in another way than this.
fn plain(read: &Bytes, method: &Method, spelled: bool) -> Option<(Box<ResponseHeader>, Body)> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut answer = httparse::Response::new(&mut fields);
    let httparse::Status::Complete(length) = answer.parse(read).ok()? else { return None };
    let status = StatusCode::from_u16(answer.code?).ok()?;
    if answer.version != Some(1) || status.is_informational() {
        return None;
    }
    let build = if spelled { ResponseHeader::build } else { ResponseHeader::build_no_case };
    let mut head = build(status, Some(answer.headers.len())).ok()?;
    head.set_version(Version::HTTP_11);
    head.set_reason_phrase(answer.reason).ok()?;
    let (mut said, mut kept) = (None, Some(Kept { told: None }));
    for field in answer.headers.iter() {
        match Framing::of(field.name) {
            Framing::None => {}
            Framing::Length if said.is_none() => said = Some(length_of(field.value)?),
            Framing::Connection => match field.value {
                word if word.eq_ignore_ascii_case(b"keep-alive") => {}
                word if word.eq_ignore_ascii_case(b"close") => kept = None,
                _ => return None,
            },
            Framing::KeepAlive => {
                let told = timeout_of(field.value);
                kept = kept.map(|_| Kept { told });
            }
            Framing::Length | Framing::Other => return None,
        }
        let value = http::HeaderValue::from_maybe_shared(read.slice_ref(field.value)).ok()?;
        head.append_header(read.slice_ref(field.name.as_bytes()), value).ok()?;
    }
    let left = match status {
        StatusCode::NO_CONTENT if said.is_some() => return None,
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED => 0,
        _ if *method == Method::HEAD => 0,
        _ => said?,
    };
    let first = read.slice(length..);
    // Not asked for, and therefore nobody's.
    let kept = kept.filter(|_| first.len() as u64 <= left);
    Some((Box::new(head), Body { first, left, kept }))
}

/// What a field says of where an answer ends, and what becomes of its connection.
enum Framing {
    None,
    Length,
    Connection,
    KeepAlive,
    Other,
}

impl Framing {
    fn of(name: &str) -> Self {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        match name.len() {
            14 if is("content-length") => Self::Length,
            10 if is("connection") => Self::Connection,
            10 if is("keep-alive") => Self::KeepAlive,
            17 if is("transfer-encoding") => Self::Other,
            7 if is("upgrade") || is("trailer") => Self::Other,
            _ => Self::None,
        }
    }
}

/// A length in digits, and not more of them than anybody reads alike.
fn length_of(value: &[u8]) -> Option<u64> {
    let digits = (1..=18).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
    if digits { std::str::from_utf8(value).ok()?.parse().ok() } else { None }
}

/// How long an app says that it keeps an idle connection: `Keep-Alive: timeout=5, max=100`.
fn timeout_of(value: &[u8]) -> Option<Duration> {
    let value = std::str::from_utf8(value).ok()?;
    let timeout = value.split(',').find_map(|part| {
        let (name, seconds) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("timeout").then(|| seconds.trim())
    })?;
    timeout.parse().ok().map(Duration::from_secs)
}

/// Said as Pingora says it, for whoever decides what may be sent again.
const UNREAD: &str = "while reading response headers, bytes already read: 0";

fn closed_unread() -> Box<Error> {
    let mut error = Error::explain(ErrorType::ConnectionClosed, UNREAD);
    error.retry = RetryType::ReusedOnly;
    error
}

fn no_head(error: io::Error) -> Box<Error> {
    if error.kind() == io::ErrorKind::TimedOut {
        return Error::explain(ErrorType::ReadTimedout, "while reading response headers");
    }
    let mut error = Error::because(ErrorType::ReadError, UNREAD, error);
    error.retry = RetryType::ReusedOnly;
    error
}

fn no_body(error: io::Error) -> Box<Error> {
    match error.kind() {
        io::ErrorKind::TimedOut => Error::explain(ErrorType::ReadTimedout, "reading body"),
        _ => Error::because(ErrorType::ReadError, "when reading body", error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(Box<ResponseHeader>, Body)> {
        plain(&Bytes::copy_from_slice(text.as_bytes()), &Method::GET, true)
    }

    fn body_of(fields: &str) -> Option<Body> {
        read(&format!("HTTP/1.1 200 OK\r\n{fields}\r\nab")).map(|(_, body)| body)
    }

    #[test]
    fn the_usual_answer_is_read_here() {
        let (head, body) =
            read("HTTP/1.1 404 No Such Page\r\nETag: a\r\nX-a: 1\r\nx-A: 2\r\nContent-Length: 5\r\n\r\nab")
                .unwrap();
        assert_eq!((head.status.as_u16(), head.get_reason_phrase()), (404, Some("No Such Page")));
        let fields: Vec<_> = head.case_header_iter().map(|(name, _)| name.as_slice()).collect();
        assert_eq!(fields, [&b"ETag"[..], b"X-a", b"x-A", b"Content-Length"]);
        assert_eq!(
            (&body.first[..], body.left, body.kept),
            (&b"ab"[..], 5, Some(Kept { told: None }))
        );
    }

    #[test]
    fn s50_whatever_could_be_read_in_two_ways_is_left_to_pingora() {
        assert!(body_of("Content-Length: 2\r\n").is_some());
        for fields in [
            "",
            "Transfer-Encoding: chunked\r\n",
            "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length: 2\r\nTransfer-Encoding: identity\r\n",
            "Content-Length: 2\r\nContent-Length: 2\r\n",
            "Content-Length: 2\r\nContent-Length: 3\r\n",
            "Content-Length: 2, 2\r\n",
            "Content-Length: +2\r\n",
            "Content-Length: 0x2\r\n",
            "Content-Length: \r\n",
            "Content-Length: 0000000000000000002\r\n",
            "Content-Length : 2\r\n",
            "Content-Length: 2\r\nX: a\r\n b\r\n",
            "Content-Length: 2\r\nUpgrade: h2c\r\n",
            "Content-Length: 2\r\nTrailer: a\r\n",
            "Content-Length: 2\r\nConnection: close, X-Secret\r\n",
        ] {
            assert!(body_of(fields).is_none(), "{fields:?}");
        }
        for answer in [
            "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 101 Switching Protocols\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 103 Early Hints\r\n\r\n",
            "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n",
            "HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n",
        ] {
            assert!(read(answer).is_none(), "{answer:?}");
        }
    }

    #[test]
    fn s50_what_follows_an_answer_ends_its_connection() {
        let kept = |fields: &str| body_of(fields).unwrap().kept.is_some();
        assert!(kept("Content-Length: 2\r\n") && kept("Content-Length: 3\r\n"));
        assert!(kept("Content-Length: 2\r\nConnection: Keep-Alive\r\n"));
        assert!(!kept("Content-Length: 1\r\n") && !kept("Content-Length: 0\r\n"));
        assert!(!kept("Content-Length: 2\r\nConnection: close\r\nKeep-Alive: timeout=5\r\n"));
    }

    #[test]
    fn the_names_in_a_head_are_kept_as_they_are_spelled_where_somebody_is_told() {
        let answer =
            Bytes::from("HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\n");
        for spelled in [true, false] {
            let (head, _) = plain(&answer, &Method::GET, spelled).unwrap();
            assert_eq!((head.headers.get_all("x-a").iter().count(), head.has_case()), (2, spelled));
        }
    }

    #[test]
    fn what_has_no_body_has_none_whatever_length_it_says() {
        let left = |answer: &str, method: &Method| {
            plain(&Bytes::copy_from_slice(answer.as_bytes()), method, true).unwrap().1.left
        };
        let ok = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n";
        let same = "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n";
        assert_eq!((left(ok, &Method::GET), left(ok, &Method::HEAD)), (7, 0));
        assert_eq!(left(same, &Method::GET), 0);
        assert_eq!(left("HTTP/1.1 204 No Content\r\n\r\n", &Method::GET), 0);
    }

    #[test]
    fn an_app_says_how_long_it_keeps_a_connection() {
        assert_eq!(timeout_of(b"timeout=5, max=100"), Some(Duration::from_secs(5)));
        assert_eq!(timeout_of(b"max=100,Timeout = 7"), Some(Duration::from_secs(7)));
        assert_eq!(timeout_of(b"timeout=soon"), None);
        let told = body_of("Content-Length: 2\r\nKeep-Alive: timeout=5\r\n").unwrap().kept;
        assert_eq!(told, Some(Kept { told: Some(Duration::from_secs(5)) }));
    }
}
