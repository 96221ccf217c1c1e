//! A task that sets a number which 64 others watch, and hears of each that it has seen it. Each runtime has its own channels.

use super::about::{About, Task};
use super::countdown::Countdown;
use super::mutex::RIVALS;
use crate::goal::Goal;
use crate::rival::contract::{Channels, Rival};

pub(super) const ABOUT: About = About {
    rivals: RIVALS,
    goals: &[Goal::time("tokio", Some(0.6))],
    ..About::here(
        "watch",
        "a task sets a number that 64 others watch and answer; per answer",
        Task::Watch,
        10,
    )
};

const RECEIVER_COUNT: u64 = 64;
const NUMBER_COUNT: u64 = 250;
pub(super) const ANSWER_COUNT: u64 = RECEIVER_COUNT * NUMBER_COUNT;

pub(super) fn once<R: Rival>(rival: &R) {
    let (countdown, done) = Countdown::from(1);
    let (sender, receiver) = R::Channels::watch();
    let (answer, mut answers) = R::Channels::unbounded();
    for _ in 0..RECEIVER_COUNT {
        let (answer, mut receiver) = (answer.clone(), receiver.clone());
        drop(rival.spawn_from_outside(async move {
            while let Some(number) = R::Channels::receive_latest(&mut receiver).await {
                R::Channels::send_unbounded(&answer, number);
            }
        }));
    }
    drop(rival.spawn_from_outside(async move {
        for number in 1..=NUMBER_COUNT {
            R::Channels::set(&sender, number);
            for _ in 0..RECEIVER_COUNT {
                assert_eq!(R::Channels::receive_unbounded(&mut answers).await, Some(number));
            }
        }
        countdown.report();
    }));
    rival.block_on(async { done.await.expect("the task reports") });
}
