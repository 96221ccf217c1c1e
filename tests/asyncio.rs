//! Promises, gather, wait, as_completed, shield and run. The numbers are those of the list of behaviours that
//! CPython's own tests assert (`test_futures`, `test_tasks`).
#![forbid(unsafe_code)]

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use heist::asyncio::{
    Callback, EmptyWait, InvalidState, Origin, Promise, PromiseError, ReturnWhen, TaskError, as_completed,
    gather, run, set_exception_handler, shield, sleep, wait,
};
use heist::task::JoinHandle;

type Text = Promise<&'static str, &'static str>;

/// Longer than any test takes: a limit that is not reached.
const FAR: Duration = Duration::from_secs(3600);
/// A limit that is reached.
const NEAR: Duration = Duration::from_millis(5);

// 127
#[test]
fn a_new_promise_is_neither_done_nor_cancelled() {
    let promise = Text::new();
    assert!(!promise.is_done() && !promise.is_cancelled());
    assert_eq!(format!("{promise:?}"), "Promise(Pending)");
}

// 128
#[test]
fn a_cancelled_promise_stays_cancelled() {
    let promise = Text::new();
    assert!(promise.cancel());
    assert!(promise.is_done() && promise.is_cancelled());
    assert_eq!(promise.result(), Ok(Err(PromiseError::Cancelled)));
    assert_eq!(promise.exception(), Ok(Err(PromiseError::Cancelled)));
    assert_eq!(promise.set_result("late"), Err(InvalidState));
    assert_eq!(promise.set_exception("late"), Err(InvalidState));
    assert!(!promise.cancel());
}

// 129
#[test]
fn a_result_is_there_once_and_is_not_replaced() {
    let promise = Text::new();
    assert_eq!(promise.result(), Err(InvalidState));
    assert_eq!(promise.set_result("42"), Ok(()));
    assert_eq!((promise.result(), promise.exception()), (Ok(Ok("42")), Ok(Ok(None))));
    assert_eq!(promise.set_result("43"), Err(InvalidState));
    assert!(!promise.cancel());
    assert_eq!(promise.result(), Ok(Ok("42")));
}

// 130
#[test]
fn an_exception_is_there_once_and_is_not_replaced() {
    let promise = Text::new();
    assert_eq!(promise.exception(), Err(InvalidState));
    assert_eq!(promise.set_exception("broken"), Ok(()));
    assert_eq!(promise.result(), Ok(Err(PromiseError::Exception("broken"))));
    assert_eq!(promise.exception(), Ok(Ok(Some("broken"))));
    assert_eq!(promise.set_exception("again"), Err(InvalidState));
}

// 131
#[heist::test]
async fn a_done_promise_gives_its_value_as_often_as_it_is_awaited() {
    let promise = Text::new();
    let setter = promise.clone();
    let task = heist::spawn(async move { setter.set_result("42") });
    assert_eq!((&promise).await, Ok("42"));
    assert_eq!((&promise).await, Ok("42"));
    assert_eq!(promise.await, Ok("42"));
    task.await.unwrap().unwrap();
}

#[test]
fn every_task_that_waits_is_woken() {
    let outcomes = run(async {
        let promise = Text::new();
        let waiters: Vec<_> = (0..10).map(|_| heist::spawn(promise.clone().into_future())).collect();
        while waiters.iter().any(|waiter| waiter.is_finished()) {}
        promise.set_result("all").unwrap();
        futures::future::join_all(waiters).await
    });
    assert!(outcomes.unwrap().into_iter().all(|outcome| outcome.unwrap() == Ok("all")));
}

// 132
#[test]
fn callbacks_run_in_order_and_can_be_removed() {
    let log = Arc::new(Mutex::new(vec![]));
    let callback = |name: &'static str| -> Callback<&'static str, &'static str> {
        let log = log.clone();
        Arc::new(move |promise| log.lock().unwrap().push((name, promise.result().unwrap())))
    };
    let (a, b, c) = (callback("a"), callback("b"), callback("c"));
    let promise = Text::new();
    for added in [&a, &b, &a, &c, &a] {
        promise.add_done_callback(added);
    }
    assert_eq!(promise.remove_done_callback(&a), 3);
    assert_eq!(promise.remove_done_callback(&a), 0);
    promise.set_result("x").unwrap();
    assert_eq!(*log.lock().unwrap(), [("b", Ok("x")), ("c", Ok("x"))]);
    promise.add_done_callback(&a);
    assert_eq!(log.lock().unwrap().last(), Some(&("a", Ok("x"))));
}

// 133
#[test]
fn an_exception_that_nobody_retrieved_is_reported_once() {
    let reports = Arc::new(Mutex::new(vec![]));
    let sink = reports.clone();
    set_exception_handler(move |unhandled| {
        // The other tests of this file share the handler: it listens to this one's words only.
        if unhandled.origin() == Origin::Promise && ["\"lost\"", "\"seen\""].contains(&unhandled.error()) {
            sink.lock().unwrap().push(unhandled.error().to_string());
        }
    });
    let lost = Text::new();
    lost.set_exception("lost").unwrap();
    let twin = lost.clone();
    drop(lost);
    assert!(reports.lock().unwrap().is_empty(), "a handle is left");
    drop(twin);
    let seen = Text::new();
    seen.set_exception("seen").unwrap();
    assert!(seen.exception().is_ok());
    drop(seen);
    let cancelled = Text::new();
    cancelled.cancel();
    drop(cancelled);
    drop(Text::new());
    assert_eq!(*reports.lock().unwrap(), ["\"lost\""]);
}

type Answer = Result<u32, &'static str>;
type Slots = [Promise<u32, &'static str>; 3];

/// Three promises and a gather of tasks that await them.
fn three() -> (Slots, heist::asyncio::Gather<u32, PromiseError<&'static str>>) {
    let slots: Slots = Default::default();
    let gathered = gather(slots.clone());
    (slots, gathered)
}

// 134
#[heist::test]
async fn gather_gives_the_values_in_the_order_of_the_tasks() {
    let ([a, b, c], gathered) = three();
    b.set_result(1).unwrap();
    a.set_result(2).unwrap();
    heist::task::yield_now().await;
    c.set_result(3).unwrap();
    assert_eq!(gathered.await.unwrap(), [2, 1, 3]);
}

// 135
#[heist::test]
async fn gather_ends_at_the_first_error_and_the_others_go_on() {
    let ([a, b, c], mut gathered) = three();
    a.set_result(1).unwrap();
    b.set_exception("zero").unwrap();
    let Err(TaskError::Failed(PromiseError::Exception(error))) = (&mut gathered).await else {
        panic!("the second task fails")
    };
    assert_eq!(error, "zero");
    drop(gathered);
    // The third task was not cancelled: it still waits, and its result goes nowhere.
    heist::task::yield_now().await;
    c.set_result(3).unwrap();
    assert_eq!(c.await, Ok(3));
}

#[heist::test]
async fn after_the_first_error_the_other_tasks_still_run_to_their_end() {
    let (gate, done) = (Text::new(), Text::new());
    let (wait_for, tell) = (gate.clone(), done.clone());
    let slow = async move {
        let _ = wait_for.await;
        tell.set_result("ran to its end").map_err(|_| "twice")
    };
    let tasks: [futures::future::BoxFuture<'static, Result<(), &str>>; 2] =
        [Box::pin(slow), Box::pin(async { Err("at once") })];
    assert!(gather(tasks).await.is_err());
    gate.set_result("go").unwrap();
    assert_eq!(done.await, Ok("ran to its end"));
}

// 136
#[heist::test]
async fn settled_gives_every_outcome_in_its_place() {
    let ([a, b, c], gathered) = three();
    c.set_exception("third").unwrap();
    a.set_result(3).unwrap();
    b.cancel();
    let outcomes: Vec<String> = gathered
        .settled()
        .await
        .into_iter()
        .map(|outcome| outcome.map_or_else(|error| error.to_string(), |value| value.to_string()))
        .collect();
    assert_eq!(outcomes, ["3", "the promise was cancelled", "third"]);
}

// 137
#[heist::test]
async fn the_cancellation_of_one_task_is_its_error() {
    let (gate, gathered) = {
        let ([a, _b, _c], gathered) = three();
        (a, gathered)
    };
    gate.cancel();
    let error = gathered.await.unwrap_err();
    assert_eq!(error.failure(), Some(PromiseError::Cancelled));
}

struct OnDrop(Text);

impl Drop for OnDrop {
    fn drop(&mut self) {
        let _ = self.0.set_result("dropped");
    }
}

// 138
#[heist::test]
async fn cancelling_a_gather_cancels_all_of_its_tasks() {
    let (begun, dropped): ([Text; 2], [Text; 2]) = Default::default();
    let tasks: Vec<_> = begun.clone().into_iter().zip(dropped.clone()).collect();
    let gathered = gather(tasks.into_iter().map(|(begun, text)| async move {
        let _guard = OnDrop(text);
        begun.set_result("begun").unwrap();
        pending::<()>().await;
        Answer::Ok(1)
    }));
    for text in &begun {
        assert_eq!(text.await, Ok("begun"));
    }
    gathered.cancel();
    assert!(gathered.await.unwrap_err().is_cancelled());
    for text in &dropped {
        assert_eq!(text.await, Ok("dropped"));
    }
}

#[heist::test]
async fn dropping_a_gather_cancels_all_of_its_tasks() {
    let (begun, dropped) = (Text::new(), Text::new());
    let (tell, inside) = (begun.clone(), dropped.clone());
    let gathered = gather([async move {
        let _guard = OnDrop(inside);
        tell.set_result("begun").unwrap();
        pending::<()>().await;
        Answer::Ok(1)
    }]);
    assert_eq!(begun.await, Ok("begun"));
    drop(gathered);
    assert_eq!(dropped.await, Ok("dropped"));
}

// 139
#[heist::test]
async fn the_same_promise_gathered_twice_is_made_once() {
    let promise: Promise<u32, &'static str> = Promise::new();
    let gathered = gather([promise.clone(), promise.clone(), promise.clone()]);
    promise.set_result(7).unwrap();
    assert_eq!(gathered.await.unwrap(), [7, 7, 7]);
}

// 140
#[heist::test]
async fn a_gather_of_nothing_is_empty() {
    let none: [std::future::Ready<Answer>; 0] = [];
    assert!(gather(none).await.unwrap().is_empty());
}

/// A task that waits for a promise.
fn task(promise: &Promise<u32, &'static str>) -> JoinHandle<Result<u32, PromiseError<&'static str>>> {
    heist::spawn(promise.clone().into_future())
}

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

// Beside the numbered list: the examples of the source documents.

#[test]
fn a_native_coroutine_needs_no_priming() {
    async fn simple() -> &'static str {
        sleep(Duration::from_millis(1)).await;
        "Done"
    }
    assert_eq!(run(simple()).unwrap(), "Done");
}

#[test]
fn one_coroutine_sets_what_another_awaits() {
    let got = run(async {
        let future = Text::new();
        let setter = future.clone();
        let first = heist::spawn(async move {
            sleep(Duration::from_millis(1)).await;
            setter.set_result("data").map(|()| "set").map_err(|_| PromiseError::Cancelled)
        });
        let second = heist::spawn(future.into_future());
        let waited = wait([first, second], ReturnWhen::AllCompleted, None).await.unwrap();
        let mut outcomes: Vec<_> =
            waited.done.into_iter().map(|(_, outcome)| outcome.unwrap().unwrap()).collect();
        outcomes.sort_unstable();
        outcomes
    });
    assert_eq!(got.unwrap(), ["data", "set"]);
}
