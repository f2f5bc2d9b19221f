//! Processes that are not children of the test, and what they tell a service manager.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

use super::changes::signal;
use super::tools::eventually;

/// A process that is ended with the test.
#[derive(Debug)]
pub struct Ends(pub u32);

impl Drop for Ends {
    fn drop(&mut self) {
        if is_running(self.0) {
            let _ = std::process::Command::new("kill").args(["-9", &self.0.to_string()]).status();
        }
    }
}

impl Ends {
    /// Asks it to end, and waits until it has.
    pub async fn stop(&self) {
        signal(self.0, "TERM");
        wait_for_end(self.0).await;
    }
}

/// Waits until the process is no more.
pub async fn wait_for_end(pid: u32) {
    let what = format!("the end of process {pid}");
    eventually(&what, async || (!is_running(pid)).then_some(())).await;
}

/// Whether it runs; one that nobody has waited for does not.
pub fn is_running(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && !line.contains('Z'))
}

/// Hears what a process tells its service manager.
pub struct Manager(UnixDatagram);

impl Manager {
    /// Listens at `path`.
    pub fn at(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).expect("a socket");
        socket.set_nonblocking(true).expect("it does not block");
        Self(socket)
    }

    /// Waits for a message with this line, and gives it; what came before is passed over.
    pub async fn hears(&self, line: &str) -> String {
        eventually(&format!("the service manager hears {line}"), async || {
            while let Some(message) = self.next() {
                if message.lines().any(|found| found == line || found.starts_with(line)) {
                    return Some(message);
                }
            }
            None
        })
        .await
    }

    fn next(&self) -> Option<String> {
        let mut buffer = [0; 4096];
        let read = self.0.recv(&mut buffer).ok()?;
        Some(String::from_utf8_lossy(&buffer[..read]).into_owned())
    }
}

/// How long a process that ends at once takes at the most.
pub const AT_ONCE: Duration = Duration::from_secs(5);
