//! What ACME leaves behind: the key of the account and the certificates, in files that are their owner's alone (S54).

use std::fs::{DirBuilder, File};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use url::Url;
use zeroize::Zeroizing;

use crate::app::whole_file::write_whole;
use crate::domain::host::HostName;

/// The folder of one certificate authority.
pub(super) struct Folder(PathBuf);

/// Why a file is of no use.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be read or written.
    #[error("acme.folder: cannot use {}: {cause}; the user that runs doorward must own the folder", path.display())]
    Unusable {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// Others can read it, or change it.
    #[error(
        "acme.folder: others can read or change {path}, which holds a key. If nobody has, take that away (chmod 600 \
         {path}); else move the file away, and a new one is made",
        path = path.display()
    )]
    Readable {
        /// The file.
        path: PathBuf,
    },
    /// It holds no key.
    #[error("acme.folder: {} holds no key; move it away, and a new account is made", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
}

const ACCOUNT: &str = "account.key";
/// More than any key with its certificates.
const MAX_BYTES: u64 = 1024 * 1024;

impl Folder {
    /// The folder for the authority of this directory: what one has signed is nothing to another.
    pub(super) fn open(folder: &Path, directory: &Url) -> Result<Self, FolderError> {
        let port = directory.port().map(|port| format!("_{port}")).unwrap_or_default();
        let host = directory.host_str().unwrap_or_default();
        let name: String = format!("{host}{port}{}", directory.path())
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '_' })
            .collect();
        let path = folder.join(name);
        match DirBuilder::new().recursive(true).mode(0o700).create(&path) {
            Ok(()) => Ok(Self(path)),
            Err(cause) => Err(FolderError::Unusable { path, cause }),
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The certificate of a host with its key, if one is kept.
    pub(super) fn certificate(
        &self,
        host: &HostName,
    ) -> Result<Option<Zeroizing<String>>, FolderError> {
        self.read(&format!("{host}.pem"))
    }

    /// Keeps a certificate with its key.
    pub(super) fn keep_certificate(&self, host: &HostName, pem: &str) -> Result<(), FolderError> {
        self.write(&format!("{host}.pem"), pem)
    }

    /// The key of the account, if there is one.
    pub(super) fn account_key(&self) -> Result<Option<PrivatePkcs8KeyDer<'static>>, FolderError> {
        let Some(text) = self.read(ACCOUNT)? else { return Ok(None) };
        match PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes()) {
            Ok(key) => Ok(Some(key)),
            Err(_) => Err(FolderError::NoKey { path: self.0.join(ACCOUNT) }),
        }
    }

    /// Keeps the key of the account.
    pub(super) fn keep_account_key(&self, key: &PrivatePkcs8KeyDer<'_>) -> Result<(), FolderError> {
        let encoded = Zeroizing::new(data_encoding::BASE64.encode(key.secret_pkcs8_der()));
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", *encoded);
        self.write(ACCOUNT, &Zeroizing::new(pem))
    }

    /// Looks at the open file and not at its path, which could lead elsewhere a moment later.
    fn read(&self, name: &str) -> Result<Option<Zeroizing<String>>, FolderError> {
        let path = self.0.join(name);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(FolderError::Unusable { path, cause }),
        };
        let mode = file.metadata().map(|about| about.mode());
        if mode.as_ref().is_ok_and(|mode| mode & 0o077 != 0) {
            return Err(FolderError::Readable { path });
        }
        let mut text = Zeroizing::new(String::new());
        match mode.and_then(|_| file.take(MAX_BYTES).read_to_string(&mut text)) {
            Ok(_) => Ok(Some(text)),
            Err(cause) => Err(FolderError::Unusable { path, cause }),
        }
    }

    fn write(&self, name: &str, text: &str) -> Result<(), FolderError> {
        let path = self.0.join(name);
        write_whole(&path, text.as_bytes(), |_| Ok(()))
            .map_err(|cause| FolderError::Unusable { path, cause })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn s54_what_is_kept_is_its_owners_alone_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let staging = "https://staging.example:14000/acme/directory".parse().unwrap();
        let kept = Folder::open(folder.path(), &staging).unwrap();
        let host: HostName = "wiki.example".parse().unwrap();
        assert!(kept.certificate(&host).unwrap().is_none());
        kept.keep_certificate(&host, "first").unwrap();
        kept.keep_certificate(&host, "second").unwrap();
        assert_eq!(kept.certificate(&host).unwrap().unwrap().as_str(), "second");
        let path = folder.path().join("staging.example_14000_acme_directory/wiki.example.pem");
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let above = std::fs::metadata(path.parent().unwrap()).unwrap();
        assert_eq!(above.mode() & 0o777, 0o700);
        for mode in [0o640, 0o604, 0o620] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let error = kept.certificate(&host).unwrap_err().to_string();
            assert!(error.contains(&format!("chmod 600 {}", path.display())), "{error}");
        }
        let other = "https://acme.example/dir".parse().unwrap();
        let other = Folder::open(folder.path(), &other).unwrap();
        assert!(other.certificate(&host).unwrap().is_none(), "another authority's");
    }

    #[test]
    fn the_key_of_the_account_reads_back_and_one_that_is_none_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Folder::open(folder.path(), &"https://ca.example/".parse().unwrap()).unwrap();
        assert!(kept.account_key().unwrap().is_none());
        let key = PrivatePkcs8KeyDer::from(vec![7; 120]);
        kept.keep_account_key(&key).unwrap();
        assert_eq!(kept.account_key().unwrap(), Some(key));
        kept.write(ACCOUNT, "{}").unwrap();
        assert!(matches!(kept.account_key(), Err(FolderError::NoKey { .. })));
    }
}
