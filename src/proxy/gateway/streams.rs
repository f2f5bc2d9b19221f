//! What goes on for long ends with its session (R42), and when the rules no longer let it begin.

use std::sync::Arc;

use arc_swap::ArcSwap;

use http::{Method, StatusCode};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::{Error, ErrorType, Result};

use super::RequestContext;
use super::state::State;
use crate::auth::streams::{LiveStream, May};
use crate::domain::time::Timestamp;
use crate::policy::{Decision, Facts};
use crate::portal::visitor_of;
use crate::proxy::facts::RequestFacts;
use crate::proxy::{facts, leash};
use crate::telemetry::metrics::metrics;

/// What is not longer than this, and says so, is over soon: it costs nothing to watch what is never watched.
const SHORT: u64 = 1 << 20;
/// An answer for which a request has waited longer than this is told only to a session that still goes on.
const WAITED: std::time::Duration = std::time::Duration::from_secs(1);

/// Something that goes on, and what is told of it when it is cut.
pub(super) struct Watched {
    stream: LiveStream,
    method: Method,
    status: StatusCode,
}

impl RequestContext {
    /// Watches a request whose body goes on, by what is decided by from time to time.
    pub(super) fn watch_upload(
        &mut self,
        head: &RequestHeader,
        is_empty: bool,
        current: &Arc<ArcSwap<State>>,
    ) {
        if !is_empty && goes_on(&head.headers) {
            self.watch(head.method.clone(), StatusCode::CONTINUE, current);
        }
    }

    /// Watches an answer that goes on. One that was waited for, as pages do that ask and wait, is refused when the
    /// session has ended meanwhile.
    pub(super) async fn watch_answer(
        &mut self,
        method: &Method,
        response: &ResponseHeader,
        now: impl Fn() -> Timestamp + Send,
        current: &Arc<ArcSwap<State>>,
    ) -> Result<()> {
        let waited = self.upstream_took.is_some_and(|took| took > WAITED);
        if let Some(signed_in) = self.signed_in.as_ref().filter(|_| waited) {
            let stands =
                self.state.auth.stands(&signed_in.token, &signed_in.session.host, now()).await;
            if matches!(stands, Ok(false)) {
                return Error::e_explain(ErrorType::HTTPStatus(401), "the session has ended");
            }
        }
        let status = response.status;
        let bodiless = *method == Method::HEAD
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
            || (status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS);
        if !bodiless && goes_on(&response.headers) {
            self.watch(method.clone(), status, current);
        }
        Ok(())
    }

    fn watch(&mut self, method: Method, status: StatusCode, current: &Arc<ArcSwap<State>>) {
        match (&mut self.watched, &self.accepted) {
            (Some(watched), _) => watched.status = status,
            (None, Some(accepted)) => {
                let may = may(current, accepted.facts.clone(), self.now);
                let stream = self.state.auth.open_stream(self.signed_in.as_deref(), may);
                leash::bind(stream.cut());
                self.watched = Some(Watched { stream, method, status });
            }
            (None, None) => {}
        }
    }
}

/// Whether a request would still go to its app by the rules that are in effect by then. How recent a sign-in is, is asked
/// of the beginning alone.
fn may(current: &Arc<ArcSwap<State>>, facts: RequestFacts, began: Timestamp) -> May {
    let current = Arc::clone(current);
    Box::new(move |signed_in| {
        let state = current.load();
        let Some(site) = state.sites.get(&facts.authority.host) else { return false };
        let facts = Facts {
            method: &facts.method,
            path: &facts.path,
            client: facts.client.address,
            loads_page: false,
            preflight: facts.method == Method::OPTIONS,
        };
        let decision = site.portal.policy.decide(&facts, signed_in.map(visitor_of), began);
        matches!(decision, Decision::Forward(_))
    })
}

/// Whether a body of unknown length, or a large one, follows a head with these headers.
fn goes_on(headers: &http::HeaderMap) -> bool {
    let length = facts::text(headers, http::header::CONTENT_LENGTH).parse::<u64>();
    length.map_or(true, |length| length > SHORT)
}

/// A request that is cut is dropped where it stands: here it is told of.
impl Drop for RequestContext {
    fn drop(&mut self) {
        let Some(watched) = self.watched.take() else { return };
        if watched.stream.cut().has_come() {
            metrics().stream_cut();
            self.conclude(&watched.method, watched.status.as_u16());
            tracing::info!(request.id = %self.id, "what was open has ended with its session");
        }
    }
}
