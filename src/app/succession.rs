//! A successor: another process of this program that takes the listening sockets as they are and goes on with them, so
//! that no connection is refused while a new binary, or what takes a restart, comes into effect.
//!
//! The successor prepares everything, says that it is ready, and serves from the word of its predecessor on; this one
//! then takes no more connections and finishes what it has. The sockets are never closed in between: what waits in
//! them is served by the successor. If it fails to get ready, this process goes on as if nothing had happened.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use command_fds::{CommandFdExt, FdMapping};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::mpsc;

use super::inherited::{GO, READY};
use super::manager;

/// How long a successor may take to get ready.
const PATIENCE: Duration = Duration::from_secs(60);
/// The first of the file descriptors that are passed (`SD_LISTEN_FDS_START`).
const FIRST: i32 = 3;

/// How this process was called, and will be again.
#[derive(Clone, Debug)]
pub struct Call {
    /// The program, as it was called: what is at that path now is what succeeds.
    pub program: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// The variable that tells a successor that it is one.
    pub mark: &'static str,
}

/// Why there is no successor.
#[derive(Debug, thiserror::Error)]
enum NoSuccessor {
    #[error("it cannot be started: {0}")]
    NotStarted(#[from] std::io::Error),
    #[error("it gave up: {0}")]
    GaveUp(String),
    #[error("it ended before it was ready; its own words are on standard error")]
    Ended,
    #[error("it was not ready after {} s", PATIENCE.as_secs())]
    TooSlow,
    #[error(
        "this is the first process of its container, which ends with it: start another container"
    )]
    First,
}

/// Waits to be succeeded.
pub(super) struct Succession {
    call: Call,
    sockets: Vec<OwnedFd>,
}

impl Succession {
    /// `sockets` are what a successor gets.
    pub(super) const fn new(call: Call, sockets: Vec<OwnedFd>) -> Self {
        Self { call, sockets }
    }

    /// Comes back once another process serves in the place of this one, which has been `asked` for.
    pub(super) async fn comes(self, mut asked: mpsc::Receiver<()>) {
        while asked.recv().await.is_some() {
            match self.try_once().await {
                Ok(pid) => {
                    tracing::info!(
                        successor = pid,
                        "another process serves from now on; this one finishes what it has"
                    );
                    return;
                }
                Err(error) => {
                    tracing::error!(%error, "there is no successor; this process goes on");
                }
            }
        }
        // Nobody can ask any more.
        std::future::pending::<()>().await;
    }

    async fn try_once(&self) -> Result<u32, NoSuccessor> {
        if std::process::id() == 1 {
            return Err(NoSuccessor::First);
        }
        let (ours, theirs) = StdUnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let mut ours = UnixStream::from_std(ours)?;
        let mut command = self.command(theirs)?;
        let started = tokio::task::spawn_blocking(move || command.spawn()).await;
        let mut child = started.map_err(std::io::Error::other)??;
        match tokio::time::timeout(PATIENCE, heard(&mut ours)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(ended(child, error).await),
            Err(_) => return Err(ended(child, NoSuccessor::TooSlow).await),
        }
        manager::succeeded_by(child.id());
        if let Err(error) = ours.write_all(GO.as_bytes()).await {
            return Err(ended(child, error.into()).await);
        }
        match child.try_wait() {
            Ok(None) => Ok(child.id()),
            _ => Err(NoSuccessor::Ended),
        }
    }

    fn command(&self, theirs: StdUnixStream) -> Result<Command, std::io::Error> {
        let mut mappings = Vec::new();
        for (child_fd, socket) in (FIRST..).zip(&self.sockets) {
            mappings.push(FdMapping { parent_fd: socket.try_clone()?, child_fd });
        }
        let last = FIRST.saturating_add(i32::try_from(self.sockets.len()).unwrap_or(i32::MAX));
        mappings.push(FdMapping { parent_fd: theirs.into(), child_fd: last });
        let mut command = Command::new(&self.call.program);
        command
            .args(&self.call.arguments)
            .stdin(Stdio::null())
            .env("LISTEN_FDS", mappings.len().to_string())
            .env(self.call.mark, "1");
        for old in ["LISTEN_PID", "LISTEN_FDNAMES", "LISTEN_FDS_FIRST_FD", "WATCHDOG_PID"] {
            command.env_remove(old);
        }
        command.fd_mappings(mappings).map_err(std::io::Error::other)?;
        Ok(command)
    }
}

/// What a successor says about itself.
async fn heard(from: &mut UnixStream) -> Result<(), NoSuccessor> {
    let mut words = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = from.read(&mut buffer).await?;
        words.extend_from_slice(buffer.get(..read).unwrap_or_default());
        if words.starts_with(READY.as_bytes()) {
            return Ok(());
        }
        match (read, words.is_empty()) {
            (0, true) => return Err(NoSuccessor::Ended),
            (0, false) => {
                return Err(NoSuccessor::GaveUp(String::from_utf8_lossy(&words).into_owned()));
            }
            _ => {}
        }
    }
}

/// The same error, once the process that it is about is gone.
async fn ended(mut child: Child, error: NoSuccessor) -> NoSuccessor {
    let _ = child.kill();
    let _ = tokio::task::spawn_blocking(move || child.wait()).await;
    error
}
