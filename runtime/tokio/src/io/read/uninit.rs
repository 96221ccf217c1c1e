//! Reads into memory that nobody has initialized: chunks of a `BufMut`, and the free part of a
//! `Vec`.
//!
//! A reader can exchange the `ReadBuf` that it was lent for another one. What it has filled then
//! says nothing about the memory here, so each of the functions compares the addresses before it
//! believes it.
#![expect(unsafe_code, reason = "bytes are counted that a reader has put into uninitialized memory")]

use crate::io::ReadBuf;
use bytes::BufMut;
use std::io;
use std::task::{Poll, ready};

/// Runs `read` on the next chunk of `buf`, and counts what it has filled.
pub(super) fn poll_into_chunk<B: BufMut + ?Sized>(
    buf: &mut B,
    read: impl FnOnce(&mut ReadBuf<'_>) -> Poll<io::Result<()>>,
) -> Poll<io::Result<usize>> {
    // SAFETY: a `ReadBuf` does not make bytes uninitialized that are initialized.
    let mut chunk = ReadBuf::uninit(unsafe { buf.chunk_mut().as_uninit_slice_mut() });
    let start = chunk.filled().as_ptr();
    ready!(read(&mut chunk))?;
    assert_eq!(start, chunk.filled().as_ptr(), "the reader has exchanged the buffer");
    let count = chunk.filled().len();
    // SAFETY: filled bytes are initialized, and they are the first ones of the chunk.
    unsafe { buf.advance_mut(count) };
    Poll::Ready(Ok(count))
}

/// A vector that reads append to. It remembers which bytes after the end are initialized, so that a
/// reader that needs initialized memory does not initialize it anew in each read.
#[derive(Debug)]
pub(super) struct Appender<'a> {
    target: Target<'a>,
    /// The first bytes of the allocation that are initialized; at least the length of the vector.
    initialized: usize,
    capacity_at_first: usize,
}

#[derive(Debug)]
enum Target<'a> {
    Lent(&'a mut Vec<u8>),
    Own(Vec<u8>),
}

impl Target<'_> {
    fn vec(&mut self) -> &mut Vec<u8> {
        match self {
            Target::Lent(vec) => vec,
            Target::Own(vec) => vec,
        }
    }
}

impl<'a> Appender<'a> {
    pub(super) fn to(vec: &'a mut Vec<u8>) -> Appender<'a> {
        let (initialized, capacity_at_first) = (vec.len(), vec.capacity());
        Appender { target: Target::Lent(vec), initialized, capacity_at_first }
    }

    pub(super) fn of(vec: Vec<u8>) -> Appender<'static> {
        let (initialized, capacity_at_first) = (vec.len(), vec.capacity());
        Appender { target: Target::Own(vec), initialized, capacity_at_first }
    }

    /// Takes the bytes out, and leaves nothing.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.initialized = 0;
        std::mem::take(self.target.vec())
    }

    /// Whether there is room for `count` bytes only if the vector outgrows the capacity that its
    /// owner chose.
    pub(super) fn is_at_chosen_end(&mut self, count: usize) -> bool {
        let vec = self.target.vec();
        vec.capacity() - vec.len() < count
            && vec.capacity() == self.capacity_at_first
            && self.capacity_at_first >= count
    }

    pub(super) fn extend_from_slice(&mut self, bytes: &[u8]) {
        let vec = self.target.vec();
        let capacity = vec.capacity();
        vec.extend_from_slice(bytes);
        // What lies after the end of a new allocation is not initialized.
        let known = if vec.capacity() == capacity { self.initialized } else { 0 };
        self.initialized = known.max(vec.len());
    }

    /// Runs `read` on at least `room` bytes after the end, appends what it has filled, and returns
    /// how much.
    pub(super) fn poll_append(
        &mut self,
        room: usize,
        read: impl FnOnce(&mut ReadBuf<'_>) -> Poll<io::Result<()>>,
    ) -> Poll<io::Result<usize>> {
        let vec = self.target.vec();
        if vec.capacity() - vec.len() < room {
            self.initialized = vec.len();
            vec.reserve(room);
        }
        let length = vec.len();
        let known = self.initialized - length;
        let mut free = ReadBuf::uninit(vec.spare_capacity_mut());
        // SAFETY: the vector is the same as in the last call, because it is owned or borrowed for
        // as long as this lives, and has not been allocated anew since; what was initialized then
        // still is.
        unsafe { free.assume_init(known) };
        let start = free.filled().as_ptr();
        let result = read(&mut free);
        assert_eq!(start, free.filled().as_ptr(), "the reader has exchanged the buffer");
        let (count, initialized) = (free.filled().len(), free.initialized().len());
        // SAFETY: the filled bytes are initialized, and lie within the capacity.
        unsafe { vec.set_len(length + count) };
        self.initialized = length + initialized;
        ready!(result)?;
        Poll::Ready(Ok(count))
    }
}
