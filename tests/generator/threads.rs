//! Generators between threads, and generators on the runtime: shared handles, time-outs and the tasks that a body holds.
#![forbid(unsafe_code)]

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

use futures::stream::{Stream, StreamExt};
use heist::asyncio::run;
use heist::generator::{
    AlreadyExecuting, Co, CoroutineExt, Next, Outcome, Resume, SendError, Shared, State, Step,
    async_generator, async_routine, coroutine, generator,
};
use heist::task::JoinSet;
use heist::time::{Instant, sleep, timeout};

type Numbers = dyn Resume<Yield = u32, Argument = Next, Return = ()> + Send;
type Adder = dyn Resume<Yield = u32, Argument = Outcome<u32>, Return = Outcome<u32>> + Send;

fn assert_send_and_sync<T: Send + Sync>(_: &T) {}

#[test]
fn handles_on_many_threads_share_out_the_items() {
    const ITEMS_COUNT: u32 = 2_000;
    let body: Pin<Box<Numbers>> = Box::pin(generator! { for n in 0..ITEMS_COUNT { yield n; } });
    let shared = Shared::from_pin(body);
    assert_send_and_sync(&shared);
    let mut items: Vec<u32> = thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|_| {
                let shared = shared.clone();
                scope.spawn(move || {
                    let mut mine = Vec::new();
                    loop {
                        match shared.try_next() {
                            Ok(Some(item)) => mine.push(item),
                            Ok(None) => return mine,
                            Err(AlreadyExecuting) => thread::yield_now(),
                        }
                    }
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    items.sort_unstable();
    assert!(items.into_iter().eq(0..ITEMS_COUNT), "each item went to one thread");
    assert_eq!(shared.state(), State::Closed);
}

#[test]
fn resuming_while_another_thread_executes_it_is_already_executing() {
    let (inside, leave) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (body_inside, body_leave) = (inside.clone(), leave.clone());
    let body: Pin<Box<Adder>> = Box::pin(coroutine! { |_: u32|
        let mut sum = 0;
        loop {
            sum += (yield sum)?;
            body_inside.wait();
            body_leave.wait();
        }
    });
    let shared = Shared::from_pin(body);
    assert_eq!(shared.send(1), Err(SendError::NotStarted(1)));
    assert_eq!(shared.try_lock().unwrap().start(), Ok(Step::Yielded(0)));
    let other = shared.clone();
    let sender = thread::spawn(move || other.send(5));
    inside.wait();
    assert_eq!(shared.state(), State::Running);
    assert_eq!(shared.send(7), Err(SendError::AlreadyExecuting(7)));
    assert_eq!(shared.try_lock().map(|_| ()), Err(AlreadyExecuting));
    leave.wait();
    assert_eq!(sender.join().unwrap(), Ok(Step::Yielded(5)));
    assert_eq!(shared.state(), State::Suspended);
    assert_eq!(shared.try_lock().unwrap().close(), Ok(None));
    assert_eq!((shared.send(1), shared.state()), (Err(SendError::Closed(1)), State::Closed));
}

#[test]
fn a_panic_on_one_thread_closes_it_for_all() {
    let body: Pin<Box<Numbers>> = Box::pin(generator! { yield 1; if true { panic!("boom") } });
    let shared = Shared::from_pin(body);
    assert_eq!(shared.try_next(), Ok(Some(1)));
    let other = shared.clone();
    assert!(thread::spawn(move || other.try_next()).join().is_err());
    assert_eq!((shared.try_next(), shared.state()), (Ok(None), State::Closed));
}

/// PEP 789: a yield under a time-out. Only the form without a macro can write it: in the macros, a time-out's block is
/// an async block of its own, in which a yield does not compile (`tests/compile_fail/fail/yield_in_timeout.rs`). What runs
/// out is the body's time-out, in the body: the consumer is never cancelled by it.
#[test]
fn a_timeout_around_a_yield_counts_the_consumers_time_and_cancels_the_body_alone() {
    run(async {
        let mut slow_consumer = pin!(async_routine(async |mut co: Co<'_, &'static str>| {
            let limited = timeout(Duration::from_millis(20), async {
                co.yield_("under the time-out").await;
                sleep(Duration::from_secs(3600)).await;
            });
            let is_over = limited.await.is_err();
            co.yield_(if is_over { "it ran out" } else { "it did not" }).await;
        }));
        assert_eq!(slow_consumer.next().await, Some("under the time-out"));
        // The consumer takes its time with the item, and is not cut short.
        let start = Instant::now();
        sleep(Duration::from_millis(40)).await;
        assert!(start.elapsed() >= Duration::from_millis(40));
        // Going on, the body finds its time gone.
        assert_eq!(slow_consumer.next().await, Some("it ran out"));
        assert!(start.elapsed() < Duration::from_secs(60));
        assert_eq!(slow_consumer.next().await, None);
    })
    .unwrap();
}

/// The other half of the same proposal: a body that is resumed in time but after the deadline takes its value first.
#[test]
fn a_value_that_comes_after_the_deadline_is_not_lost() {
    run(async {
        let mut late = pin!(async_routine(async |mut co: Co<'_, u32>| {
            let limited = timeout(Duration::from_millis(1), async {
                co.yield_(1).await;
                2
            });
            let seen = limited.await.unwrap_or(0);
            co.yield_(seen).await;
        }));
        assert_eq!(late.next().await, Some(1));
        sleep(Duration::from_millis(10)).await;
        assert_eq!(late.next().await, Some(2));
    })
    .unwrap();
}

#[test]
fn the_tasks_that_a_body_holds_over_a_yield_end_with_it() {
    /// Tells when it is dropped.
    struct Tells(mpsc::Sender<()>);
    impl Drop for Tells {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }
    let (tell, told) = mpsc::channel();
    run(async move {
        let mut stream = Box::pin(async_generator! {
            let mut tasks = JoinSet::new();
            let tells = Tells(tell);
            tasks.spawn(async move {
                let _tells = tells;
                std::future::pending::<()>().await;
            });
            yield tasks.len();
            tasks.join_next().await;
        });
        assert_eq!(stream.next().await, Some(1));
        drop(stream);
        // On a worker: what was aborted is dropped by its own worker, which this thread must not keep from it.
        heist::task::spawn_blocking(move || told.recv_timeout(Duration::from_secs(30)))
            .await
            .unwrap()
            .unwrap();
    })
    .unwrap();
}

#[test]
fn a_timeout_around_next_loses_no_item() {
    run(async {
        let (open, gate) = futures::channel::oneshot::channel::<()>();
        let mut stream = pin!(async_generator! {
            gate.await.unwrap();
            yield 1;
        });
        assert!(timeout(Duration::from_millis(1), stream.next()).await.is_err());
        open.send(()).unwrap();
        assert_eq!(stream.next().await, Some(1));
    })
    .unwrap();
}

struct Counting(AtomicUsize);

impl Wake for Counting {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// What a foreign macro polls is not awaited by the body itself. Its waker stands for the task that polls; also when
/// that is another task each time, at the same depth of the same stack.
#[test]
fn what_a_select_polls_wakes_the_task_that_polled_last() {
    run(async {
        let (open, gate) = futures::channel::oneshot::channel::<()>();
        let mut stream = Box::pin(async_generator! {
            let mut never = std::future::pending::<()>();
            let mut opened = pin!(futures::FutureExt::fuse(gate));
            futures::select! {
                () = futures::FutureExt::fuse(&mut never) => {}
                _ = opened => { yield "opened"; }
            }
        });
        let counters: Vec<_> = (0..2).map(|_| Arc::new(Counting(AtomicUsize::new(0)))).collect();
        for counter in &counters {
            let waker = Waker::from(counter.clone());
            assert!(stream.as_mut().poll_next(&mut Context::from_waker(&waker)).is_pending());
        }
        open.send(()).unwrap();
        let woken: Vec<usize> = counters.iter().map(|counter| counter.0.load(Ordering::SeqCst)).collect();
        assert_eq!(woken, [0, 1]);
        assert_eq!(stream.next().await, Some("opened"));
    })
    .unwrap();
}

/// A waker that a foreign macro's future keeps is the task's own, and outlives the poll.
#[test]
fn a_waker_cloned_inside_a_select_is_the_tasks_own() {
    let counter = Arc::new(Counting(AtomicUsize::new(0)));
    let waker = Waker::from(counter.clone());
    let kept: Arc<std::sync::Mutex<Option<Waker>>> = Arc::default();
    let keep = kept.clone();
    let mut stream = Box::pin(async_generator! {
        let mut first = std::future::poll_fn(|cx: &mut Context<'_>| {
            cx.waker().wake_by_ref();
            *keep.lock().unwrap() = Some(cx.waker().clone());
            std::task::Poll::<()>::Pending
        });
        futures::select! {
            () = futures::FutureExt::fuse(Pin::new(&mut first)) => { yield 1; }
        }
    });
    assert!(stream.as_mut().poll_next(&mut Context::from_waker(&waker)).is_pending());
    assert_eq!(counter.0.load(Ordering::SeqCst), 1);
    let kept = kept.lock().unwrap().take().unwrap();
    assert!(kept.will_wake(&waker));
    drop(stream);
    kept.wake();
    assert_eq!(counter.0.load(Ordering::SeqCst), 2);
}

/// A temporary of an awaited expression lives as long as it does in plain async code.
#[test]
fn temporaries_of_an_awaited_expression_live_to_the_end_of_the_statement() {
    async fn same(text: &String) -> &String {
        text
    }
    fn boxed(n: usize) -> Pin<Box<dyn Future<Output = usize> + Send>> {
        Box::pin(async move { n })
    }
    let lengths: Vec<usize> = futures::executor::block_on(
        async_generator! {
            yield same(&"four".to_owned()).await.len();
            let sum = !boxed(1).await & boxed(6).await;
            yield sum;
            yield match boxed(3).await { 3 => boxed(boxed(7).await).await, other => other };
        }
        .collect(),
    );
    assert_eq!(lengths, [4, 6, 7]);
}
