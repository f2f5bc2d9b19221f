//! The link in the mail. Loading it changes nothing; only a post from the browser that asked signs in (S16, S17).

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, Path, State};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use super::code::{LOGIN, flow_of, go_on, posted};
use crate::auth::code::CodeOutcome;
use crate::auth::link::OpenedLink;
use crate::auth::tokens;
use crate::domain::challenge::{ChallengeState, Purpose};
use crate::domain::return_to::ReturnTo;
use crate::portal::pages::{LinkPage, LinkState, Page, RelayPage};
use crate::portal::respond::{Reply, unavailable};
use crate::portal::{Portal, Visit, cookies};

const LINK: &str = "/_doorward/link";

/// Takes the token out of the address at once (S18): into a cookie, whoever opens it, without a look at any store.
pub(in crate::portal) async fn land(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let names = visit.site.cookies;
    let cookie = match tokens::decode_link(&token) {
        Some(token) => names.set_link(&token),
        None => names.expire(names.link()),
    };
    let response = reply.cookie(cookie).see_other(LINK);
    without_referrer(response)
}

pub(in crate::portal) async fn show(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let Some(token) = cookies::link_token(&headers, visit.site.cookies) else {
        return closed(reply);
    };
    let flow = flow_of(&portal, &visit, &headers);
    let context = visit.context(ReturnTo::front_page());
    let opened = match portal.auth.open_link(flow.as_ref(), &token, &context).await {
        Ok(opened) => opened,
        Err(error) => return unavailable(reply, &error),
    };
    let response = match opened {
        OpenedLink::Ours { challenge, state } => {
            let state = match state {
                ChallengeState::Pending { .. } | ChallengeState::Exhausted => {
                    LinkState::Ready { expires_at: challenge.expires_at }
                }
                ChallengeState::Expired => LinkState::Expired,
                ChallengeState::Consumed => LinkState::Spent,
            };
            let page = LinkPage {
                purpose: challenge.purpose(),
                destination: &challenge.destination,
                return_to: challenge.aim.return_to().as_str(),
                state,
                trust: portal.auth.trust_offered(&challenge.aim),
            };
            reply.page(StatusCode::OK, &Page::Link(page))
        }
        OpenedLink::Relay { code, challenge } => {
            let page = RelayPage {
                purpose: challenge.purpose(),
                relay_code: code.as_ref().map(|code| code.as_str()),
                expires_at: challenge.expires_at,
                host: visit.site.host().as_str(),
            };
            reply.page(StatusCode::OK, &Page::Relay(page))
        }
        OpenedLink::Unknown => return closed(reply),
    };
    without_referrer(response)
}

pub(in crate::portal) async fn submit(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let (flow, form) = match posted(&portal, &visit, &headers, &body) {
        Ok(posted) => posted,
        Err(refusal) => return refusal.answer(reply),
    };
    let Some(token) = cookies::link_token(&headers, visit.site.cookies) else {
        return closed(reply);
    };
    let context = visit.context(ReturnTo::front_page());
    let trust = form.has("trust_device");
    let names = visit.site.cookies;
    match portal.auth.redeem_link(&flow, &token, trust, &context).await {
        Ok(CodeOutcome::Answered(answered)) => {
            go_on(reply.cookie(names.expire(names.link())), answered)
        }
        // Not the browser that asked: the page says what to do instead.
        Ok(CodeOutcome::Lost) => reply.see_other(LINK),
        Ok(CodeOutcome::Closed) => closed(reply),
        Ok(
            CodeOutcome::Wrong
            | CodeOutcome::NotACode
            | CodeOutcome::BudgetSpent
            | CodeOutcome::Limited(_),
        ) => reply.see_other(LOGIN),
        Err(error) => unavailable(reply, &error),
    }
}

fn closed(reply: Reply<'_>) -> Response<Body> {
    let page = LinkPage {
        purpose: Purpose::SignIn,
        destination: "",
        return_to: "/",
        state: LinkState::Expired,
        trust: None,
    };
    without_referrer(reply.page(StatusCode::GONE, &Page::Link(page)))
}

pub(super) fn without_referrer(mut response: Response<Body>) -> Response<Body> {
    let none = HeaderValue::from_static("no-referrer");
    response.headers_mut().insert(header::REFERRER_POLICY, none);
    response
}
