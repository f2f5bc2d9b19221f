//! The gateway: Pingora's phases as a table of contents.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::protocols::Digest;
use pingora::proxy::{FailToProxy, ProxyHttp, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType, Result};

use crate::auth::sessions::SignedIn;
use crate::domain::entropy::SharedEntropy;
use crate::domain::id::RequestId;
use crate::domain::time::{SharedClock, Timestamp};
use crate::policy::Admitted;
use crate::portal::Portal;
use crate::portal::pages::ErrorKind;
use crate::telemetry::logs::{self, Access};
use crate::telemetry::metrics::{DecisionLabel, RequestSummary, SecurityEvent, metrics};

use super::facts::{BadRequest, RequestKind};
use super::question::Question;
use super::refusal::Refusal;
use super::upgrade::AnswerInOrder;
use super::{head, headers, http2, upstream};

mod answer;
mod decide;
mod forward;
mod settings;
mod state;
mod verify;

pub use settings::{GatewaySettings, GatewaySite};
use state::Accepted;
pub(super) use state::State;

/// The gateway.
pub struct Gateway {
    /// What it decides by; each request keeps that of its beginning.
    state: Arc<ArcSwap<State>>,
    clock: SharedClock,
    entropy: SharedEntropy,
}

/// What a gateway decides by.
pub struct Deciding {
    state: Arc<ArcSwap<State>>,
    entropy: SharedEntropy,
}

impl Deciding {
    /// Takes these settings for the requests that begin from now on; those under way end by the ones of before.
    pub fn replace(&self, settings: GatewaySettings) {
        self.state.store(Arc::new(State::new(settings, Arc::clone(&self.entropy))));
    }
}

impl Gateway {
    /// A gateway with these settings.
    pub fn new(settings: GatewaySettings, clock: SharedClock, entropy: SharedEntropy) -> Self {
        let state = State::new(settings, Arc::clone(&entropy));
        Self { state: Arc::new(ArcSwap::from_pointee(state)), clock, entropy }
    }

    /// What it decides by, to be replaced.
    pub fn deciding(&self) -> Deciding {
        Deciding { state: Arc::clone(&self.state), entropy: Arc::clone(&self.entropy) }
    }
}

/// What is known of a request as it goes through the phases.
pub struct RequestContext {
    /// The configuration that it is judged by.
    pub(in crate::proxy) state: Arc<State>,
    started: Instant,
    id: RequestId,
    pub(super) now: Timestamp,
    decision: DecisionLabel,
    accepted: Option<Accepted>,
    forwarding: Option<Admitted>,
    signed_in: Option<Arc<SignedIn>>,
    /// The `Host` of the app itself, where that is what it is told.
    own_host: Option<String>,
    /// Where a WebSocket may begin.
    in_order: Option<AnswerInOrder>,
    sent_upstream: Option<Instant>,
    upstream_took: Option<Duration>,
}

const KEEP_ALIVE_SECS: u64 = 75;
const DRAIN: Duration = Duration::from_secs(2);

#[async_trait]
impl ProxyHttp for Gateway {
    type CTX = RequestContext;

    fn new_ctx(&self) -> RequestContext {
        let now = self.clock.now();
        RequestContext {
            state: self.state.load_full(),
            started: Instant::now(),
            id: RequestId::generate(&*self.entropy, now),
            now,
            decision: DecisionLabel::BadRequest,
            accepted: None,
            forwarding: None,
            signed_in: None,
            own_host: None,
            in_order: None,
            sent_upstream: None,
            upstream_took: None,
        }
    }

    async fn request_filter(
        &self,
        session: &mut Session,
        ctx: &mut RequestContext,
    ) -> Result<bool> {
        head::arrived();
        limit_connection(session);
        let state = Arc::clone(&ctx.state);
        let read = match state.read_facts(session.req_header(), peer_of(session)) {
            Ok(facts) if Question::is_asked_at(facts.path.path()) => {
                state.answer_proxy(session, facts, ctx).await?;
                return Ok(true);
            }
            read => read,
        };
        let accepted = match read.and_then(|facts| state.accept(facts)) {
            Ok(accepted) => accepted,
            Err(bad) => {
                note(bad);
                // What could not be understood may not have ended where we think it did.
                session.set_keepalive(None);
                state.refuse(session, None, bad.into(), ctx).await?;
                return Ok(true);
            }
        };
        let headers = &session.req_header().headers;
        let is_portals = Portal::owns(accepted.facts.path.path()) || !accepted.site.portal.has_app;
        let settled = match state.known(headers, &accepted, ctx).await {
            Ok(signed_in) if is_portals => {
                ctx.decision = DecisionLabel::Portal;
                state.answer_by_portal(session, &accepted, signed_in, ctx).await?;
                ctx.accepted = Some(accepted);
                return Ok(true);
            }
            Ok(signed_in) => State::settle(headers, &accepted, signed_in, ctx),
            Err(refusal) => Err(refusal),
        };
        let refusal = match settled {
            Ok(_) if accepted.site.upstreams.is_empty() => Refusal::Error(ErrorKind::NotFound),
            Ok(admitted) => {
                ctx.forwarding = Some(admitted);
                ctx.accepted = Some(accepted);
                return Ok(false);
            }
            Err(refusal) => refusal,
        };
        state.refuse(session, Some(&accepted), refusal, ctx).await?;
        ctx.accepted = Some(accepted);
        Ok(true)
    }

    async fn upstream_peer(
        &self,
        session: &mut Session,
        ctx: &mut RequestContext,
    ) -> Result<Box<HttpPeer>> {
        let Some(accepted) = &ctx.accepted else {
            return Error::e_explain(ErrorType::InternalError, "no request was accepted");
        };
        match accepted.site.upstreams.choose().await {
            Ok(mut peer) => {
                ctx.own_host = (!accepted.site.preserve_host).then(|| upstream::host_of(&peer));
                let begins = accepted.facts.kind == RequestKind::WebSocket
                    && session.as_downstream_mut().is_body_empty();
                ctx.in_order = begins.then(|| AnswerInOrder::over(&mut peer));
                Ok(peer)
            }
            Err(error) => {
                let mut failed = Error::explain(ErrorType::ConnectError, error.to_string());
                failed.as_up();
                Err(failed)
            }
        }
    }

    async fn connected_to_upstream(
        &self,
        _session: &mut Session,
        _reused: bool,
        _peer: &HttpPeer,
        _fd: RawFd,
        _digest: Option<&Digest>,
        ctx: &mut RequestContext,
    ) -> Result<()> {
        if let Some(in_order) = &ctx.in_order {
            in_order.connected();
        }
        Ok(())
    }

    /// The last word on what the app gets. Without the policy's permission nothing is sent.
    async fn upstream_request_filter(
        &self,
        _session: &mut Session,
        request: &mut RequestHeader,
        ctx: &mut RequestContext,
    ) -> Result<()> {
        let (Some(accepted), Some(admitted)) = (&ctx.accepted, &ctx.forwarding) else {
            return Error::e_explain(ErrorType::HTTPStatus(500), "nothing was admitted");
        };
        ctx.state.prepare(request, accepted, admitted, ctx.signed_in.as_deref(), ctx)?;
        ctx.sent_upstream = Some(Instant::now());
        Ok(())
    }

    async fn response_filter(
        &self,
        _session: &mut Session,
        response: &mut ResponseHeader,
        ctx: &mut RequestContext,
    ) -> Result<()> {
        if ctx.upstream_took.is_none() {
            ctx.upstream_took = ctx.sent_upstream.map(|sent| sent.elapsed());
        }
        headers::clean_response(response)
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        ctx: &mut RequestContext,
    ) -> FailToProxy {
        let answered = session.response_written().is_some();
        let refusal = Refusal::of_failure(error);
        let status = refusal.as_ref().map_or(0, |refusal| refusal.status().as_u16());
        if let Some(refusal) = refusal
            && !answered
        {
            tracing::warn!(request.id = %ctx.id, status, error = %error, "a request could not be forwarded");
            session.set_keepalive(None);
            let (state, accepted) = (Arc::clone(&ctx.state), ctx.accepted.take());
            if let Err(error) = state.refuse(session, accepted.as_ref(), refusal, ctx).await {
                tracing::debug!(%error, "the client left before its error page");
            }
            ctx.accepted = accepted;
        }
        FailToProxy { error_code: status, can_reuse_downstream: false }
    }

    /// Failures are logged where they are handled; a client that leaves is none.
    fn suppress_error_log(
        &self,
        _session: &Session,
        _ctx: &RequestContext,
        _error: &Error,
    ) -> bool {
        true
    }

    async fn logging(
        &self,
        session: &mut Session,
        _error: Option<&Error>,
        ctx: &mut RequestContext,
    ) {
        head::next();
        let status = session.response_written().map_or(0, |response| response.status.as_u16());
        let total = ctx.started.elapsed();
        let upstream = ctx.upstream_took;
        let gateway = match (ctx.sent_upstream, upstream) {
            // Until the request was on its way; what follows is the app's time and the client's.
            (Some(sent), _) => sent.duration_since(ctx.started),
            (None, _) => total,
        };
        let site =
            ctx.accepted.as_ref().map_or(&ctx.state.nowhere, |accepted| &accepted.site.metrics);
        let summary = RequestSummary { decision: ctx.decision, status, total, gateway, upstream };
        site.record(&summary);
        logs::access(&Access {
            request: ctx.id,
            site: ctx.accepted.as_ref().map_or("none", |a| a.facts.authority.host.as_str()),
            method: session.req_header().method.as_str(),
            decision: ctx.decision,
            status,
            duration: total,
        });
        // The answer is out. To break off what still comes would cost a client of HTTP/2 that answer.
        if session.is_http2() {
            let _ = session.drain_request_body().await;
        }
    }
}

fn peer_of(session: &Session) -> Option<IpAddr> {
    session.client_addr()?.as_inet().map(SocketAddr::ip)
}

/// Ends what Pingora leaves endless: idle keep-alive, the rest of a refused body. The `if` keeps connections that
/// Pingora has marked for closing closed.
fn limit_connection(session: &mut Session) {
    if session.get_keepalive().is_some() {
        session.set_keepalive(Some(KEEP_ALIVE_SECS));
    }
    session.set_total_drain_timeout(Some(DRAIN));
    if session.is_http2() {
        session.set_write_timeout(Some(http2::STALLED));
    }
}

fn note(bad: BadRequest) {
    let event = match bad {
        BadRequest::Target(_) => SecurityEvent::BadPath,
        BadRequest::Host | BadRequest::UnknownSite => SecurityEvent::BadHost,
        BadRequest::Method | BadRequest::Headers | BadRequest::Length | BadRequest::Question => {
            SecurityEvent::Malformed
        }
    };
    metrics().security_event(event);
    tracing::debug!(reason = ?bad, "a request was refused before any policy");
}
