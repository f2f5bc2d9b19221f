//! What pages show of captchas, and of what was wrong with them.

use minijinja::{Value, context};

use super::context::{not_before, span};
use crate::auth::captcha::CaptchaFault;
use crate::domain::captcha::{Demand, ProviderKind, Puzzle, Widget};
use crate::domain::time::Timestamp;

/// What the form shows; nothing where it asks for nothing.
pub(super) fn captcha(demand: &Demand) -> Option<Value> {
    match demand {
        Demand::Nothing => None,
        Demand::Work(puzzle) => Some(work(puzzle)),
        Demand::Provider(widget) => Some(provider(widget)),
    }
}

fn work(puzzle: &Puzzle) -> Value {
    let Puzzle { ticket, salt, target, hashes, wait } = puzzle;
    // Rounded up, so that whoever waits for it is never too early.
    let seconds = u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX);
    context! { kind => "work", ticket, salt, target, hashes, seconds, wait => span(*wait) }
}

fn provider(widget: &Widget) -> Value {
    let (class, name) = match widget.kind {
        ProviderKind::RecaptchaV2 | ProviderKind::RecaptchaV3 => ("g-recaptcha", "Google"),
        ProviderKind::Hcaptcha => ("h-captcha", "hCaptcha"),
        ProviderKind::Turnstile => ("cf-turnstile", "Cloudflare"),
    };
    let mut script = widget.script.clone();
    if widget.kind == ProviderKind::RecaptchaV3 {
        script.query_pairs_mut().append_pair("render", &widget.site_key);
    }
    context! {
        kind => widget.kind.as_str(),
        class,
        name,
        site_key => widget.site_key.as_str(),
        script => script.as_str(),
        action => widget.action,
    }
}

/// What an alert says of a captcha: its name, until when, for how long.
pub(super) fn alert(
    fault: CaptchaFault,
    now: Timestamp,
) -> (Option<&'static str>, Option<Value>, Option<Value>) {
    match fault {
        CaptchaFault::Missing | CaptchaFault::Wrong => (Some("captcha_missing"), None, None),
        CaptchaFault::Expired => (Some("form_expired"), None, None),
        CaptchaFault::Spent => (Some("captcha_spent"), None, None),
        CaptchaFault::TooSoon { wait } => (Some("captcha_too_soon"), None, Some(span(wait))),
        CaptchaFault::Limited(limited) => {
            (Some("captcha_limited"), Some(not_before(now + limited.retry_after, now)), None)
        }
        CaptchaFault::Refused => (Some("captcha_refused"), None, None),
        CaptchaFault::Away => (Some("captcha_away"), None, None),
    }
}
