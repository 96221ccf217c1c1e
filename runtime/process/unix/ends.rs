//! One end of a pipe to or from a child. It waits by readiness.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::task::{Context, Poll};

use rustix::buffer::spare_capacity;
use socket2::Socket;

use crate::driver::{Direction, Registration};
use crate::task::coop;

/// The most buffers that one system call takes (`IOV_MAX`).
const VECTORED_COUNT_MAX: usize = 1024;

#[derive(Debug)]
pub(in crate::process) struct PipeEnd(Registration);

impl PipeEnd {
    /// Panics if called outside of a runtime.
    #[track_caller]
    pub(in crate::process) fn new(descriptor: impl Into<OwnedFd>) -> io::Result<PipeEnd> {
        Ok(PipeEnd(Registration::new(Socket::from(descriptor.into()))?))
    }

    pub(in crate::process) fn registration(&self) -> &Registration {
        &self.0
    }

    pub(in crate::process) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.0.poll_io(Direction::Read, cx, |pipe| paid(rustix::io::read(pipe, &mut *buf)?))
    }

    /// Appends some bytes; `buf` has room for them.
    pub(in crate::process) fn poll_append(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut Vec<u8>,
    ) -> Poll<io::Result<usize>> {
        self.0.poll_io(Direction::Read, cx, |pipe| paid(rustix::io::read(pipe, spare_capacity(buf))?))
    }

    pub(in crate::process) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.0.poll_io(Direction::Write, cx, |pipe| paid(rustix::io::write(pipe, buf)?))
    }

    pub(in crate::process) fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Some(start) = bufs.iter().position(|buf| !buf.is_empty()) else { return Poll::Ready(Ok(0)) };
        let bufs = &bufs[start..bufs.len().min(start + VECTORED_COUNT_MAX)];
        self.0.poll_io(Direction::Write, cx, |pipe| paid(rustix::io::writev(pipe, bufs)?))
    }

    /// Every write is over when it returns.
    pub(in crate::process) fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// The descriptor, which blocks from now on, as programs expect of their standard streams.
    pub(in crate::process) fn into_blocking(self) -> io::Result<OwnedFd> {
        let socket = self.0.into_socket()?;
        socket.set_nonblocking(false)?;
        Ok(socket.into())
    }
}

/// Takes the bytes that a call has moved from the budget of the task.
fn paid(count: usize) -> io::Result<usize> {
    coop::spend_bytes(count);
    Ok(count)
}

impl AsFd for PipeEnd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.socket().as_fd()
    }
}

impl AsRawFd for PipeEnd {
    fn as_raw_fd(&self) -> RawFd {
        self.0.socket().as_raw_fd()
    }
}
