//! Which worker runs what, when it looks elsewhere, and when it sleeps.
//!
//! How it works inside stands in `DESIGN.md` of this room.

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

/// What waits in a ring is worth another worker's help from this much work on: waking it costs both sides some ten
/// microseconds.
const WORTH_SHARING_NANOS: u64 = 200_000;
/// Fetching a task into another cache costs a microsecond or more: where polls are shorter than this, it takes that much
/// more work, up to five times.
const DEAR_POLL_NANOS: u64 = 40_000;

/// What other threads may touch of a worker.
pub(crate) struct Remote {
    stealer: Stealer<Runnable>,
    /// What did not fit into the ring.
    overflow: Injector<Runnable>,
    lifo: Slot<Runnable>,
    gate: Gate,
    /// When the worker last looked after all that is its own, in nanoseconds since the scheduler began.
    came_round: AtomicU64,
    /// How long a poll of this worker takes, in nanoseconds: a running mean.
    poll_nanos: AtomicU64,
}

/// A runtime's scheduler, as all of its threads see it.
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
    /// Of every thread that runs workers or stands in for them.
    seats: Mutex<Vec<Arc<Seat>>>,
    /// What the workers' times are counted from.
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
            // Until we know better one task is worth sharing.
            poll_nanos: AtomicU64::new(WORTH_SHARING_NANOS),
        }
    }

    /// How many tasks wait in the ring and its overflow. A hint, as the lengths are.
    fn backlog(&self) -> usize {
        self.stealer.len() + self.overflow.len()
    }

    /// Half of what waits here, as far as it fits into `into`; one of them to be run at once. First what has waited longest.
    fn rob(&self, into: &Owner<Runnable>) -> Option<Runnable> {
        self.overflow.pop_share(into, 2).or_else(|| self.stealer.steal_half(into))
    }

    /// Whether what waits in the ring and its overflow is worth another worker's help. A hint, as the lengths are.
    fn is_worth_sharing(&self) -> bool {
        self.is_worth_sharing_but(0)
    }

    /// The same for all but `kept_count` of what waits.
    fn is_worth_sharing_but(&self, kept_count: usize) -> bool {
        // Ordering: Relaxed: a figure to judge by. Too little, and a sentinel makes up for it.
        let mean = self.poll_nanos.load(Ordering::Relaxed);
        let backlog = self.backlog().saturating_sub(kept_count) as u64 * mean;
        backlog * mean.clamp(DEAR_POLL_NANOS / 5, DEAR_POLL_NANOS) >= WORTH_SHARING_NANOS * DEAR_POLL_NANOS
    }

    /// By the worker only, when it looks after all that is its own.
    fn come_round(&self, epoch: Instant, now: Instant) {
        let nanos = now.saturating_duration_since(epoch).as_nanos() as u64;
        // Ordering: Relaxed: a sentinel judges by its distance from a look, nothing is published.
        self.came_round.store(nanos, Ordering::Relaxed);
    }

    fn came_round_at(&self, epoch: Instant) -> Instant {
        // Ordering: Relaxed, as in `come_round`.
        epoch + Duration::from_nanos(self.came_round.load(Ordering::Relaxed))
    }

    /// Takes in how long polls took lately. By the worker only.
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

    /// Every worker but `index`.
    fn others(&self, index: usize) -> impl Iterator<Item = (usize, &Remote)> {
        let all = self.remotes.iter().map(|remote| &**remote).enumerate();
        all.filter(move |(other, _)| *other != index)
    }

    /// How many tasks are alive, pinned ones included.
    pub(crate) fn tasks_count(&self) -> usize {
        self.owned.len() + self.seats.lock().iter().map(|seat| seat.tasks_count()).sum::<usize>()
    }

    /// Where a task that was spawned or woken on this thread goes.
    #[inline]
    fn schedule(&self, task: Runnable, cause: Cause) {
        current::with_worker(|context| match context {
            Some(context) if context.belongs_to(self) => context.schedule(task, cause),
            _ => self.inject(task),
        });
    }

    /// Takes in a task from a thread that is no worker of ours.
    fn inject(&self, task: Runnable) {
        self.injector.push(task);
        self.announce();
        // Closing workers sleep without being counted. The fence in `announce` and the one in `Idle::stop_counting` see
        // to it that either we see the closing here or they see the task there: [no-lost-work].
        if self.closing.has_begun() {
            self.unpark_all();
        }
    }

    /// Says that there is something that another worker could take.
    #[inline]
    fn announce(&self) {
        if let Some(index) = self.idle.worker_to_wake() {
            self.unpark(index);
        }
    }

    /// Makes worker `index` look at everything.
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

    /// Whether a searcher would find something. Who must not miss it fences first.
    fn work_is_visible(&self) -> bool {
        self.injector.len() > 0 || self.remotes.iter().any(|remote| remote.is_worth_sharing())
    }
}

/// Spawns through `home`. On a worker that is the worker's own home, whose reference count no other worker touches.
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

/// How long a shutdown waits for the driver to get its buffers back from the kernel.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// It waits so long even if it was told not to: what lets go at once shall not be leaked.
const DRAIN_TIMEOUT_MIN: Duration = Duration::from_millis(20);
