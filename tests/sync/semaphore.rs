use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;

use heist::sync::{Semaphore, TryAcquireError};
use heist::task::JoinSet;

use crate::support::{on_every_runtime, watched};
use crate::{Bell, message, poll, poll_with, ready};

#[test]
fn permits_come_in_the_order_of_waiting() {
    let semaphore = Semaphore::new(0);
    let bells = [Bell::new(), Bell::new(), Bell::new()];
    let mut waits: Vec<_> = bells.iter().map(|_| Box::pin(semaphore.acquire())).collect();
    for (wait, bell) in waits.iter_mut().zip(&bells) {
        assert!(poll_with(wait.as_mut(), bell).is_pending());
    }
    for (index, wait) in waits.iter_mut().enumerate() {
        semaphore.add_permits(1);
        let counts: Vec<_> = bells.iter().map(|bell| bell.wakes_count()).collect();
        let wanted: Vec<_> = (0..3).map(|other| usize::from(other <= index)).collect();
        assert_eq!(counts, wanted);
        ready(poll(wait.as_mut())).unwrap().forget();
    }
}

#[test]
fn one_that_wants_many_is_not_overtaken() {
    let semaphore = Semaphore::new(2);
    let mut many = pin!(semaphore.acquire_many(3));
    assert!(poll(many.as_mut()).is_pending());
    assert_eq!(semaphore.available_permits(), 0, "the first that waits has what there is");
    assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
    let mut one = pin!(semaphore.acquire());
    assert!(poll(one.as_mut()).is_pending());
    semaphore.add_permits(1);
    let three = ready(poll(many.as_mut())).unwrap();
    assert!(poll(one.as_mut()).is_pending());
    drop(three);
    assert_eq!(ready(poll(one.as_mut())).unwrap().num_permits(), 1);
    assert_eq!(semaphore.available_permits(), 3);
}

#[test]
fn a_dropped_wait_gives_its_part_to_the_next() {
    let semaphore = Semaphore::new(2);
    let bell = Bell::new();
    let mut many = Box::pin(semaphore.acquire_many(3));
    let mut next = pin!(semaphore.acquire_many(2));
    assert!(poll(many.as_mut()).is_pending() && poll_with(next.as_mut(), &bell).is_pending());
    drop(many);
    assert_eq!(bell.wakes_count(), 1);
    assert_eq!(ready(poll(next.as_mut())).unwrap().num_permits(), 2);
    assert_eq!(Arc::strong_count(&bell), 1, "its waker is kept");
}

#[test]
fn a_wait_that_was_chosen_and_dropped_passes_its_permit_on() {
    let semaphore = Semaphore::new(0);
    let bell = Bell::new();
    let mut chosen = Box::pin(semaphore.acquire());
    let mut next = pin!(semaphore.acquire());
    assert!(poll(chosen.as_mut()).is_pending() && poll_with(next.as_mut(), &bell).is_pending());
    semaphore.add_permits(1);
    assert_eq!((semaphore.available_permits(), bell.wakes_count()), (0, 0));
    drop(chosen);
    assert_eq!(bell.wakes_count(), 1);
    assert!(poll(next.as_mut()).is_ready());
    assert_eq!(semaphore.available_permits(), 1, "without waiters they are for all again");
}

#[test]
fn an_end_wakes_all_and_gives_nothing() {
    let semaphore = Arc::new(Semaphore::new(1));
    let bells: Vec<_> = (0..100).map(|_| Bell::new()).collect();
    let mut waits: Vec<_> = bells.iter().map(|_| Box::pin(semaphore.acquire_many(2))).collect();
    for (wait, bell) in waits.iter_mut().zip(&bells) {
        assert!(poll_with(wait.as_mut(), bell).is_pending());
    }
    semaphore.close();
    assert!(bells.iter().all(|bell| bell.wakes_count() == 1));
    for wait in &mut waits {
        assert_eq!(ready(poll(wait.as_mut())).unwrap_err().to_string(), "semaphore closed");
    }
    assert!(ready(poll(pin!(semaphore.acquire()))).is_err());
    assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::Closed);
    assert_eq!(semaphore.available_permits(), 1, "the part of the first is back");
}

#[test]
fn a_waker_that_panics_keeps_nobody_from_being_woken() {
    let semaphore = Semaphore::new(0);
    let bells: Vec<_> =
        (0..100).map(|index| Bell::with(move || assert!(index % 40 != 7, "waker {index}"))).collect();
    let mut waits: Vec<_> = bells.iter().map(|_| Box::pin(semaphore.acquire())).collect();
    for (wait, bell) in waits.iter_mut().zip(&bells) {
        assert!(poll_with(wait.as_mut(), bell).is_pending());
    }
    let panic = catch_unwind(AssertUnwindSafe(|| semaphore.add_permits(100))).unwrap_err();
    assert_eq!(message(panic), "waker 7");
    assert!(bells.iter().all(|bell| bell.wakes_count() == 1));
    for wait in &mut waits {
        ready(poll(wait.as_mut())).unwrap().forget();
    }
    assert_eq!(semaphore.available_permits(), 0);
}

#[test]
fn a_waker_may_use_the_semaphore() {
    let semaphore = Arc::new(Semaphore::new(0));
    let other = semaphore.clone();
    let bell = Bell::with(move || other.add_permits(5));
    let mut wait = pin!(semaphore.acquire());
    assert!(poll_with(wait.as_mut(), &bell).is_pending());
    semaphore.add_permits(1);
    assert_eq!(semaphore.available_permits(), 5);
    assert!(poll(wait.as_mut()).is_ready());
}

#[test]
fn a_wait_uses_the_waker_of_its_last_poll() {
    let semaphore = Semaphore::new(0);
    let (first, second) = (Bell::new(), Bell::new());
    let mut wait = pin!(semaphore.acquire());
    assert!(poll_with(wait.as_mut(), &first).is_pending());
    assert!(poll_with(wait.as_mut(), &second).is_pending());
    assert_eq!(Arc::strong_count(&first), 1, "the former waker is kept");
    semaphore.add_permits(1);
    assert_eq!((first.wakes_count(), second.wakes_count()), (0, 1));
}

#[test]
fn too_many_permits_panic() {
    let semaphore = Semaphore::new(Semaphore::MAX_PERMITS);
    assert!(
        message(catch_unwind(AssertUnwindSafe(|| semaphore.add_permits(1))).unwrap_err())
            .contains("overflow")
    );
    assert_eq!(semaphore.available_permits(), Semaphore::MAX_PERMITS);
    assert!(catch_unwind(|| Semaphore::new(Semaphore::MAX_PERMITS + 1)).is_err());
}

#[test]
fn permits_are_split_merged_and_forgotten() {
    let semaphore = Arc::new(Semaphore::new(5));
    let mut permits = semaphore.clone().try_acquire_many_owned(4).unwrap();
    let two = permits.split(2).unwrap();
    assert!(permits.split(3).is_none());
    two.forget();
    permits.merge(semaphore.clone().try_acquire_owned().unwrap());
    assert_eq!(permits.num_permits(), 3);
    let other = Arc::new(Semaphore::new(1));
    let foreign = other.try_acquire_owned().unwrap();
    let panic = catch_unwind(AssertUnwindSafe(|| permits.merge(foreign))).unwrap_err();
    assert_eq!(message(panic), "merging permits from different semaphore instances");
    drop(permits);
    assert_eq!(semaphore.available_permits(), 3);
    assert_eq!(semaphore.forget_permits(9), 3);
}

#[test]
fn no_more_tasks_than_permits_are_in() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let semaphore = Arc::new(Semaphore::new(3));
            let inside = Arc::new(std::sync::atomic::AtomicUsize::new(0));
            let mut tasks = JoinSet::new();
            for number in 0..50_u32 {
                let (semaphore, inside) = (semaphore.clone(), inside.clone());
                tasks.spawn(async move {
                    for _ in 0..20 {
                        let permits = semaphore.acquire_many(1 + number % 3).await.unwrap();
                        let count = permits.num_permits();
                        let before = inside.fetch_add(count, std::sync::atomic::Ordering::SeqCst);
                        assert!(before + count <= 3);
                        heist::task::yield_now().await;
                        inside.fetch_sub(count, std::sync::atomic::Ordering::SeqCst);
                    }
                });
            }
            while let Some(task) = tasks.join_next().await {
                task.unwrap();
            }
            assert_eq!(semaphore.available_permits(), 3);
        });
    });
}

#[test]
fn a_loop_over_free_permits_lets_other_tasks_run() {
    watched(|| {
        let runtime = heist::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let other = heist::spawn(async {});
            let semaphore = Semaphore::new(1);
            while !other.is_finished() {
                drop(semaphore.acquire().await.unwrap());
            }
        });
    });
}
