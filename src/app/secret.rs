//! The file of the server secret.

use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER_PERMISSIVE;
use zeroize::Zeroizing;

use crate::domain::entropy::{self, Entropy};
use crate::domain::keys::ServerSecret;

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read or made.
    #[error("secret_file: cannot use {}: {cause}; the user that runs doorward must own the file and its folder", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// Others can read it (S54).
    #[error("secret_file: others can read {path}; take that away: chmod 600 {path}", path = path.display())]
    Readable {
        /// The file.
        path: PathBuf,
    },
    /// It holds no secret.
    #[error(
        "secret_file: {} is not a secret; it should hold 64 hexadecimal digits. Restore it from a backup, or move it \
         away and have a new one made (everybody signs in again, and apps need their new signing keys)",
        path.display()
    )]
    NotASecret {
        /// The file.
        path: PathBuf,
    },
}

/// The secret in the file at `path`. Where there is none, one is made, readable by its owner alone.
pub fn read_or_make(path: &Path, entropy: &dyn Entropy) -> Result<ServerSecret, SecretError> {
    match make(path, entropy) {
        Ok(()) => {
            tracing::info!(file = %path.display(), "a server secret was made; keep a copy of it")
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(cause) => return Err(SecretError::Unusable { path: path.to_owned(), cause }),
    }
    read(path)
}

/// The secret in the file at `path`.
pub fn read(path: &Path) -> Result<ServerSecret, SecretError> {
    let unusable = |cause| SecretError::Unusable { path: path.to_owned(), cause };
    let metadata = std::fs::metadata(path).map_err(unusable)?;
    if metadata.mode() & 0o077 != 0 {
        return Err(SecretError::Readable { path: path.to_owned() });
    }
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(unusable)?);
    let bytes = HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok();
    bytes
        .and_then(ServerSecret::new)
        .ok_or_else(|| SecretError::NotASecret { path: path.to_owned() })
}

/// Writes beside and links into place, so that the file is whole from its first moment, and never replaces one that
/// another process has just made.
fn make(path: &Path, entropy: &dyn Entropy) -> io::Result<()> {
    if path.exists() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let beside = path.with_extension(format!("new-{}", std::process::id()));
    let secret = Zeroizing::new(entropy::bytes::<32>(entropy));
    let text = Zeroizing::new(HEXLOWER_PERMISSIVE.encode(secret.as_slice()));
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    let written = writeln!(file, "{}", *text).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| std::fs::hard_link(&beside, path));
    let _ = std::fs::remove_file(&beside);
    linked?;
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => std::fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::domain::entropy::OsEntropy;

    #[test]
    fn a_secret_is_made_once_and_readable_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        read_or_make(&path, &OsEntropy).unwrap();
        let first = std::fs::read_to_string(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        read_or_make(&path, &OsEntropy).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), first);
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "nothing is left beside it"
        );
    }

    #[test]
    fn s54_a_secret_that_others_can_read_or_that_is_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "short").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = read_or_make(&path, &OsEntropy).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let error = read_or_make(&path, &OsEntropy).unwrap_err().to_string();
        assert!(error.contains("is not a secret"), "{error}");
        let nowhere = folder.path().join("none/secret");
        assert!(matches!(read_or_make(&nowhere, &OsEntropy), Err(SecretError::Unusable { .. })));
    }
}
