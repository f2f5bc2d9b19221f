//! The file of the key ring: read with care, written whole, followed while doorward runs.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::whole_file::{beside, write_whole};
use crate::domain::assertion::AssertionAlgorithm;
use crate::domain::entropy::Entropy;
use crate::domain::time::Timestamp;
use crate::identity::key::{AssertionKey, NotAKey};
use crate::identity::ring::{AlreadyWaiting, NoKeyFor, NotARing, Ring};

/// More than any key ring.
const MAX_BYTES: u64 = 1024 * 1024;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file cannot be read or written.
    #[error("keys_file: cannot use {}: {cause}; the user that runs doorward must own the file and its folder", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// Others can read it, or change it (S54).
    #[error("keys_file: others can read or change {path}; whoever did can sign in to the apps behind as anybody. Take \
             that away (chmod 600 {path}), then make new keys: doorward keys rotate --assertion --stolen",
            path = path.display())]
    Readable {
        /// The file.
        path: PathBuf,
    },
    /// It is a folder, a device or the like.
    #[error("keys_file: {} is not a file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// It holds no keys.
    #[error("keys_file: {}: {cause}. Restore it from a backup, or move it away and have a new one made (apps that keep the \
             public keys fetch them anew, those that share a key need it again)", path.display())]
    NotARing {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: NotARing,
    },
    /// No key could be made.
    #[error(transparent)]
    NoKey(#[from] NotAKey),
    /// The one that is wanted is not in it.
    #[error("keys_file: {0}")]
    Missing(#[from] NoKeyFor),
    /// A rotation is under way.
    #[error("{0}; --now has it sign at once")]
    Waiting(#[from] AlreadyWaiting),
}

/// The key file at a path.
#[derive(Clone, Debug)]
pub struct KeysFile {
    path: PathBuf,
}

/// By what a change of the file is seen: another file in its place, another length or time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    file: (u64, u64),
    length: u64,
    changed: (i64, i64),
}

impl KeysFile {
    /// The file at `path`, which need not be there.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// The ring in it.
    pub fn read(&self) -> Result<Ring, KeysError> {
        let file = File::open(&self.path).map_err(|cause| self.unusable(cause))?;
        self.ring_in(file)
    }

    /// The ring in it, or an empty one where there is no file.
    pub fn read_if_there(&self) -> Result<Ring, KeysError> {
        match File::open(&self.path) {
            Ok(file) => self.ring_in(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Ring::default()),
            Err(cause) => Err(self.unusable(cause)),
        }
    }

    /// The ring in it, with a key of `algorithm` that signs: made where there is none yet.
    pub fn read_or_make(
        &self,
        algorithm: AssertionAlgorithm,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<Ring, KeysError> {
        let ring = self.read_if_there()?;
        if ring.signing_key(algorithm, now).is_some() {
            return Ok(ring);
        }
        self.change(|ring| {
            // Another process may have been quicker.
            if ring.signing_key(algorithm, now).is_none() {
                let key = AssertionKey::generate(algorithm, entropy)?;
                tracing::info!(file = %self.path.display(), kid = key.kid(), "a key for assertions was made");
                ring.add_assertion_key(key, now, now)?;
            }
            Ok(())
        })?;
        self.read()
    }

    /// Changes the ring, one process at a time. Readers see the file as it was or as it is, whole either way, and so
    /// does whoever comes after a power cut.
    pub fn change<T>(
        &self,
        change: impl FnOnce(&mut Ring) -> Result<T, KeysError>,
    ) -> Result<T, KeysError> {
        let _alone = self.lock().map_err(|cause| self.unusable(cause))?;
        let mut ring = self.read_if_there()?;
        let outcome = change(&mut ring)?;
        self.write(&ring.to_json()).map_err(|cause| self.unusable(cause))?;
        Ok(outcome)
    }

    /// What the file looks like from outside; `None` when it is not there.
    pub fn stamp(&self) -> Option<Stamp> {
        let metadata = std::fs::metadata(&self.path).ok()?;
        Some(Stamp {
            file: (metadata.dev(), metadata.ino()),
            length: metadata.len(),
            // That of the inode: it changes with rights and renaming, too, and nobody can set it back.
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    /// Looks at the open file and not at its path, which could lead elsewhere a moment later.
    fn ring_in(&self, file: File) -> Result<Ring, KeysError> {
        let metadata = file.metadata().map_err(|cause| self.unusable(cause))?;
        if !metadata.is_file() {
            return Err(KeysError::NotAFile { path: self.path.clone() });
        }
        if metadata.mode() & 0o077 != 0 {
            return Err(KeysError::Readable { path: self.path.clone() });
        }
        let mut text = Zeroizing::new(String::new());
        file.take(MAX_BYTES).read_to_string(&mut text).map_err(|cause| self.unusable(cause))?;
        Ring::parse(&text).map_err(|cause| KeysError::NotARing { path: self.path.clone(), cause })
    }

    /// Locks a file beside, for the one itself is replaced. The lock ends with the process that holds it.
    fn lock(&self) -> io::Result<File> {
        let lock = beside(&self.place(), "lock");
        let file =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(lock)?;
        self.give(&file)?;
        file.lock()?;
        Ok(file)
    }

    /// Makes the file that of whoever owns the keys, or their folder where there are none yet: an operator who is root
    /// must not lock out a doorward that is not.
    fn give(&self, file: &File) -> io::Result<()> {
        let place = self.place();
        let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty());
        let like = std::fs::metadata(&place)
            .or_else(|_| std::fs::metadata(folder.unwrap_or(Path::new("."))))?;
        let own = file.metadata()?;
        // Nobody but root can give files away, and nobody else has to.
        if own.uid() == 0 && like.uid() != 0 {
            fchown(file, Some(like.uid()), Some(like.gid()))?;
        }
        Ok(())
    }

    /// Puts the text in the file's place, as a whole.
    fn write(&self, text: &str) -> io::Result<()> {
        let line = Zeroizing::new(format!("{text}\n"));
        write_whole(&self.place(), line.as_bytes(), |file| self.give(file))
    }

    /// Where the file is, behind links that lead to it.
    fn place(&self) -> PathBuf {
        std::fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone())
    }

    fn unusable(&self, cause: io::Error) -> KeysError {
        KeysError::Unusable { path: self.path.clone(), cause }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::domain::entropy::OsEntropy;

    const NOW: Timestamp = Timestamp::from_millis(1_795_203_045_000);

    fn made(file: &KeysFile) -> Ring {
        file.read_or_make(AssertionAlgorithm::EdDsa, &OsEntropy, NOW).unwrap()
    }

    fn kid(ring: &Ring) -> String {
        ring.signing_key(AssertionAlgorithm::EdDsa, NOW).unwrap().kid().to_owned()
    }

    #[test]
    fn keys_are_made_once_and_readable_by_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        let file = KeysFile::new(&path);
        assert!(file.stamp().is_none());
        let first = kid(&made(&file));
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let stamp = file.stamp();
        assert_eq!(kid(&made(&file)), first);
        assert_eq!(file.stamp(), stamp, "nothing is written where nothing changes");
        file.read_or_make(AssertionAlgorithm::Es256, &OsEntropy, NOW).unwrap();
        assert_ne!(file.stamp(), stamp);
        assert_eq!(kid(&file.read().unwrap()), first);
    }

    #[test]
    fn processes_that_start_at_once_agree_on_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let file = KeysFile::new(&folder.path().join("keys.json"));
        let made: Vec<String> = std::thread::scope(|scope| {
            let started: Vec<_> = (0..8).map(|_| scope.spawn(|| kid(&made(&file)))).collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(made.iter().all(|one| *one == made[0]), "{made:?}");
    }

    #[test]
    fn s54_keys_that_others_can_read_are_refused_with_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        let file = KeysFile::new(&path);
        made(&file);
        for mode in [0o644, 0o640, 0o602, 0o660] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let error = file.read().unwrap_err().to_string();
            assert!(error.contains(&format!("chmod 600 {}", path.display())), "{error}");
            assert!(error.contains("rotate --assertion --stolen"), "{error}");
            assert!(file.change(|_| Ok(())).is_err(), "nor are they made private in silence");
        }
    }

    #[test]
    fn what_is_no_key_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(KeysFile::new(folder.path()).read(), Err(KeysError::NotAFile { .. })));
        let path = folder.path().join("keys.json");
        let file = KeysFile::new(&path);
        assert!(matches!(file.read(), Err(KeysError::Unusable { .. })));
        std::fs::write(&path, "{}").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let error = file.read_or_make(AssertionAlgorithm::EdDsa, &OsEntropy, NOW).unwrap_err();
        assert!(error.to_string().contains("Restore it from a backup"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{}", "nothing is written over it");
    }

    /// Shown where tests run as root, as they do in CI.
    #[test]
    fn what_root_rotates_stays_its_owners() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        let file = KeysFile::new(&path);
        made(&file);
        if std::os::unix::fs::chown(&path, Some(12_345), Some(12_345)).is_err() {
            return;
        }
        let _ = std::fs::remove_file(folder.path().join("keys.json.lock"));
        file.change(|_| Ok(())).unwrap();
        for name in ["keys.json", "keys.json.lock"] {
            let metadata = std::fs::metadata(folder.path().join(name)).unwrap();
            assert_eq!((metadata.uid(), metadata.mode() & 0o777), (12_345, 0o600), "{name}");
        }
    }

    #[test]
    fn nothing_is_written_through_a_link_that_somebody_left_and_a_link_to_the_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (path, victim) = (folder.path().join("keys.json"), folder.path().join("victim"));
        std::fs::write(&victim, "theirs").unwrap();
        symlink(&victim, folder.path().join("keys.json.new")).unwrap();
        made(&KeysFile::new(&path));
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "theirs");
        let link = folder.path().join("link.json");
        symlink(&path, &link).unwrap();
        let linked = KeysFile::new(&link);
        linked.change(|_| Ok(())).unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(kid(&linked.read().unwrap()), kid(&KeysFile::new(&path).read().unwrap()));
    }
}
