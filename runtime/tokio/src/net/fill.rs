#![expect(unsafe_code, reason = "receives into memory that is not initialised yet")]
//! Bytes of sockets into the buffers of `tokio::io` and of the crate `bytes`.

use std::io;
use std::mem::MaybeUninit;
use std::task::{Context, Poll, ready};

use bytes::BufMut;
use heist::net::{ByteStream, Family};

use crate::io::ReadBuf;

/// Reads from a stream into the unfilled part of `buf`.
pub(crate) fn poll_read<F: Family>(
    stream: &ByteStream<F>,
    cx: &mut Context<'_>,
    buf: &mut ReadBuf<'_>,
) -> Poll<io::Result<()>> {
    // SAFETY: the read only writes into it.
    let count = ready!(stream.poll_read_uninit(cx, unsafe { buf.unfilled_mut() }))?;
    // SAFETY: the read has initialised `count` bytes.
    unsafe { buf.assume_init(count) };
    buf.advance(count);
    Poll::Ready(Ok(()))
}

/// Reads from a stream into the room of `buf`, without waiting.
pub(crate) fn try_read<F: Family, B: BufMut>(stream: &ByteStream<F>, buf: &mut B) -> io::Result<usize> {
    // SAFETY: the read only writes into it.
    let room = unsafe { buf.chunk_mut().as_uninit_slice_mut() };
    let count = stream.try_read_uninit(room)?;
    // SAFETY: the read has initialised `count` bytes.
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
        // SAFETY: `of` has initialised every byte: the trait promises that the room is the same until the
        // buffer advances.
        unsafe { &mut *(std::ptr::from_mut(room) as *mut [u8]) }
    }

    /// The first `count` bytes are data now.
    pub(crate) fn advance(self, count: usize) {
        assert!(count <= self.buf.chunk_mut().len());
        // SAFETY: `of` has initialised the whole room.
        unsafe { self.buf.advance_mut(count) };
    }
}
