//! What is SQLite's alone: the file, who may read it, whose it is, and what happens when it cannot grow. The
//! promises themselves are in the contract, `tests/store_contract`.

use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tempfile::TempDir;

use super::super::kept::MOST_PASSWORD_FAILURES;
use super::super::{
    AccountStore, BudgetStore, ChallengeStore, Inserted, SessionStore, StoreUpkeep,
};
use super::open::MIGRATIONS;
use super::{OpenError, SqliteStore};
use crate::domain::account::NewAccount;
use crate::domain::budget::DelayRule;
use crate::domain::challenge::{Purpose, Redeemed};
use crate::domain::entropy::OsEntropy;
use crate::domain::id::{AccountId, FamilyId};
use crate::domain::secret::{CodeGuess, CodeMac, FlowHash, LinkTokenHash, SessionTokenHash};
use crate::domain::time::Timestamp;

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("doorward.db")
}

fn account(name: &str) -> NewAccount {
    NewAccount {
        id: AccountId::generate(&OsEntropy, Timestamp::default()),
        username: name.parse().unwrap(),
        email: format!("{name}@example.org").parse().unwrap(),
        full_name: None,
        groups: (0..500).map(|group| format!("group-{group}").parse().unwrap()).collect(),
        password: None,
        created_at: Timestamp::default(),
    }
}

/// Changes the file behind the store's back.
async fn run(path: &Path, statements: &str) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn the_database_and_its_log_are_for_their_owners_eyes_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(&file(&folder)).await.unwrap();
    store.insert_account(account("ada")).await.unwrap();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["doorward.db", "doorward.db-shm", "doorward.db-wal"]);
}

#[tokio::test]
async fn every_write_is_on_the_disk_before_it_is_told() {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(&file(&folder)).await.unwrap();
    let synchronous: i64 =
        sqlx::query_scalar("PRAGMA synchronous").fetch_one(&store.writer).await.unwrap();
    assert_eq!(synchronous, 2, "FULL");
    for pool in [&store.writer, &store.readers] {
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(pool).await.unwrap();
        assert_eq!(mode, "wal");
    }
    let reader_writes = sqlx::query("DELETE FROM accounts").execute(&store.readers).await;
    assert!(reader_writes.unwrap_err().to_string().contains("readonly"));
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("missing").join("doorward.db");
    let error = SqliteStore::open(&path).await.unwrap_err();
    assert!(matches!(error, OpenError::NoFolder { .. }));
    let told = error.to_string();
    assert!(told.contains("missing does not exist; make it"), "{told}");
}

#[tokio::test]
async fn a_file_that_cannot_be_a_database_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    assert!(matches!(
        SqliteStore::open(folder.path()).await.unwrap_err(),
        OpenError::Unreachable { .. }
    ));
    let letter = "Dear Ada, this is a letter and not a database at all. ".repeat(100);
    std::fs::write(file(&folder), &letter).unwrap();
    let error = SqliteStore::open(&file(&folder)).await.unwrap_err();
    assert!(error.to_string().contains("not a database"), "{error}");
    assert_eq!(std::fs::read_to_string(file(&folder)).unwrap(), letter);
}

#[tokio::test]
async fn the_database_of_another_program_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    run(&file(&folder), "CREATE TABLE wiki (page TEXT)").await;
    let before = std::fs::read(file(&folder)).unwrap();
    let error = SqliteStore::open(&file(&folder)).await.unwrap_err();
    assert!(matches!(error, OpenError::NotOurs { .. }), "{error}");
    assert_eq!(std::fs::read(file(&folder)).unwrap(), before);
}

#[tokio::test]
async fn an_older_doorward_that_runs_goes_on_while_a_newer_one_brings_the_schema_up_to_date() {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(&file(&folder)).await.unwrap();
    let ada = account("ada");
    store.insert_account(ada.clone()).await.unwrap();
    let asks = async || {
        let found = store.find_login(&"ada".parse().unwrap()).await.unwrap().unwrap();
        assert_eq!(found.account.email, ada.email);
        assert!(store.find_account(ada.id).await.unwrap().is_some());
        let changed = store.set_full_name(ada.id, Some("Ada".parse().unwrap())).await.unwrap();
        assert_eq!(changed.unwrap().created_at, ada.created_at);
        assert_eq!(store.list_accounts(None, 10).await.unwrap().len(), 1);
    };
    // As often as there are connections that may have prepared it.
    for _ in 0..8 {
        asks().await;
    }
    let newer = "INSERT INTO _sqlx_migrations VALUES (9999, 'later', 0, TRUE, x'00', 0);
        ALTER TABLE accounts ADD COLUMN shoe_size INTEGER NOT NULL DEFAULT 42;
        CREATE TABLE shoes (account_id BLOB NOT NULL PRIMARY KEY)";
    run(&file(&folder), newer).await;
    for _ in 0..8 {
        asks().await;
    }
}

#[tokio::test]
async fn a_database_of_a_newer_doorward_is_refused() {
    let folder = TempDir::new().unwrap();
    SqliteStore::open(&file(&folder)).await.unwrap().close().await;
    let newer = "INSERT INTO _sqlx_migrations VALUES (9999, 'later', 0, TRUE, x'00', 0)";
    run(&file(&folder), newer).await;
    let error = SqliteStore::open(&file(&folder)).await.unwrap_err();
    let latest = MIGRATIONS.iter().map(|step| step.version).max().unwrap();
    let newer = matches!(error, OpenError::Newer { found: 9999, known, .. } if known == latest);
    assert!(newer, "{error}");
    assert!(error.to_string().contains("newer doorward"), "{error}");
}

#[tokio::test]
async fn a_database_of_before_there_were_links_keeps_its_accounts_and_its_challenges() {
    let folder = TempDir::new().unwrap();
    run(&file(&folder), "").await;
    let options = SqliteConnectOptions::new().filename(file(&folder));
    let mut connection = options.connect().await.unwrap();
    let first = MIGRATIONS.iter().filter(|step| step.version == 1).cloned().collect();
    let first = sqlx::migrate::Migrator::with_migrations(first);
    first.run_direct(None, &mut connection, false).await.unwrap();
    connection.close().await.unwrap();
    let kept = "INSERT INTO accounts VALUES (zeroblob(16), 'ada', 'ada', 'ada@example.org',
            'ada@example.org', NULL, '[]', NULL, 0, NULL, 0);
        INSERT INTO challenges VALUES (zeroblob(32), zeroblob(16), 'sign_in',
            '{\"account\":{\"id\":\"00000000-0000-0000-0000-000000000000\",\"epoch\":0}}',
            'wiki.example.com', 'a', '{\"methods\":[],\"remember\":false,\"replaces\":null,\"return_to\":\"/\"}',
            unhex(replace(hex(zeroblob(32)), '00', '07')), 0, 1000, 0, 1, 0, 5, NULL)";
    run(&file(&folder), kept).await;

    let store = SqliteStore::open(&file(&folder)).await.unwrap();
    assert_eq!(store.list_accounts(None, 10).await.unwrap().len(), 1);
    let (flow, now) = (FlowHash::from_bytes([0; 32]), Timestamp::default());
    let token = LinkTokenHash::from_bytes([0; 32]);
    assert_eq!(store.find_link(&token).await.unwrap(), None);
    let redeemed = store.redeem_link(&flow, Purpose::SignIn, &token, now).await.unwrap();
    assert_eq!(redeemed, Redeemed::Unknown);
    let guess = CodeGuess::new(vec![CodeMac::from_bytes([7; 32])]);
    let redeemed = store.redeem_code(&flow, Purpose::SignIn, &guess, now).await.unwrap();
    assert!(matches!(redeemed, Redeemed::Accepted(_)), "{redeemed:?}");
}

#[tokio::test]
async fn a_session_of_before_there_were_families_goes_on_as_one_by_itself() {
    let folder = TempDir::new().unwrap();
    run(&file(&folder), "").await;
    let options = SqliteConnectOptions::new().filename(file(&folder));
    let mut connection = options.connect().await.unwrap();
    let before = MIGRATIONS.iter().filter(|step| step.version < 4).cloned().collect();
    let before = sqlx::migrate::Migrator::with_migrations(before);
    before.run_direct(None, &mut connection, false).await.unwrap();
    connection.close().await.unwrap();
    let kept = "INSERT INTO sessions VALUES (zeroblob(32), zeroblob(16), zeroblob(16), 0,
        'wiki.example.com', '[\"password\"]', 0, 0, 0, 1000, 1000, FALSE,
        '{\"address\":\"127.0.0.1\",\"user_agent\":\"a\"}')";
    run(&file(&folder), kept).await;

    let store = SqliteStore::open(&file(&folder)).await.unwrap();
    let found = store.find_session(&SessionTokenHash::from_bytes([0; 32])).await.unwrap().unwrap();
    assert_eq!(found.family, FamilyId::begun_by(found.id));
    assert_eq!(store.end_session(found.id).await.unwrap(), Some(found.family));
}

#[tokio::test]
async fn a_flood_of_names_pushes_out_the_oldest_wrong_passwords() {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(&file(&folder)).await.unwrap();
    let (rule, later) = (DelayRule::default(), Timestamp::from_millis(1_000_000));
    store.count_password_failure("the oldest", rule, Timestamp::default()).await.unwrap();
    let flood =
        "WITH RECURSIVE flood(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM flood WHERE n < ?1)
        INSERT INTO password_failures SELECT randomblob(32), 1, n, n FROM flood";
    sqlx::query(flood).bind(MOST_PASSWORD_FAILURES + 4).execute(&store.writer).await.unwrap();
    store.count_password_failure("the latest", rule, later).await.unwrap();
    let purges = [store.purge(later, 4).await.unwrap(), store.purge(later, 4).await.unwrap()];
    assert_eq!(purges, [4, 2], "in batches");
    assert_eq!(store.purge(later, 4).await.unwrap(), 0);
    let count = async |key| store.count_password_failure(key, rule, later).await.unwrap().count;
    assert_eq!((count("the oldest").await, count("the latest").await), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_may_make_the_database_at_once() {
    for _ in 0..5 {
        let folder = TempDir::new().unwrap();
        let mut opening = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let path = file(&folder);
            opening.spawn(async move { SqliteStore::open(&path).await.map(|_| ()) });
        }
        for opened in opening.join_all().await {
            opened.unwrap();
        }
    }
}

#[tokio::test]
async fn a_path_is_taken_as_it_is_written() {
    let folder = TempDir::new().unwrap();
    for name in ["a b.db", "what?mode=memory.db", "50%25.db", "#1.db", "file:x.db", "ä.db"] {
        let path = folder.path().join(name);
        let store = SqliteStore::open(&path).await.unwrap();
        assert_eq!(store.insert_account(account("ada")).await.unwrap(), Inserted::Created);
        store.close().await;
        assert!(path.is_file(), "{name}");
        let store = SqliteStore::open(&path).await.unwrap();
        assert_eq!(
            store.insert_account(account("ada")).await.unwrap(),
            Inserted::UsernameTaken,
            "{name}"
        );
    }
}

#[tokio::test]
async fn s57_a_full_disk_refuses_and_the_store_goes_on_when_there_is_room() {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(&file(&folder)).await.unwrap();
    sqlx::query("PRAGMA max_page_count = 1").execute(&store.writer).await.unwrap();
    let mut kept = 0;
    let error = loop {
        match store.insert_account(account(&format!("a{kept}"))).await {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("insert_account"), "{error}");
    assert!(error.to_string().contains("full"), "{error}");
    assert_eq!(store.list_accounts(None, 1000).await.unwrap().len(), kept, "reading goes on");
    sqlx::query("PRAGMA max_page_count = 1000000").execute(&store.writer).await.unwrap();
    assert_eq!(store.insert_account(account("later")).await.unwrap(), Inserted::Created);
    assert_eq!(store.list_accounts(None, 1000).await.unwrap().len(), kept + 1);
}

#[tokio::test]
async fn a_writer_that_had_to_be_replaced_counts_as_a_change() {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(&file(&folder)).await.unwrap();
    assert!(!store.others.look(&store.writer).await.unwrap());
    store.writer.acquire().await.unwrap().close().await.unwrap();
    store.changed_elsewhere().await.unwrap();
    assert!(!store.others.look(&store.writer).await.unwrap());
}
