//! Lengths of polls and of waits, in runtimes that are observed.

use std::time::{Duration, Instant};

use heist::runtime::{Runtime, RuntimeMetrics};
use heist::task::yield_now;

use crate::support::{Shape, backends, builder};

const YIELDS_COUNT: usize = 50;
const LONG: Duration = Duration::from_millis(5);

fn observed(test: impl Fn(&Runtime)) {
    for kind in backends() {
        for shape in [Shape::CurrentThread, Shape::MultiThread] {
            test(&builder(shape, kind).observe(true).build().expect("a runtime that is observed"));
        }
    }
}

/// The sum of the buckets of all workers that reach beyond `least`.
fn sum(metrics: &RuntimeMetrics, count: impl Fn(usize, usize) -> u64, least: Duration) -> u64 {
    let range = |bucket| metrics.poll_time_histogram_bucket_range(bucket);
    let buckets = (0..metrics.poll_time_histogram_num_buckets()).filter(|&bucket| range(bucket).end > least);
    let workers = || 0..metrics.num_workers();
    buckets.map(|bucket| workers().map(|worker| count(worker, bucket)).sum::<u64>()).sum()
}

fn spin() {
    let start = Instant::now();
    while start.elapsed() < LONG {
        std::hint::spin_loop();
    }
}

#[test]
fn each_poll_and_each_wait_is_in_one_bucket() {
    observed(|rt| {
        let metrics = rt.handle().metrics();
        assert!(metrics.poll_time_histogram_enabled() && metrics.schedule_latency_histogram_enabled());
        rt.block_on(rt.spawn(async {
            for _ in 0..YIELDS_COUNT {
                yield_now().await;
            }
        }))
        .unwrap();
        let polls = |worker, bucket| metrics.poll_time_histogram_bucket_count(worker, bucket);
        let waits = |worker, bucket| metrics.schedule_latency_histogram_bucket_count(worker, bucket);
        // The count comes after the output, which may be here first.
        let all = YIELDS_COUNT as u64 + 1;
        crate::support::eventually("all polls are counted", || sum(&metrics, polls, Duration::ZERO) == all);
        assert_eq!(sum(&metrics, waits, Duration::ZERO), all);
    });
}

#[test]
fn a_long_poll_and_a_long_wait_are_in_buckets_of_their_length() {
    observed(|rt| {
        let metrics = rt.handle().metrics();
        let local = rt.spawn(async {
            // It waits for this poll, because it stays here.
            let waiting = heist::task::spawn_local(async {});
            spin();
            waiting.await.unwrap();
        });
        rt.block_on(local).unwrap();
        let polls = |worker, bucket| metrics.poll_time_histogram_bucket_count(worker, bucket);
        let waits = |worker, bucket| metrics.schedule_latency_histogram_bucket_count(worker, bucket);
        assert!(sum(&metrics, polls, LONG) >= 1 && sum(&metrics, waits, LONG) >= 1);
        let text = metrics.openmetrics();
        for name in ["worker_poll_seconds", "worker_schedule_seconds"] {
            let sample = format!("heist_{name}_sum{{worker=\"");
            let sums = text.lines().filter_map(|line| line.strip_prefix(&sample)?.split(' ').next_back());
            let seconds: f64 = sums.map(|sum| sum.parse::<f64>().expect("a number")).sum();
            assert!(seconds >= LONG.as_secs_f64(), "{text}");
            let last = format!("heist_{name}_bucket{{worker=\"0\",le=\"+Inf\"}} ");
            let count = format!("heist_{name}_count{{worker=\"0\"}} ");
            let value =
                |prefix: &str| text.lines().find_map(|line| line.strip_prefix(prefix).map(str::to_owned));
            assert!(value(&last).is_some() && value(&last) == value(&count), "{text}");
        }
    });
}

#[test]
fn without_observation_nothing_is_counted_and_the_text_has_no_histogram() {
    for kind in backends() {
        let rt = builder(Shape::MultiThread, kind).observe(false).build().expect("a runtime");
        rt.block_on(rt.spawn(yield_now())).unwrap();
        let metrics = rt.handle().metrics();
        assert!(!metrics.poll_time_histogram_enabled());
        let polls = |worker, bucket| metrics.poll_time_histogram_bucket_count(worker, bucket);
        assert_eq!(sum(&metrics, polls, Duration::ZERO), 0);
        assert!(!metrics.openmetrics().contains("histogram"));
    }
}

#[test]
#[should_panic(expected = "there are 24 buckets, numbered from 0: 24 is none")]
fn a_bucket_that_does_not_exist_is_named() {
    let rt = builder(Shape::CurrentThread, backends()[0]).build().expect("a runtime");
    rt.handle().metrics().poll_time_histogram_bucket_count(0, 24);
}
