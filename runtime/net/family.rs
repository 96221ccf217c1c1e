//! The families of byte streams: what a TCP and a Unix connection do not have in common.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use socket2::SockAddr;

/// A family of byte streams: [`Tcp`], and [`Unix`](super::unix::Unix) where there are Unix sockets.
///
/// It tells what the addresses of a [`ByteStream`](super::ByteStream) are. The trait is sealed.
pub trait Family: sealed::Sealed {
    /// The addresses of its ends.
    type Addr: fmt::Debug + Send + 'static;
}

/// The family of [`TcpStream`](super::TcpStream).
#[derive(Clone, Copy, Debug)]
pub enum Tcp {}

impl Family for Tcp {
    type Addr = SocketAddr;
}

impl sealed::Sealed for Tcp {
    const STREAM_NAME: &'static str = "TcpStream";
    const MAY_SEND_ZERO_COPY: bool = true;
    const SHORT_IS_ALL: bool = true;

    fn addr(addr: &SockAddr) -> io::Result<SocketAddr> {
        inet_addr(addr)
    }
}

pub(super) mod sealed {
    use std::{fmt, io};

    use socket2::SockAddr;

    pub trait Sealed: fmt::Debug + Sized + 'static {
        const STREAM_NAME: &'static str;
        /// Whether it is worth asking the kernel; it may still refuse.
        const MAY_SEND_ZERO_COPY: bool;
        /// A receive that does not fill its buffer has emptied the queue of the socket, but for urgent bytes.
        const SHORT_IS_ALL: bool;

        fn addr(addr: &SockAddr) -> io::Result<Self::Addr>
        where
            Self: super::Family;
    }
}

/// The address of a socket of the internet families.
pub(super) fn inet_addr(addr: &SockAddr) -> io::Result<SocketAddr> {
    addr.as_socket().ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            "the socket has no internet address: it is of another family",
        )
    })
}
