//! Generators against hand-written iterators, other crates' generators and Python's: nanoseconds per yield.
//!
//! The gate is the loop whose every item passes through `black_box`: a folded sum proves that the optimiser sees
//! through a generator, which is pleasant to know and no promise. Contenders take turns within a round, and what is
//! compared is the median of the ratios within the rounds.
//!
//! The judged loops are five instructions, the same ones for iterator and generator; where such a loop crosses a cache
//! line it runs at half speed, whoever wrote it. So build with `RUSTFLAGS="-Cllvm-args=-align-loops=64"`: without it
//! the ratio of two identical loops was 2.1 on 2026-11-21, with it 0.98 to 1.03.

use std::hint::black_box;
use std::pin::{Pin, pin};
use std::process::Command;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use corosensei::{Coroutine, CoroutineResult};
use futures::stream::Stream;
use heist::generator::{CoroutineExt, Step, async_generator, coroutine, generator};

/// Runs `count` yields.
type Contestant = (&'static str, fn(u64) -> u64);

/// A group of ways to do the same, the first being the measure of the others.
struct Group {
    title: &'static str,
    yields_count: u64,
    contestants: &'static [Contestant],
    /// Of whom the ratio to the first is judged, and what it may be at most.
    goal: Option<(&'static str, f64)>,
}

const GROUPS: [Group; 5] = [
    Group {
        title: "yield, each item through black_box",
        yields_count: 2_000_000,
        contestants: &[
            ("iterator by hand", hand),
            ("heist generator!", heist_pinned),
            ("heist generator!, boxed", heist_boxed),
            ("heist routine", heist_routine),
            ("genawaiter stack", genawaiter_stack),
            ("genawaiter rc", genawaiter_rc),
            ("corosensei", stackful),
        ],
        goal: Some(("heist generator!", 1.1)),
    },
    Group {
        title: "yield through dyn Iterator",
        yields_count: 2_000_000,
        contestants: &[("iterator by hand, dyn", hand_dyn), ("heist generator!, dyn", heist_dyn)],
        goal: None,
    },
    Group {
        title: "yield from two ranges",
        yields_count: 2_000_000,
        contestants: &[("chain by hand", hand_chain), ("heist yield from", heist_chain)],
        goal: None,
    },
    Group {
        title: "send a value, receive one",
        yields_count: 2_000_000,
        contestants: &[
            ("closure by hand", hand_send),
            ("heist coroutine!", heist_send),
            ("corosensei", stackful_send),
        ],
        goal: None,
    },
    Group {
        title: "asynchronous, each yield ready",
        yields_count: 2_000_000,
        contestants: &[("async-stream", async_stream_sum), ("heist async_generator!", heist_async)],
        goal: Some(("heist async_generator!", 0.6)),
    },
];

/// Measures everything and prints it; `false` if a goal is missed. Quick: two short rounds that show nothing but that
/// all contestants run.
pub(crate) fn run(is_quick: bool) -> bool {
    let is_met = GROUPS.iter().map(|group| group.run(is_quick)).fold(true, |all, met| all & met);
    fold();
    python(is_quick);
    is_met
}

impl Group {
    fn run(&self, is_quick: bool) -> bool {
        let (rounds_count, count) =
            if is_quick { (2, self.yields_count / 20) } else { (11, self.yields_count) };
        let mut rounds: Vec<Vec<f64>> = Vec::new();
        for round in 0..rounds_count {
            let mut nanoseconds = vec![0.0; self.contestants.len()];
            for turn in 0..self.contestants.len() {
                // Each round begins with another one.
                let index = (turn + round) % self.contestants.len();
                nanoseconds[index] = time(self.contestants[index].1, count);
            }
            rounds.push(nanoseconds);
        }
        println!("{}", self.title);
        let mut is_met = true;
        for (index, (name, _)) in self.contestants.iter().enumerate() {
            let cost = median(rounds.iter().map(|round| round[index]));
            let ratio = median(rounds.iter().map(|round| round[index] / round[0]));
            let verdict = match self.goal {
                Some((judged, goal)) if judged == *name => {
                    is_met &= ratio <= goal;
                    if ratio <= goal {
                        format!("  goal {goal}: met")
                    } else {
                        format!("  goal {goal}: MISSED")
                    }
                }
                _ => String::new(),
            };
            println!("  {name:28} {cost:8.3} ns  {ratio:6.2} x{verdict}");
        }
        is_met
    }
}

fn time(run: fn(u64) -> u64, count: u64) -> f64 {
    let start = Instant::now();
    let sum = run(black_box(count));
    let elapsed = start.elapsed();
    assert_eq!(sum, count * (count - 1) / 2, "each contestant adds up the same numbers");
    elapsed.as_nanos() as f64 / count as f64
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Inlined into each contestant, so that each is compiled as the one loop that it is in a program.
#[inline(always)]
fn add_up(items: impl Iterator<Item = u64>) -> u64 {
    let mut sum = 0;
    for item in items {
        sum += black_box(item);
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
    fn range(n: u64) -> yields u64 {
        let mut i = 0;
        while i < n {
            yield i;
            i += 1;
        }
    }
}

#[inline(never)]
fn hand(n: u64) -> u64 {
    add_up(numbers(n))
}

#[inline(never)]
fn heist_pinned(n: u64) -> u64 {
    add_up(pin!(range(n)))
}

#[inline(never)]
fn heist_boxed(n: u64) -> u64 {
    add_up(range(n).into_iter())
}

#[inline(never)]
fn heist_routine(n: u64) -> u64 {
    use heist::generator::{Co, routine};
    let body = async move |mut co: Co<'_, u64>| {
        for i in 0..n {
            co.yield_(i).await;
        }
    };
    add_up(pin!(routine(body)))
}

#[inline(never)]
fn genawaiter_stack(n: u64) -> u64 {
    genawaiter::stack::let_gen_using!(numbers, async move |co| {
        for i in 0..n {
            co.yield_(i).await;
        }
    });
    add_up(numbers.into_iter())
}

#[inline(never)]
fn genawaiter_rc(n: u64) -> u64 {
    let numbers = genawaiter::rc::Gen::new(async move |co| {
        for i in 0..n {
            co.yield_(i).await;
        }
    });
    add_up(numbers.into_iter())
}

#[inline(never)]
fn stackful(n: u64) -> u64 {
    let mut numbers = Coroutine::new(move |yielder, ()| {
        for i in 0..n {
            yielder.suspend(i);
        }
    });
    let mut sum = 0;
    while let CoroutineResult::Yield(item) = numbers.resume(()) {
        sum += black_box(item);
    }
    sum
}

#[inline(never)]
fn hand_dyn(n: u64) -> u64 {
    let numbers: Box<dyn Iterator<Item = u64>> = Box::new(numbers(n));
    add_up(black_box(numbers))
}

#[inline(never)]
fn heist_dyn(n: u64) -> u64 {
    let numbers: Box<dyn Iterator<Item = u64>> = Box::new(range(n).into_iter());
    add_up(black_box(numbers))
}

#[inline(never)]
fn hand_chain(n: u64) -> u64 {
    add_up((0..n / 2).chain(n / 2..n))
}

#[inline(never)]
fn heist_chain(n: u64) -> u64 {
    add_up(pin!(generator! { yield from 0..n / 2; yield from n / 2..n; }))
}

#[inline(never)]
fn hand_send(n: u64) -> u64 {
    let mut sum = 0;
    let mut send = move |value: u64| {
        sum += value;
        sum
    };
    (0..n).fold(0, |_, value| black_box(send(black_box(value))))
}

#[inline(never)]
fn heist_send(n: u64) -> u64 {
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
fn stackful_send(n: u64) -> u64 {
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

/// Adds up a stream that is always ready. Inlined as [`add_up`] is.
#[inline(always)]
fn drain(mut stream: Pin<&mut impl Stream<Item = u64>>) -> u64 {
    let mut cx = Context::from_waker(Waker::noop());
    let mut sum = 0;
    while let Poll::Ready(Some(item)) = stream.as_mut().poll_next(&mut cx) {
        sum += black_box(item);
    }
    sum
}

#[inline(never)]
fn async_stream_sum(n: u64) -> u64 {
    drain(pin!(async_stream::stream! {
        let mut i = 0;
        while i < n {
            yield i;
            i += 1;
        }
    }))
}

#[inline(never)]
fn heist_async(n: u64) -> u64 {
    drain(pin!(async_generator! {
        let mut i = 0;
        while i < n {
            yield i;
            i += 1;
        }
    }))
}

/// Does the optimiser turn the sum of a generator into its formula? Information, not a gate.
fn fold() {
    const COUNT: u64 = 1_000_000_000_000;
    let start = Instant::now();
    // A thread would be left behind if it does not; so first a sum that any machine can do.
    let small = time_fold(1_000_000);
    if small > 0.05 {
        println!("sum without black_box: not folded ({small:.3} ns per yield)");
        return;
    }
    let sum = pin!(range(black_box(COUNT))).fold(0_u64, u64::wrapping_add);
    println!("sum of {COUNT} without black_box: folded, {:?} ({sum})", start.elapsed());
}

fn time_fold(count: u64) -> f64 {
    let start = Instant::now();
    black_box(pin!(range(black_box(count))).sum::<u64>());
    start.elapsed().as_nanos() as f64 / count as f64
}

/// The same loop in CPython, timed by itself.
fn python(is_quick: bool) {
    const PROGRAM: &str = "
import sys, time
def new_range(n):
    i = 0
    while i < n:
        yield i
        i += 1
def adder():
    total = 0
    while True:
        total += yield total
n = int(sys.argv[1])
start = time.perf_counter()
total = 0
for x in new_range(n):
    total += x
print('  %-28s %8.1f ns' % ('next', (time.perf_counter() - start) / n * 1e9))
a = adder()
next(a)
start = time.perf_counter()
for x in range(n):
    a.send(x)
print('  %-28s %8.1f ns' % ('send', (time.perf_counter() - start) / n * 1e9))
print('  ' + sys.version.split()[0])
";
    let count = if is_quick { "100000" } else { "5000000" };
    println!("CPython");
    match Command::new("python3").args(["-c", PROGRAM, count]).status() {
        Ok(status) if status.success() => {}
        Ok(status) => println!("  SKIPPED: python3 failed ({status}); install python3 to compare with it"),
        Err(error) => {
            println!("  SKIPPED: python3 does not run here ({error}); install it to compare with it")
        }
    }
}
