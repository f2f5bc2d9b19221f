//! What the pages of an account show, as plain data.

use std::net::IpAddr;
use std::time::Duration;

use crate::domain::client::{Client, UserAgent};
use crate::domain::code::BackupCode;
use crate::domain::id::{DeviceId, SessionId};
use crate::domain::language::Language;
use crate::domain::password_rules::PasswordFault;
use crate::domain::place::Country;
use crate::domain::time::Timestamp;

/// The account page: everything about an account that its owner can see and change.
#[derive(Clone, Copy, Debug)]
pub struct AccountPage<'a> {
    /// The name to sign in with.
    pub username: &'a str,
    /// The name that apps show; empty if there is none.
    pub full_name: &'a str,
    /// The e-mail address.
    pub email: &'a str,
    /// The language that was chosen, if one was.
    pub language: Option<Language>,
    /// The telephone number.
    pub phone: PhoneView<'a>,
    /// The second step.
    pub second_step: SecondStepView,
    /// Whether there is a password.
    pub has_password: bool,
    /// How many backup codes are left.
    pub backup_codes: u32,
    /// When those were made.
    pub backup_codes_made_at: Option<Timestamp>,
    /// The browsers that are signed in, this one first.
    pub sessions: &'a [SessionView],
    /// The browsers that the account knows.
    pub devices: &'a [DeviceView],
    /// The last sign-ins, the latest first.
    pub sign_ins: &'a [SignInView],
    /// What was done just before.
    pub done: Option<Done>,
    /// What is wrong with the name that was typed.
    pub bad_name: bool,
}

/// How the telephone number of an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneView<'a> {
    /// No text messages are sent here.
    Off,
    /// It has none.
    None,
    /// It has one.
    Known {
        /// The number, masked.
        number: &'a str,
        /// Whether the codes of its sign-ins come there.
        by_sms: bool,
    },
}

/// Asks for a telephone number, and what it is used for. Posts `phone` and `csrf` to `account/phone`, `csrf` to
/// `account/phone/remove`, and `sms` or `mail` as `codes_by`, and `csrf`, to `account/phone/codes`.
#[derive(Clone, Copy, Debug)]
pub struct PhonePage<'a> {
    /// How it stands; never off.
    pub phone: PhoneView<'a>,
    /// Whether the codes of sign-ins may come there.
    pub second_step: bool,
    /// The number as it was typed before.
    pub typed: &'a str,
    /// What went wrong before.
    pub alert: Option<PhoneAlert>,
}

/// What went wrong with a telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneAlert {
    /// That is no number.
    NotANumber,
    /// It is the one of now.
    Same,
    /// No text messages are sent there.
    NotThere,
    /// Too often.
    Limited {
        /// When it may be tried again.
        retry_after: Duration,
    },
}

/// How the second step of an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondStepView {
    /// The site always asks for it where it asks for a password.
    Always,
    /// The account has turned it on.
    On,
    /// The account has not.
    Off,
}

/// A browser that is signed in.
#[derive(Clone, Debug)]
pub struct SessionView {
    /// By which it is signed out.
    pub id: SessionId,
    /// Whether it is the one that shows the page.
    pub is_this: bool,
    /// Where it signed in, with which browser.
    pub client: Client,
    /// The country of that address, if it is known.
    pub country: Option<Country>,
    /// When.
    pub created_at: Timestamp,
    /// Its last request.
    pub seen_at: Timestamp,
}

/// A browser that an account knows.
#[derive(Clone, Debug)]
pub struct DeviceView {
    /// By which it is forgotten.
    pub id: DeviceId,
    /// Whether it is the one that shows the page.
    pub is_this: bool,
    /// From where it was last used.
    pub client: Client,
    /// The country of that address, if it is known.
    pub country: Option<Country>,
    /// When it was last used.
    pub used_at: Timestamp,
    /// Until when it is spared the code, if it is.
    pub trusted_until: Option<Timestamp>,
}

/// A sign-in, or an attempt at one.
#[derive(Clone, Debug)]
pub struct SignInView {
    /// When.
    pub at: Timestamp,
    /// From where.
    pub address: Option<IpAddr>,
    /// The country of that address, if it is known.
    pub country: Option<Country>,
    /// With which browser.
    pub user_agent: UserAgent,
    /// What came of it.
    pub result: SignInResultView,
}

/// What came of a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInResultView {
    /// It went well.
    SignedIn,
    /// The password was wrong.
    WrongPassword,
    /// The code was wrong.
    WrongCode,
    /// It was tried too often.
    Limited,
}

/// What was done, for a word of success on the account page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// The name was changed.
    Name,
    /// The language was chosen.
    Language,
    /// The password was changed.
    Password,
    /// The e-mail address was changed.
    Email,
    /// A telephone number was given.
    Phone,
    /// It was taken away.
    PhoneRemoved,
    /// Codes come as text messages.
    CodesBySms,
    /// Codes come by mail.
    CodesByMail,
    /// The second step was turned on.
    SecondStepOn,
    /// The second step was turned off.
    SecondStepOff,
    /// A browser was signed out.
    SignedOut,
    /// All others were.
    SignedOutOthers,
    /// A browser was forgotten.
    Forgotten,
    /// All were.
    ForgottenAll,
}

impl Done {
    /// Every one.
    pub const ALL: [Self; 14] = [
        Self::Name,
        Self::Language,
        Self::Password,
        Self::Email,
        Self::Phone,
        Self::PhoneRemoved,
        Self::CodesBySms,
        Self::CodesByMail,
        Self::SecondStepOn,
        Self::SecondStepOff,
        Self::SignedOut,
        Self::SignedOutOthers,
        Self::Forgotten,
        Self::ForgottenAll,
    ];

    /// Its name in the cookie that carries it over a redirect, and in words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Language => "language",
            Self::Password => "password",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::PhoneRemoved => "phone-removed",
            Self::CodesBySms => "codes-by-sms",
            Self::CodesByMail => "codes-by-mail",
            Self::SecondStepOn => "second-step-on",
            Self::SecondStepOff => "second-step-off",
            Self::SignedOut => "signed-out",
            Self::SignedOutOthers => "signed-out-others",
            Self::Forgotten => "forgotten",
            Self::ForgottenAll => "forgotten-all",
        }
    }

    /// The one of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|done| done.as_str() == name)
    }
}

/// Asks for the present password and a new one. Posts `password`, `new_password` and `csrf` to `account/password`.
#[derive(Clone, Copy, Debug)]
pub struct PasswordPage<'a> {
    /// The username, for password managers.
    pub username: &'a str,
    /// The fewest characters of a new password.
    pub least: usize,
    /// What went wrong before.
    pub alert: Option<PasswordAlert>,
}

/// What went wrong with a change of the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordAlert {
    /// A field was empty.
    Missing,
    /// The present password is another.
    Wrong,
    /// The new one is refused.
    Refused(PasswordFault),
    /// Too often.
    Limited {
        /// When it may be tried again.
        retry_after: Duration,
    },
    /// Too many people at once.
    Busy {
        /// When it is worth trying again.
        retry_after: Duration,
    },
}

/// Asks for another e-mail address. Posts `email` and `csrf` to `account/email`.
#[derive(Clone, Copy, Debug)]
pub struct EmailPage<'a> {
    /// The address of now.
    pub email: &'a str,
    /// The address as it was typed before.
    pub typed: &'a str,
    /// What went wrong before.
    pub alert: Option<EmailAlert>,
}

/// What went wrong with a change of the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailAlert {
    /// That is no address.
    NotAnAddress,
    /// It is the one of now.
    Same,
    /// Too often.
    Limited {
        /// When it may be tried again.
        retry_after: Duration,
    },
}

/// Asks whether to turn the second step on or off. Posts `on` or `off` as `second_step`, and `csrf`, to
/// `account/second-step`.
#[derive(Clone, Copy, Debug)]
pub struct SecondStepPage<'a> {
    /// Whether it would be turned on.
    pub on: bool,
    /// Where the code would go, masked.
    pub destination: &'a str,
    /// When it may be tried again, if it was tried too often.
    pub limited: Option<Duration>,
}

/// Asks whether to make new backup codes, or shows those that were made. Posts `csrf` to `account/backup-codes`, and the
/// codes, each as `code1` to `code10`, to `account/backup-codes/file`.
#[derive(Clone, Copy, Debug)]
pub enum BackupCodesPage<'a> {
    /// Asks.
    Ask {
        /// How many of the old ones would be dead.
        left: u32,
    },
    /// Shows them, once.
    Shown {
        /// The codes.
        codes: &'a [BackupCode],
        /// Whose they are.
        username: &'a str,
    },
}

/// Asks whether to do something that cannot be taken back. Posts `csrf` to the address that it is at.
#[derive(Clone, Copy, Debug)]
pub enum AreYouSurePage<'a> {
    /// To sign out one browser.
    SignOut(&'a SessionView),
    /// To sign out all others.
    SignOutOthers,
    /// To forget one browser.
    Forget(&'a DeviceView),
    /// To forget all.
    ForgetAll,
}
