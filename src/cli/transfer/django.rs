//! Accounts as `manage.py dumpdata auth.user auth.group` writes them: one list of everything, read piece by piece.
//!
//! What becomes of a user: `username` and `email` as they are; `first_name` and `last_name` as the full name;
//! `password` as the hash, or none where Django has marked it unusable; `is_active: false` is disabled;
//! `date_joined` is when the account was made. Groups keep their names, with a dash where a group cannot have a
//! character. `is_staff` and `is_superuser` become the groups `django-staff` and `django-superuser`, so that no rule
//! of doorward lets anybody in by accident.

use std::collections::HashMap;
use std::io::BufRead;

use serde::Deserialize as _;
use serde_json::Value;

use super::record::{Record, Refused};
use super::{Entry, Unreadable};

/// Reads the users of a dump.
pub(super) struct Dump<R> {
    pieces: Pieces<R>,
    groups: HashMap<String, String>,
}

impl<R: BufRead> Dump<R> {
    /// The users in the file, which is read twice: a group may stand behind its users.
    pub(super) fn new(
        first: R,
        again: impl FnOnce() -> Result<R, Unreadable>,
    ) -> Result<Self, Unreadable> {
        let groups = groups(Pieces::new(first))?;
        Ok(Self { groups, pieces: Pieces::new(again()?) })
    }
}

impl<R: BufRead> Iterator for Dump<R> {
    type Item = Result<Entry, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let piece = match self.pieces.next()? {
                Ok(piece) => piece,
                Err(error) => return Some(Err(error)),
            };
            if model(&piece) == Some("user") {
                let record = user(&piece, &self.groups);
                return Some(Ok(Entry { number: self.pieces.number, record }));
            }
        }
    }
}

/// The things of a list, without the list as a whole.
struct Pieces<R> {
    reader: R,
    number: u64,
    begun: bool,
}

impl<R: BufRead> Pieces<R> {
    const fn new(reader: R) -> Self {
        Self { reader, number: 0, begun: false }
    }

    /// The next byte that says something; stays where it is.
    fn peek(&mut self) -> std::io::Result<Option<u8>> {
        loop {
            let Some(byte) = self.reader.fill_buf()?.first().copied() else { return Ok(None) };
            if !byte.is_ascii_whitespace() {
                return Ok(Some(byte));
            }
            self.reader.consume(1);
        }
    }

    /// Goes to the next piece. Says whether there is one.
    fn advance(&mut self) -> Result<bool, Unreadable> {
        let peeked =
            |pieces: &mut Self| pieces.peek().map_err(|error| Unreadable(error.to_string()));
        let wanted = if self.begun { b',' } else { b'[' };
        match peeked(self)? {
            Some(b']') if self.begun => return Ok(false),
            Some(byte) if byte == wanted => self.reader.consume(1),
            _ => return Err(self.broken()),
        }
        let first = !std::mem::replace(&mut self.begun, true);
        Ok(!(first && peeked(self)? == Some(b']')))
    }

    fn broken(&self) -> Unreadable {
        let after = self.number;
        Unreadable(format!("it is no list of JSON as dumpdata writes one (after entry {after})"))
    }
}

impl<R: BufRead> Iterator for Pieces<R> {
    type Item = Result<Value, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.advance() {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => return Some(Err(error)),
        }
        let mut reader = serde_json::Deserializer::from_reader(&mut self.reader);
        let read = Value::deserialize(&mut reader);
        let Ok(piece) = read else { return Some(Err(self.broken())) };
        self.number += 1;
        Some(Ok(piece))
    }
}

/// The last part of the model's name: a site's own user model counts as one.
fn model(piece: &Value) -> Option<&str> {
    piece.get("model")?.as_str()?.rsplit('.').next()
}

/// The names of the groups by their keys.
fn groups<R: BufRead>(pieces: Pieces<R>) -> Result<HashMap<String, String>, Unreadable> {
    let mut groups = HashMap::new();
    for piece in pieces {
        let piece = piece?;
        if model(&piece) != Some("group") {
            continue;
        }
        let name = piece.pointer("/fields/name").and_then(Value::as_str).unwrap_or_default();
        let ours = group_name(name);
        if groups.values().any(|known| *known == ours) {
            return Err(Unreadable("two of its groups would have one name here".to_owned()));
        }
        // A dump with natural keys names no number; there users name their groups.
        let key = piece.get("pk").map_or_else(|| name.to_owned(), ToString::to_string);
        groups.insert(key, ours);
    }
    Ok(groups)
}

/// The name with a dash for each run of characters that a group cannot have.
fn group_name(name: &str) -> String {
    let words = name.split(|c: char| !(c.is_ascii_alphanumeric() || "._-:".contains(c)));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

fn user(piece: &Value, groups: &HashMap<String, String>) -> Result<Record, Refused> {
    let fields = piece.get("fields").ok_or(Refused::NoRecord("it has no fields"))?;
    let text = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default().trim();
    let is = |key: &str, otherwise| fields.get(key).and_then(Value::as_bool).unwrap_or(otherwise);
    let name = format!("{} {}", text("first_name"), text("last_name"));
    let password = text("password");
    let mut of = Vec::new();
    for group in fields.get("groups").and_then(Value::as_array).into_iter().flatten() {
        of.push(match group {
            Value::Array(natural) => match natural.first().and_then(Value::as_str) {
                Some(name) => group_name(name),
                None => return Err(Refused::UnknownGroup),
            },
            key => groups.get(&key.to_string()).cloned().ok_or(Refused::UnknownGroup)?,
        });
    }
    for (flag, group) in [("is_staff", "django-staff"), ("is_superuser", "django-superuser")] {
        if is(flag, false) {
            of.push(group.to_owned());
        }
    }
    Ok(Record {
        username: text("username").to_owned(),
        email: text("email").to_owned(),
        name: Some(name.trim().to_owned()),
        groups: of,
        status: Some(if is("is_active", true) { "active" } else { "disabled" }.to_owned()),
        created_at: Some(text("date_joined").to_owned()),
        password_hash: (!password.starts_with('!')).then(|| password.to_owned()),
        ..Record::default()
    })
}
