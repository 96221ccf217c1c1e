//! start, send, throw and close. The numbers are those of the list of behaviours that CPython's own tests assert.
#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::fmt;
use std::pin::{Pin, pin};
use std::rc::Rc;

use heist::generator::{
    CloseError, Code, Coroutine, CoroutineExt, Outcome, PrimedError, Raise, Resume, SendError, StartError,
    State, Step, coroutine, generator,
};

coroutine! {
    /// Counts, and is told words.
    fn counter() -> yields i32, takes &'static str {
        let mut step = 1;
        loop {
            let _got = (yield step)?;
            step += 1;
        }
    }
}

// 27
#[test]
fn a_value_sent_to_a_new_coroutine_comes_back() {
    let mut counter = pin!(counter());
    assert_eq!(counter.send("early"), Err(SendError::NotStarted("early")));
    assert_eq!(counter.start(), Ok(Step::Yielded(1)));
    assert_eq!(counter.start(), Err(StartError::AlreadyStarted));
}

// 28
#[test]
fn send_resumes_the_yield_and_returns_the_next() {
    let heard = Cell::new(0);
    let ear = &heard;
    let mut coroutine = pin!(coroutine! { |_: i32| ear.set((yield 1)?); (yield 2)?; Ok(()) });
    assert_eq!(coroutine.start(), Ok(Step::Yielded(1)));
    assert_eq!(coroutine.send(42), Ok(Step::Yielded(2)));
    assert_eq!(heard.get(), 42);
}

// 29
#[test]
fn a_bare_yield_hands_out_unit() {
    let mut coroutine = pin!(coroutine! { |_: ()| (yield)?; Ok(()) });
    assert_eq!(coroutine.start(), Ok(Step::Yielded(())));
    assert_eq!(coroutine.send(()), Ok(Step::Returned(())));
}

// 30
#[test]
fn a_yield_may_be_the_operand_of_an_assignment() {
    let seen = Rc::new(RefCell::new(vec![]));
    let log = seen.clone();
    let mut coroutine = pin!(coroutine! { |_: u32|
        let mut count = 0;
        while count < 200 {
            count += (yield ())?;
            log.borrow_mut().push(count);
        }
        Ok(())
    });
    assert!(coroutine.start().is_ok());
    assert!(seen.borrow().is_empty());
    for _ in 0..3 {
        assert_eq!(coroutine.send(10), Ok(Step::Yielded(())));
    }
    assert_eq!(*seen.borrow(), [10, 20, 30]);
}

// 31
#[test]
fn yields_in_one_expression_run_in_the_order_of_evaluation() {
    let mut coroutine = pin!(coroutine! { |_: usize|
        let mut d = [1, 2];
        d[(yield 'a')?] = 27;
        d[(yield 'b')?] = 27;
        Ok(d)
    });
    assert_eq!(coroutine.start(), Ok(Step::Yielded('a')));
    assert_eq!(coroutine.send(0), Ok(Step::Yielded('b')));
    assert_eq!(coroutine.send(1), Ok(Step::Returned([27, 27])));
}

// 32
#[test]
fn a_returned_tuple_is_not_taken_apart() {
    let mut coroutine = pin!(coroutine! { |_: (i32,)| yield 1 });
    assert_eq!(coroutine.start(), Ok(Step::Yielded(1)));
    assert_eq!(coroutine.send((2,)), Ok(Step::Returned((2,))));
}

// 33
#[test]
fn a_returned_step_is_a_value_like_any_other() {
    let mut coroutine = pin!(coroutine! { |_: ()| (yield 0)?; Ok(Step::<i32, i32>::Returned(2)) });
    assert_eq!(coroutine.start(), Ok(Step::Yielded(0)));
    assert_eq!(coroutine.send(()), Ok(Step::Returned(Step::Returned(2))));
}

// 34
#[test]
fn a_closure_that_returns_a_coroutine_works_like_a_function() {
    let make = |start: i32| coroutine! { |_: ()| (yield start)?; Ok(()) };
    let (mut one, mut two) = (pin!(make(1)), pin!(make(2)));
    assert_eq!((one.start(), two.start()), (Ok(Step::Yielded(1)), Ok(Step::Yielded(2))));
}

// 35
#[test]
fn sending_unit_is_next() {
    let mut coroutine = pin!(coroutine! { |_: ()| for i in 0..2 { (yield i)?; } Ok(()) });
    assert_eq!(coroutine.start(), Ok(Step::Yielded(0)));
    assert_eq!(coroutine.send(()), Ok(Step::Yielded(1)));
    assert_eq!(coroutine.send(()), Ok(Step::Returned(())));
}

// 36
#[test]
fn a_value_sent_to_a_closed_coroutine_comes_back() {
    let mut counter = pin!(counter());
    assert!(counter.start().is_ok());
    assert_eq!(counter.close(), Ok(None));
    assert_eq!(counter.send("late"), Err(SendError::Closed("late")));
    assert_eq!(counter.start(), Err(StartError::Closed));
}

fn catcher() -> Coroutine<String, i32, String, impl Code<Outcome<(), String>>> {
    coroutine! { |_: i32, String|
        let mut report = "ready".to_string();
        loop {
            report = match (yield report) {
                Ok(value) => format!("got {value}"),
                Err(Raise::Error(error)) => format!("caught {error}"),
                Err(Raise::Exit) => return Err(Raise::Exit),
            };
        }
    }
}

// 37
#[test]
fn a_thrown_error_that_is_caught_leads_to_the_next_yield() {
    let mut catcher = pin!(catcher());
    assert!(catcher.start().is_ok());
    assert_eq!(catcher.throw("spam"), Ok(Step::Yielded("caught spam".into())));
    assert_eq!(catcher.send(1), Ok(Step::Yielded("got 1".into())));
}

// 38
#[test]
fn a_thrown_error_that_is_not_caught_comes_out_and_drops_the_locals() {
    let (local, inside) = (Rc::new(()), Rc::new(()));
    let kept = local.clone();
    drop(inside);
    let mut coroutine = pin!(coroutine! { |_: (), &'static str| let _kept = kept; (yield 1)?; Ok(()) });
    assert!(coroutine.start().is_ok());
    assert_eq!(Rc::strong_count(&local), 2);
    assert_eq!(coroutine.throw("abc"), Err(Raise::Error("abc")));
    assert_eq!((coroutine.state(), Rc::strong_count(&local)), (State::Closed, 1));
}

// 39
#[test]
fn an_error_thrown_into_a_closed_coroutine_comes_back() {
    let mut catcher = pin!(catcher());
    assert_eq!(catcher.close(), Ok(None));
    assert_eq!(catcher.throw("spam"), Err(Raise::Error("spam".into())));
}

// 40
#[test]
fn an_error_thrown_into_a_new_coroutine_comes_back_and_closes_it() {
    let mut catcher = pin!(catcher());
    assert_eq!(catcher.throw("spam"), Err(Raise::Error("spam".into())));
    assert_eq!(catcher.state(), State::Closed);
}

// 41
#[test]
fn a_caught_error_may_be_kept_and_raised_later() {
    let error = Rc::new("kept");
    let mut coroutine = pin!(coroutine! { |_: (), Rc<&'static str>|
        let Err(caught) = (yield 1) else { return Ok(()) };
        (yield 2)?;
        (yield 3)?;
        Err(caught)
    });
    assert!(coroutine.start().is_ok());
    assert_eq!(coroutine.throw(error.clone()), Ok(Step::Yielded(2)));
    assert_eq!(coroutine.send(()), Ok(Step::Yielded(3)));
    let Err(SendError::Raised(Raise::Error(raised))) = coroutine.send(()) else {
        panic!("it raises at the end")
    };
    assert!(Rc::ptr_eq(&raised, &error));
}

#[derive(Debug)]
struct Chained {
    name: &'static str,
    source: Option<Box<Chained>>,
}

impl fmt::Display for Chained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl std::error::Error for Chained {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

// 42
#[test]
fn an_error_raised_while_handling_another_keeps_it_as_its_source() {
    let mut coroutine = pin!(coroutine! { |_: (), Chained|
        match (yield 1) {
            Err(Raise::Error(key)) => Err(Raise::Error(Chained { name: "value", source: Some(Box::new(key)) })),
            other => other,
        }
    });
    assert!(coroutine.start().is_ok());
    let raised = coroutine.throw(Chained { name: "key", source: None }).unwrap_err();
    let Raise::Error(raised) = raised else { panic!("an error was thrown") };
    assert_eq!(std::error::Error::source(&raised).unwrap().to_string(), "key");
}

// 43
#[test]
fn a_thrown_error_may_be_replaced() {
    let mut coroutine = pin!(coroutine! { |_: (), &'static str|
        match (yield 1) {
            Err(Raise::Error("value")) => Err(Raise::Error("runtime")),
            other => other,
        }
    });
    assert!(coroutine.start().is_ok());
    assert_eq!(coroutine.throw("value"), Err(Raise::Error("runtime")));
}

// 44: tests/compile_fail/fail/throw_wrong_type.rs

// 45
#[test]
fn the_end_of_an_inner_iterator_does_not_end_the_outer_one() {
    let all: Vec<Option<i32>> = generator! {
        let mut empty = std::iter::empty::<i32>();
        yield empty.next();
        yield Some(2);
    }
    .into_iter()
    .collect();
    assert_eq!(all, [None, Some(2)]);
}

// 46
#[test]
fn close_of_a_body_without_a_value_returns_nothing() {
    let mut coroutine = pin!(coroutine! { |_: ()| (yield 1)?; Ok(()) });
    assert!(coroutine.start().is_ok());
    assert_eq!(coroutine.close(), Ok(None));
}

// 47
#[test]
fn close_returns_what_the_body_returns_on_exit() {
    let mut coroutine = pin!(coroutine! { |_: ()| if (yield 1) == Err(Raise::Exit) { return Ok(0) } Ok(7) });
    assert!(coroutine.start().is_ok());
    assert_eq!(coroutine.close(), Ok(Some(0)));
}

// 48
#[test]
fn close_of_a_body_that_does_not_catch_exit_returns_nothing() {
    let mut coroutine = pin!(coroutine! { |_: ()| (yield 1)?; Ok(0) });
    assert!(coroutine.start().is_ok());
    assert_eq!(coroutine.close(), Ok(None));
}

// 49
#[test]
fn close_of_a_new_coroutine_runs_nothing() {
    let ran = Cell::new(false);
    let flag = &ran;
    let mut coroutine = pin!(coroutine! { |_: ()| flag.set(true); yield 1 });
    assert_eq!(coroutine.close(), Ok(None));
    assert_eq!((ran.get(), coroutine.state()), (false, State::Closed));
}

// 50
#[test]
fn close_of_an_exhausted_coroutine_does_nothing() {
    let mut coroutine = pin!(coroutine! { |_: ()| (yield 1)?; Ok(3) });
    assert!(coroutine.start().is_ok());
    assert_eq!(coroutine.send(()), Ok(Step::Returned(3)));
    assert_eq!(coroutine.close(), Ok(None));
}

// 51
#[test]
fn close_of_a_closed_coroutine_does_nothing() {
    let mut coroutine = pin!(coroutine! { |_: ()| if (yield 1).is_err() { return Ok(0) } Ok(1) });
    assert!(coroutine.start().is_ok());
    assert_eq!((coroutine.close(), coroutine.close()), (Ok(Some(0)), Ok(None)));
}

// 52
#[test]
fn an_error_of_the_clean_up_comes_out_of_close() {
    let mut coroutine = pin!(coroutine! { |_: (), &'static str|
        match (yield 1) { Err(Raise::Exit) => Err(Raise::Error("fie!")), other => other }
    });
    assert!(coroutine.start().is_ok());
    assert_eq!(coroutine.close(), Err(CloseError::Raised("fie!")));
    assert_eq!(coroutine.state(), State::Closed);
}

// 53
#[test]
fn close_releases_the_locals_at_once() {
    let local = Rc::new(());
    let kept = local.clone();
    let mut coroutine = Box::pin(coroutine! { |_: ()| let _kept = kept; (yield 1)?; Ok(()) });
    assert!(coroutine.start().is_ok());
    assert_eq!(coroutine.close(), Ok(None));
    assert_eq!(Rc::strong_count(&local), 1);
}

// 54
#[test]
fn a_body_that_yields_on_exit_stays_suspended_and_can_be_closed_again() {
    let mut coroutine = pin!(coroutine! { |_: ()| if (yield 1).is_err() { (yield 2)?; } Ok(()) });
    assert!(coroutine.start().is_ok());
    assert_eq!(coroutine.close(), Err(CloseError::IgnoredExit(2)));
    assert_eq!(coroutine.state(), State::Suspended);
    assert_eq!(coroutine.close(), Ok(None));
    assert_eq!(coroutine.state(), State::Closed);
}

struct Finally(Rc<RefCell<Vec<&'static str>>>, &'static str);

impl Drop for Finally {
    fn drop(&mut self) {
        self.0.borrow_mut().push(self.1);
    }
}

// 55
#[test]
fn dropping_a_suspended_coroutine_runs_its_destructors() {
    let log = Rc::new(RefCell::new(vec![]));
    let trace = log.clone();
    let mut coroutine =
        Box::pin(coroutine! { |_: ()| let _finally = Finally(trace, "exiting"); (yield 1)?; Ok(()) });
    assert!(coroutine.start().is_ok());
    drop(coroutine);
    assert_eq!(*log.borrow(), ["exiting"]);
}

// 56
#[test]
fn exit_is_not_caught_by_a_handler_of_errors() {
    let mut coroutine = pin!(coroutine! { |_: (), &'static str|
        loop {
            match (yield 1) { Err(Raise::Error(_)) => continue, other => other? }
        }
    });
    assert!(coroutine.start().is_ok());
    assert_eq!(coroutine.throw("caught"), Ok(Step::Yielded(1)));
    let closed: Result<Option<()>, _> = coroutine.close();
    assert_eq!(closed, Ok(None));
}

// 57
#[test]
fn a_coroutine_that_is_sent_a_handle_of_itself_leaks_and_is_no_worse() {
    type Me = Pin<Box<dyn Resume<Yield = (), Argument = Outcome<Option<Rc<()>>>, Return = Outcome>>>;
    let probe = Rc::new(());
    let cell: Rc<RefCell<Option<Me>>> = Rc::default();
    let (inside, witness) = (cell.clone(), probe.clone());
    let mut me: Me = Box::pin(coroutine! { |_: Option<Rc<()>>|
        let _cycle = (inside, witness);
        (yield ())?;
        Ok(())
    });
    assert!(me.start().is_ok());
    *cell.borrow_mut() = Some(me);
    // The cell holds the coroutine, which holds the cell: two owners remain when the one outside is gone.
    let weak = Rc::downgrade(&cell);
    drop(cell);
    assert_eq!((weak.strong_count(), Rc::strong_count(&probe)), (1, 2));
    // Taking the coroutine out breaks the cycle.
    let taken = weak.upgrade().unwrap().borrow_mut().take();
    drop(taken);
    assert_eq!((weak.strong_count(), Rc::strong_count(&probe)), (0, 1));
}

// Beside the numbered list.

#[test]
fn a_primed_coroutine_can_be_sent_to_at_once() {
    let adder =
        Box::pin(coroutine! { |_: i32| let mut sum = 0; while sum < 10 { sum += (yield sum)?; } Ok("full") });
    let (first, mut adder) = adder.primed().expect("it yields before it ends");
    assert_eq!(first, 0);
    assert_eq!(adder.send(4), Ok(Step::Yielded(4)));
    assert_eq!(adder.send(6), Ok(Step::Returned("full")));
    assert_eq!(adder.send(1), Err(PrimedError::Closed(1)));
    let early = Box::pin(coroutine! { |_: ()| if true { return Ok(5) } (yield 1)?; Ok(6) });
    assert_eq!(early.primed().err(), Some(Ok(5)));
}

#[test]
fn coroutines_of_different_bodies_share_a_run_queue() {
    type Any = Pin<Box<dyn Resume<Yield = i32, Argument = Outcome<i32>, Return = Outcome<i32>>>>;
    let mut queue: Vec<Any> = vec![
        Box::pin(coroutine! { |_: i32| let a = (yield 1)?; Ok(a) }),
        Box::pin(coroutine! { |_: i32| if true { return Ok(5) } (yield 2)?; Ok(6) }),
    ];
    assert_eq!(queue[0].start(), Ok(Step::Yielded(1)));
    assert_eq!(queue[0].send(4), Ok(Step::Returned(4)));
    assert_eq!(queue[1].start(), Ok(Step::Returned(5)));
}

#[test]
fn a_coroutine_moves_between_threads_at_every_yield() {
    let mut adder =
        Box::pin(coroutine! { |_: u32| let mut sum = 0; for _ in 0..3 { sum += (yield sum)?; } Ok(sum) });
    assert!(adder.start().is_ok());
    for i in 1..=2 {
        let step = move || {
            assert!(adder.send(i).is_ok());
            adder
        };
        adder = std::thread::spawn(step).join().unwrap();
    }
    assert_eq!(adder.send(3), Ok(Step::Returned(6)));
}

#[test]
fn an_attempt_is_a_try_and_what_follows_it_is_finally() {
    let log = Rc::new(RefCell::new(vec![]));
    let trace = log.clone();
    let mut coroutine = pin!(coroutine! { |_: i32, String|
        let tried: Result<i32, Raise<String>> = attempt! {
            let a = (yield 1)?;
            let b: i32 = (yield 2)?;
            let n = "x".parse::<i32>().map_err(|error| error.to_string())?;
            a + b + n
        };
        trace.borrow_mut().push("finally");
        tried
    });
    assert!(coroutine.start().is_ok());
    assert!(coroutine.send(1).is_ok());
    assert_eq!(
        coroutine.send(2),
        Err(SendError::Raised(Raise::Error("invalid digit found in string".into())))
    );
    assert_eq!(*log.borrow(), ["finally"]);
}

/// A counter that a body holds at every one of its suspension points.
fn three_points(log: Rc<RefCell<Vec<&'static str>>>) -> Coroutine<u8, (), Infallible, impl Code<Outcome>> {
    coroutine! { |_: ()|
        let _a = Finally(log.clone(), "a");
        (yield 1)?;
        let _b = Finally(log.clone(), "b");
        (yield 2)?;
        let _c = Finally(log, "c");
        (yield 3)?;
        Ok(())
    }
}

#[test]
fn it_can_be_dropped_at_every_suspension_point() {
    let expected: [&[&str]; 5] = [&[], &["a"], &["b", "a"], &["c", "b", "a"], &["c", "b", "a"]];
    for (steps, order) in expected.into_iter().enumerate() {
        let log = Rc::new(RefCell::new(vec![]));
        let mut coroutine = Box::pin(three_points(log.clone()));
        for step in 0..steps {
            let advanced = if step == 0 { coroutine.start().is_ok() } else { coroutine.send(()).is_ok() };
            assert!(advanced);
        }
        drop(coroutine);
        assert_eq!(*log.borrow(), order, "after {steps} steps");
        assert_eq!(Rc::strong_count(&log), 1);
    }
}

#[test]
fn a_panic_drops_the_locals_and_captures_once() {
    let log = Rc::new(RefCell::new(vec![]));
    let (captured, local) = (Finally(log.clone(), "captured"), log.clone());
    let mut coroutine = Box::pin(coroutine! { |_: ()|
        let _captured = &captured;
        let _local = Finally(local, "local");
        (yield 1)?;
        if true { panic!("boom") }
        Ok(())
    });
    assert!(coroutine.start().is_ok());
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| coroutine.send(())));
    assert!(panicked.is_err());
    assert_eq!(*log.borrow(), ["local", "captured"]);
    drop(coroutine);
    assert_eq!(log.borrow().len(), 2);
}

#[test]
#[should_panic(expected = "resumed with an argument")]
fn resuming_a_suspended_body_without_an_argument_is_refused() {
    let mut coroutine = pin!(coroutine! { |_: Box<i32>| let _got = (yield 1)?; Ok(()) });
    let _ = coroutine.as_mut().resume(None);
    let _ = coroutine.as_mut().resume(None);
}

#[test]
#[should_panic(expected = "awaited a future that was not ready")]
fn a_pending_future_smuggled_in_by_a_macro_closes_the_generator() {
    macro_rules! wait {
        ($future:expr) => {
            $future.await
        };
    }
    let mut generator = pin!(generator! { wait!(std::future::pending::<()>()); yield 1; });
    generator.next();
}
