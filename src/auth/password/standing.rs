//! How threads that hash stand to those that serve requests: behind them (S58).

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
#[cfg(target_os = "linux")]
use {
    rustix::process::setpriority_process,
    thread_priority::ThreadPriority,
    thread_priority::unix::{
        NormalThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy,
        thread_native_id,
    },
};

use super::Serves;
use super::interrupting::interrupted_while;

/// A thread that hashes runs where nobody else wants the processor: whoever has a request to serve does not wait for a
/// hash of milliseconds. Where that would be never, it gets about a tenth of a processor, so that people can sign in beside any load.
#[derive(Debug)]
pub(super) struct Standing {
    is_starved: AtomicBool,
}

/// With less of a processor than this, in percent, a thread is starved,
const STARVED: u128 = 5;
/// if it took so long, or several times what it computes. One that takes longer is not interrupted any more, either: that it gets anything comes first.
pub(super) const LONG: Duration = Duration::from_millis(200);
/// With more than this there is room again,
const ROOM: u128 = 50;
/// if it worked for so long: what takes no time gets all of it.
const ENOUGH: Duration = Duration::from_millis(5);
/// `nice`, of those who were starved.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

impl Standing {
    pub(super) fn of(serves: Serves) -> Self {
        Self { is_starved: AtomicBool::new(serves == Serves::Nobody) }
    }

    /// How the next one runs.
    pub(super) fn policy(&self) -> Policy {
        match self.is_starved.load(Ordering::Relaxed) {
            true => Policy::Nice,
            false => Policy::Idle,
        }
    }

    /// One that was `Idle` has taken too long, or would.
    pub(super) fn starves(&self) {
        self.is_starved.store(true, Ordering::Relaxed);
    }

    /// Does `job` on this thread, which is given up after it.
    pub(super) fn work<T>(&self, policy: Policy, job: impl FnOnce() -> T) -> T {
        let (started, before) = (Instant::now(), worked());
        let done = interrupted_while(LONG, || {
            policy.take();
            job()
        });
        self.note(policy, worked().saturating_sub(before), started.elapsed());
        done
    }

    /// Notes how much of its time a thread had a processor.
    fn note(&self, policy: Policy, worked: Duration, passed: Duration) {
        let share = worked.as_micros() * 100 / passed.as_micros().max(1);
        match policy {
            Policy::Idle if share < STARVED && passed > LONG => {
                self.is_starved.store(true, Ordering::Relaxed)
            }
            Policy::Nice if share > ROOM && worked >= ENOUGH => {
                self.is_starved.store(false, Ordering::Relaxed)
            }
            Policy::Idle | Policy::Nice => {}
        }
    }
}

/// At whose cost a thread runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    /// At nobody's.
    Idle,
    /// A little at everybody's.
    Nice,
}

impl Policy {
    /// Has this thread run so.
    #[cfg(target_os = "linux")]
    fn take(self) {
        let taken = match self {
            Self::Idle => {
                let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
                set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy)
                    .map_err(|error| error.to_string())
            }
            Self::Nice => setpriority_process(None, NICE).map_err(|error| error.to_string()),
        };
        if let Err(error) = taken {
            static TOLD: Once = Once::new();
            TOLD.call_once(|| {
                tracing::warn!(
                    error,
                    "passwords are hashed at the priority of requests: this process may not lower that of a thread \
                     (SystemCallFilter= of its unit, or the seccomp profile of its container)"
                );
            });
        }
    }

    /// A priority is the whole process's.
    #[cfg(not(target_os = "linux"))]
    const fn take(self) {}
}

/// How long this thread had a processor.
pub(super) fn worked() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECE: Duration = Duration::from_millis(20);

    #[cfg(target_os = "linux")]
    #[test]
    fn s58_what_hashes_stands_behind_what_serves() {
        use rustix::process::getpriority_process;
        use thread_priority::unix::thread_schedule_policy;

        // The policy and the `nice` at which a job is done.
        fn done_at(standing: &Standing) -> (ThreadSchedulePolicy, i32) {
            let look = || (thread_schedule_policy().unwrap(), getpriority_process(None).unwrap());
            std::thread::scope(|scope| {
                scope.spawn(|| standing.work(standing.policy(), look)).join().unwrap()
            })
        }
        let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        let other = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Other);
        let standing = Standing::of(Serves::People);
        assert_eq!(done_at(&standing).0, idle);
        assert_eq!(thread_schedule_policy().unwrap(), other, "no other thread does");
        standing.note(Policy::Idle, PIECE, 30 * PIECE);
        assert_eq!(done_at(&standing), (other, NICE), "beside a load that leaves nothing");
    }

    #[test]
    fn a_load_that_leaves_nothing_starves_nobody_and_one_that_leaves_something_nobody_waits_for() {
        let standing = Standing::of(Serves::People);
        let is_starved = || standing.is_starved.load(Ordering::Relaxed);
        standing.note(Policy::Idle, PIECE, 20 * PIECE);
        standing.note(Policy::Idle, PIECE / 100, PIECE);
        assert!(!is_starved());
        standing.note(Policy::Idle, PIECE, 21 * PIECE);
        assert!(is_starved());
        standing.note(Policy::Nice, PIECE, 2 * PIECE);
        assert!(is_starved(), "no room yet");
        standing.note(Policy::Nice, PIECE / 100, PIECE / 100);
        assert!(is_starved(), "too short to tell");
        standing.note(Policy::Nice, 3 * PIECE, 4 * PIECE);
        assert!(!is_starved());
    }

    #[test]
    fn what_a_thread_worked_is_no_more_than_what_has_passed() {
        let (started, before) = (Instant::now(), worked());
        while worked().saturating_sub(before) < PIECE {
            std::hint::spin_loop();
        }
        assert!(started.elapsed() >= PIECE);
    }
}
