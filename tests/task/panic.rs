//! Panics: in a future, in its drop, in its output's drop. They stay in the task, and everything is
//! dropped once.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::channel::oneshot;
use heist::runtime::Runtime;

use crate::support::{self, CountedDrop, Counter, on_every_backend, on_every_runtime, with_every_runtime};

#[test]
fn a_panic_reaches_the_joiner_with_its_payload_and_the_workers_live_on() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            for round in 0..20 {
                let error = heist::spawn(async move {
                    heist::task::yield_now().await;
                    std::panic::panic_any(round);
                })
                .await
                .expect_err("it panicked");
                assert!(error.is_panic());
                assert!(!error.is_cancelled());
                let payload = error.into_panic();
                assert_eq!(payload.downcast_ref::<i32>(), Some(&round));
            }
            assert_eq!(heist::spawn(async { 1 }).await.expect("no panic"), 1);
        });
    });
}

#[test]
fn both_workers_survive_a_panic_each() {
    on_every_backend(|runtime| {
        let barrier = std::sync::Arc::new(std::sync::Barrier::new(2));
        for _ in 0..10 {
            let handles: Vec<_> = (0..2)
                .map(|_| {
                    let barrier = barrier.clone();
                    runtime.spawn(async move {
                        // Both at once: each on a worker of its own.
                        barrier.wait();
                        panic!("on purpose");
                    })
                })
                .collect();
            for handle in handles {
                let outcome: Result<(), _> = futures::executor::block_on(handle);
                assert!(outcome.expect_err("it panicked").is_panic());
            }
        }
    });
}

#[test]
fn a_panic_in_block_on_passes_through_and_the_runtime_can_be_used_again() {
    on_every_runtime(|runtime| {
        let panic = catch_unwind(AssertUnwindSafe(|| runtime.block_on(async { panic!("on purpose") })));
        assert_eq!(panic.expect_err("it panicked").downcast_ref::<&str>(), Some(&"on purpose"));
        assert_eq!(runtime.block_on(async { heist::spawn(async { 4 }).await }).expect("no panic"), 4);
    });
}

#[test]
fn a_payload_that_panics_when_dropped_does_not_end_the_process() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                panic!("the payload's drop");
            }
        }
    }
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            // Nobody joins: the runtime itself must get rid of the payload.
            let detached = heist::spawn(async { std::panic::panic_any(Bomb) });
            let abort = detached.abort_handle();
            drop(detached);
            while !abort.is_finished() {
                heist::task::yield_now().await;
            }
            // Joined: it is the joiner's.
            let error = heist::spawn(async { std::panic::panic_any(Bomb) }).await;
            let error = error.expect_err("it panicked");
            assert!(catch_unwind(AssertUnwindSafe(|| drop(error))).is_err() || cfg!(panic = "abort"));
            assert_eq!(heist::spawn(async { 2 }).await.expect("no panic"), 2);
        });
    });
}

/// A waker that no task stands behind. It counts, and then panics.
struct Alarm(Counter);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.0.bump();
        panic!("the waker's wake");
    }
}

/// Fault B19: whoever is woken by the end of a runtime cannot hold it up, nor keep it from others.
#[test]
fn wakers_that_panic_hold_up_neither_the_end_of_a_runtime_nor_each_other() {
    with_every_runtime(|runtime| {
        let wakes = Counter::default();
        let listeners: Vec<_> = (0..3)
            .map(|_| runtime.block_on(heist::net::TcpListener::bind("127.0.0.1:0")).expect("a free port"))
            .collect();
        let mut waits: Vec<Pin<Box<dyn Future<Output = ()> + '_>>> = Vec::new();
        for listener in &listeners {
            waits.push(Box::pin(async { drop(listener.accept().await) }));
            waits.push(Box::pin(heist::time::sleep(Duration::from_secs(3600))));
        }
        {
            let _guard = runtime.enter();
            for wait in &mut waits {
                let waker = Waker::from(Arc::new(Alarm(wakes.clone())));
                assert!(wait.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            }
        }
        drop(runtime);
        assert_eq!(wakes.get(), waits.len(), "each was told, once");
        for wait in &mut waits {
            assert!(pin!(wait).poll(&mut Context::from_waker(Waker::noop())).is_ready());
        }
    });
}

// The product: every way a task can panic, times every way it can end, times what becomes of its
// handle.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Explodes {
    Never,
    InPoll,
    InDrop,
    InBoth,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Handle {
    Joined,
    DroppedAtOnce,
    DroppedAfterTheEnd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Completes,
    AbortedBeforeItRuns,
    AbortedWhileItWaits,
    RuntimeDropped,
}

#[derive(Clone, Copy, Debug)]
struct Case {
    future: Explodes,
    output_explodes: bool,
    handle: Handle,
    end: End,
}

/// The output; may panic when dropped.
struct Output {
    _counted: CountedDrop,
    explodes: bool,
}

impl Drop for Output {
    fn drop(&mut self) {
        if self.explodes && !std::thread::panicking() {
            panic!("the output's drop");
        }
    }
}

/// Waits for the gate, then gives the output; may panic when polled past the gate, and when
/// dropped.
struct Fragile {
    gate: oneshot::Receiver<()>,
    output: Option<Output>,
    explodes: Explodes,
    _counted: CountedDrop,
}

impl Future for Fragile {
    type Output = Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Output> {
        if Pin::new(&mut self.gate).poll(cx).is_pending() {
            return Poll::Pending;
        }
        if matches!(self.explodes, Explodes::InPoll | Explodes::InBoth) {
            panic!("the future's poll");
        }
        Poll::Ready(self.output.take().expect("polled once past the gate"))
    }
}

impl Drop for Fragile {
    fn drop(&mut self) {
        if matches!(self.explodes, Explodes::InDrop | Explodes::InBoth) && !std::thread::panicking() {
            panic!("the future's drop");
        }
    }
}

/// Faults B1, B2 and B3: whatever panics where, nothing is dropped twice or never, and the runtime
/// lives on.
#[test]
fn every_combination_of_panic_end_and_handle_drops_everything_once() {
    with_every_runtime(|runtime| {
        let mut last = Some(runtime);
        let ends = [End::Completes, End::AbortedBeforeItRuns, End::AbortedWhileItWaits];
        each_case(&ends, |case| run_case(last.as_ref().expect("kept until the end"), case));
        drop(last.take());
    });
}

/// Fault B2 at shutdown: a drop that panics while the runtime is dropped takes nothing else down.
#[test]
fn every_combination_of_panics_survives_the_drop_of_the_runtime() {
    for kind in support::backends() {
        for shape in [support::Shape::MultiThread, support::Shape::CurrentThread] {
            support::watched(|| {
                each_case(&[End::RuntimeDropped], |case| {
                    let runtime = support::builder(shape, kind).build().expect("available");
                    run_dropped(runtime, case);
                });
            });
        }
    }
}

fn each_case(ends: &[End], run: impl Fn(Case)) {
    for future in [Explodes::Never, Explodes::InPoll, Explodes::InDrop, Explodes::InBoth] {
        for output_explodes in [false, true] {
            for handle in [Handle::Joined, Handle::DroppedAtOnce, Handle::DroppedAfterTheEnd] {
                for &end in ends {
                    run(Case { future, output_explodes, handle, end });
                }
            }
        }
    }
}

struct Drops {
    futures: Counter,
    outputs: Counter,
}

fn fragile(case: Case) -> (Fragile, oneshot::Sender<()>, Drops) {
    let drops = Drops { futures: Counter::default(), outputs: Counter::default() };
    let (open, gate) = oneshot::channel();
    let output = Output { _counted: drops.outputs.on_drop(), explodes: case.output_explodes };
    let counted = drops.futures.on_drop();
    (Fragile { gate, output: Some(output), explodes: case.future, _counted: counted }, open, drops)
}

fn run_case(runtime: &Runtime, case: Case) {
    let (future, open, drops) = fragile(case);
    runtime.block_on(async {
        let handle = heist::spawn(future);
        let abort = handle.abort_handle();
        let mut kept = Some(handle);
        if case.handle == Handle::DroppedAtOnce {
            drop(kept.take());
        }
        match case.end {
            End::Completes => drop(open.send(())),
            End::AbortedBeforeItRuns => abort.abort(),
            End::AbortedWhileItWaits => {
                heist::task::yield_now().await;
                abort.abort();
            }
            End::RuntimeDropped => unreachable!("has a test of its own"),
        }
        if case.handle == Handle::Joined {
            joined(case, kept.take().expect("not dropped").await);
        }
        while !abort.is_finished() {
            heist::task::yield_now().await;
        }
        // Dropping the handle never throws what the output's drop threw.
        drop(kept);
        assert_eq!(heist::spawn(async { 1 }).await.expect("the runtime lives on"), 1);
    });
    support::eventually("future and output are gone", || {
        drops.futures.get() == 1 && drops.outputs.get() == 1
    });
}

fn joined(case: Case, outcome: Result<Output, heist::task::JoinError>) {
    match outcome {
        Ok(output) => {
            assert_eq!(case.end, End::Completes, "{case:?}");
            let is_thrown = catch_unwind(AssertUnwindSafe(|| drop(output))).is_err();
            assert_eq!(is_thrown, case.output_explodes, "{case:?}");
        }
        Err(error) => {
            let is_expected = error.is_panic() || case.end != End::Completes;
            assert!(is_expected, "neither panicked nor aborted: {case:?}");
        }
    }
}

fn run_dropped(runtime: Runtime, case: Case) {
    let (future, open, drops) = fragile(case);
    let handle = runtime.spawn(future);
    let mut kept = Some(handle);
    if case.handle == Handle::DroppedAtOnce {
        drop(kept.take());
    }
    drop(runtime);
    drop(open);
    if let Some(handle) = kept.take() {
        if case.handle == Handle::Joined {
            let error = futures::executor::block_on(handle).map(drop).expect_err("it never ended");
            assert!(error.is_cancelled() || error.is_panic(), "{case:?}");
        }
    }
    assert_eq!((drops.futures.get(), drops.outputs.get()), (1, 1), "{case:?}");
}

/// Reports in its destructor whether the thread unwinds, and which task it belongs to.
struct TellsWhenDropped(mpsc::Sender<(bool, Option<heist::task::Id>)>);

impl Drop for TellsWhenDropped {
    fn drop(&mut self) {
        // The test may have failed.
        let _ = self.0.send((std::thread::panicking(), heist::task::try_id()));
    }
}

#[test]
fn a_future_that_panics_is_dropped_while_its_panic_unwinds() {
    struct Panics(#[allow(dead_code, reason = "for its destructor")] TellsWhenDropped);
    impl Future for Panics {
        type Output = ();

        fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
            panic!("on purpose")
        }
    }
    on_every_runtime(|runtime| {
        let (send, receive) = mpsc::channel();
        let task = runtime.spawn(Panics(TellsWhenDropped(send)));
        let id = task.id();
        assert!(runtime.block_on(task).expect_err("it panicked").is_panic());
        assert_eq!(receive.try_iter().collect::<Vec<_>>(), [(true, Some(id))]);
    });
}

#[test]
fn a_future_that_panics_again_when_it_is_dropped_ends_only_its_task() {
    struct PanicsTwice;
    impl Drop for PanicsTwice {
        fn drop(&mut self) {
            panic!("the second one")
        }
    }
    impl Future for PanicsTwice {
        type Output = ();

        fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
            panic!("the first one")
        }
    }
    on_every_runtime(|runtime| {
        let error = runtime.block_on(runtime.spawn(PanicsTwice)).expect_err("it panicked");
        assert_eq!(error.into_panic().downcast_ref(), Some(&"the first one"));
        assert_eq!(runtime.block_on(runtime.spawn(async { 42 })).expect("no panic"), 42);
    });
}

#[test]
fn an_output_that_the_handle_drops_belongs_to_its_task() {
    on_every_runtime(|runtime| {
        let (send, receive) = mpsc::channel();
        let task = runtime.spawn(async move { TellsWhenDropped(send) });
        let id = task.id();
        crate::support::eventually("the task has ended", || {
            runtime.block_on(heist::task::yield_now());
            task.is_finished()
        });
        drop(task);
        assert_eq!(receive.try_recv(), Ok((false, Some(id))));
    });
}

/// Fault B17: a task that uses up the stack of its worker ends the process, which names the worker's thread. It does not
/// hang.
#[cfg(target_os = "linux")]
#[test]
fn a_task_that_overflows_the_stack_ends_the_process_at_once() {
    use crate::support::process::{again, everything, role};
    use std::os::unix::process::ExitStatusExt as _;

    fn recurse(depth: u64) -> u64 {
        let block = std::hint::black_box([depth; 128]);
        if depth == u64::MAX { 0 } else { recurse(depth + 1) + block[0] }
    }
    if role().is_some() {
        return support::watched(|| {
            let runtime = support::two_workers();
            let sum = runtime.block_on(async { heist::spawn(async { recurse(0) }).await });
            println!("{sum:?}");
        });
    }
    let name = "panic::a_task_that_overflows_the_stack_ends_the_process_at_once";
    let output = again(name, "overflow").output().expect("the child starts");
    let text = everything(&output);
    assert_eq!(output.status.signal(), Some(libc::SIGABRT), "{text}");
    assert!(text.contains("heist-worker") && text.contains("has overflowed its stack"), "{text}");
}
