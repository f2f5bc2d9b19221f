//! What doorward answers itself: the portal's pages, and refusals.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Response, header};
use pingora::Result;
use pingora::proxy::Session;

use super::RequestContext;
use super::state::{Accepted, State};
use crate::auth::sessions::SignedIn;
use crate::auth::sign_in::Keeps;
use crate::portal::{Visit, cookies, language_of};
use crate::proxy::facts::RequestKind;
use crate::proxy::refusal::{self, Bearer, Refusal, grpc};
use crate::proxy::{portal_call, reply};

impl State {
    pub(in crate::proxy) async fn answer_by_portal(
        &self,
        session: &mut Session,
        accepted: &Accepted,
        signed_in: Option<Arc<SignedIn>>,
        ctx: &RequestContext,
    ) -> Result<()> {
        let site = &accepted.site.portal;
        let headers = &session.req_header().headers;
        // What a browser would send by itself is nothing to the API.
        let (keeps, device, names) = match accepted.known_by() {
            Bearer::Alone => (Keeps::Tokens, None, None),
            Bearer::Beside | Bearer::Never => {
                let keys = self.auth.keys();
                let device = cookies::device(headers, site.cookies, keys, site.host());
                (Keeps::Cookie, device, Some(site.cookies))
            }
        };
        let visit = Visit {
            device,
            site: Arc::clone(&accepted.site.portal),
            hosts: Arc::clone(&self.hosts),
            authority: accepted.facts.authority.clone(),
            client: accepted.facts.client.clone(),
            request_id: ctx.id,
            here: accepted.facts.path.to_string(),
            language: language_of(headers, names, signed_in.as_deref()),
            keeps,
            now: ctx.now,
            signed_in,
        };
        let called = portal_call::call(&self.portal, session, &accepted.facts, visit).await;
        match called {
            Ok(response) => write(session, seal(response, accepted)).await,
            Err(status) => {
                // The rest of the body is on the wire: the connection cannot be used again.
                session.set_keepalive(None);
                let refusal = Refusal::of_body(status);
                self.refuse(session, Some(accepted), refusal, ctx).await
            }
        }
    }

    pub(in crate::proxy) async fn refuse(
        &self,
        session: &mut Session,
        accepted: Option<&Accepted>,
        refusal: Refusal,
        ctx: &RequestContext,
    ) -> Result<()> {
        let headers = &session.req_header().headers;
        let mut view = self.view(headers, accepted, ctx);
        view.grpc = session.is_http2() && grpc::is_asked(headers);
        let response = view.answer(refusal);
        let response = match accepted {
            Some(accepted) => seal(response, accepted),
            None => response,
        };
        write(session, response).await
    }

    /// A refusal as an answer to a request with these headers. Its status always refuses: to a proxy that asks, one of
    /// gRPC's would be a permission.
    pub(in crate::proxy) fn refusal(
        &self,
        headers: &HeaderMap,
        accepted: Option<&Accepted>,
        refusal: Refusal,
        ctx: &RequestContext,
    ) -> Response<Bytes> {
        self.view(headers, accepted, ctx).answer(refusal)
    }

    fn view(
        &self,
        headers: &HeaderMap,
        accepted: Option<&Accepted>,
        ctx: &RequestContext,
    ) -> refusal::View<'_> {
        refusal::View {
            pages: &self.pages,
            page: accepted
                .is_none_or(|a| a.facts.kind == RequestKind::Page && a.known_by() != Bearer::Alone)
                && refusal::takes_html(headers),
            grpc: false,
            bearer: accepted.map_or(Bearer::Never, Accepted::known_by),
            shown: ctx.shown,
            request_id: ctx.id,
            language: language_of(headers, accepted.map(|a| a.site.portal.cookies), None),
            now: ctx.now,
            target: accepted
                .filter(|a| a.facts.method == http::Method::GET)
                .map(|a| a.facts.path.to_string()),
        }
    }
}

/// Tells browsers to come by HTTPS alone, as long as the site says.
pub(super) fn seal(mut response: Response<Bytes>, accepted: &Accepted) -> Response<Bytes> {
    if let Some(hsts) = &accepted.site.hsts {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, hsts.clone());
    }
    response
}

pub(in crate::proxy) async fn write(
    session: &mut Session,
    response: Response<Bytes>,
) -> Result<()> {
    let head_only = session.req_header().method == http::Method::HEAD;
    reply::write(session, response, head_only).await
}
