//! Where Redis is, and how to reach it: one server, the primary that sentinels name, or a Cluster.

use std::fmt;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::cluster_async::ClusterConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo,
    ProtocolVersion, PushInfo, PushKind, RedisConnectionInfo, RedisResult, TlsCertificates,
};
use secrecy::{ExposeSecret, SecretString};

use super::super::observe::Cause;

/// Where Redis is and who doorward is there.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// The servers.
    pub servers: Servers,
    /// TLS, if it is spoken: with these certificate authorities (PEM), or those of the system.
    pub tls: Option<Option<Vec<u8>>>,
    /// The ACL user; Redis' `default` without.
    pub username: Option<String>,
    /// The password.
    pub password: Option<SecretString>,
    /// The number of the database; a Cluster has 0 alone.
    pub database: i64,
    /// What every key begins with.
    pub prefix: String,
}

/// The servers.
#[derive(Clone, Debug)]
pub enum Servers {
    /// One.
    Single(Address),
    /// The primary that sentinels name.
    Sentinel {
        /// The sentinels.
        sentinels: Vec<Address>,
        /// What they call it.
        primary: String,
        /// Who doorward is to the sentinels, where they ask.
        username: Option<String>,
        /// The password for them.
        password: Option<SecretString>,
    },
    /// A Cluster, by some of its servers.
    Cluster(Vec<Address>),
}

/// A server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The name or address.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// The servers cannot be used as they are.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreachable {
    #[error("no sentinel names a primary called {primary}: {last}")]
    NoPrimary { primary: String, last: String },
    #[error("{0} is no primary (yet)")]
    NotPrimary(Address),
    #[error("the Cluster names no server")]
    NoServers,
}

/// A connection that many use at once.
#[derive(Clone)]
pub(super) enum Connection {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Connection {
    pub(super) async fn send(&mut self, command: &redis::Cmd) -> RedisResult<redis::Value> {
        match self {
            Self::One(connection) => command.query_async(connection).await,
            Self::Cluster(connection) => command.query_async(connection).await,
        }
    }
}

impl RedisSettings {
    pub(super) const fn is_cluster(&self) -> bool {
        matches!(self.servers, Servers::Cluster(_))
    }

    /// Connects. `lost` is called when the connection breaks, also while nobody uses it.
    pub(super) async fn connect(
        &self,
        lost: impl Fn() + Send + Sync + 'static,
    ) -> Result<Connection, Cause> {
        if let Servers::Cluster(addresses) = &self.servers {
            return Ok(Connection::Cluster(self.cluster(addresses)?.get_async_connection().await?));
        }
        let address = self.primary().await?;
        let told = move |push: PushInfo| {
            if push.kind == PushKind::Disconnection {
                lost();
            }
            Ok::<(), std::convert::Infallible>(())
        };
        let config = patience().set_push_sender(told);
        let mut connection = self.connect_to(&address, &config).await?;
        if matches!(self.servers, Servers::Sentinel { .. }) && !is_primary(&mut connection).await? {
            return Err(Unreachable::NotPrimary(address).into());
        }
        Ok(Connection::One(connection))
    }

    /// The servers that hold data: those whose pushes are listened to.
    pub(super) async fn primaries(&self) -> Result<Vec<Address>, Cause> {
        let Servers::Cluster(addresses) = &self.servers else {
            return Ok(vec![self.primary().await?]);
        };
        let mut last: Cause = Unreachable::NoServers.into();
        for address in addresses {
            match self.slots(address).await {
                Ok(primaries) if !primaries.is_empty() => return Ok(primaries),
                Ok(_) => {}
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// A connection to this one server.
    pub(super) async fn connect_to(
        &self,
        address: &Address,
        config: &AsyncConnectionConfig,
    ) -> RedisResult<MultiplexedConnection> {
        self.client(address)?.get_multiplexed_async_connection_with_config(config).await
    }

    async fn primary(&self) -> Result<Address, Cause> {
        match &self.servers {
            Servers::Single(address) => Ok(address.clone()),
            Servers::Cluster(_) => Err(Unreachable::NoServers.into()),
            Servers::Sentinel { sentinels, primary, username, password } => {
                let mut last = "there is none".to_owned();
                for sentinel in sentinels {
                    let who = (username.as_deref(), password.as_ref());
                    match self.ask(sentinel, primary, who).await {
                        Ok(Some((host, port))) => return Ok(Address { host, port }),
                        Ok(None) => last = format!("{sentinel} does not know it"),
                        Err(error) => last = format!("{sentinel}: {error}"),
                    }
                }
                Err(Unreachable::NoPrimary { primary: primary.clone(), last }.into())
            }
        }
    }

    async fn ask(
        &self,
        sentinel: &Address,
        primary: &str,
        (username, password): (Option<&str>, Option<&SecretString>),
    ) -> RedisResult<Option<(String, u16)>> {
        let info = self.info(sentinel)?.set_redis_settings(login(username, password));
        let client = self.secured(info)?;
        let mut connection =
            client.get_multiplexed_async_connection_with_config(&patience()).await?;
        let mut question = redis::cmd("SENTINEL");
        question.arg("GET-MASTER-ADDR-BY-NAME").arg(primary).query_async(&mut connection).await
    }

    async fn slots(&self, address: &Address) -> Result<Vec<Address>, Cause> {
        let mut connection = self.connect_to(address, &patience()).await?;
        let slots: Vec<Vec<redis::Value>> =
            redis::cmd("CLUSTER").arg("SLOTS").query_async(&mut connection).await?;
        let mut primaries = Vec::new();
        for range in slots {
            let Some(redis::Value::Array(server)) = range.into_iter().nth(2) else { continue };
            let mut parts = server.into_iter();
            let (Some(host), Some(port)) = (parts.next(), parts.next()) else { continue };
            let host: Option<String> = redis::from_redis_value(host)?;
            // A server that does not know its own name is where the question went.
            let host = host.filter(|host| !host.is_empty()).unwrap_or_else(|| address.host.clone());
            primaries.push(Address { host, port: redis::from_redis_value(port)? });
        }
        primaries.sort();
        primaries.dedup();
        Ok(primaries)
    }

    fn client(&self, address: &Address) -> RedisResult<Client> {
        let login = login(self.username.as_deref(), self.password.as_ref()).set_db(self.database);
        self.secured(self.info(address)?.set_redis_settings(login))
    }

    fn cluster(&self, addresses: &[Address]) -> RedisResult<ClusterClient> {
        let login = login(self.username.as_deref(), self.password.as_ref());
        let mut nodes = Vec::new();
        for address in addresses {
            nodes.push(self.info(address)?.set_redis_settings(login.clone()));
        }
        let mut cluster = ClusterClientBuilder::new(nodes)
            .use_protocol(ProtocolVersion::RESP3)
            .connection_timeout(CONNECT)
            .response_timeout(ANSWER)
            .overall_response_timeout(Some(ANSWER))
            .retries(3)
            .min_retry_wait(20)
            .max_retry_wait(500);
        if let Some(certificates) = self.certificates() {
            cluster = cluster.certs(certificates);
        }
        cluster.build()
    }

    fn info(&self, address: &Address) -> RedisResult<ConnectionInfo> {
        let Address { host, port } = address.clone();
        match &self.tls {
            None => ConnectionAddr::Tcp(host, port).into_connection_info(),
            // The only way to an address with TLS is a URL.
            Some(_) => {
                let bracketed = if host.contains(':') { format!("[{host}]") } else { host };
                format!("rediss://{bracketed}:{port}").into_connection_info()
            }
        }
    }

    fn secured(&self, info: ConnectionInfo) -> RedisResult<Client> {
        match self.certificates() {
            Some(certificates) => Client::build_with_tls(info, certificates),
            None => Client::open(info),
        }
    }

    fn certificates(&self) -> Option<TlsCertificates> {
        let authority = self.tls.clone()?;
        Some(TlsCertificates { client_tls: None, root_cert: authority })
    }
}

fn login(username: Option<&str>, password: Option<&SecretString>) -> RedisConnectionInfo {
    let mut login = RedisConnectionInfo::default()
        .set_protocol(ProtocolVersion::RESP3)
        .set_lib_name("doorward", env!("CARGO_PKG_VERSION"));
    if let Some(username) = username {
        login = login.set_username(username);
    }
    if let Some(password) = password {
        login = login.set_password(password.expose_secret());
    }
    login
}

async fn is_primary(connection: &mut MultiplexedConnection) -> RedisResult<bool> {
    let role: Vec<redis::Value> = redis::cmd("ROLE").query_async(connection).await?;
    let name = role.into_iter().next().map(redis::from_redis_value::<String>).transpose()?;
    Ok(name.as_deref() == Some("master"))
}

/// How long a connection and an answer may take.
pub(super) fn patience() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(ANSWER))
        .set_pipeline_buffer_size(1024)
}

const CONNECT: Duration = Duration::from_secs(1);
pub(super) const ANSWER: Duration = Duration::from_secs(2);
