//! The test as the harness sees it: starts this program once more, for this test alone.

use std::process::{Command, Stdio};

use super::case::TestCase;
use super::kept;
use super::which::Which;
use super::words::{PART, VERDICT};

/// What the program said.
struct Verdict {
    /// The first world that failed.
    failed: Option<Which>,
    /// What there is to say of those that passed.
    remark: String,
    /// All that it printed.
    text: String,
}

/// Runs the test in a process of its own, and panics if a world failed.
#[track_caller]
pub(super) fn run(case: &TestCase) {
    let Verdict { failed, remark, text } = run_program(case);
    if let Some(which) = failed {
        complain(case, &which, &text);
    }
    if !remark.is_empty() {
        println!("{}: {remark}", case.name());
    }
}

/// Runs the test in a process of its own, and returns the first seed whose world failed.
#[track_caller]
pub(super) fn find(case: &TestCase) -> Option<u64> {
    run_program(case).failed.map(|which| which.seed)
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
        Some(("passed", remark)) => Verdict { failed: None, remark: remark.to_owned(), text },
        Some(("failed", which)) => {
            let which = which.parse().expect("the verdict names a world");
            Verdict { failed: Some(which), remark: String::new(), text }
        }
        _ => {
            let errors = String::from_utf8_lossy(&output.stderr);
            panic!("heist-sim: the program for this test ended early ({}):\n{text}{errors}", output.status);
        }
    }
}

#[track_caller]
fn complain(case: &TestCase, which: &Which, text: &str) -> ! {
    let told =
        text.split_once(VERDICT).map_or("", |(_, rest)| rest.split_once('\n').map_or("", |(_, told)| told));
    let told = told.split_once("\ntest result:").map_or(told, |(told, _)| told);
    let seed = which.seed;
    let kept = match kept::add(case, which) {
        Some(path) => format!("the seed is kept in {}, and tried first from now on", path.display()),
        None => "the seed could not be kept in a file: the source of the test is not here".to_owned(),
    };
    let again = case.command_of(which);
    panic!("the world of seed {seed} failed\n  run it again: {again}\n  {kept}\n{told}");
}
