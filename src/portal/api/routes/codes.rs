//! Codes: asked for, typed, sent once more.

use super::phone::e164;
use super::{answered, captcha, code_sent, verified};
use crate::auth::answer::Answered;
use crate::auth::code::{CodeOutcome, ResendOutcome};
use crate::auth::number::NumberOutcome;
use crate::auth::register::RegisterOutcome;
use crate::auth::reset::ResetOutcome;
use crate::auth::sign_in::{SignIn, SignInOutcome, Wanted};
use crate::auth::tokens::{LINK_CHARS, decode_link};
use crate::domain::account::Username;
use crate::domain::challenge::{ChallengeState, Resend};
use crate::domain::code::TypedCode;
use crate::domain::email::EmailAddress;
use crate::domain::phone::PhoneNumber;
use crate::domain::refresh::InstallId;
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::FlowSecret;
use crate::portal::api::asked::{
    CodePurpose, CodeRequest, Destination, FlowRequest, LinkRequest, VerifyRequest,
};
use crate::portal::api::problem::{Code, Problem};
use crate::portal::api::reply::Answer;
use crate::portal::api::told::{Next, Outcome};
use crate::portal::api::{Call, page, shaped, value};

pub(in crate::portal::api) async fn request(call: Call<'_>) -> Result<Answer, Problem> {
    send(call, call.read()?).await.map(|outcome| answered(&outcome))
}

pub(in crate::portal::api) async fn send(
    call: Call<'_>,
    asked: CodeRequest,
) -> Result<Outcome, Problem> {
    let target = page(asked.path.as_deref())?;
    let shown = captcha::Shown::of(call, asked.captcha)?;
    let flow = match asked.purpose {
        CodePurpose::SignIn => to_sign_in(call, &asked.destination, &shown, target).await?,
        CodePurpose::Reset => to_reset(call, &asked.destination, &shown, target).await?,
        CodePurpose::Register => to_register(call, asked.destination, &shown, target).await?,
    };
    code_sent(call, &flow).await
}

/// What was given as destination is looked at before anybody is looked for: whether there is such an account is not told.
fn login(destination: &Destination) -> Result<&str, Problem> {
    match destination {
        Destination::Email(email) => {
            value::<EmailAddress>("destination/email", email)?;
            Ok(email)
        }
        Destination::Username(name) => {
            value::<Username>("destination/username", name)?;
            Ok(name)
        }
        Destination::Phone(_) => {
            let why = "A forgotten password is replaced by mail.";
            Err(Problem::new(Code::NumberNotAllowed).saying(why))
        }
    }
}

async fn to_sign_in(
    call: Call<'_>,
    destination: &Destination,
    shown: &captcha::Shown,
    target: ReturnTo,
) -> Result<FlowSecret, Problem> {
    if let Destination::Phone(number) = destination {
        return by_number(call, &e164("destination/phone", number)?, target).await;
    }
    let login = login(destination)?;
    code_is_enough(call, &target)?;
    let command = SignIn {
        login,
        password: None,
        remember: false,
        wanted: Wanted::MailCode,
        trusted_device: false,
        evidence: shown.evidence(),
    };
    let came = call.api.portal.auth.sign_in(command, &call.context(target)).await;
    match came.map_err(Problem::not_sent)? {
        SignInOutcome::CodeSent(flow) => Ok(flow),
        SignInOutcome::Limited(limited) | SignInOutcome::Delayed(limited) => Err(limited.into()),
        SignInOutcome::Busy(busy) => Err(busy.into()),
        SignInOutcome::Captcha(fault) => Err(fault.into()),
        SignInOutcome::SignedIn(_) | SignInOutcome::Rejected => {
            Err(Problem::new(Code::InvalidCredentials))
        }
        SignInOutcome::Disabled => Err(Problem::new(Code::AccountDisabled)),
    }
}

fn code_is_enough(call: Call<'_>, target: &ReturnTo) -> Result<(), Problem> {
    match call.visit.wanted(target) {
        Wanted::MailCode => Ok(()),
        Wanted::Password | Wanted::Both => Err(Problem::new(Code::PasswordRequired)),
    }
}

async fn by_number(
    call: Call<'_>,
    number: &PhoneNumber,
    target: ReturnTo,
) -> Result<FlowSecret, Problem> {
    code_is_enough(call, &target)?;
    let came = call.api.portal.auth.sign_in_by_number(number, &call.context(target)).await;
    match came.map_err(Problem::not_sent)? {
        NumberOutcome::CodeSent(flow) => Ok(flow),
        NumberOutcome::NotThere => Err(Problem::new(Code::NumberNotAllowed)),
        NumberOutcome::Limited(limited) => Err(limited.into()),
    }
}

async fn to_reset(
    call: Call<'_>,
    destination: &Destination,
    shown: &captcha::Shown,
    target: ReturnTo,
) -> Result<FlowSecret, Problem> {
    let login = login(destination)?;
    let came =
        call.api.portal.auth.request_reset(login, shown.evidence(), &call.context(target)).await;
    match came.map_err(Problem::not_sent)? {
        ResetOutcome::CodeSent(flow) => Ok(flow),
        ResetOutcome::Limited(limited) => Err(limited.into()),
        ResetOutcome::Captcha(fault) => Err(fault.into()),
    }
}

async fn to_register(
    call: Call<'_>,
    destination: Destination,
    shown: &captcha::Shown,
    target: ReturnTo,
) -> Result<FlowSecret, Problem> {
    let email: EmailAddress = match destination {
        Destination::Email(email) => value("destination/email", &email)?,
        Destination::Username(_) | Destination::Phone(_) => {
            let why = "An account is made with an e-mail address.";
            return Err(Problem::new(Code::AddressNotAllowed).saying(why));
        }
    };
    let came =
        call.api.portal.auth.prove_address(email, shown.evidence(), &call.context(target)).await;
    match came.map_err(Problem::not_sent)? {
        RegisterOutcome::CodeSent(flow) => Ok(flow),
        RegisterOutcome::Off => Err(Problem::new(Code::RegistrationClosed)),
        RegisterOutcome::OtherDomain => Err(Problem::new(Code::AddressNotAllowed)),
        RegisterOutcome::Password(fault) => Err(Problem::password(fault)),
        RegisterOutcome::Limited(limited) => Err(limited.into()),
        RegisterOutcome::Busy(busy) => Err(busy.into()),
        RegisterOutcome::Captcha(fault) => Err(fault.into()),
    }
}

pub(in crate::portal::api) async fn verify(call: Call<'_>) -> Result<Answer, Problem> {
    answer_code(call, call.read()?).await.map(|outcome| answered(&outcome))
}

pub(in crate::portal::api) async fn answer_code(
    call: Call<'_>,
    asked: VerifyRequest,
) -> Result<Outcome, Problem> {
    let install = value("install_id", &asked.install_id)?;
    value::<TypedCode>("code", asked.code.expose())?;
    let context = call.context_of(ReturnTo::front_page(), asked.device_token.as_ref())?;
    let flow = call.flow("flow", &asked.flow)?;
    let auth = &call.api.portal.auth;
    let came = auth.verify_code(&flow, asked.code.expose(), asked.trust_device, &context).await?;
    answer(call, came, &flow, &install).await
}

pub(in crate::portal::api) async fn link(call: Call<'_>) -> Result<Answer, Problem> {
    answer_link(call, call.read()?).await.map(|outcome| answered(&outcome))
}

pub(in crate::portal::api) async fn answer_link(
    call: Call<'_>,
    asked: LinkRequest,
) -> Result<Outcome, Problem> {
    let install = value("install_id", &asked.install_id)?;
    let link = decode_link(shaped("link", &asked.link, LINK_CHARS)?);
    let context = call.context_of(ReturnTo::front_page(), asked.device_token.as_ref())?;
    let flow = call.flow("flow", &asked.flow)?;
    // Of the right length, and bits behind its end: nobody's.
    let link = link.ok_or_else(|| Problem::new(Code::FlowOver))?;
    let came = call.api.portal.auth.redeem_link(&flow, &link, asked.trust_device, &context).await?;
    answer(call, came, &flow, &install).await
}

async fn answer(
    call: Call<'_>,
    came: CodeOutcome,
    flow: &FlowSecret,
    install: &InstallId,
) -> Result<Outcome, Problem> {
    match came {
        CodeOutcome::Answered(right) => go_on(call, right, install).await,
        CodeOutcome::NotACode => Err(Problem::field("code", "not a code of this kind")),
        CodeOutcome::Limited(limited) => Err(limited.into()),
        CodeOutcome::BudgetSpent => Err(Problem::new(Code::OtpLinkOnly)),
        CodeOutcome::Lost => Err(Problem::new(Code::FlowOver)),
        CodeOutcome::Wrong | CodeOutcome::Closed => Err(standing(call, flow).await?),
    }
}

/// How the challenge stands after a code that was not right.
async fn standing(call: Call<'_>, flow: &FlowSecret) -> Result<Problem, Problem> {
    let pending = call.api.portal.auth.pending_code(flow, &call.context_here()).await?;
    Ok(Problem::new(match pending.map(|pending| pending.state) {
        Some(ChallengeState::Pending { attempts_left }) => {
            let wrong = Problem::new(Code::InvalidOtp);
            return Ok(wrong.with("attempts_left", attempts_left.get()));
        }
        Some(ChallengeState::Expired) => Code::OtpExpired,
        Some(ChallengeState::Exhausted) => Code::OtpExhausted,
        Some(ChallengeState::Consumed) => Code::OtpUsed,
        None => Code::FlowOver,
    }))
}

/// Where a right code or link leads.
async fn go_on(call: Call<'_>, right: Answered, install: &InstallId) -> Result<Outcome, Problem> {
    match right {
        Answered::SignedIn { opened, .. } | Answered::SecondStep { opened, .. } => {
            Ok(Outcome::SignedIn(call.tokens(opened, install).await?))
        }
        Answered::EmailChanged { .. } | Answered::PhoneSet { .. } => Ok(Outcome::Changed),
        Answered::MayChoosePassword(flow) => Ok(verified(call, Next::ChoosePassword, &flow)),
        Answered::MayRegister(flow) => Ok(verified(call, Next::Register, &flow)),
        // Only a registration that began on a page comes to this, and no program has its flow.
        Answered::MayChooseName(_) => Err(Problem::new(Code::FlowOver)),
    }
}

pub(in crate::portal::api) async fn resend(call: Call<'_>) -> Result<Answer, Problem> {
    send_again(call, call.read()?).await.map(|outcome| answered(&outcome))
}

pub(in crate::portal::api) async fn send_again(
    call: Call<'_>,
    asked: FlowRequest,
) -> Result<Outcome, Problem> {
    let flow = call.flow("flow", &asked.flow)?;
    let came = call.api.portal.auth.resend_code(&flow, &call.context_here()).await;
    match came.map_err(Problem::not_sent)? {
        ResendOutcome::Sent => code_sent(call, &flow).await,
        ResendOutcome::Lost => Err(Problem::new(Code::FlowOver)),
        ResendOutcome::Limited(limited) => Err(limited.into()),
        ResendOutcome::Refused(Resend::Wait { until }) => {
            Err(Problem::new(Code::RateLimit).after(call.visit.now.until(until)))
        }
        ResendOutcome::Refused(Resend::Allowed | Resend::NoneLeft | Resend::Over) => {
            Err(Problem::new(Code::ResendExhausted))
        }
    }
}
