//! The buffers that sockets receive into: one shelf per worker, and one for threads outside of the
//! runtime. Also the pools of buffers that rings register, each made for one driver.

use std::io;
use std::sync::{Arc, Weak};

use super::{Driver, context};
use crate::buf::{FixedBufPool, FixedMemory, PooledBuf, RecvPool, Registry};

/// Room in bytes for every UDP datagram, and for several that the kernel joins. Memory that was
/// never written costs nothing.
const DATAGRAM_BYTES: usize = 64 * 1024;

/// Room in bytes for every datagram from a Unix socket whose send buffer has Linux's default
/// length, 208 KiB. Other systems have shorter ones.
const LOCAL_DATAGRAM_BYTES: usize = 256 * 1024;

/// The kind of data to receive, which decides how much room a buffer must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contents {
    /// Any number of bytes. Bytes that do not fit come with the next receive.
    Stream,
    /// One datagram. Bytes that do not fit are lost.
    Datagram,
    /// One datagram from the same machine, which may be longer than any from a network.
    LocalDatagram,
}

/// How many buffers a driver keeps, and how large they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BufferLimits {
    /// Length of a buffer for a receive from a stream, in bytes.
    pub(crate) stream_bytes: usize,
    /// How many idle buffers each worker keeps, of each kind.
    pub(crate) kept_count_max: usize,
}

impl Default for BufferLimits {
    /// 16 KiB fit a TLS record and most messages; copying a larger message takes longer than the
    /// call. 64 is more than a worker has in use between two harvests, and at most 1 MiB lies idle.
    fn default() -> BufferLimits {
        BufferLimits { stream_bytes: 16 * 1024, kept_count_max: 64 }
    }
}

#[derive(Debug)]
pub(super) struct Buffers {
    stream: RecvPool,
    datagram: RecvPool,
    local_datagram: RecvPool,
}

impl Buffers {
    pub(super) fn new(workers: usize, limits: BufferLimits) -> Buffers {
        let pool = |bytes| RecvPool::new(workers + 1, bytes, limits.kept_count_max);
        Buffers {
            stream: pool(limits.stream_bytes),
            datagram: pool(DATAGRAM_BYTES),
            local_datagram: pool(LOCAL_DATAGRAM_BYTES),
        }
    }

    /// The runtime ends: frees the idle buffers, and from now on those that come back.
    pub(super) fn close(&self) {
        self.stream.close();
        self.datagram.close();
        self.local_datagram.close();
    }
}

impl Driver {
    /// Takes a buffer to receive into. The shelf of this thread's worker has one that is still in
    /// its core's cache.
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
    /// Makes a pool of `count` buffers of `len` bytes each, for the runtime of this thread. Each
    /// buffer begins on its own page.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the pool would have no memory, or more than 1 GiB, which is the most that
    /// the kernel registers in one piece. `OutOfMemory` if the memory cannot be allocated.
    ///
    /// # Panics
    ///
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use heist::io::FixedBufPool;
    ///
    /// let runtime = heist::runtime::Builder::new_current_thread().build()?;
    /// let _guard = runtime.enter();
    /// let pool = FixedBufPool::new(4, 4096)?;
    /// assert_eq!(pool.take().len(), 4096);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn new(count: usize, len: usize) -> io::Result<FixedBufPool> {
        let registry: Weak<Driver> = Arc::downgrade(&context::current());
        FixedBufPool::registered_with(registry, count, len)
    }
}
