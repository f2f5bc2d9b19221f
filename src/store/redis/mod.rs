//! Redis: what passes, for any number of nodes.
//!
//! Each promise that changes anything is one script, and all that it touches lies in one slot (`keys`). Where a promise has to
//! begin at something that lies elsewhere (a session at its token, a challenge at its link) there is a pointer to it, which is
//! only a hint: what is true is decided by the script. Time is doorward's, as in every store; the time to live of a key is
//! reckoned from it and is a little longer, so that what nobody purges goes by itself.

use std::sync::Arc;
use std::time::Duration;

use super::breaker::Breaker;
use super::observe::Cause;
use crate::domain::id::AccountId;
use crate::domain::time::Timestamp;

use link::Link;

pub use open::{OpenError, Warning};
pub use servers::{Address, RedisSettings, Servers};

mod challenges;
mod drafts;
mod keys;
mod link;
mod open;
mod outbox;
mod permits;
mod quotas;
mod records;
mod scripts;
mod servers;
mod sessions;
mod tickets;
mod upkeep;
mod watch;

/// The store of what passes, in Redis.
pub struct RedisStore {
    link: Link,
    breaker: Breaker,
    watched: Arc<watch::Watched>,
    _watching: watch::Watching,
}

impl std::fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisStore").field("settings", &self.link.settings).finish_non_exhaustive()
    }
}

/// How many milliseconds a key lives that is of use until `end`: longer than that, for whoever still asks what became of it,
/// and for clocks that differ.
fn ttl(now: Timestamp, end: Timestamp) -> u64 {
    millis(now.until(end) + SPARE)
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).min(LONGEST)
}

/// Does the same under every tag at once.
async fn everywhere<T, W>(work: impl Fn(keys::Tag) -> W) -> Result<Vec<T>, Cause>
where
    W: Future<Output = Result<T, Cause>>,
{
    at_once(keys::TAGS.into_iter().map(work)).await
}

/// Does all of this at once. Gives what came of each, in their order, or the first failure.
async fn at_once<T, W>(works: impl Iterator<Item = W>) -> Result<Vec<T>, Cause>
where
    W: Future<Output = Result<T, Cause>>,
{
    let mut works: Vec<std::pin::Pin<Box<W>>> = works.map(Box::pin).collect();
    let mut done: Vec<Option<T>> = works.iter().map(|_| None).collect();
    std::future::poll_fn(move |context| {
        let mut waiting = false;
        for (work, done) in works.iter_mut().zip(&mut done) {
            if done.is_some() {
                continue;
            }
            match work.as_mut().poll(context) {
                std::task::Poll::Ready(Ok(value)) => *done = Some(value),
                std::task::Poll::Ready(Err(error)) => return std::task::Poll::Ready(Err(error)),
                std::task::Poll::Pending => waiting = true,
            }
        }
        if waiting {
            return std::task::Poll::Pending;
        }
        std::task::Poll::Ready(Ok(done.iter_mut().filter_map(Option::take).collect()))
    })
    .await
}

/// Sorts things by the tag under which the account of each lies: parts that one call of a script may take, each thing with its
/// place among all.
fn by_tag<T>(
    things: &[T],
    account: impl Fn(&T) -> AccountId,
) -> Vec<(keys::Tag, Vec<(usize, &T)>)> {
    let mut parts: Vec<(keys::Tag, Vec<(usize, &T)>)> = Vec::new();
    for (place, thing) in things.iter().enumerate() {
        let tag = keys::Tag::of(account(thing).as_uuid().as_bytes());
        let part = parts.iter_mut().rev().find(|(of, _)| *of == tag);
        match part {
            Some((_, part)) if part.len() < MOST_IN_A_CALL => part.push((place, thing)),
            _ => parts.push((tag, vec![(place, thing)])),
        }
    }
    parts
}

/// The role of what passes, as metrics name it.
const FLOW: &str = "flow";
/// How long a whole promise may take: past that, whoever asked refuses.
const PATIENCE: Duration = Duration::from_secs(3);
/// The most that one call of a script does of the same, so that nobody else waits long for it.
const MOST_IN_A_CALL: usize = 64;
/// How much longer than its use a key lives.
const SPARE: Duration = Duration::from_secs(3600);
/// A hundred years: more than Redis minds.
const LONGEST: u64 = 100 * 366 * 86_400_000;
