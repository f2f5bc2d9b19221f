//! The words of pages and mails in one language: Fluent messages, said with arguments.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use minijinja::HtmlEscape;

use super::TemplateError;
use super::faults::Faults;
use super::fluent::{Entry, Source};
use crate::domain::language::Language;

/// The messages of a language, without those that it falls back to.
pub(super) struct Phrases {
    /// Says them inside HTML: their texts are escaped. Arguments come escaped.
    html: FluentBundle<Arc<FluentResource>>,
    /// Says them as plain text.
    text: FluentBundle<Arc<FluentResource>>,
    /// Where each stands and what it asks for.
    entries: BTreeMap<String, Entry>,
}

/// The words of one language, and English where it has none.
#[derive(Clone)]
pub struct Words {
    language: Language,
    own: Arc<Phrases>,
    english: Arc<Phrases>,
}

/// Why something cannot be said.
#[derive(Debug, thiserror::Error)]
pub enum Unsaid {
    /// No message has this name.
    #[error("there are no words `{0}`")]
    Unknown(String),
    /// The message asks for more than it was given.
    #[error("the words `{key}` need {}", missing.join(", "))]
    Missing {
        /// The message.
        key: String,
        /// What it was not given.
        missing: Vec<String>,
    },
    /// It was said, and not all of it worked.
    #[error("the words `{key}` do not work: {cause}")]
    Broken {
        /// The message.
        key: String,
        /// Why not.
        cause: String,
    },
}

/// Where words are said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Inside HTML: the texts are escaped, and arguments are given escaped.
    Html,
    /// In plain text.
    Text,
}

impl Words {
    pub(super) const fn new(language: Language, own: Arc<Phrases>, english: Arc<Phrases>) -> Self {
        Self { language, own, english }
    }

    /// The language.
    pub const fn language(&self) -> Language {
        self.language
    }

    /// Says the message `key`.
    pub fn say(&self, key: &str, args: &FluentArgs<'_>, place: Place) -> Result<String, Unsaid> {
        let phrases = if self.own.entries.contains_key(key) { &self.own } else { &self.english };
        phrases.say(key, args, place)
    }
}

impl Phrases {
    /// Puts the messages of `sources` together; those of a later one take the place of those of an earlier.
    pub(super) fn new(language: Language, sources: &[Source]) -> Result<Self, TemplateError> {
        let (mut html, mut text) = (bundle(language), bundle(language));
        html.set_transform(Some(|words| HtmlEscape(words).to_string().into()));
        let (mut entries, mut faults) = (BTreeMap::new(), Faults::default());
        for source in sources {
            match source.read() {
                Ok((resource, found)) => {
                    html.add_resource_overriding(Arc::clone(&resource));
                    text.add_resource_overriding(resource);
                    entries.extend(found);
                }
                Err(more) => faults.extend(more),
            }
        }
        faults.none()?;
        ask_for_what_is_referred_to(&mut entries);
        Ok(Self { html, text, entries })
    }

    fn say(&self, key: &str, args: &FluentArgs<'_>, place: Place) -> Result<String, Unsaid> {
        let Some(entry) = self.entries.get(key) else { return Err(Unsaid::Unknown(key.into())) };
        let missing = |name: &&String| args.get(name.as_str()).is_none();
        let missing: Vec<String> = entry.arguments.iter().filter(missing).cloned().collect();
        if !missing.is_empty() {
            return Err(Unsaid::Missing { key: key.to_owned(), missing });
        }
        let bundle = match place {
            Place::Html => &self.html,
            Place::Text => &self.text,
        };
        let pattern = bundle.get_message(key).and_then(|message| message.value());
        let pattern = pattern.ok_or_else(|| Unsaid::Unknown(key.to_owned()))?;
        let mut errors = Vec::new();
        let mut said = String::new();
        // Writing to a string never fails.
        let _ = bundle.write_pattern(&mut said, pattern, Some(args), &mut errors);
        match errors.first() {
            None => Ok(said),
            Some(cause) => Err(Unsaid::Broken { key: key.to_owned(), cause: cause.to_string() }),
        }
    }

    /// Whether there is a message of this name.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// The names of all messages.
    #[cfg(test)]
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// What is wrong with these words beside the English ones: names that English does not have, and arguments that
    /// English is not given.
    pub(super) fn faults_beside(&self, english: &Self) -> Faults {
        let mut faults = Faults::default();
        for (key, entry) in &self.entries {
            match english.entries.get(key) {
                None if entry.is_term => {}
                None => faults.push(entry.fault(format!(
                    "there are no English words `{key}`, so that no page can ask for these"
                ))),
                Some(known) => {
                    let unknown: Vec<&str> =
                        entry.arguments.difference(&known.arguments).map(String::as_str).collect();
                    if !unknown.is_empty() {
                        faults.push(entry.fault(format!(
                            "`{key}` has no {} in English, so that it is not given",
                            list(&unknown)
                        )));
                    }
                }
            }
        }
        faults
    }

    /// References to messages and terms that are not there.
    pub(super) fn dangling(&self) -> Faults {
        let mut faults = Faults::default();
        for (key, entry) in &self.entries {
            for reference in entry.references.iter().filter(|name| !self.has(name)) {
                faults.push(
                    entry.fault(format!("`{key}` refers to `{reference}`, which is not there")),
                );
            }
        }
        faults
    }
}

/// A message needs the arguments of the messages inside it. Terms are said without any.
fn ask_for_what_is_referred_to(entries: &mut BTreeMap<String, Entry>) {
    loop {
        let mut grown = Vec::new();
        for (key, entry) in &*entries {
            let inside = entry.references.iter().filter_map(|name| entries.get(name));
            let asked = inside.filter(|entry| !entry.is_term).flat_map(|entry| &entry.arguments);
            let more: BTreeSet<String> =
                asked.filter(|name| !entry.arguments.contains(*name)).cloned().collect();
            if !more.is_empty() {
                grown.push((key.clone(), more));
            }
        }
        if grown.is_empty() {
            return;
        }
        for (key, more) in grown {
            if let Some(entry) = entries.get_mut(&key) {
                entry.arguments.extend(more);
            }
        }
    }
}

fn list(names: &[&str]) -> String {
    let mut text = String::new();
    for (place, name) in names.iter().enumerate() {
        let comma = if place > 0 { ", " } else { "" };
        let _ = write!(text, "{comma}${name}");
    }
    text
}

/// No marks of direction around arguments: all these languages are written in one, and the marks would be seen in
/// subjects and in text that is copied.
fn bundle(language: Language) -> FluentBundle<Arc<FluentResource>> {
    let tag = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    bundle.set_use_isolating(false);
    bundle
}

impl std::fmt::Debug for Phrases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Phrases({})", self.entries.len())
    }
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Words").field("language", &self.language).finish_non_exhaustive()
    }
}
