//! wait, shield and as_completed. The numbers are those of the list of behaviours that CPython's own tests assert
//! (`test_tasks`).

use std::future::pending;
use std::time::Duration;

use futures::StreamExt;
use heist::asyncio::{EmptyWait, ReturnWhen, as_completed, shield, wait};
use heist::task::JoinHandle;

use crate::{Answer, FAR, NEAR, Slots, Text, support, task};

// 141
#[heist::test]
async fn wait_for_the_first_completed() {
    let [a, b, _] = Slots::default();
    let tasks = [task(&a), task(&b)];
    let second = tasks[1].id();
    b.set_result(2).unwrap();
    let waited = wait(tasks, ReturnWhen::FirstCompleted, None).await.unwrap();
    assert_eq!(waited.done.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [second]);
    assert_eq!(waited.pending.len(), 1);
    a.set_result(1).unwrap();
    for task in waited.pending {
        assert_eq!(task.await.unwrap(), Ok(1));
    }
}

// 142
#[heist::test]
async fn wait_reports_all_that_are_done() {
    let [a, b, _] = Slots::default();
    let tasks = [task(&a), task(&b)];
    a.set_result(1).unwrap();
    b.set_result(2).unwrap();
    while !tasks.iter().all(JoinHandle::is_finished) {
        heist::task::yield_now().await;
    }
    let waited = wait(tasks, ReturnWhen::FirstCompleted, None).await.unwrap();
    assert_eq!((waited.done.len(), waited.pending.len()), (2, 0));
}

// 143
#[heist::test]
async fn wait_for_the_first_exception() {
    // One that is there already.
    let [a, b, c] = Slots::default();
    let tasks = [task(&a), task(&b), task(&c)];
    b.set_exception("there").unwrap();
    let waited = wait(tasks, ReturnWhen::FirstException, None).await.unwrap();
    assert_eq!((waited.done.len(), waited.pending.len()), (1, 2));
    // One that comes during the wait; a plain result before it does not end the wait.
    let [d, e, _] = Slots::default();
    let tasks = [task(&d), task(&e), waited.pending.into_iter().next().unwrap()];
    let first = tasks[0].abort_handle();
    d.set_result(1).unwrap();
    let (waited, ()) = futures::join!(wait(tasks, ReturnWhen::FirstException, None), async {
        while !first.is_finished() {
            heist::task::yield_now().await;
        }
        e.set_exception("during").unwrap();
    });
    let waited = waited.unwrap();
    assert_eq!((waited.done.len(), waited.pending.len()), (2, 1));
    // None at all: all are waited for.
    a.set_result(0).unwrap();
    let waited = wait(waited.pending, ReturnWhen::FirstException, None).await.unwrap();
    assert_eq!((waited.done.len(), waited.pending.len()), (1, 0));
    c.cancel();
}

// 144
#[heist::test]
async fn a_wait_that_times_out_cancels_nothing() {
    let [a, b, _] = Slots::default();
    let tasks = [task(&a), task(&b)];
    a.set_result(1).unwrap();
    while !tasks[0].is_finished() {
        heist::task::yield_now().await;
    }
    let waited = wait(tasks, ReturnWhen::AllCompleted, Some(NEAR)).await.unwrap();
    assert_eq!((waited.done.len(), waited.pending.len()), (1, 1));
    b.set_result(2).unwrap();
    let waited = wait(waited.pending, ReturnWhen::AllCompleted, Some(FAR)).await.unwrap();
    assert_eq!(waited.done[0].1.as_ref().unwrap(), &Ok(2));
}

// 145
#[heist::test]
async fn waiting_for_nothing_is_an_error() {
    let none: [JoinHandle<Answer>; 0] = [];
    assert_eq!(wait(none, ReturnWhen::AllCompleted, None).await.err(), Some(EmptyWait));
}

// 146
#[heist::test]
async fn what_is_shielded_goes_on_when_its_waiter_is_cancelled() {
    assert_eq!(shield(async { 1 }).await.unwrap(), 1);
    let error: Result<(), &str> = shield(async { Err("passed on") }).await.unwrap();
    assert_eq!(error, Err("passed on"));
    let (gate, done) = (Text::new(), Text::new());
    let (wait_for, tell) = (gate.clone(), done.clone());
    let begun = Text::new();
    let tell_begun = begun.clone();
    let waiter = heist::spawn(async move {
        let shielded = shield(async move {
            let _ = wait_for.await;
            let _ = tell.set_result("went on");
        });
        tell_begun.set_result("begun").unwrap();
        shielded.await
    });
    assert_eq!(begun.await, Ok("begun"));
    waiter.abort();
    assert!(waiter.await.unwrap_err().is_cancelled());
    gate.set_result("go").unwrap();
    assert_eq!(done.await, Ok("went on"));
}

// 147
#[heist::test]
async fn outcomes_come_in_the_order_of_completion() {
    let [a, b, c] = Slots::default();
    let mut outcomes = as_completed([task(&a), task(&b), task(&c)], None);
    let mut seen = vec![];
    for (promise, value) in [(&b, 2), (&c, 3), (&a, 1)] {
        promise.set_result(value).unwrap();
        seen.push(outcomes.next().await.unwrap().unwrap().unwrap().unwrap());
    }
    assert_eq!(seen, [2, 3, 1]);
    assert!(outcomes.next().await.is_none());
}

// 147
#[heist::test]
async fn the_time_limit_of_as_completed_comes_once_and_ends_it() {
    let [a, b, _] = Slots::default();
    let tasks = [task(&a), task(&b)];
    // Finished before the time begins: the limit is as near as that.
    a.set_result(1).unwrap();
    while !tasks[0].is_finished() {
        heist::task::yield_now().await;
    }
    let mut outcomes = as_completed(tasks, Some(NEAR));
    assert!(outcomes.next().await.unwrap().is_ok());
    assert!(outcomes.next().await.unwrap().is_err());
    assert!(outcomes.next().await.is_none());
    // The task was not cancelled; it is woken by this, and nobody listens.
    b.set_result(2).unwrap();
}

// A wait for no time at all.

/// Futures that are done after so many turns.
async fn after_turns(count: usize) -> Answer {
    for _ in 1..count {
        heist::task::yield_now().await;
    }
    Ok(7)
}

#[test]
fn a_wait_for_no_time_gives_ready_tasks_their_turn() {
    support::on_every_runtime(|runtime| {
        let wait_for_nothing = |count: usize| async move {
            let tasks: Vec<_> = (0..count).map(|_| heist::spawn(after_turns(1))).collect();
            let never = heist::spawn(pending::<Answer>());
            let stop = never.abort_handle();
            let waited =
                wait(tasks.into_iter().chain([never]), ReturnWhen::AllCompleted, Some(Duration::ZERO));
            let waited = waited.await.unwrap();
            stop.abort();
            (waited.done.len(), waited.pending.len())
        };
        for count in [1, 3, 300] {
            exact_once(runtime, (count, 1), async || wait_for_nothing(count).await);
            exact_once(runtime, (count, 1), async || heist::spawn(wait_for_nothing(count)).await.unwrap());
        }
    });
}

/// On one thread at once. A second worker may have been taken away while it had one of the tasks.
fn exact_once<T: PartialEq + std::fmt::Debug>(
    runtime: &heist::runtime::Runtime,
    expected: T,
    mut outcome: impl AsyncFnMut() -> T,
) {
    let tries_count = if runtime.workers() == 1 { 1 } else { 50 };
    let outcomes: Vec<T> = (0..tries_count).map(|_| runtime.block_on(outcome())).collect();
    assert!(outcomes.contains(&expected), "{outcomes:?}, and never {expected:?}");
}

#[test]
fn a_wait_for_no_time_ends_beside_tasks_that_are_always_ready() {
    support::on_every_runtime(|runtime| {
        runtime.block_on(async {
            let busy = heist::spawn(after_turns(usize::MAX));
            let stop = busy.abort_handle();
            let waited = wait([busy], ReturnWhen::AllCompleted, Some(Duration::ZERO)).await.unwrap();
            assert_eq!((waited.done.len(), waited.pending.len()), (0, 1));
            stop.abort();
        });
    });
}

#[test]
fn as_completed_for_no_time_has_what_ready_tasks_give() {
    support::on_every_runtime(|runtime| {
        let collect = |count: usize| async move {
            let tasks: Vec<_> = (0..count).map(|_| heist::spawn(after_turns(1))).collect();
            let never = heist::spawn(pending::<Answer>());
            let stop = never.abort_handle();
            let outcomes = as_completed(tasks.into_iter().chain([never]), Some(Duration::ZERO));
            let outcomes: Vec<_> = outcomes.collect().await;
            stop.abort();
            (outcomes.iter().filter(|outcome| outcome.is_ok()).count(), outcomes.len())
        };
        for count in [1, 3, 300] {
            exact_once(runtime, (count, count + 1), async || collect(count).await);
            exact_once(runtime, (count, count + 1), async || heist::spawn(collect(count)).await.unwrap());
        }
    });
}

/// More have ended than a task may take in one poll, and the time is over: they are done all the same.
#[heist::test]
async fn what_has_ended_is_done_whatever_the_budget() {
    let collect = |timeout| async move {
        let tasks: Vec<_> = (0..500).map(|_| heist::spawn(after_turns(1))).collect();
        while !tasks.iter().all(JoinHandle::is_finished) {
            heist::task::yield_now().await;
        }
        let never = heist::spawn(pending::<Answer>());
        let stop = never.abort_handle();
        let tasks = tasks.into_iter().chain([never]);
        let waited = wait(tasks, ReturnWhen::AllCompleted, Some(timeout)).await.unwrap();
        stop.abort();
        (waited.done.len(), waited.pending.len())
    };
    for timeout in [Duration::ZERO, Duration::from_nanos(1)] {
        assert_eq!(heist::spawn(collect(timeout)).await.unwrap(), (500, 1), "after {timeout:?}");
    }
}
