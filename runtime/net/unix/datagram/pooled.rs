//! Receives of a `UnixDatagram` into buffers that belong to the runtime. A buffer is taken only
//! when a datagram has arrived.

use std::io;

use socket2::Socket;

use super::{SocketAddr, UnixDatagram};
use crate::buf::PooledBuf;
use crate::driver::Direction;
use crate::net::datagram::pooled::receive_whole_pooled_once;
use crate::system::unix_address;

impl UnixDatagram {
    /// Receives one datagram into a buffer of the runtime, and waits until there is one.
    ///
    /// No buffer is held while the call waits. No part of a datagram up to 256 KiB is cut off. An
    /// empty [`PooledBuf`] is an empty datagram, or the end if receiving was shut down; it holds no
    /// buffer.
    ///
    /// # Errors
    /// As [`recv`](UnixDatagram::recv); `OutOfMemory` if no buffer can be allocated. In that case
    /// the datagram stays in the queue of the socket.
    ///
    /// `InvalidData` for a datagram of more than 256 KiB, which is lost. Only a sender whose
    /// `SO_SNDBUF` was raised above the default of the system can send one. Receive such datagrams
    /// with [`recv`](UnixDatagram::recv), into a buffer that is long enough.
    ///
    /// # Cancel safety
    /// Safe: only the poll that returns a datagram takes it from the socket.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// let (left, right) = heist::net::UnixDatagram::pair()?;
    /// left.send(b"ping").await?;
    /// let datagram = right.recv_pooled().await?;
    /// assert_eq!(*datagram, *b"ping");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn recv_pooled(&self) -> io::Result<PooledBuf> {
        let received = self.registration.async_io(Direction::Read, |socket| self.receive_pooled(socket));
        received.await.map(|(datagram, _)| datagram)
    }

    /// Like [`recv_pooled`](UnixDatagram::recv_pooled), and also returns the address of the sender,
    /// which is unnamed if the sender has bound none.
    ///
    /// # Errors
    /// As [`recv_pooled`](UnixDatagram::recv_pooled).
    ///
    /// # Cancel safety
    /// Safe: only the poll that returns a datagram takes it from the socket.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (left, right) = heist::net::UnixDatagram::pair()?;
    /// left.send(b"ping").await?;
    /// let (datagram, peer) = right.recv_from_pooled().await?;
    /// assert_eq!(*datagram, *b"ping");
    /// assert!(peer.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv_from_pooled(&self) -> io::Result<(PooledBuf, SocketAddr)> {
        self.registration.async_io(Direction::Read, |socket| self.receive_pooled(socket)).await
    }

    /// [`recv_pooled`](UnixDatagram::recv_pooled) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if no datagram is there; otherwise as
    /// [`recv_pooled`](UnixDatagram::recv_pooled).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (left, right) = heist::net::UnixDatagram::pair()?;
    /// let error = right.try_recv_pooled().unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    ///
    /// left.send(b"ping").await?;
    /// right.readable().await?;
    /// assert_eq!(*right.try_recv_pooled()?, *b"ping");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_recv_pooled(&self) -> io::Result<PooledBuf> {
        self.try_recv_from_pooled().map(|(datagram, _)| datagram)
    }

    /// [`recv_from_pooled`](UnixDatagram::recv_from_pooled) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if no datagram is there; otherwise as
    /// [`recv_pooled`](UnixDatagram::recv_pooled).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (left, right) = heist::net::UnixDatagram::pair()?;
    /// left.send(b"ping").await?;
    /// right.readable().await?;
    /// let (datagram, _peer) = right.try_recv_from_pooled()?;
    /// assert_eq!(*datagram, *b"ping");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_recv_from_pooled(&self) -> io::Result<(PooledBuf, SocketAddr)> {
        self.registration.try_io(Direction::Read, |socket| self.receive_pooled(socket))
    }

    fn receive_pooled(&self, socket: &Socket) -> io::Result<(PooledBuf, SocketAddr)> {
        let received = receive_whole_pooled_once(&self.registration, socket);
        let received = received.map(|(datagram, sender)| (datagram, unix_address::to_std(&sender)));
        self.or_end(received, || (PooledBuf::default(), unix_address::unnamed()))
    }
}
