//! What was promised before the process was killed stands after it.
//!
//! The test starts this very test binary again as a child that writes as fast as it can and says what it was
//! promised; then it kills the child in the middle of that.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use doorward::domain::challenge::Redeemed;
use doorward::domain::id::MailId;
use doorward::domain::secret::{FlowSecret, SessionToken, base64url, from_base64url};
use doorward::store::sqlite::SqliteStore;
use doorward::store::{AccountStore, ChallengeStore, OutboxStore, SessionStore};

use crate::samples::{Browser, RIGHT, START, account, at, find, session, token};

const FILE_OF_CHILD: &str = "DOORWARD_CRASH_TEST_FILE";
const LEASE: Duration = Duration::from_secs(60);

/// What the child was promised: an account, its session, a code that was redeemed, and the mail it went out with.
struct Promised {
    username: String,
    session: SessionToken,
    browser: Browser,
    mail: MailId,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_promised_outlasts_kill_9_and_no_code_works_twice() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("doorward.db");
    for round in 0..3 {
        let promised = write_until_killed(&file, 20 + round * 7);
        let store = SqliteStore::open(&file).await.unwrap();
        let waiting = store.count_mails().await.unwrap();
        let mails = store.lease_mails(10_000, LEASE, at(60)).await.unwrap();
        assert_eq!(mails.len() as u64, waiting, "what the dead had leased is due again");
        for Promised { username, session, browser, mail } in promised {
            assert!(find(&store, &username).await.is_some(), "an account is lost");
            assert!(store.find_session(&session.hash()).await.unwrap().is_some(), "or a session");
            assert!(mails.iter().any(|found| found.id == mail), "or a mail");
            assert_eq!(browser.redeem(&store, RIGHT, START).await, Redeemed::Spent);
        }
        for mail in mails {
            store.remove_mail(mail.id).await.unwrap();
        }
        store.close().await;
    }
}

/// The child. Without the variable, as in any ordinary run, it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_of_the_crash_test() {
    let Some(file) = std::env::var_os(FILE_OF_CHILD) else { return };
    let store = SqliteStore::open(Path::new(&file)).await.unwrap();
    loop {
        let (token, browser) = (token(), Browser::new());
        let username =
            format!("a{}", browser.flow().as_bytes().map(|b| b.to_string())[..8].concat());
        let made = account(&username, &format!("{username}@example.org"));
        store.insert_account(made.clone()).await.unwrap();
        store.create_session(session(&token, made.id, START)).await.unwrap();
        let challenge = browser.challenge(RIGHT, START);
        let mail = challenge.mail.as_ref().unwrap().id;
        store.open_challenge(challenge).await.unwrap();
        let redeemed = browser.redeem(&store, RIGHT, START).await;
        assert!(matches!(redeemed, Redeemed::Accepted(_)));
        store.lease_mails(1, LEASE, START).await.unwrap();
        let (token, flow) = (base64url(token.expose()), base64url(browser.secret.expose()));
        println!("\npromised {username} {token} {flow} {mail} .");
    }
}

/// Lets a child write until it was promised so much, kills it, and returns all that it said.
fn write_until_killed(file: &Path, enough: usize) -> Vec<Promised> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child_of_the_crash_test", "--nocapture"])
        .env(FILE_OF_CHILD, file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut promised = Vec::new();
    for line in said {
        promised.extend(read(&line.unwrap()));
        if promised.len() == enough {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(promised.len() >= enough, "the child ended by itself");
    promised
}

fn read(line: &str) -> Option<Promised> {
    let mut words = line.strip_prefix("promised ")?.split(' ');
    let bytes = |word: &str| from_base64url(word).unwrap().try_into().unwrap();
    let username = words.next()?.to_owned();
    let session = SessionToken::from_bytes(bytes(words.next()?));
    let browser = Browser::with(FlowSecret::from_bytes(bytes(words.next()?)));
    let mail = words.next()?.parse().ok()?;
    // A line that the kill cut short is no promise.
    words.next().map(|_| Promised { username, session, browser, mail })
}
