//! Native coroutines: `async` functions, and the form without a macro in which any chain of awaits ends in a yield.
//! The numbers are those of the list of behaviours that CPython's own tests assert (PEP 492).
#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures::executor::block_on;
use futures::stream::StreamExt;
use heist::generator::{
    AlreadyExecuting, AsyncCoroutineExt, CloseError, Co, CoroutineExt, Next, Outcome, Raise, Resume,
    SendError, Shared, State, Step, async_coroutine, async_routine, generator, routine,
};

// 112
#[test]
fn a_function_that_never_yields_runs_to_its_value() {
    let mut f = pin!(routine(async |_co: Co<'_, (), Outcome<()>>| Outcome::<i32>::Ok(10)));
    assert_eq!(f.start(), Ok(Step::Returned(10)));
    assert_eq!(block_on(async { 10 }), 10);
}

// 113: tests/compile_fail/fail/future_is_no_iterator.rs

async fn sub(co: &mut Co<'_, u32>, first: u32) -> u32 {
    co.yield_(first).await;
    first
}

// 114
#[test]
fn yields_of_awaited_functions_bubble_up() {
    let g = routine(async |mut co: Co<'_, u32>| {
        let one = sub(&mut co, 1).await;
        sub(&mut co, one + 1).await;
    });
    assert_eq!(pin!(g).collect::<Vec<_>>(), [1, 2]);
}

// 115: tests/compile_fail/fail/yield_from_a_future.rs

// 116
#[test]
fn the_value_of_an_awaited_function_comes_back_through_the_chain() {
    async fn inner(co: &mut Co<'_, &'static str, Outcome<i32>>) -> Outcome<i32> {
        Ok(co.yield_("inner").await? + 1)
    }
    async fn middle(co: &mut Co<'_, &'static str, Outcome<i32>>) -> Outcome<i32> {
        Ok(inner(co).await? * 10)
    }
    let mut g = pin!(routine(async |mut co: Co<'_, &'static str, Outcome<i32>>| middle(&mut co).await));
    assert_eq!(g.start(), Ok(Step::Yielded("inner")));
    assert_eq!(g.send(4), Ok(Step::Returned(50)));
}

// 117: tests/compile_fail/fail/unawaited.rs

/// func_10: the value sent is passed on raised by 100, an error is recorded, and the end is counted.
async fn records(co: &mut Co<'_, i32, Outcome<i32, i32>>, finals: &Cell<u32>) -> Outcome<(), i32> {
    let mut answer = 0;
    let outcome = loop {
        match co.yield_(answer).await {
            Ok(sent) => answer = sent * 10,
            Err(Raise::Error(error)) => answer = error + 100,
            Err(Raise::Exit) => break Err(Raise::Exit),
        }
    };
    finals.set(finals.get() + 1);
    outcome
}

// 118
#[test]
fn send_throw_and_close_reach_an_awaited_function() {
    let finals = Cell::new(0);
    let count = &finals;
    let mut g = pin!(routine(async |mut co: Co<'_, i32, Outcome<i32, i32>>| records(&mut co, count).await));
    assert_eq!(g.start(), Ok(Step::Yielded(0)));
    assert_eq!(g.send(10), Ok(Step::Yielded(100)));
    assert_eq!(g.throw(7), Ok(Step::Yielded(107)));
    assert_eq!((g.close(), g.close()), (Ok(None), Ok(None)));
    assert_eq!(finals.get(), 1);
}

type Any = dyn Resume<Yield = Result<(), AlreadyExecuting>, Argument = Next, Return = ()>;

// 119
#[test]
fn resuming_itself_is_already_executing() {
    let cell: Rc<RefCell<Option<Shared<Any>>>> = Rc::default();
    let inside = cell.clone();
    let body: Pin<Box<Any>> = Box::pin(routine(async move |mut co: Co<'_, Result<(), AlreadyExecuting>>| {
        let me = inside.borrow_mut().take().unwrap();
        let refused = me.try_next().map(|_| ());
        co.yield_(refused).await;
    }));
    let shared = Shared::from_pin(body);
    *cell.borrow_mut() = Some(shared.clone());
    assert_eq!(shared.try_next(), Ok(Some(Err(AlreadyExecuting))));
}

// 120
#[test]
fn a_value_sent_before_the_start_comes_back() {
    let mut g = pin!(routine(async |mut co: Co<'_, u8, Outcome<i32>>| co.yield_(1).await));
    assert_eq!(g.send(5), Err(SendError::NotStarted(5)));
    assert_eq!(g.start(), Ok(Step::Yielded(1)));
    assert_eq!(g.send(5), Ok(Step::Returned(5)));
}

// 121
#[test]
fn a_body_that_yields_on_exit_ignores_it() {
    let mut g = pin!(routine(async |mut co: Co<'_, u8, Outcome<()>>| {
        if co.yield_(1).await.is_err() {
            co.yield_(2).await?;
        }
        Outcome::<()>::Ok(())
    }));
    assert!(g.start().is_ok());
    assert_eq!(g.close(), Err(CloseError::IgnoredExit(2)));
}

// 122
#[test]
fn after_completion_send_is_closed_and_close_does_nothing() {
    let mut g = pin!(routine(async |mut co: Co<'_, u8, Outcome<i32>>| co.yield_(1).await));
    assert!(g.start().is_ok() && g.send(1).is_ok());
    assert_eq!(g.send(2), Err(SendError::Closed(2)));
    assert_eq!(g.throw_exit(), Err(Raise::Exit));
    assert_eq!(g.close(), Ok(None));
}

// 123
#[test]
fn the_states_of_a_routine() {
    let mut g = pin!(async_routine(async |mut co: Co<'_, u8, Outcome<()>>| {
        co.yield_(1).await?;
        std::future::pending::<()>().await;
        Outcome::<()>::Ok(())
    }));
    let state = |g: &Pin<&mut _>| heist::generator::AsyncResume::state(g);
    assert_eq!(state(&g), State::Created);
    assert!(block_on(g.astart()).is_ok());
    assert_eq!(state(&g), State::Suspended);
    {
        let step = pin!(g.asend(()));
        assert!(step.poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    assert_eq!(state(&g), State::Running);
    assert_eq!(block_on(g.aclose()), Ok(None));
    assert_eq!(state(&g), State::Closed);
}

// 124: tests/compile_fail/fail/await_of_no_future.rs
// 125: tests/compile_fail/fail/awaited_by_two.rs

// 126
#[test]
fn nested_asynchronous_clean_up_runs_from_the_inside_out() {
    let log = RefCell::new(vec![]);
    let trace = &log;
    block_on(async {
        let mut g = pin!(async_coroutine! { |_: ()|
            trace.borrow_mut().push("enter-A");
            let a: Outcome = attempt! {
                trace.borrow_mut().push("enter-B");
                let b: Outcome = attempt! { (yield 1)?; };
                std::future::ready(()).await;
                trace.borrow_mut().push("exit-B");
                b?
            };
            std::future::ready(()).await;
            trace.borrow_mut().push("exit-A");
            a
        });
        assert!(g.astart().await.is_ok());
        assert_eq!(g.aclose().await, Ok(None));
    });
    assert_eq!(*log.borrow(), ["enter-A", "enter-B", "exit-B", "exit-A"]);
}

// Beside the numbered list.

#[test]
fn the_bridge_of_the_text_runs_as_printed() {
    let log = RefCell::new(vec![]);
    let trace = &log;
    async fn step(co: &mut Co<'_, u32, Outcome<&'static str>>, log: &RefCell<Vec<String>>) -> Outcome {
        let mut s = 0;
        loop {
            let value = co.yield_(s).await?;
            log.borrow_mut().push(format!("Step got value {value}"));
            s += 1;
        }
    }
    let mut c =
        pin!(routine(async move |mut co: Co<'_, u32, Outcome<&'static str>>| step(&mut co, trace).await));
    assert_eq!(c.start(), Ok(Step::Yielded(0)));
    for (number, word) in ["first", "second", "third"].into_iter().enumerate() {
        assert_eq!(c.send(word), Ok(Step::Yielded(number as u32 + 1)));
    }
    assert_eq!(*log.borrow(), ["Step got value first", "Step got value second", "Step got value third"]);
}

#[test]
fn a_routine_lends_what_it_captures_and_is_send() {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    let words = ["a".to_string(), "b".to_string()];
    let list = &words;
    let g = assert_send(routine(async move |mut co: Co<'_, _>| {
        for word in list {
            co.yield_(word.as_str()).await;
        }
    }));
    assert_eq!(pin!(g).collect::<String>(), "ab");
}

#[test]
fn an_asynchronous_routine_awaits_anything() {
    let g = async_routine(async |mut co: Co<'_, u32>| {
        for n in 0..3 {
            futures::future::poll_fn(|_| Poll::Ready(())).await;
            co.yield_(n).await;
        }
    });
    assert_eq!(block_on(g.collect::<Vec<_>>()), [0, 1, 2]);
}

#[test]
fn a_routine_is_delegated_to() {
    let inner = routine(async |mut co: Co<'_, u32>| {
        co.yield_(1).await;
        "inner"
    });
    let mut outer = pin!(generator! { let name = yield from inner; assert_eq!(name, "inner"); yield 2; });
    assert_eq!(outer.by_ref().collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_yield_that_is_dropped_early_has_been_handed_out() {
    let mut g = pin!(routine(async |mut co: Co<'_, u32, Outcome<char>>| {
        // Polled once and dropped: the value is out, and nobody takes what is sent for it.
        let early = std::pin::pin!(co.yield_(1));
        let _ = futures::poll!(early);
        let answer = co.yield_(2).await?;
        Outcome::Ok(answer)
    }));
    assert_eq!(g.start(), Ok(Step::Yielded(2)));
    assert_eq!(g.send('x'), Ok(Step::Returned('x')));
}

#[test]
#[should_panic(expected = "use `async_routine` instead")]
fn a_pending_future_in_a_synchronous_routine_panics() {
    let mut g = pin!(routine(async |mut co: Co<'_, u32>| {
        std::future::pending::<()>().await;
        co.yield_(1).await;
    }));
    g.next();
}

#[test]
fn a_routine_whose_function_panics_is_closed() {
    let mut g = Box::pin(routine(panics));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| g.next()));
    assert!(panicked.is_err());
    assert_eq!(g.next(), None);
}

/// Not an `async fn`: it panics before there is a future.
fn panics(co: Co<'_, u32>) -> impl Future<Output = ()> {
    if true {
        panic!("boom");
    }
    async move {
        let _held = co;
    }
}
