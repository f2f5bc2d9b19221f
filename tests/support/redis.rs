//! Redis of a test's own: real servers on free loopback ports in a temporary folder, gone with the test.

use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// With these it has on the disk what it acknowledges. (`everysec` puts a write off while the disk is busy, and `kill -9` loses
/// it.)
pub const KEEPS: &[&str] = &["--appendonly", "yes", "--appendfsync", "always"];

/// One server.
pub struct Redis {
    folder: TempDir,
    port: u16,
    arguments: Vec<String>,
    server: Child,
}

impl Redis {
    /// Starts one that keeps what it is given; `None` where Redis is not installed.
    pub fn start() -> Option<Self> {
        Self::start_with(KEEPS)
    }

    /// Starts one with these arguments besides.
    #[allow(clippy::print_stdout, reason = "what is skipped is told")]
    pub fn start_with(arguments: &[&str]) -> Option<Self> {
        if !installed() {
            assert!(std::env::var_os("CI").is_none(), "in CI Redis has to be there");
            println!("SKIPPED: Redis is not installed (Debian: apt-get install redis-server)");
            return None;
        }
        let arguments: Vec<String> =
            arguments.iter().map(|&argument| argument.to_owned()).collect();
        let folder = TempDir::with_prefix("doorward-redis").unwrap();
        // Somebody else may take the port between its choice and its use.
        for _ in 0..20 {
            let port = free_port();
            let mut server = serve(folder.path(), port, &arguments);
            if is_ready(&mut server, port) {
                return Some(Self { folder, port, arguments, server });
            }
        }
        panic!("Redis did not start: {}", log(folder.path()));
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where it is, as a configuration names it.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// What it answers.
    pub fn ask(&self, question: &[&str]) -> String {
        ask(self.port, question)
    }

    /// Ends it as a power failure would.
    pub fn kill(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }

    /// Starts it again, at its port and with what it has kept.
    pub fn start_again(&mut self) {
        self.server = serve(self.folder.path(), self.port, &self.arguments);
        assert!(is_ready(&mut self.server, self.port), "{}", log(self.folder.path()));
    }

    /// Stops it without ending it: what is sent to it is taken and not answered.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Goes on after [`Self::freeze`].
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.server.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A Cluster of three primaries, each with a replica.
pub struct Cluster(pub Vec<Redis>);

impl Cluster {
    pub fn start() -> Option<Self> {
        let mut servers = Vec::new();
        for _ in 0..6 {
            let node = [
                "--cluster-enabled",
                "yes",
                "--cluster-node-timeout",
                "1500",
                "--appendonly",
                "yes",
            ];
            servers.push(Redis::start_with(&node)?);
        }
        let addresses = servers.iter().map(|server| format!("127.0.0.1:{}", server.port()));
        let made = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(addresses)
            .args(["--cluster-replicas", "1", "--cluster-yes"])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
        let cluster = Self(servers);
        cluster.settle();
        Some(cluster)
    }

    pub fn ports(&self) -> Vec<u16> {
        self.0.iter().map(Redis::port).collect()
    }

    /// Waits until every server that runs knows where everything is, and each primary has its replica.
    pub fn settle(&self) {
        eventually("the Cluster is whole", Duration::from_secs(60), || {
            self.0.iter().all(|server| {
                server.ask(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
                    && server.ask(&["CLUSTER", "SLOTS"]).matches("127.0.0.1").count() == 6
                    && !server.ask(&["INFO", "replication"]).contains("master_link_status:down")
            })
        });
    }

    /// The servers that are primaries now.
    pub fn primaries(&self) -> Vec<usize> {
        let is_primary =
            |at: &usize| self.0[*at].ask(&["INFO", "replication"]).contains("role:master");
        (0..self.0.len()).filter(is_primary).collect()
    }
}

/// A primary, its replica, and three sentinels that watch over them.
pub struct Watched {
    pub servers: Vec<Redis>,
    pub sentinels: Vec<Redis>,
}

/// What the sentinels call the primary.
pub const PRIMARY: &str = "doorward-test";

impl Watched {
    pub fn start() -> Option<Self> {
        let primary = Redis::start()?;
        let port = primary.port().to_string();
        let of_it = format!("127.0.0.1 {port}");
        let replica = Redis::start_with(&[KEEPS, &["--replicaof", &of_it]].concat())?;
        let mut sentinels = Vec::new();
        for _ in 0..3 {
            let monitor = format!("monitor {PRIMARY} 127.0.0.1 {port} 2");
            let down = format!("down-after-milliseconds {PRIMARY} 1000");
            let pause = format!("failover-timeout {PRIMARY} 3000");
            sentinels.push(Redis::start_with(&["--sentinel", &monitor, &down, &pause])?);
        }
        let watched = Self { servers: vec![primary, replica], sentinels };
        eventually(
            "the sentinels know each other and the replica",
            Duration::from_secs(30),
            || {
                watched.sentinels.iter().all(|sentinel| {
                    let told = sentinel.ask(&["SENTINEL", "MASTER", PRIMARY]);
                    let lines: Vec<&str> = told.lines().collect();
                    let field =
                        |name| lines.iter().position(|line| *line == name).map(|at| lines[at + 1]);
                    field("num-other-sentinels") == Some("2") && field("num-slaves") == Some("1")
                }) && watched.servers[1]
                    .ask(&["INFO", "replication"])
                    .contains("master_link_status:up")
            },
        );
        Some(watched)
    }
}

/// Waits until it is so.
pub fn eventually(what: &str, patience: Duration, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + patience;
    while !is_so() {
        assert!(Instant::now() < deadline, "not within {patience:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What the server at this port answers.
pub fn ask(port: u16, question: &[&str]) -> String {
    let asked = Command::new("redis-cli").args(["-p", &port.to_string()]).args(question).output();
    String::from_utf8_lossy(&asked.unwrap().stdout).into_owned()
}

fn serve(folder: &Path, port: u16, arguments: &[String]) -> Child {
    let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
    let mut server = Command::new("redis-server");
    let sentinel = arguments.first().is_some_and(|first| first == "--sentinel");
    if sentinel {
        // Sentinels write what they learn into their file.
        let file = folder.join("sentinel.conf");
        let lines: Vec<String> =
            arguments.iter().skip(1).map(|line| format!("sentinel {line}\n")).collect();
        if !file.exists() {
            std::fs::write(&file, lines.concat()).unwrap();
        }
        server.arg(file).arg("--sentinel");
    }
    server.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--dir"]).arg(folder);
    if !sentinel {
        server.args(["--save", ""]).args(arguments);
    }
    server.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
}

fn is_ready(server: &mut Child, port: u16) -> bool {
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline {
        if server.try_wait().unwrap().is_some() {
            return false;
        }
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() && answers(port) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = server.kill();
    let _ = server.wait();
    false
}

/// Whether it takes commands; one that asks for a password does.
fn answers(port: u16) -> bool {
    let said = ask(port, &["PING"]);
    said.contains("PONG") || said.contains("NOAUTH")
}

/// A port that is free, with the one of its bus.
fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let bus = port.checked_add(10_000);
        if bus.is_some_and(|bus| TcpListener::bind(("127.0.0.1", bus)).is_ok()) {
            return port;
        }
    }
}

fn log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("log")).unwrap_or_default()
}

fn installed() -> bool {
    let there = |program: &str| Command::new(program).arg("--version").output().is_ok();
    there("redis-server") && there("redis-cli")
}
