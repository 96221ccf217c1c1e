//! The pipes to and from a child.

use std::io::{self, IoSlice};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll, ready};

use crate::context;
use crate::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The pipe that a child reads.
#[derive(Debug)]
pub struct ChildStdin {
    pub(super) inner: heist::process::ChildStdin,
}

impl UnwindSafe for ChildStdin {}
impl RefUnwindSafe for ChildStdin {}

impl ChildStdin {
    pub(super) fn over(inner: heist::process::ChildStdin) -> ChildStdin {
        ChildStdin { inner }
    }

    /// Takes a pipe of std. Panics outside of a runtime.
    #[track_caller]
    pub fn from_std(inner: std::process::ChildStdin) -> io::Result<Self> {
        context::io()?;
        heist::process::ChildStdin::from_std(inner).map(ChildStdin::over)
    }

    /// Returns the descriptor, which blocks again.
    #[cfg(unix)]
    pub fn into_owned_fd(self) -> io::Result<std::os::fd::OwnedFd> {
        self.inner.into_owned_fd()
    }

    /// Returns the handle.
    #[cfg(windows)]
    pub fn into_owned_handle(self) -> io::Result<std::os::windows::io::OwnedHandle> {
        self.inner.into_owned_handle()
    }
}

impl TryFrom<ChildStdin> for Stdio {
    type Error = io::Error;

    fn try_from(pipe: ChildStdin) -> Result<Stdio, io::Error> {
        pipe.inner.try_into()
    }
}

impl AsyncWrite for ChildStdin {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        futures_io::AsyncWrite::poll_write(Pin::new(&mut self.inner), cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<Result<usize, io::Error>> {
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

/// The pipe that a child writes.
#[derive(Debug)]
pub struct ChildStdout {
    pub(super) inner: heist::process::ChildStdout,
}

impl UnwindSafe for ChildStdout {}
impl RefUnwindSafe for ChildStdout {}

impl ChildStdout {
    pub(super) fn over(inner: heist::process::ChildStdout) -> ChildStdout {
        ChildStdout { inner }
    }

    /// Takes a pipe of std. Panics outside of a runtime.
    #[track_caller]
    pub fn from_std(inner: std::process::ChildStdout) -> io::Result<Self> {
        context::io()?;
        heist::process::ChildStdout::from_std(inner).map(ChildStdout::over)
    }

    /// Returns the descriptor, which blocks again.
    #[cfg(unix)]
    pub fn into_owned_fd(self) -> io::Result<std::os::fd::OwnedFd> {
        self.inner.into_owned_fd()
    }

    /// Returns the handle.
    #[cfg(windows)]
    pub fn into_owned_handle(self) -> io::Result<std::os::windows::io::OwnedHandle> {
        self.inner.into_owned_handle()
    }
}

impl TryFrom<ChildStdout> for Stdio {
    type Error = io::Error;

    fn try_from(pipe: ChildStdout) -> Result<Stdio, io::Error> {
        pipe.inner.try_into()
    }
}

impl AsyncRead for ChildStdout {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let inner = Pin::new(&mut self.inner);
        let count = ready!(futures_io::AsyncRead::poll_read(inner, cx, buf.initialize_unfilled()))?;
        buf.advance(count);
        Poll::Ready(Ok(()))
    }
}

/// The pipe that a child reports to.
#[derive(Debug)]
pub struct ChildStderr {
    pub(super) inner: heist::process::ChildStderr,
}

impl UnwindSafe for ChildStderr {}
impl RefUnwindSafe for ChildStderr {}

impl ChildStderr {
    pub(super) fn over(inner: heist::process::ChildStderr) -> ChildStderr {
        ChildStderr { inner }
    }

    /// Takes a pipe of std. Panics outside of a runtime.
    #[track_caller]
    pub fn from_std(inner: std::process::ChildStderr) -> io::Result<Self> {
        context::io()?;
        heist::process::ChildStderr::from_std(inner).map(ChildStderr::over)
    }

    /// Returns the descriptor, which blocks again.
    #[cfg(unix)]
    pub fn into_owned_fd(self) -> io::Result<std::os::fd::OwnedFd> {
        self.inner.into_owned_fd()
    }

    /// Returns the handle.
    #[cfg(windows)]
    pub fn into_owned_handle(self) -> io::Result<std::os::windows::io::OwnedHandle> {
        self.inner.into_owned_handle()
    }
}

impl TryFrom<ChildStderr> for Stdio {
    type Error = io::Error;

    fn try_from(pipe: ChildStderr) -> Result<Stdio, io::Error> {
        pipe.inner.try_into()
    }
}

impl AsyncRead for ChildStderr {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let inner = Pin::new(&mut self.inner);
        let count = ready!(futures_io::AsyncRead::poll_read(inner, cx, buf.initialize_unfilled()))?;
        buf.advance(count);
        Poll::Ready(Ok(()))
    }
}

#[cfg(unix)]
mod unix {
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

    use super::{ChildStderr, ChildStdin, ChildStdout};

    impl AsFd for ChildStdin {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.inner.as_fd()
        }
    }

    impl AsRawFd for ChildStdin {
        fn as_raw_fd(&self) -> RawFd {
            self.inner.as_raw_fd()
        }
    }

    impl AsFd for ChildStdout {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.inner.as_fd()
        }
    }

    impl AsRawFd for ChildStdout {
        fn as_raw_fd(&self) -> RawFd {
            self.inner.as_raw_fd()
        }
    }

    impl AsFd for ChildStderr {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.inner.as_fd()
        }
    }

    impl AsRawFd for ChildStderr {
        fn as_raw_fd(&self) -> RawFd {
            self.inner.as_raw_fd()
        }
    }
}

#[cfg(windows)]
mod windows {
    use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, RawHandle};

    use super::{ChildStderr, ChildStdin, ChildStdout};

    impl AsHandle for ChildStdin {
        fn as_handle(&self) -> BorrowedHandle<'_> {
            self.inner.as_handle()
        }
    }

    impl AsRawHandle for ChildStdin {
        fn as_raw_handle(&self) -> RawHandle {
            self.inner.as_raw_handle()
        }
    }

    impl AsHandle for ChildStdout {
        fn as_handle(&self) -> BorrowedHandle<'_> {
            self.inner.as_handle()
        }
    }

    impl AsRawHandle for ChildStdout {
        fn as_raw_handle(&self) -> RawHandle {
            self.inner.as_raw_handle()
        }
    }

    impl AsHandle for ChildStderr {
        fn as_handle(&self) -> BorrowedHandle<'_> {
            self.inner.as_handle()
        }
    }

    impl AsRawHandle for ChildStderr {
        fn as_raw_handle(&self) -> RawHandle {
            self.inner.as_raw_handle()
        }
    }
}
