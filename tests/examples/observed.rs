//! Each illness of the example `observed` shows in what it prints, on every back end.

use std::process::Command;

use crate::{program, support};

/// What the example prints of this illness.
fn each_report(illness: &str, check: impl Fn(&[&str])) {
    for kind in support::backends() {
        let mut command = Command::new(program::example("observed"));
        command.current_dir(env!("CARGO_MANIFEST_DIR")).env("HEIST_DRIVER", kind.to_string()).arg(illness);
        let output = command.output().expect("the example starts");
        assert!(output.status.success(), "{illness} on {kind}: {}", String::from_utf8_lossy(&output.stderr));
        let printed = String::from_utf8(output.stdout).unwrap();
        eprintln!("{illness} on {kind}:\n{printed}");
        check(&printed.lines().collect::<Vec<_>>());
    }
}

#[test]
fn a_leak_of_tasks_is_one_line_with_their_number_and_place() {
    each_report("leak", |lines| {
        assert!(lines[0].starts_with("1000 tasks: "));
        assert!(lines[1].starts_with("1000 tasks ("));
        assert!(lines[1].contains("spawned at examples/observed/main.rs:"));
        assert!(lines[2].starts_with("  for oneshot channel, for its value"));
        assert_eq!(lines.len(), 3);
    });
}

#[test]
fn a_lock_that_is_kept_names_the_task_that_keeps_it_and_what_that_waits_for() {
    each_report("lock", |lines| {
        let wants = |line: &&&str| line.starts_with("  for Mutex ") && line.ends_with(" has");
        assert_eq!(lines.iter().filter(wants).count(), 3);
        assert!(lines.iter().any(|line| line.starts_with("    for a timer")));
        assert!(!lines.iter().any(|line| line.starts_with("deadlock")));
    });
}

#[test]
fn a_call_that_blocks_is_reported_with_the_place_of_its_task() {
    each_report("block", |lines| {
        assert_eq!(lines.len(), 1);
        assert!(lines[0].contains("in one poll of the task spawned at examples/observed/main.rs:"));
    });
}

#[test]
fn tasks_that_await_each_other_are_called_a_deadlock() {
    each_report("circle", |lines| assert!(lines[1].starts_with("deadlock: task ")));
}

#[test]
fn an_illness_that_does_not_exist_is_an_error() {
    let output = Command::new(program::example("observed")).arg("cold").output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(error.trim(), "error: name an illness: leak, lock, block or circle");
}
