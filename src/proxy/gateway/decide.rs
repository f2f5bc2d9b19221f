//! Who asks, and what the policy says to it.

use std::sync::Arc;

use http::HeaderMap;

use super::RequestContext;
use super::state::{Accepted, State};
use crate::auth::StoreError;
use crate::auth::sessions::SignedIn;
use crate::domain::time::Timestamp;
use crate::identity::access::Shown;
use crate::policy::{Admitted, Decision, Facts};
use crate::portal::pages::ErrorKind;
use crate::portal::{cookies, visitor_of};
use crate::proxy::facts::{self, RequestFacts, RequestKind};
use crate::proxy::other_methods;
use crate::proxy::refusal::{Bearer as By, Form, Refusal};
use crate::telemetry::metrics::{DecisionLabel, SecurityEvent, metrics};

/// A browser has one. Each that was ours once costs a question to the store, and a head has room for hundreds.
const MAX_SESSION_COOKIES: usize = 4;

impl State {
    /// Who asks: by the access token where those are taken and one of ours is shown, else by the cookie.
    pub(in crate::proxy) async fn authenticate(
        &self,
        headers: &HeaderMap,
        accepted: &Accepted,
        shown: Shown,
        now: Timestamp,
    ) -> std::result::Result<Option<Arc<SignedIn>>, StoreError> {
        match (accepted.known_by(), shown) {
            (By::Never, _) | (By::Beside, Shown::Foreign) => {
                self.authenticate_by_cookie(headers, accepted, now).await
            }
            (By::Alone, Shown::Foreign) => Ok(None),
            (By::Alone | By::Beside, Shown::Refused) => {
                metrics().security_event(SecurityEvent::BadToken);
                Ok(None)
            }
            (By::Alone | By::Beside, Shown::Access(session)) => {
                let host = self.hosts.gives_tokens_for(&accepted.site.portal).session_host();
                self.auth.authenticate_by(session, host, now).await
            }
        }
    }

    async fn authenticate_by_cookie(
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

    pub(in crate::proxy) fn decide(
        headers: &HeaderMap,
        accepted: &Accepted,
        signed_in: Option<&SignedIn>,
        now: Timestamp,
    ) -> Decision {
        let policy = &accepted.site.portal.policy;
        let (facts, visitor) = (policy_facts(headers, accepted), signed_in.map(visitor_of));
        let decision = policy.decide(&facts, visitor, now);
        if !policy.looks_at_methods() {
            return decision;
        }
        let Ok(methods) = other_methods::named(headers, accepted.facts.path.query()) else {
            return Decision::Forbidden;
        };
        methods.iter().fold(decision, |decision, method| {
            let facts = Facts { method, preflight: false, ..facts };
            decision.or_stricter(policy.decide(&facts, visitor, now))
        })
    }

    /// Tells what rules that only report would have decided, where that is not what is decided.
    pub(in crate::proxy) fn report(
        facts: &Facts<'_>,
        accepted: &Accepted,
        signed_in: Option<&SignedIn>,
        decided: &Decision,
        ctx: &RequestContext,
    ) {
        let (policy, site) = (&accepted.site.portal.policy, accepted.site.portal.host().as_str());
        let visitor = signed_in.map(visitor_of);
        for report in policy.reports(facts, visitor, ctx.now) {
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

    /// Who asks, if somebody is signed in; nobody is let in while a store is away.
    pub(in crate::proxy) async fn known(
        &self,
        headers: &HeaderMap,
        accepted: &Accepted,
        ctx: &mut RequestContext,
    ) -> std::result::Result<Option<Arc<SignedIn>>, Refusal> {
        ctx.shown = self.shown(headers, accepted, ctx.now);
        self.authenticate(headers, accepted, ctx.shown, ctx.now).await.map_err(|error| {
            tracing::error!(request.id = %ctx.id, error = %error, "a store is away; nobody was let in");
            ctx.decision = DecisionLabel::Unavailable;
            Refusal::unavailable()
        })
    }

    /// Whether a request goes on to the app.
    pub(in crate::proxy) fn settle(
        &self,
        headers: &HeaderMap,
        accepted: &Accepted,
        signed_in: Option<Arc<SignedIn>>,
        ctx: &mut RequestContext,
    ) -> std::result::Result<Admitted, Refusal> {
        let facts = policy_facts(headers, accepted);
        if let Some(signed_in) = &signed_in
            && is_activity(headers, accepted, &facts)
        {
            self.auth.touch(signed_in, ctx.now);
        }
        let decision = Self::decide(headers, accepted, signed_in.as_deref(), ctx.now);
        Self::report(&facts, accepted, signed_in.as_deref(), &decision, ctx);
        ctx.signed_in = signed_in;
        ctx.decision = label_of(&decision);
        match decision {
            Decision::Forward(_) if is_cross_site_websocket(headers, accepted) => {
                metrics().security_event(SecurityEvent::CrossSite);
                ctx.decision = DecisionLabel::Forbidden;
                Err(Refusal::Error(ErrorKind::Forbidden))
            }
            Decision::Forward(admitted) => Ok(admitted),
            // No program is sent to a page.
            Decision::SignIn(_)
                if ctx.shown != Shown::Foreign && accepted.known_by() == By::Beside =>
            {
                Err(Refusal::Unauthorized)
            }
            Decision::SignIn(_) => {
                Err(Refusal::SignIn { target: accepted.facts.path.to_string(), form: Form::None })
            }
            Decision::Unauthorized(_) => Err(Refusal::Unauthorized),
            Decision::Forbidden => Err(Refusal::Error(ErrorKind::Forbidden)),
        }
    }
}

fn policy_facts<'a>(headers: &HeaderMap, accepted: &'a Accepted) -> Facts<'a> {
    let RequestFacts { method, path, client, kind, .. } = &accepted.facts;
    Facts {
        method,
        path,
        client: client.address,
        loads_page: *kind == RequestKind::Page,
        preflight: is_preflight(method, headers),
    }
}

/// A CORS preflight (Fetch standard, section 4.8). One with a body is none: the body would be for the app.
fn is_preflight(method: &http::Method, headers: &HeaderMap) -> bool {
    *method == http::Method::OPTIONS
        && headers.contains_key(http::header::ORIGIN)
        && headers.contains_key(http::header::ACCESS_CONTROL_REQUEST_METHOD)
        && !headers.contains_key(http::header::TRANSFER_ENCODING)
        && matches!(facts::text(headers, http::header::CONTENT_LENGTH), "" | "0")
}

/// Whether a request is a use of its session. Connections that pages open by themselves are none, and neither is what a
/// rule says is none (S38).
fn is_activity(headers: &HeaderMap, accepted: &Accepted, facts: &Facts<'_>) -> bool {
    accepted.facts.kind != RequestKind::WebSocket
        && !facts::text(headers, http::header::ACCEPT).starts_with("text/event-stream")
        && accepted.site.portal.policy.is_activity(facts)
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
