//! Who waits for a turn to hash, and the memory that goes from one hash to the next while somebody does (S58).
//!
//! Argon2 wants 19 MiB, and to get them from the kernel page by page may take as long as to hash in them. So in a flood the
//! next one has what the last one leaves. Where nobody waits it is given back at once.

use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use argon2::{Argon2, Block};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::telemetry::metrics::{Waiting, metrics};

type Memory = Vec<Block>;

/// The queue.
pub(super) struct Queue {
    turns: Arc<Semaphore>,
    /// Those who may wait beside those who have a turn.
    most: usize,
    waiting: AtomicUsize,
    /// Blocks of a hash as doorward makes them: no other memory is kept.
    blocks: usize,
    /// For those who wait; no more than they are.
    spare: Mutex<Vec<Memory>>,
}

impl Queue {
    /// So many turns at a time, and so many who may wait for one; for hashes of so many blocks.
    pub(super) fn new(turns: usize, most: usize, blocks: usize) -> Arc<Self> {
        Arc::new(Self {
            turns: Arc::new(Semaphore::new(turns)),
            most,
            waiting: AtomicUsize::new(0),
            blocks,
            spare: Mutex::default(),
        })
    }

    /// Whether somebody who came now would have a turn, or wait for one.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) < self.places()
    }

    fn places(&self) -> usize {
        self.most + self.turns.available_permits()
    }

    /// Waits for a turn; `None` where there is no room.
    pub(super) async fn turn(self: &Arc<Self>) -> Option<Turn> {
        let place = Place::take(self)?;
        let permit = Arc::clone(&self.turns).acquire_owned().await.ok()?;
        Some(place.into_turn(permit))
    }

    /// Makes the hash of `password` in `out`.
    pub(super) fn hash(
        &self,
        argon2: &Argon2<'_>,
        password: &[u8],
        salt: &[u8],
        out: &mut [u8],
    ) -> argon2::Result<()> {
        let blocks = argon2.params().block_count();
        let mut memory = self.spare_of(blocks).unwrap_or_else(|| vec![Block::new(); blocks]);
        argon2.hash_password_into_with_memory(password, salt, out, &mut memory)?;
        self.leave(memory);
        Ok(())
    }

    fn spare_of(&self, blocks: usize) -> Option<Memory> {
        if blocks == self.blocks { self.spare().pop() } else { None }
    }

    fn leave(&self, memory: Memory) {
        let mut spare = self.spare();
        if memory.len() == self.blocks && spare.len() < self.waiting.load(Ordering::SeqCst) {
            spare.push(memory);
        }
    }

    /// Gives back what nobody waits for. Whoever is counted no more calls it after that, so that nothing is left for them.
    fn free(&self) {
        let mut spare = self.spare();
        let unused = if self.is_awaited() { Vec::new() } else { mem::take(&mut *spare) };
        drop(spare);
        drop(unused);
    }

    /// Whether somebody waits for a turn.
    fn is_awaited(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }

    fn spare(&self) -> MutexGuard<'_, Vec<Memory>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the queue, given back when dropped: also when the client goes away while it waits.
struct Place {
    queue: Arc<Queue>,
    is_over: bool,
    _counted: Waiting,
}

impl Place {
    fn take(queue: &Arc<Queue>) -> Option<Self> {
        let places = queue.places();
        let counted = |n| (n < places).then_some(n + 1);
        queue.waiting.fetch_update(Ordering::SeqCst, Ordering::SeqCst, counted).ok()?;
        let queue = Arc::clone(queue);
        Some(Self { queue, is_over: false, _counted: metrics().password_waits() })
    }

    /// What is spare is for the one whose turn it is.
    fn into_turn(mut self, permit: OwnedSemaphorePermit) -> Turn {
        self.is_over = true;
        Turn { _permit: permit, queue: Arc::clone(&self.queue) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.queue.waiting.fetch_sub(1, Ordering::SeqCst);
        if !self.is_over {
            self.queue.free();
        }
    }
}

/// A turn, which the next one gets when it is dropped.
pub(super) struct Turn {
    queue: Arc<Queue>,
    _permit: OwnedSemaphorePermit,
}

impl Turn {
    /// Gives the turn to the next one after a rest, on this thread.
    pub(super) fn rest_after(self, worked: Duration) {
        thread::sleep(self.rest(worked));
    }

    /// Whoever hashes flushes the caches of its processor, whatever priority it has. In a flood half of the time belongs to others.
    fn rest(&self, worked: Duration) -> Duration {
        if self.queue.is_awaited() { worked } else { Duration::ZERO }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.queue.free();
    }
}

#[cfg(test)]
mod tests {
    use argon2::{Algorithm, Params, Version};
    use futures_util::FutureExt as _;

    use super::*;

    fn argon2(kib: u32) -> Argon2<'static> {
        let params = Params::new(kib, 1, 1, Some(32)).unwrap();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
    }

    const KIB: u32 = 64;
    const PIECE: Duration = Duration::from_millis(20);

    fn queue(turns: usize, most: usize) -> Arc<Queue> {
        Queue::new(turns, most, argon2(KIB).params().block_count())
    }

    fn hash(queue: &Queue, kib: u32) -> [u8; 32] {
        let mut made = [0; 32];
        queue.hash(&argon2(kib), b"correct horse", b"salt and more", &mut made).unwrap();
        made
    }

    fn spare(queue: &Queue) -> usize {
        queue.spare().len()
    }

    #[tokio::test]
    async fn s58_memory_goes_from_one_to_the_next() {
        let queue = queue(1, 8);
        let turn = queue.turn().await.unwrap();
        hash(&queue, KIB);
        assert_eq!(spare(&queue), 0, "nobody waits");
        assert_eq!(turn.rest(PIECE), Duration::ZERO);
        let mut next = Box::pin(queue.turn());
        assert!((&mut next).now_or_never().is_none());
        let made = hash(&queue, KIB);
        assert_eq!(spare(&queue), 1, "one waits");
        assert_eq!(turn.rest(PIECE), PIECE);
        hash(&queue, 2 * KIB);
        assert_eq!(spare(&queue), 1, "another cost, other memory");
        drop(turn);
        let turn = next.await.unwrap();
        assert_eq!(spare(&queue), 1, "for who has the turn");
        assert_eq!(hash(&queue, KIB), made, "what was left there counts for nothing");
        assert_eq!(spare(&queue), 0, "nobody waits any more");
        drop(turn);
    }

    #[tokio::test]
    async fn memory_is_given_back_by_the_last_to_leave() {
        let queue = queue(1, 8);
        let turn = queue.turn().await.unwrap();
        let (mut one, mut other) = (Box::pin(queue.turn()), Box::pin(queue.turn()));
        assert!((&mut one).now_or_never().is_none() && (&mut other).now_or_never().is_none());
        hash(&queue, KIB);
        drop(one);
        assert_eq!(spare(&queue), 1, "one still waits");
        drop(other);
        assert_eq!(spare(&queue), 0, "as the client went away");

        let mut next = Box::pin(queue.turn());
        assert!((&mut next).now_or_never().is_none());
        hash(&queue, KIB);
        drop(turn);
        drop(next.await.unwrap());
        assert_eq!(spare(&queue), 0, "as its turn had no use for it");
    }

    #[tokio::test]
    async fn no_more_is_kept_than_there_are_to_use_it() {
        let queue = queue(2, 8);
        let turns = [queue.turn().await.unwrap(), queue.turn().await.unwrap()];
        let mut next = Box::pin(queue.turn());
        assert!((&mut next).now_or_never().is_none());
        hash(&queue, KIB);
        // Another one who had memory of its own meanwhile.
        queue.leave(vec![Block::new(); queue.blocks]);
        assert_eq!(spare(&queue), 1);
        drop(turns);
    }

    #[tokio::test]
    async fn s58_there_is_room_for_so_many() {
        let queue = queue(1, 1);
        let turn = queue.turn().await.unwrap();
        let mut waits = Box::pin(queue.turn());
        assert!((&mut waits).now_or_never().is_none());
        assert!(!queue.has_room());
        assert!(queue.turn().await.is_none(), "one has the turn, one waits");
        drop(turn);
        drop(waits.await.unwrap());
        assert!(queue.has_room());
    }
}
