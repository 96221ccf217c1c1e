//! The budget, and the id of the current task.

use super::{Arc, Mutex, Queue, joined};
use crate::task::coop::{self, poll_proceed, with_budget};
use crate::task::{self, consume_budget, unconstrained};
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

/// Units of the budget of one poll.
const UNITS_COUNT: usize = 128;

#[test]
fn a_task_that_is_always_ready_yields_when_its_budget_is_spent() {
    let queue = Queue::new();
    let handle = queue.spawn(async {
        for _ in 0..UNITS_COUNT * 3 {
            consume_budget().await;
        }
    });
    assert_eq!(queue.run_all(), 3);
    joined(handle).unwrap();
    queue.assert_all_freed();
}

#[test]
fn an_unconstrained_future_never_yields() {
    let queue = Queue::new();
    let handle = queue.spawn(unconstrained(async {
        for _ in 0..UNITS_COUNT * 3 {
            consume_budget().await;
            assert!(coop::has_budget_remaining());
        }
    }));
    assert_eq!(queue.run_all(), 1);
    joined(handle).unwrap();
}

#[test]
fn a_cooperative_future_makes_a_loop_over_ready_things_yield() {
    let queue = Queue::new();
    let handle = queue.spawn(async {
        for _ in 0..UNITS_COUNT + 1 {
            coop::cooperative(std::future::ready(())).await;
        }
    });
    assert_eq!(queue.run_all(), 2);
    joined(handle).unwrap();
}

#[test]
fn an_operation_that_made_no_progress_gets_its_unit_back() {
    with_budget(|| {
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..UNITS_COUNT * 2 {
            assert!(poll_proceed(&mut cx).is_ready());
        }
        for _ in 0..UNITS_COUNT {
            let Poll::Ready(unit) = poll_proceed(&mut cx) else { panic!("the budget is spent too early") };
            unit.made_progress();
        }
        assert!(!coop::has_budget_remaining());
        assert!(poll_proceed(&mut cx).is_pending());
    });
    assert!(coop::has_budget_remaining());
}

#[test]
fn outside_a_task_the_budget_is_without_limit() {
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..UNITS_COUNT * 3 {
        let Poll::Ready(unit) = poll_proceed(&mut cx) else { panic!("there is no budget to spend") };
        unit.made_progress();
    }
}

#[test]
fn joining_many_finished_tasks_spends_the_budget() {
    let queue = Queue::new();
    let handles: Vec<_> = (0..UNITS_COUNT + 1).map(|_| queue.spawn(async {})).collect();
    queue.run_all();
    let joiner = queue.spawn(async {
        for handle in handles {
            handle.await.unwrap();
        }
    });
    assert_eq!(queue.run_all(), 2);
    joined(joiner).unwrap();
    queue.assert_all_freed();
}

#[test]
fn the_current_id_is_set_in_polls_and_destructors_and_not_outside() {
    struct Note(Arc<Mutex<Vec<Option<task::Id>>>>);
    impl Drop for Note {
        fn drop(&mut self) {
            self.0.lock().push(task::try_id());
        }
    }
    let (queue, ids) = (Queue::new(), Arc::new(Mutex::new(Vec::new())));
    let (note, polled) = (Note(ids.clone()), ids.clone());
    let handle = queue.spawn(poll_fn(move |_| {
        let _note = &note;
        polled.lock().push(Some(task::id()));
        Poll::<()>::Pending
    }));
    queue.run_all();
    let id = Some(handle.id());
    queue.shut_down();
    assert_eq!(*ids.lock(), [id, id]);
    assert_eq!(task::try_id(), None);
    let payload = std::panic::catch_unwind(task::id).unwrap_err();
    assert!(payload.downcast_ref::<String>().is_some_and(|text| text.contains("outside a task")));
    drop(handle);
    queue.assert_all_freed();
}
