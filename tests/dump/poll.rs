//! The poll that looks is one that every future must allow, whatever it does in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use heist::runtime::{Builder, Dump, Handle, WaitReason};
use heist::sync::{Mutex, Notify, oneshot};
use heist::task::{JoinSet, yield_now};
use heist::time::Instant;

use crate::support::{on_every_runtime, two_workers, watched};
use crate::{dump_when, reasons_of};

/// Waits, at its first poll, and is always ready after that.
struct ReadyLater(Arc<AtomicBool>);

impl futures::io::AsyncRead for ReadyLater {
    fn poll_read(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        buf: &mut [u8],
    ) -> Poll<std::io::Result<usize>> {
        if !self.0.load(Ordering::SeqCst) {
            return Poll::Pending;
        }
        buf.fill(1);
        Poll::Ready(Ok(buf.len()))
    }
}

/// A copy from a reader that needs no budget, and never ends, must let its worker go.
#[test]
fn a_copy_that_is_ready_for_ever_yields_in_a_look_too() {
    watched(|| {
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let is_ready = Arc::new(AtomicBool::new(false));
            let mut reader = ReadyLater(is_ready.clone());
            let copy =
                heist::spawn(
                    async move { heist::io::copy(&mut reader, &mut futures::io::sink()).await.unwrap() },
                );
            yield_now().await;
            is_ready.store(true, Ordering::SeqCst);
            // Nobody wakes it but the look.
            Handle::current().dump().await;
            copy.abort();
            assert!(copy.await.unwrap_err().is_cancelled());
        });
    });
}

/// Some code polls within a poll until it is ready: a free lock is.
#[test]
fn a_wait_within_a_poll_ends_in_a_look() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let free = Arc::new(Mutex::new(0));
            let count = free.clone();
            let task = heist::spawn(std::future::poll_fn(move |_| -> Poll<()> {
                *futures::executor::block_on(count.lock()) += 1;
                Poll::Pending
            }));
            let before = loop {
                let polls = *free.lock().await;
                if polls > 0 {
                    break polls;
                }
                yield_now().await;
            };
            while *free.lock().await == before {
                Handle::current().dump().await;
            }
            task.abort();
        });
    });
}

/// The task that is polled blocks in place, and the looker around it with it: the end waits for neither.
#[test]
fn a_runtime_ends_though_a_task_blocks_in_place_in_a_look() {
    watched(|| {
        let runtime = two_workers();
        let (begun, has_begun) = std::sync::mpsc::channel();
        let is_polled_again = Arc::new(AtomicBool::new(false));
        let again = is_polled_again.clone();
        let mut polls = 0;
        drop(runtime.spawn(std::future::poll_fn(move |_| -> Poll<()> {
            polls += 1;
            if polls == 2 {
                let pending = std::future::pending::<()>();
                again.store(true, Ordering::Relaxed);
                begun.send(()).unwrap();
                heist::task::block_in_place(|| {
                    // The end of the runtime ends this wait.
                    let sleep = heist::time::sleep(Duration::from_secs(3600));
                    Handle::current().block_on(futures::future::select(Box::pin(pending), Box::pin(sleep)));
                });
            }
            Poll::Pending
        })));
        let handle = runtime.handle().clone();
        let dumps = std::thread::spawn(move || {
            // A dump that comes before or during the first poll does not poll again.
            while !is_polled_again.load(Ordering::Relaxed) {
                futures::executor::block_on(handle.dump());
            }
        });
        has_begun.recv().unwrap();
        drop(runtime);
        dumps.join().unwrap();
    });
}

#[test]
fn a_paused_clock_stands_still_during_a_dump() {
    watched(|| {
        let runtime = Builder::new_current_thread().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let start = Instant::now();
            let sleeps: Vec<_> =
                (0..100).map(|_| heist::spawn(heist::time::sleep(Duration::from_secs(3600)))).collect();
            yield_now().await;
            for _ in 0..10 {
                let dump = Handle::current().dump().await;
                assert_eq!(dump.tasks().len(), sleeps.len());
                assert_eq!(start.elapsed(), Duration::ZERO);
            }
            for sleep in sleeps {
                sleep.await.unwrap();
            }
            assert_eq!(start.elapsed(), Duration::from_secs(3600), "it goes on after that");
        });
    });
}

#[test]
fn who_waits_for_a_set_waits_for_its_tasks() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let mut set = JoinSet::new();
            let ids: Vec<_> = (0..3).map(|_| set.spawn(std::future::pending::<()>()).id()).collect();
            let boss = heist::spawn(async move { set.join_next().await.is_some() });
            let reasons = reasons_of(boss.id()).await;
            assert_eq!(reasons.len(), ids.len(), "{reasons:?}");
            for id in ids {
                assert!(reasons.contains(&WaitReason::Task { id }), "{reasons:?}");
            }
            boss.abort();
        });
    });
}

/// Two tasks take turns at a lock, and a dump sees each of them while the other has it.
#[test]
fn tasks_that_take_turns_are_no_deadlock() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (lock, is_over) = (Arc::new(Mutex::new(0_u32)), Arc::new(AtomicBool::new(false)));
            let player = || {
                let (lock, is_over) = (lock.clone(), is_over.clone());
                heist::spawn(async move {
                    while !is_over.load(Ordering::SeqCst) {
                        let mut count = lock.lock().await;
                        yield_now().await;
                        *count += 1;
                    }
                })
            };
            let first = player();
            // Between them in the lists, so that they are seen at different times.
            let between: Vec<_> = (0..3000).map(|_| heist::spawn(std::future::pending::<()>())).collect();
            let second = player();
            for _ in 0..20 {
                let dump = Handle::current().dump().await;
                assert!(dump.deadlocks().is_empty(), "{dump}");
            }
            is_over.store(true, Ordering::SeqCst);
            first.await.unwrap();
            second.await.unwrap();
            between.iter().for_each(heist::task::JoinHandle::abort);
        });
    });
}

/// As without dumps: what a thread polls in its last moments is polled as always.
#[test]
fn a_future_may_be_polled_in_vain_in_the_destructor_of_a_thread_local() {
    struct PollsAtTheEnd(Notify);

    impl Drop for PollsAtTheEnd {
        fn drop(&mut self) {
            let mut notified = Box::pin(self.0.notified());
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            for _ in 0..3 {
                assert!(notified.as_mut().poll(&mut context).is_pending());
            }
        }
    }

    thread_local! {
        static LAST: PollsAtTheEnd = PollsAtTheEnd(Notify::new());
    }
    watched(|| {
        std::thread::spawn(|| {
            // First of all, so that it is dropped last.
            LAST.with(|_| ());
            two_workers().block_on(async {
                let (_sender, receiver) = oneshot::channel::<()>();
                let task = heist::spawn(receiver);
                reasons_of(task.id()).await;
                task.abort();
            });
            let runtime = Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let (_sender, receiver) = oneshot::channel::<()>();
                let task = heist::spawn(receiver);
                reasons_of(task.id()).await;
                task.abort();
            });
        })
        .join()
        .unwrap();
    });
}

#[test]
fn many_dumps_at_once_are_all_whole() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let tasks: Vec<_> =
                (0..200).map(|_| heist::spawn(heist::time::sleep(Duration::from_secs(3600)))).collect();
            let all_wait = |dump: &Dump| dump.tasks().iter().all(|task| task.reasons().len() == 1);
            dump_when("all have a reason", all_wait).await;
            let dumps = (0..20).map(|_| Handle::current().dump());
            for dump in futures::future::join_all(dumps).await {
                assert_eq!(dump.tasks().len(), tasks.len());
            }
            tasks.iter().for_each(heist::task::JoinHandle::abort);
        });
    });
}
