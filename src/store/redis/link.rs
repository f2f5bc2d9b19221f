//! One connection to Redis that everybody uses, found anew when it is lost.

use std::sync::{Arc, Mutex, PoisonError};

use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, ServerErrorKind, ToRedisArgs, Value};

use super::super::observe::Cause;
use super::keys::{Tag, key};
use super::scripts::Script;
use super::servers::{Connection, RedisSettings, Unreachable};

/// The connection.
pub(super) struct Link {
    pub(super) settings: RedisSettings,
    kept: Arc<Kept>,
    /// One connects, the others wait for it.
    connecting: tokio::sync::Mutex<()>,
}

/// The connection that is there, by its number: what is told of an earlier one does not touch a later.
#[derive(Default)]
struct Kept(Mutex<(u64, Option<Connection>)>);

impl Kept {
    fn get(&self) -> Option<(u64, Connection)> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.1.clone().map(|connection| (kept.0, connection))
    }

    /// The number that the next connection will have.
    fn next(&self) -> u64 {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.0 += 1;
        kept.0
    }

    fn set(&self, number: u64, connection: Connection) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 == number {
            kept.1 = Some(connection);
        }
    }

    fn forget(&self, number: u64) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 == number {
            kept.1 = None;
        }
    }
}

impl Link {
    pub(super) fn new(settings: RedisSettings) -> Self {
        Self { settings, kept: Arc::default(), connecting: tokio::sync::Mutex::default() }
    }

    /// A call of `script` on what lies under `tag`.
    pub(super) fn call<'a>(&'a self, script: &'static Script, tag: Tag) -> Call<'a> {
        let mut call = Call { link: self, script, tag, args: Vec::with_capacity(16) };
        call.push(&self.settings.prefix);
        call.push(tag.as_str());
        call
    }

    /// The key of this kind under this tag.
    pub(super) fn key(&self, kind: &str, tag: Tag, id: &[u8]) -> Vec<u8> {
        key(&self.settings.prefix, kind, tag, id)
    }

    /// Sends one command, and again where it is certain that the first has not been done.
    pub(super) async fn send<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Cause> {
        Ok(redis::from_redis_value(self.ask(command).await?)?)
    }

    async fn ask(&self, command: &Cmd) -> Result<Value, Cause> {
        let mut again = true;
        loop {
            let (number, mut connection) = self.connection().await?;
            match connection.send(command).await {
                Ok(value) => return Ok(value),
                Err(error) => {
                    if !is_alive(&error) {
                        self.forget(number);
                    }
                    if !std::mem::take(&mut again) || !was_not_done(&error) {
                        return Err(error.into());
                    }
                }
            }
        }
    }

    /// The connection, made if there is none.
    async fn connection(&self) -> Result<(u64, Connection), Cause> {
        if let Some(found) = self.kept.get() {
            return Ok(found);
        }
        let _turn = self.connecting.lock().await;
        if let Some(found) = self.kept.get() {
            return Ok(found);
        }
        let (number, kept) = (self.kept.next(), Arc::clone(&self.kept));
        let connection = self.settings.connect(move || kept.forget(number)).await?;
        self.kept.set(number, connection.clone());
        Ok((number, connection))
    }

    /// A Cluster's connection mends itself; it is one to many servers.
    fn forget(&self, number: u64) {
        if !self.settings.is_cluster() {
            self.kept.forget(number);
        }
    }
}

/// A call that is being made ready.
pub(super) struct Call<'a> {
    link: &'a Link,
    script: &'static Script,
    tag: Tag,
    args: Vec<Vec<u8>>,
}

impl Call<'_> {
    fn push(&mut self, argument: impl ToRedisArgs) {
        argument.write_redis_args(&mut self.args);
    }

    /// With one more argument.
    pub(super) fn arg(mut self, argument: impl ToRedisArgs) -> Self {
        self.push(argument);
        self
    }

    /// Runs the script: by its hash, or as it is where Redis does not know it yet.
    pub(super) async fn run<T: FromRedisValue>(self) -> Result<T, Cause> {
        let value = match self.link.ask(&self.command("EVALSHA", self.script.hash())).await {
            Err(error) if is_unknown_script(&error) => {
                self.link.ask(&self.command("EVAL", self.script.code())).await?
            }
            answered => answered?,
        };
        Ok(redis::from_redis_value(value)?)
    }

    fn command(&self, name: &str, script: &str) -> Cmd {
        let mut command = redis::cmd(name);
        // The key is there for the Cluster to find the server by it.
        command.arg(script).arg(1).arg(self.link.key("e", self.tag, b""));
        for argument in &self.args {
            command.arg(argument.as_slice());
        }
        command
    }
}

/// Whether this tells that Redis is away, and not that it did not like what it was asked.
pub(super) fn is_away(error: &Cause) -> bool {
    match error.downcast_ref::<RedisError>() {
        Some(error) => !is_alive(error),
        None => error.is::<Unreachable>(),
    }
}

fn is_unknown_script(error: &Cause) -> bool {
    error
        .downcast_ref::<RedisError>()
        .is_some_and(|error| error.kind() == ErrorKind::Server(ServerErrorKind::NoScript))
}

/// Whether the server has answered as one does that can be asked again. One that has lost its role, or its way to the rest of
/// its Cluster, is as good as away.
fn is_alive(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::Server(kind) => !matches!(
            kind,
            ServerErrorKind::BusyLoading
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::MasterDown
                | ServerErrorKind::ReadOnly
        ),
        ErrorKind::Extension | ErrorKind::UnexpectedReturnType => true,
        _ => false,
    }
}

/// Whether it is certain that nothing was done: a server that is no primary any more changes nothing.
fn was_not_done(error: &RedisError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown)
    )
}
