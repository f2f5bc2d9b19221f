//! `captcha`: what forms ask for, so that programs do not send them in masses.

use std::num::NonZeroU32;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::budgets::{self, RATE, SPAN};
use super::context::{Context, Place};
use super::located::{Located, Text};
use super::{secret, web};
use crate::config::settings;
use crate::domain::captcha::{CaptchaKind, CaptchaRules, ProviderKind, WidgetOf, WorkRule};

/// What forms ask for, so that programs do not send them in masses: proof_of_work (a sum in the browser, without anybody
/// else), provider (see below), or none.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Captcha {
    /// The form for registering.
    #[schemars(extend("default" = "proof_of_work"))]
    registration: Option<Located<Kind>>,
    /// The form for a forgotten password.
    #[schemars(extend("default" = "none"))]
    reset: Option<Located<Kind>>,
    /// The form for signing in, once there were failures.
    #[schemars(extend("default" = "none"))]
    sign_in: Option<Located<Kind>>,
    /// The wrong passwords within an hour, from an address or for a name, after which signing in asks.
    #[schemars(range(min = 1, max = 100), extend("default" = 3))]
    sign_in_after: Option<Located<u64>>,
    /// The sum, and what stands in for it.
    proof_of_work: Option<Located<Work>>,
    /// A provider of captchas.
    provider: Option<Located<Provider>>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum Kind {
    None,
    ProofOfWork,
    Provider,
}

impl Kind {
    const fn meant(self) -> CaptchaKind {
        match self {
            Self::None => CaptchaKind::Off,
            Self::ProofOfWork => CaptchaKind::ProofOfWork,
            Self::Provider => CaptchaKind::Provider,
        }
    }
}

/// The sum, and what stands in for it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Work {
    /// The most hashes that it takes; half of that on average.
    #[schemars(range(min = 1000, max = 100_000_000), extend("default" = 400_000))]
    hashes: Option<Located<u64>>,
    /// How long a browser without scripts waits instead.
    #[schemars(extend("default" = "15s", "pattern" = SPAN))]
    wait: Option<Text>,
    /// How often waiting is taken from one address.
    #[schemars(extend("default" = "5/1h", "pattern" = RATE))]
    waits_address: Option<Text>,
    /// How often waiting is taken in all.
    #[schemars(extend("default" = "60/1h", "pattern" = RATE))]
    waits_total: Option<Text>,
}

/// A provider of captchas: it sees who loads the form, and says who is a person.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Provider {
    /// Whose.
    #[schemars(required)]
    kind: Option<Located<Service>>,
    /// The site key, which pages show.
    #[schemars(required)]
    site_key: Option<Text>,
    /// The secret key; better in a file (secret_file) or a variable (${CAPTCHA_SECRET}).
    secret: Option<Text>,
    /// The file of the secret key; its owner alone may read it.
    secret_file: Option<Text>,
    /// The script that pages load. Left out: the provider's own.
    script: Option<Text>,
    /// Where tokens are asked about. Left out: the provider's own.
    verify: Option<Text>,
    /// How long an answer may take.
    #[schemars(extend("default" = "5s", "pattern" = SPAN))]
    timeout: Option<Text>,
    /// The least score that is taken, in hundredths; of recaptcha_v3 alone.
    #[schemars(range(min = 0, max = 100), extend("default" = 50))]
    least_score: Option<Located<u64>>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(super) enum Service {
    #[serde(rename = "recaptcha_v2")]
    RecaptchaV2,
    #[serde(rename = "recaptcha_v3")]
    RecaptchaV3,
    #[serde(rename = "hcaptcha")]
    Hcaptcha,
    #[serde(rename = "turnstile")]
    Turnstile,
}

impl Service {
    const fn meant(self) -> ProviderKind {
        match self {
            Self::RecaptchaV2 => ProviderKind::RecaptchaV2,
            Self::RecaptchaV3 => ProviderKind::RecaptchaV3,
            Self::Hcaptcha => ProviderKind::Hcaptcha,
            Self::Turnstile => ProviderKind::Turnstile,
        }
    }
}

const HOUR: Duration = Duration::from_secs(3600);

pub(super) fn captcha(
    section: Option<Located<Captcha>>,
    context: &Context<'_>,
) -> Option<settings::Captcha> {
    let (_, section) = context.section(section, "captcha")?;
    let wants_provider = [&section.registration, &section.reset, &section.sign_in]
        .into_iter()
        .flatten()
        .find(|kind| matches!(kind.value, Some(Kind::Provider)))
        .map(|kind| kind.at.clone());
    let usual = CaptchaRules::default();
    let registration = kind(section.registration, usual.registration);
    let reset = kind(section.reset, usual.reset);
    let sign_in = kind(section.sign_in, usual.sign_in);
    let why = "people mistype; more than that is no barrier to anybody";
    let sign_in_after =
        context.number(section.sign_in_after, usual.sign_in_after.get(), 1..=100, why);
    let work = work(section.proof_of_work, context);
    let provider = match section.provider {
        None => Some(None),
        Some(found) => provider(found, context).map(Some),
    };
    if let (Some(at), Some(None)) = (wants_provider, &provider) {
        let help = "add captcha.provider: { kind: turnstile, site_key: …, secret_file: … }";
        return context.refuse(&at, "asks for a provider, and none is named", help);
    }
    Some(settings::Captcha {
        rules: CaptchaRules {
            registration: registration?,
            reset: reset?,
            sign_in: sign_in?,
            sign_in_after: NonZeroU32::new(sign_in_after?)?,
            work: work?,
        },
        provider: provider?,
    })
}

fn kind(field: Option<Located<Kind>>, default: CaptchaKind) -> Option<CaptchaKind> {
    field.map_or(Some(default), |found| found.value.map(Kind::meant))
}

fn work(section: Option<Located<Work>>, context: &Context<'_>) -> Option<WorkRule> {
    let (_, section) = context.section(section, "captcha.proof_of_work")?;
    let usual = WorkRule::default();
    let why = "less is no work for a program, more takes a telephone minutes";
    let hashes = context.number(section.hashes, usual.hashes.get(), 1000..=100_000_000, why);
    let why = "less is no wait for a program, and nobody waits for longer";
    let (least, most) = (Duration::from_secs(1), Duration::from_secs(300));
    let wait = context.duration(section.wait, usual.wait, least..=most, why);
    let waits_address = budgets::rate(section.waits_address, 5, HOUR, context);
    let waits_total = budgets::rate(section.waits_total, 60, HOUR, context);
    Some(WorkRule {
        hashes: NonZeroU32::new(hashes?)?,
        wait: wait?,
        waits_address: waits_address?,
        waits_total: waits_total?,
    })
}

fn provider(
    section: Located<Provider>,
    context: &Context<'_>,
) -> Option<settings::CaptchaProvider> {
    let (at, section) = (section.at, section.value?);
    let help = "name one of recaptcha_v2, recaptcha_v3, hcaptcha, turnstile";
    let kind = context.required(section.kind, &at, "kind", help).map(|(_, kind)| kind.meant());
    let help = "copy the site key from the provider's console";
    let site_key = context
        .required(section.site_key, &at, "site_key", help)
        .and_then(|(at, typed)| site_key(&at, typed, context));
    let secret = secret::typed_or_of_file("secret", section.secret, section.secret_file, context)
        .and_then(|found| match found {
            Some((_, secret)) => Some(secret),
            None => {
                let help = "write the provider's secret key into a file and name it";
                context.refuse(&at.inside("secret_file"), "is missing", help)
            }
        });
    let help = "write the whole address: https://captcha.example.com/…";
    let own = |field: Option<Text>, usual: fn(ProviderKind) -> &'static str| match field {
        Some(text) => web::address(&text, help, context),
        None => usual(kind?).parse::<Url>().ok(),
    };
    let script = own(section.script, ProviderKind::script);
    let verify = own(section.verify, ProviderKind::verify);
    let why = "somebody waits at a form for it";
    let (least, most) = (Duration::from_millis(100), Duration::from_secs(30));
    let timeout = context.duration(section.timeout, Duration::from_secs(5), least..=most, why);
    if let (Some(found), Some(kind)) = (&section.least_score, kind)
        && kind != ProviderKind::RecaptchaV3
    {
        let help = "take it out, or write kind: recaptcha_v3";
        return context.refuse(&found.at, "does nothing with this provider", help);
    }
    let why = "a score is from 0 (a program) to 100 (a person)";
    let least_score = context.number(section.least_score, 50_u8, 0..=100, why);
    Some(settings::CaptchaProvider {
        widget: WidgetOf { kind: kind?, site_key: site_key?, script: script? },
        secret: secret?,
        verify: verify?,
        timeout: timeout?,
        least_score: least_score?,
    })
}

/// A site key stands in pages and in an address.
fn site_key(at: &Place, typed: String, context: &Context<'_>) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if (1..=200).contains(&typed.len()) && typed.bytes().all(fits) {
        return Some(typed);
    }
    let help = "copy it from the provider's console: letters, digits, - and _";
    context.refuse(at, "is no site key", help)
}
