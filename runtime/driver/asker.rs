//! Who submits an operation.

/// The caller that submits an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// A task that may move, on the thread of this worker.
    Worker(usize),
    /// A task that is pinned to this worker.
    Pinned(usize),
    /// A thread outside of the runtime.
    Foreign,
}
