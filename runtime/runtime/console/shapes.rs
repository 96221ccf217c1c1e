//! The lines that a console sends, as types.

use serde::Serialize;

/// The first line of a connection.
#[derive(Serialize)]
pub(super) struct Greeting<'a> {
    pub(super) heist: u32,
    pub(super) version: &'static str,
    pub(super) pid: u32,
    pub(super) runtime: RuntimeLine<'a>,
    pub(super) observed: bool,
    pub(super) uptime_ms: u64,
}

/// The runtime, in the greeting.
#[derive(Serialize)]
pub(super) struct RuntimeLine<'a> {
    pub(super) id: u64,
    pub(super) name: Option<&'a str>,
    pub(super) flavor: &'static str,
    pub(super) driver: &'static str,
    pub(super) workers: usize,
}

/// Why there is no answer.
#[derive(Serialize)]
pub(super) struct RefusalLine<'a> {
    pub(super) error: &'a str,
}

/// The last line of an answer.
#[derive(Serialize)]
pub(super) struct EndLine<T> {
    pub(super) end: T,
}

/// How many lines there were.
#[derive(Serialize)]
pub(super) struct CountEnd {
    pub(super) count: usize,
}

#[derive(Serialize)]
pub(super) struct DumpEnd {
    pub(super) count: usize,
    pub(super) deadlocks: Vec<Vec<u64>>,
}

#[derive(Serialize)]
pub(super) struct MetricsEnd {
    pub(super) now_us: u64,
}

#[derive(Serialize)]
pub(super) struct EmptyEnd {}

#[derive(Serialize)]
pub(super) struct PlaceLine<'a> {
    pub(super) file: &'a str,
    pub(super) line: u32,
    pub(super) column: u32,
}

/// A task. `reasons` is missing if they were not asked for.
#[derive(Serialize)]
pub(super) struct TaskLine<'a> {
    pub(super) id: u64,
    pub(super) name: Option<&'a str>,
    pub(super) kind: &'static str,
    pub(super) location: PlaceLine<'a>,
    pub(super) activity: &'static str,
    #[serde(flatten)]
    pub(super) stats: Option<StatsFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasons: Option<Vec<ReasonLine>>,
}

/// What is counted of a task, if the runtime is observed.
#[derive(Serialize)]
pub(super) struct StatsFields {
    pub(super) parent: Option<u64>,
    pub(super) polls: u64,
    pub(super) busy_us: u64,
    pub(super) scheduled_us: u64,
    pub(super) idle_us: u64,
    pub(super) age_ms: u64,
    pub(super) worker: Option<usize>,
    pub(super) moves: u64,
}

/// What a task waits for.
#[derive(Serialize)]
pub(super) struct ReasonLine {
    pub(super) text: String,
    pub(super) awaits: Option<u64>,
}

/// A dump for people.
#[derive(Serialize)]
pub(super) struct TextLine {
    pub(super) text: String,
}

#[derive(Serialize)]
pub(super) struct MetricsLine {
    pub(super) metrics: FiguresLine,
}

/// The figures of a runtime.
#[derive(Serialize)]
pub(super) struct FiguresLine {
    pub(super) workers: Vec<WorkerLine>,
    pub(super) live_tasks: usize,
    pub(super) injector_depth: usize,
    pub(super) blocking_threads: usize,
    pub(super) blocking_queue_depth: usize,
    pub(super) slow_polls: u64,
    pub(super) stalls: u64,
}

/// The figures of a worker.
#[derive(Serialize)]
pub(super) struct WorkerLine {
    pub(super) index: usize,
    pub(super) polls: u64,
    pub(super) steals: u64,
    pub(super) parks: u64,
    pub(super) busy_us: u64,
    pub(super) queue_depth: usize,
}

/// A poll, in a trace. Times are from its beginning.
#[derive(Serialize)]
pub(super) struct TracedPollLine<'a> {
    pub(super) worker: usize,
    pub(super) poll: u64,
    pub(super) name: Option<&'a str>,
    pub(super) location: PlaceLine<'a>,
    pub(super) began_ns: u64,
    pub(super) ended_ns: u64,
}

/// A wake that made a task due, in a trace.
#[derive(Serialize)]
pub(super) struct TracedWakeLine {
    pub(super) worker: usize,
    pub(super) wake: u64,
    pub(super) by: Option<u64>,
    pub(super) at_ns: u64,
}

#[derive(Serialize)]
pub(super) struct TraceEnd {
    pub(super) polls: usize,
    pub(super) wakes: usize,
    pub(super) lost: u64,
    pub(super) length_ns: u64,
}

/// A slow poll.
#[derive(Serialize)]
pub(super) struct SlowPollLine<'a> {
    pub(super) task: Option<u64>,
    pub(super) name: Option<&'a str>,
    pub(super) location: Option<PlaceLine<'a>>,
    pub(super) worker: usize,
    pub(super) duration_us: u64,
    pub(super) is_over: bool,
    pub(super) ago_ms: u64,
}
