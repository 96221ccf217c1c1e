//! The buffers that sockets receive into: a shelf of them for each worker, and one for threads from outside. And pools of
//! buffers that rings register, each made for one driver.

use std::io;
use std::sync::{Arc, Weak};

use super::{Driver, context};
use crate::buf::{FixedBufPool, FixedMemory, Pool, PooledBuf, Registry};

/// Room for every datagram of UDP, and for what the kernel joins of several. Memory that was never written costs nothing.
const DATAGRAM_BYTES: usize = 64 * 1024;

/// Room for every datagram that a Unix socket sends whose buffer has Linux's default length, 208 KiB. Elsewhere they are
/// shorter.
const LOCAL_DATAGRAM_BYTES: usize = 256 * 1024;

/// What is received decides how much room there must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contents {
    /// Any number of bytes: what does not fit comes next.
    Stream,
    /// One datagram: what does not fit is lost.
    Datagram,
    /// One datagram from within the machine, which may be longer than any of a network's.
    LocalDatagram,
}

/// How many buffers there are, and how large they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Room for a receive of a stream.
    pub(crate) stream_bytes: usize,
    /// How many idle ones each worker keeps, of each kind.
    pub(crate) kept_count_max: usize,
}

impl Default for Limits {
    /// Why 16 KiB: a record of TLS, and more than most messages; of larger ones a copy takes longer than the call. Why 64:
    /// more than a worker has out between two harvests, and at most 1 MiB that lies idle.
    fn default() -> Limits {
        Limits { stream_bytes: 16 * 1024, kept_count_max: 64 }
    }
}

#[derive(Debug)]
pub(super) struct Buffers {
    stream: Pool,
    datagram: Pool,
    local_datagram: Pool,
}

impl Buffers {
    pub(super) fn new(workers: usize, limits: Limits) -> Buffers {
        let pool = |bytes| Pool::new(workers + 1, bytes, limits.kept_count_max);
        Buffers {
            stream: pool(limits.stream_bytes),
            datagram: pool(DATAGRAM_BYTES),
            local_datagram: pool(LOCAL_DATAGRAM_BYTES),
        }
    }

    /// The runtime ends: what is idle is freed, and what comes back is as well.
    pub(super) fn close(&self) {
        self.stream.close();
        self.datagram.close();
        self.local_datagram.close();
    }
}

impl Driver {
    /// A buffer to receive into. On the shelf of this thread's worker there is one that is still in its core's cache.
    pub(super) fn take_buffer(&self, contents: Contents) -> io::Result<PooledBuf> {
        let index = context::worker_of(self).unwrap_or(self.workers);
        match contents {
            Contents::Stream => self.buffers.stream.take(index),
            Contents::Datagram => self.buffers.datagram.take(index),
            Contents::LocalDatagram => self.buffers.local_datagram.take(index),
        }
    }
}

impl Registry for Driver {
    fn unregister(&self, memory: &Arc<FixedMemory>) {
        self.backend.unregister(memory);
    }
}

impl FixedBufPool {
    /// A pool of `count` buffers of `len` bytes each, for the runtime of this thread. Each begins on a page of its own.
    ///
    /// # Errors
    /// `InvalidInput` if there would be no memory in it, or more than the 1 GiB that the kernel registers in one piece;
    /// `OutOfMemory`.
    ///
    /// # Panics
    /// If there is no runtime on this thread.
    #[track_caller]
    pub fn new(count: usize, len: usize) -> io::Result<FixedBufPool> {
        let registry: Weak<Driver> = Arc::downgrade(&context::current());
        FixedBufPool::registered_with(registry, count, len)
    }
}
