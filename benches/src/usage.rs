//! What a process has used so far, and what a round used per operation.

use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use serde::{Deserialize, Serialize};

/// CPU time and context switches of this process since it began.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// User and system time.
    pub(crate) cpu_micros: f64,
    /// Context switches, voluntary and not.
    pub(crate) switch_count: f64,
}

impl Usage {
    /// As of now.
    pub(crate) fn now() -> Self {
        let usage = getrusage(UsageWho::RUSAGE_SELF).expect("getrusage of oneself cannot fail");
        let switch_count = usage.voluntary_context_switches() + usage.involuntary_context_switches();
        Usage {
            cpu_micros: micros(usage.user_time()) + micros(usage.system_time()),
            switch_count: switch_count as f64,
        }
    }

    /// What was used between `earlier` and this.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Usage {
            cpu_micros: self.cpu_micros - earlier.cpu_micros,
            switch_count: self.switch_count - earlier.switch_count,
        }
    }
}

/// Tells how much of the machine others took.
pub(crate) struct Neighbours {
    start: Instant,
    busy_seconds: f64,
    own_seconds: f64,
}

impl Neighbours {
    /// From now on.
    pub(crate) fn watch() -> Self {
        Neighbours { start: Instant::now(), busy_seconds: busy_seconds(), own_seconds: own_seconds() }
    }

    /// The share of all processors that was used, but neither by this process nor by children that have ended.
    pub(crate) fn share(&self) -> f64 {
        let processor_count = std::thread::available_parallelism().map_or(1, usize::from);
        let used = busy_seconds() - self.busy_seconds - (own_seconds() - self.own_seconds);
        (used / self.start.elapsed().as_secs_f64() / processor_count as f64).max(0.0)
    }
}

/// What all processors have worked since the machine started: the first three numbers of the first line of `/proc/stat`.
fn busy_seconds() -> f64 {
    const TICKS_PER_SECOND: f64 = 100.0;
    let text = std::fs::read_to_string("/proc/stat").expect("procfs is mounted");
    let numbers = text.lines().next().into_iter().flat_map(str::split_whitespace).skip(1).take(3);
    numbers.map(|number| number.parse::<f64>().expect("a number")).sum::<f64>() / TICKS_PER_SECOND
}

fn own_seconds() -> f64 {
    let seconds = |who| {
        let usage = getrusage(who).expect("getrusage of oneself cannot fail");
        (micros(usage.user_time()) + micros(usage.system_time())) / 1e6
    };
    seconds(UsageWho::RUSAGE_SELF) + seconds(UsageWho::RUSAGE_CHILDREN)
}

fn micros(time: TimeVal) -> f64 {
    time.tv_sec() as f64 * 1e6 + time.tv_usec() as f64
}

/// One round of one rival, per operation. What a workload does not measure stays zero.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Sample {
    /// How many operations it is of, where they were divided by.
    #[serde(skip)]
    pub(crate) operation_count: u64,
    /// Time on the clock, ns.
    pub(crate) time_ns: f64,
    /// CPU time of the process under test, ns.
    pub(crate) cpu_ns: f64,
    /// Context switches of the process under test.
    pub(crate) switches: f64,
    /// Latency, where someone waits for an answer.
    pub(crate) latency: Latency,
    /// Memory that was taken, in bytes.
    pub(crate) bytes: f64,
    /// Clock ticks of CPU, where idleness is measured.
    pub(crate) tick_count: u64,
}

impl Sample {
    /// Runs `work` and divides what it took by `operation_count`.
    pub(crate) fn take(operation_count: u64, work: impl FnOnce()) -> Self {
        let (before, start) = (Usage::now(), Instant::now());
        work();
        Sample::new(operation_count, start.elapsed(), Usage::now().since(before))
    }

    /// Divides what was used by `operation_count`.
    pub(crate) fn new(operation_count: u64, time: Duration, usage: Usage) -> Self {
        let count = operation_count as f64;
        Sample {
            operation_count,
            time_ns: time.as_nanos() as f64 / count,
            cpu_ns: usage.cpu_micros * 1e3 / count,
            switches: usage.switch_count / count,
            ..Sample::default()
        }
    }
}

/// How long answers took, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Latency {
    /// The middle one.
    pub(crate) p50_micros: f64,
    /// The slowest in a hundred.
    pub(crate) p99_micros: f64,
    /// The slowest in a thousand.
    pub(crate) p999_micros: f64,
}

impl Latency {
    /// Of at least one answer.
    pub(crate) fn of(mut micros: Vec<f32>) -> Self {
        micros.sort_by(f32::total_cmp);
        let at = |share: f64| f64::from(micros[(micros.len() as f64 * share) as usize]);
        Latency { p50_micros: at(0.5), p99_micros: at(0.99), p999_micros: at(0.999) }
    }
}
