//! Redis, a server for each test. It keeps what passes; accounts are in SQLite.

use std::sync::Arc;

use async_trait::async_trait;
use doorward::store::redis::{Address, RedisSettings, RedisStore, Servers};
use doorward::store::{Accounts, Flow};
use tokio::sync::Mutex;

use super::{Backend, sqlite};
use crate::redis_server::Redis;

pub struct Fresh {
    server: Arc<Mutex<Redis>>,
    settings: RedisSettings,
    store: Arc<RedisStore>,
    accounts: sqlite::Fresh,
}

pub fn settings(servers: Servers, prefix: &str) -> RedisSettings {
    let prefix = prefix.to_owned();
    RedisSettings { servers, tls: None, username: None, password: None, database: 0, prefix }
}

pub fn here(port: u16) -> Address {
    Address { host: "127.0.0.1".to_owned(), port }
}

#[async_trait]
impl Backend for Fresh {
    async fn fresh() -> Option<Self> {
        let server = Redis::start()?;
        let settings = settings(Servers::Single(here(server.port())), "doorward:");
        let (store, warnings) = RedisStore::open(settings.clone()).await.unwrap();
        assert_eq!(warnings, [], "it is as it should be");
        let accounts = sqlite::Fresh::fresh().await?;
        Some(Self {
            server: Arc::new(Mutex::new(server)),
            settings,
            store: Arc::new(store),
            accounts,
        })
    }

    async fn elsewhere(&self) -> Self {
        Self {
            server: Arc::clone(&self.server),
            settings: self.settings.clone(),
            store: Arc::new(RedisStore::open(self.settings.clone()).await.unwrap().0),
            accounts: self.accounts.elsewhere().await,
        }
    }

    async fn restart(self) -> Self {
        let Self { server, settings, store, accounts } = self;
        drop(store);
        {
            let mut server = server.lock().await;
            server.kill();
            server.start_again();
        }
        let store = Arc::new(RedisStore::open(settings.clone()).await.unwrap().0);
        Self { server, settings, store, accounts: accounts.restart().await }
    }

    async fn everything_kept(&self) -> Vec<u8> {
        let mut everything = kept(&[self.server.lock().await.port()]);
        everything.extend(self.accounts.everything_kept().await);
        everything
    }

    fn accounts(&self) -> Arc<dyn Accounts> {
        self.accounts.accounts()
    }

    fn flow(&self) -> Arc<dyn Flow> {
        self.store.clone()
    }
}

/// Every key and every value at these ports.
pub fn kept(ports: &[u16]) -> Vec<u8> {
    let mut everything = Vec::new();
    for port in ports {
        let client = redis::Client::open(format!("redis://127.0.0.1:{port}")).unwrap();
        let mut connection = client.get_connection().unwrap();
        let keys: Vec<Vec<u8>> = redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
        for key in keys {
            let kind: String = redis::cmd("TYPE").arg(&key).query(&mut connection).unwrap();
            let command: &[&str] = match kind.as_str() {
                "string" => &["GET"],
                "hash" => &["HGETALL"],
                "list" => &["LRANGE", "0", "-1"],
                "zset" => &["ZRANGE", "0", "-1"],
                other => panic!("a {other} is kept"),
            };
            let mut read = redis::cmd(command[0]);
            read.arg(&key);
            command[1..].iter().for_each(|argument| {
                read.arg(*argument);
            });
            collect(read.query(&mut connection).unwrap(), &mut everything);
            everything.extend(key);
        }
    }
    everything
}

fn collect(value: redis::Value, into: &mut Vec<u8>) {
    match value {
        redis::Value::BulkString(bytes) => into.extend(bytes),
        redis::Value::Array(values) => values.into_iter().for_each(|value| collect(value, into)),
        redis::Value::Nil => {}
        other => panic!("{other:?} is kept"),
    }
}
