//! All figures as a text in the OpenMetrics format, version 1.0, which Prometheus reads.
//!
//! [`FAMILIES`] is the one list of them: a new figure is one row.

use std::fmt::{self, Write};
use std::time::Duration;

use super::RuntimeMetrics;
use super::histograms::{WORKER_HISTOGRAMS, WorkerHistogram};
use crate::task::{Buckets, ObservedPool};

/// Whether a figure only grows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FamilyKind {
    /// It only grows: its samples end in `_total`.
    Counter,
    Gauge,
}

use FamilyKind::{Counter, Gauge};

/// How a figure is read. Times are in seconds, and their names end in `_seconds`.
enum Reading {
    Whole(fn(&RuntimeMetrics) -> u64),
    OfWorker(fn(&RuntimeMetrics, usize) -> u64),
    TimeOfWorker(fn(&RuntimeMetrics, usize) -> Duration),
}

use Reading::{OfWorker, TimeOfWorker, Whole};

/// The figures, as a text has them: name without the prefix `heist_`, kind, meaning, value.
#[rustfmt::skip]
static FAMILIES: [(&str, FamilyKind, &str, Reading); 25] = [
    ("workers", Gauge, "Workers.", Whole(|m| m.num_workers() as u64)),
    ("alive_tasks", Gauge, "Tasks that have not ended.", Whole(|m| m.num_alive_tasks() as u64)),
    ("global_queue_depth", Gauge, "Tasks in the queue of all workers.", Whole(|m| m.global_queue_depth() as u64)),
    ("remote_schedules", Counter, "Tasks spawned or woken by threads that are no workers.", Whole(|m| m.remote_schedule_count())),
    ("budget_forced_yields", Counter, "Yields of tasks that had spent their budget.", Whole(|m| m.budget_forced_yield_count())),
    ("blocking_threads", Gauge, "Threads of the blocking pool.", Whole(|m| m.num_blocking_threads() as u64)),
    ("idle_blocking_threads", Gauge, "Threads of the blocking pool that wait for a closure.", Whole(|m| m.num_idle_blocking_threads() as u64)),
    ("blocking_queue_depth", Gauge, "Closures that wait for a thread of the blocking pool.", Whole(|m| m.blocking_queue_depth() as u64)),
    ("blocking_runs", Counter, "Closures that threads of the blocking pool have begun.", Whole(|m| m.blocking_run_count())),
    ("reserve_threads", Gauge, "Threads that run tasks because every worker is stuck.", Whole(|m| m.num_reserve_threads() as u64)),
    ("stalls", Counter, "Times that every worker was stuck in a poll.", Whole(|m| m.num_stalls())),
    ("slow_polls", Counter, "Polls over the threshold, if they are reported.", Whole(|m| m.num_slow_polls())),
    ("operations_in_flight", Gauge, "Operations that the kernel has not answered.", Whole(|m| m.num_operations_in_flight() as u64)),
    ("timers", Gauge, "Sleeps that are armed.", Whole(|m| m.num_timers() as u64)),
    ("stale_completions", Counter, "Completions that no task waited for any more.", Whole(|m| m.num_stale_completions())),
    ("leaked_operations", Counter, "Operations that a shutdown did not get back from the kernel.", Whole(|m| m.num_leaked_operations() as u64)),
    ("worker_parks", Counter, "Sleeps of a worker.", OfWorker(|m, worker| m.worker_park_count(worker))),
    ("worker_noops", Counter, "Wake-ups of a worker that had no task to poll.", OfWorker(|m, worker| m.worker_noop_count(worker))),
    ("worker_busy_seconds", Counter, "Time in which a worker was not asleep.", TimeOfWorker(|m, worker| m.worker_total_busy_duration(worker))),
    ("worker_polls", Counter, "Polls of tasks by a worker.", OfWorker(|m, worker| m.worker_poll_count(worker))),
    ("worker_mean_poll_seconds", Gauge, "Recent length of a worker's polls.", TimeOfWorker(|m, worker| m.worker_mean_poll_time(worker))),
    ("worker_local_queue_depth", Gauge, "Tasks in a worker's own queue.", OfWorker(|m, worker| m.worker_local_queue_depth(worker) as u64)),
    ("worker_overflows", Counter, "Times that a worker's ring was full.", OfWorker(|m, worker| m.worker_overflow_count(worker))),
    ("worker_stolen_tasks", Counter, "Tasks that a worker took from other workers.", OfWorker(|m, worker| m.worker_steal_count(worker))),
    ("worker_steals", Counter, "Times that a worker took tasks from another one.", OfWorker(|m, worker| m.worker_steal_operations(worker))),
];

impl RuntimeMetrics {
    /// Returns all figures as a text in the [OpenMetrics](https://openmetrics.io) format, version
    /// 1.0.
    ///
    /// Its type for HTTP is `application/openmetrics-text; version=1.0.0; charset=utf-8`. The names
    /// begin with `heist_`, those of counters end in `_total`, times are in seconds, and figures of
    /// a worker have the label `worker` with its number, from 0. The example `metrics` serves it.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    /// let text = runtime.handle().metrics().openmetrics();
    /// assert!(text.contains("# TYPE heist_workers gauge\n"));
    /// assert!(text.contains("\nheist_workers 2\n"));
    /// assert!(text.contains("\nheist_worker_polls_total{worker=\"1\"} "));
    /// assert!(text.ends_with("# EOF\n"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn openmetrics(&self) -> String {
        let mut text = String::new();
        for (name, kind, help, reading) in &FAMILIES {
            // A string takes all that is written to it.
            let _ = self.write_family(&mut text, name, *kind, help, reading);
        }
        // A string takes all that is written to it.
        let _ = self.write_histograms(&mut text).and_then(|()| self.write_pool_histograms(&mut text));
        text.push_str("# EOF\n");
        text
    }

    fn write_histograms(&self, text: &mut String) -> fmt::Result {
        for (name, help, histogram) in &WORKER_HISTOGRAMS {
            let is_there = self.observed(0).is_some()
                && (self.has_rings() || !matches!(histogram, WorkerHistogram::RingTimes(_)));
            if !is_there {
                continue;
            }
            write_histogram_head(text, name, help)?;
            for worker in 0..self.num_workers() {
                let Some(observed) = self.observed(worker) else { continue };
                match histogram {
                    WorkerHistogram::Times(of) | WorkerHistogram::RingTimes(of) => {
                        write_buckets(text, name, Some(worker), of(observed), &TIMES)?;
                    }
                    WorkerHistogram::Sizes(of) => {
                        write_buckets(text, name, Some(worker), of(observed), &SIZES)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn write_pool_histograms(&self, text: &mut String) -> fmt::Result {
        let Some(ObservedPool { runs, waits }) = self.handle.scheduler.shared().blocking().observed() else {
            return Ok(());
        };
        let (name, help) = ("blocking_seconds", "How long closures on the blocking pool ran.");
        write_histogram_head(text, name, help)?;
        write_buckets(text, name, None, runs, &TIMES)?;
        let (name, help) = ("blocking_wait_seconds", "How long closures waited for a thread of the pool.");
        write_histogram_head(text, name, help)?;
        write_buckets(text, name, None, waits, &TIMES)
    }

    fn write_family(
        &self,
        text: &mut String,
        name: &str,
        kind: FamilyKind,
        help: &str,
        reading: &Reading,
    ) -> fmt::Result {
        let (kind_name, suffix) = match kind {
            Counter => ("counter", "_total"),
            Gauge => ("gauge", ""),
        };
        writeln!(text, "# TYPE heist_{name} {kind_name}")?;
        if matches!(reading, TimeOfWorker(_)) {
            writeln!(text, "# UNIT heist_{name} seconds")?;
        }
        writeln!(text, "# HELP heist_{name} {help}")?;
        let sample = format!("heist_{name}{suffix}");
        let workers = 0..self.num_workers();
        match reading {
            Whole(read) => writeln!(text, "{sample} {}", read(self))?,
            OfWorker(read) => {
                for worker in workers {
                    writeln!(text, "{sample}{{worker=\"{worker}\"}} {}", read(self, worker))?;
                }
            }
            TimeOfWorker(read) => {
                for worker in workers {
                    let time = read(self, worker);
                    writeln!(text, "{sample}{{worker=\"{worker}\"}} {}", seconds(time))?;
                }
            }
        }
        Ok(())
    }
}

fn write_histogram_head(text: &mut String, name: &str, help: &str) -> fmt::Result {
    writeln!(text, "# TYPE heist_{name} histogram")?;
    if name.ends_with("_seconds") {
        writeln!(text, "# UNIT heist_{name} seconds")?;
    }
    writeln!(text, "# HELP heist_{name} {help}")
}

/// How the values of a histogram are written.
struct ShownValues {
    /// The end of a bucket. A bucket of ours ends before it.
    end: fn(u64) -> String,
    sum: fn(u64) -> String,
}

const TIMES: ShownValues = ShownValues { end: seconds_of, sum: seconds_of };
/// A bucket of a text has its end, which for whole numbers is the one before.
const SIZES: ShownValues = ShownValues { end: |end| format!("{}.0", end - 1), sum: |sum| sum.to_string() };

/// A sample counts all values up to the end of its bucket, and the sum is seen a little later.
fn write_buckets<const FIRST_END_BITS: u32, const COUNT: usize>(
    text: &mut String,
    name: &str,
    worker: Option<usize>,
    buckets: &Buckets<FIRST_END_BITS, COUNT>,
    shown: &ShownValues,
) -> fmt::Result {
    let (first, all) = match worker {
        Some(worker) => (format!("worker=\"{worker}\","), format!("{{worker=\"{worker}\"}}")),
        None => (String::new(), String::new()),
    };
    let mut count = 0;
    for bucket in 0..COUNT {
        count += buckets.count(bucket);
        let end = Buckets::<FIRST_END_BITS, COUNT>::span_of(bucket).end;
        let end = if end == u64::MAX { String::from("+Inf") } else { (shown.end)(end) };
        writeln!(text, "heist_{name}_bucket{{{first}le=\"{end}\"}} {count}")?;
    }
    writeln!(text, "heist_{name}_count{all} {count}")?;
    writeln!(text, "heist_{name}_sum{all} {}", (shown.sum)(buckets.total()))
}

/// Nanoseconds.
fn seconds_of(nanos: u64) -> String {
    seconds(Duration::from_nanos(nanos))
}

fn seconds(time: Duration) -> String {
    format!("{}.{:09}", time.as_secs(), time.subsec_nanos())
}
