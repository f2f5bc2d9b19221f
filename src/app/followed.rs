//! The files that a configuration depends on, looked at again and again: events of file systems do not reach everywhere
//! (networks, containers, mounted secrets), and a look costs microseconds.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// How files looked at one moment.
pub(super) type Look = BTreeMap<PathBuf, Stamp>;

/// What changes when a file does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

/// Files and folders, and how they looked when they were last read.
#[derive(Debug)]
pub(super) struct Followed {
    paths: Vec<PathBuf>,
    read: Look,
    last: Look,
}

impl Followed {
    /// These, as they are now.
    pub(super) fn new(paths: Vec<PathBuf>) -> Self {
        let read = look(&paths);
        Self { paths, last: read.clone(), read }
    }

    pub(super) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Whether this is different from what was read, and as it was the last time: nobody is still writing.
    pub(super) fn has_settled_on_a_change(&mut self, now: Look) -> bool {
        let settled = now == self.last && now != self.read;
        self.last = now;
        settled
    }

    /// These are read now, having looked like this just before.
    pub(super) fn reading(&mut self, before: Look) {
        self.last.clone_from(&before);
        self.read = before;
    }

    /// What was read depends on these from now on.
    pub(super) fn depend_on(&mut self, mut paths: Vec<PathBuf>) {
        paths.sort();
        paths.dedup();
        self.read.retain(|path, _| paths.iter().any(|named| path.starts_with(named)));
        // New ones count as they are now: they were read a moment ago.
        for (path, stamp) in look(&paths) {
            self.read.entry(path).or_insert(stamp);
        }
        self.last.clone_from(&self.read);
        self.paths = paths;
    }
}

/// How all of them look: files as they are, folders with what is in them.
pub(super) fn look(paths: &[PathBuf]) -> Look {
    let mut seen = Look::new();
    for path in paths {
        add(path, DEEPEST, &mut seen);
    }
    seen
}

fn add(path: &Path, deeper: usize, seen: &mut Look) {
    // A file that is not there has no stamp: that it comes is a change.
    let Ok(found) = std::fs::metadata(path) else { return };
    if seen.len() >= MOST {
        return;
    }
    if found.is_dir() {
        let inside = std::fs::read_dir(path).into_iter().flatten().flatten();
        if deeper > 0 {
            inside.for_each(|entry| add(&entry.path(), deeper - 1, seen));
        }
        return;
    }
    let modified = (found.mtime(), found.mtime_nsec());
    seen.insert(path.to_owned(), Stamp { inode: found.ino(), size: found.size(), modified });
}

/// Deeper than templates and words are.
const DEEPEST: usize = 6;
/// More files than any configuration has; a folder named by mistake must not keep a disk busy.
const MOST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_counts_once_nobody_writes_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let (file, templates) = (folder.path().join("a.yaml"), folder.path().join("templates"));
        std::fs::create_dir_all(templates.join("pages")).unwrap();
        std::fs::write(&file, "one").unwrap();
        let mut followed = Followed::new(vec![file.clone(), templates.clone()]);
        let mut settled = || {
            let now = look(followed.paths());
            let settled = followed.has_settled_on_a_change(now.clone());
            if settled {
                followed.reading(now);
            }
            settled
        };
        assert!(!settled());
        std::fs::write(&file, "two, longer").unwrap();
        assert!(!settled(), "it may still be written");
        assert!(settled() && !settled(), "once");
        std::fs::write(templates.join("pages/login.html"), "x").unwrap();
        assert!(!settled() && settled() && !settled(), "a file that came into a folder");
        std::fs::write(folder.path().join("new"), "three, longer still").unwrap();
        std::fs::rename(folder.path().join("new"), &file).unwrap();
        assert!(!settled() && settled() && !settled(), "a file put in its place");
        std::fs::remove_file(&file).unwrap();
        assert!(!settled() && settled() && !settled(), "a file that went");
    }
}
