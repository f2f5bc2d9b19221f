//! How many files the process may have open: each connection is one, and one more towards an app.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the process itself has open beside connections, generously.
const OWN: u64 = 256;

/// Raises the limit as far as the system lets it, and says what it was; `connections` are those that the configuration allows.
pub fn raise(connections: usize) {
    let before = getrlimit(Resource::Nofile);
    if before.current != before.maximum {
        let wanted = Rlimit { current: before.maximum, maximum: before.maximum };
        if let Err(error) = setrlimit(Resource::Nofile, wanted) {
            tracing::warn!(%error, "the limit of open files could not be raised");
        }
    }
    let now = getrlimit(Resource::Nofile).current;
    tracing::info!(was = shown(before.current), is = shown(now), "open files are limited");
    let needed = needed(connections);
    if now.is_some_and(|now| now < needed) {
        tracing::warn!(
            is = shown(now),
            needed,
            "connections.total may take more files than may be open: raise the limit (LimitNOFILE of systemd, ulimit -n), \
             or lower connections.total"
        );
    }
}

/// As many as so many connections take at the most.
fn needed(connections: usize) -> u64 {
    (connections as u64).saturating_mul(2).saturating_add(OWN)
}

fn shown(limit: Option<u64>) -> String {
    limit.map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string())
}
