//! Which steps loom reorders. All others are taken in one order: loom goes on with a thread as long
//! as it can.

use std::cell::Cell;

use super::bounds::Depth;

// loom runs all threads of a model on one thread of the system.
std::thread_local! {
    static DEPTH: Cell<Option<Depth>> = const { Cell::new(None) };
    /// How many threads poll a task or the program.
    static POLLING_COUNT: Cell<usize> = const { Cell::new(0) };
}

/// Called when an interleaving begins. loom reorders nothing yet, unless the depth is `Runtime`.
pub(super) fn begin(depth: Depth) {
    DEPTH.set(Some(depth));
    POLLING_COUNT.set(0);
}

/// Runs `f`, which is a run of a program without the start and the end of its runtime.
pub(crate) fn while_running<R>(f: impl FnOnce() -> R) -> R {
    if DEPTH.get() != Some(Depth::Scheduler) {
        return f();
    }
    loom::explore();
    let result = f();
    loom::stop_exploring();
    result
}

/// Held while a task or the program is polled.
pub(crate) struct ProgramStep {
    is_counted: bool,
}

/// Called before a task or the program is polled.
pub(crate) fn program_step() -> ProgramStep {
    let is_counted = DEPTH.get() == Some(Depth::Program);
    if is_counted {
        if POLLING_COUNT.get() == 0 {
            loom::explore();
        }
        POLLING_COUNT.set(POLLING_COUNT.get() + 1);
    }
    ProgramStep { is_counted }
}

impl Drop for ProgramStep {
    fn drop(&mut self) {
        if self.is_counted {
            POLLING_COUNT.set(POLLING_COUNT.get() - 1);
            if POLLING_COUNT.get() == 0 {
                loom::stop_exploring();
            }
        }
    }
}
