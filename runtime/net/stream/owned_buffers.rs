//! Reads and writes of a `ByteStream` with owned buffers: the caller hands them over and gets them
//! back, as in `heist::fs`.
//!
//! A socket needs no buffer while it waits, so no buffer is lent to the kernel beyond a call. The
//! gains are one form for sockets and files, and receives into capacity that is not initialised.
//! The writes in `zero_copy.rs` do lend their buffer.

use std::io::{self, IoSlice};

use super::byte_stream::ByteStream;
use super::family::Family;
use super::transfer::{self, VECTORED_COUNT_MAX};
use crate::buf::{IoBuf, IoBufMut, bytes_of};
use crate::driver::{Direction, Moved, Registration};
use crate::net::call::paid;
use crate::net::receive;

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
        read(self.registration(), buf).await
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
        read_vectored(self.registration(), bufs).await
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
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let (result, buf) = stream.write_owned(b"hello".to_vec()).await;
    /// assert_eq!(result?, 5);
    /// // The buffer is back, with its bytes.
    /// assert_eq!(buf, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_owned<B: IoBuf>(&mut self, buf: B) -> (io::Result<usize>, B) {
        write(self.registration(), buf).await
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
        write_all(self.registration(), buf).await
    }

    /// Writes initialised bytes of several buffers, one after the other, and waits until there is
    /// room. Returns how many bytes it wrote, which may be fewer than all, and the buffers. One
    /// system call takes at most 1024 buffers.
    ///
    /// # Errors
    /// As [`write`](ByteStream::write).
    ///
    /// # Cancel safety
    /// Safe for the stream: a future dropped before it is ready has written nothing. The buffers
    /// are dropped with the future.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let bufs = vec![b"head".to_vec(), b"body".to_vec()];
    /// let (result, bufs) = stream.write_vectored_owned(bufs).await;
    /// assert_eq!(result?, 8);
    /// assert_eq!(bufs.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_vectored_owned<B: IoBuf>(&mut self, bufs: Vec<B>) -> (io::Result<usize>, Vec<B>) {
        write_vectored(self.registration(), bufs).await
    }

    /// Writes all initialised bytes of any number of buffers, one after the other, and returns the
    /// buffers.
    ///
    /// # Errors
    /// As [`write_all`](ByteStream::write_all).
    ///
    /// # Cancel safety
    /// Not safe: the caller cannot learn how much was written before the drop.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let bufs = vec![b"head".to_vec(), b"body".to_vec()];
    /// let (result, _bufs) = stream.write_all_vectored_owned(bufs).await;
    /// result?;
    /// let mut message = [0; 8];
    /// peer.read_exact(&mut message).await?;
    /// assert_eq!(&message, b"headbody");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_all_vectored_owned<B: IoBuf>(&mut self, bufs: Vec<B>) -> (io::Result<()>, Vec<B>) {
        write_all_vectored(self.registration(), bufs).await
    }
}

/// Reads once: no byte is taken before the future is ready `[one-call-moves-bytes]`.
pub(super) async fn read<B: IoBufMut>(registration: &Registration, mut buf: B) -> (io::Result<usize>, B) {
    let room_bytes = buf.bytes_total();
    if room_bytes == 0 {
        return (Ok(0), buf);
    }
    let receive = |socket: &_| {
        let count = receive::fill_owned(socket, &mut buf)?;
        Ok(Moved { count, asked: room_bytes })
    };
    let result = registration.transfer(Direction::Read, receive).await;
    (result, buf)
}

/// Reads once, into several buffers.
pub(super) async fn read_vectored<B: IoBufMut>(
    registration: &Registration,
    mut bufs: Vec<B>,
) -> (io::Result<usize>, Vec<B>) {
    let Some(start) = bufs.iter().position(|buf| buf.bytes_total() > 0) else {
        return (Ok(0), bufs);
    };
    let end = bufs.len().min(start + VECTORED_COUNT_MAX);
    let rooms = &mut bufs[start..end];
    let receive = |socket: &_| paid(receive::fill_owned_vectored(socket, rooms));
    let result = registration.async_io(Direction::Read, receive).await;
    if result.is_ok() {
        receive::leave_empty(&mut bufs[end..]);
    }
    (result, bufs)
}

/// Writes once: no byte is sent before the future is ready `[one-call-moves-bytes]`.
pub(super) async fn write<B: IoBuf>(registration: &Registration, buf: B) -> (io::Result<usize>, B) {
    let result = transfer::write(registration, bytes_of(&buf)).await;
    (result, buf)
}

/// Writes everything.
pub(super) async fn write_all<B: IoBuf>(registration: &Registration, buf: B) -> (io::Result<()>, B) {
    let result = transfer::write_all(registration, bytes_of(&buf)).await;
    (result, buf)
}

/// Writes once, from several buffers.
pub(super) async fn write_vectored<B: IoBuf>(
    registration: &Registration,
    bufs: Vec<B>,
) -> (io::Result<usize>, Vec<B>) {
    let slices: Vec<_> = bufs.iter().map(|buf| IoSlice::new(bytes_of(buf))).collect();
    let result = transfer::write_vectored(registration, &slices).await;
    drop(slices);
    (result, bufs)
}

/// Writes everything, from several buffers.
pub(super) async fn write_all_vectored<B: IoBuf>(
    registration: &Registration,
    bufs: Vec<B>,
) -> (io::Result<()>, Vec<B>) {
    let mut slices: Vec<_> = bufs.iter().map(|buf| IoSlice::new(bytes_of(buf))).collect();
    let result = transfer::write_all_vectored(registration, &mut slices).await;
    drop(slices);
    (result, bufs)
}
