//! Files of secrets, which are whole or not there, whatever ends the process or the power in between.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Puts `contents` in the place of the file at `place`, in one step and for its owner alone. `prepare` sees the file before
/// anything is in it. What a dead process left beside it is removed first, so that nothing is written through a link that
/// somebody put there.
pub(super) fn write_whole(
    place: &Path,
    contents: &[u8],
    prepare: impl FnOnce(&File) -> io::Result<()>,
) -> io::Result<()> {
    let beside = beside(place, "new");
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    prepare(&file)?;
    file.write_all(contents)?;
    file.sync_all()?;
    std::fs::rename(&beside, place)?;
    match place.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// The path of the same name with `.what` at its end.
pub(super) fn beside(place: &Path, what: &str) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(".");
    name.push(what);
    name.into()
}
