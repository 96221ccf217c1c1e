//! Prints what is seen, and remembers whether it is what was found.

use std::fmt::Debug;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

static CHANGED: AtomicBool = AtomicBool::new(false);

/// Prints `seen`, which has to be `found`.
pub fn expect<T: PartialEq + Debug>(subject: &str, seen: T, found: T) {
    println!("  {subject}: {seen:?}");
    if seen != found {
        changed(&format!("{subject}: seen {seen:?}, found {found:?}"));
    }
}

/// Prints `seen`, which has to lie in the range.
#[allow(dead_code)]
pub fn within<T: PartialOrd + Debug>(subject: &str, seen: T, found: std::ops::RangeInclusive<T>) {
    println!("  {subject}: {seen:?}");
    if !found.contains(&seen) {
        changed(&format!("{subject}: seen {seen:?}, found {found:?}"));
    }
}

fn changed(line: &str) {
    eprintln!("CHANGED {line}");
    CHANGED.store(true, Ordering::SeqCst);
}

/// The exit code of the program.
pub fn verdict() -> ExitCode {
    if CHANGED.load(Ordering::SeqCst) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
