//! Random schedules in which threads stand still for a while. With a turn for each step, a thread
//! that has far to go, as a worker has that is woken, never meets one that has not.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use shuttle::scheduler::{RandomScheduler, Schedule, Scheduler, Task, TaskId};

/// A thread that could go on stands still after one in this many steps, if no other one does.
const NAP_RARITY: u64 = 24;
/// The longest nap, in steps of others, as a power of two. All powers are as likely.
const NAP_LOG_MAX: u64 = 10;

#[derive(Debug)]
pub(super) struct NapScheduler {
    turns: RandomScheduler,
    random: u64,
    step: u64,
    /// Who stands still, and until which step. One at a time: the others are to get far.
    nap: Option<(TaskId, u64)>,
}

impl NapScheduler {
    pub(super) fn new(seed: Option<u64>, schedules: usize) -> NapScheduler {
        let seed = seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
        let turns = RandomScheduler::new_from_seed(seed, schedules);
        NapScheduler { turns, random: seed | 1, step: 0, nap: None }
    }

    /// A random number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        // The low bits of such a generator are its worst.
        (self.random >> 32) % bound
    }
}

impl Scheduler for NapScheduler {
    fn new_execution(&mut self) -> Option<Schedule> {
        self.nap = None;
        self.step = 0;
        self.turns.new_execution()
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        current: Option<TaskId>,
        is_yielding: bool,
    ) -> Option<TaskId> {
        self.step += 1;
        let step = self.step;
        self.nap = self.nap.filter(|(_, end)| *end > step);
        if let (None, Some(thread)) = (self.nap, current) {
            if self.below(NAP_RARITY) == 0 {
                self.nap = Some((thread, step + (1 << self.below(NAP_LOG_MAX + 1))));
            }
        }
        let is_awake = |task: &&Task| self.nap.is_none_or(|(thread, _)| thread != task.id());
        let awake: Vec<&Task> = runnable.iter().copied().filter(is_awake).collect();
        // Somebody goes on.
        let choice = if awake.is_empty() { runnable } else { &awake };
        self.turns.next_task(choice, current, is_yielding)
    }

    fn next_u64(&mut self) -> u64 {
        self.turns.next_u64()
    }
}
