//! What is wrong with a configuration: every fault with its place, its line and its remedy.

mod mask;

use std::fmt;
use std::path::Path;

use serde::Serialize;

/// Everything that is wrong with a configuration file, in the order of the file; at least one fault.
///
/// `Display` is for people: file, line and column, the line itself with a caret, the remedy. `Serialize` is the
/// same for programs. Neither shows a secret: its text is masked in the lines that are quoted.
#[derive(Debug, Serialize)]
pub struct ConfigErrors {
    file: String,
    faults: Vec<Fault>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The line, from 1; 0 when the fault is in no line.
    pub line: usize,
    /// The column, from 1; 0 when the fault is in no line.
    pub column: usize,
    /// The key that is meant, such as `sites[0].host`; empty for the file as a whole.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
    /// The line as it stands in the file, its secrets masked; empty when the fault is in no line.
    pub source: String,
}

impl ConfigErrors {
    /// The faults of `text`, read from `file`: put in order, each with its line. `faults` must not be empty.
    pub(super) fn new(file: &Path, text: &str, mut faults: Vec<Fault>) -> Self {
        let lines: Vec<&str> = text.lines().collect();
        for fault in &mut faults {
            fault.source = mask::line(&lines, fault.line);
            // What is said goes to a terminal, and may hold a key as it was typed.
            for said in [&mut fault.key, &mut fault.message, &mut fault.help] {
                said.retain(|c| !c.is_control());
            }
        }
        faults.sort_by_key(|fault| (fault.line, fault.column));
        faults.dedup();
        Self { file: file.display().to_string(), faults }
    }

    /// The one fault of a file that is not there or cannot be read.
    pub(super) fn unreadable(file: &Path, cause: &std::io::Error) -> Self {
        let fault = Fault {
            line: 0,
            column: 0,
            key: String::new(),
            message: format!("cannot be read: {cause}"),
            help: "give the path of a file that this user may read, as an argument or in DOORWARD_CONFIG"
                .to_owned(),
            source: String::new(),
        };
        Self { file: file.display().to_string(), faults: vec![fault] }
    }

    /// The file's name.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The faults, in the order of the file.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The faults for programs: `{"file": …, "faults": [{"line": …, "column": …, "key": …, "message": …, "help": …,
    /// "source": …}]}`.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "file": self.file, "faults": self.faults })
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&self.file)?;
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

impl fmt::Display for Fault {
    /// All that follows the name of the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        writeln!(f, ": {}", self.message)?;
        if !self.source.is_empty() {
            let number = self.line.to_string();
            let caret = self.column.saturating_sub(1).min(self.source.chars().count());
            writeln!(f, "  {number} | {}", self.source)?;
            writeln!(f, "  {:w$} | {:caret$}^", "", "", w = number.len())?;
        }
        if self.help.is_empty() { Ok(()) } else { writeln!(f, "  help: {}", self.help) }
    }
}
