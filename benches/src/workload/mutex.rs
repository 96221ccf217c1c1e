//! A mutex: free, and wanted by 64 tasks. Each runtime has its own.

use std::sync::Arc;

use super::about::{About, Task};
use super::countdown::Countdown;
use crate::goal::Goal;
use crate::rival::contract::{Locks, Rival};

pub(super) const FREE: About = About {
    rivals: RIVALS,
    goals: &[Goal::time("tokio", Some(1.0))],
    ..About::here("mutex_free", "one task, 100,000 times a free mutex; per lock", Task::MutexFree, 20)
};

pub(super) const WANTED: About = About {
    rivals: RIVALS,
    goals: &[Goal::time("tokio", Some(0.6))],
    ..About::here("mutex_wanted", "64 tasks, 500 times one mutex each; per lock", Task::MutexWanted, 10)
};

/// Those whose mutex is their own.
pub(super) const RIVALS: &[&str] = &["heist", "tokio"];

pub(super) const FREE_COUNT: u64 = 100_000;
const TASK_COUNT: u64 = 64;
const LOCKS_PER_TASK: u64 = 500;
pub(super) const WANTED_COUNT: u64 = TASK_COUNT * LOCKS_PER_TASK;

pub(super) fn free<R: Rival>(rival: &R) {
    let (countdown, done) = Countdown::from(1);
    drop(rival.spawn_from_outside(async move {
        let mutex = R::Locks::mutex();
        for _ in 0..FREE_COUNT {
            R::Locks::add_one(&mutex).await;
        }
        countdown.report();
    }));
    rival.block_on(async { done.await.expect("the task reports") });
}

pub(super) fn wanted<R: Rival>(rival: &R) {
    let (countdown, done) = Countdown::from(TASK_COUNT);
    let mutex = Arc::new(R::Locks::mutex());
    for _ in 0..TASK_COUNT {
        let (countdown, mutex) = (countdown.clone(), mutex.clone());
        drop(rival.spawn_from_outside(async move {
            for _ in 0..LOCKS_PER_TASK {
                R::Locks::add_one(&mutex).await;
            }
            countdown.report();
        }));
    }
    rival.block_on(async { done.await.expect("the last task reports") });
}
