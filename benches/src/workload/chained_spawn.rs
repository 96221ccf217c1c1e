//! 1,000 tasks, each spawned by the one before.

use futures::channel::oneshot;

use super::about::{About, RIVALS_AND_FLOOR, Task};
use crate::goal::Goal;
use crate::rival::contract::Rival;

pub(super) const ABOUT: About = About {
    rivals: RIVALS_AND_FLOOR,
    goals: &[Goal::time("tokio", Some(0.35)), Goal::NEVER_BEHIND_ONE_THREAD],
    ..About::here(
        "chained_spawn",
        "1,000 tasks, each spawned by the one before; per task",
        Task::ChainedSpawn,
        200,
    )
};

pub(super) const TASK_COUNT: u64 = 1_000;

fn link<R: Rival>(remaining_count: u64, done: oneshot::Sender<()>) {
    if remaining_count == 0 {
        done.send(()).expect("the chain's start waits");
    } else {
        drop(R::spawn(async move { link::<R>(remaining_count - 1, done) }));
    }
}

pub(super) fn once<R: Rival>(rival: &R) {
    rival.block_on(async {
        let (sender, done) = oneshot::channel();
        link::<R>(TASK_COUNT, sender);
        done.await.expect("the last link says so");
    });
}
