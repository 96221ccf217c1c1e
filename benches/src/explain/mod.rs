//! Where a row's time goes: system calls by name, context switches, instructions and CPU time per operation, for heist and
//! another rival side by side.
//!
//! Everything is counted in two runs of another length each; what the longer one has more is divided by the operations that it
//! has more, so that start and end do not count. Under a tracer a program is slower by an order of magnitude: how often its
//! threads sleep and wake each other is another figure there, and therefore CPU time and switches come from runs without one.

mod run;
mod trace;

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Args;
use run::Costs;
pub(crate) use run::{RunTask, run_task};

use crate::rival;
use crate::rival::contender::Contender;
use crate::rival::contract::SUBJECT;
use crate::tools::WRK;
use crate::workload;
use crate::workload::about::{About, Means};

#[derive(Args)]
pub(crate) struct Options {
    /// A workload of `list` that runs tasks, echo or hello.
    #[arg(value_parser = workload::by_name)]
    row: About,
    /// Beside this one.
    #[arg(long, value_name = "NAME", value_parser = rival::by_name, default_value = "tokio")]
    rival: Contender,
}

/// Counts, and prints what was counted.
pub(crate) fn run(options: &Options) -> ExitCode {
    let mut is_complete = true;
    let load = matches!(options.row.means, Means::Hello).then_some(WRK);
    for tool in trace::TOOLS.into_iter().chain(load).chain(options.rival.needs) {
        if !tool.is_installed() {
            eprintln!("{}", tool.complaint());
            is_complete = false;
        }
    }
    if !is_complete {
        return ExitCode::FAILURE;
    }
    let subject = rival::by_name(SUBJECT).expect("the subject is among the rivals");
    let mut costs = Vec::new();
    for rival in [subject, options.rival] {
        eprintln!("counting {} ..", rival.name);
        match Costs::of(&options.row, &rival) {
            Ok(of_rival) => costs.push(of_rival),
            Err(reason) => {
                eprintln!("error: {reason}");
                return ExitCode::FAILURE;
            }
        }
    }
    print(options, &costs[0], &costs[1]);
    ExitCode::SUCCESS
}

fn print(options: &Options, subject: &Costs, other: &Costs) {
    println!("{}: {}", options.row.name, options.row.explanation);
    println!("  {:28} {:>12} {:>12} {:>7}", "", SUBJECT, options.rival.name, "ratio");
    line("CPU, us", subject.cpu_micros, other.cpu_micros);
    line("voluntary switches", subject.voluntary, other.voluntary);
    line("involuntary switches", subject.involuntary, other.involuntary);
    line("instructions, polling", subject.counted.instructions, other.counted.instructions);
    let [of_subject, of_other] = [subject, other].map(|costs| costs.counted.calls.values().sum());
    line("system calls", of_subject, of_other);
    let names: BTreeSet<&String> = subject.counted.calls.keys().chain(other.counted.calls.keys()).collect();
    let count = |costs: &Costs, name| costs.counted.calls.get(name).copied().unwrap_or(0.0);
    let mut calls: Vec<_> =
        names.into_iter().map(|name| (name, count(subject, name), count(other, name))).collect();
    calls.sort_by(|one, two| (two.1 + two.2).total_cmp(&(one.1 + one.2)));
    // What shows as 0.000 on both sides belongs to the start or the end.
    calls.retain(|&(_, of_subject, of_other)| of_subject.max(of_other) >= 0.000_5);
    for (name, of_subject, of_other) in calls {
        line(&format!("  {name}"), of_subject, of_other);
    }
    println!(
        "CPU and switches: without a tracer. System calls: strace -c -f, which slows both down, so that waits and"
    );
    println!(
        "wake-ups are others than without it. Instructions: callgrind, user space, one thread at a time, polling."
    );
}

fn line(title: &str, subject: f64, other: f64) {
    let shown = |value: f64| if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.3}") };
    let ratio = if other > 0.0 { format!("{:.2}", subject / other) } else { "-".to_owned() };
    println!("  {title:28} {:>12} {:>12} {ratio:>7}", shown(subject), shown(other));
}
