//! Text messages, through Twilio's REST API or one that speaks like it.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use super::message::RenderedSms;
use super::transport::DeliveryError;

/// Takes text messages on their way.
#[async_trait]
pub trait DeliverSms: Send + Sync {
    /// Hands the message over to whoever sends it. A conversation that breaks off may have been heard: the message may then
    /// go out twice, and both times with the same code.
    async fn deliver(&self, sms: &RenderedSms) -> Result<(), DeliveryError>;
}

/// The account that sends.
#[derive(Clone, Debug)]
pub struct TwilioSettings {
    /// Where the API is; `/2010-04-01/…` comes after it.
    pub url: Url,
    /// The account's SID.
    pub account: String,
    /// Its token.
    pub token: SecretString,
    /// Who the messages are from.
    pub from: SmsFrom,
    /// How long an answer may take.
    pub timeout: Duration,
}

/// Who text messages are from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SmsFrom {
    /// A number, or a name where countries allow one.
    Sender(String),
    /// Whatever this messaging service chooses.
    Service(String),
}

/// The API.
#[derive(Debug)]
pub struct Twilio {
    client: reqwest::Client,
    messages: Url,
    settings: TwilioSettings,
}

/// What it says of a message that it does not take.
#[derive(Deserialize)]
struct Refusal {
    code: Option<u32>,
}

/// The settings of the API do not work.
#[derive(Debug, thiserror::Error)]
pub enum TwilioError {
    /// No client could be made.
    #[error("HTTP cannot be spoken here: {0}")]
    Http(#[from] reqwest::Error),
    /// The address is none that can be gone on from.
    #[error("the address of the API cannot be used: {0}")]
    Url(#[from] url::ParseError),
}

/// More than any answer.
const MOST_BYTES: usize = 64 * 1024;

impl Twilio {
    /// The API of these settings. It is not asked yet: it may be away when doorward starts.
    pub fn new(settings: TwilioSettings) -> Result<Self, TwilioError> {
        let client = reqwest::Client::builder()
            .timeout(settings.timeout)
            .connect_timeout(settings.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("doorward/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let base = settings.url.as_str().trim_end_matches('/');
        let account = &settings.account;
        let messages = format!("{base}/2010-04-01/Accounts/{account}/Messages.json").parse()?;
        Ok(Self { client, messages, settings })
    }
}

#[async_trait]
impl DeliverSms for Twilio {
    async fn deliver(&self, sms: &RenderedSms) -> Result<(), DeliveryError> {
        let TwilioSettings { account, token, from, .. } = &self.settings;
        let (sender, who) = match from {
            SmsFrom::Sender(who) => ("From", who),
            SmsFrom::Service(who) => ("MessagingServiceSid", who),
        };
        let form = Zeroizing::new(
            form_urlencoded::Serializer::new(String::new())
                .append_pair("To", sms.to().as_str())
                .append_pair(sender, who)
                .append_pair("Body", sms.body())
                .finish(),
        );
        let asked = self
            .client
            .post(self.messages.clone())
            .basic_auth(account, Some(token.expose_secret()))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Accept", "application/json")
            .body(form.to_string());
        let mut response = asked.send().await.map_err(|error| not_now(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        Err(refused(status, code_of(&mut response).await))
    }
}

/// Without the address that was asked, which has the account in it.
fn not_now(error: &reqwest::Error) -> DeliveryError {
    let what = match (error.is_timeout(), error.is_connect()) {
        (true, _) => "it took too long",
        (false, true) => "it cannot be reached",
        (false, false) => "the conversation broke off",
    };
    DeliveryError::Transient(what.to_owned())
}

/// The number of Twilio's error, if the body says one. The rest of it may hold the telephone number.
async fn code_of(response: &mut reqwest::Response) -> Option<u32> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        if body.len() + chunk.len() > MOST_BYTES {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice::<Refusal>(&body).ok()?.code
}

/// What a refusal comes to. 401 and 403 are about the account, 429 and 5xx pass, any other 4xx is about this message, but
/// for those of its codes that are about the account as well.
fn refused(status: StatusCode, code: Option<u32>) -> DeliveryError {
    let told = match code {
        Some(code) => format!("{} (error {code})", status.as_u16()),
        None => status.as_u16().to_string(),
    };
    // 21408: no permission for the country; 21603, 21606, 21659: the sender is none of the account's.
    let is_ours = matches!(code, Some(21_408 | 21_603 | 21_606 | 21_659 | 20_003));
    match status.as_u16() {
        401 | 403 => DeliveryError::Misconfigured(told),
        _ if is_ours => DeliveryError::Misconfigured(told),
        408 | 429 => DeliveryError::Transient(told),
        400..=499 => DeliveryError::Permanent(told),
        // A redirect is followed nowhere: the token goes to nobody else.
        300..=399 => DeliveryError::Misconfigured(told),
        _ => DeliveryError::Transient(told),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_for_good_is_told_from_what_passes_and_from_what_is_set_up_wrong() {
        let of = |status: u16, code| refused(StatusCode::from_u16(status).unwrap(), code);
        for (status, code) in [(400, Some(21_211)), (400, Some(21_610)), (404, None), (400, None)] {
            assert!(matches!(of(status, code), DeliveryError::Permanent(_)), "{status} {code:?}");
        }
        for (status, code) in [(429, Some(20_429)), (500, None), (503, None), (408, None)] {
            assert!(matches!(of(status, code), DeliveryError::Transient(_)), "{status} {code:?}");
        }
        for (status, code) in [(401, Some(20_003)), (403, None), (400, Some(21_408)), (301, None)] {
            assert!(
                matches!(of(status, code), DeliveryError::Misconfigured(_)),
                "{status} {code:?}"
            );
        }
    }
}
