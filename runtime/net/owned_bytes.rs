//! Reads and writes of a `ByteStream` with buffers that are handed over, as `heist::fs` has them.
//!
//! A socket needs no buffer while it waits, so nothing here is lent to the kernel beyond a call: what is gained is one form
//! for sockets and files, and receiving into capacity that nobody has initialised.

use std::io;

use super::byte_stream::ByteStream;
use super::family::Family;
use super::{receive, transfer};
use crate::buf::{IoBuf, IoBufMut, bytes_of};
use crate::driver::Direction;

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
    pub async fn read_owned<B: IoBufMut>(&mut self, mut buf: B) -> (io::Result<usize>, B) {
        let room_bytes = buf.bytes_total();
        if room_bytes == 0 {
            return (Ok(0), buf);
        }
        let registration = self.registration();
        let receive = |socket: &_| transfer::uninterrupted(|| receive::fill_owned(socket, &mut buf));
        let result = registration.async_io(Direction::Read, receive).await;
        let result = result.map(|count| transfer::note(registration, Direction::Read, count, room_bytes));
        (result, buf)
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
        let result = transfer::write(self.registration(), bytes_of(&buf)).await;
        (result, buf)
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
        let result = transfer::write_all(self.registration(), bytes_of(&buf)).await;
        (result, buf)
    }
}
