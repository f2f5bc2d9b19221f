//! The account page and what is done on it. Everything is there for its owner alone, signed in; what guards the account
//! passes the fresh gate as well (S36).

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, State};
use http::{HeaderMap, Response, StatusCode};

use super::code::posted;
use crate::auth::StoreError;
use crate::auth::fresh::{Fresh, Gate, gate};
use crate::auth::own_account::{OwnAccount, SignInEntry};
use crate::auth::sessions::SignedIn;
use crate::domain::audit::{AuditEvent, AuditResult, Noted};
use crate::domain::device::Device;
use crate::domain::return_to::ReturnTo;
use crate::domain::session::{Method, Session};
use crate::portal::pages::account::{
    AccountPage, DeviceView, Done, SecondStepView, SessionView, SignInResultView, SignInView,
};
use crate::portal::pages::{ErrorKind, Page};
use crate::portal::respond::{Reply, unavailable};
use crate::portal::{Portal, Visit, cookies};

pub(in crate::portal) mod browsers;
pub(in crate::portal) mod guarded;
pub(in crate::portal) mod phone;

pub(super) const ACCOUNT: &str = "/_doorward/account";
/// The pages behind the fresh gate.
const GUARDED: [&str; 7] =
    ["/password", "/email", "/phone", "/second-step", "/backup-codes", "/sessions", "/devices"];

/// Whether the page of this path is behind the fresh gate.
pub(in crate::portal) fn is_guarded(path: &str) -> bool {
    path.strip_prefix(ACCOUNT).is_some_and(|page| GUARDED.contains(&page))
}

/// Whether the page of this path is one of the account's.
pub(in crate::portal) fn owns(path: &str) -> bool {
    path.strip_prefix(ACCOUNT).is_some_and(|page| page.is_empty() || page.starts_with('/'))
}

pub(in crate::portal) async fn show(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let names = visit.site.cookies;
    let done = cookies::values(&headers, names.done()).find_map(Done::from_name);
    let expired = done.and_then(|_| names.expire(names.done()));
    page(reply.cookie(expired), &portal, &visit, Shown { done, bad_name: None }).await
}

/// A page that only takes posts was loaded: back to the account.
pub(in crate::portal) async fn back(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Response<Body> {
    Reply::to(&portal, &visit, &headers).see_other(ACCOUNT)
}

pub(in crate::portal) async fn set_name(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let (_, form) = match posted(&portal, &visit, &headers, &body) {
        Ok(posted) => posted,
        Err(refusal) => return refusal.answer(reply),
    };
    let Some(signed_in) = &visit.signed_in else { return reply.see_other(&sign_in_for(ACCOUNT)) };
    let typed = form.get("full_name").trim();
    let name = match typed.is_empty() {
        true => None,
        false => match typed.parse() {
            Ok(name) => Some(name),
            Err(_) => {
                let shown = Shown { done: None, bad_name: Some(typed) };
                return page(reply, &portal, &visit, shown).await;
            }
        },
    };
    match portal.auth.set_own_name(signed_in, name, &visit.context(account())).await {
        Ok(()) => reply.done(Done::Name).see_other(ACCOUNT),
        Err(error) => unavailable(reply, &error),
    }
}

pub(in crate::portal) async fn set_language(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let (_, form) = match posted(&portal, &visit, &headers, &body) {
        Ok(posted) => posted,
        Err(refusal) => return refusal.answer(reply),
    };
    let Some(signed_in) = &visit.signed_in else { return reply.see_other(&sign_in_for(ACCOUNT)) };
    let names = visit.site.cookies;
    // What was chosen in this browser before goes before the account's choice, and would hide it.
    let (language, cookie) = match form.get("language") {
        "" => (None, names.expire(names.language())),
        tag => match tag.parse() {
            Ok(language) => (Some(language), names.set_language(language)),
            Err(_) => return reply.error(ErrorKind::BadRequest),
        },
    };
    match portal.auth.set_own_language(signed_in, language, &visit.context(account())).await {
        Ok(()) => reply.cookie(cookie).done(Done::Language).see_other(ACCOUNT),
        Err(error) => unavailable(reply, &error),
    }
}

/// What the account page shows beside the account.
struct Shown<'a> {
    done: Option<Done>,
    /// What was typed as name, and is none.
    bad_name: Option<&'a str>,
}

async fn page(
    reply: Reply<'_>,
    portal: &Portal,
    visit: &Visit,
    shown: Shown<'_>,
) -> Response<Body> {
    let Some(signed_in) = &visit.signed_in else { return reply.see_other(&sign_in_for(ACCOUNT)) };
    let own = match portal.auth.own_account(signed_in, visit.now).await {
        Ok(Some(own)) => own,
        Ok(None) => return reply.see_other(&sign_in_for(ACCOUNT)),
        Err(error) => return unavailable(reply, &error),
    };
    let phone = match portal.auth.own_phone(signed_in).await {
        Ok(phone) => phone,
        Err(error) => return unavailable(reply, &error),
    };
    let masked = phone::masked(phone.as_ref());
    let OwnAccount { account, has_password, backup_codes, sessions, devices, sign_ins } = &own;
    let sessions = session_views(portal, visit, sessions);
    let devices: Vec<DeviceView> =
        devices.iter().map(|device| device_view(portal, visit, device)).collect();
    let sign_ins: Vec<SignInView> = sign_ins.iter().map(sign_in_view).collect();
    let name = account.full_name.as_ref().map_or("", |name| name.as_str());
    let view = AccountPage {
        username: account.username.as_str(),
        full_name: shown.bad_name.unwrap_or(name),
        email: account.email.as_str(),
        language: account.language,
        phone: phone::view(portal, phone.as_ref(), &masked),
        second_step: second_step(visit, account.second_step),
        has_password: *has_password,
        backup_codes: backup_codes.left,
        backup_codes_made_at: backup_codes.made_at,
        sessions: &sessions,
        devices: &devices,
        sign_ins: &sign_ins,
        done: shown.done,
        bad_name: shown.bad_name.is_some(),
    };
    let status = if view.bad_name { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    reply.page(status, &Page::Account(view))
}

/// How the second step stands, on this site.
fn second_step(visit: &Visit, on: bool) -> SecondStepView {
    let mut sites = visit.hosts.signing_in_at(&visit.site);
    match (sites.any(|site| site.policy.leaves_second_step_to_accounts()), on) {
        (false, _) => SecondStepView::Always,
        (true, true) => SecondStepView::On,
        (true, false) => SecondStepView::Off,
    }
}

/// The sessions, this browser's first.
fn session_views(portal: &Portal, visit: &Visit, sessions: &[Session]) -> Vec<SessionView> {
    let mut views: Vec<SessionView> =
        sessions.iter().map(|session| session_view(portal, visit, session)).collect();
    views.sort_by_key(|view| !view.is_this);
    views
}

fn session_view(portal: &Portal, visit: &Visit, session: &Session) -> SessionView {
    SessionView {
        id: session.id,
        is_this: visit.signed_in.as_ref().is_some_and(|own| own.session.family == session.family),
        client: session.client.clone(),
        country: portal.auth.country_of(session.client.address),
        created_at: session.created_at,
        seen_at: session.seen_at,
    }
}

fn device_view(portal: &Portal, visit: &Visit, device: &Device) -> DeviceView {
    DeviceView {
        id: device.id,
        is_this: visit.device.as_ref().is_some_and(|shown| shown.id == device.id),
        client: device.client.clone(),
        country: portal.auth.country_of(device.client.address),
        used_at: device.used_at,
        trusted_until: device.trusted_until.filter(|_| device.is_trusted(visit.now)),
    }
}

fn sign_in_view(tried: &SignInEntry) -> SignInView {
    let SignInEntry { entry, country } = tried;
    SignInView {
        at: entry.at,
        address: entry.address,
        country: *country,
        user_agent: entry.user_agent.clone(),
        result: match (&entry.event, &entry.result) {
            (Noted::Known(AuditEvent::SignedIn), _) => SignInResultView::SignedIn,
            (_, Noted::Known(AuditResult::Limited)) => SignInResultView::Limited,
            (Noted::Known(AuditEvent::Password), _) => SignInResultView::WrongPassword,
            _ => SignInResultView::WrongCode,
        },
    }
}

/// The account page, to come back to.
fn account() -> ReturnTo {
    ReturnTo::or_front_page(ACCOUNT)
}

/// The sign-in that leads to `page`.
fn sign_in_for(page: &str) -> String {
    let query =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("rd", page).finish();
    format!("/_doorward/login?{query}")
}

/// Why a page behind the fresh gate is not shown.
enum Closed {
    /// A sign-in leads back to it.
    SignIn(String),
    /// The account has no password to sign in with.
    NoPassword,
    /// A store did not answer.
    Unavailable(StoreError),
}

impl Closed {
    fn answer(self, reply: Reply<'_>) -> Response<Body> {
        match self {
            Self::SignIn(address) => reply.see_other(&address),
            Self::NoPassword => reply.page(StatusCode::FORBIDDEN, &Page::NoPassword),
            Self::Unavailable(error) => unavailable(reply, &error),
        }
    }
}

/// Passes the fresh gate before the page `ACCOUNT{page}`, or says what stands before it.
async fn pass<'a>(
    portal: &Portal,
    visit: &'a Visit,
    page: &str,
) -> Result<(&'a SignedIn, Fresh<'a>), Closed> {
    let sign_in = || Closed::SignIn(sign_in_for(&format!("{ACCOUNT}{page}")));
    let signed_in = visit.signed_in.as_deref().ok_or_else(sign_in)?;
    match gate(signed_in, visit.now) {
        Gate::Open(fresh) => Ok((signed_in, fresh)),
        Gate::SecondFactor => Err(sign_in()),
        Gate::Again if signed_in.session.methods.has(Method::Password) => Err(sign_in()),
        Gate::Again => match portal.auth.has_password(signed_in).await {
            Ok(true) => Err(sign_in()),
            Ok(false) => Err(Closed::NoPassword),
            Err(error) => Err(Closed::Unavailable(error)),
        },
    }
}
