//! A small configuration, and ways to change and judge it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use doorward::config::ConfigErrors;
use doorward::config::errors::Fault;
use doorward::config::raw::parse_with;
use doorward::config::settings::Settings;
use tempfile::TempDir;

/// The least that a configuration says.
pub const LEAST: &str = "\
listen: [{ address: \"127.0.0.1:8000\" }]
portal: { origin: \"https://wiki.example.com\" }
mail: { from: no-reply@example.com, files: mails }
sites:
  - host: wiki.example.com
    upstreams: [\"http://127.0.0.1:8080\"]
";

fn environment(name: &str) -> Option<String> {
    match name {
        "DOORWARD_TEST_HOST" => Some("wiki.example.com".to_owned()),
        "DOORWARD_TEST_PORT" => Some("2525".to_owned()),
        "DOORWARD_TEST_PASSWORD" => Some("hunter2".to_owned()),
        _ => None,
    }
}

pub fn read(text: &str) -> Result<Settings, ConfigErrors> {
    read_in(text, Path::new("/etc/doorward"))
}

/// Reads `text` as the file doorward.yaml of `folder`.
pub fn read_in(text: &str, folder: &Path) -> Result<Settings, ConfigErrors> {
    parse_with(text, &folder.join("doorward.yaml"), &environment)
}

pub fn sound(text: &str) -> Settings {
    read(text).unwrap_or_else(|errors| panic!("refused:\n{errors}\n{text}"))
}

pub fn faults(text: &str) -> Vec<Fault> {
    match read(text) {
        Ok(_) => panic!("taken:\n{text}"),
        Err(errors) => errors.faults().to_vec(),
    }
}

/// [`LEAST`] with the lines `more` behind it, which begin at line 7.
pub fn least_and(more: &str) -> String {
    format!("{LEAST}{more}\n")
}

/// [`LEAST`] with one text of it replaced.
pub fn least_with(old: &str, new: &str) -> String {
    assert!(LEAST.contains(old), "{old}");
    LEAST.replacen(old, new, 1)
}

/// Sees that exactly one fault is found: there, saying this, with this remedy.
#[track_caller]
pub fn refused(text: &str, line: usize, column: usize, message: &str, help: &str) {
    let found = faults(text);
    let [fault] = found.as_slice() else { panic!("not one fault: {found:#?}\n{text}") };
    assert_eq!((fault.line, fault.column), (line, column), "{fault:#?}\n{text}");
    assert!(fault.message.contains(message), "{fault:#?}\n{text}");
    assert!(fault.help.contains(help), "{fault:#?}\n{text}");
    let shown = text.lines().nth(line - 1).unwrap();
    assert!(fault.source == shown || fault.source.contains("********"), "{fault:#?}");
}

/// A folder with files in it.
pub struct Files(TempDir);

impl Files {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, contents: &str, mode: u32) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, contents).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    /// A certificate and its key as `tls.crt` and `tls.key`.
    pub fn certificate(&self, key_mode: u32) {
        let made = rcgen::generate_simple_self_signed(["wiki.example.com".to_owned()]).unwrap();
        self.write("tls.crt", &made.cert.pem(), 0o644);
        self.write("tls.key", &made.signing_key.serialize_pem(), key_mode);
    }

    /// The one fault of `text`, read as a file of this folder.
    #[track_caller]
    pub fn fault(&self, text: &str) -> Fault {
        let errors = read_in(text, self.folder()).expect_err("it should be refused");
        let [fault] = errors.faults() else { panic!("not one fault:\n{errors}") };
        fault.clone()
    }
}
