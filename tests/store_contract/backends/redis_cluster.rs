//! A Redis Cluster, one for all promises, each with keys of its own.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use doorward::store::redis::{RedisSettings, RedisStore, Servers};
use doorward::store::{Accounts, Flow};
use tokio::sync::Mutex;

use super::redis::{here, kept, settings};
use super::{Backend, sqlite};
use crate::redis_server::Cluster;

pub struct Fresh {
    cluster: Arc<Cluster>,
    settings: RedisSettings,
    store: Arc<RedisStore>,
    accounts: sqlite::Fresh,
}

static CLUSTER: Mutex<Weak<Cluster>> = Mutex::const_new(Weak::new());
static PROMISES: AtomicUsize = AtomicUsize::new(0);

/// The Cluster: started by whoever asks first, ended with the last who has it.
pub async fn servers() -> Option<Arc<Cluster>> {
    let mut kept = CLUSTER.lock().await;
    if let Some(cluster) = kept.upgrade() {
        return Some(cluster);
    }
    let cluster = Arc::new(tokio::task::spawn_blocking(Cluster::start).await.unwrap()?);
    *kept = Arc::downgrade(&cluster);
    Some(cluster)
}

#[async_trait]
impl Backend for Fresh {
    async fn fresh() -> Option<Self> {
        let cluster = servers().await?;
        let prefix = format!("promise {}:", PROMISES.fetch_add(1, Ordering::Relaxed));
        let addresses = cluster.ports().into_iter().take(2).map(here).collect();
        let settings = settings(Servers::Cluster(addresses), &prefix);
        let store = Arc::new(RedisStore::open(settings.clone()).await.unwrap().0);
        Some(Self { cluster, settings, store, accounts: sqlite::Fresh::fresh().await? })
    }

    async fn elsewhere(&self) -> Self {
        Self {
            cluster: Arc::clone(&self.cluster),
            settings: self.settings.clone(),
            store: Arc::new(RedisStore::open(self.settings.clone()).await.unwrap().0),
            accounts: self.accounts.elsewhere().await,
        }
    }

    async fn restart(self) -> Self {
        let Self { cluster, settings, store, accounts } = self;
        drop(store);
        let store = Arc::new(RedisStore::open(settings.clone()).await.unwrap().0);
        Self { cluster, settings, store, accounts: accounts.restart().await }
    }

    async fn everything_kept(&self) -> Vec<u8> {
        let ports = self.cluster.ports();
        let primaries: Vec<u16> =
            self.cluster.primaries().into_iter().map(|at| ports[at]).collect();
        let mut everything = kept(&primaries);
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
