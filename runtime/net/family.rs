//! The families of byte streams: everything in which a TCP and a Unix connection differ.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use socket2::SockAddr;

/// A family of byte streams: [`Tcp`], and [`Unix`](super::unix::Unix) on systems that have Unix
/// sockets.
///
/// The family determines the address type of a [`ByteStream`](super::ByteStream). The trait is
/// sealed. Use it as a bound, to write one function for both families:
///
/// ```
/// use heist::net::{ByteStream, Family};
///
/// fn describe<F: Family>(stream: &ByteStream<F>) -> std::io::Result<String> {
///     Ok(format!("a connection to {:?}", stream.peer_addr()?))
/// }
/// # let _ = describe::<heist::net::tcp::Tcp>;
/// ```
pub trait Family: sealed::Sealed {
    /// The type of the addresses of its ends.
    type Addr: fmt::Debug + Send + 'static;
}

/// The family of [`TcpStream`](super::TcpStream). It only names a type and has no values:
///
/// ```
/// use heist::net::{ByteStream, TcpStream, tcp::Tcp};
///
/// fn is_the_same_type(stream: TcpStream) -> ByteStream<Tcp> {
///     stream
/// }
/// ```
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
        /// Whether a send without a copy is worth asking for. The kernel may still refuse.
        const MAY_SEND_ZERO_COPY: bool;
        /// Whether a receive that does not fill its buffer has emptied the queue of the socket,
        /// except for urgent bytes.
        const SHORT_IS_ALL: bool;

        fn addr(addr: &SockAddr) -> io::Result<Self::Addr>
        where
            Self: super::Family;
    }
}

/// The address of a socket of the internet families (IPv4, IPv6).
pub(super) fn inet_addr(addr: &SockAddr) -> io::Result<SocketAddr> {
    addr.as_socket().ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            "the socket has no internet address: it is of another family",
        )
    })
}
