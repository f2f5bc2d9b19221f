//! Requests on a leash: what goes on when the session that opened it has ended is dropped where it stands, and so is an
//! HTTP/2 request whose body comes too slowly.
//!
//! Dropping the work on a request closes its connection (HTTP/1) or resets its stream (HTTP/2), and does the same towards
//! the app, in whichever state both are. A request that is answered at once is polled as without a leash.

use std::cell::{OnceCell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use pingora::apps::{HttpServerApp, HttpServerOptions, ReusedHttpStream};
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::v2::server::H2Options;
use pingora::server::ShutdownWatch;

use super::http2::Idle;
use super::pace::{Pace, Pacer};
use crate::auth::streams::Cut;
use crate::telemetry::metrics::{ConnectionEnd, metrics};

tokio::task_local! {
    /// The leash of the request that this task works on.
    static LEASH: Leash;
}

#[derive(Default)]
struct Leash {
    cut: OnceCell<Arc<Cut>>,
    /// The body that is waited for, where the connection does not see it: HTTP/2 has many on one.
    body: RefCell<Option<(Pace, Pacer)>>,
}

impl Leash {
    fn is_cut(&self, cx: &mut Context<'_>) -> bool {
        self.cut.get().is_some_and(|cut| cut.poll(cx).is_ready())
    }

    fn is_late(&self, cx: &mut Context<'_>) -> bool {
        let mut body = self.body.borrow_mut();
        let late =
            body.as_mut().is_some_and(|(pace, pacer)| pacer.is_late(*pace, Poll::Pending, cx));
        if late {
            *body = None;
            metrics().connection_ended(ConnectionEnd::BodyTimeout);
            tracing::debug!("a request of HTTP/2 was ended: its body came too slowly");
        }
        late
    }
}

/// Has the work on the request of this task end when `cut` says so.
pub(super) fn bind(cut: Arc<Cut>) {
    // Outside a request, in tests and benches, nothing goes on. The first one stays: it is of the same session.
    let _ = LEASH.try_with(|leash| leash.cut.set(cut));
}

/// The body of the request of this task has to keep this pace from now on.
pub(super) fn body_begins(pace: Pace) {
    let _ = LEASH.try_with(|leash| leash.body.replace(Some((pace, Pacer::default()))));
}

/// So much of it has come.
pub(super) fn body_moves(bytes: usize) {
    let _ = LEASH.try_with(|leash| {
        if let Some((pace, pacer)) = &mut *leash.body.borrow_mut() {
            pacer.moves(*pace, bytes);
        }
    });
}

/// It is there, or need not come any more.
pub(super) fn body_ends() {
    let _ = LEASH.try_with(|leash| leash.body.replace(None));
}

/// An app each of whose requests is on a leash.
pub struct Leashed<A> {
    app: Arc<A>,
    idle: Arc<Idle>,
}

impl<A> Leashed<A> {
    /// The app, on leashes; connections of HTTP/2 without a request stay as long as `idle` says.
    pub fn new(app: A, idle: Arc<Idle>) -> Self {
        Self { app: Arc::new(app), idle }
    }
}

#[async_trait]
impl<A: HttpServerApp + Send + Sync + 'static> HttpServerApp for Leashed<A> {
    async fn process_new_http(
        self: &Arc<Self>,
        session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        let mut work = self.app.process_new_http(session, shutdown);
        over(Pin::new(&mut work)).await.flatten()
    }

    fn h2_options(&self) -> Option<H2Options> {
        self.app.h2_options()
    }

    fn server_options(&self) -> Option<&HttpServerOptions> {
        Some(self.idle.options())
    }

    async fn http_cleanup(&self) {
        self.app.http_cleanup().await;
    }
}

/// The outcome of the work on a request; `None` where it was cut.
pub(super) async fn over<T>(work: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    LEASH.scope(Leash::default(), until_cut(work)).await
}

async fn until_cut<T>(mut work: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Pending if LEASH.with(|leash| leash.is_cut(cx) || leash.is_late(cx)) => {
            Poll::Ready(None)
        }
        polled => polled.map(Some),
    })
    .await
}
