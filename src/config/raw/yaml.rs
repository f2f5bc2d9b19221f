//! The file as a tree of texts, each with its place. serde-saphyr reads it; types come later.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Error, Location, Spanned, UserMessageFormatter};

/// A value and where it stands.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) spot: Spot,
    pub(super) content: Content,
}

/// A line and a column, both from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// What stands there.
#[derive(Debug)]
pub(super) enum Content {
    /// Nothing, `~` or `null`.
    Nothing,
    /// A scalar, as it was typed: what type it is, whoever reads it says.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Keys and values, in their order.
    Map(Vec<(Key, Node)>),
}

/// A key and where it stands.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) spot: Spot,
    pub(super) text: String,
}

/// Why the text is not YAML that doorward takes.
#[derive(Debug)]
pub(super) struct NotYaml {
    pub(super) spot: Spot,
    pub(super) message: String,
    pub(super) help: String,
}

/// Reads `text`. A key that stands twice is a fault but no reason to stop: the tree then has the first.
pub(super) fn read(text: &str) -> (Option<Node>, Option<NotYaml>) {
    match read_with(text, DuplicateKeyPolicy::Error) {
        Ok(node) => (Some(node), None),
        Err(error @ Error::DuplicateMappingKey { .. }) => {
            (read_with(text, DuplicateKeyPolicy::FirstWins).ok(), Some(explain(&error)))
        }
        Err(error) => (None, Some(explain(&error))),
    }
}

fn read_with(text: &str, duplicate_keys: DuplicateKeyPolicy) -> Result<Node, Error> {
    let mut options = serde_saphyr::Options::default();
    options.duplicate_keys = duplicate_keys;
    options.with_snippet = false;
    options.emit_comments = false;
    options.reject_unsupported_tags = true;
    let typed: Spanned<Typed> = serde_saphyr::from_str_with_options(text, options)?;
    Ok(node_of(typed, text))
}

fn explain(error: &Error) -> NotYaml {
    let spot = error.location().map_or(Spot { line: 1, column: 1 }, Spot::of);
    let (message, help) = match error {
        Error::DuplicateMappingKey { key, .. } => (
            format!("the key `{}` stands here a second time", key.as_deref().unwrap_or("?")),
            "leave one of them".to_owned(),
        ),
        Error::MultipleDocuments { .. } => (
            "a second document begins here".to_owned(),
            "a configuration is one document: take out the line `---`".to_owned(),
        ),
        other => {
            let formatter: &dyn serde_saphyr::MessageFormatter = &UserMessageFormatter;
            let message: String =
                formatter.format_message(other).chars().filter(|c| !c.is_control()).collect();
            let help = "this is not YAML: look here and just above for indentation, a colon without a space \
                        behind it, a quote or bracket that is not closed, or a ${VAR} in brackets without quotes";
            (message, help.to_owned())
        }
    };
    NotYaml { spot, message, help }
}

impl Spot {
    fn of(location: Location) -> Self {
        let number = |n: u64| usize::try_from(n).unwrap_or_default();
        Self { line: number(location.line()), column: number(location.column()) }
    }
}

/// A value as serde-saphyr types it. Numbers and truths lose the text that they were typed as (`0x10`, `010`), so
/// that is taken from the file.
enum Typed {
    Nothing,
    Text(String),
    Written,
    List(Vec<Spanned<Typed>>),
    Map(Vec<(Spanned<String>, Spanned<Typed>)>),
}

fn node_of(typed: Spanned<Typed>, text: &str) -> Node {
    let content = match typed.value {
        Typed::Nothing => Content::Nothing,
        Typed::Text(text) => Content::Text(text),
        Typed::Written => Content::Text(slice(text, typed.defined)),
        Typed::List(items) => {
            Content::List(items.into_iter().map(|item| node_of(item, text)).collect())
        }
        Typed::Map(entries) => Content::Map(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let key = Key { spot: Spot::of(key.referenced), text: key.value };
                    (key, node_of(value, text))
                })
                .collect(),
        ),
    };
    Node { spot: Spot::of(typed.referenced), content }
}

fn slice(text: &str, location: Location) -> String {
    let span = location.span();
    let range = span.byte_offset().zip(span.byte_len()).and_then(|(start, len)| {
        let start = usize::try_from(start).ok()?;
        Some(start..start.checked_add(usize::try_from(len).ok()?)?)
    });
    range.and_then(|range| text.get(range)).unwrap_or_default().trim().to_owned()
}

impl<'de> Deserialize<'de> for Typed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TypedVisitor)
    }
}

struct TypedVisitor;

impl<'de> Visitor<'de> for TypedVisitor {
    type Value = Typed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Typed, E> {
        Ok(Typed::Nothing)
    }

    fn visit_none<E>(self) -> Result<Typed, E> {
        Ok(Typed::Nothing)
    }

    fn visit_str<E>(self, text: &str) -> Result<Typed, E> {
        Ok(Typed::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Typed, E> {
        Ok(Typed::Written)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Typed, E> {
        Ok(Typed::Written)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Typed, E> {
        Ok(Typed::Written)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Typed, E> {
        Ok(Typed::Written)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Typed, E> {
        Ok(Typed::Written)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Typed, E> {
        Ok(Typed::Written)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Typed, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Typed::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Typed, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Typed::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(node: &Node, into: &mut String) {
        into.push_str(&format!("{}:{} ", node.spot.line, node.spot.column));
        match &node.content {
            Content::Nothing => into.push('~'),
            Content::Text(text) => into.push_str(&format!("{text:?}")),
            Content::List(items) => {
                into.push('[');
                items.iter().for_each(|item| {
                    show(item, into);
                    into.push(',');
                });
                into.push(']');
            }
            Content::Map(entries) => {
                into.push('{');
                for (key, value) in entries {
                    into.push_str(&format!("{}:{} {}=", key.spot.line, key.spot.column, key.text));
                    show(value, into);
                    into.push(',');
                }
                into.push('}');
            }
        }
    }

    fn shown(text: &str) -> String {
        let (node, error) = read(text);
        assert!(error.is_none(), "{error:?}");
        let mut into = String::new();
        show(&node.unwrap(), &mut into);
        into
    }

    #[test]
    fn texts_stay_as_they_were_typed() {
        assert_eq!(
            shown("a: 010\nb: 0x1F\nc: yes\nd: 1.50\ne: '7'\nf: 5/5m\ng:\nh: -3 # x\ni: true"),
            "1:1 {1:1 a=1:4 \"010\",2:1 b=2:4 \"0x1F\",3:1 c=3:4 \"yes\",4:1 d=4:4 \"1.50\",5:1 e=5:4 \"7\",\
             6:1 f=6:4 \"5/5m\",7:1 g=7:2 ~,8:1 h=8:4 \"-3\",9:1 i=9:4 \"true\",}"
        );
    }

    #[test]
    fn places_are_right_inside_brackets_and_behind_letters_of_other_alphabets() {
        assert_eq!(
            shown("s:\n  - { é: 1, \"b\": [x, 12] }\n"),
            "1:1 {1:1 s=2:3 [2:5 {2:7 é=2:10 \"1\",2:13 b=2:18 [2:19 \"x\",2:22 \"12\",],},],}"
        );
    }

    #[test]
    fn an_alias_stands_where_it_is_used() {
        assert_eq!(shown("a: &x 12\nb: *x\n"), "1:1 {1:1 a=1:7 \"12\",2:1 b=2:4 \"12\",}");
    }

    #[test]
    fn a_second_key_of_the_same_name_is_told_and_the_first_read() {
        let (node, error) = read("a: 1\nb: 2\na: 3\n");
        let error = error.unwrap();
        assert_eq!(error.spot, Spot { line: 3, column: 1 });
        assert_eq!(error.message, "the key `a` stands here a second time");
        let Content::Map(entries) = node.unwrap().content else { panic!() };
        assert_eq!(entries.len(), 2);
    }

    #[test]
    fn what_is_no_yaml_is_told_with_its_place() {
        for (text, line) in [
            ("a: [1, 2\nb: 3\n", 2),
            ("a: b: c\n", 1),
            ("a: 1\n\tb: 2\n", 2),
            ("a: \"x\n", 1),
            ("a: 1\n---\nb: 1", 2),
            ("a: *x", 1),
        ] {
            let (node, error) = read(text);
            assert!(node.is_none(), "{text:?}");
            let error = error.unwrap();
            assert!(error.spot.line.abs_diff(line) <= 1, "{text:?} {error:?}");
        }
    }
}
