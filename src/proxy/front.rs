//! What serves a connection: requests that can go the short way go it; each of the others is left to Pingora. Over HTTP/1
//! they come one after the other, and Pingora gets the bytes that were read; the connection comes back when it is answered.
//! A connection of HTTP/2 is Pingora's, and its streams come from there.

use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use pingora::apps::{HttpServerApp, HttpServerOptions, ReusedHttpStream, ServerApp};
use pingora::http::RequestHeader;
use pingora::protocols::Stream;
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::v2::server::H2Options;
use pingora::server::ShutdownWatch;
use tokio::sync::watch;

use super::gateway::{Gateway, RequestContext, handing_over};
use super::leash::{self, Leashed};
use super::short::{self, Asked, Client};

/// The most seconds that Pingora waits for a request whose first bytes are there: the stream itself is sooner.
const READ_SECS: u64 = 60;

/// Both ways of one thread.
pub struct Front<A> {
    ways: Arc<Ways<A>>,
    /// Says true when connections that wait for a request are to end.
    closing: watch::Sender<bool>,
}

struct Ways<A> {
    /// The short one.
    gateway: Gateway,
    pingora: Arc<Leashed<A>>,
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
        let ways = Arc::new(Ways { gateway, pingora: Arc::new(pingora) });
        Self { ways, closing: watch::Sender::new(false) }
    }

    /// The next request of a client.
    async fn serve(&self, client: &mut Client, shutdown: &ShutdownWatch) -> Served {
        let mut closing = self.closing.subscribe();
        let asked = tokio::select! {
            biased;
            asked = client.next(self.ways.gateway.keep_alive()) => asked,
            _ = closing.wait_for(|closing| *closing) => return Served::Over,
        };
        let mut head = match asked {
            Asked::Nothing => return Served::Over,
            Asked::Other => return Served::Left(None),
            Asked::Plainly(head) => head,
        };
        // Cut is whoever's session has ended: nothing of the connection can be used again.
        let work = pin!(self.ways.gateway.answer_shortly(client, &mut head, *shutdown.borrow()));
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
            handing_over(decided, self.ways.pingora.process_new_http(session, shutdown)).await;
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
        if !self.ways.gateway.has_short_way() || !Client::is_of(&stream) {
            return self.ways.process_new(stream, shutdown).await;
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
        self.ways.http_cleanup().await;
    }
}

impl<A> Ways<A> {
    /// A plain question of a stream.
    async fn serve(&self, stream: &mut short::Stream, head: &mut RequestHeader) -> Served {
        let work = pin!(self.gateway.answer_shortly(stream, head, false));
        leash::over(work).await.unwrap_or(Served::Broken)
    }
}

/// What Pingora's connections bring.
#[async_trait]
impl<A: HttpServerApp + Send + Sync + 'static> HttpServerApp for Ways<A> {
    async fn process_new_http(
        self: &Arc<Self>,
        session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        let (session, decided) = match session {
            ServerSession::H2(stream)
                if self.gateway.has_short_way() && short::Stream::is_plain(&stream) =>
            {
                let (mut stream, mut head) = short::Stream::over(stream);
                match self.serve(&mut stream, &mut head).await {
                    Served::Left(decided) => (stream.leave(head), decided),
                    // Whatever was not answered as a whole is told by its reset.
                    Served::Answered | Served::Over | Served::Broken => return None,
                }
            }
            other => (other, None),
        };
        handing_over(decided, self.pingora.process_new_http(session, shutdown)).await
    }

    fn h2_options(&self) -> Option<H2Options> {
        self.pingora.h2_options()
    }

    fn server_options(&self) -> Option<&HttpServerOptions> {
        self.pingora.server_options()
    }

    async fn http_cleanup(&self) {
        self.pingora.http_cleanup().await;
    }
}
