//! What a connection may cost (S53).

use std::time::Duration;

use super::size::ByteSize;

/// How many connections there may be, and what each may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Connections at the same time.
    pub total: usize,
    /// Connections of one client's address at the same time; trusted proxies have no such limit.
    pub per_address: usize,
    /// Requests on one connection.
    pub requests: u32,
    /// How long a connection may wait for its next request.
    pub keep_alive: Duration,
    /// The heads of requests.
    pub head: HeadLimits,
    /// The time in which a request's body has to bring [`Self::least_rate`] for each second of it.
    pub body_timeout: Duration,
    /// The time in which a client has to take as much of an answer.
    pub send_timeout: Duration,
    /// Bytes a second.
    pub least_rate: u32,
}

/// What the head of a request may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadLimits {
    /// How long a whole head may take, from its first byte; of the first one on a connection, from the connection.
    pub timeout: Duration,
    /// The bytes of a whole head.
    pub size: ByteSize,
    /// The fields of a head.
    pub fields: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            total: 20_000,
            per_address: 1000,
            requests: 10_000,
            keep_alive: Duration::from_secs(75),
            head: HeadLimits::default(),
            body_timeout: Duration::from_secs(30),
            send_timeout: Duration::from_secs(60),
            least_rate: 240,
        }
    }
}

impl Default for HeadLimits {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(20), size: ByteSize::kib(64), fields: 100 }
    }
}
