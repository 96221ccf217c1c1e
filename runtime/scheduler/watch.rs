//! What a sentinel remembers between two looks at the other workers.

use std::time::{Duration, Instant};

use crate::primitive::clock;
use crate::scheduler::shared::SharedScheduler;

/// False in a build without sentinels, which measures their cost: `benches/sentinel.sh`. False in a
/// program's models under loom as well: sentinels look by time, and loom would try every moment.
pub(super) const IS_WATCHED: bool = !cfg!(any(rt_unwatched, all(rt_loom, not(test))));

/// A worker's memory of its last look at the others.
pub(super) struct Watch {
    pub(super) looked_at: Instant,
    /// The workers that were stuck at the last look and whose completions we could reap. A sleep on
    /// duty ends for their next completions.
    pub(super) stuck: Vec<usize>,
    /// Whether at the last look all others slept and none had moved.
    pub(super) was_quiet: bool,
    pub(super) is_on_duty: bool,
    /// The number of looks since a worker was stuck.
    pub(super) calm_looks: u32,
}

impl Watch {
    /// The period between two looks. Work behind a long poll waits for a period and a stall at
    /// most, and for the kernel's next timer interrupt, at which it hands over the completions of a
    /// busy thread.
    const ALERT: Duration = Duration::from_millis(3);

    /// The period after this many looks without a stuck worker. A look costs 30 to 50 µs of CPU,
    /// mostly for the kernel's part of a sleep with a time-out. At the shorter period that is 1.5 %
    /// of the CPU of a server that never stalls.
    const CALM: Duration = Duration::from_millis(10);
    const CALM_LOOKS_COUNT: u32 = 64;

    /// A worker that has not checked in for this long is stuck. A healthy worker checks in each
    /// time its budget is spent, ten times in this period, but the system may have taken its core
    /// away for a while.
    pub(super) const STALL: Duration = Duration::from_millis(2);

    pub(super) fn new() -> Watch {
        Watch {
            looked_at: clock::now(),
            stuck: Vec::new(),
            was_quiet: true,
            is_on_duty: false,
            calm_looks: 0,
        }
    }

    /// Called before a sleep. Returns whether it is a sleep on duty. Such a sleep has a time-out,
    /// so it costs more and may end for nothing. If all others have slept since the last look,
    /// there is no worker to watch. A worker that wakes up makes sure that it is watched.
    pub(super) fn begin(&mut self, shared: &SharedScheduler, index: usize) -> bool {
        let is_active = !self.was_quiet || !self.is_quiet(shared, index);
        self.is_on_duty = IS_WATCHED && is_active && shared.idle.try_take_duty();
        if !self.is_on_duty {
            self.stuck.clear();
        }
        self.is_on_duty
    }

    /// Returns how long a sleep on duty lasts.
    pub(super) fn period(&self) -> Duration {
        if self.calm_looks < Watch::CALM_LOOKS_COUNT { Watch::ALERT } else { Watch::CALM }
    }

    /// Returns the workers whose completions end this sleep as well.
    pub(super) fn stuck(&self) -> &[usize] {
        &self.stuck
    }

    /// Returns whether all others sleep and did not check in since the last look.
    pub(super) fn is_quiet(&self, shared: &SharedScheduler, index: usize) -> bool {
        shared.others(index).all(|(_, remote)| {
            remote.gate.is_closed() && remote.checked_in_at(shared.epoch) <= self.looked_at
        })
    }
}
