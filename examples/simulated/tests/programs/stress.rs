//! One program in worlds until one fails, and on the real system as often as there is time: what
//! `ci/sim_mutants.sh` compares.

use std::panic::catch_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use heist::sim;

use crate::machines;
use crate::{PATIENCE, PATIENCE_WITH_CLUSTER, PROGRAMS, soon};

/// The program that was asked for, and how long a run of it may take.
fn chosen() -> (Duration, fn()) {
    let name = std::env::var("HEIST_PROGRAM").expect("HEIST_PROGRAM names a program");
    let (_, program) = PROGRAMS.iter().find(|(known, _)| *known == name).expect("a program of this name");
    (if name == "cluster" { PATIENCE_WITH_CLUSTER } else { PATIENCE }, *program)
}

/// Makes worlds for the seeds of `HEIST_SIM_SEEDS` until one fails, and prints which.
#[test]
#[ignore = "looks for what is not there: ci/sim_mutants.sh runs it with a mutant"]
fn search() {
    fn run_chosen() {
        let (patience, program) = chosen();
        soon(patience, program);
    }
    let mut builder = sim::Builder::new();
    // What spins ends soon: no program makes a tenth of these calls.
    builder.steps_limit(if chosen().0 == PATIENCE { 200_000 } else { 3_000_000 });
    let case = sim::TestCase::new(module_path!(), "search", file!()).builder(builder);
    let began = Instant::now();
    let found = sim::find_failure(&case, run_chosen);
    let took = began.elapsed().as_secs_f64();
    match found {
        Some(seed) => println!("search: found with seed {seed} after {took:.2} s"),
        None => println!("search: not found after {took:.2} s"),
    }
}

/// Runs `HEIST_PROGRAM` for `HEIST_STRESS_SECONDS`, and prints whether and when it failed.
#[test]
#[ignore = "takes as long as it is told to: ci/sim_mutants.sh runs it"]
fn stress() {
    let seconds = std::env::var("HEIST_STRESS_SECONDS").expect("HEIST_STRESS_SECONDS says how long");
    let seconds: f64 = seconds.parse().expect("a number of seconds");
    let (patience, program) = chosen();
    let (began, length) = (Instant::now(), Duration::from_secs_f64(seconds));
    let mut runs_count = 0;
    while began.elapsed() < length {
        runs_count += 1;
        let (ended, end) = channel();
        thread::spawn(move || ended.send(catch_unwind(program).is_ok()));
        let why = match end.recv_timeout(patience) {
            Ok(true) => continue,
            Ok(false) => "it panicked",
            Err(RecvTimeoutError::Timeout) => "it hangs",
            Err(RecvTimeoutError::Disconnected) => "its thread ended",
        };
        // At once: what hangs would hold up the end of the process.
        println!("stress: found in run {runs_count}: {why}");
        machines::end_all();
        std::process::exit(1);
    }
    println!("stress: not found in {runs_count} runs");
}
