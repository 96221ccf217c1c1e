//! The watchdog: a thread that looks at the workers from outside and reports slow polls.
//!
//! It costs the workers nothing. A worker records when it looks after everything of its own, and
//! each thread has a word with the id of the task that it polls. If neither has changed for the
//! threshold, the worker is in one poll.

use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::primitive::atomic::Ordering;
use crate::primitive::{clock, thread};
use crate::scheduler::current;
use crate::scheduler::shared::SharedScheduler;
use crate::scheduler::watchdog::{SeenPoll, SlowPollReport};
use crate::task::{Id, name_of, quietly};

/// A look that comes so many thresholds after the last one says nothing of the time between.
const FREEZE: u32 = 10;

/// A worker as the last look has found it.
#[derive(Clone)]
struct Look {
    task: Option<Id>,
    checked_in: Instant,
    /// Since when it polls this, at the earliest.
    since: Instant,
    is_reported: bool,
    name: Option<Arc<str>>,
    location: Option<&'static Location<'static>>,
}

/// The state of the watchdog's thread.
struct WatchdogThread {
    shared: Arc<SharedScheduler>,
    threshold: Duration,
    report: Arc<SlowPollReport>,
    /// One for each worker. `None`: it slept.
    looks: Vec<Option<Look>>,
    looked_at: Instant,
}

impl SharedScheduler {
    /// Starts the watchdog's thread.
    pub(crate) fn watch_polls(
        self: &Arc<Self>,
        threshold: Duration,
        report: Arc<SlowPollReport>,
    ) -> std::io::Result<()> {
        let watchdog = WatchdogThread {
            shared: self.clone(),
            threshold,
            report,
            looks: vec![None; self.workers_count()],
            looked_at: clock::now(),
        };
        let builder = thread::Builder::new().name("heist-watchdog".to_owned());
        *self.watchdog.thread.lock() = Some(builder.spawn(move || watchdog.work())?);
        Ok(())
    }

    /// Returns where a task was spawned that is alive.
    fn location_of(&self, task: Id) -> Option<&'static Location<'static>> {
        let seats = self.seats.lock().clone();
        self.owned.location_of(task).or_else(|| seats.iter().find_map(|seat| seat.owned.location_of(task)))
    }
}

impl WatchdogThread {
    fn work(mut self) {
        // A report is user code. It may end a runtime, which must not wait for this thread.
        let _no_blocking = current::forbid_blocking();
        let shared = self.shared.clone();
        let period = self.period();
        let mut is_closing = shared.watchdog.is_closing.lock();
        while !*is_closing {
            drop(is_closing);
            self.look();
            is_closing = shared.watchdog.is_closing.lock();
            if !*is_closing {
                (is_closing, _) =
                    shared.watchdog.is_closing.wait_timeout(&shared.watchdog.closing, is_closing, period);
            }
        }
    }

    /// A poll is seen when it has taken a quarter more than the threshold at the latest.
    fn period(&self) -> Duration {
        (self.threshold / 4).max(Duration::from_millis(1))
    }

    fn look(&mut self) {
        let now = clock::now();
        let before = std::mem::replace(&mut self.looked_at, now);
        // Then the machine stood still, and the workers with it: nothing can be said of that time.
        let was_frozen = now.saturating_duration_since(before) > FREEZE * self.threshold;
        let before = if was_frozen { now } else { before };
        for worker in 0..self.looks.len() {
            let former = self.looks[worker].take().filter(|_| !was_frozen);
            let look = self.look_at(worker, former, before, now);
            self.looks[worker] = look;
        }
    }

    fn look_at(&self, worker: usize, former: Option<Look>, before: Instant, now: Instant) -> Option<Look> {
        let remote = &self.shared.remotes[worker];
        let polled = remote.polled.task().filter(|_| !remote.gate.is_closed());
        let checked_in = remote.checked_in_at(self.shared.epoch);
        let is_same = |look: &Look| Some(look.task) == polled && look.checked_in == checked_in;
        if let Some(former) = former.as_ref().filter(|look| look.is_reported && !is_same(look)) {
            self.tell(worker, former, now, true);
        }
        let task = polled?;
        let mut look = former.filter(is_same).unwrap_or(Look {
            task,
            checked_in,
            // Of a new round: its beginning. Of one that was there before: at most the last look.
            since: if checked_in > before { checked_in } else { before },
            is_reported: false,
            name: None,
            location: None,
        });
        if !look.is_reported && now.saturating_duration_since(look.since) >= self.threshold {
            // Ordering: Relaxed: it is only a metric.
            self.shared.watchdog.slow_polls_count.fetch_add(1, Ordering::Relaxed);
            look.is_reported = true;
            look.location = task.and_then(|task| self.shared.location_of(task));
            look.name = task.and_then(name_of);
            self.tell(worker, &look, now, false);
        }
        Some(look)
    }

    fn tell(&self, worker: usize, look: &Look, now: Instant, is_over: bool) {
        let duration = now.saturating_duration_since(look.since);
        let Look { task, ref name, location, .. } = *look;
        let name = name.clone();
        quietly(|| (self.report)(SeenPoll { task, name, location, worker, duration, is_over }));
    }
}
