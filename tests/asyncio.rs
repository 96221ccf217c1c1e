//! Promises, gather, wait, as_completed, shield and run. The numbers are those of the list of behaviours that
//! CPython's own tests assert (`test_futures`, `test_tasks`).

mod support;

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use futures::StreamExt;
use heist::asyncio::{
    Callback, EmptyWait, InvalidState, Origin, Promise, PromiseError, ReturnWhen, TaskError, Unhandled,
    as_completed, gather, run, set_exception_handler, shield, sleep, wait,
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

/// The process has one handler, and the tests of this file run beside each other: each adds its own ear.
fn listen(ear: impl Fn(&Unhandled) + Send + Sync + 'static) {
    type Ear = Arc<dyn Fn(&Unhandled) + Send + Sync>;
    static EARS: Mutex<Vec<Ear>> = Mutex::new(Vec::new());
    EARS.lock().unwrap().push(Arc::new(ear));
    set_exception_handler(|unhandled| {
        let ears = EARS.lock().unwrap().clone();
        ears.iter().for_each(|ear| ear(unhandled));
    });
}

// 133
#[test]
fn an_exception_that_nobody_retrieved_is_reported_once() {
    let reports = Arc::new(Mutex::new(vec![]));
    let sink = reports.clone();
    listen(move |unhandled| {
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

// What is a user's runs under no lock, and is let go.

/// Counts its wakes, and may panic in them.
struct Bell {
    wakes: AtomicUsize,
    panics: bool,
}

impl Bell {
    fn new(panics: bool) -> Arc<Bell> {
        Arc::new(Bell { wakes: AtomicUsize::new(0), panics })
    }

    fn wakes_count(&self) -> usize {
        self.wakes.load(Ordering::SeqCst)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, Ordering::SeqCst);
        assert!(!self.panics, "a waker");
    }
}

fn poll_with<F: Future + Unpin>(future: &mut F, bell: &Arc<Bell>) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(&Waker::from(bell.clone())))
}

#[test]
fn a_waiter_that_is_dropped_takes_its_waker_back() {
    let promise = Text::new();
    let bells: Vec<_> = (0..1000).map(|_| Bell::new(false)).collect();
    let mut waiters: Vec<_> = bells.iter().map(|_| promise.clone()).collect();
    for (waiter, bell) in waiters.iter_mut().zip(&bells) {
        assert!(poll_with(waiter, bell).is_pending());
    }
    assert!(bells.iter().all(|bell| Arc::strong_count(bell) == 2), "one waker each");
    // Every second one goes, from the front and from the back.
    let stay: Vec<_> = waiters.into_iter().enumerate().filter(|(place, _)| place % 2 == 0).collect();
    let kept = bells.iter().filter(|bell| Arc::strong_count(bell) == 2).count();
    assert_eq!(kept, 500, "a waiter that is gone is not kept");
    promise.set_result("now").unwrap();
    for (place, bell) in bells.iter().enumerate() {
        assert_eq!(bell.wakes_count(), usize::from(place % 2 == 0), "waiter {place}");
        assert_eq!(Arc::strong_count(bell), 1);
    }
    drop(stay);
}

#[test]
fn a_waiter_that_is_polled_by_another_task_is_woken_there_only() {
    let promise = Text::new();
    let mut waiter = promise.clone();
    let bells: Vec<_> = (0..10).map(|_| Bell::new(false)).collect();
    for bell in &bells {
        assert!(poll_with(&mut waiter, bell).is_pending());
        assert!(poll_with(&mut waiter, bell).is_pending());
    }
    promise.set_result("now").unwrap();
    let wakes: Vec<_> = bells.iter().map(|bell| bell.wakes_count()).collect();
    assert_eq!(wakes, [0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    assert!(bells.iter().all(|bell| Arc::strong_count(bell) == 1));
}

/// A time-out around a wait, again and again: the promise of a stop signal lives as long as its program.
#[heist::test]
async fn waits_that_time_out_leave_nothing_with_the_promise() {
    let stop = Text::new();
    let bell = Bell::new(false);
    for _ in 0..100 {
        let mut wait = stop.clone();
        assert!(poll_with(&mut wait, &bell).is_pending());
    }
    assert_eq!(Arc::strong_count(&bell), 1);
    assert!(heist::time::timeout(NEAR, &stop).await.is_err());
    assert!(stop.cancel());
}

/// What placing a waiter costs does not depend on how many there are: a hundred times as many take less than a thousand times
/// as long, where a look at each of them would take ten thousand times as long.
#[test]
fn placing_a_waiter_looks_at_no_other() {
    let place = |count: usize| {
        let promise = Text::new();
        let bells: Vec<_> = (0..count).map(|_| Bell::new(false)).collect();
        let mut waiters: Vec<_> = bells.iter().map(|_| promise.clone()).collect();
        let start = Instant::now();
        for (waiter, bell) in waiters.iter_mut().zip(&bells) {
            assert!(poll_with(waiter, bell).is_pending());
        }
        let placed = start.elapsed();
        promise.cancel();
        placed
    };
    let few = (0..5).map(|_| place(500)).min().unwrap();
    let many = (0..3).map(|_| place(50_000)).min().unwrap();
    assert!(many < few * 1000, "placing 500 took {few:?}, 50,000 took {many:?}");
}

#[test]
fn wakers_that_panic_keep_neither_each_other_nor_the_setter() {
    let promise = Text::new();
    let bells: Vec<_> = (0..3).map(|_| Bell::new(true)).collect();
    let mut waiters: Vec<_> = bells.iter().map(|_| promise.clone()).collect();
    for (waiter, bell) in waiters.iter_mut().zip(&bells) {
        assert!(poll_with(waiter, bell).is_pending());
    }
    assert_eq!(promise.set_result("now"), Ok(()));
    assert!(bells.iter().all(|bell| bell.wakes_count() == 1));
}

/// A value whose clone and destructor use the promise that it came through: under a lock they would wait for ever.
struct Nosy(Arc<Mutex<Option<Promise<Nosy, u8>>>>);

impl Nosy {
    fn look(&self) {
        if let Some(promise) = self.0.lock().unwrap().clone() {
            assert!(promise.set_exception(1).is_err() || promise.is_done());
            promise.remove_done_callback(&(Arc::new(|_: &Promise<Nosy, u8>| {}) as Callback<Nosy, u8>));
            let _ = format!("{promise:?}");
        }
    }
}

impl Clone for Nosy {
    fn clone(&self) -> Nosy {
        self.look();
        Nosy(self.0.clone())
    }
}

impl Drop for Nosy {
    fn drop(&mut self) {
        self.look();
    }
}

#[test]
fn clones_and_destructors_of_a_value_may_use_its_promise() {
    // On a thread of its own: a lock that is taken twice would hold it for ever.
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let promise: Promise<Nosy, u8> = Promise::new();
        let way = Arc::new(Mutex::new(Some(promise.clone())));
        promise.set_result(Nosy(way.clone())).unwrap();
        assert!(promise.set_result(Nosy(way.clone())).is_err(), "refused, and dropped");
        assert!(promise.result().unwrap().is_ok());
        assert!(matches!(poll_with(&mut promise.clone(), &Bell::new(false)), Poll::Ready(Ok(_))));
        let promise = way.lock().unwrap().take();
        drop(promise);
        done.send(()).unwrap();
    });
    is_done.recv_timeout(Duration::from_secs(60)).expect("a clone or a destructor ran under the lock");
}

/// Two threads take the value at a time: neither waits for the other's clone.
#[test]
fn a_clone_that_takes_long_keeps_nobody_from_the_value() {
    #[derive(Debug)]
    struct Meets(Arc<std::sync::Barrier>);
    impl Clone for Meets {
        fn clone(&self) -> Meets {
            self.0.wait();
            Meets(self.0.clone())
        }
    }
    let (done, is_done) = std::sync::mpsc::channel();
    let promise: Promise<Meets> = Promise::new();
    promise.set_result(Meets(Arc::new(std::sync::Barrier::new(2)))).unwrap();
    for _ in 0..2 {
        let (promise, done) = (promise.clone(), done.clone());
        std::thread::spawn(move || done.send(promise.result().unwrap().is_ok()).unwrap());
    }
    for _ in 0..2 {
        assert!(is_done.recv_timeout(Duration::from_secs(60)).expect("one clone waits for the other"));
    }
}

#[test]
fn a_callback_that_panics_is_reported_and_stops_nobody() {
    let (reports, log) = (Arc::new(Mutex::new(vec![])), Arc::new(Mutex::new(vec![])));
    let sink = reports.clone();
    listen(move |unhandled| {
        if unhandled.error().contains("of the callback test") {
            sink.lock().unwrap().push(unhandled.to_string());
            // A handler that panics hurts nobody either.
            panic!("the handler");
        }
    });
    let bad: Callback<&str, &str> = Arc::new(|_| panic!("words of the callback test"));
    let trace = log.clone();
    let good: Callback<&str, &str> = Arc::new(move |promise| trace.lock().unwrap().push(promise.result()));
    let promise = Text::new();
    let mut waiter = promise.clone();
    let bell = Bell::new(false);
    assert!(poll_with(&mut waiter, &bell).is_pending());
    for callback in [&bad, &good, &bad, &good] {
        promise.add_done_callback(callback);
    }
    assert_eq!(promise.set_result("set"), Ok(()));
    assert_eq!((log.lock().unwrap().len(), bell.wakes_count()), (2, 1));
    // Added to one that is done, it is called at once, and is as harmless.
    promise.add_done_callback(&bad);
    promise.add_done_callback(&good);
    assert_eq!(*log.lock().unwrap(), [Ok(Ok("set")), Ok(Ok("set")), Ok(Ok("set"))]);
    let told = "a callback of a promise failed: it panicked: words of the callback test";
    assert_eq!(*reports.lock().unwrap(), [told, told, told]);
    // Cancelling is a way to complete it too.
    let cancelled = Text::new();
    cancelled.add_done_callback(&bad);
    assert!(cancelled.cancel());
    assert_eq!(reports.lock().unwrap().len(), 4);
}

/// The error of an exception that nobody retrieved is printed by its own `Debug`, which may panic: in an unwinding that would
/// end the process.
#[test]
fn an_error_whose_debug_panics_is_reported_all_the_same() {
    struct Mute;
    impl std::fmt::Debug for Mute {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("no words for it")
        }
    }
    let reports = Arc::new(Mutex::new(vec![]));
    let sink = reports.clone();
    listen(move |unhandled| {
        if unhandled.error().contains("no words for it") {
            sink.lock().unwrap().push(unhandled.origin());
        }
    });
    let promise: Promise<(), Mute> = Promise::new();
    promise.set_exception(Mute).unwrap();
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _promise = promise;
        panic!("on the way");
    }));
    assert_eq!(unwound.unwrap_err().downcast_ref::<&str>(), Some(&"on the way"));
    assert_eq!(*reports.lock().unwrap(), [Origin::Promise]);
}

// A gather answers once, and forgets nothing.

#[heist::test]
async fn after_a_failure_settled_has_an_outcome_at_each_place() {
    for fails in 0..4 {
        for also_fails in 0..4 {
            let slots: [Promise<usize, &'static str>; 4] = Default::default();
            let mut gathered = gather(slots.clone());
            slots[fails].set_exception("first").unwrap();
            let error = (&mut gathered).await.unwrap_err();
            assert_eq!(error.failure(), Some(PromiseError::Exception("first")));
            assert!(matches!((&mut gathered).await, Err(TaskError::Answered)), "it answers once");
            let later = gathered.settled();
            for (place, slot) in slots.iter().enumerate().filter(|(place, _)| *place != fails) {
                match place == also_fails {
                    true => slot.set_exception("second").unwrap(),
                    false => slot.set_result(place).unwrap(),
                }
            }
            let outcomes = later.await;
            assert_eq!(outcomes.len(), 4);
            for (place, outcome) in outcomes.into_iter().enumerate() {
                match outcome {
                    Err(TaskError::Answered) => assert_eq!(place, fails),
                    Err(error) => {
                        assert_eq!(error.failure(), Some(PromiseError::Exception("second")));
                        assert!(place == also_fails && place != fails);
                    }
                    Ok(value) => assert!(value == place && place != fails && place != also_fails),
                }
            }
        }
    }
}

#[heist::test]
async fn a_gather_that_has_answered_says_so() {
    let mut gathered = gather((0..3).map(|n| async move { Answer::Ok(n) }));
    assert_eq!((&mut gathered).await.unwrap(), [0, 1, 2]);
    for _ in 0..2 {
        let again = (&mut gathered).await.unwrap_err();
        assert!(matches!(again, TaskError::Answered) && !again.is_cancelled());
        assert_eq!(again.to_string(), "the gather has given this outcome out before");
    }
    let mut settled = gathered.settled();
    for _ in 0..2 {
        let outcomes = (&mut settled).await;
        assert!(matches!(outcomes[..], [Err(TaskError::Answered), Err(TaskError::Answered), _]));
        assert_eq!(outcomes.len(), 3);
    }
    // Also where the outcomes are taken by it, and a panic is among them.
    let tasks: [futures::future::BoxFuture<'static, Answer>; 2] =
        [Box::pin(async { panic!("on purpose") }), Box::pin(async { Ok(1) })];
    let mut settled = gather(tasks).settled();
    assert!(matches!((&mut settled).await[..], [Err(TaskError::Join(_)), Ok(1)]));
    assert!(matches!((&mut settled).await[..], [Err(TaskError::Answered), Err(TaskError::Answered)]));
}

#[heist::test]
async fn an_iterator_that_panics_leaves_no_gathered_task_behind() {
    let dropped = Text::new();
    let inside = dropped.clone();
    let tasks = (0..2).map(move |n| {
        assert!(n == 0, "the iterator");
        let guard = OnDrop(inside.clone());
        async move {
            let _guard = guard;
            pending::<Answer>().await
        }
    });
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(gather(tasks))));
    assert!(panicked.is_err());
    assert_eq!(dropped.await, Ok("dropped"));
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
            assert_eq!(runtime.block_on(wait_for_nothing(count)), (count, 1), "beside the tasks");
            let inside = runtime.block_on(async { heist::spawn(wait_for_nothing(count)).await.unwrap() });
            assert_eq!(inside, (count, 1), "inside a task");
        }
    });
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
            assert_eq!(runtime.block_on(collect(count)), (count, count + 1), "beside the tasks");
            let inside = runtime.block_on(async { heist::spawn(collect(count)).await.unwrap() });
            assert_eq!(inside, (count, count + 1), "inside a task");
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
