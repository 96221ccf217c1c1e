//! `select!`: who is first, what is dropped when, patterns, conditions, names.

use crate::support::{Seen, poll_once, run};
use std::future::{pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use tokio::select;

#[test]
fn every_branch_is_first_about_as_often() {
    let mut counts = [0; 3];
    run(async {
        for _ in 0..9_000 {
            select! {
                () = ready(()) => counts[0] += 1,
                () = ready(()) => counts[1] += 1,
                () = ready(()) => counts[2] += 1,
            }
        }
    });
    assert!(counts.iter().all(|&count| (2_600..3_400).contains(&count)), "{counts:?}");
}

#[test]
fn a_biased_select_polls_in_order() {
    let order = std::cell::RefCell::new(Vec::new());
    let waits = |name: char| poll_fn(move |_| Poll::<()>::Pending.map(|()| name));
    let noted = |name: char| {
        let order = &order;
        poll_fn(move |_| {
            order.borrow_mut().push(name);
            Poll::<()>::Pending
        })
    };
    let mut select = pin!(async {
        select! {
            biased;
            () = noted('a') => {}
            _ = waits('-') => {}
            () = noted('b') => {}
            () = noted('c') => {}
        }
    });
    for _ in 0..2 {
        assert!(poll_once(select.as_mut()).is_pending());
    }
    assert_eq!(order.borrow().iter().collect::<String>(), "abcabc");
    for _ in 0..20 {
        let first = run(async {
            select! { biased; () = ready(()) => 1, () = ready(()) => 2 }
        });
        assert_eq!(first, 1);
    }
}

#[test]
fn losers_are_dropped_before_the_code_of_the_winner_runs() {
    let (winner, loser) = (Seen::default(), Seen::default());
    run(async {
        select! {
            _ = loser.after(9) => unreachable!(),
            count = winner.after(3) => {
                assert_eq!(count, 4);
                assert!(winner.is_dropped.get() && loser.is_dropped.get());
            }
        }
    });
    assert!(loser.poll_count.get() >= 3);
}

#[test]
fn a_future_given_by_reference_goes_on_afterwards() {
    let seen = Seen::default();
    let mut slow = pin!(seen.after(5));
    run(async {
        let first = select! {
            biased;
            _ = &mut slow => "slow",
            () = ready(()) => "other",
        };
        assert_eq!((first, seen.poll_count.get()), ("other", 1));
        assert_eq!(slow.await, 6);
    });
}

#[test]
fn an_output_that_does_not_match_disables_its_branch() {
    let seen = Seen::default();
    let text = run(async {
        select! {
            Some(number) = ready(None::<u32>) => format!("{number}"),
            count = seen.after(2) => format!("after {count}"),
            else => unreachable!(),
        }
    });
    assert_eq!(text, "after 3");
}

#[test]
fn else_runs_when_no_branch_is_left() {
    let is_open = std::hint::black_box(false);
    let which = run(async {
        select! {
            Some(_) = ready(None::<u32>) => 1,
            () = pending(), if is_open => 2,
            else => 3,
        }
    });
    assert_eq!(which, 3);
    assert_eq!(
        run(async {
            select! { else => 4 }
        }),
        4
    );
    assert_eq!(
        run(async {
            select! { biased; else => 5, }
        }),
        5
    );
}

#[test]
fn without_else_it_panics_when_no_branch_is_left() {
    let select = || {
        run(async {
            select! { Some(_) = ready(None::<u32>) => {} }
        })
    };
    let panic = catch_unwind(AssertUnwindSafe(select)).expect_err("it panics");
    let text = *panic.downcast_ref::<&str>().unwrap();
    assert_eq!(text, "all branches are disabled and there is no else branch");
}

#[test]
fn a_condition_that_fails_evaluates_the_future_and_does_not_poll_it() {
    let (seen, mut is_made) = (Seen::default(), false);
    let mut make = || {
        is_made = true;
        seen.after(0)
    };
    let which = run(async {
        select! {
            biased;
            _ = make(), if false => 1,
            () = ready(()), if true => 2,
        }
    });
    assert_eq!((which, is_made, seen.poll_count.get(), seen.is_dropped.get()), (2, true, 0, true));
}

#[test]
fn code_of_a_branch_may_leave_the_block_and_wait() {
    async fn first_even(mut numbers: impl Iterator<Item = u32>) -> Result<u32, &'static str> {
        let mut odd_count = 0;
        loop {
            let number = select! {
                number = ready(numbers.next()) => number.ok_or("none")?,
            };
            select! {
                number = ready(number), if number % 2 == 0 => {
                    ready(()).await;
                    return Ok(number + odd_count);
                }
                () = ready(()), if number % 2 == 1 => {
                    odd_count += 100;
                    continue;
                },
            }
        }
    }
    assert_eq!(run(first_even([1, 3, 4].into_iter())), Ok(204));
    assert_eq!(run(first_even([1].into_iter())), Err("none"));
    let broken = run(async {
        let mut count = 0;
        loop {
            select! {
                number = ready(count), if count == 7 => break number,
                () = ready(()), if count < 7 => count += 1,
            }
        }
    });
    assert_eq!(broken, 7);
}

struct Point {
    x: u32,
    y: Option<String>,
}

#[test]
fn patterns_take_apart_what_they_match() {
    let point = |y: &str| Point { x: 1, y: Some(y.to_owned()) };
    run(async {
        select! {
            Point { x: 1 | 2, y: Some(mut text) } = ready(point("a")) => {
                text.push('b');
                assert_eq!(text, "ab");
            }
            else => unreachable!(),
        }
        select! {
            Point { x, ref mut y } = ready(point("a")) => {
                assert_eq!((x, y.take().as_deref()), (1, Some("a")));
            }
        }
        select! {
            [first, .., last @ 3..=5] = ready([1, 2, 4]) => assert_eq!((first, last), (1, 4)),
            else => unreachable!(),
        }
        select! {
            Ok(number) | Err(number) = ready(Result::<u32, u32>::Err(3)) => assert_eq!(number, 3),
        }
    });
}

#[test]
fn temporaries_live_as_long_as_the_futures() {
    async fn length(text: &str) -> usize {
        ready(()).await;
        text.len()
    }
    let count = run(async {
        select! {
            count = &mut Box::pin(length("abc")) => count,
            () = pending() => 0,
        }
    });
    assert_eq!(count, 3);
}

#[test]
fn what_is_no_future_becomes_one() {
    struct Later(u32);
    impl IntoFuture for Later {
        type Output = u32;
        type IntoFuture = std::future::Ready<u32>;
        fn into_future(self) -> Self::IntoFuture {
            ready(self.0)
        }
    }
    assert_eq!(
        run(async {
            select! { number = Later(7) => number }
        }),
        7
    );
}

#[test]
fn names_of_the_program_are_not_those_of_the_macro() {
    #[allow(non_camel_case_types)]
    #[derive(Debug, PartialEq)]
    struct Out(u32);
    const BRANCHES: u32 = 40;
    let (futures, output, disabled, start, turn, bit) = (1, 2, 4, 8, 16, 32);
    let sum = run(async {
        select! {
            future = ready(futures + output), if disabled == 4 => {
                assert_eq!(Out(BRANCHES), Out(40));
                future + disabled + start + turn + bit
            }
        }
    });
    assert_eq!(sum, 63);
}

#[test]
fn an_output_without_values_is_no_branch_that_wins() {
    let which = run(async {
        select! {
            never = pending::<std::convert::Infallible>() => match never {},
            () = ready(()) => 2,
        }
    });
    assert_eq!(which, 2);
}

#[test]
fn there_may_be_64_branches() {
    macro_rules! many {
        ($wanted:ident $($number:literal)*) => {
            select! {
                biased;
                $(number = ready($number), if $wanted == $number => number,)*
                else => 64,
            }
        };
    }
    for wanted in [0, 1, 31, 32, 62, 63, 64] {
        let number = run(async {
            many!(wanted 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
                32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63)
        });
        assert_eq!(number, wanted);
    }
}

#[test]
fn the_random_select_has_no_favourite_among_64() {
    let mut seen = std::collections::HashSet::new();
    for _ in 0..4_000 {
        seen.insert(tokio::macros::support::start_anywhere(64));
        assert_eq!(tokio::macros::support::start_anywhere(1), 0);
    }
    assert_eq!((seen.len(), seen.iter().max()), (64, Some(&63)));
}

#[test]
fn without_budget_no_branch_is_polled() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (mut poll_count, mut other_count) = (0, 0);
    runtime.block_on(async {
        let mut looping = pin!(async {
            for _ in 0..1_000 {
                select! {
                    biased;
                    () = tokio::task::consume_budget() => {}
                    // It does not know the budget, and would win whenever that is spent.
                    () = ready(()) => other_count += 1,
                }
            }
        });
        poll_fn(|cx| {
            poll_count += 1;
            looping.as_mut().poll(cx)
        })
        .await;
    });
    assert_eq!((poll_count, other_count), (8, 0));
}
