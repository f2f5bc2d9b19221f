//! SQLite in a temporary folder.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use doorward::store::sqlite::SqliteStore;
use doorward::store::{Accounts, Flow};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, SqliteConnection};
use tempfile::TempDir;

use super::Backend;

pub struct Fresh {
    folder: Arc<TempDir>,
    store: Arc<SqliteStore>,
}

impl Fresh {
    async fn open(folder: Arc<TempDir>) -> Self {
        let store = SqliteStore::open(&folder.path().join("doorward.db")).await.unwrap();
        Self { folder, store: Arc::new(store) }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("doorward.db")
    }
}

#[async_trait]
impl Backend for Fresh {
    async fn fresh() -> Option<Self> {
        Some(Self::open(Arc::new(TempDir::new().unwrap())).await)
    }

    async fn elsewhere(&self) -> Self {
        Self::open(Arc::clone(&self.folder)).await
    }

    async fn restart(self) -> Self {
        let Self { folder, store } = self;
        drop(store);
        Self::open(folder).await
    }

    async fn everything_kept(&self) -> Vec<u8> {
        let mut everything = Vec::new();
        for file in std::fs::read_dir(self.folder.path()).unwrap() {
            everything.extend(std::fs::read(file.unwrap().path()).unwrap());
        }
        let options = SqliteConnectOptions::new().filename(self.path()).read_only(true);
        let mut connection = options.connect().await.unwrap();
        for (table, column) in columns(&mut connection).await {
            let cells = format!("SELECT CAST(\"{column}\" AS BLOB) FROM \"{table}\"");
            let cells: Vec<Option<Vec<u8>>> =
                sqlx::query_scalar(AssertSqlSafe(cells)).fetch_all(&mut connection).await.unwrap();
            everything.extend(cells.into_iter().flatten().flatten());
        }
        everything
    }

    fn accounts(&self) -> Arc<dyn Accounts> {
        self.store.clone()
    }

    fn flow(&self) -> Arc<dyn Flow> {
        self.store.clone()
    }
}

async fn columns(connection: &mut SqliteConnection) -> Vec<(String, String)> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT tables.name, columns.name FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
         WHERE tables.type = 'table'",
    )
    .fetch_all(connection)
    .await
    .unwrap();
    assert!(columns.iter().any(|(table, column)| table == "challenges" && column == "code_mac"));
    columns
}
