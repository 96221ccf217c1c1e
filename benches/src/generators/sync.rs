//! The synchronous contestants.

use std::hint::black_box;
use std::pin::pin;

use corosensei::{Coroutine, CoroutineResult};
use heist::generator::{Co, CoroutineExt, Step, coroutine, generator, routine};

use super::place::shift;

/// Inlined into each contestant, so that each is compiled as the one loop that it is in a program.
#[inline(always)]
fn add_up(items: impl Iterator<Item = u64>) -> u64 {
    let mut sum = 0_u64;
    for item in items {
        sum = sum.wrapping_add(black_box(item));
    }
    sum
}

fn numbers(n: u64) -> impl Iterator<Item = u64> {
    let mut i = 0;
    std::iter::from_fn(move || {
        (i < n).then(|| {
            i += 1;
            i - 1
        })
    })
}

generator! {
    pub(super) fn range(n: u64) -> yields u64 {
        let mut i = 0;
        while i < n {
            yield i;
            i += 1;
        }
    }
}

#[inline(never)]
pub(super) fn hand<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    add_up(numbers(n))
}

#[inline(never)]
pub(super) fn heist_pinned<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    add_up(pin!(range(n)))
}

#[inline(never)]
pub(super) fn heist_boxed<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    add_up(range(n).into_iter())
}

#[inline(never)]
pub(super) fn heist_routine<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    let body = async move |mut co: Co<'_, u64>| {
        for i in 0..n {
            co.yield_(i).await;
        }
    };
    add_up(pin!(routine(body)))
}

#[inline(never)]
pub(super) fn genawaiter_stack<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    genawaiter::stack::let_gen_using!(numbers, async move |co| {
        for i in 0..n {
            co.yield_(i).await;
        }
    });
    add_up(numbers.into_iter())
}

#[inline(never)]
pub(super) fn genawaiter_rc<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    let numbers = genawaiter::rc::Gen::new(async move |co| {
        for i in 0..n {
            co.yield_(i).await;
        }
    });
    add_up(numbers.into_iter())
}

#[inline(never)]
pub(super) fn stackful<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    let mut numbers = Coroutine::new(move |yielder, ()| {
        for i in 0..n {
            yielder.suspend(i);
        }
    });
    let mut sum = 0_u64;
    while let CoroutineResult::Yield(item) = numbers.resume(()) {
        sum = sum.wrapping_add(black_box(item));
    }
    sum
}

/// One step of a xorshift generator of random numbers: some dozen instructions of work for each item.
#[inline(always)]
fn xorshift(mut state: u64) -> u64 {
    state ^= state << 13;
    state ^= state >> 7;
    state ^ (state << 17)
}

const SEED: u64 = 0x9E37_79B9_7F4A_7C15;

#[inline(never)]
pub(super) fn hand_random<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    let (mut state, mut left) = (SEED, n);
    add_up(std::iter::from_fn(move || {
        if left == 0 {
            return None;
        }
        left -= 1;
        state = xorshift(state);
        Some(state)
    }))
}

#[inline(never)]
pub(super) fn heist_random<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    add_up(pin!(generator! {
        let (mut state, mut left) = (SEED, n);
        while left > 0 {
            left -= 1;
            state = xorshift(state);
            yield state;
        }
    }))
}

#[inline(never)]
pub(super) fn genawaiter_random<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    genawaiter::stack::let_gen_using!(numbers, async move |co| {
        let mut state = SEED;
        for _ in 0..n {
            state = xorshift(state);
            co.yield_(state).await;
        }
    });
    add_up(numbers.into_iter())
}

#[inline(never)]
pub(super) fn hand_dyn<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    let numbers: Box<dyn Iterator<Item = u64>> = Box::new(numbers(n));
    add_up(black_box(numbers))
}

#[inline(never)]
pub(super) fn heist_dyn<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    let numbers: Box<dyn Iterator<Item = u64>> = Box::new(range(n).into_iter());
    add_up(black_box(numbers))
}

#[inline(never)]
pub(super) fn hand_chain<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    add_up((0..n / 2).chain(n / 2..n))
}

#[inline(never)]
pub(super) fn heist_chain<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    add_up(pin!(generator! { yield from 0..n / 2; yield from n / 2..n; }))
}

#[inline(never)]
pub(super) fn hand_send<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    let mut sum = 0;
    let mut send = move |value: u64| {
        sum += value;
        sum
    };
    (0..n).fold(0, |_, value| black_box(send(black_box(value))))
}

#[inline(never)]
pub(super) fn heist_send<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    let mut adder = pin!(coroutine! { |_: u64|
        let mut sum = 0;
        loop {
            match (yield sum) {
                Ok(value) => sum += value,
                Err(_) => return Ok(sum),
            }
        }
    });
    assert_eq!(adder.start(), Ok(Step::Yielded(0)));
    for value in 0..n {
        if let Ok(Step::Yielded(sum)) = adder.send(black_box(value)) {
            black_box(sum);
        }
    }
    adder.close().ok().flatten().expect("it returns the sum")
}

#[inline(never)]
pub(super) fn stackful_send<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    let mut adder = Coroutine::new(|yielder: &corosensei::Yielder<Option<u64>, u64>, first: Option<u64>| {
        let mut sum = first.unwrap_or(0);
        while let Some(value) = yielder.suspend(sum) {
            sum += value;
        }
        sum
    });
    for value in 0..n {
        if let CoroutineResult::Yield(sum) = adder.resume(Some(black_box(value))) {
            black_box(sum);
        }
    }
    match adder.resume(None) {
        CoroutineResult::Return(sum) => sum,
        CoroutineResult::Yield(_) => unreachable!("it ends when nothing is sent"),
    }
}
