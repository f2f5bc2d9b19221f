//! A rule with everything that matching needs prepared.

use crate::domain::rule::{PathPattern, Rule};

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

    pub(super) fn matches(&self, facts: &Facts<'_>, reading: &str, case: Case) -> bool {
        let pattern = match case {
            Case::Exact => &self.rule.path,
            Case::Folded => &self.folded,
        };
        pattern.as_ref().is_none_or(|pattern| pattern.matches(reading))
            && (self.rule.methods.is_empty()
                || self.rule.methods.iter().any(|method| method == facts.method.as_str()))
            && (self.rule.networks.is_empty()
                || self.rule.networks.iter().any(|network| network.contains(&facts.client)))
    }
}
