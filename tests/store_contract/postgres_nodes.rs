//! What is PostgreSQL's alone: many nodes, their connections, and the server's end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use doorward::domain::budget::GuessBudget;
use doorward::domain::device::Guesser;
use doorward::store::postgres::{OpenError, PostgresSettings, PostgresStore};
use doorward::store::{AccountStore, AuditStore, BudgetStore, Guessed, StoreUpkeep};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::postgres_server::Postgres;
use crate::samples::{START, account, find, somebody};

const PATIENCE: Duration = Duration::from_secs(30);

pub fn settings(server: &Postgres) -> PostgresSettings {
    PostgresSettings {
        url: server.url(),
        password: None,
        connections: 5,
        statement: Duration::from_millis(800),
    }
}

async fn open(server: &Postgres) -> PostgresStore {
    PostgresStore::open(&settings(server)).await.unwrap()
}

/// A connection of the test's own.
async fn beside(server: &Postgres) -> PgConnection {
    let options: PgConnectOptions = server.url().parse().unwrap();
    options.connect().await.unwrap()
}

async fn execute(on: &mut PgConnection, statement: &str) {
    sqlx::query(AssertSqlSafe(statement)).execute(on).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_at_once_on_an_empty_database_all_start() {
    let Some(server) = Postgres::start() else { return };
    let mut starting = JoinSet::new();
    for _ in 0..8 {
        let settings = settings(&server);
        starting.spawn(async move { PostgresStore::open(&settings).await });
    }
    let mut started = Vec::new();
    while let Some(store) = starting.join_next().await {
        started.push(store.unwrap().unwrap());
    }
    started[0].insert_account(account("ada", "ada@example.org")).await.unwrap();
    for store in &started {
        assert!(find(store, "ada").await.is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s5_of_fifty_parallel_guesses_ten_are_counted_whatever_isolation_is_the_default() {
    let Some(server) = Postgres::start() else { return };
    let statement = "ALTER DATABASE postgres SET default_transaction_isolation = 'repeatable read'";
    execute(&mut beside(&server).await, statement).await;
    let (one, two) = (Arc::new(open(&server).await), Arc::new(open(&server).await));
    let owner = somebody();
    let mut guesses = JoinSet::new();
    for turn in 0..50 {
        let node = Arc::clone(if turn % 2 == 0 { &one } else { &two });
        guesses.spawn(async move {
            node.count_guess(owner, Guesser::Unknown, GuessBudget::default(), START).await
        });
    }
    let mut counted = 0;
    while let Some(guess) = guesses.join_next().await {
        counted += usize::from(matches!(guess.unwrap().unwrap(), Guessed::Counted(_)));
    }
    assert_eq!(counted, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s57_a_statement_that_waits_too_long_fails_and_the_others_go_on() {
    let Some(server) = Postgres::start() else { return };
    let store = open(&server).await;
    store.insert_account(account("ada", "ada@example.org")).await.unwrap();
    let mut holder = beside(&server).await;
    execute(&mut holder, "BEGIN").await;
    execute(&mut holder, "LOCK TABLE doorward.audit IN ACCESS EXCLUSIVE MODE").await;
    for _ in 0..4 {
        let started = Instant::now();
        let failed = store.latest_audit(None, 1).await.unwrap_err();
        assert!(started.elapsed() < PATIENCE, "{failed}");
        assert!(!failed.to_string().contains("is away"), "one table is no server: {failed}");
        assert!(find(&store, "ada").await.is_some(), "what needs it not goes on");
    }
    execute(&mut holder, "ROLLBACK").await;
    store.latest_audit(None, 1).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_makes_no_more_connections_than_it_may() {
    let Some(server) = Postgres::start() else { return };
    let store = Arc::new(open(&server).await);
    let mut asking = JoinSet::new();
    for turn in 0..60 {
        let store = Arc::clone(&store);
        let (name, address) = (format!("a{turn}"), format!("a{turn}@example.org"));
        asking.spawn(async move { store.insert_account(account(&name, &address)).await });
    }
    let mut beside = beside(&server).await;
    let mut most = 0_i64;
    while !asking.is_empty() {
        let open: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'doorward'",
        )
        .fetch_one(&mut beside)
        .await
        .unwrap();
        most = most.max(open);
        asking.join_next().await.unwrap().unwrap().unwrap();
    }
    assert!((2..=5).contains(&most), "{most}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_account_and_no_counted_guess_is_lost_when_the_server_is_killed() {
    let Some(mut server) = Postgres::start() else { return };
    let store = Arc::new(open(&server).await);
    let owner = somebody();
    let going = Arc::new(AtomicBool::new(true));
    let mut writers = JoinSet::new();
    for writer in 0..6 {
        let (store, going) = (Arc::clone(&store), Arc::clone(&going));
        writers.spawn(async move {
            let mut acknowledged = Vec::new();
            for turn in 0.. {
                if !going.load(Ordering::Relaxed) {
                    break;
                }
                let name = format!("a{writer}-{turn}");
                let new = account(&name, &format!("{name}@example.org"));
                match store.insert_account(new).await {
                    Ok(_) => acknowledged.push(name),
                    // So that a store that is away is no busy loop.
                    Err(_) => tokio::task::yield_now().await,
                }
            }
            acknowledged
        });
    }
    let budget = GuessBudget::default();
    let mut counted = 0;
    for _ in 0..3 {
        for _ in 0..3 {
            let guess = store.count_guess(owner, Guesser::Unknown, budget, START).await;
            counted += usize::from(matches!(guess, Ok(Guessed::Counted(_))));
        }
        server.kill9();
        assert!(store.ping().await.is_err());
        server.start_again();
        // The store finds it again by itself.
        timeout(PATIENCE, async {
            while store.ping().await.is_err() {
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("it is found again");
    }
    going.store(false, Ordering::Relaxed);
    let mut acknowledged = Vec::new();
    while let Some(writer) = writers.join_next().await {
        acknowledged.extend(writer.unwrap());
    }
    assert!(counted >= 9 && acknowledged.len() > 50, "{counted}, {}", acknowledged.len());
    for name in acknowledged {
        assert!(find(&*store, &name).await.is_some(), "{name} is lost");
    }
    // Nine were counted: one more fits.
    let guess = async || store.count_guess(owner, Guesser::Unknown, budget, START).await.unwrap();
    assert!(matches!(guess().await, Guessed::Counted(_)));
    assert!(matches!(guess().await, Guessed::Spent { .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_a_newer_doorward_is_used_where_that_one_allows_it_and_else_refused() {
    let Some(server) = Postgres::start() else { return };
    // Of its two connections one is asked: what it has prepared before is used after.
    let few = PostgresSettings { connections: 2, ..settings(&server) };
    let older = PostgresStore::open(&few).await.unwrap();
    let ada = account("ada", "ada@example.org");
    older.insert_account(ada.clone()).await.unwrap();
    let asks = async || {
        assert!(
            find(&older, "ada").await.is_some() && find(&older, "ada@example.org").await.is_some()
        );
        assert!(older.find_account(ada.id).await.unwrap().is_some());
        assert!(older.set_full_name(ada.id, None).await.unwrap().is_some());
        assert_eq!(older.list_accounts(None, 10).await.unwrap().len(), 1);
    };
    asks().await;
    let mut newer = beside(&server).await;
    for statement in [
        "INSERT INTO doorward._sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (900, 'a later step', TRUE, '', 0)",
        "ALTER TABLE doorward.accounts ADD COLUMN shoe_size BIGINT",
    ] {
        execute(&mut newer, statement).await;
    }
    asks().await;
    let beside_it = open(&server).await;
    assert!(find(&beside_it, "ada").await.is_some());
    beside_it.insert_account(account("grace", "grace@example.org")).await.unwrap();

    execute(&mut newer, "UPDATE doorward.compatibility SET compatible_from = 900").await;
    let error = PostgresStore::open(&settings(&server)).await.unwrap_err();
    let OpenError::Newer { found: 900, known, .. } = error else { panic!("{error}") };
    assert!((1..900).contains(&known));
    assert!(error.to_string().contains("newer doorward"), "{error}");
    assert!(find(&older, "grace").await.is_some(), "one that runs goes on until it is stopped");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_without_the_password() {
    let settings = PostgresSettings {
        url: "postgres://doorward:hunter2@127.0.0.1:1/accounts".to_owned(),
        password: None,
        connections: 5,
        statement: Duration::from_secs(1),
    };
    let error = PostgresStore::open(&settings).await.unwrap_err();
    assert!(matches!(error, OpenError::Unreachable { .. }), "{error}");
    let told = format!("{error} {error:?}");
    assert!(told.contains("accounts at 127.0.0.1:1") && !told.contains("hunter2"), "{told}");
}
