//! The process outside: starts the worker, and stops and continues it at random times.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use rustix::process::{Pid, Signal, kill_process};

use crate::args::Args;

/// How long the worker is left alone between two stops, at most.
const GO_MILLIS_MAX: u64 = 12_000;

/// How long it is stopped, at most: longer than every timer of the work.
const STOP_MILLIS_MAX: u64 = 4000;

/// Runs the worker to its end, and returns its exit code.
pub(crate) fn run(args: &Args, seed: u64) -> io::Result<ExitCode> {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    if args.seed.is_none() {
        words.extend(["--seed".to_owned(), seed.to_string()]);
    }
    let mut worker = Command::new(std::env::current_exe()?).args(words).arg("--supervised").spawn()?;
    let end = Instant::now() + args.length() + args.round() + 5 * args.patience();
    let mut rng = Rng::with_seed(seed);
    // With a fault there is little patience, which a long stop would use up.
    let stop_millis_max = if args.plant.is_some() { STOP_MILLIS_MAX / 10 } else { STOP_MILLIS_MAX };
    let (mut stops_count, mut stopped) = (0, Duration::ZERO);
    loop {
        let go = Duration::from_millis(rng.u64(500..GO_MILLIS_MAX));
        if let Some(code) = ends_within(&mut worker, go)? {
            println!("soak: stopped {stops_count} times, {:.1} s in total", stopped.as_secs_f64());
            return Ok(code);
        }
        if Instant::now() > end {
            worker.kill()?;
            eprintln!("soak: VIOLATION: the worker does not end; seed {seed}");
            return Ok(ExitCode::FAILURE);
        }
        let stop = Duration::from_millis(rng.u64(50..stop_millis_max));
        signal(&worker, Signal::STOP)?;
        thread::sleep(stop);
        signal(&worker, Signal::CONT)?;
        stops_count += 1;
        stopped += stop;
    }
}

/// The exit code, if the worker ends in this time.
fn ends_within(worker: &mut Child, length: Duration) -> io::Result<Option<ExitCode>> {
    let end = Instant::now() + length;
    while Instant::now() < end {
        if let Some(status) = worker.try_wait()? {
            if let Some(signal) = status.signal() {
                eprintln!("soak: VIOLATION: the worker was ended by signal {signal}");
            }
            return Ok(Some(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }));
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(None)
}

/// The worker is not reaped yet, so its id is still its own.
fn signal(worker: &Child, signal: Signal) -> io::Result<()> {
    kill_process(Pid::from_child(worker), signal).map_err(io::Error::from)
}
