//! A task that spawns another one and waits for what it sends. Each runtime has its own channel for one value.

use super::about::{About, Task};
use super::countdown::Countdown;
use super::mutex::RIVALS;
use crate::goal::Goal;
use crate::rival::contract::{Channels, Rival};

pub(super) const ABOUT: About = About {
    rivals: RIVALS,
    goals: &[Goal::time("tokio", Some(0.27))],
    ..About::here(
        "oneshot_spawn",
        "a task spawns 10,000 tasks in turn, each sends one value; per task",
        Task::Oneshot,
        10,
    )
};

pub(super) const TASK_COUNT: u64 = 10_000;

pub(super) fn once<R: Rival>(rival: &R) {
    let (countdown, done) = Countdown::from(1);
    drop(rival.spawn_from_outside(async move {
        for number in 0..TASK_COUNT {
            let (sender, receiver) = R::Channels::one();
            drop(R::spawn(async move { R::Channels::send_one(sender, number) }));
            assert_eq!(R::Channels::receive_one(receiver).await, number);
        }
        countdown.report();
    }));
    rival.block_on(async { done.await.expect("the task reports") });
}
