use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;

use heist::sync::Notify;

use crate::support::{two_workers, watched};
use crate::{Bell, message, poll, poll_with};

#[test]
fn a_permit_is_kept_and_there_is_one_only() {
    let notify = Notify::new();
    notify.notify_one();
    notify.notify_one();
    assert!(poll(pin!(notify.notified())).is_ready());
    assert!(poll(pin!(notify.notified())).is_pending());
}

#[test]
fn one_call_wakes_the_first_and_another_the_last() {
    let notify = Notify::new();
    let bells = [Bell::new(), Bell::new(), Bell::new()];
    let mut waits: Vec<_> = bells.iter().map(|_| Box::pin(notify.notified())).collect();
    for (wait, bell) in waits.iter_mut().zip(&bells) {
        assert!(poll_with(wait.as_mut(), bell).is_pending());
    }
    let counts = || bells.iter().map(|bell| bell.wakes_count()).collect::<Vec<_>>();
    notify.notify_one();
    assert_eq!(counts(), [1, 0, 0]);
    notify.notify_last();
    assert_eq!(counts(), [1, 0, 1]);
    notify.notify_one();
    assert_eq!(counts(), [1, 1, 1]);
    for wait in &mut waits {
        assert!(poll(wait.as_mut()).is_ready());
    }
    assert!(poll(pin!(notify.notified())).is_pending(), "no permit is left");
}

#[test]
fn a_call_for_all_wakes_those_that_were_created_and_leaves_no_permit() {
    let notify = Arc::new(Notify::new());
    let bell = Bell::new();
    let mut polled = pin!(notify.notified());
    let mut created = pin!(notify.notified());
    let mut owned = pin!(notify.clone().notified_owned());
    assert!(poll_with(polled.as_mut(), &bell).is_pending());
    notify.notify_waiters();
    assert_eq!(bell.wakes_count(), 1);
    assert!(poll(polled.as_mut()).is_ready() && poll(created.as_mut()).is_ready());
    assert!(poll(owned.as_mut()).is_ready());
    assert!(poll(pin!(notify.notified())).is_pending());
}

#[test]
fn an_enabled_future_misses_nothing() {
    let notify = Notify::new();
    let mut first = pin!(notify.notified());
    let mut second = pin!(notify.notified());
    assert!(!first.as_mut().enable());
    notify.notify_one();
    assert!(poll(second.as_mut()).is_pending(), "it was for the first");
    assert!(first.as_mut().enable());
    assert!(poll(first.as_mut()).is_ready());
    notify.notify_one();
    assert!(second.as_mut().enable());
}

#[test]
fn a_future_that_was_notified_and_dropped_passes_it_on() {
    for is_last in [false, true] {
        let notify = Notify::new();
        let bells = [Bell::new(), Bell::new(), Bell::new()];
        let mut waits: Vec<_> = bells.iter().map(|_| Box::pin(notify.notified())).collect();
        for (wait, bell) in waits.iter_mut().zip(&bells) {
            assert!(poll_with(wait.as_mut(), bell).is_pending());
        }
        if is_last {
            notify.notify_last();
            drop(waits.pop());
        } else {
            notify.notify_one();
            drop(waits.remove(0));
        }
        assert_eq!(bells[1].wakes_count(), 1, "the next from the same end");
        waits.clear();
        assert!(poll(pin!(notify.notified())).is_ready(), "at last it is a permit");
    }
}

#[test]
fn a_call_for_all_is_not_passed_on() {
    let notify = Notify::new();
    let mut wait = Box::pin(notify.notified());
    assert!(poll(wait.as_mut()).is_pending());
    notify.notify_waiters();
    drop(wait);
    assert!(poll(pin!(notify.notified())).is_pending());
}

#[test]
fn a_call_for_one_during_a_call_for_all_is_for_somebody_else() {
    let notify = Arc::new(Notify::new());
    let other = notify.clone();
    // It is woken in the first batch, when the second still waits to be woken.
    let first = Bell::with(move || other.notify_one());
    let mut waits: Vec<_> = (0..50).map(|_| Box::pin(notify.notified())).collect();
    for (index, wait) in waits.iter_mut().enumerate() {
        let bell = if index == 0 { first.clone() } else { Bell::new() };
        assert!(poll_with(wait.as_mut(), &bell).is_pending());
    }
    notify.notify_waiters();
    for wait in &mut waits {
        assert!(poll(wait.as_mut()).is_ready());
    }
    assert!(poll(pin!(notify.notified())).is_ready(), "the permit is lost");
}

#[test]
fn one_that_begins_to_wait_during_a_call_for_all_waits() {
    let notify = Arc::new(Notify::new());
    let late = Arc::new(std::sync::Mutex::new(None));
    let (other, place) = (notify.clone(), late.clone());
    let first = Bell::with(move || {
        let mut wait = Box::pin(other.clone().notified_owned());
        assert!(poll(wait.as_mut()).is_pending());
        *place.lock().unwrap() = Some(wait);
    });
    let mut waits: Vec<_> = (0..50).map(|_| Box::pin(notify.notified())).collect();
    for (index, wait) in waits.iter_mut().enumerate() {
        let bell = if index == 0 { first.clone() } else { Bell::new() };
        assert!(poll_with(wait.as_mut(), &bell).is_pending());
    }
    notify.notify_waiters();
    let mut late = late.lock().unwrap().take().unwrap();
    assert!(poll(late.as_mut()).is_pending());
    notify.notify_one();
    assert!(poll(late.as_mut()).is_ready());
}

#[test]
fn a_waker_that_panics_keeps_nobody_from_being_woken() {
    let notify = Notify::new();
    let bells: Vec<_> =
        (0..100).map(|index| Bell::with(move || assert!(index % 40 != 7, "waker {index}"))).collect();
    let mut waits: Vec<_> = bells.iter().map(|_| Box::pin(notify.notified())).collect();
    for (wait, bell) in waits.iter_mut().zip(&bells) {
        assert!(poll_with(wait.as_mut(), bell).is_pending());
    }
    let panic = catch_unwind(AssertUnwindSafe(|| notify.notify_waiters())).unwrap_err();
    assert_eq!(message(panic), "waker 7");
    assert!(bells.iter().all(|bell| bell.wakes_count() == 1));
}

#[test]
fn a_future_stays_ready() {
    let notify = Notify::new();
    let mut wait = pin!(notify.notified());
    notify.notify_waiters();
    assert!(poll(wait.as_mut()).is_ready() && poll(wait.as_mut()).is_ready());
}

#[test]
fn tasks_and_other_executors_wake_each_other() {
    watched(|| {
        let runtime = two_workers();
        let (there, back) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (own_there, own_back) = (there.clone(), back.clone());
        let task = runtime.spawn(async move {
            for _ in 0..1000 {
                own_there.notified().await;
                own_back.notify_one();
            }
        });
        futures::executor::block_on(async {
            for _ in 0..1000 {
                there.notify_one();
                back.notified().await;
            }
        });
        runtime.block_on(task).unwrap();
    });
}
