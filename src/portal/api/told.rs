//! What programs are told.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::domain::phone::CodesBy;

/// What came of a step of a sign-in.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub(in crate::portal) enum Outcome {
    /// The program is signed in.
    SignedIn(Tokens),
    /// A code is on its way, or so it looks: whether there is such an account is not told.
    CodeSent(Flow),
    /// The code was right, and allows one thing more.
    Verified(Verified),
    /// It is changed.
    Changed,
}

/// The tokens of a session.
#[derive(Serialize, JsonSchema)]
pub(in crate::portal) struct Tokens {
    /// Shown as `Authorization: Bearer` to the API, and to sites that take it.
    pub(super) access_token: String,
    /// Always `Bearer`.
    #[schemars(extend("const" = "Bearer"))]
    pub(super) token_type: &'static str,
    /// How long the access token is good, in seconds.
    pub(super) expires_in: u64,
    /// Good for the next access token, once.
    pub(super) refresh_token: String,
    /// How long the session goes on, in seconds, as long as it is refreshed.
    pub(super) refresh_expires_in: u64,
    /// The name of the session, which opens nothing.
    pub(super) session_id: String,
    /// To be shown at the next sign-in of this installation; the one before is used up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) device_token: Option<String>,
}

/// A challenge that waits for its code.
#[derive(Serialize, JsonSchema)]
pub(in crate::portal) struct Flow {
    /// To be shown with the code. Only who has it can answer.
    pub(super) flow: String,
    /// Where the code went, masked.
    #[schemars(example = "a•••@example.org")]
    pub(super) destination: String,
    /// How the code is written.
    pub(super) code: CodeKind,
    /// How long the code works, in seconds.
    pub(super) expires_in: u64,
    /// The guesses that are left.
    pub(super) attempts_left: u8,
    /// In how many seconds another code can be sent; absent where none is any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resend_in: Option<u64>,
}

/// How a code is written.
#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(in crate::portal) enum CodeKind {
    /// Six digits.
    Digits,
    /// Eight letters.
    Letters,
    /// No code is taken for a while: the link in the mail works.
    LinkOnly,
}

/// What a right code allows.
#[derive(Serialize, JsonSchema)]
pub(in crate::portal) struct Verified {
    /// What comes next, once.
    pub(super) next: Next,
    /// To be shown there.
    pub(super) verification_token: String,
    /// How long it is good, in seconds.
    pub(super) expires_in: u64,
}

/// What comes after a right code that signs nobody in.
#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(in crate::portal) enum Next {
    /// `POST /register`
    Register,
    /// `POST /password/reset`
    ChoosePassword,
}

/// What has to be shown.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(in crate::portal) enum CaptchaView {
    /// Nothing.
    None,
    /// The number below `hashes` for which SHA-256(salt ‖ number as four bytes, the highest first) is the target; or to wait.
    ProofOfWork {
        /// To be shown with ticket and answer.
        flow: String,
        /// To be shown with the answer.
        ticket: String,
        /// Hexadecimal.
        salt: String,
        /// Hexadecimal.
        target: String,
        /// The number is below this.
        hashes: u32,
        /// How many seconds a program may wait instead, and answer with nothing.
        wait: u64,
    },
    /// A token of the provider's widget.
    Provider {
        /// Whose.
        provider: String,
        /// The site as the provider knows it.
        site_key: String,
        /// What the provider is told that it is for.
        action: String,
    },
}

/// An account, for its owner.
#[derive(Serialize, JsonSchema)]
pub(in crate::portal) struct AccountView {
    /// Its identifier: `sub` of assertions and access tokens.
    pub(super) id: String,
    /// The name to sign in with.
    pub(super) username: String,
    /// Where its mail goes.
    pub(super) email: String,
    /// The name that apps show.
    pub(super) full_name: Option<String>,
    /// The language of its pages and mails.
    pub(super) language: Option<String>,
    /// The groups that it is in.
    pub(super) groups: Vec<String>,
    /// Whether a code is asked for at every sign-in, whatever the site wants.
    pub(super) second_step: bool,
    /// Whether it has a password.
    pub(super) has_password: bool,
    /// How many backup codes are left.
    pub(super) backup_codes_left: u32,
    /// Its telephone number, if it has one and text messages are sent here.
    pub(super) phone: Option<PhoneView>,
}

/// A telephone number that was shown to be its owner's.
#[derive(Serialize, JsonSchema)]
pub(in crate::portal) struct PhoneView {
    /// The number, masked.
    #[schemars(example = "+41•••••••67")]
    pub(super) number: String,
    /// How the codes of sign-ins come.
    pub(super) codes_by: CodesWay,
}

/// How the codes of sign-ins come.
#[derive(Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(in crate::portal) enum CodesWay {
    /// By mail.
    Mail,
    /// By text message.
    Sms,
}

impl From<CodesBy> for CodesWay {
    fn from(by: CodesBy) -> Self {
        match by {
            CodesBy::Mail => Self::Mail,
            CodesBy::Sms => Self::Sms,
        }
    }
}

impl From<CodesWay> for CodesBy {
    fn from(way: CodesWay) -> Self {
        match way {
            CodesWay::Mail => Self::Mail,
            CodesWay::Sms => Self::Sms,
        }
    }
}

/// A session, for its owner.
#[derive(Serialize, JsonSchema)]
pub(in crate::portal) struct SessionView {
    /// Its name, which opens nothing.
    pub(super) id: String,
    /// Whether it is the one that asks.
    pub(super) current: bool,
    /// When it was made (RFC 3339).
    pub(super) created_at: String,
    /// When it was used last, to the minute.
    pub(super) seen_at: String,
    #[serde(flatten)]
    pub(super) from: ClientView,
}

/// A device, for its owner.
#[derive(Serialize, JsonSchema)]
pub(in crate::portal) struct DeviceView {
    /// Its name, which opens nothing.
    pub(super) id: String,
    /// When it was made (RFC 3339).
    pub(super) created_at: String,
    /// When it was used last.
    pub(super) used_at: String,
    /// Until when the password is enough there; `null` where a code is asked for.
    pub(super) trusted_until: Option<String>,
    #[serde(flatten)]
    pub(super) from: ClientView,
}

/// From where something was used.
#[derive(Serialize, JsonSchema)]
pub(in crate::portal) struct ClientView {
    /// The browser or program, as far as it is known.
    pub(super) agent: String,
    /// The address.
    #[schemars(with = "String")]
    pub(super) address: IpAddr,
    /// The country of the address, by its two letters, where it is known.
    pub(super) country: Option<String>,
}

/// Sessions, the latest used first.
#[derive(Serialize, JsonSchema)]
pub(in crate::portal) struct Sessions {
    pub(super) sessions: Vec<SessionView>,
}

/// Devices, the latest used first.
#[derive(Serialize, JsonSchema)]
pub(in crate::portal) struct Devices {
    pub(super) devices: Vec<DeviceView>,
}

/// How many were ended.
#[derive(Serialize, JsonSchema)]
#[schemars(example = json!({ "ended": 2 }))]
pub(in crate::portal) struct Ended {
    pub(super) ended: u64,
}

/// A new set of backup codes, shown once. The set before is dead.
#[derive(Serialize, JsonSchema)]
pub(in crate::portal) struct BackupCodes {
    pub(super) codes: Vec<String>,
}

/// A problem, as RFC 9457 writes one.
#[derive(Serialize, JsonSchema)]
#[schemars(example = json!({
    "type": "about:blank",
    "title": "Unauthorized",
    "status": 401,
    "detail": "The code is wrong; `attempts_left` says how many guesses are left.",
    "code": "INVALID_OTP",
    "attempts_left": 3,
    "request_id": "0190163d-8694-739b-aea5-966c26f8ad91",
}))]
pub(in crate::portal) struct ProblemView {
    /// Always `about:blank`: the code says what kind it is.
    r#type: String,
    /// The status in words.
    title: String,
    /// The status.
    status: u16,
    /// What happened, for whoever develops the client.
    detail: String,
    /// The kind of the problem, which stays what it is.
    code: String,
    /// The name of the request in logs.
    request_id: String,
    /// The values that could not be meant, by JSON Pointer.
    errors: Option<Vec<FieldView>>,
    /// The guesses that are left.
    attempts_left: Option<u8>,
    /// Why a password is not taken.
    reason: Option<String>,
    /// What is missing: `second_factor` or `sign_in`.
    missing: Option<String>,
}

/// A value that could not be meant.
#[derive(Serialize, JsonSchema)]
pub(in crate::portal) struct FieldView {
    /// Where it is, by JSON Pointer.
    pub(super) pointer: String,
    /// Why it could not.
    pub(super) detail: String,
}
