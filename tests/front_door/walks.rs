//! Each flow of an account's life to its end: a real Chromium in front, a real mail server behind.

use std::collections::HashMap;
use std::time::Duration;

use crate::browser::{options, tell};
use crate::support::site::{ADA, Person, Setup, Site};
use crate::support::smtp::{Mode, ReceivedMail, SmtpServer};
use crate::support::tools::eventually;

/// A site whose mail goes out to a server, and what has been read of it.
struct Town {
    site: Site,
    server: SmtpServer,
    read: HashMap<String, usize>,
}

impl Town {
    async fn with(people: &[Person], top: &[&str]) -> Self {
        let server = SmtpServer::start(Mode::StartTls);
        let mail = format!(
            "{{ from: \"Example Wiki <no-reply@wiki.example>\", \
             smtp: {{ host: localhost, port: {}, tls: starttls, ca: {} }} }}",
            server.port(),
            server.ca().display()
        );
        let setup = Setup {
            mail: Some(mail),
            people: people.to_vec(),
            top: top.iter().map(|line| (*line).to_owned()).collect(),
            ..Setup::default()
        };
        Self { site: Site::with(setup).await, server, read: HashMap::new() }
    }

    /// What `find` finds in the next mail to this address in which it finds anything.
    async fn next(&mut self, to: &str, find: impl Fn(&ReceivedMail) -> Option<String>) -> String {
        let from = self.read.get(to).copied().unwrap_or_default();
        let (read, found) = eventually(&format!("a mail to {to}"), async || {
            let mails = self.server.messages().into_iter();
            let mut own = mails.filter(|mail| mail.to == [to]).enumerate().skip(from);
            own.find_map(|(index, mail)| Some((index + 1, find(&mail)?)))
        })
        .await;
        self.read.insert(to.to_owned(), read);
        found
    }

    async fn answer(&mut self, question: &str) -> Option<String> {
        let (what, about) = question.split_once(' ')?;
        Some(match what {
            "code" => self.next(about, code).await,
            "link" => self.next(about, link).await,
            "subject" => {
                let (to, begins) = about.split_once(' ')?;
                let begins = begins.to_owned();
                let subject = |mail: &ReceivedMail| {
                    Some(mail.subject.clone()).filter(|s| s.starts_with(&begins))
                };
                self.next(to, subject).await
            }
            "travel" => {
                self.site.travel(Duration::from_secs(about.parse().ok()?));
                "ok".to_owned()
            }
            "cli" => {
                self.site.cli(&about.split(' ').collect::<Vec<_>>(), "").await;
                "ok".to_owned()
            }
            _ => return None,
        })
    }

    async fn walk(&mut self, script: &str, javascript: bool) {
        let options = options(&self.site, javascript);
        tell(script, options, async |question| self.answer(question).await).await;
    }
}

/// The six digits, or the two groups of letters, that stand alone on a line.
fn code(mail: &ReceivedMail) -> Option<String> {
    let is_letters = |line: &str| {
        let group = |group: &str| group.len() == 4 && group.bytes().all(|b| b.is_ascii_uppercase());
        line.split_once('-').is_some_and(|(first, second)| group(first) && group(second))
    };
    let letters = mail.text().lines().map(str::trim).find(|line| is_letters(line));
    mail.code().or(letters).map(str::to_owned)
}

/// The address of a link that does something.
fn link(mail: &ReceivedMail) -> Option<String> {
    let mut lines = mail.text().lines().map(str::trim);
    let is_one = |line: &&str| line.contains("/_doorward/link/") || line.contains("/invitation/");
    lines.find(is_one).map(str::to_owned)
}

const OPEN: &str = "registration: { enabled: true, domains: [example.org] }";

#[tokio::test]
async fn people_register_are_invited_and_come_back_after_a_forgotten_password() {
    let mut town = Town::with(&[ADA], &[OPEN]).await;
    town.walk("life.mjs", true).await;
}

#[tokio::test]
async fn people_do_the_same_without_javascript() {
    let mut town = Town::with(&[ADA], &[OPEN]).await;
    town.walk("life.mjs", false).await;
}

#[tokio::test]
async fn people_look_after_their_account() {
    let mut town = Town::with(&[ADA], &[]).await;
    town.walk("account.mjs", true).await;
}

#[tokio::test]
async fn people_look_after_their_account_without_javascript() {
    let mut town = Town::with(&[ADA], &[]).await;
    town.walk("account.mjs", false).await;
}
