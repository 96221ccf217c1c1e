//! Timers that are armed, cancelled and fired while workers park and are robbed. Time passes when
//! the clock's thread runs.

use std::pin::pin;
use std::time::Duration;

use super::{Event, explore};
use crate::primitive::thread;
use crate::task::yield_now;
use crate::time::{Instant, sleep, timeout};

const SHORT: Duration = Duration::from_millis(1);
const LONG: Duration = Duration::from_millis(70);

/// Each sleep lasts as long as asked for, or somewhat longer, whichever worker its task was on when
/// it was armed.
#[test]
fn sleeps_of_all_lengths_end() {
    explore(2, |world| {
        let sleepers = [SHORT, 2 * SHORT, LONG].map(|length| {
            world.spawn(async move {
                let start = Instant::now();
                sleep(length).await;
                assert!(start.elapsed() >= length);
            })
        });
        world.join_all(sleepers);
        world.rest();
    });
}

/// The task is stolen between two sleeps: the second is armed on another worker's wheel.
#[test]
fn a_task_that_moves_takes_its_sleeps_along() {
    explore(3, |world| {
        let jobs = [(); 2].map(|()| {
            world.spawn(async {
                let mut sleeping = pin!(sleep(2 * SHORT));
                let ready =
                    std::future::poll_fn(|cx| std::task::Poll::Ready(sleeping.as_mut().poll(cx).is_ready()));
                if !ready.await {
                    yield_now().await;
                    sleeping.await;
                }
            })
        });
        world.join_all(jobs);
        world.rest();
    });
}

/// A timeout is cancelled by the future that it limits, or not: the timer is disarmed or fires
/// once.
#[test]
fn a_timeout_meets_what_it_waits_for() {
    explore(2, |world| {
        let event = Event::new();
        let there = event.clone();
        let waiting = world.spawn(async move { timeout(SHORT, there.wait()).await.is_ok() });
        let other = world.spawn(async move {
            sleep(SHORT).await;
            event.happen();
        });
        let _in_time = world.join(waiting);
        world.join(other);
        world.rest();
    });
}

/// A worker arms a timer and then gets stuck until it has fired: another worker fires it.
#[test]
fn a_stuck_workers_timer_is_fired_by_another() {
    explore(2, |world| {
        let (armed, fired) = (Event::new(), Event::new());
        let (there, done) = (armed.clone(), fired.clone());
        let sleeper = world.spawn(async move {
            let mut sleeping = pin!(sleep(SHORT));
            std::future::poll_fn(|cx| {
                let answer = sleeping.as_mut().poll(cx);
                there.happen();
                answer
            })
            .await;
            done.happen();
        });
        let stuck = world.spawn(async move {
            armed.wait().await;
            fired.block();
        });
        world.join(stuck);
        world.join(sleeper);
        world.rest();
    });
}

/// Threads that are no workers sleep on the workers' wheels, and wake the workers for that.
#[test]
fn a_foreign_thread_sleeps_on_a_workers_wheel() {
    explore(2, |world| {
        let handle = world.runtime().handle().clone();
        let other = thread::spawn(move || handle.block_on(sleep(SHORT)));
        world.runtime().block_on(sleep(2 * SHORT));
        other.join().unwrap();
        world.rest();
    });
}

/// A sleep is reset from a far deadline to a near one, on a worker that has gone to sleep for long.
#[test]
fn a_sleep_that_is_reset_ends_at_its_new_hour() {
    explore(2, |world| {
        let event = Event::new();
        let there = event.clone();
        let job = world.spawn(async move {
            let mut sleeping = pin!(sleep(Duration::from_secs(1)));
            let mut waiting = pin!(there.wait());
            let mut is_reset = false;
            std::future::poll_fn(|cx| {
                if !is_reset && waiting.as_mut().poll(cx).is_ready() {
                    is_reset = true;
                    sleeping.as_mut().reset(Instant::now() + SHORT);
                }
                sleeping.as_mut().poll(cx)
            })
            .await;
        });
        event.happen();
        world.join(job);
        world.rest();
    });
}

/// An abort meets the firing of the timer.
#[test]
fn an_aborted_sleeper_leaves_no_timer() {
    explore(2, |world| {
        let sleepers = [SHORT, LONG].map(|length| world.spawn(sleep(length)));
        for sleeper in sleepers {
            sleeper.abort();
            drop(world.runtime().block_on(sleeper));
        }
        assert_eq!(
            world.runtime().handle().metrics().num_timers(),
            0,
            "a sleep is gone, and its timer is not"
        );
        world.rest();
    });
}
