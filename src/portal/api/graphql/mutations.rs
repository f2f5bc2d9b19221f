//! What can be done. Each is a command of its own, counted as one.

use async_graphql::{Context, Enum, InputObject, Object, Result as Answered};

use super::Asked;
use super::payloads::{CaptchaObject, CodesBy, Payload};
use crate::portal::api::asked::{
    CaptchaAnswer, CaptchaFor, CodePurpose, CodeRequest, CodesByRequest, Destination, FlowRequest,
    InstallRequest, LinkRequest, NewPasswordRequest, PhoneRequest, RefreshRequest, RegisterRequest,
    Secret, SignInRequest, StepUpRequest, VerifyRequest,
};
use crate::portal::api::problem::Problem;
use crate::portal::api::routes::{
    browsers, captcha, codes, password, phone, register, sign_in, tokens,
};

pub(in crate::portal::api) struct Mutation;

/// What a code is for.
#[derive(Clone, Copy, Enum, PartialEq, Eq)]
enum Purpose {
    /// To sign in, where a rule of the site says that a code by mail is enough.
    SignIn,
    /// To choose a new password in place of a forgotten one.
    Reset,
    /// To show that an address is one's own, before registering with it.
    Register,
}

/// What a captcha is for.
#[derive(Clone, Copy, Enum, PartialEq, Eq)]
enum CaptchaPlace {
    /// A code to register with.
    Registration,
    /// A code to choose a new password.
    Reset,
    /// A sign-in, after failures.
    SignIn,
}

/// Who is to get a code: one of these, and not the others.
#[derive(InputObject)]
struct To {
    /// An e-mail address.
    email: Option<String>,
    /// The name of an account; not for registering.
    username: Option<String>,
    /// A telephone number (E.164) whose owner has the codes of their sign-ins come there; to sign in, where that is allowed.
    phone: Option<String>,
}

impl To {
    fn destination(self) -> Result<Destination, Problem> {
        match (self.email, self.username, self.phone) {
            (Some(email), None, None) => Ok(Destination::Email(email)),
            (None, Some(name), None) => Ok(Destination::Username(name)),
            (None, None, Some(number)) => Ok(Destination::Phone(number)),
            _ => Err(Problem::field("to", "one of its fields")),
        }
    }
}

/// What was done or got for a captcha.
#[derive(InputObject)]
struct Captcha {
    /// The secret that came with the sum.
    flow: Option<String>,
    /// The ticket of the sum.
    ticket: Option<String>,
    /// Its answer, a number.
    answer: Option<String>,
    /// The token of the provider.
    token: Option<String>,
}

impl From<Captcha> for CaptchaAnswer {
    fn from(captcha: Captcha) -> Self {
        Self {
            flow: captcha.flow.map(Secret::from),
            ticket: captcha.ticket,
            answer: captcha.answer,
            token: captcha.token.map(Secret::from),
        }
    }
}

/// Answers with the code that was sent.
#[derive(InputObject)]
struct OtpAnswer {
    /// What the sending was answered with.
    flow: String,
    /// The code as it was typed.
    code: String,
    /// The name of this installation of the program.
    install_id: String,
    /// Whether the password is to be enough here from now on.
    #[graphql(default)]
    trust_device: bool,
    /// The device token of an earlier sign-in.
    device_token: Option<String>,
}

/// Answers with the link that was sent.
#[derive(InputObject)]
struct LinkAnswer {
    /// What the sending was answered with.
    flow: String,
    /// What stands behind `/_doorward/link/` in the address of the mail.
    link: String,
    /// The name of this installation of the program.
    install_id: String,
    /// Whether the password is to be enough here from now on.
    #[graphql(default)]
    trust_device: bool,
    /// The device token of an earlier sign-in.
    device_token: Option<String>,
}

/// A name and a password.
#[derive(InputObject)]
struct Credentials {
    /// The name or the e-mail address of an account.
    login: String,
    /// Its password.
    password: String,
    /// The name of this installation of the program.
    install_id: String,
    /// The page of the site that the sign-in is for.
    path: Option<String>,
    /// Asks for both factors whatever the site wants.
    #[graphql(default)]
    fresh: bool,
    /// What shows that no program sends this in masses, where that is asked for.
    captcha: Option<Captcha>,
    /// The device token of an earlier sign-in.
    device_token: Option<String>,
}

/// What an account is made of.
#[derive(InputObject)]
struct NewAccount {
    /// What the right code was answered with.
    verification_token: String,
    /// The name to sign in with.
    username: String,
    /// The name that apps show.
    full_name: Option<String>,
    /// The password.
    password: String,
    /// The name of this installation of the program.
    install_id: String,
}

/// Signing in, and what goes with it.
#[Object]
impl Mutation {
    /// Sends a code.
    async fn send_otp(
        &self,
        ctx: &Context<'_>,
        purpose: Purpose,
        to: To,
        path: Option<String>,
        captcha: Option<Captcha>,
    ) -> Answered<Payload> {
        let purpose = match purpose {
            Purpose::SignIn => CodePurpose::SignIn,
            Purpose::Reset => CodePurpose::Reset,
            Purpose::Register => CodePurpose::Register,
        };
        let from = ctx.data::<Asked>()?;
        let captcha = captcha.map(CaptchaAnswer::from);
        let asked = to.destination();
        let asked = asked.map(|destination| CodeRequest { purpose, destination, path, captcha });
        Ok(match asked {
            Ok(asked) => from.payload(codes::send(from.call(), asked).await),
            Err(problem) => from.refused(&problem),
        })
    }

    /// Sends another code in place of the one before.
    async fn resend_otp(&self, ctx: &Context<'_>, flow: String) -> Answered<Payload> {
        let asked = FlowRequest { flow: Secret::from(flow) };
        let from = ctx.data::<Asked>()?;
        Ok(from.payload(codes::send_again(from.call(), asked).await))
    }

    /// Answers with the code that was sent.
    async fn verify_otp(&self, ctx: &Context<'_>, input: OtpAnswer) -> Answered<Payload> {
        let asked = VerifyRequest {
            flow: input.flow.into(),
            code: input.code.into(),
            trust_device: input.trust_device,
            install_id: input.install_id,
            device_token: input.device_token.map(Secret::from),
        };
        let from = ctx.data::<Asked>()?;
        Ok(from.payload(codes::answer_code(from.call(), asked).await))
    }

    /// Answers with the link that was sent, in the program that asked.
    async fn verify_link(&self, ctx: &Context<'_>, input: LinkAnswer) -> Answered<Payload> {
        let asked = LinkRequest {
            flow: input.flow.into(),
            link: input.link.into(),
            trust_device: input.trust_device,
            install_id: input.install_id,
            device_token: input.device_token.map(Secret::from),
        };
        let from = ctx.data::<Asked>()?;
        Ok(from.payload(codes::answer_link(from.call(), asked).await))
    }

    /// Signs in with a password, all the way or as far as the code.
    async fn sign_in(&self, ctx: &Context<'_>, input: Credentials) -> Answered<Payload> {
        let asked = SignInRequest {
            login: input.login,
            password: input.password.into(),
            path: input.path,
            fresh: input.fresh,
            captcha: input.captcha.map(CaptchaAnswer::from),
            install_id: input.install_id,
            device_token: input.device_token.map(Secret::from),
        };
        let from = ctx.data::<Asked>()?;
        Ok(from.payload(sign_in::with_password(from.call(), asked).await))
    }

    /// Sends a code to a session that has its password already.
    async fn step_up(&self, ctx: &Context<'_>, path: Option<String>) -> Answered<Payload> {
        let from = ctx.data::<Asked>()?;
        Ok(from.payload(sign_in::add_a_code(from.call(), StepUpRequest { path }).await))
    }

    /// What has to be shown with a code to register, a reset, or a sign-in after failures.
    async fn captcha(&self, ctx: &Context<'_>, place: CaptchaPlace) -> Answered<CaptchaObject> {
        let place = match place {
            CaptchaPlace::Registration => CaptchaFor::Registration,
            CaptchaPlace::Reset => CaptchaFor::Reset,
            CaptchaPlace::SignIn => CaptchaFor::SignIn,
        };
        Ok(captcha::demanded(ctx.data::<Asked>()?.call(), place).into())
    }

    /// Exchanges a refresh token for the next access token.
    async fn refresh(
        &self,
        ctx: &Context<'_>,
        refresh_token: String,
        install_id: String,
    ) -> Answered<Payload> {
        let asked = RefreshRequest { refresh_token: refresh_token.into(), install_id };
        let from = ctx.data::<Asked>()?;
        Ok(from.payload(tokens::exchange(from.call(), asked).await))
    }

    /// Ends the session and all of its tokens.
    async fn sign_out(&self, ctx: &Context<'_>) -> Answered<Payload> {
        let from = ctx.data::<Asked>()?;
        Ok(from.payload(tokens::end(from.call()).await))
    }

    /// Makes an account with an address that was verified before, and signs in.
    async fn register(&self, ctx: &Context<'_>, input: NewAccount) -> Answered<Payload> {
        let asked = RegisterRequest {
            verification_token: input.verification_token.into(),
            username: input.username,
            full_name: input.full_name,
            password: input.password.into(),
            install_id: input.install_id,
        };
        let from = ctx.data::<Asked>()?;
        Ok(from.payload(register::make(from.call(), asked).await))
    }

    /// Chooses a new password after the code for it; ends every session.
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        verification_token: String,
        password: String,
    ) -> Answered<Payload> {
        let asked = NewPasswordRequest {
            verification_token: verification_token.into(),
            password: password.into(),
        };
        let from = ctx.data::<Asked>()?;
        Ok(from.payload(password::choose(from.call(), asked).await))
    }

    /// Sends a code to a telephone number, which is the account's once it is verified.
    async fn set_phone(&self, ctx: &Context<'_>, number: String) -> Answered<Payload> {
        let from = ctx.data::<Asked>()?;
        Ok(from.payload(phone::give(from.call(), PhoneRequest { number }).await))
    }

    /// Has the codes of sign-ins come so; ends every other session, and gives this one new tokens.
    async fn choose_codes_by(
        &self,
        ctx: &Context<'_>,
        codes_by: CodesBy,
        install_id: String,
    ) -> Answered<Payload> {
        let from = ctx.data::<Asked>()?;
        let codes_by = codes_by.into();
        let asked = CodesByRequest { codes_by, install_id };
        Ok(from.payload(phone::choose(from.call(), asked).await))
    }

    /// Takes the telephone number away.
    async fn remove_phone(&self, ctx: &Context<'_>, install_id: String) -> Answered<Payload> {
        let from = ctx.data::<Asked>()?;
        Ok(from.payload(phone::remove(from.call(), InstallRequest { install_id }).await))
    }

    /// Ends one session of the account.
    async fn end_session(&self, ctx: &Context<'_>, id: String) -> Answered<Payload> {
        let from = ctx.data::<Asked>()?;
        Ok(from.payload(browsers::end(from.call(), Some(&id)).await))
    }

    /// Forgets one device of the account.
    async fn forget_device(&self, ctx: &Context<'_>, id: String) -> Answered<Payload> {
        let from = ctx.data::<Asked>()?;
        Ok(from.payload(browsers::forget(from.call(), Some(&id)).await))
    }
}
