//! What the behaviour tests share: every back end in turn, a watchdog, and events to wait for.
//!
//! - [`on_every_backend`] runs a closure on two workers over io_uring, then over poll. [`on_every_runtime`] adds the
//!   single-threaded loop. A back end that this machine refuses is skipped with a loud line on stderr, or fails the
//!   test when `HEIST_REQUIRE_URING=1` is set, so that a machine that should have io_uring cannot pass without it.
//! - Every one of them runs under [`watched`]: a test that hangs aborts the process and names itself.
//! - `tests/FAULTS.md` lists which fault is provoked by which test; `tests/tidy/` checks the list.
#![allow(dead_code, reason = "each test binary uses its own part of this module")]

pub(crate) mod compute;
pub(crate) mod echo;
#[cfg(unix)]
pub(crate) mod process;
#[cfg(target_os = "linux")]
pub(crate) mod supervisor;
pub(crate) mod wait;

use std::io::Write;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use heist::runtime::{Builder, DriverKind, Runtime};

/// How long a test may take before the watchdog ends the process. It tells a hang from an end, and no more: a machine that is
/// slow, or busy with other things, needs many times what an idle one does.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

/// Workers of the multi-threaded runtimes under test.
pub(crate) const WORKER_COUNT: usize = 2;

/// The two ways to run a scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// [`WORKER_COUNT`] threads that steal from each other.
    MultiThread,
    /// One loop, driven by the thread that calls `block_on`.
    CurrentThread,
}

/// A builder for `shape` on exactly `kind`, refusing to fall back.
pub(crate) fn builder(shape: Shape, kind: DriverKind) -> Builder {
    let mut builder = match shape {
        Shape::MultiThread => Builder::new_multi_thread(),
        Shape::CurrentThread => Builder::new_current_thread(),
    };
    if shape == Shape::MultiThread {
        builder.worker_threads(WORKER_COUNT);
    }
    builder.driver(kind);
    builder.enable_all();
    builder
}

/// Two workers on poll: for tests in which the back end plays no part.
pub(crate) fn two_workers() -> Runtime {
    builder(Shape::MultiThread, DriverKind::Poll).build().expect("the poll back end is always there")
}

/// The back ends this machine has: io_uring when it is not refused, and poll always.
pub(crate) fn backends() -> Vec<DriverKind> {
    let mut kinds = Vec::new();
    match builder(Shape::CurrentThread, DriverKind::Uring).build() {
        Ok(_) => kinds.push(DriverKind::Uring),
        Err(error) => skip_uring(&error),
    }
    kinds.push(DriverKind::Poll);
    kinds
}

/// Is io_uring to be had here? Says so loudly when it is not.
pub(crate) fn has_uring() -> bool {
    backends().len() == 2
}

fn skip_uring(error: &std::io::Error) {
    let is_required = std::env::var("HEIST_REQUIRE_URING").is_ok_and(|value| value == "1");
    assert!(!is_required, "HEIST_REQUIRE_URING=1, yet io_uring is refused here: {error}");
    loud(&format!("SKIPPED: io_uring refused here: {error}"));
}

/// Writes past the capture of the test harness, so that it is seen even when the test passes.
pub(crate) fn loud(line: &str) {
    let name = test_name();
    // A closed stderr must not fail the test.
    let _ = writeln!(std::io::stderr(), "{line} (test {name})");
}

/// Runs `test` on two workers over io_uring, then over poll.
#[track_caller]
pub(crate) fn on_every_backend(test: impl Fn(&Runtime)) {
    with_every_backend(|runtime| test(&runtime));
}

/// As [`on_every_backend`], for tests that end the runtime themselves.
#[track_caller]
pub(crate) fn with_every_backend(test: impl Fn(Runtime)) {
    each(&[Shape::MultiThread], test);
}

/// Runs `test` on two workers and on the single-threaded loop, each over every back end.
#[track_caller]
pub(crate) fn on_every_runtime(test: impl Fn(&Runtime)) {
    with_every_runtime(|runtime| test(&runtime));
}

/// As [`on_every_runtime`], for tests that end the runtime themselves.
#[track_caller]
pub(crate) fn with_every_runtime(test: impl Fn(Runtime)) {
    each(&[Shape::MultiThread, Shape::CurrentThread], test);
}

#[track_caller]
fn each(shapes: &[Shape], test: impl Fn(Runtime)) {
    for kind in backends() {
        for &shape in shapes {
            let label = format!("{shape:?} on {kind:?}");
            watched_as(&label, || {
                let runtime = builder(shape, kind).build().expect("this back end was just available");
                // Shown only when the test fails: which runtime it was.
                eprintln!("running: {label}");
                test(runtime);
            });
        }
    }
}

/// Runs `f`; if it is not back after [`PATIENCE`], names the test and aborts the process.
#[track_caller]
pub(crate) fn watched<R>(f: impl FnOnce() -> R) -> R {
    watched_as("", f)
}

#[track_caller]
fn watched_as<R>(label: &str, f: impl FnOnce() -> R) -> R {
    let (done, is_done) = mpsc::channel::<()>();
    let name = test_name();
    let place = Location::caller().to_string();
    let label = label.to_owned();
    let guard = std::thread::Builder::new()
        .name("watchdog".into())
        .spawn(move || {
            if is_done.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                let seconds = PATIENCE.as_secs();
                let line = format!("HUNG: test {name} ({place}) {label}: not done after {seconds} s\n");
                let _ = std::io::stderr().write_all(line.as_bytes());
                std::process::abort();
            }
        })
        .expect("a thread for the watchdog");
    let result = f();
    drop(done);
    guard.join().expect("the watchdog does not panic");
    result
}

fn test_name() -> String {
    std::thread::current().name().unwrap_or("unnamed").to_owned()
}

/// Waits until `condition` holds. The watchdog of the test bounds the wait.
///
/// For states that nobody announces, such as a reference count; where there is an event, await that.
pub(crate) fn eventually(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE / 2, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A door that is shut until someone opens it; waiting blocks the thread.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// Lets everyone pass, now and later.
    pub(crate) fn open(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    /// Blocks this thread until the gate is open.
    pub(crate) fn wait(&self) {
        let mut is_open = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        while !*is_open {
            is_open = self.0.1.wait(is_open).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Is it open by now?
    pub(crate) fn is_open(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts what happened, from any thread.
#[derive(Clone, Default)]
pub(crate) struct Counter(Arc<AtomicUsize>);

impl Counter {
    /// One more.
    pub(crate) fn bump(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    /// How many so far.
    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// A value whose drop counts as one.
    pub(crate) fn on_drop(&self) -> CountedDrop {
        CountedDrop { counter: self.clone(), is_spent: AtomicBool::new(false) }
    }
}

/// Bumps its counter when dropped; a second drop of the same value is a test failure.
pub(crate) struct CountedDrop {
    counter: Counter,
    is_spent: AtomicBool,
}

impl Drop for CountedDrop {
    fn drop(&mut self) {
        assert!(!self.is_spent.swap(true, Ordering::SeqCst), "dropped twice");
        self.counter.bump();
    }
}
