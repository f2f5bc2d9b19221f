//! Mails as files, as `mail: { files: … }` writes them, read as a mail client reads them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use data_encoding::BASE64;

use super::tools::eventually;

/// One mail.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The whole source.
    pub source: String,
    /// The text part, decoded.
    pub text: String,
}

impl Mail {
    /// Reads the source of a mail; `None` while it is not whole.
    pub fn parse(source: &str) -> Option<Self> {
        let source = source.replace("\r\n", "\n");
        let (head, body) = source.split_once("\n\n")?;
        let text = text_part(head, body)?;
        Some(Self { text, source })
    }

    /// The six digits that stand alone on a line.
    #[track_caller]
    pub fn code(&self) -> String {
        let is_code =
            |line: &&str| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit());
        let mut codes = self.text.lines().map(str::trim).filter(is_code);
        let code = codes.next().unwrap_or_else(|| panic!("no code in the mail: {}", self.text));
        code.to_owned()
    }

    /// The value of a header, unfolded and not decoded.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.source.split("\n\n").next()?;
        header(head, name)
    }

    /// All header lines.
    pub fn head(&self) -> String {
        self.source.split("\n\n").next().unwrap_or_default().to_owned()
    }
}

fn header(head: &str, name: &str) -> Option<String> {
    let unfolded = head.replace("\n ", " ").replace("\n\t", " ");
    let found = unfolded
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.trim().to_owned())
}

/// The first text/plain part under this head.
fn text_part(head: &str, body: &str) -> Option<String> {
    let kind = header(head, "content-type").unwrap_or_else(|| "text/plain".to_owned());
    if let Some((_, after)) = kind.split_once("boundary=") {
        let boundary = after.trim_start_matches('"').split(['"', ';']).next()?;
        if !body.contains(&format!("--{boundary}--")) {
            return None;
        }
        let mark = format!("--{boundary}");
        let parts = body.split(&mark).skip(1);
        return parts
            .filter_map(|part| part.trim_start().split_once("\n\n"))
            .find_map(|(head, body)| text_part(head, body));
    }
    if !kind.starts_with("text/plain") {
        return None;
    }
    Some(match header(head, "content-transfer-encoding").as_deref() {
        Some("base64") => {
            let joined: String = body.split_whitespace().collect();
            String::from_utf8_lossy(&BASE64.decode(joined.as_bytes()).ok()?).into_owned()
        }
        Some("quoted-printable") => quoted_printable(body),
        _ => body.to_owned(),
    })
}

fn quoted_printable(body: &str) -> String {
    let joined = body.replace("=\n", "");
    let mut decoded = Vec::new();
    let mut bytes = joined.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'=' {
            decoded.push(byte);
            continue;
        }
        let digits: String = bytes.by_ref().take(2).map(char::from).collect();
        decoded.push(u8::from_str_radix(&digits, 16).unwrap_or(b'?'));
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The folder into which mails fall, and which of them were read.
pub struct Mailbox {
    folder: PathBuf,
    read: Mutex<BTreeSet<PathBuf>>,
}

impl Mailbox {
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), read: Mutex::default() }
    }

    /// All mails so far.
    pub fn all(&self) -> Vec<Mail> {
        self.files()
            .iter()
            .filter_map(|file| Mail::parse(&std::fs::read_to_string(file).ok()?))
            .collect()
    }

    /// The next mail to this address that signs somebody in and was not read yet; waits for it, and leaves notices.
    pub async fn next_code_to(&self, address: &str) -> Mail {
        eventually(&format!("a code to {address}"), async || self.take_code(address)).await
    }

    /// Looks for one that signs somebody in without waiting.
    pub fn take_code(&self, address: &str) -> Option<Mail> {
        self.take_if(address, |mail| mail.text.contains("/_doorward/link/"))
    }

    /// Looks for one without waiting.
    pub fn take(&self, address: &str) -> Option<Mail> {
        self.take_if(address, |_| true)
    }

    fn take_if(&self, address: &str, wanted: impl Fn(&Mail) -> bool) -> Option<Mail> {
        let mut read = self.read.lock().expect("no test has panicked with it");
        for file in self.files() {
            let Some(mail) =
                std::fs::read_to_string(&file).ok().and_then(|source| Mail::parse(&source))
            else {
                continue;
            };
            let is_theirs = mail.header("to").is_some_and(|to| to.contains(address));
            if is_theirs && wanted(&mail) && read.insert(file) {
                return Some(mail);
            }
        }
        None
    }

    /// The mails in the order in which they came.
    fn files(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return Vec::new() };
        let mut files: Vec<_> = entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
            .filter_map(|path| Some((path.metadata().ok()?.modified().ok()?, path)))
            .collect();
        files.sort();
        files.into_iter().map(|(_, path)| path).collect()
    }
}
