//! Accounts as JSON lines: an object for each.

use std::io::{BufRead, Read as _, Write};

use serde_json::{Map, Value, json};

use super::record::{KEYS, Record, Refused};
use super::{Entry, Unreadable};

/// The longest line that is looked at, in bytes.
const MOST_BYTES: u64 = 64 * 1024;

/// Reads them.
pub(super) struct Lines<R> {
    reader: R,
    line: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) const fn new(reader: R) -> Self {
        Self { reader, line: 0 }
    }

    /// The next line that is not empty; `None` at the end. One that is too long comes cut.
    fn line(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        loop {
            let mut line = Vec::new();
            self.line += 1;
            if (&mut self.reader).take(MOST_BYTES + 1).read_until(b'\n', &mut line)? == 0 {
                return Ok(None);
            }
            if line.last() != Some(&b'\n') && line.len() as u64 > MOST_BYTES {
                self.reader.skip_until(b'\n')?;
                return Ok(Some(line));
            }
            if !line.trim_ascii().is_empty() {
                return Ok(Some(line));
            }
        }
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<Entry, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.line() {
            Ok(None) => None,
            Ok(Some(line)) => Some(Ok(Entry { number: self.line, record: record(&line) })),
            Err(error) => Some(Err(Unreadable(error.to_string()))),
        }
    }
}

fn record(line: &[u8]) -> Result<Record, Refused> {
    if line.len() as u64 > MOST_BYTES {
        return Err(Refused::NoRecord("it is longer than 64 KiB"));
    }
    let object: Map<String, Value> =
        serde_json::from_slice(line).map_err(|_| Refused::NoRecord("it is no object of JSON"))?;
    let mut record = Record::default();
    for (key, value) in object {
        let key = KEYS.iter().find(|known| **known == key).copied().ok_or_else(|| {
            Refused::UnknownKey(key.chars().filter(|c| !c.is_control()).take(64).collect())
        })?;
        match key {
            "username" => record.username = text(value, key)?.unwrap_or_default(),
            "email" => record.email = text(value, key)?.unwrap_or_default(),
            "name" => record.name = text(value, key)?,
            "groups" => record.groups = texts(value, key)?,
            "status" => record.status = text(value, key)?,
            "disabled_at" => record.disabled_at = text(value, key)?,
            "created_at" => record.created_at = text(value, key)?,
            "id" => record.id = text(value, key)?,
            "second_step" => record.second_step = text(value, key)?,
            "language" => record.language = text(value, key)?,
            _ => record.password_hash = text(value, key)?,
        }
    }
    Ok(record)
}

fn text(value: Value, key: &'static str) -> Result<Option<String>, Refused> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        _ => Err(Refused::Kind(key, "a text or null")),
    }
}

fn texts(value: Value, key: &'static str) -> Result<Vec<String>, Refused> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => {
            let item = |item| text(item, key)?.ok_or(Refused::Kind(key, "a list of texts"));
            items.into_iter().map(item).collect()
        }
        _ => Err(Refused::Kind(key, "a list of texts")),
    }
}

/// Writes one.
pub(super) fn write(
    file: &mut dyn Write,
    record: &Record,
    with_hashes: bool,
) -> std::io::Result<()> {
    let mut object = json!({
        "username": record.username,
        "email": record.email,
        "name": record.name,
        "groups": record.groups,
        "status": record.status,
        "disabled_at": record.disabled_at,
        "created_at": record.created_at,
        "id": record.id,
        "second_step": record.second_step,
        "language": record.language,
    });
    if let (true, Some(object)) = (with_hashes, object.as_object_mut()) {
        object.insert("password_hash".to_owned(), json!(record.password_hash));
    }
    writeln!(file, "{object}")
}
