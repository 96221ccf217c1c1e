//! When a descriptor counts as ready, and who is woken.

use std::future::{Future, poll_fn};
use std::io::{Read, Write};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use heist::io::{Interest, Ready};

use crate::support::on_every_runtime;
use crate::{is_pending_once, pair, soon, would_block};

/// Counts its wakes.
#[derive(Default)]
struct Count(AtomicUsize);

impl Count {
    /// Until there was a wake: a flag may be seen before the wakers are called.
    async fn wait(&self) {
        let woken = async {
            while self.0.load(Ordering::SeqCst) == 0 {
                heist::task::yield_now().await;
            }
        };
        soon("a wake", woken).await;
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_new_descriptor_is_not_ready_until_an_event_says_so() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (ours, mut theirs) = pair();
            assert!(is_pending_once(ours.readable()).await);
            let mut calls = 0;
            let tried = ours.try_io(Interest::READABLE, |_| {
                calls += 1;
                Ok(())
            });
            assert!(would_block(tried));
            assert_eq!(calls, 0, "nothing is called while nothing is ready");
            theirs.write_all(b"x").unwrap();
            soon("the byte", ours.readable()).await.unwrap().retain_ready();
        });
    });
}

#[test]
fn readiness_stays_until_it_is_cleared_even_if_the_bytes_are_gone() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (ours, mut theirs) = pair();
            theirs.write_all(b"hello").unwrap();
            let mut guard = soon("bytes", ours.readable()).await.unwrap();
            assert_eq!(guard.get_inner().read(&mut [0; 8]).unwrap(), 5);
            assert_eq!(soon("a flag", ours.readable()).await.unwrap().ready(), Ready::READABLE);
            guard.clear_ready();
            assert!(guard.ready().is_empty());
            assert!(is_pending_once(ours.readable()).await);
            theirs.write_all(b"again").unwrap();
            soon("more bytes", ours.readable()).await.unwrap().retain_ready();
        });
    });
}

#[test]
fn a_guard_does_not_clear_an_event_that_it_has_not_seen() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (ours, mut theirs) = pair();
            theirs.write_all(b"one").unwrap();
            let mut guard = soon("bytes", ours.readable()).await.unwrap();
            let mut buf = [0; 8];
            assert_eq!(guard.get_inner().read(&mut buf).unwrap(), 3);
            // The next bytes come when the guard is old already. The peer's end makes the event
            // seen here, because it sets a flag that cannot be missed.
            theirs.write_all(b"two").unwrap();
            drop(theirs);
            let closed = async {
                while !ours.readable().await.unwrap().ready().is_read_closed() {
                    heist::task::yield_now().await;
                }
            };
            soon("the end", closed).await;
            guard.clear_ready();
            let ready = soon("the bytes", ours.readable()).await.unwrap().ready();
            assert_eq!(ready, Ready::READABLE | Ready::READ_CLOSED);
        });
    });
}

#[test]
fn one_direction_is_cleared_without_the_other() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (ours, mut theirs) = pair();
            theirs.write_all(b"x").unwrap();
            let both = Interest::READABLE | Interest::WRITABLE;
            let mut guard = loop {
                let guard = soon("both", ours.ready(both)).await.unwrap();
                if guard.ready() == Ready::READABLE | Ready::WRITABLE {
                    break guard;
                }
                heist::task::yield_now().await;
            };
            guard.clear_ready_matching(Ready::READABLE);
            assert_eq!(guard.ready(), Ready::WRITABLE);
            assert!(is_pending_once(ours.readable()).await);
            soon("room", ours.writable()).await.unwrap().retain_ready();
            guard.clear_ready_matching(Ready::WRITABLE);
            assert!(is_pending_once(ours.writable()).await);
        });
    });
}

#[test]
fn a_guards_call_that_would_block_clears_and_another_one_does_not() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (mut ours, mut theirs) = pair();
            theirs.write_all(b"hi").unwrap();
            let mut guard = soon("bytes", ours.readable_mut()).await.unwrap();
            let mut buf = [0; 8];
            assert_eq!(guard.try_io(|ours| ours.get_mut().read(&mut buf)).unwrap().unwrap(), 2);
            assert!(!guard.ready().is_empty());
            assert!(guard.try_io(|ours| ours.get_mut().read(&mut buf)).is_err());
            assert!(guard.ready().is_empty());
            assert!(is_pending_once(ours.readable_mut()).await);
        });
    });
}

#[test]
fn a_call_that_would_block_waits_for_the_next_event() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (ours, theirs) = pair();
            let ours = Arc::new(ours);
            let reader = {
                let ours = ours.clone();
                heist::spawn(async move {
                    let mut sum = 0_usize;
                    while sum < 100 {
                        let mut buf = [0; 1];
                        let read = ours.async_io(Interest::READABLE, |mut ours| ours.read(&mut buf));
                        sum += read.await.unwrap();
                    }
                })
            };
            for _ in 0..100 {
                { &theirs }.write_all(b"x").unwrap();
                heist::task::yield_now().await;
            }
            soon("all bytes", reader).await.unwrap();
        });
    });
}

#[test]
fn every_future_that_waits_is_woken_and_only_for_what_it_waits_for() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (ours, theirs) = pair();
            soon("room", ours.writable()).await.unwrap().clear_ready();
            let counts: Vec<Arc<Count>> = (0..3).map(|_| Arc::default()).collect();
            let wakers: Vec<Waker> = counts.iter().cloned().map(Waker::from).collect();
            let mut first = pin!(ours.readable());
            let mut second = pin!(ours.readable());
            let mut room = pin!(ours.writable());
            assert!(first.as_mut().poll(&mut Context::from_waker(&wakers[0])).is_pending());
            assert!(second.as_mut().poll(&mut Context::from_waker(&wakers[1])).is_pending());
            assert!(room.as_mut().poll(&mut Context::from_waker(&wakers[2])).is_pending());
            ours.get_ref().shutdown(std::net::Shutdown::Read).unwrap();
            soon("the end", ours.readable()).await.unwrap().retain_ready();
            counts[0].wait().await;
            counts[1].wait().await;
            for (future, waker) in [(first, &wakers[0]), (second, &wakers[1])] {
                let mut future = future;
                assert!(future.as_mut().poll(&mut Context::from_waker(waker)).is_ready());
            }
            drop(theirs);
        });
    });
}

#[test]
fn a_poll_function_keeps_the_last_waker_when_its_future_is_dropped() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (ours, mut theirs) = pair();
            let count = Arc::<Count>::default();
            let waker = Waker::from(count.clone());
            let mut cx = Context::from_waker(&waker);
            assert!(ours.poll_read_ready(&mut cx).is_pending());
            theirs.write_all(b"x").unwrap();
            // The flag is there when this future is ready, and the event has taken both wakers.
            soon("the byte", ours.readable()).await.unwrap().retain_ready();
            count.wait().await;
            assert!(ours.poll_read_ready(&mut cx).is_ready());
        });
    });
}

#[test]
fn a_dropped_future_is_not_woken_and_takes_nothing_from_the_others() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (ours, mut theirs) = pair();
            let count = Arc::<Count>::default();
            let waker = Waker::from(count.clone());
            {
                let mut dropped = pin!(ours.readable());
                assert!(dropped.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            }
            assert_eq!(Arc::strong_count(&count), 2, "nobody keeps its waker");
            theirs.write_all(b"x").unwrap();
            soon("the byte", ours.readable()).await.unwrap().retain_ready();
            assert_eq!(count.0.load(Ordering::SeqCst), 0);
        });
    });
}

#[test]
fn a_descriptor_serves_many_tasks_and_threads() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let mut tasks = Vec::new();
            for _ in 0..300 {
                let (ours, theirs) = pair();
                tasks.push(heist::spawn(async move {
                    let mut buf = [0; 1];
                    let read = ours.async_io(Interest::READABLE, |mut ours| ours.read(&mut buf));
                    soon("the byte", read).await.unwrap()
                }));
                tasks.push(heist::spawn(async move {
                    heist::task::yield_now().await;
                    { &theirs }.write(b"x").unwrap()
                }));
            }
            for task in tasks {
                assert_eq!(task.await.unwrap(), 1);
            }
        });
    });
}

#[test]
fn the_budget_lets_other_tasks_run() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (ours, _theirs) = pair();
            soon("room", ours.writable()).await.unwrap().retain_ready();
            let is_refused = move |cx: &mut Context<'_>| {
                let is_refused = (0..10_000).any(|_| ours.poll_write_ready(cx).is_pending());
                Poll::Ready(is_refused)
            };
            assert!(heist::spawn(poll_fn(is_refused)).await.unwrap());
        });
    });
}
