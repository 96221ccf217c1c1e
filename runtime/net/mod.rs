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
//! # Errors
//! They are those of the system calls, as an [`io::Error`](std::io::Error). A closed peer is an
//! error and never a signal.
//!
//! # Panics
//! Calls that make a stream, a listener or a datagram socket panic if called outside of a runtime:
//! `bind`, `connect`, `listen`, `accept`, `pair`, `from_std`. So do lookups of names. A socket
//! remembers its runtime, so reads and writes work on any thread.
//!
//! # Cancel safety
//! A future that makes one system call (`read`, `write`, `accept`, `send_to`, …) has moved nothing
//! until it is ready. The docs of calls that make several (`read_exact`, `write_all`, …) name what
//! a dropped future leaves behind. No dropped future leaves a descriptor or a borrowed buffer
//! behind.
#![doc = include_str!("../../docs/net.md")]

// How this room works inside: `DESIGN.md`.

mod address;
mod binding;
mod call;
mod datagram;
pub(crate) mod interest;
mod listener;
mod pause;
mod receive;
mod stream;
pub mod tcp;
mod udp;
#[cfg(unix)]
pub mod unix;

pub use crate::driver::{Interest, Ready};
pub use address::lookup_host::lookup_host;
pub use address::to_socket_addrs::ToSocketAddrs;
pub use stream::byte_stream::ByteStream;
pub use stream::family::Family;
pub use tcp::listener::{TcpListener, TcpListenerIncoming};
pub use tcp::socket::TcpSocket;
pub use tcp::stream::TcpStream;
pub use udp::{Segments, UdpSocket};
#[cfg(unix)]
pub use unix::{UnixDatagram, UnixListener, UnixSocket, UnixStream};
