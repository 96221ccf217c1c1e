//! The lines that a console sends, as types.

use serde::ser::{Serialize, SerializeMap, Serializer};

/// Makes types that become objects of JSON, field by field in their order.
///
/// serde's own macro would add crates to the build of each program with a console.
macro_rules! shapes {
    ($($(#[$attribute:meta])* struct $name:ident $(<$life:lifetime>)? { $($field:ident: $type:ty,)* })*) => {$(
        $(#[$attribute])*
        pub(super) struct $name $(<$life>)? {
            $(pub(super) $field: $type,)*
        }

        impl $(<$life>)? Serialize for $name $(<$life>)? {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut fields = serializer.serialize_map(None)?;
                $(fields.serialize_entry(stringify!($field), &self.$field)?;)*
                fields.end()
            }
        }
    )*};
}

shapes! {
    /// The first line of a connection.
    struct Greeting<'a> {
        heist: u32,
        version: &'static str,
        pid: u32,
        runtime: RuntimeLine<'a>,
        observed: bool,
        uptime_ms: u64,
    }

    /// The runtime, in the greeting.
    struct RuntimeLine<'a> {
        id: u64,
        name: Option<&'a str>,
        flavor: &'static str,
        driver: &'static str,
        workers: usize,
    }

    /// Why there is no answer.
    struct RefusalLine<'a> {
        error: &'a str,
    }

    /// How many lines there were.
    struct CountEnd {
        count: usize,
    }

    struct DumpEnd {
        count: usize,
        deadlocks: Vec<Vec<u64>>,
    }

    struct MetricsEnd {
        now_us: u64,
    }

    struct PlaceLine<'a> {
        file: &'a str,
        line: u32,
        column: u32,
    }

    /// What a task waits for.
    struct ReasonLine {
        text: String,
        awaits: Option<u64>,
    }

    /// A dump for people.
    struct TextLine {
        text: String,
    }

    struct MetricsLine {
        metrics: FiguresLine,
    }

    /// The figures of a runtime.
    struct FiguresLine {
        workers: Vec<WorkerLine>,
        live_tasks: usize,
        injector_depth: usize,
        blocking_threads: usize,
        blocking_queue_depth: usize,
        slow_polls: u64,
        stalls: u64,
    }

    /// The figures of a worker.
    struct WorkerLine {
        index: usize,
        polls: u64,
        steals: u64,
        parks: u64,
        busy_us: u64,
        queue_depth: usize,
    }

    /// A slow poll.
    struct SlowPollLine<'a> {
        task: Option<u64>,
        name: Option<&'a str>,
        location: Option<PlaceLine<'a>>,
        worker: usize,
        duration_us: u64,
        is_over: bool,
        ago_ms: u64,
    }
}

/// A task.
pub(super) struct TaskLine<'a> {
    pub(super) id: u64,
    pub(super) name: Option<&'a str>,
    pub(super) kind: &'static str,
    pub(super) location: PlaceLine<'a>,
    pub(super) activity: &'static str,
    /// `None`: they were not asked for, and the field is missing.
    pub(super) reasons: Option<Vec<ReasonLine>>,
}

impl Serialize for TaskLine<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("id", &self.id)?;
        fields.serialize_entry("name", &self.name)?;
        fields.serialize_entry("kind", self.kind)?;
        fields.serialize_entry("location", &self.location)?;
        fields.serialize_entry("activity", self.activity)?;
        if let Some(reasons) = &self.reasons {
            fields.serialize_entry("reasons", reasons)?;
        }
        fields.end()
    }
}

/// The last line of an answer.
pub(super) struct EndLine<T> {
    pub(super) end: T,
}

impl<T: Serialize> Serialize for EndLine<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(Some(1))?;
        fields.serialize_entry("end", &self.end)?;
        fields.end()
    }
}
