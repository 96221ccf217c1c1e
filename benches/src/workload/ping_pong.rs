//! 1,000 tasks, each of which spawns another and exchanges a message with it, there and back.

use futures::channel::oneshot;

use super::Countdown;
use crate::rival::Rival;

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
