//! What is remembered of every attempt and every security event (R21, R22).

use std::net::IpAddr;

use super::client::UserAgent;
use super::id::{AccountId, DeviceId};
use super::time::Timestamp;

macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $( $(#[$variant_doc:meta])* $variant:ident = $text:literal, )+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $( $(#[$variant_doc])* $variant, )+ }

        impl $name {
            /// Every one, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in stores and output.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == name)
            }
        }

        impl Noted<$name> {
            /// What a store has under this name.
            pub fn read(name: &str) -> Self {
                $name::from_name(name).map_or_else(|| Self::Newer(name.into()), Self::Known)
            }

            /// The name in stores and output.
            pub fn as_str(&self) -> &str {
                match self {
                    Self::Known(known) => known.as_str(),
                    Self::Newer(name) => name,
                }
            }
        }

        impl From<$name> for Noted<$name> {
            fn from(known: $name) -> Self {
                Self::Known(known)
            }
        }
    };
}

names! {
    /// What happened.
    AuditEvent {
        /// A password was typed.
        Password = "password",
        /// A code was sent.
        CodeSent = "code_sent",
        /// A code was typed.
        Code = "code",
        /// The link of a mail was used.
        Link = "link",
        /// A short-window limit was passed; remembered once a minute for each who passes it.
        RateLimit = "rate_limit",
        /// A session was made.
        SignedIn = "signed_in",
        /// A sign-in was carried to another host.
        Ticket = "ticket",
        /// A session was ended by its owner.
        SignedOut = "signed_out",
        /// Sessions were ended from the account page, or by an operator.
        SessionsRevoked = "sessions_revoked",
        /// A device was trusted.
        DeviceTrusted = "device_trusted",
        /// A device stood in for the code.
        DeviceUsed = "device_used",
        /// A device was revoked.
        DeviceRevoked = "device_revoked",
        /// A device's old token came back: somebody has a copy.
        DeviceStolen = "device_stolen",
        /// A refresh token was used a second time: somebody has a copy. Its session was ended.
        RefreshReused = "refresh_reused",
        /// A sign-in was from a new browser or place, or implausibly quick; its owner was told.
        UnusualSignIn = "unusual_sign_in",
        /// The owner said that a sign-in was not theirs, and ended everything.
        NotMe = "not_me",
        /// The guess budget is spent.
        BudgetSpent = "budget_spent",
        /// Somebody registered and has shown that the address is theirs.
        Registered = "registered",
        /// Somebody was invited.
        Invited = "invited",
        /// An invitation was taken back.
        InvitationRevoked = "invitation_revoked",
        /// Somebody who was invited has made the account.
        InvitationAccepted = "invitation_accepted",
        /// A forgotten password was replaced by its owner.
        PasswordReset = "password_reset",
        /// An account was made.
        AccountAdded = "account_added",
        /// Accounts were imported; each is of no event of its own.
        AccountsImported = "accounts_imported",
        /// Accounts were exported with their password hashes.
        AccountsExported = "accounts_exported",
        /// An account was disabled.
        AccountDisabled = "account_disabled",
        /// An account was enabled.
        AccountEnabled = "account_enabled",
        /// An operator had an account belong to other groups.
        GroupsChanged = "groups_changed",
        /// A password was set by an operator.
        PasswordSet = "password_set",
        /// The owner changed the password, or tried to with a wrong one.
        PasswordChanged = "password_changed",
        /// The owner changed the e-mail address.
        EmailChanged = "email_changed",
        /// The owner gave a telephone number and has shown that it is theirs.
        PhoneSet = "phone_set",
        /// The owner took the telephone number away.
        PhoneRemoved = "phone_removed",
        /// A text message could not be delivered, or not in time.
        SmsFailed = "sms_failed",
        /// The codes of sign-ins come by text message from now on.
        CodesBySms = "codes_by_sms",
        /// They come by mail again.
        CodesByMail = "codes_by_mail",
        /// The name or the language was changed.
        ProfileChanged = "profile_changed",
        /// The second step was turned on.
        SecondStepOn = "second_step_on",
        /// The second step was turned off.
        SecondStepOff = "second_step_off",
        /// A new set of backup codes was made.
        BackupCodesMade = "backup_codes_made",
        /// A backup code was typed.
        BackupCode = "backup_code",
    }
}

names! {
    /// What came of it.
    AuditResult {
        /// It was done, or right.
        Ok = "ok",
        /// It was wrong.
        Wrong = "wrong",
        /// There is no such account. Told to nobody else.
        UnknownName = "unknown_name",
        /// The account is disabled.
        Disabled = "disabled",
        /// The code's time was over.
        Expired = "expired",
        /// No guesses were left, or the code was used.
        Spent = "spent",
        /// A limit was reached.
        Limited = "limited",
        /// Somebody else would not take it.
        Refused = "refused",
    }
}

/// An event or a result in an entry. While one version of doorward takes the place of another both write into one audit: what
/// the older one does not know it tells by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Noted<T> {
    /// One that this version knows.
    Known(T),
    /// One of a newer version, as it is named there.
    Newer(Box<str>),
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: Noted<AuditEvent>,
    /// What came of it.
    pub result: Noted<AuditResult>,
    /// Whose account, if there is one.
    pub account: Option<AccountId>,
    /// From where; nothing for the command line.
    pub address: Option<IpAddr>,
    /// With which browser.
    pub user_agent: UserAgent,
    /// On which device, if it was a known one.
    pub device: Option<DeviceId>,
}

/// An entry as a store numbered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberedEntry {
    /// Later entries have higher numbers.
    pub number: i64,
    /// The entry.
    pub entry: AuditEntry,
}
