//! Who has sent the next datagram, and receives into memory that need not be initialised.

use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};

use socket2::{SockAddr, Socket};

use super::UdpSocket;
use crate::driver::Direction;
use crate::net::address::inet_addr;
use crate::net::call::{paid, paid_by};

impl UdpSocket {
    /// Waits for a datagram and returns who has sent it, without taking it.
    ///
    /// # Errors
    /// Those of the system.
    ///
    /// # Cancel safety
    /// Safe: nothing is taken.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::net::UdpSocket;
    /// # let sender = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    /// sender.send_to(b"ping", receiver.local_addr()?).await?;
    /// assert_eq!(receiver.peek_sender().await?, sender.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn peek_sender(&self) -> io::Result<SocketAddr> {
        inet_addr(&self.registration().async_io(Direction::Read, sender_of).await?)
    }

    /// [`peek_sender`](UdpSocket::peek_sender) as a poll function. Only the waker of the last
    /// caller is woken.
    ///
    /// # Errors
    /// Those of the system.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::net::UdpSocket;
    /// # let sender = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    /// sender.send_to(b"ping", receiver.local_addr()?).await?;
    /// let peer = std::future::poll_fn(|cx| receiver.poll_peek_sender(cx)).await?;
    /// assert_eq!(peer, sender.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_peek_sender(&self, cx: &mut Context<'_>) -> Poll<io::Result<SocketAddr>> {
        let sender = ready!(self.registration().poll_io(Direction::Read, cx, sender_of));
        Poll::Ready(inet_addr(&sender?))
    }

    /// [`peek_sender`](UdpSocket::peek_sender) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if there is no datagram; otherwise those of the system.
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
    /// assert_eq!(receiver.try_peek_sender()?, sender.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_peek_sender(&self) -> io::Result<SocketAddr> {
        inet_addr(&self.registration().try_io(Direction::Read, sender_of)?)
    }

    /// [`recv`](UdpSocket::recv) into memory that need not be initialised. The first bytes, as many
    /// as it returns, are initialised then.
    ///
    /// # Errors
    /// As for [`recv`](UdpSocket::recv).
    ///
    /// # Cancel safety
    /// Safe: a dropped future has taken no datagram.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::net::UdpSocket;
    /// # let sender = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    /// sender.send_to(b"ping", receiver.local_addr()?).await?;
    /// receiver.connect(sender.local_addr()?).await?;
    /// let mut bytes = Vec::<u8>::with_capacity(64);
    /// assert_eq!(receiver.recv_uninit(bytes.spare_capacity_mut()).await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv_uninit(&self, buf: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
        self.registration().async_io(Direction::Read, |socket| paid(socket.recv(buf))).await
    }

    /// [`try_recv`](UdpSocket::try_recv) into memory that need not be initialised.
    ///
    /// # Errors
    /// As for [`try_recv`](UdpSocket::try_recv).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::net::UdpSocket;
    /// # let sender = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    /// sender.send_to(b"ping", receiver.local_addr()?).await?;
    /// receiver.connect(sender.local_addr()?).await?;
    /// receiver.readable().await?;
    /// let mut bytes = Vec::<u8>::with_capacity(64);
    /// assert_eq!(receiver.try_recv_uninit(bytes.spare_capacity_mut())?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_recv_uninit(&self, buf: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
        self.registration().try_io(Direction::Read, |socket| paid(socket.recv(buf)))
    }

    /// [`recv_from`](UdpSocket::recv_from) into memory that need not be initialised. The first
    /// bytes, as many as it returns, are initialised then.
    ///
    /// # Errors
    /// As for [`recv_from`](UdpSocket::recv_from).
    ///
    /// # Cancel safety
    /// Safe: a dropped future has taken no datagram.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::net::UdpSocket;
    /// # let sender = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    /// sender.send_to(b"ping", receiver.local_addr()?).await?;
    /// let mut bytes = Vec::<u8>::with_capacity(64);
    /// let (count, _) = receiver.recv_from_uninit(bytes.spare_capacity_mut()).await?;
    /// assert_eq!(count, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv_from_uninit(&self, buf: &mut [MaybeUninit<u8>]) -> io::Result<(usize, SocketAddr)> {
        let received = self.registration().async_io(Direction::Read, |socket| receive_from(socket, buf));
        let (count, sender) = received.await?;
        Ok((count, inet_addr(&sender)?))
    }

    /// [`try_recv_from`](UdpSocket::try_recv_from) into memory that need not be initialised.
    ///
    /// # Errors
    /// As for [`try_recv_from`](UdpSocket::try_recv_from).
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
    /// let mut bytes = Vec::<u8>::with_capacity(64);
    /// let (count, _) = receiver.try_recv_from_uninit(bytes.spare_capacity_mut())?;
    /// assert_eq!(count, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_recv_from_uninit(&self, buf: &mut [MaybeUninit<u8>]) -> io::Result<(usize, SocketAddr)> {
        let (count, sender) =
            self.registration().try_io(Direction::Read, |socket| receive_from(socket, buf))?;
        Ok((count, inet_addr(&sender)?))
    }
}

fn sender_of(socket: &Socket) -> io::Result<SockAddr> {
    socket.peek_sender()
}

fn receive_from(socket: &Socket, buf: &mut [MaybeUninit<u8>]) -> io::Result<(usize, SockAddr)> {
    paid_by(socket.recv_from(buf), |(count, _)| *count)
}
