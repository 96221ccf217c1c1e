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

#[cfg(unix)]
mod descriptor;
pub(super) mod listener;
mod options;
pub(super) mod socket;
pub(super) mod stream;

use super::stream::halves::{borrowed, owned};

pub use super::stream::halves::owned::ReuniteError;
pub use listener::TcpListenerIncoming as Incoming;
pub use stream::Tcp;

/// The reading half of [`TcpStream::split`](super::ByteStream::split).
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
/// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
/// # let (mut peer, _) = listener.accept().await?;
/// use heist::net::tcp;
///
/// async fn first_byte(reader: &mut tcp::ReadHalf<'_>) -> std::io::Result<u8> {
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
pub type ReadHalf<'a> = borrowed::ReadHalf<'a, Tcp>;
/// The writing half of [`TcpStream::split`](super::ByteStream::split). Dropping this half does
/// nothing.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
/// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
/// # let (mut peer, _) = listener.accept().await?;
/// use heist::net::tcp;
///
/// async fn greet(writer: &mut tcp::WriteHalf<'_>) -> std::io::Result<()> {
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
pub type WriteHalf<'a> = borrowed::WriteHalf<'a, Tcp>;
/// The reading half of [`TcpStream::into_split`](super::ByteStream::into_split).
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
/// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
/// # let (mut peer, _) = listener.accept().await?;
/// use heist::net::tcp;
///
/// async fn first_byte(reader: &mut tcp::OwnedReadHalf) -> std::io::Result<u8> {
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
pub type OwnedReadHalf = owned::OwnedReadHalf<Tcp>;
/// The writing half of [`TcpStream::into_split`](super::ByteStream::into_split). Dropping this half
/// shuts down writing.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
/// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
/// # let (mut peer, _) = listener.accept().await?;
/// use heist::net::tcp;
///
/// async fn greet(writer: &mut tcp::OwnedWriteHalf) -> std::io::Result<()> {
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
pub type OwnedWriteHalf = owned::OwnedWriteHalf<Tcp>;
