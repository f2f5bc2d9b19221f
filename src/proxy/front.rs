//! What serves a connection: requests that can go the short way go it, one after the other; each of the others is left
//! to Pingora, with the bytes that were read, and the connection comes back when it is answered.

use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use pingora::apps::{HttpServerApp, ServerApp};
use pingora::protocols::Stream;
use pingora::protocols::http::ServerSession;
use pingora::server::ShutdownWatch;
use tokio::sync::watch;

use super::gateway::{Gateway, RequestContext, handing_over};
use super::leash::{self, Leashed};
use super::short::{Asked, Client};

/// The most seconds that Pingora waits for a request whose first bytes are there: the stream itself is sooner.
const READ_SECS: u64 = 60;

/// Both ways of one thread.
pub struct Front<A> {
    gateway: Gateway,
    pingora: Arc<Leashed<A>>,
    /// Says true when connections that wait for a request are to end.
    closing: watch::Sender<bool>,
}

/// What became of a request.
pub(super) enum Served {
    /// It is answered, and another may follow.
    Answered,
    /// It is answered, and the connection is to end.
    Over,
    /// It is not answered as a whole: nothing but the end of the connection tells so.
    Broken,
    /// It goes Pingora's way, with what was decided already.
    Left(Option<Box<RequestContext>>),
}

impl<A: HttpServerApp + Send + Sync + 'static> Front<A> {
    /// The short way of `gateway`, and beside it `pingora`, whose phases are those of another gateway for this thread.
    pub fn new(gateway: Gateway, pingora: Leashed<A>) -> Self {
        Self { gateway, pingora: Arc::new(pingora), closing: watch::Sender::new(false) }
    }

    /// The next request of a client.
    async fn serve(&self, client: &mut Client, shutdown: &ShutdownWatch) -> Served {
        let mut closing = self.closing.subscribe();
        let asked = tokio::select! {
            biased;
            asked = client.next(self.gateway.keep_alive()) => asked,
            _ = closing.wait_for(|closing| *closing) => return Served::Over,
        };
        let head = match asked {
            Asked::Nothing => return Served::Over,
            Asked::Other => return Served::Left(None),
            Asked::Plainly(head) => head,
        };
        // Cut is whoever's session has ended: nothing of the connection can be used again.
        let work = pin!(self.gateway.answer_shortly(client, head, *shutdown.borrow()));
        leash::over(work).await.unwrap_or(Served::Broken)
    }

    /// Leaves a request to Pingora. Gives the connection back, if it may bring another.
    async fn leave(
        &self,
        stream: Stream,
        decided: Option<Box<RequestContext>>,
        shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        let mut session = ServerSession::new_http1(stream);
        session.set_keepalive(Some(READ_SECS).filter(|_| !*shutdown.borrow()));
        let answered =
            handing_over(decided, self.pingora.process_new_http(session, shutdown)).await;
        answered.map(|answered| answered.consume().0)
    }
}

#[async_trait]
impl<A: HttpServerApp + Send + Sync + 'static> ServerApp for Front<A> {
    async fn process_new(
        self: &Arc<Self>,
        mut stream: Stream,
        shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        if !self.gateway.has_short_way() || !Client::is_of(&stream) {
            return self.pingora.process_new(stream, shutdown).await;
        }
        loop {
            let mut client = Client::over(stream)?;
            let decided = loop {
                match self.serve(&mut client, shutdown).await {
                    Served::Answered => {}
                    Served::Over => {
                        client.close().await;
                        return None;
                    }
                    Served::Broken => return None,
                    Served::Left(decided) => break decided,
                }
            };
            stream = self.leave(client.leave(), decided, shutdown).await?;
        }
    }

    async fn cleanup(&self) {
        self.closing.send_replace(true);
        self.pingora.http_cleanup().await;
    }
}
