//! A rule with everything that matching needs prepared.

use crate::domain::rule::{Effect, PathPattern, Rule};

use super::{Case, Facts};

#[derive(Debug)]
pub(super) struct CompiledRule {
    rule: Rule,
    folded: Option<PathPattern>,
}

impl CompiledRule {
    pub(super) fn new(rule: Rule) -> Self {
        let folded = rule.path.as_ref().map(PathPattern::folded);
        Self { rule, folded }
    }

    pub(super) const fn rule(&self) -> &Rule {
        &self.rule
    }

    pub(super) fn has_upper_case(&self) -> bool {
        self.rule.path != self.folded
    }

    pub(super) fn decides(&self) -> bool {
        self.rule.effect == Effect::Decides
    }

    pub(super) fn matches(&self, facts: &Facts<'_>, reading: &str, case: Case) -> bool {
        self.mismatch(facts, reading, case).is_none()
    }

    /// The first thing by which the rule is not for the request; `None` where it is.
    pub(super) fn mismatch(
        &self,
        facts: &Facts<'_>,
        reading: &str,
        case: Case,
    ) -> Option<Mismatch> {
        let pattern = match case {
            Case::Exact => &self.rule.path,
            Case::Folded => &self.folded,
        };
        let Rule { methods, networks, .. } = &self.rule;
        if pattern.as_ref().is_some_and(|pattern| !pattern.matches(reading)) {
            Some(Mismatch::Path)
        } else if !methods.is_empty() && !methods.iter().any(|m| m == facts.method.as_str()) {
            Some(Mismatch::Method)
        } else if !networks.is_empty() && !networks.iter().any(|n| n.contains(&facts.client)) {
            Some(Mismatch::Network)
        } else {
            None
        }
    }
}

/// By what a rule is not for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// It is for other paths.
    Path,
    /// It is for other methods.
    Method,
    /// It is for clients elsewhere.
    Network,
}
