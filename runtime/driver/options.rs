//! How a driver is built.

use std::sync::Arc;

use super::{Allowed, BufferLimits, DriverKind};
use crate::task::Observation;

/// How a driver is built.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) kind: DriverKind,
    /// The number of workers. Each has one ring or poller.
    pub(crate) workers: usize,
    /// Whether the worker's loop may move between threads, one at a time. `block_on` of a
    /// single-threaded runtime does this.
    pub(crate) single_thread: bool,
    /// Size of the submission queue, in entries. Entries that do not fit wait in user space.
    pub(crate) ring_entries: u32,
    /// Size of the completion queue, in entries. Completions that do not fit wait in the kernel.
    pub(crate) completion_entries: u32,
    /// The buffers that sockets receive into.
    pub(crate) buffers: BufferLimits,
    /// What the threads of the runtime may use.
    pub(crate) allowed: Allowed,
    /// Where back ends count, if the runtime is observed.
    pub(crate) observation: Option<Arc<Observation>>,
}

impl Options {
    /// 256, because a batch of that size hides the cost of the system call. The completion queue
    /// has 1024 entries, because overflow is correct but slow, and so is the creation of a larger
    /// queue.
    pub(crate) const RING_ENTRIES: u32 = 256;
    pub(crate) const COMPLETION_ENTRIES: u32 = 1024;
}

impl Default for Options {
    fn default() -> Options {
        Options {
            kind: DriverKind::Auto,
            workers: 1,
            single_thread: false,
            ring_entries: Options::RING_ENTRIES,
            completion_entries: Options::COMPLETION_ENTRIES,
            buffers: BufferLimits::default(),
            allowed: Allowed { io: true, time: true },
            observation: None,
        }
    }
}
