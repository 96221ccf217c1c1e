//! Who takes part, as plain data: the same type for every rival.

use std::process::ExitCode;

use crate::tools::Tool;
use crate::usage::Sample;
use crate::workload::about::{Means, Task};

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
    /// What someone can do who is none of the runtimes of this program.
    pub(crate) tasks: Option<Tasks>,
    /// What has to be installed.
    pub(crate) needs: Option<Tool>,
}

/// Workloads of somebody who does not run the code of all the others.
#[derive(Clone, Copy)]
pub(crate) struct Tasks {
    /// These.
    pub(crate) which: &'static [Task],
    /// Runs one round.
    pub(crate) run: fn(Task, u32) -> Sample,
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
    /// One that can do nothing yet.
    pub(crate) const fn new(name: &'static str, explanation: &'static str) -> Self {
        Contender {
            name,
            explanation,
            served_as: name,
            program: None,
            serve_echo: None,
            serve_udp: None,
            serve_stream: None,
            stealing: None,
            serve_hello: None,
            tasks: None,
            needs: None,
        }
    }

    /// Can it take part in a workload that is measured like this?
    pub(crate) fn suits(&self, means: Means) -> bool {
        match means {
            // Only what a child serves can be another build's.
            Means::Here(..) | Means::Hello | Means::Idle | Means::Sleepers if self.program.is_some() => false,
            Means::Echo(load, _) if load.udp => self.serve_udp.is_some(),
            Means::Echo(..) => self.serve_echo.is_some(),
            Means::Stream(..) => self.serve_stream.is_some(),
            Means::Hello => self.serve_hello.is_some(),
            Means::Here(task, _) => {
                self.stealing.is_some() || self.tasks.is_some_and(|tasks| tasks.which.contains(&task))
            }
            Means::Idle | Means::Sleepers => self.stealing.is_some(),
        }
    }

    /// Runs one round of a workload that needs no child process.
    pub(crate) fn run_of(&self) -> fn(Task, u32) -> Sample {
        let stealing = || self.stealing.expect("only those are asked that can").run;
        self.tasks.map_or_else(stealing, |tasks| tasks.run)
    }

    /// The same in another build of this program: for two versions of one runtime.
    pub(crate) fn built_otherwise(self, program: &'static str) -> Self {
        let explanation = "the first rival in another build";
        Contender { name: OTHER_BUILD, explanation, program: Some(program), ..self }
    }
}
