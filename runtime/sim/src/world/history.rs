//! What happened in a world, as a number that two equal histories share, and as a story.

use std::collections::VecDeque;
use std::fmt::Write;

use super::threads::ThreadId;

/// Multiplies as the hash of Fowler, Noll and Vo does.
const PRIME: u64 = 0x0000_0100_0000_01b3;
const BASIS: u64 = 0xcbf2_9ce4_8422_2325;

/// A call, in the order in which the world saw it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) at: u64,
    pub(crate) thread: ThreadId,
    pub(crate) call: &'static str,
    /// The descriptor, the address's class, or another number that says which.
    pub(crate) which: u64,
}

/// The history of a world.
pub(crate) struct History {
    hash: u64,
    steps_count: u64,
    last: VecDeque<Step>,
    kept_count: usize,
}

impl History {
    /// Keeps the last `kept_count` steps for a story.
    pub(crate) fn new(kept_count: usize) -> History {
        History { hash: BASIS, steps_count: 0, last: VecDeque::new(), kept_count }
    }

    pub(crate) fn add(&mut self, step: Step) {
        self.steps_count += 1;
        for part in [step.at, u64::from(step.thread.0), step.which, number_of(step.call)] {
            self.hash = (self.hash ^ part).wrapping_mul(PRIME).rotate_left(23);
        }
        if self.kept_count > 0 {
            if self.last.len() == self.kept_count {
                self.last.pop_front();
            }
            self.last.push_back(step);
        }
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    pub(crate) fn steps_count(&self) -> u64 {
        self.steps_count
    }

    /// The steps that are kept.
    pub(crate) fn steps(&self) -> impl Iterator<Item = &Step> {
        self.last.iter()
    }

    /// The last steps, one per line: time, thread, call.
    pub(crate) fn story(&self) -> String {
        let mut story = String::new();
        for Step { at, thread, call, which } in &self.last {
            let (seconds, nanos) = (at / 1_000_000_000, at % 1_000_000_000);
            let _ = writeln!(story, "{seconds:>4}.{nanos:09} thread {:<3} {call} {which}", thread.0);
        }
        story
    }
}

/// The name of a call as a number: its first eight bytes, and its length.
fn number_of(call: &str) -> u64 {
    let mut first = [0; 8];
    let count = call.len().min(first.len());
    first[..count].copy_from_slice(&call.as_bytes()[..count]);
    u64::from_le_bytes(first) ^ ((call.len() as u64) << 56)
}
