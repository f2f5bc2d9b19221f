//! The short way to an app, for most requests: those without a body, over HTTP/1.1, to an app that speaks plain
//! HTTP/1.1. Everything else takes Pingora's way, and so does what failed here and may be tried again.
//!
//! What differs is only what carries the bytes: one task instead of two with channels between them, connections to the
//! app that no task watches, and a request's head that is written without a copy. Every decision is made by the phases
//! of the gateway and by the functions over headers, which both ways call. On the client's side Pingora's session frames
//! requests and answers; on the app's it frames every answer but the plainest (see [`exchange`]). A request that Pingora
//! would have to clean of what is meant for one connection alone never comes here: see [`is_common`].

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use http::{HeaderMap, Version, header};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::protocols::UniqueID as _;
use pingora::protocols::http::HttpTask;
use pingora::proxy::{ProxyHttp, Session};
use pingora::upstreams::peer::{HttpPeer, HttpUpstreamRequestPolicy};
use pingora::{Error, ErrorType, Result};

use self::connection::Connection;
use self::exchange::Exchange;
use self::pool::Pool;
use super::gateway::{Gateway, RequestContext};
use super::outgoing::Changes;
use crate::telemetry::metrics::metrics;

mod connection;
pub(super) mod exchange;
mod pool;

/// The short way of one thread.
#[derive(Debug)]
pub(super) struct ShortWay {
    pool: Arc<Pool>,
    open: bool,
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

/// Whether a request has nothing that is meant for one connection alone, but for the usual words about keeping it, and
/// nothing that makes it more than a question. With anything else it takes Pingora's way, which knows what to take off
/// (S47, S50).
fn is_common(request: &RequestHeader) -> bool {
    request.version == Version::HTTP_11
        && request.has_case()
        && !request.headers.keys().any(|name| is_uncommon(name.as_str()))
        && names_no_header(&request.headers)
}

fn is_uncommon(name: &str) -> bool {
    matches!(
        name,
        "expect"
            | "http2-settings"
            | "keep-alive"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "proxy-connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
    )
}

fn names_no_header(headers: &HeaderMap) -> bool {
    headers.get_all(header::CONNECTION).iter().all(|value| {
        let word = value.as_bytes();
        word.eq_ignore_ascii_case(b"keep-alive") || word.eq_ignore_ascii_case(b"close")
    })
}

/// Where a peer is, if it is reached by nothing more than a connection that speaks HTTP/1.1.
fn plain_address(peer: &HttpPeer) -> Option<SocketAddr> {
    let options = &peer.options;
    let plain = !peer.is_tls()
        && peer.proxy.is_none()
        && options.custom_l4.is_none()
        && options.bind_to.is_none()
        && options.upstream_tcp_sock_tweak_hook.is_none()
        && options.alpn.get_min_http_version() == 1
        && options.http_upstream_request_policy == HttpUpstreamRequestPolicy::standard();
    if plain { peer._address.as_inet().copied() } else { None }
}

impl Gateway {
    /// Forwards a request, if it can go the short way; says whether it was answered. An `Err` is the end of it; what
    /// was not answered without one goes Pingora's way, as if it had not been here.
    pub(super) async fn forward_shortly(
        &self,
        session: &mut Session,
        ctx: &mut RequestContext,
    ) -> Result<bool> {
        // A kept form goes out with a body that the client has not sent now.
        let short = self.short_way.open
            && ctx.form.is_none()
            && is_common(session.req_header())
            && session.as_downstream_mut().is_body_empty();
        if !short {
            return Ok(false);
        }
        let peer = match self.upstream_peer(session, ctx).await {
            Ok(peer) => peer,
            Err(error) => return another_try(session, error),
        };
        let Some(address) = plain_address(&peer) else {
            ctx.chosen = Some(peer);
            return Ok(false);
        };
        let (connection, reused) = match self.short_way.pool.take(address) {
            Some(connection) => (connection, true),
            None => match Connection::open(address, peer.options.connection_timeout).await {
                Ok(connection) => (connection, false),
                Err(error) => {
                    let error = self.fail_to_connect(session, &peer, ctx, error).into_up();
                    return another_try(session, error);
                }
            },
        };
        metrics().forwarded_shortly();
        match self.exchange(session, connection, (&peer, reused), ctx).await {
            Ok(exchange) => {
                if let Some((connection, told)) = exchange.end().await {
                    let idle = peer.options.idle_timeout.into_iter().chain(told).min();
                    Pool::keep(&self.short_way.pool, address, connection, idle);
                }
                Ok(true)
            }
            Err(error) => {
                let error = self.error_while_proxy(&peer, session, error, ctx, reused);
                another_try(session, error)
            }
        }
    }

    /// Sends the request and streams the answer back. A client that leaves ends both.
    async fn exchange(
        &self,
        session: &mut Session,
        connection: Connection,
        (peer, reused): (&HttpPeer, bool),
        ctx: &mut RequestContext,
    ) -> Result<Exchange> {
        let fd = connection.id();
        self.connected_to_upstream(session, reused, peer, fd, None, ctx).await?;
        let mut changes = Changes::to(session.req_header());
        ctx.prepare(&mut changes)?;
        let Some(head) = changes.write() else {
            return Error::e_explain(ErrorType::InvalidHTTPHeader, "a target that nobody may send");
        };
        let method = session.req_header().method.clone();
        let begun = Exchange::begin(connection, peer, method, &head).await;
        let mut exchange = begun.map_err(|error| error.into_up())?;
        loop {
            let task = tokio::select! {
                biased;
                task = exchange.next(peer) => task.map_err(|error| error.into_up())?,
                left = session.as_downstream_mut().read_body_or_idle(true) => return Err(gone(left)),
            };
            let mut ended = task.is_end();
            let mut tasks = vec![self.filter(session, task, ctx).await?];
            // A head goes out with as much of its body as is there.
            if !ended && let Some(more) = at_once(exchange.next(peer)).await {
                let more = more.map_err(|error| error.into_up());
                match more {
                    Ok(task) => {
                        ended = task.is_end();
                        tasks.push(self.filter(session, task, ctx).await?);
                    }
                    Err(error) => tasks.push(HttpTask::Failed(error)),
                }
            }
            session.write_response_tasks(tasks).await?;
            if ended {
                return Ok(exchange);
            }
        }
    }

    /// What Pingora's way does to each part of an answer, in its order.
    async fn filter(
        &self,
        session: &mut Session,
        mut task: HttpTask,
        ctx: &mut RequestContext,
    ) -> Result<HttpTask> {
        let mut wait = None;
        match &mut task {
            HttpTask::Header(head, end) => {
                self.upstream_response_filter(session, head, ctx).await?;
                frame(session.req_header(), head, *end)?;
                self.response_filter(session, head, ctx).await?;
            }
            HttpTask::Body(data, end) => {
                wait = self.upstream_response_body_filter(session, data, *end, ctx)?;
                wait = self.response_body_filter(session, data, *end, ctx)?.max(wait);
            }
            _ => {}
        }
        if let Some(wait) = wait {
            tokio::time::sleep(wait).await;
        }
        Ok(task)
    }
}

/// What failed before anything of an answer was passed on, and may be tried again, goes Pingora's way.
fn another_try(session: &Session, error: Box<Error>) -> Result<bool> {
    if error.retry() && session.response_written().is_none() { Ok(false) } else { Err(error) }
}

/// Why an exchange ends when its client does something that is not to wait.
fn gone(left: Result<Option<bytes::Bytes>>) -> Box<Error> {
    match left {
        Err(error) => error.into_down(),
        Ok(_) => {
            Error::explain(ErrorType::ConnectionClosed, "the client sent more than its request")
                .into_down()
        }
    }
}

/// An answer whose end is the end of its connection gets an end of its own, so that the client's connection may stay.
fn frame(request: &RequestHeader, head: &mut ResponseHeader, end: bool) -> Result<()> {
    let bodiless = end
        || request.method == http::Method::HEAD
        || head.status.is_informational()
        || matches!(head.status.as_u16(), 204 | 304);
    let framed = head.headers.contains_key(header::TRANSFER_ENCODING)
        || head.headers.contains_key(header::CONTENT_LENGTH);
    if !bodiless && !framed {
        head.set_version(Version::HTTP_11);
        head.insert_header(header::TRANSFER_ENCODING, "chunked")?;
    }
    Ok(())
}

/// What a future says without waiting. It must be one that loses nothing when it is dropped.
async fn at_once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&'static str, &'static str)]) -> RequestHeader {
        let mut request = RequestHeader::build("GET", b"/", None).unwrap();
        for (name, value) in headers {
            request.append_header(*name, *value).unwrap();
        }
        request
    }

    #[test]
    fn s47_s50_what_is_for_one_connection_alone_takes_pingoras_way() {
        assert!(is_common(&request(&[("Host", "a"), ("Cookie", "b")])));
        assert!(is_common(&request(&[("Connection", "Keep-Alive")])));
        assert!(is_common(&request(&[("Connection", "close")])));
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
            assert!(!is_common(&request(&[(name, "Remote-User")])), "{name}");
        }
        assert!(!is_common(&request(&[("Connection", "keep-alive, Remote-User")])));
        assert!(!is_common(&request(&[("Connection", "close"), ("Connection", "Cookie")])));
        let mut old = request(&[]);
        old.set_version(Version::HTTP_10);
        assert!(!is_common(&old));
    }

    #[test]
    fn only_a_plain_connection_is_short() {
        let peer = |tls| HttpPeer::new("127.0.0.1:80", tls, "app".to_owned());
        assert!(plain_address(&peer(false)).is_some());
        assert!(plain_address(&peer(true)).is_none());
        let mut two = peer(false);
        two.options.set_http_version(2, 2);
        assert!(plain_address(&two).is_none());
    }

    #[test]
    fn an_answer_without_an_end_gets_one() {
        let framed = |method: &str, status, end| {
            let mut head = ResponseHeader::build(status, None).unwrap();
            let mut asked = request(&[]);
            asked.set_method(method.parse().unwrap());
            frame(&asked, &mut head, end).unwrap();
            head.headers.contains_key("transfer-encoding")
        };
        assert!(framed("GET", 200, false));
        assert!(!framed("GET", 200, true) && !framed("HEAD", 200, false));
        assert!(!framed("GET", 304, false) && !framed("GET", 103, false));
    }
}
