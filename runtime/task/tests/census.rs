//! Walks through the live tasks, and the polls that find out what they wait for.

use super::{Arc, JoinHandle, Queue, joined};
use crate::task::budget::{poll_proceed_for, poll_proceed_outer};
use crate::task::census::{Census, Question, SeenTask};
use crate::task::{Id, TaskActivity, WaitReason, coop};
use std::future::{pending, poll_fn};
use std::task::{Poll, ready};

fn look(queue: &Arc<Queue>) -> Vec<SeenTask> {
    let mut census = Census::default();
    std::iter::from_fn(|| census.proceed(&queue.owned, Question::Reasons, |_| true, || false))
        .flatten()
        .collect()
}

/// Waits for ever, and says for which process.
async fn wait_for_process(number: u32) {
    poll_fn(|cx| -> Poll<()> {
        let restore = ready!(poll_proceed_for(cx, || WaitReason::of_process(number)));
        drop(restore);
        Poll::Pending
    })
    .await;
}

fn numbers(seen: &SeenTask) -> Vec<WaitReason> {
    seen.notes.iter().map(|note| note.reason.clone()).collect()
}

#[test]
fn every_task_of_every_shard_is_seen_once() {
    let queue = Queue::new();
    for count in [0, 1, 63, 64, 65, 1000] {
        let tasks: Vec<_> = (0..count).map(|_| queue.spawn(pending::<()>())).collect();
        let mut seen: Vec<Id> = look(&queue).iter().map(|task| task.id).collect();
        let mut spawned: Vec<Id> = tasks.iter().map(JoinHandle::id).collect();
        seen.sort();
        spawned.sort();
        assert_eq!(seen, spawned);
        tasks.iter().for_each(JoinHandle::abort);
        queue.run_all();
    }
    queue.assert_all_freed();
}

#[test]
fn a_task_that_waits_says_for_what_and_is_due_again() {
    let queue = Queue::new();
    let task = queue.spawn(wait_for_process(7));
    assert_eq!(look(&queue)[0].activity, TaskActivity::Runnable);
    assert!(look(&queue)[0].notes.is_empty(), "it is not polled before its turn");
    assert_eq!(queue.run_all(), 1);
    let seen = look(&queue).remove(0);
    assert_eq!(seen.activity, TaskActivity::Waiting);
    assert_eq!(numbers(&seen), [WaitReason::of_process(7)]);
    assert_eq!(queue.run_all(), 1, "the poll that looked took a wake-up, and gave it back");
    task.abort();
    queue.run_all();
    joined(task).unwrap_err();
    queue.assert_all_freed();
}

#[test]
fn all_of_several_reasons_are_noted_once_each_and_up_to_a_limit() {
    let queue = Queue::new();
    let many = queue.spawn(async {
        let waits = (0..40).map(|number| Box::pin(wait_for_process(number / 2)));
        let mut waits: Vec<_> = waits.collect();
        poll_fn(|cx| -> Poll<()> {
            waits.iter_mut().for_each(|wait| assert!(wait.as_mut().poll(cx).is_pending()));
            Poll::Pending
        })
        .await;
    });
    queue.run_all();
    let expected: Vec<_> = (0..16).map(WaitReason::of_process).collect();
    assert_eq!(numbers(&look(&queue)[0]), expected);
    many.abort();
    queue.run_all();
}

#[test]
fn what_stands_around_an_operation_lets_a_look_through() {
    let queue = Queue::new();
    let tasks = [
        queue.spawn(coop::cooperative(wait_for_process(1))),
        queue.spawn(coop::unconstrained(wait_for_process(1))),
        queue.spawn(async {
            let mut inner = Box::pin(wait_for_process(1));
            poll_fn(|cx| {
                let restore = ready!(poll_proceed_outer(cx));
                ready!(inner.as_mut().poll(cx));
                restore.made_progress();
                Poll::Ready(())
            })
            .await;
        }),
    ];
    queue.run_all();
    for seen in look(&queue) {
        assert_eq!(numbers(&seen), [WaitReason::of_process(1)]);
    }
    tasks.iter().for_each(JoinHandle::abort);
    queue.run_all();
}

/// Without a dump the budget works as ever: what stands around others takes a unit itself.
#[test]
fn a_spent_budget_is_no_look() {
    let queue = Queue::new();
    let polls = Arc::new(std::sync::Mutex::new(0));
    let counted = polls.clone();
    let task = queue.spawn(async move {
        for _ in 0..300 {
            coop::cooperative(poll_fn(|_| {
                *counted.lock().unwrap() += 1;
                Poll::Ready(())
            }))
            .await;
        }
    });
    assert_eq!(queue.run_all(), 3);
    assert_eq!(*polls.lock().unwrap(), 300);
    joined(task).unwrap();
}

/// As a local set polls its own tasks.
#[test]
fn tasks_that_are_polled_within_a_look_note_nothing() {
    let inner = Queue::new();
    let own = inner.spawn(wait_for_process(2));
    let outer = Queue::new();
    let runs_inner = inner.clone();
    let task = outer.spawn(async move {
        poll_fn(|cx| -> Poll<()> {
            runs_inner.run_all();
            drop(ready!(poll_proceed_for(cx, || WaitReason::of_process(1))));
            Poll::Pending
        })
        .await;
    });
    outer.run_all();
    let waker = look(&inner);
    assert_eq!(waker.len(), 1);
    // The inner task is due, and runs within the look at the outer one.
    assert_eq!(numbers(&look(&outer)[0]), [WaitReason::of_process(1)]);
    own.abort();
    task.abort();
    outer.run_all();
    inner.run_all();
}

/// An operation around one that is always ready takes no unit in a look, and must end all the same.
#[test]
fn a_look_passes_an_outer_operation_a_limited_number_of_times() {
    let queue = Queue::new();
    let starts = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let started = starts.clone();
    let task = queue.spawn(async move {
        poll_fn(|_| {
            // Ordering: of this thread.
            let is_ready = started.load(std::sync::atomic::Ordering::Relaxed);
            if is_ready { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        loop {
            coop::cooperative(std::future::ready(())).await;
        }
    });
    queue.run_all();
    // Ordering: of this thread.
    starts.store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(look(&queue).len(), 1);
    task.abort();
    queue.run_all();
}

/// Some poll a future again and again until it is ready, within one poll.
#[test]
fn a_look_ends_although_a_future_is_polled_until_it_is_ready() {
    let queue = Queue::new();
    let polls = Arc::new(std::sync::Mutex::new(0));
    let counted = polls.clone();
    let task = queue.spawn(poll_fn(move |cx| -> Poll<()> {
        let mut polls = counted.lock().unwrap();
        *polls += 1;
        if *polls > 1 {
            while poll_proceed_for(cx, || WaitReason::of_process(1)).is_pending() {}
            while coop::poll_proceed(cx).is_pending() {}
        }
        Poll::Pending
    }));
    queue.run_all();
    assert_eq!(numbers(&look(&queue)[0]), [WaitReason::of_process(1)]);
    task.abort();
    queue.run_all();
}

#[test]
fn only_chosen_tasks_are_polled_and_a_walk_goes_on_where_it_was_late() {
    let queue = Queue::new();
    let tasks: Vec<_> = (0..100).map(|_| queue.spawn(wait_for_process(1))).collect();
    queue.run_all();
    let chosen = tasks[50].id();
    let mut census = Census::default();
    let mut ask = || census.proceed(&queue.owned, Question::Reasons, |id| id == chosen, || true);
    let seen: Vec<_> = std::iter::from_fn(&mut ask).flatten().map(|task| task.id).collect();
    assert_eq!(seen, [chosen]);
    assert_eq!(queue.run_all(), 1);
    let mut census = Census::default();
    let mut ask = || census.proceed(&queue.owned, Question::Reasons, |_| true, || true);
    let pieces: Vec<_> = std::iter::from_fn(&mut ask).collect();
    assert!(pieces.iter().all(|piece| piece.len() <= 1), "each look was late");
    assert_eq!(pieces.iter().map(Vec::len).sum::<usize>(), 100);
    tasks.iter().for_each(JoinHandle::abort);
    queue.run_all();
}
