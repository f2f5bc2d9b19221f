//! What a code is asked for, and what answering it gives.

use serde::{Deserialize, Serialize};

use super::code::TypedCode;
use super::email::EmailAddress;
use super::id::SessionId;
use super::phone::{CodesBy, PhoneNumber};
use super::return_to::ReturnTo;
use super::session::{Method, Methods};

/// What a code is for. A code for one purpose never works for another (S7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To sign in.
    SignIn,
    /// To show that the address of a new account is its owner's.
    SignUp,
    /// To choose a new password in place of a forgotten one.
    Reset,
    /// To show that a new address is the account's owner's.
    EmailChange,
    /// To have codes asked for at every sign-in.
    SecondStepOn,
    /// To have them asked for no more.
    SecondStepOff,
    /// To show that a telephone number is the account's owner's.
    Phone,
}

/// How a code is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeForm {
    /// Six digits: enough behind a password, or where guesses are few.
    Digits,
    /// Eight letters: where nothing else is known of whoever types them.
    Letters,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 7] = [
        Self::SignIn,
        Self::SignUp,
        Self::Reset,
        Self::EmailChange,
        Self::SecondStepOn,
        Self::SecondStepOff,
        Self::Phone,
    ];

    /// Those whose codes go by mail, beside that of signing in.
    pub const MAILED: [Self; 5] =
        [Self::SignUp, Self::Reset, Self::EmailChange, Self::SecondStepOn, Self::SecondStepOff];

    /// The name in stores, metrics and MACs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::SignUp => "sign_up",
            Self::Reset => "reset",
            Self::EmailChange => "email_change",
            Self::SecondStepOn => "second_step_on",
            Self::SecondStepOff => "second_step_off",
            Self::Phone => "phone",
        }
    }

    /// How its codes are written. A password reset is asked for by a name alone, again and again, so its codes are too
    /// many to guess within any budget.
    pub const fn code_form(self) -> CodeForm {
        match self {
            Self::Reset => CodeForm::Letters,
            Self::SignIn
            | Self::SignUp
            | Self::EmailChange
            | Self::SecondStepOn
            | Self::SecondStepOff
            | Self::Phone => CodeForm::Digits,
        }
    }

    /// Whether `typed` can be an answer. A relay code always can.
    pub const fn takes(self, typed: &TypedCode) -> bool {
        match (self.code_form(), typed) {
            (CodeForm::Digits, TypedCode::Code(_)) | (_, TypedCode::Relay(_)) => true,
            // It stands in for a code that follows a password; whether one was shown is looked at later.
            (_, TypedCode::Backup(_)) => matches!(self, Self::SignIn),
            (CodeForm::Letters, TypedCode::Code(_)) => false,
        }
    }
}

/// What answering a challenge gives, with all that is needed to give it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// A session.
    SignIn(Grant),
    /// The registration that the challenge is about becomes an account.
    SignUp {
        /// The address that is to be its.
        email: EmailAddress,
        /// Where to go then.
        return_to: ReturnTo,
    },
    /// An account may be made with this address, once: whoever asks chooses name and password after that.
    ProveAddress {
        /// The address.
        email: EmailAddress,
        /// Where to go then.
        return_to: ReturnTo,
    },
    /// A new password may be chosen, once.
    Reset {
        /// Where to go after signing in with it.
        return_to: ReturnTo,
    },
    /// The account's mail goes to another address.
    EmailChange {
        /// The address.
        new: EmailAddress,
        /// Where to go then.
        return_to: ReturnTo,
    },
    /// The account has this telephone number.
    Phone {
        /// The number.
        new: PhoneNumber,
        /// Where to go then.
        return_to: ReturnTo,
    },
    /// The account is asked for a code at every sign-in, or not.
    SecondStep {
        /// Whether it is from then on.
        on: bool,
        /// Where to go then.
        return_to: ReturnTo,
    },
}

impl Aim {
    /// What its codes are for.
    pub const fn purpose(&self) -> Purpose {
        match self {
            Self::SignIn(_) => Purpose::SignIn,
            Self::SignUp { .. } | Self::ProveAddress { .. } => Purpose::SignUp,
            Self::Reset { .. } => Purpose::Reset,
            Self::EmailChange { .. } => Purpose::EmailChange,
            Self::Phone { .. } => Purpose::Phone,
            Self::SecondStep { on: true, .. } => Purpose::SecondStepOn,
            Self::SecondStep { on: false, .. } => Purpose::SecondStepOff,
        }
    }

    /// Where to go in the end.
    pub const fn return_to(&self) -> &ReturnTo {
        match self {
            Self::SignIn(grant) => &grant.return_to,
            Self::SignUp { return_to, .. }
            | Self::ProveAddress { return_to, .. }
            | Self::Reset { return_to }
            | Self::EmailChange { return_to, .. }
            | Self::Phone { return_to, .. }
            | Self::SecondStep { return_to, .. } => return_to,
        }
    }

    /// The methods that were shown before the code. Where that is no sign-in, none count.
    pub fn methods(&self) -> Methods {
        match self {
            Self::SignIn(grant) => grant.methods,
            Self::SignUp { .. }
            | Self::ProveAddress { .. }
            | Self::Reset { .. }
            | Self::EmailChange { .. }
            | Self::Phone { .. }
            | Self::SecondStep { .. } => Methods::new([]),
        }
    }

    /// What the code is to prove, where that is not the account's own.
    pub const fn proves(&self) -> Option<Proves<'_>> {
        match self {
            Self::SignUp { email, .. } | Self::ProveAddress { email, .. } => {
                Some(Proves::Mailbox(email))
            }
            Self::EmailChange { new, .. } => Some(Proves::Mailbox(new)),
            Self::Phone { new, .. } => Some(Proves::Phone(new)),
            Self::SignIn(_) | Self::Reset { .. } | Self::SecondStep { .. } => None,
        }
    }

    /// Whether it was asked for by a telephone number, and nothing else was shown.
    pub fn is_by_number_alone(&self) -> bool {
        match self {
            Self::SignIn(grant) => grant.by == CodesBy::Sms && !grant.methods.has(Method::Password),
            _ => false,
        }
    }

    /// How its codes go.
    pub const fn codes_by(&self) -> CodesBy {
        match self {
            Self::SignIn(grant) => grant.by,
            Self::Phone { .. } => CodesBy::Sms,
            Self::SignUp { .. }
            | Self::ProveAddress { .. }
            | Self::Reset { .. }
            | Self::EmailChange { .. }
            | Self::SecondStep { .. } => CodesBy::Mail,
        }
    }
}

/// What a code is to prove to be somebody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proves<'a> {
    /// A mailbox.
    Mailbox(&'a EmailAddress),
    /// A telephone number.
    Phone(&'a PhoneNumber),
}

/// The session that a browser gets once it has answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The methods shown before the code, to which the code is added.
    pub methods: Methods,
    /// Whether the session is to outlive the browser window.
    pub remember: bool,
    /// The session of this browser that is replaced.
    pub replaces: Option<SessionId>,
    /// Whether `methods` are that session's own: once it has ended, they prove nothing any more (S34).
    #[serde(default)]
    pub raises: bool,
    /// How the code goes.
    #[serde(default)]
    pub by: CodesBy,
    /// Where to go then.
    pub return_to: ReturnTo,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s7_each_purpose_has_a_name_of_its_own() {
        let names: std::collections::HashSet<_> =
            Purpose::ALL.iter().map(|purpose| purpose.as_str()).collect();
        assert_eq!(names.len(), Purpose::ALL.len());
        for purpose in Purpose::ALL {
            let kept = serde_json::to_string(&purpose).unwrap();
            assert_eq!(kept, format!("{:?}", purpose.as_str()), "stores and MACs agree");
        }
    }

    #[test]
    fn a_reset_takes_letters_alone() {
        let (digits, letters) = ("123456".parse().unwrap(), "BCDF-GHJK".parse().unwrap());
        for purpose in Purpose::ALL {
            assert!(purpose.takes(&letters));
            assert_eq!(purpose.takes(&digits), purpose != Purpose::Reset);
        }
    }
}
