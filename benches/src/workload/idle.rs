//! Some work, then two seconds of nothing, in a process of its own: what did nothing cost?

use std::process::ExitCode;
use std::time::Duration;

use super::about::{About, Means};
use crate::child::Spoken;
use crate::goal::Goal;
use crate::rival::contender::Contender;
use crate::rival::contract::Rival;
use crate::usage::{Sample, Usage};

pub(super) const ABOUT: About = About {
    name: "idle",
    explanation: "CPU time of two idle seconds after some work",
    rivals: &["heist", "tokio", "heist-single", "heist-poll", "smol"],
    means: Means::Idle,
    round_count_max: 1,
    goals: &[Goal::NOTHING],
};

/// How long nothing lasts.
const IDLE_TIME: Duration = Duration::from_secs(2);

/// From the last work until everyone should be asleep.
const SETTLE_TIME: Duration = Duration::from_millis(100);

/// A round in a child process.
pub(crate) fn measure(rival: &Contender) -> Sample {
    Spoken::start(&["idle".into(), format!("--rival={}", rival.name)]).answer()
}

/// In the child: prints the CPU time of [`IDLE_TIME`], also in the clock ticks that `/proc` counts.
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
    let sample = Sample { tick_count, ..Sample::new(1, IDLE_TIME, used) };
    println!("{}", serde_json::to_string(&sample).expect("numbers"));
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
