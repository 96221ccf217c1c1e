//! 1,000 tasks, each of which spawns another and exchanges a message with it, there and back.

use futures::channel::oneshot;

use super::about::{About, Task};
use super::countdown::Countdown;
use crate::goal::Goal;
use crate::rival::contract::Rival;

pub(super) const ABOUT: About = About {
    goals: &[Goal::time("tokio", Some(0.35)), Goal::NEVER_BEHIND_ONE_THREAD],
    ..About::here(
        "ping_pong",
        "1,000 pairs of tasks, two oneshot channels each; per pair",
        Task::PingPong,
        60,
    )
};

pub(super) const PAIR_COUNT: u64 = 1_000;

pub(super) fn once<R: Rival>(rival: &R) {
    let (countdown, done) = Countdown::from(PAIR_COUNT);
    rival.block_on(async {
        drop(R::spawn(async move {
            for _ in 0..PAIR_COUNT {
                let countdown = countdown.clone();
                drop(R::spawn(async move {
                    let (ping, pinged) = oneshot::channel();
                    let (pong, ponged) = oneshot::channel();
                    drop(R::spawn(async move {
                        pinged.await.expect("sent below");
                        pong.send(()).expect("awaited below");
                    }));
                    ping.send(()).expect("the other task waits");
                    ponged.await.expect("the other task answers");
                    countdown.report();
                }));
            }
        }));
        done.await.expect("the last pair reports");
    });
}
