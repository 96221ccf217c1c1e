//! 100 tasks, each of which arms a timeout, does something short under it, and so cancels it; 200 times over.

use std::time::Duration;

use super::about::{About, Task};
use super::countdown::Countdown;
use crate::goal::Goal;
use crate::rival::contract::Rival;

pub(super) const ABOUT: About = About {
    goals: &[Goal::cpu("tokio", Some(0.1)), Goal::NEVER_BEHIND_ONE_THREAD],
    ..About::here("timeouts", "100 tasks, timeouts armed and cancelled; per timeout", Task::Timeouts, 8)
};

const TASK_COUNT: u64 = 100;
const TIMEOUTS_PER_TASK: u64 = 200;
pub(super) const TIMEOUT_COUNT: u64 = TASK_COUNT * TIMEOUTS_PER_TASK;

/// Far away, as timeouts of servers are.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) fn once<R: Rival>(rival: &R) {
    let (countdown, done) = Countdown::from(TASK_COUNT);
    for _ in 0..TASK_COUNT {
        let countdown = countdown.clone();
        drop(rival.spawn_from_outside(async move {
            for _ in 0..TIMEOUTS_PER_TASK {
                // A future that is ready at once would never arm it.
                assert!(R::timeout(TIMEOUT, R::yield_now()).await, "half a minute has not passed");
            }
            countdown.report();
        }));
    }
    rival.block_on(async { done.await.expect("the last task reports") });
}
