//! The outcomes of the transitions of a task's state word (`state.rs`): what the caller now owns,
//! and must do.

/// The outcome of a wake or a cancellation.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wake {
    /// The task was idle: the caller now holds the Runnable.
    Schedule,
    /// A run is due or the task is complete: nothing to do.
    Nothing,
}

/// The outcome of a wake that also gives up a reference.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WakeByValue {
    /// The task was idle: the caller now holds the Runnable, and still its reference.
    Schedule,
    /// A run is due or the task is complete: the reference is gone.
    Nothing,
    /// As `Nothing`, and it was the last reference.
    Free,
}

/// How the holder of the Runnable begins its run.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Start {
    Poll,
    Cancel,
}

/// The outcome of a poll that returned pending.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pause {
    /// No wake came: the task is idle, and no longer the runner's.
    Idle,
    /// It was woken during the poll: the caller holds the Runnable again.
    Woken,
    /// It was cancelled during the poll: the caller holds the Runnable again, and its run will
    /// cancel.
    Cancelled,
}

/// The owner of the output after the runner stored it.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum OutputOwner {
    /// No join handle: the output belongs to the runner.
    Detached,
    /// The output belongs to the join handle, which does not wait for it.
    Joinable,
    /// The output belongs to the join handle, and the join waker is lent to the runner.
    WakeJoiner,
}

/// The party that drops the join waker after the runner has called it.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum JoinWakerOwner {
    Handle,
    Runner,
}

/// The outcome of a poll of the join handle.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Join {
    /// The output is there. `owns_waker`: the join waker belongs to the handle, not to the runner.
    Complete { owns_waker: bool },
    /// Not complete; the join waker is lent to the runner and may only be read.
    WakerLent,
    /// Not complete; the join waker belongs to the handle.
    WakerOwned,
}

/// What a dropped join handle must clean up. Only `Released` has given up the handle's reference
/// already.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Detach {
    Released,
    DropWaker,
    DropOutput,
    DropOutputAndWaker,
}
