//! The second step: the code.

use std::num::NonZeroU8;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, State};
use http::{HeaderMap, Response, StatusCode};

use crate::auth::answer::Answered;
use crate::auth::code::{CodeOutcome, PendingCode, ResendOutcome};
use crate::auth::sign_in::StepUpOutcome;
use crate::domain::budget::BudgetState;
use crate::domain::challenge::{ChallengeState, Resend};
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::FlowSecret;
use crate::domain::time::Timestamp;
use crate::portal::csrf;
use crate::portal::form::Form;
use crate::portal::pages::account::Done;
use crate::portal::pages::{
    CodeAlert, CodeNotice, CodePage, CodeState, ConfirmPage, ErrorKind, LoginAlert, Page,
    ResendView,
};
use crate::portal::respond::{Reply, unavailable};
use crate::portal::{Portal, Visit, cookies};
use crate::telemetry::metrics::{SecurityEvent, metrics};

pub(super) const LOGIN: &str = "/_doorward/login";
pub(super) const CODE: &str = "/_doorward/code";
/// For how long the page says that a further code was sent.
const JUST_NOW: std::time::Duration = std::time::Duration::from_secs(20);

pub(in crate::portal) async fn show(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let Some(flow) = flow_of(&portal, &visit, &headers) else { return reply.see_other(LOGIN) };
    page(reply, &portal, &visit, &flow, Shown::default()).await
}

/// A page that only takes posts was loaded: back to the code.
pub(in crate::portal) async fn back(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Response<Body> {
    Reply::to(&portal, &visit, &headers).see_other(CODE)
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
    let context = visit.context(ReturnTo::front_page());
    let outcome = match portal
        .auth
        .verify_code(&flow, form.get("code"), form.has("trust_device"), &context)
        .await
    {
        Ok(outcome) => outcome,
        Err(error) => return unavailable(reply, &error),
    };
    let alert = match outcome {
        CodeOutcome::Answered(answered) => return go_on(reply, answered),
        CodeOutcome::Wrong => Said::Wrong,
        CodeOutcome::NotACode => Said::Alert(StatusCode::BAD_REQUEST, CodeAlert::NotACode),
        CodeOutcome::Closed | CodeOutcome::BudgetSpent => Said::Closed,
        CodeOutcome::Lost => return reply.see_other(LOGIN),
        CodeOutcome::Limited(limited) => Said::limited(limited.retry_after),
    };
    let shown = Shown { said: Some(alert), trust_ticked: form.has("trust_device") };
    page(reply, &portal, &visit, &flow, shown).await
}

/// Where a right code or link leads.
pub(super) fn go_on(reply: Reply<'_>, answered: Answered) -> Response<Body> {
    match answered {
        Answered::EmailChanged { return_to } => {
            reply.end_flow().done(Done::Email).see_other(return_to.as_str())
        }
        Answered::PhoneSet { return_to } => {
            reply.end_flow().done(Done::Phone).see_other(return_to.as_str())
        }
        Answered::SecondStep { on, opened, return_to } => {
            let done = if on { Done::SecondStepOn } else { Done::SecondStepOff };
            reply.signed_in(&opened).done(done).see_other(return_to.as_str())
        }
        Answered::SignedIn { opened, return_to } => {
            reply.signed_in(&opened).see_other(return_to.as_str())
        }
        Answered::MayChoosePassword(flow) => {
            reply.next_flow(&flow).see_other("/_doorward/reset/password")
        }
        Answered::MayChooseName(flow) => {
            reply.next_flow(&flow).see_other("/_doorward/register/name")
        }
        // Pages ask for name and password first; only programs get so far without.
        Answered::MayRegister(_) => reply.end_flow().see_other("/_doorward/register"),
    }
}

pub(in crate::portal) async fn resend(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let reply = Reply::to(&portal, &visit, &headers);
    let (flow, _) = match posted(&portal, &visit, &headers, &body) {
        Ok(posted) => posted,
        Err(refusal) => return refusal.answer(reply),
    };
    let context = visit.context(ReturnTo::front_page());
    let outcome = match portal.auth.resend_code(&flow, &context).await {
        Ok(outcome) => outcome,
        Err(error) => return unavailable(reply, &error),
    };
    let said = match outcome {
        ResendOutcome::Sent => return reply.see_other(CODE),
        ResendOutcome::Lost => return reply.see_other(LOGIN),
        ResendOutcome::Refused(Resend::Wait { until }) => Said::TooSoon { until },
        ResendOutcome::Refused(_) => Said::Closed,
        ResendOutcome::Limited(limited) => Said::limited(limited.retry_after),
    };
    page(reply, &portal, &visit, &flow, Shown { said: Some(said), trust_ticked: false }).await
}

/// Sends a code to a session that has its password already.
pub(in crate::portal) async fn start(
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
    let Some(signed_in) = &visit.signed_in else { return reply.see_other(LOGIN) };
    let return_to = ReturnTo::or_front_page(form.get("rd"));
    match portal.auth.step_up(signed_in, &visit.context(return_to.clone())).await {
        Ok(StepUpOutcome::CodeSent(flow)) => reply.next_flow(&flow).see_other(CODE),
        Ok(StepUpOutcome::Limited(limited)) => {
            let retry_after = limited.retry_after;
            let destination = signed_in.identity.masked_email();
            let page = ConfirmPage {
                destination: &destination,
                return_to: return_to.as_str(),
                alert: Some(LoginAlert::Limited { retry_after }),
            };
            reply.retry_after(retry_after).page(StatusCode::TOO_MANY_REQUESTS, &Page::Confirm(page))
        }
        Ok(StepUpOutcome::Rejected) => reply.see_other(LOGIN),
        Err(error) => unavailable(reply, &error),
    }
}

/// What the code page shows beside the challenge.
#[derive(Default)]
struct Shown {
    said: Option<Said>,
    /// The box as it was ticked, so that a wrong code does not untick it.
    trust_ticked: bool,
}

/// What the code page says beside the form.
enum Said {
    Wrong,
    Closed,
    TooSoon { until: Timestamp },
    Alert(StatusCode, CodeAlert),
}

impl Said {
    const fn limited(retry_after: std::time::Duration) -> Self {
        Self::Alert(StatusCode::TOO_MANY_REQUESTS, CodeAlert::Limited { retry_after })
    }
}

pub(super) enum Refusal {
    Malformed,
    NotOurs(csrf::NotOurs),
    NoFlow,
}

impl Refusal {
    pub(super) fn answer(self, reply: Reply<'_>) -> Response<Body> {
        match self {
            Self::Malformed => {
                metrics().security_event(SecurityEvent::Malformed);
                reply.error(ErrorKind::BadRequest)
            }
            Self::NotOurs(why) => super::refuse(reply, why),
            Self::NoFlow => reply.see_other(LOGIN),
        }
    }
}

pub(super) fn posted(
    portal: &Portal,
    visit: &Visit,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(FlowSecret, Form), Refusal> {
    let form = Form::read(headers, body).map_err(|_| Refusal::Malformed)?;
    let flow = flow_of(portal, visit, headers);
    match csrf::check(visit, headers, portal.auth.keys(), flow.as_ref(), form.get("csrf")) {
        Ok(()) => flow.map(|flow| (flow, form)).ok_or(Refusal::NoFlow),
        // Without any cookie of ours there is nothing to protect, and sign-in starts anew.
        Err(csrf::NotOurs::Token) if flow.is_none() => Err(Refusal::NoFlow),
        Err(why) => Err(Refusal::NotOurs(why)),
    }
}

pub(super) fn flow_of(portal: &Portal, visit: &Visit, headers: &HeaderMap) -> Option<FlowSecret> {
    cookies::flow_secret(headers, visit.site.cookies, portal.auth.keys(), visit.site.host())
}

async fn page(
    reply: Reply<'_>,
    portal: &Portal,
    visit: &Visit,
    flow: &FlowSecret,
    shown: Shown,
) -> Response<Body> {
    let Shown { said, trust_ticked } = shown;
    let context = visit.context(ReturnTo::front_page());
    let pending = match portal.auth.pending_code(flow, &context).await {
        Ok(Some(pending)) => pending,
        Ok(None) => return reply.see_other(LOGIN),
        Err(error) => return unavailable(reply, &error),
    };
    let answered = pending.state == ChallengeState::Consumed;
    if answered && said.is_none() && visit.signed_in.is_some() {
        return reply.see_other(pending.challenge.aim.return_to().as_str());
    }
    let (reply, status, alert) = say(reply, visit, &pending, said);
    let just_now = visit.now.since(pending.challenge.sent_at) < JUST_NOW;
    let sent_again = pending.challenge.sends > 1 && just_now;
    let notice = (sent_again && alert.is_none()).then_some(CodeNotice::Resent);
    let page = CodePage {
        purpose: pending.challenge.purpose(),
        by: pending.challenge.aim.codes_by(),
        destination: &pending.challenge.destination,
        return_to: pending.challenge.aim.return_to().as_str(),
        expires_at: pending.challenge.expires_at,
        state: match pending.state {
            ChallengeState::Pending { .. } if pending.budget != BudgetState::Within => {
                CodeState::LinkOnly
            }
            ChallengeState::Pending { attempts_left } => {
                CodeState::Pending { attempts_left: attempts_left.get() }
            }
            ChallengeState::Expired => CodeState::Expired,
            ChallengeState::Exhausted => CodeState::Exhausted,
            ChallengeState::Consumed => CodeState::Spent,
        },
        resend: match pending.resend {
            Resend::Allowed => ResendView::Now,
            Resend::Wait { until } => ResendView::At(until),
            Resend::NoneLeft => ResendView::NoneLeft,
            Resend::Over => ResendView::Over,
        },
        trust_ticked,
        alert,
        notice,
        trust: portal.auth.trust_offered(&pending.challenge.aim),
    };
    reply.page(status, &Page::Code(page))
}

fn say<'a>(
    reply: Reply<'a>,
    visit: &Visit,
    pending: &PendingCode,
    said: Option<Said>,
) -> (Reply<'a>, StatusCode, Option<CodeAlert>) {
    let left = match pending.state {
        ChallengeState::Pending { attempts_left } => Some(attempts_left),
        ChallengeState::Expired | ChallengeState::Exhausted | ChallengeState::Consumed => None,
    };
    match said {
        None => (reply, StatusCode::OK, None),
        Some(Said::Wrong) => match left.map(NonZeroU8::get) {
            Some(attempts_left) => {
                (reply, StatusCode::UNAUTHORIZED, Some(CodeAlert::Wrong { attempts_left }))
            }
            None => (reply, StatusCode::GONE, None),
        },
        Some(Said::Closed) => (reply, StatusCode::GONE, None),
        Some(Said::TooSoon { until }) => {
            let reply = reply.retry_after(visit.now.until(until));
            (reply, StatusCode::TOO_MANY_REQUESTS, Some(CodeAlert::TooSoon { until }))
        }
        Some(Said::Alert(status, alert)) => {
            let reply = match alert {
                CodeAlert::Limited { retry_after } => reply.retry_after(retry_after),
                _ => reply,
            };
            (reply, status, Some(alert))
        }
    }
}
