//! `join!`, `try_join!`, `pin!`.

use crate::support::{Seen, poll_once, run};
use std::cell::RefCell;
use std::future::{pending, poll_fn, ready};
use std::pin::{Pin, pin};
use std::task::Poll;
use tokio::{join, try_join};

#[test]
fn join_waits_for_all_and_returns_all() {
    let (fast, slow) = (Seen::default(), Seen::default());
    let outputs = run(async { join!(fast.after(0), slow.after(3), async { "text".to_owned() }) });
    assert_eq!(outputs, (1, 4, "text".to_owned()));
    assert_eq!((fast.poll_count.get(), slow.poll_count.get()), (1, 4), "none is polled when it is over");
}

#[test]
fn futures_are_dropped_when_they_are_over() {
    let (fast, slow) = (Seen::default(), Seen::default());
    let mut join = pin!(async { join!(fast.after(0), slow.after(3)) });
    assert!(poll_once(join.as_mut()).is_pending());
    assert!(fast.is_dropped.get() && !slow.is_dropped.get());
}

#[test]
fn join_of_nothing_and_of_one() {
    run(async {
        join!();
        join!(biased;);
        assert_eq!(join!(ready(1)), (1,));
        assert_eq!(join!(biased; ready(1), ready(2),), (1, 2));
        assert_eq!(try_join!() as Result<(), ()>, Ok(()));
        assert_eq!(try_join!(biased;) as Result<(), ()>, Ok(()));
        assert_eq!(try_join!(ready(Ok::<u32, ()>(1)),), Ok((1,)));
    });
}

/// The order in which three futures are polled, in four polls.
fn order(join: impl AsyncFnOnce(Noted<'_>, Noted<'_>, Noted<'_>)) -> Vec<String> {
    let all = RefCell::default();
    let mut orders = Vec::new();
    {
        let mut future = pin!(join(Noted('a', &all), Noted('b', &all), Noted('c', &all)));
        for _ in 0..4 {
            assert!(poll_once(future.as_mut()).is_pending());
            orders.push(std::mem::take(&mut *all.borrow_mut()));
        }
    }
    orders
}

/// Notes its name in each poll.
struct Noted<'a>(char, &'a RefCell<String>);

impl Future for Noted<'_> {
    type Output = Result<(), ()>;

    fn poll(self: Pin<&mut Self>, _: &mut std::task::Context<'_>) -> Poll<Result<(), ()>> {
        self.1.borrow_mut().push(self.0);
        Poll::Pending
    }
}

#[test]
fn futures_take_turns_in_being_first_unless_biased() {
    let turns = ["abc", "bca", "cab", "abc"];
    assert_eq!(order(async |a, b, c| _ = join!(a, b, c)), turns);
    assert_eq!(order(async |a, b, c| _ = try_join!(a, b, c)), turns);
    assert_eq!(order(async |a, b, c| _ = join!(biased; a, b, c)), ["abc"; 4]);
    assert_eq!(order(async |a, b, c| _ = try_join!(biased; a, b, c)), ["abc"; 4]);
}

#[test]
fn try_join_ends_with_the_first_error_and_drops_the_rest() {
    let seen = Seen::default();
    let result: Result<(u32, u32, ()), &str> = run(async {
        let waits = async { Ok(seen.after(9).await) };
        try_join!(ready(Ok(1)), waits, async { Err("failed") })
    });
    assert_eq!(result, Err("failed"));
    assert!(seen.is_dropped.get());
    let fine: Result<_, String> = run(async { try_join!(ready(Ok(1)), async { Ok("text".to_owned()) }) });
    assert_eq!(fine, Ok((1, "text".to_owned())));
}

#[test]
fn outputs_without_values_compile() {
    run(async {
        let never = poll_fn(|_| Poll::<std::convert::Infallible>::Pending);
        let mut join = pin!(async { join!(never, ready(1)) });
        assert!(poll_once(join.as_mut()).is_pending());
        let fine: Result<_, std::convert::Infallible> = try_join!(ready(Ok(1)), ready(Ok(2)));
        assert_eq!(fine, Ok((1, 2)));
    });
}

#[test]
fn there_may_be_64_futures() {
    macro_rules! many {
        ($($number:literal)*) => {{
            let outputs = run(async { join!($(ready($number)),*) });
            assert_eq!((outputs.0, outputs.63), (0, 63));
            let outputs = run(async { try_join!($(ready(Ok::<u32, ()>($number))),*) }).unwrap();
            assert_eq!((outputs.0, outputs.63), (0, 63));
        }};
    }
    many!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63);
}

#[test]
fn a_future_that_spends_the_budget_does_not_hold_up_the_others() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let done = std::cell::Cell::new(false);
        join!(
            async {
                while !done.get() {
                    tokio::task::consume_budget().await;
                }
            },
            async {
                tokio::task::consume_budget().await;
                done.set(true);
            },
        );
    });
}

#[test]
fn names_of_the_program_are_not_those_of_the_macro() {
    let (futures, turns, future, count, first) = (1, 2, 3, 4, 5);
    let outputs = run(async { join!(ready(futures + turns), ready(future + count), async { first }) });
    assert_eq!(outputs, (3, 7, 5));
}

#[test]
fn pin_pins_variables_and_makes_them() {
    let waits = pending::<()>();
    let text = async { "text" };
    tokio::pin!(waits, text);
    let _: &Pin<&mut _> = &waits;
    assert!(poll_once(waits.as_mut()).is_pending());
    tokio::pin! {
        let first = async { 1 };
        let second = ready(2);
    }
    let sum = run(async { (&mut first).await + (&mut second).await + text.await.len() });
    assert_eq!(sum, 7);
    tokio::pin!();
}
