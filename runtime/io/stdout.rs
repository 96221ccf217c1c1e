//! The standard output and the standard error. The blocking pool does the writes, one after the
//! other.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::standard;
use crate::blocking::spawn_blocking;
use crate::driver::{in_runtime, of_pool};
use crate::task::JoinHandle;

/// The most bytes of one write.
const WRITE_BYTES_MAX: usize = 64 * 1024;

/// The standard output of this process. [`stdout`] returns it.
///
/// The futures of its methods are ready when the bytes are written. The trait `AsyncWrite` takes
/// the bytes over and writes them behind:
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// use futures::io::AsyncWriteExt;
///
/// let mut stdout = heist::io::stdout();
/// AsyncWriteExt::write_all(&mut stdout, b"hello\n").await?;
/// // The bytes are written, and errors are reported, when this is ready.
/// stdout.flush().await
/// # }
/// ```
#[derive(Debug)]
pub struct Stdout(pub(super) Output);

/// The standard error of this process. [`stderr`] returns it. It works like [`Stdout`].
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut log = heist::io::stderr();
/// log.write_all(b"starting\n").await?;
/// log.write_all(b"started\n").await
/// # }
/// ```
#[derive(Debug)]
pub struct Stderr(pub(super) Output);

/// A handle to the standard output. Writes of several handles may interleave.
///
/// Through the trait `AsyncWrite`, bytes are written when the next flush is ready, and that flush
/// reports what failed: flush before the runtime ends, as with any writer.
/// [`write_all`](Stdout::write_all) needs no flush.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// heist::io::stdout().write_all(b"hello\n").await
/// # }
/// ```
pub fn stdout() -> Stdout {
    Stdout(Output::new(|bytes| standard::write_and_flush(io::stdout().lock(), bytes)))
}

/// A handle to the standard error. Writes of several handles may interleave.
///
/// Through the trait `AsyncWrite` it must be flushed as [`stdout`] must.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// heist::io::stderr().write_all(b"something is wrong\n").await
/// # }
/// ```
pub fn stderr() -> Stderr {
    Stderr(Output::new(|bytes| standard::write_and_flush(io::stderr().lock(), bytes)))
}

impl Stdout {
    /// Writes all of `buf` and flushes it. A stream that someone made non-blocking is waited for
    /// like any other.
    ///
    /// # Errors
    /// Those of the system, such as `BrokenPipe`.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Dropped, it may have written a part; a write that has started, of at most 64 KiB, continues.
    /// The next write of this handle comes after it and has its own result.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut stdout = heist::io::stdout();
    /// stdout.write_all(b"hello\n").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn write_all(&mut self, buf: &[u8]) -> impl Future<Output = io::Result<()>> {
        in_runtime(async move { self.0.write_all(buf).await })
    }

    /// Waits for a write of this handle that nobody waits for: one that was given up, or one that
    /// was made through `AsyncWrite`. There is nothing else to flush.
    ///
    /// # Errors
    /// Those of that write.
    ///
    /// # Cancel safety
    /// Cancel safe.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut stdout = heist::io::stdout();
    /// stdout.write_all(b"hello\n").await?;
    /// stdout.flush().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn flush(&mut self) -> io::Result<()> {
        self.0.flush().await
    }
}

impl Stderr {
    /// Writes all of `buf` and flushes it. A stream that someone made non-blocking is waited for
    /// like any other.
    ///
    /// # Errors
    /// Those of the system, such as `BrokenPipe`.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Dropped, it may have written a part; a write that has started, of at most 64 KiB, continues.
    /// The next write of this handle comes after it and has its own result.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut stderr = heist::io::stderr();
    /// stderr.write_all(b"something is wrong\n").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn write_all(&mut self, buf: &[u8]) -> impl Future<Output = io::Result<()>> {
        in_runtime(async move { self.0.write_all(buf).await })
    }

    /// Waits for a write of this handle that nobody waits for: one that was given up, or one that
    /// was made through `AsyncWrite`. There is nothing else to flush.
    ///
    /// # Errors
    /// Those of that write.
    ///
    /// # Cancel safety
    /// Cancel safe.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut stderr = heist::io::stderr();
    /// stderr.write_all(b"something is wrong\n").await?;
    /// stderr.flush().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn flush(&mut self) -> io::Result<()> {
        self.0.flush().await
    }
}

#[derive(Debug)]
pub(super) struct Output {
    write: fn(&[u8]) -> io::Result<()>,
    /// The write in progress. The next one starts when it is over, even if nobody waits for it.
    pending: Option<JoinHandle<io::Result<()>>>,
    /// The error of a write that nobody waited for.
    failure: Option<io::Error>,
}

impl Output {
    const fn new(write: fn(&[u8]) -> io::Result<()>) -> Output {
        Output { write, pending: None, failure: None }
    }

    /// Each part is over before the next one starts, and its result goes to the call that started
    /// it.
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

    /// Takes bytes over when the earlier write is over. A poll cannot know whether it continues the
    /// write of the last poll or starts another, so a result is never kept for the next poll: it
    /// would be the result of another write.
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

    /// Waits until all bytes that were taken over are written. Reports the failure of a write that
    /// nobody waited for once.
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

    /// Waits for the write in progress, and returns its result.
    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(handle) = &mut self.pending else { return Poll::Ready(Ok(())) };
        let joined = ready!(Pin::new(handle).poll(cx));
        self.pending = None;
        Poll::Ready(joined.unwrap_or_else(|error| Err(of_pool(error))))
    }
}
