//! `sites[].rules`: the first that matches decides.

use std::time::Duration;

use http::Method;
use schemars::JsonSchema;
use serde::Deserialize;

use super::budgets::SPAN;
use super::context::{Context, Place};
use super::front::network;
use super::located::{Located, Text};
use super::near;
use crate::domain::account::Group;
use crate::domain::rule::{Effect, PathPattern, Preflight, Requirement, Rule, Unauthenticated};

/// One rule: what path, methods and networks say together decides whether it is for a request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    /// The paths it is for: /a for one, /a/* for one segment more, /a/** for /a and all below. Left out: all.
    #[schemars(extend("pattern" = r"^(/|.*\$\{)"))]
    path: Option<Text>,
    /// The methods it is for, such as [GET, HEAD]. Left out: all.
    #[schemars(length(min = 1))]
    methods: Option<Located<Vec<Text>>>,
    /// The client addresses or networks it is for. Left out: all.
    #[schemars(length(min = 1))]
    networks: Option<Located<Vec<Text>>>,
    /// What it takes to get through. bypass: nothing. one_factor: a password. otp_only: a code by mail and no password.
    /// two_factor: a password and a code. deny: nobody does.
    #[schemars(required)]
    policy: Option<Located<Policy>>,
    /// The account must be in one of these groups. Left out: no group is asked for.
    #[schemars(length(min = 1))]
    groups: Option<Located<Vec<Text>>>,
    /// How somebody who is not signed in is answered. by_request: page loads go to sign-in, all else gets 401.
    /// "401": always 401. redirect: always to sign-in.
    #[schemars(extend("default" = "by_request"))]
    unauthenticated: Option<Located<Answer>>,
    /// How recent the sign-in must be, such as 10m. Left out: it does not matter.
    #[schemars(extend("pattern" = SPAN))]
    fresh: Option<Text>,
    /// Whether a browser that its owner trusts is spared the code here. Left out: true.
    #[schemars(extend("default" = true))]
    trusted_device: Option<Located<bool>>,
    /// What becomes of a CORS preflight, which browsers send without cookies before a script's request to another
    /// origin. refuse: 401, as any request of nobody. app: the app answers it.
    #[schemars(extend("default" = "refuse"))]
    preflight: Option<Located<Preflights>>,
    /// Whether a request keeps its session from going idle. Take it back for addresses that a page asks by itself, again
    /// and again. WebSockets and event streams never do. Left out: true.
    #[schemars(extend("default" = true))]
    activity: Option<Located<bool>>,
    /// Whether the rule only tells, in log and metrics, what it would decide, and leaves it to the next one. Left out:
    /// false.
    #[schemars(extend("default" = false))]
    report_only: Option<Located<bool>>,
}

/// What it takes to get through.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum Policy {
    Bypass,
    OneFactor,
    OtpOnly,
    TwoFactor,
    Deny,
}

/// How somebody who is not signed in is answered.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(super) enum Answer {
    #[serde(rename = "by_request")]
    ByRequest,
    #[serde(rename = "401")]
    Always401,
    #[serde(rename = "redirect")]
    Redirect,
}

/// Who answers a CORS preflight.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum Preflights {
    Refuse,
    App,
}

/// The rules of a site. Left out, there is one: everything needs both factors.
pub(super) fn rules(
    field: Option<Located<Vec<Located<RawRule>>>>,
    context: &Context<'_>,
) -> Option<Vec<Rule>> {
    let Some(field) = field else { return Some(vec![everything_needs_both()]) };
    let typed = field.value?;
    if typed.is_empty() {
        let help = "take `rules` out, and everything needs a password and a code; or write [{ policy: … }]";
        return context.refuse(&field.at, "has no rule, so nobody would get through", help);
    }
    let mut rules: Vec<Rule> = Vec::with_capacity(typed.len());
    let mut complete = true;
    for one in typed {
        let at = one.at.clone();
        let Some(rule) = one.value.and_then(|typed| rule(typed, &one.at, context)) else {
            complete = false;
            continue;
        };
        let decides_all =
            |earlier: &Rule| earlier.effect == Effect::Decides && covers(earlier, &rule);
        if let Some(index) = rules.iter().position(decides_all) {
            let message = format!(
                "unreachable rule: rule {} of this site decides all that it is for",
                index + 1
            );
            context.fault(&at, message, "put it above that rule, or take it out");
            complete = false;
        }
        rules.push(rule);
    }
    if complete && rules.iter().all(|rule| rule.effect == Effect::Reports) {
        let help = "write a rule below them that decides, such as - { policy: two_factor }";
        return context.refuse(
            &field.at,
            "has none but rules that report, so nobody would get through",
            help,
        );
    }
    complete.then_some(rules)
}

fn everything_needs_both() -> Rule {
    Rule {
        path: None,
        methods: Vec::new(),
        networks: Vec::new(),
        requirement: Requirement::TwoFactor,
        groups: Vec::new(),
        unauthenticated: Unauthenticated::ByRequest,
        fresh: None,
        trusted_device: true,
        preflight: Preflight::Refuse,
        activity: true,
        effect: Effect::Decides,
    }
}

fn rule(typed: RawRule, at: &Place, context: &Context<'_>) -> Option<Rule> {
    let idle_keys = idle_keys(&typed);
    let path = match &typed.path {
        None => Some(None),
        Some(text) => pattern(text, context).map(Some),
    };
    let methods = list(typed.methods, method, context);
    let networks = list(typed.networks, network, context);
    let help = "write policy: two_factor (or bypass, one_factor, otp_only, deny)";
    let requirement =
        context.required(typed.policy, at, "policy", help).map(|(_, policy)| requirement(policy));
    let useful = useful(&idle_keys, requirement, context);
    let groups = list(
        typed.groups,
        |text, context| {
            context
                .parse::<Group>(text, "write the group as `doorward accounts add --group` has it")
        },
        context,
    );
    let unauthenticated = match typed.unauthenticated {
        None => Some(Unauthenticated::ByRequest),
        Some(answer) => answer.value.map(|answer| match answer {
            Answer::ByRequest => Unauthenticated::ByRequest,
            Answer::Always401 => Unauthenticated::Always401,
            Answer::Redirect => Unauthenticated::Redirect,
        }),
    };
    let trusted_device = match typed.trusted_device {
        None => Some(true),
        Some(trusted) => trusted.value,
    };
    let preflight = preflight(typed.preflight, methods.as_deref(), context);
    let activity = match typed.activity {
        None => Some(true),
        Some(activity) => activity.value,
    };
    let effect = match typed.report_only {
        None => Some(Effect::Decides),
        Some(only) => only.value.map(|only| if only { Effect::Reports } else { Effect::Decides }),
    };
    let fresh = match typed.fresh {
        None => Some(None),
        Some(text) => fresh(text, context).map(Some),
    };
    useful?;
    Some(Rule {
        path: path?,
        methods: methods?,
        networks: networks?,
        requirement: requirement?,
        groups: groups?,
        unauthenticated: unauthenticated?,
        fresh: fresh?,
        trusted_device: trusted_device?,
        preflight: preflight?,
        activity: activity?,
        effect: effect?,
    })
}

/// The keys that ask something of whoever signs in.
fn idle_keys(typed: &RawRule) -> Vec<Place> {
    let groups = typed.groups.as_ref().map(|groups| groups.at.clone());
    let answer = typed.unauthenticated.as_ref().map(|answer| answer.at.clone());
    let fresh = typed.fresh.as_ref().map(|fresh| fresh.at.clone());
    let trusted = typed.trusted_device.as_ref().map(|trusted| trusted.at.clone());
    let preflight = typed.preflight.as_ref().map(|preflight| preflight.at.clone());
    [groups, answer, fresh, trusted, preflight].into_iter().flatten().collect()
}

fn preflight(
    field: Option<Located<Preflights>>,
    methods: Option<&[String]>,
    context: &Context<'_>,
) -> Option<Preflight> {
    let Some(field) = field else { return Some(Preflight::Refuse) };
    match field.value? {
        Preflights::Refuse => Some(Preflight::Refuse),
        Preflights::App
            if methods.is_some_and(|m| !m.is_empty() && !m.iter().any(|m| m == "OPTIONS")) =>
        {
            let message = "does nothing, as this rule is not for OPTIONS";
            context.refuse(&field.at, message, "add OPTIONS to its methods, or take this out")
        }
        Preflights::App => Some(Preflight::App),
    }
}

/// Refuses those keys where nobody signs in: whoever wrote them counts on them.
fn useful(
    idle_keys: &[Place],
    requirement: Option<Requirement>,
    context: &Context<'_>,
) -> Option<()> {
    let open = requirement.filter(|r| matches!(r, Requirement::Bypass | Requirement::Deny));
    let Some(open) = open else { return Some(()) };
    for at in idle_keys {
        let message = format!("does nothing with policy: {}", open.as_str());
        context.fault(at, message, "take it out, or write policy: one_factor or two_factor");
    }
    idle_keys.is_empty().then_some(())
}

fn pattern(text: &Text, context: &Context<'_>) -> Option<PathPattern> {
    context.parse(
        text,
        "write /admin for this one path, /admin/** for it and all below; `*` is one whole segment",
    )
}

const fn requirement(policy: Policy) -> Requirement {
    match policy {
        Policy::Bypass => Requirement::Bypass,
        Policy::OneFactor => Requirement::OneFactor,
        Policy::OtpOnly => Requirement::OtpOnly,
        Policy::TwoFactor => Requirement::TwoFactor,
        Policy::Deny => Requirement::Deny,
    }
}

fn fresh(text: Text, context: &Context<'_>) -> Option<Duration> {
    let day = Duration::from_secs(86_400);
    let least = Duration::from_secs(10);
    let why = "less leaves no time to use the page, more is what session.lifetime is for";
    context.duration(Some(text), Duration::from_secs(600), least..=30 * day, why)
}

/// The items of a list that must not be empty where it is given: nobody could say whether an empty one is for all or
/// for none.
fn list<T>(
    field: Option<Located<Vec<Text>>>,
    read: impl Fn(&Text, &Context<'_>) -> Option<T>,
    context: &Context<'_>,
) -> Option<Vec<T>> {
    let Some(field) = field else { return Some(Vec::new()) };
    let typed = field.value?;
    if typed.is_empty() {
        return context.refuse(
            &field.at,
            "is an empty list",
            "name at least one, or take the key out",
        );
    }
    let count = typed.len();
    let items: Vec<T> = typed.iter().filter_map(|text| read(text, context)).collect();
    (items.len() == count).then_some(items)
}

fn method(text: &Text, context: &Context<'_>) -> Option<String> {
    const KNOWN: [&str; 20] = [
        "GET",
        "HEAD",
        "POST",
        "PUT",
        "PATCH",
        "DELETE",
        "OPTIONS",
        "TRACE",
        "COPY",
        "LOCK",
        "MERGE",
        "MKCALENDAR",
        "MKCOL",
        "MOVE",
        "PROPFIND",
        "PROPPATCH",
        "PURGE",
        "REPORT",
        "SEARCH",
        "UNLOCK",
    ];
    let typed = text.value.as_deref()?;
    let known = KNOWN.contains(&typed);
    // A slip here would leave a door open or shut in silence.
    if !known && let Some(meant) = near::nearest(typed, &KNOWN) {
        let message = format!("`{typed}` is not a method that browsers know");
        return context.refuse(&text.at, message, format!("did you mean `{meant}`?"));
    }
    let token = Method::from_bytes(typed.as_bytes()).is_ok();
    if known || (token && typed.bytes().all(|b| b.is_ascii_uppercase() || b == b'-')) {
        return Some(typed.to_owned());
    }
    context.refuse(&text.at, "is not a method", "write it in capitals: GET, POST, PROPFIND")
}

/// Whether every request that `later` is for is one that `earlier` is for.
fn covers(earlier: &Rule, later: &Rule) -> bool {
    let paths = match (&earlier.path, &later.path) {
        (None, _) => true,
        (Some(earlier), None) => covers_paths(earlier, "/**"),
        (Some(earlier), Some(later)) => covers_paths(earlier, &later.to_string()),
    };
    let methods = earlier.methods.is_empty()
        || (!later.methods.is_empty() && later.methods.iter().all(|m| earlier.methods.contains(m)));
    let networks = earlier.networks.is_empty()
        || (!later.networks.is_empty()
            && later.networks.iter().all(|n| earlier.networks.iter().any(|wide| wide.contains(n))));
    paths && methods && networks
}

/// `later` taken as paths itself, its stars being segments that no literal is: if `earlier` matches those, it matches
/// whatever they stand for. An open end is tried with nothing below, and with more than any pattern has segments.
fn covers_paths(earlier: &PathPattern, later: &str) -> bool {
    match later.strip_suffix("/**") {
        None => earlier.matches(later),
        Some(base) => {
            let deep = format!("{base}{}", "/**".repeat(later.len() + earlier.to_string().len()));
            let folder = if base.is_empty() { "/" } else { base };
            earlier.matches(folder)
                && earlier.matches(&format!("{base}/"))
                && earlier.matches(&deep)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_another_when_it_matches_all_of_it() {
        for (earlier, later, covers) in [
            ("/**", "/**", true),
            ("/**", "/a", true),
            ("/a/**", "/a/b/**", true),
            ("/a/**", "/a", true),
            ("/a/*", "/a/b", true),
            ("/a/*", "/a/*", true),
            ("/*/x", "/a/x", true),
            ("/a/**", "/**", false),
            ("/a/*", "/a/**", false),
            ("/a/*/**", "/a/**", false),
            ("/a/b", "/a/*", false),
            ("/a", "/b", false),
            ("/", "/**", false),
            ("/a/b/c", "/a/**", false),
        ] {
            let pattern: PathPattern = earlier.parse().unwrap();
            assert_eq!(covers_paths(&pattern, later), covers, "{earlier} covers {later}");
        }
    }
}
