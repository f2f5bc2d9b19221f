//! An answer on its way to the client: its head, and its body in the frame that the head speaks of (RFC 9112 section 6).

use std::io;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use http::{HeaderName, Method, StatusCode, Version, header};
use pingora::http::ResponseHeader;
use pingora::protocols::http::date::get_cached_date;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

/// The most bytes of a body that are copied behind the head; more goes out beside it.
const SMALL: usize = 4 * 1024;

/// An answer, and as much of it as is not written yet.
#[derive(Default)]
pub(in crate::proxy) struct Answer {
    head_only: bool,
    keeps: bool,
    status: Option<StatusCode>,
    frame: Frame,
    out: BytesMut,
    /// What goes out after `out`.
    body: Bytes,
}

/// Where the body ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Frame {
    /// With the head.
    #[default]
    Head,
    /// After so many bytes more.
    Length(u64),
    /// With the last chunk.
    Chunks,
    /// With the connection.
    Connection,
}

impl Answer {
    /// To a request with this method, on a connection that may go on after it.
    pub(in crate::proxy) fn to(method: &Method, keeps: bool) -> Self {
        let out = BytesMut::with_capacity(2048);
        Self { head_only: *method == Method::HEAD, keeps, out, ..Self::default() }
    }

    /// Whether the connection may go on after it.
    pub(in crate::proxy) const fn keeps(&self) -> bool {
        self.keeps
    }

    /// What it says, once its last head is there.
    pub(in crate::proxy) const fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// Its head; before the last one there may be interim ones, which are of no other request.
    pub(in crate::proxy) fn head(&mut self, head: &ResponseHeader) {
        let status = head.status;
        for part in [b"HTTP/1.1 ", status.as_str().as_bytes(), b" "] {
            self.out.put_slice(part);
        }
        self.out.put_slice(head.get_reason_phrase().unwrap_or_default().as_bytes());
        self.out.put_slice(b"\r\n");
        let chunked = head.headers.contains_key(header::TRANSFER_ENCODING);
        let mut dated = false;
        let spelled = head.case_header_iter().map(|(written, _)| written.as_slice());
        for ((name, value), written) in head.headers.iter().zip(spelled) {
            // What is said of a connection is said of the app's; and beside a coding there is no length.
            if is_of_connection(name) || chunked && *name == header::CONTENT_LENGTH {
                continue;
            }
            dated |= *name == header::DATE;
            self.line(written, value.as_bytes());
        }
        if !status.is_informational() {
            self.status = Some(status);
            self.frame = self.frame_of(head, chunked);
            self.keeps &= self.frame != Frame::Connection;
            if !dated {
                self.line(b"Date", get_cached_date().as_bytes());
            }
            self.line(b"Connection", if self.keeps { b"keep-alive" } else { b"close" });
        }
        self.out.put_slice(b"\r\n");
    }

    fn line(&mut self, name: &[u8], value: &[u8]) {
        for part in [name, b": ", value, b"\r\n"] {
            self.out.put_slice(part);
        }
    }

    fn frame_of(&self, head: &ResponseHeader, chunked: bool) -> Frame {
        let bodiless = matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        if bodiless || self.head_only {
            return Frame::Head;
        }
        if chunked {
            return Frame::Chunks;
        }
        let length =
            head.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        length.and_then(|length| length.parse().ok()).map_or(Frame::Connection, Frame::Length)
    }

    /// A part of its body.
    pub(in crate::proxy) fn part(&mut self, mut part: Bytes) {
        match &mut self.frame {
            Frame::Head => {}
            Frame::Length(left) => {
                if part.len() as u64 > *left {
                    // More than was said is of no answer.
                    part.truncate(*left as usize);
                    self.keeps = false;
                }
                *left -= part.len() as u64;
                self.push(part);
            }
            // An empty one would be the last.
            Frame::Chunks if part.is_empty() => {}
            Frame::Chunks => {
                self.push(Bytes::from(format!("{:x}\r\n", part.len())));
                self.push(part);
                self.push(Bytes::from_static(b"\r\n"));
            }
            Frame::Connection => self.push(part),
        }
    }

    fn push(&mut self, part: Bytes) {
        if self.body.is_empty() && self.out.len() + part.len() > SMALL {
            self.body = part;
            return;
        }
        self.out.put_slice(&std::mem::take(&mut self.body));
        self.out.put_slice(&part);
    }

    /// Its end.
    pub(in crate::proxy) fn end(&mut self) {
        match self.frame {
            Frame::Chunks => self.push(Bytes::from_static(b"0\r\n\r\n")),
            // Whoever waits for the rest is told by the end of the connection.
            Frame::Length(1..) => self.keeps = false,
            Frame::Head | Frame::Length(0) | Frame::Connection => {}
        }
        self.frame = Frame::Head;
    }

    /// Writes what there is of it by now.
    pub(super) async fn write_to(
        &mut self,
        client: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<()> {
        let body = std::mem::take(&mut self.body);
        match body.is_empty() {
            true => client.write_all(&self.out).await?,
            false => client.write_all_buf(&mut self.out.as_ref().chain(body)).await?,
        }
        self.out.clear();
        client.flush().await
    }
}

fn is_of_connection(name: &HeaderName) -> bool {
    *name == header::CONNECTION || matches!(name.as_str(), "keep-alive" | "proxy-connection")
}

/// An answer whose end is the end of its connection gets an end of its own, so that the client's connection may stay.
pub(in crate::proxy) fn frame(
    method: &Method,
    head: &mut ResponseHeader,
    end: bool,
) -> pingora::Result<()> {
    let bodiless = end
        || *method == Method::HEAD
        || head.status.is_informational()
        || matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let framed = head.headers.contains_key(header::TRANSFER_ENCODING)
        || head.headers.contains_key(header::CONTENT_LENGTH);
    if !bodiless && !framed {
        head.set_version(Version::HTTP_11);
        head.insert_header(header::TRANSFER_ENCODING, "chunked")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(status: u16, fields: &[(&'static str, &'static str)]) -> ResponseHeader {
        let mut head = ResponseHeader::build(status, None).unwrap();
        for (name, value) in fields {
            head.append_header(*name, *value).unwrap();
        }
        head
    }

    /// What goes over the wire, without its date, and whether the connection may go on.
    async fn wire(
        method: Method,
        heads: &[ResponseHeader],
        parts: &[&'static str],
    ) -> (String, bool) {
        let (mut answer, mut wire) = (Answer::to(&method, true), Vec::new());
        for head in heads {
            answer.head(head);
        }
        for part in parts {
            answer.part(Bytes::from_static(part.as_bytes()));
        }
        answer.end();
        answer.write_to(&mut wire).await.unwrap();
        let text = String::from_utf8(wire).unwrap();
        let lines = text.split("\r\n").filter(|line| !line.starts_with("Date: "));
        (lines.collect::<Vec<_>>().join("|"), answer.keeps())
    }

    #[tokio::test]
    async fn a_body_is_framed_as_its_head_says() {
        let ours = [("connection", "close"), ("Keep-Alive", "timeout=5"), ("Content-Length", "3")];
        let length = [head(200, &ours)];
        let wanted = "HTTP/1.1 200 OK|Content-Length: 3|Connection: keep-alive||abc";
        assert_eq!(wire(Method::GET, &length, &["a", "bc"]).await, (wanted.to_owned(), true));
        let chunks = [head(200, &[("Transfer-Encoding", "chunked"), ("Content-Length", "3")])];
        let wanted = "HTTP/1.1 200 OK|Transfer-Encoding: chunked|Connection: keep-alive||\
                      1|a|2|bc|0||";
        assert_eq!(wire(Method::GET, &chunks, &["a", "", "bc"]).await, (wanted.to_owned(), true));
        let open = [head(200, &[])];
        let wanted = "HTTP/1.1 200 OK|Connection: close||abc";
        assert_eq!(wire(Method::GET, &open, &["abc"]).await, (wanted.to_owned(), false));
    }

    #[tokio::test]
    async fn what_has_no_body_gets_none_whatever_comes() {
        for (method, status) in [(Method::HEAD, 200), (Method::GET, 204), (Method::GET, 304)] {
            let (wire, keeps) = wire(method, &[head(status, &[("ETag", "a")])], &["abc"]).await;
            assert!(wire.ends_with("ETag: a|Connection: keep-alive||") && keeps, "{wire}");
        }
    }

    #[tokio::test]
    async fn interim_heads_come_before_the_last_one() {
        let heads = [head(103, &[("Link", "<a>")]), head(200, &[("Content-Length", "0")])];
        let wanted = "HTTP/1.1 103 Early Hints|Link: <a>||\
                      HTTP/1.1 200 OK|Content-Length: 0|Connection: keep-alive||";
        assert_eq!(wire(Method::GET, &heads, &[]).await, (wanted.to_owned(), true));
    }

    #[tokio::test]
    async fn s50_a_body_of_another_length_than_was_said_ends_the_connection() {
        let said = [head(200, &[("Content-Length", "3")])];
        let (wire_of_more, keeps) = wire(Method::GET, &said, &["abcd"]).await;
        assert!(wire_of_more.ends_with("|abc") && !keeps);
        let (wire_of_less, keeps) = wire(Method::GET, &said, &["ab"]).await;
        assert!(wire_of_less.ends_with("|ab") && !keeps);
    }

    #[test]
    fn an_answer_without_an_end_gets_one() {
        let framed = |method: &str, status, end| {
            let mut head = head(status, &[]);
            frame(&method.parse().unwrap(), &mut head, end).unwrap();
            head.headers.contains_key("transfer-encoding")
        };
        assert!(framed("GET", 200, false));
        assert!(!framed("GET", 200, true) && !framed("HEAD", 200, false));
        assert!(!framed("GET", 304, false) && !framed("GET", 103, false));
    }
}
