//! What other versions of doorward have left in a store is read, and what this one writes they read: two of them work on the
//! same stores while nodes are replaced one after another, and as one process takes the place of another.
//!
//! A second version cannot be had in a test: its data stands in for it. A file in `formats/kept` is all that a store holds after
//! `write` of [`flow`] and of [`accounts`], by the version whose form it is; the number in its name is the format of keys in
//! Redis, or the last step of the schema. A file of a version that was released never changes. Who changes what is written adds
//! one, and a digit to the kind of key, or a step to the schema; those before are read as long as they are here.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use doorward::domain::id::AccountId;
use doorward::store::postgres::PostgresStore;
use doorward::store::redis::{RedisStore, Servers};
use doorward::store::sqlite::SqliteStore;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqliteConnection};
use tempfile::TempDir;
use uuid::Uuid;

use crate::backends::redis::{here, settings};
use crate::postgres_nodes;
use crate::postgres_server::Postgres;
use crate::redis_server::Redis;

mod accounts;
mod flow;

fn id(byte: u8) -> Uuid {
    Uuid::from_bytes([byte; 16])
}

fn account(number: u8) -> AccountId {
    AccountId::from_uuid(id(number))
}

/// The files of a store, the earliest first, with their numbers.
fn kept(store: &str) -> Vec<(i64, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store_contract/formats/kept");
    let number = |path: &Path| -> Option<i64> {
        path.file_stem()?.to_str()?.strip_prefix(store)?.strip_prefix('-')?.parse().ok()
    };
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.filter_map(|path| Some((number(&path)?, path))).collect();
    files.sort();
    assert!(!files.is_empty(), "{store}");
    files
}

/// Holds what is written now against the latest file.
#[track_caller]
fn is_of_the_latest_form(store: &str, written: &[String]) {
    let (_, latest) = kept(store).pop().unwrap();
    let written = format!("{}\n", written.join("\n"));
    if std::fs::read_to_string(&latest).unwrap() == written {
        return;
    }
    let now = Path::new(env!("CARGO_TARGET_TMPDIR")).join(latest.file_name().unwrap());
    std::fs::write(&now, written).unwrap();
    panic!(
        "what is written is of another form than {}: nodes of the version before would not read it. It is in {}",
        latest.display(),
        now.display()
    );
}

async fn redis(server: &Redis) -> RedisStore {
    let settings = settings(Servers::Single(here(server.port())), "doorward:");
    RedisStore::open(settings).await.unwrap().0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_into_redis_is_of_the_form_that_other_versions_know() {
    let Some(server) = Redis::start() else { return };
    let store = redis(&server).await;
    flow::write(&store).await;
    for _ in 0..3 {
        flow::count_once(&store).await;
    }
    is_of_the_latest_form("redis", &commands(server.port()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_other_versions_have_left_in_redis_is_read() {
    for (_, file) in kept("redis") {
        let Some(server) = Redis::start() else { return };
        let commands = std::fs::File::open(&file).unwrap();
        let told = Command::new("redis-cli")
            .args(["-e", "-p", &server.port().to_string()])
            .stdin(commands)
            .stdout(Stdio::null())
            .status();
        assert!(told.unwrap().success(), "{}", file.display());
        let store = redis(&server).await;
        flow::read(&store).await;
        assert_eq!(flow::count(&store).await, 2, "of five three were counted");
    }
}

/// All that is in a Redis, as commands that put it there.
fn commands(port: u16) -> Vec<String> {
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}")).unwrap();
    let mut connection = client.get_connection().unwrap();
    let mut ask = |command: &str, key: &[u8], more: &[&str]| -> redis::Value {
        redis::cmd(command).arg(key).arg(more).query(&mut connection).unwrap()
    };
    let texts = |value| -> Vec<Vec<u8>> { redis::from_redis_value(value).unwrap() };
    let mut keys = texts(ask("KEYS", b"*", &[]));
    keys.sort();
    let mut commands = Vec::new();
    for key in keys {
        let kind: String = redis::from_redis_value(ask("TYPE", &key, &[])).unwrap();
        let (command, mut values): (&str, Vec<Vec<Vec<u8>>>) = match kind.as_str() {
            "string" => {
                ("SET", vec![vec![redis::from_redis_value(ask("GET", &key, &[])).unwrap()]])
            }
            "list" => (
                "RPUSH",
                texts(ask("LRANGE", &key, &["0", "-1"])).into_iter().map(|one| vec![one]).collect(),
            ),
            "hash" => ("HSET", pairs(texts(ask("HGETALL", &key, &[])))),
            "zset" => {
                let scored = pairs(texts(ask("ZRANGE", &key, &["0", "-1", "WITHSCORES"])));
                ("ZADD", scored.into_iter().map(|pair| pair.into_iter().rev().collect()).collect())
            }
            other => panic!("a {other} is kept"),
        };
        if kind == "hash" {
            values.sort();
        }
        commands.extend(values.into_iter().map(|value| {
            let words = std::iter::once(&key).chain(&value).map(|word| quoted(word));
            format!("{command} {}", words.collect::<Vec<_>>().join(" "))
        }));
    }
    commands
}

fn pairs(flat: Vec<Vec<u8>>) -> Vec<Vec<Vec<u8>>> {
    flat.chunks(2).map(<[Vec<u8>]>::to_vec).collect()
}

/// Bytes as `redis-cli` takes them.
fn quoted(bytes: &[u8]) -> String {
    let one = |byte: &u8| match byte {
        b'"' => "\\\"".to_owned(),
        b'\\' => "\\\\".to_owned(),
        b' '..=b'~' => char::from(*byte).to_string(),
        other => format!("\\x{other:02x}"),
    };
    format!("\"{}\"", bytes.iter().map(one).collect::<String>())
}

async fn sqlite(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    options.foreign_keys(false).connect().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_into_sqlite_is_of_the_form_that_other_versions_know() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("doorward.db");
    let store = SqliteStore::open(&path).await.unwrap();
    accounts::write(&store).await;
    accounts::write_phone(&store).await;
    flow::write(&store).await;
    store.close().await;
    let mut file = sqlite(&path).await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_sqlx_%'
         ORDER BY name",
    )
    .fetch_all(&mut file)
    .await
    .unwrap();
    let mut written = Vec::new();
    for table in tables {
        let columns: Vec<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info(?1)")
            .bind(&table)
            .fetch_all(&mut file)
            .await
            .unwrap();
        let values: Vec<String> = columns.iter().map(|column| format!("quote({column})")).collect();
        let statement = format!(
            "SELECT 'INSERT INTO {table} ({}) VALUES (' || {} || ');' FROM {table} ORDER BY 1",
            columns.join(", "),
            values.join(" || ', ' || ")
        );
        let rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(statement)).fetch_all(&mut file).await.unwrap();
        written.extend(rows);
    }
    is_of_the_latest_form("sqlite", &written);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_other_versions_have_left_in_sqlite_is_brought_up_to_date_and_read() {
    let steps = sqlx::migrate!("src/store/sqlite/migrations");
    for (step, file) in kept("sqlite") {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("doorward.db");
        let mut connection = sqlite(&path).await;
        steps.run_to(step, &mut connection).await.unwrap();
        let rows = std::fs::read_to_string(&file).unwrap();
        sqlx::raw_sql(AssertSqlSafe(rows)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        let store = SqliteStore::open(&path).await.unwrap();
        accounts::read(&store).await;
        accounts::read_phone(&store, step >= 9).await;
        flow::read(&store).await;
    }
}

#[test]
fn a_step_of_a_schema_that_was_taken_anywhere_never_changes() {
    let taken = include_str!("formats/kept/steps.txt");
    let mut now = Vec::new();
    for (store, steps) in [
        ("sqlite", sqlx::migrate!("src/store/sqlite/migrations")),
        ("postgres", sqlx::migrate!("src/store/postgres/migrations")),
    ] {
        now.extend(steps.iter().map(|step| {
            format!(
                "{store} {} {}",
                step.version,
                data_encoding::HEXLOWER.encode(&step.checksum[..16])
            )
        }));
    }
    // No doorward starts on a database whose steps are others than its own.
    assert_eq!(now, taken.lines().collect::<Vec<_>>(), "a new step is a line more");
}

/// A connection that finds tables as doorward does.
async fn postgres(server: &Postgres) -> PgConnection {
    let options: PgConnectOptions = server.url().parse().unwrap();
    options.options([("search_path", "doorward")]).connect().await.unwrap()
}

async fn open(server: &Postgres) -> PostgresStore {
    PostgresStore::open(&postgres_nodes::settings(server)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_into_postgresql_is_of_the_form_that_other_versions_know() {
    let Some(server) = Postgres::start() else { return };
    let store = open(&server).await;
    accounts::write(&store).await;
    accounts::write_phone(&store).await;
    let mut database = postgres(&server).await;
    let mut written = Vec::new();
    for table in tables(&mut database).await {
        let columns: Vec<String> = sqlx::query_scalar(
            "SELECT column_name::text FROM information_schema.columns
             WHERE table_schema = 'doorward' AND table_name = $1 ORDER BY ordinal_position",
        )
        .bind(&table)
        .fetch_all(&mut database)
        .await
        .unwrap();
        let columns_of_it = columns.join(", ");
        let places = vec!["%L"; columns.len()].join(", ");
        let statement = format!(
            "SELECT format('INSERT INTO {table} ({columns_of_it}) OVERRIDING SYSTEM VALUE VALUES ({places});', {columns_of_it})
             FROM {table} ORDER BY 1"
        );
        let rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(statement)).fetch_all(&mut database).await.unwrap();
        written.extend(rows);
    }
    is_of_the_latest_form("postgres", &written);
}

/// The tables with rows of doorward's, in an order in which they can be filled.
async fn tables(database: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.tables
         WHERE table_schema = 'doorward' AND table_name NOT IN ('_sqlx_migrations', 'compatibility')
         ORDER BY table_name = 'device_tokens', table_name",
    )
    .fetch_all(database)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_other_versions_have_left_in_postgresql_is_brought_up_to_date_and_read() {
    let steps = sqlx::migrate!("src/store/postgres/migrations");
    for (step, file) in kept("postgres") {
        let Some(server) = Postgres::start() else { return };
        let mut database = postgres(&server).await;
        sqlx::query("CREATE SCHEMA doorward").execute(&mut database).await.unwrap();
        steps.run_to(step, &mut database).await.unwrap();
        let rows = std::fs::read_to_string(&file).unwrap();
        sqlx::raw_sql(AssertSqlSafe(rows)).execute(&mut database).await.unwrap();
        // What gives numbers goes on after those that are there.
        for table in ["audit", "device_tokens", "guess_failures"] {
            let after = format!(
                "SELECT setval(pg_get_serial_sequence('{table}', 'number'), (SELECT max(number) FROM {table}))"
            );
            sqlx::query(AssertSqlSafe(after)).execute(&mut database).await.unwrap();
        }
        let store = open(&server).await;
        accounts::read(&store).await;
        accounts::read_phone(&store, step >= 2).await;
    }
}
