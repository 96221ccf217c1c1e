//! The standard streams.

use std::io::{self, IoSlice};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use heist::runtime::facade;

use super::{AsyncRead, AsyncWrite, ReadBuf};

/// The standard input. A read that is under way when the runtime ends does not hold up the end.
#[derive(Debug)]
pub struct Stdin {
    inner: heist::io::Stdin,
}

/// Returns the standard input.
pub fn stdin() -> Stdin {
    Stdin { inner: heist::io::stdin() }
}

impl AsyncRead for Stdin {
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

/// The standard output.
#[derive(Debug)]
pub struct Stdout {
    inner: heist::io::Stdout,
}

impl UnwindSafe for Stdout {}
impl RefUnwindSafe for Stdout {}

/// Returns the standard output.
pub fn stdout() -> Stdout {
    Stdout { inner: heist::io::stdout() }
}

/// The standard error.
#[derive(Debug)]
pub struct Stderr {
    inner: heist::io::Stderr,
}

impl UnwindSafe for Stderr {}
impl RefUnwindSafe for Stderr {}

/// Returns the standard error.
pub fn stderr() -> Stderr {
    Stderr { inner: heist::io::stderr() }
}

impl AsyncWrite for Stdout {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        // Where bytes are taken over, a later flush would report the end of the runtime.
        facade::check_open()?;
        futures_io::AsyncWrite::poll_write(Pin::new(&mut self.inner), cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        facade::check_open()?;
        futures_io::AsyncWrite::poll_write_vectored(Pin::new(&mut self.inner), cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        futures_io::AsyncWrite::poll_flush(Pin::new(&mut self.inner), cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        self.poll_flush(cx)
    }
}

impl AsyncWrite for Stderr {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        // Where bytes are taken over, a later flush would report the end of the runtime.
        facade::check_open()?;
        futures_io::AsyncWrite::poll_write(Pin::new(&mut self.inner), cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        facade::check_open()?;
        futures_io::AsyncWrite::poll_write_vectored(Pin::new(&mut self.inner), cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        futures_io::AsyncWrite::poll_flush(Pin::new(&mut self.inner), cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        self.poll_flush(cx)
    }
}

#[cfg(unix)]
mod unix {
    #![expect(unsafe_code, reason = "std's handles end before the borrow of their descriptors")]

    use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

    use super::{Stderr, Stdin, Stdout};

    impl AsFd for Stdin {
        fn as_fd(&self) -> BorrowedFd<'_> {
            // SAFETY: std never closes it.
            unsafe { BorrowedFd::borrow_raw(self.as_raw_fd()) }
        }
    }

    impl AsRawFd for Stdin {
        fn as_raw_fd(&self) -> RawFd {
            std::io::stdin().as_raw_fd()
        }
    }

    impl AsFd for Stdout {
        fn as_fd(&self) -> BorrowedFd<'_> {
            // SAFETY: std never closes it.
            unsafe { BorrowedFd::borrow_raw(self.as_raw_fd()) }
        }
    }

    impl AsRawFd for Stdout {
        fn as_raw_fd(&self) -> RawFd {
            std::io::stdout().as_raw_fd()
        }
    }

    impl AsFd for Stderr {
        fn as_fd(&self) -> BorrowedFd<'_> {
            // SAFETY: std never closes it.
            unsafe { BorrowedFd::borrow_raw(self.as_raw_fd()) }
        }
    }

    impl AsRawFd for Stderr {
        fn as_raw_fd(&self) -> RawFd {
            std::io::stderr().as_raw_fd()
        }
    }
}

#[cfg(windows)]
mod windows {
    #![expect(unsafe_code, reason = "std's handles end before the borrow of their descriptors")]

    use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, RawHandle};

    use super::{Stderr, Stdin, Stdout};

    impl AsHandle for Stdin {
        fn as_handle(&self) -> BorrowedHandle<'_> {
            // SAFETY: std never closes it.
            unsafe { BorrowedHandle::borrow_raw(self.as_raw_handle()) }
        }
    }

    impl AsRawHandle for Stdin {
        fn as_raw_handle(&self) -> RawHandle {
            std::io::stdin().as_raw_handle()
        }
    }

    impl AsHandle for Stdout {
        fn as_handle(&self) -> BorrowedHandle<'_> {
            // SAFETY: std never closes it.
            unsafe { BorrowedHandle::borrow_raw(self.as_raw_handle()) }
        }
    }

    impl AsRawHandle for Stdout {
        fn as_raw_handle(&self) -> RawHandle {
            std::io::stdout().as_raw_handle()
        }
    }

    impl AsHandle for Stderr {
        fn as_handle(&self) -> BorrowedHandle<'_> {
            // SAFETY: std never closes it.
            unsafe { BorrowedHandle::borrow_raw(self.as_raw_handle()) }
        }
    }

    impl AsRawHandle for Stderr {
        fn as_raw_handle(&self) -> RawHandle {
            std::io::stderr().as_raw_handle()
        }
    }
}
