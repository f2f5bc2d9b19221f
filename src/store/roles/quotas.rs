//! Short-window quotas.

use async_trait::async_trait;

use super::super::StoreError;
use crate::domain::quota::{Quota, Rate};
use crate::domain::time::Timestamp;

/// What a limit is for, as metrics name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LimitName {
    /// Sign-in attempts of an address.
    SignIn,
    /// Registrations from an address.
    Registration,
    /// New passwords asked for from an address.
    Reset,
    /// Codes typed from an address.
    Verify,
    /// Further codes asked for from an address.
    Resend,
    /// Codes requested for a destination.
    CodeRequest,
    /// Codes mailed to an account.
    MailsAccount,
    /// Codes that an address has mailed.
    MailsAddress,
    /// Codes mailed in all.
    MailsTotal,
    /// Text messages to a number.
    SmsNumber,
    /// Text messages that an address has sent.
    SmsAddress,
    /// Text messages to numbers that begin so.
    SmsPrefix,
    /// Text messages in all.
    SmsTotal,
    /// Entries of the audit about one who passes a limit.
    Noted,
    /// Showings of one answer to a captcha.
    Captcha,
    /// Forms from an address that waited in place of a sum.
    WaitsAddress,
    /// The same in all.
    WaitsTotal,
}

impl LimitName {
    /// The name in metrics and stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Registration => "registration",
            Self::Reset => "reset",
            Self::Verify => "verify",
            Self::Resend => "resend",
            Self::CodeRequest => "code_request",
            Self::MailsAccount => "mails_account",
            Self::MailsAddress => "mails_address",
            Self::MailsTotal => "mails_total",
            Self::SmsNumber => "sms_number",
            Self::SmsAddress => "sms_address",
            Self::SmsPrefix => "sms_prefix",
            Self::SmsTotal => "sms_total",
            Self::Noted => "noted",
            Self::Captcha => "captcha",
            Self::WaitsAddress => "waits_address",
            Self::WaitsTotal => "waits_total",
        }
    }
}

/// Short-window quotas.
#[async_trait]
pub trait QuotaStore: Send + Sync {
    /// Counts one event of `key` against `rate`, or says when the next one fits. A refused event is not counted.
    /// Memory is bounded whatever the keys.
    async fn count_quota(
        &self,
        limit: LimitName,
        key: &str,
        rate: Rate,
        now: Timestamp,
    ) -> Result<Quota, StoreError>;
}
