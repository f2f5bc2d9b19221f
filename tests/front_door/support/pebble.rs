//! Pebble: a certificate authority that speaks ACME, with a name server of its own that has every name at this machine.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::browser::Request;
use super::http::read_response;
use super::secure::{connect, self_signed, write_pair};
use super::tools::{eventually, free_port};

/// An authority; it stops with the test.
pub struct Pebble {
    programs: PathBuf,
    port: u16,
    management: SocketAddr,
    folder: TempDir,
    children: Vec<Child>,
}

impl Pebble {
    /// The authority, which looks for challenges on these ports by HTTP and TLS, but for its processes; `None` where it is
    /// not installed.
    pub fn prepared(http: u16, tls: u16) -> Option<Self> {
        Self::that_wants(json!({}), http, tls)
    }

    /// The same, for whom only those get an account who have one of these keys, by its name, in base64url.
    pub fn for_holders_of(keys: &[(&str, &str)], http: u16, tls: u16) -> Option<Self> {
        let keys: BTreeMap<_, _> = keys.iter().copied().collect();
        let wants = json!({
            "externalAccountBindingRequired": true,
            "externalAccountMACKeys": keys,
        });
        Self::that_wants(wants, http, tls)
    }

    fn that_wants(wants: Value, http: u16, tls: u16) -> Option<Self> {
        let programs = std::env::var_os("DOORWARD_TEST_PEBBLE").map(PathBuf::from);
        let Some(programs) = programs.filter(|folder| folder.join("pebble").is_file()) else {
            eprintln!(
                "SKIPPED: Pebble is not installed (scripts/test builds it where there is Go)"
            );
            return None;
        };
        let folder = tempfile::Builder::new().prefix("doorward-pebble-").tempdir();
        let folder = folder.expect("a folder");
        write_pair(&folder.path().join("tls"), &self_signed(&["localhost"]));
        let (port, management) = (free_port(), free_port());
        let mut config = json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": folder.path().join("tls.crt"),
            "privateKey": folder.path().join("tls.key"),
            "httpPort": http,
            "tlsPort": tls,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
            "keyAlgorithm": "ecdsa",
            "retryAfter": { "authz": 1, "order": 1 },
            "profiles": { "default": { "description": "usual", "validityPeriod": 7_776_000 } },
        }});
        for (name, value) in wants.as_object().expect("names") {
            config["pebble"][name] = value.clone();
        }
        std::fs::write(folder.path().join("pebble.json"), config.to_string()).expect("its file");
        let management = ([127, 0, 0, 1], management).into();
        Some(Self { programs, port, management, folder, children: Vec::new() })
    }

    /// The same, running.
    pub async fn start(http: u16, tls: u16) -> Option<Self> {
        let mut authority = Self::prepared(http, tls)?;
        authority.run().await;
        Some(authority)
    }

    /// Starts its processes.
    pub async fn run(&mut self) {
        let dns = format!("127.0.0.1:{}", free_port());
        let mut names = Command::new(self.programs.join("pebble-challtestsrv"));
        names.args([
            "-defaultIPv4",
            "127.0.0.1",
            "-defaultIPv6",
            "",
            "-http01",
            "",
            "-https01",
            "",
        ]);
        names.args(["-tlsalpn01", "", "-doh", "", "-dnsserver", &dns]);
        names.args(["-management", &format!("127.0.0.1:{}", free_port())]);
        let mut pebble = Command::new(self.programs.join("pebble"));
        pebble.arg("-config").arg(self.folder.path().join("pebble.json"));
        pebble.args(["-dnsserver", &dns]);
        // It waits some seconds before it looks, and refuses one nonce of twenty, to be like the world.
        pebble.env("PEBBLE_VA_NOSLEEP", "1").env("PEBBLE_WFE_NONCEREJECT", "0");
        for mut command in [names, pebble] {
            let path = self.folder.path().join("log");
            let log = std::fs::File::options().create(true).append(true).open(path);
            let log = log.expect("its log");
            let errors = log.try_clone().expect("its log");
            let child = command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn();
            self.children.push(child.expect("it starts"));
        }
        eventually("the authority", async || TcpStream::connect(self.management).await.ok()).await;
    }

    /// Where its directory is.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its directory.
    pub fn directory(&self) -> String {
        format!("https://localhost:{}/dir", self.port)
    }

    /// The certificate of its directory.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("tls.crt")
    }

    /// Writes the root of what it signs to `path`.
    pub async fn write_root(&self, path: &Path) {
        let ca = self.ca();
        let mut stream = connect(self.management, "localhost", &[], &ca).await.expect("TLS");
        let request = Request::get("/roots/0").bytes("localhost");
        stream.write_all(&request).await.expect("it is sent");
        let answer = read_response(&mut stream, &mut Vec::new(), false).await.expect("an answer");
        std::fs::write(path, answer.expect(200).body).expect("the root is written");
    }

    /// What it said.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let tail = &lines[lines.len().saturating_sub(30)..];
            eprintln!("--- what the authority said\n{}\n---", tail.join("\n"));
        }
        for mut child in self.children.drain(..) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
