//! Reading a Fluent file: its messages, what each asks for, and its mistakes with their lines.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fluent_bundle::FluentResource;
use fluent_syntax::ast;
use fluent_syntax::ast::{CallArguments, Expression, InlineExpression, Pattern, PatternElement};

use super::faults::{Fault, Faults};

/// A Fluent file.
#[derive(Debug)]
pub(super) struct Source {
    /// How mistakes name it.
    pub(super) file: String,
    /// What is in it.
    pub(super) text: Cow<'static, str>,
}

/// A message or term: where it stands, what it asks for and refers to.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) is_term: bool,
    pub(super) arguments: BTreeSet<String>,
    pub(super) references: BTreeSet<String>,
    file: String,
    line: usize,
}

impl Entry {
    pub(super) fn fault(&self, told: String) -> Fault {
        Fault { file: self.file.clone(), line: self.line, told }
    }

    fn read(&mut self, pattern: &Pattern<&str>) {
        for element in &pattern.elements {
            if let PatternElement::Placeable { expression } = element {
                self.expression(expression);
            }
        }
    }

    fn expression(&mut self, expression: &Expression<&str>) {
        match expression {
            Expression::Inline(inline) => self.inline(inline),
            Expression::Select { selector, variants } => {
                self.inline(selector);
                for variant in variants {
                    self.read(&variant.value);
                }
            }
        }
    }

    fn inline(&mut self, inline: &InlineExpression<&str>) {
        match inline {
            InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. } => {}
            InlineExpression::VariableReference { id } => {
                self.arguments.insert(id.name.to_owned());
            }
            InlineExpression::MessageReference { id, .. } => {
                self.references.insert(id.name.to_owned());
            }
            InlineExpression::TermReference { id, arguments, .. } => {
                self.references.insert(format!("-{}", id.name));
                self.call(arguments.as_ref());
            }
            InlineExpression::FunctionReference { arguments, .. } => self.call(Some(arguments)),
            InlineExpression::Placeable { expression } => self.expression(expression),
        }
    }

    fn call(&mut self, arguments: Option<&CallArguments<&str>>) {
        let Some(CallArguments { positional, named }) = arguments else { return };
        for value in positional.iter().chain(named.iter().map(|argument| &argument.value)) {
            self.inline(value);
        }
    }
}

/// A file's messages, ready to be said and by name.
pub(super) type Read = (Arc<FluentResource>, BTreeMap<String, Entry>);

impl Source {
    /// Reads the messages; a name that stands twice in one file is a mistake too.
    pub(super) fn read(&self) -> Result<Read, Faults> {
        let Self { file, text } = self;
        let mut faults = Faults::default();
        let resource =
            FluentResource::try_new(text.to_string()).unwrap_or_else(|(resource, errors)| {
                let source = resource.source();
                for error in errors {
                    let line = line_at(source, error.pos.start);
                    let junk = error.slice.and_then(|slice| source.get(slice)).unwrap_or_default();
                    let key = junk.split([' ', '=']).next().unwrap_or_default();
                    let told = format!("`{key}` is not Fluent: {}", error.kind);
                    faults.push(Fault { file: file.clone(), line, told });
                }
                resource
            });
        let mut entries = BTreeMap::new();
        for entry in resource.entries() {
            let (key, is_term, pattern) = match entry {
                ast::Entry::Message(message) => {
                    (message.id.name.to_owned(), false, message.value.as_ref())
                }
                ast::Entry::Term(term) => (format!("-{}", term.id.name), true, Some(&term.value)),
                ast::Entry::Comment(_)
                | ast::Entry::GroupComment(_)
                | ast::Entry::ResourceComment(_)
                | ast::Entry::Junk { .. } => continue,
            };
            let (line, twice) = lines_of(resource.source(), &key);
            let mut found = Entry {
                is_term,
                arguments: BTreeSet::new(),
                references: BTreeSet::new(),
                file: file.clone(),
                line,
            };
            match pattern {
                Some(pattern) => found.read(pattern),
                None => faults.push(found.fault(format!("`{key}` says nothing"))),
            }
            if let Some(line) = twice.filter(|_| entries.contains_key(&key)) {
                let told = format!("`{key}` is here a second time");
                faults.push(Fault { file: file.clone(), line, told });
            }
            entries.insert(key, found);
        }
        if faults.iter().next().is_some() { Err(faults) } else { Ok((Arc::new(resource), entries)) }
    }
}

fn line_at(source: &str, offset: usize) -> usize {
    source.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// The line on which a message begins, and the one on which it begins again.
fn lines_of(source: &str, key: &str) -> (usize, Option<usize>) {
    let begins =
        |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='));
    let mut lines = (1..).zip(source.lines()).filter(|(_, line)| begins(line)).map(|(n, _)| n);
    (lines.next().unwrap_or(0), lines.next())
}
