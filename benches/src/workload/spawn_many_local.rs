//! 10,000 empty tasks, spawned by the future that `block_on` drives; the last one to run says so.

use super::about::{About, RIVALS_AND_FLOOR, Task};
use super::countdown::Countdown;
use crate::goal::Goal;
use crate::rival::contract::Rival;

pub(super) const ABOUT: About = About {
    rivals: RIVALS_AND_FLOOR,
    goals: &[Goal::time("tokio", Some(0.35)), Goal::NEVER_BEHIND_ONE_THREAD],
    ..About::here(
        "spawn_many_local",
        "10,000 tasks spawned inside block_on; per task",
        Task::SpawnManyLocal,
        20,
    )
};

pub(super) const TASK_COUNT: u64 = 10_000;

pub(super) fn once<R: Rival>(rival: &R) {
    rival.block_on(async {
        let (countdown, done) = Countdown::from(TASK_COUNT);
        for _ in 0..TASK_COUNT {
            let countdown = countdown.clone();
            drop(R::spawn(async move { countdown.report() }));
        }
        done.await.expect("the last task reports");
    });
}
