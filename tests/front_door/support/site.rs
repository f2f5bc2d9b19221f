//! The real binary, with its configuration in a folder of its own, on free ports of this machine.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use doorward::domain::time::{Clock, SystemClock};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::browser::Request;
use super::http::{PATIENCE, Response, exchange};
use super::mail::Mailbox;
use super::metrics::Metrics;
use super::postgres::Postgres;
use super::redis::Redis;
use super::tools::{eventually, free_port};
use super::upstream::Upstream;

/// Somebody with an account.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    pub username: &'static str,
    pub email: &'static str,
    pub full_name: &'static str,
    pub password: &'static str,
    pub groups: &'static [&'static str],
}

pub const ADA: Person = Person {
    username: "ada",
    email: "ada@example.org",
    full_name: "Ada Lovelace",
    password: "engine of 1843, analytical",
    groups: &["admins", "staff"],
};

pub const GRACE: Person = Person {
    username: "grace",
    email: "grace@example.org",
    full_name: "Grace Hopper",
    password: "nanoseconds of wire, cut",
    groups: &[],
};

/// What a test wants otherwise than usual.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The rules of the site, each a YAML mapping.
    pub rules: Vec<String>,
    /// More of the site, each a YAML line such as `preserve_host: false`.
    pub site: Vec<String>,
    /// More sites, each a YAML mapping; `UPSTREAM` stands for the address of the app.
    pub more_sites: Vec<String>,
    /// Where people sign in, in place of the site's own `http://wiki.localhost`.
    pub origin: Option<&'static str>,
    /// The host of the first site.
    pub first_host: &'static str,
    /// More of the portal, such as `single_sign_on: false`.
    pub portal: Option<&'static str>,
    /// The limits; usually out of the way, for all of a test comes from one address.
    pub limits: Option<String>,
    /// The value of `mail:`; usually files.
    pub mail: Option<String>,
    /// The app behind; usually the one that records.
    pub upstream: Option<SocketAddr>,
    /// The value of `upstreams:`, where one app is not enough.
    pub upstreams: Option<String>,
    /// More of the top level, each a YAML line.
    pub top: Vec<String>,
    /// What is logged.
    pub log: String,
    /// Who has an account.
    pub people: Vec<Person>,
    /// The proxy that asks by forward-auth, if one does.
    pub front: Option<Front>,
    /// The way that requests take to the app where they have the choice.
    pub way: Way,
    /// Whether one thread serves all connections, so that what one has left behind the next one finds.
    pub one_thread: bool,
    /// The value of `accounts:`; usually a file in the folder of the site.
    pub accounts: Option<String>,
    /// More listeners, each a YAML mapping; `FOLDER` stands for the folder of the site.
    pub listen: Vec<String>,
}

/// A way to the app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// The short one, unless these tests are run to try the other one.
    #[default]
    Short,
    /// Pingora's own.
    Pingoras,
}

/// A proxy in front that asks, and passes requests to the app itself.
#[derive(Clone, Copy, Debug)]
pub struct Front {
    /// Its name in the configuration.
    pub name: &'static str,
    /// The port by which browsers know the site.
    pub port: u16,
}

impl Default for Setup {
    fn default() -> Self {
        let rules = [
            r#"{ path: "/public/**", policy: bypass }"#,
            r#"{ path: "/simple/**", policy: one_factor }"#,
            r#"{ path: "/mail-only/**", policy: otp_only }"#,
            r#"{ path: "/closed/**", policy: deny }"#,
            r#"{ path: "/admins/**", policy: two_factor, groups: [admins] }"#,
            r#"{ path: "/api/**", policy: two_factor, unauthenticated: "401" }"#,
            "{ policy: two_factor }",
        ];
        Self {
            rules: rules.map(str::to_owned).to_vec(),
            site: Vec::new(),
            more_sites: Vec::new(),
            origin: None,
            first_host: "wiki.localhost",
            portal: None,
            limits: Some(
                "{ sign_in: 10000/1m, registration: 10000/1m, reset: 10000/1m, verify: 10000/1m, \
                 resend: 10000/1m, code_request: 10000/1m, \
                 mails_account: 10000/1m, mails_address: 10000/1m, mails_total: 10000/1m, \
                 sms_number: 10000/1m, sms_address: 10000/1m, sms_total: 10000/1m }"
                    .to_owned(),
            ),
            mail: None,
            upstream: None,
            upstreams: None,
            top: Vec::new(),
            log: "debug".to_owned(),
            people: vec![ADA, GRACE],
            front: None,
            way: Way::default(),
            one_thread: false,
            accounts: None,
            listen: Vec::new(),
        }
    }
}

/// A running gateway.
pub struct Site {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where metrics and health are.
    pub admin: SocketAddr,
    /// `wiki.localhost` and the port: what browsers send as `Host`.
    pub host: String,
    /// The app behind, when it is the recording one.
    pub upstream: Upstream,
    /// The mails that fell into the folder.
    pub mailbox: Mailbox,
    folder: TempDir,
    /// Where the accounts are, if these tests are run to try PostgreSQL.
    shared: Option<Postgres>,
    /// Where what passes is, if these tests are run to try Redis.
    passing: Option<Redis>,
    way: Way,
    one_thread: bool,
    running: Option<Child>,
    offset: AtomicI64,
}

impl Site {
    /// A gateway as usual.
    pub async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    /// A gateway with what this test wants otherwise.
    pub async fn with(setup: Setup) -> Self {
        let mut site = Self::prepared(&setup).await;
        for person in &setup.people {
            site.add_account(person).await;
        }
        site.serve().await;
        site
    }

    /// Everything but the running process.
    pub async fn prepared(setup: &Setup) -> Self {
        let folder = tempfile::Builder::new().prefix("doorward-test-").tempdir().expect("a folder");
        let (port, admin) = (free_port(), free_port());
        let upstream = Upstream::start().await;
        let site = Self {
            address: ([127, 0, 0, 1], port).into(),
            admin: ([127, 0, 0, 1], admin).into(),
            host: match setup.origin.and_then(|origin| origin.split_once("://")) {
                Some((_, host)) => host.to_owned(),
                None => format!("wiki.localhost:{}", setup.front.map_or(port, |front| front.port)),
            },
            mailbox: Mailbox::new(&folder.path().join("mails")),
            upstream,
            folder,
            shared: (setup.accounts.is_none() && in_postgres()).then(Postgres::start).flatten(),
            passing: (in_redis() && !setup.top.iter().any(|line| line.starts_with("state:")))
                .then(Redis::start)
                .flatten(),
            way: setup.way,
            one_thread: setup.one_thread,
            running: None,
            offset: AtomicI64::new(0),
        };
        std::fs::write(site.config(), site.yaml(setup)).expect("the configuration is written");
        site
    }

    fn yaml(&self, setup: &Setup) -> String {
        let folder = self.folder.path().display();
        let app = setup.upstream.unwrap_or(self.upstream.address);
        let mail = setup.mail.clone().unwrap_or_else(|| {
            format!("{{ from: \"Example Wiki <no-reply@wiki.example>\", files: {folder}/mails }}")
        });
        let own = format!("http://{}", self.host);
        let origin = setup.origin.unwrap_or(&own);
        let portal = setup.portal.map(|more| format!(", {more}")).unwrap_or_default();
        let host = setup.first_host;
        let more: String = setup
            .listen
            .iter()
            .map(|one| format!(", {}", one.replace("FOLDER", &folder.to_string())))
            .collect();
        let shared =
            self.shared.as_ref().map(|server| format!("{{ database: \"{}\" }}", server.url()));
        let accounts = setup
            .accounts
            .clone()
            .or(shared)
            .unwrap_or_else(|| format!("{{ database: \"sqlite://{folder}/doorward.db\" }}"));
        let mut yaml = format!(
            "listen: [{{ address: \"{}\" }}{more}]\nadmin: {{ address: \"{}\" }}\n\
             portal: {{ origin: \"{origin}\", name: Example Wiki{portal} }}\n\
             secret_file: {folder}/secret\naccounts: {accounts}\nmail: {mail}\n\
             password_hash: {{ memory_kib: 7168, iterations: 5 }}\nlog: {{ format: json, filter: \"{}\" }}\n",
            self.address, self.admin, setup.log,
        );
        let limits = setup.limits.iter().map(|limits| format!("limits: {limits}"));
        let passing =
            self.passing.iter().map(|redis| format!("state: {{ redis: \"{}\" }}", redis.url()));
        for line in limits.chain(setup.top.iter().cloned()).chain(passing) {
            yaml.push_str(&line);
            yaml.push('\n');
        }
        // Little work for tests: one that wants more says so.
        if !setup.top.iter().any(|line| line.starts_with("captcha:")) {
            yaml.push_str("captcha: { proof_of_work: { hashes: 1000 } }\n");
        }
        let behind = match setup.front {
            Some(front) => format!("forward_auth: {}", front.name),
            None => match &setup.upstreams {
                Some(upstreams) => format!("upstreams: {upstreams}"),
                None => format!("upstreams: [\"http://{app}\"]"),
            },
        };
        if setup.front.is_some() {
            yaml.push_str("trusted_proxies: [\"127.0.0.1\"]\n");
        }
        yaml.push_str(&format!("sites:\n  - host: {host}\n    {behind}\n    rules:\n"));
        for rule in &setup.rules {
            yaml.push_str(&format!("      - {rule}\n"));
        }
        for line in &setup.site {
            yaml.push_str(&format!("    {line}\n"));
        }
        for site in &setup.more_sites {
            yaml.push_str(&format!("  - {}\n", site.replace("UPSTREAM", &format!("http://{app}"))));
        }
        yaml
    }

    /// The configuration file.
    pub fn config(&self) -> PathBuf {
        self.path("doorward.yaml")
    }

    /// A file of the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the process and waits for the line that says it is ready.
    pub async fn serve(&mut self) {
        let mut command = self.command();
        command.args(["serve", "-c"]).arg(self.config());
        self.serve_by(command).await;
    }

    /// The same by a command of the test's own.
    pub async fn serve_by(&mut self, mut command: Command) {
        let log =
            File::options().create(true).append(true).open(self.path("log")).expect("the log");
        let mut child =
            command.stdout(Stdio::piped()).stderr(log).spawn().expect("the binary starts");
        // What it holds for the process is the process's alone from now on.
        drop(command);
        let (ready, is_ready) = oneshot::channel();
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        self.running = Some(child);
        // Reads on to the end, so that the process never waits for a reader.
        std::thread::spawn(move || {
            let _ = ready.send(lines.next());
            lines.for_each(drop);
        });
        match timeout(PATIENCE, is_ready).await {
            Ok(Ok(Some(Ok(_)))) => {}
            other => panic!("it did not get ready: {other:?}\n{}", self.log()),
        }
    }

    /// The binary, in the folder and with the clock of this site.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
        command.env("DOORWARD_TEST_CLOCK", self.path("clock")).current_dir(self.folder.path());
        if self.way == Way::Pingoras {
            command.env("DOORWARD_TEST_LONG_WAY", "1");
        }
        if self.one_thread {
            command.env("DOORWARD_TEST_THREADS", "1");
        }
        command
    }

    /// The process, as its identifier.
    pub fn pid(&self) -> u32 {
        self.running.as_ref().map(Child::id).expect("it runs")
    }

    /// Ends the process as a power cut does.
    pub fn kill9(&mut self) {
        let mut child = self.running.take().expect("it runs");
        child.kill().expect("it is killed");
        child.wait().expect("it has a status");
    }

    /// Asks the process to end, and waits for it.
    pub async fn stop(&mut self) -> ExitStatus {
        let asked = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status();
        assert!(asked.expect("kill runs").success());
        self.ended().await
    }

    /// Waits for the end of the process.
    pub async fn ended(&mut self) -> ExitStatus {
        let mut child = self.running.take().expect("it runs");
        eventually("the end of the process", async || child.try_wait().expect("it has a status"))
            .await
    }

    /// Runs a command of the binary with `input`, to its end.
    pub async fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let input = input.to_owned();
        let running = tokio::task::spawn_blocking(move || {
            let mut child = command.spawn().expect("the binary starts");
            let mut stdin = child.stdin.take().expect("its input");
            let _ = stdin.write_all(input.as_bytes());
            drop(stdin);
            child.wait_with_output().expect("it has a status")
        });
        timeout(PATIENCE, running).await.expect("it ends in time").expect("it ran")
    }

    /// The same with `-c` and the site's configuration, expecting success; gives its output.
    pub async fn cli(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(&self.with_config(arguments), input).await;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?} ended with {}: {told}", output.status);
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    fn with_config<'a>(&self, arguments: &[&'a str]) -> Vec<&'a str> {
        let config: &'static str = Box::leak(self.config().display().to_string().into_boxed_str());
        arguments.iter().copied().chain(["-c", config]).collect()
    }

    /// Gives somebody an account by the command line.
    pub async fn add_account(&self, person: &Person) {
        let mut arguments = vec![
            "accounts",
            "add",
            person.username,
            "--email",
            person.email,
            "--name",
            person.full_name,
        ];
        for group in person.groups {
            arguments.extend(["--group", group]);
        }
        arguments.push("--password-stdin");
        self.cli(&arguments, &format!("{}\n", person.password)).await;
    }

    /// The key with which identity is signed, and its name.
    pub async fn signing_key(&self) -> (String, Vec<u8>) {
        let listed = self.cli(&["keys", "list", "--reveal", "--json"], "").await;
        let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
        let find =
            |name: &str| find_key(&listed, name).unwrap_or_else(|| panic!("no {name} in {listed}"));
        let key =
            data_encoding::HEXLOWER_PERMISSIVE.decode(find("key").as_bytes()).expect("hexadecimal");
        (find("keyid"), key)
    }

    /// The gateway's time, in seconds since 1970.
    pub fn now(&self) -> i64 {
        SystemClock.now().as_secs() + self.offset.load(Ordering::SeqCst)
    }

    /// Moves the gateway's clock ahead.
    pub fn travel(&self, span: Duration) {
        if !cfg!(feature = "test-clock") {
            panic!("travelling takes --features test-clock: run scripts/test");
        }
        let seconds = i64::try_from(span.as_secs()).expect("a span that people live through");
        let offset = self.offset.fetch_add(seconds, Ordering::SeqCst) + seconds;
        // Renamed into place, so that nobody reads half a number.
        std::fs::write(self.path("clock.new"), offset.to_string()).expect("the clock is set");
        std::fs::rename(self.path("clock.new"), self.path("clock")).expect("the clock is set");
    }

    /// Sends a request with nobody's cookies.
    pub async fn send(&self, request: Request) -> Response {
        exchange(self.address, &request.bytes(&self.host)).await
    }

    /// Asks the admin listener.
    pub async fn ask_admin(&self, path: &str) -> Response {
        exchange(self.admin, &Request::get(path).bytes(&self.admin.to_string())).await
    }

    /// A reading of the metrics.
    pub async fn metrics(&self) -> Metrics {
        Metrics(self.ask_admin("/metrics").await.expect(200).text())
    }

    /// Waits until every mail has left the outbox.
    pub async fn outbox_is_empty(&self) {
        eventually("an empty outbox", async || (self.mails_waiting().await == 0).then_some(()))
            .await;
    }

    /// The mails in the outbox, as its table has them: the metric is counted now and then only.
    pub async fn mails_waiting(&self) -> i64 {
        if let Some(redis) = &self.passing {
            let parts = redis.ask(&["KEYS", "doorward:m1:*"]);
            let of_part = |part| redis.ask(&["ZCARD", part]).trim().parse::<i64>().unwrap();
            return parts.lines().filter(|part| !part.is_empty()).map(of_part).sum();
        }
        let options = SqliteConnectOptions::new().filename(self.flow_database()).read_only(true);
        let mut database = SqliteConnection::connect_with(&options).await.expect("the database");
        let count =
            sqlx::query_scalar("SELECT count(*) FROM outbox").fetch_one(&mut database).await;
        count.expect("the outbox")
    }

    /// The file of sessions, codes and mails.
    pub fn flow_database(&self) -> PathBuf {
        let own = self.path("state.db");
        if own.exists() { own } else { self.path("doorward.db") }
    }

    /// All that was logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Every byte that doorward has written, mails aside: database, journals, secret, log, and what Redis has of it.
    pub fn written(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        collect(self.folder.path(), &mut files);
        if let Some(redis) = &self.passing {
            collect(redis.folder(), &mut files);
        }
        files.retain(|(path, _)| path.extension().is_none_or(|extension| extension != "eml"));
        files
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(mut child) = self.running.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let tail = &lines[lines.len().saturating_sub(40)..];
            eprintln!("--- the end of the log\n{}\n---", tail.join("\n"));
        }
    }
}

/// Whether these tests are run a second time, with the accounts in PostgreSQL.
fn in_postgres() -> bool {
    std::env::var_os("DOORWARD_TEST_POSTGRES").is_some()
}

/// Whether these tests are run once more, with what passes in Redis.
fn in_redis() -> bool {
    std::env::var_os("DOORWARD_TEST_REDIS").is_some()
}

fn find_key(value: &serde_json::Value, name: &str) -> Option<String> {
    match value {
        serde_json::Value::Object(map) => {
            let here = map.get(name).and_then(|found| found.as_str().map(str::to_owned));
            here.or_else(|| map.values().find_map(|inside| find_key(inside, name)))
        }
        serde_json::Value::Array(list) => list.iter().find_map(|inside| find_key(inside, name)),
        _ => None,
    }
}

fn collect(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).expect("the folder").filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if let Ok(bytes) = std::fs::read(&path) {
            files.push((path, bytes));
        }
    }
}
