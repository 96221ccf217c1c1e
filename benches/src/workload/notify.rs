//! Two tasks that wake each other by two notifiers. Each runtime has its own.

use std::sync::Arc;

use super::about::{About, Task};
use super::countdown::Countdown;
use super::mutex::RIVALS;
use crate::goal::Goal;
use crate::rival::contract::{Locks, Rival};

pub(super) const ABOUT: About = About {
    rivals: RIVALS,
    goals: &[Goal::time("tokio", Some(0.5))],
    ..About::here(
        "notify",
        "two tasks that notify each other, to and fro; per notification",
        Task::Notify,
        10,
    )
};

const ROUND_COUNT: u64 = 5_000;
pub(super) const NOTIFICATION_COUNT: u64 = 2 * ROUND_COUNT;

pub(super) fn once<R: Rival>(rival: &R) {
    let (countdown, done) = Countdown::from(2);
    let (there, back) = (Arc::new(R::Locks::notify()), Arc::new(R::Locks::notify()));
    let (other, own) = (countdown.clone(), (there.clone(), back.clone()));
    drop(rival.spawn_from_outside(async move {
        for _ in 0..ROUND_COUNT {
            R::Locks::notified(&own.0).await;
            R::Locks::notify_one(&own.1);
        }
        other.report();
    }));
    drop(rival.spawn_from_outside(async move {
        for _ in 0..ROUND_COUNT {
            R::Locks::notify_one(&there);
            R::Locks::notified(&back).await;
        }
        countdown.report();
    }));
    rival.block_on(async { done.await.expect("both report") });
}
