//! The client's side of the short way over HTTP/2: a stream that has brought a plain question, and what it is answered.
//! Frames, windows and resets are Pingora's session's.

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::v2::server::HttpSession;
use pingora::{Error, ErrorType, Result};

use super::{Asker, request};
use crate::proxy::http2;

/// A stream with a plain question. Dropped before its answer is whole, it is reset.
pub(in crate::proxy) struct Stream(HttpSession);

impl Stream {
    /// Whether a stream has brought a plain question, and all of it.
    pub(in crate::proxy) fn is_plain(stream: &HttpSession) -> bool {
        // With no length said, it is the client's word that nothing follows the head (RFC 9113 section 8.1).
        request::is_plain(stream.req_header()) && stream.is_body_done()
    }

    /// Over such a stream, and what it asks.
    pub(in crate::proxy) fn over(mut stream: HttpSession) -> (Self, RequestHeader) {
        stream.set_write_timeout(Some(http2::STALLED));
        let nothing = RequestHeader::from(Request::new(()).into_parts().0);
        let asked = std::mem::replace(stream.req_header_mut(), nothing);
        (Self(stream), asked)
    }

    /// The stream, for somebody else to answer.
    pub(in crate::proxy) fn leave(self, asked: RequestHeader) -> ServerSession {
        let Self(mut stream) = self;
        *stream.req_header_mut() = asked;
        ServerSession::new_http2(stream)
    }
}

impl Asker for Stream {
    const SPELLED: bool = false;

    fn peer(&self) -> Option<IpAddr> {
        self.0.client_addr()?.as_inet().map(SocketAddr::ip)
    }

    /// Its connection has others, and ends by itself.
    fn ends(&mut self) {}

    fn keeps(&self) -> bool {
        true
    }

    fn answered(&self) -> Option<StatusCode> {
        self.0.response_written().map(|head| head.status)
    }

    async fn leaves(&mut self) -> Box<Error> {
        let told = match self.0.idle().await {
            Ok(reason) => format!("the client took back its request: {reason}"),
            Err(error) => format!("the client's connection broke: {error}"),
        };
        Error::explain(ErrorType::ConnectionClosed, told).into_down()
    }

    fn begin(&mut self, _method: &Method) {}

    fn head(&mut self, head: Box<ResponseHeader>, end: bool) -> Result<()> {
        self.0.write_response_header(head, end).map_err(|error| error.into_down())
    }

    async fn part(&mut self, part: Bytes, end: bool) -> Result<()> {
        if part.is_empty() && !end {
            return Ok(());
        }
        self.0.write_body(part, end).await.map_err(|error| error.into_down())
    }

    /// What is there goes out as soon as nothing else is to be done.
    async fn write(&mut self) -> Result<()> {
        Ok(())
    }
}
