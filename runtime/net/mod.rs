//! Sockets for async code: TCP, UDP and Unix, with tokio's names and signatures, and std's meaning of every call.
//!
//! How it works inside stands in `DESIGN.md` of this room.

mod acceptor;
mod byte_stream;
mod bytes;
mod datagram;
mod family;
mod interest;
mod lookup_host;
mod owned_bytes;
mod owned_halves;
mod owned_split;
mod owned_transfer;
mod pause;
#[cfg(any(feature = "futures-io", feature = "tokio-io", feature = "hyper"))]
mod poll;
mod pooled;
mod receive;
mod split;
mod tcp_listener;
mod tcp_socket;
mod tcp_stream;
mod to_socket_addrs;
#[cfg(feature = "futures-io")]
mod traits_futures;
#[cfg(feature = "hyper")]
mod traits_hyper;
#[cfg(feature = "tokio-io")]
mod traits_tokio;
mod transfer;
mod udp;
#[cfg(unix)]
pub mod unix;
mod zero_copy;

pub use byte_stream::ByteStream;
pub use family::Family;
pub use interest::{Interest, Ready};
pub use lookup_host::lookup_host;
pub use tcp_listener::{TcpListener, TcpListenerIncoming};
pub use tcp_socket::TcpSocket;
pub use tcp_stream::TcpStream;
pub use to_socket_addrs::ToSocketAddrs;
pub use udp::{Segments, UdpSocket};
#[cfg(unix)]
pub use unix::{UnixDatagram, UnixListener, UnixStream};

/// What belongs to TCP beside the listener and the stream: the halves of a split stream.
pub mod tcp {
    pub use super::family::Tcp;
    pub use super::owned_split::ReuniteError;
    pub use super::tcp_listener::TcpListenerIncoming as Incoming;

    /// The half that reads, of [`TcpStream::split`](super::ByteStream::split).
    pub type ReadHalf<'a> = super::split::ReadHalf<'a, Tcp>;
    /// The half that writes, of [`TcpStream::split`](super::ByteStream::split).
    pub type WriteHalf<'a> = super::split::WriteHalf<'a, Tcp>;
    /// The half that reads, of [`TcpStream::into_split`](super::ByteStream::into_split).
    pub type OwnedReadHalf = super::owned_split::OwnedReadHalf<Tcp>;
    /// The half that writes, of [`TcpStream::into_split`](super::ByteStream::into_split).
    pub type OwnedWriteHalf = super::owned_split::OwnedWriteHalf<Tcp>;
}
