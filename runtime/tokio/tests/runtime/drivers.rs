//! Both drivers: the variable is read when a runtime is built, and a process has one environment, so each test
//! runs once more in a child.

use std::process::Command;

/// Runs `test` of this binary again, on each driver.
pub(crate) fn on_each(test: &str) {
    for driver in ["uring", "poll"] {
        if driver == "uring" && !cfg!(target_os = "linux") {
            continue;
        }
        let program = std::env::current_exe().expect("a test has a program");
        let run = Command::new(program)
            .args(["--exact", test, "--ignored"])
            .env("HEIST_DRIVER", driver)
            .output()
            .expect("a program that runs");
        let text = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success() && text.contains("1 passed"), "{test} on {driver}: {text}");
    }
}
