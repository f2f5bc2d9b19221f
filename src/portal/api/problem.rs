//! Why something is not done, as problem details (RFC 9457) with codes that stay what they are.

use std::time::Duration;

use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use super::told::FieldView;
use crate::auth::captcha::CaptchaFault;
use crate::auth::password::Busy;
use crate::auth::{Limited, StoreError};
use crate::domain::id::RequestId;
use crate::domain::password_rules::PasswordFault;

macro_rules! codes {
    ($( $(#[doc = $about:literal])+ $name:ident = $code:literal, $status:ident; )+) => {
        /// The kind of a problem. Clients decide by it; its name never changes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(in crate::portal) enum Code { $( $(#[doc = $about])+ $name, )+ }

        impl Code {
            /// Every one.
            pub(in crate::portal) const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its name.
            pub(in crate::portal) const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// Its status.
            pub(in crate::portal) const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)+ }
            }

            /// What it means.
            pub(in crate::portal) fn about(self) -> &'static str {
                match self { $(Self::$name => concat!($($about),+).trim_start(),)+ }
            }
        }
    };
}

codes! {
    /// The body is no JSON of the form that is wanted, or a value in it is none that could be meant.
    ValidationError = "VALIDATION_ERROR", BAD_REQUEST;
    /// Name or password is wrong. Which of them is not told.
    InvalidCredentials = "INVALID_CREDENTIALS", UNAUTHORIZED;
    /// The code is wrong; `attempts_left` says how many guesses are left.
    InvalidOtp = "INVALID_OTP", UNAUTHORIZED;
    /// The access or refresh token is none, or not any more: sign in again.
    InvalidToken = "INVALID_TOKEN", UNAUTHORIZED;
    /// The present password is another.
    WrongPassword = "WRONG_PASSWORD", FORBIDDEN;
    /// What shows that no program sends this in masses is missing or not enough; `reason` says what: `POST /captcha`.
    CaptchaRequired = "CAPTCHA_REQUIRED", FORBIDDEN;
    /// The password is right and the account is disabled. Told only to who knows the password.
    AccountDisabled = "ACCOUNT_DISABLED", FORBIDDEN;
    /// A code by mail alone does not sign in here: use the password.
    PasswordRequired = "PASSWORD_REQUIRED", FORBIDDEN;
    /// Both factors have to be shown within five minutes before this; `missing` says which.
    FreshSignInRequired = "FRESH_SIGN_IN_REQUIRED", FORBIDDEN;
    /// Nobody may register here.
    RegistrationClosed = "REGISTRATION_CLOSED", FORBIDDEN;
    /// Addresses of that domain may not register here.
    AddressNotAllowed = "ADDRESS_NOT_ALLOWED", FORBIDDEN;
    /// No text messages are sent to that number, or not for this.
    NumberNotAllowed = "NUMBER_NOT_ALLOWED", FORBIDDEN;
    /// The request comes from a page of another origin that may not use the API, or with cookies from one that may.
    OriginNotAllowed = "ORIGIN_NOT_ALLOWED", FORBIDDEN;
    /// There is no such thing, or it is not yours.
    NotFound = "NOT_FOUND", NOT_FOUND;
    /// The address is there, and takes other methods.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", METHOD_NOT_ALLOWED;
    /// It is so already.
    NothingToChange = "NOTHING_TO_CHANGE", CONFLICT;
    /// Another account has that username.
    UsernameTaken = "USERNAME_TAKEN", CONFLICT;
    /// The code's time is over; another can be sent.
    OtpExpired = "OTP_EXPIRED", GONE;
    /// No guesses are left for this code. Begin again.
    OtpExhausted = "OTP_EXHAUSTED", GONE;
    /// The code was used.
    OtpUsed = "OTP_USED", GONE;
    /// Too many wrong codes were typed at this account: for a while the link in the mail works alone.
    OtpLinkOnly = "OTP_LINK_ONLY", GONE;
    /// No further code is sent for this. Begin again.
    ResendExhausted = "RESEND_EXHAUSTED", GONE;
    /// What was begun is over, or was never begun here. Begin again.
    FlowOver = "FLOW_OVER", GONE;
    /// The body is larger than anything that is read here (64 KiB).
    TooLarge = "TOO_LARGE", PAYLOAD_TOO_LARGE;
    /// The body is not `application/json`.
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", UNSUPPORTED_MEDIA_TYPE;
    /// The API is at another host of this doorward: the portal's.
    WrongHost = "WRONG_HOST", MISDIRECTED_REQUEST;
    /// The password is none that is taken; `reason` says why.
    PasswordRefused = "PASSWORD_REFUSED", UNPROCESSABLE_ENTITY;
    /// Too many attempts; `Retry-After` says when to come back.
    RateLimit = "RATE_LIMIT", TOO_MANY_REQUESTS;
    /// The code could not be put on its way; nothing was sent.
    SendFailed = "SEND_FAILED", SERVICE_UNAVAILABLE;
    /// The provider of captchas does not answer.
    CaptchaUnavailable = "CAPTCHA_UNAVAILABLE", SERVICE_UNAVAILABLE;
    /// Too many people sign in at this moment.
    Busy = "BUSY", SERVICE_UNAVAILABLE;
    /// A store does not answer. Nothing is accepted because a check could not run.
    Unavailable = "UNAVAILABLE", SERVICE_UNAVAILABLE;
}

/// How long clients are asked to wait when a store is away.
const AWAY: Duration = Duration::from_secs(10);

/// The same when the provider of captchas is.
const PROVIDER_AWAY: Duration = Duration::from_secs(60);

/// One problem.
#[derive(Debug)]
pub(in crate::portal) struct Problem {
    pub(in crate::portal) code: Code,
    detail: Option<String>,
    /// When to come back, where that helps.
    pub(in crate::portal) retry_after: Option<Duration>,
    more: Map<String, Value>,
    /// What went wrong inside, for the log.
    pub(in crate::portal) cause: Option<StoreError>,
}

impl Problem {
    /// A problem of this kind.
    pub(in crate::portal) fn new(code: Code) -> Self {
        Self { code, detail: None, retry_after: None, more: Map::new(), cause: None }
    }

    /// A value that is none that could be meant.
    pub(in crate::portal) fn field(name: &'static str, why: impl ToString) -> Self {
        let error = FieldView { pointer: format!("/{name}"), detail: why.to_string() };
        let errors = serde_json::to_value([error]).unwrap_or_default();
        Self::new(Code::ValidationError).with("errors", errors)
    }

    /// A new password that is not taken.
    pub(in crate::portal) fn password(fault: PasswordFault) -> Self {
        let problem = Self::new(Code::PasswordRefused).with("reason", fault.as_str());
        match fault {
            PasswordFault::TooShort { least } => problem.with("least", least),
            PasswordFault::TooLong { most_bytes } => problem.with("most_bytes", most_bytes),
            PasswordFault::OnlyDigits
            | PasswordFault::LikeUsername
            | PasswordFault::LikeEmail
            | PasswordFault::LikeFullName
            | PasswordFault::LikeSiteName
            | PasswordFault::Common
            | PasswordFault::Breached
            | PasswordFault::Unchecked => problem,
        }
    }

    /// The same in other words than those of its code.
    #[must_use]
    pub(in crate::portal) fn saying(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// The same with one more member.
    #[must_use]
    pub(in crate::portal) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// The same, saying when to come back.
    #[must_use]
    pub(in crate::portal) fn after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    /// A store failed where a code was to be sent: none was.
    pub(in crate::portal) fn not_sent(cause: StoreError) -> Self {
        Self { code: Code::SendFailed, ..Self::from(cause) }
    }

    /// One of its further members.
    pub(in crate::portal) fn member(&self, name: &str) -> Option<&Value> {
        self.more.get(name)
    }

    /// Tells the log what went wrong inside, if anything did.
    pub(in crate::portal) fn log(&self, request_id: RequestId) {
        if let Some(cause) = &self.cause {
            tracing::error!(request.id = %request_id, error = %cause, "a store is away; nobody was let in");
        }
    }

    /// What is told.
    pub(in crate::portal) fn detail(&self) -> &str {
        self.detail.as_deref().unwrap_or_else(|| self.code.about())
    }

    /// The body.
    pub(in crate::portal) fn body(&self, request_id: &impl ToString) -> Value {
        let status = self.code.status();
        let told = ProblemDetails {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Refused"),
            status: status.as_u16(),
            detail: self.detail(),
            code: self.code.as_str(),
            request_id: request_id.to_string(),
            more: &self.more,
        };
        serde_json::to_value(told).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct ProblemDetails<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    request_id: String,
    #[serde(flatten)]
    more: &'a Map<String, Value>,
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl From<StoreError> for Problem {
    fn from(cause: StoreError) -> Self {
        Self { cause: Some(cause), ..Self::new(Code::Unavailable).after(AWAY) }
    }
}

impl From<Limited> for Problem {
    fn from(limited: Limited) -> Self {
        Self::new(Code::RateLimit).after(limited.retry_after)
    }
}

impl From<Busy> for Problem {
    fn from(busy: Busy) -> Self {
        Self::new(Code::Busy).after(busy.retry_after)
    }
}

impl From<CaptchaFault> for Problem {
    fn from(fault: CaptchaFault) -> Self {
        let wanted = |reason: &str| Self::new(Code::CaptchaRequired).with("reason", reason);
        match fault {
            CaptchaFault::Missing => wanted("missing"),
            CaptchaFault::Wrong => wanted("wrong"),
            CaptchaFault::Expired => wanted("expired"),
            CaptchaFault::Spent => wanted("spent"),
            CaptchaFault::Refused => wanted("refused"),
            CaptchaFault::TooSoon { wait } => wanted("too_soon").after(wait),
            CaptchaFault::Limited(limited) => limited.into(),
            CaptchaFault::Away => Self::new(Code::CaptchaUnavailable).after(PROVIDER_AWAY),
        }
    }
}
