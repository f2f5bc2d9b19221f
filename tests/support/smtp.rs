//! A real mail server (aiosmtpd) on loopback, and the certificates that it shows.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde::Deserialize;

/// How the server protects its conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Not at all; STARTTLS is not offered.
    Plain,
    /// By STARTTLS, which it insists on.
    StartTls,
    /// By TLS from the first byte.
    Tls,
}

/// A mail that the server took.
#[derive(Clone, Debug, Deserialize)]
pub struct ReceivedMail {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// The subject, decoded.
    pub subject: String,
    /// All headers, decoded, in their order.
    pub headers: Vec<(String, String)>,
    /// The bytes, one character each.
    pub raw: String,
    text: String,
    html: String,
}

impl ReceivedMail {
    /// The text part, decoded.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The HTML part, decoded.
    pub fn html(&self) -> &str {
        &self.html
    }

    /// The six digits that stand alone on a line of the text part.
    pub fn code(&self) -> Option<&str> {
        let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit());
        self.text.lines().map(str::trim).find(is_code)
    }

    /// The values of a header.
    pub fn header(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }
}

/// How a server is to be.
#[derive(Clone, Debug)]
pub struct Options {
    mode: Mode,
    certificate_for: String,
    arguments: Vec<OsString>,
}

impl Options {
    /// Asks every sender to sign in like this.
    pub fn auth(self, user: &str, password: &str) -> Self {
        self.argument("--auth").argument(format!("{user}:{password}"))
    }

    /// Shows a certificate for another name than `localhost`.
    pub fn certificate_for(mut self, name: &str) -> Self {
        name.clone_into(&mut self.certificate_for);
        self
    }

    /// Answers the first `n` mails with 451.
    pub fn fail_first(self, n: u32) -> Self {
        self.argument("--fail-first").argument(n.to_string())
    }

    /// Answers every recipient with 550.
    pub fn refuse(self) -> Self {
        self.argument("--refuse")
    }

    /// Answers `MAIL` with 553.
    pub fn refuse_sender(self) -> Self {
        self.argument("--refuse-sender")
    }

    /// Never answers `MAIL`.
    pub fn stall(self) -> Self {
        self.argument("--stall")
    }

    /// Listens at this port, which is free.
    pub fn port(self, port: u16) -> Self {
        self.argument("--port").argument(port.to_string())
    }

    fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Starts the server; it listens when this returns.
    pub fn start(self) -> SmtpServer {
        SmtpServer::launch(self)
    }
}

/// A running mail server. Ends when dropped, and when the test process ends however it does.
pub struct SmtpServer {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl SmtpServer {
    /// A server that takes every mail.
    pub fn start(mode: Mode) -> Self {
        Self::options(mode).start()
    }

    /// A server that is to be otherwise.
    pub fn options(mode: Mode) -> Options {
        Options { mode, certificate_for: "localhost".to_owned(), arguments: Vec::new() }
    }

    /// The port on 127.0.0.1.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The certificate (PEM) of the authority that signed the server's.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The mails that it took, in their order.
    pub fn messages(&self) -> Vec<ReceivedMail> {
        let entries = std::fs::read_dir(self.mails()).unwrap();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
        files.sort();
        let read = |file: &PathBuf| serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        files.iter().map(read).collect()
    }

    /// What happened, in its order: `ehlo`, `auth`, `mail`, `rcpt`, `451`, `accepted`.
    pub fn events(&self) -> Vec<String> {
        let events = std::fs::read_to_string(self.mails().join("events")).unwrap_or_default();
        events.lines().map(str::to_owned).collect()
    }

    /// The mails, as soon as there are `n` of them.
    ///
    /// # Panics
    ///
    /// When there are fewer by the deadline.
    pub async fn wait_for(&self, n: usize, deadline: Duration) -> Vec<ReceivedMail> {
        let end = Instant::now() + deadline;
        loop {
            let messages = self.messages();
            if messages.len() >= n {
                return messages;
            }
            assert!(Instant::now() < end, "{} of {n} mails after {deadline:?}", messages.len());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn mails(&self) -> PathBuf {
        self.folder.path().join("mails")
    }

    fn launch(options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mails = folder.path().join("mails");
        std::fs::create_dir(&mails).unwrap();
        let (certificate, key) = write_certificates(folder.path(), &options.certificate_for);
        let python =
            std::env::var_os("DOORWARD_TEST_PYTHON").unwrap_or_else(|| OsString::from("python3"));
        let mode = match options.mode {
            Mode::Plain => "plain",
            Mode::StartTls => "starttls",
            Mode::Tls => "tls",
        };
        let log = folder.path().join("log");
        let mut child = Command::new(&python)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/smtp_server.py"))
            .args(["--mode", mode, "--dir"])
            .arg(&mails)
            .arg("--cert")
            .arg(certificate)
            .arg("--key")
            .arg(key)
            .args(&options.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}. {HOW_TO_INSTALL}", python.display()));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Ok(Listening { port }) = serde_json::from_str(&line) else {
            let _ = child.wait();
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            panic!("the mail server did not start: {said}{HOW_TO_INSTALL}");
        };
        Self { child, port, folder }
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Deserialize)]
struct Listening {
    port: u16,
}

const HOW_TO_INSTALL: &str = "
These tests need Python 3 with aiosmtpd. To install it:

    python3 -m venv target/test-python && target/test-python/bin/pip install aiosmtpd
    export DOORWARD_TEST_PYTHON=$PWD/target/test-python/bin/python
";

/// An authority of its own for each server (`ca.pem`), and a certificate for `name` and 127.0.0.1 unless the name is
/// another's.
fn write_certificates(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_certificate = authority.self_signed(&authority_key).unwrap();
    let mut names = vec![name.to_owned()];
    if name == "localhost" {
        names.push("127.0.0.1".to_owned());
    }
    let key = KeyPair::generate().unwrap();
    let issuer = Issuer::new(authority, authority_key);
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    let [ca, crt, private] = ["ca.pem", "server.crt", "server.key"].map(|file| folder.join(file));
    std::fs::write(ca, authority_certificate.pem()).unwrap();
    std::fs::write(&crt, certificate.pem()).unwrap();
    std::fs::write(&private, key.serialize_pem()).unwrap();
    (crt, private)
}
