//! What is counted of tasks: polls, queues, wakes from outside, spent budgets.

use heist::task::{consume_budget, yield_now};

use crate::sum;
use crate::support::{Gate, eventually, on_every_runtime};

/// Spawned from outside, each `count` yields, to the end.
fn run_tasks_that_yield(runtime: &heist::runtime::Runtime, tasks_count: u64, yields_count: u64) {
    let spawn_one = |_| {
        runtime.spawn(async move {
            for _ in 0..yields_count {
                yield_now().await;
            }
        })
    };
    let tasks: Vec<_> = (0..tasks_count).map(spawn_one).collect();
    runtime.block_on(async {
        for task in tasks {
            task.await.expect("no panic");
        }
    });
}

#[test]
fn every_poll_is_counted_once() {
    on_every_runtime(|runtime| {
        run_tasks_that_yield(runtime, 10, 99);
        let polls = || sum(runtime, |metrics, worker| metrics.worker_poll_count(worker));
        let is_without_stall = || runtime.handle().metrics().num_stalls() == 0;
        eventually("all polls are published", || polls() == 1000 || !is_without_stall());
        assert!(polls() <= 1000, "{} polls", polls());
        assert!(polls() == 1000 || !is_without_stall(), "{} polls", polls());
    });
}

#[test]
fn polls_are_counted_although_the_worker_moves_to_another_thread() {
    on_every_runtime(|runtime| {
        let is_multi_thread = runtime.workers() > 1;
        let task = runtime.spawn(async move {
            for _ in 0..100 {
                yield_now().await;
            }
            if is_multi_thread {
                let gate = Gate::default();
                let other = gate.clone();
                // Only a thread that has taken the worker over, or another worker, opens the gate.
                drop(heist::spawn(async move { other.open() }));
                heist::task::block_in_place(|| gate.wait());
            }
            for _ in 0..100 {
                yield_now().await;
            }
        });
        runtime.block_on(task).expect("no panic");
        let expected = if is_multi_thread { 202 } else { 201 };
        let polls = || sum(runtime, |metrics, worker| metrics.worker_poll_count(worker));
        let has_stalled = || runtime.handle().metrics().num_stalls() > 0;
        eventually("all polls are published", || polls() == expected || has_stalled());
        assert!(polls() <= expected, "{} polls", polls());
    });
}

#[test]
fn a_wake_from_outside_is_counted_and_one_from_inside_is_not() {
    on_every_runtime(|runtime| {
        let metrics = runtime.handle().metrics();
        assert_eq!(metrics.remote_schedule_count(), 0);
        run_tasks_that_yield(runtime, 5, 0);
        assert_eq!(metrics.remote_schedule_count(), 5);
        let inner = runtime.spawn(async {
            for _ in 0..20 {
                heist::spawn(async {}).await.expect("no panic");
            }
        });
        runtime.block_on(inner).expect("no panic");
        // What a thread of the reserve wakes does come from outside.
        assert!(metrics.remote_schedule_count() == 6 || metrics.num_stalls() > 0);
    });
}

#[test]
fn an_operation_that_finds_the_budget_spent_is_counted() {
    on_every_runtime(|runtime| {
        let metrics = runtime.handle().metrics();
        let task = runtime.spawn(async {
            // 128 in each of seven polls, and 104 in the eighth.
            for _ in 0..1000 {
                consume_budget().await;
            }
        });
        runtime.block_on(task).expect("no panic");
        let has_stalled = || metrics.num_stalls() > 0;
        eventually("all are published", || metrics.budget_forced_yield_count() == 7 || has_stalled());
        assert!(metrics.budget_forced_yield_count() <= 7);
    });
}

#[test]
fn a_dump_spends_no_budget_that_is_counted() {
    on_every_runtime(|runtime| {
        let metrics = runtime.handle().metrics();
        let (_sender, mut receiver) = heist::sync::mpsc::channel::<u8>(1);
        let waiting = runtime.spawn(async move { receiver.recv().await });
        let id = waiting.id();
        runtime.block_on(async {
            while heist::runtime::Handle::current()
                .dump()
                .await
                .task(id)
                .is_none_or(|task| task.reasons().is_empty())
            {
                yield_now().await;
            }
        });
        waiting.abort();
        assert!(runtime.block_on(waiting).is_err_and(|error| error.is_cancelled()));
        assert_eq!(metrics.budget_forced_yield_count(), 0);
    });
}

#[test]
fn the_queue_of_a_worker_has_the_tasks_that_wait_in_it() {
    on_every_runtime(|runtime| {
        let depth = || sum(runtime, |metrics, worker| metrics.worker_local_queue_depth(worker) as u64);
        let overflows = || sum(runtime, |metrics, worker| metrics.worker_overflow_count(worker));
        assert_eq!((depth(), overflows()), (0, 0));
        if runtime.workers() == 1 {
            runtime.block_on(async {
                (0..256).for_each(|_| drop(heist::spawn(async {})));
                assert_eq!((depth(), overflows()), (256, 0));
                // The ring is full once. Behind what did not fit all others wait as well.
                (0..1000).for_each(|_| drop(heist::spawn(async {})));
                assert_eq!((depth(), overflows()), (1256, 1));
            });
        } else {
            // Other workers may take tasks before a ring is full, so it is tried until it was.
            while overflows() == 0 {
                let burst = runtime.spawn(async { (0..1000).for_each(|_| drop(heist::spawn(async {}))) });
                runtime.block_on(burst).expect("no panic");
            }
        }
        let is_idle = || runtime.handle().metrics().num_alive_tasks() == 0;
        if runtime.workers() == 1 {
            runtime.block_on(async {
                while !is_idle() {
                    yield_now().await;
                }
            });
        }
        eventually("all have run", is_idle);
        assert_eq!(depth(), 0);
    });
}
