//! What the app gets of a request that goes on.

use http::header;
use pingora::Result;
use pingora::http::RequestHeader;

use super::RequestContext;
use super::state::{Accepted, State};
use crate::auth::sessions::SignedIn;
use crate::domain::entropy;
use crate::domain::time::Timestamp;
use crate::policy::Admitted;
use crate::proxy::headers::{self, Told};
use crate::telemetry::metrics::{SecurityEvent, metrics};

impl State {
    /// Makes of the client's request what the app gets.
    pub(in crate::proxy) fn prepare(
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
        match ctx.attempts.host() {
            Some(host) if !site.preserve_host => request.insert_header(header::HOST, host)?,
            _ => request.insert_header(header::HOST, facts.authority.to_string())?,
        }
        self.identify(request, accepted, admitted, signed_in, ctx.now)
    }

    /// Writes who is asking, as the policy has admitted it.
    pub(in crate::proxy) fn identify(
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
}
