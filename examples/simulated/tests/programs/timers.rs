//! Programs that need timers to fire when they are due, and for nobody who gave up.

use std::time::Instant;

use heist::runtime::Handle;
use heist::task::JoinSet;
use heist::time::{sleep, timeout};

use crate::{draw, millis, run, runtime};

/// Sleeps of many lengths on both workers.
pub(crate) fn sleeps() {
    run(async {
        let mut tasks = JoinSet::new();
        for _ in 0..12 {
            tasks.spawn(async {
                for _ in 0..3 {
                    let (began, length) = (Instant::now(), millis(draw(80) >> draw(7)));
                    sleep(length).await;
                    let took = began.elapsed();
                    assert!(took >= length, "a sleep of {length:?} took {took:?}");
                }
            });
        }
        while let Some(task) = tasks.join_next().await {
            task.unwrap();
        }
    });
}

/// One sleep and nothing else: whoever shortens it has to wake the worker that keeps it.
pub(crate) fn lone_sleep() {
    let runtime = runtime();
    let (send, receive) = std::sync::mpsc::channel::<heist::sync::oneshot::Sender<()>>();
    // It is no worker: what it polls is armed with a worker that sleeps.
    let outside = std::thread::spawn({
        let handle = runtime.handle().clone();
        move || {
            for answer in receive {
                handle.block_on(async {
                    let mut sleep = Box::pin(sleep(millis(100_000)));
                    // It is polled once, and then shortened.
                    assert!(timeout(millis(1), sleep.as_mut()).await.is_err());
                    sleep.as_mut().reset(heist::time::Instant::now() + millis(draw(4)));
                    sleep.await;
                });
                answer.send(()).unwrap();
            }
        }
    });
    runtime.block_on(async {
        for _ in 0..4 {
            let (answer, answered) = heist::sync::oneshot::channel();
            send.send(answer).unwrap();
            answered.await.unwrap();
            if draw(2) == 0 {
                sleep(millis(draw(4))).await;
            }
        }
    });
    drop(send);
    outside.join().unwrap();
}

/// Time limits that are not needed, on what is over before, at, or after them.
pub(crate) fn timeouts() {
    run(async {
        let mut tasks = JoinSet::new();
        for _ in 0..8 {
            tasks.spawn(async {
                for _ in 0..6 {
                    let (began, limit, length) = (Instant::now(), millis(draw(6)), millis(draw(6)));
                    match timeout(limit, sleep(length)).await {
                        Ok(()) => assert!(began.elapsed() >= length),
                        Err(_) => assert!(began.elapsed() >= limit),
                    }
                    let mut late = Box::pin(sleep(millis(50)));
                    if timeout(millis(1), late.as_mut()).await.is_ok() {
                        // A system that is busy may wake it as late as that.
                        continue;
                    }
                    // Sooner, later, or not at all.
                    match draw(3) {
                        0 => late.as_mut().reset(heist::time::Instant::now() + millis(2)),
                        1 => late.as_mut().reset(heist::time::Instant::now() + millis(70)),
                        _ => continue,
                    }
                    late.await;
                    assert!(began.elapsed() < millis(20_000));
                }
            });
        }
        while let Some(task) = tasks.join_next().await {
            task.unwrap();
        }
        // What was given up keeps no place in a wheel.
        assert_eq!(Handle::current().metrics().num_timers(), 0);
    });
}
