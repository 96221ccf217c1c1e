//! Listeners for Unix connections.

use std::fmt;
use std::io;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::path::Path;
use std::task::{Context, Poll, ready};

use super::SocketAddr;
use super::stream::UnixStream;
use crate::context;

/// A socket that accepts Unix connections.
pub struct UnixListener {
    inner: heist::net::UnixListener,
}

impl UnwindSafe for UnixListener {}
impl RefUnwindSafe for UnixListener {}

impl UnixListener {
    pub(super) fn over(inner: heist::net::UnixListener) -> UnixListener {
        UnixListener { inner }
    }

    /// Listens at `path`, which must not exist yet. Panics outside of a runtime.
    #[track_caller]
    pub fn bind<P>(path: P) -> io::Result<UnixListener>
    where
        P: AsRef<Path>,
    {
        context::io()?;
        heist::net::UnixListener::bind(path).map(UnixListener::over)
    }

    /// Listens at `addr`. Panics outside of a runtime.
    #[track_caller]
    pub fn bind_addr(addr: &SocketAddr) -> io::Result<UnixListener> {
        context::io()?;
        heist::net::UnixListener::bind_addr(addr.inner()).map(UnixListener::over)
    }

    /// Waits for the next connection.
    pub async fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let (stream, address) = self.inner.accept().await?;
        Ok((UnixStream::over(stream), address.into()))
    }

    /// [`accept`](Self::accept) as a poll function.
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(UnixStream, SocketAddr)>> {
        let (stream, address) = ready!(self.inner.poll_accept(cx))?;
        Poll::Ready(Ok((UnixStream::over(stream), address.into())))
    }

    /// Takes a listener of std, which the caller has made non-blocking. Panics outside of a runtime.
    #[track_caller]
    pub fn from_std(listener: std::os::unix::net::UnixListener) -> io::Result<UnixListener> {
        context::io()?;
        heist::net::UnixListener::from_std(listener).map(UnixListener::over)
    }

    /// Gives the socket to std. It stays non-blocking.
    pub fn into_std(self) -> io::Result<std::os::unix::net::UnixListener> {
        self.inner.into_std()
    }

    /// Returns the address at which the socket listens.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr().map(SocketAddr::from)
    }

    /// Takes the error that the socket has stored.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner.take_error()
    }
}

impl TryFrom<std::os::unix::net::UnixListener> for UnixListener {
    type Error = io::Error;

    fn try_from(listener: std::os::unix::net::UnixListener) -> Result<Self, Self::Error> {
        UnixListener::from_std(listener)
    }
}

impl fmt::Debug for UnixListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

mod fd {
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

    use super::UnixListener;

    impl AsFd for UnixListener {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.inner.as_fd()
        }
    }

    impl AsRawFd for UnixListener {
        fn as_raw_fd(&self) -> RawFd {
            self.inner.as_raw_fd()
        }
    }
}
