//! The buffers that sockets receive into: one shelf per worker, and one for threads outside of the
//! runtime.

use std::io;

use crate::buf::{PooledBuf, RecvPool};

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
    #[cfg(unix)]
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

    /// Takes a buffer from a shelf. The one of the thread's worker has one that is still in its
    /// core's cache.
    pub(super) fn take(&self, shelf: usize, contents: Contents) -> io::Result<PooledBuf> {
        match contents {
            Contents::Stream => self.stream.take(shelf),
            Contents::Datagram => self.datagram.take(shelf),
            #[cfg(unix)]
            Contents::LocalDatagram => self.local_datagram.take(shelf),
        }
    }
}
