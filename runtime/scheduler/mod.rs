//! # What
//! Which worker runs what, when it looks elsewhere, and when it sleeps.
//!
//! # Algorithm
//! Each worker's loop ([`worker`]) is: run tasks until the time budget is spent, then *harvest* (completions, timers,
//! mail from other threads, a share of the injector); with nothing to run, *search* (injector, then half of a
//! neighbour's queue, in random order); with nothing found, *park* in the driver, which submits, waits and reaps in
//! one kernel call.
//!
//! A task that is woken goes to the LIFO slot of the worker that woke it; what the slot held goes to the ring, where
//! thieves can take it. A task that yields goes behind everything in the ring. What does not fit into the ring waits in
//! the worker's overflow, and comes back when the ring is empty, or a part of it with every harvest; until all of it has, what
//! comes goes behind it. From other threads tasks go to the injector. A harvest puts all the tasks that it woke into the ring
//! as one batch and announces them once.
//!
//! **Waking one at a time.** Whoever pushes something that others should take *announces* it: if nobody searches and
//! somebody sleeps, one sleeper is woken, and it counts as searching from that moment ([`idle`]). The last searcher to
//! find something looks at all the queues again and announces what it sees, so that a burst wakes the workers one by
//! one and a trickle wakes one. What is in the injector others should take: it is divided among those who have nothing
//! else to run, and a worker that is busy leaves it for 100 µs at most to one that is on the way. What is in a worker's ring
//! and overflow they should take only if it is worth it: the number of tasks times the mean length of that worker's polls
//! must reach 200 µs, and up to five times that where polls are shorter than 40 µs, for each task that moves costs the same.
//! Between two polls the task that is next does not count: a wake-up would come too late for it.
//! A short backlog of short tasks is run by its owner before another worker could fetch it, and its sockets stay on their
//! ring.
//!
//! Why nothing is lost: a pusher writes the queue, fences, reads the counts; a sleeper writes the counts, fences, reads
//! the queues. One of the two sees the other ([`idle::Idle::worker_to_wake`], [`idle::Idle::park`]).
//!
//! **Sentinels.** A worker that is in a long poll cannot harvest, and what sits in its LIFO slot was never announced.
//! So while there was activity lately, up to two parked workers sleep with a time-out; when they see a worker that
//! has not come round for two milliseconds, they take its queue, its LIFO slot, its completions and its due timers
//! ([`sentinel`]), and as long as it is stuck they sleep on its poller as well as on their own. When all others slept
//! through a whole look they go to sleep for good: an idle runtime uses no CPU.
//!
//! **The lookout.** Where every worker is in a poll no sentinel is left. Whoever begins to run tasks while none is on duty
//! calls the [`lookout`], a thread that runs none. Where all of them have not come round for 50 ms it serves their sockets and
//! timers, and a thread of the [`reserve`] runs what waits; another one when all of these are stuck as well.
//!
//! **Stand-ins.** A closure that blocks in place keeps its thread, not its worker: queue, LIFO slot, back end and timers go
//! to a thread that *stands in* ([`stand_in`]), one that has no worker now, or a new one. If the closure ends before that one
//! has taken the queue, its thread takes it back. Else its poll goes on without a worker: what it wakes goes to the
//! injector, what it asks for comes as from outside; then the thread runs its pinned tasks, and waits to stand in
//! for another. What runs in the closure is outside of the runtime: its end waits for the closure when all timers and
//! back ends are over, as it waits for those of the blocking pool.
//!
//! # Fairness
//! If every poll ends within some time `P` and there are finitely many tasks, every task that is woken is polled, for:
//! - **A worker's ring is first in, first out, and who yields goes to its end.**
//!   `tests/fairness.rs::tasks_that_always_yield_starve_nobody`,
//!   `tests/fairness.rs::tasks_beyond_the_room_of_a_ring_get_their_turns`,
//!   `tests/fairness.rs::tasks_beyond_the_room_of_a_ring_are_served_first_come_first_served`
//! - **The LIFO slot is served at most three times in a row.** `tests/fairness.rs::a_ping_pong_pair_starves_nobody`
//! - **The injector, the driver, the timers and the mail are served once per time budget;** the injector 100 µs later at
//!   most, while another worker is on the way to it.
//!   `tests/fairness.rs::spawns_from_outside_are_served_while_every_worker_is_busy_with_its_own`,
//!   `tests/fairness.rs::a_timeout_around_a_busy_loop_that_yields_elapses`
//! - **A task whose every operation is ready at once pauses after 128 of them, or after one MiB of bytes.**
//!   `tests/fairness.rs::a_task_that_always_finds_its_socket_ready_pauses_for_others`,
//!   `tests/unix/stream.rs::a_poll_moves_about_a_mebibyte_whatever_the_length_of_a_call`
//!
//! And if a poll does not end, as long as at least one worker is idle, others serve within about 5 ms, or about 12 where
//! no poll was that long for a fifth of a second:
//! - **The ready tasks of the stuck worker, those in its ring and its overflow**
//!   `tests/fairness.rs::tasks_spawned_before_a_long_computation_do_not_wait_for_it`,
//!   `tests/fairness.rs::tasks_beyond_the_room_of_a_ring_do_not_wait_for_a_long_computation`
//! - **and the one in its LIFO slot;** `tests/fairness.rs::a_task_woken_before_a_long_computation_does_not_wait_for_it`
//! - **its finished I/O, also what it has not told the kernel of yet;**
//!   `tests/fairness.rs::a_read_that_waits_since_just_before_a_long_computation_is_served`,
//!   `tests/fairness.rs::a_conversation_with_a_socket_of_a_stuck_worker_is_not_paced`
//! - **its expired timers.** `tests/fairness.rs::a_timer_armed_before_a_long_computation_fires_during_it`
//! - **and as long as none is idle, for every worker is in such a poll, within about 0.1 s, whatever the number of polls
//!   that do not end, up to 64 more than workers.** Such a poll itself cannot be interrupted: it keeps its thread and its core.
//!   `tests/stuck.rs::timers_fire_while_every_worker_is_stuck`,
//!   `tests/stuck.rs::sockets_and_files_are_served_while_every_worker_is_stuck`,
//!   `tests/stuck.rs::more_stuck_tasks_than_workers_stop_nobody`
//! - **On a current-thread runtime nothing else runs during a poll:** what takes from the budget is fair there.
//!   `tests/stuck.rs::a_channel_of_another_crate_is_fair_in_cooperative`
//! - **Pinned tasks (`spawn_local`) are the exception: they wait for their thread.**
//!   `tests/local.rs::a_local_task_runs_on_one_thread_whatever_its_neighbours_do`
//!
//! # Invariants
//! - `[one-token]` a notification is consumed by exactly one opening of the gate, after which the owner looks at
//!   everything.
//! - `[root-wake]` a wake of the future that a worker polls beside its tasks is followed by a poll that sees what came
//!   before the wake.
//! - `[no-lost-work]` when something waits in the injector, or more than is worth sharing in a ring and its overflow beside
//!   what its owner runs next, somebody is awake to take it, or was woken. What is less than that waits for its owner, which
//!   never sleeps over a task of its own; if the owner is stuck a sentinel finds it.
//! - `[watched]` when a worker begins to run tasks after a sleep while another one sleeps, a sentinel is on duty or was
//!   woken.
//! - `[called]` when a worker begins to run tasks after a sleep a sentinel is on duty, or the lookout is awake or was called.
//! - `[pinned-home]` a pinned task is polled and dropped on its own thread only, whichever worker that runs, or none. A worker that goes from thread to thread
//!   is not run where its pinned tasks are not at home; if its runtime ends there they are leaked.
//! - `[guests-first]` when a runtime ends that is not told to end at once, its tasks are cancelled first, then the clean-ups of
//!   its guests run as tasks; it closes when the last of them has ended, or the time is over. None of a user's code runs on
//!   the thread that waits for it, if the wait has a limit, except for local tasks.
//! - `[handed-once]` a worker's queue is used by one thread at a time: by the one that took it out of the hand-over, and by
//!   that which gave it only before, or if it took it back itself.
//! - `[last-is-told]` a closing worker that waits for the last task to go is unparked when it has gone.
//!   A task that blocks in place is not waited for; its thread drops it.
//! - `[drop-order]` at shutdown all futures but those of tasks that block in place are dropped before any driver is closed that has something in flight.
//!
//! # Orderings
//! | release | acquire | publishes |
//! |---|---|---|
//! | `Gate::notify` | `Gate::close`, `Gate::open` | what the owner is to find |
//! | `Nudge::tell` | `Nudge::take` | what the future is to find |
//! | push, fence | fence, last look in `park` | the pushed task |
//! | gate and duty, fence in `sentinel_to_wake` | `Call::lie_down`, fence | that somebody runs unwatched |
//! | count, fence in `park` | fence, count in `worker_to_wake` | that a worker sleeps |
//!
//! # Rejected
//! - Announcing every push (tokio 1.51 did it for its LIFO slot and took it back: 8 % more CPU).
//! - Announcing a ring's second task, whatever its length. 2026-11-21, echo of 64 B over 100 connections, 2 workers and the
//!   client on 2 cores: 1.53 times tokio's CPU per request (median of 8 interleaved rounds), 1.22 with the threshold. At
//!   600 µs instead of 200: 1.32.
//! - 200 µs whatever the length of a poll, now that waits gather on one ring: 1.10 times tokio's CPU per request, 1.01 with
//!   the factor for short polls; 800 µs whatever the length: 1.00, but long tasks would wait for no reason.
//! - Overflow into the injector, announced: two workers then shared tasks of 100 ns. 2026-11-21, a fork-join tree of 8,191
//!   tasks: 0.63 to 0.76 of tokio's time and 1.08 to 3.4 times one thread's, as far apart as the two cores were that
//!   minute; with an overflow of its own 0.23 to 0.63 and 1.04, at 0.15 to 0.36 of tokio's CPU.
//! - Announcing what is in the injector only if it is worth it, as for a ring, while somebody is awake: 2026-11-21, spawning
//!   from outside 1.80 of one thread's time against 1.85, no gain.
//! - Company for whoever has not run dry for a millisecond, however short its backlog: 2026-11-22, 16 pairs that send to and fro
//!   for 80 ms 0.89 to 0.93 of tokio's time, 0.73 to 1.00 without; trees of 8,191 tasks a fifth slower.
//! - Waiting for 16 completions, 100 µs at most, while another worker is awake (the kernel's minimal wait): 1.21, no gain.
//! - `sched_yield` before each sleep: 1.05 times tokio's CPU and a tenth more requests, but beside two threads that only
//!   compute a third to a tenth of the requests. Yielding only where it was cheap lately: 1.26, no gain.
//! - Sentinels that look every 2 ms whatever they find, and need two looks to see that a worker's count of polls stands
//!   still. 2026-11-21, echo of 64 B over 100 connections beside a build without sentinels, 40 to 60 interleaved rounds each:
//!   1.017 to 1.023 times its CPU per request; every 4 ms 1.008, but 8 ms until they act; with the time a worker last
//!   came round in the place of the count one look is enough, and rarer looks while nobody is stuck cost 1.008.
//! - Looking around within the sleep, without being counted as awake: 1.017, no gain. The kernel's part of a sleep with a
//!   time-out is what a look costs.
//! - 2026-11-29: giving the tasks behind a closure that blocks in place to the others, and leaving the worker where it is:
//!   where all workers block nobody serves them, nor the timers and sockets that a closure waits for. A ring of its own for the
//!   stand-in, in the place of the worker's: what is in flight on the old one would need a reaper of its own.
//! - 2026-11-29: stand-ins that end when they have been idle for a while: the kernel cancels what a thread asked a ring for
//!   when the thread ends.
//! - Stealing the LIFO slot in a plain search: the owner is usually about to run it. Only a sentinel takes it.
//!
//! # Verified by
//! `models::*`: `[no-lost-work]` (a push against the last searcher that parks, pushers and workers, a searcher that gets
//! stuck, a ring worth sharing, a task injected while the runtime closes), `[watched]`, `[called]`, `[one-token]` (the gate and
//! `block_on`'s parker), `[root-wake]`, `[pinned-home]` (its mail), `[last-is-told]`, `[handed-once]`, `[guests-first]`.
//! `crate::scenarios` runs whole runtimes. `ci/mutants.sh` shows that each of them can fail, and `ci/spin.sh` that what
//! waits is run, for three workers, whatever the schedule. `[guests-first]`: `tests/asyncio_adopt.rs`.
//! `[pinned-home]`: `tests/local.rs`, `tests/in_place.rs`. `[drop-order]`: `tests/shutdown.rs`.

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
