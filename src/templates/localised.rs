//! The templates of a folder in every language.

use std::sync::{Arc, OnceLock};

use fluent_bundle::{FluentArgs, FluentValue};
use minijinja::value::Kwargs;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, HtmlEscape, State, Value};

use super::faults::{Fault, Faults};
use super::fluent::{Read, Source};
use super::words::{Phrases, Place, Words};
use super::{Found, Sources, TemplateError, Templates, compiled, empty_environment, text};
use crate::domain::language::{Language, UnknownLanguage};
use crate::domain::time::Timestamp;

/// The templates of a folder in every language. What nobody has asked for takes no room but that of its text: a language is
/// read when it is first spoken, and a template compiled when it is first filled in.
#[derive(Debug)]
pub struct Localised {
    templates: Arc<Sources>,
    languages: Vec<Spoken>,
}

/// A language, and what is there of it.
#[derive(Debug)]
struct Spoken {
    language: Language,
    sources: Vec<Source>,
    phrases: OnceLock<Arc<Phrases>>,
    environment: OnceLock<Environment<'static>>,
}

impl Localised {
    /// The templates in this language.
    pub fn of(&self, language: Language) -> Result<&Environment<'static>, Error> {
        let spoken = self.spoken(language)?;
        if let Some(environment) = spoken.environment.get() {
            return Ok(environment);
        }
        let english = self.spoken(Language::default())?.phrases()?;
        let words = Words::new(language, spoken.phrases()?, english);
        let mut environment = empty_environment()?;
        let templates = Arc::clone(&self.templates);
        environment.set_loader(move |name| Ok(templates.get(name).map(|text| text.to_string())));
        Ok(spoken.environment.get_or_init(|| speaking(environment, words)))
    }

    /// Lets everything go that can be read and compiled again.
    pub fn rest(&mut self) {
        for spoken in &mut self.languages {
            spoken.environment.take();
            spoken.phrases.take();
        }
    }

    /// Whether nothing is there that could be read and compiled again.
    #[cfg(test)]
    pub fn is_at_rest(&self) -> bool {
        let is_bare =
            |spoken: &Spoken| spoken.environment.get().is_none() && spoken.phrases.get().is_none();
        self.languages.iter().all(is_bare)
    }

    fn spoken(&self, language: Language) -> Result<&Spoken, Error> {
        let found = self.languages.iter().find(|spoken| spoken.language == language);
        found.ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "it is in no such language"))
    }
}

impl Spoken {
    fn phrases(&self) -> Result<Arc<Phrases>, Error> {
        if let Some(phrases) = self.phrases.get() {
            return Ok(Arc::clone(phrases));
        }
        let read = Phrases::new(self.language, &self.sources);
        let read =
            read.map_err(|cause| Error::new(ErrorKind::InvalidOperation, cause.to_string()))?;
        Ok(Arc::clone(self.phrases.get_or_init(|| Arc::new(read))))
    }
}

impl Templates {
    /// The templates under `templates/{folder}/` with the words of `locales/{language}/common.ftl` and
    /// `locales/{language}/{folder}.ftl`, in every language. Words of the operator's folder take the place of those in the
    /// binary message by message. Mistakes are told for all languages at once: syntax, names that English does not have,
    /// arguments that English is not given, references to nothing, words that a template asks for and English lacks.
    pub fn localised(&self, folder: &str) -> Result<Localised, TemplateError> {
        let templates = self.templates(folder)?;
        // For their mistakes.
        compiled(&templates)?;
        let mut languages = Vec::new();
        for language in Language::ALL {
            let sources = self.sources(language, folder)?;
            let (phrases, environment) = (OnceLock::new(), OnceLock::new());
            languages.push(Spoken { language, sources, phrases, environment });
        }
        self.faults(folder, &languages)?.none()?;
        Ok(Localised { templates: Arc::new(templates), languages })
    }

    /// What is wrong with the words of these languages; with what stands beside the English ones, if each can be read.
    fn faults(&self, folder: &str, languages: &[Spoken]) -> Result<Faults, TemplateError> {
        let (mut unreadable, mut wrong) = (self.unknown_languages()?, Faults::default());
        let mut english = None;
        for Spoken { language, sources, .. } in languages {
            let own = match Phrases::new(*language, sources) {
                Ok(own) => own,
                Err(TemplateError::Words(more)) => {
                    unreadable.extend(more);
                    continue;
                }
                Err(other) => return Err(other),
            };
            wrong.extend(own.dangling());
            match &english {
                Some(english) => wrong.extend(own.faults_beside(english)),
                None if *language == Language::default() => english = Some(own),
                None => {}
            }
        }
        match english {
            Some(english) if unreadable.is_empty() => {
                let mut faults = self.unknown_words(folder, &english)?;
                faults.extend(wrong);
                Ok(faults)
            }
            _ => Ok(unreadable),
        }
    }

    /// What a language other than English lacks of the messages for `folder`.
    #[cfg(test)]
    pub(super) fn untranslated(&self, folder: &str) -> Vec<(Language, String)> {
        let read = |language| {
            let sources = self.sources(language, folder).unwrap();
            (language, Phrases::new(language, &sources).unwrap())
        };
        let phrases = Language::ALL.map(read);
        let (_, english) = &phrases[0];
        let lacks = |(language, own): &(Language, Phrases)| {
            let lacking = english.keys().filter(|key| !own.has(key));
            lacking.map(|key| (*language, key.to_owned())).collect::<Vec<_>>()
        };
        phrases.iter().flat_map(lacks).collect()
    }

    /// Folders of words that no reader could choose.
    fn unknown_languages(&self) -> Result<Faults, TemplateError> {
        let mut faults = Faults::default();
        let Some(path) = self.folder.as_deref().map(|folder| folder.join("locales")) else {
            return Ok(faults);
        };
        let entries = match std::fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(faults),
            Err(cause) => return Err(TemplateError::Unreadable { path, cause }),
        };
        for entry in entries.flatten().map(|entry| entry.path()) {
            let name = entry.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if !Language::ALL.iter().any(|known| known.tag() == name) && entry.is_dir() {
                let told = format!("there is no language `{name}`; {UnknownLanguage}");
                faults.push(Fault { file: entry.display().to_string(), line: 1, told });
            }
        }
        Ok(faults)
    }

    /// The Fluent files of a language: those in the binary, then the operator's.
    fn sources(&self, language: Language, folder: &str) -> Result<Vec<Source>, TemplateError> {
        let mut sources = Vec::new();
        for file in ["common", folder] {
            let name = format!("locales/{language}/{file}.ftl");
            for (file, bytes) in
                [self.embedded(&name), self.overriding(&name)?].into_iter().flatten()
            {
                sources.push(Source { file, text: text(bytes) });
            }
        }
        Ok(sources)
    }

    /// Calls of `t` with a name that English does not have; and messages that an operator has added to English, which no
    /// template asks for.
    fn unknown_words(&self, folder: &str, english: &Phrases) -> Result<Faults, TemplateError> {
        let (mut faults, mut asked) = (Faults::default(), String::new());
        for name in Self::names(folder) {
            let Some((file, bytes)) = self.found(&format!("{folder}/{name}"))? else { continue };
            let source = String::from_utf8_lossy(&bytes);
            for (line, key) in asked_for(&source).filter(|(_, key)| !english.has(key)) {
                let told = format!("there are no English words `{key}`");
                faults.push(Fault { file: file.clone(), line, told });
            }
            asked.push_str(&source);
        }
        let name = format!("locales/{}/{folder}.ftl", Language::default());
        let Some((file, bytes)) = self.overriding(&name)? else { return Ok(faults) };
        let ours = self.embedded(&name).map(read).transpose().map_err(TemplateError::Words)?;
        let ours = ours.map(|(_, entries)| entries).unwrap_or_default();
        let (_, theirs) = read((file, bytes)).map_err(TemplateError::Words)?;
        for (key, entry) in theirs {
            let is_asked_for = asked.contains(&format!("\"{key}\""));
            if !entry.is_term && !ours.contains_key(&key) && !is_asked_for {
                faults.push(entry.fault(format!("no page asks for `{key}`")));
            }
        }
        Ok(faults)
    }
}

fn read((file, bytes): Found) -> Result<Read, Faults> {
    Source { file, text: text(bytes) }.read()
}

/// The names of messages that a template asks for outright, with their lines.
fn asked_for(source: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(source.lines()).flat_map(|(number, line)| {
        line.match_indices("t(\"").filter_map(move |(at, opening)| {
            let before = line.get(..at)?.chars().next_back();
            let is_call = before.is_none_or(|c| !c.is_alphanumeric() && c != '_');
            let (key, after) = line.get(at + opening.len()..)?.split_once('"')?;
            // What goes on with an operator is only the beginning of a name.
            let is_whole = after.trim_start().starts_with([',', ')']);
            (is_call && is_whole).then_some((number, key))
        })
    })
}

/// Gives templates their words: `t`, `date_time` and `clock_time` (of milliseconds since 1970), `language` and
/// `languages`.
fn speaking(mut templates: Environment<'static>, words: Words) -> Environment<'static> {
    let language = words.language();
    let words = Arc::new(words);
    let by_name = Arc::clone(&words);
    templates.add_function("t", move |state: &State<'_, '_>, key: &str, arguments: Kwargs| {
        let place = place(state);
        let mut given = FluentArgs::new();
        for name in arguments.args() {
            given.set(name.to_owned(), argument(&arguments.peek(name)?, place)?);
        }
        say(&by_name, key, &given, place)
    });
    let of_days = Arc::clone(&words);
    templates.add_function("date_time", move |state: &State<'_, '_>, millis: i64| {
        let at = Timestamp::from_millis(millis).calendar();
        let mut given = FluentArgs::new();
        for (name, value) in [("year", at.year), ("month", at.month), ("day", at.day)] {
            given.set(name, value);
        }
        given.set("clock", at.clock);
        say(&of_days, "date-time", &given, place(state))
    });
    templates.add_function("clock_time", move |state: &State<'_, '_>, millis: i64| {
        let mut given = FluentArgs::new();
        given.set("clock", Timestamp::from_millis(millis).calendar().clock);
        say(&words, "clock-time", &given, place(state))
    });
    let choice = |language: Language| minijinja::context! { tag => language.tag(), name => language.own_name() };
    templates.add_global("language", language.tag());
    templates.add_global("languages", Value::from_iter(Language::ALL.map(choice)));
    templates
}

fn place(state: &State<'_, '_>) -> Place {
    match state.auto_escape() {
        AutoEscape::Html => Place::Html,
        _ => Place::Text,
    }
}

fn say(words: &Words, key: &str, given: &FluentArgs<'_>, place: Place) -> Result<Value, Error> {
    let said = words.say(key, given, place);
    let said = said.map_err(|cause| Error::new(ErrorKind::InvalidOperation, cause.to_string()))?;
    Ok(match place {
        Place::Html => Value::from_safe_string(said),
        Place::Text => Value::from(said),
    })
}

/// An argument as Fluent takes it: numbers choose plural forms; texts are escaped inside HTML, unless they are HTML.
fn argument(value: &Value, place: Place) -> Result<FluentValue<'static>, Error> {
    if value.is_undefined() || value.is_none() {
        return Err(Error::new(ErrorKind::UndefinedError, "an argument of words is not there"));
    }
    if value.is_number() {
        return i64::try_from(value.clone()).map(FluentValue::from);
    }
    Ok(match place {
        Place::Html if !value.is_safe() => HtmlEscape(&value.to_string()).to_string().into(),
        Place::Html | Place::Text => value.to_string().into(),
    })
}
