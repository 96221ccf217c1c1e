//! Waking: never lost, never doubled, harmless when late, and free to call back into the runtime.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use futures::channel::oneshot;
use heist::runtime::Handle;

use crate::support::{self, Counter, on_every_backend, on_every_runtime, with_every_runtime};

/// Where a future leaves its waker for a test to use.
#[derive(Clone, Default)]
struct Mailbox(Arc<Mutex<Option<Waker>>>);

impl Mailbox {
    fn put(&self, waker: &Waker) {
        *self.0.lock().expect("no panic") = Some(waker.clone());
    }

    fn take(&self) -> Option<Waker> {
        self.0.lock().expect("no panic").take()
    }
}

#[test]
fn a_wake_from_a_foreign_thread_resumes_the_task() {
    on_every_runtime(|runtime| {
        for _ in 0..100 {
            let (sender, receiver) = oneshot::channel();
            let thread = std::thread::spawn(move || sender.send(1).expect("the task is waiting"));
            let value = runtime.block_on(async { heist::spawn(receiver).await.expect("no panic") });
            assert_eq!(value, Ok(1));
            thread.join().expect("no panic");
        }
    });
}

#[test]
fn every_message_between_two_tasks_arrives() {
    use futures::{SinkExt, StreamExt};
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (mut there, mut from_there) = futures::channel::mpsc::channel::<u32>(0);
            let (mut back, mut from_back) = futures::channel::mpsc::channel::<u32>(0);
            drop(heist::spawn(async move {
                while let Some(value) = from_there.next().await {
                    back.send(value + 1).await.expect("the other side listens");
                }
            }));
            let driver = heist::spawn(async move {
                let mut value = 0;
                for _ in 0..5_000 {
                    there.send(value).await.expect("the other side listens");
                    value = from_back.next().await.expect("an answer");
                }
                value
            });
            assert_eq!(driver.await.expect("no panic"), 5_000);
        });
    });
}

#[test]
fn a_wake_during_the_poll_means_exactly_one_more_poll() {
    on_every_runtime(|runtime| {
        let polls = Counter::default();
        let counted = polls.clone();
        runtime.block_on(async {
            heist::spawn(poll_fn(move |cx| {
                counted.bump();
                if counted.get() > 1 {
                    return Poll::Ready(());
                }
                for _ in 0..5 {
                    cx.waker().wake_by_ref();
                }
                let owned = cx.waker().clone();
                owned.wake();
                Poll::Pending
            }))
            .await
            .expect("no panic");
            for _ in 0..10 {
                heist::task::yield_now().await;
            }
        });
        assert_eq!(polls.get(), 2);
    });
}

#[test]
fn a_task_that_nobody_wakes_is_not_polled_again() {
    on_every_runtime(|runtime| {
        let polls = Counter::default();
        let counted = polls.clone();
        let handle = runtime.spawn(poll_fn::<(), _>(move |_| {
            counted.bump();
            Poll::Pending
        }));
        runtime.block_on(async { heist::time::sleep(Duration::from_millis(50)).await });
        assert_eq!(polls.get(), 1);
        handle.abort();
    });
}

#[test]
fn wakes_from_eight_threads_at_once_lose_nothing() {
    on_every_backend(|runtime| {
        let (sent, seen) = (Counter::default(), Counter::default());
        let mailbox = Mailbox::default();
        let (source, sink, place) = (sent.clone(), seen.clone(), mailbox.clone());
        let handle = runtime.spawn(poll_fn(move |cx| {
            place.put(cx.waker());
            // Read after the waker is in place: what was sent before a wake is seen by the poll it causes.
            while sink.get() < source.get() {
                sink.bump();
            }
            if sink.get() == 8 * 500 { Poll::Ready(()) } else { Poll::Pending }
        }));
        let mut waker = None;
        support::eventually("the task was polled", || mailbox.0.lock().expect("no panic").is_some());
        waker.clone_from(&mailbox.take());
        let waker = waker.expect("just seen");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                let (waker, sent) = (waker.clone(), sent.clone());
                scope.spawn(move || {
                    for _ in 0..500 {
                        sent.bump();
                        waker.wake_by_ref();
                    }
                });
            }
        });
        futures::executor::block_on(handle).expect("no panic");
    });
}

/// Fault A8: a wake after completion, and one after the runtime is gone, do nothing; the last waker frees the task.
/// The figures of a ring stand beside its lock, which a worker holds while it sleeps.
#[test]
fn figures_are_read_while_the_workers_sleep() {
    on_every_backend(|runtime| {
        runtime.block_on(async { heist::spawn(async {}).await.expect("no panic") });
        let metrics = runtime.handle().metrics();
        let start = Instant::now();
        // Sentinels go to rest after some milliseconds. A look that waits for a sleeper never ends.
        while start.elapsed() < Duration::from_millis(100) {
            assert_eq!((metrics.num_stale_completions(), metrics.num_leaked_operations()), (0, 0));
            std::thread::sleep(Duration::from_millis(1));
        }
    });
}

#[test]
fn late_wakes_do_nothing_and_the_last_waker_frees_the_task() {
    with_every_runtime(|runtime| {
        let (finished, waiting) = (Mailbox::default(), Mailbox::default());
        let marker = Arc::new(());
        let (first, second) = (finished.clone(), waiting.clone());
        let (first_held, second_held) = (marker.clone(), marker.clone());
        let pending = runtime.spawn(poll_fn::<(), _>(move |cx| {
            let _held = &second_held;
            second.put(cx.waker());
            Poll::Pending
        }));
        runtime.block_on(async {
            heist::spawn(poll_fn(move |cx| {
                let _held = &first_held;
                first.put(cx.waker());
                Poll::Ready(())
            }))
            .await
            .expect("no panic");
            while waiting.0.lock().expect("no panic").is_none() {
                heist::task::yield_now().await;
            }
        });
        let (finished, waiting) = (finished.take().expect("polled"), waiting.take().expect("polled"));
        finished.wake_by_ref();
        drop(runtime);
        drop(pending);
        assert_eq!(Arc::strong_count(&marker), 1, "both futures are dropped, though their wakers live");
        std::thread::spawn(move || {
            for _ in 0..10 {
                finished.wake_by_ref();
                let owned = waiting.clone();
                owned.wake();
            }
            drop((finished, waiting));
        })
        .join()
        .expect("a late wake does not panic");
    });
}

#[test]
fn clones_of_a_waker_know_that_they_wake_the_same_task() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (first, second) = heist::spawn(async {
                let first = poll_fn(|cx: &mut Context<'_>| Poll::Ready(cx.waker().clone())).await;
                heist::task::yield_now().await;
                (first, poll_fn(|cx: &mut Context<'_>| Poll::Ready(cx.waker().clone())).await)
            })
            .await
            .expect("no panic");
            assert!(first.will_wake(&second));
        });
    });
}

/// A waker that calls back into the runtime, as the wakers of channels and locks do, before it wakes the task.
struct Meddler {
    handle: Handle,
    target: Waker,
    calls: Counter,
}

impl Wake for Meddler {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.calls.bump();
        let _entered = self.handle.enter();
        // Arms and disarms a timer, spawns and aborts a task: each takes a lock of the runtime's.
        let mut sleep = Box::pin(heist::time::sleep(Duration::from_secs(3600)));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(sleep.as_mut().poll(&mut cx).is_pending());
        drop(sleep);
        let task = heist::spawn(std::future::pending::<()>());
        task.abort();
        drop(task);
        self.target.wake_by_ref();
    }
}

impl Drop for Meddler {
    fn drop(&mut self) {
        // Dropped wakers may call back as well; when the runtime is going down, spawning is refused, not deadlocked.
        drop(self.handle.spawn(async {}));
    }
}

/// Awaits `future`, showing it only a [`Meddler`].
async fn with_meddler<F: Future>(future: F, calls: Counter) -> F::Output {
    let mut future = Box::pin(future);
    poll_fn(move |cx| {
        let target = cx.waker().clone();
        let waker =
            Waker::from(Arc::new(Meddler { handle: Handle::current(), target, calls: calls.clone() }));
        future.as_mut().poll(&mut Context::from_waker(&waker))
    })
    .await
}

/// Fault A11: wakers are called and dropped with no lock of the runtime's held.
#[test]
fn a_waker_may_call_back_into_timers_tasks_and_sockets() {
    on_every_runtime(|runtime| {
        let calls = Counter::default();
        let counted = calls.clone();
        runtime.block_on(async {
            heist::spawn(async move {
                // Where the system stops this thread, a timer may be over before it is waited for: another one then.
                while counted.get() < 1 {
                    with_meddler(heist::time::sleep(Duration::from_millis(5)), counted.clone()).await;
                }
                while counted.get() < 2 {
                    let limited =
                        heist::time::timeout(Duration::from_millis(5), std::future::pending::<()>());
                    assert!(with_meddler(limited, counted.clone()).await.is_err());
                }
                let (open, gate) = oneshot::channel::<()>();
                let mut joined = Box::pin(with_meddler(heist::spawn(gate), counted.clone()));
                assert!(futures::poll!(joined.as_mut()).is_pending());
                drop(heist::spawn(async move { open.send(()).expect("the other task waits") }));
                assert_eq!(joined.await.expect("no panic"), Ok(()));
                let listener = heist::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
                let address = listener.local_addr().expect("bound");
                let mut accepted = Box::pin(with_meddler(listener.accept(), counted));
                assert!(futures::poll!(accepted.as_mut()).is_pending());
                drop(heist::spawn(async move {
                    drop(heist::net::TcpStream::connect(address).await.expect("it listens"));
                }));
                accepted.await.expect("accept");
            })
            .await
            .expect("no panic");
        });
        assert!(calls.get() >= 4, "each of the four waits called its waker: {}", calls.get());
    });
}

/// The same at shutdown: wakers that are dropped with the runtime call back into it.
#[test]
fn a_waker_dropped_at_shutdown_may_call_back() {
    with_every_runtime(|runtime| {
        let calls = Counter::default();
        let sleeper = with_meddler(sleep_for_ever(), calls.clone());
        drop(runtime.spawn(sleeper));
        let joined = runtime.spawn(std::future::pending::<()>());
        drop(runtime.spawn(async move { drop(with_meddler(joined, calls).await) }));
        runtime.block_on(async { heist::time::sleep(Duration::from_millis(5)).await });
        drop(runtime);
    });
}

fn sleep_for_ever() -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async { heist::time::sleep(Duration::from_secs(3600)).await })
}
