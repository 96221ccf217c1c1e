//! Some work, then two seconds of nothing, in a process of its own: what did nothing cost?

use std::process::ExitCode;
use std::time::Duration;

use crate::rival::Rival;
use crate::usage::Usage;

/// How long nothing lasts.
pub(crate) const IDLE_TIME: Duration = Duration::from_secs(2);

/// From the last work until everyone should be asleep.
const SETTLE_TIME: Duration = Duration::from_millis(100);

/// Prints the CPU time of [`IDLE_TIME`] in microseconds, and in the clock ticks that `/proc` counts.
pub(crate) fn run<R: Rival>() -> ExitCode {
    let rival = R::start();
    for _ in 0..3 {
        super::spawn_many_local::once(&rival);
        super::yield_many::once(&rival);
    }
    std::thread::sleep(SETTLE_TIME);
    let (before, ticks_before) = (Usage::now(), clock_ticks());
    std::thread::sleep(IDLE_TIME);
    let (used, tick_count) = (Usage::now().since(before), clock_ticks() - ticks_before);
    println!("{} {tick_count}", used.cpu_micros);
    drop(rival);
    ExitCode::SUCCESS
}

/// User and system time of all threads, in ticks: fields 14 and 15 of `/proc/self/stat`.
fn clock_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("procfs is mounted");
    // The name in parentheses may hold anything; what follows it begins with field 3.
    let (_, fields) = stat.rsplit_once(") ").expect("a name in parentheses");
    let ticks = |index: usize| -> u64 {
        let field = fields.split(' ').nth(index - 3).expect("52 fields");
        field.parse().expect("a number")
    };
    ticks(14) + ticks(15)
}
