//! What a workload says about itself.

use crate::goal::Goal;
use crate::load::{Load, Times};

/// Who takes part in the workloads that have the floor of `hand_over`.
pub(super) const RIVALS_AND_FLOOR: &[&str] =
    &["heist", "tokio", "heist-single", "smol", "small", "go", THREADS, ONE_THREAD];
pub(crate) const THREADS: &str = "raw-threads";
pub(crate) const ONE_THREAD: &str = "raw-thread";

/// Something to compare runtimes by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About {
    /// What it is called on the command line and in the tables.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) explanation: &'static str,
    /// Who takes part if nobody is chosen; the subject first.
    pub(crate) rivals: &'static [&'static str],
    /// How it is measured.
    pub(crate) means: Means,
    /// What is long and does not swing needs no more rounds than this.
    pub(crate) round_count_max: usize,
    /// What is judged.
    pub(crate) goals: &'static [Goal],
}

/// How a workload is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Means {
    /// In this process, so often in a round.
    Here(Task, u32),
    /// By a server under load.
    Echo(Load, Times),
    /// By a server that writes so many bytes at a time.
    Stream(usize, Times),
    /// By an HTTP server under load.
    Hello,
    /// By a child that does nothing.
    Idle,
    /// By a child in which tasks sleep.
    Sleepers,
}

/// Workloads that need no child process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    SpawnManyLocal,
    SpawnManyRemote,
    YieldMany,
    PingPong,
    ChainedSpawn,
    ForkJoin,
    ChannelBounce,
    OwnChannelBounce,
    MpscBounce,
    MpscBounded,
    MpscUnbounded,
    Oneshot,
    Broadcast,
    Watch,
    MutexFree,
    MutexWanted,
    Notify,
    Timeouts,
    Unbalanced,
    CpuHandlers,
    WakeLatency,
    StartStop,
}

impl About {
    /// One that is measured in this process: `repetition_count` times in a round, by runtimes whose tasks move.
    pub(super) const fn here(
        name: &'static str,
        explanation: &'static str,
        task: Task,
        repetition_count: u32,
    ) -> Self {
        About {
            name,
            explanation,
            // The back end makes no difference where nothing is waited for. The last three can do some of the workloads only.
            rivals: &["heist", "tokio", "heist-single", "smol", "small", "small-lifo", "go"],
            means: Means::Here(task, repetition_count),
            round_count_max: usize::MAX,
            goals: &[],
        }
    }
}
