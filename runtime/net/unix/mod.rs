//! Unix sockets: streams, listeners, datagrams, and descriptors that travel over them.
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("echo.sock");
//! use heist::net::{UnixListener, UnixStream};
//!
//! heist::runtime::Runtime::new()?.block_on(async {
//!     let listener = UnixListener::bind(&path)?;
//!     let mut client = UnixStream::connect(&path).await?;
//!     let (mut server, _peer) = listener.accept().await?;
//!
//!     client.write_all(b"hello").await?;
//!     let mut buffer = [0; 5];
//!     server.read_exact(&mut buffer).await?;
//!     assert_eq!(&buffer, b"hello");
//!     std::fs::remove_file(&path)
//! })
//! # }
//! ```
//!
//! # Addresses
//! An address is a path, or on Linux a name in the abstract namespace, which creates no file.
//! Methods that take a path also take such a name: a path that begins with a zero byte, like
//! `"\0chat"`. [`SocketAddr`] is std's.
//!
//! A path stays when its socket is closed, and makes the next bind fail (`AddrInUse`). So remove
//! the path before you bind it, or when you are done. A path has at most 107 bytes on Linux, and
//! 103 on the BSDs and macOS; a longer one is `InvalidInput`. In that case bind a shorter path,
//! such as a relative one.
//!
//! # Descriptors
//! [`UnixStream::send_with_fds`](UnixStream) and the similar methods pass open files to another
//! process. Received descriptors are close-on-exec and have an owner from the first moment. So
//! dropping a [`Received`], or the future that would have returned it, leaks nothing. If
//! descriptors come with bytes that any other call reads, the system closes them.
//!
//! # Errors
//! As in [`net`](super#errors).
//!
//! # Panics
//! Calls that make a socket panic if called outside of a runtime. [`UnixDatagram::send_to`] and
//! [`UnixDatagram::send_to_addr`] panic if they have to wait outside of a runtime for room in the
//! queue of another socket, because they set a timer.
//!
//! # Cancel safety
//! As in [`net`](super#cancel-safety).

mod credentials;
mod datagram;
mod fds;
mod listener;
pub mod pipe;
mod socket;
mod stream;

use super::stream::halves::{borrowed, owned};

pub use std::os::unix::net::SocketAddr;

pub use credentials::UCred;
pub use datagram::UnixDatagram;
pub use fds::Received;
pub use listener::UnixListener;
pub use socket::UnixSocket;
pub use stream::{Unix, UnixStream};

/// The reading half of [`UnixStream::split`](super::ByteStream::split).
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let (mut stream, mut peer) = heist::net::UnixStream::pair()?;
/// use heist::net::unix;
///
/// async fn first_byte(reader: &mut unix::ReadHalf<'_>) -> std::io::Result<u8> {
///     let mut byte = [0];
///     reader.read_exact(&mut byte).await?;
///     Ok(byte[0])
/// }
///
/// peer.write_all(b"hello").await?;
/// let (mut reader, _writer) = stream.split();
/// assert_eq!(first_byte(&mut reader).await?, b'h');
/// # Ok(())
/// # }
/// ```
pub type ReadHalf<'a> = borrowed::ReadHalf<'a, Unix>;
/// The writing half of [`UnixStream::split`](super::ByteStream::split). Dropping this half does
/// nothing.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let (mut stream, mut peer) = heist::net::UnixStream::pair()?;
/// use heist::net::unix;
///
/// async fn greet(writer: &mut unix::WriteHalf<'_>) -> std::io::Result<()> {
///     writer.write_all(b"hello").await
/// }
///
/// let (_reader, mut writer) = stream.split();
/// greet(&mut writer).await?;
/// let mut greeting = [0; 5];
/// peer.read_exact(&mut greeting).await?;
/// assert_eq!(&greeting, b"hello");
/// # Ok(())
/// # }
/// ```
pub type WriteHalf<'a> = borrowed::WriteHalf<'a, Unix>;
/// The reading half of [`UnixStream::into_split`](super::ByteStream::into_split).
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let (mut stream, mut peer) = heist::net::UnixStream::pair()?;
/// use heist::net::unix;
///
/// async fn first_byte(reader: &mut unix::OwnedReadHalf) -> std::io::Result<u8> {
///     let mut byte = [0];
///     reader.read_exact(&mut byte).await?;
///     Ok(byte[0])
/// }
///
/// peer.write_all(b"hello").await?;
/// let (mut reader, _writer) = stream.into_split();
/// assert_eq!(first_byte(&mut reader).await?, b'h');
/// # Ok(())
/// # }
/// ```
pub type OwnedReadHalf = owned::OwnedReadHalf<Unix>;
/// The writing half of [`UnixStream::into_split`](super::ByteStream::into_split). Dropping this
/// half shuts down writing.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let (mut stream, mut peer) = heist::net::UnixStream::pair()?;
/// use heist::net::unix;
///
/// async fn greet(writer: &mut unix::OwnedWriteHalf) -> std::io::Result<()> {
///     writer.write_all(b"hello").await
/// }
///
/// let (_reader, mut writer) = stream.into_split();
/// greet(&mut writer).await?;
/// let mut greeting = [0; 5];
/// peer.read_exact(&mut greeting).await?;
/// assert_eq!(&greeting, b"hello");
/// # Ok(())
/// # }
/// ```
pub type OwnedWriteHalf = owned::OwnedWriteHalf<Unix>;
/// The error of `reunite` if the halves do not belong to one stream. It contains both halves,
/// unchanged.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// use heist::net::UnixStream;
/// use heist::net::unix::ReuniteError;
///
/// let (one, other) = UnixStream::pair()?;
/// let (reader, _writer) = one.into_split();
/// let (_reader, writer) = other.into_split();
/// let error: ReuniteError = reader.reunite(writer).unwrap_err();
/// let (_reader, _writer) = (error.0, error.1);
/// # Ok(())
/// # }
/// ```
pub type ReuniteError = owned::ReuniteError<Unix>;
