//! PostgreSQL, a server for each test. It keeps accounts; what passes is another store's.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use doorward::store::postgres::{PostgresSettings, PostgresStore};
use doorward::store::{Accounts, Flow};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};

use super::Backend;
use crate::postgres_server::Postgres;

pub struct Fresh {
    server: Arc<Postgres>,
    store: Arc<PostgresStore>,
}

impl Fresh {
    async fn open(server: Arc<Postgres>) -> Self {
        let settings = PostgresSettings {
            url: server.url(),
            password: None,
            connections: 8,
            statement: Duration::from_secs(20),
        };
        let store = Arc::new(PostgresStore::open(&settings).await.unwrap());
        Self { server, store }
    }
}

#[async_trait]
impl Backend for Fresh {
    async fn fresh() -> Option<Self> {
        Some(Self::open(Arc::new(Postgres::start()?)).await)
    }

    async fn elsewhere(&self) -> Self {
        Self::open(Arc::clone(&self.server)).await
    }

    async fn restart(self) -> Self {
        let Self { server, store } = self;
        drop(store);
        Self::open(server).await
    }

    async fn everything_kept(&self) -> Vec<u8> {
        let options: PgConnectOptions = self.server.url().parse().unwrap();
        let mut connection = options.connect().await.unwrap();
        let columns: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
             WHERE table_schema = 'doorward'",
        )
        .fetch_all(&mut connection)
        .await
        .unwrap();
        assert!(
            columns.iter().any(|(table, column, _)| table == "devices" && column == "token_hash")
        );
        let mut everything = Vec::new();
        for (table, column, kind) in columns {
            let cells = match kind.as_str() {
                "bytea" => format!("SELECT \"{column}\" FROM doorward.\"{table}\""),
                _ => format!(
                    "SELECT convert_to(\"{column}\"::text, 'UTF8') FROM doorward.\"{table}\""
                ),
            };
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
        panic!("PostgreSQL keeps accounts alone")
    }
}
