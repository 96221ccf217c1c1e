//! The runs that are counted.

use std::process::ExitCode;

use clap::Args;
use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};

use super::trace::{Counted, Traced, Tracer};
use crate::child::Spoken;
use crate::echo::WarmLoad;
use crate::load::Load;
use crate::procfs::Threads;
use crate::rival;
use crate::rival::contender::Contender;
use crate::usage::Usage;
use crate::workload;
use crate::workload::about::{About, Means};
use crate::wrk::Wrk;

/// What an operation costs.
pub(super) struct Costs {
    pub(super) cpu_micros: f64,
    pub(super) voluntary: f64,
    pub(super) involuntary: f64,
    /// System calls and instructions.
    pub(super) counted: Counted,
}

/// What was counted of one run.
struct Run {
    whole: Whole,
    counted: Counted,
}

/// What a process has used, and the operations that it has done meanwhile.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Whole {
    operation_count: f64,
    cpu_micros: f64,
    voluntary_count: f64,
    involuntary_count: f64,
}

impl Whole {
    /// Of this process.
    fn of_this(operation_count: u64) -> Self {
        let usage = getrusage(UsageWho::RUSAGE_SELF).expect("getrusage of oneself cannot fail");
        Whole {
            operation_count: operation_count as f64,
            cpu_micros: Usage::now().cpu_micros,
            voluntary_count: usage.voluntary_context_switches() as f64,
            involuntary_count: usage.involuntary_context_switches() as f64,
        }
    }

    /// Of a server that still runs.
    fn of_threads(operation_count: u64, threads: Threads) -> Self {
        Whole {
            operation_count: operation_count as f64,
            cpu_micros: threads.run.as_secs_f64() * 1e6,
            voluntary_count: threads.voluntary_count as f64,
            involuntary_count: threads.involuntary_count as f64,
        }
    }
}

/// A run is short or long.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Length {
    Short,
    Long,
}

impl Costs {
    /// Of one operation of `row`; or why that cannot be said.
    pub(super) fn of(row: &About, rival: &Contender) -> Result<Self, String> {
        let run = |tracer, length| match row.means {
            Means::Here(..) if rival.needs.is_none() && rival.suits(row.means) => {
                Ok(run_here(row, rival, tracer, length))
            }
            Means::Echo(load, _) if !load.udp && rival.serve_echo.is_some() => {
                Ok(run_echo(rival, load, tracer, length))
            }
            Means::Hello if rival.serve_hello.is_some() && rival.needs.is_none() => {
                Ok(run_hello(rival, tracer, length))
            }
            Means::Here(..) | Means::Echo(..) | Means::Hello => {
                Err(format!("{} of {} is not explained: its process cannot be counted", row.name, rival.name))
            }
            Means::Stream(..) | Means::Idle | Means::Sleepers => {
                Err(format!("{} is not explained: only tasks, TCP echo and hello are", row.name))
            }
        };
        let between = |tracer| -> Result<(Run, Run, f64), String> {
            let (short, long) = (run(tracer, Length::Short)?, run(tracer, Length::Long)?);
            let count = long.whole.operation_count - short.whole.operation_count;
            // A server may by chance have answered no more requests in the longer time.
            if count > 0.0 {
                Ok((short, long, count))
            } else {
                Err("the machine is too busy: try again".into())
            }
        };
        let (short, long, count) = between(Tracer::Nothing)?;
        let each = |figure: fn(&Whole) -> f64| (figure(&long.whole) - figure(&short.whole)).max(0.0) / count;
        let [calls, instructions] = [Tracer::Strace, Tracer::Callgrind].map(|tracer| {
            between(tracer).map(|(short, long, count)| long.counted.beyond(&short.counted, count))
        });
        Ok(Costs {
            cpu_micros: each(|whole| whole.cpu_micros),
            voluntary: each(|whole| whole.voluntary_count),
            involuntary: each(|whole| whole.involuntary_count),
            counted: Counted { instructions: instructions?.instructions, ..calls? },
        })
    }
}

/// A workload in a process of its own.
fn run_here(row: &About, rival: &Contender, tracer: Tracer, length: Length) -> Run {
    let Means::Here(_, full_count) = row.means else { unreachable!("only tasks run here") };
    let short_count = if tracer == Tracer::Nothing { full_count } else { (full_count / 20).max(1) };
    let repetition_count = if length == Length::Short { short_count } else { 4 * short_count };
    let traced = Traced::by(tracer);
    let command = traced.command(&[
        "run-task".into(),
        format!("--rival={}", rival.name),
        format!("--workload={}", row.name),
        format!("--repetitions={repetition_count}"),
    ]);
    let mut process = Spoken::start_command(command);
    let whole = process.answer();
    process.end();
    Run { whole, counted: traced.counted() }
}

/// A server of echo. Everything that the load has asked for counts, in the warm-up as well.
fn run_echo(rival: &Contender, load: Load, tracer: Tracer, length: Length) -> Run {
    let size = format!("--message-size={}", load.message_size);
    let runs_ms = if length == Length::Short { [20, 20] } else { [100, 1_200] };
    serve(rival, tracer, &["serve-echo".into(), format!("--rival={}", rival.served_as), size], |address| {
        let mut generator = WarmLoad::start(address, &load, &runs_ms);
        generator.warm_up.request_count + generator.run().request_count
    })
}

fn run_hello(rival: &Contender, tracer: Tracer, length: Length) -> Run {
    let seconds = if length == Length::Short { 1 } else { 4 };
    serve(rival, tracer, &["serve-hello".into(), format!("--rival={}", rival.served_as)], |address| {
        let load = Wrk { thread_count: 1, connection_count: 64, seconds };
        load.run(&format!("http://{address}/")).request_count
    })
}

/// Starts a server with these arguments, loads it, and ends it.
fn serve(rival: &Contender, tracer: Tracer, arguments: &[String], load: impl Fn(&str) -> u64) -> Run {
    debug_assert!(rival.program.is_none());
    let traced = Traced::by(tracer);
    let mut server = Spoken::start_command(traced.command(arguments));
    let address = server.line();
    let operation_count = load(&address);
    let whole = Whole::of_threads(operation_count, Threads::of(server.id()));
    server.end();
    Run { whole, counted: traced.counted() }
}

/// What a child is told that runs tasks to be counted.
#[derive(Args)]
pub(crate) struct RunTask {
    /// Whose tasks.
    #[arg(long, value_parser = rival::by_name)]
    rival: Contender,
    /// A workload that runs in the process.
    #[arg(long, value_parser = workload::by_name)]
    workload: About,
    /// How often, after once to warm up.
    #[arg(long)]
    repetitions: u32,
}

/// In the child: runs them, and prints what the process has used.
pub(crate) fn run_task(order: &RunTask) -> ExitCode {
    let Means::Here(task, _) = order.workload.means else { unreachable!("only such a one is asked for") };
    let sample = order.rival.run_of()(task, order.repetitions);
    let whole = Whole::of_this(sample.operation_count);
    println!("{}", serde_json::to_string(&whole).expect("numbers"));
    ExitCode::SUCCESS
}
