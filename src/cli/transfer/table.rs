//! Accounts as CSV: a line of names, a line for each account; groups stand in one field, apart by semicolons.

use std::io::{Read, Write};

use csv::{ErrorKind, Position, StringRecord};

use super::record::{KEYS, Record, Refused};
use super::{Entry, Unreadable};

const NO_COLUMNS: &str = "the first line must name the columns: at least username and email";

/// Reads them.
pub(super) struct Table<R> {
    reader: csv::Reader<R>,
    columns: Vec<String>,
}

impl<R: Read> Table<R> {
    pub(super) fn new(file: R) -> Result<Self, Unreadable> {
        let mut reader = csv::ReaderBuilder::new().from_reader(file);
        let header = reader.headers().map_err(|_| Unreadable(NO_COLUMNS.to_owned()))?;
        let columns: Vec<String> = header
            .iter()
            .map(|name| name.trim().trim_start_matches('\u{feff}').to_ascii_lowercase())
            .collect();
        let odd = columns.iter().find(|name| !KEYS.contains(&name.as_str()));
        if let Some(odd) = odd.filter(|_| columns.iter().any(|name| name == "username")) {
            let odd: String = odd.chars().filter(|c| !c.is_control()).take(64).collect();
            return Err(Unreadable(format!(
                "there is no such column as `{odd}`; known are {}",
                KEYS.join(", ")
            )));
        }
        let has = |key: &str| columns.iter().filter(|name| *name == key).count();
        if has("username") != 1 || has("email") != 1 || KEYS.iter().any(|key| has(key) > 1) {
            return Err(Unreadable(NO_COLUMNS.to_owned()));
        }
        Ok(Self { reader, columns })
    }

    fn record(&self, row: &StringRecord) -> Record {
        let mut record = Record::default();
        for (column, value) in self.columns.iter().zip(row) {
            let value = value.to_owned();
            match column.as_str() {
                "username" => record.username = value,
                "email" => record.email = value,
                "name" => record.name = Some(value),
                "groups" => {
                    let groups = value.split(';').map(str::trim).filter(|name| !name.is_empty());
                    record.groups = groups.map(str::to_owned).collect();
                }
                "status" => record.status = Some(value),
                "disabled_at" => record.disabled_at = Some(value),
                "created_at" => record.created_at = Some(value),
                "id" => record.id = Some(value),
                "second_step" => record.second_step = Some(value),
                "language" => record.language = Some(value),
                _ => record.password_hash = Some(value),
            }
        }
        record
    }
}

impl<R: Read> Iterator for Table<R> {
    type Item = Result<Entry, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut row = StringRecord::new();
        let read = self.reader.read_record(&mut row);
        let line = |position: Option<&Position>| position.map_or(0, Position::line);
        Some(Ok(match read {
            Ok(false) => return None,
            Ok(true) => Entry { number: line(row.position()), record: Ok(self.record(&row)) },
            Err(error) => {
                let number = line(error.position());
                let reason = match error.kind() {
                    ErrorKind::Utf8 { .. } => "it is not UTF-8",
                    ErrorKind::UnequalLengths { .. } => "it has more or fewer fields than columns",
                    ErrorKind::Io(cause) => return Some(Err(Unreadable(cause.to_string()))),
                    _ => "it is no line of CSV",
                };
                Entry { number, record: Err(Refused::NoRecord(reason)) }
            }
        }))
    }
}

/// Writes them.
pub(super) struct TableWriter<W: Write> {
    writer: csv::Writer<W>,
    with_hashes: bool,
}

impl<W: Write> TableWriter<W> {
    pub(super) fn new(file: W, with_hashes: bool) -> Result<Self, csv::Error> {
        let mut writer = csv::Writer::from_writer(file);
        let keys = KEYS.iter().filter(|key| with_hashes || **key != "password_hash");
        writer.write_record(keys)?;
        Ok(Self { writer, with_hashes })
    }

    pub(super) fn write(&mut self, record: &Record) -> Result<(), csv::Error> {
        let groups = record.groups.join(";");
        let text = |text: &'_ Option<String>| text.clone().unwrap_or_default();
        let mut row = vec![
            record.username.clone(),
            record.email.clone(),
            text(&record.name),
            groups,
            text(&record.status),
            text(&record.disabled_at),
            text(&record.created_at),
            text(&record.id),
            text(&record.second_step),
            text(&record.language),
        ];
        if self.with_hashes {
            row.push(text(&record.password_hash));
        }
        self.writer.write_record(row)
    }

    pub(super) fn finish(mut self) -> std::io::Result<()> {
        self.writer.flush()
    }
}
