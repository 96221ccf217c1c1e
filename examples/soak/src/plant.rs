//! Faults that can be planted, to see that they are noticed.

use clap::ValueEnum;

/// Each names the check that must notice it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Plant {
    /// A message is not sent.
    Lost,
    /// A message is sent twice.
    Doubled,
    /// Two messages change places.
    Reordered,
    /// A byte of a message is another one.
    Altered,
    /// A datagram is sent twice.
    DoubledDatagram,
    /// A byte of a file is changed behind the model's back.
    WrongByte,
    /// A descriptor stays open.
    LeakedDescriptor,
    /// A task stays.
    LeakedTask,
    /// A timer stays armed.
    LeakedTimer,
    /// An operation of a ring stays in flight.
    LeakedOperation,
    /// A thread stays.
    LeakedThread,
    /// Memory stays in use.
    LeakedMemory,
    /// A join handle never ends.
    StuckTask,
    /// A task that was to panic does not.
    SwallowedPanic,
    /// A child's exit code is another one.
    WrongExit,
    /// A batch of signals is not sent.
    LostSignal,
    /// The limit of descriptors is not lowered.
    NoLimit,
    /// A future of a dropped runtime is not dropped.
    KeptFuture,
    /// A timer fires before its time.
    EarlyTimer,
}
