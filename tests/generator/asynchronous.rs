//! Asynchronous generators. The numbers are those of the list of behaviours that CPython's own tests assert
//! (PEP 525). The executor is a foreign one: the machines need no runtime of ours.
#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures::executor::block_on;
use futures::stream::{FusedStream, Stream, StreamExt};
use heist::generator::{
    AsyncCoroutineExt, CloseError, Outcome, Raise, SendError, StartError, State, Step, aclosing,
    async_coroutine, async_generator, coroutine, generator,
};

/// Pending `times` times before it is ready, waking the task each time.
async fn ticks(times: usize) {
    let mut left = times;
    poll_fn(move |cx| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

// 85
#[test]
fn awaits_between_yields() {
    let all: Vec<u32> = block_on(
        async_generator! {
            ticks(2).await;
            yield 123;
            yield 456;
            ticks(1).await;
            yield 789;
        }
        .collect(),
    );
    assert_eq!(all, [123, 456, 789]);
}

// 86
#[test]
fn one_next_may_be_pending_many_times_before_its_item() {
    let mut stream = pin!(async_generator! { ticks(5).await; yield 1; });
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..5 {
        assert!(stream.as_mut().poll_next(&mut cx).is_pending());
        assert_eq!(stream.state(), State::Running);
    }
    assert_eq!(stream.as_mut().poll_next(&mut cx), Poll::Ready(Some(1)));
}

async fn fails() -> Result<u32, &'static str> {
    ticks(1).await;
    Err("awaited call")
}

// 87
#[test]
fn an_error_of_an_awaited_call_comes_out_of_next() {
    let mut stream = pin!(
        async_generator! {
            yield 1;
            yield fails().await?;
            Ok(())
        }
        .into_try_stream()
    );
    assert_eq!(block_on(stream.next()), Some(Ok(1)));
    assert_eq!(block_on(stream.next()), Some(Err("awaited call")));
    assert_eq!(block_on(stream.next()), None);
}

// 88
#[test]
fn the_end_of_an_inner_stream_does_not_end_the_outer_one() {
    let all: Vec<Option<i32>> = block_on(
        async_generator! {
            let mut empty = futures::stream::empty::<i32>();
            yield empty.next().await;
            yield Some(1);
        }
        .collect(),
    );
    assert_eq!(all, [None, Some(1)]);
}

/// The same body, once synchronous and once not.
macro_rules! same_body {
    ($make:ident) => {
        $make! { |_: u32, &'static str|
            let mut seen = vec![];
            let tried: Result<(), Raise<&'static str>> = attempt! {
                loop {
                    match (yield seen.len()) {
                        Err(Raise::Error("again")) => seen.push(0),
                        sent => seen.push(sent?),
                    }
                }
            };
            seen.push(99);
            match tried {
                Err(Raise::Exit) => Ok(seen),
                Err(raise) => Err(raise),
                Ok(()) => Ok(vec![]),
            }
        }
    };
}

// 89
#[test]
fn synchronous_and_asynchronous_traces_are_equal() {
    use heist::generator::CoroutineExt;
    let mut sync = pin!(same_body!(coroutine));
    let mut other = pin!(same_body!(async_coroutine));
    assert_eq!(sync.start(), block_on(other.astart()));
    assert_eq!(sync.send(5), block_on(other.asend(5)));
    assert_eq!(sync.throw("again"), block_on(other.athrow("again")));
    assert_eq!(sync.close(), block_on(other.aclose()));
    assert_eq!(sync.state(), other.state());
    let mut sync = pin!(same_body!(coroutine));
    let mut other = pin!(same_body!(async_coroutine));
    assert_eq!(sync.start(), block_on(other.astart()));
    assert_eq!(sync.throw("end"), block_on(other.athrow("end")));
}

// 90
#[test]
fn a_value_sent_to_a_new_coroutine_comes_back() {
    block_on(async {
        let mut coroutine = pin!(async_coroutine! { |_: &'static str| (yield 1)?; Ok(()) });
        assert_eq!(coroutine.asend("early").await, Err(SendError::NotStarted("early")));
        assert_eq!(coroutine.astart().await, Ok(Step::Yielded(1)));
        assert_eq!(coroutine.astart().await, Err(StartError::AlreadyStarted));
    });
}

// 91
#[test]
fn exit_thrown_into_a_delegating_coroutine_reaches_the_inner_one() {
    let log = RefCell::new(vec![]);
    let trace = &log;
    block_on(async {
        let mut outer = pin!(async_coroutine! { |_: ()|
            (yield from async_coroutine! { |_: ()|
                let got = (yield 1);
                ticks(1).await;
                trace.borrow_mut().push("inner clean-up");
                got
            })?;
            trace.borrow_mut().push("after the delegation");
            (yield 2)?;
            Ok(())
        });
        assert!(outer.astart().await.is_ok());
        assert_eq!(outer.athrow_exit().await, Err(Raise::Exit));
    });
    assert_eq!(*log.borrow(), ["inner clean-up"]);
}

// 92
#[test]
fn a_step_in_flight_gives_a_second_value_back() {
    let kept = Rc::new(());
    let inside = kept.clone();
    let mut coroutine = pin!(async_coroutine! { |_: i32|
        let _inside = inside;
        (yield 1)?;
        pending::<()>().await;
        Ok(())
    });
    assert_eq!(poll_once(pin!(coroutine.astart())), Poll::Ready(Ok(Step::Yielded(1))));
    assert!(poll_once(pin!(coroutine.asend(5))).is_pending());
    assert_eq!(coroutine.state(), State::Running);
    assert_eq!(poll_once(pin!(coroutine.asend(6))), Poll::Ready(Err(SendError::AlreadyExecuting(6))));
    assert!(poll_once(pin!(coroutine.asettle())).is_pending());
    assert_eq!(poll_once(pin!(coroutine.aclose())), Poll::Ready(Ok(None)));
    assert_eq!(Rc::strong_count(&kept), 1);
}

#[test]
fn a_step_in_flight_is_settled_with_the_value_it_was_sent() {
    let mut coroutine = pin!(async_coroutine! { |_: i32|
        let sent = (yield 0)?;
        ticks(1).await;
        (yield sent * 2)?;
        Ok(())
    });
    assert!(block_on(coroutine.astart()).is_ok());
    assert!(poll_once(pin!(coroutine.asend(21))).is_pending());
    assert_eq!(block_on(coroutine.asettle()), Ok(Some(Step::Yielded(42))));
    assert_eq!(block_on(coroutine.asettle()), Ok(None));
}

// 93
#[test]
fn next_gives_the_items_and_then_nothing_for_ever() {
    let mut stream = pin!(async_generator! { for n in 1..=4 { ticks(1).await; yield n; } });
    let seen: Vec<Option<i32>> = block_on(async {
        let mut seen = vec![];
        for _ in 0..6 {
            seen.push(stream.next().await);
        }
        seen
    });
    assert_eq!(seen, [Some(1), Some(2), Some(3), Some(4), None, None]);
    assert!(stream.is_terminated());
}

// 94
#[test]
fn asend_resumes_the_yield_and_finally_may_await() {
    let done = Cell::new(0);
    let count = &done;
    block_on(async {
        let mut coroutine = pin!(async_coroutine! { |_: i32|
            let tried: Outcome = attempt! {
                ticks(1).await;
                let v = (yield 1)?;
                ticks(1).await;
                (yield v * 2)?;
            };
            ticks(1).await;
            ticks(1).await;
            count.set(count.get() + 1);
            tried
        });
        assert_eq!(coroutine.astart().await, Ok(Step::Yielded(1)));
        assert_eq!(coroutine.asend(100).await, Ok(Step::Yielded(200)));
        assert_eq!(coroutine.asend(0).await, Ok(Step::Returned(())));
    });
    assert_eq!(done.get(), 1);
}

// 95
#[test]
fn a_crash_in_an_await_comes_out_after_the_asynchronous_finally() {
    let done = Cell::new(0);
    let count = &done;
    block_on(async {
        let mut coroutine = pin!(async_coroutine! { |_: i32, &'static str|
            let tried: Result<u32, Raise<&'static str>> = attempt! {
                (yield 1)?;
                fails().await?
            };
            ticks(2).await;
            count.set(count.get() + 1);
            tried
        });
        assert!(coroutine.astart().await.is_ok());
        assert_eq!(coroutine.asend(0).await, Err(SendError::Raised(Raise::Error("awaited call"))));
    });
    assert_eq!(done.get(), 1);
}

// 96
#[test]
fn the_cancellation_of_an_inner_await_runs_the_asynchronous_finally_first() {
    let (abort, registration) = futures::future::AbortHandle::new_pair();
    let done = Cell::new(0);
    let count = &done;
    block_on(async {
        let mut coroutine = pin!(async_coroutine! { |_: (), futures::future::Aborted|
            let inner = futures::future::Abortable::new(pending::<()>(), registration);
            let tried: Outcome<(), futures::future::Aborted> = attempt! { (yield 1)?; inner.await?; };
            ticks(1).await;
            count.set(count.get() + 1);
            tried
        });
        assert!(coroutine.astart().await.is_ok());
        let mut step = pin!(coroutine.asend(()));
        assert!(futures::poll!(step.as_mut()).is_pending());
        abort.abort();
        assert_eq!(step.await, Err(SendError::Raised(Raise::Error(futures::future::Aborted))));
    });
    assert_eq!(done.get(), 1);
}

// 97
#[test]
fn a_handler_of_a_thrown_error_may_await() {
    block_on(async {
        let mut coroutine = pin!(async_coroutine! { |_: i32, &'static str|
            let v = match (yield 1) {
                Err(Raise::Error("foo")) => { ticks(1).await; 1000 }
                sent => sent?,
            };
            (yield v * 2)?;
            Ok(())
        });
        assert!(coroutine.astart().await.is_ok());
        assert_eq!(coroutine.athrow("foo").await, Ok(Step::Yielded(2000)));
    });
}

// 98
#[test]
fn a_body_that_catches_and_returns_has_returned() {
    block_on(async {
        let mut coroutine = pin!(async_coroutine! { |_: (), &'static str|
            if let Err(Raise::Error(_)) = (yield 1) { ticks(1).await; return Ok("caught") }
            Ok("sent")
        });
        assert!(coroutine.astart().await.is_ok());
        assert_eq!(coroutine.athrow("foo").await, Ok(Step::Returned("caught")));
    });
}

// 99
#[test]
fn a_body_that_yields_in_its_clean_up_is_ignored_exit() {
    block_on(async {
        let mut coroutine = pin!(async_coroutine! { |_: ()|
            let tried: Outcome = attempt! { (yield 1)?; };
            ticks(1).await;
            (yield 12)?;
            tried
        });
        assert!(coroutine.astart().await.is_ok());
        assert_eq!(coroutine.aclose().await, Err(CloseError::IgnoredExit(12)));
        assert_eq!(coroutine.state(), State::Suspended);
        assert_eq!(coroutine.aclose().await, Ok(None));
    });
}

// 100
#[test]
fn aclose_runs_the_awaits_of_finally_once_and_nothing_after_it() {
    let log = RefCell::new(vec![]);
    let trace = &log;
    block_on(async {
        let mut coroutine = pin!(async_coroutine! { |_: ()|
            let tried: Outcome = attempt! { (yield 1)?; trace.borrow_mut().push("body"); };
            ticks(1).await;
            ticks(1).await;
            trace.borrow_mut().push("finally");
            tried?;
            trace.borrow_mut().push("after");
            Ok(())
        });
        assert!(coroutine.astart().await.is_ok());
        assert_eq!(coroutine.aclose().await, Ok(None));
    });
    assert_eq!(*log.borrow(), ["finally"]);
}

// 101
#[test]
fn what_the_body_would_have_awaited_is_not_polled_after_close() {
    let polls = Cell::new(0);
    let count = &polls;
    block_on(async {
        let mut coroutine = pin!(async_coroutine! { |_: ()|
            let future = poll_fn(|_| -> Poll<()> { count.set(count.get() + 1); Poll::Pending });
            (yield 1)?;
            future.await;
            Ok(())
        });
        assert!(coroutine.astart().await.is_ok());
        assert_eq!(coroutine.aclose().await, Ok(None));
    });
    assert_eq!(polls.get(), 0);
}

// 102
#[test]
fn a_body_may_swallow_exit_and_return() {
    block_on(async {
        let mut coroutine =
            pin!(async_coroutine! { |_: ()| if (yield 1).is_err() { ticks(1).await; } Ok(2) });
        assert!(coroutine.astart().await.is_ok());
        assert_eq!(coroutine.aclose().await, Ok(Some(2)));
    });
}

// 103
#[test]
fn a_clean_up_may_wait_for_a_task_that_failed() {
    let (task, handle) = futures::future::lazy(|_| Err::<(), _>("the task failed")).boxed_local_pair();
    block_on(async {
        let mut coroutine = pin!(async_coroutine! { |_: (), &'static str|
            let _closed = (yield 1);
            Ok(handle.await)
        });
        assert!(coroutine.astart().await.is_ok());
        let (closed, ()) = futures::join!(coroutine.aclose(), task);
        assert_eq!(closed, Ok(Some(Err("the task failed"))));
    });
}

type LocalFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// A future split into the part that runs it and the part that waits for its output.
trait Pair: Future + Sized + 'static {
    fn boxed_local_pair(self) -> (LocalFuture<()>, LocalFuture<Self::Output>) {
        let (sender, receiver) = futures::channel::oneshot::channel();
        let run = async move {
            let _ = sender.send(self.await);
        };
        (Box::pin(run), Box::pin(async move { receiver.await.expect("the task runs") }))
    }
}

impl<F: Future + 'static> Pair for F {}

// 104
#[test]
fn aclose_twice_and_after_exhaustion_does_nothing() {
    block_on(async {
        let mut coroutine = pin!(async_coroutine! { |_: ()| (yield 1)?; Ok(3) });
        assert!(coroutine.astart().await.is_ok());
        assert_eq!(coroutine.aclose().await, Ok(None));
        assert_eq!(coroutine.aclose().await, Ok(None));
        let mut coroutine = pin!(async_coroutine! { |_: ()| (yield 1)?; Ok(3) });
        assert!(coroutine.astart().await.is_ok());
        assert_eq!(coroutine.asend(()).await, Ok(Step::Returned(3)));
        assert_eq!(coroutine.aclose().await, Ok(None));
        assert_eq!(coroutine.asend(()).await, Err(SendError::Closed(())));
    });
}

// 105, 106, 107: tests/asyncio/adopt.rs
// 108: tests/compile_fail/fail/unawaited.rs

// 109
#[test]
#[should_panic(expected = "`async fn` resumed after completion")]
fn a_finished_step_polled_again_panics() {
    let mut coroutine = pin!(async_coroutine! { |_: ()| (yield 1)?; Ok(()) });
    let mut step = pin!(coroutine.astart());
    assert!(poll_once(step.as_mut()).is_ready());
    let _ = poll_once(step);
}

// 110
#[test]
fn a_generator_is_the_stream_itself() {
    fn assert_stream<S: Stream<Item = u32>>(stream: S) -> S {
        stream
    }
    let generator = async_generator! { yield 1_u32; };
    let size = size_of_val(&generator);
    assert_eq!(size_of_val(&assert_stream(generator)), size);
}

// 111
#[test]
fn next_with_a_default() {
    let mut stream = pin!(async_generator! { yield 1; });
    assert_eq!(block_on(stream.next()).unwrap_or(7), 1);
    assert_eq!(block_on(stream.next()).unwrap_or(7), 7);
}

// Beside the numbered list.

#[test]
fn aclosing_closes_at_the_end_of_its_scope() {
    let (seen, closed) = block_on(aclosing(
        async_coroutine! { |_: ()| let mut n = 0; while (yield n).is_ok() { n += 1; } ticks(1).await; Ok(n) },
        async |numbers| {
            let first = numbers.astart().await;
            (first, numbers.asend(()).await)
        },
    ));
    assert_eq!(seen, (Ok(Step::Yielded(0)), Ok(Step::Yielded(1))));
    assert_eq!(closed, Ok(Some(1)));
}

async_generator! {
    fn three() -> yields u32, returns &'static str {
        for n in 0..3 { ticks(1).await; yield n; }
        "three"
    }
}

#[test]
fn yield_from_takes_generators_streams_and_iterators() {
    let all: Vec<u32> = block_on(
        async_generator! {
            let name = yield from three();
            assert_eq!(name, "three");
            let sum = yield from generator! { yield 10; yield 11; 21 };
            assert_eq!(sum, 21);
            yield from futures::stream::iter([20, 21]);
            yield from 30..32;
            yield from vec![40];
        }
        .collect(),
    );
    assert_eq!(all, [0, 1, 2, 10, 11, 20, 21, 30, 31, 40]);
}

#[test]
fn a_coroutine_delegates_to_every_kind_and_a_throw_reaches_each() {
    let step = |kind: usize| async move {
        let mut coroutine = pin!(async_coroutine! { |_: i32, &'static str|
            let tried: Outcome<i32, &'static str> = attempt! {
                match kind {
                    0 => (yield from async_coroutine! { |_: i32, &'static str| (yield 1)?; Ok(1) })?,
                    1 => (yield from coroutine! { |_: i32, &'static str| (yield 1)?; Ok(2) })?,
                    2 => (yield from generator! { yield 1; 3 })?,
                    3 => { (yield from futures::stream::iter([1]))?; 4 }
                    _ => { (yield from [1])?; 5 }
                }
            };
            ticks(1).await;
            tried
        });
        assert_eq!(coroutine.astart().await, Ok(Step::Yielded(1)));
        if kind % 2 == 0 {
            coroutine.asend(0).await.map_err(|_| kind)
        } else {
            coroutine.athrow("x").await.map_err(|_| kind)
        }
    };
    let answers: Vec<_> = (0..5).map(|kind| block_on(step(kind))).collect();
    let returned = |value| Ok(Step::Returned(value));
    assert_eq!(answers, [returned(1), Err(1), returned(3), Err(3), returned(5)]);
}

struct Counting(AtomicUsize);

impl Wake for Counting {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn the_body_sees_the_waker_of_its_task() {
    let counter = Arc::new(Counting(AtomicUsize::new(0)));
    let waker = Waker::from(counter.clone());
    let mut cx = Context::from_waker(&waker);
    let is_same = Cell::new(false);
    let (report, wanted) = (&is_same, waker.clone());
    let mut stream = pin!(async_generator! {
        poll_fn(|cx| { report.set(cx.waker().will_wake(&wanted)); Poll::Ready(()) }).await;
        ticks(2).await;
        yield 1;
    });
    assert!(stream.as_mut().poll_next(&mut cx).is_pending());
    assert!(is_same.get());
    assert!(stream.as_mut().poll_next(&mut cx).is_pending());
    assert_eq!(stream.as_mut().poll_next(&mut cx), Poll::Ready(Some(1)));
    assert_eq!(counter.0.load(Ordering::SeqCst), 2);
}

#[test]
fn a_stream_is_send_and_moves_between_threads() {
    fn numbers() -> impl Stream<Item = u32> + Send {
        async_generator! { for n in 0..3 { ticks(1).await; yield n; } }
    }
    let mut stream = Box::pin(numbers());
    for n in 0..3 {
        let step = move || {
            assert_eq!(block_on(stream.next()), Some(n));
            stream
        };
        stream = std::thread::spawn(step).join().unwrap();
    }
}

#[test]
fn steps_of_a_send_coroutine_are_send() {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    let mut coroutine = Box::pin(async_coroutine! { |_: u32| let got = (yield 1)?; Ok(got) });
    let outcome = std::thread::spawn(move || {
        block_on(assert_send(async move {
            let _first = coroutine.astart().await;
            coroutine.asend(4).await
        }))
    });
    assert_eq!(outcome.join().unwrap(), Ok(Step::Returned(4)));
}

#[test]
fn a_panic_in_the_body_closes_it() {
    let kept = Rc::new(());
    let inside = kept.clone();
    let mut stream = Box::pin(async_generator! { let _inside = inside; yield 1; if true { panic!("boom") } });
    assert_eq!(block_on(stream.next()), Some(1));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| block_on(stream.next())));
    assert!(panicked.is_err());
    assert_eq!((stream.state(), Rc::strong_count(&kept)), (State::Closed, 1));
    assert_eq!(block_on(stream.next()), None);
}

#[test]
fn yields_stand_in_the_arms_of_a_select() {
    let all: Vec<&str> = block_on(
        async_generator! {
            let mut slow = pin!(futures::FutureExt::fuse(ticks(3)));
            let mut fast = pin!(futures::FutureExt::fuse(ticks(1)));
            loop {
                futures::select! {
                    () = slow.as_mut() => { yield "slow"; }
                    () = fast.as_mut() => { yield "fast"; }
                    complete => break,
                }
            }
        }
        .collect(),
    );
    assert_eq!(all, ["fast", "slow"]);
}

#[test]
fn exit_into_an_inner_coroutine_that_returns_is_still_exit() {
    let went_on = Cell::new(false);
    let flag = &went_on;
    block_on(async {
        let mut outer = pin!(async_coroutine! { |_: ()|
            let value = (yield from async_coroutine! { |_: ()|
                let _caught = (yield 1);
                ticks(2).await;
                Ok(9)
            })?;
            flag.set(true);
            (yield value)?;
            Ok(())
        });
        assert!(outer.astart().await.is_ok());
        assert_eq!(outer.aclose().await, Ok(None));
        assert_eq!(outer.state(), State::Closed);
    });
    assert!(!went_on.get());
}
