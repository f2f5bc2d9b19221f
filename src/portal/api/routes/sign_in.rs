//! Name and password, and the second factor for a session that lacks it.

use super::{answered, captcha, code_sent};
use crate::auth::sign_in::{SignIn, SignInOutcome, StepUpOutcome, Wanted};
use crate::domain::secret::Password;
use crate::portal::api::asked::{SignInRequest, StepUpRequest};
use crate::portal::api::problem::{Code, Problem};
use crate::portal::api::reply::Answer;
use crate::portal::api::told::Outcome;
use crate::portal::api::{Call, page, value};

pub(in crate::portal::api) async fn sign_in(call: Call<'_>) -> Result<Answer, Problem> {
    with_password(call, call.read()?).await.map(|outcome| answered(&outcome))
}

pub(in crate::portal::api) async fn with_password(
    call: Call<'_>,
    asked: SignInRequest,
) -> Result<Outcome, Problem> {
    let install = value("install_id", &asked.install_id)?;
    let target = page(asked.path.as_deref())?;
    if !(1..=254).contains(&asked.login.chars().count()) {
        return Err(Problem::field("login", "from 1 to 254 characters"));
    }
    let wanted = match (asked.fresh, call.visit.wanted(&target)) {
        (false, Wanted::Password) => Wanted::Password,
        // Who shows a password is never asked for less than it and a code.
        (true, _) | (_, Wanted::Both | Wanted::MailCode) => Wanted::Both,
    };
    let shown = captcha::Shown::of(call, asked.captcha)?;
    let command = SignIn {
        login: &asked.login,
        password: Password::new(asked.password.expose().to_owned()),
        remember: false,
        wanted,
        trusted_device: !asked.fresh && call.visit.takes_trusted_device(&target),
        evidence: shown.evidence(),
    };
    let context = call.context_of(target, asked.device_token.as_ref())?;
    match call.api.portal.auth.sign_in(command, &context).await? {
        SignInOutcome::SignedIn(opened) => {
            Ok(Outcome::SignedIn(call.tokens(opened, &install).await?))
        }
        SignInOutcome::CodeSent(flow) => code_sent(call, &flow).await,
        SignInOutcome::Rejected => Err(Problem::new(Code::InvalidCredentials)),
        SignInOutcome::Disabled => Err(Problem::new(Code::AccountDisabled)),
        SignInOutcome::Limited(limited) | SignInOutcome::Delayed(limited) => Err(limited.into()),
        SignInOutcome::Busy(busy) => Err(busy.into()),
        SignInOutcome::Captcha(fault) => Err(fault.into()),
    }
}

pub(in crate::portal::api) async fn step_up(call: Call<'_>) -> Result<Answer, Problem> {
    add_a_code(call, call.read()?).await.map(|outcome| answered(&outcome))
}

pub(in crate::portal::api) async fn add_a_code(
    call: Call<'_>,
    asked: StepUpRequest,
) -> Result<Outcome, Problem> {
    let target = page(asked.path.as_deref())?;
    let came = call.api.portal.auth.step_up(call.signed_in()?, &call.context(target)).await;
    match came.map_err(Problem::not_sent)? {
        StepUpOutcome::CodeSent(flow) => code_sent(call, &flow).await,
        StepUpOutcome::Limited(limited) => Err(limited.into()),
        StepUpOutcome::Rejected => Err(Problem::new(Code::InvalidToken)),
    }
}
