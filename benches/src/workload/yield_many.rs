//! 200 tasks, each of which yields 1,000 times.

use super::about::{About, Task};
use super::countdown::Countdown;
use crate::goal::Goal;
use crate::rival::contract::Rival;

pub(super) const ABOUT: About = About {
    goals: &[Goal::time("tokio", Some(0.6)), Goal::NEVER_BEHIND_ONE_THREAD],
    ..About::here("yield_many", "200 tasks that yield 1,000 times each; per yield", Task::YieldMany, 10)
};

const TASK_COUNT: u64 = 200;
const YIELDS_PER_TASK: u64 = 1_000;
pub(super) const YIELD_COUNT: u64 = TASK_COUNT * YIELDS_PER_TASK;

pub(super) fn once<R: Rival>(rival: &R) {
    let (countdown, done) = Countdown::from(TASK_COUNT);
    for _ in 0..TASK_COUNT {
        let countdown = countdown.clone();
        drop(rival.spawn_from_outside(async move {
            for _ in 0..YIELDS_PER_TASK {
                R::yield_now().await;
            }
            countdown.report();
        }));
    }
    rival.block_on(async { done.await.expect("the last task reports") });
}
