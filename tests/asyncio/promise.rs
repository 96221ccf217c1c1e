//! Promises: set once, awaited by any number, reported when nobody looks. The numbers are those of the list of
//! behaviours that CPython's own tests assert (`test_futures`).

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use heist::asyncio::{Callback, InvalidState, Origin, Promise, PromiseError, ReturnWhen, run, sleep, wait};

use crate::{NEAR, Text, listen};

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
    listen(move |unhandled| {
        // The other tests share the handler: it listens to this one's words only.
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
