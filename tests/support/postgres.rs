//! A PostgreSQL of a test's own: a real server in a temporary folder, reached by a socket there, gone with the test.

use std::fs::{File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
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
    settings: Vec<String>,
    port: u16,
}

impl Postgres {
    /// Starts one, empty; `None` where PostgreSQL is not installed.
    pub fn start() -> Option<Self> {
        Self::start_with(5432, &[], &[])
    }

    /// One that also listens at this port of 127.0.0.1.
    pub fn start_at(port: u16) -> Option<Self> {
        Self::start_with(port, &["listen_addresses=127.0.0.1"], &[])
    }

    /// One with more settings, and more files beside its data. Its socket is named by `port`, whether it listens there or not.
    #[allow(clippy::print_stdout, reason = "what is skipped is told")]
    pub fn start_with(port: u16, settings: &[&str], files: &[(&str, &str)]) -> Option<Self> {
        let Some(programs) = programs() else {
            assert!(std::env::var_os("CI").is_none(), "in CI PostgreSQL has to be there");
            println!("SKIPPED: PostgreSQL is not installed (Debian: apt-get install postgresql)");
            return None;
        };
        let template = template(&programs);
        let folder = TempDir::with_prefix("doorward-pg").unwrap();
        own(folder.path());
        let data = folder.path().join("data");
        let copied = Command::new("cp").arg("-a").args([&template, &data]).status().unwrap();
        assert!(copied.success());
        for (name, contents) in files {
            let file = data.join(name);
            std::fs::write(&file, contents).unwrap();
            std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
            own(&file);
        }
        let mut settings: Vec<String> = settings.iter().map(|one| (*one).to_owned()).collect();
        settings.push(format!("port={port}"));
        let server = serve(&programs, folder.path(), &settings);
        let mut started = Self { folder, server, settings, port };
        started.wait();
        Some(started)
    }

    /// The folder of its socket.
    pub fn socket(&self) -> &Path {
        self.folder.path()
    }

    /// Where it is, as a configuration names it.
    pub fn url(&self) -> String {
        let (password, port) = (PASSWORD.replace(' ', "%20"), self.port);
        let socket = self.socket().display();
        format!("postgres://{USER}:{password}@localhost:{port}/postgres?host={socket}")
    }

    /// The same by TCP, at this port of 127.0.0.1, with more behind the `?`.
    pub fn url_at(port: u16, more: &str) -> String {
        let password = PASSWORD.replace(' ', "%20");
        format!("postgres://{USER}:{password}@127.0.0.1:{port}/postgres?{more}")
    }

    /// Ends it as kill -9 does, every process of it at once.
    pub fn kill9(&mut self) {
        let postmaster = self.server.id();
        let all: Vec<String> =
            children_of(postmaster).chain([postmaster]).map(|id| id.to_string()).collect();
        let _ = Command::new("kill").arg("-KILL").args(all).status();
        let _ = self.server.wait();
    }

    /// Starts it again after its end.
    pub fn start_again(&mut self) {
        self.serve();
        self.wait();
    }

    fn serve(&mut self) {
        let _ = std::fs::remove_file(self.folder.path().join("data/postmaster.pid"));
        self.server = serve(&programs().unwrap(), self.folder.path(), &self.settings);
    }

    fn wait(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        let pid = self.folder.path().join("data/postmaster.pid");
        loop {
            let ready = std::fs::read_to_string(&pid).is_ok_and(|told| told.contains("ready"));
            if ready {
                return;
            }
            // A process that the killed one was just starting may hold its memory for a moment longer.
            if !matches!(self.server.try_wait(), Ok(None)) {
                self.serve();
            }
            let log = || std::fs::read_to_string(self.folder.path().join("log"));
            assert!(Instant::now() < deadline, "PostgreSQL did not start: {:?}", log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill9();
    }
}

/// The processes that this one has started.
fn children_of(parent: u32) -> impl Iterator<Item = u32> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    processes.filter_map(move |process| {
        let id = process.file_name().to_str()?.parse().ok()?;
        let told = std::fs::read_to_string(process.path().join("stat")).ok()?;
        // Behind the name, which may hold anything: the state, and the parent.
        let of: u32 = told.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
        (of == parent).then_some(id)
    })
}

fn serve(programs: &Path, folder: &Path, settings: &[String]) -> Child {
    let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
    let mut command = as_its_user(&programs.join("postgres"));
    command.arg("-D").arg(folder.join("data")).arg("-k").arg(folder);
    // What the processor's cache has is not lost by kill -9; a disk's would be.
    for setting in ["listen_addresses=", "shared_buffers=8MB", "fsync=off", "max_connections=200"] {
        command.args(["-c", setting]);
    }
    for setting in settings {
        command.args(["-c", setting]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
}

/// An empty database to copy: made once, by whichever test comes first.
fn template(programs: &Path) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(folder).unwrap();
    // Several tests come first at once.
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
