//! Starting the program, and watching it from outside.

use std::ffi::OsStr;
#[cfg(target_os = "linux")]
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::program::example;

/// How long anything may take before a test calls it hung.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);

/// The program, built as this test was.
pub(crate) fn program() -> PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| example("serve")).clone()
}

/// Runs `test` with each driver. A kernel that refuses io_uring is said loudly, or is a failure under
/// `HEIST_REQUIRE_URING=1`.
pub(crate) fn on_each_driver(test: impl Fn(&'static str)) {
    static REFUSAL: OnceLock<Option<String>> = OnceLock::new();
    test("poll");
    let refusal = REFUSAL.get_or_init(|| {
        let mut command = Command::new(program());
        command.args(["--driver", "uring", "--addr", "192.0.2.1:1"]);
        let text = String::from_utf8(command.output().unwrap().stderr).unwrap();
        // The address cannot be bound: with a driver, that is what the program complains about.
        if text.contains("cannot listen") { None } else { Some(text) }
    });
    match refusal {
        None => test("uring"),
        Some(text) => {
            let is_required = std::env::var("HEIST_REQUIRE_URING").is_ok_and(|value| value == "1");
            assert!(!is_required, "HEIST_REQUIRE_URING=1, yet {text}");
            eprintln!("SKIPPED on io_uring: {text}");
        }
    }
}

/// A running server and the directory it serves.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// The lines printed at the start.
    pub(crate) greeting: Vec<String>,
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: Option<JoinHandle<String>>,
    directory: tempfile::TempDir,
}

/// What a server left behind.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Server {
    /// Starts a server on a free port, over a new directory that `fill` may put files into.
    pub(crate) fn start(driver: &str, options: &[&str], fill: impl FnOnce(&Path)) -> Server {
        Server::start_by(Command::new(program()), driver, options, fill)
    }

    /// The same with a descriptor limit.
    #[cfg(target_os = "linux")]
    pub(crate) fn start_limited(driver: &str, files: u32, fill: impl FnOnce(&Path)) -> Server {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -n {files}; exec \"$@\""), "sh"]).arg(program());
        Server::start_by(shell, driver, &[], fill)
    }

    fn start_by(mut command: Command, driver: &str, options: &[&str], fill: impl FnOnce(&Path)) -> Server {
        let directory = tempfile::tempdir().unwrap();
        fill(directory.path());
        command.arg("--dir").arg(directory.path()).args(["--addr", "127.0.0.1:0", "--workers", "2"]);
        command.args(["--driver", driver]).args(options);
        // No client of a slow machine is too slow, but where that is the test.
        for patience in ["--header-seconds", "--stall-seconds"] {
            if !options.contains(&patience) {
                command.args([patience, "3600"]);
            }
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        // Read all along: a full pipe would stop the server.
        let stderr = collect(child.stderr.take().unwrap());
        let mut greeting = Vec::new();
        for _ in 0..4 {
            let mut line = String::new();
            if stdout.read_line(&mut line).unwrap() == 0 {
                panic!("the server ended early: {}", stderr.join().unwrap());
            }
            greeting.push(line.trim_end().to_owned());
        }
        let url = greeting[1].strip_prefix("url: http://").and_then(|url| url.strip_suffix('/'));
        let address = url.unwrap_or_else(|| panic!("no URL in {greeting:?}")).parse().unwrap();
        Server { address, greeting, child, stdout: Some(stdout), stderr: Some(stderr), directory }
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What Ctrl-C sends.
    pub(crate) fn interrupt(&self) {
        self.signal("INT");
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits until the server has said that it stops.
    pub(crate) fn read_line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.as_mut().unwrap().read_line(&mut line).unwrap();
        line
    }

    /// Waits for the server to end by itself.
    pub(crate) fn wait(mut self) -> Outcome {
        let since = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(since.elapsed() < LIMIT, "the server does not end");
            thread::sleep(Duration::from_millis(5));
        };
        let mut stdout = String::new();
        self.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        Outcome { status, stdout, stderr: self.stderr.take().unwrap().join().unwrap() }
    }

    /// Interrupts the server and expects it to end well.
    pub(crate) fn stop(self) -> Outcome {
        self.interrupt();
        let outcome = self.wait();
        assert!(outcome.status.success(), "{outcome:?}");
        outcome
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone when the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(mut stderr: ChildStderr) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).unwrap();
        text
    })
}

/// Runs the program to its end and returns its exit code, output and errors.
pub(crate) fn run<S: AsRef<OsStr>>(options: &[S]) -> (Option<i32>, String, String) {
    let output = Command::new(program()).args(options).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A field of `/proc/<id>/status` in KiB, such as `VmHWM`, the most memory the process ever had.
#[cfg(target_os = "linux")]
pub(crate) fn memory_kib(id: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// How many descriptors a process has open.
#[cfg(target_os = "linux")]
pub(crate) fn descriptors(id: u32) -> usize {
    fs::read_dir(format!("/proc/{id}/fd")).unwrap().count()
}

/// How much CPU time a process has used.
#[cfg(target_os = "linux")]
pub(crate) fn cpu_time(id: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    // Fields are counted after the name, which is in parentheses and may hold spaces.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    // The kernel shows user space a hundred ticks per second.
    Duration::from_millis(ticks * 10)
}

/// Waits until `is_true`, and fails with `what` when that takes too long.
pub(crate) fn eventually(what: &str, is_true: impl Fn() -> bool) {
    let since = Instant::now();
    while !is_true() {
        assert!(since.elapsed() < LIMIT, "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}
