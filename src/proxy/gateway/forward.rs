//! What the app gets of a request that goes on.

use http::{HeaderValue, header};
use pingora::http::ResponseHeader;
use pingora::{Error, ErrorType, Result};

use super::RequestContext;
use super::state::{Accepted, State};
use crate::auth::sessions::SignedIn;
use crate::domain::bearer::Bearer;
use crate::domain::entropy;
use crate::domain::time::Timestamp;
use crate::identity::access::Shown;
use crate::policy::Admitted;
use crate::proxy::headers::{self, Told};
use crate::proxy::outgoing::{Outgoing, Spelled};
use crate::proxy::response_rules;
use crate::proxy::rewrite::Hosts;
use crate::telemetry::metrics::{SecurityEvent, metrics};

const HOST: Spelled = Spelled::new(header::HOST, "Host");

impl State {
    /// Makes of the client's request what the app gets.
    pub(in crate::proxy) fn prepare(
        &self,
        request: &mut impl Outgoing,
        accepted: &Accepted,
        admitted: &Admitted,
        signed_in: Option<&SignedIn>,
        ctx: &RequestContext,
    ) -> Result<()> {
        let Accepted { facts, site } = accepted;
        if headers::strip(request, &site.identity.aliases) {
            metrics().security_event(SecurityEvent::HeaderAlias);
        }
        // It is for us: an app could do with it whatever its owner can.
        if ctx.shown != Shown::Foreign && site.bearer != Bearer::Passed {
            request.take_off(&header::AUTHORIZATION);
        }
        let authority = headers::text(facts.authority.to_string())?;
        let scheme = site.portal.origin.scheme.as_str();
        headers::forward(request, facts, &authority, scheme, ctx.id)?;
        let host = ctx.attempts.host().filter(|_| !site.preserve_host).unwrap_or(&authority);
        request.put(HOST, host.clone())?;
        let path = facts.path.path();
        if site.path.is_none() {
            return self.identify(request, accepted, (host, path), admitted, signed_in, ctx.now);
        }
        let Some(path) = site.path.at_app(path) else {
            return Error::e_explain(ErrorType::HTTPStatus(500), "the path has none at the app");
        };
        site.path.forward(request, &path)?;
        self.identify(request, accepted, (host, &path), admitted, signed_in, ctx.now)
    }

    /// Makes of the app's answer what the client gets.
    pub(in crate::proxy) fn answer(
        response: &mut ResponseHeader,
        accepted: &Accepted,
        ctx: &RequestContext,
    ) -> Result<()> {
        headers::clean_response(response)?;
        let site = &accepted.site;
        if !site.path.is_none() || !site.preserve_host {
            let app = ctx.attempts.host();
            site.path.back(response, &Hosts { app, site: &site.portal.origin })?;
        }
        response_rules::apply(&site.response_rules, response)
    }

    /// Writes who is asking, as the policy has admitted it, and signs it with the host and path that the app gets.
    pub(in crate::proxy) fn identify(
        &self,
        request: &mut impl Outgoing,
        accepted: &Accepted,
        (host, path): (&HeaderValue, &str),
        admitted: &Admitted,
        signed_in: Option<&SignedIn>,
        now: Timestamp,
    ) -> Result<()> {
        let ring = self.ring.get();
        let nonce = entropy::public_bytes(&*self.entropy);
        let told = Told { path, host, admitted, signed_in, ring: &ring, now, nonce };
        headers::identify(request, &accepted.facts, &accepted.site.identity, &told)
    }
}
