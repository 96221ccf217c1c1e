//! Four tasks that send to one, over a queue with room for 128 messages and over one that grows. Each runtime has its own.

use super::about::{About, Task};
use super::countdown::Countdown;
use super::mutex::RIVALS;
use crate::goal::Goal;
use crate::rival::contract::{Channels, Rival};

pub(super) const BOUNDED: About = About {
    rivals: RIVALS,
    goals: &[Goal::time("tokio", Some(0.6))],
    ..About::here("mpsc_4_to_1", "4 tasks that send to one, room for 128; per message", Task::MpscBounded, 10)
};

pub(super) const UNBOUNDED: About = About {
    rivals: RIVALS,
    goals: &[Goal::time("tokio", Some(0.6))],
    ..About::here(
        "mpsc_4_to_1_unbounded",
        "4 tasks that send to one without a bound, 64 messages at a time; per message",
        Task::MpscUnbounded,
        10,
    )
};

const CAPACITY: usize = 128;
const SENDER_COUNT: u64 = 4;
const MESSAGES_PER_SENDER: u64 = 5_000;
/// A sender without a bound lets others run after so many.
const BURST: u64 = 64;
pub(super) const MESSAGE_COUNT: u64 = SENDER_COUNT * MESSAGES_PER_SENDER;

pub(super) fn bounded<R: Rival>(rival: &R) {
    let (countdown, done) = Countdown::from(1);
    let (sender, mut receiver) = R::Channels::bounded(CAPACITY);
    for _ in 0..SENDER_COUNT {
        let sender = sender.clone();
        drop(rival.spawn_from_outside(async move {
            for number in 0..MESSAGES_PER_SENDER {
                R::Channels::send(&sender, number).await;
            }
        }));
    }
    drop(sender);
    drop(rival.spawn_from_outside(async move {
        let mut received_count = 0;
        while R::Channels::receive(&mut receiver).await.is_some() {
            received_count += 1;
        }
        assert_eq!(received_count, MESSAGE_COUNT);
        countdown.report();
    }));
    rival.block_on(async { done.await.expect("the receiver reports") });
}

pub(super) fn unbounded<R: Rival>(rival: &R) {
    let (countdown, done) = Countdown::from(1);
    let (sender, mut receiver) = R::Channels::unbounded();
    for _ in 0..SENDER_COUNT {
        let sender = sender.clone();
        drop(rival.spawn_from_outside(async move {
            for number in 0..MESSAGES_PER_SENDER {
                R::Channels::send_unbounded(&sender, number);
                if number % BURST == 0 {
                    R::yield_now().await;
                }
            }
        }));
    }
    drop(sender);
    drop(rival.spawn_from_outside(async move {
        let mut received_count = 0;
        while R::Channels::receive_unbounded(&mut receiver).await.is_some() {
            received_count += 1;
        }
        assert_eq!(received_count, MESSAGE_COUNT);
        countdown.report();
    }));
    rival.block_on(async { done.await.expect("the receiver reports") });
}
