//! The parts of TCP beside listener and stream: the halves of a split stream.
//!
//! ```
//! use heist::net::{TcpStream, tcp};
//!
//! async fn say(mut writer: tcp::OwnedWriteHalf) -> std::io::Result<()> {
//!     writer.write_all(b"hello").await
//! }
//!
//! async fn talk(stream: TcpStream) -> std::io::Result<tcp::OwnedReadHalf> {
//!     let (reader, writer) = stream.into_split();
//!     say(writer).await?;
//!     Ok(reader)
//! }
//! ```

pub(super) mod listener;
pub(super) mod socket;
pub(super) mod stream;

use super::stream::halves::{borrowed, owned};

pub use super::stream::halves::owned::ReuniteError;
pub use listener::TcpListenerIncoming as Incoming;
pub use stream::Tcp;

/// The reading half of [`TcpStream::split`](super::ByteStream::split).
/// That method has an example.
pub type ReadHalf<'a> = borrowed::ReadHalf<'a, Tcp>;
/// The writing half of [`TcpStream::split`](super::ByteStream::split).
/// That method has an example. Dropping this half does nothing.
pub type WriteHalf<'a> = borrowed::WriteHalf<'a, Tcp>;
/// The reading half of [`TcpStream::into_split`](super::ByteStream::into_split).
/// That method has an example.
pub type OwnedReadHalf = owned::OwnedReadHalf<Tcp>;
/// The writing half of [`TcpStream::into_split`](super::ByteStream::into_split).
/// That method has an example. Dropping this half shuts down writing.
pub type OwnedWriteHalf = owned::OwnedWriteHalf<Tcp>;
