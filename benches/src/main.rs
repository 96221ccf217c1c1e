//! heist against its peers, in interleaved rounds on one machine.
//!
//! `cargo run --release -p benches` compares everything and prints a table. What is measured:
//!
//! - A workload is one file in `workload/`, generic over [`rival::contract::Rival`]: every rival runs the same code.
//! - A round runs each rival once, each round beginning with another; what is compared is the median of the ratios
//!   within the rounds, because single figures of a shared machine swing by a third while neighbours share the noise.
//! - Echo is served by one child process and loaded by another, which has no runtime: the CPU time per request is the
//!   server's alone. Runtimes with one thread per core take part there, through [`rival::contract::PerCore`], and so does a ring
//!   without a runtime: the floor.
//! - A figure of one shape of load says little about another: `grid` has a cell for each number of threads and connections of
//!   the load, with a busy process beside the server, and with the server on one processor.
//! - `explain` counts where the time of a workload goes.
//!
//! Linux only: CPU time, epoll and `/proc` are what it measures with.

mod chart;
mod child;
mod compare;
mod compute;
mod echo;
mod explain;
mod files;
mod generators;
mod goal;
mod grid;
mod load;
mod nginx;
mod procfs;
mod receive;
mod record;
mod report;
mod rival;
mod scratch;
mod stream;
mod tools;
mod udp;
mod usage;
mod workload;
mod wrk;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use rival::contender::{Contender, Stealing};
use workload::about::About;

#[derive(Parser)]
#[command(about = "heist against its peers, in interleaved rounds")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the workloads and print how heist compares (the default).
    Compare(Compare),
    /// Generators against iterators, other crates' generators and CPython's.
    Generators {
        /// Two short rounds: shows that everything runs, and nothing else.
        #[arg(long)]
        quick: bool,
        /// Exit with an error when a goal is missed.
        #[arg(long)]
        check: bool,
        /// Count instructions under callgrind instead of timing.
        #[arg(long)]
        instructions: bool,
        /// Write the figures to `benches/record/<date>-generators.json`.
        #[arg(long)]
        record: bool,
    },
    /// Files: random reads, reads and writes in order, copies, many small files.
    Files(files::Options),
    /// Servers under every shape of load: threads, connections, a busy process beside them, one core or all.
    Grid(grid::Options),
    /// Where the time of a workload goes: system calls, context switches, instructions, beside another rival.
    Explain(explain::Options),
    /// List workloads and rivals.
    List,
    /// Ways to receive, against each other, without a runtime.
    Receive(receive::Matrix),
    /// Serve TCP echo until stdin ends (started by `compare`).
    #[command(hide = true)]
    ServeEcho {
        /// Who serves.
        #[command(flatten)]
        who: Who,
        /// Bytes of every request.
        #[arg(long)]
        message_size: usize,
    },
    /// Serve UDP echo until stdin ends (started by `compare`).
    #[command(hide = true)]
    ServeUdp {
        /// Who serves.
        #[command(flatten)]
        who: Who,
        /// Bytes of every request.
        #[arg(long)]
        message_size: usize,
    },
    /// Load an echo server (started by `compare`).
    #[command(hide = true)]
    LoadEcho(load::Order),
    /// Write to whoever connects, until stdin ends (started by `compare`).
    #[command(hide = true)]
    ServeStream {
        /// Who serves.
        #[command(flatten)]
        who: Who,
        /// Bytes of every write.
        #[arg(long)]
        message_size: usize,
    },
    /// Read what a server writes (started by `compare`).
    #[command(hide = true)]
    ReadStream(stream::Order),
    /// Serve HTTP until stdin ends (started by `compare`).
    #[command(hide = true)]
    ServeHello(Who),
    /// Run one contestant (started by `generators --instructions`).
    #[command(hide = true)]
    RunGenerator { group: usize, index: usize, yields_count: u64 },
    /// Run a workload and print what the process has used (started by `explain`).
    #[command(hide = true)]
    RunTask(explain::RunTask),
    /// Keep a processor busy until stdin ends (started by `grid`).
    #[command(hide = true)]
    Burn,
    /// Do some work, then nothing, and print what nothing cost (started by `compare`).
    #[command(hide = true)]
    Idle(Who),
    /// Let tasks sleep, and print what that cost (started by `compare`).
    #[command(hide = true)]
    Sleepers {
        /// Whose tasks.
        #[command(flatten)]
        who: Who,
        /// How many.
        #[arg(long)]
        count: u64,
    },
}

#[derive(Args, Default)]
struct Compare {
    /// Only this workload; may be given more than once.
    #[arg(long, value_name = "WORKLOAD", value_parser = workload::by_name)]
    only: Vec<About>,
    /// Only this rival beside heist; may be given more than once.
    #[arg(long, value_name = "NAME", value_parser = rival::by_name)]
    rival: Vec<Contender>,
    /// Compare with another build of this program instead, where a server is loaded: two versions of heist.
    #[arg(long, value_name = "PROGRAM", conflicts_with = "rival")]
    against: Option<String>,
    /// Rounds of each workload; ten or more for figures that are kept.
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// Two short rounds: shows that everything runs, and nothing else.
    #[arg(long)]
    quick: bool,
    /// Write the figures to this file, and a chart of them beside it.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the figures to `benches/record/<date>.json`, and a chart of them beside it.
    #[arg(long)]
    record: bool,
    /// Exit with an error when a goal is missed.
    #[arg(long)]
    check: bool,
}

#[derive(Args)]
struct Who {
    /// The name of a rival.
    #[arg(long, value_parser = rival::by_name)]
    rival: Contender,
}

impl Who {
    /// What a child process is asked for that only some can do.
    fn stealing(&self) -> Stealing {
        self.rival.stealing.expect("only who can is asked")
    }
}

fn main() -> ExitCode {
    match Arguments::parse().command.unwrap_or_else(|| Command::Compare(Compare::default())) {
        Command::Compare(options) => run_compare(options),
        Command::Generators { instructions: true, .. } => {
            generators::count();
            ExitCode::SUCCESS
        }
        Command::Generators { quick, check, record, .. } => run_generators(quick, check, record),
        Command::RunGenerator { group, index, yields_count } => {
            generators::run_one(group, index, yields_count);
            ExitCode::SUCCESS
        }
        Command::Receive(matrix) => {
            let plan = matrix.plan();
            report::print(&plan, &compare::run(&plan));
            ExitCode::SUCCESS
        }
        Command::Files(options) => files::run(&options),
        Command::Explain(options) => explain::run(&options),
        Command::RunTask(order) => explain::run_task(&order),
        Command::Grid(options) => grid::run(&options),
        Command::List => {
            list();
            ExitCode::SUCCESS
        }
        Command::ServeEcho { who, message_size } => {
            (who.rival.serve_echo.expect("only who can is asked"))(message_size)
        }
        Command::ServeUdp { who, message_size } => {
            (who.rival.serve_udp.expect("only who can is asked"))(message_size)
        }
        Command::LoadEcho(order) => load::run(&order),
        Command::ServeStream { who, message_size } => {
            (who.rival.serve_stream.expect("only who can is asked"))(message_size)
        }
        Command::ReadStream(order) => stream::read(&order),
        Command::ServeHello(who) => (who.rival.serve_hello.expect("only who can is asked"))(),
        Command::Burn => grid::cell::burn(),
        Command::Idle(who) => (who.stealing().idle)(),
        Command::Sleepers { who, count } => (who.stealing().sleepers)(count),
    }
}

fn run_compare(options: Compare) -> ExitCode {
    let mut plan = if options.quick { compare::Plan::quick() } else { compare::Plan::full() };
    if let Some(round_count) = options.rounds {
        plan.round_count = round_count.max(1);
    }
    if !options.only.is_empty() {
        plan.workloads = options.only;
    }
    plan.chosen = options.rival;
    // Once in the life of the program.
    plan.against = options.against.map(|program| &*program.leak());
    let missing = plan.missing();
    for tool in &missing {
        eprintln!("{}", tool.complaint());
    }
    if options.record && !missing.is_empty() {
        eprintln!("error: a record has everyone in it: install what is missing");
        return ExitCode::FAILURE;
    }
    let results = compare::run(&plan);
    let judgements = report::judgements(&results.outcomes);
    report::print(&plan, &results);
    report::print_judgements(&judgements);
    let mut files: Vec<PathBuf> = options.json.into_iter().collect();
    if options.record {
        files.push(record::dated_file(""));
    }
    for file in &files {
        if let Err(error) = record::write(file, &plan, &results) {
            eprintln!("error: cannot write {}: {error}", file.display());
            return ExitCode::FAILURE;
        }
        println!("written: {}, and the chart beside it", file.display());
    }
    let is_missed = judgements.iter().any(|judgement| !judgement.is_met);
    if options.check && is_missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn run_generators(is_quick: bool, is_gate: bool, is_kept: bool) -> ExitCode {
    let rows = generators::run(is_quick);
    if is_kept {
        let file = record::dated_file("-generators");
        if let Err(error) = record::write_rows(&file, &generators::PACKAGES, None, &rows) {
            eprintln!("error: cannot write {}: {error}", file.display());
            return ExitCode::FAILURE;
        }
        println!("written: {}", file.display());
    }
    if is_gate && rows.iter().any(|row| !row.is_met) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn list() {
    println!("workloads:");
    for workload in workload::ALL {
        println!("  {:18} {}", workload.name, workload.explanation);
    }
    println!("rivals:");
    for rival in rival::all() {
        println!("  {:18} {}", rival.name, rival.explanation);
    }
}
