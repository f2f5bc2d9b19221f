//! What guards an account: its password, address, second step and backup codes. All of it behind the fresh gate (S36).

use std::fmt::Write as _;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, State};
use http::{HeaderMap, Response, StatusCode};
use zeroize::{Zeroize as _, Zeroizing};

use super::{ACCOUNT, account, pass, second_step, sign_in_for};
use crate::auth::own_email::EmailAsked;
use crate::auth::own_password::{PasswordChange, PasswordChanged};
use crate::auth::second_step::SecondStepAsked;
use crate::auth::sessions::SignedIn;
use crate::domain::code::BackupCode;
use crate::domain::secret::Password;
use crate::portal::form::Form;
use crate::portal::pages::account::{
    BackupCodesPage, Done, EmailAlert, EmailPage, PasswordAlert, PasswordPage, SecondStepPage,
    SecondStepView,
};
use crate::portal::pages::{ErrorKind, Page};
use crate::portal::respond::{Reply, unavailable};
use crate::portal::routes::code::{CODE, posted};
use crate::portal::{Portal, Visit};

const PASSWORD: &str = "/password";
const EMAIL: &str = "/email";
const SECOND_STEP: &str = "/second-step";
const BACKUP_CODES: &str = "/backup-codes";

pub(in crate::portal) async fn password(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    match pass(&portal, &visit, PASSWORD).await {
        Ok((signed_in, _)) => password_page(reply, &portal, signed_in, StatusCode::OK, None),
        Err(closed) => closed.answer(reply),
    }
}

pub(in crate::portal) async fn change_password(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let (_, mut form) = match posted(&portal, &visit, &headers, &body) {
        Ok(posted) => posted,
        Err(refusal) => return refusal.answer(reply),
    };
    let (signed_in, fresh) = match pass(&portal, &visit, PASSWORD).await {
        Ok(passed) => passed,
        Err(closed) => return closed.answer(reply),
    };
    let Some(current) = Password::new(form.take("password")) else {
        let alert = Some(PasswordAlert::Missing);
        return password_page(reply, &portal, signed_in, StatusCode::BAD_REQUEST, alert);
    };
    let typed = PasswordChange { current, new: Zeroizing::new(form.take("new_password")) };
    let changed = portal.auth.change_own_password(fresh, typed, &visit.context(account())).await;
    let (reply, status, alert) = match changed {
        Ok(PasswordChanged::Changed(opened)) => {
            return reply.signed_in(&opened).done(Done::Password).see_other(ACCOUNT);
        }
        Ok(PasswordChanged::Over) => return reply.see_other(&sign_in_for(ACCOUNT)),
        Ok(PasswordChanged::Wrong) => (reply, StatusCode::FORBIDDEN, PasswordAlert::Wrong),
        Ok(PasswordChanged::Refused(fault)) => {
            (reply, StatusCode::BAD_REQUEST, PasswordAlert::Refused(fault))
        }
        Ok(PasswordChanged::Limited(limited) | PasswordChanged::Delayed(limited)) => {
            let retry_after = limited.retry_after;
            let alert = PasswordAlert::Limited { retry_after };
            (reply.retry_after(retry_after), StatusCode::TOO_MANY_REQUESTS, alert)
        }
        Ok(PasswordChanged::Busy(busy)) => {
            let retry_after = busy.retry_after;
            let alert = PasswordAlert::Busy { retry_after };
            (reply.retry_after(retry_after), StatusCode::SERVICE_UNAVAILABLE, alert)
        }
        Err(error) => return unavailable(reply, &error),
    };
    password_page(reply, &portal, signed_in, status, Some(alert))
}

fn password_page(
    reply: Reply<'_>,
    portal: &Portal,
    signed_in: &SignedIn,
    status: StatusCode,
    alert: Option<PasswordAlert>,
) -> Response<Body> {
    let username = signed_in.identity.username();
    let least = portal.auth.min_password_length();
    reply.page(status, &Page::Password(PasswordPage { username, least, alert }))
}

pub(in crate::portal) async fn email(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    match pass(&portal, &visit, EMAIL).await {
        Ok((signed_in, _)) => email_page(reply, signed_in, (StatusCode::OK, ""), None),
        Err(closed) => closed.answer(reply),
    }
}

pub(in crate::portal) async fn ask_for_email(
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
    let (signed_in, fresh) = match pass(&portal, &visit, EMAIL).await {
        Ok(passed) => passed,
        Err(closed) => return closed.answer(reply),
    };
    let typed = form.get("email").trim();
    let Ok(new) = typed.parse() else {
        let alert = Some(EmailAlert::NotAnAddress);
        let typed = typed.get(..254).unwrap_or(typed);
        return email_page(reply, signed_in, (StatusCode::BAD_REQUEST, typed), alert);
    };
    match portal.auth.ask_for_email(fresh, new, &visit.context(account())).await {
        Ok(EmailAsked::CodeSent(flow)) => reply.next_flow(&flow).see_other(CODE),
        Ok(EmailAsked::Over) => reply.see_other(&sign_in_for(ACCOUNT)),
        Ok(EmailAsked::Same) => {
            let alert = Some(EmailAlert::Same);
            email_page(reply, signed_in, (StatusCode::BAD_REQUEST, typed), alert)
        }
        Ok(EmailAsked::Limited(limited)) => {
            let retry_after = limited.retry_after;
            let alert = Some(EmailAlert::Limited { retry_after });
            let reply = reply.retry_after(retry_after);
            email_page(reply, signed_in, (StatusCode::TOO_MANY_REQUESTS, typed), alert)
        }
        Err(error) => unavailable(reply, &error),
    }
}

fn email_page(
    reply: Reply<'_>,
    signed_in: &SignedIn,
    (status, typed): (StatusCode, &str),
    alert: Option<EmailAlert>,
) -> Response<Body> {
    let email = signed_in.identity.email();
    reply.page(status, &Page::Email(EmailPage { email, typed, alert }))
}

pub(in crate::portal) async fn turn(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let signed_in = match pass(&portal, &visit, SECOND_STEP).await {
        Ok((signed_in, _)) => signed_in,
        Err(closed) => return closed.answer(reply),
    };
    match second_step(&visit, signed_in.second_step) {
        SecondStepView::Always => reply.see_other(ACCOUNT),
        SecondStepView::On => second_step_page(reply, signed_in, false),
        SecondStepView::Off => second_step_page(reply, signed_in, true),
    }
}

pub(in crate::portal) async fn ask_to_turn(
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
    let (signed_in, fresh) = match pass(&portal, &visit, SECOND_STEP).await {
        Ok(passed) => passed,
        Err(closed) => return closed.answer(reply),
    };
    let on = match form.get("second_step") {
        "on" => true,
        "off" => false,
        _ => return reply.error(ErrorKind::BadRequest),
    };
    if second_step(&visit, signed_in.second_step) == SecondStepView::Always {
        return reply.see_other(ACCOUNT);
    }
    match portal.auth.ask_for_second_step(fresh, on, &visit.context(account())).await {
        Ok(SecondStepAsked::CodeSent(flow)) => reply.next_flow(&flow).see_other(CODE),
        Ok(SecondStepAsked::Same) => reply.see_other(ACCOUNT),
        Ok(SecondStepAsked::Over) => reply.see_other(&sign_in_for(ACCOUNT)),
        Ok(SecondStepAsked::Limited(limited)) => {
            let retry_after = limited.retry_after;
            let destination = signed_in.identity.masked_email();
            let limited = Some(retry_after);
            let page = SecondStepPage { on, destination: &destination, limited };
            let reply = reply.retry_after(retry_after);
            reply.page(StatusCode::TOO_MANY_REQUESTS, &Page::SecondStep(page))
        }
        Err(error) => unavailable(reply, &error),
    }
}

fn second_step_page(reply: Reply<'_>, signed_in: &SignedIn, on: bool) -> Response<Body> {
    let destination = signed_in.identity.masked_email();
    let page = SecondStepPage { on, destination: &destination, limited: None };
    reply.page(StatusCode::OK, &Page::SecondStep(page))
}

pub(in crate::portal) async fn backup_codes(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let signed_in = match pass(&portal, &visit, BACKUP_CODES).await {
        Ok((signed_in, _)) => signed_in,
        Err(closed) => return closed.answer(reply),
    };
    match portal.auth.backup_codes_left(signed_in).await {
        Ok(left) => {
            reply.page(StatusCode::OK, &Page::BackupCodes(BackupCodesPage::Ask { left: left.left }))
        }
        Err(error) => unavailable(reply, &error),
    }
}

pub(in crate::portal) async fn make_backup_codes(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    if let Err(refusal) = posted(&portal, &visit, &headers, &body) {
        return refusal.answer(reply);
    }
    let (signed_in, fresh) = match pass(&portal, &visit, BACKUP_CODES).await {
        Ok(passed) => passed,
        Err(closed) => return closed.answer(reply),
    };
    match portal.auth.make_backup_codes(fresh, &visit.context(account())).await {
        Ok(Some(codes)) => {
            let username = signed_in.identity.username();
            let page = BackupCodesPage::Shown { codes: &codes, username };
            reply.page(StatusCode::OK, &Page::BackupCodes(page))
        }
        Ok(None) => reply.see_other(&sign_in_for(ACCOUNT)),
        Err(error) => unavailable(reply, &error),
    }
}

/// Gives the codes back as a file to those who were just shown them: doorward itself does not know them any more. Nothing
/// but codes is given back.
pub(in crate::portal) async fn backup_codes_file(
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
    let Some(codes) = codes_of(&form) else { return reply.error(ErrorKind::BadRequest) };
    let mut text = format!("{}\n{}\n\n", visit.site.origin_text, signed_in.identity.username());
    for code in &codes {
        let _ = writeln!(text, "{}", *code.for_people());
    }
    let response = reply.text_file("backup-codes.txt", &text);
    text.zeroize();
    response
}

fn codes_of(form: &Form) -> Option<Vec<BackupCode>> {
    let code = |number: usize| form.get(&format!("code{number}")).parse().ok();
    (1..=BackupCode::SET).map(code).collect()
}
