//! Threads that compute for long are interrupted, so that whoever waits for their processor gets it at once (S58).
//!
//! A thread of the lowest policy gives way as soon as somebody else is to run. But it may be told late: one that never enters
//! the kernel can go on to the next tick of its processor (4 ms at 250 Hz), where the kernel is lazy about it or the
//! processor is virtual and its interrupts are held back. So somebody wakes up on the same processor again and again.

use std::time::Duration;

#[cfg(target_os = "linux")]
use {
    rustix::thread::{CpuSet, Pid, gettid, sched_setaffinity},
    std::fs::File,
    std::io,
    std::os::unix::fs::FileExt as _,
    std::sync::atomic::{AtomicBool, Ordering},
    std::thread::{self, Builder, Thread},
    std::time::Instant,
};

/// How long a thread computes without an interruption, about: the kernel adds some 50 µs.
#[cfg(target_os = "linux")]
const BETWEEN: Duration = Duration::from_micros(100);

/// Does `job` on this thread, while another one interrupts it, for no longer than `most`: what takes longer waits for others
/// as it is. Without such a thread, it goes without.
#[cfg(target_os = "linux")]
pub(super) fn interrupted_while<T>(most: Duration, job: impl FnOnce() -> T) -> T {
    let (computing, over) = (gettid(), AtomicBool::new(false));
    thread::scope(|scope| {
        let interrupt = || interrupt(computing, most, &over);
        let interrupting = Builder::new().name("interrupt".into()).spawn_scoped(scope, interrupt);
        let _end =
            interrupting.ok().map(|thread| End { over: &over, thread: thread.thread().clone() });
        job()
    })
}

/// Other kernels are not known to need it.
#[cfg(not(target_os = "linux"))]
pub(super) fn interrupted_while<T>(_most: Duration, job: impl FnOnce() -> T) -> T {
    job()
}

/// Has the other thread end at once, also where the job panics.
#[cfg(target_os = "linux")]
struct End<'a> {
    over: &'a AtomicBool,
    thread: Thread,
}

#[cfg(target_os = "linux")]
impl Drop for End<'_> {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// Wakes up where `computing` is, until it is `over` or takes longer than `most`: the timer of a thread that waits is its processor's.
#[cfg(target_os = "linux")]
fn interrupt(computing: Pid, most: Duration, over: &AtomicBool) {
    let Ok(whereabouts) = Whereabouts::of(computing) else { return };
    let (mut at, begun) = (None, Instant::now());
    while !over.load(Ordering::Acquire) && begun.elapsed() < most {
        let now_at = whereabouts.processor();
        if now_at != at {
            let Some(there) = now_at.filter(|number| *number < CpuSet::MAX_CPU) else { return };
            let mut only = CpuSet::new();
            only.set(there);
            if sched_setaffinity(None, &only).is_err() {
                return;
            }
            at = now_at;
        }
        thread::park_timeout(BETWEEN);
    }
}

/// What the kernel says of a thread of this process.
#[cfg(target_os = "linux")]
struct Whereabouts {
    stat: File,
}

#[cfg(target_os = "linux")]
impl Whereabouts {
    fn of(thread: Pid) -> io::Result<Self> {
        Ok(Self { stat: File::open(format!("/proc/self/task/{thread}/stat"))? })
    }

    /// The processor that it is on, or was on when it last ran.
    fn processor(&self) -> Option<usize> {
        let mut room = [0; 1024];
        let length = self.stat.read_at(&mut room, 0).ok()?;
        // proc_pid_stat(5): the 39th field; the second is a name in parentheses, with anything in it.
        let after_name = room.get(..length)?.rsplit(|byte| *byte == b')').next()?;
        let field = after_name.split(|byte| *byte == b' ').nth(37)?;
        std::str::from_utf8(field).ok()?.parse().ok()
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use rustix::thread::{sched_getaffinity, sched_getcpu};
    use rustix::time::{ClockId, clock_gettime};

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// This thread stays on a processor of `allowed`.
    fn stay_on(number: usize) {
        let mut only = CpuSet::new();
        only.set(number);
        sched_setaffinity(None, &only).unwrap();
    }

    fn allowed() -> Vec<usize> {
        let set = sched_getaffinity(None).unwrap();
        (0..CpuSet::MAX_CPU).filter(|number| set.is_set(*number)).collect()
    }

    #[test]
    fn the_processor_of_a_thread_is_known() {
        let check = || {
            let whereabouts = Whereabouts::of(gettid()).unwrap();
            for number in allowed() {
                stay_on(number);
                assert_eq!((whereabouts.processor(), sched_getcpu()), (Some(number), number));
            }
        };
        // A name that could end the field.
        Builder::new().name(") 1 2 (".into()).spawn(check).unwrap().join().unwrap();
    }

    #[test]
    fn s58_who_computes_is_interrupted() {
        // How often this thread had to give its processor away.
        let interruptions = || -> u32 {
            let path = format!("/proc/self/task/{}/status", gettid());
            let status = std::fs::read_to_string(path).unwrap();
            let (_, count) = status.split_once("nonvoluntary_ctxt_switches:").unwrap();
            count.trim().parse().unwrap()
        };
        let worked = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap();
        let computing = || {
            interrupted_while(LONG, || {
                for number in allowed() {
                    stay_on(number);
                    let (before, begun, begun_at) = (interruptions(), worked(), Instant::now());
                    while interruptions() - before < 20 {
                        assert!(
                            worked() - begun < Duration::from_millis(200),
                            "hardly interrupted on {number}"
                        );
                        assert!(begun_at.elapsed() < Duration::from_secs(30));
                        (0..100_000).for_each(|n| {
                            std::hint::black_box(n);
                        });
                    }
                }
            });
        };
        thread::scope(|scope| scope.spawn(computing).join().unwrap());
    }

    #[test]
    fn who_takes_long_is_not_interrupted_for_ever() {
        let computing = gettid();
        let interrupting =
            thread::spawn(move || interrupt(computing, BETWEEN, &AtomicBool::new(false)));
        interrupting.join().unwrap();
    }

    #[test]
    fn who_interrupts_stays_with_who_computes() {
        let tasks =
            || std::fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path());
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let is_on = |there: &str| {
            let mut named = tasks().filter(|task| read(task.join("comm")) == "interrupt\n");
            named.any(|task| read(task.join("status")).contains(there))
        };
        let computing = || {
            interrupted_while(LONG, || {
                for number in allowed() {
                    stay_on(number);
                    let (there, begun) =
                        (format!("Cpus_allowed_list:\t{number}\n"), Instant::now());
                    while !is_on(&there) {
                        assert!(begun.elapsed() < Duration::from_secs(30), "not seen on {number}");
                    }
                }
            });
        };
        thread::scope(|scope| scope.spawn(computing).join().unwrap());
    }

    #[test]
    fn who_interrupts_ends_with_the_job() {
        let begun = Instant::now();
        assert_eq!(interrupted_while(LONG, || 1), 1);
        let died = thread::spawn(|| interrupted_while(LONG, || panic!("as if"))).join();
        assert!(died.is_err());
        assert!(begun.elapsed() < LONG / 2);
    }
}
