//! The file that accounts are imported from.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use zeroize::Zeroizing;

use super::Unreadable;

/// More than standard input may bring: it is kept in memory, for what is not whole is not imported.
const MOST_STDIN_BYTES: u64 = 512 * 1024 * 1024;

/// A file that can be read from its beginning as often as it takes.
pub(super) enum Input {
    File(File),
    Stdin(Arc<Zeroizing<Vec<u8>>>),
}

/// One reading of it, which tells how far it is.
pub(super) type Reading = BufReader<Counted>;

impl Input {
    /// Opens `path`; `-` is standard input.
    pub(super) fn open(path: &Path) -> Result<Self, Unreadable> {
        if path != Path::new("-") {
            return File::open(path).map(Self::File).map_err(unreadable);
        }
        let mut bytes = Zeroizing::new(Vec::new());
        let stdin = std::io::stdin().lock();
        stdin.take(MOST_STDIN_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > MOST_STDIN_BYTES {
            return Err(Unreadable("standard input has more than 512 MiB: name a file".into()));
        }
        Ok(Self::Stdin(Arc::new(bytes)))
    }

    /// How much there is, in bytes.
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::File(file) => file.metadata().map_or(0, |metadata| metadata.len()),
            Self::Stdin(bytes) => bytes.len() as u64,
        }
    }

    /// A reading from the beginning, which counts what it reads. One at a time.
    pub(super) fn read(&self, count: &Arc<AtomicU64>) -> Result<Reading, Unreadable> {
        let from = match self {
            Self::File(file) => {
                let mut file = file.try_clone().map_err(unreadable)?;
                file.rewind().map_err(unreadable)?;
                From::File(file)
            }
            Self::Stdin(bytes) => From::Stdin(Cursor::new(Shared(Arc::clone(bytes)))),
        };
        Ok(BufReader::with_capacity(64 * 1024, Counted { from, count: Arc::clone(count) }))
    }
}

fn unreadable(error: std::io::Error) -> Unreadable {
    Unreadable(error.to_string())
}

/// Counts what is read.
pub(super) struct Counted {
    from: From,
    count: Arc<AtomicU64>,
}

enum From {
    File(File),
    Stdin(Cursor<Shared>),
}

struct Shared(Arc<Zeroizing<Vec<u8>>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = match &mut self.from {
            From::File(file) => file.read(buffer),
            From::Stdin(bytes) => bytes.read(buffer),
        }?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
