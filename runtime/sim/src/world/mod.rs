//! A world: threads of which one at a time runs, a clock that moves when they all wait, and a
//! kernel.
//!
//! - `baton.rs`: the turn of a thread. `threads.rs`: which run, which wait, and for what.
//! - `events.rs`: what happens at a time. `history.rs`: what happened. `trace.rs`: the same, to be
//!   looked at.
//! - `schedule.rs`: who is next. `current.rs`: the thread of a world that this thread is.
//! - `turn.rs`: how the turn passes on. `life.rs`: how threads and worlds begin and end.

mod baton;
mod current;
mod events;
mod history;
mod life;
mod schedule;
mod threads;
mod trace;
mod turn;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;

use crate::interpose::ThreadHandles;
use crate::kernel::Kernel;
pub(crate) use current::{Here, enter, is_inside, within};
pub(crate) use events::{Event, Events};
pub(crate) use life::{Admission, Ended, WorldFailure, run};
pub(crate) use schedule::{Decision, Remembered, Schedule};
pub(crate) use threads::{FutexWord, ThreadId, Threads, WaitKey};
pub(crate) use turn::Attempt;

use baton::Baton;
use history::{History, Step};
use schedule::Chooser;

/// The clock of a world starts here, in nanoseconds: two instants of a program that a world and the
/// process share are then in their order, even if the machine has been up for ten years.
const MONOTONIC_BASE: u64 = 400_000_000 * 1_000_000_000;
/// What the calendar says when a world begins, in nanoseconds since 1970: 2025-01-01.
const CALENDAR_BASE: u64 = 1_735_689_600 * 1_000_000_000;

/// How a world is made.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) seed: u64,
    pub(crate) schedule: Schedule,
    /// In nanoseconds of the world.
    pub(crate) time_limit: u64,
    pub(crate) steps_limit: u64,
    /// How long it may take, in real time. Its process has to end soon after, because threads of
    /// the world may go on.
    pub(crate) real_limit: Option<Duration>,
    /// Whether the process has other threads, which may hold a lock that this world wants: that of
    /// the standard error, for example.
    pub(crate) has_outside: bool,
    /// Steps that are kept for the story.
    pub(crate) kept_count: usize,
    /// Whether the story is a trace instead of lines.
    pub(crate) is_traced: bool,
    pub(crate) remembered: Remembered,
    /// The numbers of the faults of links that happen, in their order. `None`: all.
    pub(crate) faults: Option<Arc<[u64]>>,
}

/// Everything in a world. Who has the turn has it.
pub(crate) struct World {
    /// In nanoseconds since the beginning.
    pub(crate) now: u64,
    pub(crate) random: Rng,
    pub(crate) threads: Threads,
    pub(crate) events: Events,
    pub(crate) kernel: Kernel,
    pub(crate) handles: ThreadHandles,
    chooser: Chooser,
    history: History,
    time_limit: u64,
    steps_limit: u64,
    pub(crate) has_outside: bool,
    /// Why the world ended, other than by the end of its root.
    failure: Option<String>,
    /// What the main function of a host panicked with.
    panic: Option<Box<dyn std::any::Any + Send>>,
}

/// The world as its threads share it.
pub(crate) struct Shared {
    world: Mutex<World>,
    /// Passed to the thread outside when the world has ended.
    over: Baton,
}

/// What the kernel may use of its world.
pub(crate) struct Env<'a> {
    pub(crate) now: u64,
    pub(crate) random: &'a mut Rng,
    pub(crate) threads: &'a mut Threads,
    pub(crate) events: &'a mut Events,
}

impl Env<'_> {
    /// Plans an event of the kernel, `delay` nanoseconds from now.
    pub(crate) fn plan(&mut self, delay: u64, event: crate::kernel::KernelEvent) {
        self.events.plan(self.now + delay, Event::Kernel(event));
    }

    /// What the calendar of a host shows, in nanoseconds since 1970.
    pub(crate) fn calendar(&self, skew: i64) -> u64 {
        (CALENDAR_BASE + self.now).saturating_add_signed(skew)
    }
}

impl Shared {
    fn new(options: &Options) -> Arc<Shared> {
        let mut random = Rng::with_seed(options.seed);
        let mut kernel = Kernel::new(&mut random);
        if let Some(faults) = &options.faults {
            kernel.network.leave_faults_out_but(faults.clone());
        }
        let world = World {
            now: 0,
            random,
            threads: Threads::default(),
            events: Events::default(),
            kernel,
            handles: ThreadHandles::default(),
            chooser: Chooser::new(&options.schedule, options.seed, options.remembered),
            history: History::new(options.kept_count),
            time_limit: options.time_limit,
            steps_limit: options.steps_limit,
            has_outside: options.has_outside,
            failure: None,
            panic: None,
        };
        Arc::new(Shared { world: Mutex::new(world), over: Baton::new() })
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    /// The kernel, and what it may use.
    pub(crate) fn kernel_and_env(&mut self) -> (&mut Kernel, Env<'_>) {
        let World { now, random, threads, events, kernel, .. } = self;
        (kernel, Env { now: *now, random, threads, events })
    }

    /// What a clock that nobody sets shows, in nanoseconds.
    pub(crate) fn monotonic(&self) -> u64 {
        MONOTONIC_BASE + self.now
    }

    /// What the calendar of a host shows, in nanoseconds since 1970.
    pub(crate) fn calendar(&self, skew: i64) -> u64 {
        (CALENDAR_BASE + self.now).saturating_add_signed(skew)
    }

    /// The time of the world at which its monotonic clock shows this.
    pub(crate) fn at_monotonic(&self, nanos: u64) -> u64 {
        nanos.saturating_sub(MONOTONIC_BASE)
    }

    /// Lets everything happen that is due.
    fn happen(&mut self) {
        while let Some(event) = self.events.take_due(self.now) {
            match event {
                Event::Timeout(thread) => {
                    if let Some(until) = self.threads.time_out(thread, self.now) {
                        self.events.plan(until, Event::Timeout(thread));
                    }
                }
                Event::Kernel(event) => {
                    let (kernel, mut env) = self.kernel_and_env();
                    kernel.happen(event, &mut env);
                }
            }
        }
    }

    fn note(&mut self, thread: ThreadId, call: &'static str, which: u64) {
        self.history.add(Step { at: self.now, thread, call, which });
    }
}
