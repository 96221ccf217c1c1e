//! The standard output and the standard error: each write is done on the blocking pool, one after the other.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::standard;
use crate::driver::{in_runtime, of_pool};
use crate::task::{JoinHandle, spawn_blocking};

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
/// By way of the traits `AsyncWrite`, bytes are written when the next flush is ready, which also tells what failed: flush
/// before the runtime ends, as with any writer. [`write_all`](Stdout::write_all) needs no flush.
///
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// heist::io::stdout().write_all(b"hello\n").await
/// # }
/// ```
pub fn stdout() -> Stdout {
    Stdout(Output::new(|bytes| standard::write_and_flush(io::stdout().lock(), bytes)))
}

/// A handle to the standard error. Bytes of several handles may be mixed between their writes.
///
/// By way of the traits `AsyncWrite` it flushes as [`stdout`] does.
pub fn stderr() -> Stderr {
    Stderr(Output::new(|bytes| standard::write_and_flush(io::stderr().lock(), bytes)))
}

impl Stdout {
    /// Writes all of `buf`; it is flushed when the future is ready. A stream that somebody made non-blocking is waited for as
    /// any other.
    ///
    /// # Errors
    /// Those of the system, such as `BrokenPipe`.
    ///
    /// # Cancel safety
    /// Dropped, it may have written a part; what it has begun, up to 64 KiB, goes on. The next write of this handle comes
    /// after it and has its own result.
    #[track_caller]
    pub fn write_all(&mut self, buf: &[u8]) -> impl Future<Output = io::Result<()>> {
        in_runtime(async move { self.0.write_all(buf).await })
    }

    /// Waits for a write of this handle that nobody waits for: one that was given up, or one that was made by way of
    /// `AsyncWrite`. There is nothing else to flush.
    ///
    /// # Errors
    /// Those of that write.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn flush(&mut self) -> io::Result<()> {
        self.0.flush().await
    }
}

impl Stderr {
    /// Writes all of `buf`; it is flushed when the future is ready. A stream that somebody made non-blocking is waited for as
    /// any other.
    ///
    /// # Errors
    /// Those of the system, such as `BrokenPipe`.
    ///
    /// # Cancel safety
    /// Dropped, it may have written a part; what it has begun, up to 64 KiB, goes on. The next write of this handle comes
    /// after it and has its own result.
    #[track_caller]
    pub fn write_all(&mut self, buf: &[u8]) -> impl Future<Output = io::Result<()>> {
        in_runtime(async move { self.0.write_all(buf).await })
    }

    /// Waits for a write of this handle that nobody waits for: one that was given up, or one that was made by way of
    /// `AsyncWrite`. There is nothing else to flush.
    ///
    /// # Errors
    /// Those of that write.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn flush(&mut self) -> io::Result<()> {
        self.0.flush().await
    }
}

#[derive(Debug)]
pub(super) struct Output {
    write: fn(&[u8]) -> io::Result<()>,
    /// The write under way. The next begins when it is over, whoever waits for it.
    pending: Option<JoinHandle<io::Result<()>>>,
    /// Of a write that nobody waited for.
    failure: Option<io::Error>,
}

impl Output {
    const fn new(write: fn(&[u8]) -> io::Result<()>) -> Output {
        Output { write, pending: None, failure: None }
    }

    /// Each part is over before the next begins, and its result is that of the very call that began it.
    async fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
        for part in buf.chunks(WRITE_BYTES_MAX) {
            poll_fn(|cx| self.poll_settle(cx)).await;
            self.begin(part);
            poll_fn(|cx| self.poll_over(cx)).await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// Takes bytes over when the write before is over. A poll cannot tell whether it goes on with the write of the one before
    /// or begins another, so a result is never kept for the next: it would be another's.
    #[cfg(any(feature = "futures-io", feature = "tokio-io"))]
    pub(super) fn poll_write_slice(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let part = &buf[..buf.len().min(WRITE_BYTES_MAX)];
        if part.is_empty() {
            return Poll::Ready(Ok(0));
        }
        ready!(self.poll_flush(cx))?;
        self.begin(part);
        Poll::Ready(Ok(part.len()))
    }

    /// Waits until all that was taken over is written. The failure of a write that nobody waited for is told once.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_settle(cx));
        Poll::Ready(self.failure.take().map_or(Ok(()), Err))
    }

    fn begin(&mut self, part: &[u8]) {
        debug_assert!(self.pending.is_none(), "one write at a time");
        let (write, bytes) = (self.write, part.to_vec());
        self.pending = Some(spawn_blocking(move || write(&bytes)));
    }

    /// Waits for a write that nobody waits for any more.
    fn poll_settle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Err(error) = ready!(self.poll_over(cx)) {
            self.failure = Some(error);
        }
        Poll::Ready(())
    }

    /// Waits for the write under way; its result.
    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(handle) = &mut self.pending else { return Poll::Ready(Ok(())) };
        let joined = ready!(Pin::new(handle).poll(cx));
        self.pending = None;
        Poll::Ready(joined.unwrap_or_else(|error| Err(of_pool(error))))
    }
}
