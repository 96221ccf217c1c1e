//! Why a task is due.

/// Why a task is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// It was spawned.
    Spawned,
    /// It was woken or aborted.
    Woken,
    /// It was woken during its own poll, and goes behind everything that is queued.
    Yielded,
}
