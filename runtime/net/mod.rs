//! Sockets for async code: TCP, UDP and Unix, with the names and signatures of tokio, and the
//! meaning that each call has in std.
//!
//! ```
//! use heist::net::{TcpListener, TcpStream};
//!
//! # fn main() -> std::io::Result<()> {
//! heist::runtime::Runtime::new()?.block_on(async {
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let address = listener.local_addr()?;
//!
//!     let server = heist::spawn(async move {
//!         let (mut stream, _peer) = listener.accept().await?;
//!         let mut buffer = [0; 1024];
//!         loop {
//!             match stream.read(&mut buffer).await? {
//!                 0 => return Ok::<(), std::io::Error>(()),
//!                 count => stream.write_all(&buffer[..count]).await?,
//!             }
//!         }
//!     });
//!
//!     let mut client = TcpStream::connect(address).await?;
//!     client.write_all(b"hello").await?;
//!     let mut echo = [0; 5];
//!     client.read_exact(&mut echo).await?;
//!     assert_eq!(&echo, b"hello");
//!     drop(client);
//!     server.await.unwrap()
//! })
//! # }
//! ```
//!
//! | type | what it is |
//! |---|---|
//! | [`TcpListener`], `UnixListener` | accepts connections |
//! | [`TcpStream`], `UnixStream` | a connection that carries bytes; both are a [`ByteStream`] |
//! | [`TcpSocket`] | a TCP socket whose options are set before it connects or listens |
//! | [`UdpSocket`], `UnixDatagram` | datagrams |
//! | [`tcp`], `unix` | the halves of split streams; `unix` also has addresses and credentials |
//!
//! `unix` and its types need Unix.
//!
//! Which call when: the table in the chapter below. Addresses: see [`ToSocketAddrs`].
//!
//! **Errors** are those of the system calls, as an [`io::Error`](std::io::Error). A closed peer is
//! an error and never a signal.
//!
//! **Cancel safety.** A future that makes one system call (`read`, `write`, `accept`, `send_to`, …)
//! has moved nothing until it is ready. Calls that make several (`read_exact`, `write_all`, …) say
//! what a dropped future leaves behind. No dropped future leaves a descriptor or a borrowed buffer
//! behind.
//!
//! **Panics.** Calls that make a stream, a listener or a datagram socket panic if called outside of
//! a runtime: `bind`, `connect`, `listen`, `accept`, `pair`, `from_std`. So do lookups of names. A
//! socket remembers its runtime, so reads and writes work on any thread.
#![doc = include_str!("../../docs/net.md")]

// How this room works inside: `DESIGN.md`.

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

/// The parts of TCP beside listener and stream: the halves of a split stream.
///
/// ```
/// use heist::net::{TcpStream, tcp};
///
/// async fn say(mut writer: tcp::OwnedWriteHalf) -> std::io::Result<()> {
///     writer.write_all(b"hello").await
/// }
///
/// async fn talk(stream: TcpStream) -> std::io::Result<tcp::OwnedReadHalf> {
///     let (reader, writer) = stream.into_split();
///     say(writer).await?;
///     Ok(reader)
/// }
/// ```
pub mod tcp {
    pub use super::family::Tcp;
    pub use super::owned_split::ReuniteError;
    pub use super::tcp_listener::TcpListenerIncoming as Incoming;

    /// The reading half of [`TcpStream::split`](super::ByteStream::split).
    /// That method has an example.
    pub type ReadHalf<'a> = super::split::ReadHalf<'a, Tcp>;
    /// The writing half of [`TcpStream::split`](super::ByteStream::split).
    /// That method has an example. Dropping this half does nothing.
    pub type WriteHalf<'a> = super::split::WriteHalf<'a, Tcp>;
    /// The reading half of [`TcpStream::into_split`](super::ByteStream::into_split).
    /// That method has an example.
    pub type OwnedReadHalf = super::owned_split::OwnedReadHalf<Tcp>;
    /// The writing half of [`TcpStream::into_split`](super::ByteStream::into_split).
    /// That method has an example. Dropping this half shuts down writing.
    pub type OwnedWriteHalf = super::owned_split::OwnedWriteHalf<Tcp>;
}
