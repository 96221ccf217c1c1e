//! Circles of tasks.

use std::sync::Arc;
use std::time::Duration;

use heist::runtime::{Dump, Handle};
use heist::sync::{Barrier, Mutex, oneshot};
use heist::task::{Id, JoinHandle};

use crate::support::on_every_runtime;
use crate::{dump_when, reasons_of};

/// Tasks that each have one mutex and want the next one's.
async fn round_table(count: usize) -> Vec<JoinHandle<()>> {
    let forks: Vec<_> = (0..count).map(|_| Arc::new(Mutex::new(()))).collect();
    let seated = Arc::new(Barrier::new(count));
    let sit = |place: usize| {
        let (left, right) = (forks[place].clone(), forks[(place + 1) % count].clone());
        let seated = seated.clone();
        heist::spawn(async move {
            let _left = left.lock().await;
            seated.wait().await;
            let _right = right.lock().await;
        })
    };
    (0..count).map(sit).collect()
}

fn sorted(mut ids: Vec<Id>) -> Vec<Id> {
    ids.sort();
    ids
}

#[test]
fn tasks_that_want_each_others_mutexes_are_a_deadlock() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            for count in [2, 3, 7] {
                let tasks = round_table(count).await;
                let dump = dump_when("they are stuck", |dump| !dump.deadlocks().is_empty()).await;
                let deadlocks = dump.deadlocks().to_vec();
                assert_eq!(deadlocks.len(), 1, "{dump}");
                let ids: Vec<Id> = tasks.iter().map(JoinHandle::id).collect();
                let lowest = *ids.iter().min().unwrap();
                assert_eq!(deadlocks[0][0], lowest, "it begins with the lowest id");
                assert_eq!(sorted(deadlocks[0].clone()), sorted(ids));
                for task in &tasks {
                    task.abort();
                }
                // One that gets the lock of another one before its own end completes.
                for task in tasks {
                    task.await.unwrap_or(());
                }
            }
        });
    });
}

#[test]
fn tasks_that_await_each_other_are_a_deadlock() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (give, get) = oneshot::channel::<JoinHandle<()>>();
            let first = heist::spawn(async move {
                let second = get.await.unwrap();
                let _ = second.await;
            });
            let (id, abort) = (first.id(), first.abort_handle());
            let second = heist::spawn(async move {
                let _ = first.await;
            });
            let other = second.id();
            give.send(second).unwrap();
            let dump = dump_when("they are stuck", |dump| !dump.deadlocks().is_empty()).await;
            assert_eq!(dump.deadlocks(), [sorted(vec![id, other])]);
            let text = dump.to_string();
            let (low, high) = (id.min(other), id.max(other));
            assert!(
                text.contains(&format!("deadlock: task {low} waits for task {high} waits for task {low}")),
                "{text}"
            );
            abort.abort();
        });
    });
}

#[test]
fn who_waits_for_a_deadlock_is_not_part_of_it() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let mut tasks = round_table(2).await;
            let aborts: Vec<_> = tasks.iter().map(JoinHandle::abort_handle).collect();
            let ids: Vec<Id> = tasks.iter().map(JoinHandle::id).collect();
            let awaited = tasks.remove(0);
            let waits = heist::spawn(async move { awaited.await.is_ok() });
            let is_whole = |dump: &Dump| {
                !dump.deadlocks().is_empty()
                    && dump.task(waits.id()).is_some_and(|task| !task.reasons().is_empty())
            };
            let dump = dump_when("all are stuck", is_whole).await;
            assert_eq!(dump.deadlocks(), [sorted(ids)], "{dump}");
            aborts.iter().for_each(heist::task::AbortHandle::abort);
        });
    });
}

/// A time-out ends it, so it is none.
#[test]
fn a_circle_that_a_deadline_ends_is_no_deadlock() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (left, right) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
            let both = Arc::new(Barrier::new(2));
            let sit = |first: Arc<Mutex<()>>, second: Arc<Mutex<()>>| {
                let both = both.clone();
                heist::spawn(async move {
                    let _first = first.lock().await;
                    both.wait().await;
                    heist::time::timeout(Duration::from_secs(3600), second.lock()).await.is_ok()
                })
            };
            let tasks = [sit(left.clone(), right.clone()), sit(right, left)];
            for task in &tasks {
                // The lock, and the deadline.
                while reasons_of(task.id()).await.len() < 2 {}
            }
            assert!(Handle::current().dump().await.deadlocks().is_empty());
            tasks.iter().for_each(JoinHandle::abort);
        });
    });
}

#[test]
fn a_chain_that_ends_is_no_deadlock() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (_sender, receiver) = oneshot::channel::<()>();
            let mut last = heist::spawn(async move { receiver.await.is_ok() });
            let abort = last.abort_handle();
            for _ in 0..100 {
                last = heist::spawn(async move { last.await.unwrap_or(false) });
            }
            reasons_of(last.id()).await;
            let dump = Handle::current().dump().await;
            assert!(dump.deadlocks().is_empty(), "{dump}");
            abort.abort();
            assert!(!last.await.unwrap());
        });
    });
}
