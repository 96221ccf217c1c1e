//! Children whose `Child` is gone before they ended. They are reaped all the same [no-zombie].

use std::mem;
use std::process;
use std::sync::OnceLock;

use super::exit_watch::WatchedChild;
use super::orphan::Orphan;
use crate::blocking;
use crate::primitive::sync::Mutex;

/// Reaps the child when it ends, whoever drops it and wherever.
pub(in crate::process) fn adopt(mut watched: WatchedChild) {
    if matches!(watched.child().try_wait(), Ok(None)) {
        Orphan::adopt(watched, keep_if_alive);
    }
}

/// Children that outlived the runtime on which they were watched.
fn left() -> &'static Mutex<Vec<process::Child>> {
    static LEFT: OnceLock<Mutex<Vec<process::Child>>> = OnceLock::new();
    LEFT.get_or_init(|| Mutex::new(Vec::new()))
}

/// If the child is alive, nothing can be waited for on its runtime.
fn keep_if_alive(watched: WatchedChild) {
    let mut child = process::Child::from(watched);
    if matches!(child.try_wait(), Ok(None)) {
        left().lock().push(child);
    }
}

/// Reaps children that outlived their runtime, and watches the others on the current one. Does
/// nothing outside of a runtime.
pub(in crate::process) fn reap_left() {
    if blocking::host().is_none() {
        return;
    }
    let children = mem::take(&mut *left().lock());
    for mut child in children {
        if matches!(child.try_wait(), Ok(None)) {
            Orphan::adopt(WatchedChild::new(child), keep_if_alive);
        }
    }
}
