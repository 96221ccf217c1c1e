//! The commands: each asks a service, and prints what it answers.

mod dump;
mod ps;
mod pstree;
mod stalls;
mod trace;

use std::process::ExitCode;

use clap::Parser;

use crate::options::{Command, CommandLine};
use crate::output::Output;
use crate::{top, web};

/// Carries out the command line. clap ends the process if it is wrong, or asks for help.
pub(crate) fn run() -> ExitCode {
    let line = CommandLine::parse();
    let mut output = Output::new();
    let done = match &line.command {
        Command::Ps(options) => ps::run(options, &mut output),
        Command::Pstree(options) => pstree::run(options, &mut output),
        Command::Dump(options) => dump::run(options, &mut output),
        Command::Stalls(options) => stalls::run(options, &mut output),
        Command::Trace(options) => trace::run(options, &mut output),
        Command::Top(options) => top::run(options, &mut output),
        Command::Web(options) => web::run(options, &mut output),
    };
    // What came before a failure is shown.
    let flushed = output.flush();
    done.and(flushed).map_or_else(|failure| failure.report(), |()| ExitCode::SUCCESS)
}
