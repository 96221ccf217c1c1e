//! Receives into buffers that belong to the runtime, and are taken when bytes are there.

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
    /// Receives what is there into a buffer of the runtime's, waiting until there is something; returns the bytes.
    ///
    /// No buffer is held while it waits: a server that reads so needs none for connections on which nothing comes, and one
    /// for each message that it is dealing with. One call receives up to
    /// [`recv_buffer_bytes`](crate::runtime::Builder::recv_buffer_bytes). An empty [`PooledBuf`] is the end of the stream; it
    /// holds no buffer.
    ///
    /// It never waits for a buffer: where no idle one is left, a new one is made. A peer gets only as many as the program
    /// keeps of what it sent; who stops calling stops the peer.
    ///
    /// # Errors
    /// As [`read`](ByteStream::read); `OutOfMemory` if there is none for a buffer. Nothing has been received then, and a later
    /// call may succeed.
    ///
    /// # Cancel safety
    /// Safe: a future dropped before it is ready has received nothing.
    ///
    /// # Example
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
    /// `WouldBlock` if there is nothing; otherwise as [`recv_pooled`](ByteStream::recv_pooled).
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
    /// Receives one datagram into a buffer of the runtime's, waiting until there is one, from the peer named by
    /// [`connect`](UdpSocket::connect). Without a peer it receives from anyone.
    ///
    /// No buffer is held while it waits, none of the datagram is cut off, and an empty [`PooledBuf`] is an empty datagram.
    ///
    /// # Errors
    /// As [`recv`](UdpSocket::recv); `OutOfMemory` if there is none for a buffer: the datagram is then still there.
    ///
    /// # Cancel safety
    /// Safe: a datagram is taken only by the poll that returns it.
    ///
    /// # Example
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

    /// Like [`recv_pooled`](UdpSocket::recv_pooled), and tells the sender.
    ///
    /// # Errors
    /// As [`recv_from`](UdpSocket::recv_from); `OutOfMemory` if there is none for a buffer: the datagram is then still there.
    ///
    /// # Cancel safety
    /// Safe: a datagram is taken only by the poll that returns it.
    pub async fn recv_from_pooled(&self) -> io::Result<(PooledBuf, SocketAddr)> {
        let registration = self.registration();
        let receive = |socket: &_| receive_datagram_from(registration, socket);
        let (datagram, sender) = registration.async_io(Direction::Read, receive).await?;
        Ok((datagram, inet_addr(&sender)?))
    }

    /// [`recv_pooled`](UdpSocket::recv_pooled) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing; otherwise as [`recv_pooled`](UdpSocket::recv_pooled).
    pub fn try_recv_pooled(&self) -> io::Result<PooledBuf> {
        let registration = self.registration();
        registration.try_io(Direction::Read, |socket| receive_datagram(registration, socket))
    }

    /// [`recv_from_pooled`](UdpSocket::recv_from_pooled) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing; otherwise as [`recv_from_pooled`](UdpSocket::recv_from_pooled).
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

/// What is there, and how much there could have been.
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

/// Whoever keeps an empty message keeps no buffer.
pub(super) fn without_buffer_if_empty(buf: PooledBuf) -> PooledBuf {
    if buf.is_empty() { PooledBuf::default() } else { buf }
}
