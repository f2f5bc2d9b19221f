//! Responses: one place that gives every page its headers.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use crate::auth::StoreError;
use crate::domain::captcha::Demand;
use crate::domain::language::Language;
use crate::domain::secret::FlowSecret;

use super::pages::account::Done;
use super::pages::{ErrorKind, ErrorPage, Frame, Page, Pages};
use super::{Portal, Visit, cookies};
use crate::auth::sessions::Opened;
use crate::auth::tokens;

/// The headers of every page (ASVS 3.4): nothing inline, nothing from elsewhere, in no frame, in no cache.
pub struct SecurityHeaders;

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
     img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

impl SecurityHeaders {
    /// Sets them.
    pub fn set(headers: &mut HeaderMap) {
        let fixed: [(HeaderName, &'static str); 8] = [
            (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::X_FRAME_OPTIONS, "DENY"),
            (header::REFERRER_POLICY, "same-origin"),
            (
                HeaderName::from_static("permissions-policy"),
                "camera=(), geolocation=(), microphone=()",
            ),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
            (HeaderName::from_static("x-robots-tag"), "noindex"),
        ];
        for (name, value) in fixed {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if !headers.contains_key(header::CACHE_CONTROL) {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
    }
}

/// An error page outside any sign-in, for the gateway.
pub fn error_page(pages: &Pages, page: ErrorPage<'_>, frame: &Frame<'_>) -> Response<String> {
    let kind = page.kind;
    let text = render(pages, &Page::Error(page), frame);
    let mut response = Response::new(text);
    *response.status_mut() = kind.status();
    written_in(response.headers_mut(), frame.language);
    SecurityHeaders::set(response.headers_mut());
    response
}

/// Says that the answer is a page in `language`, and what that depends on.
fn written_in(headers: &mut HeaderMap, language: Language) {
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, html);
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Language, Cookie"));
}

/// A redirect outside any page, to an address made here.
pub(super) fn redirect(target: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SEE_OTHER;
    if let Ok(mut target) = HeaderValue::from_str(target) {
        target.set_sensitive(true);
        response.headers_mut().insert(header::LOCATION, target);
    }
    SecurityHeaders::set(response.headers_mut());
    let none = HeaderValue::from_static("no-referrer");
    response.headers_mut().insert(header::REFERRER_POLICY, none);
    response
}

/// Builds the answer to one request. Carries the browser's flow secret, making one where there is none, so that
/// every page with a form has its token.
pub(super) struct Reply<'a> {
    portal: &'a Portal,
    visit: &'a Visit,
    flow: FlowSecret,
    flow_cookie: Option<HeaderValue>,
    arrivals: u8,
    policy: Option<HeaderValue>,
    response: Response<Body>,
}

impl<'a> Reply<'a> {
    /// Answers a request with these headers.
    pub(super) fn to(portal: &'a Portal, visit: &'a Visit, headers: &HeaderMap) -> Self {
        let names = visit.site.cookies;
        let keys = portal.auth.keys();
        let known = cookies::flow_secret(headers, names, keys, visit.site.host());
        let is_new = known.is_none();
        let flow = known.unwrap_or_else(|| portal.auth.new_flow());
        let flow_cookie = is_new.then(|| names.set_flow(keys, &flow, visit.site.host())).flatten();
        let arrivals = cookies::arrivals(headers, names, visit.now);
        let response = Response::default();
        Self { portal, visit, flow, flow_cookie, arrivals, policy: None, response }
    }

    /// What it answers for.
    pub(super) const fn portal(&self) -> &'a Portal {
        self.portal
    }

    /// Gives the browser the secret of its next step, in place of any other (S28).
    pub(super) fn next_flow(mut self, flow: &FlowSecret) -> Self {
        let keys = self.portal.auth.keys();
        self.flow_cookie = self.visit.site.cookies.set_flow(keys, flow, self.visit.site.host());
        self
    }

    /// Gives the browser its session, and its device if it got one; the half-signed-in state is over (S28).
    pub(super) fn signed_in(self, opened: &Opened) -> Self {
        let (names, host) = (self.visit.site.cookies, self.visit.site.host());
        let keys = self.portal.auth.keys();
        let session = names.set_session(keys, opened, self.visit.site.session_host());
        let device = opened.device.as_ref().and_then(|keep| names.set_device(keys, keep, host));
        let arrived = names.set_arrived(self.arrivals.saturating_add(1), self.visit.now);
        self.cookie(session).cookie(device).cookie(arrived).end_flow()
    }

    /// How often the browser has signed in lately.
    pub(super) const fn arrivals(&self) -> u8 {
        self.arrivals
    }

    /// The browser's flow secret, which it has by now.
    pub(super) const fn flow(&self) -> &FlowSecret {
        &self.flow
    }

    /// Takes the flow cookie away: the browser is signed in, or out.
    pub(super) fn end_flow(mut self) -> Self {
        let names = self.visit.site.cookies;
        self.flow_cookie = names.expire(names.flow());
        self
    }

    /// Has the next page say that this was done.
    pub(super) fn done(self, done: Done) -> Self {
        let cookie = self.visit.site.cookies.set_done(done.as_str());
        self.cookie(cookie)
    }

    /// Adds a `Set-Cookie`.
    pub(super) fn cookie(mut self, value: Option<HeaderValue>) -> Self {
        if let Some(value) = value {
            self.response.headers_mut().append(header::SET_COOKIE, value);
        }
        self
    }

    /// Sets a header.
    pub(super) fn header(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.response.headers_mut().insert(name, value.into());
        self
    }

    /// Says in how many seconds to come back, rounded up (RFC 9110 section 10.2.3).
    pub(super) fn retry_after(self, wait: std::time::Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }

    /// A page.
    pub(super) fn page(mut self, status: StatusCode, page: &Page<'_>) -> Response<Body> {
        let token = tokens::form_token(self.portal.auth.keys(), &self.flow, self.visit.site.host());
        let frame = Frame {
            form_token: &token,
            request_id: self.visit.request_id,
            language: self.visit.language,
            here: Some(&self.visit.here),
            now: self.visit.now,
        };
        *self.response.body_mut() = Body::from(render(&self.portal.pages, page, &frame));
        *self.response.status_mut() = status;
        self.policy = policy_for(page.captcha());
        written_in(self.response.headers_mut(), frame.language);
        self.finish()
    }

    /// A text to be kept as a file of this name.
    pub(super) fn text_file(mut self, name: &'static str, text: &str) -> Response<Body> {
        *self.response.body_mut() = Body::from(text.to_owned());
        let attachment = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
        let attachment = attachment.unwrap_or(HeaderValue::from_static("attachment"));
        self.header(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))
            .header(header::CONTENT_DISPOSITION, attachment)
            .finish()
    }

    /// An error page.
    pub(super) fn error(self, kind: ErrorKind) -> Response<Body> {
        self.page(kind.status(), &Page::Error(ErrorPage { kind, retry: None }))
    }

    /// A redirect that turns a post into a page load (303).
    pub(super) fn see_other(mut self, target: &str) -> Response<Body> {
        *self.response.status_mut() = StatusCode::SEE_OTHER;
        match HeaderValue::from_str(target) {
            Ok(target) => self.header(header::LOCATION, target).finish(),
            Err(_) => self.error(ErrorKind::BadRequest),
        }
    }

    /// A redirect that has the browser post again, there (307).
    pub(super) fn post_again(mut self, target: &str) -> Response<Body> {
        *self.response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
        match HeaderValue::from_str(target) {
            Ok(target) => self.header(header::LOCATION, target).finish(),
            Err(_) => self.error(ErrorKind::BadRequest),
        }
    }

    fn finish(mut self) -> Response<Body> {
        // The browser has shown its session: the last sign-in came to something.
        if self.arrivals > 0 && self.visit.signed_in.is_some() {
            let names = self.visit.site.cookies;
            self = self.cookie(names.expire(names.arrived()));
        }
        if let Some(cookie) = self.flow_cookie.take() {
            self.response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        SecurityHeaders::set(self.response.headers_mut());
        if let Some(policy) = self.policy {
            self.response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        self.response
    }
}

/// The policy of a page with a captcha: the usual one, and what this captcha needs besides.
fn policy_for(demand: &Demand) -> Option<HeaderValue> {
    let policy = match demand {
        Demand::Nothing => return None,
        Demand::Work(_) => format!("{CONTENT_SECURITY_POLICY}; worker-src 'self'"),
        Demand::Provider(widget) => {
            let sources = widget.sources();
            let with_sources = |directive: &str| format!("{directive} 'self' {sources}");
            let mut policy = CONTENT_SECURITY_POLICY.to_owned();
            for directive in ["style-src", "script-src", "img-src"] {
                policy = policy.replace(&format!("{directive} 'self'"), &with_sources(directive));
            }
            format!("{policy}; frame-src {sources}; connect-src {sources}")
        }
    };
    HeaderValue::try_from(policy).ok()
}

/// A store did not answer: told once in the log, and to people as a page that says when to try again (S57).
pub(super) fn unavailable(reply: Reply<'_>, error: &StoreError) -> Response<Body> {
    let id = reply.visit.request_id;
    tracing::error!(request.id = %id, error = %error, "a store is away; nobody was let in");
    let retry_after = std::time::Duration::from_secs(10);
    reply.retry_after(retry_after).error(ErrorKind::Unavailable { retry_after })
}

fn render(pages: &Pages, page: &Page<'_>, frame: &Frame<'_>) -> String {
    pages.render(page, frame).unwrap_or_else(|error| {
        tracing::error!(request.id = %frame.request_id, error = %error, "a page did not render");
        format!("This page cannot be shown. Request {}", frame.request_id)
    })
}
