//! `doorward accounts import` and `doorward accounts export`: accounts come with their password hashes, and go with
//! them where that is asked for (G10).

mod django;
mod export;
mod import;
mod input;
mod lines;
mod record;
mod table;

pub(super) use export::{ExportArgs, export};
pub(super) use import::{ImportArgs, import};

use record::{Record, Refused};

/// One account of a file, or why it is none, and where it stands.
struct Entry {
    /// The line, or the place in a list, counted from 1.
    number: u64,
    /// What stands there.
    record: Result<Record, Refused>,
}

/// The file cannot be read on, or not at all.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unreadable(String);

/// What a file has in it, one after another.
type Entries = Box<dyn Iterator<Item = Result<Entry, Unreadable>> + Send>;
