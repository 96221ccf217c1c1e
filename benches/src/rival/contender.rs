//! Who takes part, as plain data: the same type for every rival.

use std::process::ExitCode;

use crate::usage::Sample;
use crate::workload::about::Task;

/// What the subject is called in another build.
pub(crate) const OTHER_BUILD: &str = "other build";

/// A rival with its type forgotten, and what it can be asked for.
#[derive(Clone, Copy)]
pub(crate) struct Contender {
    /// Its name.
    pub(crate) name: &'static str,
    /// One line about it.
    pub(crate) explanation: &'static str,
    /// What the program that serves for it calls it.
    pub(crate) served_as: &'static str,
    /// That program, if it is another build of this one.
    pub(crate) program: Option<&'static str>,
    /// Serves TCP echo until stdin ends; told the size of the messages.
    pub(crate) serve_echo: Option<fn(usize) -> ExitCode>,
    /// Serves UDP echo until stdin ends; told the size of the messages.
    pub(crate) serve_udp: Option<fn(usize) -> ExitCode>,
    /// Writes to whoever connects until stdin ends; told the size of the writes.
    pub(crate) serve_stream: Option<fn(usize) -> ExitCode>,
    /// What only those can do whose tasks move.
    pub(crate) stealing: Option<Stealing>,
    /// Serves HTTP until stdin ends.
    pub(crate) serve_hello: Option<fn() -> ExitCode>,
    /// Runs one round of a workload without a runtime: the floor under those that hand over.
    pub(crate) hand_over: Option<fn(Task, u32) -> Sample>,
}

/// What a runtime can be asked for whose tasks may move between threads.
#[derive(Clone, Copy)]
pub(crate) struct Stealing {
    /// Runs one round of a workload that needs no child process.
    pub(crate) run: fn(Task, u32) -> Sample,
    /// Works, idles, and prints what idling cost.
    pub(crate) idle: fn() -> ExitCode,
    /// Lets so many tasks sleep, and prints what that cost.
    pub(crate) sleepers: fn(u64) -> ExitCode,
}

impl Contender {
    /// The same in another build of this program: for two versions of one runtime.
    pub(crate) fn built_otherwise(self, program: &'static str) -> Self {
        let explanation = "the first rival in another build";
        Contender { name: OTHER_BUILD, explanation, program: Some(program), ..self }
    }
}
