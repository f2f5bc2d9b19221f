//! Idle connections to apps, kept for the next request. No task watches each of them, which is what costs most in
//! Pingora's pool: whether one is still good is asked when it is taken, and one task for all throws away the old ones.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::connection::Connection;

/// How many are kept for one app; beyond the concurrency they are of no use.
const MOST: usize = 2048;
/// How long one is kept at most.
const LONGEST: Duration = Duration::from_secs(60);
/// How often old ones are thrown away.
const SWEEP: Duration = Duration::from_secs(5);

/// The idle connections of one thread.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Pool {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    by_address: HashMap<SocketAddr, Vec<Idle>>,
    /// Whether somebody throws away the old ones.
    swept: bool,
}

#[derive(Debug)]
struct Idle {
    connection: Connection,
    until: Instant,
}

impl Idle {
    fn is_good(&self, now: Instant) -> bool {
        now < self.until && self.connection.is_quiet()
    }
}

impl Pool {
    /// A connection to `address` that is open as far as anybody can tell: the one that was used last.
    pub(in crate::proxy) fn take(&self, address: SocketAddr) -> Option<Connection> {
        let now = Instant::now();
        let mut kept = self.lock();
        let idle = kept.by_address.get_mut(&address)?;
        while let Some(last) = idle.pop() {
            if last.is_good(now) {
                return Some(last.connection);
            }
        }
        None
    }

    /// Keeps a connection whose last answer was read to its end.
    pub(in crate::proxy) fn keep(
        pool: &Arc<Self>,
        address: SocketAddr,
        connection: Connection,
        idle: Duration,
    ) {
        let until = Instant::now() + idle.min(LONGEST);
        let mut kept = pool.lock();
        let others = kept.by_address.entry(address).or_default();
        if others.len() < MOST {
            others.push(Idle { connection, until });
        }
        if !kept.swept {
            kept.swept = true;
            tokio::spawn(sweep(Arc::clone(pool)));
        }
    }

    /// Throws away what is old or closed. Says whether anything is left.
    fn sweep(&self) -> bool {
        let now = Instant::now();
        let mut kept = self.lock();
        kept.by_address.retain(|_, idle| {
            idle.retain(|idle| idle.is_good(now));
            !idle.is_empty()
        });
        kept.swept = !kept.by_address.is_empty();
        kept.swept
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Goes on as long as there is something to throw away.
async fn sweep(pool: Arc<Pool>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        if !pool.sweep() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::*;

    async fn pair(listener: &TcpListener) -> (Connection, tokio::net::TcpStream) {
        let address = listener.local_addr().unwrap();
        let opened = Connection::open(address, LONGEST).await.unwrap();
        (opened, listener.accept().await.unwrap().0)
    }

    /// Waits until the kernel has told this process what came on the connection.
    async fn until_noticed(pool: &Pool, address: SocketAddr) {
        for _ in 0..1000 {
            let noticed = {
                let kept = pool.lock();
                kept.by_address[&address].iter().any(|idle| !idle.connection.is_quiet())
            };
            if noticed {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("nothing was noticed");
    }

    #[tokio::test]
    async fn s50_only_a_silent_connection_is_used_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let pool = Arc::new(Pool::default());
        for spoiled_by in ["nothing", "the end", "bytes that nobody asked for"] {
            let (connection, mut app) = pair(&listener).await;
            Pool::keep(&pool, address, connection, LONGEST);
            match spoiled_by {
                "nothing" => {}
                "the end" => drop(app),
                _ => app.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap(),
            }
            if spoiled_by != "nothing" {
                until_noticed(&pool, address).await;
            }
            assert_eq!(pool.take(address).is_some(), spoiled_by == "nothing", "{spoiled_by}");
        }
    }

    #[tokio::test]
    async fn an_old_connection_is_thrown_away() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let pool = Arc::new(Pool::default());
        let (connection, _app) = pair(&listener).await;
        Pool::keep(&pool, address, connection, Duration::ZERO);
        assert!(pool.lock().swept);
        assert!(!pool.sweep() && pool.lock().by_address.is_empty());
        let (connection, _app) = pair(&listener).await;
        Pool::keep(&pool, address, connection, Duration::ZERO);
        assert!(pool.take(address).is_none());
    }
}
