//! A copy through a buffer of its own.

use crate::io::buffered::DEFAULT_SIZE_BYTES;
use crate::io::{AsyncRead, AsyncWrite, ReadBuf};
use heist::runtime::facade::poll_proceed_outer;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A copy under way. What was read and not written yet is `bytes[start..end]`.
#[derive(Debug)]
pub(super) struct Transfer {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
    is_at_end: bool,
    /// Bytes were written since the last flush.
    needs_flush: bool,
    copied: u64,
}

impl Transfer {
    pub(super) fn new(size_bytes: usize) -> Transfer {
        let bytes = vec![0; size_bytes].into_boxed_slice();
        Transfer { bytes, start: 0, end: 0, is_at_end: false, needs_flush: false, copied: 0 }
    }

    fn may_read(&self) -> bool {
        !self.is_at_end && self.end < self.bytes.len()
    }

    /// Reads once behind what is there.
    fn poll_fill<R: AsyncRead + ?Sized>(
        &mut self,
        cx: &mut Context<'_>,
        mut reader: Pin<&mut R>,
    ) -> Poll<io::Result<()>> {
        let mut buf = ReadBuf::new(&mut self.bytes);
        buf.set_filled(self.end);
        while let Err(error) = ready!(reader.as_mut().poll_read(cx, &mut buf)) {
            if error.kind() != ErrorKind::Interrupted {
                return Poll::Ready(Err(error));
            }
        }
        let end = buf.filled().len();
        self.is_at_end = end == self.end;
        self.end = end;
        Poll::Ready(Ok(()))
    }

    /// Writes once. While the writer has to wait, reads on into what room there is.
    fn poll_empty<R: AsyncRead + ?Sized, W: AsyncWrite + ?Sized>(
        &mut self,
        cx: &mut Context<'_>,
        reader: Pin<&mut R>,
        mut writer: Pin<&mut W>,
    ) -> Poll<io::Result<()>> {
        let count = loop {
            match writer.as_mut().poll_write(cx, &self.bytes[self.start..self.end]) {
                Poll::Ready(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
                Poll::Ready(result) => break result?,
                Poll::Pending => {
                    if self.may_read() {
                        ready!(self.poll_fill(cx, reader))?;
                    }
                    return Poll::Pending;
                }
            }
        };
        if count == 0 {
            return Poll::Ready(Err(io::Error::new(ErrorKind::WriteZero, "write zero byte into writer")));
        }
        self.start += count;
        self.copied += count as u64;
        self.needs_flush = true;
        if self.start >= self.end {
            self.start = 0;
            self.end = 0;
        }
        Poll::Ready(Ok(()))
    }

    /// Goes on until the reader is at its end and the writer is flushed. `progress` notes whether
    /// it got on.
    fn poll_steps<R: AsyncRead + ?Sized, W: AsyncWrite + ?Sized>(
        &mut self,
        cx: &mut Context<'_>,
        mut reader: Pin<&mut R>,
        mut writer: Pin<&mut W>,
        progress: &mut bool,
    ) -> Poll<io::Result<u64>> {
        loop {
            if self.may_read() {
                let filled = self.poll_fill(cx, reader.as_mut())?;
                *progress |= filled.is_ready();
                if filled.is_pending() && self.start == self.end {
                    // The other side may wait for what it was sent before it sends more.
                    if self.needs_flush {
                        ready!(writer.as_mut().poll_flush(cx))?;
                        *progress = true;
                        self.needs_flush = false;
                    }
                    return Poll::Pending;
                }
            }
            while self.start < self.end {
                ready!(self.poll_empty(cx, reader.as_mut(), writer.as_mut()))?;
                *progress = true;
            }
            if self.is_at_end {
                ready!(writer.as_mut().poll_flush(cx))?;
                return Poll::Ready(Ok(self.copied));
            }
        }
    }

    /// Polls the copy, which costs a unit of the task's budget if it gets on.
    pub(super) fn poll<R: AsyncRead + ?Sized, W: AsyncWrite + ?Sized>(
        &mut self,
        cx: &mut Context<'_>,
        reader: Pin<&mut R>,
        writer: Pin<&mut W>,
    ) -> Poll<io::Result<u64>> {
        let restore = ready!(poll_proceed_outer(cx));
        let mut progress = false;
        let result = self.poll_steps(cx, reader, writer, &mut progress);
        if progress || result.is_ready() {
            restore.made_progress();
        }
        result
    }
}

/// Copies all that `reader` has to `writer` through a buffer of 8 KiB, and returns the number of
/// bytes.
pub async fn copy<'a, R, W>(reader: &'a mut R, writer: &'a mut W) -> io::Result<u64>
where
    R: AsyncRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    let mut transfer = Transfer::new(DEFAULT_SIZE_BYTES);
    poll_fn(|cx| transfer.poll(cx, Pin::new(&mut *reader), Pin::new(&mut *writer))).await
}
