//! What is counted of the blocking pool.

use std::ops::Range;
use std::sync::mpsc;
use std::time::Duration;

use heist::runtime::RuntimeMetrics;

use crate::support::{Gate, PATIENCE, Shape, backends, builder, eventually, watched};

#[test]
fn closures_wait_for_a_thread_and_threads_for_closures() {
    for kind in backends() {
        for shape in [Shape::MultiThread, Shape::CurrentThread] {
            watched(|| {
                let mut builder = builder(shape, kind);
                builder.max_blocking_threads(2).thread_keep_alive(PATIENCE.max(Duration::from_secs(600)));
                let runtime = builder.build().expect("a runtime");
                let metrics = runtime.handle().metrics();
                let figures = || {
                    let threads = (metrics.num_blocking_threads(), metrics.num_idle_blocking_threads());
                    (threads, metrics.blocking_queue_depth())
                };
                assert_eq!(figures(), ((0, 0), 0));
                let (gate, (begun, has_begun)) = (Gate::default(), mpsc::channel());
                let closures: Vec<_> = (0..5)
                    .map(|_| {
                        let (gate, begun) = (gate.clone(), begun.clone());
                        runtime.spawn_blocking(move || {
                            begun.send(()).expect("the test waits");
                            gate.wait();
                        })
                    })
                    .collect();
                for _ in 0..2 {
                    has_begun.recv().expect("it begins");
                }
                assert_eq!(figures(), ((2, 0), 3), "two of five run");
                gate.open();
                runtime.block_on(async {
                    for closure in closures {
                        closure.await.expect("no panic");
                    }
                });
                eventually("both threads wait", || figures() == ((2, 2), 0));
            });
        }
    }
}

const CLOSURES_COUNT: u32 = 5;
const LONG: Duration = Duration::from_millis(8);

/// How many closures are in the buckets that fit.
fn count(
    metrics: &RuntimeMetrics,
    of: fn(&RuntimeMetrics, usize) -> u64,
    fits: impl Fn(Range<Duration>) -> bool,
) -> u64 {
    let buckets = 0..metrics.blocking_time_histogram_num_buckets();
    let fitting = buckets.filter(|&bucket| fits(metrics.blocking_time_histogram_bucket_range(bucket)));
    fitting.map(|bucket| of(metrics, bucket)).sum()
}

fn runs(metrics: &RuntimeMetrics, fits: impl Fn(Range<Duration>) -> bool) -> u64 {
    count(metrics, RuntimeMetrics::blocking_time_histogram_bucket_count, fits)
}

fn waits(metrics: &RuntimeMetrics, fits: impl Fn(Range<Duration>) -> bool) -> u64 {
    count(metrics, RuntimeMetrics::blocking_wait_histogram_bucket_count, fits)
}

fn value_in_text(metrics: &RuntimeMetrics, name: &str) -> f64 {
    let text = metrics.openmetrics();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("{name}: {text}")).parse().expect("a number")
}

#[test]
fn closures_are_counted_by_how_long_they_run_and_wait() {
    for kind in backends() {
        for shape in [Shape::MultiThread, Shape::CurrentThread] {
            watched(|| {
                let mut builder = builder(shape, kind);
                let runtime = builder.max_blocking_threads(1).observe(true).build().expect("a runtime");
                let metrics = runtime.handle().metrics();
                assert!(metrics.blocking_time_histogram_enabled());
                assert!(metrics.blocking_wait_histogram_enabled());
                let closures: Vec<_> = (0..CLOSURES_COUNT)
                    .map(|_| runtime.spawn_blocking(|| std::thread::sleep(LONG)))
                    .collect();
                runtime.block_on(async {
                    for closure in closures {
                        closure.await.expect("no panic");
                    }
                });
                let all = u64::from(CLOSURES_COUNT);
                assert_eq!(metrics.blocking_run_count(), all);
                // The last one is counted after its output is there.
                eventually("all are counted", || runs(&metrics, |_| true) == all);
                assert_eq!(runs(&metrics, |range| range.end > LONG), all);
                assert_eq!(waits(&metrics, |_| true), all);
                // One thread has all of them, one after the other: the last one waits for four.
                let before = CLOSURES_COUNT - 1;
                assert!(waits(&metrics, |range| range.end > before * LONG) >= 1);
                let in_text = |name| value_in_text(&metrics, name);
                assert_eq!(in_text("heist_blocking_seconds_count"), f64::from(CLOSURES_COUNT));
                eventually("the sum is there", || {
                    in_text("heist_blocking_seconds_sum") >= (CLOSURES_COUNT * LONG).as_secs_f64()
                });
                // Each has waited for those before it. They came within a moment.
                let least = (before * before / 2 * LONG).as_secs_f64();
                assert!(in_text("heist_blocking_wait_seconds_sum") >= least, "{}", metrics.openmetrics());
                let last = "heist_blocking_wait_seconds_bucket{le=\"+Inf\"}";
                assert_eq!(in_text(last), f64::from(CLOSURES_COUNT));
            });
        }
    }
}

#[test]
fn without_observation_closures_are_counted_and_their_times_are_not() {
    for kind in backends() {
        let runtime = builder(Shape::MultiThread, kind).observe(false).build().expect("a runtime");
        runtime.block_on(runtime.spawn_blocking(|| ())).expect("no panic");
        let metrics = runtime.handle().metrics();
        assert_eq!(metrics.blocking_run_count(), 1);
        assert!(!metrics.blocking_time_histogram_enabled());
        assert!(!metrics.blocking_wait_histogram_enabled());
        assert_eq!((runs(&metrics, |_| true), waits(&metrics, |_| true)), (0, 0));
    }
}

#[test]
fn a_closure_that_panics_is_counted_as_any_other() {
    for kind in backends() {
        let runtime = builder(Shape::MultiThread, kind).observe(true).build().expect("a runtime");
        let panics = runtime.spawn_blocking(|| panic!("on purpose"));
        assert!(runtime.block_on(panics).expect_err("it panics").is_panic());
        let metrics = runtime.handle().metrics();
        eventually("it is counted", || runs(&metrics, |_| true) == 1);
        assert_eq!((metrics.blocking_run_count(), waits(&metrics, |_| true)), (1, 1));
    }
}
