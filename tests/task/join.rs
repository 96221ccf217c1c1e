//! Joining: outputs arrive once, whoever waits, whenever they ask.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::channel::oneshot;
use futures::stream::{FuturesUnordered, StreamExt};
use heist::task::JoinSet;

use crate::support::{self, Counter, on_every_runtime, with_every_runtime};

#[test]
fn joining_after_completion_gives_the_output() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let handle = heist::spawn(async { "done" });
            while !handle.is_finished() {
                heist::task::yield_now().await;
            }
            assert_eq!(handle.await.expect("no panic"), "done");
        });
    });
}

#[test]
fn a_pending_task_is_not_finished() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (open, gate) = oneshot::channel::<()>();
            let handle = heist::spawn(gate);
            heist::task::yield_now().await;
            assert!(!handle.is_finished());
            open.send(()).expect("the task is waiting");
            assert_eq!(handle.await.expect("no panic"), Ok(()));
        });
    });
}

#[test]
fn a_handle_polled_by_one_task_and_moved_to_another_wakes_the_other() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (open, gate) = oneshot::channel::<u32>();
            let mut handle = heist::spawn(gate);
            let first_look = heist::spawn(async move {
                let look =
                    std::future::poll_fn(|cx| Poll::Ready(pin!(&mut handle).poll(cx).is_pending())).await;
                (look, handle)
            });
            let (was_pending, handle) = first_look.await.expect("no panic");
            assert!(was_pending);
            let second = heist::spawn(async move { handle.await.expect("no panic") });
            heist::task::yield_now().await;
            open.send(5).expect("the task is waiting");
            assert_eq!(second.await.expect("no panic"), Ok(5));
        });
    });
}

#[test]
fn many_handles_are_joined_in_any_order() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let mut handles: FuturesUnordered<_> = (0..500_usize)
                .map(|index| {
                    heist::spawn(async move {
                        for _ in 0..index % 7 {
                            heist::task::yield_now().await;
                        }
                        index
                    })
                })
                .collect();
            let mut seen = vec![false; 500];
            while let Some(index) = handles.next().await {
                let index = index.expect("no panic");
                assert!(!std::mem::replace(&mut seen[index], true), "{index} joined twice");
            }
            assert!(seen.iter().all(|&is_seen| is_seen));
        });
    });
}

#[test]
fn the_output_is_dropped_with_the_handle_or_with_the_task_exactly_once() {
    with_every_runtime(|runtime| {
        let drops = Counter::default();
        runtime.block_on(async {
            // Never joined, dropped before it runs.
            let value = drops.on_drop();
            drop(heist::spawn(async move { value }));
            // Never joined, dropped after it has finished.
            let value = drops.on_drop();
            let handle = heist::spawn(async move { value });
            while !handle.is_finished() {
                heist::task::yield_now().await;
            }
            drop(handle);
            // Joined.
            let value = drops.on_drop();
            drop(heist::spawn(async move { value }).await.expect("no panic"));
        });
        drop(runtime);
        assert_eq!(drops.get(), 3);
    });
}

#[test]
fn a_join_handle_outlives_its_runtime_and_still_has_the_output() {
    with_every_runtime(|runtime| {
        let handle = runtime.spawn(async { 11 });
        runtime.block_on(async {
            while !handle.is_finished() {
                heist::task::yield_now().await;
            }
        });
        drop(runtime);
        assert_eq!(futures::executor::block_on(handle).expect("no panic"), 11);
    });
}

#[test]
fn polling_a_handle_after_its_output_was_taken_panics_and_leaves_the_runtime_sound() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let mut handle = heist::spawn(async { 1 });
            assert_eq!((&mut handle).await.expect("no panic"), 1);
            let again = std::panic::AssertUnwindSafe(async { (&mut handle).await.is_ok() });
            let outcome = futures::FutureExt::catch_unwind(again).await;
            assert!(outcome.is_err(), "a documented panic, not a second output");
            assert_eq!(heist::spawn(async { 2 }).await.expect("no panic"), 2);
        });
    });
}

#[test]
fn two_tasks_that_await_each_other_are_freed_with_the_runtime() {
    with_every_runtime(|runtime| {
        let drops = Counter::default();
        let (first_guard, second_guard) = (drops.on_drop(), drops.on_drop());
        let (first_sender, first_receiver) = oneshot::channel::<heist::task::JoinHandle<()>>();
        let first = runtime.spawn(async move {
            let _guard = first_guard;
            let second = first_receiver.await.expect("sent below");
            second.await.expect("never");
        });
        let second = runtime.spawn(async move {
            let _guard = second_guard;
            first.await.expect("never");
        });
        assert!(first_sender.send(second).is_ok());
        runtime.block_on(async {
            for _ in 0..10 {
                heist::task::yield_now().await;
            }
        });
        drop(runtime);
        assert_eq!(drops.get(), 2);
    });
}

#[test]
fn a_task_that_keeps_its_own_waker_is_freed() {
    on_every_runtime(|runtime| {
        let marker = Arc::new(());
        let held = marker.clone();
        runtime.block_on(async move {
            heist::spawn(async move {
                let waker =
                    std::future::poll_fn(|cx: &mut Context<'_>| Poll::Ready(cx.waker().clone())).await;
                let _kept = (waker, held);
                heist::task::yield_now().await;
            })
            .await
            .expect("no panic");
        });
        support::eventually("the task's memory is free", || Arc::strong_count(&marker) == 1);
    });
}

#[test]
fn a_join_set_gives_every_output_and_then_none() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let mut set = JoinSet::new();
            for index in 0..100_u64 {
                set.spawn(async move {
                    if index % 3 == 0 {
                        heist::task::yield_now().await;
                    }
                    index
                });
            }
            assert_eq!(set.len(), 100);
            let mut sum = 0;
            while let Some(output) = set.join_next().await {
                sum += output.expect("no panic");
            }
            assert_eq!(sum, 4950);
            assert!(set.is_empty());
            assert!(set.join_next().await.is_none());
        });
    });
}

#[test]
fn dropping_a_join_set_aborts_its_tasks() {
    with_every_runtime(|runtime| {
        let drops = Counter::default();
        runtime.block_on(async {
            let mut set = JoinSet::new();
            for _ in 0..10 {
                let guard = drops.on_drop();
                set.spawn(async move {
                    let _guard = guard;
                    std::future::pending::<()>().await;
                });
            }
            heist::task::yield_now().await;
            drop(set);
            while drops.get() < 10 {
                heist::task::yield_now().await;
            }
        });
    });
}

#[test]
fn shutting_a_join_set_down_waits_until_every_task_is_gone() {
    on_every_runtime(|runtime| {
        let drops = Counter::default();
        runtime.block_on(async {
            let mut set = JoinSet::new();
            for _ in 0..10 {
                let guard = drops.on_drop();
                set.spawn(async move {
                    let _guard = guard;
                    std::future::pending::<()>().await;
                });
            }
            set.shutdown().await;
            assert_eq!(drops.get(), 10);
            assert!(set.is_empty());
        });
    });
}

/// A look without waiting is not a wait: whoever waits is woken all the same.
#[test]
fn trying_to_join_takes_no_wake_up_from_a_waiter() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (open, gate) = oneshot::channel::<()>();
            let mut set = JoinSet::new();
            set.spawn(gate);
            let mut open = Some(open);
            let joined = std::future::poll_fn(|cx| {
                let polled = set.poll_join_next(cx);
                if polled.is_pending() {
                    assert!(set.try_join_next().is_none());
                    assert!(set.try_join_next_with_id().is_none());
                    if let Some(open) = open.take() {
                        open.send(()).expect("the task waits");
                    }
                }
                polled
            });
            assert_eq!(joined.await.expect("a task").expect("no panic"), Ok(()));
            assert!(set.try_join_next().is_none());
        });
    });
}

/// A look without waiting cannot yield, so it needs no budget: what has ended is there.
#[test]
fn trying_to_join_finds_what_has_ended_without_a_budget() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let mut set = JoinSet::new();
            let tasks: Vec<_> = (0..300).map(|number| set.spawn(async move { number })).collect();
            while !tasks.iter().all(|task| task.is_finished()) {
                heist::task::yield_now().await;
            }
            // In one poll, which has fewer units.
            let mut outputs: Vec<u32> =
                std::iter::from_fn(|| set.try_join_next()).map(|output| output.expect("no panic")).collect();
            outputs.sort_unstable();
            assert_eq!(outputs, (0..300).collect::<Vec<_>>());
        });
    });
}

#[test]
fn a_set_returns_the_id_with_the_output_or_in_the_error() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let mut set = JoinSet::new();
            let good = set.spawn(async { 42 });
            assert_eq!(set.join_next_with_id().await.expect("a task").expect("no panic"), (good.id(), 42));

            let bad = set.spawn(async { panic!("on purpose") });
            let error = std::future::poll_fn(|cx| set.poll_join_next_with_id(cx)).await;
            assert_eq!(error.expect("a task").expect_err("it panicked").id(), bad.id());

            let aborted = set.spawn(std::future::pending());
            aborted.abort();
            let error = loop {
                match set.try_join_next_with_id() {
                    Some(outcome) => break outcome.expect_err("it was aborted"),
                    None => heist::task::yield_now().await,
                }
            };
            assert_eq!(error.id(), aborted.id());
            assert!(set.join_next_with_id().await.is_none());
        });
    });
}

#[test]
fn a_set_takes_futures_of_an_iterator_and_closures_for_another_runtime() {
    on_every_runtime(|runtime| {
        let mut set = JoinSet::new();
        set.spawn_blocking_on(|| 0, runtime.handle());
        let outputs = runtime.block_on(async {
            set.extend((1..4).map(|number| async move { number }));
            set.join_all().await
        });
        assert_eq!(outputs.iter().sum::<u32>(), 6);
        // Without a future no runtime is needed.
        let none: JoinSet<()> = std::iter::empty::<std::future::Ready<()>>().collect();
        assert!(none.is_empty());
    });
}
