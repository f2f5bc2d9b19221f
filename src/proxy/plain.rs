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
use tokio::sync::watch;

use crate::domain::host::{Authority, HostName, Origin};
use crate::domain::path::RequestPath;

use super::tls::{Certificates, Challenges};
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
pub struct PlainServer<A> {
    answer: A,
    /// Says true when connections that wait for a request are to end.
    closing: watch::Sender<bool>,
}

impl<A: Answer> PlainServer<A> {
    /// A server that answers by `answer`.
    pub fn new(answer: A) -> Self {
        Self { answer, closing: watch::Sender::new(false) }
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
        let mut closing = self.closing.subscribe();
        let read = tokio::select! {
            biased;
            read = session.read_request() => read,
            _ = closing.wait_for(|closing| *closing) => return None,
        };
        if !read.unwrap_or(false) {
            return None;
        }
        head::arrived();
        if *shutdown.borrow() {
            session.set_keepalive(None);
        } else if session.get_keepalive().is_some() {
            session.set_keepalive(Some(KEEP_ALIVE_SECS));
        }
        let head_only = session.req_header().method == Method::HEAD;
        let response = match reply::read_body(&mut session, MAX_BODY, READ).await {
            Ok(body) => self.answer.answer(request(&session, body)).await,
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

    async fn http_cleanup(&self) {
        self.closing.send_replace(true);
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
    /// What a certificate authority asks for here.
    pub challenges: Arc<Challenges>,
    /// The certificates without which nobody is sent to a host; `None` where they are there from the beginning.
    pub awaited: Option<Arc<Certificates>>,
}

/// When somebody is to come back for whom there is no certificate yet.
const COME_BACK_SECS: u16 = 10;

impl RedirectToHttps {
    /// Where a request belongs, if it is one for us.
    fn answer_for(&self, asked: &HostName, target: &str) -> Option<Response<Bytes>> {
        let sites = self.sites.load();
        let site = sites.iter().find(|site| site.host == *asked)?;
        RequestPath::parse(target).ok()?;
        let mut response = Response::new(Bytes::new());
        let certificates = self.awaited.as_ref().filter(|_| site.is_secure());
        if certificates.is_some_and(|held| !held.cover(asked.as_str())) {
            *response.body_mut() = format!(
                "The certificate of {asked} is being made. Please come back in a minute.\n"
            )
            .into();
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, PLAIN_TEXT);
            headers.insert(header::RETRY_AFTER, COME_BACK_SECS.into());
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            return Some(response);
        }
        let location = format!("https://{}{target}", site.authority());
        *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
        response.headers_mut().insert(header::LOCATION, HeaderValue::try_from(location).ok()?);
        Some(response)
    }
}

const PLAIN_TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

#[async_trait]
impl Answer for RedirectToHttps {
    async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        if let Some(answer) = self.challenges.answer(request.uri().path()) {
            let mut response = Response::new(answer.into());
            response.headers_mut().insert(header::CONTENT_TYPE, PLAIN_TEXT);
            return response;
        }
        let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
        let authority: Option<Authority> = host.and_then(|host| host.parse().ok());
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let answer = authority.and_then(|asked| self.answer_for(&asked.host, target));
        answer.unwrap_or_else(|| {
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = StatusCode::MISDIRECTED_REQUEST;
            response
        })
    }
}
