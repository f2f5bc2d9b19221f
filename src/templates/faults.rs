//! What is wrong with words, each with its place.

use std::fmt;

use super::TemplateError;

/// One mistake and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file: its path where it is the operator's, its name under `templates/` where it is in the binary.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub told: String,
}

/// All mistakes of a set of files, so that they can be mended in one go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(super) fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Fine where there are none.
    pub(super) fn none(self) -> Result<(), TemplateError> {
        if self.is_empty() { Ok(()) } else { Err(TemplateError::Words(self)) }
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, Fault { file, line, told }) in self.0.iter().enumerate() {
            let end = if place > 0 { "\n" } else { "" };
            write!(f, "{end}{file}:{line}: {told}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
