//! The gateway: Pingora's phases as a table of contents.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use bytes::Bytes;
use http::header;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::protocols::Digest;
use pingora::proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, Result};

use crate::domain::connections::ConnectionLimits;
use crate::domain::entropy::SharedEntropy;
use crate::domain::id::RequestId;
use crate::domain::time::SharedClock;
use crate::portal::Portal;
use crate::portal::pages::ErrorKind;
use crate::telemetry::metrics::{DecisionLabel, SecurityEvent, metrics};

use super::compress::Compressing;
use super::facts::BadRequest;
use super::question::Question;
use super::refusal::Refusal;
use super::short::ShortWay;
use super::upgrade::AnswerInOrder;
use super::{check, head, headers, http2, leash};

mod answer;
mod bearer;
mod body;
mod context;
mod decide;
mod forward;
mod resume;
mod settings;
mod shortly;
mod state;
mod streams;
mod verify;

pub use context::RequestContext;
use context::Sent;
use resume::Resumed;
pub use settings::{GatewaySettings, GatewaySite};
pub(super) use shortly::handing_over;
use state::Accepted;
pub(super) use state::State;

/// The gateway.
pub struct Gateway {
    /// What it decides by; each request keeps that of its beginning.
    state: Arc<ArcSwap<State>>,
    clock: SharedClock,
    entropy: SharedEntropy,
    pub(super) short_way: ShortWay,
}

/// What a gateway decides by.
pub struct Deciding {
    state: Arc<ArcSwap<State>>,
    entropy: SharedEntropy,
}

impl Deciding {
    /// Takes these settings for the requests that begin from now on; those under way end by the ones of before.
    pub fn replace(&self, settings: GatewaySettings) {
        let state = State::new(settings, Arc::clone(&self.entropy));
        state.start_upstreams(Some(&self.state.load()));
        self.state.store(Arc::new(state));
    }
}

impl Gateway {
    /// A gateway with these settings.
    pub fn new(settings: GatewaySettings, clock: SharedClock, entropy: SharedEntropy) -> Self {
        let short_way = ShortWay::new(settings.short_way);
        let state = State::new(settings, Arc::clone(&entropy));
        state.start_upstreams(None);
        Self { state: Arc::new(ArcSwap::from_pointee(state)), clock, entropy, short_way }
    }

    /// The same gateway, for a thread that has connections of its own.
    pub fn for_another_thread(&self) -> Self {
        Self {
            state: Arc::clone(&self.state),
            clock: Arc::clone(&self.clock),
            entropy: Arc::clone(&self.entropy),
            short_way: self.short_way.for_another_thread(),
        }
    }

    /// What it decides by, to be replaced.
    pub fn deciding(&self) -> Deciding {
        Deciding { state: Arc::clone(&self.state), entropy: Arc::clone(&self.entropy) }
    }
}

/// The longest wait for the next bytes of a client that has not said how slow it is: a WebSocket's, or what is drained.
const READ: Duration = Duration::from_secs(60);
const DRAIN: Duration = Duration::from_secs(2);

#[async_trait]
impl ProxyHttp for Gateway {
    type CTX = RequestContext;

    fn new_ctx(&self) -> RequestContext {
        shortly::handed_over().unwrap_or_else(|| self.begin_request())
    }

    /// Answers are made smaller by doorward itself: Pingora's module for it would be made for each request, to do nothing.
    fn init_downstream_modules(&self, _modules: &mut HttpModules) {}

    async fn request_filter(
        &self,
        session: &mut Session,
        ctx: &mut RequestContext,
    ) -> Result<bool> {
        let state = Arc::clone(&ctx.state);
        if ctx.is_admitted() {
            // By the short way, which it cannot go.
            limit_connection(session, &state.limits);
            check::join_cookies(session.req_header_mut())?;
            return Ok(false);
        }
        head::arrived();
        limit_connection(session, &state.limits);
        check::join_cookies(session.req_header_mut())?;
        let read = check::wire(session)
            .and_then(|()| state.read_facts(session.req_header(), peer_of(session)));
        let read = match read {
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
                if let Some(signed_in) = &signed_in {
                    state.auth.touch(signed_in, ctx.now);
                }
                state.answer_by_portal(session, &accepted, signed_in, ctx).await?;
                ctx.accepted = Some(accepted);
                return Ok(true);
            }
            Ok(signed_in) => state.settle(headers, &accepted, signed_in, ctx),
            Err(refusal) => Err(refusal),
        };
        let refusal = match settled {
            Ok(_) if !accepted.is_at_app() => Refusal::Error(ErrorKind::NotFound),
            Ok(admitted) => match begin(session, &state, &accepted, ctx).await {
                Ok(form) => {
                    ctx.form = form;
                    ctx.forwarding = Some(admitted);
                    let is_empty = session.as_downstream_mut().is_body_empty();
                    ctx.accepted = Some(accepted);
                    ctx.watch_upload(session.req_header(), is_empty, &self.state);
                    return Ok(false);
                }
                Err(refusal) => refusal,
            },
            Err(refusal) => refusal,
        };
        let refusal = state.keep_form(session, &accepted, refusal, ctx).await;
        state.refuse(session, Some(&accepted), refusal, ctx).await?;
        ctx.accepted = Some(accepted);
        Ok(true)
    }

    async fn upstream_peer(
        &self,
        session: &mut Session,
        ctx: &mut RequestContext,
    ) -> Result<Box<HttpPeer>> {
        // A body that is sent once more, to another app, begins anew.
        ctx.body_bytes = 0;
        let mut peer = ctx.choose_app().await?;
        let begins = ctx.is_websocket() && session.as_downstream_mut().is_body_empty();
        ctx.in_order = begins.then(|| AnswerInOrder::over(&mut peer));
        Ok(peer)
    }

    /// Nothing was sent yet: another app may get it.
    fn fail_to_connect(
        &self,
        _session: &mut Session,
        _peer: &HttpPeer,
        ctx: &mut RequestContext,
        error: Box<Error>,
    ) -> Box<Error> {
        ctx.could_not_connect(error)
    }

    fn error_while_proxy(
        &self,
        _peer: &HttpPeer,
        session: &mut Session,
        error: Box<Error>,
        ctx: &mut RequestContext,
        reused: bool,
    ) -> Box<Error> {
        let body = Sent {
            bodyless: session.as_downstream_mut().is_body_empty(),
            body_kept: !session.as_downstream().retry_buffer_truncated(),
            reused,
        };
        let answered = session.response_written().is_some();
        ctx.failed(error, &session.req_header().method, &body, answered)
    }

    /// What is sent again is counted, and told where an app is left out.
    fn suppress_proxy_warn_log(
        &self,
        _session: &Session,
        _ctx: &RequestContext,
        _error: &Error,
        _context: ProxyWarnLogContext,
    ) -> bool {
        true
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
        ctx.prepare(request)?;
        ctx.prepare_form(request)
    }

    async fn request_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        ctx: &mut RequestContext,
    ) -> Result<()> {
        body::passes(ctx, body.as_ref(), end_of_stream)?;
        ctx.replace_body(body, end_of_stream);
        Ok(())
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        ctx: &mut RequestContext,
    ) -> Result<()> {
        self.pass_answer(session.req_header(), response, ctx).await
    }

    fn response_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        end: bool,
        ctx: &mut RequestContext,
    ) -> Result<Option<Duration>> {
        ctx.pass_part(body, end)?;
        Ok(None)
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
            ctx.tell_failure(status, error);
            session.set_keepalive(None);
            let (state, accepted) = (Arc::clone(&ctx.state), ctx.accepted.take());
            if let Some(accepted) = &accepted {
                state.give_form_back(accepted, ctx).await;
            }
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
        ctx.watched = None;
        let status = session.response_written().map_or(0, |response| response.status.as_u16());
        ctx.conclude(&session.req_header().method, status);
        // The answer is out. To break off what still comes would cost a client of HTTP/2 that answer.
        if session.is_http2() {
            let _ = session.drain_request_body().await;
        }
    }
}

impl Gateway {
    fn begin_request(&self) -> RequestContext {
        let now = self.clock.now();
        let id = RequestId::generate(&*self.entropy, now);
        RequestContext::begin(self.state.load_full(), id, now)
    }

    /// Makes of the head of the app's answer what the client gets.
    async fn pass_answer(
        &self,
        asked: &RequestHeader,
        response: &mut ResponseHeader,
        ctx: &mut RequestContext,
    ) -> Result<()> {
        if let Some(accepted) = &ctx.accepted {
            ctx.attempts.answered(&accepted.site.upstreams);
        }
        if ctx.upstream_took.is_none() {
            ctx.upstream_took = ctx.sent_upstream.map(|sent| sent.elapsed());
        }
        if !response.status.is_informational() {
            // Who is answered already may go on as slowly as the app allows.
            leash::body_ends();
        }
        ctx.watch_answer(&asked.method, response, || self.clock.now(), &self.state).await?;
        headers::check_switch(response, ctx.is_websocket())?;
        headers::say_length_once(response)?;
        let Some(accepted) = &ctx.accepted else { return headers::clean_response(response) };
        State::answer(response, accepted, ctx)?;
        if let Some(hsts) = &accepted.site.hsts
            && !response.headers.contains_key(header::STRICT_TRANSPORT_SECURITY)
        {
            response.insert_header(header::STRICT_TRANSPORT_SECURITY, hsts)?;
        }
        if accepted.site.compress {
            ctx.compressing = Compressing::begin(asked, response)?;
        }
        ctx.forget_form(response)
    }
}

/// What goes to the app in place of the body, if something does; an `Err` where that body is not taken.
async fn begin(
    session: &mut Session,
    state: &State,
    accepted: &Accepted,
    ctx: &mut RequestContext,
) -> std::result::Result<Option<Resumed>, Refusal> {
    let form = state.take_form(&session.req_header().headers, accepted, ctx).await?;
    body::begins(session, &accepted.site, accepted.facts.kind, &state.limits)?;
    Ok(form)
}

fn peer_of(session: &Session) -> Option<IpAddr> {
    session.client_addr()?.as_inet().map(SocketAddr::ip)
}

/// Ends what Pingora leaves endless: idle keep-alive, the rest of a refused body. The `if` keeps connections that
/// Pingora has marked for closing closed.
fn limit_connection(session: &mut Session, limits: &ConnectionLimits) {
    if head::count() >= limits.requests {
        session.set_keepalive(None);
    }
    if session.get_keepalive().is_some() {
        session.set_keepalive(Some(limits.keep_alive.as_secs().max(1)));
    }
    // The stream keeps the pace of bodies, and is the first to say so.
    session.set_read_timeout(Some(READ + limits.body_timeout));
    session.set_total_drain_timeout(Some(DRAIN));
    if session.is_http2() {
        session.set_write_timeout(Some(http2::STALLED));
    }
}

fn note(bad: BadRequest) {
    let event = match bad {
        BadRequest::Target(_) => SecurityEvent::BadPath,
        BadRequest::Host | BadRequest::UnknownSite => SecurityEvent::BadHost,
        BadRequest::Method
        | BadRequest::Headers
        | BadRequest::Lines
        | BadRequest::HeadSize
        | BadRequest::Length
        | BadRequest::Question => SecurityEvent::Malformed,
    };
    metrics().security_event(event);
    tracing::debug!(reason = ?bad, "a request was refused before any policy");
}
