//! Opening the database: reached, brought up to date by one node at a time, checked to be known.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool};

use super::super::breaker::Breaker;
use super::super::observe::Cause;
use super::others::Others;
use super::{ACCOUNTS, PostgresStore, is_away};

/// Which database, and how it is used.
#[derive(Clone)]
pub struct PostgresSettings {
    /// The server, the database and who signs in to it, as PostgreSQL's own programs take it.
    pub url: String,
    /// The password, where it does not stand in the address.
    pub password: Option<SecretString>,
    /// The most connections that this node keeps.
    pub connections: u32,
    /// The longest that one statement may take.
    pub statement: Duration,
}

impl std::fmt::Debug for PostgresSettings {
    /// The address may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { url: _, password: _, connections, statement } = self;
        f.debug_struct("PostgresSettings")
            .field("connections", connections)
            .field("statement", statement)
            .finish_non_exhaustive()
    }
}

/// Why the database cannot be opened: which, the cause, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The server does not let us in.
    #[error(
        "cannot open the database {database}: {cause}; is the server there, and does accounts.database name user, password and database rightly?"
    )]
    Unreachable {
        /// Host, port and database; never the password.
        database: String,
        /// What the server or the network says.
        cause: Cause,
    },
    /// A later version of doorward has changed it in a way that this one cannot live with.
    #[error(
        "the database {database} is of a newer doorward (its schema is {found}, this one knows {known}); run that one, or put back the copy from before the upgrade"
    )]
    Newer {
        /// Host, port and database.
        database: String,
        /// A step of its schema that this binary does not know.
        found: i64,
        /// The last step that this binary knows.
        known: i64,
    },
    /// The schema cannot be brought up to date.
    #[error(
        "cannot bring the database {database} up to date: {cause}; its user must own the database, or the schema {SCHEMA} in it"
    )]
    Unusable {
        /// Host, port and database.
        database: String,
        /// What the server says.
        cause: Cause,
    },
}

impl PostgresStore {
    /// Opens the database and brings its schema up to date; nodes that start at once take turns. One that a newer doorward has
    /// changed is used as it is, or refused where that one has said so.
    pub async fn open(settings: &PostgresSettings) -> Result<Self, OpenError> {
        let server = server(settings)?;
        let database = named(&server);
        let unreachable = |cause: sqlx::Error| OpenError::Unreachable {
            database: database.clone(),
            cause: cause.into(),
        };
        let server = with_ways_of_ours(server, settings.statement);
        // One is for what other nodes tell.
        let connections = settings.connections.saturating_sub(1).max(1);
        let pool = pool(server.clone(), connections).await.map_err(unreachable)?;
        migrate(&pool, &database).await?;
        let others = Others::listen(server).await.map_err(unreachable)?;
        let breaker = Breaker::new(ACCOUNTS, settings.statement + MARGIN, is_away);
        Ok(Self { settings: settings.clone(), pool, breaker, others })
    }

    /// Has every connection from now on sign in with this password; those that are open stay. The server is asked first: one
    /// that it does not take changes nothing.
    pub async fn change_password(&self, password: Option<SecretString>) -> Result<(), OpenError> {
        let settings = PostgresSettings { password, ..self.settings.clone() };
        let server = with_ways_of_ours(server(&settings)?, settings.statement);
        let tried = tokio::time::timeout(MARGIN, server.connect()).await;
        let taken = tried.unwrap_or(Err(sqlx::Error::PoolTimedOut));
        let connection = taken.map_err(|cause| OpenError::Unreachable {
            database: named(&server),
            cause: cause.into(),
        })?;
        // It was only to be let in.
        let _ = connection.close().await;
        self.pool.set_connect_options(server.clone());
        self.others.connect_to(server);
        Ok(())
    }
}

/// Host, port and database, as people are told of them.
fn named(server: &PgConnectOptions) -> String {
    let database = server.get_database().unwrap_or_else(|| server.get_username());
    format!("{database} at {}:{}", server.get_host(), server.get_port())
}

fn server(settings: &PostgresSettings) -> Result<PgConnectOptions, OpenError> {
    let server: PgConnectOptions = settings.url.parse().map_err(|cause: sqlx::Error| {
        OpenError::Unreachable { database: "of accounts.database".into(), cause: cause.into() }
    })?;
    Ok(match &settings.password {
        Some(password) => server.password(password.expose_secret()),
        None => server,
    })
}

/// The same server, with what every connection of ours is to be like, whatever server and database have for defaults.
fn with_ways_of_ours(server: PgConnectOptions, statement: Duration) -> PgConnectOptions {
    let millis = |span: Duration| span.as_millis().to_string();
    server
        .application_name("doorward")
        .options([
            ("search_path", SCHEMA),
            ("statement_timeout", &millis(statement)),
            ("lock_timeout", &millis(statement)),
            ("idle_in_transaction_session_timeout", &millis(statement * 2)),
            // What is promised is on the disk before anybody is told.
            ("synchronous_commit", "on"),
            // Who has waited for a lock must see what was done under it (S5).
            ("default_transaction_isolation", "read committed"),
            ("default_transaction_read_only", "off"),
        ])
        // Statements are not logged: failures are, once, where they are handled.
        .disable_statement_logging()
}

async fn pool(server: PgConnectOptions, connections: u32) -> Result<PgPool, sqlx::Error> {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .max_lifetime(MAX_LIFETIME)
        // A connection whose other end is silent would keep its place in the pool for as long as the network has patience.
        .after_release(|connection, _| Box::pin(still_answers(connection)))
        .connect_with(server)
        .await
}

async fn still_answers(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match tokio::time::timeout(MARGIN, connection.ping()).await {
        Ok(answer) => answer.map(|()| true),
        Err(_) => Err(sqlx::Error::PoolTimedOut),
    }
}

async fn migrate(pool: &PgPool, database: &str) -> Result<(), OpenError> {
    let unusable = |cause: Cause| OpenError::Unusable { database: database.to_owned(), cause };
    // A statement of a migration may take as long as it must, and so may the turn of the node before.
    let mut turn = pool.acquire().await.map_err(|cause| unusable(cause.into()))?.detach();
    for statement in [
        "SET statement_timeout = 0",
        "SET lock_timeout = 0",
        "SET idle_in_transaction_session_timeout = 0",
        "SELECT pg_advisory_lock(7237125438212960615)",
        "CREATE SCHEMA IF NOT EXISTS doorward",
    ] {
        sqlx::query(statement).execute(&mut turn).await.map_err(|cause| unusable(cause.into()))?;
    }
    let newer = newer(&mut turn).await.map_err(|cause| unusable(cause.into()))?;
    if let Some(Newer { found, compatible_from }) = newer {
        let known = newest_known();
        if known < compatible_from {
            return Err(OpenError::Newer { database: database.to_owned(), found, known });
        }
        tracing::warn!(
            found,
            known,
            "a newer doorward has changed the database, in a way that this one can live with"
        );
    }
    let mut steps = steps();
    steps.set_ignore_missing(newer.is_some());
    steps.run_direct(None, &mut turn, false).await.map_err(|cause| unusable(cause.into()))
    // The lock goes with the connection.
}

/// What a newer doorward has made of the schema.
#[derive(Clone, Copy, Debug)]
struct Newer {
    /// The last step that was taken.
    found: i64,
    /// The least step that a doorward must know to work on it.
    compatible_from: i64,
}

/// What this binary does not know of the schema, if there is anything.
async fn newer(turn: &mut PgConnection) -> Result<Option<Newer>, sqlx::Error> {
    let begun: Option<String> =
        sqlx::query_scalar("SELECT to_regclass('doorward._sqlx_migrations')::text")
            .fetch_one(&mut *turn)
            .await?;
    if begun.is_none() {
        return Ok(None);
    }
    let found: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
        .fetch_one(&mut *turn)
        .await?;
    let Some(found) = found.filter(|found| *found > newest_known()) else { return Ok(None) };
    let compatible_from = sqlx::query_scalar("SELECT compatible_from FROM compatibility")
        .fetch_one(&mut *turn)
        .await?;
    Ok(Some(Newer { found, compatible_from }))
}

/// The last step that is in this binary.
fn newest_known() -> i64 {
    steps().iter().map(|step| step.version).max().unwrap_or(0)
}

/// The steps of the schema. One that was released never changes.
fn steps() -> Migrator {
    sqlx::migrate!("src/store/postgres/migrations")
}

/// Where in the database everything of ours is.
const SCHEMA: &str = "doorward";
/// How long anything waits for a connection: past that, whoever asked refuses.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// How much longer than its statement may take a promise may, and the longest that a mere sign of life may.
const MARGIN: Duration = Duration::from_secs(2);
/// How long a connection is kept, so that a server that took over is found.
const MAX_LIFETIME: Duration = Duration::from_secs(1800);
