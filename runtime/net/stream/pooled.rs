//! Receives of a `ByteStream` into buffers that belong to the runtime. A buffer is taken only when
//! bytes have arrived.

use std::io;

use socket2::Socket;

use super::byte_stream::ByteStream;
use super::family::Family;
use crate::buf::{IoBufMut, PooledBuf};
use crate::driver::{Contents, Direction, Moved, Registration};
use crate::net::call::{paid_by, without_buffer_if_empty};
use crate::net::receive;

impl<F: Family> ByteStream<F> {
    /// Receives the bytes that are available into a buffer of the runtime, and waits until there
    /// are some. Returns the bytes.
    ///
    /// No buffer is held while the call waits. So a server needs no buffer for an idle connection,
    /// and one for each message that it is working on.
    ///
    /// One call receives at most [`recv_buffer_bytes`](crate::runtime::Builder::recv_buffer_bytes)
    /// (16 KiB by default). An empty [`PooledBuf`] is the end of the stream; it holds no buffer.
    ///
    /// The call never waits for a buffer: if no idle one is left, it allocates one. Memory is
    /// bounded by the messages that your program keeps. If you stop calling, the queue of the
    /// socket fills and the peer has to wait.
    ///
    /// # Errors
    /// As [`read`](ByteStream::read); `OutOfMemory` if no buffer can be allocated. In that case
    /// nothing has been received, and a later call may succeed.
    ///
    /// # Cancel safety
    /// Safe: a future that is dropped before it is ready has received nothing.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut client = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut stream, _) = listener.accept().await?;
    /// # client.write_all(b"ping").await?;
    /// # client.shutdown().await?;
    /// // Echo, without a buffer of one's own.
    /// loop {
    ///     let bytes = stream.recv_pooled().await?;
    ///     if bytes.is_empty() {
    ///         break;
    ///     }
    ///     stream.write_all_owned(bytes).await.0?;
    /// }
    /// # drop(stream);
    /// # let mut echo = String::new();
    /// # client.read_to_string(&mut echo).await?;
    /// # assert_eq!(echo, "ping");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn recv_pooled(&mut self) -> io::Result<PooledBuf> {
        receive_stream(self.registration()).await
    }

    /// [`recv_pooled`](ByteStream::recv_pooled) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if nothing is available; otherwise as [`recv_pooled`](ByteStream::recv_pooled).
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let client = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # let (stream, _) = listener.accept().await?;
    /// let error = stream.try_recv_pooled().unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn try_recv_pooled(&self) -> io::Result<PooledBuf> {
        try_receive_stream(self.registration())
    }
}

pub(super) async fn receive_stream(registration: &Registration) -> io::Result<PooledBuf> {
    let mut bytes = PooledBuf::default();
    let receive = |socket: &_| {
        let (received, asked) = receive_bytes(registration, socket)?;
        bytes = received;
        Ok(Moved { count: bytes.len(), asked })
    };
    registration.transfer(Direction::Read, receive).await?;
    Ok(bytes)
}

pub(super) fn try_receive_stream(registration: &Registration) -> io::Result<PooledBuf> {
    let received = registration.try_io(Direction::Read, |socket| receive_bytes(registration, socket));
    Ok(paid_by(received, |(bytes, _)| bytes.len())?.0)
}

/// Returns the bytes that were available, and how many the buffer could have taken.
fn receive_bytes(registration: &Registration, socket: &Socket) -> io::Result<(PooledBuf, usize)> {
    let mut buf = registration.take_buffer(Contents::Stream)?;
    let asked_bytes = buf.bytes_total();
    receive::fill_owned(socket, &mut buf)?;
    Ok((without_buffer_if_empty(buf), asked_bytes))
}
