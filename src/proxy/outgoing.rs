//! The head of a request on its way to an app: what the client sent, and what is changed of it. Pingora's way changes a
//! copy; the short way notes the changes and writes the outcome, without a copy. What is changed is decided once, for
//! both.

use bytes::{BufMut, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use pingora::http::RequestHeader;
use pingora::{Error, ErrorType, Result};

/// A header's name as doorward spells it.
#[derive(Clone, Debug)]
pub(super) struct Spelled {
    name: HeaderName,
    /// As it is written; as the name is, if nothing is said.
    written: Option<&'static str>,
}

impl Spelled {
    pub(super) const fn new(name: HeaderName, written: &'static str) -> Self {
        Self { name, written: Some(written) }
    }

    fn written(&self) -> &[u8] {
        self.written.unwrap_or(self.name.as_str()).as_bytes()
    }
}

impl From<&HeaderName> for Spelled {
    fn from(name: &HeaderName) -> Self {
        Self { name: name.clone(), written: None }
    }
}

/// A head that can be changed.
pub(super) trait Outgoing {
    /// What the client sent, or what is left of it.
    fn client(&self) -> &HeaderMap;

    /// The target.
    fn uri(&self) -> &Uri;

    /// Goes without a header of the client's.
    fn take_off(&mut self, name: &HeaderName);

    /// Goes with this header, and no other of its name.
    fn put(&mut self, name: impl Into<Spelled>, value: HeaderValue) -> Result<()>;

    /// Goes to another target.
    fn lead_to(&mut self, uri: Uri);
}

impl Outgoing for RequestHeader {
    fn client(&self) -> &HeaderMap {
        &self.headers
    }

    fn uri(&self) -> &Uri {
        &self.uri
    }

    fn take_off(&mut self, name: &HeaderName) {
        self.remove_header(name);
    }

    fn put(&mut self, name: impl Into<Spelled>, value: HeaderValue) -> Result<()> {
        let Spelled { name, written } = name.into();
        match written {
            Some(written) => self.insert_header(written, value),
            None => self.insert_header(name, value),
        }
    }

    fn lead_to(&mut self, uri: Uri) {
        self.set_uri(uri);
    }
}

/// The changes to a head, noted.
pub(super) struct Changes<'a> {
    client: &'a RequestHeader,
    uri: Option<Uri>,
    off: Vec<HeaderName>,
    on: Vec<(Spelled, HeaderValue)>,
}

/// More headers than doorward puts on a request: the identity's, the signature's, and where it came from.
const MOST: usize = 24;

impl<'a> Changes<'a> {
    /// None yet. A `Connection` header was for the connection to us.
    pub(super) fn to(client: &'a RequestHeader) -> Self {
        let mut off = Vec::with_capacity(8);
        off.push(header::CONNECTION);
        Self { client, uri: None, off, on: Vec::with_capacity(MOST) }
    }

    /// The head as it goes over the wire, in HTTP/1.1; `None` where its target could be read as more than one.
    pub(super) fn write(&self) -> Option<BytesMut> {
        let moved = self.uri.as_ref().and_then(Uri::path_and_query);
        let target =
            moved.map_or_else(|| self.client.raw_path(), |target| target.as_str().as_bytes());
        if !is_one(target) {
            return None;
        }
        let mut head = BytesMut::with_capacity(2048);
        for part in [self.client.method.as_str().as_bytes(), b" ", target, b" HTTP/1.1\r\n"] {
            head.put_slice(part);
        }
        let mut put = [false; MOST];
        // Over HTTP/2 nothing is spelled in any way.
        let mut spelled = self.client.case_header_iter().map(|(written, _)| written.as_slice());
        for (name, value) in &self.client.headers {
            let written = spelled.next();
            if self.off.contains(name) {
                continue;
            }
            // What is put in the place of a header stands in its place: `Host` comes first.
            match self.on.iter().zip(&mut put).find(|((put, _), _)| put.name == *name) {
                Some((on, put)) if !*put => {
                    *put = true;
                    line(&mut head, on.0.written(), &on.1);
                }
                Some(_) => {}
                None => match written {
                    Some(written) => line(&mut head, written, value),
                    None => {
                        let begin = head.len();
                        line(&mut head, name.as_str().as_bytes(), value);
                        capitalize(head.get_mut(begin..begin + name.as_str().len()));
                    }
                },
            }
        }
        for ((name, value), _) in self.on.iter().zip(put).filter(|(_, put)| !put) {
            line(&mut head, name.written(), value);
        }
        head.put_slice(b"\r\n");
        Some(head)
    }
}

/// Whether a target is one word of a request line, however it is read.
fn is_one(target: &[u8]) -> bool {
    !target.is_empty() && target.iter().all(|byte| *byte > b' ' && *byte != 0x7f)
}

fn line(head: &mut BytesMut, name: &[u8], value: &HeaderValue) {
    for part in [name, b": ", value.as_bytes(), b"\r\n"] {
        head.put_slice(part);
    }
}

/// Spells a name as most do who speak HTTP/1: some apps know no other.
fn capitalize(name: Option<&mut [u8]>) {
    let mut first = true;
    for byte in name.into_iter().flatten() {
        if first {
            byte.make_ascii_uppercase();
        }
        first = *byte == b'-';
    }
}

impl Outgoing for Changes<'_> {
    fn client(&self) -> &HeaderMap {
        &self.client.headers
    }

    fn uri(&self) -> &Uri {
        self.uri.as_ref().unwrap_or(&self.client.uri)
    }

    fn take_off(&mut self, name: &HeaderName) {
        self.on.retain(|(put, _)| put.name != *name);
        self.off.push(name.clone());
    }

    fn put(&mut self, name: impl Into<Spelled>, value: HeaderValue) -> Result<()> {
        let new = name.into();
        if let Some(put) = self.on.iter_mut().find(|(put, _)| put.name == new.name) {
            *put = (new, value);
        } else if self.on.len() < MOST {
            self.on.push((new, value));
        } else {
            let error = "more headers than doorward puts on a request";
            return Error::e_explain(ErrorType::InternalError, error);
        }
        Ok(())
    }

    fn lead_to(&mut self, uri: Uri) {
        self.uri = Some(uri);
    }
}

#[cfg(test)]
mod tests {
    use pingora::protocols::http::v1::client::http_req_header_to_wire;

    use super::*;

    const PUT: HeaderName = HeaderName::from_static("x-put");

    fn client() -> RequestHeader {
        let mut head = RequestHeader::build("GET", b"/a?b", None).unwrap();
        for (name, value) in [
            ("HOST", "a.example"),
            ("X-Two", "1"),
            ("Connection", "close"),
            ("x-two", "2"),
            ("X-Off", "3"),
            ("x-PUT", "4"),
        ] {
            head.append_header(name, value).unwrap();
        }
        head
    }

    fn change(head: &mut impl Outgoing) {
        head.take_off(&header::CONNECTION);
        head.take_off(&HeaderName::from_static("x-off"));
        head.put(Spelled::new(PUT, "X-Put"), "5".parse().unwrap()).unwrap();
        head.put(&header::HOST, "b.example".parse().unwrap()).unwrap();
        head.put(&header::HOST, "c.example".parse().unwrap()).unwrap();
        head.put(&HeaderName::from_static("x-gone"), "6".parse().unwrap()).unwrap();
        head.take_off(&HeaderName::from_static("x-gone"));
        head.lead_to("/c/a?b".parse().unwrap());
    }

    fn lines(head: &[u8]) -> Vec<String> {
        let text = String::from_utf8(head.to_vec()).unwrap().to_ascii_lowercase();
        text.split("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn s47_both_ways_change_a_head_alike() {
        let (client, mut copy) = (client(), client());
        let mut changes = Changes::to(&client);
        change(&mut changes);
        change(&mut copy);
        let written = lines(&changes.write().unwrap());
        let wanted =
            ["get /c/a?b http/1.1", "host: c.example", "x-two: 1", "x-two: 2", "x-put: 5", "", ""];
        assert_eq!(written, wanted);
        assert_eq!(lines(&http_req_header_to_wire(&copy).unwrap()), wanted);
    }

    #[test]
    fn what_came_by_http_2_is_spelled_as_usual() {
        let asked = http::Request::get("https://a.example/x?y").header("sec-ch-ua", "1");
        let asked = asked.header("x-two", "a-b").header("x-two", "c").header("-", "d");
        let client = RequestHeader::from(asked.body(()).unwrap().into_parts().0);
        let mut changes = Changes::to(&client);
        changes.put(Spelled::new(header::HOST, "Host"), "a.example".parse().unwrap()).unwrap();
        let wanted = "GET /x?y HTTP/1.1\r\nSec-Ch-Ua: 1\r\nX-Two: a-b\r\nX-Two: c\r\n-: d\r\n\
                      Host: a.example\r\n\r\n";
        assert_eq!(changes.write().unwrap(), wanted);
    }

    #[test]
    fn s50_a_target_that_could_be_two_is_not_written() {
        assert!(is_one(b"/a?b") && is_one(b"/\xff"));
        for target in [&b""[..], b"/a b", b"/a\rb", b"/a\n", b"/\0", b"/\x7f"] {
            assert!(!is_one(target), "{}", target.escape_ascii());
        }
    }
}
