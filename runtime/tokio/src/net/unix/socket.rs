#![expect(unsafe_code, reason = "the caller of `from_raw_fd` promises that the descriptor is its own")]
//! Unix sockets before they connect, listen or send datagrams.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, RawFd};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::path::Path;

use super::datagram::UnixDatagram;
use super::listener::UnixListener;
use super::stream::UnixStream;
use crate::context;

/// A Unix socket that is neither connected nor listening, for binding it first.
pub struct UnixSocket {
    inner: heist::net::UnixSocket,
}

impl UnwindSafe for UnixSocket {}
impl RefUnwindSafe for UnixSocket {}

impl UnixSocket {
    /// Makes a socket for datagrams.
    pub fn new_datagram() -> io::Result<UnixSocket> {
        heist::net::UnixSocket::new_datagram().map(|inner| UnixSocket { inner })
    }

    /// Makes a socket for streams.
    pub fn new_stream() -> io::Result<UnixSocket> {
        heist::net::UnixSocket::new_stream().map(|inner| UnixSocket { inner })
    }

    /// Binds the socket at `path`.
    pub fn bind(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.inner.bind(path)
    }

    /// Listens, with a queue for `backlog` connections. Panics outside of a runtime.
    #[track_caller]
    pub fn listen(self, backlog: u32) -> io::Result<UnixListener> {
        context::io()?;
        self.inner.listen(backlog).map(UnixListener::over)
    }

    /// Connects the socket.
    pub async fn connect(self, path: impl AsRef<Path>) -> io::Result<UnixStream> {
        context::io()?;
        self.inner.connect(path).await.map(UnixStream::over)
    }

    /// Uses the socket for datagrams. Panics outside of a runtime.
    #[track_caller]
    pub fn datagram(self) -> io::Result<UnixDatagram> {
        context::io()?;
        self.inner.datagram().map(UnixDatagram::over)
    }
}

impl fmt::Debug for UnixSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl AsFd for UnixSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

impl AsRawFd for UnixSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.inner.as_raw_fd()
    }
}

impl IntoRawFd for UnixSocket {
    fn into_raw_fd(self) -> RawFd {
        self.inner.into_raw_fd()
    }
}

impl FromRawFd for UnixSocket {
    unsafe fn from_raw_fd(fd: RawFd) -> UnixSocket {
        // SAFETY: the promise of the caller.
        UnixSocket { inner: unsafe { heist::net::UnixSocket::from_raw_fd(fd) } }
    }
}
