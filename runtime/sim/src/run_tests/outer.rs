//! The test as the harness sees it: starts this program once more, for this test alone.

use std::process::{Command, Stdio};

use super::case::TestCase;
use super::kept;
use super::words::{PART, VERDICT};

/// What the program said.
struct Verdict {
    /// The first seed whose world failed.
    failed: Option<u64>,
    /// All that it printed.
    text: String,
}

/// Runs the test in a process of its own, and panics if a world failed.
#[track_caller]
pub(super) fn run(case: &TestCase) {
    let Verdict { failed, text } = run_program(case);
    if let Some(seed) = failed {
        complain(case, seed, &text);
    }
}

/// Runs the test in a process of its own, and returns the first seed whose world failed.
#[track_caller]
pub(super) fn find(case: &TestCase) -> Option<u64> {
    run_program(case).failed
}

#[track_caller]
fn run_program(case: &TestCase) -> Verdict {
    let program = std::env::current_exe().expect("the system knows the path of this program");
    let output = Command::new(program)
        .args([case.name(), "--exact", "--include-ignored", "--nocapture", "--test-threads=1"])
        .env(PART, case.name())
        .stdin(Stdio::null())
        .output()
        .expect("the system starts this program once more");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let verdict = text.lines().find_map(|line| Some(line.split_once(VERDICT)?.1));
    match verdict.map(|verdict| verdict.split_once(' ').unwrap_or((verdict, ""))) {
        Some(("passed", _)) => Verdict { failed: None, text },
        Some(("failed", seed)) => {
            let seed = seed.parse().expect("the verdict names a seed");
            Verdict { failed: Some(seed), text }
        }
        _ => {
            let errors = String::from_utf8_lossy(&output.stderr);
            panic!("heist-sim: the program for this test ended early ({}):\n{text}{errors}", output.status);
        }
    }
}

#[track_caller]
fn complain(case: &TestCase, seed: u64, text: &str) -> ! {
    let told =
        text.split_once(VERDICT).map_or("", |(_, rest)| rest.split_once('\n').map_or("", |(_, told)| told));
    let told = told.split_once("\ntest result:").map_or(told, |(told, _)| told);
    let kept = match kept::add(case, seed) {
        Some(path) => format!("the seed is kept in {}, and tried first from now on", path.display()),
        None => "the seed could not be kept in a file: the source of the test is not here".to_owned(),
    };
    let again = format!("HEIST_SIM_SEED={seed} cargo test {} -- --exact", case.name());
    panic!("the world of seed {seed} failed\n  run it again: {again}\n  {kept}\n{told}");
}
