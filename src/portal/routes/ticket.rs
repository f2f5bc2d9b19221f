//! One sign-in for many hosts: a host asks the portal, the portal answers with a ticket, the host takes it. Three
//! redirects, of which nobody notices any.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, Path, RawQuery, State};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};

use super::code::{LOGIN, flow_of};
use super::link::without_referrer;
use crate::auth::tokens;
use crate::domain::return_to::ReturnTo;
use crate::domain::ticket::TicketBrowser;
use crate::policy::Decision;
use crate::portal::hosts::{QUESTIONS, Question};
use crate::portal::pages::{ErrorKind, Page, TicketPage};
use crate::portal::respond::{Reply, unavailable};
use crate::portal::{Portal, PortalSite, Visit, cookies};
use crate::telemetry::metrics::{SecurityEvent, metrics};

const TICKET: &str = "/_doorward/ticket";

/// How often a browser is sent to the portal for one page before it is told that it goes in circles. Browsers give up
/// themselves after 20 redirects, and say nothing that helps.
const MOST_TRIPS: u8 = 3;

/// Sends the browser to the portal, to come back with a ticket for `return_to`.
pub(super) fn ask(
    reply: Reply<'_>,
    visit: &Visit,
    headers: &HeaderMap,
    return_to: &ReturnTo,
) -> Response<Body> {
    let names = visit.site.cookies;
    let trips = cookies::trips(headers, names, return_to);
    if trips >= MOST_TRIPS {
        metrics().security_event(SecurityEvent::TicketRefused);
        let page = TicketPage::InCircles {
            host: visit.site.host().as_str(),
            return_to: return_to.as_str(),
        };
        return reply
            .cookie(names.expire(names.trips()))
            .page(StatusCode::BAD_REQUEST, &Page::Ticket(page));
    }
    let question = Question {
        site: &visit.site,
        browser: TicketBrowser::of(reply.flow()),
        return_to,
        present: visit.signed_in.as_ref().map(|signed_in| &signed_in.session),
        now: visit.now,
    };
    match visit.hosts.question(&question) {
        Some(address) => {
            let reply = reply.cookie(names.set_trips(trips.saturating_add(1), return_to));
            without_referrer(reply.see_other(&address))
        }
        None => reply.error(ErrorKind::NotFound),
    }
}

/// The portal is asked for a ticket.
pub(in crate::portal) async fn answer(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    method: Method,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let query = query.unwrap_or_default();
    if !visit.hosts.is_portal(&visit.site) {
        return reply.error(ErrorKind::NotFound);
    }
    let Some((request, site)) = visit.hosts.asked(&query) else {
        metrics().security_event(SecurityEvent::BadReturnTo);
        return reply.error(ErrorKind::BadRequest);
    };
    // The host forgets nothing: it asks anew, for the browser as it is now.
    if request.is_over(visit.now) {
        return onward(reply, &headers, site, request.return_to.as_str());
    }
    let target = ReturnTo::or_front_page(&format!("{QUESTIONS}?{query}"));
    match (visit.decide(&target), &visit.signed_in) {
        // What is forbidden is told by the site itself, to somebody whom it knows.
        (Decision::Forward(_) | Decision::Forbidden, Some(signed_in)) => {
            if method != Method::GET {
                return reply.error(ErrorKind::MethodNotAllowed);
            }
            if visit.site.shares_cookie_with(site) {
                return onward(reply, &headers, site, request.return_to.as_str());
            }
            match portal.auth.issue_ticket(signed_in, &request, visit.now).await {
                Ok(ticket) => {
                    let ticket = tokens::encode_ticket(portal.auth.keys(), &ticket, site.host());
                    onward(reply, &headers, site, &format!("{TICKET}/{ticket}"))
                }
                Err(error) => unavailable(reply, &error),
            }
        }
        _ => sign_in(reply, &target),
    }
}

fn sign_in(reply: Reply<'_>, target: &ReturnTo) -> Response<Body> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("rd", target.as_str());
    without_referrer(reply.see_other(&format!("{LOGIN}?{}", query.finish())))
}

/// Sends the browser to another host. Where it comes from a form of this one it gets a page that goes on by itself: a
/// redirect would be held against the page's `form-action` (CSP3 section 6.6), and what the app does next as well.
fn onward(reply: Reply<'_>, headers: &HeaderMap, site: &PortalSite, path: &str) -> Response<Body> {
    let address = format!("{}{path}", site.origin_text);
    let by_link = headers
        .get("sec-fetch-site")
        .is_some_and(|value| matches!(value.as_bytes(), b"cross-site" | b"same-site" | b"none"));
    if by_link {
        return without_referrer(reply.see_other(&address));
    }
    let page = TicketPage::Onward { host: site.host().as_str(), address: &address };
    match HeaderValue::from_str(&format!("0; url={address}")) {
        Ok(mut refresh) => {
            refresh.set_sensitive(true);
            let reply = reply.header(HeaderName::from_static("refresh"), refresh);
            without_referrer(reply.page(StatusCode::OK, &Page::Ticket(page)))
        }
        Err(_) => reply.error(ErrorKind::BadRequest),
    }
}

/// A browser shows its ticket, which is out of its address at once (S18), whatever comes of it.
pub(in crate::portal) async fn land(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    Path(ticket): Path<String>,
    method: Method,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    if method != Method::GET {
        return reply.error(ErrorKind::MethodNotAllowed);
    }
    without_referrer(arrive(reply, &portal, &visit, &headers, &ticket).await)
}

async fn arrive(
    reply: Reply<'_>,
    portal: &Portal,
    visit: &Visit,
    headers: &HeaderMap,
    ticket: &str,
) -> Response<Body> {
    let keys = portal.auth.keys();
    // A forgery, and what is of another host, dies without a look at any store (S59).
    let Some(ticket) = tokens::decode_ticket(keys, ticket, visit.site.host()) else {
        return refused(reply, "over");
    };
    let Some(flow) = flow_of(portal, visit, headers) else { return refused(reply, "cookies") };
    if visit.hosts.sign_in_of(&visit.site).is_none() {
        return refused(reply, "over");
    }
    let context = visit.context(ReturnTo::front_page());
    let present = visit.signed_in.as_ref();
    match portal.auth.redeem_ticket(&ticket, &flow, present, &context).await {
        Ok(Some(arrived)) => {
            let session = arrived.opened.as_ref().and_then(|opened| {
                visit.site.cookies.set_session(keys, opened, visit.site.session_host())
            });
            reply.cookie(session).see_other(arrived.return_to.as_str())
        }
        Ok(None) => refused(reply, "over"),
        Err(error) => unavailable(reply, &error),
    }
}

fn refused(reply: Reply<'_>, why: &str) -> Response<Body> {
    metrics().security_event(SecurityEvent::TicketRefused);
    reply.see_other(&format!("{TICKET}?why={why}"))
}

/// Why a ticket was not taken.
pub(in crate::portal) async fn show(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    let host = visit.site.host().as_str();
    let page = match query.as_deref() {
        Some("why=cookies") => TicketPage::NoCookies { host },
        _ => TicketPage::Over { host },
    };
    Reply::to(&portal, &visit, &headers).page(StatusCode::BAD_REQUEST, &Page::Ticket(page))
}
