//! `yield from`. The numbers are those of the list of behaviours that CPython's own tests assert (PEP 380).
#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::pin::{Pin, pin};
use std::rc::Rc;

use heist::generator::{
    AlreadyExecuting, CloseError, CoroutineExt, Outcome, Raise, Resume, SendError, Shared, StartError, State,
    Step, coroutine, generator, resumed_with,
};

type Log = Rc<RefCell<Vec<String>>>;

/// Writes when it begins and when it ends: `try`/`finally` of the original tests.
struct Scope(Log, &'static str);

impl Scope {
    fn enter(log: &Log, name: &'static str) -> Scope {
        log.borrow_mut().push(format!("Starting {name}"));
        Scope(log.clone(), name)
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        self.0.borrow_mut().push(format!("Finishing {}", self.1));
    }
}

// 58
#[test]
fn the_first_next_reaches_the_subgenerator() {
    let log = Log::default();
    let (outer, inner) = (log.clone(), log.clone());
    let g1 = pin!(generator! {
        let _scope = Scope::enter(&outer, "g1");
        yield from generator! { let _scope = Scope::enter(&inner, "g2"); yield 42; };
    });
    for x in g1 {
        log.borrow_mut().push(format!("Yielded {x}"));
    }
    assert_eq!(*log.borrow(), ["Starting g1", "Starting g2", "Yielded 42", "Finishing g2", "Finishing g1"]);
}

// 59
#[test]
fn an_error_before_the_first_yield_of_the_subgenerator_ends_both() {
    let log = Log::default();
    let (outer, inner) = (log.clone(), log.clone());
    let mut g1 = pin!(coroutine! { |_: (), &'static str|
        let _scope = Scope::enter(&outer, "g1");
        (yield from coroutine! { |_: (), &'static str|
            let _scope = Scope::enter(&inner, "g2");
            if true { return Err(Raise::Error("hovercraft")) }
            (yield 1)?;
            Ok(())
        })
    });
    assert_eq!(g1.start(), Err(StartError::Raised(Raise::Error("hovercraft"))));
    assert_eq!(*log.borrow(), ["Starting g1", "Starting g2", "Finishing g2", "Finishing g1"]);
}

/// g1 yields, delegates to g2 and yields again; g2 says what it is sent and may fail.
fn ham_and_spam(
    log: &Log,
    fails_after: usize,
) -> impl Resume<Yield = String, Argument = Lunch, Return = LunchEnd> + use<> {
    let (outer, inner) = (log.clone(), log.clone());
    coroutine! { |_: u32, &'static str|
        let _scope = Scope::enter(&outer, "g1");
        let x = (yield "g1 ham".to_string())?;
        outer.borrow_mut().push(format!("g1 got {x}"));
        (yield from coroutine! { |_: u32, &'static str|
            let _scope = Scope::enter(&inner, "g2");
            for (index, item) in ["g2 spam", "g2 more spam"].into_iter().enumerate() {
                if index == fails_after { return Err(Raise::Error("hovercraft is full of eels")) }
                let x = (yield item.to_string())?;
                inner.borrow_mut().push(format!("g2 got {x}"));
            }
            Ok(())
        })?;
        let x = (yield "g1 eggs".to_string())?;
        outer.borrow_mut().push(format!("g1 got {x}"));
        Ok(())
    }
}

type Lunch = Outcome<u32, &'static str>;
type LunchEnd = Outcome<(), &'static str>;

// 60
#[test]
fn an_error_at_a_later_next_of_the_subgenerator_ends_both() {
    let log = Log::default();
    let mut g1 = Box::pin(ham_and_spam(&log, 1));
    assert!(g1.start().is_ok() && g1.send(1).is_ok());
    assert_eq!(g1.send(2), Err(SendError::Raised(Raise::Error("hovercraft is full of eels"))));
    assert_eq!(log.borrow()[2..], ["Starting g2", "g2 got 2", "Finishing g2", "Finishing g1"]);
}

// 61
#[test]
fn next_walks_through_outer_and_inner_yields() {
    let log = Log::default();
    let mut g1 = Box::pin(ham_and_spam(&log, 9));
    let mut seen = vec![g1.start().unwrap().yielded().unwrap()];
    while let Ok(Step::Yielded(item)) = g1.send(0) {
        seen.push(item);
    }
    assert_eq!(seen, ["g1 ham", "g2 spam", "g2 more spam", "g1 eggs"]);
}

// 62
#[test]
fn send_reaches_the_innermost_generator() {
    let log = Log::default();
    let mut g1 = Box::pin(ham_and_spam(&log, 9));
    assert!(g1.start().is_ok());
    for x in 1..=4 {
        assert!(g1.send(x).is_ok());
    }
    let wanted = [
        "Starting g1",
        "g1 got 1",
        "Starting g2",
        "g2 got 2",
        "g2 got 3",
        "Finishing g2",
        "g1 got 4",
        "Finishing g1",
    ];
    assert_eq!(*log.borrow(), wanted);
}

// 63
#[test]
fn an_error_in_the_subgenerator_on_send_ends_the_outer_one() {
    let log = Log::default();
    let mut g1 = Box::pin(ham_and_spam(&log, 1));
    assert!(g1.start().is_ok() && g1.send(1).is_ok() && g1.send(2).is_err());
    assert_eq!(g1.state(), State::Closed);
    assert_eq!(g1.send(3), Err(SendError::Closed(3)));
}

// 64
#[test]
fn close_ends_the_inner_generator_before_the_outer_one() {
    let log = Log::default();
    let mut g1 = Box::pin(ham_and_spam(&log, 9));
    assert!(g1.start().is_ok() && g1.send(1).is_ok());
    assert_eq!(g1.close(), Ok(None));
    assert_eq!(log.borrow()[2..], ["Starting g2", "Finishing g2", "Finishing g1"]);
}

// 65
#[test]
fn an_error_of_the_inner_clean_up_wins_over_close() {
    let mut g1 = pin!(coroutine! { |_: (), &'static str|
        yield from coroutine! { |_: (), &'static str|
            match (yield 1) { Err(Raise::Exit) => Err(Raise::Error("inner clean-up")), other => other }
        }
    });
    assert!(g1.start().is_ok());
    assert_eq!(g1.close(), Err(CloseError::Raised("inner clean-up")));
}

// 66
#[test]
fn an_error_thrown_into_the_inner_generator_ends_both() {
    let log = Log::default();
    let mut g1 = Box::pin(ham_and_spam(&log, 9));
    assert!(g1.start().is_ok() && g1.send(1).is_ok());
    assert_eq!(g1.throw("tomato ejected"), Err(Raise::Error("tomato ejected")));
    assert_eq!(log.borrow()[2..], ["Starting g2", "Finishing g2", "Finishing g1"]);
}

// 67
#[test]
fn the_value_of_yield_from_is_what_the_inner_generator_returned() {
    fn returns<T>(value: T) -> impl Resume<Yield = u8, Argument = Outcome<()>, Return = Outcome<T>> {
        coroutine! { |_: ()| (yield 0)?; Ok(value) }
    }
    let mut g1 = pin!(coroutine! { |_: ()|
        let nothing = (yield from returns(None::<i32>))?;
        let one = (yield from returns(1))?;
        let tuple = (yield from returns((2,)))?;
        let step = (yield from returns(Step::<(), i32>::Returned(3)))?;
        let text = (yield from returns("done".to_string()))?;
        Ok((nothing, one, tuple, step, text))
    });
    assert!(g1.start().is_ok());
    for _ in 0..4 {
        assert_eq!(g1.send(()), Ok(Step::Yielded(0)));
    }
    assert_eq!(g1.send(()), Ok(Step::Returned((None, 1, (2,), Step::Returned(3), "done".to_string()))));
}

// 68
#[test]
fn anything_iterable_can_be_delegated_to() {
    let all: Vec<i32> =
        generator! { yield from 0..3; yield from vec![3, 4]; yield from Some(5); yield from [6]; }
            .into_iter()
            .collect();
    assert_eq!(all, [0, 1, 2, 3, 4, 5, 6]);
    let letters: String =
        generator! { for word in ["hello", " ", "world"] { yield from word.chars(); } }.into_iter().collect();
    assert_eq!(letters, "hello world");
}

struct Counted<'a>(&'a Cell<u32>, std::ops::Range<i32>);

impl Iterator for Counted<'_> {
    type Item = i32;
    fn next(&mut self) -> Option<i32> {
        self.1.next()
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

// 69
#[test]
fn close_while_delegating_to_an_iterator_drops_it() {
    let drops = Cell::new(0);
    let count = &drops;
    let mut g = pin!(coroutine! { |_: ()| yield from Counted(count, 0..3) });
    assert_eq!(g.start(), Ok(Step::Yielded(0)));
    assert_eq!(g.close(), Ok(None));
    assert_eq!(drops.get(), 1);
}

// 70
#[test]
fn an_error_thrown_while_delegating_to_an_iterator_is_raised_at_the_yield_from() {
    let drops = Cell::new(0);
    let count = &drops;
    let mut g = pin!(coroutine! { |_: (), &'static str|
        match (yield from Counted(count, 0..10)) {
            Err(Raise::Error(_)) => { (yield 99)?; Ok(()) }
            other => other,
        }
    });
    assert_eq!(g.start(), Ok(Step::Yielded(0)));
    assert_eq!(g.throw("tomato"), Ok(Step::Yielded(99)));
    assert_eq!(drops.get(), 1);
}

// 71
#[test]
fn a_value_sent_while_delegating_to_an_iterator_is_ignored() {
    let mut g = pin!(coroutine! { |_: i32| yield from 0..3 });
    assert_eq!(g.start(), Ok(Step::Yielded(0)));
    assert_eq!(g.send(42), Ok(Step::Yielded(1)));
}

type Shareable =
    dyn Resume<Yield = u8, Argument = Outcome<(), AlreadyExecuting>, Return = Outcome<(), AlreadyExecuting>>;

// 72
#[test]
fn a_loop_of_delegations_is_already_executing() {
    type Slot<T> = Rc<RefCell<Option<T>>>;
    let (one, two): (Slot<Shared<Shareable>>, Slot<_>) = Default::default();
    let (in_one, in_two) = (two.clone(), one.clone());
    let g1: Pin<Box<Shareable>> = Box::pin(coroutine! { |_: (), AlreadyExecuting|
        (yield 1)?;
        let other: Shared<Shareable> = in_one.borrow_mut().take().unwrap();
        yield from other
    });
    let g2: Pin<Box<Shareable>> = Box::pin(coroutine! { |_: (), AlreadyExecuting|
        (yield 2)?;
        let other = in_two.borrow_mut().take().unwrap();
        yield from other
    });
    let (g1, g2) = (Shared::from_pin(g1), Shared::from_pin(g2));
    (*one.borrow_mut(), *two.borrow_mut()) = (Some(g1.clone()), Some(g2));
    assert_eq!(g1.try_lock().unwrap().start(), Ok(Step::Yielded(1)));
    assert_eq!(g1.send(()), Ok(Step::Yielded(2)));
    assert_eq!(g1.send(()), Err(SendError::Raised(Raise::Error(AlreadyExecuting))));
}

// 73
#[test]
fn every_generator_of_a_delegating_chain_claims_to_be_running() {
    let handles: Rc<RefCell<Vec<Shared<Shareable>>>> = Rc::default();
    let seen = handles.clone();
    let innermost: Pin<Box<Shareable>> = Box::pin(coroutine! { |_: (), AlreadyExecuting|
        for handle in seen.borrow().iter() { assert_eq!(handle.state(), State::Running); }
        (yield 7)?;
        Ok(())
    });
    let inner = Shared::from_pin(innermost);
    let middle_inner = inner.clone();
    let middle: Pin<Box<Shareable>> =
        Box::pin(coroutine! { |_: (), AlreadyExecuting| yield from middle_inner });
    let middle = Shared::from_pin(middle);
    let outer_middle = middle.clone();
    let outer: Pin<Box<Shareable>> =
        Box::pin(coroutine! { |_: (), AlreadyExecuting| yield from outer_middle });
    let outer = Shared::from_pin(outer);
    *handles.borrow_mut() = vec![inner, middle, outer.clone()];
    assert_eq!(outer.try_lock().unwrap().start(), Ok(Step::Yielded(7)));
    for handle in handles.borrow().iter() {
        assert_eq!(handle.state(), State::Suspended);
    }
}

// 74
#[test]
fn an_error_caught_by_the_inner_generator_is_answered_by_its_next_yield() {
    let mut g1 = pin!(coroutine! { |_: (), &'static str|
        (yield "g1 ham")?;
        (yield from coroutine! { |_: (), &'static str|
            if let Err(Raise::Error(_)) = (yield "g2 spam") { (yield "g2 lunch saved")?; }
            (yield "g2 yet more spam")?;
            Ok(())
        })?;
        (yield "g1 eggs")?;
        Ok(())
    });
    assert!(g1.start().is_ok());
    assert_eq!(g1.send(()), Ok(Step::Yielded("g2 spam")));
    assert_eq!(g1.throw("tomato"), Ok(Step::Yielded("g2 lunch saved")));
    assert_eq!(g1.send(()), Ok(Step::Yielded("g2 yet more spam")));
    assert_eq!(g1.send(()), Ok(Step::Yielded("g1 eggs")));
}

// 75
#[test]
fn an_inner_generator_may_catch_and_return_and_the_outer_goes_on() {
    let mut g = pin!(coroutine! { |_: (), &'static str|
        let value = (yield from coroutine! { |_: (), &'static str|
            match (yield 1) { Err(Raise::Error(_)) => Ok(2), other => { other?; Ok(0) } }
        })?;
        (yield value * 10)?;
        Ok(())
    });
    assert_eq!(g.start(), Ok(Step::Yielded(1)));
    assert_eq!(g.throw("value"), Ok(Step::Yielded(20)));
}

// 76
#[test]
fn exit_thrown_into_an_inner_generator_that_returns_is_still_exit() {
    let log = Log::default();
    let trace = log.clone();
    let mut g = pin!(coroutine! { |_: ()|
        (yield from coroutine! { |_: ()| if (yield 1).is_err() { return Ok(9) } Ok(0) })?;
        trace.borrow_mut().push("after the delegation".into());
        (yield 2)?;
        Ok(())
    });
    assert!(g.start().is_ok());
    assert_eq!(g.throw_exit(), Err(Raise::Exit));
    assert!(log.borrow().is_empty());
}

// 77
#[test]
fn exit_thrown_into_an_inner_generator_that_yields_is_ignored_exit() {
    let mut g = pin!(coroutine! { |_: ()|
        yield from coroutine! { |_: ()| if (yield 1).is_err() { (yield 2)?; } Ok(()) }
    });
    assert!(g.start().is_ok());
    assert_eq!(g.close(), Err(CloseError::IgnoredExit(2)));
}

// 78
#[test]
fn exit_thrown_into_an_inner_generator_that_raises_is_that_error() {
    let mut g = pin!(coroutine! { |_: (), &'static str|
        yield from coroutine! { |_: (), &'static str|
            match (yield 1) { Err(_) => Err(Raise::Error("vorpal bunny")), other => other }
        }
    });
    assert!(g.start().is_ok());
    assert_eq!(g.throw_exit(), Err(Raise::Error("vorpal bunny")));
}

// 79
#[test]
fn yield_from_nothing_yields_nothing() {
    let mut g = pin!(generator! { yield from std::iter::empty::<u8>(); });
    assert_eq!(g.next(), None);
}

/// Written by hand, not by a macro: one yield, and a value.
struct ByHand(State);

impl Resume for ByHand {
    type Yield = &'static str;
    type Argument = Outcome<()>;
    type Return = Outcome<i32>;

    fn state(&self) -> State {
        self.0
    }

    fn resume(mut self: Pin<&mut Self>, _: Option<Outcome<()>>) -> Step<&'static str, Outcome<i32>> {
        if self.0 == State::Created {
            self.0 = State::Suspended;
            return Step::Yielded("by hand");
        }
        self.0 = State::Closed;
        Step::Returned(Ok(13))
    }

    fn abort(mut self: Pin<&mut Self>) {
        self.0 = State::Closed;
    }
}

// 80
#[test]
fn the_value_of_a_coroutine_written_by_hand_comes_back() {
    let mut g = pin!(coroutine! { |_: ()| yield from ByHand(State::Created) });
    assert_eq!(g.start(), Ok(Step::Yielded("by hand")));
    assert_eq!(g.send(()), Ok(Step::Returned(13)));
}

// 81
#[test]
fn a_return_value_is_given_once() {
    let mut g = pin!(coroutine! { |_: ()| (yield 1)?; Ok("value") });
    assert!(g.start().is_ok());
    assert_eq!(g.send(()), Ok(Step::Returned("value")));
    assert_eq!(g.send(()), Err(SendError::Closed(())));
}

/// How the inner generator of the table answers whatever is raised at its yield.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Answer {
    /// Does not catch it.
    Pass,
    RaiseExit,
    RaiseStop,
    RaiseBase,
    RaiseError,
    Yield,
    Return,
}

fn answers(answer: Answer) -> impl Resume<Yield = u8, Argument = Raised, Return = Raised> {
    coroutine! { |_: (), &'static str|
        let Err(raised) = (yield 1) else { return Ok(()) };
        match answer {
            Answer::Pass => return Err(raised),
            Answer::RaiseExit => return Err(Raise::Exit),
            Answer::RaiseStop => return Err(Raise::Error("stop")),
            Answer::RaiseBase => return Err(Raise::Error("base")),
            Answer::RaiseError => return Err(Raise::Error("error")),
            Answer::Yield => (yield 2)?,
            Answer::Return => return Ok(()),
        }
        Ok(())
    }
}

type Raised = Outcome<(), &'static str>;

// 82: seven answers times close, throw of Exit and throw of an error
#[test]
fn the_table_of_edge_cases() {
    use Answer::{Pass, RaiseBase, RaiseError, RaiseExit, RaiseStop, Return, Yield};
    let started = |answer| {
        let mut g =
            Box::pin(coroutine! { |_: (), &'static str| (yield from answers(answer))?; (yield 3)?; Ok(()) });
        assert_eq!(g.start(), Ok(Step::Yielded(1)));
        g
    };
    let on_close = [
        (Pass, Ok(None)),
        (RaiseExit, Ok(None)),
        (RaiseStop, Err(CloseError::Raised("stop"))),
        (RaiseBase, Err(CloseError::Raised("base"))),
        (RaiseError, Err(CloseError::Raised("error"))),
        (Yield, Err(CloseError::IgnoredExit(2))),
        (Return, Ok(None)),
    ];
    for (answer, wanted) in on_close {
        assert_eq!(started(answer).close(), wanted, "close, {answer:?}");
    }
    let on_exit = [
        (Pass, Err(Raise::Exit)),
        (RaiseExit, Err(Raise::Exit)),
        (RaiseStop, Err(Raise::Error("stop"))),
        (RaiseBase, Err(Raise::Error("base"))),
        (RaiseError, Err(Raise::Error("error"))),
        (Yield, Ok(Step::Yielded(2))),
        (Return, Err(Raise::Exit)),
    ];
    for (answer, wanted) in on_exit {
        assert_eq!(started(answer).throw_exit(), wanted, "throw of exit, {answer:?}");
    }
    let on_error = [
        (Pass, Err(Raise::Error("thrown"))),
        (RaiseExit, Err(Raise::Exit)),
        (RaiseStop, Err(Raise::Error("stop"))),
        (RaiseBase, Err(Raise::Error("base"))),
        (RaiseError, Err(Raise::Error("error"))),
        (Yield, Ok(Step::Yielded(2))),
        (Return, Ok(Step::Yielded(3))),
    ];
    for (answer, wanted) in on_error {
        assert_eq!(started(answer).throw("thrown"), wanted, "throw of an error, {answer:?}");
    }
}

// 83: `gi_yieldfrom` has no counterpart: the delegate is a local of the body. Its state is seen through a shared
// handle, which is what a debugger wants of it.
#[test]
fn the_delegate_can_be_watched_through_a_shared_handle() {
    let inner: Pin<Box<Shareable>> = Box::pin(coroutine! { |_: (), AlreadyExecuting| (yield 1)?; Ok(()) });
    let inner = Shared::from_pin(inner);
    let delegate = inner.clone();
    let mut outer = pin!(coroutine! { |_: (), AlreadyExecuting| (yield from delegate)?; (yield 2)?; Ok(()) });
    assert_eq!(inner.state(), State::Created);
    assert!(outer.start().is_ok());
    assert_eq!(inner.state(), State::Suspended);
    assert!(outer.send(()).is_ok());
    assert_eq!(inner.state(), State::Closed);
}

// 84
#[test]
fn a_started_coroutine_is_delegated_to_with_the_value_of_its_yield() {
    let mut inner = Box::pin(coroutine! { |_: Option<u8>| (yield 'a')?; (yield 'b')?; Ok(()) });
    assert_eq!(inner.start(), Ok(Step::Yielded('a')));
    let mut outer = pin!(coroutine! { |_: Option<u8>| yield from resumed_with(inner, None) });
    assert_eq!(outer.start(), Ok(Step::Yielded('b')));
    assert_eq!(outer.send(None), Ok(Step::Returned(())));
}

// 84, plain generators: their next is always the same
#[test]
fn a_started_generator_is_delegated_to_from_where_it_stands() {
    let mut inner = Box::pin(generator! { yield from 0..4; });
    assert_eq!(inner.next(), Some(0));
    let rest: Vec<i32> = generator! { yield from inner; }.into_iter().collect();
    assert_eq!(rest, [1, 2, 3]);
}

#[test]
#[should_panic(expected = "resumed_with")]
fn delegating_to_a_started_coroutine_without_a_value_is_refused() {
    let mut inner = Box::pin(coroutine! { |_: ()| (yield 'a')?; (yield 'b')?; Ok(()) });
    assert!(inner.start().is_ok());
    let mut outer = pin!(coroutine! { |_: ()| yield from inner });
    let _ = outer.start();
}

// Beside the numbered list.

#[test]
fn a_plain_generator_inside_a_coroutine_returns_its_value_and_is_dropped_by_a_throw() {
    let drops = Cell::new(0);
    let count = &drops;
    let mut g = pin!(coroutine! { |_: i32, &'static str|
        let sum = (yield from generator! {
            let items = Counted(count, 0..3);
            let mut sum = 0;
            for item in items { sum += item; yield item; }
            sum
        })?;
        Ok(sum)
    });
    assert_eq!(g.start(), Ok(Step::Yielded(0)));
    assert_eq!(g.send(9), Ok(Step::Yielded(1)));
    assert_eq!(g.throw("stop"), Err(Raise::Error("stop")));
    assert_eq!(drops.get(), 1);
}

#[test]
fn the_example_of_the_text_runs_as_printed() {
    let log = Log::default();
    let internal = |name: &'static str, limit: u32| {
        let log = log.clone();
        coroutine! { |_: u32|
            for i in 0..limit {
                let got = (yield i)?;
                log.borrow_mut().push(format!("{name} got: {got}"));
            }
            Ok(format!("{name} finished"))
        }
    };
    let (a, b) = (internal("A", 3), internal("B", 2));
    let mut g = pin!(coroutine! { |_: u32| (yield from a)?; yield from b });
    assert_eq!(g.start(), Ok(Step::Yielded(0)));
    for wanted in [1, 2, 0, 1] {
        assert_eq!(g.send(1), Ok(Step::Yielded(wanted)));
    }
    assert_eq!(g.send(1), Ok(Step::Returned("B finished".into())));
    assert_eq!(*log.borrow(), ["A got: 1", "A got: 1", "A got: 1", "B got: 1", "B got: 1"]);
}

#[test]
fn a_throw_closes_the_plain_generator_that_a_handle_stands_for() {
    let mut inner = pin!(generator! { yield from 0..3; });
    {
        let handle = inner.as_mut();
        let mut outer = pin!(coroutine! { |_: (), &'static str| yield from handle });
        assert_eq!(outer.start(), Ok(Step::Yielded(0)));
        assert_eq!(outer.throw("stop"), Err(Raise::Error("stop")));
    }
    assert_eq!(inner.state(), State::Closed);
}

#[test]
fn aborting_a_handle_closes_the_body_that_it_stands_for() {
    let mut boxed = Box::pin(generator! { yield from 0..3; });
    assert_eq!(boxed.next(), Some(0));
    Pin::new(&mut boxed).abort();
    assert_eq!(boxed.state(), State::Closed);
}
