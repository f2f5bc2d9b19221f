//! Where log lines go. Those of requests, of which there may be tens of thousands a second, are gathered, and written
//! together a moment later by a thread that does nothing else: a system call for each would cost a request as much as
//! reading it, and a slow reader of the log would have all of them wait. Everything else is written at once.

use std::io::{self, Stderr, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

/// How long lines are gathered.
const GATHER: Duration = Duration::from_millis(10);
/// Who adds to more than this writes it out: a log that cannot be written holds requests up, and fills no memory.
const MOST: usize = 1 << 20;

/// Standard error. Lines of the target [`super::ACCESS`] may come a moment later.
#[derive(Clone, Copy, Debug)]
pub(super) struct StandardError;

/// Writes out what was gathered, for the end of the process.
pub(super) fn flush() {
    if let Some(gathered) = GATHERED.get() {
        gathered.write_out();
    }
}

/// Writes a line of a request a moment later.
pub(super) fn gather(line: &[u8]) {
    GATHERED.get_or_init(|| Gathered::begin(io::stderr())).add(line);
}

static GATHERED: OnceLock<Arc<Gathered<Stderr>>> = OnceLock::new();

impl<'w> MakeWriter<'w> for StandardError {
    type Writer = Line;

    fn make_writer(&'w self) -> Line {
        Line::AtOnce
    }

    fn make_writer_for(&'w self, meta: &Metadata<'_>) -> Line {
        if meta.target() == super::ACCESS { Line::Gathered } else { Line::AtOnce }
    }
}

/// Where one line goes.
pub(super) enum Line {
    Gathered,
    AtOnce,
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Gathered => {
                gather(bytes);
            }
            // After what was said before it.
            Self::AtOnce => {
                flush();
                io::stderr().write_all(bytes)?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Lines that wait to be written.
struct Gathered<W> {
    lines: Mutex<Vec<u8>>,
    some: Condvar,
    /// Held while lines are on their way, so that they arrive in their order.
    out: Mutex<W>,
}

impl<W: Write + Send + 'static> Gathered<W> {
    /// Begins to write to `out` what is gathered.
    fn begin(out: W) -> Arc<Self> {
        let new = Self { lines: Mutex::default(), some: Condvar::new(), out: Mutex::new(out) };
        let gathered = Arc::new(new);
        let writer = Arc::clone(&gathered);
        // Without a thread lines are written when there are many, and before the next of another kind.
        let _ = std::thread::Builder::new().name("log".into()).spawn(move || writer.write_on());
        gathered
    }

    fn add(&self, line: &[u8]) {
        let mut lines = lock(&self.lines);
        let first = lines.is_empty();
        lines.extend_from_slice(line);
        let many = lines.len() > MOST;
        drop(lines);
        if many {
            self.write_out();
        } else if first {
            self.some.notify_one();
        }
    }

    fn write_out(&self) {
        if lock(&self.lines).is_empty() {
            return;
        }
        let mut out = lock(&self.out);
        let lines = mem::take(&mut *lock(&self.lines));
        // Nobody is left to tell.
        let _ = out.write_all(&lines).and_then(|()| out.flush());
    }

    fn write_on(&self) {
        loop {
            let lines = lock(&self.lines);
            let some = self.some.wait_while(lines, |lines| lines.is_empty());
            drop(some.unwrap_or_else(PoisonError::into_inner));
            std::thread::sleep(GATHER);
            self.write_out();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    struct Told(Sender<Vec<u8>>);

    impl Write for Told {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_come_in_their_order_and_none_is_lost() {
        let (told, written) = channel();
        let gathered = Gathered::begin(Told(told));
        let mut wanted = Vec::new();
        for number in 0..5000 {
            let line = format!("{number}\n");
            gathered.add(line.as_bytes());
            wanted.extend_from_slice(line.as_bytes());
            if number % 1000 == 0 {
                gathered.write_out();
            }
        }
        let mut all = Vec::new();
        while all.len() < wanted.len() {
            all.extend(written.recv_timeout(Duration::from_secs(20)).unwrap());
        }
        assert_eq!(all, wanted);
    }

    #[test]
    fn more_than_may_wait_is_written_by_who_adds_it() {
        let (told, written) = channel();
        // No thread writes these.
        let gathered =
            Gathered { lines: Mutex::default(), some: Condvar::new(), out: Mutex::new(Told(told)) };
        gathered.add(&vec![b'a'; MOST]);
        assert!(written.try_recv().is_err());
        gathered.add(b"b");
        assert_eq!(written.try_recv().unwrap().len(), MOST + 1);
        assert!(lock(&gathered.lines).is_empty());
    }
}
