//! After signing in: the form that was posted without a session is sent, once, if whoever has signed in wants that.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, Path, State};
use http::{HeaderMap, Response, StatusCode};

use super::code::LOGIN;
use crate::auth::tokens;
use crate::domain::draft::{Draft, Seal};
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::{DraftSecret, DraftToken};
use crate::portal::csrf;
use crate::portal::form::Form;
use crate::portal::pages::{DraftPage, ErrorKind, Page};
use crate::portal::respond::{Reply, unavailable};
use crate::portal::visit::Missing;
use crate::portal::{Portal, Visit, cookies};
use crate::telemetry::metrics::{SecurityEvent, metrics};

/// Asks whether to send it. To look changes nothing.
pub(in crate::portal) async fn show(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let here = ReturnTo::or_front_page(&visit.here);
    let ready = visit.missing(&here) == Missing::Nothing;
    let Some(signed_in) = visit.signed_in.as_ref().filter(|_| ready) else {
        return sign_in(reply, &here);
    };
    let Some(kept) = Kept::of(&portal, &visit, &headers, &token) else { return over(reply) };
    match portal.auth.find_draft(&kept.seal(&visit), visit.now).await {
        Ok(Some(draft)) => {
            let page = DraftPage::Ask {
                username: signed_in.identity.username(),
                target: draft.target.as_str(),
                action: visit.here.as_str(),
            };
            reply.page(StatusCode::OK, &Page::Draft(page))
        }
        Ok(None) => over(reply),
        Err(error) => unavailable(reply, &error),
    }
}

/// Sends it, or forgets it.
pub(in crate::portal) async fn submit(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    Path(token): Path<String>,
    body: Bytes,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let Ok(form) = Form::read(&headers, &body) else {
        metrics().security_event(SecurityEvent::Malformed);
        return reply.error(ErrorKind::BadRequest);
    };
    let keys = portal.auth.keys();
    let flow = cookies::flow_secret(&headers, visit.site.cookies, keys, visit.site.host());
    if let Err(why) = csrf::check(&visit, &headers, keys, flow.as_ref(), form.get("csrf")) {
        return super::refuse(reply, why);
    }
    if visit.signed_in.is_none() {
        return sign_in(reply, &ReturnTo::or_front_page(&visit.here));
    }
    let Some(kept) = Kept::of(&portal, &visit, &headers, &token) else { return over(reply) };
    let draft = match portal.auth.find_draft(&kept.seal(&visit), visit.now).await {
        Ok(Some(draft)) => draft,
        Ok(None) => return over(reply),
        Err(error) => return unavailable(reply, &error),
    };
    match form.get("do") {
        "send" => send(reply, &visit, &token, &draft),
        "discard" => match portal.auth.take_draft(&kept.seal(&visit), visit.now).await {
            Ok(_) => reply.page(StatusCode::OK, &Page::Draft(DraftPage::Discarded)),
            Err(error) => unavailable(reply, &error),
        },
        _ => reply.error(ErrorKind::BadRequest),
    }
}

/// Has the browser post to where the form was for: the gateway puts the form in place of what comes then. So the browser
/// is where it would have been, and what the app answers is read from there.
fn send(reply: Reply<'_>, visit: &Visit, token: &str, draft: &Draft) -> Response<Body> {
    let names = visit.site.cookies;
    reply.cookie(names.set_resume(token, &draft.target)).post_again(draft.target.as_str())
}

struct Kept {
    secret: DraftSecret,
    token: DraftToken,
}

impl Kept {
    fn of(portal: &Portal, visit: &Visit, headers: &HeaderMap, token: &str) -> Option<Self> {
        let (keys, host) = (portal.auth.keys(), visit.site.host());
        let secret = cookies::draft_secret(headers, visit.site.cookies, keys, host)?;
        Some(Self { secret, token: tokens::decode_draft(keys, token, host)? })
    }

    fn seal<'a>(&'a self, visit: &'a Visit) -> Seal<'a> {
        Seal { secret: &self.secret, token: &self.token, host: visit.site.host() }
    }
}

fn over(reply: Reply<'_>) -> Response<Body> {
    reply.page(StatusCode::GONE, &Page::Draft(DraftPage::Over))
}

fn sign_in(reply: Reply<'_>, here: &ReturnTo) -> Response<Body> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("rd", here.as_str());
    reply.see_other(&format!("{LOGIN}?{}", query.finish()))
}
