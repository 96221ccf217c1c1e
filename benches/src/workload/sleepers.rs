//! A million tasks that sleep, in a process of their own: memory and CPU of each.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::about::{About, Means};
use super::countdown::Countdown;
use crate::child::Spoken;
use crate::goal::Goal;
use crate::rival::contender::Contender;
use crate::rival::contract::Rival;
use crate::usage::{Sample, Usage};

pub(super) const ABOUT: About = About {
    name: "sleepers",
    explanation: "1,000,000 tasks that sleep some seconds; per task",
    rivals: &["heist", "tokio", "smol"],
    means: Means::Sleepers,
    // Two rounds lie as far apart as 0.35 and 0.45 of tokio's CPU.
    round_count_max: 5,
    goals: &[Goal::memory("tokio", 0.45), Goal::cpu("tokio", Some(0.25))],
};

/// Nobody wakes before this, so that all sleep at the same time. It costs no CPU time, and on a busy machine a tenth of a
/// million takes its time to be spawned, too.
const SLEEP_MIN: Duration = Duration::from_secs(4);

/// Over how long the ends of their sleeps are spread.
const SPREAD_MILLIS: u64 = 1_000;

/// A round in a child process.
pub(crate) fn measure(rival: &Contender, is_quick: bool) -> Sample {
    let count = if is_quick { 100_000 } else { 1_000_000 };
    let arguments = ["sleepers".into(), format!("--rival={}", rival.name), format!("--count={count}")];
    Spoken::start(&arguments).answer()
}

/// In the child: from the first spawn until the last has slept.
pub(crate) fn run<R: Rival>(count: u64) -> ExitCode {
    let rival = R::start();
    let floor = status_bytes("VmRSS:");
    let (countdown, done) = Countdown::from(count);
    let (before, start) = (Usage::now(), Instant::now());
    for index in 0..count {
        let countdown = countdown.clone();
        let time = SLEEP_MIN + Duration::from_millis(index % SPREAD_MILLIS);
        drop(rival.spawn_from_outside(async move {
            R::sleep(time).await;
            countdown.report();
        }));
    }
    assert!(
        start.elapsed() < SLEEP_MIN,
        "the first woke before the last was spawned: a longer sleep is needed"
    );
    rival.block_on(async { done.await.expect("the last one reports") });
    let sample = Sample::new(count, start.elapsed(), Usage::now().since(before));
    let bytes = (status_bytes("VmHWM:") - floor) / count as f64;
    println!("{}", serde_json::to_string(&Sample { bytes, ..sample }).expect("numbers"));
    ExitCode::SUCCESS
}

/// A line of `/proc/self/status`, which counts in KiB.
fn status_bytes(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("procfs is mounted");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("every process has this line");
    let number = line.split_whitespace().next().expect("a number and its unit");
    number.parse::<f64>().expect("a number") * 1024.0
}
