//! Redis, opened as the configuration names it.

use crate::config::settings::{Redis, RedisAddress, RedisServers};
use crate::store::redis::{Address, RedisSettings, RedisStore, Servers};

use super::StartError;

/// Opens the store, and tells the log what its operator should know.
pub(super) async fn open(server: &Redis) -> Result<RedisStore, StartError> {
    let (store, warnings) = RedisStore::open(settings(server)?).await?;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    Ok(store)
}

fn settings(server: &Redis) -> Result<RedisSettings, StartError> {
    let servers = match &server.servers {
        RedisServers::Single(only) => Servers::Single(address(only)),
        RedisServers::Sentinel { sentinels, primary, username, password } => Servers::Sentinel {
            sentinels: sentinels.iter().map(address).collect(),
            primary: primary.clone(),
            username: username.clone(),
            password: password.clone(),
        },
        RedisServers::Cluster(addresses) => {
            Servers::Cluster(addresses.iter().map(address).collect())
        }
    };
    let read = |path: &std::path::PathBuf| {
        std::fs::read(path)
            .map_err(|cause| StartError::RedisAuthority { path: path.display().to_string(), cause })
    };
    let authority = server.ca.as_ref().map(read).transpose()?;
    Ok(RedisSettings {
        servers,
        tls: server.tls.then_some(authority),
        username: server.username.clone(),
        password: server.password.clone(),
        database: i64::from(server.database),
        prefix: server.prefix.clone(),
    })
}

fn address(address: &RedisAddress) -> Address {
    Address { host: address.host.clone(), port: address.port }
}
