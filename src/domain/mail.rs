//! Mails as data: what is to be said, before anybody has chosen words, layout or transport.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::aim::Purpose;
use super::client::Client;
use super::code::{Code, TypedCode};
use super::email::EmailAddress;
use super::id::MailId;
use super::language::Language;
use super::phone::PhoneChange;
use super::place::Unusual;
use super::secret::FlowHash;
use super::time::Timestamp;

/// One mail, whole: who gets it and what it tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mail {
    /// The one mailbox it goes to: an account's own, or one that somebody is to show as theirs (S21).
    pub to: EmailAddress,
    /// The language that it is written in: the account's own, else that of the request that set it off.
    #[serde(default)]
    pub language: Language,
    /// What it tells.
    pub message: Message,
}

/// What a mail tells. Every variant has a template of its name under `templates/mails`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Message {
    /// The code to sign in with, and the link that does the same in the browser that asked.
    SignInCode {
        /// The code.
        #[serde(with = "code_text")]
        code: Code,
        /// The link.
        link: LinkAddress,
        /// Whether the mail was asked for by the name alone, so that it does not say that somebody knows a password.
        passwordless: bool,
        /// The site's origin as configured, never as the request named it (S19).
        site: String,
        /// When the code ends.
        expires_at: Timestamp,
        /// Where it was asked for.
        asked_by: Asked,
    },
    /// The link alone: the guess budget is spent, and no code would be taken.
    SignInLink {
        /// The link.
        link: LinkAddress,
        /// Whether the mail was asked for by the name alone.
        passwordless: bool,
        /// The site's origin as configured (S19).
        site: String,
        /// When the link ends.
        expires_at: Timestamp,
        /// Where it was asked for.
        asked_by: Asked,
    },
    /// The code for anything but signing in, and the link that does the same in the browser that asked.
    ConfirmCode {
        /// What it is for.
        purpose: Purpose,
        /// The code.
        #[serde(with = "typed_code_text")]
        code: TypedCode,
        /// The link.
        link: LinkAddress,
        /// The site's origin as configured (S19).
        site: String,
        /// When the code ends.
        expires_at: Timestamp,
        /// Where it was asked for.
        asked_by: Asked,
    },
    /// The link alone, where no code would be taken.
    ConfirmLink {
        /// What it is for.
        purpose: Purpose,
        /// The link.
        link: LinkAddress,
        /// The site's origin as configured (S19).
        site: String,
        /// When the link ends.
        expires_at: Timestamp,
        /// Where it was asked for.
        asked_by: Asked,
    },
    /// Somebody has registered with an address that has an account already (S25).
    AddressTaken {
        /// The site's origin as configured (S19).
        site: String,
        /// Who it was.
        asked_by: Asked,
    },
    /// The password of the account was changed.
    PasswordChanged {
        /// The site's origin as configured (S19).
        site: String,
        /// Who changed it.
        asked_by: Asked,
    },
    /// An operator invites somebody.
    Invitation {
        /// The address where the account is made.
        link: LinkAddress,
        /// The site's origin as configured (S19).
        site: String,
        /// When it ends.
        expires_at: Timestamp,
        /// When it was made. It was by nobody who can be told from afar.
        asked_by: Asked,
    },
    /// Strangers have spent the guess budget of the account (S5).
    GuessesSpent {
        /// From when codes are taken again from browsers that the account does not know.
        until: Timestamp,
        /// The site's origin as configured (S19).
        site: String,
        /// Where the last wrong code came from.
        asked_by: Asked,
    },
    /// The right password was typed, and then a wrong code (S37).
    WrongCodeNotice {
        /// The site's origin as configured (S19).
        site: String,
        /// Where it came from.
        asked_by: Asked,
    },
    /// Many wrong passwords were typed for the account.
    PasswordFailuresNotice {
        /// The site's origin as configured (S19).
        site: String,
        /// Where the last one came from.
        asked_by: Asked,
    },
    /// A sign-in that its owner would wonder at.
    UnusualSignIn {
        /// What is unusual about it; at least one thing.
        why: Vec<Unusual>,
        /// The address by which the owner ends everything, if that was not them.
        link: LinkAddress,
        /// The site's origin as configured (S19).
        site: String,
        /// Where it signed in from.
        asked_by: Asked,
    },
    /// The e-mail address of the account was changed (S37). Told to both.
    EmailChanged {
        /// The address that it has now.
        new: EmailAddress,
        /// Whether this mail goes there.
        at_new: bool,
        /// The site's origin as configured (S19).
        site: String,
        /// Who changed it.
        asked_by: Asked,
    },
    /// The telephone number of the account, or what it is used for, was changed.
    PhoneChanged {
        /// What was changed.
        change: PhoneChange,
        /// The site's origin as configured (S19).
        site: String,
        /// Who changed it.
        asked_by: Asked,
    },
    /// The second step of the account was turned on.
    SecondStepOn {
        /// The site's origin as configured (S19).
        site: String,
        /// Who turned it on.
        asked_by: Asked,
    },
    /// The second step of the account was turned off.
    SecondStepOff {
        /// The site's origin as configured (S19).
        site: String,
        /// Who turned it off.
        asked_by: Asked,
    },
    /// A new set of backup codes was made.
    BackupCodesMade {
        /// The site's origin as configured (S19).
        site: String,
        /// Who made them.
        asked_by: Asked,
    },
    /// A backup code signed somebody in.
    BackupCodeUsed {
        /// How many are left.
        left: u32,
        /// The site's origin as configured (S19).
        site: String,
        /// Who used it.
        asked_by: Asked,
    },
    /// A copy of a trusted device's cookie was used; the device and its sessions are gone (S32).
    DeviceStolen {
        /// The device's name for people, as lists show it.
        device: String,
        /// The site's origin as configured (S19).
        site: String,
        /// Who showed the copy. That may be the thief, or the owner after the thief.
        asked_by: Asked,
    },
    /// A refresh token was used a second time; its session is gone, with all of its tokens (R32).
    RefreshReused {
        /// The program's name for people, as lists show it.
        program: String,
        /// The site's origin as configured (S19).
        site: String,
        /// Who showed it again. That may be the thief, or the owner after the thief.
        asked_by: Asked,
    },
}

impl Message {
    /// The name of the template.
    pub const fn template(&self) -> &'static str {
        match self {
            Self::ConfirmCode { .. } => "confirm_code",
            Self::ConfirmLink { .. } => "confirm_link",
            _ => self.kind(),
        }
    }

    /// What its code or link is for, if it has one.
    pub const fn purpose(&self) -> Option<Purpose> {
        match self {
            Self::SignInCode { .. } | Self::SignInLink { .. } => Some(Purpose::SignIn),
            Self::ConfirmCode { purpose, .. } | Self::ConfirmLink { purpose, .. } => Some(*purpose),
            _ => None,
        }
    }

    /// What the code of a mail of this kind is for.
    pub fn purpose_of(kind: &str) -> Option<Purpose> {
        let endings = ["_code", "_link", "_sms"];
        let name = endings.into_iter().find_map(|ending| kind.strip_suffix(ending))?;
        Purpose::ALL.into_iter().find(|purpose| purpose.as_str() == name)
    }

    /// The name in logs and metrics.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::SignInCode { .. } => "sign_in_code",
            Self::SignInLink { .. } => "sign_in_link",
            Self::ConfirmCode { purpose, .. } => match purpose {
                Purpose::SignIn => "sign_in_code",
                Purpose::SignUp => "sign_up_code",
                Purpose::Reset => "reset_code",
                Purpose::EmailChange => "email_change_code",
                Purpose::SecondStepOn => "second_step_on_code",
                Purpose::SecondStepOff => "second_step_off_code",
                Purpose::Phone => "phone_code",
            },
            Self::ConfirmLink { purpose, .. } => match purpose {
                Purpose::SignIn => "sign_in_link",
                Purpose::SignUp => "sign_up_link",
                Purpose::Reset => "reset_link",
                Purpose::EmailChange => "email_change_link",
                Purpose::SecondStepOn => "second_step_on_link",
                Purpose::SecondStepOff => "second_step_off_link",
                Purpose::Phone => "phone_link",
            },
            Self::AddressTaken { .. } => "address_taken",
            Self::PasswordChanged { .. } => "password_changed",
            Self::Invitation { .. } => "invitation",
            Self::GuessesSpent { .. } => "guesses_spent",
            Self::WrongCodeNotice { .. } => "wrong_code_notice",
            Self::PasswordFailuresNotice { .. } => "password_failures_notice",
            Self::UnusualSignIn { .. } => "unusual_sign_in",
            Self::EmailChanged { .. } => "email_changed",
            Self::PhoneChanged { .. } => "phone_changed",
            Self::SecondStepOn { .. } => "second_step_turned_on",
            Self::SecondStepOff { .. } => "second_step_turned_off",
            Self::BackupCodesMade { .. } => "backup_codes_made",
            Self::BackupCodeUsed { .. } => "backup_code_used",
            Self::DeviceStolen { .. } => "device_stolen",
            Self::RefreshReused { .. } => "refresh_reused",
        }
    }
}

/// An absolute address with a secret in it. It lives in one mail.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct LinkAddress(Zeroizing<String>);

impl LinkAddress {
    /// A link to this address.
    pub fn new(address: String) -> Self {
        Self(Zeroizing::new(address))
    }

    /// The address, for the mail.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for LinkAddress {
    fn from(address: String) -> Self {
        Self::new(address)
    }
}

impl From<LinkAddress> for String {
    fn from(link: LinkAddress) -> Self {
        link.expose().to_owned()
    }
}

impl fmt::Debug for LinkAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkAddress(…)")
    }
}

/// Who set a mail off.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// When.
    pub at: Timestamp,
    /// From where, with which browser.
    pub client: Client,
}

/// A mail as it lies in the outbox: sealed, so that no column of a database holds a code or an address (S12).
#[derive(Clone)]
pub struct SealedMail {
    /// Its identifier.
    pub id: MailId,
    /// The challenge whose code it carries; a further code takes the place of a mail still waiting.
    pub flow: Option<FlowHash>,
    /// The kind, for metrics.
    pub kind: &'static str,
    /// The sealed [`Mail`].
    pub sealed: Vec<u8>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it is of no more use and is dropped unsent.
    pub not_after: Timestamp,
}

impl fmt::Debug for SealedMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedMail")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// A mail that a worker has taken from the outbox for a while.
#[derive(Clone)]
pub struct LeasedMail {
    /// Its identifier.
    pub id: MailId,
    /// The kind, for metrics.
    pub kind: String,
    /// The sealed [`Mail`].
    pub sealed: Vec<u8>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it is of no more use.
    pub not_after: Timestamp,
    /// How often it was tried before.
    pub attempts: u32,
}

impl fmt::Debug for LeasedMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeasedMail")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

mod typed_code_text {
    //! The same for digits or letters.
    use serde::{Deserialize, Deserializer, Serializer, de};

    use super::TypedCode;

    pub(super) fn serialize<S: Serializer>(code: &TypedCode, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(code.expose())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<TypedCode, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

pub(super) mod code_text {
    //! A code inside a mail about to be sealed: the one place where it is serialised.
    use serde::{Deserialize, Deserializer, Serializer, de};

    use super::Code;

    pub(in crate::domain) fn serialize<S: Serializer>(
        code: &Code,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(code.expose())
    }

    pub(in crate::domain) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Code, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}
