//! Endurance: everything that heist can do, all at once, for minutes or for hours.
//!
//! ```text
//! cargo run --release -p soak -- --minutes 3 --driver uring
//! ```
//!
//! `--help` lists the options; `ci/soak.sh MINUTES` runs it on both drivers, after it has seen that each planted fault
//! is noticed. Linux only: it reads `/proc`. The way of a round:
//!
//! ```text
//! supervisor -> worker -> round -> churn -> echo     numbered messages over TCP and Unix sockets; places, messages
//! (SIGSTOP)       |         |----> resets            connections that end roughly
//!                 |         |----> datagrams         UDP and Unix datagrams
//!                 |         |----> files             random reads and writes beside a model
//!                 |         |----> panics            in polls, in closures, in destructors
//!                 |         |----> runtimes          made and dropped with work in flight
//!                 |         |----> processes         pipes, exit codes, kills
//!                 |         |----> signals           batches of SIGUSR1
//!                 |         |----> hogs              computing threads, tasks that block
//!                 |         '----> limits            a second without descriptors
//!                 '----> base_line                   nothing is held any more that was not held before
//! ```
//!
//! A violation ends the program with exit code 1, its text and the seed. The seed repeats the random choices, not the
//! order in which threads run.

mod args;
mod base_line;
mod churn;
mod datagrams;
mod echo;
mod files;
mod hogs;
mod leaks;
mod ledger;
mod limits;
mod messages;
mod panics;
mod places;
mod plant;
mod processes;
mod resets;
mod round;
mod runtimes;
mod scarcity;
mod shift;
mod signals;
mod supervisor;
mod violation;
mod worker;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::Args;

fn main() -> ExitCode {
    let args = Args::parse();
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..));
    if args.supervised {
        return match worker::run(&args, seed) {
            Ok(()) => ExitCode::SUCCESS,
            Err(violation) => {
                eprintln!("soak: VIOLATION: {violation}; seed {seed}");
                // At once: what is stuck would keep the runtime from ending.
                std::process::exit(1);
            }
        };
    }
    supervisor::run(&args, seed).unwrap_or_else(|error| {
        eprintln!("soak: cannot run the worker: {error}");
        ExitCode::FAILURE
    })
}
