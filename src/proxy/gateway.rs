//! The gateway: Pingora's phases as a table of contents.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Response};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::protocols::Digest;
use pingora::proxy::{FailToProxy, ProxyHttp, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType, Result};

use crate::auth::Auth;
use crate::auth::StoreError;
use crate::auth::sessions::SignedIn;
use crate::domain::address::TrustedProxies;
use crate::domain::asking_proxy::AskingProxy;
use crate::domain::entropy::{self, SharedEntropy};
use crate::domain::host::HostName;
use crate::domain::id::RequestId;
use crate::domain::keys::IdentityKey;
use crate::domain::time::{SharedClock, Timestamp};
use crate::identity::assertion::Asserter;
use crate::identity::headers::{AliasFilter, IdentityHeaderNames};
use crate::identity::live::LiveRing;
use crate::identity::signature::Signer;
use crate::policy::{Admitted, Decision, Facts};
use crate::portal::pages::{ErrorKind, Pages};
use crate::portal::{
    Hosts, Portal, PortalService, PortalSite, Visit, cookies, language_of, visitor_of,
};
use crate::telemetry::logs::{self, Access};
use crate::telemetry::metrics::{
    DecisionLabel, Metrics, RequestSummary, SecurityEvent, SiteMetrics, metrics,
};

use super::facts::{BadRequest, RequestFacts, RequestKind};
use super::headers::{self, IdentityWriter, Told};
use super::question::Question;
use super::refusal::{self, Refusal};
use super::upgrade::AnswerInOrder;
use super::upstream::{self, UpstreamPool};
use super::{head, portal_call, reply};

mod verify;

/// What the gateway is made of.
pub struct GatewaySettings {
    /// The sites.
    pub sites: Vec<GatewaySite>,
    /// The proxies in front that are believed.
    pub trusted_proxies: TrustedProxies,
    /// The use cases.
    pub auth: Arc<Auth>,
    /// The pages, for errors.
    pub pages: Arc<Pages>,
    /// The portal.
    pub portal: PortalService,
    /// The keys that sign identity.
    pub ring: Arc<LiveRing>,
    /// Which sites share a sign-in.
    pub hosts: Arc<Hosts>,
    /// The clock.
    pub clock: SharedClock,
    /// The source of randomness.
    pub entropy: SharedEntropy,
}

/// One site.
pub struct GatewaySite {
    /// Its origin, rules and cookies.
    pub portal: Arc<PortalSite>,
    /// The apps behind it.
    pub upstreams: UpstreamPool,
    /// The names of its identity headers.
    pub names: IdentityHeaderNames,
    /// What makes its assertions.
    pub asserter: Asserter,
    /// The key that its app shares until the ring has another.
    pub key: IdentityKey,
    /// Whether the app is told the host that the browser asked for, or its own.
    pub preserve_host: bool,
    /// The proxy that may ask for it by forward-auth, if one does.
    pub asked_by: Option<AskingProxy>,
}

/// The gateway.
pub struct Gateway {
    sites: HashMap<HostName, Arc<Site>>,
    nowhere: Arc<SiteMetrics>,
    trusted_proxies: TrustedProxies,
    auth: Arc<Auth>,
    pages: Arc<Pages>,
    portal: PortalService,
    ring: Arc<LiveRing>,
    hosts: Arc<Hosts>,
    clock: SharedClock,
    entropy: SharedEntropy,
}

struct Site {
    portal: Arc<PortalSite>,
    upstreams: UpstreamPool,
    identity: IdentityWriter,
    preserve_host: bool,
    asked_by: Option<AskingProxy>,
    metrics: Arc<SiteMetrics>,
}

/// What is known of a request as it goes through the phases.
pub struct RequestContext {
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

pub(super) struct Accepted {
    facts: RequestFacts,
    site: Arc<Site>,
}

impl Gateway {
    /// A gateway with these settings.
    pub fn new(settings: GatewaySettings) -> Self {
        let site = |site: GatewaySite| {
            let host = site.portal.host().clone();
            let metrics = metrics().site(host.as_str());
            let identity = IdentityWriter {
                aliases: AliasFilter::new(&site.names),
                names: site.names,
                host: host.clone(),
                asserter: site.asserter,
                signer: Signer::new(site.key),
            };
            let site = Site {
                portal: site.portal,
                upstreams: site.upstreams,
                identity,
                preserve_host: site.preserve_host,
                asked_by: site.asked_by,
                metrics,
            };
            (host, Arc::new(site))
        };
        Self {
            sites: settings.sites.into_iter().map(site).collect(),
            nowhere: metrics().site(Metrics::NO_SITE),
            trusted_proxies: settings.trusted_proxies,
            auth: settings.auth,
            pages: settings.pages,
            portal: settings.portal,
            ring: settings.ring,
            hosts: settings.hosts,
            clock: settings.clock,
            entropy: settings.entropy,
        }
    }

    pub(super) fn read(
        &self,
        head: &RequestHeader,
        peer: Option<IpAddr>,
    ) -> std::result::Result<Accepted, BadRequest> {
        self.accept(self.read_facts(head, peer)?)
    }

    fn read_facts(
        &self,
        head: &RequestHeader,
        peer: Option<IpAddr>,
    ) -> std::result::Result<RequestFacts, BadRequest> {
        RequestFacts::read(head, peer.ok_or(BadRequest::Headers)?, &self.trusted_proxies)
    }

    /// Finds the site of a request.
    fn accept(&self, facts: RequestFacts) -> std::result::Result<Accepted, BadRequest> {
        let site = self.sites.get(&facts.authority.host).ok_or(BadRequest::UnknownSite)?;
        Ok(Accepted { facts, site: Arc::clone(site) })
    }

    pub(super) async fn authenticate(
        &self,
        headers: &HeaderMap,
        accepted: &Accepted,
        now: Timestamp,
    ) -> std::result::Result<Option<Arc<SignedIn>>, StoreError> {
        let portal = &accepted.site.portal;
        let mut forged = false;
        for value in cookies::values(headers, portal.cookies.session()).take(MAX_SESSION_COOKIES) {
            let session_host = portal.session_host();
            if let Some(signed_in) = self.auth.authenticate(value, session_host, now).await? {
                return Ok(Some(signed_in));
            }
            forged = true;
        }
        if forged {
            tracing::debug!("a session cookie opened nothing");
        }
        Ok(None)
    }

    pub(super) fn decide(
        accepted: &Accepted,
        signed_in: Option<&SignedIn>,
        now: Timestamp,
    ) -> Decision {
        let policy = &accepted.site.portal.policy;
        policy.decide(&policy_facts(accepted), signed_in.map(visitor_of), now)
    }

    /// Tells what rules that only report would have decided, where that is not what is decided.
    fn report(
        accepted: &Accepted,
        signed_in: Option<&SignedIn>,
        decided: &Decision,
        ctx: &RequestContext,
    ) {
        let (policy, site) = (&accepted.site.portal.policy, accepted.site.portal.host().as_str());
        let visitor = signed_in.map(visitor_of);
        for report in policy.reports(&policy_facts(accepted), visitor, ctx.now) {
            let (rule, would) = (report.place + 1, label_of(&report.decision));
            metrics().reported(site, rule, would);
            if would != label_of(decided) {
                tracing::info!(
                    target: "doorward::report_only",
                    site = site,
                    request.id = %ctx.id,
                    rule = rule,
                    would = would.as_str(),
                    decided = decided.as_str(),
                    "a rule that only reports would have decided otherwise"
                );
            }
        }
    }

    /// Makes of the client's request what the app gets.
    pub(super) fn prepare(
        &self,
        request: &mut RequestHeader,
        accepted: &Accepted,
        admitted: &Admitted,
        signed_in: Option<&SignedIn>,
        ctx: &RequestContext,
    ) -> Result<()> {
        let Accepted { facts, site } = accepted;
        if headers::strip(request, &site.identity.aliases) {
            metrics().security_event(SecurityEvent::HeaderAlias);
        }
        headers::forward(request, facts, site.portal.origin.scheme.as_str(), ctx.id)?;
        let host = ctx.own_host.clone().unwrap_or_else(|| facts.authority.to_string());
        request.insert_header(http::header::HOST, host)?;
        self.identify(request, accepted, admitted, signed_in, ctx.now)
    }

    /// Writes who is asking, as the policy has admitted it.
    fn identify(
        &self,
        request: &mut RequestHeader,
        accepted: &Accepted,
        admitted: &Admitted,
        signed_in: Option<&SignedIn>,
        now: Timestamp,
    ) -> Result<()> {
        let ring = self.ring.get();
        let nonce = entropy::bytes(&*self.entropy);
        let told = Told { admitted, signed_in, ring: &ring, now, nonce };
        headers::identify(request, &accepted.facts, &accepted.site.identity, &told)
    }

    async fn answer_by_portal(
        &self,
        session: &mut Session,
        accepted: &Accepted,
        signed_in: Option<Arc<SignedIn>>,
        ctx: &RequestContext,
    ) -> Result<()> {
        let site = &accepted.site.portal;
        let headers = &session.req_header().headers;
        let device = cookies::device(headers, site.cookies, self.auth.keys(), site.host());
        let visit = Visit {
            device,
            site: Arc::clone(&accepted.site.portal),
            hosts: Arc::clone(&self.hosts),
            authority: accepted.facts.authority.clone(),
            client: accepted.facts.client.clone(),
            request_id: ctx.id,
            here: accepted.facts.path.to_string(),
            language: language_of(headers, Some(site.cookies), signed_in.as_deref()),
            now: ctx.now,
            signed_in,
        };
        let called = portal_call::call(&self.portal, session, &accepted.facts, visit).await;
        match called {
            Ok(response) => write(session, response).await,
            Err(status) => {
                // The rest of the body is on the wire: the connection cannot be used again.
                session.set_keepalive(None);
                let refusal = Refusal::of_body(status);
                self.refuse(session, Some(accepted), refusal, ctx).await
            }
        }
    }

    async fn refuse(
        &self,
        session: &mut Session,
        accepted: Option<&Accepted>,
        refusal: Refusal,
        ctx: &RequestContext,
    ) -> Result<()> {
        let response = self.refusal(&session.req_header().headers, accepted, refusal, ctx);
        write(session, response).await
    }

    /// A refusal as an answer to a request with these headers.
    fn refusal(
        &self,
        headers: &HeaderMap,
        accepted: Option<&Accepted>,
        refusal: Refusal,
        ctx: &RequestContext,
    ) -> Response<Bytes> {
        let view = refusal::View {
            pages: &self.pages,
            page: accepted.is_none_or(|a| a.facts.kind == RequestKind::Page)
                && refusal::takes_html(headers),
            secure: accepted.is_some_and(|a| a.site.portal.origin.is_secure()),
            request_id: ctx.id,
            language: language_of(headers, accepted.map(|a| a.site.portal.cookies), None),
            now: ctx.now,
            target: accepted
                .filter(|a| a.facts.method == http::Method::GET)
                .map(|a| a.facts.path.to_string()),
        };
        view.answer(refusal)
    }

    /// Who asks, if somebody is signed in; nobody is let in while a store is away.
    async fn known(
        &self,
        headers: &HeaderMap,
        accepted: &Accepted,
        ctx: &mut RequestContext,
    ) -> std::result::Result<Option<Arc<SignedIn>>, Refusal> {
        self.authenticate(headers, accepted, ctx.now).await.map_err(|error| {
            tracing::error!(request.id = %ctx.id, error = %error, "a store is away; nobody was let in");
            ctx.decision = DecisionLabel::Unavailable;
            Refusal::unavailable()
        })
    }

    /// Whether a request goes on to the app.
    fn settle(
        headers: &HeaderMap,
        accepted: &Accepted,
        signed_in: Option<Arc<SignedIn>>,
        ctx: &mut RequestContext,
    ) -> std::result::Result<Admitted, Refusal> {
        let decision = Self::decide(accepted, signed_in.as_deref(), ctx.now);
        Self::report(accepted, signed_in.as_deref(), &decision, ctx);
        ctx.signed_in = signed_in;
        ctx.decision = label_of(&decision);
        match decision {
            Decision::Forward(_) if is_cross_site_websocket(headers, accepted) => {
                metrics().security_event(SecurityEvent::CrossSite);
                ctx.decision = DecisionLabel::Forbidden;
                Err(Refusal::Error(ErrorKind::Forbidden))
            }
            Decision::Forward(admitted) => Ok(admitted),
            Decision::SignIn(_) => Err(Refusal::SignIn { target: accepted.facts.path.to_string() }),
            Decision::Unauthorized(_) => Err(Refusal::Unauthorized),
            Decision::Forbidden => Err(Refusal::Error(ErrorKind::Forbidden)),
        }
    }
}

fn policy_facts(accepted: &Accepted) -> Facts<'_> {
    let RequestFacts { method, path, client, kind, .. } = &accepted.facts;
    Facts { method, path, client: client.address, loads_page: *kind == RequestKind::Page }
}

fn label_of(decision: &Decision) -> DecisionLabel {
    match decision {
        Decision::Forward(admitted) if admitted.identity().is_some() => DecisionLabel::Forward,
        Decision::Forward(_) => DecisionLabel::Bypass,
        Decision::SignIn(_) => DecisionLabel::SignIn,
        Decision::Unauthorized(_) => DecisionLabel::Unauthorized,
        Decision::Forbidden => DecisionLabel::Forbidden,
    }
}

/// A WebSocket that another site's page opens with our cookie (S52). Programs send no `Origin`.
fn is_cross_site_websocket(headers: &HeaderMap, accepted: &Accepted) -> bool {
    accepted.facts.kind == RequestKind::WebSocket
        && headers.get(http::header::ORIGIN).is_some_and(|origin| {
            let origin = origin.to_str().unwrap_or_default();
            !accepted.site.portal.is_own_origin(origin, &accepted.facts.authority)
        })
}

async fn write(session: &mut Session, response: Response<Bytes>) -> Result<()> {
    let head_only = session.req_header().method == http::Method::HEAD;
    reply::write(session, response, head_only).await
}

/// A browser has one. Each that was ours once costs a question to the store, and a head has room for hundreds.
const MAX_SESSION_COOKIES: usize = 4;
const KEEP_ALIVE_SECS: u64 = 75;
const DRAIN: Duration = Duration::from_secs(2);

#[async_trait]
impl ProxyHttp for Gateway {
    type CTX = RequestContext;

    fn new_ctx(&self) -> RequestContext {
        let now = self.clock.now();
        RequestContext {
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
        let read = match self.read_facts(session.req_header(), peer_of(session)) {
            Ok(facts) if Question::is_asked_at(facts.path.path()) => {
                self.answer_proxy(session, facts, ctx).await?;
                return Ok(true);
            }
            read => read,
        };
        let accepted = match read.and_then(|facts| self.accept(facts)) {
            Ok(accepted) => accepted,
            Err(bad) => {
                note(bad);
                // What could not be understood may not have ended where we think it did.
                session.set_keepalive(None);
                self.refuse(session, None, bad.into(), ctx).await?;
                return Ok(true);
            }
        };
        let headers = &session.req_header().headers;
        let is_portals = Portal::owns(accepted.facts.path.path()) || !accepted.site.portal.has_app;
        let settled = match self.known(headers, &accepted, ctx).await {
            Ok(signed_in) if is_portals => {
                ctx.decision = DecisionLabel::Portal;
                self.answer_by_portal(session, &accepted, signed_in, ctx).await?;
                ctx.accepted = Some(accepted);
                return Ok(true);
            }
            Ok(signed_in) => Self::settle(headers, &accepted, signed_in, ctx),
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
        self.refuse(session, Some(&accepted), refusal, ctx).await?;
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
        self.prepare(request, accepted, admitted, ctx.signed_in.as_deref(), ctx)?;
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
            let accepted = ctx.accepted.take();
            if let Err(error) = self.refuse(session, accepted.as_ref(), refusal, ctx).await {
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
        let site = ctx.accepted.as_ref().map_or(&self.nowhere, |accepted| &accepted.site.metrics);
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
