//! The short way to an app, for most requests: questions without a body, over HTTP/1.1 or HTTP/2, to an app that speaks plain
//! HTTP/1.1. Everything else takes Pingora's way, and so does what failed here and may be tried again.
//!
//! What differs is only what carries the bytes: one task instead of two with channels between them, no session that is
//! made anew for each request, connections to the app that no task watches, and heads that are written without a copy.
//! Every decision is made by the functions of the gateway's phases, which both ways call. Read here is only what nobody
//! could read in another way: [`request`] of the client, [`exchange`] of the app. The rest is Pingora's, with the bytes
//! that were read: of a client the whole request, of an app the answer. HTTP/2 is Pingora's to speak, with its sessions for
//! streams: only what is asked and answered on one of them goes this way.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use pingora::http::ResponseHeader;
use pingora::{Error, Result};

pub(super) use self::answer::frame;
pub(super) use self::client::{Asked, Client};
pub(super) use self::connection::Connection;
pub(super) use self::exchange::Exchange;
pub(super) use self::pool::Pool;
pub(super) use self::request::closes;
pub(super) use self::stream::Stream;
use super::reply;

mod answer;
mod client;
mod connection;
pub(super) mod exchange;
mod pool;
pub(super) mod request;
mod stream;

/// Whoever asks and is answered: a connection of HTTP/1, with one question at a time, or a stream of HTTP/2.
pub(super) trait Asker: Send {
    /// Whether it is told the names of headers as the app spells them: HTTP/2 has one spelling.
    const SPELLED: bool;

    /// The address at the other end.
    fn peer(&self) -> Option<IpAddr>;

    /// Has the connection end with the answer, if it is for this answer alone.
    fn ends(&mut self);

    /// Whether another request may follow.
    fn keeps(&self) -> bool;

    /// What it was answered, once an answer has begun.
    fn answered(&self) -> Option<StatusCode>;

    /// Comes back when the client leaves, or sends what nobody waits for. It may be dropped and asked for again.
    fn leaves(&mut self) -> impl Future<Output = Box<Error>> + Send;

    /// An answer to a request with this method begins.
    fn begin(&mut self, method: &Method);

    /// Its head; before the last one there may be interim ones. With `end` it is the whole answer.
    fn head(&mut self, head: Box<ResponseHeader>, end: bool) -> Result<()>;

    /// A part of its body, with `end` the last one.
    fn part(&mut self, part: Bytes, end: bool) -> impl Future<Output = Result<()>> + Send;

    /// Writes what there is of it by now.
    fn write(&mut self) -> impl Future<Output = Result<()>> + Send;

    /// Writes a whole answer of doorward's own.
    fn answer(
        &mut self,
        method: &Method,
        response: Response<Bytes>,
    ) -> impl Future<Output = Result<()>> + Send {
        async move {
            let (head, body) = reply::whole(response)?;
            let end = body.is_empty() || *method == Method::HEAD;
            self.begin(method);
            self.head(Box::new(head), end)?;
            if !end {
                self.part(body, true).await?;
            }
            self.write().await
        }
    }
}

/// The short way of one thread.
#[derive(Debug)]
pub(super) struct ShortWay {
    pub(super) pool: Arc<Pool>,
    pub(super) open: bool,
}

impl ShortWay {
    /// A way that takes requests, or with `open` false takes none.
    pub(super) fn new(open: bool) -> Self {
        Self { pool: Arc::default(), open }
    }

    /// The same for another thread.
    pub(super) fn for_another_thread(&self) -> Self {
        Self::new(self.open)
    }
}
