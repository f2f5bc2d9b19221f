//! A decision told rule by rule, for operators who wonder.

use super::compiled::Mismatch;
use super::{Case, Decision, Facts, SitePolicy, Timestamp, Visitor, apply, keep_stricter};

/// How the rules of a site come to what they decide on a request.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// Every way in which the path could be read, the plain one last. The strictest decides.
    pub readings: Vec<Reading>,
    /// What is decided.
    pub decision: Decision,
}

/// What the rules make of the path, read in one way.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The path as it is read.
    pub path: String,
    /// Of each rule, in their order.
    pub verdicts: Vec<Verdict>,
    /// What is decided on it; where no rule is for it, it is refused.
    pub decision: Decision,
}

/// How one rule stands to a request.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It is not for it.
    Differs(Mismatch),
    /// It is for it, and decides.
    Decides(Decision),
    /// It is for it, and only tells what it would decide.
    Reports(Decision),
    /// A rule above it has decided.
    NotReached,
}

impl SitePolicy {
    /// Tells how [`SitePolicy::decide`] comes to its decision.
    pub fn explain(
        &self,
        facts: &Facts<'_>,
        visitor: Option<Visitor<'_>>,
        now: Timestamp,
    ) -> Explanation {
        let mut readings = Vec::new();
        let mut strictest = None;
        self.each_reading(facts, |path, case| {
            let reading = self.explain_reading(facts, path, case, visitor, now);
            keep_stricter(&mut strictest, reading.decision.clone());
            readings.push(reading);
        });
        Explanation { readings, decision: strictest.unwrap_or(Decision::Forbidden) }
    }

    fn explain_reading(
        &self,
        facts: &Facts<'_>,
        path: &str,
        case: Case,
        visitor: Option<Visitor<'_>>,
        now: Timestamp,
    ) -> Reading {
        let mut decided: Option<Decision> = None;
        let verdict = |rule: &super::CompiledRule| {
            if decided.is_some() {
                return Verdict::NotReached;
            }
            if let Some(mismatch) = rule.mismatch(facts, path, case) {
                return Verdict::Differs(mismatch);
            }
            let decision = apply(rule.rule(), facts, visitor, now);
            if !rule.decides() {
                return Verdict::Reports(decision);
            }
            decided = Some(decision.clone());
            Verdict::Decides(decision)
        };
        let verdicts = self.rules.iter().map(verdict).collect();
        Reading {
            path: path.to_owned(),
            verdicts,
            decision: decided.unwrap_or(Decision::Forbidden),
        }
    }
}
