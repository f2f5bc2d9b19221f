//! How much a question may ask for, counted before anything is made of it (S14).
//!
//! The library's own limits come after it has looked at everything, fragments in fragments as often as they are named: of a few
//! lines that takes for ever. Here it is counted as far as it may go, and no further. And its parser goes as deep into lists and
//! objects as they go, until the stack is at its end and the process with it.

use async_graphql::Positioned;
use async_graphql::parser::types::{Directive, ExecutableDocument, Selection, SelectionSet};

use super::Introspection;

/// The most that a question may ask for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Brackets that open anything, also in texts: nothing is nested deeper than this.
    brackets: usize,
    /// Fields at its top, under whatever names: each is a command, or reads from a store.
    top: usize,
    /// Fields and fragments in all; a fragment counts where it stands and wherever it is named.
    parts: usize,
    /// How deep they lie in each other.
    depth: usize,
    /// Directives in all.
    directives: usize,
}

impl Bounds {
    /// As many commands as a challenge takes guesses, and room for all that they answer.
    pub(super) const fn of(introspection: Introspection) -> Self {
        let own = Self { brackets: 250, top: 5, parts: 150, depth: 8, directives: 5 };
        match introspection {
            Introspection::Off => own,
            // What tools ask about all that there is to ask for is larger than any other question.
            Introspection::On => Self { parts: 1000, depth: 32, ..own },
        }
    }

    /// Whether a question can be read at all.
    pub(super) fn admit(self, text: &str) -> bool {
        text.bytes().filter(|byte| b"([{".contains(byte)).count() <= self.brackets
    }

    /// Whether a question stays within them.
    pub(super) fn hold(self, document: &ExecutableDocument) -> bool {
        let mut count = Count { document, left: self };
        count.all().is_some()
    }

    /// The most fields, and how deep: of a question within them.
    pub(super) const fn written_out(self) -> (usize, usize) {
        (self.parts, self.depth)
    }

    /// What is told of them.
    pub(super) fn about(self) -> String {
        let Self { brackets, top, parts, depth, directives } = self;
        format!(
            "The question asks for too much: {top} fields at its top, {parts} in all, {depth} deep, {directives} \
             directives and {brackets} brackets are the most."
        )
    }
}

/// What is left of the bounds. `None` is returned as soon as one is passed.
struct Count<'a> {
    document: &'a ExecutableDocument,
    left: Bounds,
}

impl<'a> Count<'a> {
    fn all(&mut self) -> Option<()> {
        for (_, operation) in self.document.operations.iter() {
            self.directives(&operation.node.directives)?;
            self.selected(&operation.node.selection_set, Place { is_top: true, deep: 1 })?;
        }
        for fragment in self.document.fragments.values() {
            self.directives(&fragment.node.directives)?;
            self.selected(&fragment.node.selection_set, Place { is_top: false, deep: 1 })?;
        }
        Some(())
    }

    fn selected(&mut self, set: &'a Positioned<SelectionSet>, place: Place) -> Option<()> {
        if !set.node.items.is_empty() && place.deep > self.left.depth {
            return None;
        }
        for selection in &set.node.items {
            spend(&mut self.left.parts, 1)?;
            self.directives(selection.node.directives())?;
            match &selection.node {
                Selection::Field(field) => {
                    spend(&mut self.left.top, usize::from(place.is_top))?;
                    self.selected(&field.node.selection_set, place.inside())?;
                }
                Selection::InlineFragment(fragment) => {
                    self.selected(&fragment.node.selection_set, place.beside())?;
                }
                Selection::FragmentSpread(named) => {
                    // Where there is no such fragment the library says so.
                    let fragment = self.document.fragments.get(&named.node.fragment_name.node);
                    if let Some(fragment) = fragment {
                        self.selected(&fragment.node.selection_set, place.beside())?;
                    }
                }
            }
        }
        Some(())
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) -> Option<()> {
        spend(&mut self.left.directives, directives.len())
    }
}

/// Where fields stand.
#[derive(Clone, Copy)]
struct Place {
    /// Whether they are the question's own, and not those of a field.
    is_top: bool,
    deep: usize,
}

impl Place {
    /// In a field.
    const fn inside(self) -> Self {
        Self { is_top: false, deep: self.deep + 1 }
    }

    /// In a fragment, whose fields are those of the place.
    const fn beside(self) -> Self {
        Self { deep: self.deep + 1, ..self }
    }
}

fn spend(left: &mut usize, parts: usize) -> Option<()> {
    *left = left.checked_sub(parts)?;
    Some(())
}
