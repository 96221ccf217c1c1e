//! 16 pairs of tasks that send a message to and fro, each pair over two channels that wake the other side.
//!
//! What is measured is the channel: on one thread a message costs 1352 instructions with heist and 1437 with tokio, of which
//! some 1070 are async-channel's (callgrind, 2026-11-21). A runtime that cost nothing would need 0.74 of tokio's. The kernel has
//! no part in it: there is one context switch in 5,000 messages.

use super::about::{About, Task};
use super::countdown::Countdown;
use super::mutex::RIVALS;
use crate::goal::Goal;
use crate::rival::contract::{Channels, Rival};

pub(super) const ABOUT: About = About {
    goals: &[Goal::time("tokio", Some(0.75)), Goal::NEVER_BEHIND_ONE_THREAD],
    ..About::here(
        "channel_bounce",
        "16 pairs of tasks, a message to and fro over async-channel; per message",
        Task::ChannelBounce,
        10,
    )
};

/// The same over the channel of each runtime.
pub(super) const OWN: About = About {
    rivals: RIVALS,
    goals: &[Goal::time("tokio", Some(0.5))],
    ..About::here(
        "own_channel_bounce",
        "16 pairs of tasks, a message to and fro over the runtime's own channel; per message",
        Task::OwnChannelBounce,
        10,
    )
};

pub(super) const OWN_PAIR: About = About {
    rivals: RIVALS,
    goals: &[Goal::time("tokio", Some(0.5))],
    ..About::here(
        "mpsc_bounce",
        "two tasks, a message to and fro over the runtime's own channel; per message",
        Task::MpscBounce,
        10,
    )
};

const PAIR_COUNT: u64 = 16;
const BOUNCES_PER_PAIR: u64 = 500;
pub(super) const MESSAGE_COUNT: u64 = 2 * PAIR_COUNT * BOUNCES_PER_PAIR;

pub(super) fn once<R: Rival>(rival: &R) {
    let (countdown, done) = Countdown::from(PAIR_COUNT);
    for _ in 0..PAIR_COUNT {
        let (there, arrived) = async_channel::bounded(1);
        let (back, returned) = async_channel::bounded(1);
        drop(rival.spawn_from_outside(async move {
            while let Ok(message) = arrived.recv().await {
                back.send(message).await.expect("the other side waits");
            }
        }));
        let countdown = countdown.clone();
        drop(rival.spawn_from_outside(async move {
            for number in 0..BOUNCES_PER_PAIR {
                there.send(number).await.expect("the other side waits");
                assert_eq!(returned.recv().await, Ok(number));
            }
            countdown.report();
        }));
    }
    rival.block_on(async { done.await.expect("the last pair reports") });
}

pub(super) const OWN_PAIR_MESSAGE_COUNT: u64 = 2 * BOUNCES_OF_ONE_PAIR;
const BOUNCES_OF_ONE_PAIR: u64 = 5_000;

pub(super) fn own<R: Rival>(rival: &R) {
    bounce_own(rival, PAIR_COUNT, BOUNCES_PER_PAIR);
}

pub(super) fn own_pair<R: Rival>(rival: &R) {
    bounce_own(rival, 1, BOUNCES_OF_ONE_PAIR);
}

fn bounce_own<R: Rival>(rival: &R, pair_count: u64, bounces_per_pair: u64) {
    let (countdown, done) = Countdown::from(pair_count);
    for _ in 0..pair_count {
        let (there, mut arrived) = R::Channels::bounded(1);
        let (back, mut returned) = R::Channels::bounded(1);
        drop(rival.spawn_from_outside(async move {
            while let Some(message) = R::Channels::receive(&mut arrived).await {
                R::Channels::send(&back, message).await;
            }
        }));
        let countdown = countdown.clone();
        drop(rival.spawn_from_outside(async move {
            for number in 0..bounces_per_pair {
                R::Channels::send(&there, number).await;
                assert_eq!(R::Channels::receive(&mut returned).await, Some(number));
            }
            countdown.report();
        }));
    }
    rival.block_on(async { done.await.expect("the last pair reports") });
}
