//! The standard output and the standard error: each write is done on the blocking pool, and over when it is ready.

use std::future::{Future, poll_fn};
use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::driver::in_runtime;
use crate::task::{AbortOnDropHandle, spawn_blocking};

/// The most bytes of one write.
const WRITE_BYTES_MAX: usize = 64 * 1024;

/// The standard output of this process: see [`stdout`].
#[derive(Debug)]
pub struct Stdout(pub(super) Output);

/// The standard error of this process: see [`stderr`].
#[derive(Debug)]
pub struct Stderr(pub(super) Output);

/// A handle to the standard output. Bytes of several handles may be mixed between their writes.
///
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// heist::io::stdout().write_all(b"hello\n").await
/// # }
/// ```
pub fn stdout() -> Stdout {
    Stdout(Output { write: |bytes| write_and_flush(io::stdout().lock(), bytes), pending: None })
}

/// A handle to the standard error. Bytes of several handles may be mixed between their writes.
pub fn stderr() -> Stderr {
    Stderr(Output { write: |bytes| write_and_flush(io::stderr().lock(), bytes), pending: None })
}

fn write_and_flush(mut stream: impl Write, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes)?;
    stream.flush()
}

impl Stdout {
    /// Writes all of `buf`; it is flushed when the future is ready.
    ///
    /// # Errors
    /// Those of the system, such as `BrokenPipe`.
    ///
    /// # Cancel safety
    /// Dropped, it may have written a part; the next write of this handle comes after it.
    #[track_caller]
    pub fn write_all(&mut self, buf: &[u8]) -> impl Future<Output = io::Result<()>> {
        in_runtime(async move { self.0.write_all(buf).await })
    }

    /// Waits for a write of this handle that was given up. There is nothing else to flush.
    ///
    /// # Errors
    /// Those of that write.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.0.poll_settle(cx)).await
    }
}

impl Stderr {
    /// Writes all of `buf`; it is flushed when the future is ready.
    ///
    /// # Errors
    /// Those of the system, such as `BrokenPipe`.
    ///
    /// # Cancel safety
    /// Dropped, it may have written a part; the next write of this handle comes after it.
    #[track_caller]
    pub fn write_all(&mut self, buf: &[u8]) -> impl Future<Output = io::Result<()>> {
        in_runtime(async move { self.0.write_all(buf).await })
    }

    /// Waits for a write of this handle that was given up. There is nothing else to flush.
    ///
    /// # Errors
    /// Those of that write.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.0.poll_settle(cx)).await
    }
}

#[derive(Debug)]
pub(super) struct Output {
    write: fn(&[u8]) -> io::Result<()>,
    /// A write under way; it gives its bytes back.
    pending: Option<AbortOnDropHandle<(io::Result<()>, Vec<u8>)>>,
}

impl Output {
    async fn write_all(&mut self, mut buf: &[u8]) -> io::Result<()> {
        while !buf.is_empty() {
            let count = poll_fn(|cx| self.poll_write_slice(cx, buf)).await?;
            buf = &buf[count..];
        }
        Ok(())
    }

    pub(super) fn poll_write_slice(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let buf = &buf[..buf.len().min(WRITE_BYTES_MAX)];
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        loop {
            if let Some(handle) = &mut self.pending {
                let joined = ready!(Pin::new(handle).poll(cx));
                self.pending = None;
                let (result, bytes) = joined.map_err(io::Error::other)?;
                // Other bytes: of a write that was given up.
                if buf.starts_with(&bytes) {
                    return Poll::Ready(result.map(|()| bytes.len()));
                }
            }
            let (write, bytes) = (self.write, buf.to_vec());
            self.pending = Some(AbortOnDropHandle::new(spawn_blocking(move || {
                let result = write(&bytes);
                (result, bytes)
            })));
        }
    }

    /// Waits for a write that was given up.
    pub(super) fn poll_settle(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(handle) = &mut self.pending {
            let joined = ready!(Pin::new(handle).poll(cx));
            self.pending = None;
            let (result, _bytes) = joined.map_err(io::Error::other)?;
            return Poll::Ready(result);
        }
        Poll::Ready(Ok(()))
    }
}
