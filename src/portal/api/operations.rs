//! Every operation: where it is, what it takes and gives, and what does it. The router and the document read the same
//! table, so that neither knows of one that the other does not.

use std::pin::Pin;

use http::Method;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::Call;
use super::asked::{
    CaptchaRequest, CodeRequest, CodesByRequest, EmailRequest, FlowRequest, InstallRequest,
    LinkRequest, NewPasswordRequest, PasswordRequest, PhoneRequest, ProfileRequest, RefreshRequest,
    RegisterRequest, SecondStepRequest, SignInRequest, StepUpRequest, VerifyRequest,
};
use super::problem::{Code, Problem};
use super::reply::Answer;
use super::routes::{
    about, account, answered, browsers, captcha, codes, password, phone, register, sign_in, tokens,
};
use super::told::{AccountView, BackupCodes, CaptchaView, Devices, Ended, Outcome, Sessions};

/// Under which path operations are.
pub(super) const BASE: &str = "/_doorward/api/v1";

type Handled<'a> = Pin<Box<dyn Future<Output = Result<Answer, Problem>> + Send + 'a>>;
type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One operation.
pub(super) struct Operation {
    pub(super) method: Method,
    /// Behind [`BASE`]; `{id}` stands for one segment.
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    pub(super) group: &'static str,
    pub(super) summary: &'static str,
    /// Whether it wants an access token.
    pub(super) signed_in: bool,
    pub(super) body: Option<SchemaOf>,
    /// Statuses of success, with what they carry.
    pub(super) answers: &'static [(u16, Option<SchemaOf>)],
    /// What it is refused with, beside what any is.
    pub(super) problems: &'static [Code],
    pub(super) handle: for<'a> fn(Call<'a>) -> Handled<'a>,
}

/// What is at an address.
pub(super) enum Found<'a> {
    /// This, with what stands for `{id}`.
    Operation(&'static Operation, Option<&'a str>),
    /// Something that takes these methods.
    OtherMethods(String),
    /// Nothing.
    Nothing,
}

/// Finds what is asked for.
pub(super) fn find<'a>(method: &Method, path: &'a str) -> Found<'a> {
    let Some(rest) = path.strip_prefix(BASE) else { return Found::Nothing };
    // HEAD is GET without the body, which is left out where answers are written.
    let asked = if *method == Method::HEAD { &Method::GET } else { method };
    let mut allowed = Vec::new();
    for operation in OPERATIONS.iter().chain(ABOUT) {
        let Some(parameter) = matches(operation.path, rest) else { continue };
        if operation.method == *asked {
            return Found::Operation(operation, parameter);
        }
        allowed.push(operation.method.as_str());
    }
    if allowed.is_empty() { Found::Nothing } else { Found::OtherMethods(allowed.join(", ")) }
}

fn matches<'a>(template: &str, path: &'a str) -> Option<Option<&'a str>> {
    match template.strip_suffix("{id}") {
        None => (template == path).then_some(None),
        Some(before) => {
            let id = path.strip_prefix(before)?;
            (!id.is_empty() && !id.contains('/')).then_some(Some(id))
        }
    }
}

fn of<T: JsonSchema>(schemas: &mut SchemaGenerator) -> Schema {
    schemas.subschema_for::<T>()
}

use Code::{
    AccountDisabled, AddressNotAllowed, Busy, CaptchaRequired, CaptchaUnavailable, FlowOver,
    FreshSignInRequired, InvalidCredentials, InvalidOtp, InvalidToken, NotFound, NothingToChange,
    NumberNotAllowed, OtpExhausted, OtpExpired, OtpLinkOnly, OtpUsed, PasswordRefused,
    PasswordRequired, RateLimit, RegistrationClosed, ResendExhausted, SendFailed, UsernameTaken,
    WrongPassword,
};

/// Of each method, what the table has to say of it.
const GET: Operation = Operation {
    method: Method::GET,
    path: "",
    id: "",
    group: "",
    summary: "",
    signed_in: true,
    body: None,
    answers: &[],
    problems: &[],
    handle: |_| Box::pin(async { Err(Problem::new(Code::NotFound)) }),
};
const POST: Operation = Operation { method: Method::POST, ..GET };
const PATCH: Operation = Operation { method: Method::PATCH, ..GET };
const DELETE: Operation = Operation { method: Method::DELETE, ..GET };

/// All of them.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        path: "/sign-in",
        id: "signIn",
        group: "Sign-in",
        summary: "Signs in with a password, all the way or as far as the code",
        signed_in: false,
        body: Some(of::<SignInRequest>),
        answers: &[(200, Some(of::<Outcome>)), (202, Some(of::<Outcome>))],
        problems: &[
            InvalidCredentials,
            AccountDisabled,
            CaptchaRequired,
            CaptchaUnavailable,
            RateLimit,
            Busy,
        ],
        handle: |call| Box::pin(sign_in::sign_in(call)),
        ..POST
    },
    Operation {
        path: "/codes",
        id: "requestCode",
        group: "Sign-in",
        summary: "Sends a code: to sign in by mail alone, to reset a password, or to register",
        signed_in: false,
        body: Some(of::<CodeRequest>),
        answers: &[(202, Some(of::<Outcome>))],
        problems: &[
            PasswordRequired,
            RegistrationClosed,
            AddressNotAllowed,
            NumberNotAllowed,
            CaptchaRequired,
            CaptchaUnavailable,
            RateLimit,
            SendFailed,
        ],
        handle: |call| Box::pin(codes::request(call)),
        ..POST
    },
    Operation {
        path: "/captcha",
        id: "getCaptcha",
        group: "Sign-in",
        summary: "What has to be shown with a code to register, a reset, or a sign-in after failures",
        signed_in: false,
        body: Some(of::<CaptchaRequest>),
        answers: &[(200, Some(of::<CaptchaView>))],
        handle: |call| Box::pin(captcha::ask(call)),
        ..POST
    },
    Operation {
        path: "/codes/verify",
        id: "verifyCode",
        group: "Sign-in",
        summary: "Answers with the code that was sent",
        signed_in: false,
        body: Some(of::<VerifyRequest>),
        answers: &[(200, Some(of::<Outcome>))],
        problems: &[
            InvalidOtp,
            OtpExpired,
            OtpExhausted,
            OtpUsed,
            OtpLinkOnly,
            FlowOver,
            RateLimit,
        ],
        handle: |call| Box::pin(codes::verify(call)),
        ..POST
    },
    Operation {
        path: "/codes/link",
        id: "verifyLink",
        group: "Sign-in",
        summary: "Answers with the link that was sent, in the program that asked",
        signed_in: false,
        body: Some(of::<LinkRequest>),
        answers: &[(200, Some(of::<Outcome>))],
        problems: &[OtpExpired, OtpUsed, FlowOver, RateLimit],
        handle: |call| Box::pin(codes::link(call)),
        ..POST
    },
    Operation {
        path: "/codes/resend",
        id: "resendCode",
        group: "Sign-in",
        summary: "Sends another code in place of the one before",
        signed_in: false,
        body: Some(of::<FlowRequest>),
        answers: &[(202, Some(of::<Outcome>))],
        problems: &[FlowOver, ResendExhausted, RateLimit, SendFailed],
        handle: |call| Box::pin(codes::resend(call)),
        ..POST
    },
    Operation {
        path: "/step-up",
        id: "stepUp",
        group: "Sign-in",
        summary: "Sends a code to a session that has its password already",
        body: Some(of::<StepUpRequest>),
        answers: &[(202, Some(of::<Outcome>))],
        problems: &[RateLimit, SendFailed],
        handle: |call| Box::pin(sign_in::step_up(call)),
        ..POST
    },
    Operation {
        path: "/refresh",
        id: "refresh",
        group: "Sign-in",
        summary: "Exchanges a refresh token for the next access token",
        signed_in: false,
        body: Some(of::<RefreshRequest>),
        answers: &[(200, Some(of::<Outcome>))],
        problems: &[InvalidToken],
        handle: |call| Box::pin(tokens::refresh(call)),
        ..POST
    },
    Operation {
        path: "/sign-out",
        id: "signOut",
        group: "Sign-in",
        summary: "Ends the session and all of its tokens",
        answers: &[(204, None)],
        handle: |call| Box::pin(tokens::sign_out(call)),
        ..POST
    },
    Operation {
        path: "/register",
        id: "register",
        group: "Registration",
        summary: "Makes an account with an address that was verified before, and signs in",
        signed_in: false,
        body: Some(of::<RegisterRequest>),
        answers: &[(201, Some(of::<Outcome>))],
        problems: &[FlowOver, UsernameTaken, PasswordRefused, RateLimit, Busy],
        handle: |call| Box::pin(register::register(call)),
        ..POST
    },
    Operation {
        path: "/password/reset",
        id: "resetPassword",
        group: "Password",
        summary: "Chooses a new password after the code for it; ends every session",
        signed_in: false,
        body: Some(of::<NewPasswordRequest>),
        answers: &[(200, Some(of::<Outcome>))],
        problems: &[FlowOver, PasswordRefused, Busy],
        handle: |call| Box::pin(password::reset(call)),
        ..POST
    },
    Operation {
        path: "/password",
        id: "changePassword",
        group: "Password",
        summary: "Changes the password; ends every other session, and gives this one new tokens",
        body: Some(of::<PasswordRequest>),
        answers: &[(200, Some(of::<Outcome>))],
        problems: &[FreshSignInRequired, WrongPassword, PasswordRefused, RateLimit, Busy],
        handle: |call| Box::pin(password::change(call)),
        ..POST
    },
    Operation {
        path: "/account",
        id: "getAccount",
        group: "Account",
        summary: "The account",
        answers: &[(200, Some(of::<AccountView>))],
        handle: |call| Box::pin(account::show(call)),
        ..GET
    },
    Operation {
        path: "/account",
        id: "changeAccount",
        group: "Account",
        summary: "Changes name and language",
        body: Some(of::<ProfileRequest>),
        answers: &[(200, Some(of::<AccountView>))],
        handle: |call| Box::pin(account::change(call)),
        ..PATCH
    },
    Operation {
        path: "/account/email",
        id: "changeEmail",
        group: "Account",
        summary: "Sends a code to another address, which is the account's once it is verified",
        body: Some(of::<EmailRequest>),
        answers: &[(202, Some(of::<Outcome>))],
        problems: &[FreshSignInRequired, NothingToChange, RateLimit, SendFailed],
        handle: |call| Box::pin(account::email(call)),
        ..POST
    },
    Operation {
        path: "/account/second-step",
        id: "changeSecondStep",
        group: "Account",
        summary: "Sends a code that turns the second step on or off",
        body: Some(of::<SecondStepRequest>),
        answers: &[(202, Some(of::<Outcome>))],
        problems: &[FreshSignInRequired, NothingToChange, RateLimit, SendFailed],
        handle: |call| Box::pin(account::second_step(call)),
        ..POST
    },
    Operation {
        path: "/account/phone",
        id: "changePhone",
        group: "Account",
        summary: "Sends a code to a telephone number, which is the account's once it is verified",
        body: Some(of::<PhoneRequest>),
        answers: &[(202, Some(of::<Outcome>))],
        problems: &[
            FreshSignInRequired,
            NumberNotAllowed,
            NothingToChange,
            NotFound,
            RateLimit,
            SendFailed,
        ],
        handle: |call| {
            Box::pin(async move { Ok(answered(&phone::give(call, call.read()?).await?)) })
        },
        ..POST
    },
    Operation {
        path: "/account/phone/codes",
        id: "chooseCodesBy",
        group: "Account",
        summary: "Has the codes of sign-ins come by mail or by text message; ends every other session, and gives this one new tokens",
        body: Some(of::<CodesByRequest>),
        answers: &[(200, Some(of::<Outcome>))],
        problems: &[FreshSignInRequired, NothingToChange, NotFound],
        handle: |call| {
            Box::pin(async move { Ok(answered(&phone::choose(call, call.read()?).await?)) })
        },
        ..POST
    },
    Operation {
        path: "/account/phone/remove",
        id: "removePhone",
        group: "Account",
        summary: "Takes the telephone number away; where codes came there it ends every other session, and gives this one new tokens",
        body: Some(of::<InstallRequest>),
        answers: &[(200, Some(of::<Outcome>))],
        problems: &[FreshSignInRequired, NothingToChange, NotFound],
        handle: |call| {
            Box::pin(async move { Ok(answered(&phone::remove(call, call.read()?).await?)) })
        },
        ..POST
    },
    Operation {
        path: "/account/backup-codes",
        id: "makeBackupCodes",
        group: "Account",
        summary: "Makes a new set of backup codes; the set before is dead",
        answers: &[(200, Some(of::<BackupCodes>))],
        problems: &[FreshSignInRequired],
        handle: |call| Box::pin(account::backup_codes(call)),
        ..POST
    },
    Operation {
        path: "/sessions",
        id: "listSessions",
        group: "Sessions and devices",
        summary: "The sessions of the account, of browsers and programs",
        answers: &[(200, Some(of::<Sessions>))],
        handle: |call| Box::pin(browsers::sessions(call)),
        ..GET
    },
    Operation {
        path: "/sessions",
        id: "endOtherSessions",
        group: "Sessions and devices",
        summary: "Ends every session but this one",
        answers: &[(200, Some(of::<Ended>))],
        problems: &[FreshSignInRequired],
        handle: |call| Box::pin(browsers::end_others(call)),
        ..DELETE
    },
    Operation {
        path: "/sessions/{id}",
        id: "endSession",
        group: "Sessions and devices",
        summary: "Ends one session",
        answers: &[(204, None)],
        problems: &[NotFound],
        handle: |call| Box::pin(browsers::end_session(call)),
        ..DELETE
    },
    Operation {
        path: "/devices",
        id: "listDevices",
        group: "Sessions and devices",
        summary: "The devices that the account knows",
        answers: &[(200, Some(of::<Devices>))],
        handle: |call| Box::pin(browsers::devices(call)),
        ..GET
    },
    Operation {
        path: "/devices",
        id: "forgetDevices",
        group: "Sessions and devices",
        summary: "Forgets every device: the next sign-in of each is asked for the code",
        answers: &[(200, Some(of::<Ended>))],
        problems: &[FreshSignInRequired],
        handle: |call| Box::pin(browsers::forget_devices(call)),
        ..DELETE
    },
    Operation {
        path: "/devices/{id}",
        id: "forgetDevice",
        group: "Sessions and devices",
        summary: "Forgets one device",
        answers: &[(204, None)],
        problems: &[NotFound],
        handle: |call| Box::pin(browsers::forget_device(call)),
        ..DELETE
    },
];

/// What tells of the others, and stands in no list.
const ABOUT: &[Operation] = &[
    Operation {
        path: "/openapi.json",
        signed_in: false,
        handle: |call| Box::pin(about::document(call)),
        ..GET
    },
    Operation {
        path: "/docs",
        signed_in: false,
        handle: |call| Box::pin(about::page(call)),
        ..GET
    },
];
