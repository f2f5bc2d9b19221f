//! Facts and session in, decision out. Nothing here does anything.

use std::net::IpAddr;
use std::sync::Arc;

use http::Method;

use crate::domain::account::{Group, Identity};
use crate::domain::path::RequestPath;
use crate::domain::rule::{Preflight, Requirement, Rule, Unauthenticated};
use crate::domain::session::{Assurance, Method as SignInMethod, Methods};
use crate::domain::time::Timestamp;

mod compiled;
mod explain;

use compiled::CompiledRule;
pub use compiled::Mismatch;
pub use explain::{Explanation, Reading, Verdict};

/// What the policy looks at in a request: the very values that are forwarded.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path.
    pub path: &'a RequestPath,
    /// The client's address.
    pub client: IpAddr,
    /// Whether a person's browser loads a page with it, and can be sent to sign-in.
    pub loads_page: bool,
    /// Whether it is a CORS preflight, which tells nothing and asks for nothing but that.
    pub preflight: bool,
}

/// Who asks, if somebody is signed in.
#[derive(Clone, Copy, Debug)]
pub struct Visitor<'a> {
    /// Who it is.
    pub identity: &'a Arc<Identity>,
    /// How they signed in.
    pub methods: &'a Methods,
    /// When they last proved who they are.
    pub authenticated_at: Timestamp,
    /// Whether their account asks for the code also where a password would be enough (R12).
    pub second_step: bool,
}

/// The permission to go on to the app. Only [`SitePolicy::decide`] makes it, and whoever writes identity headers
/// asks for it.
#[derive(Clone, Debug)]
pub struct Admitted {
    identity: Option<Arc<Identity>>,
}

impl Admitted {
    /// Who the app is told it is: nobody where the path is open and no one is signed in.
    pub const fn identity(&self) -> Option<&Arc<Identity>> {
        self.identity.as_ref()
    }
}

/// What somebody has to show before they get through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Name and password.
    Password,
    /// Name, then a code by mail.
    MailCode,
    /// A code, in addition to the password that the session already has.
    SecondFactor,
    /// Everything once more, because the sign-in is too long ago.
    Again,
}

/// What becomes of a request.
#[derive(Clone, Debug)]
pub enum Decision {
    /// It goes on to the app.
    Forward(Admitted),
    /// Its person goes to sign-in, and comes back.
    SignIn(Step),
    /// It gets 401.
    Unauthorized(Step),
    /// It gets 403.
    Forbidden,
}

impl Decision {
    /// The name in metrics and logs.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Forward(_) => "forward",
            Self::SignIn(_) => "sign_in",
            Self::Unauthorized(_) => "unauthorized",
            Self::Forbidden => "forbidden",
        }
    }

    /// Of two decisions on one request the one that refuses more.
    #[must_use]
    pub fn or_stricter(self, other: Self) -> Self {
        if other.strictness() > self.strictness() { other } else { self }
    }

    /// How much it refuses: of several readings of one path the strictest decides.
    const fn strictness(&self) -> u8 {
        match self {
            Self::Forward(_) => 0,
            Self::SignIn(_) => 1,
            Self::Unauthorized(_) => 2,
            Self::Forbidden => 3,
        }
    }
}

/// The rules of one site.
#[derive(Debug)]
pub struct SitePolicy {
    rules: Vec<CompiledRule>,
    any_upper_case: bool,
    any_reports: bool,
    any_passive: bool,
    any_methods: bool,
}

/// What a rule that only reports would have decided.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its place among the rules of the site, from 0.
    pub place: usize,
    /// What it would have decided.
    pub decision: Decision,
}

impl SitePolicy {
    /// The rules in their order. Where none matches, the request is refused.
    pub fn new(rules: Vec<Rule>) -> Self {
        let rules: Vec<CompiledRule> = rules.into_iter().map(CompiledRule::new).collect();
        Self {
            any_upper_case: rules.iter().any(CompiledRule::has_upper_case),
            any_passive: rules.iter().any(|rule| !rule.rule().activity),
            any_methods: rules.iter().any(|rule| !rule.rule().methods.is_empty()),
            any_reports: !rules.iter().all(CompiledRule::decides),
            rules,
        }
    }

    /// Decides on every way in which the app could read the path, letter case included; what one of them refuses
    /// is refused (S48). Usually there is one.
    pub fn decide(
        &self,
        facts: &Facts<'_>,
        visitor: Option<Visitor<'_>>,
        now: Timestamp,
    ) -> Decision {
        let mut strictest: Option<Decision> = None;
        self.each_reading(facts, |reading, case| {
            let decision = self.decide_reading(facts, reading, case, visitor, now);
            keep_stricter(&mut strictest, decision);
        });
        strictest.unwrap_or(Decision::Forbidden)
    }

    /// What the rules that only report would have decided, each for itself: those that are for the request and stand
    /// before the one that decides. Almost always there is none.
    pub fn reports(
        &self,
        facts: &Facts<'_>,
        visitor: Option<Visitor<'_>>,
        now: Timestamp,
    ) -> Vec<Report> {
        if !self.any_reports {
            return Vec::new();
        }
        let mut strictest: Vec<Option<Decision>> = vec![None; self.rules.len()];
        self.each_reading(facts, |reading, case| {
            for (rule, kept) in self.rules.iter().zip(&mut strictest) {
                match rule.matches(facts, reading, case) {
                    true if rule.decides() => break,
                    true => keep_stricter(kept, apply(rule.rule(), facts, visitor, now)),
                    false => {}
                }
            }
        });
        let reports = strictest.into_iter().enumerate();
        reports
            .filter_map(|(place, decision)| Some(Report { place, decision: decision? }))
            .collect()
    }

    /// Whether it matters by which method a request comes.
    pub const fn looks_at_methods(&self) -> bool {
        self.any_methods
    }

    /// Whether a request is a use of its session: almost every one is.
    pub fn is_activity(&self, facts: &Facts<'_>) -> bool {
        !self.any_passive || self.deciding_rule(facts).is_none_or(|(_, rule)| rule.activity)
    }

    fn each_reading(&self, facts: &Facts<'_>, mut see: impl FnMut(&str, Case)) {
        for reading in facts.path.readings() {
            see(reading, Case::Exact);
            if self.any_upper_case || reading.bytes().any(|b| b.is_ascii_uppercase()) {
                see(&reading.to_ascii_lowercase(), Case::Folded);
            }
        }
    }

    /// The rule that decides on the path as it is written, with its place.
    pub fn deciding_rule(&self, facts: &Facts<'_>) -> Option<(usize, &Rule)> {
        let reading = facts.path.readings().last()?;
        let decides =
            |rule: &CompiledRule| rule.decides() && rule.matches(facts, reading, Case::Exact);
        let place = self.rules.iter().position(decides)?;
        self.rules.get(place).map(|rule| (place, rule.rule()))
    }

    /// Whether an account's own second step changes anything here: some page asks for the password alone.
    pub fn leaves_second_step_to_accounts(&self) -> bool {
        let password_alone = |rule: &CompiledRule| {
            rule.decides() && rule.rule().requirement == Requirement::OneFactor
        };
        self.rules.iter().any(password_alone)
    }

    fn decide_reading(
        &self,
        facts: &Facts<'_>,
        reading: &str,
        case: Case,
        visitor: Option<Visitor<'_>>,
        now: Timestamp,
    ) -> Decision {
        let mut deciding = self.rules.iter().filter(|rule| rule.decides());
        match deciding.find(|rule| rule.matches(facts, reading, case)) {
            Some(rule) => apply(rule.rule(), facts, visitor, now),
            None => Decision::Forbidden,
        }
    }
}

/// Which form of paths and patterns is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Exact,
    Folded,
}

fn keep_stricter(strictest: &mut Option<Decision>, decision: Decision) {
    if strictest.as_ref().is_none_or(|kept| decision.strictness() > kept.strictness()) {
        *strictest = Some(decision);
    }
}

fn apply(rule: &Rule, facts: &Facts<'_>, visitor: Option<Visitor<'_>>, now: Timestamp) -> Decision {
    let step = match missing_step(rule, visitor, now) {
        Missing::Nothing => None,
        Missing::Step(step) => Some(step),
        Missing::Everything => return Decision::Forbidden,
    };
    match step {
        None if !in_wanted_group(rule, visitor) => Decision::Forbidden,
        None => Decision::Forward(Admitted { identity: visitor.map(|v| Arc::clone(v.identity)) }),
        // As nobody's, whoever sends it.
        Some(_) if facts.preflight && rule.preflight == Preflight::App => {
            Decision::Forward(Admitted { identity: None })
        }
        Some(step) => match rule.unauthenticated {
            Unauthenticated::Redirect => Decision::SignIn(step),
            Unauthenticated::ByRequest if facts.loads_page => Decision::SignIn(step),
            Unauthenticated::ByRequest | Unauthenticated::Always401 => Decision::Unauthorized(step),
        },
    }
}

enum Missing {
    Nothing,
    Step(Step),
    Everything,
}

fn missing_step(rule: &Rule, visitor: Option<Visitor<'_>>, now: Timestamp) -> Missing {
    let first = match rule.requirement {
        Requirement::Deny => return Missing::Everything,
        Requirement::Bypass if rule.groups.is_empty() => return Missing::Nothing,
        Requirement::OtpOnly => Step::MailCode,
        Requirement::Bypass | Requirement::OneFactor | Requirement::TwoFactor => Step::Password,
    };
    let Some(visitor) = visitor else { return Missing::Step(first) };
    let by_code = visitor.methods.has_code();
    let spared = visitor.methods.has(SignInMethod::TrustedDevice) && !by_code;
    let two_factors = visitor.methods.assurance() == Assurance::TwoFactor;
    let enough = match rule.requirement {
        _ if spared && !rule.trusted_device => false,
        Requirement::Bypass => true,
        Requirement::OneFactor if visitor.second_step => two_factors,
        Requirement::OneFactor => visitor.methods.has(SignInMethod::Password),
        Requirement::OtpOnly => by_code,
        Requirement::TwoFactor => two_factors,
        Requirement::Deny => false,
    };
    let stale = rule.fresh.is_some_and(|fresh| now.since(visitor.authenticated_at) > fresh);
    match (enough, stale) {
        (true, false) => Missing::Nothing,
        (true, true) => Missing::Step(Step::Again),
        // A session by mail alone has no password yet: the whole sign-in is due.
        (false, _) if !visitor.methods.has(SignInMethod::Password) => Missing::Step(Step::Password),
        (false, _) => Missing::Step(Step::SecondFactor),
    }
}

fn in_wanted_group(rule: &Rule, visitor: Option<Visitor<'_>>) -> bool {
    let belongs = |group: &Group| {
        visitor.is_some_and(|v| v.identity.groups().any(|name| name == group.as_str()))
    };
    rule.groups.is_empty() || rule.groups.iter().any(belongs)
}

#[cfg(test)]
mod tests;
