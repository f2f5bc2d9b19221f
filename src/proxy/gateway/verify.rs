//! Forward-auth (G6): a proxy asks whether a request may go on, and passes it on itself. What is decided is decided by
//! the very steps of a request that comes here; only the answer is another.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use pingora::Result;
use pingora::http::RequestHeader;
use pingora::proxy::Session;

use super::answer::write;
use super::state::{Accepted, State};
use super::{RequestContext, note};
use crate::domain::asking_proxy::AskingProxy;
use crate::policy::Admitted;
use crate::portal::Portal;
use crate::portal::pages::ErrorKind;
use crate::proxy::facts::{BadRequest, RequestFacts};
use crate::proxy::headers;
use crate::proxy::question::{Form, Question};
use crate::proxy::refusal::Refusal;
use crate::telemetry::metrics::{SecurityEvent, metrics};

impl State {
    /// Answers the question `asked`.
    pub(super) async fn answer_proxy(
        &self,
        session: &mut Session,
        asked: RequestFacts,
        ctx: &mut RequestContext,
    ) -> Result<()> {
        let asking = &session.req_header().headers;
        let response = match self.understand(asking, asked) {
            Ok((proxy, accepted)) => {
                let response = match self.permit(asking, &accepted, ctx).await {
                    Ok(admitted) => self.grant(asking, proxy, &accepted, &admitted, ctx)?,
                    Err(refusal) => {
                        shaped(proxy, self.refusal(asking, Some(&accepted), refusal, ctx))
                    }
                };
                ctx.accepted = Some(accepted);
                response
            }
            Err(why) => {
                why.note();
                let refusal = Refusal::Error(ErrorKind::Forbidden);
                self.refusal(asking, None, refusal, ctx)
            }
        };
        write(session, response).await
    }

    /// The request that a question is about, and the proxy that asks.
    fn understand(
        &self,
        asking: &HeaderMap,
        asked: RequestFacts,
    ) -> std::result::Result<(AskingProxy, Accepted), NotAnswered> {
        // Before anything else: whoever is no proxy of ours learns nothing (S45).
        if !self.trusted_proxies.contains(asked.peer) {
            return Err(NotAnswered::Stranger);
        }
        let question = Question::read(asking, asked, &self.trusted_proxies)?;
        let accepted = self.accept(question.facts)?;
        let proxy = accepted.site.asked_by.ok_or(NotAnswered::NotConfigured)?;
        if Form::of(proxy) != question.form {
            return Err(NotAnswered::OtherProxy(proxy));
        }
        if question.scheme != accepted.site.portal.origin.scheme {
            return Err(NotAnswered::OtherScheme);
        }
        if Portal::owns(accepted.facts.path.path()) {
            return Err(NotAnswered::OurOwn);
        }
        Ok((proxy, accepted))
    }

    async fn permit(
        &self,
        asking: &HeaderMap,
        accepted: &Accepted,
        ctx: &mut RequestContext,
    ) -> std::result::Result<Admitted, Refusal> {
        let signed_in = self.known(asking, accepted, ctx).await?;
        self.settle(asking, accepted, signed_in, ctx)
    }

    /// The answer that lets a request go on: the headers that the app is to get in place of the client's. Each is
    /// there, empty where there is nothing to say, so that a proxy that only copies leaves none of the client's (S46).
    fn grant(
        &self,
        asking: &HeaderMap,
        proxy: AskingProxy,
        accepted: &Accepted,
        admitted: &Admitted,
        ctx: &RequestContext,
    ) -> Result<Response<Bytes>> {
        let Accepted { facts, site } = accepted;
        let mut told =
            RequestHeader::build(facts.method.clone(), facts.path.path().as_bytes(), None)?;
        for line in asking.get_all(header::COOKIE) {
            told.append_header(header::COOKIE, line.clone())?;
        }
        headers::strip_cookies(&mut told);
        let host = headers::text(facts.authority.to_string())?;
        let at = (&host, facts.path.path());
        self.identify(&mut told, accepted, at, admitted, ctx.signed_in.as_deref(), ctx.now)?;
        let mut response = Response::new(Bytes::new());
        *response.headers_mut() = told.headers.clone();
        let absent = site.identity.names.all().chain([header::COOKIE]);
        let absent: Vec<HeaderName> =
            absent.filter(|name| !told.headers.contains_key(name)).collect();
        tell_absent(proxy, &absent, response.headers_mut());
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }
}

/// Why a question gets no answer but 403.
#[derive(Debug, thiserror::Error)]
enum NotAnswered {
    #[error("it comes from an address that is not in trusted_proxies")]
    Stranger,
    #[error("a header that tells of the request is missing, doubled, or contradicts another")]
    Incomplete,
    #[error("the request that it is about is refused itself: {0:?}")]
    Bad(BadRequest),
    #[error("the site has no forward_auth")]
    NotConfigured,
    #[error("it is not asked as {0} asks, which forward_auth names")]
    OtherProxy(AskingProxy),
    #[error("the client came by another scheme than that of the site's origin")]
    OtherScheme,
    #[error("paths under /_doorward/ are doorward's own: the proxy has to send them here unasked")]
    OurOwn,
}

impl From<BadRequest> for NotAnswered {
    fn from(bad: BadRequest) -> Self {
        match bad {
            BadRequest::Question => Self::Incomplete,
            bad => Self::Bad(bad),
        }
    }
}

impl NotAnswered {
    fn note(&self) {
        match self {
            Self::Bad(bad) => return note(*bad),
            Self::Stranger => {
                metrics().security_event(SecurityEvent::UntrustedProxy);
                return tracing::debug!("a question of forward-auth was refused: {self}");
            }
            Self::Incomplete => note(BadRequest::Question),
            Self::NotConfigured | Self::OtherProxy(_) | Self::OtherScheme | Self::OurOwn => {}
        }
        // What the proxy's configuration has to mend: told where its operator looks.
        tracing::warn!("a question of forward-auth was refused: {self}");
    }
}

/// Says which headers the app must not get at all.
fn tell_absent(proxy: AskingProxy, absent: &[HeaderName], headers: &mut HeaderMap) {
    match proxy {
        // It takes off whatever is named to it.
        AskingProxy::Envoy => {
            let names: Vec<&str> = absent.iter().map(HeaderName::as_str).collect();
            if let Ok(names) = HeaderValue::from_str(&names.join(",")) {
                headers.insert(HeaderName::from_static("x-envoy-auth-headers-to-remove"), names);
            }
        }
        // It takes off whatever it is told to copy and does not find; an empty one would reach the app as it is.
        AskingProxy::Traefik => {}
        AskingProxy::Nginx | AskingProxy::Caddy | AskingProxy::HaProxy => {
            for name in absent {
                headers.insert(name, HeaderValue::from_static(""));
            }
        }
    }
}

/// A refusal in the form in which the proxy passes it on. nginx knows 401 and 403 alone: to sign-in leads a 401 that
/// says where.
fn shaped(proxy: AskingProxy, mut response: Response<Bytes>) -> Response<Bytes> {
    if proxy == AskingProxy::Nginx && response.status() == StatusCode::SEE_OTHER {
        *response.status_mut() = StatusCode::UNAUTHORIZED;
    }
    response
}
