//! What commands answer: one form for all of them, so that a client reads each the same way.

use async_graphql::{Enum, SimpleObject};

use crate::domain::id::RequestId;
use crate::portal::api::problem::{Code, Problem};
use crate::portal::api::routes::seconds;
use crate::portal::api::told::{
    AccountView, CaptchaView, CodeKind, CodesWay, DeviceView, Next, Outcome, SessionView, Tokens,
};

/// What came of a command.
#[derive(Default, SimpleObject)]
pub(super) struct Payload {
    /// Whether it was done.
    success: bool,
    /// What happened, for whoever develops the client.
    message: String,
    /// The kind of the problem, as the JSON API names it; absent where there is none.
    code: Option<String>,
    /// Whether a code is what comes next: `verifyOtp`.
    requires_otp: bool,
    /// To be shown with the code.
    flow: Option<String>,
    /// Where the code went, masked.
    destination: Option<String>,
    /// How the code is written.
    otp_kind: Option<OtpKind>,
    /// How long what is given is good, in seconds.
    expires_in: Option<i32>,
    /// The guesses that are left.
    attempts_left: Option<i32>,
    /// In how many seconds to come back, or to ask for another code.
    retry_after: Option<i32>,
    /// What comes next, once, by `verificationToken`.
    next: Option<NextStep>,
    /// To be shown there.
    verification_token: Option<String>,
    /// The tokens, where somebody is signed in.
    tokens: Option<TokensObject>,
    /// Why a password or a captcha is not taken, or which factor is missing.
    reason: Option<String>,
    /// The name of the request in logs, where something was not done.
    request_id: Option<String>,
}

/// The tokens of a session.
#[derive(SimpleObject)]
#[graphql(name = "Tokens")]
pub(super) struct TokensObject {
    /// Shown as `Authorization: Bearer`.
    access_token: String,
    /// How long it is good, in seconds.
    expires_in: i32,
    /// Good for the next access token, once.
    refresh_token: String,
    /// How long the session goes on, in seconds, as long as it is refreshed.
    refresh_expires_in: i32,
    /// The name of the session, which opens nothing.
    session_id: String,
    /// To be shown at the next sign-in of this installation.
    device_token: Option<String>,
}

/// How a code is written.
#[derive(Clone, Copy, Enum, PartialEq, Eq)]
pub(super) enum OtpKind {
    /// Six digits.
    Digits,
    /// Eight letters.
    Letters,
    /// No code is taken for a while: the link in the mail works.
    LinkOnly,
}

/// What comes after a right code that signs nobody in.
#[derive(Clone, Copy, Enum, PartialEq, Eq)]
pub(super) enum NextStep {
    /// `register`
    Register,
    /// `resetPassword`
    ChoosePassword,
}

/// What has to be shown so that no program sends a form in masses: nothing, the answer of a sum, or the token of a provider.
#[derive(Default, SimpleObject)]
#[graphql(name = "CaptchaDemand")]
pub(super) struct CaptchaObject {
    /// `none`, `proof_of_work` or `provider`.
    kind: String,
    /// To be shown with ticket and answer.
    flow: Option<String>,
    /// To be shown with the answer.
    ticket: Option<String>,
    /// Hexadecimal: SHA-256 of this and the number that is looked for, as four bytes, is the target.
    salt: Option<String>,
    /// Hexadecimal.
    target: Option<String>,
    /// The number is below this.
    hashes: Option<i32>,
    /// How many seconds a program may wait instead, and answer with nothing.
    wait: Option<i32>,
    /// Whose widget gives the token.
    provider: Option<String>,
    /// The site as the provider knows it.
    site_key: Option<String>,
    /// What the provider is told that it is for.
    action: Option<String>,
}

/// An account, for its owner.
#[derive(SimpleObject)]
#[graphql(name = "Account")]
pub(super) struct AccountObject {
    id: String,
    username: String,
    email: String,
    full_name: Option<String>,
    language: Option<String>,
    groups: Vec<String>,
    /// Whether a code is asked for at every sign-in, whatever the site wants.
    second_step: bool,
    has_password: bool,
    backup_codes_left: i32,
    /// Its telephone number, if it has one and text messages are sent here.
    phone: Option<PhoneObject>,
}

/// A telephone number that was shown to be its owner's.
#[derive(SimpleObject)]
#[graphql(name = "Phone")]
struct PhoneObject {
    /// The number, masked.
    number: String,
    codes_by: CodesBy,
}

/// How the codes of sign-ins come.
#[derive(Clone, Copy, Enum, PartialEq, Eq)]
#[graphql(remote = "CodesWay")]
pub(super) enum CodesBy {
    /// By mail.
    Mail,
    /// By text message.
    Sms,
}

/// A session, for its owner.
#[derive(SimpleObject)]
#[graphql(name = "Session")]
pub(super) struct SessionObject {
    id: String,
    /// Whether it is the one that asks.
    current: bool,
    created_at: String,
    seen_at: String,
    agent: String,
    address: String,
    country: Option<String>,
}

/// A device, for its owner.
#[derive(SimpleObject)]
#[graphql(name = "Device")]
pub(super) struct DeviceObject {
    id: String,
    created_at: String,
    used_at: String,
    /// Until when the password is enough there.
    trusted_until: Option<String>,
    agent: String,
    address: String,
    country: Option<String>,
}

impl From<()> for Payload {
    fn from((): ()) -> Self {
        Self::done("It is done.")
    }
}

impl Payload {
    fn done(message: &str) -> Self {
        Self { success: true, message: message.to_owned(), ..Self::default() }
    }

    /// Why something is not done.
    pub(super) fn refused(problem: &Problem, request_id: RequestId) -> Self {
        let text = |name| problem.member(name).and_then(|value| value.as_str()).map(str::to_owned);
        let left = problem.member("attempts_left").and_then(serde_json::Value::as_u64);
        Self {
            message: problem.detail().to_owned(),
            code: Some(problem.code.as_str().to_owned()),
            // Something still waits for its code.
            requires_otp: problem.code == Code::InvalidOtp,
            attempts_left: left.map(number),
            retry_after: problem.retry_after.map(|wait| number(seconds(wait).max(1))),
            reason: text("reason").or_else(|| text("missing")),
            request_id: Some(request_id.to_string()),
            ..Self::default()
        }
    }
}

impl From<Outcome> for Payload {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::SignedIn(tokens) => {
                Self { tokens: Some(tokens.into()), ..Self::done("Signed in.") }
            }
            Outcome::CodeSent(flow) => Self {
                requires_otp: true,
                otp_kind: Some(match flow.code {
                    CodeKind::Digits => OtpKind::Digits,
                    CodeKind::Letters => OtpKind::Letters,
                    CodeKind::LinkOnly => OtpKind::LinkOnly,
                }),
                flow: Some(flow.flow),
                destination: Some(flow.destination),
                expires_in: Some(number(flow.expires_in)),
                attempts_left: Some(flow.attempts_left.into()),
                retry_after: flow.resend_in.map(number),
                ..Self::done("A code is on its way.")
            },
            Outcome::Verified(verified) => Self {
                next: Some(match verified.next {
                    Next::Register => NextStep::Register,
                    Next::ChoosePassword => NextStep::ChoosePassword,
                }),
                verification_token: Some(verified.verification_token),
                expires_in: Some(number(verified.expires_in)),
                ..Self::done("Verified.")
            },
            Outcome::Changed => Self::done("It is changed."),
        }
    }
}

impl From<CaptchaView> for CaptchaObject {
    fn from(view: CaptchaView) -> Self {
        match view {
            CaptchaView::None => Self { kind: "none".to_owned(), ..Self::default() },
            CaptchaView::ProofOfWork { flow, ticket, salt, target, hashes, wait } => Self {
                kind: "proof_of_work".to_owned(),
                flow: Some(flow),
                ticket: Some(ticket),
                salt: Some(salt),
                target: Some(target),
                hashes: Some(number(hashes.into())),
                wait: Some(number(wait)),
                ..Self::default()
            },
            CaptchaView::Provider { provider, site_key, action } => Self {
                kind: "provider".to_owned(),
                provider: Some(provider),
                site_key: Some(site_key),
                action: Some(action),
                ..Self::default()
            },
        }
    }
}

impl From<Tokens> for TokensObject {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access_token,
            expires_in: number(tokens.expires_in),
            refresh_token: tokens.refresh_token,
            refresh_expires_in: number(tokens.refresh_expires_in),
            session_id: tokens.session_id,
            device_token: tokens.device_token,
        }
    }
}

impl From<AccountView> for AccountObject {
    fn from(account: AccountView) -> Self {
        Self {
            id: account.id,
            username: account.username,
            email: account.email,
            full_name: account.full_name,
            language: account.language,
            groups: account.groups,
            second_step: account.second_step,
            has_password: account.has_password,
            backup_codes_left: number(account.backup_codes_left.into()),
            phone: account
                .phone
                .map(|phone| PhoneObject { number: phone.number, codes_by: phone.codes_by.into() }),
        }
    }
}

impl From<SessionView> for SessionObject {
    fn from(session: SessionView) -> Self {
        Self {
            id: session.id,
            current: session.current,
            created_at: session.created_at,
            seen_at: session.seen_at,
            agent: session.from.agent,
            address: session.from.address.to_string(),
            country: session.from.country,
        }
    }
}

impl From<DeviceView> for DeviceObject {
    fn from(device: DeviceView) -> Self {
        Self {
            id: device.id,
            created_at: device.created_at,
            used_at: device.used_at,
            trusted_until: device.trusted_until,
            agent: device.from.agent,
            address: device.from.address.to_string(),
            country: device.from.country,
        }
    }
}

/// GraphQL's numbers have 32 bits.
fn number(seconds: u64) -> i32 {
    i32::try_from(seconds).unwrap_or(i32::MAX)
}
