//! Receives of a `UdpSocket` into buffers that belong to the runtime. A buffer is taken only when a
//! datagram has arrived.

use std::io;
use std::net::SocketAddr;

use super::UdpSocket;
use crate::buf::PooledBuf;
use crate::driver::Direction;
use crate::net::address::inet_addr;
use crate::net::datagram::pooled::{receive_from_pooled_once, receive_pooled_once};

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
        registration.async_io(Direction::Read, |socket| receive_pooled_once(registration, socket)).await
    }

    /// Like [`recv_pooled`](UdpSocket::recv_pooled), and also returns the address of the sender.
    ///
    /// # Errors
    /// As [`recv_from`](UdpSocket::recv_from); `OutOfMemory` if no buffer can be allocated. In that
    /// case the datagram stays in the queue of the socket.
    ///
    /// # Cancel safety
    /// Safe: only the poll that returns a datagram takes it from the socket.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::net::UdpSocket;
    /// # let sender = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    /// sender.send_to(b"ping", receiver.local_addr()?).await?;
    /// let (datagram, peer) = receiver.recv_from_pooled().await?;
    /// assert_eq!((&*datagram, peer), (&b"ping"[..], sender.local_addr()?));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv_from_pooled(&self) -> io::Result<(PooledBuf, SocketAddr)> {
        let registration = self.registration();
        let receive = |socket: &_| receive_from_pooled_once(registration, socket);
        let (datagram, sender) = registration.async_io(Direction::Read, receive).await?;
        Ok((datagram, inet_addr(&sender)?))
    }

    /// [`recv_pooled`](UdpSocket::recv_pooled) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if no datagram is there; otherwise as [`recv_pooled`](UdpSocket::recv_pooled).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::net::UdpSocket;
    /// # let sender = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    /// let error = receiver.try_recv_pooled().unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    ///
    /// sender.send_to(b"ping", receiver.local_addr()?).await?;
    /// receiver.readable().await?;
    /// assert_eq!(*receiver.try_recv_pooled()?, *b"ping");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_recv_pooled(&self) -> io::Result<PooledBuf> {
        let registration = self.registration();
        registration.try_io(Direction::Read, |socket| receive_pooled_once(registration, socket))
    }

    /// [`recv_from_pooled`](UdpSocket::recv_from_pooled) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if no datagram is there; otherwise as
    /// [`recv_from_pooled`](UdpSocket::recv_from_pooled).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::net::UdpSocket;
    /// # let sender = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    /// sender.send_to(b"ping", receiver.local_addr()?).await?;
    /// receiver.readable().await?;
    /// let (datagram, peer) = receiver.try_recv_from_pooled()?;
    /// assert_eq!((&*datagram, peer), (&b"ping"[..], sender.local_addr()?));
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_recv_from_pooled(&self) -> io::Result<(PooledBuf, SocketAddr)> {
        let registration = self.registration();
        let receive = |socket: &_| receive_from_pooled_once(registration, socket);
        let (datagram, sender) = registration.try_io(Direction::Read, receive)?;
        Ok((datagram, inet_addr(&sender)?))
    }
}
