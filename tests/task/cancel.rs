//! Cancelling: a future is dropped once, its joiner hears of it, and a race has one winner.

use std::sync::Arc;
use std::task::Poll;

use futures::channel::oneshot;
use heist::task::AbortOnDropHandle;

use crate::support::{Counter, on_every_backend, on_every_runtime, with_every_runtime};

#[test]
fn aborting_a_waiting_task_drops_its_future_and_wakes_the_joiner() {
    on_every_runtime(|runtime| {
        let drops = Counter::default();
        let guard = drops.on_drop();
        runtime.block_on(async {
            let (started, is_started) = oneshot::channel();
            let handle = heist::spawn(async move {
                let _guard = guard;
                started.send(()).expect("the test is waiting");
                std::future::pending::<()>().await;
            });
            is_started.await.expect("it starts");
            handle.abort();
            let error = handle.await.expect_err("it was aborted");
            assert!(error.is_cancelled());
            assert!(!error.is_panic());
            assert_eq!(drops.get(), 1, "dropped before the joiner hears of it");
        });
    });
}

#[test]
fn aborting_before_the_first_poll_means_it_never_runs() {
    // The single-threaded loop cannot run it before the abort; on two workers either may come first.
    with_every_runtime(|runtime| {
        let ran = Counter::default();
        let drops = Counter::default();
        let (guard, bump) = (drops.on_drop(), ran.clone());
        let outcome = runtime.block_on(async {
            let handle = heist::spawn(async move {
                let _guard = guard;
                bump.bump();
            });
            handle.abort();
            handle.await
        });
        match outcome {
            Ok(()) => assert_eq!(ran.get(), 1),
            Err(error) => assert!(error.is_cancelled()),
        }
        assert_eq!(drops.get(), 1);
    });
}

#[test]
fn aborting_a_finished_task_leaves_its_output() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let handle = heist::spawn(async { 9 });
            while !handle.is_finished() {
                heist::task::yield_now().await;
            }
            handle.abort();
            assert_eq!(handle.await.expect("it had finished"), 9);
        });
    });
}

#[test]
fn a_task_may_abort_itself_and_ends_at_its_next_pause() {
    on_every_runtime(|runtime| {
        let after = Counter::default();
        let bump = after.clone();
        runtime.block_on(async {
            let (sender, receiver) = oneshot::channel::<heist::task::AbortHandle>();
            let handle = heist::spawn(async move {
                let own: heist::task::AbortHandle = receiver.await.expect("sent below");
                own.abort();
                // Still running: an abort takes effect where the task pauses.
                bump.bump();
                heist::task::yield_now().await;
                bump.bump();
            });
            assert!(sender.send(handle.abort_handle()).is_ok());
            assert!(handle.await.expect_err("aborted").is_cancelled());
        });
        assert_eq!(after.get(), 1);
    });
}

#[test]
fn a_handle_that_aborts_on_drop_does() {
    on_every_runtime(|runtime| {
        let drops = Counter::default();
        let guard = drops.on_drop();
        runtime.block_on(async {
            let handle = heist::spawn(async move {
                let _guard = guard;
                std::future::pending::<()>().await;
            });
            let abort = handle.abort_handle();
            drop(AbortOnDropHandle::new(handle));
            while !abort.is_finished() {
                heist::task::yield_now().await;
            }
        });
        assert_eq!(drops.get(), 1);
    });
}

#[test]
fn dropping_the_runtime_cancels_what_is_waiting_and_the_handle_says_so() {
    with_every_runtime(|runtime| {
        let drops = Counter::default();
        let guard = drops.on_drop();
        let handle = runtime.spawn(async move {
            let _guard = guard;
            std::future::pending::<()>().await;
        });
        drop(runtime);
        assert_eq!(drops.get(), 1);
        assert!(futures::executor::block_on(handle).expect_err("cancelled").is_cancelled());
    });
}

/// Fault B9: abort, completion and the reader of the output race; one wins, and everything is dropped once.
#[test]
fn abort_completion_and_join_race_with_one_winner() {
    const ROUND_COUNT: usize = 2_000;
    on_every_backend(|runtime| {
        let (futures_dropped, outputs_dropped) = (Counter::default(), Counter::default());
        let mut finished_count = 0;
        for _ in 0..ROUND_COUNT {
            let (guard, output) = (futures_dropped.on_drop(), outputs_dropped.on_drop());
            let (open, gate) = oneshot::channel::<()>();
            let handle = runtime.spawn(async move {
                let _guard = guard;
                gate.await.expect("opened below");
                output
            });
            let abort = handle.abort_handle();
            let outcome = std::thread::scope(|scope| {
                scope.spawn(move || abort.abort());
                // Refused when the abort came first.
                scope.spawn(move || open.send(()).is_ok());
                futures::executor::block_on(handle)
            });
            match outcome {
                Ok(output) => {
                    finished_count += 1;
                    drop(output);
                }
                Err(error) => assert!(error.is_cancelled()),
            }
        }
        assert_eq!(futures_dropped.get(), ROUND_COUNT);
        assert_eq!(outputs_dropped.get(), ROUND_COUNT);
        eprintln!("{finished_count} of {ROUND_COUNT} finished before the abort");
    });
}

#[test]
fn aborts_from_many_threads_at_once_are_one_abort() {
    on_every_backend(|runtime| {
        for _ in 0..200 {
            let drops = Counter::default();
            let guard = drops.on_drop();
            let handle = runtime.spawn(async move {
                let _guard = guard;
                loop {
                    heist::task::yield_now().await;
                }
            });
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    let abort = handle.abort_handle();
                    scope.spawn(move || abort.abort());
                }
            });
            assert!(futures::executor::block_on(handle).expect_err("aborted").is_cancelled());
            assert_eq!(drops.get(), 1);
        }
    });
}

#[test]
fn an_aborted_task_releases_what_its_wakers_hold() {
    on_every_runtime(|runtime| {
        let marker = Arc::new(());
        let held = marker.clone();
        runtime.block_on(async move {
            let handle = heist::spawn(async move {
                let _held = held;
                std::future::poll_fn::<(), _>(|cx| {
                    // A waker that outlives the task, and is never used.
                    std::mem::forget(cx.waker().clone());
                    Poll::Pending
                })
                .await;
            });
            heist::task::yield_now().await;
            handle.abort();
            assert!(handle.await.expect_err("aborted").is_cancelled());
        });
        assert_eq!(Arc::strong_count(&marker), 1, "the future is dropped even though its waker lives");
    });
}

#[test]
fn an_abort_handle_outlives_the_runtime() {
    with_every_runtime(|runtime| {
        let handle = runtime.spawn(std::future::pending::<()>());
        let abort = handle.abort_handle();
        drop(runtime);
        abort.abort();
        assert!(abort.is_finished());
        drop(handle);
    });
}

/// Fault B15: of a chain of tasks each one holds the handle that aborts the next one. It ends without recursion: from its
/// first task, from its last one, and with its runtime. A stack that is too small would end the process.
#[test]
fn a_long_chain_of_tasks_that_hold_each_other_ends_on_a_small_stack() {
    const TASKS_COUNT: usize = 30_000;
    const STACK_BYTES: usize = 256 * 1024;
    with_every_runtime(|runtime| {
        let play = move || {
            let ended = Counter::default();
            let chain = |last: oneshot::Receiver<()>| {
                let end = ended.on_drop();
                let first = runtime.spawn(async move {
                    let _end = end;
                    let _ = last.await;
                });
                (1..TASKS_COUNT).fold(AbortOnDropHandle::new(first), |next, _| {
                    let end = ended.on_drop();
                    AbortOnDropHandle::new(runtime.spawn(async move {
                        let _end = end;
                        drop(next.await);
                    }))
                })
            };
            let (_kept, last) = oneshot::channel();
            drop(chain(last));
            runtime.block_on(async {
                while ended.get() < TASKS_COUNT {
                    heist::task::yield_now().await;
                }
            });
            let (end_last, last) = oneshot::channel();
            let head = chain(last);
            drop(end_last);
            runtime.block_on(head).expect("nobody aborts it");
            let (_kept, last) = oneshot::channel();
            std::mem::forget(chain(last));
            drop(runtime);
            assert_eq!(ended.get(), 3 * TASKS_COUNT);
        };
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(play);
        thread.expect("a thread").join().expect("no panic");
    });
}
