//! A small HTTP server for answers that are no proxying: the admin listener, the redirect to HTTPS, the demo.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use pingora::apps::{HttpPersistentSettings, HttpServerApp, ReusedHttpStream};
use pingora::protocols::http::ServerSession;
use pingora::server::ShutdownWatch;

use crate::domain::host::{Authority, Origin};
use crate::domain::path::RequestPath;

use super::{head, reply};

const KEEP_ALIVE_SECS: u64 = 75;
const MAX_BODY: usize = 64 * 1024;
const READ: Duration = Duration::from_secs(10);

/// Answers requests.
#[async_trait]
pub trait Answer: Send + Sync {
    /// The answer to `request`.
    async fn answer(&self, request: Request<Bytes>) -> Response<Bytes>;
}

/// Serves an [`Answer`] over HTTP/1.1.
pub struct PlainServer<A>(A);

impl<A: Answer> PlainServer<A> {
    /// A server that answers by `answer`.
    pub const fn new(answer: A) -> Self {
        Self(answer)
    }
}

#[async_trait]
impl<A: Answer + 'static> HttpServerApp for PlainServer<A> {
    async fn process_new_http(
        self: &Arc<Self>,
        mut session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        session.set_read_timeout(Some(READ));
        session.set_total_drain_timeout(Some(Duration::from_secs(2)));
        let mut stop = shutdown.clone();
        let read = tokio::select! {
            read = session.read_request() => read,
            _ = stop.wait_for(|stop| *stop) => return None,
        };
        if !read.unwrap_or(false) {
            return None;
        }
        head::arrived();
        if session.get_keepalive().is_some() {
            session.set_keepalive(Some(KEEP_ALIVE_SECS));
        }
        let head_only = session.req_header().method == Method::HEAD;
        let response = match reply::read_body(&mut session, MAX_BODY, READ).await {
            Ok(body) => self.0.answer(request(&session, body)).await,
            Err(status) => {
                session.set_keepalive(None);
                let mut response = Response::new(Bytes::new());
                *response.status_mut() = status;
                response
            }
        };
        reply::write(&mut session, response, head_only).await.ok()?;
        let persistent = HttpPersistentSettings::for_session(&session);
        let reusable = session.finish().await.ok()??;
        head::next();
        Some(ReusedHttpStream::from_reusable_stream(reusable, persistent))
    }
}

fn request(session: &ServerSession, body: Bytes) -> Request<Bytes> {
    let head = session.req_header();
    let mut request = Request::new(body);
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = head.uri.clone();
    *request.headers_mut() = head.headers.clone();
    request
}

/// Sends every request to the same address over HTTPS, if its host is one of ours.
pub struct RedirectToHttps {
    /// The hosts that are ours, with the port of their origin.
    pub sites: Arc<ArcSwap<Vec<Origin>>>,
}

#[async_trait]
impl Answer for RedirectToHttps {
    async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
        let authority: Option<Authority> = host.and_then(|host| host.parse().ok());
        let sites = self.sites.load();
        let site = authority.and_then(|asked| sites.iter().find(|site| site.host == asked.host));
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let mut response = Response::new(Bytes::new());
        let location = site.filter(|_| RequestPath::parse(target).is_ok()).and_then(|site| {
            HeaderValue::from_str(&format!("https://{}{target}", site.authority())).ok()
        });
        match location {
            Some(location) => {
                *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
                response.headers_mut().insert(header::LOCATION, location);
            }
            None => *response.status_mut() = StatusCode::MISDIRECTED_REQUEST,
        }
        response
    }
}
