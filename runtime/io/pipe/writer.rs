//! The writing end of a pipe.

use std::fmt;
use std::fs::File;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::task::{Context, Poll};

use super::descriptor::{PipeEnd, checked, into_blocking, into_nonblocking, unchecked};
use crate::driver::{Direction, Interest, Ready, Registration};
use crate::io::splice::paid;
use crate::net::interest;

/// The writing end of a pipe. [`pipe`](crate::io::pipe()) makes it, and has an example.
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
pub struct PipeWriter {
    registration: Registration,
}

impl PipeWriter {
    pub(in crate::io) fn registration(&self) -> &Registration {
        &self.registration
    }

    pub(super) fn over(registration: Registration) -> PipeWriter {
        PipeWriter { registration }
    }

    /// Wraps an open file that is the writing end of a pipe, and makes it non-blocking.
    ///
    /// # Errors
    /// `InvalidInput` if it is no pipe, or not open for writing; errors of the system.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::io::PipeWriter;
    ///
    /// let file = std::fs::File::open("Cargo.toml")?;
    /// let error = PipeWriter::from_file(file).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_file(file: File) -> io::Result<PipeWriter> {
        PipeWriter::from_owned_fd(file.into())
    }

    /// [`from_file`](PipeWriter::from_file) for any descriptor.
    ///
    /// # Errors
    /// As for [`from_file`](PipeWriter::from_file).
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (_reader, writer) = std::io::pipe()?;
    /// let writer = heist::io::PipeWriter::from_owned_fd(writer.into())?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_owned_fd(fd: OwnedFd) -> io::Result<PipeWriter> {
        Ok(PipeWriter::over(checked(fd, PipeEnd::Writer)?))
    }

    /// Wraps an open file without a check. It must be non-blocking, and the kernel must be able to
    /// wait for it; otherwise calls block, or fail.
    ///
    /// # Errors
    /// Those of the system.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::io::PipeWriter;
    /// use std::os::fd::OwnedFd;
    ///
    /// let (reader, writer) = heist::io::pipe()?;
    /// let fd: OwnedFd = writer.into_nonblocking_fd()?;
    /// let end = PipeWriter::from_file_unchecked(fd.into())?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_file_unchecked(file: File) -> io::Result<PipeWriter> {
        PipeWriter::from_owned_fd_unchecked(file.into())
    }

    /// [`from_file_unchecked`](PipeWriter::from_file_unchecked) for any descriptor.
    ///
    /// # Errors
    /// Those of the system.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::io::PipeWriter;
    ///
    /// let (reader, writer) = heist::io::pipe()?;
    /// let fd = writer.into_nonblocking_fd()?;
    /// let end = PipeWriter::from_owned_fd_unchecked(fd)?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_owned_fd_unchecked(fd: OwnedFd) -> io::Result<PipeWriter> {
        Ok(PipeWriter::over(unchecked(fd)))
    }

    /// Ends the registration and returns the descriptor, which blocks from now on, for std and for
    /// other processes.
    ///
    /// # Errors
    /// Those of the system.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (reader, writer) = heist::io::pipe()?;
    /// let fd = writer.into_blocking_fd()?;
    /// let file = std::fs::File::from(fd);
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_blocking_fd(self) -> io::Result<OwnedFd> {
        into_blocking(self.registration)
    }

    /// Ends the registration and returns the descriptor, which stays non-blocking.
    ///
    /// # Errors
    /// Those of the system.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (reader, writer) = heist::io::pipe()?;
    /// let fd = writer.into_nonblocking_fd()?;
    /// let same = heist::io::PipeWriter::from_owned_fd(fd)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_nonblocking_fd(self) -> io::Result<OwnedFd> {
        into_nonblocking(self.registration)
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

    pub(in crate::io) fn poll_write_slice(
        &mut self,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.registration.poll_io(Direction::Write, cx, |pipe| written(rustix::io::write(pipe, buf)))
    }

    /// [`write`](PipeWriter::write) from several buffers, one after the other.
    ///
    /// # Errors
    /// As for [`write`](PipeWriter::write).
    ///
    /// # Cancel safety
    /// Cancel safe: dropped, it has written nothing.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::IoSlice;
    ///
    /// let (reader, mut writer) = heist::io::pipe()?;
    /// let bufs = [IoSlice::new(b"he"), IoSlice::new(b"llo")];
    /// assert_eq!(writer.write_vectored(&bufs).await?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        poll_fn(|cx| self.poll_write_slices(cx, bufs)).await
    }

    pub(in crate::io) fn poll_write_slices(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        self.registration.poll_io(Direction::Write, cx, |pipe| written(rustix::io::writev(pipe, bufs)))
    }

    /// Writes without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if there is no room, and as for [`write`](PipeWriter::write).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (reader, writer) = heist::io::pipe()?;
    /// assert_eq!(writer.try_write(b"hello")?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.registration.try_io(Direction::Write, |pipe| written(rustix::io::write(pipe, buf)))
    }

    /// [`try_write`](PipeWriter::try_write) from several buffers, one after the other.
    ///
    /// # Errors
    /// As for [`try_write`](PipeWriter::try_write).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::IoSlice;
    ///
    /// let (reader, writer) = heist::io::pipe()?;
    /// assert_eq!(writer.try_write_vectored(&[IoSlice::new(b"he"), IoSlice::new(b"llo")])?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.registration.try_io(Direction::Write, |pipe| written(rustix::io::writev(pipe, bufs)))
    }

    /// Waits until the pipe is ready for one of `interest`, and returns for what it is.
    ///
    /// # Errors
    /// Returns an error if the runtime has shut down.
    ///
    /// # Cancel safety
    /// Safe: no byte moves.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::io::Interest;
    ///
    /// let (reader, writer) = heist::io::pipe()?;
    /// assert!(writer.ready(Interest::WRITABLE).await?.is_writable());
    /// drop(reader);
    /// assert!(writer.ready(Interest::WRITABLE).await?.is_write_closed());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        interest::ready(&self.registration, interest).await
    }

    /// Waits until a write is likely to succeed without blocking.
    ///
    /// # Errors
    /// Returns an error if the runtime has shut down.
    ///
    /// # Cancel safety
    /// Safe: no byte moves.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (reader, writer) = heist::io::pipe()?;
    /// writer.writable().await?;
    /// assert_eq!(writer.try_write(b"hello")?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn writable(&self) -> io::Result<()> {
        interest::wait(&self.registration, Direction::Write).await
    }

    /// [`writable`](PipeWriter::writable) as a poll function. Only the last caller is woken.
    ///
    /// # Errors
    /// Returns an error if the runtime has shut down.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (reader, writer) = heist::io::pipe()?;
    /// std::future::poll_fn(|cx| writer.poll_write_ready(cx)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        interest::poll_wait(&self.registration, Direction::Write, cx)
    }

    /// Calls `f` once, without waiting. If it returns `WouldBlock`, the pipe counts as not ready
    /// from then on, until an event arrives. `f` must write to this pipe, and must not block.
    ///
    /// # Errors
    /// Returns the errors of `f`, and `WouldBlock` without a call if the pipe is known not to be
    /// ready.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (reader, writer) = heist::io::pipe()?;
    /// let result = writer.try_io(|| Err::<(), _>(std::io::ErrorKind::WouldBlock.into()));
    /// assert!(result.is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<R>(&self, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.registration.try_call(Interest::WRITABLE, f)
    }
}

/// Takes the bytes of a write from the budget of the task.
fn written(count: rustix::io::Result<usize>) -> io::Result<usize> {
    paid(count.map_err(io::Error::from))
}

impl AsFd for PipeWriter {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.registration.socket().as_fd()
    }
}

impl AsRawFd for PipeWriter {
    fn as_raw_fd(&self) -> RawFd {
        self.registration.socket().as_raw_fd()
    }
}

impl fmt::Debug for PipeWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PipeWriter").field(&self.as_raw_fd()).finish()
    }
}
