//! Pipes of the system. They wait by readiness, as sockets do: the kernel keeps no buffer beyond a
//! call.
#![expect(unsafe_code, reason = "reads and writes of descriptors that std has no type for")]

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::os::fd::AsRawFd;
use std::task::{Context, Poll};

use crate::driver::{Direction, Registration};
use crate::system::socket;

/// The reading end of a pipe. [`pipe`] makes it, and has an example.
///
/// It waits for bytes without blocking a thread:
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let (mut reader, writer) = heist::io::pipe()?;
/// drop(writer);
/// assert_eq!(reader.read(&mut [0; 16]).await?, 0);
/// # Ok(())
/// # }
/// ```
pub struct PipeReader(Registration);

/// The writing end of a pipe. [`pipe`] makes it, and has an example.
///
/// Without a reader a write fails:
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let (reader, mut writer) = heist::io::pipe()?;
/// drop(reader);
/// let error = writer.write(b"hello").await.unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
/// # Ok(())
/// # }
/// ```
pub struct PipeWriter(Registration);

/// Creates a pipe: bytes that are written to one end are read from the other, in order. Unix only.
///
/// # Errors
/// Those of the system, if the process does not have two free descriptors.
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let (mut reader, mut writer) = heist::io::pipe()?;
/// writer.write_all(b"hello").await?;
/// drop(writer);
/// let mut buffer = [0; 16];
/// assert_eq!(reader.read(&mut buffer).await?, 5);
/// assert_eq!(reader.read(&mut buffer).await?, 0);
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = socket::pipe()?;
    Ok((PipeReader(Registration::new_nonblocking(reader)), PipeWriter(Registration::new_nonblocking(writer))))
}

impl PipeReader {
    pub(super) fn registration(&self) -> &Registration {
        &self.0
    }

    /// Reads some bytes. Returns 0 when all writers are closed and all bytes are read, or for an
    /// empty slice.
    ///
    /// # Errors
    /// Those of the system.
    ///
    /// # Cancel safety
    /// Cancel safe: dropped, it has taken nothing.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut reader, mut writer) = heist::io::pipe()?;
    /// writer.write_all(b"hello").await?;
    /// drop(writer);
    /// let mut buf = [0; 64];
    /// assert_eq!(reader.read(&mut buf).await?, 5);
    /// assert_eq!(reader.read(&mut buf).await?, 0, "all writers are closed");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        poll_fn(|cx| self.poll_read_slice(cx, buf)).await
    }

    pub(super) fn poll_read_slice(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.0.poll_io(Direction::Read, cx, |pipe| {
            // SAFETY: the slice is memory that may be written, of this length.
            count_of(unsafe { libc::read(pipe.as_raw_fd(), buf.as_mut_ptr().cast(), buf.len()) })
        })
    }
}

impl PipeWriter {
    pub(super) fn registration(&self) -> &Registration {
        &self.0
    }

    /// Writes some bytes, and returns how many.
    ///
    /// # Errors
    /// `BrokenPipe` when all readers are closed. Rust programs ignore SIGPIPE; a program that does
    /// not is ended by it.
    ///
    /// # Cancel safety
    /// Cancel safe: dropped, it has written nothing.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (reader, mut writer) = heist::io::pipe()?;
    /// assert_eq!(writer.write(b"hello").await?, 5);
    /// drop(reader);
    /// let error = writer.write(b"too late").await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        poll_fn(|cx| self.poll_write_slice(cx, buf)).await
    }

    /// Writes all of `buf`.
    ///
    /// # Errors
    /// As for [`write`](PipeWriter::write).
    ///
    /// # Cancel safety
    /// Not cancel safe: dropped, it may have written a part.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut reader, mut writer) = heist::io::pipe()?;
    /// writer.write_all(b"hello").await?;
    /// let mut buf = [0; 64];
    /// let count = reader.read(&mut buf).await?;
    /// assert_eq!(&buf[..count], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_all(&mut self, mut buf: &[u8]) -> io::Result<()> {
        while !buf.is_empty() {
            let count = self.write(buf).await?;
            buf = &buf[count..];
        }
        Ok(())
    }

    pub(super) fn poll_write_slice(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.0.poll_io(Direction::Write, cx, |pipe| {
            // SAFETY: the slice is memory that may be read, of this length.
            count_of(unsafe { libc::write(pipe.as_raw_fd(), buf.as_ptr().cast(), buf.len()) })
        })
    }
}

fn count_of(result: isize) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

impl fmt::Debug for PipeReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PipeReader").field(&self.0.socket().as_raw_fd()).finish()
    }
}

impl fmt::Debug for PipeWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PipeWriter").field(&self.0.socket().as_raw_fd()).finish()
    }
}
