//! Reads and writes of a `ByteStream` with buffers that are handed over, as in `heist::fs`.
//!
//! A socket needs no buffer while it waits, so no buffer is lent to the kernel beyond a call. The
//! gains are one form for sockets and files, and receives into capacity that is not initialised.
//! The writes in `zero_copy.rs` do lend their buffer. `owned_transfer.rs` does the work.

use std::io;

use super::byte_stream::ByteStream;
use super::family::Family;
use super::owned_transfer;
use crate::buf::{IoBuf, IoBufMut};

impl<F: Family> ByteStream<F> {
    /// Reads the bytes that are available into the room of `buf`, from its beginning, and waits
    /// until there are some. Returns how many bytes it read, and the buffer.
    ///
    /// For a `Vec` the room is its capacity, and its length is the returned count afterwards.
    /// `Ok(0)` is the end of the stream, or a buffer without room.
    ///
    /// # Errors
    /// As [`read`](ByteStream::read). The buffer comes back unchanged.
    ///
    /// # Cancel safety
    /// Safe for the stream: a future dropped before it is ready has read nothing. The buffer is
    /// dropped with the future.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut client = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut stream, _) = listener.accept().await?;
    /// # client.write_all_owned("ping").await.0?;
    /// let (result, bytes) = stream.read_owned(Vec::with_capacity(64)).await;
    /// assert_eq!(result?, 4);
    /// assert_eq!(bytes, b"ping");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn read_owned<B: IoBufMut>(&mut self, buf: B) -> (io::Result<usize>, B) {
        owned_transfer::read(self.registration(), buf).await
    }

    /// Reads the bytes that are available into the room of several buffers, one after the other.
    /// Returns how many bytes it read, and the buffers.
    ///
    /// One system call fills at most 1024 buffers; the ones after those stay empty.
    ///
    /// # Errors
    /// As [`read`](ByteStream::read). The buffers come back unchanged.
    ///
    /// # Cancel safety
    /// Safe for the stream: a future dropped before it is ready has read nothing. The buffers are
    /// dropped with the future.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut client = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut stream, _) = listener.accept().await?;
    /// let (result, _) = client.write_all_vectored_owned(vec!["head", "body"]).await;
    /// result?;
    /// let parts = vec![Vec::with_capacity(4), Vec::with_capacity(64)];
    /// let (result, parts) = stream.read_vectored_owned(parts).await;
    /// assert_eq!(result?, 8);
    /// assert_eq!(parts, [b"head", b"body"]);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn read_vectored_owned<B: IoBufMut>(&mut self, bufs: Vec<B>) -> (io::Result<usize>, Vec<B>) {
        owned_transfer::read_vectored(self.registration(), bufs).await
    }

    /// Writes initialised bytes of `buf`, and waits until there is room. Returns how many bytes it
    /// wrote, which may be fewer than all, and the buffer. [`read_owned`](ByteStream::read_owned)
    /// and [`write_all_owned`](ByteStream::write_all_owned) have examples.
    ///
    /// # Errors
    /// As [`write`](ByteStream::write).
    ///
    /// # Cancel safety
    /// Safe for the stream: a future dropped before it is ready has written nothing. The buffer is
    /// dropped with the future.
    pub async fn write_owned<B: IoBuf>(&mut self, buf: B) -> (io::Result<usize>, B) {
        owned_transfer::write(self.registration(), buf).await
    }

    /// Writes all initialised bytes of `buf`, and returns the buffer. To write a part of a buffer,
    /// use [`IoBuf::slice`].
    ///
    /// # Errors
    /// As [`write_all`](ByteStream::write_all).
    ///
    /// # Cancel safety
    /// Not safe: the caller cannot learn how much was written before the drop.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// use heist::io::IoBuf;
    ///
    /// let (result, part) = stream.write_all_owned(b"hello, peer".to_vec().slice(0, 5)).await;
    /// result?;
    /// let bytes = part.into_inner();
    /// assert_eq!(bytes, b"hello, peer");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn write_all_owned<B: IoBuf>(&mut self, buf: B) -> (io::Result<()>, B) {
        owned_transfer::write_all(self.registration(), buf).await
    }

    /// Writes initialised bytes of several buffers, one after the other, and waits until there is
    /// room. Returns how many bytes it wrote, which may be fewer than all, and the buffers. One
    /// system call takes at most 1024 buffers. See
    /// [`read_vectored_owned`](ByteStream::read_vectored_owned) for an example.
    ///
    /// # Errors
    /// As [`write`](ByteStream::write).
    ///
    /// # Cancel safety
    /// Safe for the stream: a future dropped before it is ready has written nothing. The buffers
    /// are dropped with the future.
    pub async fn write_vectored_owned<B: IoBuf>(&mut self, bufs: Vec<B>) -> (io::Result<usize>, Vec<B>) {
        owned_transfer::write_vectored(self.registration(), bufs).await
    }

    /// Writes all initialised bytes of any number of buffers, one after the other, and returns the
    /// buffers. See [`read_vectored_owned`](ByteStream::read_vectored_owned) for an example.
    ///
    /// # Errors
    /// As [`write_all`](ByteStream::write_all).
    ///
    /// # Cancel safety
    /// Not safe: the caller cannot learn how much was written before the drop.
    pub async fn write_all_vectored_owned<B: IoBuf>(&mut self, bufs: Vec<B>) -> (io::Result<()>, Vec<B>) {
        owned_transfer::write_all_vectored(self.registration(), bufs).await
    }
}
