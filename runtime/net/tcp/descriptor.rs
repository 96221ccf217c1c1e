//! `TcpSocket` and descriptors, as std's traits have them.
#![expect(unsafe_code, reason = "takes over a descriptor by its number, as std's traits do")]

use std::os::fd::{FromRawFd, IntoRawFd, RawFd};

use socket2::Socket;

use super::socket::TcpSocket;

impl IntoRawFd for TcpSocket {
    fn into_raw_fd(self) -> RawFd {
        self.into_socket().into_raw_fd()
    }
}

/// The socket must be non-blocking.
impl FromRawFd for TcpSocket {
    unsafe fn from_raw_fd(fd: RawFd) -> TcpSocket {
        // SAFETY: the promise of the caller.
        TcpSocket::of_socket(unsafe { Socket::from_raw_fd(fd) })
    }
}
