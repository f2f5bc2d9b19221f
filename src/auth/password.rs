//! Passwords are hashed and checked on a bounded pool, so that a flood of sign-ins takes nothing from others (S58).

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::oneshot;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::domain::entropy::{self, Entropy, SharedEntropy};
use crate::domain::secret::{Password, PasswordHash};
use crate::telemetry::metrics::metrics;

mod interrupting;
mod kept;
mod queue;
mod standing;

pub use kept::{KeptHash, NotVerifiable};

use queue::{Queue, Turn};
use standing::{LONG, Policy, Standing, worked};

/// How passwords are hashed, and how many at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashingSettings {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
    /// Hashes made at the same time.
    pub threads: usize,
    /// Hashes that may wait for their turn.
    pub queue: usize,
    /// Whom this process serves.
    pub serves: Serves,
}

/// Whom a process serves that hashes passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serves {
    /// Those who are signed in: no hash may hold them up.
    People,
    /// Nobody but the one who waits for its end: it hashes a little at everybody's cost from the start. Beside a load that leaves nothing a
    /// thread that runs at nobody's is seconds about its end, too, and the process waits for it.
    Nobody,
}

/// The pool is full; nothing was hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy {
    /// When to try again.
    pub retry_after: Duration,
}

impl Busy {
    /// Nothing could be hashed at this moment.
    pub(super) const fn soon() -> Self {
        BUSY
    }
}

/// Why no pool can be made.
#[derive(Debug, thiserror::Error)]
#[error("password_hash: Argon2 refuses these parameters: {0}")]
pub struct BadParameters(String);

/// What came of checking a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is right.
    Right {
        /// The same password hashed with the present parameters, when the hash kept is of others.
        upgraded: Option<PasswordHash>,
    },
    /// It is wrong, or there is nothing to compare it with.
    Wrong,
}

/// The pool.
pub struct PasswordHasher {
    argon2: Argon2<'static>,
    params: Params,
    /// Stands in for the hash of an account that there is not, so that both cost the same (S24).
    decoy: PasswordHash,
    /// How long a hash at nobody's cost may take until it is made at everybody's.
    patience: Duration,
    queue: Arc<Queue>,
    standing: Arc<Standing>,
    entropy: SharedEntropy,
}

impl PasswordHasher {
    /// A pool with these settings. Takes the time of one hash.
    pub fn new(settings: HashingSettings, entropy: SharedEntropy) -> Result<Self, BadParameters> {
        let params =
            Params::new(settings.memory_kib, settings.iterations, settings.parallelism, Some(32))
                .map_err(|error| BadParameters(error.to_string()))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let queue = Queue::new(settings.threads.max(1), settings.queue, params.block_count());
        let before = worked();
        let decoy = hash(&argon2, &entropy::bytes::<32>(&*entropy), &*entropy, &queue)
            .map_err(|error| BadParameters(error.to_string()))?;
        let patience = LONG.max(worked().saturating_sub(before) * 4);
        Ok(Self {
            argon2,
            params,
            decoy,
            patience,
            queue,
            standing: Arc::new(Standing::of(settings.serves)),
            entropy,
        })
    }

    /// Checks `password` against `kept`, or against a decoy when there is none: one hash either way (S24). A hash that
    /// came from elsewhere costs what it costs there, until the right password has it replaced (docs/adr/0009).
    pub async fn verify(
        &self,
        password: Password,
        kept: Option<PasswordHash>,
    ) -> Result<Verdict, Busy> {
        let known = kept.is_some();
        let kept = kept.unwrap_or_else(|| self.decoy.clone());
        let (argon2, params) = (self.argon2.clone(), self.params.clone());
        let (entropy, queue) = (Arc::clone(&self.entropy), Arc::clone(&self.queue));
        self.work(move || {
            let Ok(kept) = KeptHash::read(&kept) else { return Verdict::Wrong };
            if !(kept.is_of(&password, &queue) && known) {
                return Verdict::Wrong;
            }
            let upgraded = (!kept.is_of_cost(&params))
                .then(|| hash(&argon2, password.expose().as_bytes(), &*entropy, &queue).ok())
                .flatten();
            Verdict::Right { upgraded }
        })
        .await
        .map(|verdict| verdict.unwrap_or(Verdict::Wrong))
    }

    /// The hash of `password`; `None` if it could not be made.
    pub async fn hash(&self, password: Password) -> Result<Option<PasswordHash>, Busy> {
        let argon2 = self.argon2.clone();
        let (entropy, queue) = (Arc::clone(&self.entropy), Arc::clone(&self.queue));
        let job = move || hash(&argon2, password.expose().as_bytes(), &*entropy, &queue).ok();
        Ok(self.work(job).await?.flatten())
    }

    /// Whether a hash asked for now has a place; `Err` if it would be shed. Asked before anything else is done for a sign-in, so that a flood
    /// costs neither hashes nor the store's time (S58).
    pub fn has_room(&self) -> Result<(), Busy> {
        if self.queue.has_room() { Ok(()) } else { Err(BUSY) }
    }

    /// Waits for a turn and does `job` off the request threads; twice, where the first time takes too long. `None` if it died.
    async fn work<T: Send + 'static>(
        &self,
        job: impl Fn() -> T + Send + Sync + 'static,
    ) -> Result<Option<T>, Busy> {
        let turn = self.queue.turn().await.ok_or(BUSY)?;
        let started = Instant::now();
        let (attempt, mut told) = Attempt::at(job, &self.standing, turn);
        let policy = self.standing.policy();
        attempt.clone().begin(policy)?;
        let done = match timeout(self.patience, &mut told).await {
            Ok(done) => done,
            Err(_) if policy == Policy::Nice => {
                drop(attempt);
                told.await
            }
            // Beside a load that leaves nothing: somebody waits for this one, too.
            Err(_) => {
                self.standing.starves();
                attempt.begin(Policy::Nice)?;
                told.await
            }
        };
        metrics().password_hashed_in(started.elapsed());
        Ok(done.ok())
    }

    /// Waits for a turn and does `job`, which may hold what others wait for (tables that are made when they are first used), once and a
    /// little at everybody's cost. At nobody's it could hold that for seconds, and helping it would wait for it as well.
    pub(super) async fn judge<T: Send + 'static>(
        &self,
        job: impl Fn() -> T + Send + Sync + 'static,
    ) -> Result<Option<T>, Busy> {
        let turn = self.queue.turn().await.ok_or(BUSY)?;
        let (attempt, told) = Attempt::at(job, &self.standing, turn);
        attempt.begin(Policy::Nice)?;
        Ok(told.await.ok())
    }
}

/// Told where a hash cannot be made.
pub(super) const BUSY: Busy = Busy { retry_after: Duration::from_secs(2) };

/// A job, for a thread that does it. Of several the first to be done tells, and gives the turn to the next.
struct Attempt<T> {
    job: Arc<dyn Fn() -> T + Send + Sync>,
    standing: Arc<Standing>,
    outcome: Arc<Mutex<Option<Outcome<T>>>>,
}

type Outcome<T> = (oneshot::Sender<T>, Turn);

impl<T: Send + 'static> Attempt<T> {
    fn at(
        job: impl Fn() -> T + Send + Sync + 'static,
        standing: &Arc<Standing>,
        turn: Turn,
    ) -> (Self, oneshot::Receiver<T>) {
        let (tell, told) = oneshot::channel();
        let outcome = Arc::new(Mutex::new(Some((tell, turn))));
        (Self { job: Arc::new(job), standing: Arc::clone(standing), outcome }, told)
    }

    fn begin(self, policy: Policy) -> Result<(), Busy> {
        let work = move || {
            let before = worked();
            let done = self.standing.work(policy, &*self.job);
            let first = self.outcome.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some((tell, turn)) = first {
                // Whoever has asked may have left.
                let _ = tell.send(done);
                turn.rest_after(worked().saturating_sub(before));
            }
        };
        thread::Builder::new().name("password".into()).spawn(work).map(drop).map_err(|error| {
            tracing::error!(%error, "no thread for a password could be started");
            BUSY
        })
    }
}

impl<T> Clone for Attempt<T> {
    fn clone(&self) -> Self {
        Self {
            job: Arc::clone(&self.job),
            standing: Arc::clone(&self.standing),
            outcome: Arc::clone(&self.outcome),
        }
    }
}

fn hash(
    argon2: &Argon2<'_>,
    password: &[u8],
    entropy: &dyn Entropy,
    queue: &Queue,
) -> Result<PasswordHash, argon2::password_hash::Error> {
    let (salt, mut made): ([u8; 16], _) = (entropy::bytes(entropy), Zeroizing::new([0; 32]));
    queue.hash(argon2, password, &salt, &mut *made)?;
    let hashed = phc::PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: argon2.params().try_into()?,
        salt: Some(phc::Salt::new(&salt)?),
        hash: Some(phc::Output::new(&*made)?),
    };
    Ok(PasswordHash::from_phc(hashed.to_string()))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::domain::entropy::OsEntropy;

    fn pool(memory_kib: u32, queue: usize) -> PasswordHasher {
        pool_of(memory_kib, queue, Serves::People)
    }

    fn pool_of(memory_kib: u32, queue: usize, serves: Serves) -> PasswordHasher {
        let (iterations, parallelism, threads) = (1, 1, 1);
        let settings =
            HashingSettings { memory_kib, iterations, parallelism, threads, queue, serves };
        PasswordHasher::new(settings, Arc::new(OsEntropy)).unwrap()
    }

    fn password(text: &str) -> Password {
        Password::new(text.to_owned()).unwrap()
    }

    #[tokio::test]
    async fn a_password_is_right_only_for_its_own_hash() {
        let pool = pool(64, 8);
        let kept = pool.hash(password("correct horse")).await.unwrap();
        let verdict = pool.verify(password("correct horse"), kept.clone()).await.unwrap();
        assert_eq!(verdict, Verdict::Right { upgraded: None });
        assert_eq!(pool.verify(password("wrong"), kept).await.unwrap(), Verdict::Wrong);
        assert_eq!(pool.verify(password("correct horse"), None).await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_hash_of_before_is_upgraded() {
        let kept = pool(64, 8).hash(password("correct horse")).await.unwrap();
        let verdict = pool(128, 8).verify(password("correct horse"), kept).await.unwrap();
        let Verdict::Right { upgraded: Some(upgraded) } = verdict else { panic!("{verdict:?}") };
        assert!(upgraded.as_phc().contains("m=128"), "{}", upgraded.as_phc());
    }

    #[tokio::test]
    async fn s42_passwords_that_differ_at_byte_73_are_different() {
        let pool = pool(64, 8);
        let long = |last: char| password(&format!("{}{last}", "x".repeat(72)));
        let kept = pool.hash(long('a')).await.unwrap();
        assert_eq!(pool.verify(long('b'), kept.clone()).await.unwrap(), Verdict::Wrong);
        assert_eq!(pool.verify(long('a'), kept).await.unwrap(), Verdict::Right { upgraded: None });
    }

    #[tokio::test]
    async fn s58_past_the_queue_nobody_waits() {
        let pool = Arc::new(pool(19_456, 1));
        let attempts = (0..20).map(|_| {
            let pool = Arc::clone(&pool);
            tokio::spawn(async move { pool.verify(password("x"), None).await })
        });
        let attempts: Vec<_> = attempts.collect();
        let mut shed = 0;
        for attempt in attempts {
            shed += usize::from(attempt.await.unwrap().is_err());
        }
        assert!(shed >= 15, "only {shed} of 20 were shed by a queue of one");
    }

    #[tokio::test]
    async fn s58_who_starves_is_helped_and_holds_nobody_up() {
        let pool = pool(64, 8);
        let (begun, (end, ended)) = (AtomicUsize::new(0), std::sync::mpsc::channel::<()>());
        let ended = Mutex::new(ended);
        let job = move || {
            // The first attempt is as if it never got a processor.
            if begun.fetch_add(1, Ordering::SeqCst) == 0 {
                let _ = ended.lock().unwrap().recv();
            }
        };
        assert_eq!(pool.work(job).await, Ok(Some(())));
        assert_eq!(pool.standing.policy(), Policy::Nice, "so is the next one from its start");
        assert_eq!(pool.work(|| 1).await, Ok(Some(1)), "while the first still waits");
        drop(end);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn s58_what_may_hold_a_lock_is_not_done_where_nobody_wants_the_processor() {
        use thread_priority::unix::{
            NormalThreadSchedulePolicy as Normal, ThreadSchedulePolicy, thread_schedule_policy,
        };
        let judged = pool(64, 8).judge(|| thread_schedule_policy().unwrap()).await;
        assert_eq!(judged, Ok(Some(ThreadSchedulePolicy::Normal(Normal::Other))));
    }

    #[test]
    fn s58_where_nobody_is_served_no_hash_waits_for_a_free_processor() {
        assert_eq!(pool(64, 8).standing.policy(), Policy::Idle);
        assert_eq!(pool_of(64, 8, Serves::Nobody).standing.policy(), Policy::Nice);
    }

    #[tokio::test]
    async fn a_hash_that_dies_gives_its_turn_to_the_next() {
        let pool = pool(64, 8);
        assert_eq!(pool.work(|| panic!("as if")).await, Ok(None::<()>));
        assert_eq!(pool.work(|| 1).await, Ok(Some(1)));
    }
}
