//! The process that works: rounds on one runtime, with the base line after each.

use std::process::exit;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use heist::runtime::{Builder, DriverKind, Runtime};
use heist::time::timeout;
use rustix::process::{Signal, getpid, kill_process, set_parent_process_death_signal};
use tempfile::TempDir;

use crate::args::Args;
use crate::base_line::{Holdings, WORKER_NAME, WORKERS_COUNT};
use crate::ledger::{Count, Ledger};
use crate::panics;
use crate::round;
use crate::scarcity::Scarcity;
use crate::shift::Shift;
use crate::violation::{MustWork, Violation};

/// The rounds after which the base line is drawn: whatever is made once has been made by then.
const FIRST_ROUNDS: u64 = 2;

/// What a run must have done to prove anything.
const REQUIRED: [Count; 14] = [
    Count::Connections,
    Count::Messages,
    Count::Datagrams,
    Count::Cancels,
    Count::Resets,
    Count::Reads,
    Count::Writes,
    Count::Files,
    Count::Panics,
    Count::Runtimes,
    Count::Processes,
    Count::Signals,
    Count::Hogs,
    Count::Shortages,
];

/// Works until the time is over.
///
/// # Errors
/// The first violation.
pub(crate) fn run(args: &Args, seed: u64) -> Result<(), Violation> {
    // Whoever stops and continues this process may be killed.
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(std::io::Error::from).must("prctl")?;
    panics::silence_planned();
    let directory = TempDir::with_prefix("soak-").must("a temporary directory")?;
    let runtime = build(args.driver).must("Builder::build")?;
    println!("soak: driver {}, {} workers, seed {seed}", runtime.driver_name(), runtime.workers());
    let (alive, watched) = channel();
    watch(watched, args.round() + 3 * args.patience(), seed);
    let ledger = Arc::new(Ledger::default());
    let first = Shift {
        seed,
        until: Instant::now(),
        patience: args.patience(),
        ledger: ledger.clone(),
        scarcity: Arc::new(Scarcity::default()),
        directory: directory.path().into(),
        drivers: drivers().into(),
        plant: args.plant,
    };
    let (rounds_count, base, last) = work(args, &runtime, &first, &alive)?;
    let missing = ledger.missing(&REQUIRED);
    if !missing.is_empty() {
        return Err(Violation::new(format!("the run proves nothing: no {}", missing.join(", no "))));
    }
    println!("soak: {rounds_count} rounds on {}: {ledger}", runtime.driver_name());
    println!("soak: base line {base}");
    println!("soak: at the end {last}");
    Ok(())
}

/// Round after round. Returns their number, the base line, and what was held in the end.
fn work(
    args: &Args,
    runtime: &Runtime,
    first: &Shift,
    alive: &Sender<()>,
) -> Result<(u64, Holdings, Holdings), Violation> {
    let began = Instant::now();
    let (mut base, mut last) = (Holdings::default(), Holdings::default());
    let (mut rounds_count, mut unreturned_count) = (0, 0);
    while began.elapsed() < args.length() || rounds_count <= FIRST_ROUNDS {
        let seed = first.seed.wrapping_add(rounds_count.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        let shift = Shift { seed, until: Instant::now() + args.round(), ..first.clone() };
        run_round(runtime, shift, args.round() + args.patience())?;
        if rounds_count < FIRST_ROUNDS {
            last = Holdings::at_rest(runtime.handle(), args.patience())?;
            base = base.max(&last);
            unreturned_count = first.ledger.of(Count::Unreturned);
        } else {
            let more_count = first.ledger.of(Count::Unreturned) - unreturned_count;
            last = base.beside_unreturned(more_count).comes_back(runtime.handle(), args.patience())?;
        }
        rounds_count += 1;
        // The one who watches may be gone only if the process ends.
        let _ = alive.send(());
        println!("round {rounds_count}, {} s: {}; {last}", began.elapsed().as_secs(), first.ledger);
    }
    Ok((rounds_count, base, last))
}

fn run_round(runtime: &Runtime, shift: Shift, length_max: Duration) -> Result<(), Violation> {
    let round = runtime.spawn(round::run(shift));
    let ended = runtime.block_on(async { timeout(length_max, round).await });
    match ended {
        Ok(joined) => joined.map_err(|error| Violation::new(format!("the round: {error}")))?,
        Err(_) => {
            dump();
            Err(Violation::new("the round did not end: a task or an operation waits for ever"))
        }
    }
}

fn build(driver: DriverKind) -> std::io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(WORKERS_COUNT)
        .thread_name(WORKER_NAME)
        .driver(driver)
        .thread_keep_alive(Duration::from_millis(500))
        .dump_on_quit()
        .build()
}

/// The drivers that this kernel has.
fn drivers() -> Vec<DriverKind> {
    let has = |kind: &DriverKind| Builder::new_current_thread().driver(*kind).build().is_ok();
    [DriverKind::Uring, DriverKind::Poll].into_iter().filter(has).collect()
}

/// Ends the process when a round takes too long, even if no timer fires any more.
fn watch(alive: Receiver<()>, length_max: Duration, seed: u64) {
    thread::spawn(move || {
        let ended = loop {
            if let Err(error) = alive.recv_timeout(length_max) {
                break error;
            }
        };
        // The work is done.
        if ended == RecvTimeoutError::Disconnected {
            return;
        }
        dump();
        eprintln!("soak: VIOLATION: nothing moves any more, not even timers; seed {seed}");
        exit(1);
    });
}

/// All tasks with what they wait for, to the standard error stream.
fn dump() {
    if kill_process(getpid(), Signal::QUIT).is_ok() {
        thread::sleep(Duration::from_secs(2));
    }
}
