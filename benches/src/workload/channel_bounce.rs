//! 16 pairs of tasks that send a message to and fro, each pair over two channels that wake the other side.
//!
//! What is measured is the channel: on one thread a message costs 1352 instructions with heist and 1437 with tokio, of which
//! some 1070 are async-channel's (callgrind, 2026-11-21). A runtime that cost nothing would need 0.74 of tokio's. The kernel has
//! no part in it: there is one context switch in 5,000 messages.

use super::about::{About, Task};
use super::countdown::Countdown;
use crate::goal::Goal;
use crate::rival::contract::Rival;

pub(super) const ABOUT: About = About {
    goals: &[Goal::time("tokio", Some(0.75)), Goal::NEVER_BEHIND_ONE_THREAD],
    ..About::here(
        "channel_bounce",
        "16 pairs of tasks, a message to and fro over async-channel; per message",
        Task::ChannelBounce,
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
