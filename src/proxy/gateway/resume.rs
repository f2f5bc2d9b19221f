//! A form that was posted without a session is kept, and sent once its owner has signed in (G2).

use bytes::Bytes;
use http::{HeaderMap, Method, header};
use pingora::Result;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::Session;
use tokio::sync::Semaphore;

use super::RequestContext;
use super::state::{Accepted, State};
use crate::auth::tokens;
use crate::domain::draft::{Draft, MAX_DRAFT, Seal};
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::{DraftSecret, DraftToken};
use crate::portal::pages::ErrorKind;
use crate::portal::{RESUME, cookies};
use crate::proxy::facts::text;
use crate::proxy::refusal::{Form, Refusal};
use crate::proxy::reply;

/// The longest that a whole form may take to arrive.
const ARRIVES: std::time::Duration = std::time::Duration::from_secs(10);
/// The most forms that are read at once: what they take of memory is bounded by this.
static READING: Semaphore = Semaphore::const_new(16);
/// The longest address that a form is kept for: it is in another one, which is in another one.
const MAX_TARGET: usize = 512;

/// A form that is sent, and what it was kept under.
pub(in crate::proxy) struct Resumed {
    draft: Draft,
    secret: DraftSecret,
    token: DraftToken,
}

impl State {
    /// Keeps what was posted by a page of this site, where its person has to sign in first.
    pub(super) async fn keep_form(
        &self,
        session: &mut Session,
        accepted: &Accepted,
        refusal: Refusal,
        ctx: &RequestContext,
    ) -> Refusal {
        let Refusal::SignIn { target, .. } = refusal else { return refusal };
        let headers = &session.req_header().headers;
        if accepted.facts.method != Method::POST || !self.is_of_own_page(headers, accepted) {
            return Refusal::SignIn { target, form: Form::None };
        }
        // What stands for a form that is kept already leads to that one.
        if let Some(again) = resumed_at(headers, accepted) {
            return Refusal::SignIn { target: again, form: Form::None };
        }
        match self.read_form(session, accepted, &target).await {
            Some(draft) => self.keep(session, accepted, &draft, ctx).await,
            None => Refusal::SignIn { target, form: Form::Lost },
        }
    }

    /// Only what a form can send, and only from our own origin: nothing is kept for a page of another site.
    fn is_of_own_page(&self, headers: &HeaderMap, accepted: &Accepted) -> bool {
        let portal = &accepted.site.portal;
        match (text(headers, "sec-fetch-site"), text(headers, header::ORIGIN)) {
            ("same-origin", "" | "null") => true,
            ("same-origin" | "", origin) => portal.is_own_origin(origin, &accepted.facts.authority),
            _ => false,
        }
    }

    async fn read_form(
        &self,
        session: &mut Session,
        accepted: &Accepted,
        target: &str,
    ) -> Option<Draft> {
        let headers = &session.req_header().headers;
        let content_type = text(headers, header::CONTENT_TYPE).to_owned();
        let plain = !headers.contains_key(header::CONTENT_ENCODING);
        if !is_form(&content_type) || !plain || target.len() > MAX_TARGET {
            return None;
        }
        let target = accepted.facts.path.to_string().parse().ok()?;
        let _room = READING.try_acquire().ok()?;
        let Ok(body) = reply::read_body(session, MAX_DRAFT, ARRIVES).await else {
            // The rest of the body is on the wire: the connection cannot be used again.
            session.set_keepalive(None);
            return None;
        };
        Some(Draft { target, content_type, body })
    }

    async fn keep(
        &self,
        session: &Session,
        accepted: &Accepted,
        draft: &Draft,
        ctx: &RequestContext,
    ) -> Refusal {
        let (names, host) = (accepted.site.portal.cookies, accepted.site.portal.host());
        let keys = self.auth.keys();
        let known = cookies::draft_secret(&session.req_header().headers, names, keys, host);
        let secret = known.unwrap_or_else(|| self.auth.new_draft_secret());
        let token = self.auth.new_draft_token();
        let seal = Seal { secret: &secret, token: &token, host };
        match self.auth.keep_draft(draft, &seal, &accepted.facts.client, ctx.now).await {
            Ok(true) => {
                let target = address(&tokens::encode_draft(keys, &token, host), &draft.target);
                Refusal::SignIn { target, form: Form::Kept(names.set_draft(keys, &secret, host)) }
            }
            Ok(false) => Refusal::SignIn { target: draft.target.to_string(), form: Form::Lost },
            Err(error) => {
                tracing::error!(request.id = %ctx.id, %error, "a store is away; a form was not kept");
                Refusal::unavailable()
            }
        }
    }

    /// Puts a form back that no app has answered: whoever sent it may do so once more.
    pub(super) async fn give_form_back(&self, accepted: &Accepted, ctx: &mut RequestContext) {
        let Some(Resumed { draft, secret, token }) = ctx.form.take() else { return };
        let host = accepted.site.portal.host();
        let seal = Seal { secret: &secret, token: &token, host };
        let kept = self.auth.keep_draft(&draft, &seal, &accepted.facts.client, ctx.now).await;
        if !matches!(kept, Ok(true)) {
            tracing::error!(request.id = %ctx.id, error = ?kept.err(), "a form that no app has answered is lost");
        }
    }

    /// The form that this post stands for, taken out of the store; `None` where it stands for itself.
    pub(super) async fn take_form(
        &self,
        headers: &HeaderMap,
        accepted: &Accepted,
        ctx: &RequestContext,
    ) -> std::result::Result<Option<Resumed>, Refusal> {
        if accepted.facts.method != Method::POST {
            return Ok(None);
        }
        let (names, host) = (accepted.site.portal.cookies, accepted.site.portal.host());
        let Ok(target) = accepted.facts.path.to_string().parse::<ReturnTo>() else {
            return Ok(None);
        };
        let Some(name) = cookies::resumed(headers, names, &target) else { return Ok(None) };
        // What stands in its place came from our page. Whatever is wrong from here on, the app does not get that.
        if !self.is_of_own_page(headers, accepted) || !is_form(text(headers, header::CONTENT_TYPE))
        {
            return Err(Refusal::Error(ErrorKind::Forbidden));
        }
        let keys = self.auth.keys();
        let secret = cookies::draft_secret(headers, names, keys, host);
        let token = tokens::decode_draft(keys, name, host);
        let (Some(secret), Some(token)) = (secret, token) else {
            return Err(Refusal::Error(ErrorKind::FormExpired));
        };
        let seal = Seal { secret: &secret, token: &token, host };
        let took = async {
            let found = self.auth.find_draft(&seal, ctx.now).await?;
            let Some(draft) = found.filter(|draft| draft.target == target) else { return Ok(None) };
            Ok(self.auth.take_draft(&seal, ctx.now).await?.then_some(draft))
        };
        match took.await {
            Ok(Some(draft)) => Ok(Some(Resumed { draft, secret, token })),
            Ok(None) => Err(Refusal::Error(ErrorKind::FormExpired)),
            Err(error) => {
                let error: crate::auth::StoreError = error;
                tracing::error!(request.id = %ctx.id, %error, "a store is away; a form was not sent");
                Err(Refusal::unavailable())
            }
        }
    }
}

impl RequestContext {
    /// Makes of a post from our page the request that the form is.
    pub(super) fn prepare_form(&self, request: &mut RequestHeader) -> Result<()> {
        let Some(Resumed { draft, .. }) = &self.form else { return Ok(()) };
        request.insert_header(header::CONTENT_TYPE, draft.content_type.as_str())?;
        request.remove_header(&header::TRANSFER_ENCODING);
        request.remove_header(&header::EXPECT);
        request.insert_header(header::CONTENT_LENGTH, draft.body.len())?;
        Ok(())
    }

    /// Puts the form in place of what came from our page: nothing before its end, and then all of it.
    pub(super) fn replace_body(&self, body: &mut Option<Bytes>, is_end: bool) {
        if let Some(Resumed { draft, .. }) = &self.form {
            *body = Some(if is_end { draft.body.clone() } else { Bytes::new() });
        }
    }

    /// Takes the cookie back that named the form.
    pub(super) fn forget_form(&self, response: &mut ResponseHeader) -> Result<()> {
        let (Some(_), Some(accepted)) = (&self.form, &self.accepted) else { return Ok(()) };
        let names = accepted.site.portal.cookies;
        if let Some(over) = names.expire(names.resume()) {
            response.append_header(header::SET_COOKIE, over)?;
        }
        Ok(())
    }
}

/// The page that asks whether to send the form of this name.
fn address(name: &str, target: &ReturnTo) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("to", target.as_str());
    format!("{RESUME}{name}?{}", query.finish())
}

fn resumed_at(headers: &HeaderMap, accepted: &Accepted) -> Option<String> {
    let target: ReturnTo = accepted.facts.path.to_string().parse().ok()?;
    let name = cookies::resumed(headers, accepted.site.portal.cookies, &target)?;
    Some(address(name, &target))
}

/// Whether a body is one that a form sends (HTML standard, `enctype`).
fn is_form(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(
        kind.as_str(),
        "application/x-www-form-urlencoded" | "multipart/form-data" | "text/plain"
    )
}
