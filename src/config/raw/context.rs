//! Where faults are gathered, and the few ways in which every section turns what was typed into what is meant.

use std::cell::RefCell;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use super::expand::Environment;
use super::located::{Located, Text};
use super::yaml::Spot;
use crate::config::errors::Fault;
use crate::domain::quota::{format_duration, parse_duration};

/// What is around the text while it is read, and the faults found so far.
///
/// A section gives `None` when it is faulty, and has told why: reading goes on, so that all faults are told at once.
pub(super) struct Context<'a> {
    faults: RefCell<Vec<Fault>>,
    environment: &'a Environment<'a>,
    folder: PathBuf,
    read: RefCell<Vec<PathBuf>>,
}

/// Where a value stands, and under which key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) spot: Spot,
    pub(super) key: String,
}

impl Place {
    /// The file as a whole: its beginning.
    pub(super) fn file() -> Self {
        Self { spot: Spot { line: 1, column: 1 }, key: String::new() }
    }

    /// The key `name` that is not there, at the place where it should be.
    pub(super) fn inside(&self, name: &str) -> Self {
        let key =
            if self.key.is_empty() { name.to_owned() } else { format!("{}.{name}", self.key) };
        Self { spot: self.spot, key }
    }
}

impl<'a> Context<'a> {
    pub(super) fn new(environment: &'a Environment<'a>, folder: PathBuf) -> Self {
        Self { faults: RefCell::default(), environment, folder, read: RefCell::default() }
    }

    pub(super) fn environment(&self) -> &'a Environment<'a> {
        self.environment
    }

    /// The faults, and the files and folders that were read on the way.
    pub(super) fn into_findings(self) -> (Vec<Fault>, Vec<PathBuf>) {
        (self.faults.into_inner(), self.read.into_inner())
    }

    /// Notes that what is configured depends on what is in this file or folder.
    pub(super) fn reads(&self, path: &Path) {
        self.read.borrow_mut().push(path.to_owned());
    }

    /// Notes a fault, and what to do about it.
    pub(super) fn fault(&self, at: &Place, message: impl Display, help: impl Display) {
        self.faults.borrow_mut().push(Fault {
            line: at.spot.line,
            column: at.spot.column,
            key: at.key.clone(),
            message: message.to_string(),
            help: help.to_string(),
            source: String::new(),
        });
    }

    /// The same as an answer of a section.
    pub(super) fn refuse<T>(
        &self,
        at: &Place,
        message: impl Display,
        help: impl Display,
    ) -> Option<T> {
        self.fault(at, message, help);
        None
    }

    /// A section: where it stands and what it says, which is nothing when it is left out.
    pub(super) fn section<T: Default>(
        &self,
        section: Option<Located<T>>,
        key: &str,
    ) -> Option<(Place, T)> {
        match section {
            Some(found) => Some((found.at, found.value?)),
            None => Some((Place::file().inside(key), T::default())),
        }
    }

    /// A key that must be there.
    pub(super) fn required<T>(
        &self,
        field: Option<Located<T>>,
        parent: &Place,
        key: &str,
        help: &str,
    ) -> Option<(Place, T)> {
        match field {
            Some(found) => Some((found.at, found.value?)),
            None => self.refuse(&parent.inside(key), "is missing", help),
        }
    }

    /// A text as the value that it stands for.
    pub(super) fn parse<T: FromStr<Err: Display>>(&self, text: &Text, help: &str) -> Option<T> {
        let typed = text.value.as_ref()?;
        match typed.parse() {
            Ok(value) => Some(value),
            Err(error) => self.refuse(&text.at, error, help),
        }
    }

    /// A span of time within `range`. `why` says what is wrong with one outside.
    pub(super) fn duration(
        &self,
        field: Option<Text>,
        default: Duration,
        range: RangeInclusive<Duration>,
        why: &str,
    ) -> Option<Duration> {
        let Some(text) = field else { return Some(default) };
        let typed = text.value.as_ref()?;
        let Some(span) = parse_duration(typed) else {
            let help = format!(
                "a number and its unit: 500ms, 30s, 10m, 12h, 30d (left out: {})",
                format_duration(default)
            );
            return self.refuse(&text.at, "is not a span of time", help);
        };
        if range.contains(&span) {
            return Some(span);
        }
        let (least, most) = (format_duration(*range.start()), format_duration(*range.end()));
        let message = format!("must be from {least} to {most}");
        self.refuse(
            &text.at,
            message,
            format!("{why}; left out, it is {}", format_duration(default)),
        )
    }

    /// A number within `range`. `why` says what is wrong with one outside.
    pub(super) fn number<N>(
        &self,
        field: Option<Located<u64>>,
        default: N,
        range: RangeInclusive<N>,
        why: &str,
    ) -> Option<N>
    where
        N: TryFrom<u64> + PartialOrd + Display,
    {
        let Some(found) = field else { return Some(default) };
        match N::try_from(found.value?) {
            Ok(number) if range.contains(&number) => Some(number),
            _ => {
                let message = format!("must be from {} to {}", range.start(), range.end());
                self.refuse(&found.at, message, format!("{why}; left out, it is {default}"))
            }
        }
    }

    /// A path, relative ones taken from the folder of the configuration file.
    pub(super) fn path(&self, text: &Text) -> Option<PathBuf> {
        match text.value.as_deref()? {
            "" => self.refuse(&text.at, "is empty", "give a path, or take the key out"),
            typed => Some(self.folder.join(typed)),
        }
    }
}
