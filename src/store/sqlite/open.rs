//! Opening the file: made private, checked to be ours, brought up to date.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection, SqlitePool};

use super::super::memory::MemoryQuotas;
use super::super::observe::Cause;
use super::SqliteStore;
use super::upkeep::Others;

/// Why a database cannot be opened: the file, the cause, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder is not there.
    #[error(
        "cannot make the database {}: the folder {} does not exist; make it, owned by the user that runs doorward",
        path.display(), folder.display()
    )]
    NoFolder {
        /// The file.
        path: PathBuf,
        /// Its folder.
        folder: PathBuf,
    },
    /// The file cannot be made or read.
    #[error(
        "cannot open the database {}: {cause}; the user that runs doorward must be able to read and write the file and its folder",
        path.display()
    )]
    Unreachable {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// It is the database of another program.
    #[error(
        "{} is the database of another program; name a file of doorward's own",
        path.display()
    )]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// A later version of doorward has changed it.
    #[error(
        "the database {} is of a newer doorward (its schema is {found}, this one knows {known}); run that one, or put back the copy from before the upgrade",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// A step of its schema that this binary does not know.
        found: i64,
        /// The last step that this binary knows.
        known: i64,
    },
    /// SQLite refuses it.
    #[error(
        "cannot use the database {}: {cause}; it must be a SQLite file on a local disk, whole and writable: if it is damaged, put back a copy",
        path.display()
    )]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        cause: Cause,
    },
}

impl SqliteStore {
    /// Opens the database in `path`; makes it, for its owner's eyes alone, if there is none. Brings its schema up
    /// to date, and refuses one that a newer doorward has made.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        make_private(path)?;
        prepare(path).await?;
        let unusable = |cause: sqlx::Error| unusable(path, cause);
        let (writer, others) = writer(path).await.map_err(unusable)?;
        let readers = readers(path).await.map_err(unusable)?;
        Ok(Self { writer, readers, others, quotas: MemoryQuotas::default() })
    }
}

/// Makes the empty file with mode 0600 before SQLite does it with whatever the umask is. SQLite gives its
/// `-wal` and `-shm` the mode of the file.
fn make_private(path: &Path) -> Result<(), OpenError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(OpenError::NoFolder { path: path.to_owned(), folder: folder.to_owned() });
    }
    let mut options = std::fs::OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(cause) => Err(OpenError::Unreachable { path: path.to_owned(), cause }),
    }
}

/// Brings the schema up to date and turns the log on. Several processes may do so at once: they take turns.
async fn prepare(path: &Path) -> Result<(), OpenError> {
    let mut connection = options(path).connect().await.map_err(|cause| unusable(path, cause))?;
    migrate(&mut connection, path).await?;
    let deadline = tokio::time::Instant::now() + BUSY_TIMEOUT;
    // SQLite waits for no other when it turns the log on, so the waiting is done here.
    while let Err(cause) = sqlx::query("PRAGMA journal_mode = WAL").execute(&mut connection).await {
        if !is_busy(&cause) || tokio::time::Instant::now() >= deadline {
            return Err(unusable(path, cause));
        }
        tokio::time::sleep(BUSY_PAUSE).await;
    }
    connection.close().await.map_err(|cause| unusable(path, cause))
}

async fn migrate(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    let failed = |cause: sqlx::Error| unusable(path, cause);
    let mut turn = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    let application: i64 =
        sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *turn).await.map_err(failed)?;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(&mut *turn)
        .await
        .map_err(failed)?;
    if tables > 0 && application != APPLICATION_ID {
        return Err(OpenError::NotOurs { path: path.to_owned() });
    }
    MIGRATIONS.run_direct(None, &mut *turn, false).await.map_err(|cause| match cause {
        MigrateError::VersionMissing(found) => {
            let known = MIGRATIONS.iter().map(|step| step.version).max().unwrap_or(0);
            OpenError::Newer { path: path.to_owned(), found, known }
        }
        cause => unusable(path, cause),
    })?;
    turn.commit().await.map_err(failed)
}

/// The one connection that writes. It is never exchanged for its age, since it also notices what others write.
async fn writer(path: &Path) -> Result<(SqlitePool, Others), sqlx::Error> {
    let others = Others::default();
    let connections = others.connections();
    let pool = pool(1)
        .after_connect(move |_, _| {
            connections.count();
            Box::pin(async { Ok(()) })
        })
        // When the disk is full SQLite ends a transaction by itself, which sqlx does not notice: it would begin
        // no other on that connection.
        .after_release(|connection, _| {
            Box::pin(async move {
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
        .connect_with(options(path))
        .await?;
    others.look(&pool).await?;
    Ok((pool, others))
}

async fn readers(path: &Path) -> Result<SqlitePool, sqlx::Error> {
    let cache = format!("-{READER_CACHE_KIB}");
    // More of them than processors take memory and read no faster: the operating system has the file.
    let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let size = u32::try_from(processors).unwrap_or(MOST_READERS).clamp(2, MOST_READERS);
    pool(size).connect_with(options(path).read_only(true).pragma("cache_size", cache)).await
}

fn pool(size: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(size)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        // Statements are not logged: failures are, once, where they are handled.
        .disable_statement_logging()
}

fn is_busy(cause: &sqlx::Error) -> bool {
    // SQLITE_BUSY is the low byte of the codes that tell more.
    let code = cause.as_database_error().and_then(|error| error.code());
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
}

fn unusable(path: &Path, cause: impl Into<Cause>) -> OpenError {
    OpenError::Unusable { path: path.to_owned(), cause: cause.into() }
}

/// The steps of the schema, in the binary. A step that was released never changes.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("src/store/sqlite/migrations");
/// `door`, as the first step of the schema sets it.
const APPLICATION_ID: i64 = 0x646f_6f72;
/// How long a write waits for another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const BUSY_PAUSE: Duration = Duration::from_millis(20);
/// How long anything waits for its turn in this process: past that, whoever asked refuses.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
const MOST_READERS: u32 = 4;
/// What a reading connection keeps of the file. The operating system has all of it, and those who are signed in are in memory.
const READER_CACHE_KIB: u32 = 128;
