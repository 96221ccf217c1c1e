//! What the service of a runtime sends: version 1 of the protocol. Fields that are not named here
//! are ignored.

use serde::Deserialize;

use crate::visible::Visible;

/// The version of the protocol that this tool speaks.
pub(crate) const PROTOCOL_VERSION: u64 = 1;

/// The first line of a connection.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Greeting {
    pub(crate) version: Visible,
    pub(crate) pid: u32,
    pub(crate) runtime: RuntimeFacts,
    #[serde(default)]
    pub(crate) observed: bool,
    #[serde(default)]
    pub(crate) uptime_ms: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RuntimeFacts {
    pub(crate) id: u64,
    pub(crate) name: Option<Visible>,
    pub(crate) flavor: Visible,
    pub(crate) driver: Visible,
    pub(crate) workers: u64,
}

impl RuntimeFacts {
    /// Its number, and its name if it has one.
    pub(crate) fn label(&self) -> String {
        self.name.as_ref().map_or(self.id.to_string(), |name| format!("{} \"{name}\"", self.id))
    }
}

/// What every line may be instead of what was asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct Envelope {
    pub(crate) heist: Option<u64>,
    pub(crate) error: Option<Visible>,
    pub(crate) end: Option<serde_json::Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct TaskLine {
    pub(crate) id: u64,
    pub(crate) name: Option<Visible>,
    pub(crate) kind: Visible,
    pub(crate) location: Option<SourcePlace>,
    pub(crate) activity: Visible,
    #[serde(default)]
    pub(crate) reasons: Vec<ReasonLine>,
    pub(crate) parent: Option<u64>,
    pub(crate) polls: Option<u64>,
    pub(crate) busy_us: Option<u64>,
    pub(crate) scheduled_us: Option<u64>,
    pub(crate) idle_us: Option<u64>,
    pub(crate) age_ms: Option<u64>,
    pub(crate) worker: Option<u64>,
    pub(crate) moves: Option<u64>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SourcePlace {
    pub(crate) file: Visible,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl SourcePlace {
    /// `FILE:LINE:COLUMN`, or nothing.
    pub(crate) fn text(place: Option<&SourcePlace>) -> String {
        place.map_or(String::new(), |place| format!("{}:{}:{}", place.file, place.line, place.column))
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ReasonLine {
    pub(crate) text: Visible,
    pub(crate) awaits: Option<u64>,
}

/// The end of the answer to `dump`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct DumpEnd {
    #[serde(default)]
    pub(crate) deadlocks: Vec<Vec<u64>>,
}

/// The line of the answer to `text`.
#[derive(Debug, Deserialize)]
pub(crate) struct TextLine {
    pub(crate) text: String,
}

/// The line of the answer to `metrics`.
#[derive(Debug, Deserialize)]
pub(crate) struct MetricsLine {
    pub(crate) metrics: RuntimeCounts,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RuntimeCounts {
    pub(crate) workers: Vec<WorkerCounts>,
    pub(crate) live_tasks: u64,
    pub(crate) injector_depth: u64,
    pub(crate) blocking_threads: u64,
    pub(crate) blocking_queue_depth: u64,
    pub(crate) slow_polls: u64,
    pub(crate) stalls: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct WorkerCounts {
    pub(crate) index: u64,
    pub(crate) polls: u64,
    pub(crate) steals: u64,
    pub(crate) parks: u64,
    pub(crate) busy_us: u64,
    pub(crate) queue_depth: u64,
}

/// The end of the answer to `metrics`.
#[derive(Debug, Deserialize)]
pub(crate) struct MetricsEnd {
    pub(crate) now_us: u64,
}

/// A line of the answer to `stalls`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct SlowPollLine {
    pub(crate) task: Option<u64>,
    pub(crate) name: Option<Visible>,
    pub(crate) location: Option<SourcePlace>,
    pub(crate) worker: Option<u64>,
    pub(crate) duration_us: u64,
    pub(crate) is_over: bool,
    #[serde(default)]
    pub(crate) ago_ms: u64,
}

/// A line of the answer to `trace`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum TraceLine {
    Poll(TracedPoll),
    Wake(TracedWake),
    Operation(TracedOperation),
}

/// A poll. Times are from the beginning of the trace.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct TracedPoll {
    pub(crate) worker: u64,
    /// The task.
    pub(crate) poll: u64,
    pub(crate) name: Option<Visible>,
    pub(crate) location: SourcePlace,
    pub(crate) began_ns: u64,
    pub(crate) ended_ns: u64,
}

/// A wake that made a task due.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct TracedWake {
    pub(crate) worker: u64,
    /// The task.
    pub(crate) wake: u64,
    /// The task whose poll it was in.
    pub(crate) by: Option<u64>,
    pub(crate) at_ns: u64,
}

/// An operation of a worker's ring.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct TracedOperation {
    pub(crate) worker: u64,
    /// Its kind, for example `read`.
    pub(crate) operation: Visible,
    pub(crate) began_ns: u64,
    /// `None`: it went on when the trace ended.
    pub(crate) ended_ns: Option<u64>,
}

/// The end of the answer to `trace`.
#[derive(Debug, Deserialize)]
pub(crate) struct TraceEnd {
    pub(crate) polls: u64,
    pub(crate) wakes: u64,
    #[serde(default)]
    pub(crate) operations: u64,
    pub(crate) lost: u64,
    pub(crate) length_ns: u64,
}
