//! 10,000 empty tasks, spawned by a thread that is none of the runtime's while that is idle, then joined one by one.

use super::about::{About, RIVALS_AND_FLOOR, Task};
use crate::goal::Goal;
use crate::rival::contract::Rival;

pub(super) const ABOUT: About = About {
    rivals: RIVALS_AND_FLOOR,
    goals: &[Goal::time("tokio", Some(0.35)), Goal::time("small", Some(1.0)), Goal::NEVER_BEHIND_ONE_THREAD],
    ..About::here(
        "spawn_many_remote",
        "10,000 tasks spawned by a foreign thread, then joined; per task",
        Task::SpawnManyRemote,
        20,
    )
};

pub(crate) const TASK_COUNT: u64 = 10_000;

pub(super) fn once<R: Rival>(rival: &R) {
    let handles: Vec<_> = (0..TASK_COUNT).map(|_| rival.spawn_from_outside(async {})).collect();
    rival.block_on(async {
        for handle in handles {
            handle.await.expect("no panic");
        }
    });
}
