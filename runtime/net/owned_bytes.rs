//! Reads and writes of a `ByteStream` with buffers that are handed over, as `heist::fs` has them.
//!
//! A socket needs no buffer while it waits, so nothing here is lent to the kernel beyond a call: what is gained is one form
//! for sockets and files, and receiving into capacity that nobody has initialised. `zero_copy.rs` has what does lend, and
//! `owned_transfer.rs` the work.

use std::io;

use super::byte_stream::ByteStream;
use super::family::Family;
use super::owned_transfer;
use crate::buf::{IoBuf, IoBufMut};

impl<F: Family> ByteStream<F> {
    /// Reads what is there into the room of `buf`, from its beginning, waiting until there is something; returns how many
    /// bytes it read, and the buffer. A `Vec` is as long afterwards, and its capacity is the room.
    ///
    /// `Ok(0)` is the end of the stream, or a buffer without room.
    ///
    /// # Errors
    /// As [`read`](ByteStream::read). The buffer comes back as it was.
    ///
    /// # Cancel safety
    /// Safe for the stream: a future dropped before it is ready has read nothing. It takes the buffer with it.
    ///
    /// # Example
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

    /// Reads what is there into the room of several buffers, one after the other; returns how many bytes it read, and the
    /// buffers. One system call takes 1024 of them; those behind stay empty.
    ///
    /// # Errors
    /// As [`read`](ByteStream::read). The buffers come back as they were.
    ///
    /// # Cancel safety
    /// Safe for the stream: a future dropped before it is ready has read nothing. It takes the buffers with it.
    ///
    /// # Example
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut client = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut stream, _) = listener.accept().await?;
    /// let (result, _) = client.write_all_vectored_owned(vec!["head", "body"]).await;
    /// result?;
    /// let (result, parts) = stream.read_vectored_owned(vec![Vec::with_capacity(4), Vec::with_capacity(64)]).await;
    /// assert_eq!(result?, 8);
    /// assert_eq!(parts, [b"head", b"body"]);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn read_vectored_owned<B: IoBufMut>(&mut self, bufs: Vec<B>) -> (io::Result<usize>, Vec<B>) {
        owned_transfer::read_vectored(self.registration(), bufs).await
    }

    /// Writes initialised bytes of `buf`, waiting until there is room; returns how many it wrote, which may be fewer than
    /// all, and the buffer.
    ///
    /// # Errors
    /// As [`write`](ByteStream::write).
    ///
    /// # Cancel safety
    /// Safe for the stream: a future dropped before it is ready has written nothing. It takes the buffer with it.
    pub async fn write_owned<B: IoBuf>(&mut self, buf: B) -> (io::Result<usize>, B) {
        owned_transfer::write(self.registration(), buf).await
    }

    /// Writes all initialised bytes of `buf`; returns the buffer. A part of a buffer is written with
    /// [`IoBuf::slice`].
    ///
    /// # Errors
    /// As [`write_all`](ByteStream::write_all).
    ///
    /// # Cancel safety
    /// Not safe: how much was written before the drop is not told.
    pub async fn write_all_owned<B: IoBuf>(&mut self, buf: B) -> (io::Result<()>, B) {
        owned_transfer::write_all(self.registration(), buf).await
    }

    /// Writes initialised bytes of several buffers, one after the other, waiting until there is room; returns how many it
    /// wrote, which may be fewer than all, and the buffers. One system call takes 1024 of them.
    ///
    /// # Errors
    /// As [`write`](ByteStream::write).
    ///
    /// # Cancel safety
    /// Safe for the stream: a future dropped before it is ready has written nothing. It takes the buffers with it.
    pub async fn write_vectored_owned<B: IoBuf>(&mut self, bufs: Vec<B>) -> (io::Result<usize>, Vec<B>) {
        owned_transfer::write_vectored(self.registration(), bufs).await
    }

    /// Writes all initialised bytes of several buffers, of any number, one after the other; returns the buffers. See
    /// [`read_vectored_owned`](ByteStream::read_vectored_owned) for an example.
    ///
    /// # Errors
    /// As [`write_all`](ByteStream::write_all).
    ///
    /// # Cancel safety
    /// Not safe: how much was written before the drop is not told.
    pub async fn write_all_vectored_owned<B: IoBuf>(&mut self, bufs: Vec<B>) -> (io::Result<()>, Vec<B>) {
        owned_transfer::write_all_vectored(self.registration(), bufs).await
    }
}
