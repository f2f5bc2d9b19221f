//! Real programs that serve HTTP behind doorward.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::net::TcpStream;

use super::tools::{free_port, within};

/// How long a program may take to listen: some read a thousand modules first, on a machine that is busy.
const START: Duration = Duration::from_secs(120);

/// A program that listens, until the test is over.
pub struct App {
    pub address: SocketAddr,
    folder: TempDir,
    child: Child,
}

impl App {
    /// Where a program can listen.
    pub fn free_address() -> SocketAddr {
        ([127, 0, 0, 1], free_port()).into()
    }

    /// Starts what `command` makes of a folder of its own, and waits until it listens on `address`.
    pub async fn start(address: SocketAddr, command: impl FnOnce(&Path) -> Command) -> Self {
        let folder = tempfile::Builder::new().prefix("doorward-app-").tempdir().expect("a folder");
        let log = File::create(folder.path().join("log")).expect("its log");
        let errors = log.try_clone().expect("its log");
        let child = command(folder.path())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .expect("the app starts");
        let mut app = Self { address, folder, child };
        within(START, "the app to listen", async || {
            let ended = app.child.try_wait().expect("it has a status");
            assert!(ended.is_none(), "the app ended:\n{}", app.log());
            TcpStream::connect(address).await.ok()
        })
        .await;
        app
    }

    /// A file in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }
}

/// How long a program may take to end what it has begun.
const END: Duration = Duration::from_secs(5);

impl Drop for App {
    /// Asks it to end, so that it ends its own children (the kernels of Jupyter); what does not listen is killed.
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let deadline = Instant::now() + END;
        while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::park_timeout(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- what the app said\n{}\n---", self.log());
        }
    }
}
