//! Requests on a leash: what goes on when the session that opened it has ended is dropped where it stands.
//!
//! Dropping the work on a request closes its connection (HTTP/1) or resets its stream (HTTP/2), and does the same towards
//! the app, in whichever state both are. A request that is answered at once is polled as without a leash.

use std::cell::OnceCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use pingora::apps::{HttpServerApp, HttpServerOptions, ReusedHttpStream};
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::v2::server::H2Options;
use pingora::server::ShutdownWatch;

use crate::auth::streams::Cut;

tokio::task_local! {
    /// The leash of the request that this task works on.
    static LEASH: Leash;
}

#[derive(Default)]
struct Leash(OnceCell<Arc<Cut>>);

impl Leash {
    fn is_cut(&self, cx: &mut Context<'_>) -> bool {
        self.0.get().is_some_and(|cut| cut.poll(cx).is_ready())
    }
}

/// Has the work on the request of this task end when `cut` says so.
pub(super) fn bind(cut: Arc<Cut>) {
    // Outside a request, in tests and benches, nothing goes on. The first one stays: it is of the same session.
    let _ = LEASH.try_with(|leash| leash.0.set(cut));
}

/// An app each of whose requests is on a leash.
pub struct Leashed<A>(Arc<A>);

impl<A> Leashed<A> {
    /// The app, on leashes.
    pub fn new(app: A) -> Self {
        Self(Arc::new(app))
    }
}

#[async_trait]
impl<A: HttpServerApp + Send + Sync + 'static> HttpServerApp for Leashed<A> {
    async fn process_new_http(
        self: &Arc<Self>,
        session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        let work = self.0.process_new_http(session, shutdown);
        LEASH.scope(Leash::default(), until_cut(work)).await
    }

    fn h2_options(&self) -> Option<H2Options> {
        self.0.h2_options()
    }

    fn server_options(&self) -> Option<&HttpServerOptions> {
        self.0.server_options()
    }

    async fn http_cleanup(&self) {
        self.0.http_cleanup().await;
    }
}

async fn until_cut<T>(mut work: Pin<Box<dyn Future<Output = Option<T>> + Send + '_>>) -> Option<T> {
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Pending if LEASH.with(|leash| leash.is_cut(cx)) => Poll::Ready(None),
        polled => polled,
    })
    .await
}
