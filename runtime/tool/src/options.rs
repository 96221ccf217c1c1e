//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::find::ServiceName;
use crate::length::parse_length;

/// Looks into running programs that use the runtime heist.
///
/// A program is opened by HEIST_CONSOLE=PATH in its environment (feature `console` of heist), or by
/// `Builder::console`. Exit codes: 0, 1 for a failure, 2 for a wrong command line.
#[derive(Debug, Parser)]
#[command(name = "heist", version)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Lists the programs that are opened, or the tasks of one
    Ps(PsOptions),
    /// Shows which task waits for which, and deadlocks
    Pstree(PstreeOptions),
    /// Prints what all tasks do and wait for
    Dump(DumpOptions),
    /// Lists the latest polls that took too long
    Stalls(StallsOptions),
    /// Writes polls, wakes and ring operations for Perfetto; needs an observed runtime
    Trace(TraceOptions),
    /// Shows workers and groups of tasks, again and again
    Top(TopOptions),
    /// Serves a page that shows workers, tasks and slow polls to browsers on this machine
    Web(WebOptions),
}

#[derive(Debug, Args)]
pub(crate) struct Addressed {
    /// The number of a process (Linux), or the path of the socket of a runtime
    #[arg(value_name = "PID|PATH", value_parser = ServiceName::parse)]
    pub(crate) service: ServiceName,
    #[command(flatten)]
    pub(crate) runtime: RuntimeChoice,
}

#[derive(Debug, Args)]
pub(crate) struct RuntimeChoice {
    /// Which runtime of the process, if it has several [default: the first that has tasks]
    #[arg(long, value_name = "ID|NAME")]
    pub(crate) runtime: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum TaskSort {
    /// Most time in polls first; needs an observed runtime
    Busy,
    /// Most polls first; needs an observed runtime
    Polls,
    /// Oldest first; needs an observed runtime
    Age,
    /// In the order in which they were spawned
    #[default]
    Id,
}

#[derive(Debug, Args)]
pub(crate) struct PsOptions {
    /// The number of a process (Linux), or the path of a socket; without it, programs are listed
    #[arg(value_name = "PID|PATH", value_parser = ServiceName::parse)]
    pub(crate) service: Option<ServiceName>,
    #[command(flatten)]
    pub(crate) runtime: RuntimeChoice,
    /// The order of the tasks
    #[arg(long, value_enum, default_value_t)]
    pub(crate) sort: TaskSort,
    /// How many tasks are shown, 0 for all [default: 50, with --json all]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Only tasks whose names contain this
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// Only tasks in this state
    #[arg(long, value_parser = ["running", "runnable", "waiting"])]
    pub(crate) state: Option<String>,
    /// One JSON object per line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PstreeOptions {
    #[command(flatten)]
    pub(crate) addressed: Addressed,
    /// Which task spawned which; needs an observed runtime
    #[arg(long)]
    pub(crate) spawned: bool,
    /// One JSON object per line of the tree
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DumpOptions {
    #[command(flatten)]
    pub(crate) addressed: Addressed,
    /// The lines of the service: one JSON object per task, and the end with the deadlocks
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StallsOptions {
    #[command(flatten)]
    pub(crate) addressed: Addressed,
    /// Goes on, and prints each new one
    #[arg(long)]
    pub(crate) follow: bool,
    /// One JSON object per line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TraceOptions {
    #[command(flatten)]
    pub(crate) addressed: Addressed,
    /// How long, between 1ms and 1m
    #[arg(long = "for", value_name = "LENGTH", default_value = "1s", value_parser = parse_length)]
    pub(crate) length: Duration,
    /// The file, which is replaced if it is there
    #[arg(short, long, value_name = "FILE", default_value = "trace.json")]
    pub(crate) output: PathBuf,
    /// Prints the lines of the service instead: one JSON object per poll and wake, and the end
    #[arg(long, conflicts_with = "output")]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TopOptions {
    #[command(flatten)]
    pub(crate) addressed: Addressed,
    /// Milliseconds between two looks, at least 100
    #[arg(long, value_name = "MS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(100..=3_600_000))]
    pub(crate) interval: u64,
    /// Ends after so many looks [default: goes on]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) iterations: Option<u64>,
    /// Prints text, one screen after the other; the default unless standard output is a terminal
    #[arg(long)]
    pub(crate) plain: bool,
    /// One JSON object per look and line
    #[arg(long, conflicts_with = "plain")]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct WebOptions {
    #[command(flatten)]
    pub(crate) addressed: Addressed,
    /// The port on 127.0.0.1 [default: a free one]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) port: u16,
    /// Prints the address as a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
