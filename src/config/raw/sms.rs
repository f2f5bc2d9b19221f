//! `sms`: how text messages go out, and where they may go.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::budgets::{self, RATE, SPAN};
use super::context::{Context, Place};
use super::located::{Located, Text};
use super::{secret, web};
use crate::config::settings;
use crate::domain::phone::{PhoneNumber, PrefixRule, SmsRule};

/// How text messages go out: codes for people who want theirs so.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Sms {
    /// The account that sends them, at Twilio or at somebody who speaks like it.
    #[schemars(required)]
    twilio: Option<Located<Twilio>>,
    /// Where they may go: at least one beginning of numbers. To any other number nothing is sent.
    #[schemars(required, length(min = 1))]
    prefixes: Option<Located<Vec<Located<Prefix>>>>,
    /// How long their codes work: half an hour at most.
    #[schemars(extend("default" = "5m", "pattern" = SPAN))]
    lifetime: Option<Text>,
    /// Whether people may have the codes of their sign-ins come so, in place of a mail.
    #[schemars(extend("default" = true))]
    second_step: Option<Located<bool>>,
    /// Whether programs may ask for a code by such a number alone, without a password, where a rule is otp_only.
    #[schemars(extend("default" = false))]
    number_alone: Option<Located<bool>>,
}

/// An account that sends text messages.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Twilio {
    /// Where the API is; /2010-04-01/… comes after it.
    #[schemars(extend("default" = URL))]
    url: Option<Text>,
    /// The account's SID.
    #[schemars(required)]
    account_sid: Option<Text>,
    /// Its token; better in a file (auth_token_file) or a variable (${TWILIO_TOKEN}).
    auth_token: Option<Text>,
    /// The file of the token; its owner alone may read it.
    auth_token_file: Option<Text>,
    /// Who the messages are from: a number such as +15005550006, or a name of up to 11 letters and digits.
    from: Option<Text>,
    /// The messaging service that chooses who they are from, in place of `from`.
    messaging_service_sid: Option<Text>,
    /// How long an answer may take.
    #[schemars(extend("default" = "10s", "pattern" = SPAN))]
    timeout: Option<Text>,
}

/// Numbers that may get text messages.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Prefix {
    /// How they begin: + and the country's digits, or more of them. The longest that fits counts.
    #[schemars(required)]
    prefix: Option<Text>,
    /// How many text messages go to such numbers.
    #[schemars(extend("default" = "100/1d", "pattern" = RATE))]
    cap: Option<Text>,
}

const URL: &str = "https://api.twilio.com";
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// Without the section there is none.
pub(super) fn sms(
    section: Option<Located<Sms>>,
    context: &Context<'_>,
) -> Option<Option<settings::Sms>> {
    let Some(section) = section else { return Some(None) };
    let (at, section) = (section.at, section.value?);
    let help = "name the account: twilio: { account_sid: AC…, auth_token_file: …, from: \"+1…\" }";
    let twilio = context
        .required(section.twilio, &at, "twilio", help)
        .and_then(|(at, section)| twilio(&at, section, context));
    let help = "say where text messages may go: prefixes: [{ prefix: \"+41\", cap: 100/1d }]";
    let prefixes = context
        .required(section.prefixes, &at, "prefixes", help)
        .and_then(|(at, typed)| prefixes(&at, typed, context));
    let why = "a shorter-lived code ends before it is read, a longer-lived one waits for a thief";
    let lifetime = context.duration(section.lifetime, 5 * MINUTE, MINUTE..=30 * MINUTE, why);
    let second_step = section.second_step.map_or(Some(true), |found| found.value);
    let number_alone = section.number_alone.map_or(Some(false), |found| found.value);
    let rule = SmsRule {
        prefixes: prefixes?,
        lifetime: lifetime?,
        second_step: second_step?,
        number_alone: number_alone?,
    };
    Some(Some(settings::Sms { twilio: twilio?, rule }))
}

fn twilio(at: &Place, section: Twilio, context: &Context<'_>) -> Option<settings::Twilio> {
    let help = "write where the API is: https://api.twilio.com";
    let url = match section.url {
        Some(text) => web::address(&text, help, context),
        None => URL.parse().ok(),
    };
    let help = "copy the account's SID from the console: AC and 32 digits";
    let account = context
        .required(section.account_sid, at, "account_sid", help)
        .and_then(|(at, typed)| sid(&at, typed, help, context));
    let token = secret::typed_or_of_file(
        "auth_token",
        section.auth_token,
        section.auth_token_file,
        context,
    )
    .and_then(|found| match found {
        Some((_, token)) => Some(token),
        None => {
            let help = "write the account's token into a file and name it";
            context.refuse(&at.inside("auth_token_file"), "is missing", help)
        }
    });
    let help = "give from: a number of the account, or messaging_service_sid: MG…";
    let from = match (section.from, section.messaging_service_sid) {
        (Some(text), None) => sender(&text, context).map(settings::SmsFrom::Sender),
        (None, Some(text)) => text
            .value
            .and_then(|typed| sid(&text.at, typed, "copy it from the console: MG…", context))
            .map(settings::SmsFrom::Service),
        (Some(_), Some(text)) => {
            context.refuse(&text.at, "there is `from`, too", "take one of the two out")
        }
        (None, None) => context.refuse(&at.inside("from"), "is missing", help),
    };
    let why = "somebody waits for the code";
    let (least, most) = (Duration::from_millis(100), MINUTE / 3);
    let timeout = context.duration(section.timeout, Duration::from_secs(10), least..=most, why);
    Some(settings::Twilio {
        url: url?,
        account: account?,
        token: token?,
        from: from?,
        timeout: timeout?,
    })
}

/// It stands in an address.
fn sid(at: &Place, typed: String, help: &str, context: &Context<'_>) -> Option<String> {
    if (1..=64).contains(&typed.len()) && typed.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Some(typed);
    }
    context.refuse(at, "is no SID", help)
}

fn sender(text: &Text, context: &Context<'_>) -> Option<String> {
    let typed = text.value.clone()?;
    let is_name = (1..=11).contains(&typed.len())
        && typed.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ')
        && typed.bytes().any(|byte| byte.is_ascii_alphabetic());
    if is_name {
        return Some(typed);
    }
    let help = "write a number of the account such as \"+15005550006\", or a name of up to 11 letters and digits";
    let number: Option<PhoneNumber> = context.parse(text, help);
    number.map(|number| number.as_str().to_owned())
}

fn prefixes(
    at: &Place,
    typed: Vec<Located<Prefix>>,
    context: &Context<'_>,
) -> Option<Vec<PrefixRule>> {
    if typed.is_empty() {
        let help = "name the countries, or take the whole of sms out";
        return context.refuse(at, "names nobody who may get text messages", help);
    }
    let count = typed.len();
    let mut rules: Vec<PrefixRule> = Vec::new();
    for found in typed {
        let (at, Some(section)) = (found.at, found.value) else { continue };
        let help = "write how numbers begin: \"+41\", in quotes";
        let prefix = context.required(section.prefix, &at, "prefix", help);
        let cap = budgets::rate(section.cap, 100, DAY, context);
        let (Some((at, prefix)), Some(cap)) = (prefix, cap) else { continue };
        match PrefixRule::new(&prefix, cap) {
            Ok(rule) if rules.iter().any(|known| known.prefix() == rule.prefix()) => {
                context.fault(&at, "is named twice", "take one of the two out");
            }
            Ok(rule) => rules.push(rule),
            Err(error) => context.fault(&at, error, help),
        }
    }
    (rules.len() == count).then_some(rules)
}
