//! The reading end of a pipe.

use std::fmt;
use std::fs::File;
use std::future::poll_fn;
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::task::{Context, Poll};

use socket2::Socket;

use super::descriptor::{PipeEnd, checked, into_blocking, into_nonblocking, read_named, unchecked};
use crate::driver::{Direction, Interest, Ready, Registration};
use crate::io::splice::paid;
use crate::net::interest;
use crate::system::access::is_pipe;

/// The reading end of a pipe. [`pipe`](crate::io::pipe()) makes it, and has an example.
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
pub struct PipeReader {
    registration: Registration,
    /// A pipe with a name has no end before it has had a writer.
    may_lack_writer: bool,
}

impl PipeReader {
    pub(in crate::io) fn registration(&self) -> &Registration {
        &self.registration
    }

    /// Whether its end has to be read by [`read_named`].
    pub(in crate::io) fn may_lack_writer(&self) -> bool {
        self.may_lack_writer
    }

    pub(super) fn over(registration: Registration, may_lack_writer: bool) -> PipeReader {
        PipeReader { registration, may_lack_writer }
    }

    /// Wraps an open file that is the reading end of a pipe, and makes it non-blocking.
    ///
    /// # Errors
    /// `InvalidInput` if it is no pipe, or not open for reading; errors of the system.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::io::PipeReader;
    ///
    /// let file = std::fs::File::open("Cargo.toml")?;
    /// let error = PipeReader::from_file(file).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_file(file: File) -> io::Result<PipeReader> {
        PipeReader::from_owned_fd(file.into())
    }

    /// [`from_file`](PipeReader::from_file) for any descriptor.
    ///
    /// # Errors
    /// As for [`from_file`](PipeReader::from_file).
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (reader, _writer) = std::io::pipe()?;
    /// let reader = heist::io::PipeReader::from_owned_fd(reader.into())?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_owned_fd(fd: OwnedFd) -> io::Result<PipeReader> {
        Ok(PipeReader::over(checked(fd, PipeEnd::Reader)?, true))
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
    /// use heist::io::PipeReader;
    /// use std::os::fd::OwnedFd;
    ///
    /// let (reader, writer) = heist::io::pipe()?;
    /// let fd: OwnedFd = reader.into_nonblocking_fd()?;
    /// let end = PipeReader::from_file_unchecked(fd.into())?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_file_unchecked(file: File) -> io::Result<PipeReader> {
        PipeReader::from_owned_fd_unchecked(file.into())
    }

    /// [`from_file_unchecked`](PipeReader::from_file_unchecked) for any descriptor.
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
    /// use heist::io::PipeReader;
    ///
    /// let (reader, writer) = heist::io::pipe()?;
    /// let fd = reader.into_nonblocking_fd()?;
    /// let end = PipeReader::from_owned_fd_unchecked(fd)?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_owned_fd_unchecked(fd: OwnedFd) -> io::Result<PipeReader> {
        // What is no pipe has its end where a read says so.
        let (fd, is_pipe) = is_pipe(fd)?;
        Ok(PipeReader::over(unchecked(fd), is_pipe))
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
    /// let fd = reader.into_blocking_fd()?;
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
    /// let fd = reader.into_nonblocking_fd()?;
    /// let same = heist::io::PipeReader::from_owned_fd(fd)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_nonblocking_fd(self) -> io::Result<OwnedFd> {
        into_nonblocking(self.registration)
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

    pub(in crate::io) fn poll_read_slice(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.registration
            .poll_io(Direction::Read, cx, |pipe| self.taken(|| rustix::io::read(pipe, &mut *buf)))
    }

    /// Polls a read into memory that need not be initialised. The first bytes, as many as it
    /// returns, are initialised then. Only the last caller is woken.
    ///
    /// # Errors
    /// As for [`read`](PipeReader::read).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::mem::MaybeUninit;
    ///
    /// let (mut reader, mut writer) = heist::io::pipe()?;
    /// writer.write_all(b"hello").await?;
    /// let mut buf = [MaybeUninit::uninit(); 16];
    /// let count = std::future::poll_fn(|cx| reader.poll_read_uninit(cx, &mut buf)).await?;
    /// assert_eq!(count, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_read_uninit(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut [MaybeUninit<u8>],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.registration.poll_io(Direction::Read, cx, |pipe| self.taken_uninit(pipe, buf))
    }

    /// [`read`](PipeReader::read) into several buffers, one after the other.
    ///
    /// # Errors
    /// As for [`read`](PipeReader::read).
    ///
    /// # Cancel safety
    /// Cancel safe: dropped, it has taken nothing.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::IoSliceMut;
    ///
    /// let (mut reader, mut writer) = heist::io::pipe()?;
    /// writer.write_all(b"hello").await?;
    /// let (mut first, mut rest) = ([0; 2], [0; 8]);
    /// let mut bufs = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut rest)];
    /// assert_eq!(reader.read_vectored(&mut bufs).await?, 5);
    /// assert_eq!((&first, &rest[..3]), (b"he", &b"llo"[..]));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        poll_fn(|cx| self.poll_read_slices(cx, bufs)).await
    }

    pub(in crate::io) fn poll_read_slices(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        self.registration.poll_io(Direction::Read, cx, |pipe| self.taken(|| rustix::io::readv(pipe, bufs)))
    }

    /// Reads without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing to read, and as for [`read`](PipeReader::read).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (reader, mut writer) = heist::io::pipe()?;
    /// let mut buf = [0; 16];
    /// let error = reader.try_read(&mut buf).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    /// writer.write_all(b"hello").await?;
    /// reader.readable().await?;
    /// assert_eq!(reader.try_read(&mut buf)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        self.registration.try_io(Direction::Read, |pipe| self.taken(|| rustix::io::read(pipe, &mut *buf)))
    }

    /// [`try_read`](PipeReader::try_read) into several buffers, one after the other.
    ///
    /// # Errors
    /// As for [`try_read`](PipeReader::try_read).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::IoSliceMut;
    ///
    /// let (reader, mut writer) = heist::io::pipe()?;
    /// writer.write_all(b"hello").await?;
    /// let mut buf = [0; 16];
    /// assert_eq!(reader.try_read_vectored(&mut [IoSliceMut::new(&mut buf)])?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.registration.try_io(Direction::Read, |pipe| self.taken(|| rustix::io::readv(pipe, bufs)))
    }

    /// [`try_read`](PipeReader::try_read) into memory that need not be initialised. The first
    /// bytes, as many as it returns, are initialised then.
    ///
    /// # Errors
    /// As for [`try_read`](PipeReader::try_read).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (reader, mut writer) = heist::io::pipe()?;
    /// writer.write_all(b"hello").await?;
    /// let mut bytes = Vec::with_capacity(16);
    /// assert_eq!(reader.try_read_uninit(bytes.spare_capacity_mut())?, 5);
    /// # bytes.push(0_u8);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_read_uninit(&self, buf: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        self.registration.try_io(Direction::Read, |pipe| self.taken_uninit(pipe, buf))
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
    /// drop(writer);
    /// assert!(reader.ready(Interest::READABLE).await?.is_read_closed());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        interest::ready(&self.registration, interest).await
    }

    /// Waits until a read is likely to succeed without blocking. [`try_read`](PipeReader::try_read)
    /// has an example.
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
    /// drop(writer);
    /// reader.readable().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readable(&self) -> io::Result<()> {
        interest::wait(&self.registration, Direction::Read).await
    }

    /// [`readable`](PipeReader::readable) as a poll function. Only the last caller is woken.
    ///
    /// # Errors
    /// Returns an error if the runtime has shut down.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (reader, writer) = heist::io::pipe()?;
    /// drop(writer);
    /// std::future::poll_fn(|cx| reader.poll_read_ready(cx)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        interest::poll_wait(&self.registration, Direction::Read, cx)
    }

    /// Calls `f` once, without waiting. If it returns `WouldBlock`, the pipe counts as not ready
    /// from then on, until an event arrives. `f` must read from this pipe, and must not block.
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
    /// let result = reader.try_io(|| Err::<(), _>(std::io::ErrorKind::WouldBlock.into()));
    /// assert!(result.is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<R>(&self, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.registration.try_call(Interest::READABLE, f)
    }

    fn taken_uninit(&self, pipe: &Socket, buf: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
        self.taken(|| rustix::io::read(pipe, &mut *buf).map(|(read, _)| read.len()))
    }

    #[inline]
    fn taken(&self, mut read: impl FnMut() -> rustix::io::Result<usize>) -> io::Result<usize> {
        let mut read = || Ok(read()?);
        paid(if self.may_lack_writer { read_named(self.registration.socket(), read) } else { read() })
    }
}

impl AsFd for PipeReader {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.registration.socket().as_fd()
    }
}

impl AsRawFd for PipeReader {
    fn as_raw_fd(&self) -> RawFd {
        self.registration.socket().as_raw_fd()
    }
}

impl fmt::Debug for PipeReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PipeReader").field(&self.as_raw_fd()).finish()
    }
}
