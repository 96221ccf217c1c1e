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
    for arguments in [&["cold"][..], &[], &["leak", "--stray"], &["leak", "--stay", "lock"]] {
        let mut command = Command::new(program::example("observed"));
        let output = command.args(arguments).output().expect("it starts");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(error.trim(), "error: name an illness: leak, lock, block or circle", "{arguments:?}");
    }
}

/// Ends with the test, however that ends.
#[cfg(unix)]
struct Stays(std::process::Child);

#[cfg(unix)]
impl Drop for Stays {
    fn drop(&mut self) {
        // It is over already if the test has succeeded.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// As somebody does it who looks from outside: the console is there until Ctrl-C ends the service.
#[cfg(unix)]
#[test]
fn a_service_that_stays_has_a_console_and_ends_with_ctrl_c() {
    use std::io::{BufRead, BufReader};
    use std::os::unix::net::UnixStream;

    for (illness, kind) in ["leak", "lock", "block", "circle"]
        .into_iter()
        .flat_map(|illness| support::backends().into_iter().map(move |kind| (illness, kind)))
    {
        let directory = tempfile::tempdir().expect("room for a directory");
        let mut command = Command::new(program::example("observed"));
        command.args([illness, "--stay"]).env("HEIST_DRIVER", kind.to_string());
        command.env("HEIST_CONSOLE", directory.path()).stdout(std::process::Stdio::piped());
        let mut child = Stays(command.spawn().expect("the example starts"));
        let pid = child.0.id();
        let printed = BufReader::new(child.0.stdout.take().unwrap()).lines().map_while(Result::ok);
        let line = printed.into_iter().find(|line| line.starts_with("process ")).expect("it stays");
        assert_eq!(line, format!("process {pid} stays until Ctrl-C"), "{illness} on {kind}");
        let sockets = || std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
        let socket = sockets().next().expect("its console");
        let mut greeting = String::new();
        let stream = UnixStream::connect(socket).expect("it listens");
        BufReader::new(stream).read_line(&mut greeting).unwrap();
        assert!(greeting.contains(&format!("\"pid\":{pid},")), "{greeting}");
        let pid = rustix::process::Pid::from_child(&child.0);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        assert!(child.0.wait().unwrap().success(), "{illness} on {kind}");
        assert_eq!(sockets().count(), 0, "{illness} on {kind}");
    }
}
