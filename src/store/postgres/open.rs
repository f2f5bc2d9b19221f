//! Opening the database: reached, brought up to date by one node at a time, checked to be known.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, PgPool};

use super::super::observe::Cause;
use super::PostgresStore;
use super::others::Others;

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
    /// A later version of doorward has changed it.
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
    /// Opens the database and brings its schema up to date; nodes that start at once take turns. Refuses one that a newer
    /// doorward has changed.
    pub async fn open(settings: &PostgresSettings) -> Result<Self, OpenError> {
        let server = server(settings)?;
        let database = named(&server);
        let unreachable = |cause: sqlx::Error| OpenError::Unreachable {
            database: database.clone(),
            cause: cause.into(),
        };
        let pool = pool(server, settings).await.map_err(unreachable)?;
        migrate(&pool, &database).await?;
        let others = Others::listen(&pool).await.map_err(unreachable)?;
        Ok(Self { pool, others })
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

async fn pool(
    server: PgConnectOptions,
    settings: &PostgresSettings,
) -> Result<PgPool, sqlx::Error> {
    let millis = |span: Duration| span.as_millis().to_string();
    let server = server
        .application_name("doorward")
        .options([
            ("search_path", SCHEMA),
            ("statement_timeout", &millis(settings.statement)),
            ("lock_timeout", &millis(settings.statement)),
            ("idle_in_transaction_session_timeout", &millis(settings.statement * 2)),
            // What is promised is on the disk before anybody is told.
            ("synchronous_commit", "on"),
        ])
        // Statements are not logged: failures are, once, where they are handled.
        .disable_statement_logging();
    PgPoolOptions::new()
        .max_connections(settings.connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .max_lifetime(MAX_LIFETIME)
        .connect_with(server)
        .await
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
    MIGRATIONS.run_direct(None, &mut turn, false).await.map_err(|cause| match cause {
        MigrateError::VersionMissing(found) => {
            let known = MIGRATIONS.iter().map(|step| step.version).max().unwrap_or(0);
            OpenError::Newer { database: database.to_owned(), found, known }
        }
        cause => unusable(cause.into()),
    })
    // The lock goes with the connection.
}

/// The steps of the schema, in the binary. A step that was released never changes.
static MIGRATIONS: Migrator = sqlx::migrate!("src/store/postgres/migrations");
/// Where in the database everything of ours is.
const SCHEMA: &str = "doorward";
/// How long anything waits for a connection: past that, whoever asked refuses.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection is kept, so that a server that took over is found.
const MAX_LIFETIME: Duration = Duration::from_secs(1800);
