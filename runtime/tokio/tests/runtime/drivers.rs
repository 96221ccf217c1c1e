//! Both drivers. The variable that names one is read when a runtime is built, and a process has one
//! environment, so each test runs itself again, in a child for each driver.

use std::io::Write;
use std::process::Command;

use heist::runtime::{Builder, DriverKind};

/// Set in a child: it plays the test.
const ROLE: &str = "HEIST_TEST_ROLE";

/// Runs `play` on each driver that this machine has. `test` is the name of the calling test.
#[track_caller]
pub(crate) fn on_each(test: &str, play: fn()) {
    if std::env::var_os(ROLE).is_some() {
        return play();
    }
    for driver in drivers(test) {
        let program = std::env::current_exe().expect("a test has a program");
        let run = Command::new(program)
            .args(["--exact", test])
            .env(ROLE, "play")
            .env("HEIST_DRIVER", driver)
            .output()
            .expect("a program that runs");
        let text = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success() && text.contains("1 passed"), "{test} on {driver}: {text}");
    }
}

fn drivers(test: &str) -> Vec<&'static str> {
    let mut drivers = vec!["poll"];
    match Builder::new_current_thread().driver(DriverKind::Uring).build() {
        Ok(_) => drivers.push("uring"),
        Err(error) => {
            let is_required = std::env::var("HEIST_REQUIRE_URING").is_ok_and(|value| value == "1");
            assert!(!is_required, "HEIST_REQUIRE_URING=1, yet io_uring is refused here: {error}");
            // Past the capture of the harness. A closed stderr must not fail the test.
            let _ = writeln!(std::io::stderr(), "SKIPPED: io_uring refused here: {error} (test {test})");
        }
    }
    drivers
}
