//! `limits`, `otp`, `session`, `password_hash`: how often, how long, how hard.

use std::num::{NonZeroU8, NonZeroU32, NonZeroUsize};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::context::{Context, Place};
use super::domain;
use super::half_of_the_processors;
use super::located::{Located, Text};
use crate::config::settings;
use crate::domain::quota::Rate;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// The texts that stand for rates, for the schema.
pub(super) const RATE: &str = r"^([0-9]+ */ *[0-9]+(ms|s|m|h|d)|.*\$\{.*)$";
/// The texts that stand for spans of time, for the schema.
pub(super) const SPAN: &str = r"^([0-9]+(ms|s|m|h|d)|.*\$\{.*)$";

/// How often something may be tried; each is number/period.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// Sign-ins of one address.
    #[schemars(extend("default" = "5/5m", "pattern" = RATE))]
    sign_in: Option<Text>,
    /// Registrations from one address.
    #[schemars(extend("default" = "5/1h", "pattern" = RATE))]
    registration: Option<Text>,
    /// New passwords asked for from one address.
    #[schemars(extend("default" = "5/1h", "pattern" = RATE))]
    reset: Option<Text>,
    /// Codes typed from one address.
    #[schemars(extend("default" = "10/5m", "pattern" = RATE))]
    verify: Option<Text>,
    /// Further codes asked for from one address.
    #[schemars(extend("default" = "3/10m", "pattern" = RATE))]
    resend: Option<Text>,
    /// Codes requested for one mailbox.
    #[schemars(extend("default" = "5/1h", "pattern" = RATE))]
    code_request: Option<Text>,
    /// Codes mailed to one account for browsers that it does not know; each that it knows has as many of its own.
    #[schemars(extend("default" = "10/1d", "pattern" = RATE))]
    mails_account: Option<Text>,
    /// Codes that one address has mailed, to whomever.
    #[schemars(extend("default" = "20/1h", "pattern" = RATE))]
    mails_address: Option<Text>,
    /// Codes mailed in all: what your mail provider allows.
    #[schemars(extend("default" = "600/1h", "pattern" = RATE))]
    mails_total: Option<Text>,
    /// Codes as text messages to one number.
    #[schemars(extend("default" = "5/1h", "pattern" = RATE))]
    sms_number: Option<Text>,
    /// Codes that one address has sent as text messages, to whomever.
    #[schemars(extend("default" = "10/1h", "pattern" = RATE))]
    sms_address: Option<Text>,
    /// Codes as text messages in all.
    #[schemars(extend("default" = "500/1d", "pattern" = RATE))]
    sms_total: Option<Text>,
}

/// The codes that are mailed.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Otp {
    /// How long a code works: an hour at most.
    #[schemars(extend("default" = "10m", "pattern" = SPAN))]
    lifetime: Option<Text>,
    /// The guesses for one sign-in; asking for another code gives no more of them.
    #[schemars(range(min = 1, max = 10), extend("default" = 5))]
    attempts: Option<Located<u64>>,
    /// The codes sent for one sign-in, the first included.
    #[schemars(range(min = 1, max = 10), extend("default" = 3))]
    sends: Option<Located<u64>>,
    /// The wait before the second code; it doubles after that.
    #[schemars(extend("default" = "30s", "pattern" = SPAN))]
    cool_down: Option<Text>,
}

/// How long people stay signed in.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Session {
    /// When a session ends, whatever happens.
    #[schemars(extend("default" = "12h", "pattern" = SPAN))]
    lifetime: Option<Text>,
    /// When an unused session ends.
    #[schemars(extend("default" = "1h", "pattern" = SPAN))]
    idle: Option<Text>,
    /// When the session of somebody who asked to be remembered ends.
    #[schemars(extend("default" = "30d", "pattern" = SPAN))]
    remember: Option<Text>,
    /// The domain whose hosts share one cookie, such as example.com; all sites have to be under it. Left out: each host
    /// has a cookie of its own, which other hosts of the domain never see.
    domain: Option<Text>,
}

/// Browsers that people trust.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Devices {
    /// How long a trusted browser is spared the code.
    #[schemars(extend("default" = "30d", "pattern" = SPAN))]
    lifetime: Option<Text>,
}

pub(super) fn devices(
    section: Option<Located<Devices>>,
    context: &Context<'_>,
) -> Option<settings::Devices> {
    let (_, section) = context.section(section, "devices")?;
    let why = "less is no trust at all, and whoever finds a browser after more is a stranger";
    let lifetime = context.duration(section.lifetime, 30 * DAY, HOUR..=90 * DAY, why)?;
    Some(settings::Devices { lifetime })
}

/// How passwords are hashed (Argon2id).
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordHash {
    /// Memory for one hash, in KiB.
    #[schemars(range(min = 7168, max = 1_048_576), extend("default" = 19_456))]
    memory_kib: Option<Located<u64>>,
    /// Passes over that memory.
    #[schemars(range(min = 1, max = 32), extend("default" = 2))]
    iterations: Option<Located<u64>>,
    /// Lanes of one hash.
    #[schemars(range(min = 1, max = 16), extend("default" = 1))]
    parallelism: Option<Located<u64>>,
    /// Hashes made at the same time. Left out: half of the processors, at least 1.
    #[schemars(range(min = 1, max = 256))]
    threads: Option<Located<u64>>,
    /// Hashes that may wait; past that sign-ins are told to come back.
    #[schemars(range(min = 1, max = 65_536), extend("default" = 64))]
    queue: Option<Located<u64>>,
}

pub(super) fn limits(
    section: Option<Located<Limits>>,
    context: &Context<'_>,
) -> Option<settings::Limits> {
    let (_, section) = context.section(section, "limits")?;
    let sign_in = rate(section.sign_in, 5, 5 * MINUTE, context);
    let registration = rate(section.registration, 5, HOUR, context);
    let reset = rate(section.reset, 5, HOUR, context);
    let verify = rate(section.verify, 10, 5 * MINUTE, context);
    let resend = rate(section.resend, 3, 10 * MINUTE, context);
    let code_request = rate(section.code_request, 5, HOUR, context);
    let mails_account = rate(section.mails_account, 10, DAY, context);
    let mails_address = rate(section.mails_address, 20, HOUR, context);
    let mails_total = rate(section.mails_total, 600, HOUR, context);
    let sms_number = rate(section.sms_number, 5, HOUR, context);
    let sms_address = rate(section.sms_address, 10, HOUR, context);
    let sms_total = rate(section.sms_total, 500, DAY, context);
    Some(settings::Limits {
        sign_in: sign_in?,
        registration: registration?,
        reset: reset?,
        verify: verify?,
        resend: resend?,
        code_request: code_request?,
        mails_account: mails_account?,
        mails_address: mails_address?,
        mails_total: mails_total?,
        sms_number: sms_number?,
        sms_address: sms_address?,
        sms_total: sms_total?,
    })
}

/// A rate; `events` in `period` where none is typed.
pub(super) fn rate(
    field: Option<Text>,
    events: u32,
    period: Duration,
    context: &Context<'_>,
) -> Option<Rate> {
    let default = NonZeroU32::new(events).and_then(|events| Rate::new(events, period))?;
    let Some(text) = field else { return Some(default) };
    let help = format!("write how many in how long; left out, it is {default}");
    let rate: Rate = context.parse(&text, &help)?;
    // The limiter counts in milliseconds: more than one in each would be no limit.
    if Duration::from_millis(1) * rate.events().get() > rate.period() {
        return context.refuse(&text.at, "is more than 1000 a second, which limits nothing", help);
    }
    if rate.period() > 30 * DAY {
        return context.refuse(&text.at, "has a period of more than 30d", help);
    }
    Some(rate)
}

pub(super) fn otp(section: Option<Located<Otp>>, context: &Context<'_>) -> Option<settings::Otp> {
    let (_, section) = context.section(section, "otp")?;
    let lifetime_at = section.lifetime.as_ref().map(|text| text.at.clone());
    let cool_down_at = section.cool_down.as_ref().map(|text| text.at.clone());
    let why =
        "a shorter-lived code ends before its mail is read, a longer-lived one waits for a thief";
    let least = Duration::from_secs(10);
    let lifetime = context.duration(section.lifetime, 10 * MINUTE, least..=HOUR, why);
    let why = "a six-digit code falls to guessing: each further guess is one more in a million for a stranger";
    let attempts = context.number(section.attempts, 5_u8, 1..=10, why);
    let why = "each further code is one more mail that somebody else can make doorward send";
    let sends = context.number(section.sends, 3_u8, 1..=10, why);
    let why = "the wait keeps a mailbox from being flooded, and must leave time for a second code";
    let cool_down = context.duration(
        section.cool_down,
        Duration::from_secs(30),
        Duration::from_secs(1)..=HOUR,
        why,
    );
    let (lifetime, cool_down) = (lifetime?, cool_down?);
    if cool_down >= lifetime {
        let at = cool_down_at.or(lifetime_at).unwrap_or_default();
        let message = "the wait for a second code is as long as the first one lives";
        return context.refuse(&at, message, "make otp.cool_down shorter than otp.lifetime");
    }
    Some(settings::Otp {
        lifetime,
        attempts: NonZeroU8::new(attempts?)?,
        sends: NonZeroU8::new(sends?)?,
        cool_down,
    })
}

/// Where the domain is written, if it is.
pub(super) fn place_of_domain(section: Option<&Located<Session>>) -> Option<Place> {
    section?.value.as_ref()?.domain.as_ref().map(|text| text.at.clone())
}

pub(super) fn session(
    section: Option<Located<Session>>,
    context: &Context<'_>,
) -> Option<settings::Sessions> {
    let (_, section) = context.section(section, "session")?;
    let idle_at = section.idle.as_ref().map(|text| text.at.clone());
    let remember_at = section.remember.as_ref().map(|text| text.at.clone());
    let why = "a session of no length signs nobody in, an endless one is never checked again";
    let range = MINUTE..=YEAR;
    let lifetime = context.duration(section.lifetime, 12 * HOUR, range.clone(), why);
    // Where only the lifetime is given, the others keep to it.
    let given = lifetime.unwrap_or(12 * HOUR);
    let idle = context.duration(section.idle, HOUR.min(given), range.clone(), why);
    let remember = context.duration(section.remember, (30 * DAY).max(given), range, why);
    let domain = domain::domain(section.domain, context);
    let (lifetime, idle, remember) = (lifetime?, idle?, remember?);
    if let (true, Some(at)) = (idle > lifetime, &idle_at) {
        let help = "make session.idle shorter than session.lifetime, or session.lifetime longer";
        return context.refuse(at, "an unused session would outlive its lifetime", help);
    }
    if let (true, Some(at)) = (remember < lifetime, &remember_at) {
        let help = "make session.remember at least as long as session.lifetime";
        return context.refuse(at, "a remembered session would end before one that is not", help);
    }
    Some(settings::Sessions { lifetime, idle, remember, domain: domain? })
}

pub(super) fn password_hash(
    section: Option<Located<PasswordHash>>,
    context: &Context<'_>,
) -> Option<settings::PasswordHashing> {
    /// The least of OWASP's choices: 7 MiB and 5 passes. Less of one takes more of the other.
    const LEAST_WORK: u64 = 7168 * 5;
    let (at, section) = context.section(section, "password_hash")?;
    let why = "less is cheap to guess against, more makes each sign-in slow";
    let memory_kib = context.number(section.memory_kib, 19_456_u32, 7168..=1_048_576, why);
    let iterations = context.number(section.iterations, 2_u32, 1..=32, why);
    let parallelism = context.number(section.parallelism, 1_u32, 1..=16, why);
    let threads = context.number(
        section.threads,
        half_of_the_processors(),
        1..=256,
        "each takes a processor and memory_kib",
    );
    let queue = context.number(
        section.queue,
        64_usize,
        1..=65_536,
        "each is somebody who waits to sign in",
    );
    let (memory_kib, iterations) = (memory_kib?, iterations?);
    if u64::from(memory_kib) * u64::from(iterations) < LEAST_WORK {
        let message = "memory_kib times iterations is too little work for whoever guesses";
        let help = "write memory_kib: 19456, iterations: 2; or 12288 and 3, 9216 and 4, 7168 and 5";
        return context.refuse(&at, message, help);
    }
    Some(settings::PasswordHashing {
        memory_kib,
        iterations,
        parallelism: parallelism?,
        threads: NonZeroUsize::new(threads?)?,
        queue: queue?,
    })
}
