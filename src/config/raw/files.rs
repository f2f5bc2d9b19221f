//! The files that a configuration names: there, readable, and secrets for nobody else (S54).

use std::io::Read;
use std::path::Path;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::SecretString;

use super::context::{Context, Place};

/// More than any certificate chain, key or password.
const MAX_BYTES: u64 = 1024 * 1024;

/// The bytes of a file that must be there.
fn contents(path: &Path, at: &Place, context: &Context<'_>) -> Option<Vec<u8>> {
    context.reads(path);
    let mut bytes = Vec::new();
    let outcome =
        std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes));
    match outcome {
        Ok(_) => Some(bytes),
        Err(cause) => {
            let message = format!("{} cannot be read: {cause}", path.display());
            context.refuse(at, message, "make it a file that doorward's user may read")
        }
    }
}

/// Refuses a secret that anybody but its owner may read or change.
pub(super) fn private(path: &Path, at: &Place, context: &Context<'_>) -> Option<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode() & 0o777);
    if mode & 0o077 == 0 {
        return Some(());
    }
    let message =
        format!("{} is a secret that others may read or change (mode {mode:03o})", path.display());
    context.refuse(at, message, format!("chmod 600 {}", path.display()))
}

/// The secret in a file: its text without the newline at its end.
pub(super) fn secret(path: &Path, at: &Place, context: &Context<'_>) -> Option<SecretString> {
    let bytes = contents(path, at, context)?;
    private(path, at, context)?;
    let Ok(text) = String::from_utf8(bytes) else {
        return context.refuse(
            at,
            format!("{} is no text", path.display()),
            "write the secret as UTF-8 text",
        );
    };
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return context.refuse(
            at,
            format!("{} is empty", path.display()),
            "write the secret into it",
        );
    }
    Some(SecretString::from(text))
}

/// Sees that the file holds certificates (PEM).
pub(super) fn certificates(path: &Path, at: &Place, context: &Context<'_>) -> Option<()> {
    let bytes = contents(path, at, context)?;
    let mut count = 0_usize;
    let readable = CertificateDer::pem_slice_iter(&bytes).all(|found| {
        count += 1;
        found.is_ok()
    });
    if readable && count > 0 {
        return Some(());
    }
    let message = format!("{} holds no certificate in PEM form", path.display());
    context.refuse(
        at,
        message,
        "it must have -----BEGIN CERTIFICATE-----: the server's own first, then the chain",
    )
}

/// Sees that the file holds a private key (PEM) that is its owner's alone.
pub(super) fn private_key(path: &Path, at: &Place, context: &Context<'_>) -> Option<()> {
    let bytes = contents(path, at, context)?;
    private(path, at, context)?;
    if PrivateKeyDer::from_pem_slice(&bytes).is_ok() {
        return Some(());
    }
    let message = format!("{} holds no private key in PEM form", path.display());
    context.refuse(at, message, "it must have -----BEGIN PRIVATE KEY-----, without a passphrase")
}

/// Sees that the folder is there.
pub(super) fn folder(path: &Path, at: &Place, context: &Context<'_>) -> Option<()> {
    if path.is_dir() {
        return Some(());
    }
    context.refuse(
        at,
        format!("{} is no folder", path.display()),
        "make the folder, or take the key out",
    )
}

/// Sees that the file is there and can be read.
pub(super) fn readable(path: &Path, at: &Place, context: &Context<'_>) -> Option<()> {
    contents(path, at, context).map(drop)
}
