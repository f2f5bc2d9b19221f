//! What must hold of a question that is within its bounds, whatever it is: for `portal::api::trial`.

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

use super::Introspection;
use super::bounds::Bounds;

/// More than any bound; to count further says nothing.
const MANY: usize = 10_000;

/// Whatever is asked, it is read or refused; and what is within the bounds is not much, with each fragment written out
/// wherever it is named.
pub(in crate::portal::api) fn within(text: &str) -> Result<(), String> {
    for introspection in [Introspection::Off, Introspection::On] {
        let bounds = Bounds::of(introspection);
        if !bounds.admit(text) {
            continue;
        }
        let Ok(document) = parse_query(text) else { continue };
        if !bounds.hold(&document) {
            continue;
        }
        let (most, deepest) = bounds.written_out();
        for (_, operation) in document.operations.iter() {
            let (mut fields, mut depth) = (0, 0);
            write_out(&document, &operation.node.selection_set.node, 1, &mut fields, &mut depth);
            if fields > most || depth > deepest {
                return Err(format!("{fields} fields, {depth} deep in {introspection:?}: {text}"));
            }
        }
    }
    Ok(())
}

fn write_out(
    document: &ExecutableDocument,
    set: &SelectionSet,
    level: usize,
    fields: &mut usize,
    depth: &mut usize,
) {
    for selection in &set.items {
        *depth = level.max(*depth);
        if *fields > MANY || level > MANY / 100 {
            return;
        }
        let inside = match &selection.node {
            Selection::Field(field) => {
                *fields += 1;
                Some(&field.node.selection_set)
            }
            Selection::InlineFragment(fragment) => Some(&fragment.node.selection_set),
            Selection::FragmentSpread(named) => {
                let found = document.fragments.get(&named.node.fragment_name.node);
                found.map(|fragment| &fragment.node.selection_set)
            }
        };
        if let Some(inside) = inside {
            write_out(document, &inside.node, level + 1, fields, depth);
        }
    }
}
