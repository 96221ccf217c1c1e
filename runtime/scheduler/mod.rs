//! The scheduler: which worker runs which task, where it looks for work, and when it sleeps.
//!
//! `DESIGN.md` in this directory explains the algorithm, the fairness and the invariants. Read the
//! files in this order:
//!
//! - this file: the state that all threads share (`Shared`, `Remote`), and `spawn`
//! - `worker.rs`: the run loop; `pace.rs`: its time budget
//! - `search.rs`: where a worker looks for work; `idle.rs`: the counts of searchers and sleepers
//! - `park.rs`: the gate behind which a thread sleeps; `paused.rs`: sleeping under a paused clock
//! - `sentinel.rs`, `lookout.rs`, `reserve.rs`: how other threads rescue a stuck worker
//! - `stand_in.rs`: how a worker moves to another thread while its own blocks in place
//! - `pinned.rs`: `!Send` tasks; `home.rs` and `token.rs`: what tasks and LIFO slots need
//! - `current.rs`: thread-locals; `build.rs`: construction
//! - `guests.rs`, `shutdown.rs`: the end of a runtime
//! - `models.rs`: loom models; `tests.rs`: how the injector is divided

use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam::utils::CachePadded;

use crate::blocking::Pool;
use crate::driver::Driver;
use crate::primitive::atomic::{AtomicU64, Ordering};
use crate::primitive::sync::Mutex;
use crate::queue::deque::{Owner, Stealer};
use crate::queue::injector::Injector;
use crate::queue::slot::Slot;
use crate::task::{Cause, Id, JoinHandle, OwnedTasks, Runnable};
use crate::time::Timers;

mod build;
pub(crate) mod current;
pub(crate) mod guests;
mod home;
pub(crate) mod idle;
pub(crate) mod lookout;
mod pace;
pub(crate) mod park;
mod paused;
mod pinned;
mod reserve;
mod search;
mod sentinel;
pub(crate) mod shutdown;
pub(crate) mod stand_in;
mod token;
pub(crate) mod worker;

#[cfg(test)]
mod models;
#[cfg(all(test, not(rt_shuttle)))]
mod tests;

pub(crate) use build::build;
pub(crate) use home::Home;
pub(crate) use pinned::spawn_local;

use guests::Guests;
use idle::Idle;
use lookout::Lookout;
use park::Gate;
use pinned::Seat;
use shutdown::{Closing, Farewell};
use stand_in::StandIns;

/// A ring's backlog is worth another worker's help if running it takes at least this long. Waking a
/// worker costs both sides some ten microseconds.
const WORTH_SHARING_NANOS: u64 = 200_000;
/// If polls are shorter than this, a backlog must hold more work to be worth sharing, up to five
/// times as much, because fetching a task into another cache costs a microsecond or more.
const DEAR_POLL_NANOS: u64 = 40_000;

/// The part of a worker that other threads may use.
pub(crate) struct Remote {
    stealer: Stealer<Runnable>,
    /// Tasks that did not fit into the ring.
    overflow: Injector<Runnable>,
    lifo: Slot<Runnable>,
    gate: Gate,
    /// When the worker last looked after everything of its own, in nanoseconds since the
    /// scheduler's start.
    came_round: AtomicU64,
    /// How long a poll of this worker takes, in nanoseconds: a running mean.
    poll_nanos: AtomicU64,
}

/// The part of a runtime's scheduler that all of its threads share.
pub(crate) struct Shared {
    remotes: Box<[CachePadded<Remote>]>,
    injector: Injector<Runnable>,
    idle: Idle,
    owned: OwnedTasks,
    driver: Arc<Driver>,
    timers: Arc<Timers>,
    blocking: Pool,
    closing: Closing,
    farewell: Farewell,
    guests: Guests,
    lookout: Lookout,
    stand_ins: StandIns,
    /// The seats of all threads that run workers or stand in for them.
    seats: Mutex<Vec<Arc<Seat>>>,
    /// The origin of the workers' times.
    epoch: Instant,
}

impl Remote {
    fn new(stealer: Stealer<Runnable>) -> Remote {
        Remote {
            stealer,
            overflow: Injector::new(),
            lifo: Slot::new(),
            gate: Gate::new(),
            came_round: AtomicU64::new(0),
            // Until a mean is measured, a single task is worth sharing.
            poll_nanos: AtomicU64::new(WORTH_SHARING_NANOS),
        }
    }

    /// Returns how many tasks wait in the ring and its overflow. A hint, as the lengths are.
    fn backlog(&self) -> usize {
        self.stealer.len() + self.overflow.len()
    }

    /// Moves half of the waiting tasks, as far as they fit, to `into`, and returns one of them to
    /// run at once. Takes the tasks that have waited longest first.
    fn rob(&self, into: &Owner<Runnable>) -> Option<Runnable> {
        self.overflow.pop_share(into, 2).or_else(|| self.stealer.steal_half(into))
    }

    /// Returns whether the backlog is worth another worker's help. A hint, as the lengths are.
    fn is_worth_sharing(&self) -> bool {
        self.is_worth_sharing_but(0)
    }

    /// Does the same for all but `kept_count` of the waiting tasks.
    fn is_worth_sharing_but(&self, kept_count: usize) -> bool {
        // Ordering: Relaxed: an estimate. If it is too low, a sentinel makes up for it.
        let mean = self.poll_nanos.load(Ordering::Relaxed);
        let backlog = self.backlog().saturating_sub(kept_count) as u64 * mean;
        backlog * mean.clamp(DEAR_POLL_NANOS / 5, DEAR_POLL_NANOS) >= WORTH_SHARING_NANOS * DEAR_POLL_NANOS
    }

    /// Records the time. Only the worker calls this, when it looks after everything of its own.
    fn come_round(&self, epoch: Instant, now: Instant) {
        let nanos = now.saturating_duration_since(epoch).as_nanos() as u64;
        // Ordering: Relaxed: a sentinel compares it with the time of a look; it publishes nothing.
        self.came_round.store(nanos, Ordering::Relaxed);
    }

    fn came_round_at(&self, epoch: Instant) -> Instant {
        // Ordering: Relaxed, as in `come_round`.
        epoch + Duration::from_nanos(self.came_round.load(Ordering::Relaxed))
    }

    /// Updates the mean poll time. Only the worker calls this.
    fn learn(&self, mean: Duration) {
        // Ordering: Relaxed, as in `is_worth_sharing`.
        let before = self.poll_nanos.load(Ordering::Relaxed);
        let mean = u64::try_from(mean.as_nanos()).unwrap_or(u64::MAX).min(1_000_000_000);
        self.poll_nanos.store((before + mean) / 2, Ordering::Relaxed);
    }
}

impl Shared {
    pub(crate) fn driver(&self) -> &Arc<Driver> {
        &self.driver
    }

    pub(crate) fn timers(&self) -> &Arc<Timers> {
        &self.timers
    }

    pub(crate) fn guests(&self) -> &Guests {
        &self.guests
    }

    pub(crate) fn stand_ins(&self) -> &StandIns {
        &self.stand_ins
    }

    pub(crate) fn blocking(&self) -> &Pool {
        &self.blocking
    }

    pub(crate) fn workers_count(&self) -> usize {
        self.remotes.len()
    }

    /// Returns every worker but `index`.
    fn others(&self, index: usize) -> impl Iterator<Item = (usize, &Remote)> {
        let all = self.remotes.iter().map(|remote| &**remote).enumerate();
        all.filter(move |(other, _)| *other != index)
    }

    /// Returns how many tasks are alive, pinned tasks included.
    pub(crate) fn tasks_count(&self) -> usize {
        self.owned.len() + self.seats.lock().iter().map(|seat| seat.tasks_count()).sum::<usize>()
    }

    /// Queues a task that was spawned or woken on this thread.
    #[inline]
    fn schedule(&self, task: Runnable, cause: Cause) {
        current::with_worker(|context| match context {
            Some(context) if context.belongs_to(self) => context.schedule(task, cause),
            _ => self.inject(task),
        });
    }

    /// Queues a task from a thread that is not a worker of this runtime.
    fn inject(&self, task: Runnable) {
        self.injector.push(task);
        self.announce();
        // Closing workers sleep without being counted. Because of the fences in `announce` and in
        // `Idle::stop_counting`, either this thread sees the closing or the worker sees the task:
        // [no-lost-work].
        if self.closing.has_begun() {
            self.unpark_all();
        }
    }

    /// Announces a task that another worker could take.
    #[inline]
    fn announce(&self) {
        if let Some(index) = self.idle.worker_to_wake() {
            self.unpark(index);
        }
    }

    /// Wakes worker `index`, which then looks at everything.
    #[inline]
    pub(crate) fn unpark(&self, index: usize) {
        if self.remotes[index].gate.notify() {
            self.driver.ring_doorbell(index);
        }
    }

    fn unpark_all(&self) {
        for index in 0..self.remotes.len() {
            self.unpark(index);
        }
        self.seats.lock().iter().for_each(|seat| seat.parker().unpark());
    }

    /// Returns whether a searcher would find a task. A caller that must not miss one fences first.
    fn work_is_visible(&self) -> bool {
        self.injector.len() > 0 || self.remotes.iter().any(|remote| remote.is_worth_sharing())
    }
}

/// Spawns a task through `home`. A worker uses its own home, because no other worker touches its
/// reference count.
#[inline]
pub(crate) fn spawn<F>(
    home: &Arc<Home>,
    future: F,
    id: Id,
    location: &'static Location<'static>,
) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let shared = home.shared();
    let (runnable, handle) = shared.owned.bind(future, home.clone(), id, location);
    if let Some(runnable) = runnable {
        shared.schedule(runnable, Cause::Spawned);
    }
    handle
}

/// How long a shutdown waits for the kernel to release the driver's buffers.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// The shortest such wait, even if the runtime is to end at once: a buffer that the kernel releases
/// immediately must not be leaked.
const DRAIN_TIMEOUT_MIN: Duration = Duration::from_millis(20);
