//! Datagrams that the kernel has joined.

use socket2::SockAddr;

/// The result of one receive: `len` bytes that consist of datagrams of `segment_len` bytes each;
/// the last may be shorter.
#[derive(Debug)]
pub(crate) struct ReceivedSegments {
    pub(crate) len: usize,
    pub(crate) segment_len: usize,
    pub(crate) addr: SockAddr,
}
