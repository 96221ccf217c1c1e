use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use heist::sync::Barrier;
use heist::task::JoinSet;

use crate::support::on_every_runtime;
use crate::{Bell, poll, poll_with, ready};

#[test]
fn nobody_waits_alone() {
    for count in [0, 1] {
        let barrier = Barrier::new(count);
        for _ in 0..3 {
            assert!(ready(poll(pin!(barrier.wait()))).is_leader());
        }
    }
}

#[test]
fn the_last_one_leads_and_wakes_the_others() {
    let barrier = Barrier::new(70);
    for _ in 0..2 {
        let bells: Vec<_> = (0..69).map(|_| Bell::new()).collect();
        let mut waits: Vec<_> = bells.iter().map(|_| Box::pin(barrier.wait())).collect();
        for (wait, bell) in waits.iter_mut().zip(&bells) {
            assert!(poll_with(wait.as_mut(), bell).is_pending());
        }
        assert!(ready(poll(pin!(barrier.wait()))).is_leader());
        for (wait, bell) in waits.iter_mut().zip(&bells) {
            assert_eq!(bell.wakes_count(), 1);
            assert!(!ready(poll(wait.as_mut())).is_leader());
        }
    }
}

#[test]
fn one_that_comes_while_the_others_are_woken_belongs_to_the_next_round() {
    let barrier = Arc::new(Barrier::new(50));
    let place = Arc::new(std::sync::Mutex::new(None));
    let (own, late) = (barrier.clone(), place.clone());
    let first = Bell::with(move || {
        let barrier = own.clone();
        let mut wait = Box::pin(async move { barrier.wait().await });
        assert!(poll(wait.as_mut()).is_pending());
        *late.lock().unwrap() = Some(wait);
    });
    let mut waits: Vec<_> = (0..49).map(|_| Box::pin(barrier.wait())).collect();
    for (index, wait) in waits.iter_mut().enumerate() {
        let bell = if index == 0 { first.clone() } else { Bell::new() };
        assert!(poll_with(wait.as_mut(), &bell).is_pending());
    }
    assert!(poll(pin!(barrier.wait())).is_ready());
    let mut late = place.lock().unwrap().take().unwrap();
    assert!(poll(late.as_mut()).is_pending());
    assert!(waits.iter_mut().all(|wait| poll(wait.as_mut()).is_ready()));
}

#[test]
fn a_future_that_is_dropped_has_arrived() {
    let barrier = Barrier::new(2);
    let mut goes = Box::pin(barrier.wait());
    assert!(poll(goes.as_mut()).is_pending());
    drop(goes);
    assert!(ready(poll(pin!(barrier.wait()))).is_leader());
}

#[test]
fn tasks_go_through_many_rounds_together() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let barrier = Arc::new(Barrier::new(8));
            let (leaders, arrived) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let mut tasks = JoinSet::new();
            for _ in 0..8 {
                let (barrier, leaders, arrived) = (barrier.clone(), leaders.clone(), arrived.clone());
                tasks.spawn(async move {
                    for round in 1..=50 {
                        arrived.fetch_add(1, Ordering::SeqCst);
                        if barrier.wait().await.is_leader() {
                            leaders.fetch_add(1, Ordering::SeqCst);
                        }
                        assert!(arrived.load(Ordering::SeqCst) >= round * 8);
                    }
                });
            }
            while let Some(task) = tasks.join_next().await {
                task.unwrap();
            }
            assert_eq!(leaders.load(Ordering::SeqCst), 50);
        });
    });
}
