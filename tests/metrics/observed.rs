//! Histograms of timers, sleeps, thefts, batches and operations, in runtimes that are observed.

use std::io::Write;
use std::ops::Range;
use std::os::unix::net::UnixStream as StdStream;
use std::time::{Duration, Instant};

use heist::net::UnixStream;
use heist::runtime::{DriverKind, Runtime, RuntimeMetrics};
use heist::time::{advance, sleep, timeout};

use crate::support::{Gate, Shape, backends, builder, eventually, watched};

const LONG: Duration = Duration::from_millis(30);

fn observed(shape: Shape, kind: DriverKind) -> Runtime {
    builder(shape, kind).observe(true).build().expect("a runtime that is observed")
}

/// Runs `test` under a paused clock, on both drivers.
fn paused(test: impl Fn(&Runtime)) {
    for kind in backends() {
        watched(|| {
            let mut builder = builder(Shape::CurrentThread, kind);
            test(&builder.observe(true).start_paused(true).build().expect("a runtime"));
        });
    }
}

/// How many values are in the buckets of all workers whose range fits.
fn count<T>(
    metrics: &RuntimeMetrics,
    buckets_count: usize,
    range: impl Fn(usize) -> Range<T>,
    of: impl Fn(usize, usize) -> u64,
    fits: impl Fn(Range<T>) -> bool,
) -> u64 {
    let buckets = || (0..buckets_count).filter(|&bucket| fits(range(bucket)));
    (0..metrics.num_workers())
        .flat_map(|worker| buckets().map(move |bucket| (worker, bucket)))
        .map(|(worker, bucket)| of(worker, bucket))
        .sum()
}

fn late_timers(metrics: &RuntimeMetrics, fits: impl Fn(Range<Duration>) -> bool) -> u64 {
    let range = |bucket| metrics.timer_lateness_histogram_bucket_range(bucket);
    let of = |worker, bucket| metrics.timer_lateness_histogram_bucket_count(worker, bucket);
    count(metrics, metrics.timer_lateness_histogram_num_buckets(), range, of, fits)
}

fn parks(metrics: &RuntimeMetrics, fits: impl Fn(Range<Duration>) -> bool) -> u64 {
    let range = |bucket| metrics.park_time_histogram_bucket_range(bucket);
    let of = |worker, bucket| metrics.park_time_histogram_bucket_count(worker, bucket);
    count(metrics, metrics.park_time_histogram_num_buckets(), range, of, fits)
}

fn round_trips(metrics: &RuntimeMetrics, fits: impl Fn(Range<Duration>) -> bool) -> u64 {
    let range = |bucket| metrics.ring_round_trip_histogram_bucket_range(bucket);
    let of = |worker, bucket| metrics.ring_round_trip_histogram_bucket_count(worker, bucket);
    count(metrics, metrics.ring_round_trip_histogram_num_buckets(), range, of, fits)
}

fn batches(metrics: &RuntimeMetrics, fits: impl Fn(Range<u64>) -> bool) -> u64 {
    let range = |bucket| metrics.batch_size_histogram_bucket_range(bucket);
    let of = |worker, bucket| metrics.batch_size_histogram_bucket_count(worker, bucket);
    count(metrics, metrics.batch_size_histogram_num_buckets(), range, of, fits)
}

fn steals(metrics: &RuntimeMetrics, fits: impl Fn(Range<u64>) -> bool) -> u64 {
    let range = |bucket| metrics.steal_size_histogram_bucket_range(bucket);
    let of = |worker, bucket| metrics.steal_size_histogram_bucket_count(worker, bucket);
    count(metrics, metrics.steal_size_histogram_num_buckets(), range, of, fits)
}

fn any<T>(_: Range<T>) -> bool {
    true
}

/// The sum of a histogram over all workers, as the text has it.
fn sum_in_text(metrics: &RuntimeMetrics, name: &str) -> f64 {
    let text = metrics.openmetrics();
    let sample = format!("heist_{name}_sum{{");
    let sums = text.lines().filter_map(|line| line.strip_prefix(&sample)?.split(' ').next_back());
    sums.map(|sum| sum.parse::<f64>().expect("a number")).sum()
}

#[test]
fn under_a_paused_clock_timers_are_as_late_as_the_clock_was_moved() {
    paused(|rt| {
        let metrics = rt.handle().metrics();
        assert!(metrics.timer_lateness_histogram_enabled());
        rt.block_on(async {
            sleep(Duration::from_secs(3600)).await;
            assert!(timeout(Duration::from_millis(7), std::future::pending::<()>()).await.is_err());
        });
        let in_time = |range: Range<Duration>| range.start.is_zero();
        assert_eq!((late_timers(&metrics, in_time), late_timers(&metrics, any)), (2, 2));
        assert_eq!(sum_in_text(&metrics, "worker_timer_lateness_seconds"), 0.0);
        rt.block_on(async {
            let late = heist::spawn(sleep(Duration::from_secs(1)));
            let dropped = heist::spawn(sleep(Duration::from_millis(500)));
            heist::task::yield_now().await;
            dropped.abort();
            assert!(dropped.await.is_err());
            advance(Duration::from_millis(1300)).await;
            late.await.expect("no panic");
        });
        let delay = Duration::from_millis(300);
        assert_eq!(
            (late_timers(&metrics, |range| range.contains(&delay)), late_timers(&metrics, any)),
            (1, 3)
        );
        assert_eq!(sum_in_text(&metrics, "worker_timer_lateness_seconds"), 0.3);
    });
}

#[test]
fn timers_that_wait_for_a_busy_worker_are_late() {
    for kind in backends() {
        let rt = observed(Shape::CurrentThread, kind);
        rt.block_on(async {
            let timer = heist::spawn(sleep(Duration::from_millis(2)));
            heist::task::yield_now().await;
            std::thread::sleep(LONG);
            timer.await.expect("no panic");
        });
        let metrics = rt.handle().metrics();
        // It was armed before the worker was busy, and its tick is at most a millisecond later.
        let least = LONG - Duration::from_millis(3);
        assert_eq!((late_timers(&metrics, |range| range.end > least), late_timers(&metrics, any)), (1, 1));
        assert!(sum_in_text(&metrics, "worker_timer_lateness_seconds") >= least.as_secs_f64());
    }
}

#[test]
fn each_of_many_timers_of_one_tick_is_counted_once_and_fires() {
    // More than fire at once.
    const TIMERS_COUNT: u64 = 3000;
    paused(|rt| {
        rt.block_on(async {
            let tasks: Vec<_> =
                (0..TIMERS_COUNT).map(|_| heist::spawn(sleep(Duration::from_secs(60)))).collect();
            for task in tasks {
                task.await.expect("no panic");
            }
        });
        let metrics = rt.handle().metrics();
        assert_eq!(late_timers(&metrics, any), TIMERS_COUNT);
        assert_eq!(sum_in_text(&metrics, "worker_timer_lateness_seconds"), 0.0);
    });
}

#[test]
fn timers_of_all_workers_are_counted() {
    for kind in backends() {
        watched(|| {
            let rt = observed(Shape::MultiThread, kind);
            let task = || async { sleep(Duration::from_millis(1)).await };
            let tasks: Vec<_> = (0..100).map(|_| rt.spawn(task())).collect();
            rt.block_on(async {
                for task in tasks {
                    task.await.expect("no panic");
                }
            });
            assert_eq!(late_timers(&rt.handle().metrics(), any), 100);
        });
    }
}

#[test]
fn under_a_paused_clock_a_sleep_of_the_worker_is_as_long_as_that_of_its_task() {
    paused(|rt| {
        rt.block_on(sleep(Duration::from_secs(5)));
        let metrics = rt.handle().metrics();
        assert!(metrics.park_time_histogram_enabled());
        let length = Duration::from_secs(5);
        assert_eq!(parks(&metrics, |range| range.contains(&length)), 1);
        assert_eq!(parks(&metrics, any), metrics.worker_park_count(0));
        assert_eq!(sum_in_text(&metrics, "worker_park_seconds"), 5.0);
    });
}

#[test]
fn sleeps_of_workers_have_their_lengths() {
    for kind in backends() {
        for shape in [Shape::CurrentThread, Shape::MultiThread] {
            let rt = observed(shape, kind);
            let start = Instant::now();
            rt.block_on(sleep(LONG));
            let metrics = rt.handle().metrics();
            // One worker at least had nothing to do, although it may have looked after others.
            let sum = || sum_in_text(&metrics, "worker_park_seconds");
            eventually("the sleeps are over", || sum() >= LONG.as_secs_f64() / 2.0);
            if shape == Shape::CurrentThread {
                assert!(sum() <= start.elapsed().as_secs_f64());
                assert_eq!(parks(&metrics, any), metrics.worker_park_count(0));
            }
        }
    }
}

/// Mutant: a worker that saw work in its last look, and did not sleep, counts as one that did.
#[test]
fn each_sleep_is_counted_once_when_it_is_over() {
    for kind in backends() {
        watched(|| {
            let rt = observed(Shape::MultiThread, kind);
            let metrics = rt.handle().metrics();
            std::thread::scope(|scope| {
                for _ in 0..2 {
                    // Tasks that come while a worker is about to sleep.
                    scope.spawn(|| {
                        (0..3000).for_each(|_| {
                            drop(rt.spawn(async {}));
                            std::thread::yield_now();
                        });
                    });
                }
            });
            let begun = || (0..rt.workers()).map(|worker| metrics.worker_park_count(worker)).sum::<u64>();
            eventually("all but the last sleep of each worker are over", || {
                let (over, begun) = (parks(&metrics, any), begun());
                assert!(over <= begun, "{over} sleeps are over, and {begun} have begun");
                over + rt.workers() as u64 == begun
            });
        });
    }
}

#[test]
fn the_calls_around_a_sleep_are_made_in_an_observed_runtime_as_well() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    for kind in backends() {
        let calls = Arc::new(AtomicU64::new(0));
        let (before, after) = (calls.clone(), calls.clone());
        let mut builder = builder(Shape::CurrentThread, kind);
        builder.on_thread_park(move || _ = before.fetch_add(1, Ordering::Relaxed));
        builder.on_thread_unpark(move || _ = after.fetch_add(1 << 32, Ordering::Relaxed));
        let rt = builder.observe(true).build().expect("a runtime");
        rt.block_on(sleep(Duration::from_millis(2)));
        let calls = calls.load(Ordering::Relaxed);
        let parks = parks(&rt.handle().metrics(), any);
        assert!(parks >= 1 && calls >> 32 >= parks && calls >> 32 == calls & u64::from(u32::MAX));
    }
}

#[test]
fn each_theft_is_counted_by_its_size() {
    for kind in backends() {
        watched(|| {
            let rt = observed(Shape::MultiThread, kind);
            let metrics = rt.handle().metrics();
            assert!(metrics.steal_size_histogram_enabled());
            let total = |of: fn(&RuntimeMetrics, usize) -> u64| -> u64 {
                (0..metrics.num_workers()).map(|worker| of(&metrics, worker)).sum()
            };
            let operations = || total(RuntimeMetrics::worker_steal_operations);
            let tasks = || total(RuntimeMetrics::worker_steal_count);
            while tasks() < operations() + 10 {
                let burst = rt.spawn(async {
                    (0..100).for_each(|_| drop(heist::spawn(async {})));
                    // Until another worker, or the lookout, helps.
                    let gate = Gate::default();
                    let other = gate.clone();
                    drop(heist::spawn(async move { other.open() }));
                    gate.wait();
                });
                rt.block_on(burst).expect("no panic");
                eventually("all have run", || metrics.num_alive_tasks() == 0);
            }
            eventually("all thefts are counted", || {
                let sum = sum_in_text(&metrics, "worker_steal_size");
                operations() == steals(&metrics, any) && sum as u64 == tasks()
            });
            // Ten more tasks than thefts: some were taken together.
            assert!(steals(&metrics, |range| range.start >= 2) > 0);
        });
    }
}

#[test]
fn what_became_ready_at_once_is_one_batch() {
    const SOCKETS_COUNT: usize = 16;
    for kind in backends() {
        watched(|| {
            let rt = observed(Shape::CurrentThread, kind);
            let metrics = rt.handle().metrics();
            assert!(metrics.batch_size_histogram_enabled());
            let (mut ends, mut tasks) = (Vec::new(), Vec::new());
            rt.block_on(async {
                for _ in 0..SOCKETS_COUNT {
                    let (here, there) = StdStream::pair().expect("two descriptors");
                    here.set_nonblocking(true).expect("a socket");
                    let mut stream = UnixStream::from_std(here).expect("a socket");
                    ends.push(there);
                    tasks.push(heist::spawn(async move {
                        let mut byte = [0];
                        stream.read_exact(&mut byte).await.expect("a byte");
                    }));
                }
                // All wait, and what the kernel reports at once has been seen.
                sleep(Duration::from_millis(5)).await;
                let before = batches(&metrics, |range| range.start >= SOCKETS_COUNT as u64);
                for mut end in &ends {
                    end.write_all(b"x").expect("it is open");
                }
                for task in tasks {
                    task.await.expect("no panic");
                }
                // The polling driver counts a batch when it looks again.
                sleep(Duration::from_millis(1)).await;
                let after = batches(&metrics, |range| range.start >= SOCKETS_COUNT as u64);
                assert_eq!(after - before, 1, "{kind:?}: {}", metrics.openmetrics());
            });
            assert!(sum_in_text(&metrics, "worker_batch_size") >= SOCKETS_COUNT as f64);
        });
    }
}

#[test]
fn each_operation_of_a_ring_has_a_round_trip_and_the_polling_driver_has_none() {
    for kind in backends() {
        watched(|| {
            let rt = observed(Shape::CurrentThread, kind);
            let metrics = rt.handle().metrics();
            let is_ring = kind == DriverKind::Uring;
            assert_eq!(metrics.ring_round_trip_histogram_enabled(), is_ring);
            let directory = tempfile::tempdir().expect("a directory");
            rt.block_on(async {
                for _ in 0..10 {
                    heist::fs::create_dir(directory.path().join("x")).await.expect("there is none");
                    heist::fs::remove_dir(directory.path().join("x")).await.expect("it is there");
                }
                // A wait for readiness, which only the peer ends, is none.
                let (mut here, mut there) = UnixStream::pair().expect("two descriptors");
                let read = heist::spawn(async move { here.read_exact(&mut [0]).await.map(drop) });
                sleep(Duration::from_millis(2)).await;
                there.write_all(b"x").await.expect("open");
                read.await.expect("no panic").expect("a byte");
            });
            assert_eq!(round_trips(&metrics, any), if is_ring { 20 } else { 0 });
            assert_eq!(metrics.openmetrics().contains("ring_round_trip"), is_ring);
        });
    }
}

/// A read of a pipe lasts until somebody writes.
#[test]
fn a_round_trip_is_as_long_as_its_operation() {
    for kind in backends() {
        if kind != DriverKind::Uring {
            continue;
        }
        watched(|| {
            let rt = observed(Shape::MultiThread, kind);
            let (reader, mut writer) = std::io::pipe().expect("a pipe");
            let mut file = heist::fs::File::from_std(std::fs::File::from(std::os::fd::OwnedFd::from(reader)));
            let read = rt.spawn(async move { file.read_exact(&mut [0]).await.map(drop) });
            std::thread::sleep(LONG);
            writer.write_all(b"x").expect("it is open");
            rt.block_on(read).expect("no panic").expect("a byte");
            let metrics = rt.handle().metrics();
            assert_eq!(round_trips(&metrics, any), 1);
            // The machine may have begun it late.
            let least = LONG / 2;
            assert_eq!(round_trips(&metrics, |range| range.end > least), 1);
            assert!(sum_in_text(&metrics, "worker_ring_round_trip_seconds") >= least.as_secs_f64());
        });
    }
}

#[test]
fn the_text_of_an_observed_runtime_has_each_histogram_that_its_driver_has() {
    for kind in backends() {
        let text = observed(Shape::MultiThread, kind).handle().metrics().openmetrics();
        let name =
            |line: &str| Some(line.strip_prefix("# TYPE heist_")?.strip_suffix(" histogram")?.to_owned());
        let names: Vec<String> = text.lines().filter_map(name).collect();
        let mut expected = vec![
            "worker_poll_seconds",
            "worker_schedule_seconds",
            "worker_timer_lateness_seconds",
            "worker_park_seconds",
            "worker_batch_size",
            "worker_steal_size",
            "worker_ring_round_trip_seconds",
            "blocking_seconds",
            "blocking_wait_seconds",
        ];
        expected.retain(|name| kind == DriverKind::Uring || !name.contains("ring_round_trip"));
        assert_eq!(names, expected);
        // Whole numbers end with the last one that a bucket has.
        let ends = ["le=\"1.0\"} 0", "le=\"3.0\"} 0", "le=\"2047.0\"} 0", "le=\"+Inf\"} 0"];
        let bucket = |end| format!("heist_worker_steal_size_bucket{{worker=\"1\",{end}\n");
        assert!(ends.iter().all(|end| text.contains(&bucket(end))), "{text}");
    }
}
