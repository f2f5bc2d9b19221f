//! The threads that serve connections: one for each processor, each with a runtime of its own. A connection stays on
//! the thread that it was given to, with everything that serves it: what wakes it is there, and nothing is stolen.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// How long work that cannot be interrupted, such as a password hash, may go on when everything else has ended.
const LAST_WORK: Duration = Duration::from_secs(2);

/// The threads. They end when this is dropped.
pub struct Workers {
    workers: Vec<Worker>,
}

struct Worker {
    place: Place,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// One thread, as whoever gives it work knows it.
#[derive(Clone, Debug)]
struct Place {
    runtime: Handle,
    /// How many connections it serves.
    connections: Arc<AtomicUsize>,
}

/// An app, once for each thread that serves it.
pub struct Served<A> {
    places: Vec<(Place, Arc<A>)>,
}

/// A connection's claim to the thread that serves it, given back when it ends.
#[derive(Debug)]
pub(super) struct Seat(Arc<AtomicUsize>);

impl Workers {
    /// Starts so many; without a number, one for each processor that this process may use.
    pub fn start(count: Option<usize>) -> io::Result<Self> {
        let count = count
            .or_else(|| std::thread::available_parallelism().ok().map(usize::from))
            .unwrap_or(1);
        Ok(Self { workers: (0..count).map(Worker::start).collect::<io::Result<_>>()? })
    }

    /// An app for all of these threads: `make` makes that of one.
    pub fn serve<A>(&self, mut make: impl FnMut() -> A) -> Served<A> {
        let place = |worker: &Worker| (worker.place.clone(), Arc::new(make()));
        Served { places: self.workers.iter().map(place).collect() }
    }
}

impl Worker {
    fn start(number: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let place = Place { runtime: runtime.handle().clone(), connections: Arc::default() };
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            // A dropped sender is the word to stop, too.
            let _ = runtime.block_on(stopped);
            runtime.shutdown_timeout(LAST_WORK);
        };
        let thread = std::thread::Builder::new().name(format!("serve-{number}")).spawn(serve)?;
        Ok(Self { place, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for worker in &mut self.workers {
            worker.stop.take();
        }
        for worker in &mut self.workers {
            if let Some(thread) = worker.thread.take() {
                let _ = thread.join();
            }
        }
    }
}

impl<A> Served<A> {
    /// An app that the runtime at hand serves: for what few connections ask for.
    pub fn here(app: Arc<A>) -> Self {
        let place = Place { runtime: Handle::current(), connections: Arc::default() };
        Self { places: vec![(place, app)] }
    }

    /// The thread with the fewest connections, and its app.
    pub(super) fn next(&self) -> Option<(&Handle, Arc<A>, Seat)> {
        let busy = |(place, _): &&(Place, Arc<A>)| place.connections.load(Ordering::Relaxed);
        let (place, app) = self.places.iter().min_by_key(busy)?;
        Some((&place.runtime, Arc::clone(app), Seat::take(&place.connections)))
    }

    /// Every app.
    pub(super) fn apps(&self) -> impl Iterator<Item = &Arc<A>> {
        self.places.iter().map(|(_, app)| app)
    }
}

impl<A> Clone for Served<A> {
    fn clone(&self) -> Self {
        Self { places: self.places.clone() }
    }
}

impl Seat {
    fn take(connections: &Arc<AtomicUsize>) -> Self {
        connections.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(connections))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_goes_to_the_thread_with_the_fewest() {
        let workers = Workers::start(Some(3)).unwrap();
        let mut number = 0;
        let served = workers.serve(|| {
            number += 1;
            number
        });
        let mut seats: Vec<_> = (0..9)
            .map(|_| {
                let (_, app, seat) = served.next().unwrap();
                (*app, seat)
            })
            .collect();
        let on =
            |app: i32, seats: &[(i32, Seat)]| seats.iter().filter(|(on, _)| *on == app).count();
        assert_eq!([1, 2, 3].map(|app| on(app, &seats)), [3, 3, 3]);
        seats.retain(|(app, _)| *app != 2);
        assert_eq!(*served.next().unwrap().1, 2);
    }

    #[test]
    fn what_is_spawned_runs_on_its_own_thread_and_ends_with_it() {
        let workers = Workers::start(None).unwrap();
        let served = workers.serve(|| ());
        let (runtime, _, _seat) = served.next().unwrap();
        let name = std::thread::current().name().map(str::to_owned);
        let (say, said) = std::sync::mpsc::channel();
        let task = runtime.spawn(async move {
            say.send(std::thread::current().name().map(str::to_owned)).unwrap();
            std::future::pending::<()>().await;
        });
        assert_ne!(said.recv().unwrap(), name);
        drop(workers);
        assert!(task.is_finished());
    }
}
