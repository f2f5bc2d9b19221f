//! The short way to an app, for most requests: questions without a body, over HTTP/1.1, to an app that speaks plain
//! HTTP/1.1. Everything else takes Pingora's way, and so does what failed here and may be tried again.
//!
//! What differs is only what carries the bytes: one task instead of two with channels between them, no session that is
//! made anew for each request, connections to the app that no task watches, and heads that are written without a copy.
//! Every decision is made by the functions of the gateway's phases, which both ways call. Read here is only what nobody
//! could read in another way: [`request`] of the client, [`exchange`] of the app. The rest is Pingora's, with the bytes
//! that were read: of a client the whole request, of an app the answer.

use std::sync::Arc;

pub(super) use self::answer::{Answer, frame};
pub(super) use self::client::{Asked, Client};
pub(super) use self::connection::Connection;
pub(super) use self::exchange::Exchange;
pub(super) use self::pool::Pool;
pub(super) use self::request::closes;

mod answer;
mod client;
mod connection;
pub(super) mod exchange;
mod pool;
pub(super) mod request;

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
