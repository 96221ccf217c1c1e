//! What is counted of workers: thefts, wake-ups in vain, the length of polls, threads.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use heist::runtime::worker_index;
use heist::task::yield_now;
use heist::time::sleep;

use crate::sum;
use crate::support::{Gate, eventually, on_every_backend, on_every_runtime, with_every_runtime};

/// A task that blocks its worker until another one, which it has spawned, has run.
async fn block_until_another_worker_helps() {
    let gate = Gate::default();
    let other = gate.clone();
    drop(heist::spawn(async move { other.open() }));
    gate.wait();
}

#[test]
fn a_worker_counts_the_tasks_that_it_takes_from_another_one() {
    on_every_backend(|runtime| {
        let operations = || sum(runtime, |metrics, worker| metrics.worker_steal_operations(worker));
        let tasks = || sum(runtime, |metrics, worker| metrics.worker_steal_count(worker));
        assert_eq!((operations(), tasks()), (0, 0));
        // The lookout, which is no worker, may be the one that helps. It is when no sentinel watches.
        while operations() == 0 {
            runtime.block_on(runtime.spawn(block_until_another_worker_helps())).expect("no panic");
        }
        eventually("each theft brings a task at least", || tasks() >= operations());
    });
}

#[test]
fn half_of_a_queue_is_one_theft_of_many_tasks() {
    on_every_backend(|runtime| {
        let operations = || sum(runtime, |metrics, worker| metrics.worker_steal_operations(worker));
        let tasks = || sum(runtime, |metrics, worker| metrics.worker_steal_count(worker));
        while tasks() < operations() + 10 {
            let burst = runtime.spawn(async {
                (0..100).for_each(|_| drop(heist::spawn(async {})));
                block_until_another_worker_helps().await;
            });
            runtime.block_on(burst).expect("no panic");
            eventually("all have run", || runtime.handle().metrics().num_alive_tasks() == 0);
        }
    });
}

#[test]
fn a_lone_worker_steals_nothing() {
    on_every_runtime(|runtime| {
        if runtime.workers() > 1 {
            return;
        }
        runtime.block_on(async {
            (0..1000).for_each(|_| drop(heist::spawn(yield_now())));
            while heist::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
                yield_now().await;
            }
        });
        assert_eq!(sum(runtime, |metrics, worker| metrics.worker_steal_count(worker)), 0);
        assert_eq!(sum(runtime, |metrics, worker| metrics.worker_steal_operations(worker)), 0);
    });
}

/// Arms a timer that wakes nobody, and waits for a later one.
async fn wake_a_worker_in_vain() {
    let mut early = pin!(sleep(Duration::from_millis(5)));
    let is_pending = early.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending();
    assert!(is_pending);
    sleep(Duration::from_millis(20)).await;
}

#[test]
fn a_worker_that_wakes_up_in_vain_counts_it() {
    on_every_runtime(|runtime| {
        let noops = || sum(runtime, |metrics, worker| metrics.worker_noop_count(worker));
        let parks = || sum(runtime, |metrics, worker| metrics.worker_park_count(worker));
        if runtime.workers() == 1 {
            assert_eq!(noops(), 0);
        }
        // On a machine that is late both timers fire at once, and the wake-up is not in vain.
        while noops() == 0 {
            runtime.block_on(async { heist::spawn(wake_a_worker_in_vain()).await.expect("no panic") });
        }
        assert!(noops() <= parks(), "each is counted by a sleep");
    });
}

#[test]
fn a_worker_that_has_not_slept_was_not_woken_in_vain() {
    on_every_runtime(|runtime| {
        if runtime.workers() > 1 {
            return;
        }
        runtime.block_on(async {
            for _ in 0..100 {
                heist::spawn(yield_now()).await.expect("no panic");
            }
        });
        let metrics = runtime.handle().metrics();
        assert_eq!((metrics.worker_park_count(0), metrics.worker_noop_count(0)), (0, 0));
    });
}

#[test]
fn the_mean_length_of_polls_follows_long_ones() {
    on_every_runtime(|runtime| {
        let metrics = runtime.handle().metrics();
        let longest = move || {
            let means = (0..metrics.num_workers()).map(|worker| metrics.worker_mean_poll_time(worker));
            means.max().expect("a worker")
        };
        if runtime.workers() == 1 {
            assert_eq!(longest(), Duration::ZERO, "no poll is counted yet");
        }
        // Each turn moves the figure halfway, from a guess of 0.2 ms on.
        let task = runtime.spawn(async move {
            while longest() < Duration::from_millis(5) {
                thread::sleep(Duration::from_millis(20));
                yield_now().await;
            }
        });
        runtime.block_on(task).expect("no panic");
    });
}

#[test]
fn the_thread_of_a_worker_is_the_one_that_polls_its_tasks() {
    with_every_runtime(|runtime| {
        let metrics = runtime.handle().metrics();
        let is_multi_thread = runtime.workers() > 1;
        let inside = metrics.clone();
        let check = move || {
            // None: a thread of the reserve, which is no worker.
            if let Some(worker) = worker_index() {
                assert_eq!(inside.worker_thread_id(worker), Some(thread::current().id()));
            }
        };
        let task = runtime.spawn({
            let check = check.clone();
            async move {
                for _ in 0..10 {
                    check();
                    yield_now().await;
                }
            }
        });
        runtime.block_on(task).expect("no panic");
        if is_multi_thread {
            let moved = runtime.spawn(async move {
                let gate = Gate::default();
                let other = gate.clone();
                drop(heist::spawn(async move { other.open() }));
                heist::task::block_in_place(|| gate.wait());
                yield_now().await;
                check();
            });
            runtime.block_on(moved).expect("no panic");
        } else {
            assert_eq!(metrics.worker_thread_id(0), None, "nobody runs it");
        }
        drop(runtime);
        for worker in 0..metrics.num_workers() {
            assert_eq!(metrics.worker_thread_id(worker), None, "the runtime has ended");
        }
    });
}

#[test]
fn figures_of_a_worker_that_does_not_exist_panic() {
    on_every_runtime(|runtime| {
        let metrics = runtime.handle().metrics();
        let none = runtime.workers();
        let calls: [&dyn Fn() -> u64; 9] = [
            &|| metrics.worker_local_queue_depth(none) as u64,
            &|| metrics.worker_mean_poll_time(none).as_secs(),
            &|| metrics.worker_noop_count(none),
            &|| metrics.worker_overflow_count(none),
            &|| metrics.worker_park_count(none),
            &|| metrics.worker_poll_count(none),
            &|| metrics.worker_steal_count(none),
            &|| metrics.worker_steal_operations(none),
            &|| u64::from(metrics.worker_thread_id(none).is_some()),
        ];
        for call in calls {
            assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).is_err());
        }
    });
}

#[test]
fn a_future_that_is_blocked_on_is_no_poll_of_a_task() {
    on_every_runtime(|runtime| {
        let mut rounds = 0;
        runtime.block_on(poll_fn(|cx| {
            rounds += 1;
            cx.waker().wake_by_ref();
            if rounds < 100 { Poll::Pending } else { Poll::Ready(()) }
        }));
        assert_eq!(sum(runtime, |metrics, worker| metrics.worker_poll_count(worker)), 0);
    });
}
