//! All work arrives on one worker: one task spawns 400, which compute for 50 us each.
//!
//! A runtime with one thread per core would do all of it on that one thread: its speed-up is 1 by construction, which is why
//! the single-threaded loop stands for it.

use super::about::{About, Task};
use super::countdown::Countdown;
use crate::compute::compute;
use crate::goal::Goal;
use crate::rival::contract::Rival;

pub(super) const ABOUT: About = About {
    goals: &[Goal::time("tokio", None), Goal::benefit_of_threads(1.7)],
    ..About::here("unbalanced", "400 tasks of 50 us, all spawned by one task; per task", Task::Unbalanced, 3)
};

pub(super) const TASK_COUNT: u64 = 400;
const COMPUTE_MICROS: u32 = 50;

pub(super) fn once<R: Rival>(rival: &R) {
    let (countdown, done) = Countdown::from(TASK_COUNT);
    drop(rival.spawn_from_outside(async move {
        for _ in 0..TASK_COUNT {
            let countdown = countdown.clone();
            drop(R::spawn(async move {
                compute(COMPUTE_MICROS);
                countdown.report();
            }));
        }
    }));
    rival.block_on(async { done.await.expect("the last task reports") });
}
