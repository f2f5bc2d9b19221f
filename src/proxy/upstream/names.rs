//! Follows a name: looks it up now and then, away from any request, and keeps what was known while the lookup fails.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::pool::Pool;
use crate::domain::entropy::{OsEntropy, jittered};

/// How often a name is looked up.
const EVERY: Duration = Duration::from_secs(10);
/// How soon again while it has led nowhere so far.
const SOON: Duration = Duration::from_secs(1);
/// The longest that one lookup may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Follows the name of the upstream at `place` for ever.
pub(super) async fn follow(pool: Arc<Pool>, place: usize) {
    let Some(upstream) = pool.upstreams.get(place).cloned() else { return };
    let mut failing = false;
    let mut first = true;
    loop {
        let found = look_up(upstream.bare_host(), upstream.address.port).await;
        let fails = found.is_err();
        if let Err(error) = &found
            && !failing
        {
            let host = upstream.bare_host();
            tracing::warn!(host, %error, "the name of an app leads nowhere; its last addresses are kept");
        } else if failing && !fails {
            tracing::info!(host = upstream.bare_host(), "the name of an app leads somewhere again");
        }
        failing = fails;
        let has_any = pool.looked_up(place, found.unwrap_or_default());
        if std::mem::take(&mut first) {
            pool.knows_one_more();
        }
        let pause = if has_any { EVERY } else { SOON };
        tokio::time::sleep(jittered(pause, &OsEntropy)).await;
    }
}

async fn look_up(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let found = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host, port))).await;
    let found: Vec<SocketAddr> = found.map_err(|_| io::ErrorKind::TimedOut)??.collect();
    if found.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(found) }
}
