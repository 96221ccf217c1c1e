//! Pipes, with and without a name.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::BufMut;

use crate::context;
use crate::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};
use crate::net::fill;

/// Makes a pipe without a name. Panics outside of a runtime.
#[track_caller]
pub fn pipe() -> io::Result<(Sender, Receiver)> {
    context::io()?;
    let (receiver, sender) = heist::io::pipe()?;
    Ok((Sender { inner: sender }, Receiver { inner: receiver }))
}

/// Options for opening a pipe with a name.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    inner: heist::net::unix::pipe::OpenOptions,
}

impl OpenOptions {
    /// Options with everything off.
    pub fn new() -> OpenOptions {
        OpenOptions::default()
    }

    /// Whether the end can read and write, so that the pipe always has both ends.
    #[cfg(target_os = "linux")]
    pub fn read_write(&mut self, value: bool) -> &mut Self {
        self.inner.read_write(value);
        self
    }

    /// Whether the file may be something else than a pipe.
    pub fn unchecked(&mut self, value: bool) -> &mut Self {
        self.inner.unchecked(value);
        self
    }

    /// Opens the end that reads. Panics outside of a runtime.
    #[track_caller]
    pub fn open_receiver<P: AsRef<Path>>(&self, path: P) -> io::Result<Receiver> {
        context::io()?;
        self.inner.open_receiver(path).map(|inner| Receiver { inner })
    }

    /// Opens the end that writes; something must read. Panics outside of a runtime.
    #[track_caller]
    pub fn open_sender<P: AsRef<Path>>(&self, path: P) -> io::Result<Sender> {
        context::io()?;
        self.inner.open_sender(path).map(|inner| Sender { inner })
    }
}

/// The end of a pipe that writes.
#[derive(Debug)]
pub struct Sender {
    inner: heist::io::PipeWriter,
}

impl UnwindSafe for Sender {}
impl RefUnwindSafe for Sender {}

impl Sender {
    /// Takes a file that is the right end of a pipe, and makes it non-blocking. Panics outside of a runtime.
    #[track_caller]
    pub fn from_file(file: File) -> io::Result<Sender> {
        context::io()?;
        heist::io::PipeWriter::from_file(file).map(|inner| Sender { inner })
    }

    /// Takes a descriptor that is the right end of a pipe, and makes it non-blocking. Panics outside of a runtime.
    #[track_caller]
    pub fn from_owned_fd(owned_fd: OwnedFd) -> io::Result<Sender> {
        context::io()?;
        heist::io::PipeWriter::from_owned_fd(owned_fd).map(|inner| Sender { inner })
    }

    /// Takes a file, which the caller has made non-blocking. Panics outside of a runtime.
    #[track_caller]
    pub fn from_file_unchecked(file: File) -> io::Result<Sender> {
        context::io()?;
        heist::io::PipeWriter::from_file_unchecked(file).map(|inner| Sender { inner })
    }

    /// Takes a descriptor, which the caller has made non-blocking. Panics outside of a runtime.
    #[track_caller]
    pub fn from_owned_fd_unchecked(owned_fd: OwnedFd) -> io::Result<Sender> {
        context::io()?;
        heist::io::PipeWriter::from_owned_fd_unchecked(owned_fd).map(|inner| Sender { inner })
    }

    /// Waits until the end is ready for something of `interest`, and returns for what.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.inner.ready(interest).await
    }

    /// Waits until there may be room to write.
    pub async fn writable(&self) -> io::Result<()> {
        self.inner.writable().await
    }

    /// [`writable`](Self::writable) as a poll function.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.poll_write_ready(cx)
    }

    /// Writes what there is room for, or returns `WouldBlock`.
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.inner.try_write(buf)
    }

    /// Writes what there is room for from several buffers, or returns `WouldBlock`.
    pub fn try_write_vectored(&self, buf: &[IoSlice<'_>]) -> io::Result<usize> {
        self.inner.try_write_vectored(buf)
    }

    /// Calls `f` if the end may be ready. `WouldBlock` of it means that it was not.
    pub fn try_io<R>(&self, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.inner.try_io(f)
    }

    /// Returns the descriptor, which blocks again.
    pub fn into_blocking_fd(self) -> io::Result<OwnedFd> {
        self.inner.into_blocking_fd()
    }

    /// Returns the descriptor, which does not block.
    pub fn into_nonblocking_fd(self) -> io::Result<OwnedFd> {
        self.inner.into_nonblocking_fd()
    }
}

impl AsyncWrite for Sender {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        futures_io::AsyncWrite::poll_write(Pin::new(&mut self.inner), cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        futures_io::AsyncWrite::poll_write_vectored(Pin::new(&mut self.inner), cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsFd for Sender {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

impl AsRawFd for Sender {
    fn as_raw_fd(&self) -> RawFd {
        self.inner.as_raw_fd()
    }
}

/// The end of a pipe that reads.
#[derive(Debug)]
pub struct Receiver {
    inner: heist::io::PipeReader,
}

impl UnwindSafe for Receiver {}
impl RefUnwindSafe for Receiver {}

impl Receiver {
    /// Takes a file that is the right end of a pipe, and makes it non-blocking. Panics outside of a runtime.
    #[track_caller]
    pub fn from_file(file: File) -> io::Result<Receiver> {
        context::io()?;
        heist::io::PipeReader::from_file(file).map(|inner| Receiver { inner })
    }

    /// Takes a descriptor that is the right end of a pipe, and makes it non-blocking. Panics outside of a runtime.
    #[track_caller]
    pub fn from_owned_fd(owned_fd: OwnedFd) -> io::Result<Receiver> {
        context::io()?;
        heist::io::PipeReader::from_owned_fd(owned_fd).map(|inner| Receiver { inner })
    }

    /// Takes a file, which the caller has made non-blocking. Panics outside of a runtime.
    #[track_caller]
    pub fn from_file_unchecked(file: File) -> io::Result<Receiver> {
        context::io()?;
        heist::io::PipeReader::from_file_unchecked(file).map(|inner| Receiver { inner })
    }

    /// Takes a descriptor, which the caller has made non-blocking. Panics outside of a runtime.
    #[track_caller]
    pub fn from_owned_fd_unchecked(owned_fd: OwnedFd) -> io::Result<Receiver> {
        context::io()?;
        heist::io::PipeReader::from_owned_fd_unchecked(owned_fd).map(|inner| Receiver { inner })
    }

    /// Waits until the end is ready for something of `interest`, and returns for what.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.inner.ready(interest).await
    }

    /// Waits until there may be something to read.
    pub async fn readable(&self) -> io::Result<()> {
        self.inner.readable().await
    }

    /// [`readable`](Self::readable) as a poll function.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.poll_read_ready(cx)
    }

    /// Reads what is there, or returns `WouldBlock`.
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.try_read(buf)
    }

    /// Reads what is there into several buffers, or returns `WouldBlock`.
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.inner.try_read_vectored(bufs)
    }

    /// Reads what is there into the room of `buf`, or returns `WouldBlock`.
    pub fn try_read_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        fill::into_buf(buf, |room| self.inner.try_read_uninit(room))
    }

    /// Calls `f` if the end may be ready. `WouldBlock` of it means that it was not.
    pub fn try_io<R>(&self, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.inner.try_io(f)
    }

    /// Returns the descriptor, which blocks again.
    pub fn into_blocking_fd(self) -> io::Result<OwnedFd> {
        self.inner.into_blocking_fd()
    }

    /// Returns the descriptor, which does not block.
    pub fn into_nonblocking_fd(self) -> io::Result<OwnedFd> {
        self.inner.into_nonblocking_fd()
    }
}

impl AsyncRead for Receiver {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        fill::poll_fill(buf, |room| self.inner.poll_read_uninit(cx, room))
    }
}

impl AsFd for Receiver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

impl AsRawFd for Receiver {
    fn as_raw_fd(&self) -> RawFd {
        self.inner.as_raw_fd()
    }
}
