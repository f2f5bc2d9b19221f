//! A PostgreSQL of a test's own: a real server in a temporary folder, reached by a socket there, gone with the test.

use std::fs::File;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Who signs in to it.
pub const USER: &str = "doorward";
/// With which password.
pub const PASSWORD: &str = "a password of the tests";

/// A running server.
pub struct Postgres {
    folder: TempDir,
    server: Child,
}

impl Postgres {
    /// Starts one, empty; `None` where PostgreSQL is not installed.
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            assert!(std::env::var_os("CI").is_none(), "in CI PostgreSQL has to be there");
            println!("skipped: PostgreSQL is not installed (Debian: apt-get install postgresql)");
            return None;
        };
        let template = template(&programs);
        let folder = TempDir::with_prefix("doorward-pg").unwrap();
        own(folder.path());
        let data = folder.path().join("data");
        let copied = Command::new("cp").arg("-a").args([&template, &data]).status().unwrap();
        assert!(copied.success());
        let server = serve(&programs, folder.path());
        let started = Self { folder, server };
        started.wait();
        Some(started)
    }

    /// The folder of its socket.
    pub fn socket(&self) -> &Path {
        self.folder.path()
    }

    /// Where it is, as a configuration names it.
    pub fn url(&self) -> String {
        let password = PASSWORD.replace(' ', "%20");
        format!("postgres://{USER}:{password}@localhost/postgres?host={}", self.socket().display())
    }

    /// Ends it as a power failure would, and starts it again.
    pub fn crash(&mut self) {
        self.kill();
        let _ = std::fs::remove_file(self.folder.path().join("data/postmaster.pid"));
        self.server = serve(&programs().unwrap(), self.folder.path());
        self.wait();
    }

    /// Ends it: every process of it, at once.
    pub fn kill(&mut self) {
        // The postmaster ends its children with it at this signal, and writes nothing.
        let _ = Command::new("kill").args(["-QUIT", &self.server.id().to_string()]).status();
        let _ = self.server.wait();
    }

    fn wait(&self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        let pid = self.folder.path().join("data/postmaster.pid");
        loop {
            let ready = std::fs::read_to_string(&pid).is_ok_and(|told| told.contains("ready"));
            if ready {
                return;
            }
            assert!(Instant::now() < deadline, "PostgreSQL did not start");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill();
    }
}

fn serve(programs: &Path, folder: &Path) -> Child {
    let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
    as_its_user(&programs.join("postgres"))
        .arg("-D")
        .arg(folder.join("data"))
        .arg("-k")
        .arg(folder)
        .args(["-c", "listen_addresses=", "-c", "shared_buffers=8MB", "-c", "fsync=off"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// An empty database to copy: made once, by whichever test comes first.
fn template(programs: &Path) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(folder).unwrap();
    let turn = File::create(folder.join("postgres.lock")).unwrap();
    turn.lock().unwrap();
    let kept = folder.join("postgres-template");
    if kept.join("PG_VERSION").exists() {
        return kept;
    }
    // Made in a folder that its user may enter, whoever owns the one where it is kept.
    let made = TempDir::with_prefix("doorward-initdb").unwrap();
    own(made.path());
    let password = made.path().join("password");
    std::fs::write(&password, PASSWORD).unwrap();
    let done = as_its_user(&programs.join("initdb"))
        .args(["--no-sync", "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256"])
        .args(["--username", USER, "--pwfile"])
        .arg(&password)
        .arg("-D")
        .arg(made.path().join("data"))
        .current_dir(made.path())
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let _ = std::fs::remove_dir_all(&kept);
    let moved = Command::new("cp").arg("-a").arg(made.path().join("data")).arg(&kept).status();
    assert!(moved.unwrap().success());
    kept
}

/// PostgreSQL refuses to run as root: there it runs as the user that its package has made.
fn as_its_user(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}

fn own(folder: &Path) {
    if is_root() {
        let id = |of: &str| -> u32 {
            let told = Command::new("id").args([of, "postgres"]).output().unwrap();
            String::from_utf8(told.stdout).unwrap().trim().parse().unwrap()
        };
        chown(folder, Some(id("-u")), Some(id("-g"))).unwrap();
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|this| this.uid() == 0)
}

/// The folder of its programs: the newest that Debian has, or where the path finds them.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .filter(|folder| folder.join("initdb").exists())
        .collect();
    found.sort();
    let in_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|folder| folder.join("initdb").exists())
    };
    found.pop().or_else(in_path)
}
