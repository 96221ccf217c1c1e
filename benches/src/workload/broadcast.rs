//! A task that sends numbers to 64 others. Each runtime has its own channel for that.

use super::about::{About, Task};
use super::countdown::Countdown;
use super::mutex::RIVALS;
use crate::goal::Goal;
use crate::rival::contract::{Channels, Rival};

pub(super) const ABOUT: About = About {
    rivals: RIVALS,
    goals: &[Goal::time("tokio", Some(0.6))],
    ..About::here("broadcast", "a task sends to 64 others, room for 16; per receipt", Task::Broadcast, 10)
};

const CAPACITY: usize = 16;
const RECEIVER_COUNT: u64 = 64;
const NUMBER_COUNT: u64 = 500;
pub(super) const RECEIPT_COUNT: u64 = RECEIVER_COUNT * NUMBER_COUNT;

pub(super) fn once<R: Rival>(rival: &R) {
    let (countdown, done) = Countdown::from(RECEIVER_COUNT);
    let sender = R::Channels::broadcast(CAPACITY);
    for _ in 0..RECEIVER_COUNT {
        let (countdown, mut receiver) = (countdown.clone(), R::Channels::subscribe(&sender));
        drop(rival.spawn_from_outside(async move {
            let mut seen_count = 0;
            while let Some(more) = R::Channels::receive_broadcast(&mut receiver).await {
                seen_count += more;
            }
            assert_eq!(seen_count, NUMBER_COUNT);
            countdown.report();
        }));
    }
    drop(rival.spawn_from_outside(async move {
        for number in 0..NUMBER_COUNT {
            R::Channels::send_to_all(&sender, number);
            R::yield_now().await;
            // It does not run ahead so far that receivers would miss numbers.
            while R::Channels::waiting_count(&sender) > CAPACITY / 2 {
                R::yield_now().await;
            }
        }
    }));
    rival.block_on(async { done.await.expect("the last receiver reports") });
}
