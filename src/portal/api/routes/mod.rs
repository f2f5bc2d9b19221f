//! What each operation does: one command, and its outcome as an answer.

pub(super) mod about;
pub(super) mod account;
pub(super) mod browsers;
pub(super) mod captcha;
pub(super) mod codes;
pub(super) mod password;
pub(super) mod phone;
pub(super) mod register;
pub(super) mod sign_in;
pub(super) mod tokens;

use std::time::Duration;

use http::StatusCode;

use super::problem::{Code, Problem};
use super::reply::Answer;
use super::told::{CodeKind, Flow, Next, Outcome, Verified};
use super::{Call, tokens as encoding};
use crate::auth::code::PendingCode;
use crate::auth::fresh::{Fresh, Gate, gate};
use crate::domain::budget::BudgetState;
use crate::domain::challenge::{ChallengeState, CodeForm, Resend};
use crate::domain::permit::PERMITTED_FOR;
use crate::domain::secret::FlowSecret;

/// A code is on its way: what the program has to know of it.
async fn code_sent(call: Call<'_>, flow: &FlowSecret) -> Result<Outcome, Problem> {
    let pending = call.api.portal.auth.pending_code(flow, &call.context_here()).await;
    let pending = pending.map_err(Problem::not_sent)?;
    // It was opened a moment ago.
    let pending = pending.ok_or_else(|| Problem::new(Code::FlowOver))?;
    Ok(Outcome::CodeSent(flow_view(call, flow, &pending)))
}

/// An outcome as the answer to a request.
pub(super) fn answered(outcome: &Outcome) -> Answer {
    let status = match outcome {
        Outcome::CodeSent(_) => StatusCode::ACCEPTED,
        Outcome::SignedIn(_) | Outcome::Verified(_) | Outcome::Changed => StatusCode::OK,
    };
    Answer::json(status, outcome)
}

fn flow_view(call: Call<'_>, flow: &FlowSecret, pending: &PendingCode) -> Flow {
    let (keys, host) = (call.api.portal.auth.keys(), call.visit.site.host());
    let (challenge, now) = (&pending.challenge, call.visit.now);
    Flow {
        flow: encoding::encode_program_flow(keys, flow, host),
        destination: challenge.destination.clone(),
        code: match (pending.budget, challenge.purpose().code_form()) {
            (BudgetState::Within, CodeForm::Digits) => CodeKind::Digits,
            (BudgetState::Within, CodeForm::Letters) => CodeKind::Letters,
            (BudgetState::Spent { .. }, _) => CodeKind::LinkOnly,
        },
        expires_in: now.until(challenge.expires_at).as_secs(),
        attempts_left: match pending.state {
            ChallengeState::Pending { attempts_left } => attempts_left.get(),
            ChallengeState::Expired | ChallengeState::Exhausted | ChallengeState::Consumed => 0,
        },
        resend_in: match pending.resend {
            Resend::Allowed => Some(0),
            Resend::Wait { until } => Some(seconds(now.until(until))),
            Resend::NoneLeft | Resend::Over => None,
        },
    }
}

/// A right code allows one thing more.
fn verified(call: Call<'_>, next: Next, flow: &FlowSecret) -> Outcome {
    let (keys, host) = (call.api.portal.auth.keys(), call.visit.site.host());
    Outcome::Verified(Verified {
        next,
        verification_token: encoding::encode_program_flow(keys, flow, host),
        expires_in: PERMITTED_FOR.as_secs(),
    })
}

/// What stands between the session that asks and what guards its account (S36).
fn fresh(call: Call<'_>) -> Result<Fresh<'_>, Problem> {
    let missing = match gate(call.signed_in()?, call.visit.now) {
        Gate::Open(fresh) => return Ok(fresh),
        Gate::SecondFactor => "second_factor",
        Gate::Again => "sign_in",
    };
    Err(Problem::new(Code::FreshSignInRequired).with("missing", missing))
}

/// Whole seconds, rounded up.
pub(super) const fn seconds(span: Duration) -> u64 {
    span.as_secs() + if span.subsec_nanos() > 0 { 1 } else { 0 }
}
