//! heist against its peers, in interleaved rounds on one machine.
//!
//! `cargo run --release -p benches` compares everything and prints a table. What is measured:
//!
//! - A workload is one file in `workload/`, generic over [`rival::Rival`]: every rival runs the same code.
//! - A round runs each rival once, each round beginning with another; what is compared is the median of the ratios
//!   within the rounds, because single figures of a shared machine swing by a third while neighbours share the noise.
//! - TCP echo is served by one child process and loaded by another, which has no runtime: the CPU time per request is the
//!   server's alone.
//!
//! Linux only: CPU time, epoll and `/proc` are what it measures with.

mod compare;
mod echo;
mod generators;
mod record;
mod report;
mod rival;
mod usage;
mod workload;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use rival::Contender;
use workload::Workload;

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
    /// List workloads and rivals.
    List,
    /// Serve TCP echo until stdin ends (started by `compare`).
    #[command(hide = true)]
    ServeEcho(ServeEcho),
    /// Load an echo server (started by `compare`).
    #[command(hide = true)]
    LoadEcho(echo::Load),
    /// Run one contestant (started by `generators --instructions`).
    #[command(hide = true)]
    RunGenerator { group: usize, index: usize, yields_count: u64 },
    /// Do some work, then nothing, and print what nothing cost (started by `compare`).
    #[command(hide = true)]
    Idle(ServeEcho),
}

#[derive(Args, Default)]
struct Compare {
    /// Only this workload; may be given more than once.
    #[arg(long, value_name = "WORKLOAD", value_parser = Workload::by_name)]
    only: Vec<Workload>,
    /// Only this rival beside heist; may be given more than once.
    #[arg(long, value_name = "NAME", value_parser = rival::by_name)]
    rival: Vec<Contender>,
    /// Rounds of each workload; ten or more for figures that are kept.
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// Two short rounds: shows that everything runs, and nothing else.
    #[arg(long)]
    quick: bool,
    /// Write the figures to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the figures to `benches/record/<date>.json`.
    #[arg(long)]
    record: bool,
    /// Exit with an error when a goal is missed.
    #[arg(long)]
    check: bool,
}

#[derive(Args)]
struct ServeEcho {
    /// Who serves.
    #[arg(long, value_parser = rival::by_name)]
    rival: Contender,
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
        Command::List => {
            list();
            ExitCode::SUCCESS
        }
        Command::ServeEcho(options) => (options.rival.serve_echo)(),
        Command::LoadEcho(options) => echo::load(&options),
        Command::Idle(options) => (options.rival.idle)(),
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
    if !options.rival.is_empty() {
        plan.choose_rivals(options.rival);
    }
    let results = compare::run(&plan);
    report::print(&plan, &results);
    let mut files: Vec<PathBuf> = options.json.into_iter().collect();
    if options.record {
        files.push(record::dated_file(""));
    }
    for file in &files {
        if let Err(error) = record::write(file, &plan, &results) {
            eprintln!("error: cannot write {}: {error}", file.display());
            return ExitCode::FAILURE;
        }
        println!("written: {}", file.display());
    }
    let is_missed = report::judgements(&results).iter().any(|judgement| !judgement.is_met);
    if options.check && is_missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn run_generators(is_quick: bool, is_gate: bool, is_kept: bool) -> ExitCode {
    let rows = generators::run(is_quick);
    if is_kept {
        let file = record::dated_file("-generators");
        if let Err(error) = record::write_generators(&file, &rows) {
            eprintln!("error: cannot write {}: {error}", file.display());
            return ExitCode::FAILURE;
        }
        println!("written: {}", file.display());
    }
    if is_gate && rows.iter().any(|row| !row.is_met) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn list() {
    println!("workloads:");
    for workload in Workload::ALL {
        println!("  {:20} {}", workload.name(), workload.explanation());
    }
    println!("rivals:");
    for rival in rival::all() {
        println!("  {:20} {}", rival.name, rival.explanation);
    }
}
