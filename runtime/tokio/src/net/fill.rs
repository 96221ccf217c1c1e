#![expect(unsafe_code, reason = "receives into memory that is not initialised yet")]
//! Bytes of sockets into the buffers of `tokio::io` and of the crate `bytes`.

use std::io;
use std::mem::MaybeUninit;
use std::task::{Poll, ready};

use bytes::BufMut;

use crate::io::ReadBuf;

/// Fills the unfilled part of `buf` by a poll function that writes and counts initialised bytes.
pub(crate) fn poll_fill(
    buf: &mut ReadBuf<'_>,
    poll: impl FnOnce(&mut [MaybeUninit<u8>]) -> Poll<io::Result<usize>>,
) -> Poll<io::Result<()>> {
    // SAFETY: heist's reads only write into it.
    let count = ready!(poll(unsafe { buf.unfilled_mut() }))?;
    // SAFETY: heist's reads initialise as many bytes as they return.
    unsafe { buf.assume_init(count) };
    buf.advance(count);
    Poll::Ready(Ok(()))
}

/// Fills the room of `buf` by a function that writes and counts initialised bytes.
pub(crate) fn into_buf<B: BufMut>(
    buf: &mut B,
    fill: impl FnOnce(&mut [MaybeUninit<u8>]) -> io::Result<usize>,
) -> io::Result<usize> {
    // SAFETY: heist's reads only write into it.
    let count = fill(unsafe { buf.chunk_mut().as_uninit_slice_mut() })?;
    // SAFETY: heist's reads initialise as many bytes as they return.
    unsafe { buf.advance_mut(count) };
    Ok(count)
}

/// Fills the unfilled part of `buf` by a poll function that returns a count and more.
pub(crate) fn poll_into<R>(
    buf: &mut ReadBuf<'_>,
    poll: impl FnOnce(&mut [u8]) -> Poll<io::Result<(usize, R)>>,
) -> Poll<io::Result<R>> {
    let (count, more) = ready!(poll(buf.initialize_unfilled()))?;
    buf.advance(count);
    Poll::Ready(Ok(more))
}

/// The room of a buffer, with zeros in it.
pub(crate) struct Room<'a, B> {
    buf: &'a mut B,
}

impl<'a, B: BufMut> Room<'a, B> {
    pub(crate) fn of(buf: &'a mut B) -> Room<'a, B> {
        // SAFETY: only initialised bytes are written into it.
        unsafe { buf.chunk_mut().as_uninit_slice_mut() }.fill(MaybeUninit::new(0));
        Room { buf }
    }

    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: nothing uninitialised is written into it.
        let room = unsafe { self.buf.chunk_mut().as_uninit_slice_mut() };
        // SAFETY: `of` has initialised every byte: the trait promises that the room is the same
        // until the buffer advances.
        unsafe { &mut *(std::ptr::from_mut(room) as *mut [u8]) }
    }

    /// The first `count` bytes are data now.
    pub(crate) fn advance(self, count: usize) {
        assert!(count <= self.buf.chunk_mut().len());
        // SAFETY: `of` has initialised the whole room.
        unsafe { self.buf.advance_mut(count) };
    }
}
