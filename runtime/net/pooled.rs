//! Receives into buffers that belong to the runtime. A buffer is taken only when bytes have
//! arrived.

use std::io;
use std::net::SocketAddr;

use socket2::{SockAddr, Socket};

use super::byte_stream::ByteStream;
use super::family::{Family, inet_addr};
use super::owned_split::OwnedReadHalf;
use super::receive;
use super::split::ReadHalf;
use super::transfer::{paid, paid_by};
use super::udp::UdpSocket;
use crate::buf::{IoBufMut, PooledBuf};
use crate::driver::{Contents, Direction, Moved, Registration};

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

impl<F: Family> ReadHalf<'_, F> {
    /// See [`ByteStream::recv_pooled`], also for errors and cancel safety.
    pub async fn recv_pooled(&mut self) -> io::Result<PooledBuf> {
        receive_stream(self.as_ref().registration()).await
    }

    /// See [`ByteStream::try_recv_pooled`], also for errors.
    pub fn try_recv_pooled(&self) -> io::Result<PooledBuf> {
        try_receive_stream(self.as_ref().registration())
    }
}

impl<F: Family> OwnedReadHalf<F> {
    /// See [`ByteStream::recv_pooled`], also for errors and cancel safety.
    pub async fn recv_pooled(&mut self) -> io::Result<PooledBuf> {
        receive_stream(self.as_ref().registration()).await
    }

    /// See [`ByteStream::try_recv_pooled`], also for errors.
    pub fn try_recv_pooled(&self) -> io::Result<PooledBuf> {
        try_receive_stream(self.as_ref().registration())
    }
}

impl UdpSocket {
    /// Receives one datagram into a buffer of the runtime, and waits until there is one. It comes
    /// from the peer named by [`connect`](UdpSocket::connect), or from any sender if no peer was
    /// named.
    ///
    /// No buffer is held while the call waits. No part of the datagram is cut off: the buffers hold
    /// 64 KiB. An empty [`PooledBuf`] is an empty datagram.
    ///
    /// # Errors
    /// As [`recv`](UdpSocket::recv); `OutOfMemory` if no buffer can be allocated. In that case the
    /// datagram stays in the queue of the socket.
    ///
    /// # Cancel safety
    /// Safe: only the poll that returns a datagram takes it from the socket.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # let sender = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # sender.send_to(b"ping", socket.local_addr()?).await?;
    /// let (datagram, sender) = socket.recv_from_pooled().await?;
    /// socket.send_to(&datagram, sender).await?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn recv_pooled(&self) -> io::Result<PooledBuf> {
        let registration = self.registration();
        registration.async_io(Direction::Read, |socket| receive_datagram(registration, socket)).await
    }

    /// Like [`recv_pooled`](UdpSocket::recv_pooled), and also returns the address of the sender.
    /// See [`recv_pooled`](UdpSocket::recv_pooled) for an example.
    ///
    /// # Errors
    /// As [`recv_from`](UdpSocket::recv_from); `OutOfMemory` if no buffer can be allocated. In that
    /// case the datagram stays in the queue of the socket.
    ///
    /// # Cancel safety
    /// Safe: only the poll that returns a datagram takes it from the socket.
    pub async fn recv_from_pooled(&self) -> io::Result<(PooledBuf, SocketAddr)> {
        let registration = self.registration();
        let receive = |socket: &_| receive_datagram_from(registration, socket);
        let (datagram, sender) = registration.async_io(Direction::Read, receive).await?;
        Ok((datagram, inet_addr(&sender)?))
    }

    /// [`recv_pooled`](UdpSocket::recv_pooled) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if no datagram is there; otherwise as [`recv_pooled`](UdpSocket::recv_pooled).
    pub fn try_recv_pooled(&self) -> io::Result<PooledBuf> {
        let registration = self.registration();
        registration.try_io(Direction::Read, |socket| receive_datagram(registration, socket))
    }

    /// [`recv_from_pooled`](UdpSocket::recv_from_pooled) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if no datagram is there; otherwise as
    /// [`recv_from_pooled`](UdpSocket::recv_from_pooled).
    pub fn try_recv_from_pooled(&self) -> io::Result<(PooledBuf, SocketAddr)> {
        let registration = self.registration();
        let receive = |socket: &_| receive_datagram_from(registration, socket);
        let (datagram, sender) = registration.try_io(Direction::Read, receive)?;
        Ok((datagram, inet_addr(&sender)?))
    }
}

async fn receive_stream(registration: &Registration) -> io::Result<PooledBuf> {
    let mut bytes = PooledBuf::default();
    let receive = |socket: &_| {
        let (received, asked) = receive_bytes(registration, socket)?;
        bytes = received;
        Ok(Moved { count: bytes.len(), asked })
    };
    registration.transfer(Direction::Read, receive).await?;
    Ok(bytes)
}

fn try_receive_stream(registration: &Registration) -> io::Result<PooledBuf> {
    Ok(registration.try_io(Direction::Read, |socket| receive_bytes(registration, socket))?.0)
}

/// Returns the bytes that were available, and how many the buffer could have taken.
fn receive_bytes(registration: &Registration, socket: &Socket) -> io::Result<(PooledBuf, usize)> {
    let mut buf = registration.take_buffer(Contents::Stream)?;
    let asked_bytes = buf.bytes_total();
    paid(|| receive::fill_owned(socket, &mut buf))?;
    Ok((without_buffer_if_empty(buf), asked_bytes))
}

fn receive_datagram(registration: &Registration, socket: &Socket) -> io::Result<PooledBuf> {
    let mut buf = registration.take_buffer(Contents::Datagram)?;
    paid(|| receive::fill_owned(socket, &mut buf))?;
    Ok(without_buffer_if_empty(buf))
}

fn receive_datagram_from(registration: &Registration, socket: &Socket) -> io::Result<(PooledBuf, SockAddr)> {
    let mut buf = registration.take_buffer(Contents::Datagram)?;
    let (_, sender) = paid_by(|| receive::fill_owned_from(socket, &mut buf), |(count, _)| *count)?;
    Ok((without_buffer_if_empty(buf), sender))
}

/// Replaces a buffer without bytes by an empty message, so that a program that keeps the message
/// keeps no buffer.
pub(super) fn without_buffer_if_empty(buf: PooledBuf) -> PooledBuf {
    if buf.is_empty() { PooledBuf::default() } else { buf }
}
