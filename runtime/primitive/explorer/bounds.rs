//! How far an exploration goes, and how far it went.

use std::time::Duration;

/// Which steps loom reorders. All others are taken in one order, in which a thread goes on as long
/// as it can. Default: `Program`.
///
/// # Examples
/// ```
/// use heist::model::{Depth, Explorer};
///
/// Explorer::new().depth(Depth::Scheduler).preemptions(1).check(|| async {
///     heist::spawn(async {}).await.unwrap();
/// });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Depth {
    /// Steps that are taken while some thread polls a task or the program, or runs a closure of
    /// [`thread::spawn`](crate::model::thread::spawn): also those of the scheduler meanwhile.
    #[default]
    Program,
    /// Also those between two polls: how workers find tasks, go to sleep and are woken.
    Scheduler,
    /// Also those of the start and the end of the runtime.
    Runtime,
}

/// How far an exploration goes.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "each explorer reads what concerns it")]
pub(crate) struct Bounds {
    /// Preemptions in one interleaving; `None`: any number. loom.
    pub(crate) preemptions_max: Option<usize>,
    /// Steps of one interleaving at which there is a choice. loom.
    pub(crate) branches_max: usize,
    /// Which steps have another order in another interleaving. loom.
    pub(crate) depth: Depth,
    /// Interleavings after which loom stops; `None`: when it has tried all.
    pub(crate) interleavings_max: Option<usize>,
    /// Random schedules, and as many by random priorities. shuttle.
    pub(crate) schedules: usize,
    /// Changes of priorities in one schedule. shuttle.
    pub(crate) priority_changes: usize,
    /// Where random schedules come from; `None`: another place at each run. shuttle.
    pub(crate) seed: Option<u64>,
    /// One schedule, as shuttle has printed it: no other is tried.
    pub(crate) replay: Option<String>,
    /// Steps after which a schedule counts as endless. shuttle.
    pub(crate) steps_max: usize,
    /// Runs on real threads.
    pub(crate) repetitions: usize,
    /// When no further run begins.
    pub(crate) time_max: Option<Duration>,
}

/// How far an exploration went.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tried {
    pub(crate) runs: usize,
    /// Whether all interleavings within the bounds were tried.
    pub(crate) are_all: bool,
}
