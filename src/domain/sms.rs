//! Text messages as data: codes, and nothing else.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::aim::Purpose;
use super::code::Code;
use super::id::AccountId;
use super::language::Language;
use super::mail::{Mail, code_text};
use super::phone::PhoneNumber;
use super::time::Timestamp;

/// One text message: who gets it and what it tells.
#[derive(Clone, Serialize, Deserialize)]
pub struct Sms {
    /// The account that it is about, for the audit. One that an older doorward wrote does not say.
    #[serde(default)]
    pub account: Option<AccountId>,
    /// The one number it goes to: an account's own, or one that somebody is to show as theirs.
    pub number: PhoneNumber,
    /// The language that it is written in.
    pub language: Language,
    /// What its code is for.
    pub purpose: Purpose,
    /// The code.
    #[serde(with = "code_text")]
    pub code: Code,
    /// The site's origin as configured, never as the request named it (S19).
    pub site: String,
    /// When the code ends.
    pub expires_at: Timestamp,
}

impl Sms {
    /// Whether a kind is that of a text message.
    pub fn is_kind(kind: &str) -> bool {
        kind.ends_with("_sms")
    }

    /// The name in logs and metrics.
    pub const fn kind(&self) -> &'static str {
        match self.purpose {
            Purpose::SignIn => "sign_in_sms",
            Purpose::Phone => "phone_sms",
            Purpose::SignUp
            | Purpose::Reset
            | Purpose::EmailChange
            | Purpose::SecondStepOn
            | Purpose::SecondStepOff => "other_sms",
        }
    }
}

impl fmt::Debug for Sms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sms").field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

/// What lies sealed in the outbox.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Parcel {
    /// A text message. It has a number, which no mail has.
    Sms(Sms),
    /// A mail.
    Mail(Box<Mail>),
}
