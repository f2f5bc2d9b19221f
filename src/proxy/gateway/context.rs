//! What is known of one request, and what becomes of it as it goes on: by Pingora's phases or by the short way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType, Result};

use super::resume::Resumed;
use super::state::{Accepted, State};
use super::streams::Watched;
use crate::auth::sessions::SignedIn;
use crate::domain::id::RequestId;
use crate::domain::time::Timestamp;
use crate::identity::access::Shown;
use crate::policy::Admitted;
use crate::proxy::compress::Compressing;
use crate::proxy::facts::RequestKind;
use crate::proxy::outgoing::Outgoing;
use crate::proxy::upgrade::AnswerInOrder;
use crate::proxy::upstream::{Attempts, Endpoint, Failure, Plainly, Unresolved, key_of};
use crate::telemetry::logs::{self, Access};
use crate::telemetry::metrics::{DecisionLabel, RequestSummary};

/// What is known of a request as it goes through the phases.
pub struct RequestContext {
    /// The configuration that it is judged by.
    pub(in crate::proxy) state: Arc<State>,
    pub(super) started: Instant,
    pub(super) id: RequestId,
    pub(in crate::proxy) now: Timestamp,
    pub(super) decision: DecisionLabel,
    pub(super) accepted: Option<Accepted>,
    pub(super) forwarding: Option<Admitted>,
    pub(super) signed_in: Option<Arc<SignedIn>>,
    /// What it shows as access token.
    pub(super) shown: Shown,
    /// Which apps it was sent to.
    pub(in crate::proxy) attempts: Attempts,
    /// Where a WebSocket may begin.
    pub(super) in_order: Option<AnswerInOrder>,
    /// How much of the body has gone to the app.
    pub(super) body_bytes: u64,
    /// The app that was chosen before Pingora asks for one.
    pub(super) chosen: Option<Box<HttpPeer>>,
    /// What makes its answer smaller.
    pub(super) compressing: Option<Compressing>,
    pub(super) sent_upstream: Option<Instant>,
    pub(super) upstream_took: Option<Duration>,
    /// What goes to the app in place of what the browser has sent.
    pub(super) form: Option<Resumed>,
    /// What goes on, and ends with its session.
    pub(super) watched: Option<Watched>,
}

impl RequestContext {
    /// A request with this identifier, of which nothing is known yet.
    pub(super) fn begin(state: Arc<State>, id: RequestId, now: Timestamp) -> Self {
        Self {
            state,
            started: Instant::now(),
            id,
            now,
            decision: DecisionLabel::BadRequest,
            accepted: None,
            forwarding: None,
            signed_in: None,
            shown: Shown::Foreign,
            attempts: Attempts::default(),
            in_order: None,
            body_bytes: 0,
            chosen: None,
            compressing: None,
            sent_upstream: None,
            upstream_took: None,
            form: None,
            watched: None,
        }
    }

    /// Makes of the client's request what the app gets, which it is about to get.
    pub(in crate::proxy) fn prepare(&mut self, request: &mut impl Outgoing) -> Result<()> {
        let (Some(accepted), Some(admitted)) = (&self.accepted, &self.forwarding) else {
            return Error::e_explain(ErrorType::HTTPStatus(500), "nothing was admitted");
        };
        self.state.prepare(request, accepted, admitted, self.signed_in.as_deref(), self)?;
        self.sent_upstream = Some(Instant::now());
        Ok(())
    }

    /// Whether it goes on to the app, by what was decided already.
    pub(super) const fn is_admitted(&self) -> bool {
        self.forwarding.is_some()
    }

    /// How the app for the next attempt is reached.
    pub(super) async fn choose_app(&mut self) -> Result<Box<HttpPeer>> {
        if let Some(chosen) = self.chosen.take() {
            return Ok(chosen);
        }
        let Self { accepted: Some(accepted), attempts, signed_in, .. } = self else {
            return Error::e_explain(ErrorType::InternalError, "no request was accepted");
        };
        let key = || key_for(signed_in.as_deref(), accepted);
        attempts.next(&accepted.site.upstreams, key).await.map_err(unresolved)
    }

    /// How the app for the first attempt is reached, if plainly; else it is chosen for Pingora.
    pub(super) async fn choose_plain_app(&mut self) -> Result<Option<Plainly>> {
        let Self { accepted: Some(accepted), attempts, signed_in, chosen, .. } = self else {
            return Error::e_explain(ErrorType::InternalError, "no request was accepted");
        };
        let key = || key_for(signed_in.as_deref(), accepted);
        let app = attempts.first(&accepted.site.upstreams, key).await.map_err(unresolved)?;
        let plainly = app.plainly();
        if plainly.is_none() {
            *chosen = Some(app.peer());
        }
        Ok(plainly)
    }

    /// The app that was chosen, as Pingora wants it told.
    pub(super) fn peer(&self) -> Option<Box<HttpPeer>> {
        self.attempts.current().map(Endpoint::peer)
    }

    /// There was no connection to the app: says in the error whether another may be tried.
    pub(super) fn could_not_connect(&mut self, mut error: Box<Error>) -> Box<Error> {
        let Self { accepted, attempts, .. } = self;
        let again = accepted
            .as_ref()
            .is_some_and(|accepted| attempts.could_not_connect(&accepted.site.upstreams, &error));
        error.set_retry(again);
        error
    }

    /// The app has failed, or the client: says in the error whether the request may be sent again.
    pub(super) fn failed(
        &mut self,
        mut error: Box<Error>,
        method: &http::Method,
        sent: &Sent,
        answered: bool,
    ) -> Box<Error> {
        let Self { accepted, attempts, .. } = self;
        let Sent { bodyless, body_kept, reused } = *sent;
        let failure = Failure { error: &error, method, bodyless, body_kept, reused };
        let again = !answered
            && accepted
                .as_ref()
                .is_some_and(|accepted| attempts.failed(&accepted.site.upstreams, &failure));
        error.set_retry(again);
        error
    }

    /// Makes of a part of the app's answer what the client gets.
    pub(super) fn pass_part(&mut self, body: &mut Option<Bytes>, end: bool) -> Result<()> {
        if end {
            self.attempts.over();
        }
        match &mut self.compressing {
            Some(compressing) => compressing.next(body),
            None => Ok(()),
        }
    }

    /// Tells the log that no app could answer.
    pub(super) fn tell_failure(&self, status: u16, error: &Error) {
        tracing::warn!(request.id = %self.id, status, error = %error, "a request could not be forwarded");
    }

    pub(super) fn is_websocket(&self) -> bool {
        self.accepted.as_ref().is_some_and(|a| a.facts.kind == RequestKind::WebSocket)
    }

    /// Counts the request and writes its line.
    pub(super) fn conclude(&self, method: &http::Method, status: u16) {
        let total = self.started.elapsed();
        let upstream = self.upstream_took;
        let gateway = match (self.sent_upstream, upstream) {
            // Until the request was on its way; what follows is the app's time and the client's.
            (Some(sent), _) => sent.duration_since(self.started),
            (None, _) => total,
        };
        let site =
            self.accepted.as_ref().map_or(&self.state.nowhere, |accepted| &accepted.site.metrics);
        let summary = RequestSummary { decision: self.decision, status, total, gateway, upstream };
        site.record(&summary);
        logs::access(&Access {
            request: self.id,
            site: self.accepted.as_ref().map_or("none", |a| a.facts.authority.host.as_str()),
            method: method.as_str(),
            decision: self.decision,
            status,
            duration: total,
        });
    }
}

/// What is known of a request that has failed.
pub(super) struct Sent {
    pub(super) bodyless: bool,
    /// Whether all that was read of its body is still there.
    pub(super) body_kept: bool,
    /// Whether its connection had served others before.
    pub(super) reused: bool,
}

/// By whom a request is counted where accounts keep to their app.
fn key_for(signed_in: Option<&SignedIn>, accepted: &Accepted) -> u64 {
    key_of(signed_in.map(|signed_in| signed_in.session.account), accepted.facts.client.address)
}

fn unresolved(error: Unresolved) -> Box<Error> {
    let mut failed = Error::explain(ErrorType::ConnectError, error.to_string());
    failed.as_up();
    failed
}
