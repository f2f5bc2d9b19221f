//! Malformed and ambiguous requests, through doorward to two real servers: one request arrives or none, and both agree
//! which (S50).

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::support::browser::Request;
use crate::support::http::raw;
use crate::support::proxy::Kind;
use crate::support::site::{Setup, Site};
use crate::support::tools::{eventually, free_port, python};

/// What has to become of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    One,
    None,
    /// Either, but the same at both.
    Any,
}

struct Case {
    fate: Fate,
    what: &'static str,
    bytes: &'static str,
}

fn cases() -> Vec<Case> {
    let lines = include_str!("corpus.txt").lines();
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let mut parts = line.splitn(3, " | ");
            let fate = match parts.next() {
                Some("one") => Fate::One,
                Some("none") => Fate::None,
                Some("any") => Fate::Any,
                other => panic!("{other:?} in {line}"),
            };
            let (what, bytes) = (parts.next().expect(line), parts.next().expect(line));
            Case { fate, what, bytes }
        })
        .collect()
}

/// The bytes of case `number`, for this host.
fn bytes(case: &Case, number: usize, host: &str) -> Vec<u8> {
    let smuggled = format!("GET /public/{number:03}/s HTTP/1.1↵Host: {host}↵↵");
    let text = case
        .bytes
        .replace("{S}", &smuggled)
        .replace("{A}", &format!("/public/{number:03}/a"))
        .replace("{H}", &format!("Host: {host}"))
        .replace("{host}", host);
    let mut bytes = Vec::new();
    let mut rest = text.chars();
    while let Some(next) = rest.next() {
        match next {
            '↵' => bytes.extend_from_slice(b"\r\n"),
            '\\' => match rest.next() {
                Some('r') => bytes.push(b'\r'),
                Some('n') => bytes.push(b'\n'),
                Some('t') => bytes.push(b'\t'),
                Some('0') => bytes.push(0),
                Some('x') => {
                    let digits: String = rest.by_ref().take(2).collect();
                    bytes.push(u8::from_str_radix(&digits, 16).expect("two digits"));
                }
                other => panic!("\\{other:?} in {}", case.bytes),
            },
            plain => bytes.extend_from_slice(plain.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

/// A request as a server understood it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Understood {
    method: String,
    target: String,
    body: String,
}

/// Programs that end with the test, and what they wrote.
struct Running {
    children: Vec<Child>,
    folder: TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Running {
    /// A Python server; where it listens.
    fn python() -> (Self, SocketAddr) {
        let folder = tempfile::Builder::new().prefix("doorward-corpus-").tempdir().unwrap();
        let script =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/front_door/support/recorder.py");
        let mut child = Command::new(python())
            .arg(script)
            .arg(folder.path().join("records"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Python starts");
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port.trim().parse().expect("a port")));
        (Self { children: vec![child], folder }, address)
    }

    /// nginx before a Python server, which writes down what nginx understood.
    async fn nginx(program: PathBuf) -> (Self, SocketAddr) {
        let (mut running, behind) = Self::python();
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let folder = running.folder.path().display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {folder}/{kind}; "))
            .concat();
        let config = format!(
            "daemon off; master_process off; pid {folder}/pid; error_log stderr emerg; events {{}}\n\
             http {{ access_log off; {temporary}\n server {{ listen {address}; \
             location / {{ proxy_pass http://{behind}; proxy_http_version 1.1; }} }} }}\n"
        );
        let file = running.folder.path().join("nginx.conf");
        fs::write(&file, config).unwrap();
        let child = Command::new(program)
            .args(["-e", "stderr", "-p", &folder.to_string(), "-c"])
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx starts");
        running.children.push(child);
        eventually("nginx to listen", async || TcpStream::connect(address).await.ok()).await;
        (running, address)
    }

    /// What it understood, by the number of the case; `host` is what the site's was.
    fn understood(&self, host: &str) -> BTreeMap<usize, Vec<Understood>> {
        let mut all: BTreeMap<usize, Vec<Understood>> = BTreeMap::new();
        let records = fs::read_to_string(self.folder.path().join("records")).unwrap_or_default();
        for line in records.lines() {
            let mut request: Understood = serde_json::from_str(line).expect("a record");
            request.body = request.body.replace(host, "HOST");
            let number = request.target.split('/').nth(2).and_then(|number| number.parse().ok());
            all.entry(number.unwrap_or(usize::MAX)).or_default().push(request);
        }
        all
    }
}

/// Sends every case through doorward to `app`.
async fn send_all(app: SocketAddr) -> Site {
    let setup = Setup { people: vec![], upstream: Some(app), ..Setup::default() };
    let site = Site::with(setup).await;
    let (at_once, mut sending) = (Arc::new(Semaphore::new(48)), JoinSet::new());
    for (number, case) in cases().into_iter().enumerate() {
        let (address, bytes) = (site.address, bytes(&case, number, &site.host));
        let at_once = Arc::clone(&at_once);
        sending.spawn(async move {
            let _turn = at_once.acquire().await;
            raw(address, &bytes, Duration::from_millis(1000)).await;
        });
    }
    while let Some(sent) = sending.join_next().await {
        sent.expect("a case is sent");
    }
    // After all that the connections to the app are in step.
    for which in 0..20 {
        let target = format!("/public/after/{which}");
        assert_eq!(site.send(Request::get(&target)).await.expect(200).text(), target);
    }
    site
}

#[tokio::test]
async fn s50_of_every_odd_request_one_arrives_or_none_and_two_servers_agree_which() {
    let Some(program) = Kind::Nginx.program() else { return };
    let (python, python_at) = Running::python();
    let (nginx, nginx_at) = Running::nginx(program).await;
    let sites = tokio::join!(send_all(python_at), send_all(nginx_at));
    let (by_python, by_nginx) = (python.understood(&sites.0.host), nginx.understood(&sites.1.host));
    let mut wrong = Vec::new();
    let cases = cases();
    assert!(cases.len() >= 150);
    for (number, case) in cases.iter().enumerate() {
        let of = |all: &BTreeMap<_, Vec<_>>| all.get(&number).cloned().unwrap_or_default();
        let (python, nginx) = (of(&by_python), of(&by_nginx));
        let own = format!("/public/{number:03}/a");
        let fits = match case.fate {
            Fate::One => python.len() == 1,
            Fate::None => python.is_empty(),
            Fate::Any => python.len() <= 1,
        };
        if !fits || python != nginx || python.iter().any(|one| !one.target.starts_with(&own)) {
            wrong.push(format!("{}: Python {python:?}, nginx {nginx:?}", case.what));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    for strange in [by_python, by_nginx].map(|all| all.get(&usize::MAX).cloned()) {
        let strange = strange.unwrap_or_default();
        let is_after = |one: &Understood| one.target.starts_with("/public/after/");
        assert!(strange.iter().all(is_after), "{strange:?}");
    }
}
